/* What stands in the way, and what drifted and is let be, is told when it begins
 * to, not with every plan. */
#ifndef RECONCILER_TOLD_H
#define RECONCILER_TOLD_H

#include "reconciler/event.h"
#include "reconciler/plan.h"

struct told {
    struct map by_key; /* of the last plan: key -> why it was blocked; the notes by themselves */
    struct map drifts; /* of the last plan: key and row -> how they differed */
};

/* Warns of every blocked action, and of every note, that the last plan did not
 * have with the same words. */
void told_blocks(struct told *t, const struct plan *p, struct effects *fx);
/* Of every row that DCT changed, unless the last plan had the same. */
void told_drift(struct told *t, const struct plan *p, struct effects *fx);
void told_clear(struct told *t);

#endif
