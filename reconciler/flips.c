/* Counted where the repair is done, looked at where the next one is planned. */
#include "reconciler/flips.h"

#include "reconciler/plan_render.h"
#include "reconciler/planner.h"

static bool repairs_drift(const struct action *a)
{
    if (a->pays_debt || a->verb != VERB_UPDATE)
        return false;
    for (size_t i = 0; i < a->n_changes; i++) {
        if (a->changes[i].why == WHY_DRIFT)
            return true;
    }
    return false;
}

/* An hour that begins later than now is of a clock that was put back since. */
static bool goes_on(const struct flips *f, msec wall)
{
    return f->n && f->since <= wall && wall - f->since <= FLIPS_WINDOW;
}

/* The moment, not how long it is until then: the words stay the same until it comes. */
void flips_block(struct action *a, const struct entry *e, msec wall)
{
    struct buf until = BUF_WITH_LIMIT(64);

    if (!e || a->blocked || !repairs_drift(a) || !goes_on(&e->flips, wall) ||
        e->flips.n < FLIPS_MAX)
        return;
    render_moment(e->flips.since + FLIPS_WINDOW, &until);
    action_block_as(a, BLOCK_FLAPPING,
                    xasprintf("its drift was repaired %u times within the hour, and something "
                              "changes it back; find out who, it is tried again at %s",
                              e->flips.n, buf_text(&until)));
    buf_clear(&until);
}

void flips_count(struct entry *e, const struct action *a, msec wall)
{
    if (!repairs_drift(a))
        return;
    if (!goes_on(&e->flips, wall))
        e->flips = (struct flips){ .since = wall };
    e->flips.n++;
}
