/* Columns, ages, colours and YAML: what people and files get to read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/table.h"
#include "daemon/yaml_out.h"
#include "schema/yaml.h"

enum { TEXT_MAX = 64 << 10 };

static void check_grid(struct grid *g, bool colour, const char *wanted)
{
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

    grid_print(g, colour, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_clear(&out);
    grid_clear(g);
}

static void columns_are_aligned_by_characters(void **state)
{
    (void)state;
    struct grid g = { .columns = 3 };

    grid_add(&g, "NAME", PAINT_BOLD);
    grid_add(&g, "READY", PAINT_BOLD);
    grid_add(&g, "AGE", PAINT_BOLD);
    grid_add(&g, "VDB/größe", PAINT_NONE);
    grid_add(&g, "True", PAINT_GREEN);
    grid_add(&g, "5m", PAINT_NONE);
    grid_add(&g, "VDB/x", PAINT_NONE);
    grid_add(&g, NULL, PAINT_NONE);
    grid_add(&g, "", PAINT_NONE);
    check_grid(&g, false,
               "NAME       READY  AGE\n"
               "VDB/größe  True   5m\n"
               "VDB/x      -      -\n");
}

static void colours_take_no_columns(void **state)
{
    (void)state;
    struct grid g = { .columns = 2, .indent = 2 };

    grid_add(&g, "a", PAINT_RED);
    grid_add(&g, "b", PAINT_NONE);
    grid_add(&g, "long", PAINT_NONE);
    grid_add(&g, "c", PAINT_CYAN);
    check_grid(&g, true, "  \033[31ma\033[0m     b\n  long  \033[36mc\033[0m\n");
}

static void a_row_that_is_cut_short_ends_its_line(void **state)
{
    (void)state;
    struct grid g = { .columns = 3 };

    grid_add(&g, "a", PAINT_NONE);
    grid_add(&g, "b", PAINT_NONE);
    check_grid(&g, false, "a  b\n");
    g = (struct grid){ .columns = 3 };
    check_grid(&g, false, "");
}

static void no_cell_steers_the_terminal(void **state)
{
    (void)state;
    struct grid g = { .columns = 2 };

    grid_add(&g, "a\033[2Jb\nc", PAINT_NONE);
    grid_add(&g, "\302\233x\007", PAINT_NONE);
    check_grid(&g, true, "a [2Jb c  x\n");
}

static void check_age(msec length, const char *wanted)
{
    struct buf out = BUF_WITH_LIMIT(64);

    age_text(length, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_clear(&out);
}

static void ages_have_one_unit(void **state)
{
    (void)state;
    check_age(-5000, "0s");
    check_age(0, "0s");
    check_age(119999, "119s");
    check_age(120000, "2m");
    check_age(2 * 3600000LL - 1, "119m");
    check_age(2 * 3600000LL, "2h");
    check_age(48 * 3600000LL, "2d");
    check_age(INT64_MIN, "0s");
    check_age(INT64_MAX, "106751991167d");
}

static void check_yaml(const char *json, const char *wanted)
{
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    cJSON *v = json_parse(json, strlen(json), NULL);

    assert_non_null(v);
    assert_true(yaml_write(v, &out));
    assert_string_equal(buf_text(&out), wanted);
    cJSON_Delete(v);
    buf_clear(&out);
}

static void yaml_is_what_one_would_write(void **state)
{
    (void)state;
    check_yaml(
        "{\"kind\": \"VDB\", \"count\": 5, \"x\": null, \"ok\": true, \"none\": [], \"empty\": {},"
        " \"list\": [\"a\", {\"b\": 1.5}]}",
        "kind: VDB\ncount: 5\nx: null\nok: true\nnone: []\nempty: {}\nlist:\n- a\n- b: 1.5\n");
}

/* What some reader would take for a number, a truth, a date or nothing. */
static void texts_stay_texts(void **state)
{
    (void)state;
    check_yaml(
        "[\"5434\", \"true\", \"No\", \"y\", \"\", \"~\", \"2026-12-01\", \"1e3\", \".inf\", "
        "\"0x1f\", \"- a\", \"a: b\", \"a #b\", \"@a\", \"Connector/p@ce\"]",
        "- \"5434\"\n- \"true\"\n- \"No\"\n- \"y\"\n- \"\"\n- \"~\"\n- \"2026-12-01\"\n"
        "- \"1e3\"\n- \".inf\"\n- \"0x1f\"\n- \"- a\"\n- \"a: b\"\n- \"a #b\"\n- \"@a\"\n"
        "- Connector/p@ce\n");
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    check_yaml("[\"a\\nb\\u001b[2J\\u0000\"]", "- \"a\\nb\\e[2J\"\n");
}

/* Our own reader finds the same text again, however it is spelled. */
static void a_long_text_comes_back(void **state)
{
    (void)state;
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    struct diags d = { 0 };
    cJSON *v = cJSON_CreateObject();
    struct buf words = BUF_WITH_LIMIT(TEXT_MAX);

    for (size_t i = 0; i < 100; i++)
        buf_printf(&words, "word \"%zu\" \\ ü  ", i);
    cJSON_AddStringToObject(v, "text", buf_text(&words));
    assert_true(yaml_write(v, &out));
    struct yaml_file *y = yaml_file_parse("x.yaml", buf_text(&out), out.n, &d);
    assert_int_equal(d.errors, 0);
    assert_string_equal(node_get(y->docs[0], "text")->text, buf_text(&words));
    yaml_file_free(y);
    diags_clear(&d);
    buf_clear(&words);
    buf_clear(&out);
    cJSON_Delete(v);
}

static void yaml_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct buf out = BUF_WITH_LIMIT(8);
    cJSON *v = cJSON_CreateString("more than eight bytes");

    assert_false(yaml_write(v, &out));
    cJSON_Delete(v);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_by_characters),
        cmocka_unit_test(colours_take_no_columns),
        cmocka_unit_test(a_row_that_is_cut_short_ends_its_line),
        cmocka_unit_test(no_cell_steers_the_terminal),
        cmocka_unit_test(ages_have_one_unit),
        cmocka_unit_test(yaml_is_what_one_would_write),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(a_long_text_comes_back),
        cmocka_unit_test(yaml_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
