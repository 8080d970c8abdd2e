/* YAML to nodes: plain data with places, and limits that hold. */
#include "schema/yaml.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/set.h"

static struct yaml_file *parse_n(const char *text, size_t n, struct diags *d)
{
    *d = (struct diags){ 0 };
    return yaml_file_parse("a.yaml", text, n, d);
}

static struct yaml_file *parse_good(const char *text, struct diags *d)
{
    struct yaml_file *y = parse_n(text, strlen(text), d);

    assert_false(y->broken);
    assert_int_equal(d->all, 0);
    return y;
}

/* Broken, with exactly this finding at this line. */
static void check_broken(const char *text, size_t n, unsigned line, const char *finding)
{
    struct diags d;
    struct yaml_file *y = parse_n(text, n, &d);

    assert_true(y->broken);
    assert_int_equal(d.all, 1);
    if (!strstr(d.items[0].text, finding))
        fail_msg("`%s` does not say `%s`", d.items[0].text, finding);
    assert_int_equal(d.items[0].at.line, line);
    yaml_file_free(y);
    diags_clear(&d);
}

static void every_node_knows_its_place(void **state)
{
    struct diags d;
    struct yaml_file *y = parse_good("a: 1\nb:\n  - x\n  - {c: 'two'}\n", &d);
    const struct node *root = y->docs[0];
    const struct pair *b = node_pair(root, "b");

    (void)state;
    assert_int_equal(node_get(root, "a")->pos.line, 1);
    assert_int_equal(node_get(root, "a")->pos.col, 4);
    assert_int_equal(b->key->pos.line, 2);
    assert_int_equal(b->value->items[0]->pos.col, 5);
    const struct node *two = node_get(b->value->items[1], "c");
    assert_int_equal(two->pos.line, 4);
    assert_int_equal(two->pos.col, 9);
    assert_int_equal(two->width, 5);
    assert_null(node_get(root, "c"));
    assert_null(node_at(root, "a.b"));
    yaml_file_free(y);
}

static void scalars_resolve_as_the_core_schema_says(void **state)
{
    static const struct {
        const char *text;
        enum scalar scalar;
    } cases[] = {
        { "~", SCALAR_NULL },       { "null", SCALAR_NULL },     { "Null", SCALAR_NULL },
        { "", SCALAR_NULL },        { "true", SCALAR_BOOLEAN },  { "FALSE", SCALAR_BOOLEAN },
        { "yes", SCALAR_TEXT },     { "off", SCALAR_TEXT },      { "12", SCALAR_INTEGER },
        { "-12", SCALAR_INTEGER },  { "+1", SCALAR_INTEGER },    { "1.5", SCALAR_FLOAT },
        { "-.5e+3", SCALAR_FLOAT }, { "1.", SCALAR_FLOAT },      { "1e", SCALAR_TEXT },
        { ".", SCALAR_TEXT },       { "1.2.3", SCALAR_TEXT },    { "0x1f", SCALAR_TEXT },
        { "'12'", SCALAR_TEXT },    { "\"true\"", SCALAR_TEXT }, { "'~'", SCALAR_TEXT },
        { "10.0.0.1", SCALAR_TEXT }
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diags d;
        char *text = xasprintf("a: %s\n", cases[i].text);
        struct yaml_file *y = parse_good(text, &d);
        assert_int_equal(node_scalar(node_get(y->docs[0], "a")), cases[i].scalar);
        yaml_file_free(y);
        free(text);
    }
}

static void empty_documents_are_skipped(void **state)
{
    static const struct {
        const char *text;
        size_t docs;
    } cases[] = { { "# nothing\n", 0 },       { "---\n---\n", 0 }, { "---\na: 1\n---\n# x\n", 1 },
                  { "a: 1\n---\nb: 2\n", 2 }, { "---\n...\n", 0 }, { "\n\n", 0 } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct diags d;
        struct yaml_file *y = parse_good(cases[i].text, &d);
        assert_int_equal(y->n_docs, cases[i].docs);
        yaml_file_free(y);
    }
}

static void windows_files_are_read(void **state)
{
    struct diags d;
    struct yaml_file *y = parse_good("\xef\xbb\xbf"
                                     "a: 1\r\nb: 2\r\n",
                                     &d);

    (void)state;
    assert_string_equal(node_get(y->docs[0], "a")->text, "1");
    assert_string_equal(node_get(y->docs[0], "b")->text, "2");
    assert_int_equal(node_get(y->docs[0], "b")->pos.line, 2);
    yaml_file_free(y);
}

static void merges_fill_in_what_is_not_said(void **state)
{
    struct diags d;
    struct yaml_file *y = parse_good("base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\n"
                                     "it:\n  <<: [*base, *more]\n  a: own\n",
                                     &d);
    const struct node *it = node_get(y->docs[0], "it");

    (void)state;
    assert_int_equal(it->n, 3);
    assert_string_equal(node_get(it, "a")->text, "own");
    assert_string_equal(node_get(it, "b")->text, "2");
    assert_string_equal(node_get(it, "c")->text, "4");
    yaml_file_free(y);
}

static void a_key_said_twice_is_a_finding_and_the_first_counts(void **state)
{
    struct diags d;
    const char text[] = "a: 1\nb: 2\na: 3\n";
    struct yaml_file *y = parse_n(text, strlen(text), &d);

    (void)state;
    assert_false(y->broken);
    assert_true(y->docs[0]->flawed);
    assert_int_equal(d.errors, 1);
    assert_int_equal(d.items[0].at.line, 3);
    assert_string_equal(node_get(y->docs[0], "a")->text, "1");
    yaml_file_free(y);
    diags_clear(&d);
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    check_broken("", 0, 0, "empty");
    check_broken("a: 1\nb: \0c\n", 11, 2, "NUL");
    check_broken("a: \"x\\0y\"\n", 10, 1, "NUL");
    check_broken("a: 1\nb: \xff\n", 10, 2, "not UTF-8");
    check_broken("a: \xc3", 4, 1, "not UTF-8");
    check_broken("a: \xe2\x82", 5, 1, "not UTF-8");
    check_broken("\xff\xfe"
                 "a\0",
                 4, 0, "UTF-16");
    check_broken("a: 1\nb: \x01\n", 10, 2, "control characters");
    check_broken("a: \xed\xa0\x80\n", 7, 1, "");
}

static void what_is_no_plain_data_is_refused(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *finding;
    } cases[] = { { "a: !!int 1\n", 1, "tags" },       { "a: !x {b: 1}\n", 1, "tags" },
                  { "a: 1\nb: ! [x]\n", 2, "tags" },   { "a: *b\n", 1, "&b" },
                  { "a: &a [*a]\n", 1, "itself" },     { "a: &a {b: *a}\n", 1, "itself" },
                  { "? {a: 1}\n: 2\n", 1, "key" },     { "a: 1\n<<: 5\n", 2, "merges mappings" },
                  { "a:\n\t- 1\n", 2, "not YAML" },    { "a: [1\n", 2, "not YAML" },
                  { "a: 'x\n", 2, "not YAML" },        { "a: b: c\n", 1, "not YAML" },
                  { "a: 1\n---\nb: *c\n", 3, "&c" },   { "x: &c 1\n---\nb: *c\n", 3, "&c" },
                  { "<<: [{a: 1}, 5]\n", 1, "merges" } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        check_broken(cases[i].text, strlen(cases[i].text), cases[i].line, cases[i].finding);
}

static void documents_before_what_is_broken_are_kept(void **state)
{
    struct diags d;
    const char text[] = "a: 1\n---\nb: [\n";
    struct yaml_file *y = parse_n(text, strlen(text), &d);

    (void)state;
    assert_true(y->broken);
    assert_int_equal(y->n_docs, 1);
    yaml_file_free(y);
    diags_clear(&d);
}

static char *repeat(const char *before, const char *what, size_t n, const char *after)
{
    struct buf out = BUF_WITH_LIMIT(4 << 20);

    buf_puts(&out, before);
    for (size_t i = 0; i < n; i++)
        buf_puts(&out, what);
    buf_puts(&out, after);
    return buf_take(&out);
}

static void check_too_much(char *text, const char *finding)
{
    check_broken(text, strlen(text), 1, finding);
    free(text);
}

static void limits_hold(void **state)
{
    struct diags d;

    (void)state;
    check_too_much(repeat("a: ", "[", 10000, ""), "levels deep");
    check_too_much(repeat("", "{a: ", 40, "1"), "levels deep");
    check_too_much(repeat("a: [", "1,", YAML_NODES_MAX, "]"), "values");
    char *big = repeat("# ", "x", MANIFEST_MAX, "\na: 1\n");
    check_broken(big, strlen(big), 0, "bytes");
    free(big);
    char *deep = repeat("a: ", "[", YAML_DEPTH_MAX - 2, "");
    char *closed = repeat(deep, "]", YAML_DEPTH_MAX - 2, "\n");
    yaml_file_free(parse_good(closed, &d));
    free(closed);
    free(deep);
}

static void aliases_count_as_often_as_they_are_used(void **state)
{
    struct buf text = BUF_WITH_LIMIT(1 << 16);

    (void)state;
    buf_puts(&text, "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int c = 'b'; c <= 'z'; c++)
        buf_printf(&text, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c,
                   c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
    check_broken(buf_text(&text), text.n, 5, "aliases");
    buf_clear(&text);
}

static void nesting_through_aliases_is_bounded(void **state)
{
    struct buf text = BUF_WITH_LIMIT(1 << 16);

    (void)state;
    buf_puts(&text, "k0: &k0 [1]\n");
    for (int i = 1; i < 40; i++)
        buf_printf(&text, "k%d: &k%d [*k%d]\n", i, i, i - 1);
    check_broken(buf_text(&text), text.n, YAML_DEPTH_MAX - 1, "levels deep");
    buf_clear(&text);
}

/* Quadratic work would be seen: this many keys must take no time. */
static void wide_mappings_are_cheap(void **state)
{
    struct diags d;
    struct buf text = BUF_WITH_LIMIT(MANIFEST_MAX);

    (void)state;
    for (unsigned i = 0; i < 40000; i++)
        buf_printf(&text, "key%u: 1\n", i);
    struct yaml_file *y = parse_good(buf_text(&text), &d);
    assert_int_equal(y->docs[0]->n, 40000);
    yaml_file_free(y);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(scalars_resolve_as_the_core_schema_says),
        cmocka_unit_test(empty_documents_are_skipped),
        cmocka_unit_test(windows_files_are_read),
        cmocka_unit_test(merges_fill_in_what_is_not_said),
        cmocka_unit_test(a_key_said_twice_is_a_finding_and_the_first_counts),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(what_is_no_plain_data_is_refused),
        cmocka_unit_test(documents_before_what_is_broken_are_kept),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(aliases_count_as_often_as_they_are_used),
        cmocka_unit_test(nesting_through_aliases_is_bounded),
        cmocka_unit_test(wide_mappings_are_cheap),
    };

    return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
