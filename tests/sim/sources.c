/* Source configs: the PostgreSQL call knows name and repository only, the
 * AppData call carries the connector's parameters as well. A source config that
 * a dSource is linked to cannot be deleted. */
#include "tests/sim/sources.h"

#include <stdlib.h>

#include "tests/sim/environments.h"
#include "tests/sim/jobs.h"

/* clang-format off */
/* The published `required: [repository]` names no property, so it is not asked; a lax
 * server takes it for repository_id all the same. */
const struct member sim_source_postgres_members[] = {
    { "name", T_STR, 1, 256, M_BOTH | M_REQUIRED, "name", NULL },
    { "repository_id", T_STR, 1, 0, M_CREATE, "repository", NULL },
    { "engine_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "environment_id", T_STR, 0, 0, M_CREATE, "environment_id", NULL },
    MEMBERS_END,
};

const struct member sim_source_appdata_members[] = {
    { "type", T_STR, 1, 0, M_CREATE | M_REQUIRED, NULL, "DIRECT STAGED" },
    { "name", T_STR, 1, 256, M_BOTH | M_REQUIRED, "name", NULL },
    { "repository_id", T_STR, 1, 0, M_BOTH | M_REQUIRED, "repository", NULL },
    { "environment_id", T_STR, 0, 0, M_BOTH, "environment_id", NULL },
    { "engine_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "linking_enabled", T_BOOL, 0, 0, M_BOTH, "linking_enabled", NULL },
    { "environment_user", T_STR, 1, 256, M_BOTH, "environment_user_ref", NULL },
    { "parameters", T_OBJECT, 0, 0, M_BOTH, "config_params", NULL },
    { "path", T_STR, 1, 1024, M_BOTH, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */

/* Everything that follows from the repository. */
static void settle(struct object *source, const struct object *env, const cJSON *repository)
{
    js_copy(source->json, "repository", repository, "id");
    js_copy(source->json, "database_type", repository, "database_type");
    js_copy(source->json, "database_version", repository, "version");
    js_copy(source->json, "toolkit_id", repository, "toolkit_id");
    js_put_str(source->json, "environment_id", env->id);
    js_put_str(source->json, "environment_name", sim_name_of(env));
}

/* The environment of the body's repository, or NULL after having refused. */
static struct object *home(struct call *c, const cJSON **repository)
{
    const char *id = js_str(c->body, "repository_id"), *env_id = js_str(c->body, "environment_id");
    struct object *env;

    if (!id)
        id = js_str(c->body, "repository");
    env = sim_repository_home(c->sim, id, repository);
    if (!env)
        sim_refuse(c, 400, "repository_id: no repository with id %s", id ? id : "null");
    else if (env_id && !streq(env_id, env->id))
        sim_refuse(c, 400, "environment_id: the repository %s is not on %s", id, env_id);
    else
        return sim_referred(c, C_ENVIRONMENTS, "repository_id", env->id);
    return NULL;
}

static void create(struct call *c, const struct member *table, bool staged)
{
    struct sim *s = c->sim;
    const cJSON *repository = NULL;
    const struct object *env = home(c, &repository);
    if (!env)
        return;

    const char *shape = staged ? "APPDATA_STAGED_SOURCE_CONFIG" : "APPDATA_DIRECT_SOURCE_CONFIG";
    struct object *source =
        sim_object_new(s, C_SOURCES, sim_next_id(s, js_str(env->json, "engine_id"), shape));
    sim_members_apply(s, table, c->body, source);
    settle(source, env, repository);
    js_put_str(source->json, "appdata_source_type",
               staged ? "AppDataStagedSourceConfig" : "AppDataDirectSourceConfig");
    js_put_bool(source->json, "is_dsource", false);
    js_put_bool(source->json, "is_replica", false);
    js_put_bool(source->json, "discovered", false);
    if (!js_get(source->json, "linking_enabled"))
        js_put_bool(source->json, "linking_enabled", true);
    if (!js_get(source->json, "config_params")) {
        cJSON *params = js_object();
        js_copy(params, "name", source->json, "name");
        js_put(source->json, "config_params", params);
    }
    js_list(source->json, "tags");
    sim_reply_job(c, 201, sim_job_new(s, "source.create", source, NULL), "source_id", source->id);
}

void sim_source_create_postgres(struct call *c)
{
    create(c, sim_source_postgres_members, true);
}

void sim_source_create_appdata(struct call *c)
{
    create(c, sim_source_appdata_members, streq(js_str(c->body, "type"), "STAGED"));
}

void sim_source_update(struct call *c)
{
    const cJSON *repository;
    const struct object *source = sim_subject(c);
    if (!source)
        return;
    if (js_get(c->body, "repository_id") && !home(c, &repository))
        return;
    cJSON *args = js_object();
    js_put(args, "body", c->body ? js_dup(c->body) : js_object());
    sim_reply_job(c, 200, sim_job_new(c->sim, "source.update", source, args), NULL, NULL);
}

void sim_source_delete(struct call *c)
{
    const struct object *source = sim_subject(c);
    if (source)
        sim_reply_job(c, 200, sim_job_new(c->sim, "source.delete", source, NULL), NULL, NULL);
}

static char *check_create(struct sim *s, const struct object *job)
{
    const struct object *source = sim_job_target(s, job);
    const char *env_id = js_str(source->json, "environment_id");
    const struct object *env = sim_alive(s, C_ENVIRONMENTS, env_id);
    const char *user = js_str(source->json, "environment_user_ref");

    if (!env)
        return xstrdup("The environment is gone.");
    if (user && !sim_has_user(env, user))
        return xasprintf("The environment has no user %s.", user);
    return sim_environment_problem(env);
}

static void finish_create(struct sim *s, struct object *job)
{
    sim_object_show(s, sim_job_target(s, job), true);
}

static void fail_create(struct sim *s, struct object *job)
{
    struct object *source = sim_job_target(s, job);
    if (source)
        sim_object_remove(s, source, false);
}

static void finish_update(struct sim *s, struct object *job)
{
    struct object *source = sim_job_target(s, job);
    const cJSON *body = js_get(sim_job_args(job), "body"), *repository = NULL;

    sim_members_apply(s, sim_source_appdata_members, body, source);
    const struct object *env =
        sim_repository_home(s, js_str(source->json, "repository"), &repository);
    if (env)
        settle(source, env, repository);
}

static char *check_delete(struct sim *s, const struct object *job)
{
    const struct object *source = sim_job_target(s, job);

    for (struct object *dsource = sim_first(s, C_DSOURCES); dsource;
         dsource = sim_next(s, dsource)) {
        if (!dsource->deleted && streq(js_str(dsource->json, "source_id"), source->id))
            return xasprintf("The source config \"%s\" is linked to the dSource \"%s\" and "
                             "cannot be deleted.",
                             sim_name_of(source), sim_name_of(dsource));
    }
    return NULL;
}

static void finish_delete(struct sim *s, struct object *job)
{
    sim_object_remove(s, sim_job_target(s, job), true);
}

const struct operation sim_source_operations[] = {
    { "source.create", "SOURCE_CONFIG_CREATE", "Create source config", 67000, check_create,
      finish_create, fail_create },
    { "source.update", "SOURCE_CONFIG_UPDATE", "Update source config", 8000, NULL, finish_update,
      NULL },
    { "source.delete", "SOURCE_CONFIG_DELETE", "Delete source config", 10000, check_delete,
      finish_delete, NULL },
    { .name = NULL },
};
