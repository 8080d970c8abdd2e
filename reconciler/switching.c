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

/* It is on again, and nothing else was asked for. */
void action_pay(struct exec *x, struct action *a, struct step *s)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);
    struct entry *e = action_entry(x, a);

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
    if (e) { /* else only the mark told of the debt */
        e->owes_enable = false;
        entry_close(e);
        action_record(e, s);
    }
    backoff_forget(x->backoff, a->key);
    action_leave(x, a, s);
}
