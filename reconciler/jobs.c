/* One POST /jobs/search per tick for every job in flight. The interval follows
 * the age of the youngest: a job that has run for an hour can wait a while. */
#include <stdlib.h>

#include "reconciler/exec.h"
#include "reconciler/reply.h"
#include "schema/json.h"

enum {
    IN_MAX = 100,
    /* values in one IN list (DCT API, SearchBody) */ SHORTEST = 500,
    LONGEST = 15000,
    AGE_SHARE = 10,
    ADRIFT_AGE = 50000 /* taken for that of a job whose action has not begun */
};

/* The job that the action is about, whether it has begun or not. */
static const char *followed(const struct action *a)
{
    return a->state == A_JOB ? a->run->job : a->adrift;
}

static msec interval(const struct exec *x, msec now)
{
    msec youngest = -1;

    for (size_t i = 0; i < x->plan->n; i++) {
        const struct action *a = &x->plan->items[i];
        msec age = a->state == A_JOB ? now - a->run->job_since : a->adrift ? ADRIFT_AGE : -1;
        if (age >= 0 && (youngest < 0 || age < youngest))
            youngest = age;
    }
    msec wait = youngest / AGE_SHARE;
    if (wait < SHORTEST)
        wait = SHORTEST;
    for (unsigned i = 0; i < x->jobs_failed && wait < LONGEST; i++)
        wait *= 2;
    return wait < LONGEST ? wait : LONGEST;
}

/* Those that waited longest come first, a hundred at a time. */
static size_t filter_jobs(struct exec *x, struct buf *filter)
{
    size_t n = 0;

    buf_puts(filter, "id IN [");
    for (size_t i = 0; i < x->plan->n && n < IN_MAX; i++) {
        struct action *a = &x->plan->items[(x->jobs_from + i) % x->plan->n];
        if (!followed(a))
            continue;
        buf_printf(filter, "%s'%s'", n++ ? ", " : "", followed(a));
        a->polled = true;
        if (n == IN_MAX)
            x->jobs_from = (x->jobs_from + i + 1) % x->plan->n;
    }
    buf_puts(filter, "]");
    return n;
}

static bool any_followed(const struct exec *x)
{
    for (size_t i = 0; i < x->plan->n; i++) {
        if (followed(&x->plan->items[i]))
            return true;
    }
    return false;
}

void jobs_go(struct exec *x, struct step *s)
{
    struct buf filter = BUF_WITH_LIMIT(50000);

    if (x->jobs_request || x->draining || !any_followed(x)) {
        if (!x->jobs_request)
            x->jobs_next = 0;
        return;
    }
    if (!x->jobs_next)
        x->jobs_next = s->now + interval(x, s->now);
    if (x->jobs_next > s->now)
        return;
    x->jobs_next = 0;
    if (filter_jobs(x, &filter))
        x->jobs_request = step_send(s, request_search("/jobs/search", buf_text(&filter)));
    buf_clear(&filter);
}

static const cJSON *job_of(const cJSON *items, const char *id)
{
    const cJSON *job;

    cJSON_ArrayForEach(job, items) {
        if (streq(json_text(job, "id"), id))
            return job;
    }
    return NULL;
}

/* Its slot is free again; what came of it the action itself finds out. */
static void let_go(struct action *a, const cJSON *job)
{
    if (job && job_is_under_way(json_text(job, "status")))
        return;
    free(a->adrift);
    a->adrift = NULL;
}

void jobs_reply(struct exec *x, const struct reply *r, struct step *s)
{
    const cJSON *items = json_at(r->body, "items");
    bool answered = reply_class(r) == REPLY_OK && cJSON_IsArray(items);

    x->jobs_request = 0;
    x->jobs_failed = answered ? 0 : x->jobs_failed + 1;
    for (size_t i = 0; i < x->plan->n; i++) {
        struct action *a = &x->plan->items[i];
        const char *id = followed(a);
        bool told = answered && id && a->polled;
        a->polled = false;
        if (told && a->state == A_JOB)
            action_job(x, a, job_of(items, id), s);
        else if (told)
            let_go(a, job_of(items, id));
    }
}
