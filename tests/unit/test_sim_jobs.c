/* The life of jobs: phases, what is visible when, ways to end. */
#include "tests/unit/test_sim.h"

static void job_now(struct world *w, const char *id)
{
    char *path = xasprintf("/jobs/%s", id);
    assert_int_equal(get(w, path), 200);
    free(path);
}

static void test_phases(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    assert_int_equal(make_environment(&w, "1", "db1"), 201);
    assert_string_equal(text_at(&w, "environment_id"), ENV);
    assert_string_equal(text_at(&w, "job.status"), "PENDING");
    assert_int_equal(strlen(text_at(&w, "job.id")), 32);
    assert_string_equal(text_at(&w, "job.target_id"), ENV);
    assert_string_equal(text_at(&w, "job.engines.0.engine_id"), "1");
    char *id = xstrdup(text_at(&w, "job.id"));

    wait_ms(&w, 5000);
    job_now(&w, id);
    assert_string_equal(text_at(&w, "status"), "STARTED");
    assert_true(cJSON_IsFalse(at(&w, "is_waiting_for_telemetry")));
    wait_ms(&w, 75000); /* 80 of 85 s: the work is done, telemetry is not */
    job_now(&w, id);
    assert_string_equal(text_at(&w, "status"), "STARTED");
    assert_true(cJSON_IsTrue(at(&w, "is_waiting_for_telemetry")));
    assert_int_equal(get(&w, "/environments/" ENV), 404);
    wait_ms(&w, 5000);
    job_now(&w, id);
    assert_string_equal(text_at(&w, "status"), "COMPLETED");
    assert_int_equal(number_at(&w, "percent_complete"), 100);
    assert_string_equal(text_at(&w, "tasks.0.status"), "COMPLETED");
    assert_non_null(at(&w, "tasks.0.end_time"));
    assert_int_equal(get(&w, "/environments/" ENV), 404); /* telemetry lag */
    wait_ms(&w, 1500);
    assert_int_equal(get(&w, "/environments/" ENV), 200);
    free(id);
    world_close(&w);
}

static void test_speed(void **state)
{
    const struct sim_options options = { .speed = 100 };
    struct world w;
    (void)state;

    world_open(&w, &options, WITH_ENGINE);
    msec before = w.now;
    assert_done(&w, make_environment(&w, "1", "db1"), 201);
    assert_in_range(w.now - before, 850, 900);
    world_close(&w);
}

static void test_every_running_state_is_seen(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    bool running = false, waiting = false;
    (void)state;

    make_environment(&w, "1", "db1");
    settle(&w);
    for (int i = 0; i < 12; i++)
        post(&w, "/environments/" ENV "/refresh", NULL);
    for (msec next; (next = sim_next_change(w.sim)) >= 0;) {
        w.now = next;
        post(&w, "/jobs/search?limit=1000", "{\"filter_expression\":\"status EQ 'RUNNING'\"}");
        running = running || count_at(&w, "items");
        post(&w, "/jobs/search?limit=1000", "{\"filter_expression\":\"status EQ 'WAITING'\"}");
        waiting = waiting || count_at(&w, "items");
    }
    assert_true(running);
    assert_true(waiting);
    post(&w, "/jobs/search?limit=1000", "{\"filter_expression\":\"status EQ 'COMPLETED'\"}");
    assert_int_equal(count_at(&w, "items"), 13);
    world_close(&w);
}

/* Jobs on one object take turns, in the order in which they were asked for. */
static void test_one_at_a_time(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    post(&w, "/vdbs/" VDB "/disable", "{}");
    post(&w, "/vdbs/" VDB "/enable", "{}");
    wait_ms(&w, 3000);
    post(&w, "/jobs/search",
         "{\"filter_expression\":\"target_id EQ '" VDB "' AND "
         "status IN ['STARTED','RUNNING']\"}");
    assert_int_equal(count_at(&w, "items"), 1);
    settle(&w);
    get(&w, "/vdbs/" VDB);
    assert_true(cJSON_IsTrue(at(&w, "enabled")));
    world_close(&w);
}

static void test_abandoned_work_goes_on(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    make_environment(&w, "1", "db1");
    char *path = xasprintf("/jobs/%s/abandon", text_at(&w, "job.id"));
    wait_ms(&w, 10000);
    assert_int_equal(post(&w, path, NULL), 204);
    assert_int_equal(post(&w, path, NULL), 400);
    path[strlen(path) - strlen("/abandon")] = '\0';
    get(&w, path);
    assert_string_equal(text_at(&w, "status"), "ABANDONED");
    settle(&w);
    assert_int_equal(get(&w, "/environments/" ENV), 200);
    free(path);
    world_close(&w);
}

static void test_result_and_unknown(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    make_environment(&w, "1", "db1");
    char *path = xasprintf("/jobs/%s/result", text_at(&w, "job.id"));
    assert_int_equal(get(&w, path), 200);
    assert_string_equal(text_at(&w, "result_type"), "ENVIRONMENT_CREATE");
    assert_int_equal(get(&w, "/jobs/00000000000000000000000000000000"), 404);
    free(path);
    world_close(&w);
}

static void test_newest_first(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    get(&w, "/jobs?limit=2");
    assert_string_equal(text_at(&w, "items.0.type"), "DB_PROVISION");
    assert_string_equal(text_at(&w, "items.1.type"), "DB_LINK");
    get(&w, "/jobs?limit=1&sort=start_time");
    assert_string_equal(text_at(&w, "items.0.type"), "TOOLKIT_UPLOAD");
    world_close(&w);
}

static void test_deleted_objects_linger(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    post(&w, "/vdbs/" VDB "/delete", "{}");
    wait_ms(&w, 20000);
    assert_int_equal(get(&w, "/vdbs/" VDB), 200);
    assert_int_equal(post(&w, "/vdbs/" VDB "/disable", "{}"), 404);
    wait_ms(&w, 1500);
    assert_int_equal(get(&w, "/vdbs/" VDB), 404);
    world_close(&w);
}

/* Between a job's last look at it and its end. */
static void test_an_object_that_goes_under_a_job(void **state)
{
    (void)state;
    struct world w = world_at(WITH_VDB);

    assert_int_equal(post(&w, "/vdbs/" VDB "/disable", "{\"attempt_cleanup\":true}"), 200);
    char *path = xasprintf("/jobs/%s", text_at(&w, "job.id"));
    wait_ms(&w, 14900);
    get(&w, path);
    assert_true(cJSON_IsTrue(at(&w, "is_waiting_for_telemetry")));
    assert_int_equal(post(&w, "/_sim/delete", "{\"path\":\"/vdbs/" VDB "\"}"), 204);
    settle(&w);
    get(&w, path);
    assert_string_equal(text_at(&w, "status"), "FAILED");
    assert_string_equal(text_at(&w, "error_details"), "The object was deleted in the meantime.");
    free(path);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_that_goes_under_a_job),
        cmocka_unit_test(test_phases),
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_every_running_state_is_seen),
        cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_abandoned_work_goes_on),
        cmocka_unit_test(test_result_and_unknown),
        cmocka_unit_test(test_newest_first),
        cmocka_unit_test(test_deleted_objects_linger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
