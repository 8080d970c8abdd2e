/* The breaker against thrashing: an object whose drift we repair again and again
 * is being changed by somebody else as often. After a few times within an hour
 * it is left alone until the hour is over, and people are told. */
#ifndef RECONCILER_FLIPS_H
#define RECONCILER_FLIPS_H

#include "reconciler/plan.h"

enum { FLIPS_MAX = 5, FLIPS_WINDOW = 3600000 };

/* Blocks a repair that was made too often: before anything else goes off for it. */
void flips_block(struct action *a, const struct entry *e, msec wall);
/* It was made. The count is the ledger's: a restart begins no new hour. */
void flips_count(struct entry *e, const struct action *a, msec wall);

#endif
