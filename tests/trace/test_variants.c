/* The ways in which VDBs and dSources come to be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char another[] =
    "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: more}\nspec:\n  source: %s\n"
    "  environment: pg-target\n  environmentUser: postgres\n  group: Untitled\n"
    "  postgresql: {port: 5436, mountLocation: /mnt/more}\n%s";

static char *estate_with(const char *source, const char *rest)
{
    const char *at = another;
    struct buf b = BUF_WITH_LIMIT(1 << 16);

    buf_puts(&b, estate_all());
    for (int i = 0; *at; at++) {
        if (at[0] == '%' && at[1] == 's') {
            buf_puts(&b, i++ ? rest : source);
            at++;
        } else {
            buf_add(&b, at, 1);
        }
    }
    return buf_take(&b);
}

/* The one write that makes VDB/more. */
static void made_by(struct test_world *w, const char *source, const char *rest, const char *part)
{
    char *yaml = estate_with(source, rest);

    story_converge(w, yaml);
    story_holds(w->sent.items[w->sent.n - 1], part);
    story_member(w, "/vdbs", "more", "status", "RUNNING");
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(yaml);
    test_world_free(w);
}

static void test_latest_of_a_dsource(void **state)
{
    (void)state;
    made_by(story_of(estate_all()), "{dSource: orders}", "  pointInTime: latest\n",
            "VDB/more POST /vdbs/provision_by_snapshot {\"name\":\"more\",\"source_data_id\":"
            "\"1-APPDATA_CONTAINER-1\",\"environment_id\"");
}

static void test_a_moment(void **state)
{
    (void)state;
    made_by(story_of(estate_all()), "{dSource: orders}",
            "  pointInTime: {timestamp: '1970-01-01T00:04:55Z'}\n",
            "VDB/more POST /vdbs/provision_by_timestamp {\"name\":\"more\",\"source_data_id\":"
            "\"1-APPDATA_CONTAINER-1\",\"timestamp\":\"1970-01-01T00:04:55Z\"");
}

static char *first(struct test_world *w, const char *collection, const char *member)
{
    char *path = xasprintf("%s?limit=1", collection), *text = NULL;

    assert_int_equal(test_world_call(w, "GET", path, NULL, &text), 200);
    cJSON *list = cJSON_Parse(text);
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItem(list, "items"), 0);
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(item, member));
    assert_non_null(value);
    char *copy = xstrdup(value);
    cJSON_Delete(list);
    free(path);
    free(text);
    return copy;
}

static void test_a_snapshot_by_name(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *name = first(w, "/snapshots", "name"), *id = first(w, "/snapshots", "id");
    char *rest = xasprintf("  pointInTime: {snapshot: '%s'}\n", name);
    char *part = xasprintf("\"snapshot_id\":\"%s\"", id);

    (void)state;
    made_by(w, "{dSource: orders}", rest, part);
    free(name);
    free(id);
    free(rest);
    free(part);
}

static void test_a_snapshot_that_is_not_there(void **state)
{
    char *yaml = estate_with("{dSource: orders}", "  pointInTime: {snapshot: none}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_rest(w, yaml);
    assert_false(w->converged);
    story_sent(w, "");
    story_holds(buf_text(&w->trace), "`pointInTime.snapshot`: DCT has none called `none`");
    free(yaml);
    test_world_free(w);
}

static void test_a_bookmark(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    assert_int_equal(
        test_world_call(w, "POST", "/bookmarks",
                        "{\"name\":\"before\",\"vdb_ids\":[\"1-APPDATA_CONTAINER-2\"]}", NULL),
        201);
    w->now += 600000;
    char *id = first(w, "/bookmarks", "id");
    char *part = xasprintf("VDB/more POST /vdbs/provision_from_bookmark {\"name\":\"more\","
                           "\"bookmark_id\":\"%s\"",
                           id);
    made_by(w, "{bookmark: before}", "", part);
    free(id);
    free(part);
}

/* orders-test has no snapshot of its own: one is taken before it is a source. */
static void test_a_vdb_without_a_snapshot(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = estate_with("{vdb: orders-test}", "");

    (void)state;
    char *plan = story_plan(w, yaml);
    story_holds(plan, "~ VDB/orders-test");
    story_holds(plan, "snapshot: VDB/more is provisioned from it; one is taken if it has");
    story_converge(w, yaml);
    assert_int_equal(w->sent.n, 2);
    story_holds(w->sent.items[0], "VDB/orders-test POST /vdbs/{id}/snapshots");
    story_holds(w->sent.items[1], "VDB/more POST /vdbs/provision_by_snapshot");
    story_holds(w->sent.items[1], "\"source_data_id\":\"1-APPDATA_CONTAINER-3\"");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_raw_parameters(void **state)
{
    char *yaml =
        text_with(estate_all(), "  postgresql: {port: 5435, mountLocation: /mnt/orders-test}\n",
                  "  parameters: {postgresPort: 5435, mountLocation: /mnt/orders-test}\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_member(w, "/vdbs", "orders-test", "appdata_source_params.postgresPort", "5435");
    free(yaml);
    test_world_free(w);
}

/* DCT shows none of it: only what was applied can tell that it is another one now. */
static void test_a_secret_in_raw_parameters_turns(void **state)
{
    char *yaml =
        text_with(estate_all(), "  postgresql: {port: 5435, mountLocation: /mnt/orders-test}\n",
                  "  parameters: {postgresPort: 5435, mountLocation: /mnt/orders-test,\n"
                  "               phrase: {$secret: {credential: x}}}\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    w->secrets_turn = "another";
    story_converge(w, yaml);
    size_t at = 0;
    while (at < w->sent.n && !starts_with(w->sent.items[at], "VDB/orders-test PATCH /vdbs/{id}"))
        at++;
    assert_true(at < w->sent.n);
    story_holds(w->sent.items[at], "\"phrase\":{\"$secret\":{\"credential\":\"x\"}}");
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(yaml);
    test_world_free(w);
}

/* The four ways to ingest, each from nothing; VDBs are another matter, as the
 * first snapshot of a staging push is empty. */
static void linked_with(const char *way, const char *part)
{
    char *all = text_with(estate_all(),
                          "    initiatedBackup: {host: db.example.com, port: 5432, username: "
                          "delphix,\n                      password: {credential: db}}\n",
                          way);
    const char *vdbs = strstr(all, "---\napiVersion: dct/v1\nkind: VDB");
    char *yaml = xstrndup(all, (size_t)(vdbs - all));
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
    bool linked = false;

    story_converge(w, yaml);
    for (size_t i = 0; i < w->sent.n && !linked; i++) {
        linked = starts_with(w->sent.items[i], "DSource/orders POST /dsources/appdata ");
        if (linked) {
            story_holds(w->sent.items[i], part);
            story_holds(w->sent.items[i], "\"sync_parameters\":{\"resync\":true}");
            story_holds(w->sent.items[i], "\"link_type\":\"AppDataStaged\"");
        }
    }
    assert_true(linked);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(all);
    free(yaml);
    test_world_free(w);
}

static void test_initiated_backup(void **state)
{
    (void)state;
    linked_with("    initiatedBackup: {host: p, port: 5432, username: u,\n"
                "                      password: {credential: db}}\n",
                "\"delphixInitiatedBackup\":[{\"sourceHostAddress\":\"p\","
                "\"postgresSourcePort\":5432,\"userName\":\"u\",\"userPass\":{\"$secret\":"
                "{\"credential\":\"db\"}}}],\"delphixInitiatedBackupFlag\":true");
}

static void test_external_backup_with_logs(void **state)
{
    (void)state;
    linked_with("    externalBackup: {path: /b, walLogPath: /w}\n",
                "\"externalBackup\":[{\"backupPath\":\"/b\",\"walLogPath\":\"/w\","
                "\"keepStagingInSync\":false}]");
}

static void test_external_backup_with_streaming(void **state)
{
    (void)state;
    linked_with("    externalBackup: {path: /b, streaming: {host: p, port: 5432, username: u,\n"
                "                                           password: {credential: db}}}\n",
                "\"keepStagingInSync\":true");
}

static void test_single_database(void **state)
{
    (void)state;
    linked_with("    singleDatabase: {databaseName: o, host: p, port: 5432, username: u,\n"
                "       password: {credential: db}, dumpDir: /d, dumpJobs: 2, restoreJobs: 3}\n",
                "\"singleDatabaseIngestionFlag\":true");
}

static void test_staging_push(void **state)
{
    (void)state;
    linked_with("    stagingPush: {}\n", "\"stagingPushFlag\":true");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latest_of_a_dsource),
        cmocka_unit_test(test_a_moment),
        cmocka_unit_test(test_a_snapshot_by_name),
        cmocka_unit_test(test_a_snapshot_that_is_not_there),
        cmocka_unit_test(test_a_bookmark),
        cmocka_unit_test(test_a_vdb_without_a_snapshot),
        cmocka_unit_test(test_raw_parameters),
        cmocka_unit_test(test_a_secret_in_raw_parameters_turns),
        cmocka_unit_test(test_initiated_backup),
        cmocka_unit_test(test_external_backup_with_logs),
        cmocka_unit_test(test_external_backup_with_streaming),
        cmocka_unit_test(test_single_database),
        cmocka_unit_test(test_staging_push),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
