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

/* The request that has waited longest for its answer; false where none does. */
struct meter_waiting {
    const char *method, *route;
    double seconds;
};
bool meter_oldest(const struct meter *m, struct meter_waiting *out);

/* Parts of what is loaded that may be refused while the rest is in force. */
enum meter_part { PART_CONFIGURATION, PART_RESTART, PART_LISTENERS, PART_MANIFESTS, METER_PARTS };

/* What only others know. */
struct meter_facts {
    const struct cycle *cycle;
    msec fetched; /* when the source of the manifests was last seen; 0: not since the start */
    bool refused[METER_PARTS];
};

/* All of it, with how things stand now, for Prometheus. */
void meter_render(const struct meter *m, const struct meter_facts *f, msec now, struct buf *out);

/* "/vdbs/{id}/refresh" of "/vdbs/1-VDB-2/refresh?x=y"; owned. */
char *meter_route(const char *path);

#endif
