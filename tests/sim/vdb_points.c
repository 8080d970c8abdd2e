/* Points in time: provisioning from a snapshot, a moment or a bookmark, and
 * refresh, rollback, undo and switch of the VDBs that came of it. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/datasets.h"
#include "tests/sim/environments.h"
#include "tests/sim/filter.h"
#include "tests/sim/jobs.h"
#include "tests/sim/policies.h"
#include "tests/sim/vdbs.h"

/* What a body points at. A snapshot that is not there yet is no error of the
 * request: the job will say so. */
struct point {
    struct object *source; /* dSource or VDB */
    struct object *snapshot;
};

/* The VDB of a bookmark that has exactly one, or NULL. */
static const cJSON *bookmark_vdb(const struct object *bookmark)
{
    const cJSON *vdbs = bookmark ? js_get(bookmark->json, "vdbs") : NULL;
    return cJSON_GetArraySize(vdbs) == 1 ? cJSON_GetArrayItem(vdbs, 0) : NULL;
}

static bool bookmark_point(struct call *c, struct point *p)
{
    const char *id = js_str(c->body, "bookmark_id");
    const cJSON *entry = bookmark_vdb(sim_alive(c->sim, C_BOOKMARKS, id));

    p->source = entry ? sim_dataset(c->sim, js_str(entry, "vdb_id")) : NULL;
    p->snapshot = entry ? sim_alive(c->sim, C_SNAPSHOTS, js_str(entry, "snapshot_id")) : NULL;
    if (!p->source)
        sim_refuse(c, 400, "bookmark_id: %s is no bookmark of exactly one VDB", id ? id : "null");
    return p->source != NULL;
}

/* The latest snapshot up to the moment that the body names, if it names one. */
static struct object *snapshot_at(const struct sim *s, const cJSON *body, const char *id)
{
    const char *when = js_str(body, "timestamp");
    msec before = NEVER;

    if (!when)
        when = js_str(body, "timestamp_in_database_timezone");
    if (when && !sim_parse_rfc3339(when, &before))
        return NULL;
    return sim_latest_snapshot(s, id, before);
}

static const char *dataset_named(const struct sim *s, const cJSON *body, const char *otherwise)
{
    const struct object *flow = sim_alive(s, C_TIMEFLOWS, js_str(body, "timeflow_id"));
    const char *id = js_str(body, "source_data_id");

    if (!id)
        id = js_str(body, "dataset_id");
    if (!id && flow)
        id = js_str(flow->json, "dataset_id");
    return id ? id : otherwise;
}

/* Members that belong to another way of naming a point than the call's own: the
 * provision calls share one table, so a strict server looks for them here. */
static bool speaks_of_one_point(struct call *c)
{
    static const struct {
        const char *call, *foreign;
    } calls[] = {
        { "by_snapshot", "timestamp timestamp_in_database_timezone timeflow_id bookmark_id" },
        { "by_timestamp", "snapshot_id bookmark_id" },
        { "from_bookmark", "snapshot_id timestamp timestamp_in_database_timezone timeflow_id "
                           "source_data_id engine_id" },
    };
    const cJSON *v;

    for (size_t i = 0; i < ARRAY_LEN(calls) && c->sim->opt.strict; i++) {
        if (!strstr(c->route->pattern, calls[i].call))
            continue;
        cJSON_ArrayForEach(v, c->body) {
            if (sim_field_listed(calls[i].foreign, v->string, strlen(v->string), NULL)) {
                sim_refuse(c, 400, "%s: unknown member", v->string);
                return false;
            }
        }
    }
    return true;
}

/* `otherwise` is the dataset where the body names none. */
static bool find_point(struct call *c, const char *otherwise, struct point *p)
{
    const cJSON *body = c->body;
    const char *snapshot = js_str(body, "snapshot_id");

    if (!speaks_of_one_point(c))
        return false;
    if (strstr(c->route->pattern, "bookmark"))
        return bookmark_point(c, p);
    if (snapshot) {
        p->snapshot = sim_referred(c, C_SNAPSHOTS, "snapshot_id", snapshot);
        if (!p->snapshot)
            return false;
        p->source = sim_dataset(c->sim, js_str(p->snapshot->json, "dataset_id"));
        return p->source != NULL;
    }
    const char *id = dataset_named(c->sim, body, otherwise);
    p->source = sim_dataset(c->sim, id);
    if (!p->source || !sim_is_ready(p->source)) {
        sim_refuse(c, 400, "source_data_id: no dataset with id %s", id ? id : "null");
        return false;
    }
    p->snapshot = snapshot_at(c->sim, body, id);
    return true;
}

/* Where the VDB goes: a repository, an environment, or any that fits. */
static const struct object *target(struct call *c, const struct point *p, const cJSON **repository)
{
    const char *id = js_str(c->body, "repository_id");
    const char *env_id = js_str(c->body, "environment_id");
    const char *toolkit = js_str(p->source->json, "toolkit_id");
    struct object *env = NULL;

    if (id) {
        env = sim_repository_home(c->sim, id, repository);
    } else {
        for (struct object *e = sim_first(c->sim, C_ENVIRONMENTS); e; e = sim_next(c->sim, e)) {
            if (!sim_is_ready(e) || sim_engine_of(c->sim, e) != sim_engine_of(c->sim, p->source) ||
                (env_id && !streq(e->id, env_id)))
                continue;
            *repository = js_find(js_get(e->json, "repositories"), "toolkit_id", toolkit);
            if (*repository && !env)
                env = e;
        }
        if (env)
            *repository = js_find(js_get(env->json, "repositories"), "toolkit_id", toolkit);
    }
    if (!env)
        sim_refuse(c, 400, "%s: no such target", id ? "repository_id" : "environment_id");
    return env ? sim_referred(c, C_ENVIRONMENTS, "environment_id", env->id) : NULL;
}

static void put_parent(const struct sim *s, struct object *vdb, const struct object *source)
{
    const char *root = js_str(source->json, "root_parent_id");
    bool dsource = source->kind == C_DSOURCES;
    (void)s;

    js_put_str(vdb->json, "parent_id", source->id);
    js_put_str(vdb->json, "parent_dsource_id", dsource ? source->id : NULL);
    js_put_str(vdb->json, "root_parent_id", root ? root : source->id);
}

static void put_config_name(struct object *vdb)
{
    const cJSON *params = js_get(vdb->json, "appdata_source_params");
    const char *mount = js_str(params, "mountLocation");
    cJSON *config = js_object();
    char *name = xasprintf("Postgres-%.0f - %s", js_num(params, "postgresPort", 5432),
                           mount ? mount : "/mnt/provision");

    js_put_str(config, "name", name);
    js_put(vdb->json, "appdata_config_params", config);
    free(name);
}

static void put_defaults(struct sim *s, struct object *vdb, const struct object *env)
{
    static const char *const falses[] = { "is_locked", "masked", "vdb_restart", "recycle_bin",
                                          "logsync_enabled" };
    const cJSON *user = js_get(env->json, "env_users");

    sim_members_false(vdb->json, falses, ARRAY_LEN(falses));
    user = js_find(user, "user_ref", js_str(vdb->json, "environment_user_ref"));
    if (!js_get(vdb->json, "environment_user_ref"))
        js_copy(vdb->json, "environment_user_ref",
                cJSON_GetArrayItem(js_get(env->json, "env_users"), 0), "user_ref");
    if (!js_get(vdb->json, "appdata_source_params"))
        js_put(vdb->json, "appdata_source_params", js_object());
    if (!js_get(vdb->json, "appdata_config_params"))
        put_config_name(vdb);
    if (!js_get(vdb->json, "hooks"))
        js_put(vdb->json, "hooks", js_object());
    sim_put_date(vdb->json, "last_refreshed_date", s->now);
    js_put_bool(vdb->priv, "user_missing",
                !user && !sim_has_user(env, js_str(vdb->json, "environment_user_ref")));
}

static struct object *vdb_new(struct call *c, const struct point *p, const struct object *env,
                              const cJSON *repository)
{
    struct sim *s = c->sim;
    const struct object *engine = sim_engine_of(s, p->source);
    struct object *vdb = sim_object_new(s, C_VDBS, sim_next_id(s, engine->id, "APPDATA_CONTAINER"));
    char *name = xasprintf("V%05u", (unsigned)(sim_random(s) % 100000));

    js_put_str(vdb->json, "engine_id", engine->id);
    js_put_str(vdb->json, "name", name);
    free(name);
    if (!sim_dataset_group(c, vdb, "target_group_id")) {
        sim_object_remove(s, vdb, false);
        return NULL;
    }
    sim_members_apply(s, sim_vdb_members, c->body, vdb);
    sim_dataset_settle(s, vdb, engine, js_str(p->source->json, "toolkit_id"));
    js_put_str(vdb->json, "environment_id", env->id);
    js_copy(vdb->json, "repository_id", repository, "id");
    const cJSON *host = cJSON_GetArrayItem(js_get(env->json, "hosts"), 0);
    js_copy(vdb->json, "fqdn", host, "hostname");
    put_parent(s, vdb, p->source);
    put_defaults(s, vdb, env);
    return vdb;
}

static cJSON *point_args(const struct point *p)
{
    cJSON *args = js_object();
    js_put_str(args, "snapshot", p->snapshot ? p->snapshot->id : NULL);
    js_put_str(args, "source", p->source->id);
    return args;
}

void sim_vdb_provision(struct call *c)
{
    struct point p = { NULL, NULL };
    const cJSON *repository = NULL;

    if (strstr(c->route->pattern, "timestamp") && !js_get(c->body, "source_data_id")) {
        sim_refuse(c, 400, "source_data_id: must not be null");
        return;
    }
    if (!find_point(c, NULL, &p) ||
        !sim_policy_usable(c, "snapshot_policy_id", "SNAPSHOT_POLICY") ||
        !sim_policy_usable(c, "retention_policy_id", "RETENTION_POLICY"))
        return;
    const struct object *env = target(c, &p, &repository);
    struct object *vdb = env ? vdb_new(c, &p, env, repository) : NULL;
    if (vdb)
        sim_reply_job(c, 200, sim_job_new(c->sim, "vdb.provision", vdb, point_args(&p)), "vdb_id",
                      vdb->id);
}

void sim_vdb_defaults(struct call *c)
{
    struct point p = { NULL, NULL };
    if (!find_point(c, NULL, &p))
        return;

    cJSON *json = js_object();
    if (js_get(c->body, "bookmark_id"))
        js_copy(json, "bookmark_id", c->body, "bookmark_id");
    else
        js_put_str(json, "source_data_id", p.source->id);
    js_copy(json, "snapshot_id", c->body, "snapshot_id");
    js_copy(json, "timestamp", c->body, "timestamp");
    js_put_str(json, "name", sim_name_of(p.source));
    js_put_bool(json, "vdb_restart", true);
    js_put(json, "appdata_source_params", js_object());
    sim_reply(c, 200, json);
}

static char *snapshot_problem(const struct sim *s, const struct object *job)
{
    const char *id = js_str(sim_job_args(job), "snapshot");
    const struct object *snap = sim_alive(s, C_SNAPSHOTS, id);

    if (!id)
        return xstrdup("The source has no snapshot to provision from at that point.");
    if (!snap)
        return xasprintf("The snapshot %s does not exist any more.", id);
    if (!js_true(snap->priv, "provisionable"))
        return xasprintf("The snapshot %s is empty and cannot be provisioned from.", id);
    return NULL;
}

static char *place_problem(const struct sim *s, const struct object *vdb)
{
    const struct object *env = sim_alive(s, C_ENVIRONMENTS, js_str(vdb->json, "environment_id"));
    const cJSON *repository =
        env ? js_find(js_get(env->json, "repositories"), "id", js_str(vdb->json, "repository_id"))
            : NULL;

    if (!env || sim_engine_of(s, env) != sim_engine_of(s, vdb))
        return xstrdup("The target environment is not on the engine of the source.");
    if (!repository || !streq(js_str(repository, "toolkit_id"), js_str(vdb->json, "toolkit_id")))
        return xstrdup("The target repository is not one of the source's connector.");
    if (!js_true(repository, "allow_provisioning"))
        return xstrdup("The target repository does not allow provisioning.");
    if (js_true(vdb->priv, "user_missing"))
        return xasprintf("Validation of user environment failed: no user %s.",
                         js_str(vdb->json, "environment_user_ref"));
    return sim_environment_problem(env);
}

static char *check_provision(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job);
    char *problem = snapshot_problem(s, job);

    if (!problem)
        problem = place_problem(s, vdb);
    if (!problem)
        problem = sim_name_problem(s, vdb);
    if (!problem)
        problem = sim_port_problem(s, vdb);
    return problem ? problem : sim_toolkit_problem(s, vdb);
}

/* Gives the VDB a timeflow that begins at the job's snapshot. */
static void begin_at(struct sim *s, const struct object *job, const char *creation_type)
{
    struct object *vdb = sim_job_target(s, job);
    const struct object *snap = sim_alive(s, C_SNAPSHOTS, js_str(sim_job_args(job), "snapshot"));

    sim_timeflow_new(s, vdb, creation_type, snap);
    if (snap)
        js_copy(vdb->json, "parent_timeflow_timestamp", snap->json, "timestamp");
}

static void finish_provision(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);

    begin_at(s, job, "INITIAL");
    sim_policy_assign(s, js_str(vdb->priv, "snapshot_policy_id"), vdb);
    sim_policy_assign(s, js_str(vdb->priv, "retention_policy_id"), vdb);
    sim_object_show(s, vdb, true);
    sim_count_dependants(s, js_str(vdb->json, "parent_id"));
}

static void fail_provision(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    if (!vdb)
        return;
    sim_object_remove(s, vdb, false);
    sim_count_dependants(s, js_str(vdb->json, "parent_id"));
}

/* Refresh and rollback: the VDB's parent, or the VDB itself, is the default. */
static void point_job(struct call *c, const char *operation, bool own)
{
    const struct object *vdb = sim_subject(c);
    struct point p = { NULL, NULL };

    if (!vdb)
        return;
    if (sim_vdb_barred(vdb)) {
        sim_refuse(c, 400, "VDB \"%s\" %s.", sim_name_of(vdb), sim_vdb_barred(vdb));
        return;
    }
    if (find_point(c, own ? vdb->id : js_str(vdb->json, "parent_id"), &p))
        sim_reply_job(c, 200, sim_job_new(c->sim, operation, vdb, point_args(&p)), NULL, NULL);
}

void sim_vdb_refresh(struct call *c)
{
    point_job(c, "vdb.refresh", false);
}

void sim_vdb_rollback(struct call *c)
{
    point_job(c, "vdb.rollback", true);
}

void sim_vdb_undo_refresh(struct call *c)
{
    sim_vdb_job(c, "vdb.undo_refresh");
}

void sim_vdb_switch_timeflow(struct call *c)
{
    sim_vdb_job(c, "vdb.switch_timeflow");
}

static char *check_point(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job);
    char *problem = snapshot_problem(s, job);

    if (!problem && !js_true(vdb->json, "enabled"))
        problem = xstrdup("The VDB is disabled.");
    return problem ? problem : sim_toolkit_problem(s, vdb);
}

static void finish_refresh(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    const struct object *source = sim_dataset(s, js_str(sim_job_args(job), "source"));
    char *old = xstrdup(js_str(vdb->json, "parent_id") ? js_str(vdb->json, "parent_id") : "");

    begin_at(s, job, "REFRESH");
    sim_put_date(vdb->json, "last_refreshed_date", s->now);
    if (source && source != vdb) {
        put_parent(s, vdb, source);
        sim_count_dependants(s, source->id);
        sim_count_dependants(s, old);
    }
    free(old);
}

static void finish_rollback(struct sim *s, struct object *job)
{
    begin_at(s, job, "ROLLBACK");
}

static char *check_undo(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job);
    const struct object *flow = sim_alive(s, C_TIMEFLOWS, js_str(vdb->json, "current_timeflow_id"));

    if (flow && streq(js_str(flow->json, "creation_type"), "REFRESH") &&
        js_str(vdb->json, "previous_timeflow_id"))
        return sim_toolkit_problem(s, vdb);
    return xstrdup("There is no refresh to undo.");
}

static void activate(struct sim *s, struct object *vdb, const char *timeflow_id)
{
    struct object *old = sim_alive(s, C_TIMEFLOWS, js_str(vdb->json, "current_timeflow_id"));
    struct object *flow = sim_alive(s, C_TIMEFLOWS, timeflow_id);

    if (!flow || flow == old)
        return;
    if (old)
        js_put_bool(old->json, "is_active", false);
    js_put_bool(flow->json, "is_active", true);
    js_put_str(vdb->json, "previous_timeflow_id", old ? old->id : NULL);
    js_put_str(vdb->json, "current_timeflow_id", flow->id);
}

static void finish_undo(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    activate(s, vdb, js_str(vdb->json, "previous_timeflow_id"));
}

static char *check_switch(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job);
    const char *id = js_str(js_get(sim_job_args(job), "body"), "timeflow_id");
    const struct object *flow = sim_alive(s, C_TIMEFLOWS, id);

    if (flow && streq(js_str(flow->json, "dataset_id"), vdb->id))
        return sim_toolkit_problem(s, vdb);
    return xasprintf("The VDB has no timeflow %s.", id ? id : "null");
}

static void finish_switch(struct sim *s, struct object *job)
{
    activate(s, sim_job_target(s, job), js_str(js_get(sim_job_args(job), "body"), "timeflow_id"));
}

const struct operation sim_vdb_point_operations[] = {
    { "vdb.provision", "DB_PROVISION", "Provision VDB", 53000, check_provision, finish_provision,
      fail_provision },
    { "vdb.refresh", "DB_REFRESH", "Refresh VDB", 45000, check_point, finish_refresh, NULL },
    { "vdb.rollback", "DB_ROLLBACK", "Roll VDB back", 45000, check_point, finish_rollback, NULL },
    { "vdb.undo_refresh", "DB_UNDO", "Undo refresh", 20000, check_undo, finish_undo, NULL },
    { "vdb.switch_timeflow", "DB_SWITCH_TIMEFLOW", "Switch timeflow", 15000, check_switch,
      finish_switch, NULL },
    { .name = NULL },
};
