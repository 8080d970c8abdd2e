/* Connector files, good and bad, and the order of build numbers. */
#include "schema/plugin.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define API "\"engineApi\":{\"type\":\"APIVersion\",\"major\":1,\"minor\":11,\"micro\":16}"
#define ID  "\"pluginId\":\"2f7c2a10-0b1d-4e55-9a3a-1c2d3e4f5a6b\""

static struct object *connector(void)
{
    struct object *o = object_new(&kind_connector, "pg", (struct pos){ "m.yaml", 1, 1 });
    struct value *file = &o->values[kind_row(&kind_connector, "file")];

    *file = (struct value){ .state = V_SET, .pos = { "m.yaml", 5, 9 }, .s = xstrdup("pg.json") };
    return o;
}

static void a_plugin_is_identified_by_its_file(void **state)
{
    static const char text[] = "{\"type\":\"Plugin\",\"name\":\"postgres-vsdk\"," ID "," API
                               ",\"hostTypes\":[\"UNIX\"],\"buildNumber\":\"4.1.1\","
                               "\"externalVersion\":\"2024 LTS\",\"manifest\":{}}\n";
    OWNED(object) o = connector();
    struct diags d = { 0 };

    (void)state;
    assert_true(plugin_attach(o, text, strlen(text), &d));
    assert_string_equal(object_text(o, "plugin.id"), "2f7c2a10-0b1d-4e55-9a3a-1c2d3e4f5a6b");
    assert_string_equal(object_text(o, "plugin.name"), "postgres-vsdk");
    assert_string_equal(object_text(o, "plugin.buildNumber"), "4.1.1");
    assert_string_equal(object_text(o, "plugin.version"), "2024 LTS");
    assert_int_equal(d.all, 0);
}

static void a_lua_toolkit_has_a_name_and_a_version_only(void **state)
{
    static const char text[] = "{\"type\":\"Toolkit\",\"name\":\"postgres\","
                               "\"version\":\"1.3.0\",\"hostTypes\":[\"UNIX\"]}";
    OWNED(object) o = connector();
    struct diags d = { 0 };

    (void)state;
    assert_true(plugin_attach(o, text, strlen(text), &d));
    assert_string_equal(object_text(o, "plugin.name"), "postgres");
    assert_string_equal(object_text(o, "plugin.version"), "1.3.0");
    assert_null(object_text(o, "plugin.id"));
    assert_null(object_text(o, "plugin.buildNumber"));
}

static void a_new_file_replaces_what_the_old_one_said(void **state)
{
    static const char plugin[] = "{\"type\":\"Plugin\",\"name\":\"a\"," ID "," API
                                 ",\"hostTypes\":[\"UNIX\"],\"buildNumber\":\"1\"}";
    static const char toolkit[] = "{\"type\":\"Toolkit\",\"name\":\"b\",\"version\":\"2\","
                                  "\"hostTypes\":[\"UNIX\"]}";
    OWNED(object) o = connector();
    struct diags d = { 0 };

    (void)state;
    assert_true(plugin_attach(o, plugin, strlen(plugin), &d));
    assert_null(object_text(o, "plugin.version"));
    assert_true(plugin_attach(o, toolkit, strlen(toolkit), &d));
    assert_null(object_text(o, "plugin.id"));
    assert_string_equal(object_text(o, "plugin.name"), "b");
}

static void check_refused(const char *text, const char *why)
{
    OWNED(object) o = connector();
    struct diags d = { 0 };
    bool told = false;

    assert_false(plugin_attach(o, text, strlen(text), &d));
    assert_int_not_equal(d.errors, 0);
    for (size_t i = 0; i < d.n; i++) {
        assert_int_equal(d.items[i].at.line, 5);
        assert_int_equal(d.items[i].at.col, 9);
        assert_non_null(strstr(d.items[i].text, "pg.json"));
        told = told || strstr(d.items[i].text, why);
    }
    if (!told)
        fail_msg("\"%s\" instead of \"%s\"", d.items[0].text, why);
    assert_null(object_text(o, "plugin.name"));
    diags_clear(&d);
}

static void what_is_no_connector_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text, *why;
    } files[] = {
        { "", "line 1, column 1" },
        { "{\"type\":\n  \"Plugin\",\n  name}", "near line 3, column" },
        { "{\"type\":\"Plugin\"", "is no JSON" },
        { "<html></html>", "line 1, column 1" },
        { "[]", "is no connector file" },
        { "{\"type\":7}", "is no connector file" },
        { "{\"type\":\"plugin\"}", "is no connector file" },
        { "{\"type\":\"Plugin\",\"name\":\"\"}", "`name`" },
        { "{\"type\":\"Plugin\",\"name\":\"x\"}", "`pluginId`" },
        { "{\"type\":\"Plugin\",\"pluginId\":\"2f7c2a10-0b1d-4e55-9a3a-1c2d3e4f5a6\"}",
          "is no UUID" },
        { "{\"type\":\"Plugin\",\"pluginId\":\"2f7c2a10-0b1d-4e55-9a3a_1c2d3e4f5a6b\"}",
          "is no UUID" },
        { "{\"type\":\"Plugin\",\"buildNumber\":1.0}", "`buildNumber`" },
        { "{\"type\":\"Plugin\",\"buildNumber\":\"0.0\"}", "is no build number" },
        { "{\"type\":\"Plugin\",\"engineApi\":{\"type\":\"APIVersion\",\"major\":1,\"minor\":11}}",
          "`engineApi`" },
        { "{\"type\":\"Plugin\",\"engineApi\":{\"type\":\"APIVersion\",\"major\":1,\"minor\":1.5,"
          "\"micro\":1}}",
          "`engineApi`" },
        { "{\"type\":\"Plugin\",\"engineApi\":\"1.11.16\"}", "`engineApi`" },
        { "{\"type\":\"Plugin\",\"hostTypes\":[]}", "`hostTypes`" },
        { "{\"type\":\"Plugin\",\"hostTypes\":[\"UNIX\",7]}", "`hostTypes`" },
        { "{\"type\":\"Toolkit\",\"name\":\"x\",\"hostTypes\":[\"UNIX\"]}", "`version`" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        check_refused(files[i].text, files[i].why);
}

static void a_file_beyond_the_limit_is_not_even_parsed(void **state)
{
    OWNED(object) o = connector();
    struct diags d = { 0 };

    (void)state;
    assert_false(plugin_attach(o, "", (size_t)PLUGIN_MAX + 1, &d));
    assert_int_equal(d.errors, 1);
    diags_clear(&d);
}

static void build_numbers_are_dotted_numbers_above_zero(void **state)
{
    static const char *const good[] = { "1",     "0.1",    "1.0.0",
                                        "01.02", "0.0.10", "99999999999999999999999999.1" };
    static const char *const bad[] = { "",   "0",   "0.0",  ".",    "1.",   ".1", "1..2",
                                       "-1", "1.a", "1 .2", "1.2 ", "v1.2", "00" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(build_number_valid(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (build_number_valid(bad[i]))
            fail_msg("\"%s\" is taken for a build number", bad[i]);
    }
}

static void build_numbers_are_compared_part_by_part(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } pairs[] = {
        { "1.0.0", "1", 0 },
        { "1.2", "01.02.0", 0 },
        { "1.10", "1.2", 1 },
        { "2.0", "1.99999", 1 },
        { "1.2", "1.2.1", -1 },
        { "1.0.1", "1", 1 },
        { "0.9", "1", -1 },
        { "18446744073709551617", "18446744073709551616", 1 },
        { "18446744073709551616", "1", 1 },
        { "1.0000000000000000000000000001", "1.1", 0 },
        { "9.1", "10.0", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        int ab = build_number_compare(pairs[i].a, pairs[i].b);
        int ba = build_number_compare(pairs[i].b, pairs[i].a);

        if ((ab > 0) - (ab < 0) != pairs[i].order || (ba > 0) - (ba < 0) != -pairs[i].order)
            fail_msg("%s against %s gives %d and %d", pairs[i].a, pairs[i].b, ab, ba);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plugin_is_identified_by_its_file),
        cmocka_unit_test(a_lua_toolkit_has_a_name_and_a_version_only),
        cmocka_unit_test(a_new_file_replaces_what_the_old_one_said),
        cmocka_unit_test(what_is_no_connector_is_refused_with_its_reason),
        cmocka_unit_test(a_file_beyond_the_limit_is_not_even_parsed),
        cmocka_unit_test(build_numbers_are_dotted_numbers_above_zero),
        cmocka_unit_test(build_numbers_are_compared_part_by_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
