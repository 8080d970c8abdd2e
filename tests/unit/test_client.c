/* Asking a running dctd: what is sent, and what is made of every kind of answer. */
#include "daemon/client.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/canned.h"
#include "tests/lib/tree.h"

struct asked {
    enum client_verdict verdict;
    cJSON *reply;
    char *error, *request;
};

static void asked_clear(struct asked *a)
{
    cJSON_Delete(a->reply);
    free(a->error);
    free(a->request);
}

/* One question to a dctd that answers so, again and again if it is asked to. */
static struct asked ask_all(const char *const *raws, size_t n, const struct question *q)
{
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "control.sock");
    struct canned *c = canned_new(path, raws, n);
    char *error = NULL;
    OWNED(client) client = client_new(&(struct client_options){ .socket = path }, &error);
    struct asked a = { 0 };

    assert_non_null(client);
    assert_string_equal(client_where(client), path);
    a.verdict = client_ask(client, q, &a.reply, &a.error);
    a.request = canned_end(c);
    free(path);
    return a;
}

static struct asked ask_raw(const char *raw, const struct question *q)
{
    return ask_all(&raw, 1, q);
}

static struct asked ask(int status, const char *body)
{
    char *raw = canned_json(status, body);
    struct asked a =
        ask_raw(raw, &(struct question){ .method = "GET", .path = "/api/v1/objects?kind=vdb" });

    free(raw);
    return a;
}

static void check_said(const struct asked *a, enum client_verdict verdict, const char *part)
{
    assert_int_equal(a->verdict, verdict);
    assert_null(a->reply);
    assert_non_null(a->error);
    if (!strstr(a->error, part))
        fail_msg("'%s' does not say '%s'", a->error, part);
}

static void a_question_is_a_get_of_its_path(void **state)
{
    (void)state;
    struct asked a = ask(200, "{\"apiVersion\": \"dctd/v1\", \"kind\": \"Status\", \"serial\": 7}");

    assert_int_equal(a.verdict, CLIENT_GOOD);
    assert_null(a.error);
    assert_string_equal(json_text(a.reply, "kind"), "Status");
    assert_memory_equal(a.request, "GET /api/v1/objects?kind=vdb HTTP/1.1\r\n", 39);
    assert_null(strstr(a.request, "Authorization"));
    asked_clear(&a);
}

static void a_change_is_a_post_of_json(void **state)
{
    (void)state;
    char *raw = canned_json(200, "{\"apiVersion\": \"dctd/v1\", \"kind\": \"Done\"}");
    cJSON *body = cJSON_CreateObject();

    cJSON_AddStringToObject(body, "object", "VDB/a b");
    struct asked a = ask_raw(raw, &(struct question){ "POST", "/api/v1/forget", body, 0 });
    assert_int_equal(a.verdict, CLIENT_GOOD);
    assert_memory_equal(a.request, "POST /api/v1/forget HTTP/1.1\r\n", 30);
    assert_non_null(strstr(a.request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(a.request, "\r\n\r\n{\"object\":\"VDB/a b\"}"));
    asked_clear(&a);

    a = ask_raw(raw, &(struct question){ "POST", "/api/v1/reconcile", NULL, 0 });
    assert_int_equal(a.verdict, CLIENT_GOOD);
    assert_non_null(strstr(a.request, "Content-Length: 0\r\n"));
    asked_clear(&a);
    cJSON_Delete(body);
    free(raw);
}

static void refusals_keep_their_words(void **state)
{
    (void)state;
    struct asked a =
        ask(403, "{\"apiVersion\": \"dctd/v1\", \"kind\": \"Error\", \"error\": \"only "
                 "root may\", \"hint\": \"try sudo\"}");

    check_said(&a, CLIENT_REFUSED, "only root may; try sudo");
    asked_clear(&a);
    a = ask(404, "{\"apiVersion\": \"dctd/v1\", \"error\": \"no VDB/x\", \"hint\": null}");
    check_said(&a, CLIENT_MISSING, "no VDB/x");
    asked_clear(&a);
    a = ask(500, "{\"apiVersion\": \"dctd/v1\"}");
    check_said(&a, CLIENT_REFUSED, "HTTP 500");
    asked_clear(&a);
}

static void another_version_is_not_guessed_at(void **state)
{
    (void)state;
    struct asked a = ask(200, "{\"apiVersion\": \"dctd/v2\", \"items\": []}");

    check_said(&a, CLIENT_REFUSED, "speaks dctd/v2, this one dctd/v1");
    asked_clear(&a);
    a = ask(200, "<html>hello</html>");
    check_said(&a, CLIENT_REFUSED, "is no dctd: 200 <html>hello</html>");
    asked_clear(&a);
    a = ask(404, "nginx");
    check_said(&a, CLIENT_REFUSED, "is no dctd");
    asked_clear(&a);
    a = ask(200, "");
    check_said(&a, CLIENT_REFUSED, "is no dctd");
    asked_clear(&a);
    a = ask(200, "{\"apiVersion\": \"dctd/v1\"");
    check_said(&a, CLIENT_REFUSED, "is no dctd");
    asked_clear(&a);
}

static void nothing_new_is_no_error(void **state)
{
    (void)state;
    struct asked a = ask_raw("HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n",
                             &(struct question){ "GET", "/api/v1/status?after=3", NULL, 0 });

    assert_int_equal(a.verdict, CLIENT_SAME);
    assert_null(a.reply);
    assert_null(a.error);
    asked_clear(&a);
}

static void silence_is_late_and_a_broken_answer_is_nobody(void **state)
{
    (void)state;
    struct asked a =
        ask_raw(NULL, &(struct question){ "GET", "/api/v1/status", NULL, .limit = 200 });

    check_said(&a, CLIENT_LATE, "did not answer within 1 s");
    asked_clear(&a);
    a = ask_raw("", &(struct question){ "GET", "/api/v1/status", NULL, 0 });
    check_said(&a, CLIENT_NOBODY, "no dctd answers at");
    asked_clear(&a);
    a = ask_raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
                &(struct question){ "GET", "/api/v1/status", NULL, 0 });
    check_said(&a, CLIENT_NOBODY, "no dctd answers at");
    asked_clear(&a);
}

static const char too_much[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n"
                               "Connection: close\r\nContent-Length: 9\r\n\r\nnot now.\n";

static void a_busy_dctd_is_asked_again(void **state)
{
    (void)state;
    char *good = canned_json(200, "{\"apiVersion\": \"dctd/v1\", \"kind\": \"Status\"}");
    const char *const answers[] = { too_much, good };
    struct asked a = ask_all(answers, 2, &(struct question){ "GET", "/api/v1/status", NULL, 0 });

    assert_int_equal(a.verdict, CLIENT_GOOD);
    assert_string_equal(json_text(a.reply, "kind"), "Status");
    asked_clear(&a);
    a = ask_all(answers, 2, &(struct question){ "GET", "/api/v1/status", NULL, .limit = 900 });
    check_said(&a, CLIENT_LATE, "is asked too much at a time; try again later");
    asked_clear(&a);
    free(good);
}

static struct asked ask_at(const struct client_options *o)
{
    struct asked a = { 0 };
    OWNED(client) c = client_new(o, &a.error);

    if (!c) {
        a.verdict = CLIENT_REFUSED;
        return a;
    }
    a.verdict =
        client_ask(c, &(struct question){ .method = "GET", .path = "/" }, &a.reply, &a.error);
    return a;
}

static void an_absent_daemon_is_told_with_what_to_do(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "control.sock");
    struct asked a = ask_at(&(struct client_options){ .socket = path });

    check_said(&a, CLIENT_NOBODY, "there is no socket");
    assert_non_null(strstr(a.error, "systemctl start dctd"));
    asked_clear(&a);

    free(canned_end(canned_new(path, NULL, 0)));
    a = ask_at(&(struct client_options){ .socket = path });
    check_said(&a, CLIENT_NOBODY, "nobody listens any more");
    asked_clear(&a);
    free(path);
    a = ask_at(&(struct client_options){ .address = "http://127.0.0.1:1/" });
    check_said(&a, CLIENT_NOBODY, "no dctd answers at http://127.0.0.1:1:");
    asked_clear(&a);
}

static void a_forbidden_socket_names_who_may(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* root may everything; the end-to-end test asks as somebody else */

    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "control.sock");
    struct canned *c = canned_new(path, NULL, 0);
    assert_int_equal(chmod(path, 0), 0);
    struct asked a = ask_at(&(struct client_options){ .socket = path });
    check_said(&a, CLIENT_NOBODY, "no permission to ask dctd at");
    asked_clear(&a);
    free(canned_end(c));
    free(path);
}

static void bad_addresses_and_tokens_are_refused(void **state)
{
    (void)state;
    struct asked a = ask_at(&(struct client_options){ .address = "ftp://x" });

    check_said(&a, CLIENT_REFUSED, "--address takes http://HOST:PORT");
    asked_clear(&a);
    a = ask_at(&(struct client_options){ .address = "http://127.0.0.1:1",
                                         .token_file = "/does/not/exist" });
    check_said(&a, CLIENT_REFUSED, "/does/not/exist");
    asked_clear(&a);
}

static void check_socket(const struct tree *t, const char *config, const char *wanted)
{
    char *path = tree_at(t, "dctd.yaml"),
         *at = wanted && *wanted != '/' ? tree_at(t, wanted) : NULL;

    if (config)
        tree_write(t, "dctd.yaml", config);
    char *found = client_socket(path);
    assert_string_equal(found, at ? at : wanted ? wanted : "/run/dctd/control.sock");
    free(found);
    free(at);
    free(path);
}

/* A configuration that is wrong elsewhere still tells where the daemon listens. */
static void the_socket_is_where_the_configuration_has_it(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();

    check_socket(t, NULL, NULL);
    check_socket(t, "dct: {url: nonsense}\nbogus: 1\ncontrol: run/c.sock\n", "run/c.sock");
    check_socket(t, "control: /tmp/c.sock\n", "/tmp/c.sock");
    check_socket(t, "control:\n", NULL);
    check_socket(t, "control: [a]\n", NULL);
    check_socket(t, "- a\n", NULL);
    check_socket(t, "control: \"c.sock\n", NULL);
    check_socket(t, "", NULL);
}

/* What a member of the group cannot read leaves the unit's place. */
static void a_unit_without_a_word_has_its_socket_where_its_name_says(void **state)
{
    (void)state;
    static const struct {
        const char *config, *socket;
    } units[] = {
        { NULL, "/run/dctd/control.sock" },
        { "/etc/dctd/dctd.yaml", "/run/dctd/control.sock" },
        { "/etc/dctd/no-such-unit/dctd.yaml", "/run/dctd/no-such-unit/control.sock" },
        { "/etc/dctdx/dctd.yaml", "/run/dctd/control.sock" },
        { "no-such-file.yaml", "/run/dctd/control.sock" },
    };

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        char *found = client_socket(units[i].config);
        assert_string_equal(found, units[i].socket);
        free(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_a_get_of_its_path),
        cmocka_unit_test(a_change_is_a_post_of_json),
        cmocka_unit_test(refusals_keep_their_words),
        cmocka_unit_test(another_version_is_not_guessed_at),
        cmocka_unit_test(nothing_new_is_no_error),
        cmocka_unit_test(silence_is_late_and_a_broken_answer_is_nobody),
        cmocka_unit_test(a_busy_dctd_is_asked_again),
        cmocka_unit_test(an_absent_daemon_is_told_with_what_to_do),
        cmocka_unit_test(a_forbidden_socket_names_who_may),
        cmocka_unit_test(bad_addresses_and_tokens_are_refused),
        cmocka_unit_test(the_socket_is_where_the_configuration_has_it),
        cmocka_unit_test(a_unit_without_a_word_has_its_socket_where_its_name_says),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
