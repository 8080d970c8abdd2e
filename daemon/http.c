#include "daemon/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/* A chain of headers or a body may hold secrets: wiped when done. */
struct exchange {
    struct http *http;
    struct exchange *next, **link; /* among the waiting, or among the running */
    uint64_t id;
    bool once;
    CURL *easy;
    curl_mime *mime;
    struct curl_slist *headers;
    char *sent; /* the body, or NULL */
    size_t sent_n;
    struct buf body;
    size_t headers_n; /* bytes of header seen */
    char error[CURL_ERROR_SIZE];
};

struct http {
    uv_loop_t *loop;
    CURLM *multi;
    uv_timer_t timer;
    unsigned handles; /* that the loop has not closed yet */
    bool closing;
    char *ca_file;
    bool insecure;
    size_t body_max;
    http_done *done;
    void *ctx;
    struct exchange *waiting, **waiting_end;
    struct exchange *running;
    size_t n_waiting, n_running, n_once;
};

/* One socket of libcurl's, watched by the loop. */
struct watched {
    struct http *http;
    uv_poll_t poll;
    curl_socket_t fd;
};

/* What to do about it, in words; errors without a row speak for themselves. */
static const struct {
    CURLcode code;
    const char *advice;
} advices[] = {
    { CURLE_COULDNT_RESOLVE_HOST, "check the host name in dct.url and this host's DNS" },
    { CURLE_COULDNT_RESOLVE_PROXY, "check the proxy in the environment" },
    { CURLE_COULDNT_CONNECT,
      "check that DCT is up, that dct.url is right, and that no firewall stands "
      "between" },
    { CURLE_PEER_FAILED_VERIFICATION, "set dct.caFile to the CA that signed DCT's certificate, and "
                                      "use the host name that the certificate names" },
    { CURLE_SSL_CACERT_BADFILE, "dct.caFile must name a readable file of PEM certificates" },
    { CURLE_SSL_CONNECT_ERROR,
      "check that dct.url names an https port that speaks TLS 1.2 or newer" },
    { CURLE_UNSUPPORTED_PROTOCOL, "dct.url must begin with https:// or http://" },
    { CURLE_URL_MALFORMAT, "correct dct.url" },
    { CURLE_OPERATION_TIMEDOUT, "DCT or the network is too slow, or nobody answers there" },
    { CURLE_GOT_NOTHING, "DCT closed the connection without an answer" },
    { CURLE_PARTIAL_FILE, "the connection ended in the middle of the answer" },
    { CURLE_RECV_ERROR, "the connection broke before the answer was complete" },
};

static const char *advice(CURLcode code)
{
    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (advices[i].code == code)
            return advices[i].advice;
    }
    return NULL;
}

static void link_to(struct exchange **at, struct exchange *x)
{
    x->link = at;
    x->next = *at;
    if (x->next)
        x->next->link = &x->next;
    *at = x;
}

static void unlink_exchange(struct exchange *x)
{
    *x->link = x->next;
    if (x->next)
        x->next->link = x->link;
}

/* Takes the first one off a list that is not empty. */
static struct exchange *pop(struct exchange **list)
{
    struct exchange *x = *list;

    *list = x->next;
    if (x->next)
        x->next->link = list;
    return x;
}

static void exchange_free(struct exchange *x)
{
    for (struct curl_slist *h = x->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_easy_cleanup(x->easy);
    curl_slist_free_all(x->headers);
    curl_mime_free(x->mime);
    if (x->sent)
        explicit_bzero(x->sent, x->sent_n);
    free(x->sent);
    buf_clear(&x->body);
    free(x);
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;

    return buf_add(&x->body, data, size * n) ? size * n : CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
    struct exchange *x = ctx;

    (void)data;
    x->headers_n += size * n;
    return x->headers_n <= HTTP_HEADERS_MAX ? size * n : CURL_WRITEFUNC_ERROR;
}

static msec retry_after(CURL *easy)
{
    enum { LONGEST = 24 * 3600 };
    curl_off_t seconds = 0;

    if (curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds <= 0)
        return 0;
    return (seconds < LONGEST ? seconds : LONGEST) * 1000;
}

static msec date_of(CURL *easy)
{
    struct curl_header *h = NULL;
    time_t t = -1;

    if (curl_easy_header(easy, "Date", 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
        t = curl_getdate(h->value, NULL);
    return t > 0 ? (msec)t * 1000 : 0;
}

/* What went wrong, in words that say what to do next; owned. */
static char *explain(const struct exchange *x, CURLcode code)
{
    if (x->body.over)
        return xasprintf("DCT's answer is larger than %zu MiB", x->body.max >> 20);
    if (x->headers_n > HTTP_HEADERS_MAX)
        return xasprintf("the headers of DCT's answer are larger than %d KiB",
                         HTTP_HEADERS_MAX >> 10);

    const char *what = x->error[0] ? x->error : curl_easy_strerror(code);
    const char *next = advice(code);
    return xasprintf("%s%s%s", what, next ? "; " : "", next ? next : "");
}

/* No byte of the request was written to the connection. */
static bool never_sent(CURL *easy)
{
    long written = 0;

    return curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &written) == CURLE_OK && written == 0;
}

static void tell(struct exchange *x, CURLcode code)
{
    struct http *h = x->http;
    struct http_result r = { .id = x->id };
    char *error = NULL;

    if (code == CURLE_OK) {
        long status = 0;
        char *type = NULL;
        char *location = NULL;

        (void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
        (void)curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &type);
        (void)curl_easy_getinfo(x->easy, CURLINFO_REDIRECT_URL, &location);
        r.status = (int)status;
        r.content_type = type;
        r.location = location;
        r.retry_after = retry_after(x->easy);
        r.date = date_of(x->easy);
        r.body = buf_text(&x->body);
        r.n = x->body.n;
    } else {
        r.error = error = explain(x, code);
        r.unsent = never_sent(x->easy);
        r.body = "";
    }
    h->done(h->ctx, &r);
    free(error);
}

/* The two options that make a request what it is. */
static void set_body(struct exchange *x, const char *method)
{
    CURL *e = x->easy;

    if (x->mime)
        (void)curl_easy_setopt(e, CURLOPT_MIMEPOST, x->mime);
    else if (x->sent) {
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, x->sent);
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->sent_n);
    } else if (streq(method, "POST")) {
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, "");
        (void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)0);
    }
    (void)curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, method);
}

static void set_limits(struct exchange *x, msec timeout, bool once)
{
    CURL *e = x->easy;

    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT);
    (void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)timeout);
    (void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, once ? 1L : 0L);
    if (!once) { /* the answer to a change is worth its whole timeout */
        (void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, (long)HTTP_STALL);
    }
    (void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    (void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
}

static void set_protocol(struct exchange *x)
{
    const struct http *h = x->http;
    CURL *e = x->easy;

    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, h->insecure ? 0L : 1L);
    (void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, h->insecure ? 0L : 2L);
    if (h->ca_file)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, h->ca_file);
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "dctd/" DCTD_VERSION);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->error);
    (void)curl_easy_setopt(e, CURLOPT_PRIVATE, x);
}

static void *or_abort(void *p)
{
    if (!p)
        abort();
    return p;
}

static curl_mime *mime_new(CURL *easy, const struct http_request *r)
{
    curl_mime *mime = or_abort(curl_mime_init(easy));

    for (size_t i = 0; i < r->n_parts; i++) {
        const struct http_part *p = &r->parts[i];
        curl_mimepart *part = or_abort(curl_mime_addpart(mime));

        (void)curl_mime_name(part, p->name);
        if (p->filename)
            (void)curl_mime_filename(part, p->filename);
        if (p->type)
            (void)curl_mime_type(part, p->type);
        if (curl_mime_data(part, p->data, p->n) != CURLE_OK)
            abort();
    }
    return mime;
}

static struct exchange *exchange_new(struct http *h, const struct http_request *r)
{
    struct exchange *x = xcalloc(1, sizeof(*x));

    x->http = h;
    x->id = r->id;
    x->once = r->once;
    x->easy = or_abort(curl_easy_init());
    x->body = BUF_WITH_LIMIT(h->body_max);
    for (size_t i = 0; i < r->n_headers; i++)
        x->headers = or_abort(curl_slist_append(x->headers, r->headers[i]));
    x->headers = or_abort(curl_slist_append(x->headers, "Expect:"));
    if (r->body) {
        x->sent = xmalloc(r->body_n + 1);
        memcpy(x->sent, r->body, r->body_n);
        x->sent_n = r->body_n;
    }
    if (r->n_parts)
        x->mime = mime_new(x->easy, r);

    set_protocol(x);
    set_body(x, r->method);
    set_limits(x, r->timeout, r->once);
    (void)curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers);
    (void)curl_easy_setopt(x->easy, CURLOPT_URL, r->url);
    return x;
}

/* Starts what waits while there is room; a started exchange counts from here. */
static void start_waiting(struct http *h)
{
    while (h->waiting && h->n_running < HTTP_CONNECTIONS) {
        struct exchange *x = pop(&h->waiting);

        if (!h->waiting)
            h->waiting_end = &h->waiting;
        h->n_waiting--;
        link_to(&h->running, x);
        h->n_running++;
        if (curl_multi_add_handle(h->multi, x->easy) != CURLM_OK)
            abort();
    }
}

static void finish(struct http *h, CURL *easy, CURLcode code)
{
    void *private = NULL;

    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);

    struct exchange *x = private;
    (void)curl_multi_remove_handle(h->multi, easy);
    unlink_exchange(x);
    h->n_running--;
    h->n_once -= x->once;
    start_waiting(h);
    tell(x, code);
    exchange_free(x);
}

/* libcurl says what finished only when asked, so ask after every action, until
 * it has nothing left to say. */
static void act(struct http *h, curl_socket_t fd, int what)
{
    CURLMsg *msg;
    int left = 0;

    (void)curl_multi_socket_action(h->multi, fd, what, &left);
    while ((msg = curl_multi_info_read(h->multi, &left))) {
        if (msg->msg == CURLMSG_DONE)
            finish(h, msg->easy_handle, msg->data.result);
    }
}

static void on_timer(uv_timer_t *t)
{
    act(t->data, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    struct watched *w = p->data;
    int what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
               (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0);

    act(w->http, w->fd, status < 0 ? CURL_CSELECT_ERR : what);
}

static int want_timer(CURLM *multi, long timeout, void *ctx)
{
    struct http *h = ctx;

    (void)multi;
    if (h->closing)
        return 0;
    if (timeout < 0)
        (void)uv_timer_stop(&h->timer);
    else
        (void)uv_timer_start(&h->timer, on_timer, (uint64_t)timeout, 0);
    return 0;
}

/* The last handle to close takes the whole with it. */
static void release(struct http *h)
{
    if (--h->handles > 0)
        return;
    free(h->ca_file);
    free(h);
}

static void watch_closed(uv_handle_t *handle)
{
    struct watched *w = handle->data;
    struct http *h = w->http;

    free(w);
    release(h);
}

static struct watched *watch_socket(struct http *h, curl_socket_t fd)
{
    struct watched *w = xcalloc(1, sizeof(*w));

    w->http = h;
    w->fd = fd;
    w->poll.data = w;
    if (uv_poll_init_socket(h->loop, &w->poll, fd) != 0)
        abort(); /* only for a descriptor that is watched already, or none */
    h->handles++;
    (void)curl_multi_assign(h->multi, fd, w);
    return w;
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    struct http *h = ctx;
    struct watched *w = known;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            (void)curl_multi_assign(h->multi, fd, NULL);
            (void)uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, watch_closed);
        }
        return 0;
    }
    if (!w)
        w = watch_socket(h, fd);

    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    (void)uv_poll_start(&w->poll, events, on_poll);
    return 0;
}

void http_configure(struct http *h, const struct http_options *o)
{
    free(h->ca_file);
    h->ca_file = o->ca_file ? xstrdup(o->ca_file) : NULL;
    h->insecure = o->insecure;
    h->body_max = o->body_max ? o->body_max : HTTP_BODY_MAX;
}

struct http *http_new(uv_loop_t *loop, const struct http_options *o, http_done *done, void *ctx)
{
    struct http *h = xcalloc(1, sizeof(*h));

    h->loop = loop;
    h->done = done;
    h->ctx = ctx;
    h->waiting_end = &h->waiting;
    http_configure(h, o);
    h->multi = or_abort(curl_multi_init());
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    (void)curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    (void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_CONNECTIONS);
    (void)uv_timer_init(loop, &h->timer);
    h->timer.data = h;
    h->handles = 1;
    return h;
}

void http_send(struct http *h, const struct http_request *r)
{
    struct exchange *x = exchange_new(h, r);

    link_to(h->waiting_end, x);
    h->waiting_end = &x->next;
    h->n_waiting++;
    h->n_once += x->once;
    start_waiting(h);
}

size_t http_pending(const struct http *h)
{
    return h->n_waiting + h->n_running;
}

size_t http_pending_once(const struct http *h)
{
    return h->n_once;
}

static void timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

void http_close(struct http *h)
{
    if (!h)
        return;
    h->closing = true;
    while (h->running) {
        struct exchange *x = pop(&h->running);

        (void)curl_multi_remove_handle(h->multi, x->easy);
        exchange_free(x);
    }
    while (h->waiting)
        exchange_free(pop(&h->waiting));
    (void)curl_multi_cleanup(h->multi);
    uv_close((uv_handle_t *)&h->timer, timer_closed);
}
