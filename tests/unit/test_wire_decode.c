/* Replies to objects, with the tables of the kinds. */
#include "schema/json.h"
#include "schema/wire.h"

#include <setjmp.h>
#include <stdio.h>
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

static void replies_are_read_by_the_rows(void **state)
{
    cJSON *item = parse(
        "{\"id\":\"1-APPDATA_CONTAINER-7\",\"name\":\"orders\",\"group_name\":null,"
        "\"unknown\":{\"x\":1},\"description\":\"********\",\"enabled\":true,\"hooks\":{"
        "\"ops_pre_sync\":[{\"element_id\":\"1\",\"name\":\"h\",\"command\":\"c\"}]},"
        "\"excludes\":[1],\"source_id\":17,\"appdata_source_params\":{\"postgresPort\":5433.0,"
        "\"delphixInitiatedBackup\":[{\"postgresSourcePort\":\"5432\",\"userName\":\"u\"}],"
        "\"configSettingsStg\":[{\"propertyName\":\"listen_addresses\",\"value\":\"*\"}]}}");
    cJSON *joins = parse("{\"$staging\":{\"environment_id\":\"1-ENV-2\"}}");
    OWNED(object) o = wire_decode(&kind_dsource, item, joins);

    (void)state;
    assert_non_null(o);
    assert_string_equal(o->name, "orders");
    assert_int_equal(object_value(o, "group")->state, V_NULL);
    assert_int_equal(object_value(o, "description")->state, V_ABSENT);
    assert_int_equal(object_value(o, "excludes")->state, V_ABSENT);
    assert_int_equal(object_value(o, "postgresql.port")->i, 5433);
    assert_int_equal(object_value(o, "postgresql.initiatedBackup.port")->i, 5432);
    assert_string_equal(object_text(o, "stagingEnvironment"), "1-ENV-2");
    assert_string_equal(object_text(o, "sourceConfig"), "17");
    assert_int_equal(object_value(o, "enabled")->i, 1);
    check(cJSON_Duplicate(object_value(o, "hooks.opsPreSync")->json, true),
          "[{\"name\":\"h\",\"command\":\"c\"}]");
    assert_string_equal(json_text(object_value(o, "postgresql.settings")->json, "[0].value"), "*");
    cJSON_Delete(item);
    cJSON_Delete(joins);
}

static void an_environment_is_read_through_its_host_and_primary_user(void **state)
{
    cJSON *item = parse("{\"id\":\"1-UNIX_HOST_ENVIRONMENT-2\",\"name\":\"e\",\"hosts\":["
                        "{\"id\":\"h\",\"hostname\":\"a.example.com\",\"ssh_port\":\"22\"}],"
                        "\"env_users\":[{\"username\":\"x\",\"primary_user\":false},"
                        "{\"username\":\"postgres\",\"primary_user\":true,"
                        "\"user_ref\":\"HOST_USER-2\"}]}");
    OWNED(object) o = wire_decode(&kind_environment, item, NULL);

    (void)state;
    assert_string_equal(object_text(o, "hostname"), "a.example.com");
    assert_int_equal(object_value(o, "sshPort")->i, 22);
    assert_string_equal(object_text(o, "username"), "postgres");
    assert_string_equal(object_text(o, "status.user"), "HOST_USER-2");
    cJSON_Delete(item);
}

static void objects_need_an_id_and_nothing_else(void **state)
{
    static const char *const bad[] = { "{}", "{\"id\":\"\"}", "{\"id\":null}",
                                       "[]", "\"x\"",         "{\"id\":{}}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        cJSON *item = parse(bad[i]);
        assert_null(wire_decode(&kind_vdb, item, NULL));
        cJSON_Delete(item);
    }
    cJSON *item = parse("{\"id\":12,\"name\":{\"not\":\"text\"}}");
    OWNED(object) o = wire_decode(&kind_vdb, item, NULL);
    assert_non_null(o);
    assert_string_equal(o->name, "");
    cJSON_Delete(item);
}

static void replies_of_any_size_are_read_alike(void **state)
{
    (void)state;
    for (int n = 100; n < 200; n += 7) {
        cJSON *item = parse("{\"id\":\"1\"}");
        for (int i = 0; i < n; i++) {
            char name[32];
            snprintf(name, sizeof(name), "member_%d", i);
            cJSON_AddTrueToObject(item, name);
        }
        cJSON_AddStringToObject(item, "name", "first");
        cJSON_AddStringToObject(item, "name", "second");
        json_put(item, "appdata_source_params.postgresPort", cJSON_CreateNumber(5434));
        OWNED(object) o = wire_decode(&kind_vdb, item, NULL);
        assert_string_equal(o->name, "first");
        assert_int_equal(object_value(o, "postgresql.port")->i, 5434);
        assert_int_equal(object_value(o, "masked")->state, V_ABSENT);
        cJSON_Delete(item);
    }
}

/* Every row meets every JSON type: nothing crashes, nothing is taken for what
 * it is not. */
static void members_of_the_wrong_type_are_absent(void **state)
{
    static const char *const values[] = { "1.5",       "1e300", "true", "\"***\"",
                                          "\"x\"",     "[[]]",  "[1]",  "{\"a\":[]}",
                                          "{\"a\":1}", "null",  "[{}]" };

    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);
        for (size_t i = 0; i < k->table.n * ARRAY_LEN(values); i++) {
            const struct field *f = &k->table.rows[i / ARRAY_LEN(values)];
            cJSON *item = parse("{\"id\":\"1\"}");
            if (f->read && f->read[0] != '$')
                json_put(item, f->read, parse(values[i % ARRAY_LEN(values)]));
            struct object *o = wire_decode(k, item, item);
            assert_int_equal(o != NULL,
                             json_text(item, "id") || cJSON_IsNumber(json_at(item, "id")));
            object_free(o);
            cJSON_Delete(item);
        }
    }
}

static void every_row_of_every_kind_survives_the_way_out_and_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);
        for (size_t i = 0; i < k->table.n; i++) {
            const struct field *f = &k->table.rows[i];
            bool plain = f->type == F_STRING || f->type == F_INTEGER || f->type == F_BOOLEAN;
            if (!plain || !f->read || f->read[0] == '$' || strchr(f->read, '='))
                continue;
            cJSON *item = parse("{\"id\":\"1\"}");
            json_put(item, f->read,
                     f->type == F_STRING    ? cJSON_CreateString("text")
                     : f->type == F_INTEGER ? cJSON_CreateNumber(7)
                                            : cJSON_CreateTrue());
            OWNED(object) o = wire_decode(k, item, NULL);
            if (!o || o->values[i].state != V_SET)
                fail_msg("%s %s is not read from %s", k->name, f->yaml, f->read);
            assert_true(value_fulfilled(f, &o->values[i], &o->values[i]));
            cJSON_Delete(item);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read_by_the_rows),
        cmocka_unit_test(an_environment_is_read_through_its_host_and_primary_user),
        cmocka_unit_test(objects_need_an_id_and_nothing_else),
        cmocka_unit_test(replies_of_any_size_are_read_alike),
        cmocka_unit_test(members_of_the_wrong_type_are_absent),
        cmocka_unit_test(every_row_of_every_kind_survives_the_way_out_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
