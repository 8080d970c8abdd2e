/* Programs are run without waiting for them, and none outlives its time. */
#include "daemon/git_run.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/file.h"
#include "tests/lib/tree.h"

struct seen {
    struct buf out;
    size_t enough; /* bytes after which it wants no more, 0 = never */
    unsigned done;
    bool good, missing, late;
    char *said;
};

static bool on_output(void *ctx, const char *data, size_t n)
{
    struct seen *s = ctx;

    (void)buf_add(&s->out, data, n);
    return !s->enough || s->out.n < s->enough;
}

static void on_done(void *ctx, const struct git_outcome *o)
{
    struct seen *s = ctx;

    s->done++;
    s->good = o->good;
    s->missing = o->missing;
    s->late = o->late;
    s->said = xstrdup(o->said);
}

static char *const env[] = { (char[]){ "PATH=/usr/bin:/bin" }, NULL };

static struct git_order shell(struct seen *s, const char *const *args)
{
    s->out = BUF_WITH_LIMIT(1 << 20);
    return (struct git_order){ .program = "sh",
                               .args = args,
                               .env = env,
                               .timeout = 30000,
                               .output = on_output,
                               .done = on_done,
                               .ctx = s };
}

/* Runs it to its end; the loop has nothing left then. */
static void run(const struct git_order *o, struct seen *s)
{
    uv_loop_t loop;

    assert_int_equal(uv_loop_init(&loop), 0);
    (void)git_run(&loop, o);
    assert_int_equal(s->done, 0);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(s->done, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void seen_clear(struct seen *s)
{
    buf_clear(&s->out);
    free(s->said);
}

static void output_and_end_are_told(void **state)
{
    static const char *const args[] = { "-c", "cat; echo; pwd; echo $HOME; echo bad >&2; exit $X",
                                        NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    o.input = "question";
    o.input_n = 8;
    run(&o, &s);
    assert_true(s.good);
    assert_string_equal(buf_text(&s.out), "question\n/\n\n");
    assert_string_equal(s.said, "bad");
    seen_clear(&s);
}

static void failure_is_told_in_one_line(void **state)
{
    static const char *const args[] = {
        "-c", "printf 'hint: x\\nfatal: one\\n\\033two\\r\\n\\n' >&2; exit 3", NULL
    };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    run(&o, &s);
    assert_false(s.good);
    assert_false(s.late);
    assert_string_equal(s.said, "fatal: one;  two");
    seen_clear(&s);
}

static void complaints_are_bounded(void **state)
{
    static const char *const args[] = { "-c", "yes complaint | head -c 9000000 >&2; exit 1", NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    run(&o, &s);
    assert_false(s.good);
    assert_true(strlen(s.said) < 1000);
    seen_clear(&s);
}

static void missing_program_is_told(void **state)
{
    static const char *const args[] = { NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    o.program = "no-such-program-anywhere";
    run(&o, &s);
    assert_false(s.good);
    assert_true(s.missing);
    seen_clear(&s);
}

static bool is_alive(int64_t pid)
{
    char path[64], text[4096] = "";
    (void)snprintf(path, sizeof(path), "/proc/%" PRId64 "/status", pid);
    FILE *f = fopen(path, "re");

    if (!f)
        return false;
    bool read = fread(text, 1, sizeof(text) - 1, f) > 0;
    (void)fclose(f);
    return read && !strstr(text, "State:\tZ"); /* whoever inherited it may not have looked yet */
}

static void check_ended(const char *pid_file)
{
    char *error = NULL;
    size_t n;
    char *text = file_read(pid_file, 32, &n, &error);
    int64_t pid = 0;

    assert_non_null(text);
    text[strcspn(text, "\n")] = '\0';
    assert_true(parse_int64(text, &pid));
    for (unsigned i = 0; i < 5000 && is_alive(pid); i++)
        (void)usleep(1000);
    assert_false(is_alive(pid));
    free(text);
}

static void late_one_is_ended_with_its_children(void **state)
{
    OWNED(tree) t = tree_new();
    char *file = tree_at(t, "pid");
    char *script =
        xasprintf("trap '' TERM; sleep 1000 & echo $! > %s; echo begun; wait; wait", file);
    const char *const args[] = { "-c", script, NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    o.timeout = 300;
    run(&o, &s);
    assert_false(s.good);
    assert_true(s.late);
    check_ended(file);
    seen_clear(&s);
    free(script);
    free(file);
}

static void who_escapes_holds_nobody_up(void **state)
{
    static const char *const args[] = {
        "-c", "exec 5>&1; { setsid sh -c 'echo out; exec sleep 5 >&5' & } | read x; echo left", NULL
    };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    o.timeout = 300;
    run(&o, &s);
    assert_string_equal(buf_text(&s.out), "left\n");
    assert_true(s.late);
    seen_clear(&s);
}

static void enough_is_enough(void **state)
{
    static const char *const args[] = { "-c", "yes", NULL };
    struct seen s = { .enough = 100000 };
    struct git_order o = shell(&s, args);

    (void)state;
    run(&o, &s);
    assert_false(s.good);
    assert_false(s.late);
    seen_clear(&s);
}

static void files_are_bounded(void **state)
{
    OWNED(tree) t = tree_new();
    char *script = xasprintf("head -c 100000 /dev/zero > %s/file", t->path);
    const char *const args[] = { "-c", script, NULL };
    struct seen s = { 0 }, other = { 0 };
    struct git_order o = shell(&s, args);

    (void)state;
    o.file_max = 50000;
    run(&o, &s);
    assert_false(s.good);
    seen_clear(&s);
    o = shell(&other, args);
    run(&o, &other);
    assert_true(other.good); /* the limit was the other one's alone */
    seen_clear(&other);
    free(script);
}

static void descriptors_are_handed_over(void **state)
{
    static const char *const args[] = { "-c", "cat /dev/fd/3", NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);
    int pipes[2];

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(write(pipes[1], "secret", 6), 6);
    (void)close(pipes[1]);
    o.fds[0] = pipes[0];
    run(&o, &s);
    assert_true(s.good);
    assert_string_equal(buf_text(&s.out), "secret");
    (void)close(pipes[0]);
    seen_clear(&s);
}

static void cancelled_one_says_nothing(void **state)
{
    static const char *const args[] = { "-c", "echo begun; sleep 1000", NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    struct git_run *r = git_run(&loop, &o);
    while (s.out.n == 0)
        (void)uv_run(&loop, UV_RUN_ONCE);
    git_run_cancel(r);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(s.done, 0);
    seen_clear(&s);
}

static void cancelled_before_it_began(void **state)
{
    static const char *const args[] = { NULL };
    struct seen s = { 0 };
    struct git_order o = shell(&s, args);
    uv_loop_t loop;

    (void)state;
    o.program = "no-such-program-anywhere";
    assert_int_equal(uv_loop_init(&loop), 0);
    git_run_cancel(git_run(&loop, &o));
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(s.done, 0);
    seen_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_end_are_told),
        cmocka_unit_test(failure_is_told_in_one_line),
        cmocka_unit_test(complaints_are_bounded),
        cmocka_unit_test(missing_program_is_told),
        cmocka_unit_test(late_one_is_ended_with_its_children),
        cmocka_unit_test(who_escapes_holds_nobody_up),
        cmocka_unit_test(enough_is_enough),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(descriptors_are_handed_over),
        cmocka_unit_test(cancelled_one_says_nothing),
        cmocka_unit_test(cancelled_before_it_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
