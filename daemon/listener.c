#include "daemon/listener.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/digest.h"
#include "daemon/file.h"
#include "daemon/front.h"
#include "daemon/log.h"
#include "daemon/page.h"
#include "daemon/webhook.h"
#include "schema/json.h"

enum { CERTIFICATE_MAX = 256 << 10, METRICS_MAX = 16 << 20 };

static const char json_type[] = "application/json", text_type[] = "text/plain; charset=utf-8";

/* One of the two doors. */
struct side {
    struct listener *listener;
    const char *name;
    struct front *front; /* NULL: closed */
    char *where;         /* as it was configured, NULL while closed */
};

struct listener {
    uv_loop_t *loop;
    struct api *api;
    struct listener_calls calls;
    struct side control, status;
    bool passed; /* the control socket is systemd's */
    struct webhook *hook;
    char *token;             /* NULL: readers show none */
    char *certificate, *key; /* NULL: no TLS */
    char *status_name;       /* where the status listener really is */
};

static void say(struct front_answer *out, unsigned status, const char *type, struct buf *text)
{
    out->status = status;
    out->type = type;
    out->n = text->n;
    out->body = buf_take(text);
}

static void say_text(struct front_answer *out, unsigned status, const char *text)
{
    struct buf b = BUF_WITH_LIMIT(64 << 10);

    (void)buf_printf(&b, "%s\n", text);
    say(out, status, text_type, &b);
}

static void say_error(struct listener *l, struct front_answer *out, unsigned status,
                      const char *error, const char *hint)
{
    cJSON *o = cJSON_CreateObject();

    (void)cJSON_AddStringToObject(o, "apiVersion", "dctd/v1");
    (void)cJSON_AddStringToObject(o, "kind", "Error");
    (void)cJSON_AddNumberToObject(o, "serial", (double)api_serial(l->api));
    (void)cJSON_AddStringToObject(o, "error", error);
    (void)cJSON_AddStringToObject(o, "hint", hint);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    *out = (struct front_answer){
        .status = status, .type = json_type, .body = text, .n = strlen(text)
    };
}

static void healthz(struct side *s, struct front_request *q, struct front_answer *out)
{
    (void)s;
    (void)q;
    say_text(out, MHD_HTTP_OK, "ok");
}

static void readyz(struct side *s, struct front_request *q, struct front_answer *out)
{
    char *why = s->listener->calls.unready(s->listener->calls.ctx);

    (void)q;
    say_text(out, why ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, why ? why : "ready");
    free(why);
}

static void metrics(struct side *s, struct front_request *q, struct front_answer *out)
{
    struct buf text = BUF_WITH_LIMIT(METRICS_MAX);

    (void)q;
    s->listener->calls.metrics(s->listener->calls.ctx, &text);
    say(out, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", &text);
}

static const char *no_parameter(void *ctx, const char *name)
{
    (void)ctx;
    (void)name;
    return NULL;
}

/* What the api says about itself; NULL where it says nothing of use. */
static cJSON *asked(struct api *api, const char *path)
{
    struct api_answer a = { 0 };
    const struct api_request q = {
        .method = "GET", .path = path, .parameter = no_parameter, .whom = "the summary"
    };

    api_answer(api, &q, &a);
    cJSON *v = a.status == MHD_HTTP_OK ? json_parse(a.body, a.n, NULL) : NULL;
    free(a.body);
    return v;
}

static void page(struct side *s, struct front_request *q, struct front_answer *out)
{
    struct buf text = BUF_WITH_LIMIT(PAGE_MAX);
    cJSON *status = asked(s->listener->api, "/api/v1/status");
    cJSON *objects = asked(s->listener->api, "/api/v1/objects");

    (void)q;
    page_render(status, objects, &text);
    cJSON_Delete(status);
    cJSON_Delete(objects);
    say(out, MHD_HTTP_OK, "text/html; charset=utf-8", &text);
    out->style = true;
}

static void hook(struct side *s, struct front_request *q, struct front_answer *out)
{
    struct listener *l = s->listener;
    struct delivery *d = front_sink(q);

    if (d && delivery_proved(d)) {
        bool new = webhook_deliver(l->hook, d);
        log_about(new ? LEVEL_INFO : LEVEL_DEBUG, NULL, "webhook: a push was announced by %s%s",
                  front_peer(q)->text, new ? "" : ", again");
        say_text(out, MHD_HTTP_ACCEPTED, new ? "accepted" : "accepted before");
    } else if (webhook_refuse(l->hook)) {
        log_warning("webhook: %s could not prove what it announced; is its secret that of "
                    "status.webhook.secret?",
                    front_peer(q)->text);
        say_text(out, MHD_HTTP_UNAUTHORIZED, "unauthorized");
    } else {
        say_text(out, MHD_HTTP_TOO_MANY_REQUESTS, "too many requests");
        out->retry = WEBHOOK_FORGIVES / 1000;
    }
}

/* Every route of the api has one method. */
static const char *other_method(const char *method)
{
    return streq(method, "GET") ? "POST" : "GET, HEAD";
}

static void api(struct side *s, struct front_request *q, struct front_answer *out)
{
    struct api_answer a = { 0 };
    struct api_request question = {
        .method = front_method(q),
        .path = front_path(q),
        .parameter = front_parameter,
        .ctx = q,
        .may_write = s == &s->listener->control && front_peer(q)->trusted,
        .whom = front_peer(q)->text,
    };

    question.body = front_body(q, &question.n);
    api_answer(s->listener->api, &question, &a);
    *out = (struct front_answer){ .status = a.status, .type = a.type, .body = a.body, .n = a.n };
    if (a.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        out->allow = other_method(question.method);
}

enum { OPEN = 1 << 0 /* to everybody */, STATUS_ONLY = 1 << 1, BELOW = 1 << 2 /* the path, too */ };

static const struct route {
    const char *path, *method, *allow;
    unsigned flags;
    void (*answer)(struct side *s, struct front_request *q, struct front_answer *out);
} routes[] = {
    { "/healthz", "GET", "GET, HEAD", OPEN, healthz },
    { "/readyz", "GET", "GET, HEAD", OPEN, readyz },
    { "/metrics", "GET", "GET, HEAD", 0, metrics },
    { "/", "GET", "GET, HEAD", 0, page },
    { "/hook/git", "POST", "POST", OPEN | STATUS_ONLY, hook },
    { "/api/v1/", NULL, NULL, BELOW, api },
};

static const struct route *route_of(const struct side *s, const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        const struct route *r = &routes[i];
        bool there = r->flags & BELOW ? starts_with(path, r->path) : streq(path, r->path);

        if (there && (!(r->flags & STATUS_ONLY) ||
                      (s == &s->listener->status && webhook_open(s->listener->hook))))
            return r;
    }
    return NULL;
}

static bool shows_token(const struct listener *l, const struct front_request *q)
{
    static const char scheme[] = "Bearer ";
    const char *text = front_header(q, MHD_HTTP_HEADER_AUTHORIZATION);

    if (!text || strncasecmp(text, scheme, strlen(scheme)) != 0)
        return false;
    text += strlen(scheme);
    text += strspn(text, " ");
    return digest_equal(text, strlen(text), l->token, strlen(l->token));
}

/* False with the refusal in *out. */
static bool allowed(struct side *s, const struct front_request *q, const struct route *r,
                    struct front_answer *out)
{
    struct listener *l = s->listener;

    if (s == &l->status && l->token && !(r && r->flags & OPEN) && !shows_token(l, q)) {
        say_error(l, out, MHD_HTTP_UNAUTHORIZED, "a bearer token is needed",
                  "send `Authorization: Bearer TOKEN` with the value of status.token");
        out->challenge = true;
        return false;
    }
    if (!r) {
        say_error(l, out, MHD_HTTP_NOT_FOUND, "there is nothing of that name",
                  "what there is: /, /healthz, /readyz, /metrics, /api/v1/status");
        return false;
    }
    if (r->method && !streq(r->method, front_method(q))) {
        say_error(l, out, MHD_HTTP_METHOD_NOT_ALLOWED, "that cannot be done here",
                  "the header Allow says what can");
        out->allow = r->allow;
        return false;
    }
    return true;
}

static struct delivery *delivery_of(const struct listener *l, const struct front_request *q)
{
    const struct webhook_claim claim = {
        .hub_signature = front_header(q, "X-Hub-Signature-256"),
        .gitlab_token = front_header(q, "X-Gitlab-Token"),
        .id = front_header(q, "webhook-id"),
        .timestamp = front_header(q, "webhook-timestamp"),
        .signature = front_header(q, "webhook-signature"),
    };

    return delivery_new(l->hook, &claim, time(NULL));
}

/* What is refused by its head alone needs no body. */
static bool on_head(void *ctx, struct front_request *q, struct front_sink *sink,
                    struct front_answer *out)
{
    struct side *s = ctx;
    const struct route *r = route_of(s, front_path(q));

    if (!allowed(s, q, r, out))
        return false;
    if (r->answer != hook)
        return true;
    sink->to = delivery_of(s->listener, q);
    sink->max = WEBHOOK_BODY_MAX;
    if (!sink->to)
        hook(s, q, out);
    return sink->to != NULL;
}

/* What may have changed since its head came in: the configuration. */
static void on_answer(void *ctx, struct front_request *q, struct front_answer *out)
{
    struct side *s = ctx;
    const struct route *r = route_of(s, front_path(q));

    if (allowed(s, q, r, out))
        r->answer(s, q, out);
}

static void on_body(void *to, const void *data, size_t n)
{
    delivery_add(to, data, n);
}

static void on_drop(void *to)
{
    delivery_free(to);
}

static void on_told(void *ctx, unsigned status)
{
    struct side *s = ctx;

    s->listener->calls.told(s->listener->calls.ctx, s->name, status);
}

static const struct front_calls front_calls = {
    .head = on_head,
    .add = on_body,
    .drop = on_drop,
    .answer = on_answer,
    .told = on_told,
};

/* What a configuration asks for, read and opened. */
struct wanted_sides {
    char *token, *hook, *certificate, *key;
    struct front *control, *status; /* NULL: as before, or nowhere */
};

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* The value, owned; NULL and true where none is configured. */
static bool read_secret(struct secrets *secrets, const struct secret_setting *from,
                        const char *what, char **out, char **error)
{
    struct secret_ref ref = { .source = from->source, .name = from->name };
    struct secret value;
    char *why = NULL;

    if (!from->name)
        return true;
    if (!secrets_get(secrets, &ref, &value, &why)) {
        *error = xasprintf("%s: %s", what, why);
        free(why);
        return false;
    }
    *out = xstrndup(value.data, value.n);
    return true;
}

static bool read_all(const struct config *c, struct secrets *secrets, struct wanted_sides *w,
                     char **error)
{
    size_t n;
    char *why = NULL;

    if (!c->status.listen)
        return true;
    if (c->status.certificate) {
        w->certificate = file_read(c->status.certificate, CERTIFICATE_MAX, &n, &why);
        if (!w->certificate)
            *error = xasprintf("status.tls.certificate %s", why);
        free(why);
        if (!w->certificate)
            return false;
    }
    return read_secret(secrets, &c->status.key, "status.tls.key", &w->key, error) &&
           read_secret(secrets, &c->status.token, "status.token", &w->token, error) &&
           read_secret(secrets, &c->status.webhook, "status.webhook.secret", &w->hook, error);
}

static bool open_status(struct listener *l, const char *listen, struct wanted_sides *w,
                        char **error)
{
    bool same = streq(l->status.where, listen);
    struct front_options o = { .loop = l->loop,
                               .calls = &front_calls,
                               .ctx = &l->status,
                               .certificate = w->certificate,
                               .key = w->key };
    char *why = NULL;

    if (!listen || (same && streq(l->certificate, w->certificate) && streq(l->key, w->key)))
        return true;
    int fd = same ? dup(front_fd(l->status.front)) : socket_listen_tcp(listen, error);
    if (fd < 0)
        return false;
    w->status = front_new(&o, fd, &why);
    if (!w->status)
        *error = xasprintf("status.listen %s: %s", listen, why);
    free(why);
    return w->status != NULL;
}

static bool open_control(struct listener *l, const char *path, struct wanted_sides *w, char **error)
{
    struct front_options o = { .loop = l->loop, .calls = &front_calls, .ctx = &l->control };

    if (l->passed)
        return true;
    int fd = l->control.front ? -1 : socket_passed("control");
    l->passed = fd >= 0;
    if (!l->passed && (!path || streq(path, l->control.where)))
        return true;
    if (fd < 0)
        fd = socket_listen_unix(path, error);
    if (fd >= 0)
        w->control = front_new(&o, fd, error);
    return w->control != NULL;
}

static void close_side(struct side *s)
{
    if (s->front)
        front_close(TAKE(s->front));
    free(TAKE(s->where));
}

/* Whatever was in its place goes. */
static void put_side(struct side *s, struct front *front, const char *where)
{
    close_side(s);
    s->front = front;
    s->where = xstrdup(where);
}

static void put_secrets(struct listener *l, struct wanted_sides *w)
{
    wipe(l->token);
    wipe(l->key);
    free(l->certificate);
    l->token = TAKE(w->token);
    l->key = TAKE(w->key);
    l->certificate = TAKE(w->certificate);
    webhook_secret(l->hook, w->hook);
}

static void close_control(struct listener *l)
{
    if (l->control.where && !l->passed)
        (void)unlink(l->control.where);
    close_side(&l->control);
}

static void put_control(struct listener *l, struct front *front, const char *path)
{
    if (!front && !path && !l->passed)
        close_control(l);
    if (!front)
        return;
    close_control(l);
    put_side(&l->control, front, l->passed ? "the socket that systemd passes" : path);
    log_info("control: answered on %s", l->control.where);
}

static void close_status(struct listener *l)
{
    close_side(&l->status);
    free(TAKE(l->status_name));
}

static void put_status(struct listener *l, struct front *front, const char *listen)
{
    if (!listen)
        close_status(l);
    if (!front)
        return;
    close_status(l);
    put_side(&l->status, front, listen);
    l->status_name = socket_name(front_fd(front));
    log_info("status: answered on %s://%s", l->key ? "https" : "http", l->status_name);
}

bool listener_configure(struct listener *l, const struct config *c, struct secrets *secrets,
                        char **error)
{
    struct wanted_sides w = { 0 };
    bool good = read_all(c, secrets, &w, error) && open_control(l, c->control, &w, error) &&
                open_status(l, c->status.listen, &w, error);

    if (good) {
        put_secrets(l, &w);
        put_control(l, w.control, c->control);
        put_status(l, w.status, c->status.listen);
    } else if (w.control) {
        front_close(w.control);
        if (!l->passed)
            (void)unlink(c->control);
    }
    wipe(w.token);
    wipe(w.key);
    wipe(w.hook);
    free(w.certificate);
    return good;
}

static void on_change(void *ctx)
{
    struct listener *l = ctx;

    if (l->control.front)
        front_moved(l->control.front);
    if (l->status.front)
        front_moved(l->status.front);
}

struct listener *listener_new(uv_loop_t *loop, struct api *api, const struct listener_calls *calls)
{
    struct listener *l = xcalloc(1, sizeof(*l));

    l->loop = loop;
    l->api = api;
    l->calls = *calls;
    l->control = (struct side){ .listener = l, .name = "control" };
    l->status = (struct side){ .listener = l, .name = "status" };
    l->hook = webhook_new(loop, calls->poke, calls->ctx);
    api_on_change(api, on_change, l);
    return l;
}

const char *listener_status(const struct listener *l)
{
    return l->status_name;
}

void listener_close(struct listener *l)
{
    if (!l)
        return;
    api_on_change(l->api, NULL, NULL);
    close_control(l);
    close_status(l);
    put_secrets(l, &(struct wanted_sides){ 0 });
    webhook_close(l->hook);
    free(l);
}
