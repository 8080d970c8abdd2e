/* The process dies before its k-th effect, for every k, and starts again with
 * the ledger it left: every scenario comes to the same end, everything is there
 * once, what was on is on. TORTURE=deep dies twice, at every pair of effects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/scenarios.h"

static size_t kills, checks;

/* True if it did die; else the scenario was over before its k-th effect. */
static bool die_at(const struct start *s, size_t k, size_t again)
{
    struct attempt a;
    char *what = again ? xasprintf("dies before effect %zu, then %zu", k, again)
                       : xasprintf("dies before effect %zu", k);

    attempt_open(&a, s);
    a.world->die_at = k;
    attempt_begin(&a, s);
    bool died = !attempt_converge(&a, 7200000) && a.world->dead;
    if (died) {
        kills++;
        test_world_restart(a.world);
        a.world->die_at = again;
        attempt_begin(&a, s);
        if (again && !attempt_converge(&a, 7200000) && a.world->dead) {
            kills++;
            test_world_restart(a.world);
            attempt_begin(&a, s);
        } else if (again) {
            died = false;
        }
    }
    checks += a.invariants.checks;
    attempt_finish(&a, s, what);
    free(what);
    return died;
}

static void die_everywhere(size_t scenario)
{
    const struct start *s = scenario_start(scenario);
    size_t step = torture_step(1, 7);

    for (size_t k = 1 + scenario % step; die_at(s, k, 0); k += step)
        ;
}

static void test_create(void **state)
{
    (void)state;
    die_everywhere(0);
}

static void test_update_that_disables(void **state)
{
    (void)state;
    die_everywhere(1);
}

static void test_new_connector(void **state)
{
    (void)state;
    die_everywhere(2);
}

static void test_prune(void **state)
{
    (void)state;
    die_everywhere(3);
}

static void test_rename(void **state)
{
    (void)state;
    die_everywhere(4);
}

static void test_refresh(void **state)
{
    (void)state;
    die_everywhere(5);
}

static void test_replace(void **state)
{
    (void)state;
    die_everywhere(6);
}

static void test_disable(void **state)
{
    (void)state;
    die_everywhere(7);
}

/* Databases that are off for the sake of another object. */
static void test_host_of_databases(void **state)
{
    (void)state;
    die_everywhere(8);
}

/* A sample of pairs; all of them when asked for. */
static void test_twice(void **state)
{
    size_t step = torture_step(97, 397);

    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        const struct start *s = scenario_start(i);
        for (size_t k = 1 + i % step; die_at(s, k, 0); k += step) {
            for (size_t again = 1 + k % step; die_at(s, k, again); again += step)
                ;
        }
    }
}

static int tell(void **state)
{
    (void)state;
    print_message("# %zu kills survived, %zu checks\n", kills, checks);
    scenarios_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create),
        cmocka_unit_test(test_update_that_disables),
        cmocka_unit_test(test_new_connector),
        cmocka_unit_test(test_prune),
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_refresh),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_disable),
        cmocka_unit_test(test_host_of_databases),
        cmocka_unit_test(test_twice),
    };

    return cmocka_run_group_tests(tests, NULL, tell);
}
