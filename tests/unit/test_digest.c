/* Keyed digests. */
#include "daemon/digest.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

static void it_is_hmac_sha256_cut_to_128_bits(void **state)
{
    (void)state;
    /* RFC 4231, test case 2 */
    char text[DIGEST_TEXT];

    digest_hex((const uint8_t *)"Jefe", 4, "what do ya want for nothing?", 28, text);
    assert_string_equal(text, "5bdcc146bf60754e6a042426089575c7");
}

static void nothing_has_a_digest_too(void **state)
{
    (void)state;
    char a[DIGEST_TEXT], b[DIGEST_TEXT];

    digest_hex((const uint8_t *)"key", 3, "", 0, a);
    digest_hex((const uint8_t *)"kez", 3, "", 0, b);
    assert_int_equal(strlen(a), DIGEST_TEXT - 1);
    assert_string_not_equal(a, b);
}

static void pieces(const char *first, const char *second, char out[DIGEST_TEXT])
{
    OWNED(digest) g = digest_new((const uint8_t *)"key", 3);

    digest_add(g, first, strlen(first));
    digest_add(g, second, strlen(second));
    digest_text(g, out);
}

static void boundaries_between_pieces_count(void **state)
{
    (void)state;
    char a[DIGEST_TEXT], b[DIGEST_TEXT], c[DIGEST_TEXT];

    pieces("ab", "c", a);
    pieces("a", "bc", b);
    pieces("ab", "c", c);
    assert_string_not_equal(a, b);
    assert_string_equal(a, c);
}

static void one_key_serves_many(void **state)
{
    (void)state;
    char expected[DIGEST_TEXT], got[DIGEST_TEXT];
    OWNED(digest) keyed = digest_new((const uint8_t *)"key", 3);

    digest_hex((const uint8_t *)"key", 3, "abc", 3, expected);
    for (int i = 0; i < 3; i++) {
        OWNED(digest) g = digest_like(keyed);
        digest_more(g, "abc", 3);
        digest_text(g, got);
        assert_string_equal(got, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_serves_many),
        cmocka_unit_test(it_is_hmac_sha256_cut_to_128_bits),
        cmocka_unit_test(nothing_has_a_digest_too),
        cmocka_unit_test(boundaries_between_pieces_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
