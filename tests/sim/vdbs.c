/* VDBs while they exist: edits, on and off, locks, moves, removal. A locked VDB
 * and one in the recycle bin refuse nearly everything. */
#include "tests/sim/vdbs.h"

#include <stdlib.h>

#include "tests/sim/datasets.h"
#include "tests/sim/environments.h"
#include "tests/sim/jobs.h"

const char *sim_vdb_barred(const struct object *vdb)
{
    if (js_true(vdb->json, "is_locked"))
        return "is locked by admin";
    if (js_true(vdb->json, "recycle_bin"))
        return "is in the recycle bin";
    return NULL;
}

static void start_job(struct call *c, const char *operation, const struct object *vdb)
{
    cJSON *args = js_object();
    js_put(args, "body", c->body ? js_dup(c->body) : js_object());
    sim_reply_job(c, 200, sim_job_new(c->sim, operation, vdb, args), NULL, NULL);
}

void sim_vdb_job(struct call *c, const char *operation)
{
    const struct object *vdb = sim_subject(c);
    if (!vdb)
        return;
    if (sim_vdb_barred(vdb))
        sim_refuse(c, 400, "VDB \"%s\" %s.", sim_name_of(vdb), sim_vdb_barred(vdb));
    else
        start_job(c, operation, vdb);
}

void sim_vdb_update(struct call *c)
{
    sim_vdb_job(c, "vdb.update");
}

/* What is in the recycle bin can still be deleted for good. */
void sim_vdb_delete(struct call *c)
{
    const struct object *vdb = sim_subject(c);
    if (!vdb)
        return;
    if (js_true(vdb->json, "is_locked"))
        sim_refuse(c, 400, "VDB \"%s\" %s.", sim_name_of(vdb), sim_vdb_barred(vdb));
    else
        start_job(c, "vdb.delete", vdb);
}

void sim_vdb_enable(struct call *c)
{
    sim_vdb_job(c, "vdb.enable");
}

void sim_vdb_disable(struct call *c)
{
    sim_vdb_job(c, "vdb.disable");
}

void sim_vdb_start(struct call *c)
{
    sim_vdb_job(c, "vdb.start");
}

void sim_vdb_stop(struct call *c)
{
    sim_vdb_job(c, "vdb.stop");
}

void sim_vdb_migrate(struct call *c)
{
    sim_vdb_job(c, "vdb.migrate");
}

void sim_vdb_upgrade(struct call *c)
{
    sim_vdb_job(c, "vdb.upgrade");
}

void sim_vdb_lock(struct call *c)
{
    struct object *vdb = sim_subject(c);
    if (!vdb)
        return;
    if (sim_vdb_barred(vdb)) {
        sim_refuse(c, 400, "VDB \"%s\" %s.", sim_name_of(vdb), sim_vdb_barred(vdb));
        return;
    }
    js_put_bool(vdb->json, "is_locked", true);
    js_put_num(vdb->json, "locked_by", js_num(c->body, "account_id", 1));
    js_put_str(vdb->json, "locked_by_name", "admin");
    sim_reply(c, 200, sim_view(c->sim, vdb));
}

void sim_vdb_unlock(struct call *c)
{
    struct object *vdb = sim_subject(c);
    if (!vdb)
        return;
    js_put_bool(vdb->json, "is_locked", false);
    js_put(vdb->json, "locked_by", NULL);
    js_put(vdb->json, "locked_by_name", NULL);
    sim_reply(c, 200, sim_view(c->sim, vdb));
}

static cJSON *body_of(const struct object *job)
{
    return js_get(sim_job_args(job), "body");
}

static const struct object *home_of(const struct sim *s, const struct object *vdb)
{
    return sim_alive(s, C_ENVIRONMENTS, js_str(vdb->json, "environment_id"));
}

static char *check_busy(struct sim *s, const struct object *job)
{
    return sim_toolkit_problem(s, sim_job_target(s, job));
}

/* Why the update cannot be made to an enabled VDB. */
static char *needs_disabled(const struct object *vdb, const cJSON *body)
{
    static const char *const members[] = { "mount_point", "additional_mount_points",
                                           "custom_env_vars", "custom_env_files" };

    for (size_t i = 0; i < ARRAY_LEN(members) && js_true(vdb->json, "enabled"); i++) {
        if (js_get(body, members[i]))
            return xasprintf("%s can only be updated while the VDB is disabled.", members[i]);
    }
    return NULL;
}

static char *check_update(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job), *env = home_of(s, vdb);
    const cJSON *body = body_of(job);
    const char *user = js_str(body, "environment_user_id");
    char *problem = needs_disabled(vdb, body);

    if (!problem && user && env && !sim_has_user(env, user))
        problem = xasprintf("The environment has no user %s.", user);
    return problem ? problem : check_busy(s, job);
}

static void finish_update(struct sim *s, struct object *job)
{
    sim_members_apply(s, sim_vdb_members, body_of(job), sim_job_target(s, job));
}

static char *check_enable(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job), *env = home_of(s, vdb);
    char *problem = env ? sim_environment_problem(env) : xstrdup("The environment is gone.");

    if (!problem)
        problem = sim_port_problem(s, vdb);
    return problem ? problem : check_busy(s, job);
}

static void finish_enable(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    bool started = !cJSON_IsFalse(js_get(body_of(job), "attempt_start"));

    js_put_bool(vdb->json, "enabled", true);
    js_put_str(vdb->json, "status", started ? "RUNNING" : "STOPPED");
}

static void finish_disable(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    js_put_bool(vdb->json, "enabled", false);
    js_put_str(vdb->json, "status", "STOPPED");
}

static char *check_start(struct sim *s, const struct object *job)
{
    if (!js_true(sim_job_target(s, job)->json, "enabled"))
        return xstrdup("The VDB is disabled.");
    return check_busy(s, job);
}

static void finish_start(struct sim *s, struct object *job)
{
    js_put_str(sim_job_target(s, job)->json, "status", "RUNNING");
}

static void finish_stop(struct sim *s, struct object *job)
{
    js_put_str(sim_job_target(s, job)->json, "status", "STOPPED");
}

static char *check_delete(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job), *dependent = sim_child(s, vdb->id);

    if (dependent && !js_true(body_of(job), "delete_all_dependent_vdbs"))
        return xasprintf("The VDB \"%s\" has dependent VDBs: \"%s\".", sim_name_of(vdb),
                         sim_name_of(dependent));
    return NULL;
}

static void recycle(struct sim *s, struct object *vdb)
{
    js_put_bool(vdb->json, "recycle_bin", true);
    js_put_bool(vdb->json, "enabled", false);
    js_put_str(vdb->json, "status", "STOPPED");
    js_put_num(vdb->json, "recycle_days", 7);
    sim_put_date(vdb->json, "recycle_bin_date", s->now);
}

static void finish_delete(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);

    sim_descendants_remove(s, vdb->id);
    if (js_true(body_of(job), "move_to_recycle_bin") && !js_true(vdb->json, "recycle_bin"))
        recycle(s, vdb);
    else
        sim_dataset_remove(s, vdb);
}

/* The target of a move: a repository of the same connector on the same engine. */
static const struct object *destination(const struct sim *s, const struct object *job,
                                        const cJSON **repository)
{
    const struct object *vdb = sim_job_target(s, job);
    const char *id = js_str(body_of(job), "repository_id");
    const char *env_id = js_str(body_of(job), "environment_id");
    const char *toolkit = js_str(vdb->json, "toolkit_id");
    struct object *env =
        id ? sim_repository_home(s, id, repository) : sim_alive(s, C_ENVIRONMENTS, env_id);

    if (env && !id)
        *repository = js_find(js_get(env->json, "repositories"), "toolkit_id", toolkit);
    bool fits = env && sim_engine_of(s, env) == sim_engine_of(s, vdb) &&
                streq(js_str(*repository, "toolkit_id"), toolkit);
    return fits ? env : NULL;
}

static char *check_move(struct sim *s, const struct object *job)
{
    const struct object *vdb = sim_job_target(s, job);
    const cJSON *repository = NULL;
    const struct object *env = destination(s, job, &repository);
    const char *user = js_str(body_of(job), "environment_user_ref");

    if (js_true(vdb->json, "enabled"))
        return xstrdup("The VDB must be disabled before it is moved.");
    if (!env)
        return xstrdup("No compatible repository was given.");
    if (user && !sim_has_user(env, user))
        return xasprintf("The environment has no user %s.", user);
    return check_busy(s, job);
}

static char *check_upgrade(struct sim *s, const struct object *job)
{
    const cJSON *repository = NULL;
    const struct object *env = destination(s, job, &repository);

    if (env && env != home_of(s, sim_job_target(s, job)))
        return xstrdup("An upgrade stays in the environment of the VDB.");
    return check_move(s, job);
}

static void finish_move(struct sim *s, struct object *job)
{
    struct object *vdb = sim_job_target(s, job);
    const cJSON *repository = NULL, *body = body_of(job);
    const struct object *env = destination(s, job, &repository);
    if (!env)
        return;

    bool stays = streq(js_str(vdb->json, "environment_id"), env->id);
    js_put_str(vdb->json, "environment_id", env->id);
    js_copy(vdb->json, "repository_id", repository, "id");
    if (!stays)
        js_copy(vdb->json, "environment_user_ref",
                cJSON_GetArrayItem(js_get(env->json, "env_users"), 0), "user_ref");
    js_copy(vdb->json, "environment_user_ref", body, "environment_user_ref");
    js_copy(vdb->json, "environment_user_ref", body, "environment_user_id");
}

const struct operation sim_vdb_operations[] = {
    { "vdb.update", "VDB_UPDATE", "Update VDB", 10000, check_update, finish_update, NULL },
    { "vdb.enable", "SOURCE_ENABLE", "Enable VDB", 20000, check_enable, finish_enable, NULL },
    { "vdb.disable", "SOURCE_DISABLE", "Disable VDB", 15000, check_busy, finish_disable, NULL },
    { "vdb.start", "SOURCE_START", "Start VDB", 10000, check_start, finish_start, NULL },
    { "vdb.stop", "SOURCE_STOP", "Stop VDB", 10000, check_start, finish_stop, NULL },
    { "vdb.delete", "DB_DELETE", "Delete VDB", 20000, check_delete, finish_delete, NULL },
    { "vdb.migrate", "DB_MIGRATE", "Migrate VDB", 30000, check_move, finish_move, NULL },
    { "vdb.upgrade", "DB_UPGRADE", "Upgrade VDB", 30000, check_upgrade, finish_move, NULL },
    { .name = NULL },
};
