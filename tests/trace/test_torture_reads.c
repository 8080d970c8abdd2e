/* What the Terraform provider for DCT makes of reads and jobs that go wrong, and
 * what dctd makes of them: each test is named after one of those defects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/scenarios.h"

enum { HOUR = 3600000 };

static void fault(struct test_world *w, const char *rule)
{
    assert_int_equal(test_world_call(w, "POST", "/_sim/fault", rule, NULL), 200);
}

static void no_faults(struct test_world *w)
{
    assert_int_equal(test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL), 204);
}

/* Rests and observes again and again. */
static void live(struct test_world *w, msec time)
{
    msec end = w->now + time;

    while (w->now < end) {
        w->rested = false;
        test_world_run(w, end - w->now);
    }
}

/* The estate is at rest and its manifests are in force, but for `yaml`. */
static void open_at_rest(struct attempt *a, const char *yaml, bool prune)
{
    attempt_open(a, scenario_start(1));
    a->world->options.prune = prune;
    test_world_restart(a->world);
    test_world_manifests(a->world, yaml);
}

static void nothing_is_written(const char *rule)
{
    struct attempt a;
    char *what = xasprintf("while %s", rule);
    struct scenario quiet = *scenario_start(1)->scenario;
    struct start s = *scenario_start(1);

    quiet.after = estate_all();
    s.scenario = &quiet;
    attempt_open(&a, &s);
    fault(a.world, rule);
    attempt_begin(&a, &s);
    live(a.world, (msec)2 * HOUR);
    invariants_expect(&a.invariants, a.world->writes == 0, "%zu writes", a.world->writes);
    no_faults(a.world);
    live(a.world, HOUR);
    invariants_expect(&a.invariants, a.world->writes == 0, "%zu writes", a.world->writes);
    attempt_finish(&a, &s, what);
    free(what);
}

static void test_T1_a_read_that_fails_is_not_absence(void **state)
{
    static const char *const routes[] = {
        "/management/engines", "/toolkits", "/environments", "/sources",
        "/dsources",           "/vdbs",     "/groups",       "*"
    };
    static const char *const hows[] = { "\"status\":401",    "\"status\":403",
                                        "\"status\":404",    "\"status\":429",
                                        "\"status\":500",    "\"status\":503",
                                        "\"html\":true",     "\"html\":true,\"status\":200",
                                        "\"truncate\":true", "\"cut\":\"before\"" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        for (size_t j = 0; j < ARRAY_LEN(hows); j++) {
            char *rule = xasprintf("{\"route\":\"%s\",%s}", routes[i], hows[j]);
            nothing_is_written(rule);
            free(rule);
        }
    }
}

/* The same while an engine does not answer: its lists are partial, without an error. */
static void test_T1_a_partial_list_is_not_absence(void **state)
{
    (void)state;
    nothing_is_written("{\"engine\":\"east\"}");
}

/* Nor is anything pruned by what could not be seen. */
static void test_T1_nothing_is_pruned_in_the_dark(void **state)
{
    static const char *const rules[] = { "{\"engine\":\"east\"}",
                                         "{\"route\":\"/vdbs\",\"status\":500}",
                                         "{\"route\":\"*\",\"status\":401}" };
    const char *all = estate_all();
    char *few = xstrndup(all, (size_t)(strstr(all, "---\napiVersion: dct/v1\nkind: VDB") - all));

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct attempt a;
        attempt_open(&a, scenario_start(1));
        a.world->options.prune = true;
        test_world_restart(a.world);
        fault(a.world, rules[i]);
        test_world_manifests(a.world, few);
        live(a.world, HOUR);
        assert_int_equal(a.world->writes, 0);
        no_faults(a.world);
        assert_true(attempt_converge(&a, HOUR));
        assert_int_equal(test_world_count(a.world, "/vdbs", "orders-test"),
                         1); /* the other one's */
        assert_null(a.invariants.broken);
        attempt_close(&a);
    }
    free(few);
}

static void refresh_under(const char *rule, const char *what)
{
    const struct start *s = scenario_start(1);
    struct attempt a;

    attempt_open(&a, s);
    fault(a.world, rule);
    attempt_begin(&a, s);
    attempt_finish(&a, s, what);
}

static void test_T2_a_suspended_job_is_not_over(void **state)
{
    const struct start *s = scenario_start(1);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    fault(a.world, "{\"route\":\"/vdbs/*/disable\",\"suspend_ms\":1800000,\"times\":1}");
    attempt_begin(&a, s);
    live(a.world, 900000);
    assert_true(test_world_told(a.world, "DCT has suspended its job"));
    assert_false(test_world_told(a.world, "done    VDB/orders-dev"));
    attempt_finish(&a, s, "a suspended job");
}

static void test_T3_a_job_that_timed_out_is_not_a_success(void **state)
{
    const struct start *s = scenario_start(1);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    fault(a.world, "{\"route\":\"/vdbs/*/disable\",\"job\":\"TIMEDOUT\",\"times\":1}");
    attempt_begin(&a, s);
    test_world_run(a.world, 25000);
    assert_true(test_world_told(a.world, "is not known (TIMEDOUT)"));
    assert_false(test_world_told(a.world, "PATCH /vdbs"));
    attempt_finish(&a, s, "a job that timed out");
}

static void test_T4_a_lost_poll_is_not_the_end_of_the_job(void **state)
{
    (void)state;
    refresh_under("{\"route\":\"/jobs/search\",\"status\":502,\"times\":7}", "polls fail");
    refresh_under("{\"route\":\"/jobs/search\",\"cut\":\"after\",\"times\":7}", "polls are cut");
    refresh_under("{\"route\":\"/jobs/search\",\"html\":true,\"times\":7}", "polls meet a page");
}

static void test_T5_the_id_is_kept_before_the_job_is_over(void **state)
{
    const struct start *s = scenario_start(0);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    attempt_begin(&a, s);
    while (!test_world_told(a.world, "job     VDB/orders-dev"))
        test_world_run(a.world, 1000);
    const char *entry = test_world_ledger(a.world, "VDB/orders-dev");
    assert_non_null(strstr(entry, "\"id\":"));
    assert_non_null(strstr(entry, "\"job\":"));
    test_world_restart(a.world);
    attempt_begin(&a, s);
    attempt_finish(&a, s, "killed while the VDB is provisioned");
}

static void test_T6_a_read_that_fails_after_an_update_forgets_nothing(void **state)
{
    (void)state;
    refresh_under("{\"route\":\"/vdbs/*\",\"method\":\"GET\",\"status\":500,\"times\":9}",
                  "reads fail between the writes");
    refresh_under("{\"route\":\"/vdbs/*\",\"method\":\"GET\",\"status\":403,\"times\":3}",
                  "reads are refused between the writes");
}

static void test_T9_what_is_on_a_later_page_is_there(void **state)
{
    const struct start *s = scenario_start(0);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    for (int i = 0; i < 1100; i++) {
        char *body = xasprintf("{\"kind\":\"vdbs\",\"id\":\"9-X-%d\",\"name\":\"other-%d\"}", i, i);
        assert_int_equal(test_world_call(a.world, "POST", "/_sim/create", body, NULL), 201);
        free(body);
    }
    attempt_begin(&a, s);
    attempt_finish(&a, s, "more than a page");
}

/* A write that DCT refuses to the last is tried rarely, and hurts nothing else. */
static void test_a_refused_write_is_not_hammered(void **state)
{
    struct attempt a;
    char *text = replaced(estate_all(), "for developers", "for testers");

    (void)state;
    open_at_rest(&a, text, false);
    fault(a.world, "{\"route\":\"/vdbs/*\",\"method\":\"PATCH\",\"status\":400}");
    live(a.world, (msec)6 * HOUR);
    assert_in_range(a.world->writes, 2, 40);
    assert_null(a.invariants.broken);
    attempt_close(&a);
    free(text);
}

static int clear(void **state)
{
    (void)state;
    scenarios_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_T1_a_read_that_fails_is_not_absence),
        cmocka_unit_test(test_T1_a_partial_list_is_not_absence),
        cmocka_unit_test(test_T1_nothing_is_pruned_in_the_dark),
        cmocka_unit_test(test_T2_a_suspended_job_is_not_over),
        cmocka_unit_test(test_T3_a_job_that_timed_out_is_not_a_success),
        cmocka_unit_test(test_T4_a_lost_poll_is_not_the_end_of_the_job),
        cmocka_unit_test(test_T5_the_id_is_kept_before_the_job_is_over),
        cmocka_unit_test(test_T6_a_read_that_fails_after_an_update_forgets_nothing),
        cmocka_unit_test(test_T9_what_is_on_a_later_page_is_there),
        cmocka_unit_test(test_a_refused_write_is_not_hammered),
    };

    return cmocka_run_group_tests(tests, NULL, clear);
}
