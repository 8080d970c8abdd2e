/* What we switched off for a change comes back, even where nothing else may be
 * done to it: its manifest is gone, cannot come true, or is suspended. */
#include <stdlib.h>

#include "reconciler/diff.h"
#include "reconciler/planner.h"

static bool wanted_off(const struct world *world, const struct entry *e)
{
    const struct wanted *w = set_find(world->set, e->key);
    int row = w ? table_find(w->object->kind->table, "enabled") : -1;

    return row >= 0 && w->object->values[row].state == V_SET && !w->object->values[row].i;
}

/* A VDB that somebody has locked takes no call but the unlocking. */
static bool is_locked(const struct observed_item *item)
{
    int row = table_find(item->kind->table, "status.locked");
    const struct value *v = row < 0 ? NULL : &item->object->values[row];

    return v && v->state == V_SET && v->i;
}

/* The object that we owe it to; NULL where that is paid, or not to be. */
static const struct observed_item *creditor(const struct world *world, const struct entry *e)
{
    const struct observed_item *item = e->id && kind_desc(e->kind)->enable.name
                                           ? observed_by_id(world->observed, e->kind, e->id)
                                           : NULL;

    if (!item || !item->object || !enable_owed(e, item) || item->foreign || item_enabled(item))
        return NULL;
    if (item->owner && !streq(item->owner, world->instance))
        return NULL;
    return is_locked(item) || wanted_off(world, e) ? NULL : item;
}

static bool stands_in_the_way(const struct action *a)
{
    return a->blocked || a->verb == VERB_FORGET;
}

static void forget_changes(struct action *a)
{
    for (size_t i = 0; i < a->n_changes; i++) {
        free(a->changes[i].was);
        free(a->changes[i].becomes);
    }
    a->n_changes = 0;
    strings_clear(&a->disruptions);
    free(a->blocked);
    a->blocked = NULL;
    free(a->reason);
    free(a->id);
    a->n_needs = 0;
}

static void pay(const struct planner *in, struct plan *p, const struct entry *e, const char *id)
{
    const struct kind_desc *k = kind_desc(e->kind);
    long at = plan_index(p, e->key);
    struct action *a = at < 0 ? plan_add(p, VERB_ENABLE, k, e->key) : &p->items[at];

    forget_changes(a);
    a->verb = VERB_ENABLE;
    a->id = xstrdup(id);
    if (!a->engine && e->engine)
        a->engine = xstrdup(e->engine);
    a->reason = xstrdup("it was disabled for a change, and is enabled again");
    a->changes = grow(a->changes, a->n_changes, &a->cap_changes, sizeof(*a->changes));
    a->changes[a->n_changes++] = (struct change){ .row = kind_row(k, "enabled"),
                                                  .was = xstrdup("false"),
                                                  .becomes = xstrdup("true") };
    a->not_before = planning_due(in, e->key);
    a->owes = a->pays_debt = true;
}

/* The mark alone tells of it: the ledger was lost. */
static void plan_marked(const struct planner *in, struct plan *p, size_t i)
{
    const struct wanted *w = &in->world->set->items[i];
    const struct pairing *pair = &in->world->pairs[i];
    long at = plan_index(p, w->key);

    if (pair->match != MATCH_OURS || pair->entry || at < 0 || !p->items[at].blocked)
        return;
    const struct entry lost = { .key = p->items[at].key,
                                .kind = w->object->kind->kind,
                                .id = pair->item->id };
    if (creditor(in->world, &lost))
        pay(in, p, &lost, pair->item->id);
}

void plan_debts(const struct planner *in, struct plan *p)
{
    for (size_t i = 0; i < in->world->set->n; i++)
        plan_marked(in, p, i);
    for (size_t i = 0; i < ledger_count(in->world->ledger); i++) {
        const struct entry *e = ledger_at(in->world->ledger, i);
        const struct observed_item *item = creditor(in->world, e);
        long at = item ? plan_index(p, e->key) : -1;
        if (item && (at < 0 || stands_in_the_way(&p->items[at])))
            pay(in, p, e, item->id);
    }
}
