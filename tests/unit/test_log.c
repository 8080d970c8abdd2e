/* The log: one line per fact, nothing in it that should not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/secrets.h"

/* Keeps what it is given. */
static void set_environment(char *assignment)
{
    assert_int_equal(putenv(assignment), 0); // NOLINT(concurrency-mt-unsafe): no other thread
}

static void renders(enum log_level level, const struct log_about *about, const char *text,
                    const char *want)
{
    struct buf b = BUF_WITH_LIMIT(4096);

    log_render(level, about, text, &b);
    assert_string_equal(buf_text(&b), want);
    buf_clear(&b);
}

static void a_line_is_keys_and_values(void **state)
{
    struct log_about about = { .object = "VDB/orders-dev", .job = "J1" };

    (void)state;
    renders(LEVEL_INFO, &about, "create started",
            "level=info object=VDB/orders-dev job=J1 msg=\"create started\"");
    renders(LEVEL_ERROR, NULL, "no", "level=error msg=\"no\"");
}

static void what_could_fake_a_line_is_escaped(void **state)
{
    struct log_about about = { .object = "VDB/two words" };

    (void)state;
    renders(LEVEL_WARNING, NULL, "a\nlevel=error msg=\"b\"\t\033[2J\x7f",
            "level=warning msg=\"a\\nlevel=error msg=\\\"b\\\"\\t\\x1b[2J\\x7f\"");
    renders(LEVEL_INFO, &about, "", "level=info object=\"VDB/two words\" msg=\"\"");
    renders(LEVEL_INFO, NULL, "größer", "level=info msg=\"größer\"");
}

static void levels_have_names(void **state)
{
    enum log_level level = LEVEL_ERROR;

    (void)state;
    assert_true(log_level_named("debug", &level));
    assert_int_equal(level, LEVEL_DEBUG);
    assert_false(log_level_named("loud", &level));
    assert_false(log_level_named("", &level));
}

/* What say() writes to stderr; owned. */
static char *captured(void (*talk)(void))
{
    char path[] = "/tmp/test_log.XXXXXX";
    int file = mkstemp(path);
    int saved = dup(STDERR_FILENO);
    char text[64 << 10] = "";

    assert_true(file >= 0 && saved >= 0);
    assert_int_equal(unlink(path), 0);
    (void)fflush(stderr);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    talk();
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_true(pread(file, text, sizeof(text) - 1, 0) >= 0);
    (void)close(file);
    (void)close(saved);
    return xstrdup(text);
}

static void talk_on_every_level(void)
{
    log_error("one");
    log_warning("two");
    log_info("three");
    log_debug("four");
}

static void lines_above_the_level_are_left_out(void **state)
{
    (void)state;
    log_open(LEVEL_WARNING);
    char *text = captured(talk_on_every_level);
    assert_string_equal(text, "level=error msg=\"one\"\nlevel=warning msg=\"two\"\n");
    free(text);
    log_open(LEVEL_INFO);
}

static void talk_of_secrets(void)
{
    log_error("DCT says: password hunter22 is wrong");
}

static void secrets_never_reach_the_log(void **state)
{
    static char password[] = "DCTD_TEST_PASSWORD=hunter22";
    struct secrets *s = secrets_new(NULL);
    struct secret_ref ref = { .source = SECRET_ENV, .name = "DCTD_TEST_PASSWORD" };
    struct secret value;
    char *error = NULL;

    (void)state;
    set_environment(password);
    assert_true(secrets_get(s, &ref, &value, &error));
    log_redact(s);
    char *text = captured(talk_of_secrets);
    log_redact(NULL);
    assert_string_equal(text, "level=error msg=\"DCT says: password *** is wrong\"\n");
    free(text);
    secrets_free(s);
}

static void talk_at_length(void)
{
    char *text = xasprintf("%020000d", 1);

    log_info("%s", text);
    free(text);
}

static void an_overlong_text_is_cut(void **state)
{
    (void)state;
    char *text = captured(talk_at_length);
    assert_true(strlen(text) < 17000);
    assert_non_null(strstr(text, "0…\"\n"));
    free(text);
}

static void a_foreign_journal_stream_is_not_ours(void **state)
{
    static char other[] = "JOURNAL_STREAM=1:2";
    static char broken[] = "JOURNAL_STREAM=nonsense";

    (void)state;
    set_environment(other);
    log_open(LEVEL_INFO);
    char *text = captured(talk_of_secrets);
    assert_true(starts_with(text, "level=error "));
    free(text);
    set_environment(broken);
    log_open(LEVEL_INFO);
    text = captured(talk_of_secrets);
    assert_true(starts_with(text, "level=error "));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_keys_and_values),
        cmocka_unit_test(what_could_fake_a_line_is_escaped),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(lines_above_the_level_are_left_out),
        cmocka_unit_test(secrets_never_reach_the_log),
        cmocka_unit_test(an_overlong_text_is_cut),
        cmocka_unit_test(a_foreign_journal_stream_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
