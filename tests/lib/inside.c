/* Reads the model's shelves. */
#include "tests/lib/inside.h"

#include "tests/sim/jobs.h"

enum { HOUR = 3600000, LOOKED_AT = 512 };

static const struct {
    enum collection which;
    const char *path;
} kinds[] = {
    { C_ENGINES, "/management/engines" }, { C_TOOLKITS, "/toolkits" },
    { C_ENVIRONMENTS, "/environments" },  { C_SOURCES, "/sources" },
    { C_DSOURCES, "/dsources" },          { C_VDBS, "/vdbs" },
};

static void describe(const struct sim *s, const struct object *o, const char *path,
                     struct inside *out)
{
    const struct object *engine = o->kind == C_ENGINES ? NULL : sim_engine_of(s, o);
    const cJSON *enabled = js_get(o->json, "enabled");

    *out = (struct inside){ .collection = path,
                            .id = o->id,
                            .name = sim_name_of(o),
                            .engine = engine ? engine->id : NULL,
                            .owner = js_str(js_find(js_get(o->json, "tags"), "key", "dctd-owner"),
                                            "value"),
                            .marked = js_find(js_get(o->json, "tags"), "key", "dctd-owes-enable"),
                            .off = cJSON_IsFalse(enabled) && o->kind != C_ENVIRONMENTS,
                            .json = o->json };
}

size_t inside_all(const struct sim *s, struct inside *out, size_t most)
{
    size_t n = 0;

    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        for (struct object *o = sim_first(s, kinds[k].which); o && n < most; o = sim_next(s, o)) {
            if (!o->deleted)
                describe(s, o, kinds[k].path, &out[n++]);
        }
    }
    return n;
}

bool inside_find(const struct sim *s, const char *collection, const char *id, struct inside *out)
{
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        const struct object *o =
            streq(kinds[k].path, collection) ? sim_alive(s, kinds[k].which, id) : NULL;
        if (!o)
            continue;
        describe(s, o, kinds[k].path, out);
        return true;
    }
    return false;
}

bool inside_named(const struct sim *s, const char *collection, const char *name)
{
    struct inside all[LOOKED_AT];
    size_t n = inside_all(s, all, LOOKED_AT);

    for (size_t i = 0; i < n; i++) {
        if (streq(all[i].collection, collection) && streq(all[i].name, name))
            return true;
    }
    return false;
}

bool inside_staging(const struct sim *s, const char *id, struct inside *out)
{
    const struct object *o = sim_alive(s, C_STAGING_SOURCES, id);

    if (o)
        describe(s, o, "/staging-sources", out);
    return o;
}

size_t inside_jobs(const struct sim *s, const char *engine)
{
    size_t n = 0;

    for (size_t i = 0; i < s->running.n; i++) {
        const cJSON *engines = js_get(s->running.items[i]->json, "engines");
        n += !engine || js_find(engines, "engine_id", engine);
    }
    return n;
}

bool inside_job_runs(const struct sim *s, const char *id)
{
    const struct object *job = sim_alive(s, C_JOBS, id);

    return job && !sim_job_over(job);
}

bool inside_out_of_sight(const struct sim *s)
{
    for (const struct object *job = sim_first(s, C_JOBS); job; job = sim_next(s, job)) {
        const char *status = js_str(job->json, "status");
        msec end = js_msec(job->priv, "born_at", 0) + js_msec(job->priv, "duration", 0);
        if ((streq(status, "TIMEDOUT") || streq(status, "ABANDONED")) && end + HOUR > s->now)
            return true;
    }
    return false;
}

/* Its first job made it; what was done to it later did not make it whole. */
static const struct object *birth(const struct sim *s, const char *id)
{
    const struct object *first = NULL;
    msec began = 0;

    for (const struct object *job = sim_first(s, C_JOBS); job; job = sim_next(s, job)) {
        msec at = js_msec(job->priv, "born_at", 0);
        if (!streq(js_str(job->json, "target_id"), id) || (first && at >= began))
            continue;
        first = job;
        began = at;
    }
    return first;
}

static bool failed(const char *status)
{
    return streq(status, "FAILED") || streq(status, "CANCELED");
}

bool inside_half_made(const struct sim *s, const char *id)
{
    const struct object *job = birth(s, id);

    return job && failed(js_str(job->json, "status"));
}

bool inside_to_fail(const struct sim *s, const char *id)
{
    const struct object *job = birth(s, id);

    return job && !sim_job_over(job) && failed(js_str(js_get(job->priv, "fault"), "job"));
}

bool inside_busy(const struct sim *s, const char *id)
{
    for (size_t i = 0; i < s->running.n; i++) {
        if (streq(js_str(s->running.items[i]->json, "target_id"), id))
            return true;
    }
    return false;
}
