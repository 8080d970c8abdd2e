/* The door: from a request to its answer, and the state as text. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/call.h"
#include "tests/sim/control.h"
#include "tests/sim/faults.h"
#include "tests/sim/jobs.h"
#include "tests/sim/routes.h"

static void start_empty(struct sim *s)
{
    s->counters = js_object();
    s->timers = js_array();
    s->faults = js_array();
    s->log = js_array();
    s->logged = 0;
    s->next_at = NEVER;
}

struct sim *sim_new(const struct sim_options *options)
{
    struct sim *s = xcalloc(1, sizeof(*s));

    s->opt = *options;
    if (!(s->opt.speed > 0))
        s->opt.speed = 1;
    if (!s->opt.api)
        s->opt.api = 328;
    s->api_key = options->api_key ? xstrdup(options->api_key) : NULL;
    s->rng = options->seed;
    start_empty(s);
    return s;
}

void sim_free(struct sim *s)
{
    if (!s)
        return;
    sim_clear(s);
    free(s->api_key);
    free(s);
}

void sim_reply_clear(struct sim_reply *r)
{
    free(r->body);
    *r = (struct sim_reply){ 0 };
}

void sim_advance(struct sim *s, msec now)
{
    if (now >= s->next_at) {
        s->changes++;
        sim_jobs_advance(s, now);
    } else if (now > s->now) {
        s->now = now;
    }
}

msec sim_next_change(const struct sim *s)
{
    return s->next_at == NEVER ? -1 : s->next_at;
}

static bool is_control(const struct call *c)
{
    return starts_with(c->in->path, "/_sim/");
}

static bool authorized(const struct call *c)
{
    const char *given = c->in->authorization;

    if (is_control(c))
        return true;
    if (!given || !starts_with(given, "apk ") || !given[4])
        return false;
    return !c->sim->api_key || streq(given + 4, c->sim->api_key);
}

static bool only_reads(const struct call *c)
{
    size_t n = strcspn(c->in->path, "?");
    bool sim_search = n >= 7 && strncmp(c->in->path + n - 7, "/search", 7) == 0;
    return streq(c->in->method, "GET") || (streq(c->in->method, "POST") && sim_search);
}

/* Reads the body as the route wants it; false after having refused. */
static bool read_body(struct call *c)
{
    unsigned flags = c->route->flags;

    if (c->in->length == 0 || !c->in->body) {
        if (flags & R_EMPTY)
            sim_reply_text(c, 422, xstrdup("\"Required request body is missing\""));
        else if (flags & R_BODY)
            sim_refuse(c, 400, "A request body is required.");
        return !(flags & (R_EMPTY | R_BODY));
    }
    const char *end = NULL;
    c->body = cJSON_ParseWithLengthOpts(c->in->body, c->in->length, &end, false);
    size_t used = c->body ? (size_t)(end - c->in->body) : 0;
    while (used < c->in->length && strchr(" \t\r\n", c->in->body[used]))
        used++;
    if (!c->body || used < c->in->length) {
        sim_refuse(c, 400, "The request body is not JSON.");
        return false;
    }
    if (!cJSON_IsObject(c->body) && !((flags & R_ARRAY) && cJSON_IsArray(c->body))) {
        sim_refuse(c, 400, "The request body has the wrong type.");
        return false;
    }
    return true;
}

static bool check_body(struct call *c)
{
    static const struct member none[] = { MEMBERS_END };
    const struct member *table = c->route->body ? c->route->body : none;
    unsigned call = c->route->flags & R_UPDATE ? M_UPDATE : M_CREATE;

    if (c->route->flags & R_FREE)
        return true;
    if (!read_body(c))
        return false;
    if (!c->body || (c->route->flags & R_ARRAY))
        return true;
    char *wrong = sim_members_check(c->sim, table, call, c->body);
    if (wrong)
        sim_refuse(c, 400, "%s", wrong);
    free(wrong);
    return !wrong;
}

/* Of the published document only what clients look for first. */
static void publish(struct call *c)
{
    unsigned api = c->sim->opt.api ? c->sim->opt.api : 328;

    sim_reply_text(c, 200,
                   xasprintf("openapi: 3.0.0\ninfo:\n  title: Delphix DCT API\n"
                             "  version: %u.%u.0\n",
                             api / 100, api % 100));
    c->out->content_type = "application/yaml";
}

static void dispatch(struct call *c)
{
    bool known = false;
    const char *query = strchr(c->in->path, '?');

    c->query = query ? query + 1 : "";
    if (streq(c->in->path, SIM_DOCUMENT)) {
        publish(c);
        return;
    }
    c->route = sim_route_find(c, &known);
    if (!authorized(c))
        sim_refuse(c, 401, "The API key is not valid.");
    else if (!c->route)
        sim_refuse(c, known ? 405 : 404, known ? "Method not allowed." : "No such path.");
    else if (c->sim->opt.read_only && !is_control(c) && !only_reads(c))
        sim_refuse(c, 405, "The server is read-only.");
    else if (check_body(c)) {
        c->sim->changes += !only_reads(c);
        c->route->handle(c);
    }
}

static cJSON *fault_of(struct call *c)
{
    size_t n = strcspn(c->in->path, "?");
    char *path = xstrndup(c->in->path, n);
    cJSON *rule = is_control(c) ? NULL : sim_fault_for(c->sim, c->in->method, path);
    free(path);
    return rule;
}

static void answer(struct call *c)
{
    cJSON *rule = fault_of(c);

    if (rule && sim_fault_before(c, rule))
        return;
    bool on_job = js_get(rule, "job") || js_get(rule, "suspend_ms") || js_get(rule, "warning");
    c->sim->job_fault = on_job ? rule : NULL;
    dispatch(c);
    c->sim->job_fault = NULL;
    if (rule)
        sim_fault_after(c, rule);
}

void sim_request(struct sim *s, msec now, const struct sim_request *in, struct sim_reply *out)
{
    struct call c = { .sim = s, .in = in, .out = out, .query = "" };

    *out = (struct sim_reply){ .content_type = "application/json" };
    sim_reply_empty(&c, 500);
    sim_advance(s, now);
    answer(&c);
    if (!is_control(&c))
        sim_control_note(s, in->method, in->path, out->status);
    cJSON_Delete(c.body);
    for (size_t i = 0; i < MAX_ARGS; i++)
        free(c.args[i]);
}

static void save_shelf(const struct sim *s, enum collection kind, cJSON *objects)
{
    for (struct object *o = sim_first(s, kind); o; o = sim_next(s, o)) {
        cJSON *item = js_object();
        js_put_str(item, "kind", sim_collections[kind].name);
        js_put_num(item, "seq", (double)o->seq);
        js_put_num(item, "visible_at", (double)o->visible_at);
        js_put_num(item, "gone_at", (double)o->gone_at);
        js_put_num(item, "due", (double)o->due);
        js_put_bool(item, "deleted", o->deleted);
        js_put(item, "json", js_dup(o->json));
        js_put(item, "priv", js_dup(o->priv));
        js_add(objects, item);
    }
}

char *sim_state(const struct sim *s)
{
    char rng[24];
    cJSON *state = js_object(), *objects = js_list(state, "objects");

    snprintf(rng, sizeof(rng), "%" PRId64, (int64_t)s->rng);
    js_put_str(state, "rng", rng);
    js_put_num(state, "now", (double)s->now);
    js_put_num(state, "seq", (double)s->seq);
    js_put(state, "counters", js_dup(s->counters));
    js_put(state, "timers", js_dup(s->timers));
    js_put(state, "faults", js_dup(s->faults));
    for (int k = 0; k < COLLECTIONS; k++)
        save_shelf(s, (enum collection)k, objects);
    char *text = js_text(state);
    cJSON_Delete(state);
    return text;
}

static bool is_saved_object(const cJSON *item)
{
    const char *kind = js_str(item, "kind");
    return kind && sim_collection_named(kind) != COLLECTIONS &&
           js_str(js_get(item, "json"), "id") && cJSON_IsObject(js_get(item, "priv")) &&
           js_num(item, "seq", 0) > 0;
}

static bool is_state(const cJSON *state)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, js_get(state, "objects")) {
        if (!is_saved_object(item))
            return false;
    }
    return cJSON_IsArray(js_get(state, "objects")) && js_str(state, "rng") &&
           cJSON_IsObject(js_get(state, "counters")) && cJSON_IsArray(js_get(state, "timers")) &&
           cJSON_IsArray(js_get(state, "faults"));
}

static cJSON *take(cJSON *from, const char *name)
{
    return cJSON_DetachItemFromObjectCaseSensitive(from, name);
}

static void load_object(struct sim *s, cJSON *item)
{
    struct object *o = xcalloc(1, sizeof(*o));

    o->kind = sim_collection_named(js_str(item, "kind"));
    o->id = xstrdup(js_str(js_get(item, "json"), "id"));
    o->seq = (uint64_t)js_num(item, "seq", 0);
    o->visible_at = js_msec(item, "visible_at", 0);
    o->gone_at = js_msec(item, "gone_at", NEVER);
    o->due = js_msec(item, "due", 0);
    o->deleted = js_true(item, "deleted");
    o->json = take(item, "json");
    o->priv = take(item, "priv");
    sim_object_index(s, o);
}

bool sim_load(struct sim *s, const char *text)
{
    cJSON *item;
    int64_t rng;
    cJSON *state = cJSON_Parse(text);

    if (!is_state(state) || !parse_int64(js_str(state, "rng"), &rng)) {
        cJSON_Delete(state);
        return false;
    }
    sim_clear(s);
    start_empty(s);
    s->rng = (uint64_t)rng;
    s->now = js_msec(state, "now", 0);
    s->seq = (uint64_t)js_num(state, "seq", 0);
    cJSON_Delete(s->counters);
    cJSON_Delete(s->timers);
    cJSON_Delete(s->faults);
    s->counters = take(state, "counters");
    s->timers = take(state, "timers");
    s->faults = take(state, "faults");
    cJSON_ArrayForEach(item, js_get(state, "objects")) {
        load_object(s, item);
    }
    sim_jobs_resume(s);
    s->next_at = s->now;
    cJSON_Delete(state);
    return true;
}

static void copy_shelf(struct sim *s, const struct sim *from, enum collection kind)
{
    for (const struct object *o = sim_first(from, kind); o; o = sim_next(from, o)) {
        struct object *copy = xmalloc(sizeof(*copy));
        *copy = *o;
        copy->id = xstrdup(o->id);
        copy->json = js_dup(o->json);
        copy->priv = js_dup(o->priv);
        sim_object_index(s, copy);
    }
}

void sim_load_from(struct sim *s, const struct sim *from)
{
    sim_clear(s);
    s->counters = js_dup(from->counters);
    s->timers = js_dup(from->timers);
    s->faults = js_dup(from->faults);
    s->log = js_array();
    s->logged = 0;
    s->rng = from->rng;
    s->now = from->now;
    s->seq = from->seq;
    for (int k = 0; k < COLLECTIONS; k++)
        copy_shelf(s, from, (enum collection)k);
    sim_jobs_resume(s);
    s->next_at = s->now;
}
