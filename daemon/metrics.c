/* The table, the series, and how they are written. */
#include "daemon/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { LABELS_MAX = 4096, BUCKETS_MAX = 16 };

enum type { COUNTER, HISTOGRAM, GAUGE };

static const char *const type_names[] = {
    [COUNTER] = "counter", [HISTOGRAM] = "histogram", [GAUGE] = "gauge"
};

/* Upper ends of buckets in seconds, up to the first 0. */
static const double quick[BUCKETS_MAX] = { 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                           0.05,   0.1,   0.25,   0.5,   1,    2.5 };
static const double network[BUCKETS_MAX] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                             1,     2.5,  5,     10,   30,  60 };
static const double patient[BUCKETS_MAX] = { 0.1, 0.5, 1,   5,    15,   30,   60,
                                             120, 300, 900, 1800, 3600, 7200, 14400 };

/* clang-format off */
static const struct row {
    const char *name;
    enum type type;
    bool gathered;
    const char *help;
    const char *labels[METRICS_LABELS];
    const double *buckets;
} rows[METRICS] = {
    [METRIC_RECONCILE] = { "dctd_reconcile_total", COUNTER, false,
        "Changes of objects that ended, by how: done, retry or failed.",
        { "kind", "result" }, NULL },
    [METRIC_RECONCILE_SECONDS] = { "dctd_reconcile_seconds", HISTOGRAM, false,
        "How long cycles took, from the first look at DCT until there was no more to do.",
        { NULL }, patient },
    [METRIC_CYCLES] = { "dctd_cycles_total", COUNTER, false,
        "Cycles that ended, by how DCT was left: converged or not.",
        { "result" }, NULL },
    [METRIC_API_REQUESTS] = { "dctd_api_requests_total", COUNTER, false,
        "Requests to DCT by answer; none: no answer came, unsent: the request never left.",
        { "method", "route", "code" }, NULL },
    [METRIC_API_SECONDS] = { "dctd_api_seconds", HISTOGRAM, false,
        "How long DCT took to answer.",
        { "method" }, network },
    [METRIC_RATE_LIMITED] = { "dctd_rate_limited_total", COUNTER, false,
        "Requests that DCT asked to come later with (429).",
        { NULL }, NULL },
    [METRIC_JOB_SECONDS] = { "dctd_job_seconds", HISTOGRAM, false,
        "How long DCT's jobs took until the object was read back, by the type that DCT gives them.",
        { "type" }, patient },
    [METRIC_FSYNC_SECONDS] = { "dctd_journal_fsync_seconds", HISTOGRAM, false,
        "How long it took until a record of the ledger was on disk.",
        { NULL }, quick },
    [METRIC_STEP_SECONDS] = { "dctd_step_seconds", HISTOGRAM, false,
        "How long one event held the loop.",
        { NULL }, quick },
    [METRIC_HTTP_REQUESTS] = { "dctd_http_requests_total", COUNTER, false,
        "Requests that dctd answered on its control socket and status listener.",
        { "side", "code" }, NULL },
    [METRIC_HTTP_REFUSED] = { "dctd_http_refused_total", COUNTER, false,
        "Connections that were closed at once because there were too many.",
        { "side" }, NULL },
    [METRIC_OBJECT_INFO] = { "dctd_object_info", GAUGE, true,
        "Every object with its conditions.",
        { "kind", "name", "ready", "synced", "suspended", "drifted" }, NULL },
    [METRIC_OBJECTS] = { "dctd_objects", GAUGE, true,
        "Objects by what their state comes down to.",
        { "kind", "state" }, NULL },
    [METRIC_DRIFT_OBJECTS] = { "dctd_drift_objects", GAUGE, true,
        "Objects that were changed in DCT while their manifest was not.",
        { "kind" }, NULL },
    [METRIC_DRIFT_AGE] = { "dctd_drift_age_seconds", GAUGE, true,
        "For how long the oldest drift has stood, 0 without any.",
        { NULL }, NULL },
    [METRIC_QUEUE_DEPTH] = { "dctd_queue_depth", GAUGE, true,
        "Changes that wait for what they need, for a slot, or for their engine.",
        { NULL }, NULL },
    [METRIC_QUEUE_OLDEST] = { "dctd_queue_oldest_seconds", GAUGE, true,
        "For how long the object of the oldest of these has differed, 0 without any.",
        { NULL }, NULL },
    [METRIC_JOBS] = { "dctd_jobs_inflight", GAUGE, true,
        "Changes that wait for a job of DCT.",
        { "engine" }, NULL },
    [METRIC_READY] = { "dctd_ready", GAUGE, true,
        "Whether all of DCT has been observed since the start.",
        { NULL }, NULL },
    [METRIC_REVISION_INFO] = { "dctd_source_revision_info", GAUGE, true,
        "The revision of the manifests in force.",
        { "revision" }, NULL },
    [METRIC_FINDINGS] = { "dctd_manifest_findings", GAUGE, true,
        "Findings in the manifests that were read last; with errors nothing is pruned.",
        { "level" }, NULL },
    [METRIC_RELOAD_REFUSED] = { "dctd_reload_refused", GAUGE, true,
        "Whether that part of what was loaded last is not in force.",
        { "part" }, NULL },
    [METRIC_LEDGER_UNWRITABLE] = { "dctd_ledger_unwritable", GAUGE, true,
        "Whether the ledger could not be written last; nothing is changed meanwhile.",
        { NULL }, NULL },
    [METRIC_SOURCE_AGE] = { "dctd_source_age_seconds", GAUGE, true,
        "How long ago the source of the manifests was last seen, 0 for a watched directory.",
        { NULL }, NULL },
    [METRIC_LAST_OBSERVED] = { "dctd_last_observed_timestamp_seconds", GAUGE, true,
        "When all of DCT was observed last, 0 = never.",
        { NULL }, NULL },
    [METRIC_LAST_SUCCESS] = { "dctd_last_success_timestamp_seconds", GAUGE, true,
        "When DCT was found equal to the manifests last, 0 = never.",
        { NULL }, NULL },
    [METRIC_BUILD_INFO] = { "dctd_build_info", GAUGE, true,
        "The version that runs.",
        { "version" }, NULL },
    [METRIC_PROCESS_MEMORY] = { "process_resident_memory_bytes", GAUGE, true,
        "Resident memory.", { NULL }, NULL },
    [METRIC_PROCESS_FDS] = { "process_open_fds", GAUGE, true,
        "Open file descriptors.", { NULL }, NULL },
    [METRIC_PROCESS_CPU] = { "process_cpu_seconds_total", COUNTER, true,
        "Processor time, of users and of the system.", { NULL }, NULL },
    [METRIC_PROCESS_START] = { "process_start_time_seconds", GAUGE, true,
        "When the process began.", { NULL }, NULL },
};
/* clang-format on */

struct series {
    char *labels; /* as they stand between the braces */
    double value; /* of a histogram: the sum */
    uint64_t count, buckets[BUCKETS_MAX];
};

struct metrics {
    struct family {
        struct series *items;
        size_t n, cap;
    } of[METRICS];
};

struct metrics *metrics_new(void)
{
    return xcalloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    for (size_t id = 0; id < METRICS; id++) {
        for (size_t i = 0; i < m->of[id].n; i++)
            free(m->of[id].items[i].labels);
        free(m->of[id].items);
    }
    free(m);
}

static void put_value(struct buf *out, const char *text)
{
    for (; *text; text++) {
        size_t n = strcspn(text, "\\\"\n");

        (void)buf_add(out, text, n);
        text += n;
        if (!*text)
            return;
        (void)buf_printf(out, "\\%c", *text == '\n' ? 'n' : *text);
    }
}

/* kind="VDB",result="done" */
static void put_labels(struct buf *out, const struct row *r, const char *const labels[])
{
    for (size_t i = 0; i < METRICS_LABELS && r->labels[i]; i++) {
        (void)buf_printf(out, "%s%s=\"", i ? "," : "", r->labels[i]);
        put_value(out, labels[i] ? labels[i] : "");
        (void)buf_puts(out, "\"");
    }
}

static struct series *series_of(struct metrics *m, enum metric id, const char *const labels[])
{
    static const char *const others[METRICS_LABELS] = { "other", "other", "other",
                                                        "other", "other", "other" };
    struct family *f = &m->of[id];
    struct buf text = BUF_WITH_LIMIT(LABELS_MAX);

    put_labels(&text, &rows[id], labels);
    for (size_t i = 0; i < f->n; i++) {
        if (streq(f->items[i].labels, buf_text(&text))) {
            buf_clear(&text);
            return &f->items[i];
        }
    }
    if (f->n >= METRICS_SERIES && labels != others) {
        buf_clear(&text);
        return series_of(m, id, others);
    }
    f->items = grow(f->items, f->n, &f->cap, sizeof(*f->items));
    f->items[f->n] = (struct series){ .labels = buf_take(&text) };
    return &f->items[f->n++];
}

void metrics_count(struct metrics *m, enum metric id, const char *const labels[], double by)
{
    series_of(m, id, labels)->value += by;
}

void metrics_observe(struct metrics *m, enum metric id, const char *const labels[], double seconds)
{
    struct series *s = series_of(m, id, labels);
    const double *ends = rows[id].buckets;

    for (size_t i = 0; i < BUCKETS_MAX && ends[i] > 0; i++)
        s->buckets[i] += seconds <= ends[i];
    s->count++;
    s->value += seconds;
}

static void put_line(struct buf *out, const char *name, const char *suffix, const char *labels,
                     double value)
{
    bool braces = *labels;

    (void)buf_printf(out, "%s%s%s%s%s %.15g\n", name, suffix, braces ? "{" : "", labels,
                     braces ? "}" : "", value);
}

void metrics_line(struct buf *out, enum metric id, const char *const labels[], double value)
{
    struct buf text = BUF_WITH_LIMIT(LABELS_MAX);

    put_labels(&text, &rows[id], labels);
    put_line(out, rows[id].name, "", buf_text(&text), value);
    buf_clear(&text);
}

static void put_histogram(struct buf *out, const struct row *r, const struct series *s)
{
    const char *comma = *s->labels ? "," : "";

    for (size_t i = 0; i < BUCKETS_MAX && r->buckets[i] > 0; i++)
        (void)buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", r->name, s->labels, comma,
                         r->buckets[i], (unsigned long long)s->buckets[i]);
    (void)buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", r->name, s->labels, comma,
                     (unsigned long long)s->count);
    put_line(out, r->name, "_sum", s->labels, s->value);
    put_line(out, r->name, "_count", s->labels, (double)s->count);
}

void metrics_render(const struct metrics *m, struct buf *out,
                    void (*gather)(void *ctx, enum metric id, struct buf *out), void *ctx)
{
    for (unsigned id = 0; id < METRICS; id++) {
        const struct row *r = &rows[id];

        (void)buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", r->name, r->help, r->name,
                         type_names[r->type]);
        for (size_t i = 0; i < m->of[id].n; i++) {
            const struct series *s = &m->of[id].items[i];

            if (r->type == HISTOGRAM)
                put_histogram(out, r, s);
            else
                put_line(out, r->name, "", s->labels, s->value);
        }
        if (r->gathered)
            gather(ctx, (enum metric)id, out);
    }
}
