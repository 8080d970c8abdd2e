#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/front_parts.h"

enum { NS = 1000000 };

struct front_request {
    struct front *front;
    struct connection *connection;
    const char *method, *path;
    struct buf body;
    struct front_sink sink;
    size_t sunk;
    bool over; /* the body is larger than it may be */
    bool held;
    uint64_t until; /* it is held */
};

const char *front_method(const struct front_request *q)
{
    return streq(q->method, MHD_HTTP_METHOD_HEAD) ? MHD_HTTP_METHOD_GET : q->method;
}

const char *front_path(const struct front_request *q)
{
    return q->path;
}

const struct peer *front_peer(const struct front_request *q)
{
    return &q->connection->peer;
}

const char *front_header(const struct front_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection->mhd, MHD_HEADER_KIND, name);
}

const char *front_parameter(void *front_request, const char *name)
{
    const struct front_request *q = front_request;

    return MHD_lookup_connection_value(q->connection->mhd, MHD_GET_ARGUMENT_KIND, name);
}

const char *front_body(const struct front_request *q, size_t *n)
{
    *n = q->body.n;
    return q->body.data;
}

void *front_sink(const struct front_request *q)
{
    return q->sink.to;
}

int front_fd(const struct front *f)
{
    return f->fd;
}

size_t front_connections(const struct front *f)
{
    return f->n;
}

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
    if (value)
        (void)MHD_add_response_header(r, name, value);
}

static void add_headers(struct MHD_Response *r, const struct front_answer *a)
{
    char *retry = a->retry ? xasprintf("%u", a->retry) : NULL;

    add_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, a->n ? a->type : NULL);
    add_header(r, MHD_HTTP_HEADER_ALLOW, a->allow);
    add_header(r, MHD_HTTP_HEADER_WWW_AUTHENTICATE, a->challenge ? "Bearer realm=\"dctd\"" : NULL);
    add_header(r, MHD_HTTP_HEADER_RETRY_AFTER, retry);
    add_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(r, "X-Content-Type-Options", "nosniff");
    add_header(r, "Content-Security-Policy",
               a->style ? "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
                        : "default-src 'none'; frame-ancestors 'none'");
    free(retry);
}

/* Takes the body. */
static enum MHD_Result say(struct front_request *q, struct front_answer *a)
{
    struct connection *c = q->connection;
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->n, a->n ? a->body : NULL,
                                        a->n ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

    if (!r || a->n == 0)
        free(a->body);
    a->body = NULL;
    if (!r)
        return MHD_NO;
    add_headers(r, a);
    enum MHD_Result queued = MHD_queue_response(c->mhd, a->status, r);
    MHD_destroy_response(r);
    if (queued == MHD_YES) {
        c->owed = a->n;
        q->front->owed += a->n;
        connection_enter(c, PHASE_ANSWER, FRONT_ANSWER_TIME);
        q->front->calls->told(q->front->ctx, a->status);
    }
    return queued;
}

static enum MHD_Result say_text(struct front_request *q, unsigned status, unsigned retry,
                                const char *text)
{
    struct front_answer a = { .status = status,
                              .type = "text/plain; charset=utf-8",
                              .body = xstrdup(text),
                              .n = strlen(text),
                              .retry = retry };

    return say(q, &a);
}

static enum MHD_Result hold(struct front_request *q)
{
    const char *text = front_parameter(q, "wait");
    int64_t wait = FRONT_WAIT / 1000;
    struct connection *c = q->connection;

    if (!q->held) {
        if (text && (!parse_int64(text, &wait) || wait < 0))
            return say_text(q, 400, 0, "wait: seconds, please\n");
        if (wait > FRONT_WAIT_MAX / 1000)
            wait = FRONT_WAIT_MAX / 1000;
        q->held = true;
        q->until = uv_now(q->front->loop) + (uint64_t)wait * 1000;
    }
    if (q->until <= uv_now(q->front->loop)) {
        struct front_answer nothing = { .status = MHD_HTTP_NOT_MODIFIED };
        return say(q, &nothing);
    }
    connection_enter(c, PHASE_HELD, q->until - uv_now(q->front->loop));
    MHD_suspend_connection(c->mhd);
    return MHD_YES;
}

/* Answers may take a share of the loop; what is over that waits. */
static bool busy(struct front *f)
{
    uint64_t now = uv_hrtime(), back = (now - f->measured) / FRONT_SHARE;

    f->spent -= back < f->spent ? back : f->spent;
    f->measured = now;
    return f->spent > (uint64_t)FRONT_BURST * NS;
}

/* Answers that nobody takes cost memory: strangers have a share of it, and whoever
 * has taken nothing for long makes room for the next. */
static bool crowded(const struct front_request *q)
{
    size_t most = q->connection->peer.trusted ? FRONT_OWED_MAX : FRONT_OWED_STRANGERS;

    if (q->front->owed <= most)
        return false;
    front_give_up_late(q->front);
    return true;
}

static enum MHD_Result respond(struct front_request *q)
{
    struct front *f = q->front;
    struct front_answer a = { .type = "application/json" };

    if (q->connection->given_up)
        return MHD_NO;
    if (q->over)
        return say_text(q, 413, 0, "the body is too large\n");
    if ((!q->connection->peer.trusted && busy(f)) || crowded(q))
        return say_text(q, 503, 1, "too much is asked at a time; try again\n");

    uint64_t began = uv_hrtime();
    f->calls->answer(f->ctx, q, &a);
    f->spent += uv_hrtime() - began;
    return a.status ? say(q, &a) : hold(q);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;

    return at && (c >= '0' && c <= '9') == (at < digits + 10) ? (int)(at - digits) : -1;
}

/* libmicrohttpd's MHD_OPTION_UNESCAPE_CALLBACK, for the path and for each name and
 * value of the query: its own decodes %00, and what comes behind is lost. */
static size_t on_escaped(void *ctx, struct MHD_Connection *mhd, char *text)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct connection *c = info->socket_context;
    size_t n = 0;

    (void)ctx;
    for (const char *from = text; *from; from++) {
        int high = *from == '%' ? hex_digit(from[1]) : -1;
        int low = high >= 0 ? hex_digit(from[2]) : -1;

        c->cut = c->cut || (high == 0 && low == 0);
        text[n] = *from;
        if (low >= 0) {
            text[n] = (char)(high << 4 | low);
            from += 2;
        }
        n++;
    }
    text[n] = '\0';
    return n;
}

/* Control characters in a path are nobody's honest question. */
static bool decent(const char *path)
{
    for (; *path; path++) {
        if ((unsigned char)*path < ' ' || *path == 0x7f)
            return false;
    }
    return true;
}

/* The head is here. */
static enum MHD_Result begin(struct front_request *q)
{
    struct front *f = q->front;
    struct front_answer a = { .type = "application/json" };
    const char *length = front_header(q, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t n = 0;

    connection_enter(q->connection, PHASE_BODY, FRONT_BODY_TIME);
    q->sink.max = FRONT_BODY_MAX;
    if (q->connection->cut)
        return say_text(q, 400, 0, "the address has a NUL character\n");
    if (!decent(q->path))
        return say_text(q, 400, 0, "the path has control characters\n");
    if (!f->calls->head(f->ctx, q, &q->sink, &a))
        return say(q, &a);
    if (length && (!parse_int64(length, &n) || n > (int64_t)q->sink.max))
        return say_text(q, 413, 0, "the body is too large\n");
    return MHD_YES;
}

static void take(struct front_request *q, const char *data, size_t n)
{
    q->sunk += n;
    q->over |= q->sunk > q->sink.max;
    if (q->over)
        return;
    if (q->sink.to)
        q->front->calls->add(q->sink.to, data, n);
    else
        (void)buf_add(&q->body, data, n);
}

static struct front_request *request_new(struct front *f, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct front_request *q = xcalloc(1, sizeof(*q));

    q->front = f;
    q->connection = info->socket_context;
    q->body = BUF_WITH_LIMIT(FRONT_BODY_MAX);
    return q;
}

// NOLINTNEXTLINE(readability-function-size): libmicrohttpd wants eight parameters
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *protocol, const char *data,
                                  size_t *n, void **state)
{
    struct front_request *q = *state;
    bool first = !q;

    (void)protocol;
    if (first)
        q = *state = request_new(ctx, mhd);
    q->method = method;
    q->path = url;
    if (first)
        return begin(q);
    if (*n == 0)
        return respond(q);
    take(q, data, *n);
    *n = 0;
    return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *mhd, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct front *f = ctx;
    struct front_request *q = *state;

    (void)mhd;
    (void)code;
    *state = NULL;
    if (!q)
        return;
    f->owed -= q->connection->owed;
    q->connection->owed = 0;
    connection_enter(q->connection, PHASE_HEAD, FRONT_REST_TIME);
    if (q->sink.to)
        f->calls->drop(q->sink.to);
    buf_clear(&q->body);
    free(q);
}

static void on_events(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    front_run(p->data);
}

/* Of interest only where the start fails. */
PRINTF(2, 0) static void on_complaint(void *ctx, const char *fmt, va_list args)
{
    struct front *f = ctx;
    struct buf text = BUF_WITH_LIMIT(1024);

    if (f->running)
        return;
    (void)buf_vprintf(&text, fmt, args);
    while (text.n && text.data[text.n - 1] == '\n')
        text.data[--text.n] = '\0';
    free(f->complaint);
    f->complaint = buf_take(&text);
}

/* The texts of TLS are read here and not written to, whatever their type says. */
static bool start_daemon(struct front *f, const struct front_options *o)
{
    unsigned flags =
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    void *key = (void *)(uintptr_t)o->key, *certificate = (void *)(uintptr_t)o->certificate;
    char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_KEY, 0, key },
                                    { MHD_OPTION_HTTPS_MEM_CERT, 0, certificate },
                                    { MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
                                    { MHD_OPTION_END, 0, NULL } };

    if (!key)
        tls[0].option = MHD_OPTION_END;
    f->daemon =
        MHD_start_daemon(flags | (key ? (unsigned)MHD_USE_TLS : 0U), 0, NULL, NULL, on_request, f,
                         MHD_OPTION_EXTERNAL_LOGGER, on_complaint, f, MHD_OPTION_ARRAY, tls,
                         MHD_OPTION_CONNECTION_LIMIT, 2U * FRONT_CONNECTIONS,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)FRONT_HEAD_MAX,
                         MHD_OPTION_UNESCAPE_CALLBACK, on_escaped, f, MHD_OPTION_NOTIFY_COMPLETED,
                         on_completed, f, MHD_OPTION_NOTIFY_CONNECTION, front_on_connection, f,
                         MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    f->running = f->daemon != NULL;
    return f->running;
}

static void open_handles(struct front *f)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    (void)uv_poll_init(f->loop, &f->events, info->epoll_fd);
    (void)uv_poll_init(f->loop, &f->door, f->fd);
    (void)uv_timer_init(f->loop, &f->run);
    (void)uv_timer_init(f->loop, &f->sweep);
    f->events.data = f->door.data = f->run.data = f->sweep.data = f;
    f->handles = 4;
    (void)uv_poll_start(&f->events, UV_READABLE, on_events);
    (void)uv_poll_start(&f->door, UV_READABLE, front_on_door);
}

struct front *front_new(const struct front_options *o, int fd, char **error)
{
    struct front *f = xcalloc(1, sizeof(*f));

    f->loop = o->loop;
    f->calls = o->calls;
    f->ctx = o->ctx;
    f->fd = fd;
    f->measured = uv_hrtime();
    if (!start_daemon(f, o)) {
        *error = xstrdup(f->complaint ? f->complaint : "the HTTP server cannot be started");
        free(f->complaint);
        free(f);
        (void)close(fd);
        return NULL;
    }
    open_handles(f);
    return f;
}

static void on_closed(uv_handle_t *h)
{
    struct front *f = h->data;

    if (--f->handles == 0)
        free(f);
}

void front_close(struct front *f)
{
    f->closing = true;
    for (struct connection *c = f->connections; c; c = c->next)
        front_give_up(c);
    (void)uv_poll_stop(&f->events);
    (void)uv_poll_stop(&f->door);
    MHD_stop_daemon(f->daemon);
    (void)close(f->fd);
    free(f->complaint);
    uv_close((uv_handle_t *)&f->events, on_closed);
    uv_close((uv_handle_t *)&f->door, on_closed);
    uv_close((uv_handle_t *)&f->run, on_closed);
    uv_close((uv_handle_t *)&f->sweep, on_closed);
}
