/* What is switched off for the change of something else, and what is switched on
 * again whatever else cannot be done to it. */
#include <stdlib.h>

#include "reconciler/action_parts.h"
#include "reconciler/planner.h"

/* Off for somebody else's change; the debt stays until it is on again. */
void action_rest(struct exec *x, struct action *a, struct step *s)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);
    const struct value *enabled = object_value(item->object, "enabled");

    if (enabled->state != V_SET || !enabled->i) {
        action_finish(x, a, s);
    } else if (a->run->switched) {
        action_settle(x, a, SETTLE_MAX,
                      xasprintf("DCT says it is disabled, but still shows it enabled"), s);
    } else {
        a->run->switched = true;
        program_off(x, a, item);
        action_next(x, a, s);
    }
}

/* Was the switching off itself refused, which the mark has announced? */
static bool marked_for_nothing(const struct exec *x, const struct action *a)
{
    const struct action_run *run = a->run;
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);

    return run->at < run->n && run->todo[run->at].type == TODO_DISABLE &&
           (run->marked || (item && item->marked));
}

/* The job that failed may be of an earlier process: what it was about has been taken
 * over since, or cannot be seen. The debt stays, and the next plan looks first. */
static bool is_seen_as_ours(const struct exec *x, const struct action *a)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);

    return item && (!item->owner || streq(item->owner, x->world->instance));
}

bool action_rescue(const struct exec *x, struct action *a)
{
    const struct entry *e = action_entry(x, a);

    if (!e || !a->id || !a->kind->enable.name || !is_seen_as_ours(x, a))
        return false;
    a->run->outage = e->owes_enable;
    a->run->rescuing = e->owes_enable || marked_for_nothing(x, a);
    if (a->run->outage)
        program_on_again(x, a);
    else if (a->run->rescuing)
        program_unmark(x, a);
    return a->run->rescuing;
}

/* An entry that was there for the debt alone goes with it. */
static void debt_done(struct exec *x, struct action *a, struct step *s)
{
    struct entry *e = action_entry(x, a);

    if (e && e->origin == ORIGIN_NONE && !a->wanted) {
        fx_record(s->fx, a->key, NULL);
        ledger_remove(x->world->ledger, a->key);
    } else if (e) { /* else only the mark told of it */
        e->owes_enable = e->enabled_again = false;
        entry_close(e);
        action_record(e, s);
    }
    backoff_forget(x->backoff, a->key);
    action_leave(x, a, s);
}

/* It is on again, and nothing else was asked for. */
void action_pay(struct exec *x, struct action *a, struct step *s)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);

    if (!item_enabled(item) && a->run->switched) {
        action_settle(x, a, SETTLE_MAX,
                      xasprintf("DCT says it is enabled, but still shows it disabled"), s);
        return;
    }
    if (!item_enabled(item)) {
        a->run->switched = true;
        program_on_again(x, a);
        action_next(x, a, s);
        return;
    }
    if (item->marked && !a->run->unmarked) {
        struct entry *e = action_entry(x, a);
        if (e)
            e->owes_enable = e->enabled_again = false; /* recorded before the mark goes */
        program_unmark(x, a);
        action_next(x, a, s);
        return;
    }
    debt_done(x, a, s);
}
