/* What tests do behind DCT's back. */
#include "tests/sim/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/datasets.h"
#include "tests/sim/groups.h"

#define LOG_MAX 1000

void sim_control_state(struct call *c)
{
    sim_reply_text(c, 200, sim_state(c->sim));
}

void sim_control_log(struct call *c)
{
    cJSON *json = js_object();
    js_put(json, "requests", js_dup(c->sim->log));
    sim_reply(c, 200, json);
}

void sim_control_note(struct sim *s, const char *method, const char *path, int status)
{
    cJSON *entry = js_object();

    js_put_str(entry, "method", method);
    js_put_str(entry, "path", path);
    js_put_num(entry, "status", status);
    js_add(s->log, entry);
    if (++s->logged > LOG_MAX) {
        cJSON_DeleteItemFromArray(s->log, 0);
        s->logged--;
    }
}

/* "/vdbs/ID" or "/management/engines/ID". */
static struct object *object_at(const struct sim *s, const char *path)
{
    const char *id = path ? strrchr(path, '/') : NULL;
    const char *kind = id;

    while (kind && kind > path && kind[-1] != '/')
        kind--;
    char *name = kind ? xstrndup(kind, (size_t)(id - kind)) : NULL;
    enum collection which = name ? sim_collection_named(name) : COLLECTIONS;
    free(name);
    return which == COLLECTIONS ? NULL : sim_alive(s, which, id + 1);
}

/* The object that a control body names; answers 404 where there is none. */
static struct object *named(struct call *c)
{
    const char *kind = js_str(c->body, "kind"), *name = js_str(c->body, "name");
    enum collection which = kind ? sim_collection_named(kind) : COLLECTIONS;
    struct object *o = object_at(c->sim, js_str(c->body, "path"));

    if (!o && which != COLLECTIONS)
        o = sim_by_name(c->sim, which, name);
    if (!o && which != COLLECTIONS)
        o = sim_alive(c->sim, which, name);
    if (!o)
        sim_refuse(c, 404, "No such object.");
    return o;
}

static void merge(cJSON *into, const cJSON *set)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, set) {
        cJSON *old = js_get(into, v->string);
        if (cJSON_IsObject(v) && cJSON_IsObject(old))
            merge(old, v);
        else
            js_put(into, v->string, cJSON_IsNull(v) ? NULL : js_dup(v));
    }
}

void sim_control_drift(struct call *c)
{
    struct object *o = named(c);
    if (!o)
        return;
    merge(o->json, js_get(c->body, "set"));
    sim_reply(c, 200, sim_view(c->sim, o));
}

void sim_control_delete(struct call *c)
{
    struct object *o = named(c);
    if (!o)
        return;
    if (o->kind == C_VDBS || o->kind == C_DSOURCES) {
        sim_descendants_remove(c->sim, o->id);
        sim_dataset_remove(c->sim, o);
    }
    sim_object_remove(c->sim, o, false);
    sim_reply_empty(c, 204);
}

static struct object *engine_named(const struct sim *s, const char *name)
{
    struct object *engine = sim_alive(s, C_ENGINES, name);
    return engine ? engine : sim_by_name(s, C_ENGINES, name);
}

void sim_control_create(struct call *c)
{
    const char *kind = js_str(c->body, "kind"), *name = js_str(c->body, "name");
    const char *id = js_str(c->body, "id");
    enum collection which = kind ? sim_collection_named(kind) : COLLECTIONS;
    const struct object *engine = engine_named(c->sim, js_str(c->body, "engine"));
    struct object *o = NULL;

    if (which == C_GROUPS && engine && name) {
        o = sim_group_new(c->sim, engine, name);
    } else if (which != COLLECTIONS && id && !sim_alive(c->sim, which, id)) {
        o = sim_object_new(c->sim, which, xstrdup(id));
        js_put_str(o->json, "name", name);
        sim_object_show(c->sim, o, false);
    }
    if (!o) {
        sim_refuse(c, 400, "kind, and engine and name or an unused id are expected.");
        return;
    }
    merge(o->json, js_get(c->body, "set"));
    sim_reply(c, 201, sim_view(c->sim, o));
}
