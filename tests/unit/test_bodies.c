/* From a manifest to what DCT is sent, where rows alone decide: the ways to
 * ingest of a PostgreSQL dSource, and where a VDB starts. */
#include "schema/set.h"
#include "schema/wire.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"

static const char dsource[] = "apiVersion: dct/v1\n"
                              "kind: DSource\n"
                              "metadata: {name: orders}\n"
                              "spec:\n"
                              "  sourceConfig: orders\n"
                              "  environmentUser: postgres\n";

static const char vdb[] = "apiVersion: dct/v1\n"
                          "kind: VDB\n"
                          "metadata: {name: dev}\n"
                          "spec:\n";

static const char *by_name(void *ctx, const struct object *o, size_t row)
{
    (void)ctx;
    return o->values[row].s;
}

static const struct wire_context names = { by_name, NULL, false };

static struct unit *parse(const char *head, const char *spec)
{
    char *text = xasprintf("%s%s", head, spec);
    struct unit *u = unit_parse("test.yaml", text, strlen(text));

    free(text);
    return u;
}

static struct unit *parse_good(const char *head, const char *spec)
{
    struct unit *u = parse(head, spec);

    if (u->n != 1) {
        struct buf out = BUF_WITH_LIMIT(65536);

        diags_print(&u->diags, &out);
        fail_msg("%s", buf_text(&out));
    }
    return u;
}

/* Takes `body`; `member` NULL means the body itself. */
static void check(cJSON *body, const char *member, const char *expected)
{
    size_t at;
    cJSON *want = json_parse(expected, strlen(expected), &at);
    const cJSON *have = member ? json_at(body, member) : body;

    assert_non_null(want);
    if (!cJSON_Compare(have, want, true)) {
        char *text = cJSON_PrintUnformatted(have);

        fail_msg("\nhave %s\nwant %s", text, expected);
    }
    cJSON_Delete(want);
    cJSON_Delete(body);
}

static void created(const char *head, const char *spec, const char *member, const char *expected)
{
    OWNED(unit) u = parse_good(head, spec);
    const struct object *o = u->objects[0];

    check(wire_create_body(o, wire_create_variant(o), names), member, expected);
}

/* What is sent when the row changes of an object that DCT has as `raw`. */
static void updated(const char *head, const char *spec, const char *row, const char *raw,
                    const char *member, const char *expected)
{
    OWNED(unit) u = parse_good(head, spec);
    const struct object *o = u->objects[0];
    bool *changed = xcalloc(o->kind->table.n, sizeof(*changed));
    size_t i = kind_row(o->kind, row), at;
    cJSON *have = json_parse(raw, strlen(raw), &at);

    assert_non_null(have);
    changed[i] = true;
    check(wire_update_body(o, o->kind->table.rows[i].call, changed, have, names), member, expected);
    cJSON_Delete(have);
    free(changed);
}

static void refused(const char *head, const char *spec, const char *why)
{
    OWNED(unit) u = parse(head, spec);
    struct buf out = BUF_WITH_LIMIT(65536);

    diags_print(&u->diags, &out);
    assert_int_equal(u->n, 0);
    if (!strstr(buf_text(&out), why))
        fail_msg("%s", buf_text(&out));
    buf_clear(&out);
}

static void test_initiated_backup(void **state)
{
    (void)state;
    created(dsource,
            "  postgresql:\n"
            "    port: 5433\n"
            "    initiatedBackup: {host: db, port: 5432, username: delphix, password: {env: P}}\n",
            "parameters",
            "{\"postgresPort\": 5433, \"delphixInitiatedBackupFlag\": true,"
            " \"delphixInitiatedBackup\": [{\"sourceHostAddress\": \"db\","
            " \"postgresSourcePort\": 5432, \"userName\": \"delphix\","
            " \"userPass\": {\"$secret\": {\"env\": \"P\"}}}]}");
}

static void test_external_backup_follows_logs_or_a_stream(void **state)
{
    (void)state;
    created(dsource,
            "  postgresql:\n"
            "    port: 5433\n"
            "    externalBackup: {path: /b, walLogPath: /w}\n",
            "parameters",
            "{\"postgresPort\": 5433, \"externalBackup\": [{\"backupPath\": \"/b\","
            " \"walLogPath\": \"/w\", \"keepStagingInSync\": false}]}");
    created(dsource,
            "  postgresql:\n"
            "    port: 5433\n"
            "    externalBackup:\n"
            "      path: /b\n"
            "      streaming: {host: db, port: 5432, username: r, password: {env: P}}\n",
            "parameters",
            "{\"postgresPort\": 5433,"
            " \"externalBackup\": [{\"backupPath\": \"/b\", \"keepStagingInSync\": true}],"
            " \"delphixInitiatedBackup\": [{\"sourceHostAddress\": \"db\","
            " \"postgresSourcePort\": 5432, \"userName\": \"r\","
            " \"userPass\": {\"$secret\": {\"env\": \"P\"}}}]}");
    refused(dsource, "  postgresql: {port: 5433, externalBackup: {path: /b}}\n", "exactly one of");
}

static void test_staging_push_is_a_flag(void **state)
{
    (void)state;
    created(dsource, "  postgresql: {port: 5433, stagingPush: {}}\n", "parameters",
            "{\"postgresPort\": 5433, \"stagingPushFlag\": true}");
}

static void test_exactly_one_way_to_ingest(void **state)
{
    (void)state;
    refused(dsource, "  postgresql: {port: 5433}\n", "exactly one of");
    refused(dsource,
            "  postgresql:\n"
            "    port: 5433\n"
            "    stagingPush: {}\n"
            "    externalBackup: {path: /b, walLogPath: /w}\n",
            "exclude each other");
    refused(dsource,
            "  postgresql: {port: 5433, stagingPush: {}}\n"
            "  parameters: {postgresPort: 5433}\n",
            "exclude each other");
}

static void test_another_way_takes_the_old_one_back(void **state)
{
    (void)state;
    updated(dsource,
            "  postgresql:\n"
            "    port: 5434\n"
            "    externalBackup: {path: /b, walLogPath: /w}\n",
            "postgresql.port",
            "{\"appdata_source_params\": {\"postgresPort\": 5433, \"theirs\": 1,"
            " \"delphixInitiatedBackupFlag\": true,"
            " \"delphixInitiatedBackup\": [{\"userName\": \"delphix\"}]}}",
            "parameters",
            "{\"postgresPort\": 5434, \"theirs\": 1,"
            " \"externalBackup\": [{\"backupPath\": \"/b\", \"walLogPath\": \"/w\","
            " \"keepStagingInSync\": false}],"
            " \"delphixInitiatedBackupFlag\": false, \"delphixInitiatedBackup\": [],"
            " \"singleDatabaseIngestionFlag\": false, \"singleDatabaseIngestion\": [],"
            " \"stagingPushFlag\": false}");
}

static void test_postgresql_is_always_refreshed_prior_to_its_first_snapshot(void **state)
{
    (void)state;
    created(dsource, "  postgresql: {port: 5433, stagingPush: {}}\n", "sync_parameters",
            "{\"resync\": true}");
    created(dsource,
            "  refreshPriorToSnapshot: true\n"
            "  postgresql: {port: 5433, stagingPush: {}}\n",
            "sync_parameters", "{\"resync\": true}");
    refused(dsource,
            "  refreshPriorToSnapshot: false\n"
            "  postgresql: {port: 5433, stagingPush: {}}\n",
            "Refresh prior to snapshot");
}

static void test_other_connectors_get_their_own_words(void **state)
{
    (void)state;
    created(dsource,
            "  linkType: AppDataDirect\n"
            "  syncParameters: {deep: true}\n"
            "  parameters: {path: /data}\n",
            NULL,
            "{\"name\": \"orders\", \"source_id\": \"orders\", \"environment_user\": \"postgres\","
            " \"link_type\": \"AppDataDirect\", \"sync_parameters\": {\"deep\": true},"
            " \"parameters\": {\"path\": \"/data\"}}");
    created(dsource, "  parameters: {path: /data}\n", "sync_parameters", "{}");
}

static void test_a_vdb_starts_where_its_manifest_says(void **state)
{
    (void)state;
    created(vdb,
            "  source: {dSource: orders}\n"
            "  environment: target\n"
            "  pointInTime: latest\n",
            NULL,
            "{\"name\": \"dev\", \"source_data_id\": \"orders\", \"environment_id\": \"target\"}");
    created(vdb,
            "  source: {vdb: orders}\n"
            "  environment: target\n"
            "  pointInTime: {timestamp: 2026-11-22T10:00:00Z}\n",
            "timestamp", "\"2026-11-22T10:00:00Z\"");
    created(vdb,
            "  source: {bookmark: release}\n"
            "  environment: target\n",
            NULL,
            "{\"name\": \"dev\", \"bookmark_id\": \"release\", \"environment_id\": \"target\"}");
    created(vdb, "  source: {dSource: orders}\n", "auto_select_repository", "true");
    refused(vdb, "  source: {}\n", "exactly one of");
    refused(vdb, "  source: {dSource: a, vdb: b}\n", "exclude each other");
}

static void test_each_start_has_its_provision_call(void **state)
{
    static const struct {
        const char *spec, *path;
    } starts[] = {
        { "  source: {dSource: a}\n  pointInTime: {snapshot: s}\n", "/vdbs/provision_by_snapshot" },
        { "  source: {dSource: a}\n  pointInTime: {timestamp: 2026-11-22T10:00:00Z}\n",
          "/vdbs/provision_by_timestamp" },
        { "  source: {bookmark: a}\n", "/vdbs/provision_from_bookmark" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        OWNED(unit) u = parse_good(vdb, starts[i].spec);

        assert_string_equal(kind_vdb.creates[wire_create_variant(u->objects[0])].path,
                            starts[i].path);
    }
}

/* Left alone once it is there: a creation still says it. */
static void test_what_is_ignored_is_made_and_then_carried_along(void **state)
{
    static const char spec[] =
        "  source: {bookmark: a}\n"
        "  parameters: {mode: fast, level: 3, nested: {a: 1, b: 2}, token: {$secret: {env: T}}}\n"
        "policy: {ignore: [/spec/parameters/level, /spec/parameters/nested/a]}\n";

    (void)state;
    created(vdb, spec, "appdata_source_params",
            "{\"mode\": \"fast\", \"level\": 3, \"nested\": {\"a\": 1, \"b\": 2},"
            " \"token\": {\"$secret\": {\"env\": \"T\"}}}");
    updated(vdb, spec, "parameters",
            "{\"appdata_source_params\": {\"mode\": \"slow\", \"level\": 9, \"nested\":"
            " {\"a\": 7, \"b\": 7}, \"token\": \"***\", \"own\": true}}",
            "appdata_source_params",
            "{\"mode\": \"fast\", \"level\": 9, \"nested\": {\"a\": 7, \"b\": 2},"
            " \"token\": {\"$secret\": {\"env\": \"T\"}}, \"own\": true}");
    /* What is gone stays gone. */
    updated(vdb, spec, "parameters", "{\"appdata_source_params\": {\"mode\": \"slow\"}}",
            "appdata_source_params",
            "{\"mode\": \"fast\", \"nested\": {\"b\": 2},"
            " \"token\": {\"$secret\": {\"env\": \"T\"}}}");
}

/* A secret cannot be read from DCT, so it cannot be carried along. */
static void test_what_dct_masks_is_sent_as_the_manifest_has_it(void **state)
{
    static const char spec[] =
        "  source: {bookmark: a}\n"
        "  parameters: {mode: fast, login: {user: u, token: {$secret: {env: T}}}, plain: x}\n"
        "policy: {ignore: [/spec/parameters/login, /spec/parameters/plain]}\n";

    (void)state;
    updated(vdb, spec, "parameters",
            "{\"appdata_source_params\": {\"mode\": \"slow\", \"login\": {\"user\": \"v\","
            " \"token\": \"***\"}, \"plain\": \"****\"}}",
            "appdata_source_params",
            "{\"mode\": \"fast\", \"login\": {\"user\": \"v\", \"token\":"
            " {\"$secret\": {\"env\": \"T\"}}}, \"plain\": \"x\"}");
    updated(vdb, spec, "parameters",
            "{\"appdata_source_params\": {\"mode\": \"slow\", \"login\": {\"user\": \"v\"}}}",
            "appdata_source_params",
            "{\"mode\": \"fast\", \"login\": {\"user\": \"v\", \"token\":"
            " {\"$secret\": {\"env\": \"T\"}}}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_initiated_backup),
        cmocka_unit_test(test_external_backup_follows_logs_or_a_stream),
        cmocka_unit_test(test_staging_push_is_a_flag),
        cmocka_unit_test(test_exactly_one_way_to_ingest),
        cmocka_unit_test(test_another_way_takes_the_old_one_back),
        cmocka_unit_test(test_postgresql_is_always_refreshed_prior_to_its_first_snapshot),
        cmocka_unit_test(test_other_connectors_get_their_own_words),
        cmocka_unit_test(test_a_vdb_starts_where_its_manifest_says),
        cmocka_unit_test(test_each_start_has_its_provision_call),
        cmocka_unit_test(test_what_is_ignored_is_made_and_then_carried_along),
        cmocka_unit_test(test_what_dct_masks_is_sent_as_the_manifest_has_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
