/* Values held against a JSON Schema: what each of its words forbids, where that is
 * told, and that no secret is told with it. */
#include "schema/json_schema.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"

enum { SAID_MAX = 1 << 16 };

/* Every finding: "2:3 text (hint)"; owned. */
static char *said(const char *yaml, const char *schema)
{
    struct diags d = { 0 };
    struct buf out = BUF_WITH_LIMIT(SAID_MAX);
    OWNED(yaml_file) y = yaml_file_parse("m.yaml", yaml, strlen(yaml), &d);
    cJSON *s = json_parse(schema, strlen(schema), NULL);

    assert_int_equal(d.all, 0);
    assert_non_null(s);
    json_schema_check(y, y->docs[0], "p", s);
    source_quote(&y->source, &d);
    for (size_t i = 0; i < d.n; i++) {
        const struct diag *each = &d.items[i];
        buf_printf(&out, "%u:%u %s%s%s%s\n", each->at.line, each->at.col, each->text,
                   each->hint ? " (" : "", each->hint ? each->hint : "", each->hint ? ")" : "");
        assert_null(each->line ? strstr(each->line, "hunter2") : NULL);
    }
    cJSON_Delete(s);
    diags_clear(&d);
    assert_null(strstr(buf_text(&out), "hunter2"));
    return buf_take(&out);
}

static void check_said(const char *yaml, const char *schema, const char *expected)
{
    char *is = said(yaml, schema);

    assert_string_equal(is, expected);
    free(is);
}

static const struct {
    const char *yaml, *schema, *said;
} cases[] = {
    /* types */
    { "{a: 1}", "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "" },
    { "{a: 1.0}", "{\"properties\":{\"a\":{\"type\":\"integer\"}}}", "" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"type\":\"number\"}}}", "" },
    { "{a: 1.5}", "{\"properties\":{\"a\":{\"type\":\"integer\"}}}",
      "1:5 `p.a` must be an integer, not the number `1.5`\n" },
    { "{a: \"1\"}", "{\"properties\":{\"a\":{\"type\":\"integer\"}}}",
      "1:5 `p.a` must be an integer, not the text `1`\n" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"type\":\"string\"}}}",
      "1:5 `p.a` must be text, not the integer `1` (write \"1\" in quotes if the text is meant)\n" },
    { "{a: no}", "{\"properties\":{\"a\":{\"type\":\"boolean\"}}}",
      "1:5 `p.a` must be true or false, not the text `no`\n" },
    { "{a: True}", "{\"properties\":{\"a\":{\"type\":\"boolean\"}}}", "" },
    { "{a: ~}", "{\"properties\":{\"a\":{\"type\":\"string\"}}}",
      "1:5 `p.a` must be text, not null (write \"~\" in quotes if the text is meant)\n" },
    { "{a: ~}", "{\"properties\":{\"a\":{\"type\":[\"array\",\"null\"]}}}", "" },
    { "{a: {}}", "{\"properties\":{\"a\":{\"type\":[\"array\",\"null\"]}}}",
      "1:5 `p.a` must be a list or null, not an empty mapping\n" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"type\":\"something new\"}}}", "" },
    { "[1]", "{\"type\":\"object\"}", "1:1 `p` must be a mapping, not a list\n" },
    /* keys */
    { "{a: 1}", "{\"type\":\"object\"}", "" },
    { "{a: 1}", "{\"additionalProperties\":false}",
      "1:2 `p` has no `a` in the connector's file\n" },
    { "{prot: 1}", "{\"additionalProperties\":false,\"properties\":{\"port\":{}}}",
      "1:2 `p` has no `prot` in the connector's file (did you mean `port`?)\n" },
    { "{quite: 1}", "{\"additionalProperties\":false,\"properties\":{\"port\":{},\"host\":{}}}",
      "1:2 `p` has no `quite` in the connector's file (it has `port`, `host`)\n" },
    { "{a: 1}", "{\"additionalProperties\":{\"type\":\"string\"}}",
      "1:5 `p.a` must be text, not the integer `1` (write \"1\" in quotes if the text is meant)\n" },
    { "{a: 1}", "{\"additionalProperties\":false,\"patternProperties\":{\"^a\":{}}}", "" },
    { "{b: 1}", "{\"required\":[\"a\",\"b\"]}", "1:1 `p` needs `a`\n" },
    /* values */
    { "{a: x}", "{\"properties\":{\"a\":{\"enum\":[\"x\",2,null]}}}", "" },
    { "{a: 2}", "{\"properties\":{\"a\":{\"enum\":[\"x\",2,null]}}}", "" },
    { "{a: onlin}", "{\"properties\":{\"a\":{\"enum\":[\"online\",\"off\"]}}}",
      "1:5 `p.a` must be one of the words that the connector knows, not the text `onlin` (did you "
      "mean `online`?)\n" },
    { "{a: \"2\"}", "{\"properties\":{\"a\":{\"enum\":[2,true]}}}",
      "1:5 `p.a` must be one of the words that the connector knows, not the text `2` (it knows 2, "
      "true)\n" },
    { "{a: 2}", "{\"properties\":{\"a\":{\"const\":3}}}",
      "1:5 `p.a` must be 3, not the integer `2`\n" },
    { "{a: 0}", "{\"properties\":{\"a\":{\"minimum\":1,\"maximum\":2}}}",
      "1:5 `p.a` must be at least 1, not the integer `0`\n" },
    { "{a: 3}", "{\"properties\":{\"a\":{\"minimum\":1,\"maximum\":2}}}",
      "1:5 `p.a` must be at most 2, not the integer `3`\n" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"minimum\":1,\"exclusiveMinimum\":true}}}",
      "1:5 `p.a` must be more than 1, not the integer `1`\n" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"minimum\":1,\"exclusiveMinimum\":false}}}", "" },
    { "{a: 1}", "{\"properties\":{\"a\":{\"exclusiveMaximum\":1}}}",
      "1:5 `p.a` must be less than 1, not the integer `1`\n" },
    { "{a: text}", "{\"properties\":{\"a\":{\"minimum\":1}}}", "" },
    { "{a: äö}", "{\"properties\":{\"a\":{\"minLength\":3}}}",
      "1:5 `p.a` must have at least 3 characters, not 2\n" },
    { "{a: [1, 2]}", "{\"properties\":{\"a\":{\"maxItems\":1}}}",
      "1:5 `p.a` must have at most 1 items, not 2\n" },
    { "{a: [{b: x}]}",
      "{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"type\":\"integer\"}}}}}}",
      "1:10 `p.a[0].b` must be an integer, not the text `x`\n" },
    /* patterns */
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"^[a-z]+$\"}}}",
      "1:5 `p.a` must be text that matches ^[a-z]+$, not the text `B`\n" },
    { "{a: xaz}", "{\"properties\":{\"a\":{\"pattern\":\"a\"}}}", "" },
    { "{a: 1x1}", "{\"properties\":{\"a\":{\"pattern\":\"^1\\\\.1$\"}}}",
      "1:5 `p.a` must be text that matches ^1\\.1$, not the text `1x1`\n" },
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"^\\\\d+$\"}}}", "" },
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"^(?!B).*$\"}}}", "" },
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"^[\\\\w.]+$\"}}}", "" },
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"^a+?$\"}}}", "" },
    { "{a: B}", "{\"properties\":{\"a\":{\"pattern\":\"(\"}}}", "" },
    /* what is no schema, or not known, forbids nothing */
    { "{a: B}", "true", "" },
    { "{a: B}", "{\"$ref\":\"#/definitions/x\",\"oneOf\":[{\"type\":\"null\"}]}", "" },
    { "{a: B}", "{\"type\":3,\"enum\":7,\"required\":{},\"items\":1,\"properties\":[]}", "" },
};

static void every_word_forbids_what_it_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_said(cases[i].yaml, cases[i].schema, cases[i].said);
}

#define PASSWORD "{\"properties\":{\"phrase\":{\"type\":\"string\",\"format\":\"password\"}}}"

static void passwords_are_references(void **state)
{
    (void)state;
    check_said("{phrase: {credential: x}}", PASSWORD, "");
    check_said("{phrase: {$secret: {env: x}}}", PASSWORD, "");
    check_said("{phrase: hunter2}", PASSWORD,
               "1:10 `p.phrase` is a literal; a secret must be {credential: NAME}, {file: PATH} or "
               "{env: NAME} (the connector's file calls it a password)\n");
    check_said("{phrase: {vault: hunter2}}", PASSWORD,
               "1:10 `p.phrase` is no reference to a secret; a secret must be {credential: NAME}, "
               "{file: PATH} or {env: NAME} (the connector's file calls it a password)\n");
}

/* Neither what sounds like a secret, nor what stands under a key that nobody knows. */
static void secrets_are_not_told(void **state)
{
    (void)state;
    check_said("{apiToken: hunter2}", "{\"properties\":{\"apiToken\":{\"type\":\"integer\"}}}",
               "1:12 `p.apiToken` must be an integer\n");
    check_said("{apiToken: hunter2}",
               "{\"properties\":{\"apiToken\":{\"enum\":[\"x\"],\"maxLength\":3}}}",
               "1:12 `p.apiToken` must be one of the words that the connector knows (it knows "
               "\"x\")\n1:12 `p.apiToken` must have at most 3 characters, not 7\n");
    check_said("{keys: [hunter2]}",
               "{\"properties\":{\"keys\":{\"items\":{\"type\":\"boolean\"}}}}",
               "1:9 `p.keys[0]` must be true or false\n");
    check_said("{other: hunter2}", "{\"additionalProperties\":false}",
               "1:2 `p` has no `other` in the connector's file\n");
}

static void check_sealed(const char *value, const char *schema, const char *expected, bool leaks)
{
    cJSON *v = json_parse(value, strlen(value), NULL),
          *s = json_parse(schema, strlen(schema), NULL);

    assert_int_equal(json_schema_leaks(v, s), leaks);
    for (int i = 0; i < 2; i++) { /* the second time nothing is left to do */
        json_schema_seal(v, s);
        char *text = cJSON_PrintUnformatted(v);
        assert_string_equal(text, expected);
        cJSON_free(text);
    }
    cJSON_Delete(v);
    cJSON_Delete(s);
}

static void references_are_sealed(void **state)
{
    (void)state;
    check_sealed("{\"phrase\":{\"credential\":\"x\"},\"b\":{\"env\":\"prod\"}}", PASSWORD,
                 "{\"phrase\":{\"$secret\":{\"credential\":\"x\"}},\"b\":{\"env\":\"prod\"}}",
                 false);
    check_sealed("{\"phrase\":\"literal\"}", PASSWORD, "{\"phrase\":\"literal\"}", true);
    check_sealed("{\"list\":[{\"phrase\":{\"env\":\"X\"}},7]}",
                 "{\"properties\":{\"list\":{\"items\":" PASSWORD "}}}",
                 "{\"list\":[{\"phrase\":{\"$secret\":{\"env\":\"X\"}}},7]}", false);
    check_sealed("{\"any\":{\"file\":\"X\"}}",
                 "{\"additionalProperties\":{\"format\":\"password\"}}",
                 "{\"any\":{\"$secret\":{\"file\":\"X\"}}}", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_forbids_what_it_says),
        cmocka_unit_test(passwords_are_references),
        cmocka_unit_test(secrets_are_not_told),
        cmocka_unit_test(references_are_sealed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
