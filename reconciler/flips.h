/* The breaker against thrashing: an object whose drift we repair again and again
 * is being changed by somebody else as often. After a few times within an hour
 * it is left alone until the hour is over, and people are told. */
#ifndef RECONCILER_FLIPS_H
#define RECONCILER_FLIPS_H

#include "reconciler/plan.h"

enum { FLIPS_MAX = 5, FLIPS_WINDOW = 3600000 };

/* Counts the repairs of drift that this plan is about to make (`only_look`:
 * counts nothing), and blocks those that were made too often. The count is the
 * ledger's: a restart begins no new hour. */
void flips_check(struct ledger *l, struct plan *p, msec now, bool only_look);

#endif
