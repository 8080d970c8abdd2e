/* The commands that ask a running dctd, against one of cardboard: what they ask, what
 * they make of answers, also of strange ones. */
#include "daemon/talk.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/canned.h"
#include "tests/lib/tree.h"

enum { ANSWERS_MAX = 8 };

#define HEAD "{\"apiVersion\": \"dctd/v1\", \"serial\": 5, "

struct session {
    struct invocation in;
    int (*command)(const struct invocation *in);
    int status;
    char *shown, *asked;
};

static int run(void *ctx)
{
    struct session *s = ctx;

    return s->command(&s->in);
}

static char *raw_of(const char *body)
{
    if (streq(body, "same"))
        return xstrdup("HTTP/1.1 304 X\r\nConnection: close\r\n\r\n");
    if (streq(body, "hang up"))
        return xstrdup("");
    return streq(body, "silence") ? NULL : canned_json(200, body);
}

/* Runs the command against a dctd that answers with these bodies; NULL ends them. */
static void play(struct session *s, const char *const *bodies)
{
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "c.sock"), *raw[ANSWERS_MAX];
    size_t n = 0;

    for (; n < ANSWERS_MAX && bodies[n]; n++)
        raw[n] = raw_of(bodies[n]);
    struct canned *c = canned_new(path, (const char *const *)raw, n);
    s->in.socket = path;
    s->shown = canned_output(run, s, &s->status);
    s->asked = canned_end(c);
    for (size_t i = 0; i < n; i++)
        free(raw[i]);
    free(path);
}

static void session_clear(struct session *s)
{
    free(s->shown);
    free(s->asked);
}

static void check_shows(const struct session *s, const char *part)
{
    if (!strstr(s->shown, part))
        fail_msg("it does not show '%s': %s", part, s->shown);
}

static const char nasty[] =
    HEAD "\"object\": {\"kind\": \"VDB\", \"name\": \"\\u001b[2Ja\", \"key\": \"VDB/\\u001b[2Ja\","
         "\"id\": \"\\u0007\", \"engine\": \"\\u009b31m\", \"manifest\": \"a\\u001b]0;x\\u0007\","
         "\"conditions\": [{\"type\": \"Ready\", \"status\": \"False\", \"reason\": \"\\u001bX\","
         "\"message\": \"\\u001b[1m\\r\\nx\"}],"
         "\"action\": {\"verb\": \"\\u001bv\", \"state\": \"\\u001bs\", \"reason\": \"\\u001br\","
         "\"job\": \"\\u001bj\", \"changes\": [{\"field\": \"\\u001bf\", \"was\": \"\\u001bw\","
         "\"becomes\": \"\\u001bb\", \"why\": \"\\u001by\"}], \"disruptions\": [\"\\u001bd\"]},"
         "\"lastError\": {\"text\": \"\\u001b[5m\\nline\", \"class\": \"\\u001bc\"},"
         "\"owes\": [\"\\u001bo\"], \"needs\": [\"\\u001bn\"], \"history\": [{\"at\": \"\\u001ba\","
         "\"type\": \"\\u001bt\", \"message\": \"\\u001bm\"}]},"
         "\"events\": [{\"at\": \"\\u001ba\", \"kind\": \"\\u001bk\", \"text\": \"\\u001bt\","
         "\"job\": \"\\u001bj\", \"by\": \"\\u001bb\"}]}";

static void check_harmless(const struct session *s)
{
    for (const char *c = s->shown; *c; c++) {
        bool control = ((unsigned char)*c < ' ' && *c != '\n') || *c == 127 ||
                       ((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] < 0xa0);
        if (control)
            fail_msg("a control character at %zu of: %s", (size_t)(c - s->shown), s->shown);
    }
}

static void texts_of_others_do_not_steer_the_terminal(void **state)
{
    (void)state;
    const char *const words[] = { "vdb/a" };
    struct session s = { .in = { .paths = words, .n_paths = 1 }, .command = cmd_describe };

    play(&s, (const char *const[]){ nasty, NULL });
    assert_int_equal(s.status, EXIT_GOOD);
    check_shows(&s, "Object:       VDB/ [2Ja\n");
    check_shows(&s, "Last error:   c\n  [5m\n  line\n");
    check_harmless(&s);
    session_clear(&s);

    cJSON *v = json_parse(nasty, strlen(nasty), NULL);
    cJSON *items = cJSON_AddArrayToObject(v, "items");
    cJSON_AddItemToArray(items, cJSON_DetachItemFromObject(v, "object"));
    char *list = cJSON_PrintUnformatted(v);
    s = (struct session){ .in = { .output = OUTPUT_WIDE }, .command = cmd_get };
    play(&s, (const char *const[]){ list, NULL });
    check_harmless(&s);
    session_clear(&s);
    s = (struct session){ .in = { .output = OUTPUT_NAMES }, .command = cmd_get };
    play(&s, (const char *const[]){ list, NULL });
    check_harmless(&s);
    session_clear(&s);
    s = (struct session){ .command = cmd_status };
    play(&s,
         (const char *const[]){
             HEAD "\"trouble\": \"\\u001bt\", \"instance\": \"\\u001bi\", \"findings\": [{\"at\": "
                  "\"\\u001ba\", \"text\": \"\\u001b\", \"hint\": \"\\u001bh\"}],"
                  "\"suspended\": [{\"reason\": \"\\u001br\", \"by\": \"\\u001bb\"}]}",
             list, NULL });
    check_harmless(&s);
    session_clear(&s);
    cJSON_free(list);
    cJSON_Delete(v);
}

/* Of every type but the one that is expected. */
static void strange_answers_are_survived(void **state)
{
    (void)state;
    static const char *const odd[] = {
        HEAD "\"items\": 7, \"nodes\": 7, \"object\": 7, \"counts\": [], \"findings\": {}}",
        HEAD
        "\"items\": [7, {}, null, {\"conditions\": 7, \"key\": 7}], \"nodes\": [7, {}],"
        "\"edges\": [{}, {\"from\": 7}], \"object\": [7], \"suspended\": [7], \"events\": [7]}",
        HEAD
        "\"items\": {\"a\": 1}, \"object\": {\"action\": {\"changes\": [7], \"percent\": \"x\"},"
        "\"conditions\": [7], \"needs\": 7, \"lastError\": {\"text\": \"\"}}}",
        "{\"apiVersion\": \"dctd/v1\"}",
    };
    int (*const commands[])(const struct invocation *in) = { cmd_status, cmd_get, cmd_graph };
    const char *const words[] = { "vdb/a" };

    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        for (size_t k = 0; k < ARRAY_LEN(commands); k++) {
            struct session s = { .command = commands[k] };
            play(&s, (const char *const[]){ odd[i], odd[i], NULL });
            assert_int_equal(s.status, EXIT_GOOD);
            session_clear(&s);
        }
        struct session s = { .in = { .paths = words, .n_paths = 1 }, .command = cmd_describe };
        play(&s, (const char *const[]){ odd[i], NULL });
        assert_int_equal(s.status, EXIT_GOOD);
        session_clear(&s);
    }
}

#define OBSERVED HEAD "\"observed\": true}"
#define VDB_IS \
    HEAD \
        "\"items\": [{\"key\": \"VDB/a\", \"kind\": \"VDB\", \"conditions\": [{\"type\": \"Ready\"," \
        "\"reason\": \"Why\", \"message\": \"because\", \"status\": "

static const char ready[] = VDB_IS "\"True\"}]}]}";
static const char not_ready[] = VDB_IS "\"False\"}]}]}";
static const char not_known[] = VDB_IS "\"Unknown\"}]}]}";

#define ONE "/api/v1/objects?object=VDB%2Fa"

static void waiting_asks_for_what_is_newer(void **state)
{
    (void)state;
    const char *const words[] = { "vdb/a" };
    struct session s = { .in = { .paths = words, .n_paths = 1, .what = "ready" },
                         .command = cmd_wait };

    play(&s, (const char *const[]){ HEAD "\"observed\": false}", OBSERVED, not_ready, "same",
                                    not_ready, ready, NULL });
    assert_int_equal(s.status, EXIT_GOOD);
    assert_string_equal(s.shown, "vdb/a: ready\n");
    const char *at = strstr(s.asked, "GET /api/v1/status HTTP");
    assert_non_null(at);
    at = strstr(at, "GET /api/v1/status?after=5&wait=30 HTTP");
    assert_non_null(at);
    at = strstr(at, "GET " ONE " HTTP");
    assert_non_null(at);
    at = strstr(at, "GET " ONE "&after=5&wait=30 HTTP");
    assert_non_null(at);
    /* Held in vain: another dctd may have other serials. */
    at = strstr(at, "GET " ONE " HTTP");
    assert_non_null(at);
    assert_non_null(strstr(at, "GET " ONE "&after=5&wait=30 HTTP"));
    session_clear(&s);
}

static void waiting_in_vain_tells_what_is_missing(void **state)
{
    (void)state;
    const char *const words[] = { "vdb/a", "vdb/b" };
    struct session s = {
        .in = { .paths = words, .n_paths = 2, .what = "ready=true", .timeout = 1 },
        .command = cmd_wait,
    };

    play(&s, (const char *const[]){ OBSERVED, not_known, "silence", NULL });
    assert_int_equal(s.status, EXIT_TROUBLE);
    assert_string_equal(s.shown, "dctd: not in time:\n"
                                 "dctd: VDB/a: Ready is Unknown (Why): because\n"
                                 "dctd: VDB/b: dctd knows no such object\n");
    session_clear(&s);
}

static void a_daemon_that_goes_away_ends_the_wait(void **state)
{
    (void)state;
    struct session s = { .in = { .all = true, .what = "synced" }, .command = cmd_wait };

    play(&s, (const char *const[]){ OBSERVED, ready, "hang up", NULL });
    assert_int_equal(s.status, EXIT_NOBODY);
    check_shows(&s, "no dctd answers at");
    session_clear(&s);
}

static void what_is_gone_is_deleted(void **state)
{
    (void)state;
    const char *const words[] = { "vdb/a" };
    struct session s = { .in = { .paths = words, .n_paths = 1, .what = "deleted" },
                         .command = cmd_wait };

    play(&s, (const char *const[]){ OBSERVED, ready, HEAD "\"items\": []}", NULL });
    assert_int_equal(s.status, EXIT_GOOD);
    session_clear(&s);
}

static const char status[] = HEAD
    "\"version\": \"9.9\", \"instance\": \"prod\", \"pid\": 7, \"phase\": \"executing\","
    "\"observed\": true, \"revision\": \"3f9c1d2\", \"trouble\": \"DCT says it is partial\","
    "\"counts\": {\"managed\": 415, \"synced\": 412, \"running\": 2, \"jobs\": 2,"
    "\"blocked\": 1, \"failed\": 1}, \"findings\": [{\"at\": \"vdbs.yaml:12:3\","
    "\"level\": \"error\", \"text\": \"`prot` is unknown\", \"hint\": \"did you mean port?\"}],"
    "\"suspended\": [{\"kind\": null, \"object\": null, \"reason\": \"night\", \"until\": null,"
    "\"by\": \"configuration\"}], \"dct\": {\"url\": \"https://dct\", \"api\": null},"
    "\"git\": {\"url\": \"https://git\", \"ref\": \"main\", \"commit\": \"3f9c1d2\","
    "\"fetched\": null, \"trouble\": \"no route to host\"}}";

static void status_tells_what_is_wrong_first(void **state)
{
    (void)state;
    struct session s = { .command = cmd_status };

    play(&s, (const char *const[]){ status, not_ready, NULL });
    assert_int_equal(s.status, EXIT_GOOD);
    assert_string_equal(s.shown, "prod: synced 412/415, 1 failed, 1 blocked, 2 running\n"
                                 "  DCT says it is partial\n"
                                 "  no route to host\n"
                                 "  vdbs.yaml:12:3: error: `prot` is unknown\n"
                                 "      did you mean port?\n"
                                 "  VDB/a  Why  because\n"
                                 "suspended   everything: night (by configuration)\n"
                                 "observed    never\n"
                                 "manifests   3f9c1d2, https://git main\n"
                                 "DCT         https://dct\n"
                                 "process     dctd 9.9, pid 7, executing (DCT works), up ?\n");
    session_clear(&s);
}

static void many_that_are_wrong_are_counted(void **state)
{
    (void)state;
    struct buf list = BUF_WITH_LIMIT(1 << 20);
    struct session s = { .command = cmd_status };

    buf_puts(&list, HEAD "\"items\": [{}");
    for (unsigned i = 0; i < 24; i++)
        buf_printf(&list, ",{\"key\": \"VDB/%u\"}", i);
    buf_puts(&list, "]}");
    play(&s, (const char *const[]){ status, buf_text(&list), NULL });
    check_shows(&s, "  VDB/18");
    check_shows(&s, "\n  and 5 more: dctd get --not-ready\n");
    assert_null(strstr(s.shown, "VDB/19"));
    session_clear(&s);
    buf_clear(&list);
}

static void a_suspension_is_sent_as_it_was_said(void **state)
{
    (void)state;
    const char *const words[] = { "VDBs" };
    struct session s = {
        .in = { .paths = words, .n_paths = 1, .reason = "a \"b\"", .until = "2099-12-01" },
        .command = cmd_suspend
    };

    play(&s, (const char *const[]){ HEAD "\"kind\": \"Done\", \"text\": \"all right\"}", NULL });
    assert_int_equal(s.status, EXIT_GOOD);
    assert_string_equal(s.shown, "all right\n");
    assert_non_null(strstr(s.asked, "{\"kind\":\"VDB\",\"reason\":\"a \\\"b\\\"\","
                                    "\"until\":\"2099-12-01T00:00:00Z\"}"));
    session_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_others_do_not_steer_the_terminal),
        cmocka_unit_test(strange_answers_are_survived),
        cmocka_unit_test(waiting_asks_for_what_is_newer),
        cmocka_unit_test(waiting_in_vain_tells_what_is_missing),
        cmocka_unit_test(a_daemon_that_goes_away_ends_the_wait),
        cmocka_unit_test(what_is_gone_is_deleted),
        cmocka_unit_test(status_tells_what_is_wrong_first),
        cmocka_unit_test(many_that_are_wrong_are_counted),
        cmocka_unit_test(a_suspension_is_sent_as_it_was_said),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
