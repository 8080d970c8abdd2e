#include "daemon/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/gauge.h"
#include "schema/json.h"
#include "schema/kind.h"

enum { NS = 1000000000, ROUTE_MAX = 128, TYPE_MAX = 64, FLIGHTS_MAX = 4096, JOBS_MAX = 4096 };

/* A request that is not answered yet. */
struct flight {
    uint64_t id, began;
    char *route;
    char method[8];
};

/* A job of DCT on an object. */
struct job {
    char *key, *id;
    char *type; /* as DCT calls it; NULL until it has told */
    uint64_t began;
};

struct meter {
    struct metrics *metrics;
    struct flight *flights;
    size_t n_flights, cap_flights;
    struct job *jobs;
    size_t n_jobs, cap_jobs;
    uint64_t cycle; /* when it began, 0 = none is under way */
    msec started;
};

static double seconds_since(uint64_t began)
{
    return (double)(uv_hrtime() - began) / NS;
}

/* Results that are 0 so far are told too, or their first one could not be seen
 * to be an increase. */
static void begin_at_zero(struct metrics *m)
{
    static const char *const results[] = { "done", "retry", "failed" };

    for (unsigned kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(results); i++)
            metrics_count(m, METRIC_RECONCILE,
                          (const char *const[]){ kind_desc((enum kind)kind)->name, results[i] }, 0);
    }
    metrics_count(m, METRIC_CYCLES, (const char *const[]){ "converged" }, 0);
    metrics_count(m, METRIC_CYCLES, (const char *const[]){ "not" }, 0);
    metrics_count(m, METRIC_RATE_LIMITED, NULL, 0);
    metrics_count(m, METRIC_HTTP_REFUSED, (const char *const[]){ "control" }, 0);
    metrics_count(m, METRIC_HTTP_REFUSED, (const char *const[]){ "status" }, 0);
}

struct meter *meter_new(msec now)
{
    struct meter *m = xcalloc(1, sizeof(*m));

    m->metrics = metrics_new();
    m->started = now;
    begin_at_zero(m->metrics);
    return m;
}

static void job_clear(struct job *j)
{
    free(j->key);
    free(j->type);
    free(j->id);
}

void meter_free(struct meter *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_flights; i++)
        free(m->flights[i].route);
    for (size_t i = 0; i < m->n_jobs; i++)
        job_clear(&m->jobs[i]);
    free(m->flights);
    free(m->jobs);
    metrics_free(m->metrics);
    free(m);
}

/* Words of the API stay, everything else stands for some id. */
char *meter_route(const char *path)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyz-_";
    struct buf out = BUF_WITH_LIMIT(ROUTE_MAX);
    size_t end = strcspn(path, "?");

    for (size_t i = 0; i < end;) {
        size_t slash = path[i] == '/', n = strcspn(path + i + slash, "/?");
        bool plain = strspn(path + i + slash, word) >= n;

        (void)buf_add(&out, "/", slash);
        (void)buf_add(&out, plain ? path + i + slash : "{id}", plain ? n : 4);
        i += slash + n;
    }
    return buf_take(&out);
}

void meter_sent(struct meter *m, const struct request *r)
{
    if (!m)
        return;
    if (!m->cycle)
        m->cycle = uv_hrtime();
    if (m->n_flights == FLIGHTS_MAX)
        return;
    m->flights = grow(m->flights, m->n_flights, &m->cap_flights, sizeof(*m->flights));

    struct flight *f = &m->flights[m->n_flights++];
    *f = (struct flight){ .id = r->id, .began = uv_hrtime(), .route = meter_route(r->path) };
    (void)snprintf(f->method, sizeof(f->method), "%s", r->method);
}

static void count_answer(struct metrics *m, const struct flight *f, const struct reply *r)
{
    char code[16];

    (void)snprintf(code, sizeof(code), "%d", r->status);
    const char *outcome = r->unsent ? "unsent" : r->status ? code : "none";
    metrics_count(m, METRIC_API_REQUESTS, (const char *const[]){ f->method, f->route, outcome }, 1);
    if (r->status)
        metrics_observe(m, METRIC_API_SECONDS, (const char *const[]){ f->method },
                        seconds_since(f->began));
    metrics_count(m, METRIC_RATE_LIMITED, NULL, r->status == 429);
}

bool meter_oldest(const struct meter *m, struct meter_waiting *out)
{
    const struct flight *oldest = NULL;

    for (size_t i = 0; i < m->n_flights; i++) {
        if (!oldest || m->flights[i].began < oldest->began)
            oldest = &m->flights[i];
    }
    if (!oldest)
        return false;
    *out = (struct meter_waiting){ oldest->method, oldest->route, seconds_since(oldest->began) };
    return true;
}

/* Jobs are asked after together, and only there does DCT say what they are. */
static void learn_types(struct meter *m, const cJSON *body)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(body, "items")) {
        const char *id = json_text(item, "id"), *type = json_text(item, "type");

        for (size_t i = 0; id && type && i < m->n_jobs; i++) {
            if (!m->jobs[i].type && streq(m->jobs[i].id, id))
                m->jobs[i].type = xasprintf("%.*s", TYPE_MAX, type);
        }
    }
}

void meter_answered(struct meter *m, const struct reply *r)
{
    for (size_t i = 0; m && i < m->n_flights; i++) {
        struct flight *f = &m->flights[i];

        if (f->id != r->request)
            continue;
        count_answer(m->metrics, f, r);
        if (streq(f->route, "/jobs/search"))
            learn_types(m, r->body);
        free(f->route);
        *f = m->flights[--m->n_flights];
        return;
    }
}

void meter_recorded(struct meter *m, uint64_t began)
{
    if (m)
        metrics_observe(m->metrics, METRIC_FSYNC_SECONDS, NULL, seconds_since(began));
}

void meter_stepped(struct meter *m, uint64_t began)
{
    if (m)
        metrics_observe(m->metrics, METRIC_STEP_SECONDS, NULL, seconds_since(began));
}

void meter_rested(struct meter *m, bool converged)
{
    if (!m || !m->cycle)
        return;
    metrics_observe(m->metrics, METRIC_RECONCILE_SECONDS, NULL, seconds_since(m->cycle));
    metrics_count(m->metrics, METRIC_CYCLES,
                  (const char *const[]){ converged ? "converged" : "not" }, 1);
    m->cycle = 0;
}

void meter_told(struct meter *m, const char *side, unsigned status)
{
    char code[16];

    if (!m)
        return;
    (void)snprintf(code, sizeof(code), "%u", status);
    if (status)
        metrics_count(m->metrics, METRIC_HTTP_REQUESTS, (const char *const[]){ side, code }, 1);
    else
        metrics_count(m->metrics, METRIC_HTTP_REFUSED, (const char *const[]){ side }, 1);
}

/* "VDB" of "VDB/orders-dev". */
static void kind_of(const char *key, char out[24])
{
    (void)snprintf(out, 24, "%.*s", (int)strcspn(key, "/"), key);
}

static void job_over(struct meter *m, struct job *j)
{
    const char *type = j->type ? j->type : "unknown";

    metrics_observe(m->metrics, METRIC_JOB_SECONDS, (const char *const[]){ type },
                    seconds_since(j->began));
    job_clear(j);
    *j = m->jobs[--m->n_jobs];
}

static struct job *job_of(struct meter *m, const char *key)
{
    for (size_t i = 0; i < m->n_jobs; i++) {
        if (streq(m->jobs[i].key, key))
            return &m->jobs[i];
    }
    return NULL;
}

/* One change may take several jobs, one after the other. */
static void note_job(struct meter *m, const struct report *r)
{
    struct job *j = job_of(m, r->key);

    if (j && (!r->job || streq(j->id, r->job)))
        return;
    if (j)
        job_over(m, j);
    if (!r->job || m->n_jobs == JOBS_MAX)
        return;
    m->jobs = grow(m->jobs, m->n_jobs, &m->cap_jobs, sizeof(*m->jobs));
    m->jobs[m->n_jobs++] =
        (struct job){ .key = xstrdup(r->key), .id = xstrdup(r->job), .began = uv_hrtime() };
}

/* NULL for reports that end nothing. */
static const char *result_of(enum report_kind kind)
{
    return kind == REPORT_DONE     ? "done"
           : kind == REPORT_RETRY  ? "retry"
           : kind == REPORT_FAILED ? "failed"
                                   : NULL;
}

void meter_reported(struct meter *m, const struct report *r)
{
    const char *result = result_of(r->kind);
    char kind[24];

    if (!m || !r->key)
        return;
    if (r->kind == REPORT_JOB)
        note_job(m, r);
    if (!result)
        return;

    struct job *j = job_of(m, r->key);
    if (j)
        job_over(m, j);
    kind_of(r->key, kind);
    metrics_count(m->metrics, METRIC_RECONCILE, (const char *const[]){ kind, result }, 1);
}

/* What gathering needs: the meter's numbers and those of others. */
struct gathering {
    const struct meter *meter;
    const struct meter_facts *facts;
    msec now;
};

static void source_age(const struct gathering *g, struct buf *out)
{
    msec fetched = g->facts->fetched ? g->facts->fetched : g->meter->started;
    msec age = fetched < g->now ? g->now - fetched : 0;

    metrics_line(out, METRIC_SOURCE_AGE, NULL, (double)age / 1000);
}

static void refused(const struct gathering *g, struct buf *out)
{
    static const char *const names[METER_PARTS] = { [PART_CONFIGURATION] = "configuration",
                                                    [PART_RESTART] = "restart",
                                                    [PART_LISTENERS] = "listeners",
                                                    [PART_MANIFESTS] = "manifests" };

    for (unsigned i = 0; i < METER_PARTS; i++)
        metrics_line(out, METRIC_RELOAD_REFUSED, (const char *const[]){ names[i] },
                     g->facts->refused[i]);
}

static void gather(void *ctx, enum metric id, struct buf *out)
{
    const struct gathering *g = ctx;

    if (id == METRIC_SOURCE_AGE)
        source_age(g, out);
    else if (id == METRIC_RELOAD_REFUSED)
        refused(g, out);
    else if (id == METRIC_PROCESS_START)
        metrics_line(out, id, NULL, (double)g->meter->started / 1000);
    else
        gauge_gather(id, g->facts->cycle, g->now, out);
}

void meter_render(const struct meter *m, const struct meter_facts *f, msec now, struct buf *out)
{
    struct gathering g = { m, f, now };

    metrics_render(m->metrics, out, gather, &g);
}
