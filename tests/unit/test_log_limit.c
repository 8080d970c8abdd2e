/* Lines that come again and again: told a few times, then counted. */
#include "daemon/log_limit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned taken(struct log_limit *l, const char *object, const char *text, msec now,
                      unsigned times)
{
    unsigned n = 0;

    for (unsigned i = 0; i < times; i++)
        n += log_limit_take(l, 1, object, text, now);
    return n;
}

static void drop_all(struct log_limit *l)
{
    for (size_t i = 0; i < LOG_SLOTS; i++)
        log_slot_clear(&l->slots[i]);
}

static void the_first_few_are_told_and_the_others_counted(void **state)
{
    static struct log_limit l;
    struct log_slot s;

    (void)state;
    assert_int_equal(taken(&l, "VDB/a", "no answer", 0, 100), LOG_BURST);
    assert_false(log_limit_due(&l, LOG_SPAN - 1, false, &s));
    assert_true(log_limit_due(&l, LOG_SPAN, false, &s));
    assert_int_equal(s.kept_back, 100 - LOG_BURST);
    assert_string_equal(s.object, "VDB/a");
    assert_string_equal(s.text, "no answer");
    assert_int_equal(s.level, 1);
    log_slot_clear(&s);
    assert_false(log_limit_due(&l, LOG_SPAN, true, &s));
    assert_int_equal(taken(&l, "VDB/a", "no answer", LOG_SPAN, 100), LOG_BURST);
    drop_all(&l);
}

static void a_new_minute_begins_anew(void **state)
{
    static struct log_limit l;

    (void)state;
    for (msec minute = 0; minute < 10; minute++)
        assert_int_equal(taken(&l, NULL, "x", minute * LOG_SPAN, LOG_BURST), LOG_BURST);
    drop_all(&l);
}

static void numbers_make_no_difference_objects_do(void **state)
{
    static struct log_limit l;

    (void)state;
    assert_int_equal(taken(&l, "VDB/a1", "again in 5 s", 0, 3), 3);
    assert_int_equal(taken(&l, "VDB/a1", "again in 120 s", 0, 3), 2);
    assert_int_equal(taken(&l, "VDB/a2", "again in 5 s", 0, 3), 3);
    assert_int_equal(taken(&l, "VDB/a1", "again in five s", 0, 3), 3);
    drop_all(&l);
}

/* A thousand objects that each say one thing are a thousand facts. */
static void what_is_said_once_is_never_kept_back(void **state)
{
    static struct log_limit l;
    unsigned n = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        char *object = xasprintf("VDB/v%d", i);
        n += taken(&l, object, "create started", 0, 1);
        free(object);
    }
    assert_int_equal(n, 1000);
    drop_all(&l);
}

/* Counts are kept while other lines come, however many. */
static void a_flood_of_others_forgets_no_count(void **state)
{
    static struct log_limit l;
    struct log_slot s;

    (void)state;
    (void)taken(&l, NULL, "kept back", 0, 10);
    for (int i = 0; i < 1000; i++) {
        char *object = xasprintf("VDB/v%d", i);
        (void)taken(&l, object, "x", LOG_SPAN, 1);
        free(object);
    }
    assert_true(log_limit_due(&l, LOG_SPAN, false, &s));
    assert_int_equal(s.kept_back, 10 - LOG_BURST);
    log_slot_clear(&s);
    drop_all(&l);
}

static void a_clock_that_goes_back_holds_nothing_up(void **state)
{
    static struct log_limit l;
    struct log_slot s;

    (void)state;
    (void)taken(&l, NULL, "x", (msec)5 * LOG_SPAN, 10);
    assert_true(log_limit_due(&l, 0, false, &s));
    log_slot_clear(&s);
    drop_all(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_few_are_told_and_the_others_counted),
        cmocka_unit_test(a_new_minute_begins_anew),
        cmocka_unit_test(numbers_make_no_difference_objects_do),
        cmocka_unit_test(what_is_said_once_is_never_kept_back),
        cmocka_unit_test(a_flood_of_others_forgets_no_count),
        cmocka_unit_test(a_clock_that_goes_back_holds_nothing_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
