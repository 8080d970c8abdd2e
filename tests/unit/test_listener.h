/* A listener in a folder of its own, over real sockets and before a small api
 * that is easily seen through; for the tests of it, each of which has one. */
#ifndef TESTS_UNIT_TEST_LISTENER_H
#define TESTS_UNIT_TEST_LISTENER_H

#include "daemon/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/digest.h"
#include "daemon/front.h"
#include "daemon/secrets.h"
#include "tests/lib/tree.h"

struct api {
    uint64_t serial;
    void (*changed)(void *ctx);
    void *ctx;
    size_t asked, size; /* bytes of its answers, 0 = a few */
    char last[512];     /* "METHOD PATH may_write WHOM BODY" */
};

void api_answer(struct api *api, const struct api_request *q, struct api_answer *out)
{
    const char *after = q->parameter(q->ctx, "after");
    int64_t serial;

    api->asked++;
    (void)snprintf(api->last, sizeof(api->last), "%s %s %d %s %.*s", q->method, q->path,
                   q->may_write, q->whom, (int)q->n, q->n ? q->body : "");
    *out = (struct api_answer){ .status = 200, .type = "application/json" };
    if (after && parse_int64(after, &serial) && (uint64_t)serial >= api->serial) {
        out->status = 0;
        return;
    }
    if (streq(q->path, "/api/v1/odd"))
        out->status = 405;
    if (api->size) {
        out->body = xmalloc(api->size);
        memset(out->body, ' ', api->size);
        out->n = api->size;
        return;
    }
    out->body = streq(q->path, "/api/v1/status")
                    ? xstrdup("{\"instance\":\"<script>\",\"counts\":{\"managed\":3}}")
                    : xasprintf("{\"serial\":%llu}", (unsigned long long)api->serial);
    out->n = strlen(out->body);
}

uint64_t api_serial(const struct api *api)
{
    return api->serial;
}

void api_on_change(struct api *api, void (*changed)(void *ctx), void *ctx)
{
    api->changed = changed;
    api->ctx = ctx;
}

/* The real ones would come along with whatever of it is left out here. */
struct api *api_new(struct app *a)
{
    (void)a;
    return NULL;
}

void api_free(struct api *api)
{
    (void)api;
}

struct world {
    uv_loop_t loop;
    struct api api;
    struct tree *tree;
    struct secrets *secrets;
    struct listener *listener;
    struct config config;
    char *path;
    const char *unready;
    unsigned pokes, refused, told;
};

static char *on_unready(void *ctx)
{
    struct world *w = ctx;

    return w->unready ? xstrdup(w->unready) : NULL;
}

static void on_metrics(void *ctx, struct buf *out)
{
    (void)ctx;
    (void)buf_puts(out, "dctd_ready 1\n");
}

static void on_poke(void *ctx)
{
    struct world *w = ctx;

    w->pokes++;
}

static void on_told(void *ctx, const char *side, unsigned status)
{
    struct world *w = ctx;

    (void)side;
    w->told++;
    w->refused += status == 0;
}

static void configure(struct world *w)
{
    char *error = NULL;

    if (!listener_configure(w->listener, &w->config, w->secrets, &error))
        fail_msg("%s", error);
}

static struct world *world_new(void)
{
    struct world *w = xcalloc(1, sizeof(*w));
    const struct listener_calls calls = {
        .unready = on_unready, .metrics = on_metrics, .poke = on_poke, .told = on_told, .ctx = w
    };

    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->api.serial = 7;
    w->tree = tree_new();
    w->secrets = secrets_new(NULL);
    w->path = tree_at(w->tree, "control.sock");
    w->config.control = w->path;
    w->config.status.listen = xstrdup("127.0.0.1:0");
    w->listener = listener_new(&w->loop, &w->api, &calls);
    configure(w);
    return w;
}

static void world_free(struct world *w)
{
    listener_close(w->listener);
    while (uv_run(&w->loop, UV_RUN_DEFAULT) != 0)
        continue;
    assert_int_equal(uv_loop_close(&w->loop), 0);
    assert_null(w->api.changed);
    assert_int_not_equal(access(w->path, F_OK), 0);
    secrets_free(w->secrets);
    tree_free(w->tree);
    free(w->config.status.listen);
    free(w->config.status.certificate);
    free(w->config.status.key.name);
    free(w->config.status.token.name);
    free(w->config.status.webhook.name);
    free(w->path);
    free(w);
}

static int call_path(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    return fd;
}

static int call_control(const struct world *w)
{
    return call_path(w->path);
}

static int call_status(const struct world *w)
{
    struct sockaddr_storage at;
    socklen_t n = socket_address(listener_status(w->listener), &at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    assert_true(connect(fd, (struct sockaddr *)&at, n) == 0 || errno == EINPROGRESS);
    return fd;
}

static void turn(struct world *w)
{
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

/* Until nothing has come for a moment: the kernel takes its own time between two
 * ends of a connection, and the front shares the loop with others. */
static void settle(struct world *w)
{
    enum { QUIET = 20, TURNS_MAX = 2000 };

    for (unsigned i = 0; i < TURNS_MAX; i++) {
        struct pollfd loop = { .fd = uv_backend_fd(&w->loop), .events = POLLIN };
        int due = uv_backend_timeout(&w->loop);
        bool soon = due >= 0 && due <= QUIET;

        if (poll(&loop, 1, soon ? due : QUIET) == 0 && !soon)
            return;
        turn(w);
    }
}

static void write_all(struct world *w, int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN)
            return;
        data += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
        turn(w);
    }
}

static void write_text(struct world *w, int fd, const char *text)
{
    write_all(w, fd, text, strlen(text));
}

/* Everything until a whole answer is there, or the end; owned. */
static char *read_answer(struct world *w, int fd)
{
    struct buf in = BUF_WITH_LIMIT(64 << 20);
    char chunk[65536];

    for (unsigned idle = 0; idle < 3000;) {
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

        if (n == 0 || (n < 0 && errno != EAGAIN))
            break;
        if (n > 0)
            assert_true(buf_add(&in, chunk, (size_t)n));
        const char *end = in.n ? strstr(in.data, "\r\n\r\n") : NULL;
        const char *length = end ? strcasestr(in.data, "Content-Length: ") : NULL;
        int64_t body = 0;
        if (length) {
            char *digits = xstrndup(length + 16, strcspn(length + 16, "\r"));
            assert_true(parse_int64(digits, &body));
            free(digits);
        }
        if (end && in.n >= (size_t)(end + 4 - in.data) + (size_t)body)
            break;
        if (n < 0) {
            struct pollfd p = { .fd = fd, .events = POLLIN };
            idle += poll(&p, 1, 1) == 0;
        }
        turn(w);
    }
    return buf_take(&in);
}

static char *ask(struct world *w, int fd, const char *request)
{
    write_text(w, fd, request);
    return read_answer(w, fd);
}

/* One question on a connection of its own. */
static char *ask_once(struct world *w, bool control, const char *method, const char *path,
                      const char *headers, const char *body)
{
    int fd = control ? call_control(w) : call_status(w);
    char *request = xasprintf("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s",
                              method, path, headers, strlen(body), body);
    char *answer = ask(w, fd, request);

    free(request);
    (void)close(fd);
    return answer;
}

static void check(const char *answer, const char *status, const char *has)
{
    char *line = xasprintf("HTTP/1.1 %s", status);

    if (!starts_with(answer, line) || !strstr(answer, has))
        fail_msg("wanted %s and '%s', got: %s", status, has, answer);
    free(line);
}

static void check_status_get(struct world *w, const char *path, const char *status, const char *has)
{
    char *answer = ask_once(w, false, "GET", path, "", "");

    check(answer, status, has);
    free(answer);
}

#endif
