/* Numbers for Prometheus: one table of what is measured, and its text format.
 *
 * A metric that is counted as things happen keeps its series here, at most
 * METRICS_SERIES of each; what would be one more counts for a series whose
 * labels all say "other". A metric that follows from how things stand is
 * gathered while it is told, and keeps nothing. */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "schema/base.h"

enum { METRICS_SERIES = 200, METRICS_LABELS = 6 };

enum metric {
    /* counted */
    METRIC_RECONCILE,
    METRIC_RECONCILE_SECONDS,
    METRIC_CYCLES,
    METRIC_API_REQUESTS,
    METRIC_API_SECONDS,
    METRIC_RATE_LIMITED,
    METRIC_JOB_SECONDS,
    METRIC_FSYNC_SECONDS,
    METRIC_STEP_SECONDS,
    METRIC_HTTP_REQUESTS,
    METRIC_HTTP_REFUSED,
    /* gathered */
    METRIC_OBJECT_INFO,
    METRIC_OBJECTS,
    METRIC_DRIFT_OBJECTS,
    METRIC_DRIFT_AGE,
    METRIC_QUEUE_DEPTH,
    METRIC_QUEUE_OLDEST,
    METRIC_JOBS,
    METRIC_READY,
    METRIC_REVISION_INFO,
    METRIC_FINDINGS,
    METRIC_RELOAD_REFUSED,
    METRIC_LEDGER_UNWRITABLE,
    METRIC_SOURCE_AGE,
    METRIC_LAST_OBSERVED,
    METRIC_LAST_SUCCESS,
    METRIC_BUILD_INFO,
    METRIC_PROCESS_MEMORY,
    METRIC_PROCESS_FDS,
    METRIC_PROCESS_CPU,
    METRIC_PROCESS_START,
    METRICS
};

struct metrics;

struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
OWNER(metrics)

/* `labels` has a value for each label of the metric's row, NULL where it has none. */
void metrics_count(struct metrics *m, enum metric id, const char *const labels[], double by);
void metrics_observe(struct metrics *m, enum metric id, const char *const labels[], double seconds);

/* Every metric with its help; `gather` writes the lines of each that is gathered. */
void metrics_render(const struct metrics *m, struct buf *out,
                    void (*gather)(void *ctx, enum metric id, struct buf *out), void *ctx);
/* One such line. */
void metrics_line(struct buf *out, enum metric id, const char *const labels[], double value);

#endif
