/* dSources and VDBs alike: containers with timeflows and snapshots that occupy
 * a port on a host and a name in a group. */
#include "tests/sim/datasets.h"

#include <stdlib.h>

#include "tests/sim/filter.h"
#include "tests/sim/groups.h"
#include "tests/sim/policies.h"
#include "tests/sim/toolkits.h"

struct object *sim_dataset(const struct sim *s, const char *id)
{
    struct object *o = sim_alive(s, C_DSOURCES, id);
    return o ? o : sim_alive(s, C_VDBS, id);
}

void sim_dataset_settle(struct sim *s, struct object *o, const struct object *engine,
                        const char *toolkit_id)
{
    const struct object *toolkit = sim_alive(s, C_TOOLKITS, toolkit_id);

    js_put_str(o->json, "engine_id", engine->id);
    js_put_str(o->json, "engine_name", sim_name_of(engine));
    js_put_bool(o->json, "is_appdata", true);
    js_put_bool(o->json, "is_replica", false);
    js_put_bool(o->json, "enabled", true);
    js_put_str(o->json, "status", "RUNNING");
    js_put_str(o->json, "content_type", "NORMAL");
    js_put_num(o->json, "storage_size", 8388608);
    sim_put_date(o->json, "creation_date", s->now);
    js_list(o->json, "tags");
    if (toolkit) {
        js_put_str(o->json, "toolkit_id", toolkit->id);
        js_put_str(o->json, "database_type", sim_name_of(toolkit));
        js_copy(o->json, "plugin_version", toolkit->json, "version");
    }
}

bool sim_dataset_group(struct call *c, struct object *o, const char *member)
{
    const struct object *engine = sim_engine_of(c->sim, o);
    const char *id = js_str(c->body, member);
    const struct object *group =
        id ? sim_alive(c->sim, C_GROUPS, id) : sim_group_default(c->sim, engine);

    if (group && sim_engine_of(c->sim, group) == engine) {
        js_put_str(o->json, "group_name", sim_name_of(group));
        return true;
    }
    sim_refuse(c, 400, "%s: no dataset group with id %s on the engine", member, id ? id : "null");
    return false;
}

const char *sim_dataset_host(const struct sim *s, const struct object *o)
{
    if (o->kind == C_VDBS)
        return js_str(o->json, "environment_id");

    const struct object *staging =
        sim_alive(s, C_STAGING_SOURCES, js_str(o->json, "staging_source_id"));
    const char *planned = js_str(o->priv, "staging_environment");
    return staging && !planned ? js_str(staging->json, "environment_id") : planned;
}

static double port_of(const struct object *o)
{
    double port = js_num(js_get(o->json, "appdata_source_params"), "postgresPort", 0);
    return port > 0 ? port : js_num(o->priv, "postgres_port", 0);
}

static bool takes_port(const struct sim *s, const struct object *other, const struct object *o)
{
    return other != o && !other->deleted && !js_true(other->json, "recycle_bin") &&
           other->seq < o->seq && port_of(other) == port_of(o) &&
           streq(sim_dataset_host(s, other), sim_dataset_host(s, o));
}

char *sim_port_problem(const struct sim *s, const struct object *o)
{
    static const enum collection kinds[] = { C_DSOURCES, C_VDBS };

    for (size_t i = 0; i < ARRAY_LEN(kinds) && port_of(o) > 0; i++) {
        for (struct object *other = sim_first(s, kinds[i]); other; other = sim_next(s, other)) {
            if (takes_port(s, other, o))
                return xasprintf("portInUse: port %.0f is used on the host by \"%s\".", port_of(o),
                                 sim_name_of(other));
        }
    }
    return NULL;
}

char *sim_name_problem(const struct sim *s, const struct object *o)
{
    static const enum collection kinds[] = { C_DSOURCES, C_VDBS };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (struct object *other = sim_first(s, kinds[i]); other; other = sim_next(s, other)) {
            if (other != o && !other->deleted && other->seq < o->seq &&
                sim_engine_of(s, other) == sim_engine_of(s, o) &&
                streq(sim_name_of(other), sim_name_of(o)) &&
                streq(js_str(other->json, "group_name"), js_str(o->json, "group_name")))
                return xasprintf("A dataset named \"%s\" exists in the group already.",
                                 sim_name_of(o));
        }
    }
    return NULL;
}

char *sim_toolkit_problem(const struct sim *s, const struct object *o)
{
    if (!sim_toolkit_busy(s, js_str(o->json, "toolkit_id")))
        return NULL;
    return xstrdup("The plugin is being upgraded: no operation on its objects is allowed.");
}

struct object *sim_timeflow_new(struct sim *s, struct object *o, const char *creation_type,
                                const struct object *from)
{
    const char *engine_id = js_str(o->json, "engine_id");
    struct object *t =
        sim_object_new(s, C_TIMEFLOWS, sim_next_id(s, engine_id, "APPDATA_TIMEFLOW"));

    js_put_str(t->json, "engine_id", engine_id);
    js_put_str(t->json, "name", "default");
    js_put_str(t->json, "dataset_id", o->id);
    js_put_str(t->json, "creation_type", creation_type);
    js_put_bool(t->json, "is_active", true);
    js_put_bool(t->json, "is_replica", false);
    sim_put_date(t->json, "creation_timestamp", s->now);
    sim_put_date(t->json, "activation_timestamp", s->now);
    if (from) {
        const struct object *parent = sim_dataset(s, js_str(from->json, "dataset_id"));
        bool vdb = parent && parent->kind == C_VDBS;
        js_put_str(t->json, "parent_snapshot_id", from->id);
        js_copy(t->json, "parent_point_timestamp", from->json, "timestamp");
        js_copy(t->json, "parent_point_timeflow_id", from->json, "timeflow_id");
        js_copy(t->json, vdb ? "parent_vdb_id" : "parent_dsource_id", from->json, "dataset_id");
    }
    js_copy(o->json, "previous_timeflow_id", o->json, "current_timeflow_id");
    struct object *old = sim_alive(s, C_TIMEFLOWS, js_str(o->json, "current_timeflow_id"));
    if (old)
        js_put_bool(old->json, "is_active", false);
    js_put_str(o->json, "current_timeflow_id", t->id);
    sim_object_show(s, t, false);
    return t;
}

struct object *sim_snapshot_new(struct sim *s, struct object *o, bool provisionable)
{
    const char *engine_id = js_str(o->json, "engine_id");
    struct object *snap =
        sim_object_new(s, C_SNAPSHOTS, sim_next_id(s, engine_id, "APPDATA_SNAPSHOT"));
    cJSON *json = snap->json;

    js_put_str(json, "engine_id", engine_id);
    js_put_str(json, "dataset_id", o->id);
    js_copy(json, "timeflow_id", o->json, "current_timeflow_id");
    sim_put_date(json, "creation_time", s->now);
    sim_put_date(json, "start_timestamp", s->now);
    sim_put_date(json, "timestamp", s->now);
    char *name = xasprintf("@%.23s", js_str(json, "timestamp"));
    js_put_str(json, "name", name);
    js_put_str(json, "consistency", "CONSISTENT");
    js_put_str(json, "timezone", "UTC");
    js_put_bool(json, "temporary", false);
    js_put_bool(json, "retain_forever", false);
    js_put_bool(json, "is_replica", false);
    js_copy(json, "appdata_toolkit", o->json, "toolkit_id");
    js_put_str(json, "appdata_metadata", "{}");
    js_list(json, "tags");
    js_put_bool(snap->priv, "provisionable", provisionable);
    sim_object_show(s, snap, false);
    free(name);
    return snap;
}

struct object *sim_latest_snapshot(const struct sim *s, const char *dataset_id, msec before)
{
    struct object *latest = NULL;
    for (struct object *snap = sim_first(s, C_SNAPSHOTS); snap; snap = sim_next(s, snap)) {
        msec at = 0;
        const char *when = js_str(snap->json, "timestamp");
        if (!snap->deleted && streq(js_str(snap->json, "dataset_id"), dataset_id) && when &&
            sim_parse_rfc3339(when, &at) && at <= before)
            latest = snap;
    }
    return latest;
}

const struct object *sim_child(const struct sim *s, const char *id)
{
    for (struct object *vdb = sim_first(s, C_VDBS); vdb; vdb = sim_next(s, vdb)) {
        if (!vdb->deleted && streq(js_str(vdb->json, "parent_id"), id))
            return vdb;
    }
    return NULL;
}

int sim_children(const struct sim *s, const char *id)
{
    int n = 0;
    for (struct object *vdb = sim_first(s, C_VDBS); vdb; vdb = sim_next(s, vdb))
        n += !vdb->deleted && streq(js_str(vdb->json, "parent_id"), id);
    return n;
}

void sim_count_dependants(struct sim *s, const char *dsource_id)
{
    struct object *dsource = sim_alive(s, C_DSOURCES, dsource_id);
    if (dsource)
        js_put_num(dsource->json, "dependant_vdbs", sim_children(s, dsource_id));
}

static void remove_belongings(struct sim *s, enum collection kind, const char *id)
{
    const char *key = kind == C_POLICY_TARGETS ? "target_id" : "dataset_id";
    for (struct object *o = sim_first(s, kind); o; o = sim_next(s, o)) {
        if (!o->deleted && streq(js_str(o->json, key), id))
            sim_object_remove(s, o, false);
    }
}

void sim_dataset_remove(struct sim *s, struct object *o)
{
    remove_belongings(s, C_SNAPSHOTS, o->id);
    remove_belongings(s, C_TIMEFLOWS, o->id);
    remove_belongings(s, C_POLICY_TARGETS, o->id);
    sim_object_remove(s, o, true);
    if (o->kind == C_VDBS)
        sim_count_dependants(s, js_str(o->json, "parent_id"));
}

void sim_descendants_remove(struct sim *s, const char *id)
{
    for (struct object *vdb = sim_first(s, C_VDBS); vdb; vdb = sim_next(s, vdb)) {
        if (!vdb->deleted && streq(js_str(vdb->json, "parent_id"), id)) {
            sim_descendants_remove(s, vdb->id);
            sim_dataset_remove(s, vdb);
        }
    }
}

static void add_dependency(const struct sim *s, cJSON *items, const struct object *o)
{
    cJSON *item = js_object();

    js_copy(item, "engine_id", o->json, "engine_id");
    js_put_str(item, "dataset_id", o->id);
    js_put_str(item, "dataset_type", o->kind == C_VDBS ? "VDB" : "DSOURCE");
    js_put_str(item, "dataset_name", sim_name_of(o));
    js_copy(item, "parent_id", o->json, "parent_id");
    js_put_bool(item, "is_replica", false);
    js_copy(item, "tags", o->json, "tags");
    js_add(items, item);
    for (struct object *vdb = sim_first(s, C_VDBS); vdb; vdb = sim_next(s, vdb)) {
        if (!vdb->deleted && streq(js_str(vdb->json, "parent_id"), o->id))
            add_dependency(s, items, vdb);
    }
}

/* Parents before children: the last item is the first to be deleted. */
void sim_deletion_dependencies(struct call *c)
{
    const struct object *o = sim_subject(c);
    if (!o)
        return;

    cJSON *json = js_object(), *items = js_list(json, "items");
    for (struct object *vdb = sim_first(c->sim, C_VDBS); vdb; vdb = sim_next(c->sim, vdb)) {
        if (!vdb->deleted && streq(js_str(vdb->json, "parent_id"), o->id))
            add_dependency(c->sim, items, vdb);
    }
    sim_reply(c, 200, json);
}
