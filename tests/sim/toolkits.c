/* Connectors. The artifact's members are spread over the toolkit as the engine
 * does it: pluginId is the identifier, name the display name, externalVersion
 * the version; buildNumber is kept out of sight and may never go down. */
#include "tests/sim/toolkits.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"
#include "tests/sim/jobs.h"
#include "tests/sim/multipart.h"

/* clang-format off */
static const struct {
    const char *artifact, *toolkit;
} carried[] = {
    { "pluginId", "identifier" },
    { "name", "display_name" },
    { "prettyName", "pretty_name" },
    { "language", "language" },
    { "defaultLocale", "default_locale" },
    { "hostTypes", "host_types" },
    { "entryPoint", "entry_point" },
    { "luaName", "lua_name" },
    { "minimumLuaVersion", "minimum_lua_version" },
    { "virtualSourceDefinition", "virtual_source_definition" },
    { "linkedSourceDefinition", "linked_source_definition" },
    { "discoveryDefinition", "discovery_definition" },
    { "snapshotParametersDefinition", "snapshot_parameters_definition" },
    { "upgradeDefinition", "upgrade_definition" },
    { "snapshotSchema", "snapshot_schema" },
    { "manifest", "manifest" },
    { "resources", "resources" },
};
/* clang-format on */

static const char *build_part(const char *p, long *value)
{
    *value = 0;
    while (isdigit((unsigned char)*p))
        *value = *value * 10 + (*p++ - '0');
    return *p == '.' ? p + 1 : p;
}

int sim_compare_builds(const char *a, const char *b)
{
    while (*a || *b) {
        long x, y;
        a = build_part(a, &x);
        b = build_part(b, &y);
        if (x != y)
            return x < y ? -1 : 1;
        if ((*a && !isdigit((unsigned char)*a)) || (*b && !isdigit((unsigned char)*b)))
            return 0;
    }
    return 0;
}

static bool build_is_legal(const char *build)
{
    return build && isdigit((unsigned char)build[0]) &&
           build[strspn(build, "0123456789.")] == '\0' && strpbrk(build, "123456789");
}

static const char *version_of(const cJSON *artifact)
{
    const char *version = js_str(artifact, "externalVersion");
    if (!version)
        version = js_str(artifact, "buildNumber");
    return version ? version : js_str(artifact, "version");
}

static void put_flag(cJSON *json, const char *name, const cJSON *artifact, const char *member)
{
    if (js_get(artifact, member))
        js_put_str(json, name, js_true(artifact, member) ? "true" : "false");
}

static void spread(struct object *toolkit, const cJSON *artifact)
{
    cJSON *json = toolkit->json, *filter = js_object();
    const cJSON *api = js_get(artifact, "buildApi");

    for (size_t i = 0; i < ARRAY_LEN(carried); i++)
        js_copy(json, carried[i].toolkit, artifact, carried[i].artifact);
    js_put_str(json, "version", version_of(artifact));
    put_flag(json, "root_squash_enabled", artifact, "rootSquashEnabled");
    put_flag(json, "extended_start_stop_hooks", artifact, "extendedStartStopHooks");
    if (api) {
        char *text = xasprintf("%.0f.%.0f.%.0f", js_num(api, "major", 0), js_num(api, "minor", 0),
                               js_num(api, "micro", 0));
        js_put_str(json, "build_api", text);
        free(text);
    }
    js_copy(filter, "name", artifact, "name");
    js_copy(filter, "plugin_id", artifact, "pluginId");
    js_copy(filter, "external_version", artifact, "externalVersion");
    js_put(toolkit->priv, "filter", filter);
    js_copy(toolkit->priv, "build", artifact, "buildNumber");
}

/* An installed plugin is recognised by its id, a Lua toolkit by its name. */
static struct object *installed(const struct sim *s, const char *engine_id, const cJSON *artifact)
{
    const char *plugin = js_str(artifact, "pluginId");
    for (struct object *o = sim_first(s, C_TOOLKITS); o; o = sim_next(s, o)) {
        const char *key = plugin ? "identifier" : "display_name";
        const char *is = plugin ? plugin : js_str(artifact, "name");
        if (!o->deleted && streq(js_str(o->json, "engine_id"), engine_id) &&
            streq(js_str(o->json, key), is))
            return o;
    }
    return NULL;
}

bool sim_toolkit_busy(const struct sim *s, const char *toolkit_id)
{
    return toolkit_id && sim_job_runs(s, "toolkit.upload", toolkit_id);
}

/* The toolkit that an upload will fill: the installed one, or a new one that
 * shows itself when the job is over. */
static struct object *prepare(struct sim *s, const struct object *engine, const cJSON *artifact)
{
    struct object *toolkit = installed(s, engine->id, artifact);
    if (toolkit)
        return toolkit;

    toolkit = sim_object_new(s, C_TOOLKITS, sim_next_id(s, engine->id, "TOOLKIT"));
    js_put_str(toolkit->json, "engine_id", engine->id);
    js_put_str(toolkit->json, "engine_name", sim_name_of(engine));
    js_put_str(toolkit->json, "reference", toolkit->id + strlen(engine->id) + 1);
    js_copy(toolkit->json, "type", artifact, "type");
    js_copy(toolkit->json, "display_name", artifact, "name");
    js_copy(toolkit->json, "identifier", artifact, "pluginId");
    js_put_str(toolkit->json, "status", "ACTIVE");
    js_list(toolkit->json, "tags");
    return toolkit;
}

static struct object *upload_engine(struct call *c, const char *id_or_name)
{
    struct object *engine = sim_alive(c->sim, C_ENGINES, id_or_name);
    if (!engine)
        engine = sim_by_name(c->sim, C_ENGINES, id_or_name);
    if (!engine)
        sim_refuse(c, 400, "engine_id: no engine %s", id_or_name ? id_or_name : "given");
    else if (sim_engine_unreachable(c->sim, engine))
        sim_refuse(c, 503, "The engine %s is unreachable", id_or_name);
    else
        return engine;
    return NULL;
}

void sim_toolkit_upload(struct call *c)
{
    const struct sim_request *in = c->in;
    char *file = sim_multipart_part(in->content_type, in->body, in->length, "file");
    char *id = sim_multipart_part(in->content_type, in->body, in->length, "engine_id");
    cJSON *artifact = file ? cJSON_Parse(file) : NULL;
    const struct object *engine = NULL;

    if (!file || !id)
        sim_refuse(c, 400, "multipart/form-data with the parts file and engine_id is expected");
    else if (!js_str(artifact, "name"))
        sim_refuse(c, 400, "file: not a connector");
    else
        engine = upload_engine(c, id);
    if (engine) {
        struct object *toolkit = prepare(c->sim, engine, artifact);
        cJSON *args = js_object();
        js_put(args, "artifact", js_dup(artifact));
        sim_reply_job(c, 200, sim_job_new(c->sim, "toolkit.upload", toolkit, args), NULL, NULL);
    }
    cJSON_Delete(artifact);
    free(file);
    free(id);
}

static char *check_upload(struct sim *s, const struct object *job)
{
    const struct object *toolkit = sim_job_target(s, job);
    const cJSON *artifact = js_get(sim_job_args(job), "artifact");
    const char *build = js_str(artifact, "buildNumber"), *old = js_str(toolkit->priv, "build");

    if (streq(js_str(artifact, "type"), "Toolkit"))
        return NULL;
    if (!build_is_legal(build))
        return xstrdup("The plugin's build number is missing or malformed.");
    if (!js_str(artifact, "pluginId"))
        return xstrdup("The plugin has no pluginId.");
    if (old && sim_compare_builds(build, old) < 0)
        return xasprintf("The plugin's build number %s is lower than the installed %s: "
                         "downgrade is not supported.",
                         build, old);
    return NULL;
}

static void finish_upload(struct sim *s, struct object *job)
{
    struct object *toolkit = sim_job_target(s, job);

    spread(toolkit, js_get(sim_job_args(job), "artifact"));
    js_put(js_get(job->priv, "args"), "artifact", NULL);
    if (toolkit->visible_at == NEVER)
        sim_object_show(s, toolkit, true);
}

static void fail_upload(struct sim *s, struct object *job)
{
    struct object *toolkit = sim_job_target(s, job);
    if (toolkit && toolkit->visible_at == NEVER && !sim_toolkit_busy(s, toolkit->id))
        sim_object_remove(s, toolkit, false);
}

void sim_toolkit_delete(struct call *c)
{
    struct object *toolkit = sim_subject(c);
    if (toolkit)
        sim_reply_job(c, 200, sim_job_new(c->sim, "toolkit.delete", toolkit, NULL), NULL, NULL);
}

/* Only a toolkit that came inactive with a failover can be upgraded. */
void sim_toolkit_upgrade(struct call *c)
{
    struct object *toolkit = sim_subject(c);
    if (!toolkit)
        return;
    if (streq(js_str(toolkit->json, "status"), "ACTIVE"))
        sim_refuse(c, 400, "Toolkit %s is active.", toolkit->id);
    else
        sim_reply_job(c, 200, sim_job_new(c->sim, "toolkit.upgrade", toolkit, NULL), NULL, NULL);
}

void sim_toolkit_schemas(struct call *c)
{
    cJSON *json = js_object();
    js_put_str(json, "id", "https://delphix.com/platform/api");
    js_put_str(json, "description", "Shared types of connector schemas.");
    js_put(json, "definitions", js_object());
    sim_reply(c, 200, json);
}

static char *check_delete(struct sim *s, const struct object *job)
{
    static const enum collection users[] = { C_SOURCES, C_DSOURCES, C_VDBS };
    const char *id = sim_job_target(s, job)->id;

    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        for (struct object *o = sim_first(s, users[i]); o; o = sim_next(s, o)) {
            if (!o->deleted && streq(js_str(o->json, "toolkit_id"), id))
                return xasprintf("The toolkit is in use by %s.", sim_name_of(o));
        }
    }
    return NULL;
}

static void drop_repositories(struct sim *s, const char *toolkit_id)
{
    for (struct object *env = sim_first(s, C_ENVIRONMENTS); env; env = sim_next(s, env)) {
        cJSON *list = js_get(env->json, "repositories"), *gone;
        while ((gone = js_find(list, "toolkit_id", toolkit_id)))
            cJSON_Delete(cJSON_DetachItemViaPointer(list, gone));
    }
}

static void finish_delete(struct sim *s, struct object *job)
{
    struct object *toolkit = sim_job_target(s, job);
    drop_repositories(s, toolkit->id);
    sim_object_remove(s, toolkit, true);
}

static void finish_upgrade(struct sim *s, struct object *job)
{
    js_put_str(sim_job_target(s, job)->json, "status", "ACTIVE");
}

const struct operation sim_toolkit_operations[] = {
    { "toolkit.upload", "TOOLKIT_UPLOAD", "Upload toolkit", 30000, check_upload, finish_upload,
      fail_upload },
    { "toolkit.delete", "TOOLKIT_DELETE", "Delete toolkit", 10000, check_delete, finish_delete,
      NULL },
    { "toolkit.upgrade", "TOOLKIT_UPGRADE", "Upgrade toolkit", 20000, NULL, finish_upgrade, NULL },
    { .name = NULL },
};
