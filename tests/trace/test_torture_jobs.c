/* The job of the k-th write ends in every way a job of DCT's can end, whether
 * its engine carries on all the same or not, for every k of every scenario: all
 * of them come to the same end. TORTURE=light takes a sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/inside.h"
#include "tests/lib/scenarios.h"

struct trouble {
    const char *rule;
    size_t k, seen;
};

static size_t faults, checks;

/* The rule is in force for this one request. */
static enum fate kth(struct test_world *w, const struct request *r)
{
    struct trouble *t = w->ctx;

    if (r->write && ++t->seen == t->k)
        assert_int_equal(test_world_call(w, "POST", "/_sim/fault", t->rule, NULL), 200);
    return FATE_CARRIED;
}

/* A link that ended in the middle leaves a dSource that nothing can be made
 * from: dctd says so, an operator removes it. */
static void operator_cleans_up(struct test_world *w)
{
    struct inside all[64];
    size_t n = inside_all(w->sim, all, ARRAY_LEN(all));

    for (size_t i = 0; i < n; i++) {
        if (!streq(all[i].collection, "/dsources") ||
            !streq(json_text(all[i].json, "status"), "FAILED"))
            continue;
        char *body = xasprintf("{\"path\":\"/dsources/%s\"}", all[i].id);
        assert_int_equal(test_world_call(w, "POST", "/_sim/delete", body, NULL), 204);
        free(body);
        return;
    }
}

static bool trouble_at(const struct start *s, const char *rule, size_t k)
{
    struct trouble t = { rule, k, 0 };
    char *what = xasprintf("write %zu meets %s", k, rule);
    struct attempt a;

    attempt_open(&a, s);
    a.world->fate = kth;
    a.world->ctx = &t;
    attempt_begin(&a, s);
    (void)attempt_converge(&a, 14400000);
    bool hit = t.seen >= k;
    faults += hit;
    checks += a.invariants.checks;
    a.world->fate = NULL;
    operator_cleans_up(a.world);
    attempt_finish(&a, s, what);
    free(what);
    return hit;
}

static void everywhere(const char *rule)
{
    size_t step = torture_step(1, 5);

    for (size_t i = 0; i < SCENARIOS; i++) {
        for (size_t k = 1 + i % step; trouble_at(scenario_start(i), rule, k); k += step)
            ;
    }
}

static void test_failed(void **state)
{
    (void)state;
    everywhere("{\"job\":\"FAILED\",\"job_error\":\"no space left\",\"times\":1}");
}

static void test_canceled(void **state)
{
    (void)state;
    everywhere("{\"job\":\"CANCELED\",\"times\":1}");
}

static void test_timed_out(void **state)
{
    (void)state;
    everywhere("{\"job\":\"TIMEDOUT\",\"times\":1}");
}

static void test_timed_out_and_done(void **state)
{
    (void)state;
    everywhere("{\"job\":\"TIMEDOUT\",\"work\":true,\"times\":1}");
}

static void test_abandoned(void **state)
{
    (void)state;
    everywhere("{\"job\":\"ABANDONED\",\"times\":1}");
}

static void test_abandoned_and_done(void **state)
{
    (void)state;
    everywhere("{\"job\":\"ABANDONED\",\"work\":true,\"times\":1}");
}

static void test_suspended_for_a_while(void **state)
{
    (void)state;
    everywhere("{\"suspend_ms\":1800000,\"times\":1}");
}

static void test_warned(void **state)
{
    (void)state;
    everywhere("{\"warning\":\"statistics are stale\",\"times\":1}");
}

static const char link_fails[] = "{\"route\":\"/dsources/appdata\",\"job\":\"FAILED\",\"times\":1}";

/* What a failed link left is blocked, with what to do, and so is what needs it. */
static void test_half_made_is_not_built_upon(void **state)
{
    const struct start *s = scenario_start(0);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    assert_int_equal(test_world_call(a.world, "POST", "/_sim/fault", link_fails, NULL), 200);
    attempt_begin(&a, s);
    assert_false(attempt_converge(&a, 7200000));
    test_world_run(a.world, 60000);
    assert_false(test_world_told(a.world, "VDB/orders-dev: it is not in DCT"));
    assert_null(a.invariants.broken);
    operator_cleans_up(a.world);
    attempt_finish(&a, s, "a failed link is removed by hand");
}

static void test_half_made_is_replaced_where_allowed(void **state)
{
    static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";
    struct start s = *scenario_start(0);
    struct scenario sc = *s.scenario;
    char *more = xasprintf("%spolicy: {replace: allow}\n", last);
    char *text = replaced(sc.after, last, more);
    struct attempt a;

    (void)state;
    sc.after = text;
    s.scenario = &sc;
    attempt_open(&a, &s);
    assert_int_equal(test_world_call(a.world, "POST", "/_sim/fault", link_fails, NULL), 200);
    attempt_begin(&a, &s);
    attempt_finish(&a, &s, "a failed link may be replaced");
    free(more);
    free(text);
}

static int tell(void **state)
{
    (void)state;
    print_message("# %zu jobs ended otherwise, %zu checks\n", faults, checks);
    scenarios_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed),
        cmocka_unit_test(test_canceled),
        cmocka_unit_test(test_timed_out),
        cmocka_unit_test(test_timed_out_and_done),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_abandoned_and_done),
        cmocka_unit_test(test_suspended_for_a_while),
        cmocka_unit_test(test_warned),
        cmocka_unit_test(test_half_made_is_not_built_upon),
        cmocka_unit_test(test_half_made_is_replaced_where_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, tell);
}
