/* The k-th request gets lost, is carried out unheard, is refused, never leaves,
 * comes late, comes twice - for every k of every scenario. All of them come to
 * the same end. TORTURE=light takes a sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/scenarios.h"

struct trouble {
    enum fate fate;
    size_t k, seen;
};

static size_t faults, checks;

static enum fate kth(struct test_world *w, const struct request *r)
{
    struct trouble *t = w->ctx;

    (void)r;
    return ++t->seen == t->k ? t->fate : FATE_CARRIED;
}

static bool trouble_at(const struct start *s, enum fate fate, size_t k, const char *how)
{
    struct trouble t = { fate, k, 0 };
    char *what = xasprintf("request %zu %s", k, how);
    struct attempt a;

    attempt_open(&a, s);
    a.world->fate = kth;
    a.world->ctx = &t;
    a.invariants.may_be_twice = fate == FATE_TWICE;
    attempt_begin(&a, s);
    (void)attempt_converge(&a, 7200000);
    bool hit = t.seen >= k;
    faults += hit;
    checks += a.invariants.checks;
    a.world->fate = NULL;
    attempt_finish(&a, s, what);
    free(what);
    return hit;
}

static void everywhere(enum fate fate, const char *how)
{
    size_t step = torture_step(1, 29);

    for (size_t i = 0; i < SCENARIOS; i++) {
        for (size_t k = 1 + (i + (size_t)fate) % step; trouble_at(scenario_start(i), fate, k, how);
             k += step)
            ;
    }
}

static void test_lost(void **state)
{
    (void)state;
    everywhere(FATE_LOST, "is lost");
}

static void test_unheard(void **state)
{
    (void)state;
    everywhere(FATE_UNHEARD, "is carried out, its answer lost");
}

static void test_unsent(void **state)
{
    (void)state;
    everywhere(FATE_UNSENT, "is not sent");
}

static void test_refused(void **state)
{
    (void)state;
    everywhere(FATE_ANSWER_503, "is answered 503");
}

static void test_late(void **state)
{
    (void)state;
    everywhere(FATE_LATE, "comes late");
}

static void test_twice(void **state)
{
    (void)state;
    everywhere(FATE_TWICE, "comes twice");
}

static void test_every_answer_that_says_nothing(void **state)
{
    (void)state;
    everywhere(FATE_EMPTY, "is answered with {}");
}

static int tell(void **state)
{
    (void)state;
    print_message("# %zu requests went wrong, %zu checks\n", faults, checks);
    scenarios_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_unheard),
        cmocka_unit_test(test_unsent),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_every_answer_that_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, tell);
}
