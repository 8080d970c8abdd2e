/* Many deletions at once are a mistake, not a wish: over the budget of a cycle
 * nothing is deleted. What is to be made anew is deleted too. A cycle begins with
 * the first observation after a rest. It ends at the next rest, but not while
 * that budget stands in the way of something: else it would only take longer. */
#include <stdlib.h>

#include "reconciler/planner.h"

/* What counts against the budget. */
struct toll {
    size_t planned, anew; /* `anew` of the planned ones are made again afterwards */
    size_t done;          /* sent to DCT in this cycle already */
    size_t unseen;        /* to go as soon as DCT shows them again */
};

static bool deletes(const struct action *a)
{
    return a->verb == VERB_DELETE || a->verb == VERB_REPLACE;
}

static char *deleted_key(const struct kind_desc *k, const char *id)
{
    return xasprintf("%s/%s", k->name, id);
}

void deleted_note(struct deleted *d, const struct action *a)
{
    char *key = deleted_key(a->kind, a->id);

    if (!strings_has(&d->keys, key)) {
        strings_add(&d->keys, key);
        d->anew += a->verb == VERB_REPLACE;
    }
    free(key);
}

void deleted_clear(struct deleted *d)
{
    strings_clear(&d->keys);
    d->anew = 0;
}

static bool is_noted(const struct deleted *d, const struct action *a)
{
    char *key = a->id ? deleted_key(a->kind, a->id) : NULL;
    bool is = key && strings_has(&d->keys, key);

    free(key);
    return is;
}

/* DCT works on it: there is nothing to be held back any more. */
static bool is_under_way(const struct planner *in, const struct action *a)
{
    const struct entry *e = ledger_find(in->world->ledger, a->key);

    return e && e->intent.open && e->intent.job && streq(e->intent.call, a->kind->remove.name);
}

/* "4 deletions (1 to be made anew, 2 carried out before)"; owned. */
static char *toll_text(const struct toll *t)
{
    const struct {
        size_t n;
        const char *what;
    } parts[] = {
        { t->anew, "to be made anew" },
        { t->done, "carried out before" },
        { t->unseen, "that DCT does not show now" },
    };
    struct buf b = BUF_WITH_LIMIT(1024);
    const char *between = " (";

    buf_printf(&b, "%zu deletions", t->planned + t->done + t->unseen);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!parts[i].n)
            continue;
        buf_printf(&b, "%s%zu %s", between, parts[i].n, parts[i].what);
        between = ", ";
    }
    if (streq(between, ", "))
        buf_puts(&b, ")");
    return buf_take(&b);
}

static char *over_budget(const struct planner *in, const struct toll *t)
{
    const struct cycle_options *o = in->options;
    const size_t n = t->planned + t->done + t->unseen;
    const size_t managed = ledger_count(in->world->ledger) + t->done - in->deleted->anew;
    const char *nothing = t->done ? "nothing more is deleted" : "nothing is deleted";
    char *what = toll_text(t), *why = NULL;

    if (o->delete_budget && n > o->delete_budget)
        why = xasprintf("%s exceed reconcile.deleteBudget %u; %s", what, o->delete_budget, nothing);
    else if (o->delete_percent && n * 100 > managed * o->delete_percent)
        why = xasprintf("%s of %zu managed objects exceed reconcile.deleteBudgetPercent %u; %s",
                        what, managed, o->delete_percent, nothing);
    free(what);
    return why;
}

static void block_deletions(const struct planner *in, struct plan *p, const char *why)
{
    for (size_t i = 0; i < p->n; i++) {
        if (deletes(&p->items[i]) && !is_under_way(in, &p->items[i]))
            action_block_as(&p->items[i], BLOCK_BUDGET, xstrdup(why));
    }
}

void plan_budget(const struct planner *in, struct plan *p, size_t unseen)
{
    struct toll t = { .done = in->deleted->keys.n, .unseen = unseen };

    for (size_t i = 0; i < p->n; i++) {
        const struct action *a = &p->items[i];
        if (!deletes(a) || a->blocked || is_noted(in->deleted, a))
            continue;
        t.planned++;
        t.anew += a->verb == VERB_REPLACE;
    }
    char *why = t.planned ? over_budget(in, &t) : NULL;
    if (why)
        block_deletions(in, p, why);
    free(why);
}

bool plan_over_budget(const struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].blocked && p->items[i].block == BLOCK_BUDGET)
            return true;
    }
    return false;
}
