/* Policies: a few on every engine; a dataset has one of each type at most. */
#include "tests/sim/policies.h"

#include <stdlib.h>

#include "tests/sim/datasets.h"
#include "tests/sim/jobs.h"

static const struct {
    const char *name, *type, *shape;
    bool is_default;
} seeded[] = {
    { "nightly", "SYNC_POLICY", "POLICY_SYNC", true },
    { "hourly", "SYNC_POLICY", "POLICY_SYNC", false },
    { "daily", "SNAPSHOT_POLICY", "POLICY_SNAPSHOT", true },
    { "weekly", "SNAPSHOT_POLICY", "POLICY_SNAPSHOT", false },
    { "30-days", "RETENTION_POLICY", "POLICY_RETENTION", true },
    { "7-days", "RETENTION_POLICY", "POLICY_RETENTION", false },
};

void sim_policies_seed(struct sim *s, const struct object *engine)
{
    for (size_t i = 0; i < ARRAY_LEN(seeded); i++) {
        struct object *p =
            sim_object_new(s, C_POLICIES, sim_next_id(s, engine->id, seeded[i].shape));
        js_put_str(p->json, "name", seeded[i].name);
        js_put_str(p->json, "policy_type", seeded[i].type);
        js_put_str(p->json, "engine_id", engine->id);
        js_put_str(p->json, "engine_name", sim_name_of(engine));
        js_put_bool(p->json, "dct_managed", false);
        js_put_bool(p->json, "default_policy", seeded[i].is_default);
        js_put_bool(p->json, "customized", false);
        js_put_bool(p->json, "is_replica", false);
        js_put_num(p->json, "num_targets", 0);
        js_list(p->json, "tags");
        sim_object_show(s, p, false);
    }
}

bool sim_policy_usable(struct call *c, const char *member, const char *type)
{
    const char *id = js_str(c->body, member);
    const struct object *p = sim_alive(c->sim, C_POLICIES, id);

    if (!id || (p && streq(js_str(p->json, "policy_type"), type)))
        return true;
    sim_refuse(c, 400, "%s: no %s with id %s", member, type, id);
    return false;
}

static void count_targets(struct sim *s)
{
    for (struct object *p = sim_first(s, C_POLICIES); p; p = sim_next(s, p)) {
        double n = 0;
        for (struct object *t = sim_first(s, C_POLICY_TARGETS); t; t = sim_next(s, t))
            n += !t->deleted && streq(js_str(t->json, "policy_id"), p->id);
        js_put_num(p->json, "num_targets", n);
    }
}

/* On a dSource the ids of two of its policies can be read as well. */
static void show_on_dsource(const struct sim *s, const char *type, const char *target_id,
                            const char *policy_id)
{
    struct object *o = sim_alive(s, C_DSOURCES, target_id);

    if (o && streq(type, "SYNC_POLICY"))
        js_put_str(o->json, "sync_policy_id", policy_id);
    else if (o && streq(type, "RETENTION_POLICY"))
        js_put_str(o->json, "retention_policy_id", policy_id);
}

static void withdraw(struct sim *s, const char *type, const char *policy_id, const char *target_id)
{
    for (struct object *t = sim_first(s, C_POLICY_TARGETS); t; t = sim_next(s, t)) {
        if (!t->deleted && streq(js_str(t->json, "target_id"), target_id) &&
            streq(js_str(t->json, "policy_type"), type) &&
            (!policy_id || streq(js_str(t->json, "policy_id"), policy_id))) {
            sim_object_remove(s, t, false);
            show_on_dsource(s, type, target_id, NULL);
        }
    }
    count_targets(s);
}

void sim_policy_assign(struct sim *s, const char *id, const struct object *o)
{
    const struct object *p = sim_alive(s, C_POLICIES, id);
    if (!p)
        return;

    const char *type = js_str(p->json, "policy_type");
    withdraw(s, type, NULL, o->id);
    struct object *t = sim_object_new(s, C_POLICY_TARGETS, sim_hex_id(s));
    js_put_str(t->json, "policy_id", p->id);
    js_put_str(t->json, "target_id", o->id);
    js_copy(t->json, "engine_id", p->json, "engine_id");
    js_put_str(t->json, "policy_type", type);
    js_put_str(t->json, "target_type", o->kind == C_VDBS ? "VDB" : "DSOURCE");
    js_put_str(t->json, "target_name", sim_name_of(o));
    sim_object_show(s, t, false);
    show_on_dsource(s, type, o->id, p->id);
    count_targets(s);
}

static void start(struct call *c, const char *operation)
{
    const cJSON *each;
    const struct object *p = sim_subject(c);
    if (!p)
        return;

    cJSON_ArrayForEach(each, c->body) {
        const struct object *o = sim_dataset(c->sim, js_str(each, "object_id"));
        if (!o || sim_engine_of(c->sim, o) != sim_engine_of(c->sim, p)) {
            sim_refuse(c, 400, "object_id: no dataset %s on the engine of the policy",
                       js_str(each, "object_id") ? js_str(each, "object_id") : "null");
            return;
        }
    }
    cJSON *args = js_object();
    js_put(args, "targets", js_dup(c->body));
    sim_reply_job(c, 200, sim_job_new(c->sim, operation, p, args), NULL, NULL);
}

void sim_policy_apply(struct call *c)
{
    start(c, "policy.apply");
}

void sim_policy_unapply(struct call *c)
{
    start(c, "policy.unapply");
}

static void finish_apply(struct sim *s, struct object *job)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, js_get(sim_job_args(job), "targets")) {
        const struct object *o = sim_dataset(s, js_str(each, "object_id"));
        if (o)
            sim_policy_assign(s, sim_job_target(s, job)->id, o);
    }
}

static void finish_unapply(struct sim *s, struct object *job)
{
    const cJSON *each;
    const struct object *p = sim_job_target(s, job);
    cJSON_ArrayForEach(each, js_get(sim_job_args(job), "targets")) {
        withdraw(s, js_str(p->json, "policy_type"), p->id, js_str(each, "object_id"));
    }
}

const struct operation sim_policy_operations[] = {
    { "policy.apply", "POLICY_APPLY", "Apply policy", 5000, NULL, finish_apply, NULL },
    { "policy.unapply", "POLICY_UNAPPLY", "Unapply policy", 5000, NULL, finish_unapply, NULL },
    { .name = NULL },
};
