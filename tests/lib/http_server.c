#include "tests/lib/http_server.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { REQUEST_MAX = 8 << 20, CHUNK = 64 << 10 };

struct answer {
    char *raw;
    enum server_after after;
};

struct connection {
    uv_tcp_t tcp;
    struct http_server *server;
    struct connection *next, **link;
    struct buf in;
    char chunk[CHUNK];
};

struct writing {
    uv_write_t req;
    char *raw;
    enum server_after after;
};

struct http_server {
    uv_tcp_t tcp;
    char *url;
    struct connection *connections;
    size_t n_connections;
    struct answer *answers;
    size_t n_answers, cap_answers, answered;
    struct strings requests;
    unsigned handles;
};

static void release(struct http_server *s)
{
    if (--s->handles > 0)
        return;
    for (size_t i = 0; i < s->n_answers; i++)
        free(s->answers[i].raw);
    free(s->answers);
    strings_clear(&s->requests);
    free(s->url);
    free(s);
}

static void connection_closed(uv_handle_t *h)
{
    struct connection *c = h->data;
    struct http_server *s = c->server;

    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    buf_clear(&c->in);
    free(c);
    release(s);
}

static void end(struct connection *c, enum server_after after)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    if (after == AFTER_CLOSE)
        uv_close((uv_handle_t *)&c->tcp, connection_closed);
    else if (after == AFTER_RESET)
        (void)uv_tcp_close_reset(&c->tcp, connection_closed);
}

static void on_written(uv_write_t *req, int status)
{
    struct writing *w = req->data;
    struct connection *c = req->handle->data;

    (void)status;
    end(c, w->after);
    free(w->raw);
    free(w);
}

static void say(struct connection *c, const char *raw, enum server_after after)
{
    struct writing *w = xcalloc(1, sizeof(*w));
    uv_buf_t out;

    w->raw = xstrdup(raw);
    w->after = after;
    w->req.data = w;
    out = uv_buf_init(w->raw, (unsigned)strlen(w->raw));
    if (uv_write(&w->req, (uv_stream_t *)&c->tcp, &out, 1, on_written) != 0)
        abort();
}

static void answer(struct connection *c)
{
    struct http_server *s = c->server;

    if (s->answered == s->n_answers) {
        say(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
            AFTER_KEEP);
        return;
    }

    const struct answer *a = &s->answers[s->answered++];
    if (a->after == AFTER_HANG)
        return;
    if (*a->raw)
        say(c, a->raw, a->after);
    else
        end(c, a->after);
}

/* Bytes of the request that stands at the head of the buffer, 0 = not all here. */
static size_t whole_request(const struct buf *in)
{
    const char *text = buf_text(in);
    const char *head_end = strstr(text, "\r\n\r\n");
    const char *length = strcasestr(text, "\r\nContent-Length: ");
    int64_t body = 0;

    if (!head_end)
        return 0;
    if (length && length < head_end) {
        char *digits = xstrndup(length + 18, strcspn(length + 18, "\r"));
        if (!parse_int64(digits, &body))
            abort();
        free(digits);
    }

    size_t n = (size_t)(head_end + 4 - text) + (size_t)body;
    return in->n >= n ? n : 0;
}

static void take_requests(struct connection *c)
{
    size_t n;

    while ((n = whole_request(&c->in)) > 0) {
        char *request = xstrndup(c->in.data, n);

        strings_add(&c->server->requests, request);
        free(request);
        memmove(c->in.data, c->in.data + n, c->in.n - n + 1);
        c->in.n -= n;
        answer(c);
    }
}

static void give_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct connection *c = h->data;

    (void)suggested;
    *out = uv_buf_init(c->chunk, sizeof(c->chunk));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
    struct connection *c = stream->data;

    if (n < 0) {
        end(c, AFTER_CLOSE);
        return;
    }
    if (!buf_add(&c->in, chunk->base, (size_t)n))
        abort();
    take_requests(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct http_server *s = listener->data;
    struct connection *c = xcalloc(1, sizeof(*c));

    c->server = s;
    c->in = BUF_WITH_LIMIT(REQUEST_MAX);
    c->tcp.data = c;
    c->next = s->connections;
    c->link = &s->connections;
    if (c->next)
        c->next->link = &c->next;
    s->connections = c;
    s->handles++;
    s->n_connections++;
    if (status != 0 || uv_tcp_init(listener->loop, &c->tcp) != 0 ||
        uv_accept(listener, (uv_stream_t *)&c->tcp) != 0 ||
        uv_read_start((uv_stream_t *)&c->tcp, give_room, on_read) != 0)
        abort();
}

struct http_server *http_server_new(uv_loop_t *loop)
{
    struct http_server *s = xcalloc(1, sizeof(*s));
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int n = sizeof(at);

    s->handles = 1;
    s->tcp.data = s;
    if (uv_tcp_init(loop, &s->tcp) != 0 ||
        uv_tcp_bind(&s->tcp, (const struct sockaddr *)&at, 0) != 0 ||
        uv_listen((uv_stream_t *)&s->tcp, 64, on_connection) != 0 ||
        uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&at, &n) != 0)
        abort();
    s->url = xasprintf("http://127.0.0.1:%d", ntohs(at.sin_port));
    return s;
}

const char *http_server_url(const struct http_server *s)
{
    return s->url;
}

void http_server_answer(struct http_server *s, const char *raw, enum server_after after)
{
    s->answers = grow(s->answers, s->n_answers, &s->cap_answers, sizeof(*s->answers));
    s->answers[s->n_answers++] = (struct answer){ .raw = xstrdup(raw), .after = after };
}

void http_server_json(struct http_server *s, int status, const char *extra_head, const char *body)
{
    char *raw = xasprintf("HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n%s\r\n%s",
                          status, strlen(body), extra_head, body);

    http_server_answer(s, raw, AFTER_KEEP);
    free(raw);
}

size_t http_server_requests(const struct http_server *s)
{
    return s->requests.n;
}

size_t http_server_connections(const struct http_server *s)
{
    return s->n_connections;
}

const char *http_server_request(const struct http_server *s, size_t i)
{
    return s->requests.items[i];
}

static void listener_closed(uv_handle_t *h)
{
    release(h->data);
}

void http_server_close(struct http_server *s)
{
    for (struct connection *c = s->connections; c; c = c->next)
        end(c, AFTER_CLOSE);
    uv_close((uv_handle_t *)&s->tcp, listener_closed);
}
