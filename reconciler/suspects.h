/* What DCT may be making already without the ledger knowing of it, because the
 * ledger was lost or is older than the write. Before the creations of a plan DCT
 * is asked once, for all of them together; those whose name has a job then ask for
 * themselves before they do anything. */
#ifndef RECONCILER_SUSPECTS_H
#define RECONCILER_SUSPECTS_H

#include "reconciler/plan.h"
#include "reconciler/resolve.h"
#include "reconciler/step.h"

struct suspects {
    uint64_t request; /* the question on its way; 0 = none */
    size_t from, to;  /* the actions that it is about */
    bool known;       /* every creation has been asked for */
};

/* Asks on, or finds that there is nothing left to ask. */
void suspects_go(struct suspects *q, const struct world *world, struct plan *p, struct step *s);
/* False if it is not the answer to its question. */
bool suspects_reply(struct suspects *q, const struct world *world, struct plan *p,
                    const struct reply *r);

/* Is it a creation that the ledger knows nothing of? */
bool unremembered(const struct world *world, const struct action *a);
/* What DCT's jobs call the object; NULL where nobody knows. */
const char *job_name(const struct action *a, const struct entry *e);
/* write.c: of the statuses of jobs. */
bool job_is_under_way(const char *status);
bool job_is_lost(const char *status); /* DCT does not follow it to its end */
/* Is the job about something that DCT shows, whatever that is? */
bool job_on_known(const struct world *world, const cJSON *job);
/* May it have made something that DCT does not show yet? With a second job on it,
 * it has been there already, and went. */
bool job_may_have_made(const struct world *world, const cJSON *jobs, const cJSON *job);

#endif
