/* Sources of the rules: DCT documentation "PostgreSQL operations", limitations;
 * connector 1.3.0 message table (portInUse); virtualization SDK, versioning. */
#include "reconciler/rules.h"

#include <stdlib.h>

#include "schema/plugin.h"

struct rules {
    const struct world *world;
    struct map taken;    /* "host:port", "engine/hostname" -> who wants it first */
    struct strings keys; /* what the map borrows */
};

/* Where one object takes a port: the row of its host, the row of the port. */
static const struct {
    const char *host, *port;
} port_rows[] = {
    { "stagingEnvironment", "postgresql.port" },
    { "environment", "postgresql.port" },
};

static const char *text_of(const struct wanted *w, const char *row)
{
    return table_find(w->object->kind->table, row) < 0 ? NULL : object_text(w->object, row);
}

/* "environment pg-a, port 5434" or NULL where it takes none. */
static char *port_place(const struct wanted *w)
{
    for (size_t i = 0; i < ARRAY_LEN(port_rows); i++) {
        const char *host = text_of(w, port_rows[i].host);
        int row = table_find(w->object->kind->table, port_rows[i].port);
        if (host && row >= 0 && w->object->values[row].state == V_SET)
            return xasprintf("%s/port %d on environment %s", w->engine ? w->engine : "",
                             (int)w->object->values[row].i, host);
    }
    return NULL;
}

static char *host_place(const struct wanted *w)
{
    const char *host = text_of(w, "hostname");

    if (!host || w->object->kind->kind == KIND_ENGINE)
        return NULL;
    return xasprintf("%s/host %s", w->engine ? w->engine : "", host);
}

/* The first one keeps the place; `place` is taken. */
static void take_place(struct rules *r, char *place, const struct wanted *w)
{
    if (place && !map_get(&r->taken, place)) {
        strings_add(&r->keys, place);
        map_set(&r->taken, r->keys.items[r->keys.n - 1],
                (void *)(uintptr_t)(w - r->world->set->items + 1));
    }
    free(place);
}

struct rules *rules_new(const struct world *world)
{
    struct rules *r = xcalloc(1, sizeof(*r));

    r->world = world;
    for (size_t i = 0; i < world->set->n; i++) {
        take_place(r, port_place(&world->set->items[i]), &world->set->items[i]);
        take_place(r, host_place(&world->set->items[i]), &world->set->items[i]);
    }
    return r;
}

void rules_free(struct rules *r)
{
    if (!r)
        return;
    map_clear(&r->taken);
    strings_clear(&r->keys);
    free(r);
}

/* Who has the place before this one; `place` is taken. */
static char *place_conflict(const struct rule_case *c, char *place, const char *why)
{
    size_t first = place ? (size_t)(uintptr_t)map_get(&c->rules->taken, place) : 0;
    const struct wanted *other = first ? &c->world->set->items[first - 1] : NULL;
    char *text = NULL;

    if (other && other != c->wanted) {
        const char *what = place;
        while (*what != '/')
            what++;
        text = xasprintf("%s is already wanted by %s; %s", what + 1, other->key, why);
    }
    free(place);
    return text;
}

static char *port_twice(const struct rule_case *c)
{
    return place_conflict(c, port_place(c->wanted),
                          "each PostgreSQL instance needs a port of its own");
}

static char *host_twice(const struct rule_case *c)
{
    return place_conflict(c, host_place(c->wanted), "a host belongs to one environment");
}

static char *connector_is_older(const struct rule_case *c)
{
    cJSON *applied = entry_value(c->entry, "plugin.buildNumber");
    const char *had = cJSON_IsString(applied) ? applied->valuestring : NULL;
    const char *wanted = object_text(c->wanted->object, "plugin.buildNumber");
    char *why = NULL;

    if (had && wanted && build_number_valid(had) && build_number_valid(wanted) &&
        build_number_compare(wanted, had) < 0)
        why = xasprintf("connector downgrades are not supported: build %s is installed, the file "
                        "is build %s",
                        had, wanted);
    cJSON_Delete(applied);
    return why;
}

/* Put there by hand, or by whoever it is taken over from: what is installed is
 * known by the version that DCT shows, if that can be compared at all. */
static char *shown_is_newer(const struct rule_case *c)
{
    const bool known = entry_digest(c->entry, "file");
    const char *wanted = object_text(c->wanted->object, "plugin.version");

    if (!c->diff->changed[kind_row(c->kind, "file")] ||
        file_shown(c->wanted, c->item) != VERSION_OTHER || (known && !entry_seen(c->entry, "file")))
        return NULL;
    const char *seen = object_text(c->item->object, "status.version");
    bool comparable = build_number_valid(seen) && build_number_valid(wanted);
    if (comparable && build_number_compare(wanted, seen) < 0)
        return xasprintf("connector downgrades are not supported: DCT shows version %s, the file "
                         "is version %s",
                         seen, wanted);
    if (comparable || !file_replaced(c->wanted, c->item, c->entry))
        return NULL;
    return xasprintf("somebody put version %s there, and whether the file's %s is older cannot be "
                     "told; give a newer file, or upload this one by hand",
                     seen, wanted);
}

static bool fact_true(const struct observed_item *item, const char *row)
{
    const struct value *v = item && item->object ? object_value(item->object, row) : NULL;

    return v && v->state == V_SET && v->i;
}

/* Is the dSource that is linked to it deleted by the same plan? */
static bool link_is_deleted(const struct rule_case *c)
{
    for (size_t i = 0; i < c->plan->n; i++) {
        const struct action *a = &c->plan->items[i];
        if (a->kind->kind != KIND_DSOURCE || !a->id || a->blocked ||
            (a->verb != VERB_DELETE && a->verb != VERB_REPLACE))
            continue;
        const struct observed_item *dsource =
            observed_by_id(c->world->observed, KIND_DSOURCE, a->id);
        if (dsource && dsource->object &&
            streq(object_text(dsource->object, "sourceConfig"), c->item->id))
            return true;
    }
    return false;
}

static char *source_is_linked(const struct rule_case *c)
{
    if (!fact_true(c->item, "status.linked") || link_is_deleted(c))
        return NULL;
    return xasprintf("the source config is linked to an active dSource; delete that first");
}

static char *is_locked(const struct rule_case *c)
{
    if (!fact_true(c->item, "status.locked"))
        return NULL;
    if (c->diff && c->diff->changed[kind_row(c->kind, "locked")])
        return NULL;
    const char *by = object_text(c->item->object, "status.lockedBy");
    return xasprintf("the VDB is locked%s%s; unlock it in DCT, or set `locked: false`",
                     by ? " by " : "", by ? by : "");
}

enum {
    ON_CREATE = 1 << VERB_CREATE,
    ON_UPDATE = 1 << VERB_UPDATE,
    ON_REPLACE = 1 << VERB_REPLACE,
    ON_DELETE = 1 << VERB_DELETE,
    ON_ADOPT = 1 << VERB_ADOPT,
    ON_DISABLE = 1 << VERB_DISABLE,
    ON_ENABLE = 1 << VERB_ENABLE,
};

static const struct {
    enum kind kind;
    unsigned verbs;
    char *(*broken)(const struct rule_case *c);
} rules[] = {
    { KIND_CONNECTOR, ON_CREATE | ON_UPDATE | ON_ADOPT, connector_is_older },
    { KIND_CONNECTOR, ON_UPDATE | ON_ADOPT, shown_is_newer },
    { KIND_ENVIRONMENT, ON_CREATE | ON_UPDATE | ON_ADOPT, host_twice },
    { KIND_SOURCE_CONFIG, ON_DELETE | ON_REPLACE, source_is_linked },
    { KIND_DSOURCE, ON_CREATE | ON_UPDATE, port_twice },
    { KIND_VDB, ON_CREATE | ON_UPDATE, port_twice },
    { KIND_VDB, ON_UPDATE | ON_DELETE | ON_REPLACE | ON_DISABLE | ON_ENABLE, is_locked },
};

char *rules_check(const struct rule_case *c)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].kind != c->kind->kind || !(rules[i].verbs & 1U << c->verb))
            continue;
        char *why = rules[i].broken(c);
        if (why)
            return why;
    }
    return NULL;
}
