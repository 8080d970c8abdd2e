/* libmicrohttpd keeps one epoll descriptor for all its sockets; the loop polls
 * that, runs the daemon when it is readable, and asks it for its next time-out. */
#include "tests/sim/http_front.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define BODY_MAX ((size_t)64 << 20)

struct http_front {
    struct MHD_Daemon *daemon;
    struct sim *sim;
    uv_poll_t poll;
    uv_timer_t timer;
    int open_handles;
    char *base;
    bool quiet, closing;
    struct held *held; /* answers that a fault delays */
};

/* One exchange: the body as it comes in. */
struct exchange {
    struct buf body;
};

/* An answer waiting for its moment, its connection suspended. */
struct held {
    struct MHD_Connection *connection;
    struct http_front *front;
    uv_timer_t timer;
    bool due;
    struct sim_reply reply;
    struct held *next;
};

/* A body that dies in the middle: it promises more than it gives. */
struct torn {
    char *body;
    size_t length;
};

static msec wall_clock(void)
{
    struct timeval tv;
    gettimeofday(&tv, NULL);
    return (msec)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

static ssize_t torn_read(void *cls, uint64_t pos, char *out, size_t max)
{
    const struct torn *t = cls;
    size_t left = pos < t->length ? t->length - (size_t)pos : 0;

    if (left == 0)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = left < max ? left : max;
    memcpy(out, t->body + pos, n);
    return (ssize_t)n;
}

static void torn_free(void *cls)
{
    struct torn *t = cls;
    free(t->body);
    free(t);
}

static struct MHD_Response *torn_response(const struct sim_reply *r)
{
    struct torn *t = xmalloc(sizeof(*t));

    t->body = xstrndup(r->body, r->length);
    t->length = r->length;
    return MHD_create_response_from_callback(r->length * 2 + 1, 4096, torn_read, t, torn_free);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct sim_reply *r)
{
    char seconds[24];

    if (r->status == 0)
        return MHD_NO; /* the connection is cut */
    struct MHD_Response *response =
        r->truncated ? torn_response(r)
                     : MHD_create_response_from_buffer(r->length, r->body, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    if (r->length)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
    if (r->retry_after) {
        snprintf(seconds, sizeof(seconds), "%d", r->retry_after);
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result collect_argument(void *cls, enum MHD_ValueKind kind, const char *key,
                                        const char *value)
{
    struct buf *path = cls;
    (void)kind;

    buf_puts(path, strchr(buf_text(path), '?') ? "&" : "?");
    buf_printf(path, "%s=%s", key, value ? value : "");
    return MHD_YES;
}

/* The model decodes paths and queries itself: an id may hold a '/'. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static char *model_path(const struct http_front *f, struct MHD_Connection *connection,
                        const char *url)
{
    struct buf path = BUF_WITH_LIMIT((size_t)1 << 20);
    size_t base = strlen(f->base);

    const char *last = strrchr(f->base, '/');
    size_t parent = last ? (size_t)(last - f->base) : 0;

    if (strncmp(url, f->base, parent) == 0 && streq(url + parent, SIM_DOCUMENT))
        return xstrdup(SIM_DOCUMENT);
    if (starts_with(url, f->base) && (url[base] == '/' || url[base] == '\0'))
        url += base;
    else if (!starts_with(url, "/_sim/"))
        return xstrdup("/no-such-base-path");
    buf_puts(&path, url);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, collect_argument, &path);
    return buf_take(&path);
}

static void log_line(const struct http_front *f, const char *method, const char *path, int status)
{
    if (!f->quiet)
        fprintf(stderr, "dct-sim: %s %s %d\n", method, path, status);
}

static void on_held_closed(uv_handle_t *handle)
{
    struct held *h = handle->data;

    h->front->open_handles--;
    if (h->front->closing && h->front->open_handles == 0) {
        free(h->front->base);
        free(h->front);
    }
    sim_reply_clear(&h->reply);
    free(h);
}

static void rearm(struct http_front *f);

static void on_due(uv_timer_t *timer)
{
    struct held *h = timer->data;

    h->due = true;
    MHD_resume_connection(h->connection);
    MHD_run(h->front->daemon);
    rearm(h->front);
}

static enum MHD_Result hold(struct http_front *f, struct MHD_Connection *connection,
                            const struct sim_reply *r)
{
    struct held *h = xcalloc(1, sizeof(*h));

    h->connection = connection;
    h->front = f;
    h->reply = *r;
    h->next = f->held;
    f->held = h;
    uv_timer_init(f->timer.loop, &h->timer);
    h->timer.data = h;
    f->open_handles++;
    MHD_suspend_connection(connection);
    uv_timer_start(&h->timer, on_due, (uint64_t)r->delay, 0);
    return MHD_YES;
}

/* The held answer of a connection that came back, taken off the list. */
static struct held *take_held(struct http_front *f, const struct MHD_Connection *connection)
{
    for (struct held **p = &f->held; *p; p = &(*p)->next) {
        struct held *h = *p;
        if (h->connection == connection && h->due) {
            *p = h->next;
            return h;
        }
    }
    return NULL;
}

static enum MHD_Result respond(struct http_front *f, struct MHD_Connection *connection,
                               const char *url, const char *method, const struct exchange *x)
{
    char *path = model_path(f, connection, url);
    struct sim_reply r;
    const struct sim_request in = {
        .method = method,
        .path = path,
        .body = x->body.data,
        .length = x->body.n,
        .content_type =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE),
        .authorization =
            MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION),
    };

    sim_request(f->sim, wall_clock(), &in, &r);
    log_line(f, method, path, r.status);
    free(path);
    if (r.delay > 0)
        return hold(f, connection, &r);
    enum MHD_Result queued = send_reply(connection, &r);
    sim_reply_clear(&r);
    return queued;
}

static enum MHD_Result too_large(struct MHD_Connection *connection)
{
    char text[] = "{\"error\":\"failed\",\"error_description\":\"The body is too large.\"}";
    const struct sim_reply r = {
        .status = 413, .body = text, .length = strlen(text), .content_type = "application/json"
    };
    return send_reply(connection, &r);
}

// NOLINTNEXTLINE(readability-function-size): libmicrohttpd wants eight parameters
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload_data,
                                  size_t *upload_data_size, void **state)
{
    struct http_front *f = cls;
    struct exchange *x = *state;
    (void)version;

    if (!x) {
        x = xcalloc(1, sizeof(*x));
        x->body = BUF_WITH_LIMIT(BODY_MAX);
        *state = x;
        return MHD_YES;
    }
    if (*upload_data_size) {
        buf_add(&x->body, upload_data, *upload_data_size);
        *upload_data_size = 0;
        return MHD_YES;
    }
    struct held *h = take_held(f, connection);
    if (h) {
        enum MHD_Result queued = send_reply(connection, &h->reply);
        uv_close((uv_handle_t *)&h->timer, on_held_closed);
        return queued;
    }
    return x->body.over ? too_large(connection) : respond(f, connection, url, method, x);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *state;
    (void)cls;
    (void)connection;
    (void)code;

    if (x)
        buf_clear(&x->body);
    free(x);
    *state = NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct http_front *f = timer->data;
    MHD_run(f->daemon);
    rearm(f);
}

static void rearm(struct http_front *f)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    if (f->closing)
        return;
    if (MHD_get_timeout(f->daemon, &timeout) == MHD_YES)
        uv_timer_start(&f->timer, on_timer, timeout, 0);
    else
        uv_timer_stop(&f->timer);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_front *f = poll->data;
    (void)status;
    (void)events;

    MHD_run(f->daemon);
    rearm(f);
}

static struct MHD_Daemon *start_daemon(struct http_front *f, const struct sockaddr_in *address)
{
    const unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, f, MHD_OPTION_SOCK_ADDR, address,
                            MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, 1024U, MHD_OPTION_CONNECTION_TIMEOUT, 120U,
                            MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
                            MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
}

struct http_front *http_front_new(uv_loop_t *loop, struct sim *s,
                                  const struct http_front_options *options, char **error)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)options->port) };
    struct http_front *f = xcalloc(1, sizeof(*f));

    *error = NULL;
    f->sim = s;
    f->quiet = options->quiet;
    f->base = xstrdup(options->base);
    if (inet_pton(AF_INET, options->host, &address.sin_addr) == 1)
        f->daemon = start_daemon(f, &address);
    if (!f->daemon) {
        *error = xasprintf("cannot listen on %s:%u", options->host, options->port);
        free(f->base);
        free(f);
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    uv_poll_init(loop, &f->poll, info->epoll_fd);
    uv_timer_init(loop, &f->timer);
    f->poll.data = f;
    f->timer.data = f;
    f->open_handles = 2;
    uv_poll_start(&f->poll, UV_READABLE, on_poll);
    rearm(f);
    return f;
}

unsigned http_front_port(const struct http_front *f)
{
    return MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

static void on_closed(uv_handle_t *handle)
{
    struct http_front *f = handle->data;

    if (--f->open_handles > 0)
        return;
    free(f->base);
    free(f);
}

void http_front_close(struct http_front *f)
{
    f->closing = true;
    for (struct held *h = f->held; h; h = h->next) {
        uv_timer_stop(&h->timer);
        MHD_resume_connection(h->connection);
        uv_close((uv_handle_t *)&h->timer, on_held_closed);
    }
    f->held = NULL;
    uv_poll_stop(&f->poll);
    MHD_stop_daemon(f->daemon);
    uv_close((uv_handle_t *)&f->poll, on_closed);
    uv_close((uv_handle_t *)&f->timer, on_closed);
}
