#include "reconciler/flips.h"

#include "reconciler/plan_render.h"
#include "reconciler/planner.h"

static bool repairs_drift(const struct action *a, msec now)
{
    if (a->blocked || a->pays_debt || a->not_before > now || a->verb != VERB_UPDATE)
        return false;
    for (size_t i = 0; i < a->n_changes; i++) {
        if (a->changes[i].why == WHY_DRIFT)
            return true;
    }
    return false;
}

/* Was it too often within the hour? A clock that was put back makes that no longer. */
static bool too_often(struct flips *f, msec wall)
{
    if (f->since > wall)
        f->since = wall;
    if (!f->n || wall - f->since > FLIPS_WINDOW)
        *f = (struct flips){ .since = wall };
    return f->n >= FLIPS_MAX;
}

/* The moment, not how long it is until then: the words stay the same until it comes. */
static void block(struct action *a, const struct flips *flips)
{
    struct buf until = BUF_WITH_LIMIT(64);

    render_moment(flips->since + FLIPS_WINDOW, &until);
    action_block_as(a, BLOCK_FLAPPING,
                    xasprintf("its drift was repaired %u times within the hour, and something "
                              "changes it back; find out who, it is tried again at %s",
                              flips->n, buf_text(&until)));
    buf_clear(&until);
}

void flips_check(struct ledger *l, struct plan *p, msec now, bool only_look)
{
    const msec wall = now + p->ahead;

    for (size_t i = 0; i < p->n; i++) {
        struct action *a = &p->items[i];
        struct entry *e = repairs_drift(a, now) ? ledger_find(l, a->key) : NULL;
        if (e && too_often(&e->flips, wall))
            block(a, &e->flips);
        else if (e && !only_look)
            e->flips.n++; /* goes to the disk with the intent */
    }
}
