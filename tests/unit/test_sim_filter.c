/* The filter grammar, one expression a row. */
#include "tests/unit/test_sim.h"

#include "tests/sim/filter.h"

static const char fields[] = "id name size enabled when labels tags{key value} repos{version}";
static const char item[] =
    "{\"id\":\"1\",\"name\":\"orders-dev\",\"size\":123,\"enabled\":true,"
    "\"when\":\"2025-01-02T03:04:05.000000+00:00\",\"labels\":[\"a\",\"b\"],"
    "\"tags\":[{\"key\":\"k\",\"value\":\"v\"},{\"key\":\"k2\",\"value\":\"w\"}],"
    "\"hidden\":\"secret\"}";

static void test_matching(void **state)
{
    static const struct {
        const char *expression;
        bool matches;
    } rows[] = {
        { "name EQ 'orders-dev'", true },
        { "name eq \"orders-dev\"", true },
        { "name EQ 'Orders-dev'", false },
        { "name NE 'x'", true },
        { "size GT 122 AND size LT 1.24e2", true },
        { "size GE 123 and size LE 123", true },
        { "size EQ '123'", false },
        { "size GT -1", true },
        { "enabled EQ TRUE", true },
        { "enabled EQ false", false },
        { "name CONTAINS 'dev'", true },
        { "labels CONTAINS 'b'", true },
        { "labels CONTAINS 'c'", false },
        { "name IN ['x', 'orders-dev']", true },
        { "size IN [1, 2]", false },
        { "tags CONTAINS {key EQ 'k' AND value EQ 'v'}", true },
        { "tags CONTAINS {key EQ 'k' AND value EQ 'w'}", false },
        { "repos CONTAINS {version EQ '1'}", false },
        { "repos EQ NIL", true },
        { "name EQ nil", false },
        { "name NE nil", true },
        { "NOT name EQ 'x'", true },
        { "NOT NOT name EQ 'x'", false },
        { "name EQ 'x' OR name EQ 'y' AND size EQ 1 OR id EQ '1'", true },
        { "(id EQ '1' OR id EQ '2') AND size EQ 1", false },
        { "id EQ '1' OR id EQ '2' AND size EQ 1", true },
        { "NOT (size LT 1 OR id EQ '2')", true },
        { "when GT 2025-01-02T04:04:04+01:00", true },
        { "when EQ 2025-01-02T03:04:05Z", true },
        { "when LT '2025-01-01T00:00:00Z'", false },
        { "SEARCH 'ORDERS'", true },
        { "search '12'", true },
        { "SEARCH 'k2'", true },
        { "SEARCH 'secret'", false },
        { "  id   EQ '1'  ", true },
    };
    cJSON *json = cJSON_Parse(item);
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *error;
        struct filter *f = sim_filter_new(rows[i].expression, fields, &error);
        if (!f)
            fail_msg("%s: %s", rows[i].expression, error);
        if (sim_filter_matches(f, json, NULL) != rows[i].matches)
            fail_msg("%s", rows[i].expression);
        sim_filter_free(f);
    }
    cJSON_Delete(json);
}

static void assert_error(const char *expression, const char *part)
{
    char *error = NULL;
    assert_null(sim_filter_new(expression, fields, &error));
    if (!error || !strstr(error, part))
        fail_msg("%s: %s", expression, error ? error : "no message");
    free(error);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_error("nosuch EQ '1'", "unknown attribute nosuch");
    assert_error("key EQ '1'", "unknown attribute key");
    assert_error("name", "operator");
    assert_error("name LIKE 'x'", "operator");
    assert_error("name EQ", "value");
    assert_error("name EQ 'x", "value");
    assert_error("name EQ 'x' AND", "condition");
    assert_error("name EQ 'x' id", "unexpected");
    assert_error("(name EQ 'x'", "parenthesis");
    assert_error("name IN 'x'", "list");
    assert_error("name IN ['x'", "not closed");
    assert_error("name CONTAINS {key EQ 'x'}", "not a list of objects");
    assert_error("tags CONTAINS {name EQ 'x'}", "unknown attribute name");
    assert_error("SEARCH 3", "string");
    assert_error("size EQ 0x10", "value");
}

static void test_limits(void **state)
{
    struct buf b = BUF_WITH_LIMIT(4096);
    char *error;
    (void)state;

    buf_puts(&b, "size IN [0");
    for (int i = 1; i < 100; i++)
        buf_printf(&b, ",%d", i);
    char *full = xasprintf("%s]", buf_text(&b));
    struct filter *f = sim_filter_new(full, fields, &error);
    assert_non_null(f);
    sim_filter_free(f);
    buf_puts(&b, ",100]");
    assert_error(buf_text(&b), "at most 100");
    buf_clear(&b);
    free(full);

    /* id name size enabled when labels tags key value: nine identifiers */
    assert_error("id EQ 1 AND name EQ 1 AND size EQ 1 AND enabled EQ 1 AND when EQ 1 AND "
                 "labels EQ 1 AND tags CONTAINS {key EQ 1 AND value EQ 1}",
                 "more than 8");
    f = sim_filter_new("id EQ 1 OR id EQ 2 OR id EQ 3 OR id EQ 4 OR id EQ 5 OR id EQ 6 OR "
                       "id EQ 7 OR id EQ 8 OR id EQ 9",
                       fields, &error);
    assert_non_null(f);
    sim_filter_free(f);
    struct buf deep = BUF_WITH_LIMIT(4096);
    for (int i = 0; i < 1000; i++)
        buf_puts(&deep, "(");
    assert_error(buf_text(&deep), "deeply");
    buf_clear(&deep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
