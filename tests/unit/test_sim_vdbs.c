/* VDBs: provisioned from every kind of point, changed, locked, moved, removed. */
#include "tests/unit/test_sim.h"

#define TARGET "\"repository_id\":\"" REPO "\",\"appdata_source_params\":{\"postgresPort\":5450}"

static void test_shape(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(get(&w, "/vdbs/" VDB), 200);
    assert_string_equal(text_at(&w, "name"), "dev");
    assert_string_equal(text_at(&w, "parent_id"), DSOURCE);
    assert_string_equal(text_at(&w, "parent_dsource_id"), DSOURCE);
    assert_string_equal(text_at(&w, "group_name"), "Untitled");
    assert_string_equal(text_at(&w, "environment_id"), ENV);
    assert_string_equal(text_at(&w, "environment_user_ref"), "HOST_USER-1");
    assert_string_equal(text_at(&w, "status"), "RUNNING");
    assert_true(cJSON_IsTrue(at(&w, "enabled")));
    assert_true(cJSON_IsFalse(at(&w, "vdb_restart")));
    assert_string_equal(text_at(&w, "appdata_config_params.name"),
                        "Postgres-5440 - /mnt/provision");
    char *path = xasprintf("/timeflows/%s", text_at(&w, "current_timeflow_id"));
    get(&w, path);
    assert_string_equal(text_at(&w, "parent_snapshot_id"), "1-APPDATA_SNAPSHOT-1");
    assert_string_equal(text_at(&w, "parent_dsource_id"), DSOURCE);
    assert_string_equal(text_at(&w, "creation_type"), "INITIAL");
    free(path);
    world_close(&w);
}

static void test_no_snapshot_yet(void **state)
{
    struct world w = world_at(WITH_VDB);
    const char *body = "{\"source_data_id\":\"" VDB "\"," TARGET "}";
    (void)state;

    assert_refused(&w, post(&w, "/vdbs/provision_by_snapshot", body), "no snapshot");
    assert_int_equal(get(&w, "/vdbs/1-APPDATA_CONTAINER-3"), 404);
    assert_done(&w, post(&w, "/vdbs/" VDB "/snapshots", NULL), 200);
    assert_done(&w, post(&w, "/vdbs/provision_by_snapshot", body), 200);
    get(&w, "/vdbs?sort=-creation_date");
    assert_string_equal(text_at(&w, "items.0.parent_id"), VDB);
    assert_string_equal(text_at(&w, "items.0.root_parent_id"), DSOURCE);
    assert_null(at(&w, "items.0.parent_dsource_id"));
    get(&w, "/vdbs/" VDB "/deletion-dependencies");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/delete", "{}"), "dependent");
    world_close(&w);
}

static void test_by_timestamp(void **state)
{
    struct world w = world_at(WITH_DSOURCE);
    (void)state;

    assert_refused(&w,
                   post(&w, "/vdbs/provision_by_timestamp",
                        "{\"source_data_id\":\"" DSOURCE "\",\"timestamp\":"
                        "\"2020-01-01T00:00:00Z\"," TARGET "}"),
                   "no snapshot");
    assert_int_equal(post(&w, "/vdbs/provision_by_timestamp",
                          "{\"source_data_id\":\"" DSOURCE "\",\"timestamp\":\"today\"," TARGET
                          "}"),
                     400);
    assert_done(&w,
                post(&w, "/vdbs/provision_by_timestamp",
                     "{\"source_data_id\":\"" DSOURCE "\",\"timestamp\":"
                     "\"2030-01-01T00:00:00Z\"," TARGET "}"),
                200);
    world_close(&w);
}

/* Each call knows its own way of naming a point. */
static void test_foreign_points(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/vdbs/provision_by_snapshot",
                          "{\"source_data_id\":\"" DSOURCE "\",\"bookmark_id\":\"b\"," TARGET "}"),
                     400);
    assert_int_equal(post(&w, "/vdbs/provision_by_timestamp", "{" TARGET "}"), 400);
    assert_int_equal(post(&w, "/vdbs/" VDB "/refresh_by_timestamp", "{\"timestamp:\":\"x\"}"), 400);
    assert_int_equal(post(&w, "/vdbs/" VDB "/refresh_by_timestamp",
                          "{\"snapshot_id\":\"1-APPDATA_SNAPSHOT-1\"}"),
                     400);
    world_close(&w);
}

static void test_from_bookmark(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/bookmarks", "{\"name\":\"b\",\"vdb_ids\":[\"" VDB "\"]}"), 201);
    post(&w, "/bookmarks/search", "{\"filter_expression\":\"name EQ 'b'\"}");
    char *body = xasprintf("{\"bookmark_id\":\"%s\",\"name\":\"marked\"," TARGET "}",
                           text_at(&w, "items.0.id"));
    assert_done(&w, post(&w, "/vdbs/provision_from_bookmark", body), 200);
    free(body);
    assert_int_equal(post(&w, "/vdbs/provision_from_bookmark", "{\"bookmark_id\":\"x\"}"), 400);
    post(&w, "/vdbs/search", "{\"filter_expression\":\"name EQ 'marked'\"}");
    assert_string_equal(text_at(&w, "items.0.parent_id"), VDB);
    world_close(&w);
}

static void test_targets(void **state)
{
    struct world w = world_at(WITH_DSOURCE);
    (void)state;

    assert_int_equal(post(&w, "/vdbs/provision_by_snapshot",
                          "{\"source_data_id\":\"" DSOURCE "\",\"environment_id\":\"9\"}"),
                     400);
    assert_int_equal(post(&w, "/vdbs/provision_by_snapshot", "{\"source_data_id\":\"9\"}"), 400);
    assert_done(&w,
                post(&w, "/vdbs/provision_by_snapshot",
                     "{\"source_data_id\":\"" DSOURCE "\",\"environment_id\":\"" ENV "\"}"),
                200);
    assert_done(&w,
                post(&w, "/vdbs/provision_by_snapshot",
                     "{\"snapshot_id\":\"1-APPDATA_SNAPSHOT-1\","
                     "\"auto_select_repository\":true}"),
                200);
    assert_refused(&w,
                   post(&w, "/vdbs/provision_by_snapshot",
                        "{\"source_data_id\":\"" DSOURCE "\",\"environment_user_id\":"
                        "\"HOST_USER-9\"," TARGET "}"),
                   "no user");
    world_close(&w);
}

static void test_update(void **state)
{
    struct world w = world_at(WITH_VDB);
    const char *path = "/vdbs/" VDB;
    (void)state;

    assert_done(&w,
                ask(&w, "PATCH", path,
                    "{\"name\":\"n\",\"description\":\"d\",\"auto_restart\":true,"
                    "\"appdata_source_params\":{\"postgresPort\":5441},"
                    "\"hooks\":{\"pre_refresh\":[{\"name\":\"h\",\"command\":\"true\"}]}}"),
                200);
    get(&w, path);
    assert_string_equal(text_at(&w, "name"), "n");
    assert_string_equal(text_at(&w, "description"), "d");
    assert_true(cJSON_IsTrue(at(&w, "vdb_restart")));
    assert_int_equal(number_at(&w, "appdata_source_params.postgresPort"), 5441);
    assert_string_equal(text_at(&w, "hooks.pre_refresh.0.shell"), "bash");
    assert_int_equal(ask(&w, "PATCH", path, "{\"vdb_restart\":true}"), 400);
    assert_int_equal(ask(&w, "PATCH", path, "{\"hooks\":{\"pre_lunch\":[]}}"), 400);
    assert_refused(&w, ask(&w, "PATCH", path, "{\"mount_point\":\"/m\"}"), "disabled");
    assert_refused(&w, ask(&w, "PATCH", path, "{\"custom_env_vars\":{\"A\":\"b\"}}"), "disabled");
    assert_done(&w, post(&w, "/vdbs/" VDB "/disable", "{}"), 200);
    assert_done(&w,
                ask(&w, "PATCH", path,
                    "{\"mount_point\":\"/m\",\"custom_env_vars\":{\"A\":\"b\"},"
                    "\"hooks\":{\"pre_refresh\":[]}}"),
                200);
    assert_done(&w, post(&w, "/vdbs/" VDB "/enable", "{}"), 200);
    get(&w, path);
    assert_string_equal(text_at(&w, "mount_point"), "/m");
    assert_string_equal(text_at(&w, "custom_env_vars.0.var_name"), "A");
    assert_int_equal(count_at(&w, "hooks.pre_refresh"), 0);
    world_close(&w);
}

static void test_switches(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/vdbs/" VDB "/disable", NULL), 422);
    assert_done(&w, post(&w, "/vdbs/" VDB "/stop", NULL), 200);
    get(&w, "/vdbs/" VDB);
    assert_string_equal(text_at(&w, "status"), "STOPPED");
    assert_done(&w, post(&w, "/vdbs/" VDB "/start", "{}"), 200);
    assert_done(&w, post(&w, "/vdbs/" VDB "/disable", "{}"), 200);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/start", "{}"), "disabled");
    assert_done(&w, post(&w, "/environments/" ENV "/disable", NULL), 200);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/enable", "{}"), "disabled");
    world_close(&w);
}

static void test_lock(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/vdbs/" VDB "/lock", NULL), 400);
    assert_int_equal(post(&w, "/vdbs/" VDB "/lock", "{}"), 200);
    assert_true(cJSON_IsTrue(at(&w, "is_locked")));
    assert_int_equal(post(&w, "/vdbs/" VDB "/delete", "{}"), 400);
    assert_int_equal(post(&w, "/vdbs/" VDB "/refresh_by_snapshot", "{}"), 400);
    assert_int_equal(ask(&w, "PATCH", "/vdbs/" VDB, "{\"name\":\"n\"}"), 400);
    assert_int_equal(post(&w, "/vdbs/" VDB "/unlock", NULL), 200);
    assert_true(cJSON_IsFalse(at(&w, "is_locked")));
    assert_done(&w, post(&w, "/vdbs/" VDB "/delete", "{}"), 200);
    world_close(&w);
}

static void test_refresh_and_undo(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    get(&w, "/vdbs/" VDB);
    char *first = xstrdup(text_at(&w, "current_timeflow_id"));
    assert_refused(&w, post(&w, "/vdbs/" VDB "/undo_refresh", NULL), "no refresh");
    assert_done(&w, post(&w, "/dsources/" DSOURCE "/snapshots", NULL), 200);
    assert_done(&w, post(&w, "/vdbs/" VDB "/refresh_by_snapshot", "{}"), 200);
    get(&w, "/vdbs/" VDB);
    assert_string_equal(text_at(&w, "previous_timeflow_id"), first);
    post(&w, "/timeflows/search",
         "{\"filter_expression\":\"is_active EQ true AND "
         "dataset_id EQ '" VDB "'\"}");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_string_equal(text_at(&w, "items.0.creation_type"), "REFRESH");
    assert_string_equal(text_at(&w, "items.0.parent_snapshot_id"), "1-APPDATA_SNAPSHOT-2");
    assert_done(&w, post(&w, "/vdbs/" VDB "/undo_refresh", NULL), 200);
    get(&w, "/vdbs/" VDB);
    assert_string_equal(text_at(&w, "current_timeflow_id"), first);
    assert_done(&w, post(&w, "/vdbs/" VDB "/snapshots", NULL), 200);
    assert_done(&w, post(&w, "/vdbs/" VDB "/rollback_by_snapshot", "{}"), 200);
    char *body = xasprintf("{\"timeflow_id\":\"%s\"}", first);
    assert_done(&w, post(&w, "/vdbs/" VDB "/switch_timeflow", body), 200);
    free(body);
    free(first);
    world_close(&w);
}

static void test_moves(void **state)
{
    struct world w = world_at(WITH_VDB);
    const char *body = "{\"repository_id\":\"1-APPDATA_REPOSITORY-2\"}";
    (void)state;

    assert_done(&w, make_environment(&w, "1", "db2"), 201);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/migrate", body), "must be disabled");
    assert_done(&w, post(&w, "/vdbs/" VDB "/disable", "{}"), 200);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/upgrade", body), "stays in the environment");
    assert_done(&w, post(&w, "/vdbs/" VDB "/migrate", body), 200);
    get(&w, "/vdbs/" VDB);
    assert_string_equal(text_at(&w, "environment_id"), "1-UNIX_HOST_ENVIRONMENT-2");
    assert_string_equal(text_at(&w, "environment_user_ref"), "HOST_USER-2");
    assert_done(&w, post(&w, "/vdbs/" VDB "/enable", "{}"), 200);
    world_close(&w);
}

static void test_recycle_bin(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_done(&w, post(&w, "/vdbs/" VDB "/delete", "{\"move_to_recycle_bin\":true}"), 200);
    assert_int_equal(get(&w, "/vdbs/" VDB), 200);
    assert_true(cJSON_IsTrue(at(&w, "recycle_bin")));
    assert_int_equal(post(&w, "/vdbs/" VDB "/enable", "{}"), 400);
    assert_done(&w, post(&w, "/vdbs/" VDB "/delete", "{}"), 200);
    assert_int_equal(get(&w, "/vdbs/" VDB), 404);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape),         cmocka_unit_test(test_no_snapshot_yet),
        cmocka_unit_test(test_by_timestamp),  cmocka_unit_test(test_foreign_points),
        cmocka_unit_test(test_from_bookmark), cmocka_unit_test(test_targets),
        cmocka_unit_test(test_update),        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_lock),          cmocka_unit_test(test_refresh_and_undo),
        cmocka_unit_test(test_moves),         cmocka_unit_test(test_recycle_bin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
