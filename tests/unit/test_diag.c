/* Findings: kept within bounds, in order, and safe to print. */
#include "schema/diag.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_print(const struct diags *d, const char *expected)
{
    struct buf out = BUF_WITH_LIMIT(1 << 20);

    diags_print(d, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_clear(&out);
}

static struct pos at(unsigned line, unsigned col)
{
    return (struct pos){ file_name("a.yaml"), line, col };
}

static void file_names_are_kept_once(void **state)
{
    char name[] = "some/file.yaml";
    const char *kept = file_name(name);

    (void)state;
    name[0] = 'S';
    assert_string_equal(kept, "some/file.yaml");
    assert_ptr_equal(file_name("some/file.yaml"), kept);
    assert_ptr_not_equal(file_name(name), kept);
}

static void a_finding_shows_place_line_caret_and_hint(void **state)
{
    struct diags d = { 0 };
    const char line[] = "  prot: 5432";

    (void)state;
    diag_error(&d, at(3, 3), "no field `%s`", "prot");
    diag_source(&d, line, strlen(line), 4);
    diag_hint(&d, "did you mean `%s`?", "port");
    check_print(&d, "a.yaml:3:3: error: no field `prot`\n"
                    "      prot: 5432\n"
                    "      ^~~~\n"
                    "  did you mean `port`?\n");
    diags_clear(&d);
}

static void a_finding_without_place_shows_none(void **state)
{
    struct diags d = { 0 };

    (void)state;
    diag_warning(&d, (struct pos){ 0 }, "nothing is declared");
    diag_error(&d, at(0, 0), "the file is empty");
    check_print(&d, "warning: nothing is declared\na.yaml: error: the file is empty\n");
    diags_clear(&d);
}

static void tabs_stay_so_that_the_caret_fits(void **state)
{
    struct diags d = { 0 };

    (void)state;
    diag_error(&d, at(1, 4), "here");
    diag_source(&d, "\ta\tb", 4, 1);
    check_print(&d, "a.yaml:1:4: error: here\n    \ta\tb\n    \t \t^\n");
    diags_clear(&d);
}

static void columns_count_characters(void **state)
{
    struct diags d = { 0 };
    const char line[] = "caf\xc3\xa9: x";

    (void)state;
    diag_error(&d, at(1, 7), "here");
    diag_source(&d, line, strlen(line), 1);
    check_print(&d, "a.yaml:1:7: error: here\n    caf\xc3\xa9: x\n          ^\n");
    diags_clear(&d);
}

static void a_caret_behind_the_line_still_shows(void **state)
{
    struct diags d = { 0 };

    (void)state;
    diag_error(&d, at(1, 6), "here");
    diag_source(&d, "ab", 2, 1);
    check_print(&d, "a.yaml:1:6: error: here\n    ab\n         ^\n");
    diags_clear(&d);
}

static void long_lines_show_what_is_around_the_caret(void **state)
{
    struct diags d = { 0 };
    struct buf out = BUF_WITH_LIMIT(1 << 20);
    char line[5000];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[3000] = 'Y';
    diag_error(&d, at(1, 3001), "here");
    diag_source(&d, line, sizeof(line), 4000);
    diags_print(&d, &out);
    const char *shown = strchr(buf_text(&out), '\n') + 1;
    const char *caret = strchr(shown, '\n') + 1;
    assert_true(strlen(shown) < 400);
    assert_int_equal(strchr(shown, 'Y') - shown, strchr(caret, '^') - caret);
    buf_clear(&out);
    diags_clear(&d);
}

static void control_characters_reach_no_terminal(void **state)
{
    struct diags d = { 0 };

    (void)state;
    diag_error(&d, at(1, 1), "a\033[31mb\nc\302\233d");
    diag_source(&d, "\033]0;x\007\377", 7, 1);
    check_print(&d, "a.yaml:1:1: error: a?[31mb?c?d\n    ?]0;x??\n    ^\n");
    diags_clear(&d);
}

static void only_so_many_are_kept_but_all_are_counted(void **state)
{
    struct diags d = { 0 }, sum = { 0 };
    struct buf out = BUF_WITH_LIMIT(1 << 20);

    (void)state;
    for (unsigned i = 0; i < DIAGS_MAX + 7; i++) {
        diag_error(&d, at(i + 1, 1), "number %u", i);
        diag_hint(&d, "hint %u", i);
        diag_source(&d, "x", 1, 1);
    }
    diag_warning(&d, at(1, 1), "a warning");
    assert_int_equal(d.n, DIAGS_MAX);
    assert_int_equal(d.errors, DIAGS_MAX + 7);
    assert_int_equal(d.all, DIAGS_MAX + 8);
    assert_string_equal(d.items[DIAGS_MAX - 1].hint, "hint 99");
    diags_append(&sum, &d);
    diags_append(&sum, &d);
    assert_int_equal(sum.n, DIAGS_MAX);
    assert_int_equal(sum.errors, 2 * (DIAGS_MAX + 7));
    assert_int_equal(sum.all, 2 * (DIAGS_MAX + 8));
    diags_print(&d, &out);
    assert_non_null(strstr(buf_text(&out), "... and 8 more\n"));
    buf_clear(&out);
    diags_clear(&sum);
    diags_clear(&d);
}

static void sorting_goes_by_place_and_keeps_the_order_of_equals(void **state)
{
    struct diags d = { 0 };

    (void)state;
    diag_error(&d, at(2, 1), "c");
    diag_error(&d, (struct pos){ file_name("b.yaml"), 1, 1 }, "e");
    diag_error(&d, at(1, 5), "b");
    diag_error(&d, at(2, 1), "d");
    diag_error(&d, at(1, 2), "a");
    diags_sort(&d);
    for (size_t i = 0; i < d.n; i++)
        assert_int_equal(d.items[i].text[0], "abcde"[i]);
    diags_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_names_are_kept_once),
        cmocka_unit_test(a_finding_shows_place_line_caret_and_hint),
        cmocka_unit_test(a_finding_without_place_shows_none),
        cmocka_unit_test(tabs_stay_so_that_the_caret_fits),
        cmocka_unit_test(columns_count_characters),
        cmocka_unit_test(a_caret_behind_the_line_still_shows),
        cmocka_unit_test(long_lines_show_what_is_around_the_caret),
        cmocka_unit_test(control_characters_reach_no_terminal),
        cmocka_unit_test(only_so_many_are_kept_but_all_are_counted),
        cmocka_unit_test(sorting_goes_by_place_and_keeps_the_order_of_equals),
    };

    return cmocka_run_group_tests_name("diag", tests, NULL, NULL);
}
