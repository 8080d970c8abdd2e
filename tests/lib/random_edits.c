/* What people do to the manifests and to the configuration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/inside.h"
#include "tests/lib/random_run.h"

enum { VERSIONS = 12, HOUR = 3600000 };

static const char *const versions[VERSIONS] = { "4.1.0", "4.1.1", "4.1.2", "4.1.3",
                                                "4.1.4", "4.1.5", "4.1.6", "4.1.7",
                                                "4.1.8", "4.1.9", "4.2.0", "4.2.1" };
static const char *const turns[] = { "second", "third", "fourth", "fifth" };

static unsigned char *value_of(struct thing *t, const char *attribute)
{
    return &t->values[random_attribute(attribute)];
}

/* A protected object stays, unless its manifest lifts that. */
static void protection_changes(struct random_run *r, const struct thing *t)
{
    if (t->values[random_attribute("policy protect")] == 1)
        return;
    invariants_unguard(&r->a.invariants, kind_desc(t->kind)->collection, t->name);
    invariants_unguard(&r->a.invariants, kind_desc(t->kind)->collection, t->was);
}

/* May the row of the thing be edited at all? */
static bool editable(const struct random_run *r, int thing, size_t row)
{
    const struct attribute *a = &random_attributes[row];
    const struct thing *t = &r->estate.things[thing];

    if ((a->kind != t->kind && a->kind != KINDS) || a->flags & FIXED)
        return false;
    /* To unregister an engine takes along whatever else is on it, as its owner said. */
    if (t->kind == KIND_ENGINE && streq(a->name, "policy deletion"))
        return false;
    return !(a->flags & LEAF) || !random_estate_parent(&r->estate, thing);
}

static bool edit_attribute(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    int thing = random_thing(e, &r->dice, ~0U, true);
    size_t row = random_attribute_count(), fit = 0;

    for (size_t i = 0; i < random_attribute_count() && thing != NOTHING; i++) {
        if (editable(r, thing, i) && roll(&r->dice, ++fit) == 0)
            row = i;
    }
    if (!fit)
        return false;
    const struct attribute *a = &random_attributes[row];
    struct thing *t = &e->things[thing];
    unsigned char was = t->values[row], least = a->flags & ALWAYS ? 1 : 0;
    t->values[row] = (unsigned char)(least + roll(&r->dice, a->values + 1U - least));
    if (random_estate_pushed(t) && random_estate_parent(e, thing))
        t->values[row] = was;
    t->barren = t->barren || random_estate_pushed(t);
    if (t->values[row] == was)
        return false;
    protection_changes(r, t);
    random_tell(r, "edit", a->name, t->name);
    return true;
}

static bool added(struct random_run *r, const char *name, int thing)
{
    if (thing == NOTHING)
        return false;
    random_tell(r, "edit", name, r->estate.things[thing].name);
    return true;
}

static bool add_something(struct random_run *r)
{
    static const struct {
        enum kind kind;
        const char *name;
    } kinds[] = {
        { KIND_ENGINE, "engine added" },    { KIND_CONNECTOR, "connector added" },
        { KIND_ENVIRONMENT, "host added" }, { KIND_DSOURCE, "dSource added" },
        { KIND_VDB, "VDB added" },          { KIND_VDB, "VDB added" },
    };
    size_t which = roll(&r->dice, ARRAY_LEN(kinds));

    if (kinds[which].kind == KIND_ENGINE && !one_in(&r->dice, 4))
        return false;
    return added(r, kinds[which].name, random_estate_add(&r->estate, &r->dice, kinds[which].kind));
}

static bool add_from_legacy(struct random_run *r)
{
    bool mark = one_in(&r->dice, 2);

    if (!r->estate.legacy || !r->estate.things[0].here)
        return false;
    return added(r, mark ? "VDB of a bookmark added" : "VDB of a foreign dSource added",
                 random_estate_child(&r->estate, &r->dice, NOTHING,
                                     mark ? FROM_BOOKMARK : FROM_LEGACY));
}

/* A manifest for what is there already, made by somebody. */
static bool add_found(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    enum kind kind = one_in(&r->dice, 2) ? KIND_VDB : KIND_ENVIRONMENT;
    const char *name = kind == KIND_VDB ? "found-vdb" : "found-host";

    for (size_t i = 0; i < e->n; i++) {
        if (streq(e->things[i].name, name))
            return false;
    }
    if (!e->legacy || !e->things[0].here || e->n >= THINGS_MAX)
        return false;
    int thing = kind == KIND_VDB ? random_estate_child(e, &r->dice, NOTHING, FROM_LEGACY)
                                 : random_estate_add(e, &r->dice, kind);
    if (thing == NOTHING)
        return false;
    struct thing *t = &e->things[thing];
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    t->found = true;
    t->engine = 0;
    t->home = NOTHING;
    *value_of(t, "policy adopt") = (unsigned char)(1 + roll(&r->dice, 3));
    return added(r, "manifest for what somebody made", thing);
}

/* The thing and all that refers to it. */
static void take_away(struct random_run *r, int thing)
{
    struct random_estate *e = &r->estate;

    e->things[thing].here = false;
    for (size_t i = 0; i < e->n; i++) {
        struct thing *t = &e->things[i];
        if (t->kind == KIND_CONNECTOR && thing < 32 && t->engines >> thing & 1) {
            t->engines &= ~(1U << thing);
            if (!t->engines)
                t->here = false;
        } else if (t->here && (int)i != thing && t->kind != KIND_CONNECTOR &&
                   random_thing_refers(t, thing)) {
            take_away(r, (int)i);
        }
    }
}

static bool remove_something(struct random_run *r)
{
    unsigned kinds = one_in(&r->dice, 4) ? ~0U : 1U << KIND_VDB | 1U << KIND_DSOURCE;
    int thing = random_thing(&r->estate, &r->dice, kinds, true);

    if (thing == NOTHING)
        return false;
    take_away(r, thing);
    random_tell(r, "edit", "manifest removed", r->estate.things[thing].name);
    return true;
}

static bool bring_back(struct random_run *r, int thing)
{
    struct random_estate *e = &r->estate;
    struct thing *t = &e->things[thing];
    const int needs[] = { t->engine, t->home, t->staging,
                          t->kind == KIND_VDB && t->origin == FROM_THING ? t->parent : NOTHING };

    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i] != NOTHING && needs[i] != thing && !e->things[needs[i]].here &&
            !bring_back(r, needs[i]))
            return false;
    }
    t->here = true;
    if (t->kind == KIND_CONNECTOR) {
        for (size_t i = 0; i < 32; i++)
            t->engines |= t->engines_ever >> i & 1 && e->things[i].here ? 1U << i : 0;
        t->here = t->engines;
    }
    return t->here;
}

static bool bring_something_back(struct random_run *r)
{
    int thing = random_thing(&r->estate, &r->dice, ~0U, false);

    if (thing == NOTHING || !bring_back(r, thing))
        return false;
    random_tell(r, "edit", "manifest brought back", r->estate.things[thing].name);
    return true;
}

/* movedFrom says one name: what it was called before must have come true, and what
 * dctd lost or forgot meanwhile is found by that one alone. */
static bool settled(const struct random_run *r, const struct thing *t)
{
    const struct kind_desc *k = kind_desc(t->kind);
    char *key = xasprintf("%s/%s", k->name, t->name);
    bool known = test_world_ledger(r->a.world, key) != NULL;

    free(key);
    return known && (!t->was[0] || !inside_named(r->a.world->sim, k->collection, t->was));
}

static bool rename_something(struct random_run *r)
{
    int thing = random_thing(&r->estate, &r->dice, ~0U, true);
    struct thing *t = thing == NOTHING ? NULL : &r->estate.things[thing];

    if (!t || t->found || t->kind == KIND_CONNECTOR || !settled(r, t))
        return false;
    memcpy(t->was, t->name, sizeof(t->was));
    (void)snprintf(t->name, sizeof(t->name), "%.12s-%zu-%zu", kind_desc(t->kind)->arg,
                   (size_t)thing, roll(&r->dice, 100000));
    random_tell(r, "edit", "renamed", t->name);
    return true;
}

static bool move_vdb(struct random_run *r)
{
    int thing = random_thing(&r->estate, &r->dice, 1U << KIND_VDB, true);
    int host = random_thing(&r->estate, &r->dice, 1U << KIND_ENVIRONMENT, true);
    struct thing *t = thing == NOTHING ? NULL : &r->estate.things[thing];

    if (!t || host == NOTHING || t->found || host == t->home || r->estate.things[host].found ||
        r->estate.things[host].engine != t->engine || random_estate_parent(&r->estate, thing))
        return false;
    t->home = host;
    t->barren = true;
    random_tell(r, "edit", "VDB on another host", t->name);
    return true;
}

static bool restage(struct random_run *r)
{
    int thing = random_thing(&r->estate, &r->dice, 1U << KIND_DSOURCE, true);
    int host = random_thing(&r->estate, &r->dice, 1U << KIND_ENVIRONMENT, true);
    struct thing *t = thing == NOTHING ? NULL : &r->estate.things[thing];

    if (!t || host == NOTHING || host == t->staging || r->estate.things[host].found ||
        r->estate.things[host].engine != t->engine)
        return false;
    t->staging = host;
    random_tell(r, "edit", "dSource staged on another host", t->name);
    return true;
}

static bool connector_version(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    bool up = e->version == 1 || !one_in(&r->dice, 3);

    if (e->version + 1 >= VERSIONS)
        return false;
    e->version += up ? 1 : -1U;
    e->newest = e->version > e->newest ? e->version : e->newest;
    r->a.world->plugin_version = versions[e->version];
    random_tell(r, "edit", up ? "newer connector" : "older connector", versions[e->version]);
    return true;
}

/* One engine more in a connector's list, or less. */
static bool connector_engines(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    int thing = random_thing(e, &r->dice, 1U << KIND_CONNECTOR, true);
    int engine = random_thing(e, &r->dice, 1U << KIND_ENGINE, true);
    unsigned bit = engine == NOTHING ? 0 : 1U << engine;

    if (thing == NOTHING || !bit)
        return false;
    for (size_t i = 0; i < e->n; i++) {
        if (e->things[i].kind == KIND_CONNECTOR && (int)i != thing &&
            e->things[i].engines_ever & bit)
            return false;
    }
    if (e->things[thing].engines == bit)
        return false;
    e->things[thing].engines ^= bit;
    e->things[thing].engines_ever |= bit;
    random_tell(r, "edit", "connector on other engines", e->things[thing].name);
    return true;
}

static bool rotate_secrets(struct random_run *r)
{
    r->a.world->secrets_turn = turns[roll(&r->dice, ARRAY_LEN(turns))];
    random_tell(r, "edit", "secrets rotated", r->a.world->secrets_turn);
    return true;
}

/* Manifests that cannot be read, and those of which nothing is left. */
static bool spoil(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    int thing = random_thing(e, &r->dice, ~0U, true);

    switch (roll(&r->dice, 3)) {
    case 0:
        e->garbage = true;
        random_tell(r, "edit", "a document that is no manifest", "");
        return true;
    case 1:
        e->emptied = true;
        random_tell(r, "edit", "all manifests gone", "");
        return true;
    default:
        if (thing == NOTHING)
            return false;
        e->things[thing].broken = true;
        random_tell(r, "edit", "manifest broken", e->things[thing].name);
        return true;
    }
}

static bool repair(struct random_run *r)
{
    struct random_estate *e = &r->estate;
    bool any = e->garbage || e->emptied;

    for (size_t i = 0; i < e->n; i++) {
        any = any || e->things[i].broken;
        e->things[i].broken = false;
    }
    e->garbage = e->emptied = false;
    if (any)
        random_tell(r, "edit", "manifests valid again", "");
    return any;
}

static bool pruning(struct random_run *r)
{
    struct cycle_options *o = &r->a.world->options;
    static const unsigned budgets[] = { 0, 1, 2, 5 };

    if (one_in(&r->dice, 2)) {
        o->prune = !o->prune;
        random_tell(r, "edit", o->prune ? "prune on" : "prune off", "");
    } else {
        o->delete_budget = budgets[roll(&r->dice, ARRAY_LEN(budgets))];
        o->delete_percent = one_in(&r->dice, 3) ? 30 : 0;
        random_tell(r, "edit", "delete budget", "");
    }
    test_world_options(r->a.world);
    return true;
}

/* Fewer at a time only while nothing is under way: what is there is not stopped. */
static bool limits(struct random_run *r)
{
    static const unsigned each[] = { 1, 2, 4, 8 };
    struct cycle_options *o = &r->a.world->options;
    struct cycle_status status;

    cycle_status(r->a.world->cycle, &status);
    for (size_t i = 0; i < r->a.world->n_ledger; i++) {
        if (strstr(r->a.world->ledger[i].text, "\"intent\""))
            return false;
    }
    if (status.phase != CYCLE_IDLE)
        return false;
    o->per_engine = each[roll(&r->dice, ARRAY_LEN(each))];
    o->per_environment = each[roll(&r->dice, ARRAY_LEN(each))];
    o->total = o->per_engine * (1 + (unsigned)roll(&r->dice, 3));
    o->interval = (msec)(5 + roll(&r->dice, 20)) * 60000;
    test_world_options(r->a.world);
    random_tell(r, "edit", "limits", "");
    return true;
}

static bool suspend_kinds(struct random_run *r)
{
    static const struct suspension all[] = {
        { .kind = KINDS, .reason = "because", .until = 48600000 },
        { .kind = KIND_VDB, .reason = "because" },
        { .kind = KIND_DSOURCE, .until = 57600000 },
        { .kind = KIND_ENVIRONMENT, .reason = "because" },
    };
    struct cycle_options *o = &r->a.world->options;
    bool lift = o->n_suspensions;

    o->n_suspensions = lift ? 0 : 1;
    o->suspensions = &all[roll(&r->dice, ARRAY_LEN(all))];
    test_world_options(r->a.world);
    random_tell(r, "edit", lift ? "kinds resumed" : "kinds suspended", "");
    return true;
}

/* What edits other than of a field may be called, and how likely they are. */
static const struct {
    size_t weight;
    bool (*make)(struct random_run *r);
    const char *names[6];
} edits[] = {
    { 12, edit_attribute, { NULL } },
    { 3,
      add_something,
      { "engine added", "connector added", "host added", "dSource added", "VDB added" } },
    { 1, add_from_legacy, { "VDB of a bookmark added", "VDB of a foreign dSource added" } },
    { 1, add_found, { "manifest for what somebody made" } },
    { 2, remove_something, { "manifest removed" } },
    { 2, bring_something_back, { "manifest brought back" } },
    { 2, rename_something, { "renamed" } },
    { 1, move_vdb, { "VDB on another host" } },
    { 1, restage, { "dSource staged on another host" } },
    { 1, connector_version, { "newer connector", "older connector" } },
    { 1, connector_engines, { "connector on other engines" } },
    { 1, rotate_secrets, { "secrets rotated" } },
    { 1, spoil, { "a document that is no manifest", "all manifests gone", "manifest broken" } },
    { 2, repair, { "manifests valid again" } },
    { 2, pruning, { "prune on", "prune off", "delete budget" } },
    { 1, limits, { "limits" } },
    { 1, suspend_kinds, { "kinds suspended", "kinds resumed" } },
};

void random_edits_expect(struct tally *t)
{
    for (size_t i = 0; i < random_attribute_count(); i++) {
        if (!(random_attributes[i].flags & FIXED))
            tally_add(t, "edit", random_attributes[i].name, 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(edits); i++) {
        for (size_t j = 0; j < ARRAY_LEN(edits[i].names) && edits[i].names[j]; j++)
            tally_add(t, "edit", edits[i].names[j], 0);
    }
}

/* Somebody allowed that these become ours. */
static void release_found(struct random_run *r)
{
    for (size_t i = 0; i < r->estate.n; i++) {
        struct thing *t = &r->estate.things[i];
        unsigned adopt = *value_of(t, "policy adopt");
        if (t->found && t->here && (adopt == 1 || adopt == 3))
            invariants_release(&r->a.invariants, kind_desc(t->kind)->collection, t->name);
    }
}

void random_edit(struct random_run *r)
{
    size_t all = 0, at, i = 0;
    bool made = false;

    for (size_t k = 0; k < ARRAY_LEN(edits); k++)
        all += edits[k].weight;
    for (size_t tries = 0; !made && tries < 8; tries++) {
        at = roll(&r->dice, all);
        for (i = 0; at >= edits[i].weight; i++)
            at -= edits[i].weight;
        made = edits[i].make(r);
    }
    release_found(r);
}

static bool has_connector(const struct random_estate *e, int engine)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->things[i].kind == KIND_CONNECTOR && e->things[i].here && engine >= 0 &&
            engine < 32 && e->things[i].engines >> engine & 1)
            return true;
    }
    return false;
}

static void mend_thing(struct random_run *r, int thing)
{
    static const char *const plain[] = { "policy mode", "policy suspend", "policy ignore",
                                         "policy protect" };
    struct thing *t = &r->estate.things[thing];
    bool parent = random_estate_parent(&r->estate, thing);

    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        *value_of(t, plain[i]) = 0;
    *value_of(t, "policy adopt") = 1;
    *value_of(t, "policy replace") = 1;
    *value_of(t, "policy protect") = 2;
    if (t->kind == KIND_VDB)
        *value_of(t, "VDB lock") = 2;
    if (t->kind == KIND_VDB && (parent || !*value_of(t, "VDB enabled")))
        *value_of(t, "VDB enabled") = 1;
    if (t->kind == KIND_DSOURCE && (parent || !*value_of(t, "dSource enabled")))
        *value_of(t, "dSource enabled") = 1;
    if (!has_connector(&r->estate, t->engine)) /* no repository is found there */
        *value_of(t, "environment repository") = 0;
    protection_changes(r, t);
}

bool random_lift(struct random_run *r)
{
    const struct test_world *w = r->a.world;
    bool any = false;

    (void)repair(r);
    for (size_t i = 0; i < w->n_ledger; i++)
        any = any || strstr(w->ledger[i].text, "\"protect\":true");
    for (size_t i = 0; i < r->estate.n && any; i++) {
        *value_of(&r->estate.things[i], "policy protect") = 2;
        *value_of(&r->estate.things[i], "policy replace") = 2;
        protection_changes(r, &r->estate.things[i]);
    }
    return any;
}

void random_mend(struct random_run *r)
{
    struct test_world *w = r->a.world;

    (void)repair(r);
    for (size_t i = 0; i < r->estate.n; i++)
        mend_thing(r, (int)i);
    r->estate.version = r->estate.newest;
    w->plugin_version = versions[r->estate.version];
    w->options.prune = true;
    w->options.delete_budget = w->options.delete_percent = 0;
    w->options.n_suspensions = 0;
    test_world_options(w);
    release_found(r);
}

/* An engine came, and things on it, and never a connector. */
static void connect_engine(struct random_estate *e, size_t engine)
{
    struct thing *first = NULL;

    for (size_t i = 0; i < e->n; i++) {
        struct thing *t = &e->things[i];
        if (t->kind != KIND_CONNECTOR)
            continue;
        if (t->engines_ever >> engine & 1)
            return;
        first = first ? first : t;
    }
    if (!first)
        return;
    first->engines |= 1U << engine;
    first->engines_ever |= 1U << engine;
}

void random_mend_all(struct random_run *r)
{
    for (size_t i = 0; i < r->estate.n && i < 32; i++) {
        if (r->estate.things[i].kind == KIND_ENGINE)
            connect_engine(&r->estate, i);
    }
    for (size_t i = 0; i < r->estate.n; i++) {
        if (!r->estate.things[i].here)
            (void)bring_back(r, (int)i);
        if (r->estate.things[i].kind == KIND_CONNECTOR)
            (void)bring_back(r, (int)i);
    }
    release_found(r);
}
