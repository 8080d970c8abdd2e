/* DCT's dialect: what goes out, and what its answers are taken for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/dct.h"
#include "daemon/digest.h"
#include "daemon/store.h"
#include "schema/json.h"
#include "tests/lib/http_server.h"

enum { ANSWERS = 8 };

struct world {
    uv_loop_t loop;
    struct http_server *server;
    struct config config;
    struct secrets *secrets;
    uint8_t key[STORE_KEY];
    struct dct *dct;
    struct reply answers[ANSWERS];
    char *errors[ANSWERS];
    cJSON *bodies[ANSWERS];
    size_t n;
};

static void on_answer(void *ctx, const struct reply *r)
{
    struct world *w = ctx;

    assert_true(w->n < ANSWERS);
    w->answers[w->n] = *r;
    w->errors[w->n] = r->error ? xstrdup(r->error) : NULL;
    w->bodies[w->n] = cJSON_Duplicate(r->body, true);
    w->n++;
    uv_stop(&w->loop);
}

/* An API key: "DCTD_TEST_KEY=…", or the bare name for none. */
static void set_key(const char *assignment)
{
    static char environment[64];

    (void)snprintf(environment, sizeof(environment), "%s", assignment);
    assert_int_equal(putenv(environment), 0); // NOLINT(concurrency-mt-unsafe): no other thread
}

static int setup(void **state)
{
    static char password[] = "DCTD_TEST_PASSWORD=pa\"ss\nword";
    struct world *w = xcalloc(1, sizeof(*w));

    set_key("DCTD_TEST_KEY=1.secretkey");
    assert_int_equal(putenv(password), 0); // NOLINT(concurrency-mt-unsafe): no other thread
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->server = http_server_new(&w->loop);
    w->config.dct.url = xstrdup(http_server_url(w->server));
    w->config.dct.base_path = xstrdup("/dct/v3");
    w->config.dct.api_key.source = SECRET_ENV;
    w->config.dct.api_key.name = xstrdup("DCTD_TEST_KEY");
    w->secrets = secrets_new(NULL);
    w->dct = dct_new(&w->loop, &w->config, w->secrets, w->key, on_answer, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    dct_close(w->dct);
    http_server_close(w->server);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0)
        continue;
    assert_int_equal(uv_loop_close(&w->loop), 0);
    for (size_t i = 0; i < w->n; i++) {
        free(w->errors[i]);
        cJSON_Delete(w->bodies[i]);
    }
    secrets_free(w->secrets);
    free(w->config.dct.url);
    free(w->config.dct.base_path);
    free(w->config.dct.api_key.name);
    free(w);
    return 0;
}

static struct request *request(const char *method, const char *path, const char *body)
{
    struct request *r = xcalloc(1, sizeof(*r));
    size_t at = 0;

    r->id = 42;
    r->method = method;
    r->path = xstrdup(path);
    r->body = body ? json_parse(body, strlen(body), &at) : NULL;
    r->timeout = 500;
    return r;
}

/* Sends it and waits; the answer's index. */
static size_t ask(struct world *w, struct request *r_taken)
{
    size_t n = w->n;

    dct_send(w->dct, r_taken);
    while (w->n == n)
        (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(w->answers[n].request, 42);
    return n;
}

static void says(const char *text, const char *part)
{
    assert_non_null(text);
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
}

static const char *sent(const struct world *w, size_t i)
{
    assert_true(i < http_server_requests(w->server));
    return http_server_request(w->server, i);
}

static void a_list_is_asked_for_with_key_and_name(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 200, "", "{\"items\":[]}");
    size_t i = ask(w, request("GET", "/vdbs?limit=1000", NULL));
    assert_int_equal(w->answers[i].status, 200);
    assert_null(w->errors[i]);
    assert_non_null(json_at(w->bodies[i], "items"));
    says(sent(w, 0), "GET /dct/v3/vdbs?limit=1000 HTTP/1.1\r\n");
    says(sent(w, 0), "\r\nAuthorization: apk 1.secretkey\r\n");
    says(sent(w, 0), "\r\nx-dct-client-name: dctd\r\n");
    says(sent(w, 0), "\r\nAccept: application/json\r\n");
    assert_null(strstr(sent(w, 0), "Content-Type"));
}

static void the_base_path_may_be_empty(void **state)
{
    struct world *w = *state;

    w->config.dct.base_path[0] = '\0';
    dct_configure(w->dct, &w->config);
    (void)ask(w, request("GET", "/vdbs", NULL));
    says(sent(w, 0), "GET /vdbs HTTP/1.1\r\n");
}

static void a_key_that_brings_its_prefix_gets_no_second(void **state)
{
    struct world *w = *state;

    set_key("DCTD_TEST_KEY=apk 1.secretkey");
    (void)ask(w, request("GET", "/vdbs", NULL));
    says(sent(w, 0), "\r\nAuthorization: apk 1.secretkey\r\n");
}

static void a_key_that_cannot_be_read_sends_nothing(void **state)
{
    struct world *w = *state;

    set_key("DCTD_TEST_KEY");
    size_t i = ask(w, request("POST", "/vdbs", "{}"));
    assert_true(w->answers[i].unsent);
    assert_int_equal(w->answers[i].status, 0);
    says(w->errors[i], "DCTD_TEST_KEY is not set");
    assert_int_equal(http_server_requests(w->server), 0);
}

static void a_key_of_several_lines_sends_nothing(void **state)
{
    struct world *w = *state;

    set_key("DCTD_TEST_KEY=1.a\r\nX-Evil: 1");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_true(w->answers[i].unsent);
    says(w->errors[i], "more than one line");
}

static void secrets_are_put_into_the_body_that_leaves(void **state)
{
    struct world *w = *state;

    (void)ask(w, request("POST", "/environments",
                         "{\"name\":\"e\",\"password\":{\"$secret\":{\"env\":"
                         "\"DCTD_TEST_PASSWORD\"}},\"hooks\":[{\"p\":{\"$secret\":{\"env\":"
                         "\"DCTD_TEST_PASSWORD\"}}}]}"));
    says(sent(w, 0), "\r\nContent-Type: application/json\r\n");
    says(sent(w, 0), "\r\n\r\n{\"name\":\"e\",\"password\":\"pa\\\"ss\\nword\","
                     "\"hooks\":[{\"p\":\"pa\\\"ss\\nword\"}]}");
}

static void a_secret_that_cannot_be_read_sends_nothing(void **state)
{
    struct world *w = *state;
    size_t i = ask(w, request("POST", "/environments",
                              "{\"password\":{\"$secret\":{\"env\":\"DCTD_TEST_NOWHERE\"}}}"));

    assert_true(w->answers[i].unsent);
    says(w->errors[i], "DCTD_TEST_NOWHERE is not set");
    assert_int_equal(http_server_requests(w->server), 0);
}

static void no_content_is_an_answer_without_body(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server, "HTTP/1.1 204 No Content\r\n\r\n", AFTER_KEEP);
    size_t i = ask(w, request("POST", "/vdbs/1/tags/delete", "{}"));
    assert_int_equal(w->answers[i].status, 204);
    assert_null(w->errors[i]);
    assert_null(w->bodies[i]);
}

static void html_is_told_as_what_it_is(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server,
                       "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=utf-8\r\n"
                       "Content-Length: 33\r\n\r\n<html>\n\n<h1>Nothing \x01here</h1>\n  ",
                       AFTER_KEEP);
    size_t i = ask(w, request("GET", "/vdbs/1", NULL));
    assert_int_equal(w->answers[i].status, 404);
    says(w->errors[i], "DCT answered 404 with text/html; charset=utf-8, not JSON: "
                       "<html> <h1>Nothing here</h1>");
    assert_null(w->bodies[i]);
}

static void broken_json_is_told_with_its_place(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 200, "", "{\"items\":[{\"id\":}]}");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_int_equal(w->answers[i].status, 200);
    says(w->errors[i], "broken JSON at byte ");
    says(w->errors[i], "of 19, near: {\"items\"");
    assert_null(w->bodies[i]);
}

static void json_under_another_name_is_json(void **state)
{
    struct world *w = *state;

    http_server_answer(w->server,
                       "HTTP/1.1 400 Bad\r\nContent-Type: application/problem+JSON;x=y\r\n"
                       "Content-Length: 11\r\n\r\n{\"error\":1}",
                       AFTER_KEEP);
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_int_equal(w->answers[i].status, 400);
    assert_null(w->errors[i]);
    assert_non_null(w->bodies[i]);
}

static void a_refused_key_says_which_one(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 401, "", "{\"error\":\"unauthorized\"}");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_int_equal(w->answers[i].status, 401);
    says(w->errors[i], "does not accept the API key (env DCTD_TEST_KEY)");
    assert_null(strstr(w->errors[i], "secretkey"));
    assert_non_null(w->bodies[i]);
}

static void a_redirect_says_where_dct_is(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 301, "Location: https://dct.example.com/\r\n", "");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_int_equal(w->answers[i].status, 301);
    says(w->errors[i], "redirects to https://dct.example.com/");
}

/* It is told on terminals, in the history and to whoever asks. */
static void dct_may_repeat_what_it_was_sent(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 400, "",
                     "{\"message\":\"apk 1.secretkey?\",\"errors\":[{\"x\":\"1.secretkey\"}]}");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_string_equal(json_text(w->bodies[i], "message"), "apk ***?");
    assert_string_equal(json_text(w->bodies[i], "errors[0].x"), "***");

    http_server_json(w->server, 200, "",
                     "{\"job\":{\"id\":\"1.secretkey\",\"error_details\":\"1.secretkey\"}}");
    i = ask(w, request("GET", "/vdbs", NULL));
    assert_string_equal(json_text(w->bodies[i], "job.id"), "1.secretkey");
    assert_string_equal(json_text(w->bodies[i], "job.error_details"), "***");

    http_server_json(w->server, 200, "",
                     "{\"items\":[{\"name\":\"1.secretkey\",\"warning_message\":\"1.secretkey\"}],"
                     "\"errors\":[{\"message\":\"1.secretkey\"}]}");
    i = ask(w, request("GET", "/vdbs", NULL));
    assert_string_equal(json_text(w->bodies[i], "items[0].name"), "1.secretkey");
    assert_string_equal(json_text(w->bodies[i], "items[0].warning_message"), "***");
    assert_string_equal(json_text(w->bodies[i], "errors[0].message"), "***");

    http_server_json(w->server, 502, "", "{\"1.secretkey");
    i = ask(w, request("GET", "/vdbs", NULL));
    says(w->errors[i], "near: {\"***");
}

static void retry_after_is_handed_on(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 429, "Retry-After: 3\r\n", "{}");
    size_t i = ask(w, request("GET", "/vdbs", NULL));
    assert_int_equal(w->answers[i].retry_after, 3000);
}

/* A connector file in a folder of its own; `manifest` is a path beside it. */
struct artifact {
    char folder[32], path[64], manifest[64];
};

static struct artifact artifact(const char *content)
{
    struct artifact a;

    (void)snprintf(a.folder, sizeof(a.folder), "/tmp/test_dct.XXXXXX");
    assert_non_null(mkdtemp(a.folder));
    (void)snprintf(a.path, sizeof(a.path), "%s/c.json", a.folder);
    (void)snprintf(a.manifest, sizeof(a.manifest), "%s/m.yaml", a.folder);

    FILE *f = fopen(a.path, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return a;
}

static void artifact_remove(const struct artifact *a)
{
    (void)remove(a->path);
    assert_int_equal(rmdir(a->folder), 0);
}

static struct request *upload(const struct world *w, const struct artifact *a, const char *planned)
{
    struct request *r = request("POST", "/toolkits/upload", "{\"engine_id\":\"7\"}");

    r->write = true;
    r->file = xstrdup("c.json");
    r->base_file = a->manifest;
    r->part = "file";
    r->file_digest = xcalloc(1, DIGEST_TEXT);
    digest_hex(w->key, sizeof(w->key), planned, strlen(planned), r->file_digest);
    return r;
}

static void a_connector_is_uploaded_in_parts(void **state)
{
    struct world *w = *state;
    struct artifact a = artifact("{\"name\":\"pg\"}");

    assert_int_equal(w->answers[ask(w, upload(w, &a, "{\"name\":\"pg\"}"))].status, 200);
    says(sent(w, 0), "POST /dct/v3/toolkits/upload HTTP/1.1\r\n");
    says(sent(w, 0), "\r\nContent-Type: multipart/form-data; boundary=");
    says(sent(w, 0), "name=\"engine_id\"\r\n\r\n7\r\n");
    says(sent(w, 0), "name=\"file\"; filename=\"c.json\"\r\n");
    says(sent(w, 0), "\r\n\r\n{\"name\":\"pg\"}\r\n--");
    artifact_remove(&a);
}

static void a_connector_that_changed_since_the_plan_is_not_sent(void **state)
{
    struct world *w = *state;
    struct artifact a = artifact("{\"name\":\"other\"}");
    size_t i = ask(w, upload(w, &a, "{\"name\":\"pg\"}"));

    assert_true(w->answers[i].unsent);
    says(w->errors[i], "changed since it was planned");
    assert_int_equal(http_server_requests(w->server), 0);
    artifact_remove(&a);
}

static void a_connector_that_is_gone_is_not_sent(void **state)
{
    struct world *w = *state;
    struct artifact a = artifact("{}");

    assert_int_equal(remove(a.path), 0);
    size_t i = ask(w, upload(w, &a, "{}"));
    assert_true(w->answers[i].unsent);
    says(w->errors[i], "No such file");
    artifact_remove(&a);
}

static void only_gets_and_searches_read(void **state)
{
    (void)state;
    assert_true(dct_reads("GET", "/vdbs"));
    assert_true(dct_reads("POST", "/jobs/search"));
    assert_true(dct_reads("POST", "/jobs/search?limit=1"));
    assert_false(dct_reads("POST", "/vdbs"));
    assert_false(dct_reads("POST", "/vdbs?x=/search"));
    assert_false(dct_reads("POST", "/vdbs/search/delete"));
    assert_false(dct_reads("POST", "search"));
    assert_false(dct_reads("DELETE", "/jobs/search"));
    assert_false(dct_reads("PATCH", "/vdbs/1"));
}

/* How a child that sends this on a read-only dct ends: the signal, or 0. */
static int signal_of(struct world *w, struct request *r_taken)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        dct_read_only(w->dct);
        dct_send(w->dct, r_taken);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    request_free(r_taken);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_read_only_run_cannot_write(void **state)
{
    struct world *w = *state;
    struct request *sly = request("POST", "/vdbs/search", "{}");

    sly->write = true;
    assert_int_equal(signal_of(w, request("GET", "/vdbs", NULL)), 0);
    assert_int_equal(signal_of(w, request("POST", "/vdbs/search", "{}")), 0);
    assert_int_equal(signal_of(w, request("POST", "/vdbs", "{}")), SIGABRT);
    assert_int_equal(signal_of(w, request("DELETE", "/vdbs/1", NULL)), SIGABRT);
    assert_int_equal(signal_of(w, sly), SIGABRT);
}

static unsigned learned_api;
static bool learned_answered;

static void on_learned(void *ctx, unsigned api, bool answered)
{
    struct world *w = ctx;

    learned_api = api;
    learned_answered = answered;
    uv_stop(&w->loop);
}

static void the_version_stands_in_the_info_of_the_document(void **state)
{
    (void)state;
    assert_int_equal(dct_api_of("openapi: 3.0.0\ninfo:\n  title: x\n  version: 3.28.0\n"), 328);
    assert_int_equal(dct_api_of("info:\n  version: '3.5.0'\n"), 305);
    assert_int_equal(dct_api_of("info:\n  version: \"3.18\"\npaths: {}\n"), 318);
    assert_int_equal(dct_api_of("paths:\n  version: 3.28.0\n"), 0);
    assert_int_equal(dct_api_of("info:\n  version: latest\n"), 0);
    assert_int_equal(dct_api_of("info:\n  version: 300.1\n"), 0);
    assert_int_equal(dct_api_of("info:\n  version: 3\n"), 0);
    assert_int_equal(dct_api_of(""), 0);
}

static void the_document_stands_beside_the_base_path(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 200, "", "info:\n  version: 3.18.0\n");
    dct_learn(w->dct, on_learned);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(learned_api, 318);
    assert_true(learned_answered);
    const char *asked = http_server_request(w->server, 0);
    assert_non_null(strstr(asked, "GET /dct/static/api-external.yaml "));
    assert_null(strstr(asked, "secretkey")); /* nobody's business there */
}

static void a_server_without_a_document_is_known_for_that(void **state)
{
    struct world *w = *state;

    http_server_json(w->server, 404, "", "{}");
    dct_learn(w->dct, on_learned);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(learned_api, 0);
    assert_true(learned_answered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_asked_for_with_key_and_name, setup, teardown),
        cmocka_unit_test_setup_teardown(the_base_path_may_be_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_that_brings_its_prefix_gets_no_second, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_key_that_cannot_be_read_sends_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_several_lines_sends_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(secrets_are_put_into_the_body_that_leaves, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_that_cannot_be_read_sends_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_content_is_an_answer_without_body, setup, teardown),
        cmocka_unit_test_setup_teardown(html_is_told_as_what_it_is, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_json_is_told_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(json_under_another_name_is_json, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_key_says_which_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_says_where_dct_is, setup, teardown),
        cmocka_unit_test_setup_teardown(dct_may_repeat_what_it_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_handed_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connector_is_uploaded_in_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connector_that_changed_since_the_plan_is_not_sent, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connector_that_is_gone_is_not_sent, setup, teardown),
        cmocka_unit_test(the_version_stands_in_the_info_of_the_document),
        cmocka_unit_test_setup_teardown(the_document_stands_beside_the_base_path, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_without_a_document_is_known_for_that, setup,
                                        teardown),
        cmocka_unit_test(only_gets_and_searches_read),
        cmocka_unit_test_setup_teardown(a_read_only_run_cannot_write, setup, teardown),
    };

    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
