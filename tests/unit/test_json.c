/* JSON paths and strict parsing. */
#include "schema/json.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cJSON *parse(const char *text)
{
    size_t at;
    cJSON *v = json_parse(text, strlen(text), &at);

    assert_non_null(v);
    return v;
}

static void check_and_free(cJSON *v, const char *expected)
{
    char *text = cJSON_PrintUnformatted(v);

    assert_string_equal(text, expected);
    free(text);
    cJSON_Delete(v);
}

static void paths_lead_through_objects_lists_and_matches(void **state)
{
    (void)state;
    cJSON *v = parse("{\"a\":{\"b\":[{\"c\":\"one\"},{\"c\":\"two\"}]},"
                     "\"users\":[{\"name\":\"x\",\"primary\":false},"
                     "{\"name\":\"y\",\"primary\":true}],\"on\":true}");

    assert_string_equal(json_text(v, "a.b[1].c"), "two");
    assert_string_equal(json_text(v, "users[primary=true].name"), "y");
    assert_true(json_at(v, "users[name=x].primary") != NULL);
    assert_true(json_true(v, "on"));
    assert_ptr_equal(json_at(v, ""), v);
    cJSON_Delete(v);
}

static void paths_that_lead_nowhere_find_nothing(void **state)
{
    static const char *const paths[] = {
        "b",        "a.x",
        "a.b[2].c", "a.b.c",
        "a[0]",     "a.b[",
        "a.b[]",    "a.b[-1]",
        "a..b",     "a.",
        "[0]",      "on.off",
        ".",        "a.b[99999999999999999999]",
        "a.b[c=]",  "a.b[=",
        "a.b[x=1]", "a.b[c=tw].c",
        "a[b=c].d",
    };
    cJSON *v = parse("{\"a\":{\"b\":[{\"c\":\"one\"},{\"c\":\"two\"}]},\"on\":true}");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (json_at(v, paths[i]))
            fail_msg("%s leads somewhere", paths[i]);
    }
    assert_null(json_text(v, "on"));
    assert_null(json_at(NULL, "a"));
    assert_false(json_true(v, "a"));
    cJSON_Delete(v);
}

static void an_index_finds_what_a_path_finds(void **state)
{
    static const char *const values[] = {
        "{}",
        "[{\"a\":1}]",
        "null",
        "{\"\":1,\"a\":{\"b\":[{\"c\":2}]},\"ab\":3,\"ba\":4,\"a\":5}",
        "{\"axb\":1,\"ayb\":2,\"azb\":3,\"b\":\"a\"}",
    };
    static const char *const paths[] = { "a",  "a.b",   "a.b[0].c", "a[0]", "a.", "ab", "ayb",
                                         "ba", "b.a.b", "azb",      "axc",  ".",  "[0]" };
    struct json_index x;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        cJSON *v = parse(values[i]);
        json_index(&x, v);
        for (size_t p = 0; p < ARRAY_LEN(paths); p++) {
            bool member = strcspn(paths[p], ".[") > 0;
            assert_ptr_equal(json_index_at(&x, paths[p]), member ? json_at(v, paths[p]) : NULL);
        }
        cJSON_Delete(v);
    }
    json_index(&x, NULL);
    assert_null(json_index_at(&x, "a"));
}

static void an_index_of_many_members_finds_each(void **state)
{
    (void)state;
    for (size_t n = 100; n < 300; n += 27) {
        cJSON *v = cJSON_CreateObject();
        struct json_index x;
        for (size_t i = 0; i < n; i++) {
            char *name = xasprintf("member_%zu_id", i);
            cJSON_AddStringToObject(v, name, name);
            free(name);
        }
        json_index(&x, v);
        for (const cJSON *m = v->child; m; m = m->next)
            assert_string_equal(json_index_text(&x, m->string), m->string);
        assert_null(json_index_text(&x, "member_300_id"));
        cJSON_Delete(v);
    }
}

static void putting_makes_objects_and_lists_on_the_way(void **state)
{
    (void)state;
    cJSON *v = cJSON_CreateObject();

    json_put(v, "p.list[0].host", cJSON_CreateString("h"));
    json_put(v, "p.list[0].port", cJSON_CreateNumber(5432));
    json_put(v, "p.flag", cJSON_CreateTrue());
    json_put(v, "n[2]", cJSON_CreateNumber(3));
    json_put(v, "n[0]", cJSON_CreateNumber(1));
    json_put(v, "m[0][1].x", cJSON_CreateNumber(7));
    check_and_free(v, "{\"p\":{\"list\":[{\"host\":\"h\",\"port\":5432}],\"flag\":true},"
                      "\"n\":[1,null,3],\"m\":[[null,{\"x\":7}]]}");
}

static void putting_replaces_what_stands_in_the_way(void **state)
{
    (void)state;
    cJSON *v = parse("{\"a\":null,\"b\":\"text\",\"c\":{\"d\":1},\"z\":[]}");
    cJSON *named = cJSON_Duplicate(json_at(v, "c"), true);

    json_put(v, "a.x", cJSON_CreateNumber(1));
    json_put(v, "b[0]", cJSON_CreateNumber(2));
    json_put(v, "c.d", cJSON_CreateNumber(3));
    json_put(v, "z", named);
    check_and_free(v, "{\"a\":{\"x\":1},\"b\":[2],\"c\":{\"d\":3},\"z\":{\"d\":1}}");
}

static void silly_paths_put_nothing(void **state)
{
    (void)state;
    cJSON *v = cJSON_CreateObject();

    json_put(v, "a[1000]", cJSON_CreateNumber(1));
    json_put(v, "a[k=v].x", cJSON_CreateNumber(1));
    json_put(v, "a[", cJSON_CreateNumber(1));
    json_put(v, "", cJSON_CreateNumber(1));
    json_put(v, "[0]", cJSON_CreateNumber(1));
    json_put(v, "a..b", cJSON_CreateNumber(1));
    check_and_free(v, "{}");
}

static void nothing_is_absent_null_false_and_empty(void **state)
{
    (void)state;
    cJSON *v = parse("{\"yes\":[null,false,\"\",[],{}],\"no\":[0,true,\"x\",[0],{\"a\":null}]}");

    assert_true(json_nothing(NULL));
    for (const cJSON *x = json_at(v, "yes[0]"); x; x = x->next)
        assert_true(json_nothing(x));
    for (const cJSON *x = json_at(v, "no[0]"); x; x = x->next)
        assert_false(json_nothing(x));
    cJSON_Delete(v);
}

static void check_error_at(const char *text, size_t n, size_t expected)
{
    size_t at = 12345;

    assert_null(json_parse(text, n, &at));
    assert_int_equal(at, expected);
}

static void only_one_whole_value_is_json_and_errors_tell_where(void **state)
{
    size_t at;
    cJSON *v = json_parse(" {\"a\":1} \r\n\t", 12, &at);

    (void)state;
    assert_non_null(v);
    cJSON_Delete(v);
    check_error_at("", 0, 0);
    check_error_at("{} x", 4, 3);
    check_error_at("{}\0", 3, 2);
    check_error_at("{\"a\":1}{", 8, 7);
    check_error_at("{\"a\": nope}", 11, 6);
    check_error_at("<html>", 6, 0);
}

static void a_nul_in_a_text_is_seen(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
    } rows[] = {
        { "{\"a\": \"b\\u0000c\"}", true },
        { "\"\\\\u0000\"", false },
        { "\"\\\\\\u0000\"", true },
        { "\"\\u0001\"", false },
        { "\"\\u000", false },
        { "\\", false },
        { "", false },
        { "{\"u0000\": 1}", false },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(json_holds_nul(rows[i].text, strlen(rows[i].text)), rows[i].holds);
    assert_true(json_holds_nul("\"a\0b\"", 5));
    assert_false(json_holds_nul(NULL, 0));
}

static void text_that_was_cut_off_is_no_json(void **state)
{
    static const char text[] = "{\"items\":[{\"id\":\"1-VDB-1\",\"n\":-1.5e3,\"b\":true}]}";
    size_t at;

    (void)state;
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        char *cut = malloc(n ? n : 1); /* so that reading past the end is caught */
        memcpy(cut, text, n);
        assert_null(json_parse(cut, n, &at));
        free(cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_through_objects_lists_and_matches),
        cmocka_unit_test(paths_that_lead_nowhere_find_nothing),
        cmocka_unit_test(an_index_finds_what_a_path_finds),
        cmocka_unit_test(an_index_of_many_members_finds_each),
        cmocka_unit_test(putting_makes_objects_and_lists_on_the_way),
        cmocka_unit_test(putting_replaces_what_stands_in_the_way),
        cmocka_unit_test(silly_paths_put_nothing),
        cmocka_unit_test(nothing_is_absent_null_false_and_empty),
        cmocka_unit_test(only_one_whole_value_is_json_and_errors_tell_where),
        cmocka_unit_test(a_nul_in_a_text_is_seen),
        cmocka_unit_test(text_that_was_cut_off_is_no_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
