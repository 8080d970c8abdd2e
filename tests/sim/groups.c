/* Dataset groups (read only in the API: every engine starts with "Untitled") and
 * bookmarks (a name for the latest snapshots of some VDBs). */
#include "tests/sim/groups.h"

#include <stdlib.h>

#include "tests/sim/datasets.h"

/* clang-format off */
const struct member sim_bookmark_members[] = {
    { "name", T_STR, 1, 256, M_CREATE | M_REQUIRED, "name", NULL },
    { "vdb_ids", T_STRINGS, 1, 256, M_CREATE | M_REQUIRED, "vdb_ids", NULL },
    { "bookmark_type", T_STR, 0, 0, M_CREATE, "bookmark_type", "PUBLIC PRIVATE" },
    { "tags", T_TAGS, 1, 0, M_CREATE, "tags", NULL },
    MEMBERS_END,
};
/* clang-format on */

struct object *sim_group_new(struct sim *s, const struct object *engine, const char *name)
{
    struct object *g = sim_object_new(s, C_GROUPS, sim_next_id(s, engine->id, "GROUP"));

    js_put_str(g->json, "name", name);
    js_put_str(g->json, "engine_id", engine->id);
    js_put_str(g->json, "engine_name", sim_name_of(engine));
    js_put_bool(g->json, "is_replica", false);
    sim_object_show(s, g, false);
    return g;
}

void sim_groups_seed(struct sim *s, const struct object *engine)
{
    sim_group_new(s, engine, "Untitled");
}

struct object *sim_group_default(const struct sim *s, const struct object *engine)
{
    for (struct object *g = sim_first(s, C_GROUPS); g; g = sim_next(s, g)) {
        if (!g->deleted && sim_engine_of(s, g) == engine)
            return g;
    }
    return NULL;
}

void sim_group_get(struct call *c)
{
    struct object *g = sim_visible(c->sim, C_GROUPS, c->args[0]);
    if (!g)
        g = sim_by_name(c->sim, C_GROUPS, c->args[0]);
    if (g)
        sim_reply(c, 200, sim_view(c->sim, g));
    else
        sim_refuse(c, 404, "dataset group %s not found", c->args[0]);
}

static bool add_vdb(struct call *c, cJSON *vdbs, const char *id)
{
    const struct object *vdb = sim_referred(c, C_VDBS, "vdb_ids", id);
    const struct object *snap = vdb ? sim_latest_snapshot(c->sim, id, NEVER) : NULL;

    if (!vdb)
        return false;
    if (!snap)
        snap = sim_snapshot_new(c->sim, sim_alive(c->sim, C_VDBS, id), true);
    cJSON *entry = js_object();
    js_put_str(entry, "vdb_id", vdb->id);
    js_put_str(entry, "vdb_name", sim_name_of(vdb));
    js_put_str(entry, "snapshot_id", snap->id);
    js_copy(entry, "timeflow_id", vdb->json, "current_timeflow_id");
    js_copy(entry, "root_parent_id", vdb->json, "root_parent_id");
    js_copy(entry, "data_timestamp", snap->json, "timestamp");
    js_add(vdbs, entry);
    return true;
}

void sim_bookmark_create(struct call *c)
{
    const cJSON *id;
    cJSON *vdbs = js_array();

    cJSON_ArrayForEach(id, js_get(c->body, "vdb_ids")) {
        if (!add_vdb(c, vdbs, id->valuestring)) {
            cJSON_Delete(vdbs);
            return;
        }
    }
    struct object *b = sim_object_new(c->sim, C_BOOKMARKS, sim_hex_id(c->sim));
    sim_members_apply(c->sim, sim_bookmark_members, c->body, b);
    js_copy(b->json, "data_timestamp", cJSON_GetArrayItem(vdbs, 0), "data_timestamp");
    js_put(b->json, "vdbs", vdbs);
    sim_put_date(b->json, "creation_date", c->sim->now);
    js_put_str(b->json, "bookmark_source", "DCT");
    js_put_str(b->json, "bookmark_status", "ACTIVE");
    if (!js_get(b->json, "bookmark_type"))
        js_put_str(b->json, "bookmark_type", "PRIVATE");
    js_put_bool(b->json, "is_replica", false);
    js_list(b->json, "tags");
    sim_object_show(c->sim, b, false);
    sim_reply(c, 201, sim_view(c->sim, b));
}
