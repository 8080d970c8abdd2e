/* The routes, and what only reads. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/api_parts.h"
#include "schema/json.h"
#include "schema/read.h"

enum {
    ANSWER_MAX = 64 << 20,
    ERROR_MAX = 16 << 10,
    EVENTS_SHOWN = 1000, /* where nobody says how many */
    EVENTS_OF_ONE = 50,
};

static const char prefix[] = "/api/v1/";

static void on_stepped(void *ctx, const struct cycle_status *status)
{
    struct api *api = ctx;

    (void)status;
    api->serial++;
    if (api->changed)
        api->changed(api->changed_ctx);
}

/* The serial goes on where an earlier process can not have come to, so that who
 * waited for that one hears from this one. */
struct api *api_new(struct app *a)
{
    struct api *api = xcalloc(1, sizeof(*api));

    api->app = a;
    api->started = app_now();
    api->serial = (uint64_t)api->started;
    app_watch(a, &(struct app_hooks){ .stepped = on_stepped, .ctx = api });
    return api;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    app_unwatch(api->app, api);
    free(api->refused);
    free(api);
}

uint64_t api_serial(const struct api *api)
{
    return api->serial;
}

void api_on_change(struct api *api, void (*changed)(void *ctx), void *ctx)
{
    api->changed = changed;
    api->changed_ctx = ctx;
}

void api_offer_git(struct api *api, cJSON *(*git)(void *ctx), void *ctx)
{
    api->git = git;
    api->git_ctx = ctx;
}

void api_offer_poke(struct api *api, void (*poke)(void *ctx), void *ctx)
{
    api->poke = poke;
    api->poke_ctx = ctx;
}

void api_offer_wait(struct api *api, char *(*wait)(void *ctx), void *ctx)
{
    api->wait = wait;
    api->wait_ctx = ctx;
}

void api_refused(struct api *api, const char *text)
{
    free(api->refused);
    api->refused = text ? xstrdup(text) : NULL;
}

cJSON *api_envelope(const struct api *api, const char *kind)
{
    cJSON *o = cJSON_CreateObject();

    snapshot_text(o, "apiVersion", "dctd/v1");
    snapshot_text(o, "kind", kind);
    cJSON_AddNumberToObject(o, "serial", (double)api->serial);
    return o;
}

static void answer_text(struct asking *a, unsigned status, char *text, size_t n)
{
    *a->out =
        (struct api_answer){ .status = status, .type = "application/json", .body = text, .n = n };
}

void api_reply(struct asking *a, unsigned status, cJSON *body)
{
    char *text = cJSON_PrintUnformatted(body);

    cJSON_Delete(body);
    if (!text)
        abort();
    answer_text(a, status, text, strlen(text));
}

void api_error(struct asking *a, unsigned status, const char *hint, const char *fmt, ...)
{
    struct buf text = BUF_WITH_LIMIT(ERROR_MAX);
    cJSON *o = api_envelope(a->api, "Error");
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    snapshot_text(o, "error", buf_text(&text));
    snapshot_text(o, "hint", hint);
    buf_clear(&text);
    api_reply(a, status, o);
}

struct snapshot api_snapshot(const struct asking *a, const struct links *links)
{
    return (struct snapshot){ .cycle = app_cycle(a->api->app),
                              .config = app_config(a->api->app),
                              .secrets = app_secrets(a->api->app),
                              .links = links,
                              .now = a->now };
}

static const char *parameter(const struct asking *a, const char *name)
{
    return a->q->parameter ? a->q->parameter(a->q->ctx, name) : NULL;
}

/* {"text", "since"} while DCT has not been observed since the start. */
static void add_wait(const struct asking *a, cJSON *to)
{
    char *text = a->api->wait ? a->api->wait(a->api->wait_ctx) : NULL;

    if (!text) {
        cJSON_AddNullToObject(to, "waiting");
        return;
    }
    cJSON *o = cJSON_AddObjectToObject(to, "waiting");
    snapshot_text(o, "text", text);
    snapshot_moment(o, "since", a->api->started);
    free(text);
}

static void get_status(struct asking *a)
{
    const struct snapshot s = api_snapshot(a, NULL);
    cJSON *o = api_envelope(a->api, "Status"),
          *git = a->api->git ? a->api->git(a->api->git_ctx) : NULL;

    snapshot_text(o, "version", DCTD_VERSION);
    cJSON_AddNumberToObject(o, "pid", (double)getpid());
    snapshot_moment(o, "started", a->api->started);
    snapshot_status(&s, o);
    snapshot_text(o, "configuration", a->api->refused);
    add_wait(a, o);
    cJSON_AddItemToObject(o, "git", git ? git : cJSON_CreateNull());
    api_reply(a, 200, o);
}

static void too_large(struct asking *a)
{
    api_error(a, 500, "ask for one kind at a time, or for one object",
              "the answer would be larger than %d MiB", ANSWER_MAX >> 20);
}

/* Which objects are asked for. */
struct choice {
    const struct kind_desc *kind; /* NULL: of every kind */
    char *key;                    /* NULL: not one only */
};

static void add_object(const struct snapshot *s, const struct object_status *o, struct buf *out)
{
    cJSON *object = snapshot_object(s, o, false);
    char *text = cJSON_PrintUnformatted(object);

    cJSON_Delete(object);
    if (!text)
        abort();
    buf_puts(out, out->data[out->n - 1] == '[' ? "" : ",");
    buf_puts(out, text);
    cJSON_free(text);
}

/* One after the other: a tree of all of them would take many times the text. */
static void add_objects(const struct asking *a, const struct choice *c, struct buf *out)
{
    OWNED(links) links = links_new(cycle_set(app_cycle(a->api->app)));
    const struct snapshot s = api_snapshot(a, links);
    struct object_status o;
    size_t cursor = 0;

    if (c->key && cycle_object(s.cycle, c->key, s.now, &o))
        add_object(&s, &o, out);
    while (!c->key && !out->over && cycle_next_object(s.cycle, &cursor, s.now, &o)) {
        if (!c->kind || o.is.kind == c->kind)
            add_object(&s, &o, out);
    }
}

/* False after it has answered. An object need not be there yet. */
static bool read_choice(struct asking *a, struct choice *c)
{
    const char *word = parameter(a, "kind"), *object = parameter(a, "object");

    *c = (struct choice){ 0 };
    if (word)
        c->kind = api_kind(a, word, strlen(word));
    else if (object)
        c->key = api_any_key(a, object, &c->kind);
    return word ? c->kind != NULL : !object || c->key;
}

static void get_objects(struct asking *a)
{
    struct buf out = BUF_WITH_LIMIT(ANSWER_MAX);
    struct choice choice;

    if (!read_choice(a, &choice))
        return;
    cJSON *envelope = api_envelope(a->api, "ObjectList");
    char *head = cJSON_PrintUnformatted(envelope);
    cJSON_Delete(envelope);
    if (!head)
        abort();
    buf_printf(&out, "%.*s,\"items\":[", (int)strlen(head) - 1, head);
    cJSON_free(head);
    add_objects(a, &choice, &out);
    free(choice.key);
    buf_puts(&out, "]}");
    if (out.over) {
        buf_clear(&out);
        too_large(a);
        return;
    }
    size_t n = out.n;
    answer_text(a, 200, buf_take(&out), n);
}

struct listing {
    const struct snapshot *snapshot;
    cJSON *list;
};

static void on_event(void *ctx, const struct store_event *e)
{
    struct listing *l = ctx;

    cJSON_AddItemToArray(l->list, snapshot_event(l->snapshot, e));
}

/* False after it has answered. */
static bool add_events(struct asking *a, cJSON *to, const char *name, const struct store_query *q)
{
    const struct snapshot s = api_snapshot(a, NULL);
    struct listing l = { &s, cJSON_AddArrayToObject(to, name) };
    char *error = NULL;

    if (app_events(a->api->app, q, on_event, &l, &error))
        return true;
    cJSON_Delete(to);
    api_error(a, 500, "the log says more", "the history cannot be read: %s", error);
    free(error);
    return false;
}

static void get_object(struct asking *a)
{
    const struct kind_desc *kind;
    char *key = api_key(a, a->rest, &kind);
    struct object_status o;

    if (!key)
        return;
    OWNED(links) links = links_new(cycle_set(app_cycle(a->api->app)));
    const struct snapshot s = api_snapshot(a, links);
    cJSON *body = api_envelope(a->api, "Object");
    if (cycle_object(s.cycle, key, a->now, &o))
        cJSON_AddItemToObject(body, "object", snapshot_object(&s, &o, true));
    const struct store_query q = { .key = key, .limit = EVENTS_OF_ONE };
    if (add_events(a, body, "events", &q))
        api_reply(a, 200, body);
    free(key);
}

static void get_plan(struct asking *a)
{
    const struct plan *p = cycle_plan(app_cycle(a->api->app));

    if (!p) {
        api_error(a, 409, "ask again when DCT has been observed, or with after=SERIAL",
                  "there is no plan yet");
        return;
    }
    cJSON *body = api_envelope(a->api, "Plan");
    snapshot_plan(p, app_plan_digest(a->api->app), body);
    api_reply(a, 200, body);
}

static void get_graph(struct asking *a)
{
    OWNED(links) links = links_new(cycle_set(app_cycle(a->api->app)));
    const struct snapshot s = api_snapshot(a, links);
    cJSON *body = api_envelope(a->api, "Graph");

    snapshot_graph(&s, body);
    api_reply(a, 200, body);
}

/* "1h", or a moment. */
static bool read_since(const struct asking *a, msec *out)
{
    const char *text = parameter(a, "since");
    msec ago;

    *out = 0;
    if (!text || time_parse(text, out))
        return true;
    if (!duration_parse(text, &ago))
        return false;
    *out = a->now - ago;
    return true;
}

static bool read_limit(const struct asking *a, size_t *out)
{
    const char *text = parameter(a, "limit");
    int64_t n = EVENTS_SHOWN;

    if (text && (!parse_int64(text, &n) || n < 1 || n > STORE_EVENTS))
        return false;
    *out = (size_t)n;
    return true;
}

static void get_events(struct asking *a)
{
    const char *object = parameter(a, "object");
    const struct kind_desc *kind;
    struct store_query q = { 0 };

    if (!read_since(a, &q.since)) {
        api_error(a, 400, "write 1h or 2026-11-22T15:04:05Z", "`since` is no time");
        return;
    }
    if (!read_limit(a, &q.limit)) {
        api_error(a, 400, "leave it out for the newest 1000",
                  "`limit` must be a number from 1 to %d", STORE_EVENTS);
        return;
    }
    char *key = object ? api_any_key(a, object, &kind) : NULL;
    if (object && !key)
        return;
    q.key = key;
    cJSON *body = api_envelope(a->api, "Events");
    if (add_events(a, body, "items", &q))
        api_reply(a, 200, body);
    free(key);
}

static const struct {
    const char *path;
    bool more; /* a name follows */
    void (*get)(struct asking *a);
    void (*post)(struct asking *a);
} routes[] = {
    { "status", false, get_status, NULL },       { "objects", false, get_objects, NULL },
    { "objects/", true, get_object, NULL },      { "plan", false, get_plan, NULL },
    { "graph", false, get_graph, NULL },         { "events", false, get_events, NULL },
    { "reconcile", false, NULL, api_reconcile }, { "suspend", false, NULL, api_suspend },
    { "resume", false, NULL, api_resume },       { "adopt", false, NULL, api_adopt },
    { "forget", false, NULL, api_forget },
};

/* False where the answer has to wait until something is new. */
static bool may_answer(struct asking *a)
{
    const char *text = parameter(a, "after");
    int64_t after;

    if (!text)
        return true;
    if (!parse_int64(text, &after) || after < 0) {
        api_error(a, 400, "give back the `serial` of an earlier answer",
                  "`after` must be a number");
        return false;
    }
    return a->api->serial > (uint64_t)after;
}

static void carry_out(struct asking *a, size_t route)
{
    bool get = streq(a->q->method, "GET"), post = streq(a->q->method, "POST");

    if (get && routes[route].get) {
        if (may_answer(a))
            routes[route].get(a);
    } else if (!post || !routes[route].post) {
        api_error(a, 405, routes[route].get ? "it can be read, with GET" : "it is done with POST",
                  "%s is not for %s", a->q->path, a->q->method);
    } else if (!a->q->may_write) {
        api_error(a, 403,
                  "root and the user that dctd runs as may, on the control socket: sudo dctd …",
                  "%s may look, and change nothing", a->q->whom ? a->q->whom : "you");
    } else {
        routes[route].post(a);
    }
}

void api_answer(struct api *api, const struct api_request *q, struct api_answer *out)
{
    struct asking a = { .api = api, .q = q, .out = out, .now = app_now() };
    const char *path = starts_with(q->path, prefix) ? q->path + strlen(prefix) : NULL;

    *out = (struct api_answer){ 0 };
    for (size_t i = 0; path && i < ARRAY_LEN(routes); i++) {
        size_t n = strlen(routes[i].path);
        if (routes[i].more ? !starts_with(path, routes[i].path) : !streq(path, routes[i].path))
            continue;
        a.rest = path + n;
        carry_out(&a, i);
        return;
    }
    api_error(&a, 404,
              "there are /api/v1/status, objects, plan, graph, "
              "events, reconcile, suspend, resume, adopt, forget",
              "there is no %s", q->path);
}
