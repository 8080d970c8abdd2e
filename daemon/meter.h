/* What happens in a running dctd, counted at the edges of the core: requests and
 * answers, records, reports, cycles. Every call takes NULL for "nobody counts". */
#ifndef DAEMON_METER_H
#define DAEMON_METER_H

#include "daemon/metrics.h"
#include "reconciler/cycle.h"

struct meter;

struct meter *meter_new(msec now);
void meter_free(struct meter *m);
OWNER(meter)

/* Before the request is handed on. */
void meter_sent(struct meter *m, const struct request *r);
void meter_answered(struct meter *m, const struct reply *r);
/* A record is on disk, a step is over; each began at that uv_hrtime(). */
void meter_recorded(struct meter *m, uint64_t began);
void meter_stepped(struct meter *m, uint64_t began);
void meter_reported(struct meter *m, const struct report *r);
void meter_rested(struct meter *m, bool converged);
/* An answer of the "control" or the "status" side; 0 for a refused connection. */
void meter_told(struct meter *m, const char *side, unsigned status);

/* All of it, with how things stand now, for Prometheus. `fetched` is when the
 * source of the manifests was last seen; 0 = it has not been since the start. */
void meter_render(const struct meter *m, const struct cycle *c, msec fetched, msec now,
                  struct buf *out);

/* "/vdbs/{id}/refresh" of "/vdbs/1-VDB-2/refresh?x=y"; owned. */
char *meter_route(const char *path);

#endif
