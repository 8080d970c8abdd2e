/* The order of a plan. What is made waits for what it refers to and for the
 * connectors of its engine; what is deleted waits for what refers to it. */
#include <stdlib.h>

#include "reconciler/planner.h"

static bool makes(const struct action *a)
{
    return a->wanted && a->verb != VERB_FORGET && a->verb != VERB_DISABLE;
}

static bool deletes(const struct action *a)
{
    return a->verb == VERB_DELETE;
}

/* Actions on what the wanted object refers to, its engine, its connectors. */
static void needs_of_wanted(const struct planner *in, struct plan *p, size_t i)
{
    const struct wanted *w = p->items[i].wanted;
    const struct set *set = in->world->set;
    const struct wanted *engine = w->engine ? set_named(set, KIND_ENGINE, w->engine, NULL) : NULL;
    long at = engine ? plan_index(p, engine->key) : -1;

    if (at >= 0)
        action_needs(p, i, (size_t)at);
    for (size_t row = 0; row < w->object->kind->table.n; row++) {
        const struct field *f = &w->object->kind->table.rows[row];
        const struct value *v = &w->object->values[row];
        if (f->type != F_REF || f->ref->target != REF_KIND || v->state != V_SET)
            continue;
        const struct wanted *target = set_named(set, f->ref->kind, v->s, w->engine);
        at = target ? plan_index(p, target->key) : -1;
        if (at >= 0)
            action_needs(p, i, (size_t)at);
    }
}

/* While a connector is uploaded, nothing else may be done to its objects, and a
 * host discovers its repositories only afterwards. */
static void needs_of_connectors(struct plan *p, const size_t *connectors, size_t n, size_t i)
{
    const struct action *a = &p->items[i];

    for (size_t j = 0; j < n; j++) {
        const struct action *c = &p->items[connectors[j]];
        if (a->kind->kind > c->kind->kind && c->wanted &&
            streq(a->wanted->engine, c->wanted->engine))
            action_needs(p, i, connectors[j]);
    }
}

static const struct object *values_of(const struct planner *in, const struct action *a)
{
    const struct observed_item *item =
        a->id ? observed_by_id(in->world->observed, a->kind->kind, a->id) : NULL;

    return item ? item->object : NULL;
}

/* Is it of that connector? DCT says so of everything that is one's. */
static bool is_of_connector(const struct object *o, const struct kind_desc *k, const char *id)
{
    int row = o && k->flags & KIND_PER_ENGINE ? table_find(o->kind->table, "status.toolkit") : -1;

    return row >= 0 && o->values[row].state == V_SET && streq(o->values[row].s, id);
}

bool object_refers_to(const struct object *o, const struct kind_desc *k, const char *id)
{
    if (is_of_connector(o, k, id))
        return true;
    for (size_t row = 0; o && row < o->kind->table.n; row++) {
        const struct field *f = &o->kind->table.rows[row];
        if (f->type == F_REF && f->ref->target == REF_KIND && f->ref->kind == k->kind &&
            o->values[row].state == V_SET && streq(o->values[row].s, id))
            return true;
    }
    return false;
}

/* Engines show nothing of who uses them, connectors not to every server: they go last. */
static bool goes_after(const struct planner *in, const struct action *later,
                       const struct action *first)
{
    if (object_refers_to(values_of(in, first), later->kind, later->id))
        return true;
    bool base = later->kind->kind == KIND_ENGINE || later->kind->flags & KIND_PER_ENGINE;
    const char *engine = later->kind->kind == KIND_ENGINE ? later->id : later->engine;
    return base && first->kind->kind > later->kind->kind && streq(engine, first->engine);
}

static void needs_of_deletion(const struct planner *in, struct plan *p, size_t i,
                              const size_t *deletions, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        if (deletions[j] != i && goes_after(in, &p->items[i], &p->items[deletions[j]]))
            action_needs(p, i, deletions[j]);
    }
}

/* Through others or not. */
static bool waits_for(const struct plan *p, size_t i, size_t other)
{
    for (size_t j = 0; j < p->items[i].n_needs; j++) {
        if (p->items[i].needs[j] == other || waits_for(p, p->items[i].needs[j], other))
            return true;
    }
    return false;
}

/* What is made anew leaves what it was made from: only then can that go. */
static void needs_of_leaving(const struct planner *in, struct plan *p, const size_t *deletions,
                             size_t n)
{
    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; p->items[i].verb == VERB_REPLACE && j < n; j++) {
            const struct action *gone = &p->items[deletions[j]];
            if (object_refers_to(values_of(in, &p->items[i]), gone->kind, gone->id) &&
                !waits_for(p, i, deletions[j]))
                action_needs(p, deletions[j], i);
        }
    }
}

/* Rows that say where an object's instance listens: the host's, and the port's. */
static const char *const listens[][2] = {
    { "environment", "postgresql.port" },
    { "stagingEnvironment", "postgresql.port" },
};

/* The observed object's host and port; false where it has none. */
static bool port_of(const struct object *o, const char **host, int64_t *port)
{
    for (size_t i = 0; i < ARRAY_LEN(listens); i++) {
        int at = table_find(o->kind->table, listens[i][0]);
        int row = table_find(o->kind->table, listens[i][1]);
        if (at < 0 || row < 0 || o->values[at].state != V_SET || o->values[row].state != V_SET)
            continue;
        *host = o->values[at].s;
        *port = o->values[row].i;
        return true;
    }
    return false;
}

/* Will the wanted object listen where the observed one does? */
static bool wants_port(const struct planner *in, const struct wanted *w, const struct object *gone)
{
    const char *host;
    int64_t port;

    if (!port_of(gone, &host, &port))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(listens); i++) {
        int at = table_find(w->object->kind->table, listens[i][0]);
        int row = table_find(w->object->kind->table, listens[i][1]);
        if (at < 0 || row < 0 || w->object->values[row].state != V_SET ||
            w->object->values[at].state != V_SET || w->object->values[row].i != port)
            continue;
        struct resolved r;
        resolve_row(in->world, w, (size_t)at, &r);
        bool same = r.how == RESOLVED && streq(r.id, host);
        resolved_clear(&r);
        return same;
    }
    return false;
}

static bool takes_name_or_host(const struct action *a, const struct object *gone)
{
    const struct object *o = a->wanted->object;
    bool hosts = table_find(a->kind->table, "hostname") >= 0;

    return gone->kind == a->kind &&
           (streq(gone->name, o->name) ||
            (hosts && streq(object_text(gone, "hostname"), object_text(o, "hostname"))));
}

/* A name, a host and a port are free again only when what had them is gone. */
static void needs_of_place(const struct planner *in, struct plan *p, size_t i,
                           const size_t *deletions, size_t n)
{
    const struct action *a = &p->items[i];

    for (size_t j = 0; a->verb == VERB_CREATE && j < n; j++) {
        const struct object *gone = values_of(in, &p->items[deletions[j]]);
        if (gone && (takes_name_or_host(a, gone) || wants_port(in, a->wanted, gone)))
            action_needs(p, i, deletions[j]);
    }
}

/* Off in the other direction than on: what was made from it goes first. */
static void needs_of_resting(const struct planner *in, struct plan *p, size_t i)
{
    for (size_t j = 0; j < p->n; j++) {
        const struct action *a = &p->items[j];
        /* One that cannot go off now holds nobody up: there is no telling for how long. */
        if (a->verb == VERB_DISABLE && j != i && !a->blocked && a->not_before <= in->now &&
            object_refers_to(values_of(in, a), p->items[i].kind, p->items[i].id))
            action_needs(p, i, j);
    }
}

/* An update that stands in front of nothing holds nobody up. */
static bool holds_up(const struct action *blocked)
{
    return !blocked->id || blocked->unsound || blocked->verb == VERB_DELETE ||
           blocked->verb == VERB_REFRESH || blocked->verb == VERB_SNAPSHOT ||
           blocked->verb == VERB_DISABLE;
}

/* Is it off, and to be on? Nothing on it could come on again. */
static bool is_off(const struct action *a)
{
    bool off = false;

    for (size_t i = 0; i < a->n_changes && !(a->kind->flags & KIND_SNAPSHOTS); i++) {
        const struct field *f = &a->kind->table.rows[a->changes[i].row];
        off = off ||
              (f->flags & STATE && !(f->flags & ACTION) && streq(a->changes[i].becomes, "true"));
    }
    return off;
}

/* What goes off for a change goes off when that can begin: not before the engine
 * and its connectors are through. */
static void needs_of_switching(struct plan *p, size_t i)
{
    const size_t n = p->items[i].n_needs;

    for (size_t j = 0; j < n; j++) {
        size_t off = p->items[i].needs[j];
        for (size_t k = 0; p->items[off].verb == VERB_DISABLE && k < n; k++) {
            size_t base = p->items[i].needs[k];
            if (p->items[base].kind->kind < KIND_ENVIRONMENT)
                action_needs(p, off, base);
        }
    }
}

/* A snapshot that nothing will be made from is taken for nothing. */
static void block_idle_snapshots(struct plan *p)
{
    bool *used = xcalloc(p->n, sizeof(bool));

    for (size_t i = 0; i < p->n; i++) {
        for (size_t j = 0; j < p->items[i].n_needs; j++)
            used[p->items[i].needs[j]] = used[p->items[i].needs[j]] || !p->items[i].blocked;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].verb == VERB_SNAPSHOT && !used[i])
            action_block(&p->items[i], xstrdup("what would be made from it is blocked"));
    }
    free(used);
}

/* What needs something blocked is blocked too; chains take several rounds. */
void plan_spread_blocks(struct plan *p)
{
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < p->n; i++) {
            struct action *a = &p->items[i];
            for (size_t j = 0; !a->blocked && a->state == A_WAITING && j < a->n_needs; j++) {
                const struct action *needed = &p->items[a->needs[j]];
                if (!needed->blocked)
                    continue;
                if (!holds_up(needed) && !deletes(a) && !(a->goes_off && is_off(needed)))
                    continue;
                action_block_as(a, BLOCK_NEED,
                                xasprintf("it waits for %s, which is blocked", needed->key));
                more = true;
            }
        }
    }
    block_idle_snapshots(p);
}

void plan_order(const struct planner *in, struct plan *p)
{
    size_t *connectors = xcalloc(p->n, sizeof(size_t)), n_connectors = 0;
    size_t *deletions = xcalloc(p->n, sizeof(size_t)), n_deletions = 0;

    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].kind->flags & KIND_PER_ENGINE && !deletes(&p->items[i]))
            connectors[n_connectors++] = i;
        if (deletes(&p->items[i]))
            deletions[n_deletions++] = i;
    }
    for (size_t i = 0; i < p->n; i++) {
        if (makes(&p->items[i])) {
            needs_of_wanted(in, p, i);
            needs_of_connectors(p, connectors, n_connectors, i);
            needs_of_place(in, p, i, deletions, n_deletions);
        } else if (p->items[i].verb == VERB_DISABLE) {
            needs_of_resting(in, p, i);
        } else if (deletes(&p->items[i])) {
            needs_of_deletion(in, p, i, deletions, n_deletions);
        }
    }
    needs_of_leaving(in, p, deletions, n_deletions);
    for (size_t i = 0; i < p->n; i++)
        needs_of_switching(p, i);
    plan_spread_blocks(p);
    free(connectors);
    free(deletions);
}
