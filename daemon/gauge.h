/* Metrics that follow from how things stand, taken when somebody asks. */
#ifndef DAEMON_GAUGE_H
#define DAEMON_GAUGE_H

#include "daemon/metrics.h"
#include "reconciler/cycle.h"

/* The lines of that metric, none where it is not one of these. */
void gauge_gather(enum metric id, const struct cycle *c, msec now, struct buf *out);

#endif
