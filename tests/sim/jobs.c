/* The life of a job: PENDING, STARTED, sometimes RUNNING, STARTED again while it
 * waits for telemetry (from then on it cannot fail), COMPLETED. A job whose
 * target is busy with an earlier one is WAITING. Faults make it end otherwise. */
#include "tests/sim/jobs.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"
#include "tests/sim/timers.h"

#define PENDING_PART   0.05
#define RUNNING_PART   0.30
#define TELEMETRY_PART 0.92

static const struct operation *const tables[] = {
    sim_engine_operations,      sim_toolkit_operations,
    sim_environment_operations, sim_environment_part_operations,
    sim_source_operations,      sim_dsource_operations,
    sim_vdb_operations,         sim_vdb_point_operations,
    sim_snapshot_operations,    sim_policy_operations,
};

static const struct operation *operation_named(const char *name)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (const struct operation *op = tables[t]; op->name; op++) {
            if (streq(op->name, name))
                return op;
        }
    }
    abort();
}

static const struct operation *operation_of(const struct object *job)
{
    return operation_named(js_str(job->priv, "op"));
}

const cJSON *sim_job_args(const struct object *job)
{
    return js_get(job->priv, "args");
}

struct object *sim_job_target(const struct sim *s, const struct object *job)
{
    return sim_alive(s, sim_collection_named(js_str(job->priv, "kind")),
                     js_str(job->json, "target_id"));
}

bool sim_job_over(const struct object *job)
{
    return js_true(job->priv, "over");
}

bool sim_job_runs(const struct sim *s, const char *operation, const char *target_id)
{
    for (size_t i = 0; i < s->running.n; i++) {
        const struct object *job = s->running.items[i];
        if (streq(js_str(job->priv, "op"), operation) &&
            streq(js_str(job->json, "target_id"), target_id))
            return true;
    }
    return false;
}

static void run_add(struct sim *s, struct object *job)
{
    s->running.items =
        grow(s->running.items, s->running.n, &s->running.cap, sizeof(struct object *));
    s->running.items[s->running.n++] = job;
}

void sim_jobs_resume(struct sim *s)
{
    s->running.n = 0;
    for (struct object *job = sim_first(s, C_JOBS); job; job = sim_next(s, job)) {
        if (!sim_job_over(job))
            run_add(s, job);
    }
}

static void run_remove(struct sim *s, const struct object *job)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->running.n; i++) {
        if (s->running.items[i] != job)
            s->running.items[kept++] = s->running.items[i];
    }
    s->running.n = kept;
}

static void set_status(struct sim *s, struct object *job, const char *status, int percent)
{
    cJSON *task = cJSON_GetArrayItem(js_get(job->json, "tasks"), 0);

    js_put_str(job->json, "status", status);
    js_put_num(job->json, "percent_complete", percent);
    sim_put_date(job->json, "update_time", s->now);
    js_put_str(task, "status", status);
    js_put_num(task, "percent_complete", percent);
}

static void add_task(struct sim *s, struct object *job, const char *title)
{
    cJSON *task = js_object(), *event = js_object();
    char *id = xasprintf("%s-1", job->id);
    char *message = xasprintf("%s accepted.", title);

    js_put_str(task, "id", id);
    js_put_str(task, "parent_job_id", job->id);
    sim_put_date(task, "start_time", s->now);
    js_put_str(task, "title", title);
    js_put_str(event, "message_details", message);
    js_add(js_list(task, "events"), event);
    js_add(js_list(job->json, "tasks"), task);
    free(id);
    free(message);
}

static void add_engine(struct sim *s, struct object *job, const struct object *target)
{
    const struct object *engine = sim_engine_of(s, target);
    cJSON *item = js_object();

    if (engine) {
        js_put_str(item, "engine_id", engine->id);
        js_put_str(item, "engine_name", sim_name_of(engine));
        js_add(js_list(job->json, "engines"), item);
    } else {
        cJSON_Delete(item);
    }
}

static void plan_steps(struct sim *s, struct object *job, msec duration)
{
    double d = (double)sim_scaled(s, duration);
    bool runs = sim_random(s) % 4 == 0;

    job->due = s->now + (msec)(d * PENDING_PART);
    js_put_num(job->priv, "born_at", (double)s->now);
    js_put_num(job->priv, "duration", d);
    js_put_bool(job->priv, "runs", runs);
    js_put_str(job->priv, "phase", "pending");
}

struct object *sim_job_new(struct sim *s, const char *operation, const struct object *target,
                           cJSON *args)
{
    const struct operation *op = operation_named(operation);
    struct object *job = sim_object_new(s, C_JOBS, sim_hex_id(s));
    char *trace = sim_hex_id(s);

    js_put_str(job->json, "type", op->type);
    js_put_str(job->json, "localized_type", op->localized);
    js_put_str(job->json, "target_id", target->id);
    js_put_str(job->json, "target_name", sim_name_of(target));
    js_put_str(job->json, "trace_id", trace);
    js_put_num(job->json, "account_id", 1);
    js_put_str(job->json, "account_name", "admin");
    js_put_bool(job->json, "is_waiting_for_telemetry", false);
    sim_put_date(job->json, "start_time", s->now);
    add_engine(s, job, target);
    add_task(s, job, op->localized);
    set_status(s, job, "PENDING", 0);
    js_put_str(job->priv, "op", operation);
    js_put_str(job->priv, "kind", sim_collections[target->kind].name);
    js_put(job->priv, "args", args ? args : js_object());
    if (s->job_fault)
        js_put(job->priv, "fault", js_dup(s->job_fault));
    plan_steps(s, job, op->duration);
    sim_object_show(s, job, false);
    run_add(s, job);
    sim_wake(s, job->due);
    free(trace);
    return job;
}

static void over(struct sim *s, struct object *job, const char *status, int percent)
{
    cJSON *task = cJSON_GetArrayItem(js_get(job->json, "tasks"), 0);

    set_status(s, job, status, percent);
    sim_put_date(task, "end_time", s->now);
    js_put_bool(job->json, "is_waiting_for_telemetry", false);
    js_put_bool(job->priv, "over", true);
    run_remove(s, job);
}

/* DCT stops watching an ABANDONED job; the engine carries on. */
static bool work_goes_on(const struct object *job, const char *status)
{
    const cJSON *fault = js_get(job->priv, "fault"), *work = js_get(fault, "work");
    bool its = streq(js_str(fault, "job"), status);

    return work && its ? cJSON_IsTrue(work) : streq(status, "ABANDONED");
}

void sim_job_end(struct sim *s, struct object *job, const char *status, const char *error)
{
    const struct operation *op = operation_of(job);

    js_put_str(job->json, "error_details", error);
    over(s, job, status, (int)js_num(job->json, "percent_complete", 0));
    if (work_goes_on(job, status))
        sim_timer_add(s, (msec)(js_num(job->priv, "born_at", 0) + js_num(job->priv, "duration", 0)),
                      "job.finish", job->id);
    else if (op->fail)
        op->fail(s, job);
}

void sim_job_finish_unseen(struct sim *s, const char *id)
{
    struct object *job = sim_alive(s, C_JOBS, id);
    if (!job || !sim_job_target(s, job))
        return;

    const struct operation *op = operation_of(job);
    char *error = op->check ? op->check(s, job) : NULL;
    if (!error)
        op->finish(s, job);
    else if (op->fail)
        op->fail(s, job);
    free(error);
}

static const char target_gone[] = "The object was deleted in the meantime.";

static void complete(struct sim *s, struct object *job)
{
    const cJSON *fault = js_get(job->priv, "fault");

    /* With what it hung on, by another job. */
    if (!sim_job_target(s, job)) {
        sim_job_end(s, job, "FAILED", target_gone);
        return;
    }
    over(s, job, "COMPLETED", 100);
    js_copy(job->json, "warning_message", fault, "warning");
    operation_of(job)->finish(s, job);
}

/* True once the job has failed its check. */
static bool fails_check(struct sim *s, struct object *job)
{
    const struct operation *op = operation_of(job);
    char *error = NULL;

    if (!sim_job_target(s, job))
        error = xstrdup(target_gone);
    else if (op->check)
        error = op->check(s, job);
    if (!error)
        return false;
    sim_job_end(s, job, "FAILED", error);
    free(error);
    return true;
}

static const struct object *earlier_job(const struct sim *s, const struct object *job)
{
    for (size_t i = 0; i < s->running.n; i++) {
        const struct object *other = s->running.items[i];
        if (other->seq < job->seq &&
            streq(js_str(other->json, "target_id"), js_str(job->json, "target_id")))
            return other;
    }
    return NULL;
}

static void step_to(struct sim *s, struct object *job, const char *phase, double part)
{
    double at = js_num(job->priv, "born_at", 0) + js_num(job->priv, "duration", 0) * part;

    js_put_str(job->priv, "phase", phase);
    job->due = at < (double)s->now ? s->now : (msec)at;
}

static void on_pending(struct sim *s, struct object *job)
{
    const struct object *other = earlier_job(s, job);

    if (other) {
        set_status(s, job, "WAITING", 0);
        job->due = other->due + 1;
        js_put_num(job->priv, "born_at", (double)job->due);
        return;
    }
    if (fails_check(s, job))
        return;
    set_status(s, job, "STARTED", 5);
    step_to(s, job, "started", RUNNING_PART);
}

/* A fault that the job was born with; true where it was acted on. */
static bool faulty(struct sim *s, struct object *job)
{
    cJSON *fault = js_get(job->priv, "fault");
    const char *ending = js_str(fault, "job");
    const char *error = js_str(fault, "job_error");

    if (js_get(fault, "suspend_ms")) {
        double at = (double)s->now + js_num(fault, "suspend_ms", 0);
        set_status(s, job, "SUSPENDED", 30);
        job->due = (msec)at;
        js_put_num(job->priv, "born_at", at - js_num(job->priv, "duration", 0) * RUNNING_PART);
        js_put(fault, "suspend_ms", NULL);
        return true;
    }
    if (!ending)
        return false;
    sim_job_end(s, job, ending, error ? error : "Injected fault.");
    return true;
}

static void on_started(struct sim *s, struct object *job)
{
    if (faulty(s, job))
        return;
    set_status(s, job, js_true(job->priv, "runs") ? "RUNNING" : "STARTED", 50);
    step_to(s, job, "running", TELEMETRY_PART);
}

static void on_running(struct sim *s, struct object *job)
{
    if (fails_check(s, job))
        return;
    set_status(s, job, "STARTED", 95);
    js_put_bool(job->json, "is_waiting_for_telemetry", true);
    step_to(s, job, "telemetry", 1.0);
}

static void step(struct sim *s, struct object *job)
{
    static const struct {
        const char *phase;
        void (*act)(struct sim *, struct object *);
    } phases[] = {
        { "pending", on_pending },
        { "started", on_started },
        { "running", on_running },
        { "telemetry", complete },
    };
    for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
        if (streq(js_str(job->priv, "phase"), phases[i].phase)) {
            phases[i].act(s, job);
            return;
        }
    }
}

/* The unfinished job with the earliest step, the older one where two tie. */
static struct object *first_due(const struct sim *s, msec *at)
{
    struct object *first = NULL;
    for (size_t i = 0; i < s->running.n; i++) {
        struct object *job = s->running.items[i];
        if (!first || job->due < *at) {
            first = job;
            *at = job->due;
        }
    }
    return first;
}

/* When an object appears or vanishes next. */
static void wake_for_objects(struct sim *s)
{
    for (size_t k = 0; k < COLLECTIONS; k++) {
        for (size_t i = 0; i < s->shelves[k].n; i++) {
            const struct object *o = s->shelves[k].items[i];
            if (o->visible_at > s->now)
                sim_wake(s, o->visible_at);
            else if (o->gone_at > s->now)
                sim_wake(s, o->gone_at);
        }
    }
}

void sim_jobs_advance(struct sim *s, msec now)
{
    msec at = 0;
    struct object *job;

    while ((job = first_due(s, &at)) && at <= now) {
        sim_timers_advance(s, at);
        if (at > s->now)
            s->now = at;
        step(s, job);
    }
    sim_timers_advance(s, now);
    if (now > s->now)
        s->now = now;
    s->next_at = NEVER;
    if (job)
        sim_wake(s, at);
    sim_timers_wake(s);
    wake_for_objects(s);
    sim_sweep(s);
}

void sim_job_abandon(struct call *c)
{
    struct object *job = sim_subject(c);
    if (!job)
        return;
    if (sim_job_over(job)) {
        sim_refuse(c, 400, "Job %s is over.", job->id);
        return;
    }
    sim_job_end(c->sim, job, "ABANDONED", NULL);
    sim_reply_empty(c, 204);
}

void sim_job_result(struct call *c)
{
    const struct object *job = sim_subject(c);
    if (!job)
        return;

    cJSON *json = js_object();
    js_put_str(json, "job_id", job->id);
    js_put_str(json, "result_type", js_str(job->json, "type"));
    js_put(json, "result", js_object());
    sim_reply(c, 200, json);
}
