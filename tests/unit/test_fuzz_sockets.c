/* Guests of the two sockets, and a DCT, that send what nobody should: a whole dctd
 * that has converged answers or hangs up, does nothing that was not asked for,
 * and is there for the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/dct.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/socket.h"
#include "schema/json.h"
#include "tests/lib/descriptors.h"
#include "tests/lib/fuzz.h"
#include "tests/lib/http_server.h"
#include "tests/lib/tree.h"
#include "tests/sim/http_front.h"

enum { TURNS = 60, QUIET = 12, OFTEN = 25 };

static const char manifests[] =
    "apiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
    "spec: {hostname: east.example.com, username: admin, password: {env: DCTD_TEST_KEY}}\n";

struct guests {
    struct tree *tree;
    struct sim *sim;
    struct http_front *front;
    struct app *app;
    struct api *api;
    struct listener *listener;
    char *control;
    bool from_afar; /* over the status listener */
    unsigned pokes, rounds;
    size_t descriptors, writes;
};

static void set_key(void)
{
    static char key[] = "DCTD_TEST_KEY=1.secretkey";

    fuzz_holds(putenv(key) == 0, "there is an environment"); // NOLINT(concurrency-mt-unsafe)
}

static char *on_unready(void *ctx)
{
    (void)ctx;
    return NULL;
}

static void on_metrics(void *ctx, struct buf *out)
{
    (void)ctx;
    (void)out;
}

static void on_poke(void *ctx)
{
    struct guests *g = ctx;

    g->pokes++;
}

static void on_told(void *ctx, const char *side, unsigned status)
{
    (void)ctx;
    (void)side;
    (void)status;
}

static void turn(struct guests *g)
{
    (void)uv_run(app_loop(g->app), UV_RUN_NOWAIT);
}

static bool has_converged(const struct guests *g)
{
    struct cycle_status s;

    cycle_status(app_cycle(g->app), &s);
    return s.phase == CYCLE_IDLE && s.converged_at && s.managed == 1 && s.synced == 1;
}

/* The configuration names the port before the front is there: DCT comes on the
 * same loop. */
static void open_dct(struct guests *g, unsigned port)
{
    const struct http_front_options f = {
        .host = "127.0.0.1", .port = port, .base = "/dct/v3", .quiet = true
    };
    char *error = NULL;

    g->front = http_front_new(app_loop(g->app), g->sim, &f, &error);
    fuzz_holds(g->front != NULL, "the simulator is open");
}

static unsigned free_port(void)
{
    char *error = NULL;
    int fd = socket_listen_tcp("127.0.0.1:0", &error);
    char *name = socket_name(fd);
    int64_t port = 0;

    fuzz_holds(parse_int64(strrchr(name, ':') + 1, &port), "the port has a number");
    free(name);
    (void)close(fd);
    return (unsigned)port;
}

static void *open_guests(void)
{
    struct guests *g = xcalloc(1, sizeof(*g));
    const struct app_options o = { .mode = CYCLE_RUN };
    const struct listener_calls calls = {
        .unready = on_unready, .metrics = on_metrics, .poke = on_poke, .told = on_told, .ctx = g
    };
    unsigned port = free_port();
    struct diags d = { 0 };
    char *error = NULL;

    set_key();
    log_open(LEVEL_ERROR);
    g->tree = tree_new();
    g->sim = sim_new(&(struct sim_options){ .speed = 2000 });
    char *text = xasprintf(
        "instance: test\ndct: {url: 'http://127.0.0.1:%u', apiKey: {env: DCTD_TEST_KEY}}\n"
        "manifests: {path: manifests}\nledger: ledger.db\ncontrol: control.sock\n"
        "status: {listen: '127.0.0.1:0', webhook: {secret: {env: DCTD_TEST_KEY}}}\n"
        "reconcile: {interval: 1h}\n",
        port);
    tree_write(g->tree, "dctd.yaml", text);
    tree_write(g->tree, "manifests/all.yaml", manifests);
    g->control = tree_at(g->tree, "control.sock");
    char *path = tree_at(g->tree, "dctd.yaml");
    g->app = app_new(config_load(path, &d), &o, &error);
    fuzz_holds(g->app != NULL, "dctd is there");
    open_dct(g, port);
    g->api = api_new(g->app);
    g->listener = listener_new(app_loop(g->app), g->api, &calls);
    fuzz_holds(listener_configure(g->listener, app_config(g->app), app_secrets(g->app), &error),
               "it can be asked");
    app_load(g->app);
    while (!has_converged(g))
        turn(g);
    g->descriptors = open_descriptors();
    g->writes = ledger_count(cycle_ledger(app_cycle(g->app)));
    free(path);
    free(text);
    return g;
}

static int call(const struct guests *g)
{
    struct sockaddr_storage at = { 0 };
    struct sockaddr_un *local = (struct sockaddr_un *)&at;
    socklen_t n = sizeof(*local);

    if (g->from_afar) {
        n = socket_address(listener_status(g->listener), &at);
    } else {
        local->sun_family = AF_UNIX;
        (void)snprintf(local->sun_path, sizeof(local->sun_path), "%s", g->control);
    }
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    fuzz_holds(connect(fd, (struct sockaddr *)&at, n) == 0 || errno == EINPROGRESS,
               "whoever comes is let in");
    return fd;
}

/* Says it, ends its half, and reads what comes back until nothing more does. */
static void converse(struct guests *g, const char *data, size_t n, struct buf *answer)
{
    int fd = call(g);
    bool ended = false;

    for (unsigned idle = 0; idle < QUIET;) {
        char chunk[4096];
        ssize_t sent = n ? send(fd, data, n, MSG_NOSIGNAL) : 0;
        ssize_t got = recv(fd, chunk, sizeof(chunk), 0);

        data += sent > 0 ? sent : 0;
        n = sent >= 0 ? n - (size_t)sent : errno == EAGAIN ? n : 0;
        if (n == 0 && !ended)
            ended = shutdown(fd, SHUT_WR) == 0;
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN))
            break;
        if (got > 0)
            (void)buf_add(answer, chunk, (size_t)got);
        turn(g);
        if (got < 0 && n == 0) {
            (void)poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, idle > QUIET / 2);
            idle++;
        }
    }
    (void)close(fd);
    turn(g);
}

static void is_well(struct guests *g)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    struct buf answer = BUF_WITH_LIMIT(1 << 20);
    size_t n = 0;

    converse(g, request, sizeof(request) - 1, &answer);
    fuzz_holds(starts_with(buf_text(&answer), "HTTP/1.1 200"), "the next one is answered");
    for (unsigned i = 0; i < TURNS && (n = open_descriptors()) > g->descriptors; i++)
        turn(g);
    fuzz_holds(n <= g->descriptors + 8, "descriptors are given back");
    buf_clear(&answer);
}

static void meet(void *ctx, const char *data, size_t n)
{
    struct guests *g = ctx;
    const struct cycle *c = app_cycle(g->app);
    struct buf answer = BUF_WITH_LIMIT(16 << 20);

    converse(g, data, n, &answer);
    fuzz_holds(answer.n == 0 || starts_with(buf_text(&answer), "HTTP/1."), "the answer is HTTP");
    fuzz_holds(!answer.data || !strstr(answer.data, "1.secretkey"), "no secret is told");
    fuzz_holds(ledger_count(cycle_ledger(c)) == g->writes, "nothing that is kept is lost");
    fuzz_holds(g->pokes == 0, "nobody is woken by what was not proved");
    fuzz_holds(!g->from_afar || ledger_suspensions(cycle_ledger(c))->n == 0,
               "the status listener only reads");
    buf_clear(&answer);
    if (++g->rounds % OFTEN == 0)
        is_well(g);
}

static void *open_afar(void)
{
    struct guests *g = open_guests();

    g->from_afar = true;
    return g;
}

static void close_guests(void *ctx)
{
    struct guests *g = ctx;

    is_well(g);
    listener_close(g->listener);
    http_front_close(g->front);
    api_free(g->api);
    app_free(g->app);
    sim_free(g->sim);
    tree_free(g->tree);
    free(g->control);
    free(g);
}

#define HEAD " HTTP/1.1\r\nHost: x\r\n"

static const char *const http_words[] = {
    "GET ",
    "POST ",
    "HEAD ",
    HEAD,
    "\r\n\r\n",
    "\r\n",
    "\n",
    "%00",
    "%2f",
    "%",
    "../",
    "?",
    "&",
    "=",
    "after=1&wait=0",
    "after=99999999999999999999",
    "wait=-1",
    "Content-Length: 5\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: 99999999999\r\n",
    "Transfer-Encoding: chunked\r\n",
    "ffffffffffffffff\r\n",
    "0\r\n\r\n",
    "Expect: 100-continue\r\n",
    "Connection: Upgrade\r\nUpgrade: h2c\r\n",
    "Authorization: Bearer x\r\n",
    "X-Gitlab-Token: x\r\n",
    "{\"object\":\"VDB/x\"}",
    "\\u0000",
    "null",
    "[[[[[[[[",
    "HTTP/1.0",
    "\xff",
    ": ",
};

static const char *const control_seeds[] = {
    "GET /api/v1/status" HEAD "\r\n",
    "GET /api/v1/objects?kind=engines&after=7&wait=0" HEAD "\r\n",
    "GET /api/v1/objects/Engine/east" HEAD "\r\nGET /healthz" HEAD "\r\n",
    "GET /api/v1/events?object=engine/east&since=1h&limit=7" HEAD "\r\n",
    "POST /api/v1/suspend" HEAD
    "Content-Length: 36\r\n\r\n{\"object\":\"Engine/east\",\"reason\":\"r\"}",
    "POST /api/v1/resume" HEAD "Content-Length: 24\r\n\r\n{\"object\":\"Engine/east\"}",
    "POST /api/v1/adopt" HEAD
    "Content-Length: 33\r\n\r\n{\"object\":\"Engine/east\",\"id\":\"99\"}",
    "POST /api/v1/reconcile" HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "GET /" HEAD "\r\n",
};

static const char *const status_seeds[] = {
    "GET /metrics" HEAD "\r\n",
    "GET /readyz" HEAD "\r\nHEAD /api/v1/graph" HEAD "\r\n",
    "POST /api/v1/suspend" HEAD "Content-Length: 2\r\n\r\n{}",
    "POST /api/v1/forget" HEAD "Content-Length: 24\r\n\r\n{\"object\":\"Engine/east\"}",
    "POST /hook/git" HEAD
    "X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    "\r\nContent-Length: 13\r\n\r\nHello, World!",
    "POST /hook/git" HEAD "webhook-id: a\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n"
    "Content-Length: 2\r\n\r\n{}",
    "GET /api/v1/status" HEAD "Authorization: Bearer abc\r\n\r\n",
};

static void the_control_socket(void **state)
{
    (void)state;
    const struct fuzz f = { .name = "control socket",
                            .seeds = control_seeds,
                            .n_seeds = ARRAY_LEN(control_seeds),
                            .words = http_words,
                            .n_words = ARRAY_LEN(http_words),
                            .open = open_guests,
                            .close = close_guests,
                            .run = meet };

    fuzz_run(&f, 400);
}

static void the_status_listener_and_its_webhook(void **state)
{
    (void)state;
    const struct fuzz f = { .name = "status listener",
                            .seeds = status_seeds,
                            .n_seeds = ARRAY_LEN(status_seeds),
                            .words = http_words,
                            .n_words = ARRAY_LEN(http_words),
                            .open = open_afar,
                            .close = close_guests,
                            .run = meet };

    fuzz_run(&f, 400);
}

/* dctd's side of the wire to DCT. */
struct asker {
    uv_loop_t loop;
    struct http_server *server;
    struct config config;
    struct secrets *secrets;
    uint8_t key[STORE_KEY];
    struct dct *dct;
    unsigned answers;
};

static void on_answer(void *ctx, const struct reply *r)
{
    struct asker *a = ctx;

    a->answers++;
    fuzz_holds(r->request == 42, "the answer is that of the question");
    fuzz_holds(r->status >= 0 && r->status < 1000, "the status is one of HTTP");
    fuzz_holds(r->status || r->error, "no answer has a reason");
    fuzz_holds(r->retry_after >= 0, "nobody waits for the past");
    fuzz_holds(!r->error || !strstr(r->error, "1.secretkey"), "no secret is told");
    uv_stop(&a->loop);
}

static void *open_asker(void)
{
    struct asker *a = xcalloc(1, sizeof(*a));

    set_key();
    log_open(LEVEL_ERROR);
    (void)uv_loop_init(&a->loop);
    a->server = http_server_new(&a->loop);
    a->config.dct.url = xstrdup(http_server_url(a->server));
    a->config.dct.base_path = xstrdup("/dct/v3");
    a->config.dct.api_key.source = SECRET_ENV;
    a->config.dct.api_key.name = xstrdup("DCTD_TEST_KEY");
    a->secrets = secrets_new(NULL);
    a->dct = dct_new(&a->loop, &a->config, a->secrets, a->key, on_answer, a);
    return a;
}

static void close_asker(void *ctx)
{
    struct asker *a = ctx;

    dct_close(a->dct);
    http_server_close(a->server);
    while (uv_run(&a->loop, UV_RUN_DEFAULT) != 0)
        continue;
    fuzz_holds(uv_loop_close(&a->loop) == 0, "every handle is closed");
    secrets_free(a->secrets);
    free(a->config.dct.url);
    free(a->config.dct.base_path);
    free(a->config.dct.api_key.name);
    free(a);
}

static void answer_so(void *ctx, const char *data, size_t n)
{
    struct asker *a = ctx;
    struct request *r = xcalloc(1, sizeof(*r));

    (void)n;
    r->id = 42;
    r->method = "GET";
    r->path = xstrdup("/vdbs?limit=1000");
    r->timeout = 200;
    a->answers = 0;
    http_server_answer(a->server, data, AFTER_CLOSE);
    dct_send(a->dct, r);
    while (!a->answers)
        (void)uv_run(&a->loop, UV_RUN_DEFAULT);
    (void)uv_run(&a->loop, UV_RUN_NOWAIT);
    fuzz_holds(a->answers == 1, "there is one answer to a question");
}

static void the_answers_of_dct(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n"
        "{\"items\":[],\"response_metadata\":{\"total\":0}}",
        "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n"
        "e\r\n{\"job\":{\"id\":\r\n5\r\n\"a\"}}\r\n0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html>no</html>",
    };
    const struct fuzz f = { .name = "answers of DCT",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = http_words,
                            .n_words = ARRAY_LEN(http_words),
                            .open = open_asker,
                            .close = close_asker,
                            .run = answer_so };

    fuzz_run(&f, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_control_socket),
        cmocka_unit_test(the_status_listener_and_its_webhook),
        cmocka_unit_test(the_answers_of_dct),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
