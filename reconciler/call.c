/* Requests from todos: path, body, and what they carry. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/action.h"
#include "schema/json.h"
#include "schema/wire.h"

enum { PATH_MAX_BYTES = 8192 };

struct call_context {
    const struct exec *x;
    const struct action *a;
    char *missing; /* the first reference that does not resolve, told */
};

/* The ids live in what was observed, so they outlast the request's making. */
static const char *resolve(void *ctx, const struct object *o, size_t row)
{
    struct call_context *c = ctx;
    struct resolved r;

    if (c->a->run->lookups[row])
        return c->a->run->lookups[row];
    resolve_row(c->x->world, c->a->wanted, row, &r);
    if (r.how != RESOLVED && !c->missing) {
        const char *yaml = o->kind->table.rows[row].yaml;
        c->missing = r.how == RESOLVE_LATER ? xasprintf("`%s` is not in DCT yet", yaml)
                                            : xasprintf("`%s`: %s", yaml, buf_text(&r.why));
    }
    resolved_clear(&r);
    return r.how == RESOLVED ? r.id : NULL;
}

static const struct observed_item *item_of(const struct exec *x, const struct action *a)
{
    return a->id ? observed_by_id(x->world->observed, a->kind->kind, a->id) : NULL;
}

/* {id}, {value}, {item} and {status.x} of a call's path. */
static const char *placeholder(const struct call_context *c, const struct todo *t, const char *name)
{
    const struct observed_item *item = item_of(c->x, c->a);

    if (streq(name, "id"))
        return c->a->id;
    if (streq(name, "value"))
        return resolve((void *)(uintptr_t)c, c->a->wanted->object, t->row);
    if (streq(name, "item")) {
        const struct field *f = &c->a->kind->table.rows[t->row];
        return json_text(wire_item_find(f, t->json, c->a->run->raw), "id");
    }
    return item && item->object ? object_text(item->object, name) : NULL;
}

static char *call_path(struct call_context *c, const struct todo *t, const char *template)
{
    struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);

    for (const char *p = template; *p; p++) {
        const char *end = *p == '{' ? strchr(p, '}') : NULL;
        if (!end) {
            buf_add(&path, p, 1);
            continue;
        }
        char *name = xstrndup(p + 1, (size_t)(end - p - 1));
        const char *value = placeholder(c, t, name);
        if (value)
            buf_add_urlencoded(&path, value);
        else if (!c->missing)
            c->missing =
                xasprintf("DCT does not show `%s`, which the call %s needs", name, t->call->name);
        free(name);
        p = end;
    }
    return buf_take(&path);
}

/* The owner tag rides along, so that the object is ours from its first moment. */
static void add_owner(const struct exec *x, const struct action *a, cJSON *body)
{
    if (!(a->kind->flags & KIND_TAGS_AT_CREATE))
        return;
    cJSON *tags = cJSON_GetObjectItemCaseSensitive(body, "tags"), *pair = cJSON_CreateObject();
    if (!tags)
        tags = cJSON_AddArrayToObject(body, "tags");
    cJSON_AddStringToObject(pair, "key", OWNER_TAG);
    cJSON_AddStringToObject(pair, "value", x->world->instance);
    cJSON_AddItemToArray(tags, pair);
}

static bool *rows_of(const struct action *a, const struct todo *t)
{
    bool *rows = xcalloc(a->kind->table.n, sizeof(bool));

    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        rows[i] = f->update && f->call == t->index && !(f->flags & (ACTION | STATE | TOKEN)) &&
                  a->wanted->object->values[i].state != V_ABSENT;
    }
    return rows;
}

/* Of the rows that the call could carry, those that the plan or the last look
 * found different; the encoder adds what must go with them. */
static cJSON *update_body(struct call_context *c, const struct todo *t)
{
    const struct call *call = call_for(t->call, c->x->world->api);
    const struct wire_context wire = { resolve, c, call->flags & CALL_WHOLE };
    const struct observed_item *item = item_of(c->x, c->a);
    const struct entry *e = ledger_find(c->x->world->ledger, c->a->key);
    struct diff d;

    diff_object(c->x->world, c->a->wanted, item, e, c->a->verb == VERB_ADOPT, &d);
    cJSON *body = wire_update_body(c->a->wanted->object, t->index, d.changed, c->a->run->raw, wire);
    diff_clear(&d);
    return body;
}

static cJSON *target_body(const struct action *a)
{
    cJSON *body = cJSON_CreateArray(), *target = cJSON_CreateObject();

    cJSON_AddStringToObject(target, "object_type", a->kind->target);
    cJSON_AddStringToObject(target, "object_id", a->id);
    cJSON_AddItemToArray(body, target);
    return body;
}

static cJSON *rows_body(struct call_context *c, const struct todo *t)
{
    const struct wire_context wire = { resolve, c, false };

    if (t->type == TODO_CREATE) {
        cJSON *body = wire_create_body(c->a->wanted->object, t->index, wire);
        add_owner(c->x, c->a, body);
        return body;
    }
    if (t->type == TODO_ITEM)
        return wire_item_body(&c->a->kind->table.rows[t->row], t->json);
    if (t->type == TODO_ROW) {
        bool *rows = rows_of(c->a, t);
        cJSON *body = wire_update_body(c->a->wanted->object, t->index, rows, c->a->run->raw, wire);
        free(rows);
        return body;
    }
    return update_body(c, t);
}

static cJSON *call_body(struct call_context *c, const struct todo *t)
{
    cJSON *body = NULL;

    switch (t->call->body) {
    case BODY_NONE:
        break;
    case BODY_EMPTY:
        body = cJSON_CreateObject();
        break;
    case BODY_ROWS:
        body = rows_body(c, t);
        break;
    case BODY_ID:
        body = cJSON_CreateObject();
        cJSON_AddStringToObject(body, t->call->id_member, c->a->id);
        break;
    case BODY_MULTIPART:
        body = wire_multipart_fields(c->a->wanted->object, t->call,
                                     (struct wire_context){ resolve, c, false });
        break;
    case BODY_TARGET:
        body = target_body(c->a);
        break;
    }
    return body;
}

static void add_file(const struct action *a, const struct call *call, struct request *r)
{
    const struct object *o = a->wanted ? a->wanted->object : NULL;

    for (size_t i = 0; o && call->body == BODY_MULTIPART && i < o->kind->table.n; i++) {
        if (o->kind->table.rows[i].type != F_FILE || o->values[i].state != V_SET)
            continue;
        r->part = o->kind->table.rows[i].create;
        r->file = xstrdup(o->values[i].s);
        char digest[DIGEST_TEXT];
        fingerprint_text(&o->values[i].digest, digest);
        r->file_digest = xstrdup(digest);
    }
}

static struct request *tags_request(const struct action *a, const struct todo *t)
{
    struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);

    buf_printf(&path, "%s/", a->kind->collection);
    buf_add_urlencoded(&path, a->id);
    buf_puts(&path, t->type == TODO_TAGS_ADD || t->type == TODO_MARK ? "/tags" : "/tags/delete");
    struct request *r = request_new("POST", buf_take(&path));
    r->body = cJSON_CreateObject();
    cJSON_AddItemToObject(r->body, "tags", cJSON_Duplicate(t->json, true));
    return r;
}

/* Where names of that kind are looked up, and what else the filter says. */
static const struct lookup {
    const char *path;
    bool on_engine, of_source, typed;
} lookups[] = {
    [REF_GROUP] = { "/groups/search", true, false, false },
    [REF_POLICY] = { "/virtualization-policies/search", true, false, true },
    [REF_SNAPSHOT] = { "/snapshots/search", false, true, false },
    [REF_BOOKMARK] = { "/bookmarks/search", false, false, false },
};

static bool and_equal(struct buf *filter, const char *member, const char *value)
{
    if (!value)
        return true;
    buf_puts(filter, " AND ");
    return filter_equal(filter, member, value);
}

/* Id of the dataset that the object is made from. */
static const char *source_of(struct call_context *c)
{
    const struct object *o = c->a->wanted->object;

    for (size_t i = 0; i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        if (f->create && streq(f->create, "source_data_id") && o->values[i].state == V_SET)
            return resolve(c, o, i);
    }
    return NULL;
}

static struct request *lookup_request(struct call_context *c, const struct todo *t)
{
    const struct object *o = c->a->wanted->object;
    const struct ref *ref = o->kind->table.rows[t->row].ref;
    const struct lookup *l = &lookups[ref->target];
    struct buf filter = BUF_WITH_LIMIT(PATH_MAX_BYTES);
    bool said = filter_equal(&filter, "name", o->values[t->row].s);

    if (l->on_engine)
        said = and_equal(&filter, "engine_id", c->a->engine) && said;
    if (l->of_source)
        said = and_equal(&filter, "dataset_id", source_of(c)) && said;
    if (l->typed)
        said = and_equal(&filter, "policy_type", ref->policy_type) && said;
    struct request *r = said ? request_search(l->path, buf_text(&filter)) : NULL;
    if (!said && !c->missing)
        c->missing = xasprintf("the name `%s` holds both kinds of quotes; give it as id:...",
                               o->values[t->row].s);
    buf_clear(&filter);
    return r;
}

struct request *call_request(const struct exec *x, const struct action *a, const struct todo *t,
                             char **why)
{
    struct call_context c = { x, a, NULL };
    struct request *r;

    if (t->type == TODO_LOOKUP) {
        r = lookup_request(&c, t);
    } else if (!t->call) {
        r = tags_request(a, t);
    } else {
        const struct call *call = call_for(t->call, x->world->api);
        r = request_new(call->method, call_path(&c, t, call->path));
        r->body = call_body(&c, t);
        add_file(a, t->call, r);
    }
    if (c.missing || !r) {
        request_free(r);
        *why = c.missing;
        return NULL;
    }
    r->write = t->type != TODO_LOOKUP;
    r->key = xstrdup(a->key);
    r->engine = a->engine ? xstrdup(a->engine) : NULL;
    r->base_file = a->wanted ? a->wanted->object->pos.file : NULL;
    return r;
}

/* A create carries what its variant takes, an update the rows of its call. */
static bool carries(const struct action *a, const struct todo *t, size_t row)
{
    const struct field *f = &a->kind->table.rows[row];

    switch (t->type) {
    case TODO_CREATE:
        return (f->create && (!f->creates || f->creates & 1U << t->index)) || f->type == F_FILE;
    case TODO_UPDATE:
        return f->update && f->call == t->index && !(f->flags & (ACTION | STATE | TOKEN));
    case TODO_ITEM:
    case TODO_ROW:
        return row == t->row;
    case TODO_TAGS_ADD:
        return f->type == F_TAGS;
    case TODO_ENABLE:
    case TODO_DISABLE:
        return f->flags & STATE && !(f->flags & ACTION);
    case TODO_LOOKUP:
    case TODO_TAGS_REMOVE:
    case TODO_MARK:
    case TODO_UNMARK:
    case TODO_REFRESH:
    case TODO_SNAPSHOT:
    case TODO_DELETE:
        break;
    }
    return false;
}

void call_carried(const struct action *a, const struct todo *t)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        if (carries(a, t, i))
            a->run->carried[i] = true;
    }
}
