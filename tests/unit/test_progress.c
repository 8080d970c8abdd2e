/* What apply shows: read as a person would, terminal codes made visible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "daemon/progress.h"

enum { OUT_MAX = 1 << 16 };

static const struct progress_options plain = { .width = 80, .height = 24 };
static const struct progress_options live = { .live = true, .width = 40, .height = 5 };

static char key[] = "VDB/a", other[] = "VDB/b", verb[] = "create", job[] = "J1", job2[] = "J2";
static char refused[] = "DCT said no", works[] = "DCT works on it", nothing[] = "";

static const struct report started = { REPORT_STARTED, key, verb, nothing, NULL, -1, NULL };
static const struct report begun = { REPORT_JOB, key, NULL, works, job, 10, NULL };
static const struct report moved = { REPORT_JOB, key, NULL, works, job, 90, NULL };
static const struct report second = { REPORT_JOB, key, NULL, works, job2, -1, NULL };
static const struct report done = { REPORT_DONE, key, verb, nothing, NULL, -1, NULL };
static const struct report failed = { REPORT_FAILED, key, verb, refused, NULL, -1, NULL };

static void shows(struct progress *p, const struct report *r, msec now, const char *want)
{
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    progress_report(p, r, now, &out);
    assert_string_equal(buf_text(&out), want);
    buf_clear(&out);
}

static void plain_lines_tell_what_happens_once(void **state)
{
    OWNED(progress) p = progress_new(&plain);

    (void)state;
    shows(p, &started, 0, "▸ VDB/a: create started\n");
    shows(p, &begun, 1000, "· VDB/a: create job J1 10%: DCT works on it\n");
    shows(p, &moved, 2000, "");
    shows(p, &second, 3000, "· VDB/a: create job J2: DCT works on it\n");
    shows(p, &done, 65000, "✓ VDB/a: create done (1m05s)\n");
}

static void a_failure_says_what_dct_said(void **state)
{
    OWNED(progress) p = progress_new(&plain);

    (void)state;
    shows(p, &failed, 0, "✗ VDB/a: create failed: DCT said no\n");
}

static void a_terminal_line_is_redrawn_and_then_scrolls_up(void **state)
{
    OWNED(progress) p = progress_new(&live);

    (void)state;
    shows(p, &started, 0, "▸ VDB/a  create  0s\n");
    shows(p, &begun, 1000, "\033[1A\r\033[J▸ VDB/a  create  10%  1s  DCT works on \n");
    shows(p, &done, 2000, "\033[1A\r\033[J✓ VDB/a: create done (2s)\n");
}

static void more_actions_than_lines_are_counted(void **state)
{
    OWNED(progress) p = progress_new(&live);
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    (void)state;
    for (const char *c = "abcdef"; *c; c++) {
        char name[] = { *c, '\0' };
        const struct report r = { REPORT_STARTED, name, verb, nothing, NULL, -1, NULL };
        buf_clear(&out);
        out = BUF_WITH_LIMIT(OUT_MAX);
        progress_report(p, &r, 0, &out);
    }
    assert_non_null(strstr(buf_text(&out), "▸ b  create  0s\n  … and 4 more\n"));
    buf_clear(&out);
}

static void nothing_running_is_nothing_to_redraw(void **state)
{
    OWNED(progress) p = progress_new(&live);
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    (void)state;
    progress_tick(p, 0, &out);
    progress_end(p, &out);
    assert_int_equal(out.n, 0);
    buf_clear(&out);
}

static void what_dct_says_cannot_move_the_cursor(void **state)
{
    static char evil[] = "a\033[2Jb\nc";
    const struct report r = { REPORT_FAILED, other, verb, evil, NULL, -1, NULL };
    OWNED(progress) p = progress_new(&plain);

    (void)state;
    shows(p, &r, 0, "✗ VDB/b: create failed: a [2Jb c\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines_tell_what_happens_once),
        cmocka_unit_test(a_failure_says_what_dct_said),
        cmocka_unit_test(a_terminal_line_is_redrawn_and_then_scrolls_up),
        cmocka_unit_test(more_actions_than_lines_are_counted),
        cmocka_unit_test(nothing_running_is_nothing_to_redraw),
        cmocka_unit_test(what_dct_says_cannot_move_the_cursor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
