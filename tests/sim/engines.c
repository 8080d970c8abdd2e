/* Engines: register, PUT and PATCH answer at once with the engine; connection
 * and telemetry follow by themselves; unregistering is a job that takes along
 * everything DCT knew of the engine. */
#include "tests/sim/engines.h"

#include <stdlib.h>

#include "tests/sim/groups.h"
#include "tests/sim/jobs.h"
#include "tests/sim/policies.h"
#include "tests/sim/tags.h"
#include "tests/sim/timers.h"

#define CONNECT_MS 3000

/* clang-format off */
const struct member sim_engine_members[] = {
    { "name",     T_STR, 1, 256, M_BOTH | M_REQUIRED, "name", NULL },
    { "hostname", T_STR, 1, 256, M_BOTH | M_REQUIRED, "hostname", NULL },
    { "insecure_ssl", T_BOOL, 0, 0, M_BOTH, "insecure_ssl", NULL },
    { "unsafe_ssl_hostname_check", T_BOOL, 0, 0, M_BOTH, "unsafe_ssl_hostname_check", NULL },
    { "truststore_filename", T_STR, 1, 1024, M_BOTH | M_NULL, "truststore_filename", NULL },
    { "truststore_password", T_STR, 1, 1024, M_BOTH | M_NULL | M_SECRET, NULL, NULL },
    { "username", T_STR, 1, 256, M_BOTH | M_NULL, "username", NULL },
    { "password", T_STR, 1, 4096, M_BOTH | M_NULL | M_SECRET, NULL, NULL },
    { "masking_username", T_STR, 1, 256, M_BOTH | M_NULL, "masking_username", NULL },
    { "masking_password", T_STR, 1, 4096, M_BOTH | M_NULL | M_SECRET, NULL, NULL },
    { "hashicorp_vault_id", T_INT, 0, 0, M_BOTH | M_NULL, "hashicorp_vault_id", NULL },
    { "masking_hashicorp_vault_id", T_INT, 0, 0, M_BOTH | M_NULL,
      "masking_hashicorp_vault_id", NULL },
    { "hashicorp_vault_username_command_args", T_STRINGS, 1, 4096, M_BOTH | M_NULL,
      "hashicorp_vault_username_command_args", NULL },
    { "hashicorp_vault_password_command_args", T_STRINGS, 1, 4096, M_BOTH | M_NULL,
      "hashicorp_vault_password_command_args", NULL },
    { "hashicorp_vault_masking_username_command_args", T_STRINGS, 1, 4096, M_BOTH | M_NULL,
      "hashicorp_vault_masking_username_command_args", NULL },
    { "hashicorp_vault_masking_password_command_args", T_STRINGS, 1, 4096, M_BOTH | M_NULL,
      "hashicorp_vault_masking_password_command_args", NULL },
    { "tags", T_TAGS, 0, 0, M_BOTH, "tags", NULL },
    { "auto_tagging_config", T_OBJECT, 0, 0, M_CREATE, NULL, NULL },
    /* PUT and PATCH take the whole RegisteredEngine; these they only tolerate. */
    { "id", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "uuid", T_STR, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "type", T_STR, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "version", T_STR, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "status", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "connection_status", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "engine_connection_status", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "engine_connection_status_details", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "ssh_public_key", T_STR, 0, 0, M_UPDATE, NULL, NULL },
    { "cpu_core_count", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "memory_size", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "data_storage_capacity", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "data_storage_used", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "connection_status_details", T_STR, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "masking_memory_used", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "masking_allocated_memory", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "masking_jobs_running", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "masking_max_concurrent_jobs", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "masking_available_cores", T_INT, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "hyperscale_instance_ids", T_STRINGS, 0, 0, M_UPDATE | M_NULL, NULL, NULL },
    { "hyperscale_truststore_filename", T_STR, 1, 1024, M_UPDATE | M_NULL, NULL, NULL },
    { "hyperscale_truststore_password", T_STR, 1, 1024, M_UPDATE | M_SECRET | M_NULL, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_java_members[] = {
    { "java_home", T_STR, 1, 0, M_CREATE | M_REQUIRED, NULL, NULL },
    { "port", T_INT, 1, 65535, M_CREATE | M_REQUIRED, NULL, NULL },
    { "host_name", T_STR, 1, 0, M_CREATE | M_REQUIRED, NULL, NULL },
    { "username", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "password", T_STR, 0, 0, M_CREATE | M_SECRET, NULL, NULL },
    { "use_engine_public_key", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "vault_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "hashicorp_vault_engine", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "hashicorp_vault_secret_path", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "hashicorp_vault_username_key", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "hashicorp_vault_secret_key", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "azure_vault_name", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "azure_vault_username_key", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "azure_vault_secret_key", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "cyberark_vault_query_string", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "use_kerberos_authentication", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */

static void engine_connection(struct object *engine, const char *status, const char *details)
{
    js_put_str(engine->json, "engine_connection_status", status);
    js_put_str(engine->json, "engine_connection_status_details", details);
    js_put_str(engine->json, "connection_status", streq(status, "ONLINE") ? "ONLINE" : "OFFLINE");
}

static bool has_credentials(const struct object *engine)
{
    return (js_str(engine->json, "username") && js_str(engine->priv, "password")) ||
           js_get(engine->json, "hashicorp_vault_id");
}

/* What telemetry brings once DCT has spoken to the engine. */
static void engine_telemetry(struct sim *s, struct object *engine)
{
    char *uuid = sim_hex_id(s);
    char *dashed =
        xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", uuid, uuid + 8, uuid + 12, uuid + 16, uuid + 20);

    js_put_str(engine->json, "uuid", dashed);
    js_put_str(engine->json, "type", "VIRTUALIZATION");
    js_put_str(engine->json, "version", "2025.2.0.0");
    js_put_str(engine->json, "ssh_public_key", "ssh-rsa AAAAB3NzaC1yc2E delphix@engine");
    js_put_num(engine->json, "cpu_core_count", 8);
    js_put_num(engine->json, "memory_size", 68719476736.0);
    js_put_num(engine->json, "data_storage_capacity", 1099511627776.0);
    js_put_num(engine->json, "data_storage_used", 137438953472.0);
    sim_groups_seed(s, engine);
    sim_policies_seed(s, engine);
    free(uuid);
    free(dashed);
}

void sim_engine_connect(struct sim *s, const char *id)
{
    struct object *engine = sim_alive(s, C_ENGINES, id);
    if (!engine)
        return;
    if (!has_credentials(engine)) {
        engine_connection(engine, "MISSING_CREDENTIALS", "No credentials are configured.");
    } else if (streq(js_str(engine->priv, "password"), "wrong")) {
        engine_connection(engine, "BAD_CREDENTIALS", "The engine refused the credentials.");
    } else {
        engine_connection(engine, "ONLINE", NULL);
        if (!js_get(engine->json, "uuid"))
            engine_telemetry(s, engine);
    }
}

static bool hostname_taken(const struct sim *s, const char *hostname)
{
    for (struct object *engine = sim_first(s, C_ENGINES); engine; engine = sim_next(s, engine)) {
        if (!engine->deleted && streq(js_str(engine->json, "hostname"), hostname))
            return true;
    }
    return false;
}

static unsigned engine_count(const struct sim *s)
{
    unsigned n = 0;
    for (struct object *engine = sim_first(s, C_ENGINES); engine; engine = sim_next(s, engine))
        n += engine->deleted ? 0 : 1;
    return n;
}

void sim_engine_register(struct call *c)
{
    struct sim *s = c->sim;

    if (hostname_taken(s, js_str(c->body, "hostname"))) {
        sim_refuse(c, 409, "An engine with hostname %s is registered already.",
                   js_str(c->body, "hostname"));
        return;
    }
    if (s->opt.license_cap && engine_count(s) >= s->opt.license_cap) {
        sim_refuse(c, 400, "The license allows %u connected engines.", s->opt.license_cap);
        return;
    }
    double n = js_num(s->counters, "engine", 0) + 1;
    js_put_num(s->counters, "engine", n);
    struct object *engine = sim_object_new(s, C_ENGINES, xasprintf("%.0f", n));

    sim_members_apply(s, sim_engine_members, c->body, engine);
    static const char *const falses[] = { "insecure_ssl", "unsafe_ssl_hostname_check" };
    sim_members_false(engine->json, falses, ARRAY_LEN(falses));
    js_list(engine->json, "tags");
    js_put_str(engine->json, "status", "CREATED");
    engine_connection(engine, "CONNECTION_ERROR", "Not connected yet.");
    sim_object_show(s, engine, false);
    sim_timer_add(s, s->now + sim_scaled(s, CONNECT_MS), "engine.connect", engine->id);
    sim_reply(c, 201, sim_view(s, engine));
}

void sim_engine_update(struct call *c)
{
    struct object *engine = sim_subject(c);
    if (!engine)
        return;
    sim_members_apply(c->sim, sim_engine_members, c->body, engine);
    sim_timer_add(c->sim, c->sim->now + sim_scaled(c->sim, CONNECT_MS), "engine.connect",
                  engine->id);
    sim_reply(c, 200, sim_view(c->sim, engine));
}

void sim_engine_check_java(struct call *c)
{
    if (sim_subject(c))
        sim_reply_empty(c, 200);
}

void sim_engine_unregister(struct call *c)
{
    struct object *engine = sim_subject(c);
    if (!engine)
        return;
    js_put_str(engine->json, "status", "DELETING");
    sim_reply_job(c, 200, sim_job_new(c->sim, "engine.delete", engine, NULL), NULL, NULL);
}

static void forget_all(struct sim *s, const struct object *engine, enum collection kind)
{
    for (struct object *o = sim_first(s, kind); o; o = sim_next(s, o)) {
        if (!o->deleted && kind != C_JOBS && sim_engine_of(s, o) == engine)
            sim_object_remove(s, o, true);
    }
}

static void finish_delete(struct sim *s, struct object *job)
{
    struct object *engine = sim_job_target(s, job);

    for (int kind = 0; kind < COLLECTIONS; kind++) {
        if (kind != C_ENGINES)
            forget_all(s, engine, (enum collection)kind);
    }
    sim_object_remove(s, engine, true);
}

static void fail_delete(struct sim *s, struct object *job)
{
    struct object *engine = sim_job_target(s, job);
    if (engine)
        js_put_str(engine->json, "status", "CREATED");
}

const struct operation sim_engine_operations[] = {
    { "engine.delete", "UNREGISTER_ENGINE", "Unregister engine", 5000, NULL, finish_delete,
      fail_delete },
    { .name = NULL },
};
