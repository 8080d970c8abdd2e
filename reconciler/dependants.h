/* What DCT itself says stands in the way, asked while the plan is made: what must go
 * before a deletion, shown under the `-` line and a reason to block it where this
 * plan leaves that alone; and who has the source that a new dSource is to be linked
 * to. DCT would refuse either, again and again. Where it does not answer, nothing is
 * known to be in the way, and nothing is known not to be: the action waits.
 *
 * Sources: GET …/{id}/deletion-dependencies, DCT API 3.28, for datasets; of
 * environments and connectors the users have to be searched. */
#ifndef RECONCILER_DEPENDANTS_H
#define RECONCILER_DEPENDANTS_H

#include "reconciler/planner.h"
#include "reconciler/step.h"

struct dependants {
    struct dependants_question {
        uint64_t request;      /* 0: it is answered, or is asked again */
        msec again;            /* then; 0: it is not */
        size_t action, search; /* which of the searches; their number: DCT's own call */
        char *about;           /* id of what is to be used by nobody */
        char *cursor;          /* of the page that is asked for; NULL: the first */
        unsigned tries, pages;
    } * questions;
    size_t n, cap, open;
};

/* Asks for every deletion and every link that would be carried out. */
void dependants_ask(struct dependants *d, const struct world *world, struct plan *p,
                    struct step *s);
/* Asks again what was not answered. */
void dependants_go(struct dependants *d, const struct plan *p, struct step *s);
/* When there is something to ask again, or `at` where that comes first; 0 = never. */
msec dependants_wake(const struct dependants *d, msec at);
/* False if it is not the answer to one of its questions. */
bool dependants_reply(struct dependants *d, const struct world *world, struct plan *p,
                      const struct reply *r, struct step *s);
void dependants_clear(struct dependants *d);

#endif
