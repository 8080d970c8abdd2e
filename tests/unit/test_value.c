/* Objects, and what values mean: fulfilled or not, for people, for digests. */
#include "schema/json.h"
#include "schema/object.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A value of the type from JSON text: null is V_NULL, no text is absent. */
static struct value value_of(enum field_type type, const char *text)
{
    struct value v = { .state = V_SET };
    size_t at;

    if (!text)
        return (struct value){ 0 };
    cJSON *json = json_parse(text, strlen(text), &at);
    assert_non_null(json);
    if (cJSON_IsNull(json))
        v = (struct value){ .state = V_NULL };
    else if (type_is_json(type))
        v.json = TAKE(json);
    else if (type_is_text(type))
        v.s = xstrdup(cJSON_GetStringValue(json));
    else
        v.i = cJSON_IsBool(json) ? cJSON_IsTrue(json) : (int64_t)json->valuedouble;
    cJSON_Delete(json);
    return v;
}

struct pair {
    const char *wanted, *observed;
    bool fulfilled;
};

static void check_pairs(enum field_type type, unsigned flags, const struct pair *pairs, size_t n)
{
    struct field f = { .yaml = "x", .type = type, .flags = flags };

    for (size_t i = 0; i < n; i++) {
        struct value wanted = value_of(type, pairs[i].wanted);
        struct value observed = value_of(type, pairs[i].observed);

        if (value_fulfilled(&f, &wanted, &observed) != pairs[i].fulfilled)
            fail_msg("%s against %s", pairs[i].wanted, pairs[i].observed);
        value_clear(&wanted, type);
        value_clear(&observed, type);
    }
}

static void scalars_are_fulfilled_by_what_means_the_same(void **state)
{
    static const struct pair strings[] = {
        { NULL, "\"a\"", true },       { "\"a\"", "\"a\"", true }, { "\"a\"", "\"A\"", false },
        { "\"a\"", NULL, false },      { "\"\"", NULL, true },     { "\"\"", "null", true },
        { "null", NULL, true },        { "null", "\"\"", true },   { "null", "\"a\"", false },
        { "\"5\"", "\"5.0\"", false }, { "\"\"", "\"a\"", false },
    };
    static const struct pair booleans[] = {
        { "false", NULL, true },    { "false", "null", true },  { "true", "true", true },
        { "true", NULL, false },    { "true", "false", false }, { "null", "false", true },
        { "false", "true", false }, { "null", "true", false },
    };
    static const struct pair integers[] = {
        { "5433", "5433.0", true }, { "0", NULL, false },   { "0", "0", true },
        { "5433", "5434", false },  { "null", NULL, true }, { "null", "0", false },
    };

    (void)state;
    check_pairs(F_STRING, 0, strings, ARRAY_LEN(strings));
    check_pairs(F_BOOLEAN, 0, booleans, ARRAY_LEN(booleans));
    check_pairs(F_INTEGER, 0, integers, ARRAY_LEN(integers));
}

static void equal_instants_are_equal_however_they_are_written(void **state)
{
    static const struct pair times[] = {
        { "\"2026-11-22T10:00:00Z\"", "\"2026-11-22T10:00:00.000Z\"", true },
        { "\"2026-11-22T10:00:00Z\"", "\"2026-11-22T11:30:00+01:30\"", true },
        { "\"2026-11-22T00:30:00+01:00\"", "\"2026-11-21T23:30:00Z\"", true },
        { "\"2026-03-01T00:00:00+00:30\"", "\"2026-02-28T23:30:00Z\"", true },
        { "\"2024-03-01T00:00:00+00:30\"", "\"2024-02-29T23:30:00Z\"", true },
        { "\"2026-01-01T00:00:00-01:00\"", "\"2026-01-01T01:00:00z\"", true },
        { "\"2026-11-22T10:00:00.120Z\"", "\"2026-11-22T10:00:00.12Z\"", true },
        { "\"2026-11-22T10:00:00.12Z\"", "\"2026-11-22T10:00:00.121Z\"", false },
        { "\"2026-11-22T10:00:00Z\"", "\"2026-11-22T10:00:01Z\"", false },
        { "\"2026-11-22T10:00:00Z\"", "\"2026-11-22\"", false },
        { "\"2026-11-22T10:00:00Z\"", "\"2026-11-22T10:00:00\"", false },
        { "\"2026-11-22T10:00:00Z\"", NULL, false },
        { "\"yesterday\"", "\"yesterday\"", true },
    };

    (void)state;
    check_pairs(F_TIME, 0, times, ARRAY_LEN(times));
}

static void lists_are_ordered_unless_they_are_sets(void **state)
{
    static const struct pair ordered[] = {
        { "[\"a\",\"b\"]", "[\"a\",\"b\"]", true },
        { "[\"a\",\"b\"]", "[\"b\",\"a\"]", false },
        { "[\"a\"]", "[\"a\",\"b\"]", false },
        { "[]", NULL, true },
        { "[]", "[\"a\"]", false },
        { "[\"a\"]", NULL, false },
    };
    static const struct pair sets[] = {
        { "[\"a\",\"b\"]", "[\"b\",\"a\"]", true },
        { "[\"a\",\"a\"]", "[\"a\"]", true },
        { "[\"a\"]", "[\"a\",\"b\"]", false },
        { "[\"a\",\"c\"]", "[\"a\",\"b\"]", false },
        { "[]", "null", true },
    };

    (void)state;
    check_pairs(F_STRINGS, 0, ordered, ARRAY_LEN(ordered));
    check_pairs(F_STRINGS, UNORDERED, sets, ARRAY_LEN(sets));
}

static void foreign_tags_are_no_drift(void **state)
{
    static const struct pair tags[] = {
        { "[{\"key\":\"a\",\"value\":\"1\"}]",
          "[{\"key\":\"z\",\"value\":\"9\"},{\"key\":\"a\",\"value\":\"1\"}]", true },
        { "[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"a\",\"value\":\"2\"}]",
          "[{\"key\":\"a\",\"value\":\"2\"}]", false },
        { "[{\"key\":\"a\",\"value\":\"1\"}]", "[{\"key\":\"a\",\"value\":\"2\"}]", false },
        { "[{\"key\":\"a\",\"value\":\"1\"}]", NULL, false },
        { "[]", "[{\"key\":\"a\",\"value\":\"1\"}]", true },
    };

    (void)state;
    check_pairs(F_TAGS, 0, tags, ARRAY_LEN(tags));
}

static void only_the_settings_and_names_that_are_declared_count(void **state)
{
    static const struct pair settings[] = {
        { "[{\"propertyName\":\"max_connections\",\"value\":\"200\",\"commentProperty\":false}]",
          "[{\"propertyName\":\"other\",\"value\":\"x\",\"commentProperty\":false},"
          "{\"propertyName\":\"max_connections\",\"value\":200}]",
          true },
        { "[{\"propertyName\":\"p\",\"value\":\"*\",\"commentProperty\":false}]",
          "[{\"propertyName\":\"p\",\"value\":\"localhost\"}]", false },
        { "[{\"propertyName\":\"p\",\"value\":\"\",\"commentProperty\":true}]",
          "[{\"propertyName\":\"p\",\"value\":\"gone\",\"commentProperty\":true}]", true },
        { "[{\"propertyName\":\"p\",\"value\":\"\",\"commentProperty\":true}]", "[]", false },
        { "[{\"propertyName\":\"p\",\"value\":\"1\",\"commentProperty\":false}]",
          "[{\"propertyName\":\"p\",\"value\":\"1\",\"commentProperty\":true}]", false },
        { "[]", "[{\"propertyName\":\"p\",\"value\":\"1\"}]", true },
    };
    static const struct pair maps[] = {
        { "{\"A\":\"1\"}", "{\"B\":\"2\",\"A\":\"1\"}", true },
        { "{\"A\":\"1\"}", "{\"A\":\"1.0\"}", false },
        { "{\"A\":\"\"}", "{}", true },
        { "{\"A\":\"1\"}", NULL, false },
    };

    (void)state;
    check_pairs(F_SETTINGS, 0, settings, ARRAY_LEN(settings));
    check_pairs(F_MAP, 0, maps, ARRAY_LEN(maps));
}

static void free_form_objects_are_compared_by_meaning(void **state)
{
    static const struct pair objects[] = {
        { "{\"port\":5433}", "{\"port\":\"5433\",\"more\":true}", true },
        { "{\"port\":\"5433\"}", "{\"port\":5433.0}", true },
        { "{\"port\":\"0x10\"}", "{\"port\":16}", false },
        { "{\"port\":5433}", "{\"port\":\"5433 \"}", false },
        { "{\"a\":false,\"b\":[],\"c\":null,\"d\":{},\"e\":\"\"}", NULL, true },
        { "{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2,\"b\":1}}", true },
        { "{\"a\":{\"b\":1}}", "{\"a\":[1]}", false },
        { "{\"a\":[1,2]}", "{\"a\":[1]}", false },
        { "{\"a\":[]}", "{\"a\":[1]}", false },
        { "{\"a\":{\"b\":null}}", "{}", true },
        { "{\"a\":true}", "{\"a\":1}", false },
        { "{\"a\":0}", "{}", false },
        { "{\"pw\":{\"$secret\":{\"file\":\"/f\"}},\"u\":\"x\"}", "{\"u\":\"x\"}", true },
        { "{\"pw\":\"literal\"}", "{\"pw\":\"********\"}", true },
        { "{\"addresses\":\"localhost\"}", "{\"addresses\":\"*\"}", false },
    };

    (void)state;
    check_pairs(F_JSON, 0, objects, ARRAY_LEN(objects));
}

static void list_elements_are_fulfilled_by_elements_that_hold_more(void **state)
{
    static const struct pair ordered[] = {
        { "[{\"name\":\"h\",\"command\":\"c\"}]",
          "[{\"element_id\":7,\"name\":\"h\",\"command\":\"c\",\"has_credentials\":false}]", true },
        { "[{\"name\":\"a\"},{\"name\":\"b\"}]", "[{\"name\":\"b\"},{\"name\":\"a\"}]", false },
        { "[]", "[{\"name\":\"a\"}]", false },
        { "[]", "null", true },
    };
    static const struct pair sets[] = {
        { "[{\"name\":\"a\"},{\"name\":\"b\"}]", "[{\"name\":\"b\"},{\"name\":\"a\"}]", true },
        /* a first fit would give the second element to the first wanted one */
        { "[{\"a\":1},{\"a\":1,\"b\":2}]", "[{\"a\":1,\"b\":2},{\"a\":1}]", true },
        { "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":2}]", false },
        { "[{\"a\":1}]", "[{\"a\":1},{\"a\":1}]", false },
        { "[{\"a\":1}]", NULL, false },
    };

    (void)state;
    check_pairs(F_LIST, 0, ordered, ARRAY_LEN(ordered));
    check_pairs(F_LIST, UNORDERED, sets, ARRAY_LEN(sets));
}

static void what_cannot_be_seen_is_no_drift(void **state)
{
    static const struct pair secrets[] = {
        { "{\"$secret\":{\"credential\":\"a\"}}", NULL, true },
        { "null", NULL, true },
    };

    (void)state;
    check_pairs(F_SECRET, 0, secrets, ARRAY_LEN(secrets));
}

static void check_text(enum field_type type, unsigned flags, const char *json, const char *printed,
                       const char *canonical)
{
    struct field f = { .yaml = "x", .type = type, .flags = flags };
    struct value v = value_of(type, json);
    struct buf out = BUF_WITH_LIMIT(1 << 16);

    value_print(&f, &v, &out);
    assert_string_equal(buf_text(&out), printed);
    buf_clear(&out);
    value_canonical(&f, &v, &out);
    assert_string_equal(buf_text(&out), canonical);
    buf_clear(&out);
    value_clear(&v, type);
}

static void values_are_printed_for_people_and_for_digests(void **state)
{
    (void)state;
    check_text(F_STRING, 0, NULL, "(none)", "");
    check_text(F_STRING, 0, "null", "null", "null");
    check_text(F_STRING, 0, "\"a\\\"b\\n\\u001b[31m\"", "\"a\\\"b\\n\\u001b[31m\"",
               "\"a\\\"b\\n\\u001b[31m\"");
    check_text(F_ENUM, 0, "\"latest\"", "latest", "\"latest\"");
    check_text(F_INTEGER, 0, "-7", "-7", "-7");
    check_text(F_BOOLEAN, 0, "true", "true", "true");
    check_text(F_SECRET, 0, "{\"$secret\":{\"env\":\"PW\"}}", "(secret)",
               "{\"$secret\":{\"env\":\"PW\"}}");
    check_text(F_TAGS, 0, "[{\"key\":\"b\",\"value\":\"2\"},{\"value\":\"1\",\"key\":\"a b\"}]",
               "{b: \"2\", \"a b\": \"1\"}",
               "[{\"key\":\"a b\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"2\"}]");
    check_text(F_SETTINGS, 0,
               "[{\"propertyName\":\"p\",\"value\":\"1\",\"commentProperty\":false},"
               "{\"propertyName\":\"q\",\"value\":\"\",\"commentProperty\":true}]",
               "{p: \"1\", q: null}",
               "[{\"commentProperty\":false,\"propertyName\":\"p\",\"value\":\"1\"},"
               "{\"commentProperty\":true,\"propertyName\":\"q\",\"value\":\"\"}]");
    check_text(F_JSON, 0, "{\"b\":[1.0,2.5,true],\"a\":{\"pw\":{\"$secret\":{\"file\":\"/f\"}}}}",
               "{b: [1, 2.5, true], a: {pw: (secret)}}",
               "{\"a\":{\"pw\":{\"$secret\":{\"file\":\"/f\"}}},\"b\":[1,2.5,true]}");
    check_text(F_STRINGS, UNORDERED, "[\"b\",\"a\"]", "[\"b\", \"a\"]", "[\"a\",\"b\"]");
    check_text(F_STRINGS, 0, "[\"b\",\"a\"]", "[\"b\", \"a\"]", "[\"b\",\"a\"]");
}

static void long_values_are_cut_between_characters(void **state)
{
    struct field f = { .yaml = "x", .type = F_STRING };
    char text[6001] = "";

    (void)state;
    for (size_t n = 100; n <= 6000; n += 100) {
        for (size_t i = 0; i < n; i += 2)
            memcpy(text + i, "\xc3\xa9", 3);
        struct value v = { .state = V_SET, .s = text };
        struct buf out = BUF_WITH_LIMIT(1 << 16);
        value_print(&f, &v, &out);
        assert_true(out.n < 130);
        assert_true(n < 120 || memcmp(out.data + out.n - 5, "\xc3\xa9...", 5) == 0);
        buf_clear(&out);
    }
}

static void secret_references_name_their_source(void **state)
{
    static const char *const bad[] = {
        "{}",
        "\"x\"",
        "{\"credential\":1}",
        "{\"vault\":\"x\"}",
        "{\"$secret\":{}}",
        "{\"file\":\"a\",\"env\":\"b\"}",
        "null",
    };
    struct secret_ref ref;
    size_t at;
    cJSON *v = json_parse("{\"$secret\":{\"file\":\"/run/x\"}}", 29, &at);

    (void)state;
    assert_true(secret_ref_of(v, &ref));
    assert_int_equal(ref.source, SECRET_FILE);
    assert_string_equal(ref.name, "/run/x");
    assert_true(secret_ref_of(json_at(v, "$secret"), &ref));
    cJSON_Delete(v);
    assert_false(secret_ref_of(NULL, &ref));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        v = json_parse(bad[i], strlen(bad[i]), &at);
        assert_non_null(v);
        assert_false(secret_ref_of(v, &ref));
        cJSON_Delete(v);
    }
}

static void a_single_star_is_a_value_and_several_are_a_mask(void **state)
{
    (void)state;
    assert_true(secret_mask("********"));
    assert_false(secret_mask("*"));
    assert_false(secret_mask(""));
    assert_false(secret_mask("***x"));
}

static void objects_live_as_long_as_someone_holds_them(void **state)
{
    static const struct field rows[] = {
        { .yaml = "metadata.name", .type = F_STRING },
        { .yaml = "port", .type = F_INTEGER },
        { .yaml = "when", .type = F_BLOCK },
        { .yaml = "parameters", .type = F_JSON },
    };
    static const struct kind_desc kind = { .name = "Thing", .table = { rows, ARRAY_LEN(rows) } };
    struct pos pos = { "f.yaml", 3, 4 };
    struct object *o = object_new(&kind, "x", pos);

    (void)state;
    o->values[0] = value_of(F_STRING, "\"x\"");
    o->values[1] = value_of(F_INTEGER, "7");
    o->values[2].state = V_SET;
    o->values[3] = value_of(F_JSON, "{\"a\":[1]}");
    o->moved_from = xstrdup("y");
    strings_add(&o->policy.ignore, "port");

    assert_ptr_equal(object_ref(o), o);
    object_free(o);
    assert_string_equal(object_text(o, "metadata.name"), "x");
    assert_null(object_text(o, "port"));
    assert_null(object_text(o, "when"));
    assert_int_equal(object_value(o, "port")->i, 7);
    assert_int_equal(o->pos.line, 3);

    struct value copy = value_of(F_JSON, "{\"old\":1}");
    value_copy(&copy, &o->values[3], F_JSON);
    object_free(o);
    object_free(NULL);
    assert_int_equal(json_at(copy.json, "a[0]")->valuedouble, 1);
    value_clear(&copy, F_JSON);
    value_clear(&copy, F_JSON);
    assert_int_equal(copy.state, V_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_fulfilled_by_what_means_the_same),
        cmocka_unit_test(equal_instants_are_equal_however_they_are_written),
        cmocka_unit_test(lists_are_ordered_unless_they_are_sets),
        cmocka_unit_test(foreign_tags_are_no_drift),
        cmocka_unit_test(only_the_settings_and_names_that_are_declared_count),
        cmocka_unit_test(free_form_objects_are_compared_by_meaning),
        cmocka_unit_test(list_elements_are_fulfilled_by_elements_that_hold_more),
        cmocka_unit_test(what_cannot_be_seen_is_no_drift),
        cmocka_unit_test(values_are_printed_for_people_and_for_digests),
        cmocka_unit_test(long_values_are_cut_between_characters),
        cmocka_unit_test(secret_references_name_their_source),
        cmocka_unit_test(a_single_star_is_a_value_and_several_are_a_mask),
        cmocka_unit_test(objects_live_as_long_as_someone_holds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
