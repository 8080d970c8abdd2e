/* Indexes over what the lists said. */
#include "reconciler/observed.h"

#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/wire.h"

struct observed *observed_new(void)
{
    struct observed *o = xcalloc(1, sizeof(*o));

    for (enum kind k = 0; k < KINDS; k++) {
        o->joins[k] = xcalloc(kind_desc(k)->n_joins, sizeof(struct map));
        o->kinds[k].reported = xcalloc(kind_desc(k)->table.n, sizeof(bool));
    }
    return o;
}

static void item_free(struct observed_item *item)
{
    free(item->id);
    free(item->name);
    free(item->engine);
    free(item->owner);
    object_free(item->object);
    free(item);
}

static void extras_clear(struct observed_extras *x)
{
    for (size_t i = 0; i < x->n; i++) {
        free(x->items[i].id);
        free(x->items[i].name);
        free(x->items[i].engine);
        free(x->items[i].type);
    }
    free(x->items);
}

static void join_clear(struct map *m)
{
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key)
            cJSON_Delete(m->slots[i].value);
    }
    map_clear(m);
}

void observed_free(struct observed *o)
{
    if (!o)
        return;
    for (enum kind k = 0; k < KINDS; k++) {
        struct observed_list *l = &o->kinds[k];
        for (size_t i = 0; i < l->n; i++)
            item_free(l->items[i]);
        free(l->items);
        free(l->trouble);
        free(l->reported);
        map_clear(&l->by_id);
        map_clear(&l->by_name);
        for (size_t i = 0; i < kind_desc(k)->n_joins; i++)
            join_clear(&o->joins[k][i]);
        free(o->joins[k]);
    }
    extras_clear(&o->groups);
    extras_clear(&o->policies);
    free(o);
}

static char *own(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

/* An id may come as a number (DCT's examples show both). */
static char *id_text(const cJSON *v)
{
    if (cJSON_IsString(v))
        return xstrdup(v->valuestring);
    if (cJSON_IsNumber(v))
        return xasprintf("%.0f", v->valuedouble);
    return NULL;
}

/* Value of the first tag of that key. */
static const char *tag_of(const struct json_index *item, const char *key)
{
    const cJSON *tag;

    cJSON_ArrayForEach(tag, json_index_at(item, "tags")) {
        if (streq(json_text(tag, "key"), key))
            return json_text(tag, "value");
    }
    return NULL;
}

/* Replicated and recycled objects answer like any other; they are not ours. */
static bool is_foreign(const struct json_index *item)
{
    return cJSON_IsTrue(json_index_at(item, "is_replica")) ||
           cJSON_IsTrue(json_index_at(item, "recycle_bin")) ||
           json_index_text(item, "namespace_id") || json_index_text(item, "namespace");
}

/* {"$staging": object} for the joins whose member of `item` leads to one. */
static cJSON *joined(const struct observed *o, const struct kind_desc *k,
                     const struct json_index *item)
{
    cJSON *all = cJSON_CreateObject();

    for (size_t i = 0; i < k->n_joins; i++) {
        const struct join *j = &k->joins[i];
        const char *mine = json_index_text(item, j->mine);
        cJSON *found = mine ? map_get(&o->joins[k->kind][i], mine) : NULL;
        if (found)
            cJSON_AddItemReferenceToObject(all, j->name, found);
    }
    return all;
}

static char *engine_of(const struct kind_desc *k, const struct json_index *item, const cJSON *joins)
{
    const char *read = k->kind == KIND_ENGINE ? NULL : k->engine_read;

    if (!read)
        return NULL;
    return id_text(read[0] == '$' ? json_at(joins, read) : json_index_at(item, read));
}

/* The name's own row, or the best fact that stands for it. */
static const char *name_path(const struct kind_desc *k)
{
    const struct field *rows = k->table.rows;
    const char *read = rows[kind_row(k, "metadata.name")].read;

    for (size_t i = 0; !read && i < ARRAY_LEN(k->identity) && k->identity[i].fact; i++) {
        if (i + 1 == ARRAY_LEN(k->identity) || !k->identity[i + 1].fact)
            read = rows[kind_row(k, k->identity[i].fact)].read;
    }
    return read ? read : "name";
}

static void unlink_name(struct observed_list *l, struct observed_item *item)
{
    struct observed_item *first = map_get(&l->by_name, item->name);

    map_remove(&l->by_name, item->name);
    if (first == item) {
        first = item->next_named;
    } else {
        for (struct observed_item *p = first; p; p = p->next_named) {
            if (p->next_named == item)
                p->next_named = item->next_named;
        }
    }
    if (first)
        map_set(&l->by_name, first->name, first);
}

void observed_remove(struct observed *o, const struct kind_desc *k, const char *id)
{
    struct observed_list *l = &o->kinds[k->kind];
    struct observed_item *item = map_get(&l->by_id, id);

    if (!item)
        return;
    unlink_name(l, item);
    map_remove(&l->by_id, item->id);
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i] == item) {
            l->items[i] = l->items[--l->n];
            break;
        }
    }
    item_free(item);
}

static void note_reported(struct observed_list *l, const struct kind_desc *k,
                          const struct object *object)
{
    for (size_t i = 0; i < k->table.n; i++) {
        if (object->values[i].state != V_ABSENT)
            l->reported[i] = true;
    }
}

/* A known object keeps its place: others point to it. */
static struct observed_item *place_of(struct observed_list *l, char *id)
{
    struct observed_item *item = map_get(&l->by_id, id);

    if (item) {
        free(id);
        unlink_name(l, item);
        free(item->name);
        free(item->engine);
        free(item->owner);
        object_free(item->object);
        *item = (struct observed_item){ .id = item->id };
        return item;
    }
    item = xcalloc(1, sizeof(*item));
    item->id = id;
    l->items = grow(l->items, l->n, &l->cap, sizeof(struct observed_item *));
    l->items[l->n++] = item;
    map_set(&l->by_id, item->id, item);
    return item;
}

struct observed_item *observed_add(struct observed *o, const struct kind_desc *k, const cJSON *json,
                                   bool full)
{
    struct observed_list *l = &o->kinds[k->kind];
    struct json_index index;

    json_index(&index, json);
    char *id = id_text(json_index_at(&index, "id"));
    if (!id)
        return NULL;
    struct observed_item *item = place_of(l, id);
    cJSON *joins = joined(o, k, &index);
    const char *name = json_index_text(&index, name_path(k));
    item->kind = k;
    item->name = xstrdup(name ? name : "");
    item->engine = engine_of(k, &index, joins);
    item->owner = own(tag_of(&index, OWNER_TAG));
    item->marked = item->owner && streq(tag_of(&index, OWES_TAG), item->owner);
    item->foreign = is_foreign(&index);
    item->object = full ? wire_decode_indexed(k, &index, joins) : NULL;
    if (item->object)
        note_reported(l, k, item->object);
    cJSON_Delete(joins);
    item->next_named = map_get(&l->by_name, item->name);
    map_remove(&l->by_name, item->name);
    map_set(&l->by_name, item->name, item);
    return item;
}

struct observed_item *observed_by_id(const struct observed *o, enum kind kind, const char *id)
{
    return map_get(&o->kinds[kind].by_id, id);
}

struct observed_item *observed_by_name(const struct observed *o, enum kind kind, const char *name)
{
    return map_get(&o->kinds[kind].by_name, name);
}

/* The member that the path begins with. */
static void keep_member(cJSON *kept, const cJSON *item, const char *path)
{
    char *name = xstrndup(path, strcspn(path, ".["));
    const cJSON *member = json_at(item, name);

    if (member && !json_at(kept, name))
        cJSON_AddItemToObject(kept, name, cJSON_Duplicate(member, true));
    free(name);
}

static void keep_read(cJSON *kept, const cJSON *item, const struct join *j, const char *read)
{
    const char *dot = read && *read == '$' ? strchr(read, '.') : NULL;
    size_t n = dot ? (size_t)(dot - read) : 0;

    if (n && strncmp(read, j->name, n) == 0 && !j->name[n])
        keep_member(kept, item, dot + 1);
}

/* Of a joined object, what it is found by and what the kind reads of it. */
static cJSON *join_members(const struct kind_desc *k, const struct join *j, const cJSON *item)
{
    cJSON *kept = cJSON_CreateObject();

    keep_member(kept, item, j->theirs);
    keep_read(kept, item, j, k->engine_read);
    for (size_t i = 0; i < k->table.n; i++)
        keep_read(kept, item, j, k->table.rows[i].read);
    return kept;
}

void observed_join(struct observed *o, const struct kind_desc *k, const struct join *j,
                   const cJSON *item)
{
    if (!json_text(item, j->theirs) || (j->where && !streq(json_text(item, j->where), j->is)))
        return;
    cJSON *kept = join_members(k, j, item);
    const char *theirs = json_text(kept, j->theirs);
    struct map *m = &o->joins[k->kind][j - k->joins];
    cJSON *old = map_get(m, theirs);
    map_remove(m, theirs);
    map_set(m, theirs, kept);
    cJSON_Delete(old);
}

void observed_unjoin(struct observed *o, const struct kind_desc *k, const struct join *j,
                     const char *theirs)
{
    struct map *m = &o->joins[k->kind][j - k->joins];
    cJSON *old = map_get(m, theirs);

    map_remove(m, theirs);
    cJSON_Delete(old);
}

void observed_feed_joins(struct observed *o, const char *path, const cJSON *item)
{
    for (enum kind k = 0; k < KINDS; k++) {
        for (size_t i = 0; i < kind_desc(k)->n_joins; i++) {
            const struct join *j = &kind_desc(k)->joins[i];
            if (o->joins_known[k] && streq(j->path, path))
                observed_join(o, kind_desc(k), j, item);
        }
    }
}

void observed_extra_add(struct observed_extras *x, const cJSON *item, const char *type_member)
{
    struct json_index index;

    json_index(&index, item);
    char *id = id_text(json_index_at(&index, "id"));
    const char *name = json_index_text(&index, "name");
    if (!id || !name || is_foreign(&index)) {
        free(id);
        return;
    }
    x->items = grow(x->items, x->n, &x->cap, sizeof(*x->items));
    x->items[x->n++] = (struct observed_extra){
        .id = id,
        .name = xstrdup(name),
        .engine = id_text(json_index_at(&index, "engine_id")),
        .type = type_member ? own(json_index_text(&index, type_member)) : NULL,
    };
}

const struct observed_extra *observed_extra(const struct observed_extras *x, const char *name,
                                            const char *engine, const char *type)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct observed_extra *e = &x->items[i];
        if (streq(e->name, name) && (!engine || !e->engine || streq(e->engine, engine)) &&
            (!type || streq(e->type, type)))
            return e;
    }
    return NULL;
}
