/* What DCT itself says must go before a dataset can be deleted: asked while the
 * plan is made, shown under the `-` line, and a reason to block the deletion of
 * something that others, whom this plan leaves alone, were made from.
 *
 * Source: GET …/{id}/deletion-dependencies, DCT API 3.28. */
#ifndef RECONCILER_DEPENDANTS_H
#define RECONCILER_DEPENDANTS_H

#include "reconciler/planner.h"
#include "reconciler/step.h"

struct dependants {
    struct dependants_question {
        uint64_t request;
        size_t action;
    } * questions;
    size_t n, cap, open;
};

/* Asks for every deletion that would be carried out. */
void dependants_ask(struct dependants *d, const struct world *world, struct plan *p,
                    struct step *s);
/* False if it is not the answer to one of its questions. */
bool dependants_reply(struct dependants *d, struct plan *p, const struct reply *r);
void dependants_clear(struct dependants *d);

#endif
