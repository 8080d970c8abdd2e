/* Answers, and how handlers find what a request is about. */
#include "tests/sim/call.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"
#include "tests/sim/routes.h"

void sim_reply_text(struct call *c, int status, char *text)
{
    free(c->out->body);
    c->out->status = status;
    c->out->body = text;
    c->out->length = strlen(text);
}

void sim_reply_empty(struct call *c, int status)
{
    sim_reply_text(c, status, xstrdup(""));
}

void sim_reply(struct call *c, int status, cJSON *json)
{
    sim_reply_text(c, status, js_text(json));
    cJSON_Delete(json);
}

void sim_refuse(struct call *c, int status, const char *fmt, ...)
{
    struct buf text = BUF_WITH_LIMIT(1024);
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    cJSON *json = js_object();
    js_put_str(json, "error", "failed");
    js_put_str(json, "error_description", buf_text(&text));
    buf_clear(&text);
    sim_reply(c, status, json);
}

bool sim_shows_all(const struct sim *s, const struct object *o)
{
    return s->opt.api >= 328 && !(o->kind == C_ENGINES && sim_engine_unreachable(s, o));
}

/* Members nested in lists that servers before 3.28 do not show either. */
static void hide_nested(cJSON *json)
{
    cJSON *repository;
    cJSON_ArrayForEach(repository, js_get(json, "repositories")) {
        js_put(repository, "toolkit_id", NULL);
    }
}

static void hide_newer(cJSON *json, const char *names)
{
    for (const char *p = names; *p;) {
        size_t n = strcspn(p, " ");
        char *name = xstrndup(p, n);
        js_put(json, name, NULL);
        free(name);
        p += n + (p[n] == ' ');
    }
    hide_nested(json);
}

cJSON *sim_view(const struct sim *s, const struct object *o)
{
    cJSON *json = js_dup(o->json);

    if (s->opt.api < 328)
        hide_newer(json, sim_collections[o->kind].newer);
    if (o->kind == C_ENGINES && sim_engine_unreachable(s, o)) {
        js_put_str(json, "engine_connection_status", "CONNECTION_ERROR");
        js_put_str(json, "connection_status", "OFFLINE");
    }
    return json;
}

void sim_reply_job(struct call *c, int status, const struct object *job, const char *key,
                   const char *id)
{
    cJSON *json = js_object();
    if (key)
        js_put_str(json, key, id);
    js_put(json, "job", sim_view(c->sim, job));
    sim_reply(c, status, json);
}

struct object *sim_subject(struct call *c)
{
    enum collection kind = c->route->kind;
    struct object *o = sim_visible(c->sim, kind, c->args[0]);
    bool read = streq(c->in->method, "GET");

    if (!o || (o->deleted && !read)) {
        sim_refuse(c, 404, "%s %s not found", sim_collections[kind].noun, c->args[0]);
        return NULL;
    }
    if (kind != C_ENGINES && kind != C_JOBS &&
        sim_engine_unreachable(c->sim, sim_engine_of(c->sim, o))) {
        sim_refuse(c, 503, "The engine of %s is unreachable", c->args[0]);
        return NULL;
    }
    return o;
}

struct object *sim_referred(struct call *c, enum collection kind, const char *member,
                            const char *value)
{
    struct object *o = sim_visible(c->sim, kind, value);

    if (!o || o->deleted) {
        sim_refuse(c, 400, "%s: no %s with id %s", member, sim_collections[kind].noun,
                   value ? value : "null");
        return NULL;
    }
    if (sim_engine_unreachable(c->sim, sim_engine_of(c->sim, o))) {
        sim_refuse(c, 503, "The engine of %s is unreachable", value);
        return NULL;
    }
    return o;
}

char *sim_query_value(const struct call *c, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = c->query; *p;) {
        size_t length = strcspn(p, "&");
        if (length > n && strncmp(p, name, n) == 0 && p[n] == '=')
            return sim_percent_decoded(p + n + 1, length - n - 1, true);
        p += length + (p[length] == '&');
    }
    return NULL;
}
