/* The two sides that dctd is asked on: routes, rights, tokens, pushes, reload. */
#include "tests/unit/test_listener.h"

static struct secret_setting secret_in(struct world *w, const char *name, const char *value)
{
    tree_write(w->tree, name, value);
    return (struct secret_setting){ SECRET_FILE, tree_at(w->tree, name) };
}

static void health_and_readiness_are_two_things(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->unready = "DCT has not been observed yet: it refuses connections";
    check_status_get(w, "/healthz", "200", "\r\n\r\nok\n");
    check_status_get(w, "/readyz", "503", "it refuses connections");
    w->unready = NULL;
    check_status_get(w, "/readyz", "200", "ready\n");
    world_free(w);
}

static void every_answer_says_what_it_is(void **state)
{
    (void)state;
    struct world *w = world_new();

    check_status_get(w, "/metrics", "200", "Content-Type: text/plain; version=0.0.4");
    check_status_get(w, "/metrics", "200", "dctd_ready 1\n");
    check_status_get(w, "/api/v1/status", "200", "Content-Type: application/json");
    check_status_get(w, "/", "200", "Content-Type: text/html; charset=utf-8");
    check_status_get(w, "/", "200", "Content-Security-Policy: default-src 'none'; style-src");
    check_status_get(w, "/healthz", "200", "X-Content-Type-Options: nosniff");
    check_status_get(w, "/nothing", "404", "\"kind\":\"Error\",\"serial\":7");
    check_status_get(w, "/api/v1", "404", "there is nothing of that name");
    check_status_get(w, "/hook/git", "404", "there is nothing of that name");
    world_free(w);
}

static void the_page_shows_texts_and_runs_nothing(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *answer = ask_once(w, false, "GET", "/", "", "");

    check(answer, "200", "dctd &#60;script&#62;");
    assert_null(strstr(answer, "<script"));
    free(answer);
    world_free(w);
}

static void the_wrong_method_hears_of_the_right_one(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *allow;
    } rows[] = {
        { "POST", "/healthz", "Allow: GET, HEAD\r\n" },
        { "DELETE", "/metrics", "Allow: GET, HEAD\r\n" },
        { "OPTIONS", "/", "Allow: GET, HEAD\r\n" },
        { "GET", "/api/v1/odd", "Allow: POST\r\n" },
        { "POST", "/api/v1/odd", "Allow: GET, HEAD\r\n" },
    };
    struct world *w = world_new();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *answer = ask_once(w, false, rows[i].method, rows[i].path, "", "");
        check(answer, "405", rows[i].allow);
        free(answer);
    }
    world_free(w);
}

static void head_is_get_without_the_body(void **state)
{
    (void)state;
    struct world *w = world_new();
    int fd = call_status(w);

    write_text(w, fd, "HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    char *answer = read_answer(w, fd);
    check(answer, "200", "Content-Length: 3\r\n");
    assert_string_equal(answer + strlen(answer) - 4, "\r\n\r\n");
    free(answer);
    (void)close(fd);
    world_free(w);
}

static void paths_and_parameters_come_decoded(void **state)
{
    (void)state;
    struct world *w = world_new();

    check_status_get(w, "/api/v1/objects/vdb/a%20b?limit=1", "200", "serial");
    assert_true(starts_with(w->api.last, "GET /api/v1/objects/vdb/a b 0 127.0.0.1"));
    check_status_get(w, "/api/v1/objects/%0d%0aX", "400", "control characters");
    check_status_get(w, "/api/v1/objects/vdb/%zz%4", "200", "serial");
    assert_true(starts_with(w->api.last, "GET /api/v1/objects/vdb/%zz%4 0 127.0.0.1"));
    check_status_get(w, "/api/v1/objects/vdb/%C3%bc", "200", "serial");
    assert_true(starts_with(w->api.last, "GET /api/v1/objects/vdb/\xc3\xbc 0 127.0.0.1"));
    world_free(w);
}

/* What stands behind a NUL would be lost, and the question be another one. */
static void a_nul_is_refused_wherever_it_is_written(void **state)
{
    (void)state;
    static const char *const paths[] = { "/api/v1/objects/vdb/a%00b", "/api/v1/objects%00",
                                         "/api/v1/objects?kind=vdb%00x",
                                         "/api/v1/objects?ki%00nd=vdb" };
    struct world *w = world_new();

    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        check_status_get(w, paths[i], "400", "NUL");
    assert_int_equal(w->api.asked, 0);
    world_free(w);
}

static void the_control_socket_writes_and_the_status_listener_reads(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *who = xasprintf("POST /api/v1/reconcile 1 uid %u %s {\"a\":1}", geteuid(),
                          geteuid() == 0 ? "(root)" : "(the service)");
    char *answer = ask_once(w, true, "POST", "/api/v1/reconcile", "", "{\"a\":1}");

    check(answer, "200", "serial");
    assert_string_equal(w->api.last, who);
    free(answer);
    answer = ask_once(w, false, "POST", "/api/v1/reconcile", "", "{}");
    assert_string_equal(w->api.last, "POST /api/v1/reconcile 0 127.0.0.1 {}");
    free(answer);
    free(who);
    world_free(w);
}

static void the_control_socket_is_closed_to_strangers(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct stat st;

    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    world_free(w);
}

static void a_token_is_asked_for(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->config.status.token = secret_in(w, "token", "open-sesame\n");
    configure(w);
    check_status_get(w, "/healthz", "200", "ok");
    check_status_get(w, "/readyz", "200", "ready");
    check_status_get(w, "/metrics", "401", "WWW-Authenticate: Bearer");
    check_status_get(w, "/nothing", "401", "a bearer token is needed");
    static const char *const wrong[] = { "Authorization: Bearer open-sesam\r\n",
                                         "Authorization: Bearer open-sesame1\r\n",
                                         "Authorization: Bearer\r\n", "Authorization: \r\n",
                                         "Authorization: Basic open-sesame\r\n" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *answer = ask_once(w, false, "GET", "/metrics", wrong[i], "");
        check(answer, "401", "Bearer");
        free(answer);
    }
    char *answer =
        ask_once(w, false, "GET", "/metrics", "Authorization: bearer open-sesame\r\n", "");
    check(answer, "200", "dctd_ready");
    free(answer);
    answer = ask_once(w, true, "GET", "/metrics", "", "");
    check(answer, "200", "dctd_ready");
    free(answer);
    assert_int_equal(w->api.asked, 0);
    world_free(w);
}

static void post_hook(struct world *w, const char *headers, const char *body, const char *status)
{
    char *answer = ask_once(w, false, "POST", "/hook/git", headers, body);

    check(answer, status, "\r\n\r\n");
    free(answer);
}

static void a_push_is_announced_by_those_who_can_prove_it(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->config.status.webhook = secret_in(w, "hook", "It's a Secret to Everybody");
    w->config.status.token = secret_in(w, "token", "open-sesame");
    configure(w);
    post_hook(w,
              "X-Hub-Signature-256: sha256="
              "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\r\n",
              "Hello, World!", "202");
    settle(w);
    assert_int_equal(w->pokes, 1);
    char *again = ask_once(w, false, "POST", "/hook/git",
                           "X-Hub-Signature-256: sha256="
                           "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\r\n",
                           "Hello, World!");
    check(again, "202", "accepted before");
    free(again);
    post_hook(w, "X-Gitlab-Token: It's a Secret to Everybody\r\n", "{}", "202");
    post_hook(w,
              "X-Hub-Signature-256: sha256="
              "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17\r\n",
              "Hello, Mallory!", "401");
    post_hook(w, "X-Gitlab-Token: guess\r\n", "{}", "401");
    post_hook(w, "", "{}", "401");
    char *answer = ask_once(w, true, "POST", "/hook/git", "", "");
    check(answer, "404", "nothing of that name");
    free(answer);
    answer = ask_once(w, false, "GET", "/hook/git", "", "");
    check(answer, "405", "Allow: POST\r\n");
    free(answer);
    world_free(w);
}

/* GitHub's are as large as 25 MiB: they pass through. */
static void a_large_delivery_is_no_burden(void **state)
{
    (void)state;
    enum { SIZE = 4 << 20 };
    struct world *w = world_new();
    char *body = xcalloc(1, SIZE + 1), hex[DIGEST_WHOLE * 2 + 1] = "";
    uint8_t sum[DIGEST_WHOLE];

    w->config.status.webhook = secret_in(w, "hook", "secret");
    configure(w);
    memset(body, 'x', SIZE);
    struct digest *g = digest_new((const uint8_t *)"secret", 6);
    digest_more(g, body, SIZE);
    digest_whole(g, sum);
    digest_free(g);
    for (size_t i = 0; i < DIGEST_WHOLE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    char *header = xasprintf("X-Hub-Signature-256: sha256=%s\r\n", hex);
    post_hook(w, header, body, "202");
    free(header);
    free(body);
    world_free(w);
}

static void guessing_is_slowed_down_and_locks_nobody_out(void **state)
{
    (void)state;
    struct world *w = world_new();

    w->config.status.webhook = secret_in(w, "hook", "secret");
    configure(w);
    for (unsigned i = 0; i < 30; i++)
        post_hook(w, "X-Gitlab-Token: guess\r\n", "", "401");
    post_hook(w, "X-Gitlab-Token: guess\r\n", "", "429");
    post_hook(w, "X-Gitlab-Token: secret\r\n", "", "202");
    world_free(w);
}

static void a_bad_setting_leaves_the_old_in_force(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *before = xstrdup(listener_status(w->listener)), *error = NULL;
    char *elsewhere = tree_at(w->tree, "second.sock");

    w->config.control = elsewhere;
    w->config.status.token = (struct secret_setting){ SECRET_FILE, tree_at(w->tree, "absent") };
    assert_false(listener_configure(w->listener, &w->config, w->secrets, &error));
    assert_non_null(strstr(error, "status.token: secret file"));
    free(error);
    free(w->config.status.token.name);
    w->config.status.token.name = NULL;

    free(w->config.status.listen);
    w->config.status.listen = xstrdup("192.0.2.1:1");
    assert_false(listener_configure(w->listener, &w->config, w->secrets, &error));
    assert_non_null(strstr(error, "status.listen 192.0.2.1:1: "));
    free(error);
    assert_int_not_equal(access(elsewhere, F_OK), 0);

    assert_string_equal(listener_status(w->listener), before);
    check_status_get(w, "/healthz", "200", "ok");
    char *answer = ask_once(w, true, "GET", "/healthz", "", "");
    check(answer, "200", "ok");
    free(answer);
    free(before);
    free(elsewhere);
    w->config.control = w->path;
    world_free(w);
}

static void sides_move_and_close(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *first = w->path;

    w->path = tree_at(w->tree, "second.sock");
    w->config.control = w->path;
    free(w->config.status.listen);
    w->config.status.listen = NULL;
    configure(w);
    assert_int_not_equal(access(first, F_OK), 0);
    assert_null(listener_status(w->listener));
    char *answer = ask_once(w, true, "GET", "/healthz", "", "");
    check(answer, "200", "ok");
    free(answer);
    free(first);
    w->config.control = NULL;
    configure(w);
    assert_int_not_equal(access(w->path, F_OK), 0);
    w->config.status.listen = xstrdup("[::1]:0");
    char *error = NULL;
    if (listener_configure(w->listener, &w->config, w->secrets, &error))
        assert_true(starts_with(listener_status(w->listener), "[::1]:"));
    free(error); /* a host without IPv6 */
    world_free(w);
}

static void what_does_not_change_is_not_disturbed(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *before = xstrdup(listener_status(w->listener));
    int fd = call_status(w);
    char *answer = ask(w, fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");

    free(answer);
    w->config.status.token = secret_in(w, "token", "open-sesame");
    configure(w);
    answer = ask(w, fd, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    check(answer, "401", "Bearer");
    assert_string_equal(listener_status(w->listener), before);
    free(answer);
    free(before);
    (void)close(fd);
    world_free(w);
}

/* As systemd leaves it: descriptor 3, and who it is for in the environment. */
static void pass_socket(int fd)
{
    static const char *const names[] = { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" };
    char *pid = xasprintf("%ld", (long)getpid());
    const char *const values[] = { pid, "1", "control" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread
        assert_int_equal(fd >= 0 ? setenv(names[i], values[i], 1) : unsetenv(names[i]), 0);
    }
    assert_int_equal(fd >= 0 ? dup2(fd, 3) : close(3), fd >= 0 ? 3 : 0);
    free(pid);
}

static void a_socket_that_systemd_passes_is_used(void **state)
{
    (void)state;
    struct tree *tree = tree_new();
    char *path = tree_at(tree, "passed.sock"), *error = NULL;
    int kept = fcntl(3, F_DUPFD_CLOEXEC, 10), passed = socket_listen_unix(path, &error);

    pass_socket(passed);
    struct world *w = world_new();
    assert_int_not_equal(access(w->path, F_OK), 0);
    int fd = call_path(path);
    char *answer = ask(w, fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    check(answer, "200", "ok");
    free(answer);
    (void)close(fd);
    configure(w); /* a reload changes nothing of that */
    world_free(w);
    assert_int_equal(access(path, F_OK), 0);
    pass_socket(-1);
    if (kept >= 0) {
        (void)dup2(kept, 3);
        (void)close(kept);
    }
    if (passed != 3)
        (void)close(passed);
    free(path);
    tree_free(tree);
}

static void a_socket_that_was_left_behind_is_replaced(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *path = tree_at(w->tree, "left.sock"), *file = tree_at(w->tree, "file"), *error = NULL;
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    (void)close(fd);
    fd = socket_listen_unix(path, &error);
    assert_true(fd >= 0);

    /* Now somebody is there. */
    assert_int_equal(socket_listen_unix(path, &error), -1);
    char *who = xasprintf("process %ld listens there", (long)getpid());
    assert_non_null(strstr(error, who));
    free(who);
    free(error);
    (void)close(fd);

    tree_write(w->tree, "file", "precious");
    assert_int_equal(socket_listen_unix(file, &error), -1);
    assert_non_null(strstr(error, "no socket"));
    assert_int_equal(access(file, F_OK), 0);
    free(error);
    free(file);
    free(path);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_and_readiness_are_two_things),
        cmocka_unit_test(every_answer_says_what_it_is),
        cmocka_unit_test(the_page_shows_texts_and_runs_nothing),
        cmocka_unit_test(the_wrong_method_hears_of_the_right_one),
        cmocka_unit_test(head_is_get_without_the_body),
        cmocka_unit_test(paths_and_parameters_come_decoded),
        cmocka_unit_test(a_nul_is_refused_wherever_it_is_written),
        cmocka_unit_test(the_control_socket_writes_and_the_status_listener_reads),
        cmocka_unit_test(the_control_socket_is_closed_to_strangers),
        cmocka_unit_test(a_token_is_asked_for),
        cmocka_unit_test(a_push_is_announced_by_those_who_can_prove_it),
        cmocka_unit_test(a_large_delivery_is_no_burden),
        cmocka_unit_test(guessing_is_slowed_down_and_locks_nobody_out),
        cmocka_unit_test(a_bad_setting_leaves_the_old_in_force),
        cmocka_unit_test(sides_move_and_close),
        cmocka_unit_test(what_does_not_change_is_not_disturbed),
        cmocka_unit_test(a_socket_that_systemd_passes_is_used),
        cmocka_unit_test(a_socket_that_was_left_behind_is_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
