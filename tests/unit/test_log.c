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
#include "daemon/log_limit.h"
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
    about = (struct log_about){ .object = "VDB/orders-dev",
                                .engine = "ce east",
                                .commit = "3f9c1d2",
                                .plan = "ab47ce03",
                                .message = MESSAGE_LEFT_OFF };
    renders(LEVEL_WARNING, &about, "update failed",
            "level=warning object=VDB/orders-dev msg=\"update failed\" commit=3f9c1d2 "
            "engine=\"ce east\" plan=ab47ce03 event=left-off");
}

/* Names come from manifests and from DCT; none of them ends its quotes early. */
static void names_stay_one_value(void **state)
{
    struct log_about about = { .object = "VDB/a\"b\\", .job = "J 1", .engine = "x=y" };

    (void)state;
    renders(LEVEL_INFO, &about, "C:\\",
            "level=info object=\"VDB/a\\\"b\\\\\" job=\"J 1\" msg=\"C:\\\\\" engine=\"x=y\"");
}

static char *file_text(const char *path)
{
    struct buf text = BUF_WITH_LIMIT(1 << 20);
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        assert_true(buf_add(&text, part, n));
    assert_int_equal(fclose(f), 0);
    return buf_take(&text);
}

static void every_event_has_an_id_and_is_documented(void **state)
{
    char *catalog = file_text("packaging/systemd/dctd.catalog");
    char *page = file_text("packaging/man/dctd.8");

    (void)state;
    for (size_t i = MESSAGE_NONE + 1; i < MESSAGES; i++) {
        char *entry = xasprintf("\n-- %s\nSubject: ", message_id(i));
        char *item = xasprintf("\n.It Cm %s", message_name(i));
        assert_int_equal(strspn(message_id(i), "0123456789abcdef"), 32);
        assert_int_equal(strlen(message_id(i)), 32);
        assert_non_null(strstr(catalog, entry));
        assert_non_null(strstr(page, item));
        assert_non_null(strstr(page, message_id(i)));
        for (size_t j = 1; j < i; j++)
            assert_string_not_equal(message_id(i), message_id(j));
        free(item);
        free(entry);
    }
    assert_null(message_id(MESSAGE_NONE));
    assert_null(message_name(MESSAGES));
    free(page);
    free(catalog);
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

static void talk_again_and_again(void)
{
    struct log_about off = { .object = "VDB/off", .message = MESSAGE_LEFT_OFF };

    for (int i = 0; i < 20; i++) {
        log_warning("DCT did not answer for %d s", i);
        log_about(LEVEL_ERROR, &off, "the database is still switched off");
    }
    log_warning("something else");
    log_flush();
}

static size_t count(const char *text, const char *line)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, line)) != NULL; p += strlen(line))
        n++;
    return n;
}

static void repetition_is_counted_but_not_for_what_is_left_off(void **state)
{
    (void)state;
    char *text = captured(talk_again_and_again);
    assert_int_equal(count(text, "msg=\"DCT did not answer"), LOG_BURST);
    assert_int_equal(count(text, "msg=\"the database is still switched off"), 20);
    assert_int_equal(count(text, "something else"), 1);
    assert_non_null(strstr(text, "level=warning msg=\"15 more lines like this within a minute: "
                                 "DCT did not answer for 5 s\"\n"));
    free(text);
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
        cmocka_unit_test(names_stay_one_value),
        cmocka_unit_test(what_could_fake_a_line_is_escaped),
        cmocka_unit_test(every_event_has_an_id_and_is_documented),
        cmocka_unit_test(levels_have_names),
        cmocka_unit_test(repetition_is_counted_but_not_for_what_is_left_off),
        cmocka_unit_test(lines_above_the_level_are_left_out),
        cmocka_unit_test(secrets_never_reach_the_log),
        cmocka_unit_test(an_overlong_text_is_cut),
        cmocka_unit_test(a_foreign_journal_stream_is_not_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
