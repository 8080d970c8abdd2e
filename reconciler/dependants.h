/* What DCT itself says stands in the way, asked while the plan is made: what must go
 * before a deletion, shown under the `-` line and a reason to block it where this
 * plan leaves that alone; and who has the source that a new dSource is to be linked
 * to. DCT would refuse either, again and again.
 *
 * Sources: GET …/{id}/deletion-dependencies, DCT API 3.28, for datasets; of
 * environments and connectors the users have to be searched. */
#ifndef RECONCILER_DEPENDANTS_H
#define RECONCILER_DEPENDANTS_H

#include "reconciler/planner.h"
#include "reconciler/step.h"

struct dependants {
    struct dependants_question {
        uint64_t request;
        size_t action, search; /* which of the searches; their number: DCT's own call */
        char *about;           /* id of what is to be used by nobody */
    } * questions;
    size_t n, cap, open;
};

/* Asks for every deletion and every link that would be carried out. */
void dependants_ask(struct dependants *d, const struct world *world, struct plan *p,
                    struct step *s);
/* False if it is not the answer to one of its questions. */
bool dependants_reply(struct dependants *d, const struct world *world, struct plan *p,
                      const struct reply *r);
void dependants_clear(struct dependants *d);

#endif
