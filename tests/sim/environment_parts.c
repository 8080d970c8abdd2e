/* The parts of an environment that have calls of their own: users, hosts and
 * repositories. */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/environments.h"
#include "tests/sim/jobs.h"

/* A part as an object for the members' machinery. */
static struct object part(cJSON *json)
{
    return (struct object){ .json = json, .priv = js_object() };
}

static const char *auth_type(const cJSON *priv, const cJSON *json)
{
    if (js_true(priv, "use_kerberos_authentication"))
        return "KerberosCredential";
    if (js_true(priv, "use_engine_public_key"))
        return "SystemKeyCredential";
    if (js_true(priv, "use_custom_key_pair"))
        return "KeyPairCredential";
    if (js_get(json, "cyberark_vault_query_string"))
        return "CyberArkVaultCredential";
    if (js_get(json, "hashicorp_vault_engine"))
        return "HashiCorpVaultCredential";
    if (js_get(json, "azure_vault_name"))
        return "AzureVaultCredential";
    return "PasswordCredential";
}

cJSON *sim_user_of(struct sim *s, const char *ref, const cJSON *body, cJSON *priv)
{
    struct object o = part(js_object());

    js_put_str(o.json, "user_ref", ref);
    sim_members_apply(s, sim_user_members, body, &o);
    js_put_bool(o.json, "primary_user", false);
    js_put_str(o.json, "auth_type", auth_type(o.priv, o.json));
    js_put(priv, ref, o.priv);
    return o.json;
}

cJSON *sim_host_of(struct sim *s, const struct object *env, const cJSON *body)
{
    struct object o = part(js_object());
    bool unix_host = streq(js_str(env->json, "os_type"), "UNIX");
    const char *engine_id = js_str(env->json, "engine_id");
    char *id = sim_next_id(s, engine_id, unix_host ? "UNIX_HOST" : "WINDOWS_HOST");

    js_put_str(o.json, "id", id);
    js_put_str(o.json, "reference", id + strlen(engine_id) + 1);
    js_put_str(o.json, "os_name", unix_host ? "Red Hat Enterprise Linux" : "Windows");
    js_put_str(o.json, "os_version", unix_host ? "8.8" : "2022");
    js_put_bool(o.json, "available", false);
    js_put_num(o.json, "ssh_port", 22);
    js_list(o.json, "nfs_addresses");
    sim_members_apply(s, sim_host_members, body, &o);
    cJSON_Delete(o.priv);
    free(id);
    return o.json;
}

bool sim_has_user(const struct object *env, const char *ref)
{
    return js_find(js_get(env->json, "env_users"), "user_ref", ref) != NULL;
}

struct object *sim_repository_home(const struct sim *s, const char *id, const cJSON **repository)
{
    for (struct object *env = sim_first(s, C_ENVIRONMENTS); env; env = sim_next(s, env)) {
        const cJSON *r = js_find(js_get(env->json, "repositories"), "id", id);
        if (r && !env->deleted) {
            *repository = r;
            return env;
        }
    }
    return NULL;
}

void sim_users_list(struct call *c)
{
    const struct object *env = sim_subject(c);
    if (!env)
        return;
    cJSON *json = js_object();
    js_put(json, "users", js_dup(js_get(env->json, "env_users")));
    sim_reply(c, 200, json);
}

/* Starts a part's operation: the part's id goes into the job's arguments. */
static struct object *part_job(struct call *c, const char *operation, const struct object *env,
                               const char *id)
{
    cJSON *args = js_object();

    js_put_str(args, "part", id);
    if (c->body)
        js_put(args, "body", js_dup(c->body));
    return sim_job_new(c->sim, operation, env, args);
}

/* The environment, if it has the part that the path names second. */
static struct object *home_of(struct call *c, const char *list, const char *key)
{
    struct object *env = sim_subject(c);
    if (!env)
        return NULL;
    if (js_find(js_get(env->json, list), key, c->args[1]))
        return env;
    sim_refuse(c, 404, "%s has no %s %s", env->id, key, c->args[1]);
    return NULL;
}

static void part_call(struct call *c, int status, const char *operation, const char *list)
{
    const char *key = streq(list, "env_users") ? "user_ref" : "id";
    const struct object *env = home_of(c, list, key);
    if (env)
        sim_reply_job(c, status, part_job(c, operation, env, c->args[1]), NULL, NULL);
}

void sim_user_create(struct call *c)
{
    const struct object *env = sim_subject(c);
    if (!env)
        return;
    char *ref = sim_next_id(c->sim, NULL, "HOST_USER");
    sim_reply_job(c, 201, part_job(c, "user.create", env, ref), "user_ref", ref);
    free(ref);
}

void sim_user_update(struct call *c)
{
    part_call(c, 200, "user.update", "env_users");
}

void sim_user_delete(struct call *c)
{
    part_call(c, 200, "user.delete", "env_users");
}

void sim_user_primary(struct call *c)
{
    part_call(c, 200, "user.primary", "env_users");
}

void sim_host_create(struct call *c)
{
    struct object *env = sim_subject(c);
    if (!env)
        return;
    if (!js_true(env->json, "is_cluster")) {
        sim_refuse(c, 400, "%s is not a cluster: it has one host", env->id);
        return;
    }
    cJSON *host = sim_host_of(c->sim, env, c->body);
    const char *id = js_str(host, "id");
    struct object *job = part_job(c, "host.create", env, id);
    sim_reply_job(c, 201, job, "cluster_node_id", id);
    js_put(js_get(job->priv, "args"), "host", host);
}

void sim_host_update(struct call *c)
{
    part_call(c, 202, "host.update", "hosts");
}

void sim_host_delete(struct call *c)
{
    part_call(c, 202, "host.delete", "hosts");
}

void sim_host_get(struct call *c)
{
    for (struct object *env = sim_first(c->sim, C_ENVIRONMENTS); env; env = sim_next(c->sim, env)) {
        const cJSON *host = js_find(js_get(env->json, "hosts"), "id", c->args[0]);
        if (host && sim_is_visible(c->sim, env)) {
            sim_reply(c, 200, js_dup(host));
            return;
        }
    }
    sim_refuse(c, 404, "host %s not found", c->args[0]);
}

void sim_repository_create(struct call *c)
{
    const struct object *env = sim_subject(c);
    if (!env)
        return;
    char *id = sim_next_id(c->sim, js_str(env->json, "engine_id"), "REPOSITORY");
    sim_reply_job(c, 201, part_job(c, "repository.create", env, id), "repository_id", id);
    free(id);
}

void sim_repository_update(struct call *c)
{
    part_call(c, 202, "repository.update", "repositories");
}

void sim_repository_delete(struct call *c)
{
    part_call(c, 200, "repository.delete", "repositories");
}

/* Environments on the engine that could take a dataset of this toolkit. */
static void reply_compatible(struct call *c, const struct object *sim_dataset)
{
    cJSON *json = js_object(), *items = js_list(json, "items");
    const char *toolkit = js_str(sim_dataset->json, "toolkit_id");

    for (struct object *env = sim_first(c->sim, C_ENVIRONMENTS); env; env = sim_next(c->sim, env)) {
        if (sim_is_visible(c->sim, env) &&
            sim_engine_of(c->sim, env) == sim_engine_of(c->sim, sim_dataset) &&
            js_find(js_get(env->json, "repositories"), "toolkit_id", toolkit))
            js_add(items, sim_view(c->sim, env));
    }
    sim_reply(c, 200, json);
}

void sim_compatible_repositories(struct call *c)
{
    const char *id = js_str(c->body, "source_data_id");
    const struct object *snapshot = sim_alive(c->sim, C_SNAPSHOTS, js_str(c->body, "snapshot_id"));

    if (!id && snapshot)
        id = js_str(snapshot->json, "dataset_id");
    const struct object *sim_dataset = sim_alive(c->sim, C_DSOURCES, id);
    if (!sim_dataset)
        sim_dataset = sim_alive(c->sim, C_VDBS, id);
    if (sim_dataset)
        reply_compatible(c, sim_dataset);
    else
        sim_refuse(c, 400, "source_data_id: no dataset with id %s", id ? id : "null");
}

void sim_staging_repositories(struct call *c)
{
    const struct object *source = sim_subject(c);
    if (source)
        reply_compatible(c, source);
}

/* What the operations work on. */

static cJSON *body_of(const struct object *job)
{
    return js_get(sim_job_args(job), "body");
}

static cJSON *part_of(struct sim *s, const struct object *job, const char *list)
{
    const char *key = streq(list, "env_users") ? "user_ref" : "id";
    return js_find(js_get(sim_job_target(s, job)->json, list), key,
                   js_str(sim_job_args(job), "part"));
}

static void part_remove(struct sim *s, const struct object *job, const char *list)
{
    cJSON *item = part_of(s, job, list);
    if (item)
        cJSON_Delete(cJSON_DetachItemViaPointer(js_get(sim_job_target(s, job)->json, list), item));
}

static char *check_credentials(struct sim *s, const struct object *job)
{
    const char *problem = sim_credentials_problem(body_of(job));
    (void)s;
    return problem ? xstrdup(problem) : NULL;
}

static void finish_user_create(struct sim *s, struct object *job)
{
    struct object *env = sim_job_target(s, job);
    const char *ref = js_str(sim_job_args(job), "part");
    js_add(js_list(env->json, "env_users"), sim_user_of(s, ref, body_of(job), env->priv));
}

static void finish_user_update(struct sim *s, struct object *job)
{
    struct object *env = sim_job_target(s, job);
    const char *ref = js_str(sim_job_args(job), "part");
    cJSON *old = part_of(s, job, "env_users");
    if (!old)
        return;

    bool primary = js_true(old, "primary_user");
    cJSON *user = sim_user_of(s, ref, body_of(job), env->priv);
    if (!js_get(user, "username"))
        js_copy(user, "username", old, "username");
    js_put_bool(user, "primary_user", primary);
    cJSON_ReplaceItemViaPointer(js_get(env->json, "env_users"), old, user);
}

static bool user_in_use(const struct sim *s, const struct object *env, const char *ref)
{
    static const enum collection kinds[] = { C_VDBS, C_STAGING_SOURCES, C_SOURCES };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (struct object *o = sim_first(s, kinds[i]); o; o = sim_next(s, o)) {
            if (!o->deleted && streq(js_str(o->json, "environment_id"), env->id) &&
                streq(js_str(o->json, "environment_user_ref"), ref))
                return true;
        }
    }
    return false;
}

static char *check_user_delete(struct sim *s, const struct object *job)
{
    const char *ref = js_str(sim_job_args(job), "part");
    if (js_true(part_of(s, job, "env_users"), "primary_user"))
        return xstrdup("The primary user of an environment cannot be deleted.");
    if (user_in_use(s, sim_job_target(s, job), ref))
        return xasprintf("The environment user %s is in use.", ref);
    return NULL;
}

static void finish_user_delete(struct sim *s, struct object *job)
{
    part_remove(s, job, "env_users");
    js_put(sim_job_target(s, job)->priv, js_str(sim_job_args(job), "part"), NULL);
}

static void finish_primary(struct sim *s, struct object *job)
{
    cJSON *user;
    const cJSON *chosen = part_of(s, job, "env_users");
    cJSON_ArrayForEach(user, js_get(sim_job_target(s, job)->json, "env_users")) {
        js_put_bool(user, "primary_user", user == chosen);
    }
}

static void finish_host_create(struct sim *s, struct object *job)
{
    cJSON *host = js_dup(js_get(sim_job_args(job), "host"));
    js_put_bool(host, "available", true);
    js_add(js_list(sim_job_target(s, job)->json, "hosts"), host);
}

static void finish_host_update(struct sim *s, struct object *job)
{
    struct object *env = sim_job_target(s, job);
    cJSON *host = part_of(s, job, "hosts");
    if (!host)
        return;

    struct object o = part(host);
    bool addressed = streq(js_str(env->json, "address"), js_str(host, "hostname"));
    sim_members_apply(s, sim_host_members, body_of(job), &o);
    if (addressed)
        js_copy(env->json, "address", host, "hostname");
    cJSON_Delete(o.priv);
}

static char *check_host_delete(struct sim *s, const struct object *job)
{
    const cJSON *hosts = js_get(sim_job_target(s, job)->json, "hosts");
    if (cJSON_GetArraySize(hosts) > 1)
        return NULL;
    return xstrdup("The last host of an environment cannot be deleted.");
}

static void finish_host_delete(struct sim *s, struct object *job)
{
    part_remove(s, job, "hosts");
}

static void apply_repository(struct sim *s, const struct member *table, cJSON *repository,
                             const cJSON *body)
{
    struct object o = part(repository);
    sim_members_apply(s, table, body, &o);
    cJSON_Delete(o.priv);
}

static void finish_repository_create(struct sim *s, struct object *job)
{
    cJSON *r = js_object();

    js_put_str(r, "id", js_str(sim_job_args(job), "part"));
    js_put_bool(r, "discovered", false);
    apply_repository(s, sim_repository_create_members, r, body_of(job));
    js_add(js_list(sim_job_target(s, job)->json, "repositories"), r);
}

static void finish_repository_update(struct sim *s, struct object *job)
{
    cJSON *r = part_of(s, job, "repositories");
    if (r)
        apply_repository(s, sim_repository_members, r, body_of(job));
}

static char *check_repository_delete(struct sim *s, const struct object *job)
{
    const char *id = js_str(sim_job_args(job), "part");

    for (struct object *source = sim_first(s, C_SOURCES); source; source = sim_next(s, source)) {
        if (!source->deleted && streq(js_str(source->json, "repository"), id))
            return xasprintf("The repository is in use by source \"%s\".", sim_name_of(source));
    }
    for (struct object *vdb = sim_first(s, C_VDBS); vdb; vdb = sim_next(s, vdb)) {
        if (!vdb->deleted && streq(js_str(vdb->json, "repository_id"), id))
            return xasprintf("The repository is in use by VDB \"%s\".", sim_name_of(vdb));
    }
    return NULL;
}

static void finish_repository_delete(struct sim *s, struct object *job)
{
    part_remove(s, job, "repositories");
}

const struct operation sim_environment_part_operations[] = {
    { "user.create", "ENVIRONMENT_USER_CREATE", "Create environment user", 8000, check_credentials,
      finish_user_create, NULL },
    { "user.update", "ENVIRONMENT_USER_UPDATE", "Update environment user", 8000, check_credentials,
      finish_user_update, NULL },
    { "user.delete", "ENVIRONMENT_USER_DELETE", "Delete environment user", 5000, check_user_delete,
      finish_user_delete, NULL },
    { "user.primary", "ENVIRONMENT_USER_PRIMARY", "Set primary environment user", 5000, NULL,
      finish_primary, NULL },
    { "host.create", "HOST_CREATE", "Create host", 30000, NULL, finish_host_create, NULL },
    { "host.update", "HOST_UPDATE", "Update host", 15000, NULL, finish_host_update, NULL },
    { "host.delete", "HOST_DELETE", "Delete host", 15000, check_host_delete, finish_host_delete,
      NULL },
    { "repository.create", "REPOSITORY_CREATE", "Create repository", 10000, NULL,
      finish_repository_create, NULL },
    { "repository.update", "REPOSITORY_UPDATE", "Update repository", 8000, NULL,
      finish_repository_update, NULL },
    { "repository.delete", "REPOSITORY_DELETE", "Delete repository", 8000, check_repository_delete,
      finish_repository_delete, NULL },
    { .name = NULL },
};
