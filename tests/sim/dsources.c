/* dSources: linking with its refusals, the first snapshot, edits and removal.
 * What the schema cannot say (resync, one backup mode, a free port) is found by
 * the engine, so it ends the job and not the request. */
#include "tests/sim/dsources.h"

#include <stdlib.h>

#include "tests/sim/datasets.h"
#include "tests/sim/environments.h"
#include "tests/sim/jobs.h"
#include "tests/sim/policies.h"

#define HOOK_POINTS \
    "ops_pre_sync ops_pre_log_sync ops_post_sync pre_validated_sync " \
    "post_validated_sync"

/* clang-format off */
const struct member sim_dsource_members[] = {
    { "name", T_STR, 1, 256, M_BOTH, "name", NULL },
    { "source_id", T_STR, 1, 256, M_CREATE, "source_id", NULL },
    { "group_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "description", T_STR, 1, 1024, M_BOTH, "description", NULL },
    { "log_sync_enabled", T_BOOL, 0, 0, M_CREATE, "logsync_enabled", NULL },
    { "sync_policy_id", T_STR, 1, 256, M_BOTH, "sync_policy_id", NULL },
    { "retention_policy_id", T_STR, 1, 256, M_BOTH, "retention_policy_id", NULL },
    { "link_type", T_STR, 1, 0, M_CREATE, NULL, "AppDataDirect AppDataStaged" },
    { "staging_mount_base", T_STR, 0, 256, M_CREATE, NULL, NULL },
    { "staging_environment", T_STR, 0, 0, M_BOTH, NULL, NULL },
    { "staging_environment_user", T_STR, 0, 0, M_BOTH, NULL, NULL },
    { "environment_user", T_STR, 1, 256, M_BOTH | M_REQUIRED, NULL, NULL },
    { "parameters", T_OBJECT, 0, 0, M_BOTH | M_REQUIRED, "appdata_source_params", NULL },
    { "sync_parameters", T_OBJECT, 0, 0, M_CREATE | M_REQUIRED | M_SECRET, NULL, NULL },
    { "excludes", T_STRINGS, 0, 1024, M_BOTH, "excludes", NULL },
    { "follow_symlinks", T_STRINGS, 0, 1024, M_BOTH, "follow_symlinks", NULL },
    { "ops_pre_sync", T_HOOKS, 0, 0, M_BOTH, "ops_pre_sync", NULL },
    { "ops_post_sync", T_HOOKS, 0, 0, M_BOTH, "ops_post_sync", NULL },
    { "hooks", T_HOOKSET, 0, 0, M_UPDATE, "hooks", HOOK_POINTS },
    { "tags", T_TAGS, 1, 0, M_CREATE, "tags", NULL },
    { "make_current_account_owner", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_dsource_defaults_members[] = {
    { "source_id", T_STR, 0, 0, M_CREATE | M_REQUIRED, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_dsource_enable_members[] = {
    { "attempt_start", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_dsource_disable_members[] = {
    { "attempt_cleanup", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_enable_members[] = {
    { "attempt_start", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "container_mode", T_BOOL, 0, 0, M_CREATE | M_28, NULL, NULL },
    { "ownership_spec", T_STR, 0, 1024, M_CREATE | M_28, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_disable_members[] = {
    { "attempt_cleanup", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "container_mode", T_BOOL, 0, 0, M_CREATE | M_28, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_dsource_delete_members[] = {
    { "dsource_id", T_STR, 0, 0, M_CREATE | M_REQUIRED, NULL, NULL },
    { "force", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "delete_all_dependent_vdbs", T_BOOL, 0, 0, M_CREATE | M_28, NULL, NULL },
    { "oracle_username", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "oracle_password", T_STR, 0, 0, M_CREATE | M_SECRET, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_upgrade_members[] = {
    { "repository_id", T_STR, 1, 0, M_CREATE | M_REQUIRED, NULL, NULL },
    { "environment_user_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "ppt_repository", T_STR, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */

void sim_dsource_link(struct call *c)
{
    struct sim *s = c->sim;
    const struct object *source =
        sim_referred(c, C_SOURCES, "source_id", js_str(c->body, "source_id"));
    const struct object *engine = source ? sim_engine_of(s, source) : NULL;

    if (!engine || !sim_policy_usable(c, "sync_policy_id", "SYNC_POLICY") ||
        !sim_policy_usable(c, "retention_policy_id", "RETENTION_POLICY"))
        return;
    struct object *o =
        sim_object_new(s, C_DSOURCES, sim_next_id(s, engine->id, "APPDATA_CONTAINER"));
    js_put_str(o->json, "name", sim_name_of(source));
    js_put_str(o->json, "engine_id", engine->id);
    if (!sim_dataset_group(c, o, "group_id")) {
        sim_object_remove(s, o, false);
        return;
    }
    sim_members_apply(s, sim_dsource_members, c->body, o);
    sim_dataset_settle(s, o, engine, js_str(source->json, "toolkit_id"));
    js_put_bool(o->json, "is_detached", false);
    if (!js_get(o->json, "logsync_enabled"))
        js_put_bool(o->json, "logsync_enabled", false);
    if (!js_get(o->json, "hooks"))
        js_put(o->json, "hooks", js_object());
    js_put_num(o->json, "dependant_vdbs", 0);
    js_copy(o->json, "appdata_config_params", source->json, "config_params");
    sim_reply_job(c, 200, sim_job_new(s, "dsource.link", o, NULL), "dsource_id", o->id);
}

void sim_dsource_defaults(struct call *c)
{
    const struct object *source =
        sim_referred(c, C_SOURCES, "source_id", js_str(c->body, "source_id"));
    if (!source)
        return;

    cJSON *json = js_object(), *sync = js_object();
    js_put_str(json, "name", sim_name_of(source));
    js_put_str(json, "source_id", source->id);
    js_put_str(json, "link_type", "AppDataStaged");
    js_put_bool(json, "log_sync_enabled", false);
    js_put_str(json, "environment_user", "");
    js_copy(json, "environment_user", source->json, "environment_user_ref");
    const struct object *env =
        sim_alive(c->sim, C_ENVIRONMENTS, js_str(source->json, "environment_id"));
    const cJSON *user = cJSON_GetArrayItem(env ? js_get(env->json, "env_users") : NULL, 0);
    if (!js_get(source->json, "environment_user_ref"))
        js_copy(json, "environment_user", user, "user_ref");
    js_put(json, "parameters", js_object());
    js_put_bool(sync, "resync", true);
    js_put(json, "sync_parameters", sync);
    sim_reply(c, 200, json);
}

static bool has_items(const cJSON *params, const char *name)
{
    return cJSON_GetArraySize(js_get(params, name)) > 0;
}

static bool streams(const cJSON *p)
{
    return js_true(cJSON_GetArrayItem(js_get(p, "externalBackup"), 0), "keepStagingInSync");
}

static int modes_chosen(const cJSON *p)
{
    static const char *const flags[] = { "delphixInitiatedBackupFlag",
                                         "singleDatabaseIngestionFlag", "stagingPushFlag" };
    int n = has_items(p, "externalBackup") ? 1 : 0;

    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        n += js_true(p, flags[i]) ? 1 : 0;
    return n;
}

/* What the chosen mode lacks, NULL if nothing. */
static const char *mode_lacks(const cJSON *p)
{
    const cJSON *backup = cJSON_GetArrayItem(js_get(p, "externalBackup"), 0);
    bool connects = js_true(p, "delphixInitiatedBackupFlag") || streams(p);

    if (connects && !has_items(p, "delphixInitiatedBackup"))
        return "parametersNotProvided: delphixInitiatedBackup is missing.";
    if (js_true(p, "singleDatabaseIngestionFlag") && !has_items(p, "singleDatabaseIngestion"))
        return "parametersNotProvided: singleDatabaseIngestion is missing.";
    if (backup && !streams(p) && !js_str(backup, "walLogPath"))
        return "dSourceNotInSync: neither walLogPath nor keepStagingInSync is given.";
    return NULL;
}

/* Exactly one way of ingestion, and that one complete. */
static char *mode_problem(const cJSON *p)
{
    static const char *const lists[] = { "delphixInitiatedBackup", "externalBackup",
                                         "singleDatabaseIngestion" };
    int modes = modes_chosen(p);

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (cJSON_GetArraySize(js_get(p, lists[i])) > 1)
            return xasprintf("%s: at most one entry is allowed.", lists[i]);
    }
    if (modes == 0)
        return xstrdup("parametersNotProvided: no ingestion mode was chosen.");
    if (modes > 1)
        return xstrdup("allProcessParamsAreSupplied: more than one ingestion mode was chosen.");
    const char *lack = mode_lacks(p);
    return lack ? xstrdup(lack) : NULL;
}

static char *parameters_problem(const struct object *o)
{
    const cJSON *p = js_get(o->json, "appdata_source_params");
    double port = js_num(p, "postgresPort", 0);

    if (port < 1 || port > 65535)
        return xstrdup("invalidPortRange: postgresPort is missing or out of range.");
    return mode_problem(p);
}

static char *environment_trouble(const struct sim *s, const struct object *o)
{
    const struct object *source = sim_alive(s, C_SOURCES, js_str(o->json, "source_id"));
    const struct object *home =
        source ? sim_alive(s, C_ENVIRONMENTS, js_str(source->json, "environment_id")) : NULL;
    const char *id = js_str(o->priv, "staging_environment");
    const struct object *staging = sim_alive(s, C_ENVIRONMENTS, id);
    const char *user = js_str(o->priv, "staging_environment_user");

    if (!home)
        return xstrdup("The source config is gone.");
    if (!sim_has_user(home, js_str(o->priv, "environment_user")))
        return xasprintf("The environment has no user %s.", js_str(o->priv, "environment_user"));
    if (!staging || !sim_is_ready(staging))
        return xasprintf("The staging environment %s does not exist.", id ? id : "(none)");
    if (sim_engine_of(s, staging) != sim_engine_of(s, o))
        return xstrdup("The staging environment is on another engine.");
    if (user && !sim_has_user(staging, user))
        return xasprintf("The staging environment has no user %s.", user);
    if (!js_find(js_get(staging->json, "repositories"), "toolkit_id",
                 js_str(o->json, "toolkit_id")))
        return xstrdup("The staging environment has no repository of the connector.");
    return sim_environment_problem(staging);
}

static char *check_link(struct sim *s, const struct object *job)
{
    const struct object *o = sim_job_target(s, job);

    for (struct object *other = sim_first(s, C_DSOURCES); other; other = sim_next(s, other)) {
        if (other != o && !other->deleted && other->seq < o->seq &&
            streq(js_str(other->json, "source_id"), js_str(o->json, "source_id")))
            return xasprintf("The source is linked to \"%s\" already.", sim_name_of(other));
    }
    if (!js_true(js_get(o->priv, "sync_parameters"), "resync"))
        return xstrdup("Refresh prior to snapshot (resync) must be selected when linking.");
    if (!streq(js_str(o->priv, "link_type"), "AppDataStaged"))
        return xstrdup("link_type AppDataDirect does not fit a staged source.");

    char *problem = parameters_problem(o);
    if (!problem)
        problem = environment_trouble(s, o);
    if (!problem)
        problem = sim_port_problem(s, o);
    if (!problem)
        problem = sim_name_problem(s, o);
    return problem ? problem : sim_toolkit_problem(s, o);
}

static void staging_source(struct sim *s, struct object *o)
{
    const char *env_id = js_str(o->priv, "staging_environment");
    const struct object *env = sim_alive(s, C_ENVIRONMENTS, env_id);
    const cJSON *repository =
        js_find(js_get(env->json, "repositories"), "toolkit_id", js_str(o->json, "toolkit_id"));
    struct object *st = sim_alive(s, C_STAGING_SOURCES, js_str(o->json, "staging_source_id"));

    if (!st) {
        st = sim_object_new(s, C_STAGING_SOURCES,
                            sim_next_id(s, js_str(o->json, "engine_id"), "APPDATA_STAGED_SOURCE"));
        js_put_str(st->json, "type", "AppDataStagedSource");
        js_list(st->json, "tags");
        sim_object_show(s, st, true);
    }
    js_put_str(st->json, "name", sim_name_of(o));
    js_copy(st->json, "database_type", o->json, "database_type");
    js_put_str(st->json, "environment_id", env_id);
    js_copy(st->json, "repository", repository, "id");
    js_put_str(st->json, "dsource_id", o->id);
    js_copy(st->json, "environment_user_ref", o->priv, "staging_environment_user");
    js_copy(st->json, "mount_base", o->priv, "staging_mount_base");
    js_put_str(o->json, "staging_source_id", st->id);
}

static void assign_policies(struct sim *s, const struct object *o)
{
    sim_policy_assign(s, js_str(o->json, "sync_policy_id"), o);
    sim_policy_assign(s, js_str(o->json, "retention_policy_id"), o);
}

static void finish_link(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    struct object *source = sim_alive(s, C_SOURCES, js_str(o->json, "source_id"));

    js_put_bool(source->json, "is_dsource", true);
    staging_source(s, o);
    sim_timeflow_new(s, o, "INITIAL", NULL);
    sim_snapshot_new(s, o, !js_true(js_get(o->json, "appdata_source_params"), "stagingPushFlag"));
    assign_policies(s, o);
    sim_object_show(s, o, true);
}

/* A link that breaks in the middle of ingestion leaves a tainted dSource that
 * must be deleted; one that was refused leaves nothing. */
static void fail_link(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    if (!o)
        return;
    if (!js_get(job->priv, "fault")) {
        sim_object_remove(s, o, false);
        return;
    }
    js_put_str(o->json, "status", "FAILED");
    js_put_bool(o->json, "enabled", false);
    sim_object_show(s, o, true);
}

static void start(struct call *c, const char *operation)
{
    const struct object *o = sim_subject(c);
    if (!o)
        return;
    cJSON *args = js_object();
    js_put(args, "body", c->body ? js_dup(c->body) : js_object());
    sim_reply_job(c, 200, sim_job_new(c->sim, operation, o, args), NULL, NULL);
}

void sim_dsource_update(struct call *c)
{
    if (sim_policy_usable(c, "sync_policy_id", "SYNC_POLICY") &&
        sim_policy_usable(c, "retention_policy_id", "RETENTION_POLICY"))
        start(c, "dsource.update");
}

void sim_dsource_enable(struct call *c)
{
    start(c, "dsource.enable");
}

void sim_dsource_disable(struct call *c)
{
    start(c, "dsource.disable");
}

void sim_dsource_upgrade(struct call *c)
{
    start(c, "dsource.upgrade");
}

void sim_dsource_delete(struct call *c)
{
    const struct object *o =
        sim_referred(c, C_DSOURCES, "dsource_id", js_str(c->body, "dsource_id"));
    if (!o)
        return;

    cJSON *args = js_object();
    js_put(args, "body", js_dup(c->body));
    const struct object *job = sim_job_new(c->sim, "dsource.delete", o, args);
    cJSON *json = sim_view(c->sim, job);
    js_put(json, "job", sim_view(c->sim, job));
    sim_reply(c, 200, json);
}

static cJSON *body_of(const struct object *job)
{
    return js_get(sim_job_args(job), "body");
}

static char *check_busy(struct sim *s, const struct object *job)
{
    return sim_toolkit_problem(s, sim_job_target(s, job));
}

/* The object as it would be after the update. */
static char *check_update(struct sim *s, const struct object *job)
{
    const struct object *o = sim_job_target(s, job);
    const cJSON *body = body_of(job);
    const char *id = js_str(body, "staging_environment");
    const struct object *staging = id ? sim_alive(s, C_ENVIRONMENTS, id) : NULL;

    if (id && (!staging || sim_engine_of(s, staging) != sim_engine_of(s, o)))
        return xasprintf("The staging environment %s is not on the engine.", id);
    const cJSON *params = js_get(body, "parameters");
    char *problem = params ? mode_problem(params) : NULL;
    return problem ? problem : check_busy(s, job);
}

static void finish_update(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);

    sim_members_apply(s, sim_dsource_members, body_of(job), o);
    if (sim_alive(s, C_ENVIRONMENTS, js_str(o->priv, "staging_environment")))
        staging_source(s, o);
    assign_policies(s, o);
}

static char *check_enable(struct sim *s, const struct object *job)
{
    const struct object *env =
        sim_alive(s, C_ENVIRONMENTS, sim_dataset_host(s, sim_job_target(s, job)));
    char *problem = env ? sim_environment_problem(env) : NULL;
    return problem ? problem : check_busy(s, job);
}

static void finish_enable(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    bool started = !cJSON_IsFalse(js_get(body_of(job), "attempt_start"));

    js_put_bool(o->json, "enabled", true);
    js_put_str(o->json, "status", started ? "RUNNING" : "STOPPED");
}

static void finish_disable(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    js_put_bool(o->json, "enabled", false);
    js_put_str(o->json, "status", "STOPPED");
}

static char *check_upgrade(struct sim *s, const struct object *job)
{
    const struct object *o = sim_job_target(s, job);
    const cJSON *repository;
    const char *id = js_str(body_of(job), "repository_id");

    if (js_true(o->json, "enabled"))
        return xstrdup("The dSource must be disabled before it is upgraded.");
    if (!sim_repository_home(s, id, &repository))
        return xasprintf("No repository with id %s.", id);
    return check_busy(s, job);
}

static void finish_upgrade(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    struct object *source = sim_alive(s, C_SOURCES, js_str(o->json, "source_id"));
    if (source)
        js_copy(source->json, "repository", body_of(job), "repository_id");
}

static char *check_delete(struct sim *s, const struct object *job)
{
    const struct object *o = sim_job_target(s, job);
    const struct object *vdb = sim_child(s, o->id);

    if (vdb && !js_true(body_of(job), "delete_all_dependent_vdbs"))
        return xasprintf("The dSource \"%s\" has dependent VDBs: \"%s\".", sim_name_of(o),
                         sim_name_of(vdb));
    return NULL;
}

static void finish_delete(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    struct object *source = sim_alive(s, C_SOURCES, js_str(o->json, "source_id"));
    struct object *staging = sim_alive(s, C_STAGING_SOURCES, js_str(o->json, "staging_source_id"));

    sim_descendants_remove(s, o->id);
    if (source)
        js_put_bool(source->json, "is_dsource", false);
    if (staging)
        sim_object_remove(s, staging, false);
    sim_dataset_remove(s, o);
}

const struct operation sim_dsource_operations[] = {
    { "dsource.link", "DB_LINK", "Link dSource", 94000, check_link, finish_link, fail_link },
    { "dsource.update", "DSOURCE_UPDATE", "Update dSource", 10000, check_update, finish_update,
      NULL },
    { "dsource.enable", "SOURCE_ENABLE", "Enable dSource", 20000, check_enable, finish_enable,
      NULL },
    { "dsource.disable", "SOURCE_DISABLE", "Disable dSource", 15000, check_busy, finish_disable,
      NULL },
    { "dsource.upgrade", "DB_UPGRADE", "Upgrade dSource", 30000, check_upgrade, finish_upgrade,
      NULL },
    { "dsource.delete", "DB_DELETE", "Delete dSource", 30000, check_delete, finish_delete, NULL },
    { .name = NULL },
};
