#include "schema/refs.h"

#include <stdlib.h>
#include <string.h>

#include "schema/parameters.h"

enum { UNSEEN, OPEN, DONE };

const char *member_name(const struct member *m)
{
    return m->key + strlen(m->kind->name) + 1;
}

static struct pos name_pos(const struct object *o)
{
    int row = table_find(o->kind->table, "metadata.name");

    return row >= 0 && o->values[row].pos.line ? o->values[row].pos : o->pos;
}

/* Tells of two declarations at the later one that can be pointed at. */
static void told_twice(struct member *first, const struct object *again, struct diags *d)
{
    const struct object *at = again ? again : first->object;

    first->bad = true;
    if (!at)
        return;
    diag_error(d, name_pos(at), "%s %s is declared twice", first->kind->name, member_name(first));
    if (again && first->object)
        diag_hint(d, "the first one is at %s:%u", first->object->pos.file,
                  name_pos(first->object).line);
    else
        diag_hint(d, "the other one has findings");
}

static void add_name(struct graph *g, const struct member *m)
{
    enum kind k = m->kind->kind;

    g->names[k] = grow(g->names[k], g->n_names[k], &g->cap_names[k], sizeof(const char *));
    g->names[k][g->n_names[k]++] = member_name(m);
}

struct member *graph_add(struct graph *g, const struct kind_desc *k, const char *name,
                         struct object *o, struct diags *d)
{
    char *key = xasprintf("%s/%s", k->name, name);
    struct member *first = map_get(&g->by_key, key);

    if (first) {
        told_twice(first, o, d);
        free(key);
        return NULL;
    }
    struct member *m = xcalloc(1, sizeof(*m));
    *m = (struct member){ .kind = k, .object = o, .key = key, .bad = !o };
    g->members = grow(g->members, g->n, &g->cap, sizeof(struct member *));
    g->members[g->n++] = m;
    map_set(&g->by_key, m->key, m);
    add_name(g, m);
    if (k->flags & KIND_PER_ENGINE) {
        g->connectors =
            grow(g->connectors, g->n_connectors, &g->cap_connectors, sizeof(struct member *));
        g->connectors[g->n_connectors++] = m;
    }
    return m;
}

static struct member *find(const struct graph *g, enum kind kind, const char *name)
{
    char *key = xasprintf("%s/%s", kind_desc(kind)->name, name);
    struct member *m = map_get(&g->by_key, key);

    free(key);
    return m;
}

struct word_list {
    const char *const *words;
    size_t n;
};

static const char *nth_name(const void *ctx, size_t i)
{
    const struct word_list *l = ctx;

    return i < l->n ? l->words[i] : NULL;
}

/* It may well exist in DCT, so this is no error. */
static void not_declared(const struct graph *g, const struct edge *e, struct diags *d)
{
    enum kind kind = e->row->ref->kind;
    struct word_list names = { g->names[kind], g->n_names[kind] };

    diag_warning(d, e->pos, "no manifest declares %s `%s`", kind_desc(kind)->name, e->text);
    if (d->n != d->all)
        return;
    const char *meant = nearest_word(e->text, nth_name, &names);
    if (meant) {
        diag_hint(d, "did you mean `%s`? If not, it must exist in DCT", meant);
        return;
    }
    for (size_t k = 0; k < KINDS; k++) {
        if ((enum kind)k != kind && find(g, (enum kind)k, e->text)) {
            diag_hint(d, "there is %s `%s`, but `%s` takes a name of kind %s",
                      kind_desc((enum kind)k)->name, e->text, e->row->yaml, kind_desc(kind)->name);
            return;
        }
    }
    diag_hint(d, "it must exist in DCT");
}

static void add_edge(struct graph *g, struct member *m, struct edge e, struct diags *d)
{
    if (!starts_with(e.text, "id:")) {
        e.to = find(g, e.row->ref->kind, e.text);
        if (!e.to)
            not_declared(g, &e, d);
    }
    m->edges = grow(m->edges, m->n, &m->cap, sizeof(*m->edges));
    m->edges[m->n++] = e;
}

/* One per engine: its list is a list of what its `engine` row refers to. */
static void add_engines(struct graph *g, struct member *m, struct diags *d)
{
    struct table t = m->kind->table;
    int row = table_find(t, "engine");
    const struct value *v = object_value(m->object, "engines");
    const cJSON *item;

    if (row < 0 || v->state != V_SET)
        return;
    cJSON_ArrayForEach(item, v->json) {
        for (size_t i = 0; i < m->n; i++) {
            if (!streq(m->edges[i].text, item->valuestring))
                continue;
            diag_error(d, v->pos, "%s %s lists engine `%s` twice", m->kind->name, member_name(m),
                       item->valuestring);
            m->bad = true;
        }
        add_edge(g, m, (struct edge){ &t.rows[row], item->valuestring, NULL, v->pos }, d);
    }
}

static void add_edges(struct graph *g, struct member *m, struct diags *d)
{
    const struct object *o = m->object;

    for (size_t i = 0; i < m->kind->table.n; i++) {
        const struct field *f = &m->kind->table.rows[i];
        const struct value *v = &o->values[i];
        if (f->type == F_REF && f->ref->target == REF_KIND && v->state == V_SET)
            add_edge(g, m, (struct edge){ f, v->s, NULL, v->pos }, d);
    }
    if (m->kind->flags & KIND_PER_ENGINE)
        add_engines(g, m, d);
}

/* A rename needs the old name to be free, and only one heir. */
static void check_move(struct graph *g, struct member *m, struct diags *d)
{
    const char *from = m->object->moved_from;

    if (!from)
        return;
    struct member *old = find(g, m->kind->kind, from);
    if (old) {
        diag_error(d, name_pos(m->object), "%s %s was moved from `%s`, which is still declared",
                   m->kind->name, member_name(m), from);
        m->bad = true;
        return;
    }
    m->moved_key = xasprintf("%s/%s", m->kind->name, from);
    struct member *heir = map_get(&g->moved, m->moved_key);
    if (heir) {
        diag_error(d, name_pos(m->object), "%s %s and %s were both moved from `%s`", m->kind->name,
                   member_name(heir), member_name(m), from);
        m->bad = true;
        heir->bad = true;
        return;
    }
    map_set(&g->moved, m->moved_key, m);
}

/* The circle closes with `back`, from the top of the stack to a member in it. */
static void found_circle(struct member *const *stack, size_t depth, const struct edge *back,
                         struct diags *d)
{
    struct buf path = BUF_WITH_LIMIT(1024);
    size_t from = depth - 1;

    while (stack[from] != back->to)
        from--;
    for (size_t i = from; i < depth; i++) {
        buf_printf(&path, "%s -> ", member_name(stack[i]));
        stack[i]->bad = true;
    }
    buf_puts(&path, member_name(back->to));
    if (depth - from == 1)
        diag_error(d, back->pos, "%s %s refers to itself", back->to->kind->name,
                   member_name(back->to));
    else
        diag_error(d, back->pos, "a circle of references: %s",
                   path.over ? "(too long to show)" : buf_text(&path));
    buf_clear(&path);
}

/* Both names or both ids: only then can they be told apart. */
static bool engines_differ(const char *a, const char *b)
{
    return starts_with(a, "id:") == starts_with(b, "id:") && !streq(a, b);
}

static const char *edge_engine(const struct edge *e)
{
    if (e->row->ref->kind == KIND_ENGINE)
        return e->text;
    return e->to ? e->to->engine : NULL;
}

static void print_via(const struct edge *e, struct buf *out)
{
    if (e->row->ref->kind == KIND_ENGINE)
        buf_printf(out, "by `%s`", e->row->yaml);
    else
        buf_printf(out, "through %s %s", e->to->kind->name, member_name(e->to));
}

static void across_engines(struct member *m, const struct edge *e, const char *engine,
                           struct diags *d)
{
    struct buf first = BUF_WITH_LIMIT(1024), second = BUF_WITH_LIMIT(1024);

    print_via(m->engine_by, &first);
    print_via(e, &second);
    diag_error(d, e->pos, "%s %s is on engine %s %s, but on %s %s", m->kind->name, member_name(m),
               m->engine, buf_text(&first), engine, buf_text(&second));
    if (m->engine_by->pos.line == e->pos.line)
        diag_hint(d, "DCT needs both on one engine");
    else
        diag_hint(d, "DCT needs both on one engine; see line %u", m->engine_by->pos.line);
    m->bad = true;
    buf_clear(&first);
    buf_clear(&second);
}

/* All targets of the member are finished. */
static void find_engine(struct member *m, struct diags *d)
{
    if (m->kind->kind == KIND_ENGINE)
        m->engine = member_name(m);
    if (m->kind->flags & KIND_PER_ENGINE)
        return;
    for (size_t i = 0; i < m->n; i++) {
        const struct edge *e = &m->edges[i];
        const char *engine = edge_engine(e);
        if (!engine)
            continue;
        if (!m->engine) {
            m->engine = engine;
            m->engine_by = e;
        } else if (m->engine_by && engines_differ(m->engine, engine)) {
            across_engines(m, e, engine, d);
        }
    }
}

static void finish(struct graph *g, struct member *m, struct diags *d)
{
    m->visit = DONE;
    for (size_t i = 0; i < m->n && !m->bad; i++) {
        const struct edge *e = &m->edges[i];
        if (!e->to || !e->to->bad)
            continue;
        diag_error(d, e->pos, "%s %s refers to %s %s, which has findings", m->kind->name,
                   member_name(m), e->to->kind->name, member_name(e->to));
        m->bad = true;
        m->through = e->to->through ? e->to->through : e->to;
    }
    if (m->object)
        find_engine(m, d);
    if (m->object && !m->bad)
        m->bad = !parameters_check(g, m, d);
    g->order[g->n_order++] = m;
}

/* Depth first without recursion: a chain of VDBs can be long. */
static void visit(struct graph *g, struct member *root, struct member **stack, size_t *next,
                  struct diags *d)
{
    size_t depth = 0;

    stack[depth] = root;
    next[depth++] = 0;
    root->visit = OPEN;
    while (depth) {
        struct member *m = stack[depth - 1];
        if (next[depth - 1] == m->n) {
            finish(g, m, d);
            depth--;
            continue;
        }
        const struct edge *e = &m->edges[next[depth - 1]++];
        if (!e->to)
            continue;
        if (e->to->visit == OPEN)
            found_circle(stack, depth, e, d);
        if (e->to->visit != UNSEEN)
            continue;
        e->to->visit = OPEN;
        stack[depth] = e->to;
        next[depth++] = 0;
    }
}

void graph_settle(struct graph *g, struct diags *d)
{
    struct member **stack = xcalloc(g->n, sizeof(struct member *));
    size_t *next = xcalloc(g->n, sizeof(*next));

    for (size_t i = 0; i < g->n; i++) {
        if (!g->members[i]->object)
            continue;
        check_move(g, g->members[i], d);
        add_edges(g, g->members[i], d);
    }
    g->order = xcalloc(g->n, sizeof(struct member *));
    for (size_t i = 0; i < g->n; i++) {
        if (g->members[i]->visit == UNSEEN)
            visit(g, g->members[i], stack, next, d);
    }
    free(stack);
    free(next);
}

void graph_clear(struct graph *g)
{
    parameters_clear(g);
    map_clear(&g->moved);
    map_clear(&g->by_key);
    for (size_t i = 0; i < g->n; i++) {
        free(g->members[i]->edges);
        free(g->members[i]->key);
        free(g->members[i]->moved_key);
        free(g->members[i]);
    }
    for (size_t k = 0; k < KINDS; k++)
        free(g->names[k]);
    free(g->connectors);
    free(g->members);
    free(g->order);
    *g = (struct graph){ 0 };
}
