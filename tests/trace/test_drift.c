/* What others change in DCT: found once, told, repaired once; the rest is left
 * as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

/* What happens to an object behind our back, and the writes that answer it. */
struct drift {
    const char *what, *kind, *name, *set, *sent;
};

/* clang-format off */
static const struct drift drifts[] = {
    { "an engine's address", "engines", "east", "{\"hostname\":\"elsewhere\"}",
      "Engine/east PATCH /management/engines/{id} {\"hostname\":\"east.example.com\"}\n" },
    { "an engine's user", "engines", "east", "{\"username\":\"root\"}",
      "Engine/east PATCH /management/engines/{id} {\"username\":\"admin\"}\n" },
    { "the toolkit's directory on a host", "environments", "pg-target",
      "{\"hosts\":[{\"id\":\"1-UNIX_HOST-2\",\"hostname\":\"pg-target.example.com\","
      "\"toolkit_path\":\"/tmp\",\"ssh_port\":22}]}",
      "VDB/orders-test POST /vdbs/{id}/tags " MARKED
      "VDB/orders-test POST /vdbs/{id}/disable {}\n"
      DEV_OFF
      "Environment/pg-target PATCH /environments/{id}/hosts/1-UNIX_HOST-2 {\"toolkit_path\":"
      "\"/opt/delphix\"}\n"
      DEV_ON
      "VDB/orders-test POST /vdbs/{id}/enable {}\n"
      "VDB/orders-test POST /vdbs/{id}/tags/delete " MARKED },
    { "the policy of a dSource", "dsources", "orders", "{\"sync_policy_id\":\"1-POLICY_SYNC-2\"}",
      "DSource/orders PATCH /dsources/appdata/{id} {\"sync_policy_id\":\"1-POLICY_SYNC-1\"}\n" },
    { "a description", "vdbs", "orders-dev", "{\"description\":\"mine\"}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n" },
    { "a description that is gone", "vdbs", "orders-dev", "{\"description\":null}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n" },
    { "a tag that is gone", "vdbs", "orders-dev",
      "{\"tags\":[{\"key\":\"dctd-owner\",\"value\":\"test\"}]}",
      "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[{\"key\":\"team\",\"value\":\"dev\"}]}\n" },
    { "the owner tag that is gone", "vdbs", "orders-dev",
      "{\"tags\":[{\"key\":\"team\",\"value\":\"dev\"}]}",
      "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[{\"key\":\"dctd-owner\","
      "\"value\":\"test\"}]}\n" },
    { "a database that was switched off", "vdbs", "orders-dev",
      "{\"enabled\":false,\"status\":\"STOPPED\"}",
      "VDB/orders-dev POST /vdbs/{id}/enable {}\n" },
    { "a port", "vdbs", "orders-dev", "{\"appdata_source_params\":{\"postgresPort\":6000}}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5434,"
      "\"mountLocation\":\"/mnt/orders-dev\"}}\n"
      DEV_ON },

    /* Nothing of ours is different. */
    { "what no manifest declares", "vdbs", "orders-test", "{\"description\":\"mine\"}", "" },
    { "tags of others", "vdbs", "orders-dev",
      "{\"tags\":[{\"key\":\"x\",\"value\":\"y\"},{\"key\":\"team\",\"value\":\"dev\"},"
      "{\"key\":\"team\",\"value\":\"ops\"},{\"key\":\"dctd-owner\",\"value\":\"test\"}]}", "" },
    { "a number with a fraction of nothing", "vdbs", "orders-dev",
      "{\"appdata_source_params\":{\"postgresPort\":5434.0}}", "" },
    { "a number as text", "vdbs", "orders-dev",
      "{\"appdata_source_params\":{\"postgresPort\":\"5434\"}}", "" },
    { "further members of parameters", "vdbs", "orders-dev",
      "{\"appdata_source_params\":{\"another\":[1,2]}}", "" },
    { "members nobody knows", "environments", "pg-target", "{\"invented_later\":{\"a\":1}}", "" },
    { "empty lists where nothing was", "dsources", "orders",
      "{\"hooks\":{\"ops_pre_sync\":[]},\"excludes\":[],\"follow_symlinks\":[]}", "" },
    { "settings in another order", "dsources", "orders",
      "{\"appdata_source_params\":{\"configSettingsStg\":[{\"propertyName\":\"log_statement\","
      "\"value\":\"\",\"commentProperty\":true},{\"propertyName\":\"max_connections\","
      "\"value\":\"200\",\"commentProperty\":false}]}}", "" },
    { "settings of others", "dsources", "orders",
      "{\"appdata_source_params\":{\"configSettingsStg\":[{\"propertyName\":\"max_connections\","
      "\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":\"log_statement\","
      "\"value\":\"\",\"commentProperty\":true},{\"propertyName\":\"work_mem\","
      "\"value\":\"4MB\",\"commentProperty\":false}]}}", "" },
    { "a password that DCT masks", "dsources", "orders",
      "{\"appdata_source_params\":{\"delphixInitiatedBackup\":[{\"sourceHostAddress\":"
      "\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":\"delphix\","
      "\"userPass\":\"********\"}]}}", "" },
};
/* clang-format on */

static void repaired_once(void **state)
{
    const struct drift *d = *state;
    struct test_world *w = story_of(estate_all());
    char *json =
        xasprintf("{\"kind\":\"%s\",\"name\":\"%s\",\"set\":%s}", d->kind, d->name, d->set);

    story_meddle(w, "drift", json);
    story_settle(w);
    story_sent(w, d->sent);
    assert_int_equal(test_world_told(w, "drift"), *d->sent != '\0');
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(json);
    test_world_free(w);
}

static void test_drift_is_told_as_such(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":"
                 "\"mine\"}}");
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "~ VDB/orders-dev");
    story_holds(plan, "update: drift: DCT changed, the manifest did not");
    story_holds(plan, "description  \"mine\" -> \"for developers\"  (drift)");
    story_converge(w, estate_all());
    story_holds(buf_text(&w->trace),
                "drift   VDB/orders-dev: `description` is \"mine\", the manifest says "
                "\"for developers\"");
    free(plan);
    test_world_free(w);
}

static void test_ignored_rows_are_not_ours(void **state)
{
    char *yaml =
        text_with(estate_all(), "  enabled: true\n",
                  "  enabled: true\npolicy: {ignore: [/spec/description, /spec/enabled]}\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":"
                 "\"mine\",\"enabled\":false}}");
    story_settle(w);
    story_sent(w, "");
    free(yaml);
    test_world_free(w);
}

/* Policies are not on the VDB but on a list of their own. */
static void test_another_policy_applied_by_hand(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    assert_int_equal(test_world_call(w, "POST",
                                     "/virtualization-policies/1-POLICY_SNAPSHOT-2/apply",
                                     "[{\"object_type\":\"VDB\",\"object_id\":"
                                     "\"1-APPDATA_CONTAINER-2\"}]",
                                     NULL),
                     200);
    w->now += 60000;
    story_settle(w);
    story_sent(w, "VDB/orders-dev POST /virtualization-policies/1-POLICY_SNAPSHOT-1/apply "
                  "[{\"object_type\":\"VDB\",\"object_id\":\"1-APPDATA_CONTAINER-2\"}]\n");
    story_holds(buf_text(&w->trace), "`snapshotPolicy` is weekly, the manifest says");
    test_world_free(w);
}

static void test_a_lock_that_was_opened_is_closed(void **state)
{
    char *yaml = text_with(estate_all(), "  enabled: true\n", "  enabled: true\n  locked: true\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/vdbs/1-APPDATA_CONTAINER-2/unlock", NULL, NULL),
                     200);
    story_settle(w);
    story_sent(w, "VDB/orders-dev POST /vdbs/{id}/lock {}\n");
    free(yaml);
    test_world_free(w);
}

/* In the recycle bin is gone, as far as anybody is concerned. */
static void test_what_lies_in_the_recycle_bin_is_made_again(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{"
                 "\"recycle_bin\":true,\"enabled\":false}}");
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "+ VDB/orders-test create: it is gone from DCT");
    free(plan);
    test_world_free(w);
}

/* Nothing can be done about it in place: told in every plan, never tried. */
static void test_create_only_drift_is_blocked(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{"
                 "\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-1\"}}");
    for (int round = 0; round < 3; round++) {
        story_rest(w, NULL);
        assert_false(w->converged);
        story_sent(w, "");
    }
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! VDB/orders-dev");
    story_holds(plan, "cannot be changed in");
    story_holds(plan, "environment  pg-staging -> pg-target  (drift, cannot change in place)");
    free(plan);
    test_world_free(w);
}

/* One part can be repaired, the other cannot: that one stays in the plan. */
static void test_half_of_a_change(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "  description: for developers\n",
                           "  description: for all\n  databaseName: other\n");

    (void)state;
    story_rest(w, yaml);
    assert_false(w->converged);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for all\"}\n");
    story_lacks(buf_text(&w->trace), "drift");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-dev  blocked: `databaseName` cannot be changed in place");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_a_secret_with_another_value_is_applied(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->secrets_turn = "rotated";
    story_converge(w, estate_all());
    assert_int_equal(w->sent.n, 4);
    story_holds(w->sent.items[0], "Engine/east PATCH /management/engines/{id} {\"password\":");
    story_holds(w->sent.items[1], "/users/HOST_USER-");
    story_holds(w->sent.items[2], "/users/HOST_USER-");
    story_holds(w->sent.items[3], "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":");
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    test_world_free(w);
}

/* No reply of DCT's tells of it, and we have never sent it. */
static void test_what_nobody_has_seen_is_not_known(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *once = text_with(estate_all(), "  enabled: true\n",
                           "  enabled: true\n  customEnvVars: {A: one}\n");
    char *twice = text_with(once, "{A: one}", "{A: two}");

    (void)state;
    char *plan = story_plan(w, once);
    story_holds(plan, "customEnvVars (not known) -> ");
    free(plan);
    story_converge(w, once);
    plan = story_plan(w, twice);
    story_holds(plan, "customEnvVars (applied before) -> ");
    free(plan);
    free(twice);
    free(once);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drift_is_told_as_such),
        cmocka_unit_test(test_ignored_rows_are_not_ours),
        cmocka_unit_test(test_another_policy_applied_by_hand),
        cmocka_unit_test(test_a_lock_that_was_opened_is_closed),
        cmocka_unit_test(test_what_lies_in_the_recycle_bin_is_made_again),
        cmocka_unit_test(test_create_only_drift_is_blocked),
        cmocka_unit_test(test_half_of_a_change),
        cmocka_unit_test(test_a_secret_with_another_value_is_applied),
        cmocka_unit_test(test_what_nobody_has_seen_is_not_known),
    };
    struct CMUnitTest each[ARRAY_LEN(drifts)] = { 0 };

    for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
        each[i].name = drifts[i].what;
        each[i].test_func = repaired_once;
        each[i].initial_state = (void *)(uintptr_t)&drifts[i];
    }
    int failed = cmocka_run_group_tests_name("drift", each, NULL, NULL);
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
