/* Which writes, in which order. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/action.h"
#include "schema/wire.h"

void program_clear(struct action_run *run)
{
    for (size_t i = 0; i < run->n; i++)
        cJSON_Delete(run->todo[i].json);
    run->n = run->at = 0;
}

static struct todo *add(struct action_run *run, enum todo_type type, const struct call *call)
{
    run->todo = grow(run->todo, run->n, &run->cap, sizeof(*run->todo));
    struct todo *t = &run->todo[run->n++];
    *t = (struct todo){ .type = type, .call = call };
    return t;
}

void program_one(struct action *a, enum todo_type type, const struct call *call)
{
    program_clear(a->run);
    (void)add(a->run, type, call);
}

/* Can the row's name be turned into an id only by asking DCT now? Snapshots and
 * bookmarks always; groups and policies where the engine is newer than the
 * observation. */
static bool needs_lookup(const struct exec *x, const struct action *a, size_t row)
{
    const struct field *f = &a->kind->table.rows[row];
    const struct value *v = &a->wanted->object->values[row];

    if (f->type != F_REF || v->state != V_SET || a->run->lookups[row] || starts_with(v->s, "id:"))
        return false;
    if (f->ref->target == REF_SNAPSHOT || f->ref->target == REF_BOOKMARK)
        return true;
    if (f->ref->target != REF_GROUP && f->ref->target != REF_POLICY)
        return false;
    struct resolved r;
    resolve_row(x->world, a->wanted, row, &r);
    resolved_clear(&r);
    return r.how != RESOLVED;
}

/* Before a create every name that its variant takes, before an update call
 * those of that call. */
static void add_lookups(const struct exec *x, struct action *a, bool creating, size_t call)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        bool taken = creating ? !f->creates || f->creates & 1U << call : f->call == call;
        if (taken && needs_lookup(x, a, i))
            add(a->run, TODO_LOOKUP, NULL)->row = i;
    }
}

void program_create(const struct exec *x, struct action *a)
{
    size_t variant = wire_create_variant(a->wanted->object);

    program_clear(a->run);
    add_lookups(x, a, true, variant);
    add(a->run, TODO_CREATE, &a->kind->creates[variant])->index = variant;
}

/* Rows that differ, may be changed in place, and were not sent by this run yet. */
static bool *rows_left(const struct action *a, const struct diff *d)
{
    bool *left = xcalloc(a->kind->table.n, sizeof(bool));

    for (size_t i = 0; i < d->n; i++) {
        const struct change *c = &d->changes[i];
        left[c->row] = !c->create_only && !a->run->carried[c->row];
    }
    return left;
}

static bool any(const bool *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i])
            return true;
    }
    return false;
}

/* Does one of the rows left travel in a body of that call? */
static bool call_has(const struct action *a, size_t call, const bool *left)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        if (left[i] && f->update && f->call == call && !(f->flags & (ACTION | STATE | TOKEN)))
            return true;
    }
    return false;
}

/* Does what DCT has of the element say all that the manifest does? */
static bool item_fulfilled(const struct action *a, const struct field *f, const cJSON *element)
{
    static const struct field any = { .type = F_JSON };
    const cJSON *there = wire_item_find(f, element, a->run->raw);
    cJSON *body = wire_item_body(f, element), *copy = cJSON_Duplicate(there, true);
    const struct value wanted = { .state = V_SET, .json = body };
    const struct value seen = { .state = copy ? V_SET : V_ABSENT, .json = copy };
    bool is = there && value_fulfilled(&any, &wanted, &seen);

    cJSON_Delete(body);
    cJSON_Delete(copy);
    return is;
}

static bool is_on(const struct value *v)
{
    return v->state == V_SET && v->i;
}

/* A host that shows no such element looks again first, once it is on. */
static bool discovers_first(const struct exec *x, struct action *a,
                            const struct observed_item *item, const struct field *f,
                            const cJSON *element)
{
    int row = table_find(a->kind->table, "enabled");

    if (wire_item_find(f, element, a->run->raw) || a->run->refreshed || !a->kind->refresh.name ||
        backoff_has_looked(x->backoff, a->key))
        return false;
    if (row >= 0 && !is_on(&item->object->values[row]))
        return is_on(&a->wanted->object->values[row]);
    add(a->run, TODO_REFRESH, &a->kind->refresh);
    return true;
}

static void add_items(const struct exec *x, struct action *a, const struct observed_item *item,
                      size_t call, const bool *left)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        const cJSON *element;
        if (!left[i] || f->type != F_LIST || f->call != call)
            continue;
        const struct entry *e = ledger_find(x->world->ledger, a->key);
        cJSON_ArrayForEach(element, value_wanted(a->wanted->object, e, i)->json) {
            if (item_fulfilled(a, f, element))
                continue;
            if (discovers_first(x, a, item, f, element))
                return;
            struct todo *t = add(a->run, TODO_ITEM, &a->kind->updates[call]);
            t->index = call;
            t->row = i;
            t->json = cJSON_Duplicate(element, true);
        }
    }
}

static void add_calls(const struct exec *x, struct action *a, const struct observed_item *item,
                      const bool *left)
{
    for (size_t call = 0; call < a->kind->n_updates; call++) {
        if (!call_has(a, call, left))
            continue;
        if (a->kind->updates[call].flags & CALL_PER_ITEM)
            add_items(x, a, item, call, left);
        else
            add(a->run, TODO_UPDATE, &a->kind->updates[call])->index = call;
    }
}

/* What is locked refuses everything else. */
enum stage { BEFORE_ALL, AS_IT_COMES, AFTER_ALL };

static enum stage stage_of(const struct field *f, const struct value *v)
{
    if (!(f->flags & STATE))
        return AS_IT_COMES;
    return v->i ? AFTER_ALL : BEFORE_ALL;
}

/* Rows with a call of their own: policies, locks, refreshes. */
static void add_rows(const struct exec *x, struct action *a, const bool *left, enum stage stage)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        const struct value *v = &a->wanted->object->values[i];
        size_t index = f->call;
        if (!left[i] || !(f->flags & (ACTION | TOKEN)) || stage_of(f, v) != stage)
            continue;
        if (f->flags & TOKEN) {
            index += wire_create_variant(a->wanted->object);
            add_lookups(x, a, false, index);
        } else if (f->flags & STATE && !v->i) {
            index++;
        }
        struct todo *t = add(a->run, TODO_ROW, &a->kind->updates[index]);
        t->index = index;
        t->row = i;
    }
}

static void add_tags(const struct exec *x, struct action *a, const struct observed_item *item)
{
    cJSON *missing, *gone;
    const struct entry *e = ledger_find(x->world->ledger, a->key);

    diff_tags(x->world, a->wanted, item, e, &missing, &gone);
    if (gone)
        add(a->run, TODO_TAGS_REMOVE, NULL)->json = gone;
    if (missing)
        add(a->run, TODO_TAGS_ADD, NULL)->json = missing;
}

static bool needs_disabled(const struct action *a, const bool *left)
{
    for (size_t i = 0; i < a->kind->table.n; i++) {
        if (left[i] && a->kind->table.rows[i].flags & NEEDS_DISABLED)
            return true;
    }
    return false;
}

static void add_mark(const struct exec *x, struct action *a, enum todo_type type)
{
    cJSON *pairs = cJSON_CreateArray();

    cJSON_AddItemToArray(pairs, tag_pair(OWES_TAG, x->world->instance));
    add(a->run, type, NULL)->json = pairs;
}

void program_off(const struct exec *x, struct action *a, const struct observed_item *item)
{
    program_clear(a->run);
    if (!item->marked)
        add_mark(x, a, TODO_MARK);
    (void)add(a->run, TODO_DISABLE, &a->kind->disable);
}

void program_on_again(const struct exec *x, struct action *a)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);

    program_one(a, TODO_ENABLE, &a->kind->enable);
    if (a->run->marked || (item && item->marked))
        add_mark(x, a, TODO_UNMARK);
}

/* Off first where something needs it off; on again unless it is to stay off. */
static void add_switching(const struct exec *x, struct action *a, const struct observed_item *item,
                          const bool *left, bool before)
{
    const size_t row = kind_row(a->kind, "enabled");
    const struct value *wanted = &a->wanted->object->values[row];
    bool stays_off = wanted->state == V_SET && !wanted->i, on = is_on(&item->object->values[row]);
    bool off = on && (needs_disabled(a, left) || (left[row] && stays_off));

    if (before && off && !stays_off && !item->marked)
        add_mark(x, a, TODO_MARK);
    if (before && off)
        (void)add(a->run, TODO_DISABLE, &a->kind->disable);
    if (!before && !stays_off && (off || left[row]))
        (void)add(a->run, TODO_ENABLE, &a->kind->enable);
}

static bool switches_off(const struct action_run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        if (run->todo[i].type == TODO_DISABLE)
            return true;
    }
    return false;
}

void program_unmark(const struct exec *x, struct action *a)
{
    program_clear(a->run);
    add_mark(x, a, TODO_UNMARK);
}

/* Before anything that may be refused: as long as it stands there, whoever switches
 * the object off is taken for us. But what needs it off again needs the mark again. */
static void add_unmark(const struct exec *x, struct action *a, const struct observed_item *item)
{
    if (mark_is_stale(a->wanted, ledger_find(x->world->ledger, a->key), item) &&
        !a->run->unmarked && !switches_off(a->run))
        add_mark(x, a, TODO_UNMARK);
}

bool program_update(const struct exec *x, struct action *a, const struct observed_item *item,
                    const struct diff *d)
{
    bool *left = rows_left(a, d);
    bool switches = table_find(a->kind->table, "enabled") >= 0 && a->kind->disable.name;

    program_clear(a->run);
    if (any(left, a->kind->table.n)) {
        add_rows(x, a, left, BEFORE_ALL);
        if (switches)
            add_switching(x, a, item, left, true);
        add_unmark(x, a, item);
        add_calls(x, a, item, left);
        if (left[kind_row(a->kind, "metadata.tags")])
            add_tags(x, a, item);
        if (switches)
            add_switching(x, a, item, left, false);
        add_rows(x, a, left, AS_IT_COMES);
        add_rows(x, a, left, AFTER_ALL);
    } else {
        add_unmark(x, a, item);
    }
    free(left);
    return a->run->n > 0;
}
