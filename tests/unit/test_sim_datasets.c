/* dSources, snapshots, bookmarks, policies. */
#include "tests/unit/test_sim.h"

static int link_dsource(struct world *w, const char *members)
{
    char *body = xasprintf("{%s}", members);
    int status = post(w, "/dsources/appdata", body);
    free(body);
    return status;
}

static void test_link(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    assert_int_equal(link_dsource(&w, LINK_STAGED STREAM "," RESYNC), 200);
    assert_string_equal(text_at(&w, "dsource_id"), DSOURCE);
    assert_int_equal(get(&w, "/dsources/" DSOURCE), 404);
    settle(&w);
    assert_int_equal(get(&w, "/dsources/" DSOURCE), 200);
    assert_string_equal(text_at(&w, "group_name"), "Untitled");
    assert_string_equal(text_at(&w, "source_id"), SOURCE);
    assert_string_equal(text_at(&w, "toolkit_id"), "1-TOOLKIT-1");
    assert_true(cJSON_IsFalse(at(&w, "logsync_enabled")));
    assert_int_equal(number_at(&w, "appdata_source_params.postgresPort"), 5433);
    const char *first = "appdata_source_params.delphixInitiatedBackup.0.userName";
    assert_string_equal(text_at(&w, first), "d");
    assert_null(strstr(w.reply.body, "hush"));
    assert_null(at(&w, "sync_parameters"));
    get(&w, "/dsources/" DSOURCE "/snapshots");
    assert_int_equal(count_at(&w, "items"), 1);
    get(&w, "/sources/" SOURCE);
    assert_true(cJSON_IsTrue(at(&w, "is_dsource")));
    get(&w, "/staging-sources");
    assert_string_equal(text_at(&w, "items.0.dsource_id"), DSOURCE);
    assert_string_equal(text_at(&w, "items.0.environment_id"), ENV);
    assert_refused(&w, ask(&w, "DELETE", "/sources/" SOURCE, NULL), "linked");
    world_close(&w);
}

/* The members of the mode and a brace come behind it. */
#define MODE "\"parameters\":{\"postgresPort\":5433"

static void test_link_refusals(void **state)
{
    static const struct {
        const char *members, *error;
    } rows[] = {
        { LINK_STAGED STREAM ",\"sync_parameters\":{}", "resync" },
        { LINK_STAGED STREAM ",\"sync_parameters\":{\"resync\":false}", "resync" },
        { LINK_TOP STREAM "," RESYNC, "AppDataDirect" },
        { LINK_TOP STREAM "," RESYNC ",\"link_type\":\"AppDataStaged\"", "staging environment" },
        { LINK_STAGED RESYNC ",\"parameters\":{\"stagingPushFlag\":true}", "invalidPortRange" },
        { LINK_STAGED RESYNC "," MODE "}", "parametersNotProvided" },
        { LINK_STAGED RESYNC
          "," MODE ",\"stagingPushFlag\":true,\"externalBackup\":[{\"backupPath\":\"/b\"}]}",
          "allProcessParamsAreSupplied" },
        { LINK_STAGED RESYNC "," MODE ",\"externalBackup\":[{\"backupPath\":\"/b\"}]}",
          "dSourceNotInSync" },
        { LINK_STAGED RESYNC "," MODE ",\"externalBackup\":[{},{}]}", "at most one" },
        { LINK_STAGED RESYNC "," MODE ",\"singleDatabaseIngestionFlag\":true}",
          "singleDatabaseIngestion" },
    };
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_refused(&w, link_dsource(&w, rows[i].members), rows[i].error);
    get(&w, "/dsources");
    assert_int_equal(count_at(&w, "items"), 0);
    assert_int_equal(link_dsource(&w, LINK_STAGED STREAM), 400);
    assert_int_equal(link_dsource(&w, LINK_STAGED PUSH "," RESYNC ",\"group_id\":\"9\""), 400);
    assert_done(&w, link_dsource(&w, LINK_STAGED STREAM "," RESYNC), 200);
    world_close(&w);
}

static void test_port_in_use(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_refused(&w, provision(&w, "other", 5433), "portInUse");
    assert_refused(&w, provision(&w, "other", 5440), "portInUse");
    assert_refused(&w, provision(&w, "dev", 5441), "exists in the group");
    assert_done(&w, provision(&w, "other", 5441), 200);
    world_close(&w);
}

static void test_staging_on_another_engine(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    make_engine(&w, "two");
    assert_done(&w, make_environment(&w, "2", "db1"), 201);
    assert_refused(&w,
                   link_dsource(&w, LINK_TOP STREAM "," RESYNC ",\"link_type\":\"AppDataStaged\","
                                                    "\"staging_environment\":"
                                                    "\"2-UNIX_HOST_ENVIRONMENT-1\""),
                   "another engine");
    world_close(&w);
}

static void test_staging_push(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    assert_done(&w, link_dsource(&w, LINK_STAGED PUSH "," RESYNC), 200);
    assert_refused(&w, provision(&w, "dev", 5440), "empty");
    assert_done(&w, post(&w, "/dsources/" DSOURCE "/snapshots", NULL), 200);
    assert_done(&w, provision(&w, "dev", 5440), 200);
    world_close(&w);
}

static void test_update_and_switches(void **state)
{
    struct world w = world_at(WITH_DSOURCE);
    (void)state;

    assert_int_equal(post(&w, "/dsources/" DSOURCE "/disable", NULL), 422);
    assert_true(cJSON_IsString(w.json));
    assert_done(&w, post(&w, "/dsources/" DSOURCE "/disable", "{}"), 200);
    assert_refused(&w,
                   post(&w, "/dsources/" DSOURCE "/snapshots",
                        "{\"appdata_parameters\":{\"resync\":true}}"),
                   "disabled");
    assert_done(&w, post(&w, "/dsources/" DSOURCE "/enable", "{\"attempt_start\":false}"), 200);
    get(&w, "/dsources/" DSOURCE);
    assert_string_equal(text_at(&w, "status"), "STOPPED");
    assert_done(&w,
                ask(&w, "PATCH", "/dsources/appdata/" DSOURCE,
                    "{\"name\":\"new\",\"description\":\"d\",\"hooks\":{\"ops_pre_sync\":"
                    "[{\"name\":\"h\",\"command\":\"true\",\"credentials_env_vars\":"
                    "[{\"base_var_name\":\"X\",\"password\":\"hush\"}]}]}}"),
                200);
    get(&w, "/dsources/" DSOURCE);
    assert_string_equal(text_at(&w, "name"), "new");
    assert_string_equal(text_at(&w, "description"), "d");
    assert_string_equal(text_at(&w, "hooks.ops_pre_sync.0.command"), "true");
    assert_non_null(at(&w, "hooks.ops_pre_sync.0.element_id"));
    assert_true(cJSON_IsTrue(at(&w, "hooks.ops_pre_sync.0.has_credentials")));
    assert_null(strstr(w.reply.body, "hush"));
    world_close(&w);
}

static void test_delete(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    get(&w, "/dsources/" DSOURCE "/deletion-dependencies");
    assert_string_equal(text_at(&w, "items.0.dataset_id"), VDB);
    get(&w, "/dsources/" DSOURCE);
    assert_int_equal(number_at(&w, "dependant_vdbs"), 1);
    assert_int_equal(post(&w, "/dsources/delete", "{\"dsource_id\":\"" DSOURCE "\"}"), 200);
    assert_string_equal(text_at(&w, "id"), text_at(&w, "job.id"));
    assert_string_equal(outcome(&w), "FAILED");
    assert_non_null(strstr(text_at(&w, "error_details"), "dependent"));
    assert_done(&w,
                post(&w, "/dsources/delete",
                     "{\"dsource_id\":\"" DSOURCE "\",\"delete_all_dependent_vdbs\":true}"),
                200);
    assert_int_equal(get(&w, "/dsources/" DSOURCE), 404);
    assert_int_equal(get(&w, "/vdbs/" VDB), 404);
    get(&w, "/staging-sources");
    assert_int_equal(count_at(&w, "items"), 0);
    get(&w, "/sources/" SOURCE);
    assert_true(cJSON_IsFalse(at(&w, "is_dsource")));
    assert_done(&w, ask(&w, "DELETE", "/sources/" SOURCE, NULL), 200);
    assert_done(&w, ask(&w, "DELETE", "/environments/" ENV, NULL), 200);
    world_close(&w);
}

static void test_snapshots(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    get(&w, "/dsources/" DSOURCE "/snapshots");
    const char *id = text_at(&w, "items.0.id");
    assert_string_equal(id, "1-APPDATA_SNAPSHOT-1");
    assert_refused(&w, post(&w, "/snapshots/1-APPDATA_SNAPSHOT-1/delete", "{}"), "parent");
    get(&w, "/snapshots/1-APPDATA_SNAPSHOT-1/deletion-dependencies");
    assert_string_equal(text_at(&w, "object_dependencies.0.object_id"), VDB);
    assert_done(&w, post(&w, "/dsources/" DSOURCE "/snapshots", NULL), 200);
    post(&w, "/snapshots/search?sort=-timestamp&limit=1",
         "{\"filter_expression\":\"dataset_id EQ '" DSOURCE "'\"}");
    assert_string_equal(text_at(&w, "items.0.id"), "1-APPDATA_SNAPSHOT-2");
    get(&w, "/snapshots/1-APPDATA_SNAPSHOT-2/timeflow_range");
    assert_true(cJSON_IsTrue(at(&w, "provisionable")));
    get(&w, "/snapshots/find_by_timestamp?dataset_id=" DSOURCE "&timestamp=2020-01-01T00:00:00Z");
    assert_int_equal(count_at(&w, "items"), 0);
    get(&w, "/snapshots/find_by_timestamp?dataset_id=" DSOURCE);
    assert_string_equal(text_at(&w, "items.0.id"), "1-APPDATA_SNAPSHOT-2");
    assert_done(&w, post(&w, "/snapshots/1-APPDATA_SNAPSHOT-2/delete", "{}"), 200);
    assert_int_equal(get(&w, "/snapshots/1-APPDATA_SNAPSHOT-2"), 404);
    world_close(&w);
}

static int target_count(struct world *w, const char *policy)
{
    char *body = xasprintf("{\"filter_expression\":\"policy_id EQ '%s'\"}", policy);
    post(w, "/virtualization-policies/targets/search", body);
    free(body);
    return count_at(w, "items");
}

static void test_policies(void **state)
{
    struct world w = world_at(WITH_VDB);
    const char *target = "[{\"object_type\":\"VDB\",\"object_id\":\"" VDB "\"}]";
    const char *one = "/virtualization-policies/1-POLICY_SNAPSHOT-1";
    (void)state;

    post(&w, "/virtualization-policies/search",
         "{\"filter_expression\":\"name EQ 'daily' AND policy_type EQ 'SNAPSHOT_POLICY'\"}");
    assert_string_equal(text_at(&w, "items.0.id"), "1-POLICY_SNAPSHOT-1");
    assert_int_equal(target_count(&w, "1-POLICY_SNAPSHOT-1"), 0);
    assert_done(&w, post(&w, "/virtualization-policies/1-POLICY_SNAPSHOT-1/apply", target), 200);
    assert_int_equal(target_count(&w, "1-POLICY_SNAPSHOT-1"), 1);
    get(&w, one);
    assert_int_equal(number_at(&w, "num_targets"), 1);
    assert_done(&w, post(&w, "/virtualization-policies/1-POLICY_SNAPSHOT-2/apply", target), 200);
    assert_int_equal(target_count(&w, "1-POLICY_SNAPSHOT-1"), 0);
    assert_done(&w, post(&w, "/virtualization-policies/1-POLICY_SNAPSHOT-2/unapply", target), 200);
    assert_int_equal(target_count(&w, "1-POLICY_SNAPSHOT-2"), 0);
    assert_int_equal(post(&w, "/virtualization-policies/1-POLICY_SNAPSHOT-2/apply",
                          "[{\"object_type\":\"VDB\",\"object_id\":\"9\"}]"),
                     400);
    assert_done(&w,
                ask(&w, "PATCH", "/dsources/appdata/" DSOURCE,
                    "{\"sync_policy_id\":\"1-POLICY_SYNC-2\"}"),
                200);
    assert_int_equal(target_count(&w, "1-POLICY_SYNC-2"), 1);
    assert_int_equal(ask(&w, "PATCH", "/dsources/appdata/" DSOURCE,
                         "{\"sync_policy_id\":\"1-POLICY_SNAPSHOT-1\"}"),
                     400);
    world_close(&w);
}

static void test_defaults(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/dsources/appdata/defaults", "{\"source_id\":\"" SOURCE "\"}"), 200);
    assert_string_equal(text_at(&w, "link_type"), "AppDataStaged");
    assert_true(cJSON_IsTrue(at(&w, "sync_parameters.resync")));
    assert_int_equal(post(&w, "/vdbs/provision_by_snapshot/defaults",
                          "{\"source_data_id\":\"" DSOURCE "\"}"),
                     200);
    assert_string_equal(text_at(&w, "source_data_id"), DSOURCE);
    assert_int_equal(post(&w, "/environments/compatible_repositories_by_snapshot",
                          "{\"source_data_id\":\"" DSOURCE "\"}"),
                     200);
    assert_string_equal(text_at(&w, "items.0.id"), ENV);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),         cmocka_unit_test(test_link_refusals),
        cmocka_unit_test(test_port_in_use),  cmocka_unit_test(test_staging_on_another_engine),
        cmocka_unit_test(test_staging_push), cmocka_unit_test(test_update_and_switches),
        cmocka_unit_test(test_delete),       cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_policies),     cmocka_unit_test(test_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
