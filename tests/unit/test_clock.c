/* Two clocks as one, and a wall clock that is set while somebody waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/clock.h"

enum { DAY = 86400000, BOOT = 5000 };

static const msec WALL = 1763820245000;

static struct clock started(void)
{
    struct clock c;

    clock_start(&c, WALL - BOOT, WALL, BOOT);
    assert_int_equal(c.now, WALL);
    assert_int_equal(c.ahead, 0);
    return c;
}

static void test_begins_with_the_wall_clock_and_goes_on(void **state)
{
    struct clock c = started();

    (void)state;
    clock_read(&c, WALL + 700, BOOT + 700);
    assert_int_equal(c.now, WALL + 700);
    assert_int_equal(c.ahead, 0);
}

static void test_a_step_either_way_moves_nothing_but_the_wall_clock(void **state)
{
    static const msec steps[] = { DAY, -DAY, 3600000, -61000, 1000, -1000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct clock c = started();
        clock_read(&c, WALL + 700 + steps[i], BOOT + 700);
        assert_int_equal(c.now, WALL + 700);
        assert_int_equal(c.ahead, steps[i]);
        clock_read(&c, WALL + 900, BOOT + 900); /* and back again */
        assert_int_equal(c.now, WALL + 900);
        assert_int_equal(c.ahead, 0);
    }
}

/* The two are read one after the other: that is no step. */
static void test_a_moment_between_the_readings_is_no_step(void **state)
{
    struct clock c = started();

    (void)state;
    clock_read(&c, WALL + 703, BOOT + 700);
    assert_int_equal(c.ahead, 0);
    clock_read(&c, WALL + 799, BOOT + 801);
    assert_int_equal(c.ahead, 0);
}

/* It stood still, and the wall clock went on. */
static void test_sleep_of_the_host_is_a_step_forward(void **state)
{
    struct clock c = started();

    (void)state;
    clock_read(&c, WALL + DAY, BOOT + 10);
    assert_int_equal(c.now, WALL + 10);
    assert_int_equal(c.ahead, DAY - 10);
}

static void test_a_clock_of_1970_at_boot_is_mended(void **state)
{
    struct clock c;

    (void)state;
    clock_start(&c, 3000, 12000, 9000);
    clock_read(&c, WALL, 10000);
    assert_int_equal(c.now, 13000);
    assert_int_equal(c.now + c.ahead, WALL);
}

/* The wall clock was put forward while nobody lived. */
static void test_the_next_process_goes_on_by_the_steady_clock(void **state)
{
    static const char boot[] = "5b1e2cf0-8d2a-4a55-9f8b-0e9a3c1d7f42";
    char *kept = clock_text(boot, WALL - BOOT);
    struct clock c;
    msec base = 0;

    (void)state;
    assert_true(clock_goes_on(kept, boot, &base));
    clock_start(&c, base, WALL + DAY, BOOT + 700);
    assert_int_equal(c.now, WALL + 700);
    assert_int_equal(c.ahead, DAY - 700);
    clock_read(&c, WALL + DAY + 300, BOOT + 1000);
    assert_int_equal(c.now, WALL + 1000);
    assert_int_equal(c.now + c.ahead, WALL + DAY + 300);
    free(kept);
}

/* Its steady clock counts from another moment. */
static void test_another_start_of_the_host_knows_nothing(void **state)
{
    static const char *const kept[] = { NULL, "", "a", "a ", "a x", "ab 1", "b 1", "a1" };
    msec base = 7;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        assert_false(clock_goes_on(kept[i], "a", &base));
    assert_false(clock_goes_on(" 1", "", &base)); /* nobody knows which start it is */
    char *boot = clock_boot(), *again = clock_boot();
    assert_string_equal(boot, again);
    free(boot);
    free(again);
}

static void test_the_steady_clock_goes_on(void **state)
{
    msec was = clock_steady();

    (void)state;
    assert_true(clock_wall() > DAY);
    for (int i = 0; i < 1000; i++) {
        msec is = clock_steady();
        assert_true(is >= was);
        was = is;
    }
}

static void was_set(void *ctx)
{
    ++*(int *)ctx;
}

static void test_the_watch_leaves_nothing_behind(void **state)
{
    uv_loop_t loop;
    int set = 0;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct clock_watch *w = clock_watch_new(&loop, was_set, &set);
    assert_non_null(w);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
    assert_int_equal(set, 0);
    clock_watch_close(w);
    clock_watch_close(NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_with_the_wall_clock_and_goes_on),
        cmocka_unit_test(test_a_step_either_way_moves_nothing_but_the_wall_clock),
        cmocka_unit_test(test_a_moment_between_the_readings_is_no_step),
        cmocka_unit_test(test_sleep_of_the_host_is_a_step_forward),
        cmocka_unit_test(test_a_clock_of_1970_at_boot_is_mended),
        cmocka_unit_test(test_the_next_process_goes_on_by_the_steady_clock),
        cmocka_unit_test(test_another_start_of_the_host_knows_nothing),
        cmocka_unit_test(test_the_steady_clock_goes_on),
        cmocka_unit_test(test_the_watch_leaves_nothing_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
