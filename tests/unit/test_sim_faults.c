/* Faults on demand: on requests, on jobs, on engines. */
#include "tests/unit/test_sim.h"

static void fault(struct world *w, const char *rule)
{
    assert_int_equal(post(w, "/_sim/fault", rule), 200);
}

static void test_status(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    fault(&w, "{\"route\":\"/groups*\",\"method\":\"GET\",\"status\":429,\"retry_after\":7,"
              "\"times\":2}");
    assert_int_equal(get(&w, "/groups?limit=3"), 429);
    assert_int_equal(w.reply.retry_after, 7);
    assert_string_equal(text_at(&w, "error"), "failed");
    assert_int_equal(post(&w, "/groups/search", "{}"), 200);
    assert_int_equal(get(&w, "/groups/1-GROUP-1"), 429);
    assert_int_equal(get(&w, "/groups"), 200);
    world_close(&w);
}

static void test_nth(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    fault(&w, "{\"route\":\"/vdbs\",\"nth\":3,\"status\":500}");
    assert_int_equal(get(&w, "/vdbs"), 200);
    assert_int_equal(get(&w, "/vdbs"), 200);
    assert_int_equal(get(&w, "/vdbs"), 500);
    assert_int_equal(get(&w, "/vdbs"), 200);
    world_close(&w);
}

static void test_probability(void **state)
{
    struct world w = world_at(EMPTY);
    int hits = 0;
    (void)state;

    fault(&w, "{\"route\":\"/vdbs\",\"probability\":0.25,\"status\":500}");
    for (int i = 0; i < 1000; i++)
        hits += get(&w, "/vdbs") == 500;
    assert_in_range(hits, 200, 300);
    world_close(&w);
}

static void test_cuts(void **state)
{
    struct world w = world_at(EMPTY);
    const char *body = "{\"name\":\"e\",\"hostname\":\"h\"}";
    (void)state;

    fault(&w, "{\"route\":\"" ENGINE "\",\"method\":\"POST\",\"cut\":\"before\",\"times\":1}");
    assert_int_equal(post(&w, ENGINE, body), 0);
    get(&w, ENGINE);
    assert_int_equal(count_at(&w, "items"), 0);
    fault(&w, "{\"route\":\"" ENGINE "\",\"method\":\"POST\",\"cut\":\"after\",\"times\":1}");
    assert_int_equal(post(&w, ENGINE, body), 0);
    get(&w, ENGINE);
    assert_int_equal(count_at(&w, "items"), 1);
    world_close(&w);
}

static void test_error_after_the_work(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    fault(&w, "{\"method\":\"POST\",\"status\":502,\"when\":\"after\",\"times\":1}");
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"e\",\"hostname\":\"h\"}"), 502);
    get(&w, ENGINE);
    assert_int_equal(count_at(&w, "items"), 1);
    world_close(&w);
}

static void test_spoilt_bodies(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    fault(&w, "[{\"route\":\"/vdbs\",\"truncate\":true,\"times\":1},"
              "{\"route\":\"/vdbs\",\"html\":true,\"times\":1},"
              "{\"route\":\"/vdbs\",\"delay_ms\":50,\"times\":1}]");
    assert_int_equal(get(&w, "/vdbs"), 200);
    assert_true(w.reply.truncated);
    assert_null(w.json);
    assert_int_equal(get(&w, "/vdbs"), 502);
    assert_string_equal(w.reply.content_type, "text/html");
    assert_int_equal(get(&w, "/vdbs"), 200);
    assert_int_equal(w.reply.delay, 50);
    world_close(&w);
}

static void test_job_endings(void **state)
{
    static const char *const endings[] = { "FAILED", "TIMEDOUT", "CANCELED", "ABANDONED" };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        struct world w = world_at(WITH_ENGINE);
        char *rule = xasprintf("{\"route\":\"/environments\",\"job\":\"%s\",\"job_error\":\"x\"}",
                               endings[i]);
        fault(&w, rule);
        free(rule);
        make_environment(&w, "1", "db1");
        assert_string_equal(outcome(&w), endings[i]);
        assert_string_equal(text_at(&w, "error_details"), "x");
        bool goes_on = streq(endings[i], "ABANDONED");
        assert_int_equal(get(&w, "/environments/" ENV), goes_on ? 200 : 404);
        world_close(&w);
    }
}

static void test_lost_job_may_work(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    fault(&w, "{\"route\":\"/environments\",\"job\":\"TIMEDOUT\",\"work\":true}");
    make_environment(&w, "1", "db1");
    assert_string_equal(outcome(&w), "TIMEDOUT");
    assert_int_equal(get(&w, "/environments/" ENV), 200);
    world_close(&w);
}

static void test_suspended_for_a_while(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    fault(&w, "{\"route\":\"/environments\",\"suspend_ms\":600000,\"times\":1}");
    make_environment(&w, "1", "db1");
    char *path = xasprintf("/jobs/%s", text_at(&w, "job.id"));
    wait_ms(&w, 300000);
    get(&w, path);
    assert_string_equal(text_at(&w, "status"), "SUSPENDED");
    settle(&w);
    get(&w, path);
    assert_string_equal(text_at(&w, "status"), "COMPLETED");
    free(path);
    world_close(&w);
}

static void test_completed_with_a_warning(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    fault(&w, "{\"route\":\"/environments\",\"warning\":\"low on space\"}");
    assert_done(&w, make_environment(&w, "1", "db1"), 201);
    assert_string_equal(text_at(&w, "warning_message"), "low on space");
    world_close(&w);
}

static void test_tainted_dsource(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    fault(&w, "{\"route\":\"/dsources/appdata\",\"job\":\"FAILED\",\"times\":1}");
    post(&w, "/dsources/appdata", "{" LINK_STAGED STREAM "," RESYNC "}");
    assert_string_equal(outcome(&w), "FAILED");
    assert_int_equal(get(&w, "/dsources/" DSOURCE), 200);
    assert_true(cJSON_IsFalse(at(&w, "enabled")));
    get(&w, "/dsources/" DSOURCE "/snapshots");
    assert_int_equal(count_at(&w, "items"), 0);
    assert_done(&w, post(&w, "/dsources/delete", "{\"dsource_id\":\"" DSOURCE "\"}"), 200);
    world_close(&w);
}

static void test_unreachable_engine(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    make_engine(&w, "two");
    fault(&w, "{\"engine\":\"one\"}");
    get(&w, "/vdbs");
    assert_int_equal(count_at(&w, "items"), 0);
    assert_string_equal(text_at(&w, "errors.0.object_name"), "one");
    assert_int_equal(get(&w, "/vdbs/" VDB), 503);
    assert_int_equal(post(&w, "/vdbs/" VDB "/disable", "{}"), 503);
    assert_int_equal(make_environment(&w, "1", "db7"), 503);
    post(&w, "/vdbs/search", "{}");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_null(at(&w, "errors"));
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "engine_connection_status"), "CONNECTION_ERROR");
    assert_int_equal(ask(&w, "DELETE", "/_sim/fault", NULL), 204);
    get(&w, "/vdbs");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_null(at(&w, "errors"));
    world_close(&w);
}

static void test_rules_are_checked(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    assert_int_equal(post(&w, "/_sim/fault", "{\"rote\":\"/vdbs\"}"), 400);
    get(&w, "/_sim/fault");
    assert_int_equal(count_at(&w, "rules"), 0);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_nth),
        cmocka_unit_test(test_probability),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_error_after_the_work),
        cmocka_unit_test(test_spoilt_bodies),
        cmocka_unit_test(test_job_endings),
        cmocka_unit_test(test_lost_job_may_work),
        cmocka_unit_test(test_suspended_for_a_while),
        cmocka_unit_test(test_completed_with_a_warning),
        cmocka_unit_test(test_tainted_dsource),
        cmocka_unit_test(test_unreachable_engine),
        cmocka_unit_test(test_rules_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
