/* Room in buffers, and the hash that tables go by. */
#include "schema/base.h"

#include <setjmp.h>

#include <cmocka.h>

static void room_asked_for_changes_no_text(void **state)
{
    struct buf b = BUF_WITH_LIMIT(100);
    (void)state;

    buf_reserve(&b, 0);
    assert_string_equal(buf_text(&b), "");
    buf_puts(&b, "abc");
    buf_reserve(&b, 90);
    assert_true(b.cap > 90);
    assert_string_equal(buf_text(&b), "abc");
    buf_reserve(&b, 2);
    assert_int_equal(b.n, 3);
    buf_reserve(&b, SIZE_MAX); /* the limit stays what it was */
    assert_false(b.over);
    for (size_t i = 3; i < 100; i++)
        assert_true(buf_char(&b, 'x'));
    assert_false(buf_char(&b, 'x'));
    assert_int_equal(b.n, 100);
    buf_clear(&b);
}

static void every_byte_and_the_length_count_in_a_hash(void **state)
{
    char text[40] = { 0 };
    uint64_t of_zeros[ARRAY_LEN(text)];
    (void)state;

    for (size_t n = 0; n < ARRAY_LEN(text); n++) {
        of_zeros[n] = hash_bytes(text, n);
        for (size_t shorter = 0; shorter < n; shorter++)
            assert_true(of_zeros[shorter] != of_zeros[n]);
    }
    for (size_t n = 1; n < ARRAY_LEN(text); n++) {
        for (size_t i = 0; i < n; i++) {
            text[i] = 'x';
            assert_true(hash_bytes(text, n) != of_zeros[n]);
            text[i] = 0;
        }
        assert_true(hash_bytes(text, n) == of_zeros[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_asked_for_changes_no_text),
        cmocka_unit_test(every_byte_and_the_length_count_in_a_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
