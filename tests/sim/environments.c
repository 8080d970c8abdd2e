/* Environments as a whole: create with discovery, edit, refresh, on and off,
 * delete. A host belongs to one environment of an engine until that one's
 * deletion is over. */
#include "tests/sim/environments.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/datasets.h"
#include "tests/sim/jobs.h"
#include "tests/sim/toolkits.h"

#define POSTGRES_VERSION "15.4"

static bool engine_online(struct call *c, const struct object *engine)
{
    if (streq(js_str(engine->json, "engine_connection_status"), "ONLINE"))
        return true;
    sim_refuse(c, 503, "Engine %s is not connected: %s", sim_name_of(engine),
               js_str(engine->json, "engine_connection_status"));
    return false;
}

const char *sim_credentials_problem(const cJSON *body)
{
    static const char *const ways[] = { "vault", "hashicorp_vault_engine", "azure_vault_name",
                                        "cyberark_vault_query_string" };
    static const char *const flags[] = { "use_kerberos_authentication", "use_engine_public_key",
                                         "use_custom_key_pair" };
    bool any = js_get(body, "password") != NULL;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++)
        any = any || js_get(body, ways[i]);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        any = any || js_true(body, flags[i]);
    if (!any)
        return "No credentials were given for the environment user.";
    if (streq(js_str(body, "password"), "wrong"))
        return "Validation of the user environment failed: authentication was refused.";
    return NULL;
}

static bool covers(const cJSON *host_types, const char *os)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, host_types) {
        if (streq(cJSON_GetStringValue(each), os))
            return true;
    }
    return false;
}

static cJSON *repository_of(struct sim *s, const struct object *engine,
                            const struct object *toolkit)
{
    cJSON *r = js_object();
    const char *kind = sim_name_of(toolkit);
    bool postgres = strcasestr(kind, "postgres") != NULL;
    char *id = sim_next_id(s, engine->id, "APPDATA_REPOSITORY");
    char *name = postgres ? xasprintf("Postgres vFiles (%s)", POSTGRES_VERSION)
                          : xasprintf("%s vFiles (1.0)", kind);

    js_put_str(r, "id", id);
    js_put_str(r, "name", name);
    js_put_str(r, "database_type", kind);
    js_put_str(r, "version", postgres ? POSTGRES_VERSION : "1.0");
    js_put_bool(r, "allow_provisioning", true);
    js_put_bool(r, "is_staging", true);
    js_put_str(r, "installation_path", postgres ? "/usr/pgsql-15/bin" : "/opt");
    js_put_bool(r, "discovered", true);
    js_put_str(r, "toolkit_id", toolkit->id);
    free(id);
    free(name);
    return r;
}

/* Every connector that is on the engine by now finds its repository. */
static void discover(struct sim *s, struct object *env)
{
    const struct object *engine = sim_engine_of(s, env);
    cJSON *list = js_list(env->json, "repositories");

    for (struct object *toolkit = sim_first(s, C_TOOLKITS); toolkit;
         toolkit = sim_next(s, toolkit)) {
        if (sim_is_ready(toolkit) && sim_engine_of(s, toolkit) == engine &&
            covers(js_get(toolkit->json, "host_types"), js_str(env->json, "os_type")) &&
            !js_find(list, "toolkit_id", toolkit->id))
            js_add(list, repository_of(s, engine, toolkit));
    }
}

static const char *shape_of(const cJSON *body)
{
    bool unix_host = streq(js_str(body, "os_name"), "UNIX");
    if (js_true(body, "is_cluster"))
        return unix_host ? "ORACLE_CLUSTER" : "WINDOWS_CLUSTER";
    return unix_host ? "UNIX_HOST_ENVIRONMENT" : "WINDOWS_HOST_ENVIRONMENT";
}

static struct object *environment_new(struct sim *s, const struct object *engine, const cJSON *body)
{
    static const char *const falses[] = { "is_cluster", "is_replica", "encryption_enabled" };
    struct object *env =
        sim_object_new(s, C_ENVIRONMENTS, sim_next_id(s, engine->id, shape_of(body)));
    char *ref = sim_next_id(s, NULL, "HOST_USER");

    js_put_str(env->json, "name", js_str(body, "hostname"));
    sim_members_apply(s, sim_environment_members, body, env);
    sim_members_false(env->json, falses, ARRAY_LEN(falses));
    js_put_str(env->json, "engine_name", sim_name_of(engine));
    js_put_bool(env->json, "enabled", true);
    js_list(env->json, "repositories");
    js_list(env->json, "tags");
    js_add(js_list(env->json, "hosts"), sim_host_of(s, env, body));
    cJSON *user = sim_user_of(s, ref, body, env->priv);
    js_put_bool(user, "primary_user", true);
    js_add(js_list(env->json, "env_users"), user);
    js_put_str(env->priv, "problem", sim_credentials_problem(body));
    free(ref);
    return env;
}

void sim_environment_create(struct call *c)
{
    const cJSON *body = c->body;
    struct object *engine = sim_referred(c, C_ENGINES, "engine_id", js_str(body, "engine_id"));

    if (!engine || !engine_online(c, engine))
        return;
    if (js_true(body, "is_cluster") && streq(js_str(body, "os_name"), "UNIX") &&
        !js_get(body, "cluster_home")) {
        sim_refuse(c, 400, "cluster_home: mandatory for UNIX clusters");
        return;
    }
    struct object *env = environment_new(c->sim, engine, body);
    struct object *job = sim_job_new(c->sim, "environment.create", env, NULL);
    sim_reply_job(c, 201, job, "environment_id", env->id);
}

/* Another environment of the engine that already has one of the hosts. */
static const struct object *host_owner(const struct sim *s, const struct object *env)
{
    const cJSON *host;
    for (struct object *other = sim_first(s, C_ENVIRONMENTS); other; other = sim_next(s, other)) {
        if (other == env || other->deleted || other->seq > env->seq ||
            sim_engine_of(s, other) != sim_engine_of(s, env))
            continue;
        cJSON_ArrayForEach(host, js_get(env->json, "hosts")) {
            if (js_find(js_get(other->json, "hosts"), "hostname", js_str(host, "hostname")))
                return other;
        }
    }
    return NULL;
}

static char *check_create(struct sim *s, const struct object *job)
{
    const struct object *env = sim_job_target(s, job);
    const struct object *owner = host_owner(s, env);
    const char *problem = js_str(env->priv, "problem");

    if (owner)
        return xasprintf("The host \"%s\" belongs to another host environment \"%s\".",
                         js_str(env->json, "address"), sim_name_of(owner));
    for (struct object *other = sim_first(s, C_ENVIRONMENTS); other; other = sim_next(s, other)) {
        if (other != env && !other->deleted && other->seq < env->seq &&
            sim_engine_of(s, other) == sim_engine_of(s, env) &&
            streq(sim_name_of(other), sim_name_of(env)))
            return xasprintf("An environment named \"%s\" exists already.", sim_name_of(env));
    }
    return problem ? xstrdup(problem) : NULL;
}

static void finish_create(struct sim *s, struct object *job)
{
    struct object *env = sim_job_target(s, job);
    cJSON *host;

    cJSON_ArrayForEach(host, js_get(env->json, "hosts")) {
        js_put_bool(host, "available", true);
        sim_put_date(host, "available_timestamp", s->now);
    }
    discover(s, env);
    sim_object_show(s, env, true);
}

static void fail_create(struct sim *s, struct object *job)
{
    struct object *env = sim_job_target(s, job);
    if (env)
        sim_object_remove(s, env, false);
}

char *sim_environment_problem(const struct object *env)
{
    if (js_true(env->json, "enabled"))
        return NULL;
    return xasprintf("The environment \"%s\" is disabled.", sim_name_of(env));
}

static void start(struct call *c, const char *operation, bool with_body)
{
    struct object *env = sim_subject(c);
    cJSON *args = js_object();

    if (!env) {
        cJSON_Delete(args);
        return;
    }
    if (with_body && c->body)
        js_put(args, "body", js_dup(c->body));
    sim_reply_job(c, 200, sim_job_new(c->sim, operation, env, args), NULL, NULL);
}

void sim_environment_update(struct call *c)
{
    start(c, "environment.update", true);
}

void sim_environment_delete(struct call *c)
{
    start(c, "environment.delete", false);
}

void sim_environment_refresh(struct call *c)
{
    start(c, "environment.refresh", false);
}

void sim_environment_enable(struct call *c)
{
    start(c, "environment.enable", false);
}

void sim_environment_disable(struct call *c)
{
    start(c, "environment.disable", false);
}

static void finish_update(struct sim *s, struct object *job)
{
    sim_members_apply(s, sim_environment_update_members, js_get(sim_job_args(job), "body"),
                      sim_job_target(s, job));
}

static char *check_refresh(struct sim *s, const struct object *job)
{
    return sim_environment_problem(sim_job_target(s, job));
}

static void finish_refresh(struct sim *s, struct object *job)
{
    discover(s, sim_job_target(s, job));
}

static void finish_enable(struct sim *s, struct object *job)
{
    js_put_bool(sim_job_target(s, job)->json, "enabled", true);
}

static void finish_disable(struct sim *s, struct object *job)
{
    js_put_bool(sim_job_target(s, job)->json, "enabled", false);
}

const struct object *sim_environment_user_of(const struct sim *s, const char *env_id)
{
    static const enum collection kinds[] = { C_VDBS, C_STAGING_SOURCES, C_SOURCES };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (struct object *o = sim_first(s, kinds[i]); o; o = sim_next(s, o)) {
            if (!o->deleted && streq(js_str(o->json, "environment_id"), env_id))
                return o;
        }
    }
    for (struct object *dsource = sim_first(s, C_DSOURCES); dsource;
         dsource = sim_next(s, dsource)) {
        if (!dsource->deleted && streq(sim_dataset_host(s, dsource), env_id))
            return dsource;
    }
    return NULL;
}

static char *check_delete(struct sim *s, const struct object *job)
{
    const struct object *env = sim_job_target(s, job);
    const struct object *user = sim_environment_user_of(s, env->id);

    if (!user)
        return NULL;
    return xasprintf("The environment \"%s\" is in use by %s \"%s\".", sim_name_of(env),
                     sim_collections[user->kind].noun, sim_name_of(user));
}

static void finish_delete(struct sim *s, struct object *job)
{
    sim_object_remove(s, sim_job_target(s, job), true);
}

const struct operation sim_environment_operations[] = {
    { "environment.create", "ENVIRONMENT_CREATE", "Create environment", 85000, check_create,
      finish_create, fail_create },
    { "environment.update", "ENVIRONMENT_UPDATE", "Update environment", 10000, NULL, finish_update,
      NULL },
    { "environment.delete", "ENVIRONMENT_DELETE", "Delete environment", 20000, check_delete,
      finish_delete, NULL },
    { "environment.refresh", "ENVIRONMENT_REFRESH", "Refresh environment", 40000, check_refresh,
      finish_refresh, NULL },
    { "environment.enable", "ENVIRONMENT_ENABLE", "Enable environment", 10000, NULL, finish_enable,
      NULL },
    { "environment.disable", "ENVIRONMENT_DISABLE", "Disable environment", 10000, NULL,
      finish_disable, NULL },
    { .name = NULL },
};
