/* Snapshots: taken of dSources and VDBs, deleted unless a VDB came from them. */
#include <stdlib.h>

#include "tests/sim/datasets.h"
#include "tests/sim/filter.h"
#include "tests/sim/jobs.h"

/* clang-format off */
const struct member sim_snapshot_members[] = {
    { "appdata_parameters", T_OBJECT, 0, 0, M_CREATE | M_NULL, NULL, NULL },
    { "drop_and_recreate_devices", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "sync_strategy", T_STR, 0, 0, M_CREATE, NULL, "latest_backup new_backup specific_backup" },
    { "ase_backup_files", T_STRINGS, 0, 0, M_CREATE, NULL, NULL },
    { "mssql_backup_uuid", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "compression_enabled", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "do_not_resume", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "double_sync", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "force_full_backup", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "skip_space_check", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "availability_group_backup_policy", T_STR, 0, 0, M_CREATE, NULL,
      "primary secondary_only prefer_secondary" },
    { "files_for_partial_full_backup", T_INTS, 0, 0, M_CREATE, NULL, NULL },
    { "rman_rate_in_MB", T_INT, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_snapshot_delete_members[] = {
    { "delete_all_dependencies", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */

void sim_snapshot_take(struct call *c)
{
    const struct object *o = sim_subject(c);
    if (!o)
        return;
    if (js_true(o->json, "recycle_bin")) {
        sim_refuse(c, 400, "VDB %s is in the recycle bin.", o->id);
        return;
    }
    cJSON *args = js_object();
    if (c->body)
        js_put(args, "body", js_dup(c->body));
    sim_reply_job(c, 200, sim_job_new(c->sim, "snapshot.take", o, args), NULL, NULL);
}

static char *check_take(struct sim *s, const struct object *job)
{
    const struct object *o = sim_job_target(s, job);
    if (!js_true(o->json, "enabled"))
        return xasprintf("\"%s\" is disabled.", sim_name_of(o));
    return sim_toolkit_problem(s, o);
}

static bool staging_push(const struct object *o)
{
    return js_true(js_get(o->json, "appdata_source_params"), "stagingPushFlag");
}

/* Only the first snapshot of a staging push is empty. */
static void finish_take(struct sim *s, struct object *job)
{
    struct object *o = sim_job_target(s, job);
    bool first = !sim_latest_snapshot(s, o->id, NEVER);
    sim_snapshot_new(s, o, !(first && o->kind == C_DSOURCES && staging_push(o)));
}

static const struct object *user_of_snapshot(const struct sim *s, const char *id)
{
    for (struct object *t = sim_first(s, C_TIMEFLOWS); t; t = sim_next(s, t)) {
        if (!t->deleted && streq(js_str(t->json, "parent_snapshot_id"), id))
            return t;
    }
    return NULL;
}

void sim_snapshot_delete(struct call *c)
{
    const struct object *snap = sim_subject(c);
    if (!snap)
        return;
    cJSON *args = js_object();
    js_put_bool(args, "all", js_true(c->body, "delete_all_dependencies"));
    sim_reply_job(c, 200, sim_job_new(c->sim, "snapshot.delete", snap, args), NULL, NULL);
}

static char *check_delete(struct sim *s, const struct object *job)
{
    const struct object *snap = sim_job_target(s, job);
    const struct object *flow = user_of_snapshot(s, snap->id);

    if (!flow || js_true(sim_job_args(job), "all"))
        return NULL;
    return xasprintf("The snapshot is the parent of dataset %s.", js_str(flow->json, "dataset_id"));
}

static void finish_delete(struct sim *s, struct object *job)
{
    struct object *snap = sim_job_target(s, job);
    const struct object *flow;

    while ((flow = user_of_snapshot(s, snap->id))) {
        struct object *vdb = sim_alive(s, C_VDBS, js_str(flow->json, "dataset_id"));
        if (!vdb)
            break;
        sim_descendants_remove(s, vdb->id);
        sim_dataset_remove(s, vdb);
    }
    sim_object_remove(s, snap, true);
}

void sim_snapshot_dependencies(struct call *c)
{
    const struct object *snap = sim_subject(c);
    if (!snap)
        return;

    cJSON *json = js_object(), *list = js_list(json, "object_dependencies");
    js_list(json, "prerequisite_actions");
    for (struct object *flow = sim_first(c->sim, C_TIMEFLOWS); flow;
         flow = sim_next(c->sim, flow)) {
        const struct object *vdb = sim_alive(c->sim, C_VDBS, js_str(flow->json, "dataset_id"));
        if (flow->deleted || !vdb || !streq(js_str(flow->json, "parent_snapshot_id"), snap->id))
            continue;
        cJSON *item = js_object();
        js_put_str(item, "object_id", vdb->id);
        js_put_str(item, "object_type", "VDB");
        js_put_str(item, "object_name", sim_name_of(vdb));
        js_put_bool(item, "locked", js_true(vdb->json, "is_locked"));
        js_add(list, item);
    }
    sim_reply(c, 200, json);
}

void sim_snapshot_range(struct call *c)
{
    const struct object *snap = sim_subject(c);
    if (!snap)
        return;

    cJSON *json = js_object();
    js_copy(json, "start_point_timestamp", snap->json, "start_timestamp");
    js_copy(json, "end_point_timestamp", snap->json, "timestamp");
    js_copy(json, "timeflow_id", snap->json, "timeflow_id");
    js_put_bool(json, "provisionable", js_true(snap->priv, "provisionable"));
    sim_reply(c, 200, json);
}

void sim_snapshots_by_timestamp(struct call *c)
{
    char *id = sim_query_value(c, "dataset_id"), *when = sim_query_value(c, "timestamp");
    msec before = NEVER;

    if (!sim_dataset(c->sim, id)) {
        sim_refuse(c, 400, "dataset_id: no dataset with id %s", id ? id : "null");
    } else if (when && !sim_parse_rfc3339(when, &before)) {
        sim_refuse(c, 400, "timestamp: not a date-time");
    } else {
        cJSON *json = js_object(), *items = js_list(json, "items");
        const struct object *snap = sim_latest_snapshot(c->sim, id, before);
        if (snap)
            js_add(items, sim_view(c->sim, snap));
        sim_reply(c, 200, json);
    }
    free(id);
    free(when);
}

const struct operation sim_snapshot_operations[] = {
    { "snapshot.take", "DB_SYNC", "Take snapshot", 30000, check_take, finish_take, NULL },
    { "snapshot.delete", "SNAPSHOT_DELETE", "Delete snapshot", 8000, check_delete, finish_delete,
      NULL },
    { .name = NULL },
};
