/* The simulation itself: one seed is one story, however often it is told, and
 * what is meant to happen is named before it does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/random_run.h"

enum { SEEDS = 24 };

static void test_a_seed_replays_exactly(void **state)
{
    struct tally tally = { 0 };

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed += torture_step(1, 4)) {
        struct random_end first, again;
        random_run(seed, 0, &tally, &first);
        random_run(seed, 0, &tally, &again);
        assert_true(first.digest == again.digest);
        assert_int_equal(first.requests, again.requests);
        assert_null(first.broken);
        random_end_clear(&first);
        random_end_clear(&again);
    }
    tally_clear(&tally);
}

static void test_seeds_differ(void **state)
{
    struct tally tally = { 0 };
    uint64_t before = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed += torture_step(1, 4)) {
        struct random_end end;
        random_run(seed, 0, &tally, &end);
        assert_true(end.digest != before);
        before = end.digest;
        random_end_clear(&end);
    }
    tally_clear(&tally);
}

/* Only the names that are expected turn up, so none of them is a slip. */
static void test_nothing_happens_that_was_not_expected(void **state)
{
    struct tally expected = { 0 };
    struct random_end end;

    (void)state;
    random_expect(&expected);
    size_t n = expected.n;
    for (uint64_t seed = 1; seed <= SEEDS; seed += torture_step(1, 4)) {
        random_run(seed, 0, &expected, &end);
        random_end_clear(&end);
    }
    for (size_t i = n; i < expected.n; i++)
        assert_string_equal(expected.rows[i].group, "end");
    assert_true(tally_of(&expected, "edit") > SEEDS);
    assert_true(tally_of(&expected, "fault") > SEEDS);
    assert_true(tally_of(&expected, "verb") > SEEDS);
    tally_clear(&expected);
}

static int forget(void **state)
{
    (void)state;
    random_starts_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_seed_replays_exactly),
        cmocka_unit_test(test_seeds_differ),
        cmocka_unit_test(test_nothing_happens_that_was_not_expected),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
