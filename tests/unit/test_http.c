/* HTTP on the loop: what comes back for what a server does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/http.h"
#include "tests/lib/http_server.h"

enum { RESULTS = 64, MANY = 3 * HTTP_CONNECTIONS };

struct world {
    uv_loop_t loop;
    struct http_server *server;
    struct http *http;
    struct http_result results[RESULTS]; /* their texts are owned */
    size_t n;
};

static char *copy(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

static void on_done(void *ctx, const struct http_result *r)
{
    struct world *w = ctx;

    assert_true(w->n < RESULTS);
    struct http_result *to = &w->results[w->n++];
    *to = *r;
    to->error = copy(r->error);
    to->content_type = copy(r->content_type);
    to->location = copy(r->location);
    to->body = copy(r->body);
    uv_stop(&w->loop);
}

static int setup(void **state)
{
    struct world *w = xcalloc(1, sizeof(*w));
    struct http_options o = { .body_max = 1000 };

    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->server = http_server_new(&w->loop);
    w->http = http_new(&w->loop, &o, on_done, w);
    *state = w;
    return 0;
}

static void discard(const char *text)
{
    free((void *)(uintptr_t)text);
}

static int teardown(void **state)
{
    struct world *w = *state;

    http_close(w->http);
    if (w->server)
        http_server_close(w->server);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0)
        continue;
    assert_int_equal(uv_loop_close(&w->loop), 0);
    for (size_t i = 0; i < w->n; i++) {
        discard(w->results[i].error);
        discard(w->results[i].content_type);
        discard(w->results[i].location);
        discard(w->results[i].body);
    }
    free(w);
    return 0;
}

static void send_as(struct world *w, const char *method, const char *body, bool once)
{
    static const char *const headers[] = { "Content-Type: application/json" };
    static uint64_t id;
    char *url = xasprintf("%s/x", http_server_url(w->server));
    id++;
    struct http_request r = { .id = id,
                              .method = method,
                              .url = url,
                              .headers = headers,
                              .n_headers = body ? 1 : 0,
                              .body = body,
                              .body_n = body ? strlen(body) : 0,
                              .timeout = 300,
                              .once = once };

    http_send(w->http, &r);
    free(url);
}

static const struct http_result *wait_for(struct world *w, size_t n)
{
    while (w->n < n)
        (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    return &w->results[n - 1];
}

static const struct http_result *get(struct world *w)
{
    send_as(w, "GET", NULL, false);
    return wait_for(w, w->n + 1);
}

static void an_answer_is_told_with_status_type_and_body(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 200, "", "{\"a\":1}");
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "{\"a\":1}");
    assert_int_equal(r->n, 7);
    assert_string_equal(r->content_type, "application/json");
    assert_null(r->error);
    assert_false(r->unsent);
    assert_int_equal(http_pending(w->http), 0);
}

static void a_connection_is_used_again(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 5; i++)
        assert_int_equal(get(w)->status, 200);
    assert_int_equal(http_server_requests(w->server), 5);
    assert_int_equal(http_server_connections(w->server), 1);
}

static void a_body_goes_out_as_it_is(void **state)
{
    struct world *w = *state;

    send_as(w, "PATCH", "{\"b\":2}", true);
    assert_int_equal(http_pending_once(w->http), 1);
    assert_int_equal(wait_for(w, 1)->status, 200);
    assert_int_equal(http_pending_once(w->http), 0);
    assert_non_null(strstr(http_server_request(w->server, 0), "PATCH /x HTTP/1.1\r\n"));
    assert_non_null(strstr(http_server_request(w->server, 0), "User-Agent: dctd/"));
    assert_non_null(strstr(http_server_request(w->server, 0), "\r\n\r\n{\"b\":2}"));
}

static void a_post_and_a_delete_may_have_no_body(void **state)
{
    struct world *w = *state;

    send_as(w, "POST", NULL, true);
    send_as(w, "DELETE", NULL, true);
    (void)wait_for(w, 2);
    assert_int_equal(w->results[0].status, 200);
    assert_int_equal(w->results[1].status, 200);
}

static void a_write_is_never_sent_twice(void **state)
{
    struct world *w = *state;

    /* A connection that was used before and dies without a word is what makes
     * libcurl send again. */
    (void)get(w);
    http_server_answer(w->server, "", AFTER_CLOSE);
    send_as(w, "POST", "{}", true);
    const struct http_result *r = wait_for(w, 2);
    assert_int_equal(r->status, 0);
    assert_false(r->unsent);
    assert_int_equal(http_server_requests(w->server), 2);
}

static void no_answer_in_time_is_an_error_and_not_unsent(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server, "", AFTER_HANG);
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 0);
    assert_false(r->unsent);
    assert_non_null(strstr(r->error, "timed out"));
}

static void every_timeout_is_told_also_the_last(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 8; i++) {
        http_server_answer(w->server, "", AFTER_HANG);
        send_as(w, "GET", NULL, false);
    }
    (void)wait_for(w, 8);
    for (size_t i = 0; i < 8; i++)
        assert_non_null(strstr(w->results[i].error, "timed out"));
    assert_int_equal(http_pending(w->http), 0);
}

static void more_requests_than_connections_wait_in_order(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < MANY; i++)
        send_as(w, "GET", NULL, false);
    (void)wait_for(w, MANY);
    assert_true(http_server_connections(w->server) <= HTTP_CONNECTIONS);
    for (size_t i = 0; i < w->n; i++)
        assert_int_equal(w->results[i].status, 200);
}

static void waiting_for_a_connection_does_not_count_as_time(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < HTTP_CONNECTIONS; i++)
        http_server_answer(w->server, "", AFTER_HANG);
    for (int i = 0; i < HTTP_CONNECTIONS + 1; i++)
        send_as(w, "GET", NULL, false);
    (void)wait_for(w, HTTP_CONNECTIONS + 1);

    size_t answered = 0;
    for (size_t i = 0; i < w->n; i++)
        answered += w->results[i].status == 200;
    assert_int_equal(answered, 1);
}

static void a_reset_after_sending_is_an_error_and_not_unsent(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server, "", AFTER_RESET);
    send_as(w, "POST", "{}", true);
    const struct http_result *r = wait_for(w, 1);
    assert_int_equal(r->status, 0);
    assert_false(r->unsent);
    assert_non_null(r->error);
}

static void a_body_that_ends_early_is_no_answer(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server,
                       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", AFTER_RESET);
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 0);
    assert_non_null(r->error);

    http_server_answer(w->server,
                       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":", AFTER_CLOSE);
    r = get(w);
    assert_int_equal(r->status, 0);
    assert_non_null(strstr(r->error, "middle of the answer"));
}

static void a_body_over_the_limit_is_refused(void **state)
{
    struct world *w = *state;
    char *large = xasprintf("\"%02000d\"", 7);

    http_server_json(w->server, 200, "", large);
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 0);
    assert_non_null(strstr(r->error, "larger than"));
    free(large);
}

static void endless_headers_are_refused(void **state)
{
    struct world *w = *state;
    struct buf raw = BUF_WITH_LIMIT(4 << 20);

    buf_puts(&raw, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 3000; i++)
        buf_printf(&raw, "X-%d: %0100d\r\n", i, i);
    buf_puts(&raw, "Content-Length: 0\r\n\r\n");
    http_server_answer(w->server, buf_text(&raw), AFTER_KEEP);
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 0);
    assert_non_null(r->error);
    buf_clear(&raw);
}

static void what_is_no_http_is_an_error(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server, "SSH-2.0-OpenSSH_9.2\r\n", AFTER_CLOSE);
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 0);
    assert_non_null(r->error);
}

static void a_refused_connection_is_unsent(void **state)
{
    struct world *w = *state;
    struct http_request r = {
        .id = 7, .method = "POST", .body = "{}", .body_n = 2, .timeout = 2000, .once = true
    };
    char *url = xasprintf("%s/x", http_server_url(w->server));

    http_server_close(TAKE(w->server));
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    r.url = url;
    http_send(w->http, &r);
    const struct http_result *got = wait_for(w, 1);
    assert_int_equal(got->id, 7);
    assert_int_equal(got->status, 0);
    assert_true(got->unsent);
    assert_non_null(strstr(got->error, "check that DCT is up"));
    free(url);
}

static void an_unknown_host_or_scheme_is_unsent(void **state)
{
    struct world *w = *state;
    struct http_request r = { .method = "GET",
                              .url = "http://no-such-host.invalid/",
                              .timeout = 5000 };

    http_send(w->http, &r);
    assert_true(wait_for(w, 1)->unsent);
    assert_non_null(strstr(w->results[0].error, "dct.url"));

    r.url = "ftp://127.0.0.1/";
    http_send(w->http, &r);
    assert_true(wait_for(w, 2)->unsent);
    assert_non_null(strstr(w->results[1].error, "https://"));
}

static void a_server_that_speaks_no_tls_never_saw_the_request(void **state)
{
    struct world *w = *state;
    char *url = xasprintf("https%s/x", strchr(http_server_url(w->server), ':'));
    struct http_request r = {
        .method = "POST", .url = url, .body = "{}", .body_n = 2, .timeout = 300, .once = true
    };

    http_send(w->http, &r);
    assert_true(wait_for(w, 1)->unsent);
    assert_non_null(w->results[0].error);
    free(url);
}

static void a_redirect_is_told_and_not_followed(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 302, "Location: http://127.0.0.1:1/elsewhere\r\n", "");
    const struct http_result *r = get(w);
    assert_int_equal(r->status, 302);
    assert_string_equal(r->location, "http://127.0.0.1:1/elsewhere");
    assert_int_equal(http_server_requests(w->server), 1);
}

static void retry_after_is_read_in_seconds_and_as_a_date(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 429, "Retry-After: 7\r\n", "{}");
    assert_int_equal(get(w)->retry_after, 7000);
    http_server_json(w->server, 503, "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", "{}");
    assert_int_equal(get(w)->retry_after, 0);
    http_server_json(w->server, 503, "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT\r\n", "{}");
    assert_int_equal(get(w)->retry_after, 24 * 3600 * 1000);
    http_server_json(w->server, 503, "Retry-After: soon\r\n", "{}");
    assert_int_equal(get(w)->retry_after, 0);
}

static void parts_go_out_as_a_multipart_body(void **state)
{
    struct world *w = *state;
    char *url = xasprintf("%s/upload", http_server_url(w->server));
    struct http_part parts[] = {
        { .name = "engine_id", .data = "1", .n = 1 },
        { .name = "file", .filename = "p.json", .type = "application/json", .data = "{}", .n = 2 },
    };
    struct http_request r = { .method = "POST",
                              .url = url,
                              .parts = parts,
                              .n_parts = ARRAY_LEN(parts),
                              .timeout = 1000,
                              .once = true };

    http_send(w->http, &r);
    assert_int_equal(wait_for(w, 1)->status, 200);
    const char *sent = http_server_request(w->server, 0);
    assert_non_null(strstr(sent, "Content-Type: multipart/form-data; boundary="));
    assert_non_null(strstr(sent, "name=\"engine_id\"\r\n\r\n1\r\n"));
    assert_non_null(strstr(sent, "name=\"file\"; filename=\"p.json\"\r\n"
                                 "Content-Type: application/json\r\n\r\n{}\r\n"));
    free(url);
}

static void closing_ends_what_runs_and_what_waits_without_a_word(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < 2 * HTTP_CONNECTIONS; i++) {
        http_server_answer(w->server, "", AFTER_HANG);
        send_as(w, "GET", NULL, false);
    }
    for (int i = 0; i < 20; i++)
        (void)uv_run(&w->loop, UV_RUN_NOWAIT);
    send_as(w, "POST", "{}", true);
    assert_int_equal(http_pending(w->http), 2 * HTTP_CONNECTIONS + 1);
    assert_int_equal(http_pending_once(w->http), 1);
    assert_int_equal(w->n, 0);
    /* teardown closes, and asserts that the loop can be closed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_told_with_status_type_and_body, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connection_is_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_goes_out_as_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(a_post_and_a_delete_may_have_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_is_never_sent_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(no_answer_in_time_is_an_error_and_not_unsent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_timeout_is_told_also_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(more_requests_than_connections_wait_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(waiting_for_a_connection_does_not_count_as_time, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_reset_after_sending_is_an_error_and_not_unsent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_that_ends_early_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_body_over_the_limit_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(endless_headers_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_http_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_connection_is_unsent, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_host_or_scheme_is_unsent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_speaks_no_tls_never_saw_the_request, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_redirect_is_told_and_not_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read_in_seconds_and_as_a_date, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(parts_go_out_as_a_multipart_body, setup, teardown),
        cmocka_unit_test_setup_teardown(closing_ends_what_runs_and_what_waits_without_a_word, setup,
                                        teardown),
    };

    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
