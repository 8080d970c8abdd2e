/* What we switched off for a change comes back, even where nothing else may be
 * done to it: its manifest is gone, cannot come true, or is suspended. The ledger
 * knows of it, or the mark in DCT alone, and that goes when it is paid. */
#include <stdlib.h>

#include "reconciler/diff.h"
#include "reconciler/planner.h"

/* Something that we owe, or owed, an enable. */
struct creditor {
    const struct kind_desc *kind;
    const struct observed_item *item;
    const struct entry *entry;   /* NULL: the ledger was lost */
    const struct wanted *wanted; /* NULL: no manifest, or it is not known to be this one */
    const char *key;
};

static bool wanted_off(const struct wanted *w)
{
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

static bool may_be_switched(const struct world *world, const struct observed_item *item)
{
    bool elsewhere = item->owner && !streq(item->owner, world->instance);

    return item->object && item->kind->enable.name && !item->foreign && !elsewhere &&
           !is_locked(item);
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

/* In place of what cannot be done to it now; `row`, `was` and `becomes` is all. */
static struct action *pay(const struct planner *in, struct plan *p, const struct creditor *c,
                          enum verb verb, struct change change)
{
    long at = plan_index(p, c->key);
    struct action *a = at < 0 ? plan_add(p, verb, c->kind, c->key) : &p->items[at];

    forget_changes(a);
    a->verb = verb;
    a->id = xstrdup(c->item->id);
    if (!a->engine && c->item->engine)
        a->engine = xstrdup(c->item->engine);
    a->changes = grow(a->changes, a->n_changes, &a->cap_changes, sizeof(*a->changes));
    a->changes[a->n_changes++] = change;
    a->not_before = planning_due(in, c->key);
    a->pays_debt = true;
    return a;
}

static void pay_enable(const struct planner *in, struct plan *p, const struct creditor *c)
{
    struct action *a = pay(in, p, c, VERB_ENABLE,
                           (struct change){ .row = kind_row(c->kind, "enabled"),
                                            .was = xstrdup("false"),
                                            .becomes = xstrdup("true") });

    a->reason = xstrdup("it was disabled for a change, and is enabled again");
    a->owes = true;
}

static void pay_mark(const struct planner *in, struct plan *p, const struct creditor *c)
{
    struct action *a = pay(in, p, c, VERB_UPDATE,
                           (struct change){ .row = kind_row(c->kind, "metadata.tags"),
                                            .was = xstrdup(OWES_TAG),
                                            .becomes = xstrdup("(none)") });

    a->reason = xstrdup("it is enabled again; the tag that it was to be goes");
    a->owes = false;
}

/* What may be done to it is more than that, and brings it along. */
static void plan_creditor(const struct planner *in, struct plan *p, const struct creditor *c)
{
    long at = plan_index(p, c->key);
    bool on = item_enabled(c->item), busy = c->entry && c->entry->intent.open;
    bool owed = enable_owed(c->entry, c->item);

    if ((at >= 0 && !stands_in_the_way(&p->items[at])) || !may_be_switched(in->world, c->item))
        return;
    if (!on && owed && !wanted_off(c->wanted))
        pay_enable(in, p, c);
    else if (c->item->marked && !owed && !busy)
        pay_mark(in, p, c);
}

static const struct entry *entry_by_id(const struct ledger *l, const struct observed_item *item)
{
    for (size_t i = 0; i < ledger_count(l); i++) {
        const struct entry *e = ledger_at(l, i);
        if (e->kind == item->kind->kind && streq(e->id, item->id))
            return e;
    }
    return NULL;
}

static const struct wanted *wanted_by_item(const struct world *world,
                                           const struct observed_item *item)
{
    for (size_t i = 0; i < world->set->n; i++) {
        const struct pairing *p = &world->pairs[i];
        if (p->match == MATCH_OURS && p->item == item)
            return &world->set->items[i];
    }
    return NULL;
}

/* A name that nothing else goes by in the plan, the manifests or the ledger. */
static char *key_of(const struct planner *in, const struct plan *p,
                    const struct observed_item *item)
{
    char *key = xasprintf("%s/%s", item->kind->name, item->name);
    long at = plan_index(p, key);
    bool is_free = at < 0 || streq(p->items[at].id, item->id);

    if (is_free && !set_find(in->world->set, key) && !ledger_find(in->world->ledger, key))
        return key;
    free(key);
    return xasprintf("%s/%s", item->kind->name, item->id);
}

/* Its mark tells of it; the manifests and the ledger may know nothing of it. */
static void plan_marked(const struct planner *in, struct plan *p, const struct observed_item *item)
{
    const struct world *world = in->world;
    struct creditor c = { .kind = item->kind,
                          .item = item,
                          .entry = entry_by_id(world->ledger, item),
                          .wanted = wanted_by_item(world, item) };
    bool elsewhere = in->options->partial && !c.entry && !c.wanted; /* in another part, perhaps */

    if (elsewhere || !streq(item->owner, world->instance))
        return;
    char *made = c.wanted || c.entry ? NULL : key_of(in, p, item);
    c.key = c.wanted ? c.wanted->key : c.entry ? c.entry->key : made;
    plan_creditor(in, p, &c);
    free(made);
}

static void plan_entry(const struct planner *in, struct plan *p, const struct entry *e)
{
    struct creditor c = { .kind = kind_desc(e->kind),
                          .item =
                              e->id ? observed_by_id(in->world->observed, e->kind, e->id) : NULL,
                          .entry = e,
                          .wanted = set_find(in->world->set, e->key) };

    if (!e->owes_enable || !c.item || !c.item->object)
        return;
    if (!c.wanted)
        c.wanted = wanted_by_item(in->world, c.item); /* its manifest has another name for it */
    c.key = c.wanted ? c.wanted->key : e->key;
    plan_creditor(in, p, &c);
}

void plan_debts(const struct planner *in, struct plan *p)
{
    for (enum kind k = 0; k < KINDS; k++) {
        const struct observed_list *l = &in->world->observed->kinds[k];
        for (size_t i = 0; i < l->n; i++) {
            if (l->items[i]->marked && l->items[i]->object)
                plan_marked(in, p, l->items[i]);
        }
    }
    for (size_t i = 0; i < ledger_count(in->world->ledger); i++)
        plan_entry(in, p, ledger_at(in->world->ledger, i));
}

bool debts_known(const struct world *world)
{
    for (enum kind k = 0; k < KINDS; k++) {
        const struct observed_list *l = &world->observed->kinds[k];
        if (kind_desc(k)->enable.name && !l->complete)
            return false;
        for (size_t i = 0; i < l->n; i++) {
            if (l->items[i]->marked && !entry_by_id(world->ledger, l->items[i]))
                return false;
        }
    }
    return true;
}

static bool lives_on_what_is_off(const struct world *world, const struct observed_item *item)
{
    for (enum kind k = 0; k < KINDS; k++) {
        const struct observed_list *l = &world->observed->kinds[k];
        for (size_t i = 0; kind_desc(k)->enable.name && i < l->n; i++) {
            const struct observed_item *other = l->items[i];
            if (other->object && !item_enabled(other) &&
                object_refers_to(item->object, kind_desc(k), other->id))
                return true;
        }
    }
    return false;
}

void debts_paid(const struct world *world, struct backoff *b, struct effects *fx)
{
    for (size_t i = 0; i < ledger_count(world->ledger); i++) {
        struct entry *e = ledger_at(world->ledger, i);
        const struct observed_item *item =
            e->id ? observed_by_id(world->observed, e->kind, e->id) : NULL;
        bool paid = e->owes_enable && e->enabled_again;
        if (e->owes_enable && item && item->object)
            backoff_held(b, e->key, lives_on_what_is_off(world, item));
        if (!item || !item->object || !(paid ? item_enabled(item) : e->repaid && !item->marked))
            continue;
        if (paid)
            e->owes_enable = e->enabled_again = false;
        e->repaid = item->marked;
        fx_record(fx, e->key, entry_text(e));
    }
}
