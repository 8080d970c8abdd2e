#include "daemon/gauge.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "reconciler/status.h"

static void number(struct buf *out, enum metric id, double value)
{
    metrics_line(out, id, NULL, value);
}

static const char *truth_of(const struct object_status *o, enum condition_type type)
{
    return truth_name(o->track ? o->track->now[type].status : TRUTH_UNKNOWN);
}

static bool drifted(const struct object_status *o)
{
    return o->track && o->track->now[CONDITION_DRIFTED].status == TRUTH_TRUE;
}

static const char *name_of(const char *key)
{
    const char *slash = strchr(key, '/');

    return slash ? slash + 1 : key;
}

/* The change that waits longest began to when its object was found to differ. */
static void queue_oldest(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    struct object_status o;
    size_t cursor = 0;
    msec oldest = now;

    while (cycle_next_object(c, &cursor, now, &o)) {
        const struct action *a = o.is.action;

        if (a && a->state == A_WAITING && !a->blocked && o.track &&
            o.track->now[CONDITION_SYNCED].status == TRUTH_FALSE &&
            o.track->since[CONDITION_SYNCED] < oldest)
            oldest = o.track->since[CONDITION_SYNCED];
    }
    number(out, id, (double)(now - oldest) / 1000);
}

/* What was read last and is not whole is not in force as a whole. */
static void findings(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    const struct set *set = cycle_newest_set(c);
    size_t errors = set ? set->diags.errors : 0, all = set ? set->diags.all : 0;

    (void)now;
    metrics_line(out, id, (const char *const[]){ "error" }, (double)errors);
    metrics_line(out, id, (const char *const[]){ "warning" }, (double)(all - errors));
}

static void objects_info(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    struct object_status o;
    size_t cursor = 0;

    while (cycle_next_object(c, &cursor, now, &o)) {
        const char *const labels[] = {
            o.is.kind->name,
            name_of(o.is.key),
            truth_of(&o, CONDITION_READY),
            truth_of(&o, CONDITION_SYNCED),
            truth_of(&o, CONDITION_SUSPENDED),
            truth_of(&o, CONDITION_DRIFTED),
        };

        metrics_line(out, id, labels, 1);
    }
}

static void objects_by_state(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    size_t counts[KINDS][OBJECT_UNKNOWN + 1] = { 0 };
    struct object_status o;
    size_t cursor = 0;

    while (cycle_next_object(c, &cursor, now, &o))
        counts[o.is.kind->kind][object_state(&o)]++;
    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (unsigned i = 0; i <= OBJECT_UNKNOWN; i++) {
            const char *const labels[] = { kind_desc((enum kind)kind)->name,
                                           object_state_name((enum object_state)i) };

            metrics_line(out, id, labels, (double)counts[kind][i]);
        }
    }
}

static void drift_objects(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    size_t counts[KINDS] = { 0 };
    struct object_status o;
    size_t cursor = 0;

    while (cycle_next_object(c, &cursor, now, &o))
        counts[o.is.kind->kind] += drifted(&o);
    for (unsigned kind = 0; kind < KINDS; kind++)
        metrics_line(out, id, (const char *const[]){ kind_desc((enum kind)kind)->name },
                     (double)counts[kind]);
}

static void drift_age(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    struct object_status o;
    size_t cursor = 0;
    msec oldest = now;

    while (cycle_next_object(c, &cursor, now, &o)) {
        if (drifted(&o) && o.track->since[CONDITION_DRIFTED] < oldest)
            oldest = o.track->since[CONDITION_DRIFTED];
    }
    number(out, id, (double)(now - oldest) / 1000);
}

/* The name that manifests give the engine, else its id. */
static const char *engine_name(const struct ledger *l, const char *id)
{
    const struct entry *e = ledger_engine(l, id);

    return e ? name_of(e->key) : id ? id : "";
}

static bool at_work(const struct plan *p, size_t i, const char *engine)
{
    return p->items[i].state == A_JOB && streq(p->items[i].engine, engine);
}

static void jobs(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    const struct plan *p = cycle_plan(c);

    (void)now;
    for (size_t i = 0; p && i < p->n; i++) {
        const char *engine = p->items[i].engine;
        size_t n = 0, first = i;

        if (p->items[i].state != A_JOB)
            continue;
        for (size_t j = 0; j < p->n; j++) {
            if (at_work(p, j, engine)) {
                n++;
                first = j < first ? j : first;
            }
        }
        if (first == i)
            metrics_line(out, id, (const char *const[]){ engine_name(cycle_ledger(c), engine) },
                         (double)n);
    }
}

static void summary(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    struct cycle_status s;

    (void)now;
    cycle_status(c, &s);
    if (id == METRIC_QUEUE_DEPTH)
        number(out, id, (double)s.waiting);
    else if (id == METRIC_LEDGER_UNWRITABLE)
        number(out, id, cycle_unkept(c));
    else if (id == METRIC_READY)
        number(out, id, s.observed);
    else if (id == METRIC_LAST_OBSERVED)
        number(out, id, (double)s.seen_at / 1000);
    else if (id == METRIC_LAST_SUCCESS)
        number(out, id, (double)s.converged_at / 1000);
    else if (s.revision)
        metrics_line(out, id, (const char *const[]){ s.revision }, 1);
}

static void build(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    (void)c;
    (void)now;
    metrics_line(out, id, (const char *const[]){ DCTD_VERSION }, 1);
}

static void memory(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    size_t rss = 0;

    (void)c;
    (void)now;
    if (uv_resident_set_memory(&rss) == 0)
        number(out, id, (double)rss);
}

static void descriptors(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    DIR *d = opendir("/proc/self/fd");
    double n = -3; /* "." and "..", and the one that this takes */

    (void)c;
    (void)now;
    if (!d)
        return;
    while (readdir(d)) // NOLINT(concurrency-mt-unsafe): nobody else reads this stream
        n++;
    (void)closedir(d);
    number(out, id, n);
}

static void processor(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    struct timespec t = { 0 };

    (void)c;
    (void)now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    number(out, id, (double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static void (*const gatherers[METRICS])(enum metric, const struct cycle *, msec, struct buf *) = {
    [METRIC_OBJECT_INFO] = objects_info,
    [METRIC_OBJECTS] = objects_by_state,
    [METRIC_DRIFT_OBJECTS] = drift_objects,
    [METRIC_DRIFT_AGE] = drift_age,
    [METRIC_QUEUE_DEPTH] = summary,
    [METRIC_QUEUE_OLDEST] = queue_oldest,
    [METRIC_FINDINGS] = findings,
    [METRIC_LEDGER_UNWRITABLE] = summary,
    [METRIC_JOBS] = jobs,
    [METRIC_READY] = summary,
    [METRIC_REVISION_INFO] = summary,
    [METRIC_LAST_OBSERVED] = summary,
    [METRIC_LAST_SUCCESS] = summary,
    [METRIC_BUILD_INFO] = build,
    [METRIC_PROCESS_MEMORY] = memory,
    [METRIC_PROCESS_FDS] = descriptors,
    [METRIC_PROCESS_CPU] = processor,
};

void gauge_gather(enum metric id, const struct cycle *c, msec now, struct buf *out)
{
    if (gatherers[id])
        gatherers[id](id, c, now, out);
}
