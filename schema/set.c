#include "schema/set.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/refs.h"
#include "schema/yaml.h"

/* `names` finds the first of several objects that one name stands for. */
struct set_index {
    struct map keys, names;
    struct strings owned;
};

static void strings_copy(struct strings *to, const struct strings *from)
{
    *to = (struct strings){ 0 };
    for (size_t i = 0; i < from->n; i++)
        strings_add(to, from->items[i]);
}

static void policy_copy(struct policy *to, const struct policy *from)
{
    *to = *from;
    to->adopt_id = from->adopt_id ? xstrdup(from->adopt_id) : NULL;
    to->suspend_reason = from->suspend_reason ? xstrdup(from->suspend_reason) : NULL;
    strings_copy(&to->ignore, &from->ignore);
    strings_copy(&to->ignore_parts, &from->ignore_parts);
}

/* The object as it is on one of its engines. */
static struct object *object_on(const struct object *o, const char *engine)
{
    struct object *copy = object_new(o->kind, o->name, o->pos);
    struct table t = o->kind->table;
    int row = table_find(t, "engine");

    copy->moved_from = o->moved_from ? xstrdup(o->moved_from) : NULL;
    policy_copy(&copy->policy, &o->policy);
    if (o->made)
        copy->made = xcalloc(t.n, sizeof(*copy->made));
    for (size_t i = 0; i < t.n; i++) {
        value_copy(&copy->values[i], &o->values[i], t.rows[i].type);
        if (o->made)
            value_copy(&copy->made[i], &o->made[i], t.rows[i].type);
    }
    if (row >= 0) {
        struct pos pos = object_value(o, "engines")->pos;
        value_clear(&copy->values[row], t.rows[row].type);
        copy->values[row] = (struct value){ .state = V_SET, .pos = pos, .s = xstrdup(engine) };
    }
    return copy;
}

/* Takes the object and the key. */
static void add_item(struct set *s, const struct member *m, struct object *o, char *key,
                     const char *engine)
{
    const struct member *through = m->through;
    struct wanted w = { .object = o, .key = key, .engine = engine ? xstrdup(engine) : NULL };

    if (through)
        w.held = xasprintf("its %s %s has findings", through->kind->name, member_name(through));
    s->items = grow(s->items, s->n, &s->cap, sizeof(*s->items));
    s->items[s->n++] = w;
}

static void add_member(struct set *s, const struct member *m)
{
    if (!(m->kind->flags & KIND_PER_ENGINE)) {
        add_item(s, m, object_ref(m->object), xstrdup(m->key), m->engine);
        return;
    }
    for (size_t i = 0; i < m->n; i++) {
        const char *engine = m->edges[i].text;
        add_item(s, m, object_on(m->object, engine), xasprintf("%s@%s", m->key, engine), engine);
    }
}

static void add_members(struct set *s, const struct graph *g)
{
    for (size_t i = 0; i < g->n_order; i++) {
        const struct member *m = g->order[i];
        if (!m->bad || m->through)
            add_member(s, m);
        else
            strings_add(&s->left_out, m->key);
        s->complete = s->complete && !m->bad;
    }
}

static void build_index(struct set *s)
{
    struct set_index *index = xcalloc(1, sizeof(*index));

    s->index = index;
    for (size_t i = 0; i < s->n; i++) {
        struct wanted *w = &s->items[i];
        map_set(&index->keys, w->key, w);
        if (!(w->object->kind->flags & KIND_PER_ENGINE))
            continue;
        char *name = xasprintf("%s/%s", w->object->kind->name, w->object->name);
        if (!map_get(&index->names, name)) {
            strings_add(&index->owned, name);
            map_set(&index->names, index->owned.items[index->owned.n - 1], w);
        }
        free(name);
    }
}

static const struct kind_desc *kind_of_key(const char *key)
{
    char *name = xstrndup(key, strcspn(key, "/"));
    const struct kind_desc *k = kind_by_name(name);

    free(name);
    return k;
}

static void add_unit(struct graph *g, const struct unit *u, struct set *s)
{
    diags_append(&s->diags, &u->diags);
    if (u->broken)
        s->complete = false;
    for (size_t i = 0; i < u->n; i++) {
        struct object *o = u->objects[i];
        struct member *m = graph_add(g, o->kind, o->name, o, &s->diags);
        if (m)
            m->source = u->source;
    }
    for (size_t i = 0; i < u->left_out.n; i++) {
        const char *key = u->left_out.items[i];
        const struct kind_desc *k = kind_of_key(key);
        (void)graph_add(g, k, key + strlen(k->name) + 1, NULL, &s->diags);
    }
}

static size_t count_objects(struct unit *const *units, size_t n)
{
    size_t objects = 0;

    for (size_t i = 0; i < n; i++)
        objects += units[i]->n + units[i]->left_out.n;
    return objects;
}

/* Units know the lines that the set's own findings point at. */
static void quote_lines(struct set *s, struct unit *const *units, size_t n)
{
    struct map files = { 0 };

    for (size_t i = 0; i < n && s->diags.n; i++)
        map_set(&files, units[i]->file, units[i]);
    for (size_t i = 0; i < s->diags.n; i++) {
        const struct diag *item = &s->diags.items[i];
        const struct unit *u = item->at.file && !item->line ? map_get(&files, item->at.file) : NULL;
        if (u)
            source_quote(u->source, &s->diags);
    }
    map_clear(&files);
}

struct set *set_build(struct unit *const *units, size_t n)
{
    struct set *s = xcalloc(1, sizeof(*s));
    struct graph g = { 0 };

    s->complete = true;
    s->n_files = n;
    if (count_objects(units, n) > OBJECTS_MAX) {
        diag_error(&s->diags, (struct pos){ 0 }, "the manifests declare more than %d objects",
                   OBJECTS_MAX);
        s->complete = false;
        n = 0;
    }
    for (size_t i = 0; i < n; i++)
        add_unit(&g, units[i], s);
    graph_settle(&g, &s->diags);
    add_members(s, &g);
    graph_clear(&g);
    build_index(s);
    quote_lines(s, units, n);
    diags_sort(&s->diags);
    return s;
}

void set_free(struct set *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        object_free(s->items[i].object);
        free(s->items[i].key);
        free(s->items[i].engine);
        free(s->items[i].held);
    }
    free(s->items);
    map_clear(&s->index->keys);
    map_clear(&s->index->names);
    strings_clear(&s->index->owned);
    free(s->index);
    free(s->revision);
    strings_clear(&s->left_out);
    diags_clear(&s->diags);
    free(s);
}

const struct wanted *set_find(const struct set *s, const char *key)
{
    return map_get(&s->index->keys, key);
}

/* As xasprintf() would put it together, in a tenth of the time. */
static char *key_of(const struct kind_desc *k, const char *name, const char *engine)
{
    struct buf b = BUF_WITH_LIMIT(SIZE_MAX / 4);

    buf_puts(&b, k->name);
    buf_char(&b, '/');
    buf_puts(&b, name);
    if (engine) {
        buf_char(&b, '@');
        buf_puts(&b, engine);
    }
    return buf_take(&b);
}

const struct wanted *set_named(const struct set *s, enum kind kind, const char *name,
                               const char *engine)
{
    const struct kind_desc *k = kind_desc(kind);
    bool per_engine = k->flags & KIND_PER_ENGINE;
    char *key = key_of(k, name, per_engine ? engine : NULL);
    const struct wanted *w =
        per_engine && !engine ? map_get(&s->index->names, key) : set_find(s, key);

    free(key);
    return w;
}
