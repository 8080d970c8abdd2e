/* Rows to request bodies, with the tables of the kinds. */
#include "schema/json.h"
#include "schema/wire.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(const char *text)
{
    size_t at;
    cJSON *v = json_parse(text, strlen(text), &at);

    if (!v)
        fail_msg("no JSON at %zu: %s", at, text);
    return v;
}

/* One row's value: plain text, or JSON for what is no text. */
struct say {
    const char *yaml, *value;
};

static void say(struct object *o, const char *yaml, const char *value)
{
    size_t row = kind_row(o->kind, yaml);
    enum field_type type = o->kind->table.rows[row].type;
    struct value *v = &o->values[row];

    v->state = streq(value, "null") ? V_NULL : V_SET;
    if (v->state == V_NULL || (type == F_BLOCK && !value[0]))
        return;
    if (type_is_json(type))
        v->json = parse(value);
    else if (type_is_text(type))
        v->s = xstrdup(value);
    else if (type == F_BOOLEAN)
        v->i = streq(value, "true");
    else
        assert_true(parse_int64(value, &v->i));
}

static struct object *wanted(const struct kind_desc *k, const struct say *says, size_t n)
{
    struct object *o = object_new(k, "x", (struct pos){ "x.yaml", 1, 1 });

    for (size_t i = 0; i < n; i++)
        say(o, says[i].yaml, says[i].value);
    return o;
}

/* Names stand for "id-of-NAME", no name for "the-one"; "?" cannot be resolved. */
static const char *resolve(void *ctx, const struct object *o, size_t row)
{
    static char ids[64][64];
    static size_t next;
    const char *name = o->values[row].s;
    struct buf id = BUF_WITH_LIMIT(60);

    (void)ctx;
    if (o->values[row].state != V_SET)
        return "the-one";
    if (streq(name, "?"))
        return NULL;
    buf_printf(&id, "id-of-%s", name);
    char *slot = ids[next++ % ARRAY_LEN(ids)];
    memcpy(slot, buf_text(&id), id.n + 1);
    buf_clear(&id);
    return slot;
}

static const struct wire_context by_name = { .resolve = resolve };

static void check(cJSON *have, const char *text)
{
    cJSON *want = parse(text);
    char *shown = cJSON_PrintUnformatted(have);

    if (!cJSON_Compare(have, want, true))
        fail_msg("%s\nis not\n%s", shown, text);
    free(shown);
    cJSON_Delete(want);
    cJSON_Delete(have);
}

static void check_create(const struct kind_desc *k, const struct say *says, size_t n,
                         const char *text)
{
    OWNED(object) o = wanted(k, says, n);

    check(wire_create_body(o, wire_create_variant(o), by_name), text);
}

/* `names` apart by blanks, then the call's body. */
static cJSON *update_body(const struct object *o, size_t call, const char *names, const char *raw)
{
    bool *changed = xcalloc(o->kind->table.n, sizeof(*changed));
    cJSON *observed = raw ? parse(raw) : NULL;
    struct buf name = BUF_WITH_LIMIT(200);

    while (*names) {
        size_t n = strcspn(names, " ");
        buf_add(&name, names, n);
        changed[kind_row(o->kind, buf_text(&name))] = true;
        buf_clear(&name);
        names += n + strspn(names + n, " ");
    }
    cJSON *body = wire_update_body(o, call, changed, observed, by_name);
    cJSON_Delete(observed);
    free(changed);
    return body;
}

static void engines_are_registered_with_secret_references(void **state)
{
    static const struct say says[] = {
        { "metadata.name", "ce-east" },
        { "metadata.tags", "[{\"key\":\"site\",\"value\":\"east\"}]" },
        { "hostname", "ce-east.example.com" },
        { "username", "admin" },
        { "password", "{\"$secret\":{\"credential\":\"ce-east\"}}" },
        { "insecureSsl", "false" },
        { "hashicorpVaultId", "null" },
    };

    (void)state;
    check_create(&kind_engine, says, ARRAY_LEN(says),
                 "{\"name\":\"ce-east\",\"tags\":[{\"key\":\"site\",\"value\":\"east\"}],"
                 "\"hostname\":\"ce-east.example.com\",\"username\":\"admin\","
                 "\"password\":{\"$secret\":{\"credential\":\"ce-east\"}},"
                 "\"insecure_ssl\":false}");

    OWNED(object) o = wanted(&kind_engine, says, ARRAY_LEN(says));
    check(update_body(o, 0, "hashicorpVaultId hostname", NULL),
          "{\"hostname\":\"ce-east.example.com\",\"hashicorp_vault_id\":null}");
}

static void connectors_are_uploaded_as_a_form(void **state)
{
    static const struct say says[] = {
        { "metadata.name", "pg" },   { "file", "connectors/pg.json" },
        { "engines", "[\"ce\"]" },   { "engine", "ce" },
        { "plugin.id", "2f7c2a10" }, { "plugin.buildNumber", "1.2" },
    };
    OWNED(object) o = wanted(&kind_connector, says, ARRAY_LEN(says));

    (void)state;
    check(wire_multipart_fields(o, &kind_connector.creates[0], by_name),
          "{\"engine_id\":\"id-of-ce\"}");
    check(wire_multipart_fields(o, &kind_connector.updates[0], by_name),
          "{\"engine_id\":\"id-of-ce\"}");

    OWNED(object) unplaced = wanted(&kind_connector, says, 2);
    check(wire_multipart_fields(unplaced, &kind_connector.creates[0], by_name),
          "{\"engine_id\":\"the-one\"}");
}

static void form_fields_are_text(void **state)
{
    static const struct field rows[] = {
        { "port", "port", "port", NULL, F_INTEGER, 0, .doc = "" },
        { "on", "on", NULL, NULL, F_BOOLEAN, 0, .doc = "" },
        { NULL, "type", NULL, NULL, F_CONST, 0, .constant = "\"STAGED\"" },
        { "local", "local", NULL, NULL, F_STRING, LOCAL, .doc = "" },
    };
    static const struct call call = { .name = "upload" };
    static const struct kind_desc kind = { .name = "Thing", .table = { rows, ARRAY_LEN(rows) } };
    static const struct say says[] = { { "port", "7" }, { "on", "true" }, { "local", "x" } };
    OWNED(object) o = wanted(&kind, says, ARRAY_LEN(says));

    (void)state;
    check(wire_multipart_fields(o, &call, by_name),
          "{\"port\":\"7\",\"on\":\"true\",\"type\":\"STAGED\"}");
}

static const struct say environment[] = {
    { "metadata.name", "pg-staging" },
    { "engine", "ce-east" },
    { "hostname", "pg-staging.example.com" },
    { "sshPort", "22" },
    { "toolkitPath", "/opt/delphix/toolkit" },
    { "username", "postgres" },
    { "password", "{\"$secret\":{\"credential\":\"pg\"}}" },
    { "enabled", "true" },
    { "description", "staging" },
    { "repositories", "[{\"name\":\"Postgres vFiles (15.4)\",\"is_staging\":true}]" },
};

static void environments_are_created_whole(void **state)
{
    (void)state;
    check_create(&kind_environment, environment, ARRAY_LEN(environment),
                 "{\"name\":\"pg-staging\",\"engine_id\":\"id-of-ce-east\",\"os_name\":\"UNIX\","
                 "\"hostname\":\"pg-staging.example.com\",\"description\":\"staging\","
                 "\"ssh_port\":22,\"toolkit_path\":\"/opt/delphix/toolkit\","
                 "\"username\":\"postgres\",\"password\":{\"$secret\":{\"credential\":\"pg\"}}}");
}

static size_t call_of(const struct kind_desc *k, const char *yaml)
{
    return k->table.rows[kind_row(k, yaml)].call;
}

static void environments_change_through_the_call_of_each_row(void **state)
{
    OWNED(object) o = wanted(&kind_environment, environment, ARRAY_LEN(environment));
    size_t user = call_of(&kind_environment, "username");
    const struct field *list =
        &kind_environment.table.rows[kind_row(&kind_environment, "repositories")];

    (void)state;
    check(update_body(o, call_of(o->kind, "description"), "description sshPort", NULL),
          "{\"description\":\"staging\"}");
    check(update_body(o, call_of(o->kind, "sshPort"), "description sshPort", NULL),
          "{\"ssh_port\":22}");
    assert_true(kind_environment.updates[user].flags & CALL_WHOLE);
    check(update_body(o, user, "username", NULL),
          "{\"username\":\"postgres\",\"password\":{\"$secret\":{\"credential\":\"pg\"}}}");

    cJSON *raw = parse("{\"repositories\":[{\"id\":\"r1\",\"name\":\"other\"},"
                       "{\"id\":\"r2\",\"name\":\"Postgres vFiles (15.4)\"}]}");
    const cJSON *element = object_value(o, "repositories")->json->child;
    assert_string_equal(json_text(wire_item_find(list, element, raw), "id"), "r2");
    check(wire_item_body(list, element), "{\"is_staging\":true}");
    cJSON_ReplaceItemInObject(raw, "repositories", cJSON_CreateString("none"));
    assert_null(wire_item_find(list, element, raw));
    cJSON_Delete(raw);
}

static void a_key_pair_says_that_it_counts(void **state)
{
    static const struct say says[] = {
        { "username", "postgres" },
        { "keyPair.privateKey", "{\"$secret\":{\"file\":\"/k\"}}" },
        { "keyPair.publicKey", "ssh-ed25519 AAAA" },
    };
    OWNED(object) o = wanted(&kind_environment, says, ARRAY_LEN(says));

    (void)state;
    check(update_body(o, call_of(o->kind, "username"), "keyPair.publicKey", NULL),
          "{\"username\":\"postgres\",\"use_custom_key_pair\":true,"
          "\"custom_private_key\":{\"$secret\":{\"file\":\"/k\"}},"
          "\"custom_public_key\":\"ssh-ed25519 AAAA\"}");
}

static const struct say linked[] = {
    { "metadata.name", "orders" },
    { "sourceConfig", "orders" },
    { "group", "Untitled" },
    { "environmentUser", "postgres" },
    { "stagingEnvironment", "pg-staging" },
    { "stagingEnvironmentUser", "postgres" },
    { "postgresql", "" },
    { "postgresql.port", "5433" },
    { "postgresql.mountLocation", "/mnt/delphix/orders" },
};

static void check_link(const struct say *mode, size_t n, const char *parameters)
{
    OWNED(object) o = wanted(&kind_dsource, linked, ARRAY_LEN(linked));

    for (size_t i = 0; i < n; i++)
        say(o, mode[i].yaml, mode[i].value);
    cJSON *body = wire_create_body(o, wire_create_variant(o), by_name);
    cJSON *inner = cJSON_DetachItemFromObject(body, "parameters");
    assert_int_equal(json_at(inner, "postgresPort")->valuedouble, 5433);
    assert_string_equal(json_text(inner, "mountLocation"), "/mnt/delphix/orders");
    cJSON_DeleteItemFromObject(inner, "postgresPort");
    cJSON_DeleteItemFromObject(inner, "mountLocation");
    check(inner, parameters);
    check(body, "{\"name\":\"orders\",\"source_id\":\"id-of-orders\","
                "\"group_id\":\"id-of-Untitled\",\"environment_user\":\"id-of-postgres\","
                "\"staging_environment\":\"id-of-pg-staging\","
                "\"staging_environment_user\":\"id-of-postgres\","
                "\"link_type\":\"AppDataStaged\",\"sync_parameters\":{\"resync\":true}}");
}

static const struct say initiated[] = {
    { "postgresql.initiatedBackup", "" },
    { "postgresql.initiatedBackup.host", "orders-db.example.com" },
    { "postgresql.initiatedBackup.port", "5432" },
    { "postgresql.initiatedBackup.username", "delphix" },
    { "postgresql.initiatedBackup.password", "{\"$secret\":{\"credential\":\"orders-db\"}}" },
};

static void dsources_link_by_backups_that_the_engine_takes(void **state)
{
    (void)state;
    check_link(initiated, ARRAY_LEN(initiated),
               "{\"delphixInitiatedBackupFlag\":true,\"delphixInitiatedBackup\":["
               "{\"sourceHostAddress\":\"orders-db.example.com\",\"postgresSourcePort\":5432,"
               "\"userName\":\"delphix\",\"userPass\":{\"$secret\":"
               "{\"credential\":\"orders-db\"}}}]}");
}

static void dsources_link_by_backups_that_others_take(void **state)
{
    static const struct say logs[] = {
        { "postgresql.externalBackup", "" },
        { "postgresql.externalBackup.path", "/backup" },
        { "postgresql.externalBackup.walLogPath", "/wal" },
    };
    static const struct say streaming[] = {
        { "postgresql.externalBackup", "" },
        { "postgresql.externalBackup.path", "/backup" },
        { "postgresql.externalBackup.streaming", "" },
        { "postgresql.externalBackup.streaming.host", "db" },
        { "postgresql.externalBackup.streaming.port", "5432" },
        { "postgresql.externalBackup.streaming.username", "delphix" },
        { "postgresql.externalBackup.streaming.password", "{\"$secret\":{\"env\":\"PW\"}}" },
    };

    (void)state;
    check_link(logs, ARRAY_LEN(logs),
               "{\"externalBackup\":[{\"backupPath\":\"/backup\",\"walLogPath\":\"/wal\","
               "\"keepStagingInSync\":false}]}");
    check_link(streaming, ARRAY_LEN(streaming),
               "{\"externalBackup\":[{\"backupPath\":\"/backup\",\"keepStagingInSync\":true}],"
               "\"delphixInitiatedBackup\":[{\"sourceHostAddress\":\"db\","
               "\"postgresSourcePort\":5432,\"userName\":\"delphix\","
               "\"userPass\":{\"$secret\":{\"env\":\"PW\"}}}]}");
}

static void dsources_link_one_database_or_by_staging_push(void **state)
{
    static const struct say single[] = {
        { "postgresql.singleDatabase", "" },
        { "postgresql.singleDatabase.databaseName", "shop" },
        { "postgresql.singleDatabase.host", "db" },
        { "postgresql.singleDatabase.port", "5432" },
        { "postgresql.singleDatabase.username", "u" },
        { "postgresql.singleDatabase.password", "{\"$secret\":{\"env\":\"PW\"}}" },
        { "postgresql.singleDatabase.dumpDir", "/dump" },
        { "postgresql.singleDatabase.dumpJobs", "2" },
        { "postgresql.singleDatabase.restoreJobs", "3" },
    };
    static const struct say push[] = { { "postgresql.stagingPush", "" } };

    (void)state;
    check_link(single, ARRAY_LEN(single),
               "{\"singleDatabaseIngestionFlag\":true,\"singleDatabaseIngestion\":["
               "{\"databaseName\":\"shop\",\"databaseUserName\":\"u\","
               "\"databaseUserPassword\":{\"$secret\":{\"env\":\"PW\"}},\"sourceHost\":\"db\","
               "\"sourcePort\":5432,\"dumpDir\":\"/dump\",\"dumpJobs\":2,\"restoreJobs\":3}]}");
    check_link(push, ARRAY_LEN(push), "{\"stagingPushFlag\":true}");
}

static void updates_keep_what_the_manifest_does_not_declare(void **state)
{
    OWNED(object) o = wanted(&kind_dsource, linked, ARRAY_LEN(linked));

    for (size_t i = 0; i < ARRAY_LEN(initiated); i++)
        say(o, initiated[i].yaml, initiated[i].value);
    say(o, "postgresql.settings",
        "[{\"propertyName\":\"max_connections\",\"value\":\"200\",\"commentProperty\":false}]");

    (void)state;
    check(update_body(o, 0, "postgresql.initiatedBackup.password",
                      "{\"parameters\":\"not this one\",\"appdata_source_params\":{"
                      "\"postgresPort\":1,\"ourOwn\":{\"k\":[1]},\"token\":\"********\","
                      "\"privilegedOsUser\":\"root\","
                      "\"configSettingsStg\":[{\"propertyName\":\"theirs\",\"value\":\"*\"},"
                      "{\"propertyName\":\"max_connections\",\"value\":\"100\"}],"
                      "\"delphixInitiatedBackup\":[{\"userName\":\"old\","
                      "\"userPass\":\"******\",\"extra\":true}]}}"),
          "{\"parameters\":{\"postgresPort\":5433,\"mountLocation\":\"/mnt/delphix/orders\","
          "\"ourOwn\":{\"k\":[1]},\"privilegedOsUser\":\"root\","
          "\"configSettingsStg\":[{\"propertyName\":\"theirs\",\"value\":\"*\"},"
          "{\"propertyName\":\"max_connections\",\"value\":\"200\",\"commentProperty\":false}],"
          "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
          "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[],"
          "\"delphixInitiatedBackup\":[{\"sourceHostAddress\":\"orders-db.example.com\","
          "\"postgresSourcePort\":5432,\"userName\":\"delphix\","
          "\"userPass\":{\"$secret\":{\"credential\":\"orders-db\"}},\"extra\":true}]}}");
    check(update_body(o, 0, "metadata.name", "{\"appdata_source_params\":{\"a\":1}}"),
          "{\"name\":\"orders\"}");
}

static void another_way_to_ingest_takes_the_old_one_back(void **state)
{
    OWNED(object) o = wanted(&kind_dsource, linked, ARRAY_LEN(linked));

    (void)state;
    say(o, "postgresql.stagingPush", "");
    check(update_body(o, 0, "postgresql.port",
                      "{\"appdata_source_params\":{\"delphixInitiatedBackupFlag\":true,"
                      "\"delphixInitiatedBackup\":[{\"userName\":\"u\"}]}}"),
          "{\"parameters\":{\"postgresPort\":5433,\"mountLocation\":\"/mnt/delphix/orders\","
          "\"delphixInitiatedBackupFlag\":false,\"delphixInitiatedBackup\":[],"
          "\"stagingPushFlag\":true,\"singleDatabaseIngestionFlag\":false,"
          "\"singleDatabaseIngestion\":[],\"externalBackup\":[]}}");
}

static void free_form_parameters_are_laid_over_what_is_there(void **state)
{
    static const struct say says[] = {
        { "parameters", "{\"a\":{\"b\":1,\"pw\":{\"$secret\":{\"env\":\"X\"}}},\"l\":[1]}" },
    };
    OWNED(object) o = wanted(&kind_dsource, says, ARRAY_LEN(says));

    (void)state;
    check(update_body(o, 0, "parameters",
                      "{\"appdata_source_params\":{\"a\":{\"c\":2,\"pw\":{\"x\":1}},"
                      "\"l\":[1,2],\"z\":null}}"),
          "{\"parameters\":{\"a\":{\"b\":1,\"c\":2,\"pw\":{\"$secret\":{\"env\":\"X\"}}},"
          "\"l\":[1],\"z\":null}}");
    check(update_body(o, 0, "parameters", "{\"appdata_source_params\":null}"),
          "{\"parameters\":{\"a\":{\"b\":1,\"pw\":{\"$secret\":{\"env\":\"X\"}}},\"l\":[1]}}");
}

#define VDB_COMMON \
    "\"name\":\"orders-dev\",\"environment_id\":\"id-of-pg-target\"," \
    "\"environment_user_id\":\"id-of-postgres\",\"appdata_source_params\":{" \
    "\"postgresPort\":5434,\"mountLocation\":\"/mnt/delphix/orders-dev\"}," \
    "\"pre_refresh\":[{\"name\":\"h\",\"command\":\"true\"}]"

static struct object *vdb(void)
{
    static const struct say says[] = {
        { "metadata.name", "orders-dev" },
        { "source", "" },
        { "environment", "pg-target" },
        { "environmentUser", "postgres" },
        { "postgresql", "" },
        { "postgresql.port", "5434" },
        { "postgresql.mountLocation", "/mnt/delphix/orders-dev" },
        { "hooks.preRefresh", "[{\"name\":\"h\",\"command\":\"true\"}]" },
        { "enabled", "true" },
        { "snapshotPolicy", "?" },
        { "refresh.token", "one" },
        { "group", "?" },
    };

    return wanted(&kind_vdb, says, ARRAY_LEN(says));
}

static void vdbs_are_provisioned_by_what_the_manifest_chooses(void **state)
{
    OWNED(object) snapshot = vdb();
    OWNED(object) timestamp = vdb();
    OWNED(object) bookmark = vdb();

    (void)state;
    say(snapshot, "source.dSource", "orders");
    say(snapshot, "pointInTime", "latest");
    assert_int_equal(wire_create_variant(snapshot), 0);
    check(wire_create_body(snapshot, 0, by_name),
          "{\"source_data_id\":\"id-of-orders\"," VDB_COMMON "}");

    say(timestamp, "source.vdb", "gold");
    say(timestamp, "pointInTime", "");
    say(timestamp, "pointInTime.timestamp", "2026-11-22T10:00:00Z");
    assert_int_equal(wire_create_variant(timestamp), 1);
    check(wire_create_body(timestamp, 1, by_name),
          "{\"source_data_id\":\"id-of-gold\",\"timestamp\":\"2026-11-22T10:00:00Z\"," VDB_COMMON
          "}");

    say(bookmark, "source.bookmark", "friday");
    assert_int_equal(wire_create_variant(bookmark), 2);
    check(wire_create_body(bookmark, 2, by_name),
          "{\"bookmark_id\":\"id-of-friday\"," VDB_COMMON "}");
}

static void vdbs_let_dct_choose_where_nothing_else_does(void **state)
{
    static const struct say says[] = { { "source.dSource", "orders" } };

    (void)state;
    check_create(&kind_vdb, says, ARRAY_LEN(says),
                 "{\"source_data_id\":\"id-of-orders\",\"auto_select_repository\":true}");
}

static void a_refresh_sends_where_to(void **state)
{
    OWNED(object) o = vdb();
    size_t call = call_of(&kind_vdb, "refresh.token");

    (void)state;
    check(update_body(o, call, "refresh.token", NULL), "{}");
    say(o, "pointInTime.snapshot", "noon");
    check(update_body(o, call, "refresh.token", "{}"), "{\"snapshot_id\":\"id-of-noon\"}");
}

static void hooks_of_other_points_stay_as_they_are(void **state)
{
    OWNED(object) o = vdb();

    (void)state;
    check(update_body(o, 0, "hooks.preRefresh",
                      "{\"hooks\":{\"pre_refresh\":[{\"element_id\":\"1\",\"command\":\"x\"}],"
                      "\"post_stop\":[{\"element_id\":\"2\",\"command\":\"y\"}]}}"),
          "{\"hooks\":{\"pre_refresh\":[{\"name\":\"h\",\"command\":\"true\"}],"
          "\"post_stop\":[{\"element_id\":\"2\",\"command\":\"y\"}]}}");
}

static void a_reference_that_is_chosen_is_asked_for_where_none_is_named(void **state)
{
    static const struct say says[] = { { "metadata.name", "orders" }, { "environment", "e" } };
    static const struct say named[] = { { "repository", "r" }, { "parameters", "{}" } };

    (void)state;
    check_create(&kind_source_config, says, ARRAY_LEN(says),
                 "{\"name\":\"orders\",\"environment_id\":\"id-of-e\","
                 "\"repository_id\":\"the-one\"}");
    check_create(&kind_source_config, named, ARRAY_LEN(named),
                 "{\"type\":\"STAGED\",\"repository_id\":\"id-of-r\",\"parameters\":{}}");
}

static void only_the_repositories_that_are_named_count(void **state)
{
    OWNED(object) o = wanted(&kind_environment, environment, ARRAY_LEN(environment));
    size_t row = kind_row(&kind_environment, "repositories");
    const struct field *f = &kind_environment.table.rows[row];
    struct value have = { .state = V_SET };

    (void)state;
    have.json = parse("[{\"name\":\"b\",\"is_staging\":false},"
                      "{\"name\":\"Postgres vFiles (15.4)\",\"is_staging\":true}]");
    assert_true(value_fulfilled(f, &o->values[row], &have));
    json_put(have.json->child->next, "is_staging", cJSON_CreateFalse());
    assert_false(value_fulfilled(f, &o->values[row], &have));
    value_clear(&have, F_LIST);
    assert_false(value_fulfilled(f, &o->values[row], &have));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engines_are_registered_with_secret_references),
        cmocka_unit_test(connectors_are_uploaded_as_a_form),
        cmocka_unit_test(form_fields_are_text),
        cmocka_unit_test(environments_are_created_whole),
        cmocka_unit_test(environments_change_through_the_call_of_each_row),
        cmocka_unit_test(a_key_pair_says_that_it_counts),
        cmocka_unit_test(dsources_link_by_backups_that_the_engine_takes),
        cmocka_unit_test(dsources_link_by_backups_that_others_take),
        cmocka_unit_test(dsources_link_one_database_or_by_staging_push),
        cmocka_unit_test(updates_keep_what_the_manifest_does_not_declare),
        cmocka_unit_test(another_way_to_ingest_takes_the_old_one_back),
        cmocka_unit_test(free_form_parameters_are_laid_over_what_is_there),
        cmocka_unit_test(vdbs_are_provisioned_by_what_the_manifest_chooses),
        cmocka_unit_test(vdbs_let_dct_choose_where_nothing_else_does),
        cmocka_unit_test(a_refresh_sends_where_to),
        cmocka_unit_test(hooks_of_other_points_stay_as_they_are),
        cmocka_unit_test(a_reference_that_is_chosen_is_asked_for_where_none_is_named),
        cmocka_unit_test(only_the_repositories_that_are_named_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
