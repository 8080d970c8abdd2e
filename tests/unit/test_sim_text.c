/* The simulator writes JSON to the byte as cJSON does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/model.h"

static void same_as_cjson(const cJSON *v)
{
    char *expected = cJSON_PrintUnformatted(v), *text = js_text(v);

    assert_string_equal(text, expected);
    free(text);
    cJSON_free(expected);
}

static void values_are_written_as_cjson_writes_them(void **state)
{
    static const char *const texts[] = {
        "null",
        "[true,false,null]",
        "{}",
        "[]",
        "[[],{},[{\"a\":[1]}],\"\"]",
        "{\"\":0,\"key with \\\"quotes\\\"\":{\"b\":\"\\\\ \\b\\f\\n\\r\\t\\u0001\\u001f/\"}}",
        "[\"gr\303\266\303\237e \177\",\"\\u00e9\"]",
        "[0,1,-1,10,4294967296,-9007199254740993,999999999999999,-999999999999999]",
        "[1e15,-1e15,123456789012345678,1e300,-1e-300,1e400,-1e400]",
        "[0.1,0.2,0.30000000000000004,1.5,-2.25,3.141592653589793,1e-7,100.01]",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        cJSON *v = cJSON_Parse(texts[i]);
        assert_non_null(v);
        same_as_cjson(v);
        cJSON_Delete(v);
    }
}

static void raw_text_is_written_as_it_is(void **state)
{
    cJSON *v = cJSON_CreateObject();

    (void)state;
    cJSON_AddRawToObject(v, "r", "[1, 2]");
    same_as_cjson(v);
    cJSON_Delete(v);
}

/* Every length around the eight bytes that are looked at together. */
static void an_escape_is_seen_wherever_it_stands(void **state)
{
    static const char escaped[] = { '"', '\\', '\n', '\x01', '\x1f' };
    char s[32];

    (void)state;
    for (size_t n = 1; n < 20; n++) {
        for (size_t at = 0; at < n; at++) {
            memset(s, 'x', n);
            s[n] = '\0';
            s[at] = escaped[(n + at) % sizeof(escaped)];
            cJSON *v = cJSON_CreateString(s);
            same_as_cjson(v);
            cJSON_Delete(v);
        }
    }
}

static void a_quoted_text_keeps_to_the_limit(void **state)
{
    struct buf b = BUF_WITH_LIMIT(5);

    (void)state;
    buf_add_quoted(&b, "abc");
    assert_string_equal(buf_text(&b), "\"abc\"");
    buf_add_quoted(&b, NULL);
    assert_true(b.over);
    assert_string_equal(buf_text(&b), "\"abc\"");
    buf_clear(&b);
    buf_add_quoted(&b, NULL);
    assert_string_equal(buf_text(&b), "\"\"");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_written_as_cjson_writes_them),
        cmocka_unit_test(raw_text_is_written_as_it_is),
        cmocka_unit_test(an_escape_is_seen_wherever_it_stands),
        cmocka_unit_test(a_quoted_text_keeps_to_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
