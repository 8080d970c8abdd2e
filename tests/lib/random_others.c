/* What other people do in DCT, and what becomes of our own disk. */
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/lib/inside.h"
#include "tests/lib/random_run.h"

enum { LOOKED_AT = 256 };

/* One of ours in one of the collections, "/vdbs /dsources". */
static bool pick(struct random_run *r, const char *collections, struct inside *out)
{
    struct inside all[LOOKED_AT];
    size_t n = inside_all(random_world(r)->sim, all, LOOKED_AT), fit = 0;

    for (size_t i = 0; i < n; i++) {
        if (strstr(collections, all[i].collection) &&
            streq(all[i].owner, random_world(r)->options.instance) && roll(&r->dice, ++fit) == 0)
            *out = all[i];
    }
    if (!fit)
        return false;
    /* What is about to be done to it may be the end of its texts. */
    strings_clear(&r->picked);
    strings_add(&r->picked, out->id);
    strings_add(&r->picked, out->name);
    out->id = r->picked.items[0];
    out->name = r->picked.items[1];
    return true;
}

static int call(struct random_run *r, const char *method, const struct inside *o, const char *what,
                const char *body)
{
    char *path = xasprintf("%s/%s%s", o->collection, o->id, what);
    int status = test_world_call(random_world(r), method, path, body, NULL);

    free(path);
    return status;
}

static bool drift(struct random_run *r, const struct inside *o, const char *set, const char *name)
{
    char *body = xasprintf("{\"path\":\"%s/%s\",\"set\":%s}", o->collection, o->id, set);
    int status = test_world_call(random_world(r), "POST", "/_sim/drift", body, NULL);

    free(body);
    random_tell(r, "others", name, o->name);
    return status < 300;
}

static bool change_field(struct random_run *r)
{
    struct inside o = { 0 };

    return pick(r, "/vdbs /dsources /environments", &o) &&
           drift(r, &o, "{\"description\":\"by somebody\"}", "a field changed");
}

static bool change_parameter(struct random_run *r)
{
    struct inside o = { 0 };

    return pick(r, "/vdbs", &o) &&
           drift(r, &o, "{\"appdata_source_params\":{\"mountLocation\":\"/mnt/somewhere\"}}",
                 "a field changed that needs it disabled");
}

static bool drop_tags(struct random_run *r)
{
    struct inside o = { 0 };

    /* After the ledger was lost the tag is all that tells. */
    if (!pick(r, "/vdbs /dsources /environments /sources /toolkits /management/engines", &o) ||
        !test_world_ledger_names(random_world(r), o.id))
        return false;
    random_promises_bare(&r->promises, o.id);
    return drift(r, &o, "{\"tags\":[]}", "tags removed");
}

/* While nothing is on its way to it: what was begun is carried through. */
static bool take_over(struct random_run *r)
{
    struct cycle_status status;
    struct inside o = { 0 };

    cycle_status(random_world(r)->cycle, &status);
    if (status.phase != CYCLE_IDLE || !pick(r, "/vdbs", &o) ||
        inside_busy(random_world(r)->sim, o.id) || test_world_late(random_world(r)) ||
        inside_out_of_sight(random_world(r)->sim))
        return false;
    char *id = xstrdup(o.id), *name = xstrdup(o.name);
    bool done = drift(r, &o, "{\"tags\":[{\"key\":\"dctd-owner\",\"value\":\"other\"}]}",
                      "owner tag of another instance");
    invariants_unguard(&r->a.invariants, "/vdbs", name);
    invariants_claim(&r->a.invariants, "/vdbs", id);
    strings_add(&r->taken, id);
    free(name);
    free(id);
    return done;
}

static bool disable(struct random_run *r)
{
    struct inside o = { 0 };

    if (!pick(r, "/vdbs /dsources", &o) || call(r, "POST", &o, "/disable", "{}") != 200)
        return false;
    random_promises_disabled(&r->promises, o.id);
    random_tell(r, "others", "disabled", o.name);
    return true;
}

static bool disable_host(struct random_run *r)
{
    struct inside o = { 0 };

    if (!pick(r, "/environments", &o) || call(r, "POST", &o, "/disable", NULL) != 200)
        return false;
    random_tell(r, "others", "host disabled", o.name);
    return true;
}

static bool lock(struct random_run *r)
{
    struct inside o = { 0 };

    if (!pick(r, "/vdbs", &o) || call(r, "POST", &o, "/lock", "{}") != 200)
        return false;
    random_tell(r, "others", "locked", o.name);
    return true;
}

/* A person may delete what is protected from us. */
static bool remove_it(struct random_run *r)
{
    struct inside o = { 0 };
    int status;

    if (!pick(r, "/vdbs /dsources /sources /environments", &o))
        return false;
    invariants_unguard(&r->a.invariants, o.collection, o.name);
    if (streq(o.collection, "/vdbs")) {
        status = call(r, "POST", &o, "/delete", "{}");
    } else if (streq(o.collection, "/dsources")) {
        char *body = xasprintf("{\"dsource_id\":\"%s\"}", o.id);
        status = test_world_call(random_world(r), "POST", "/dsources/delete", body, NULL);
        free(body);
    } else {
        status = call(r, "DELETE", &o, "", NULL);
    }
    if (status >= 300)
        return false;
    random_tell(r, "others", "deleted", o.name);
    return true;
}

/* The mark that says so in DCT is on the object. */
static bool is_marked(const struct test_world *w, const char *entry)
{
    static const char *const datasets[] = { "/vdbs", "/dsources" };
    cJSON *e = json_parse(entry, strlen(entry), NULL);
    const char *id = json_text(e, "id");
    bool marked = false;
    struct inside o = { 0 };

    for (size_t i = 0; id && i < ARRAY_LEN(datasets); i++) {
        marked = marked || (inside_find(w->sim, datasets[i], id, &o) && o.marked);
    }
    cJSON_Delete(e);
    return marked;
}

/* A debt that neither a mark in DCT nor a manifest tells of. */
static bool owes_unmarked(const struct random_run *r, const struct told *entry)
{
    const struct thing *t = random_thing_of(&r->estate, entry->key);
    bool said = t && !t->values[random_attribute("policy mode")] &&
                !t->values[random_attribute("policy suspend")] &&
                (t->values[random_attribute("VDB enabled")] == 1 ||
                 t->values[random_attribute("dSource enabled")] == 1);

    return strstr(entry->text, "\"owesEnable\"") && !said && !is_marked(r->a.world, entry->text);
}

static bool owes(const struct random_run *r)
{
    for (size_t i = 0; i < r->a.world->n_ledger; i++) {
        if (owes_unmarked(r, &r->a.world->ledger[i]))
            return true;
    }
    return false;
}

/* What only the ledger knew is forgotten: protection without a manifest. */
static void forget_guards(struct random_run *r)
{
    cJSON_Delete(r->a.invariants.guarded);
    r->a.invariants.guarded = cJSON_CreateArray();
    r->promises.forgetful = true;
}

static bool has_intents(const struct test_world *w)
{
    for (size_t i = 0; i < w->n_ledger; i++) {
        if (strstr(w->ledger[i].text, "\"intent\""))
            return true;
    }
    return false;
}

/* Neither tag nor ledger tells that they are ours: nobody could know. */
static bool nameless(const struct test_world *w)
{
    struct inside all[LOOKED_AT];
    size_t n = inside_all(w->sim, all, LOOKED_AT);

    for (size_t i = 0; i < n; i++) {
        if (!all[i].owner && test_world_ledger_names(w, all[i].id))
            return true;
    }
    return false;
}

/* Renamed again before DCT has heard of the first time: what it is called there,
 * only the ledger knows. */
static bool renamed_twice(const struct random_run *r)
{
    bool twice = false;

    for (size_t i = 0; i < r->estate.n && !twice; i++) {
        const struct thing *t = &r->estate.things[i];
        char *key = xasprintf("%s/%s", kind_desc(t->kind)->name, t->name);
        const char *kept = test_world_ledger(r->a.world, key);
        cJSON *entry = kept ? json_parse(kept, strlen(kept), NULL) : NULL;
        const char *id = json_text(entry, "id");
        struct inside o;
        twice = id && inside_find(r->a.world->sim, kind_desc(t->kind)->collection, id, &o) &&
                !streq(o.name, t->name) && !streq(o.name, t->was);
        cJSON_Delete(entry);
        free(key);
    }
    return twice;
}

static void reborn(struct random_run *r)
{
    test_world_restart(random_world(r));
    random_manifests(r);
}

/* What goes on where DCT itself has lost sight of it, only the ledger knows; and
 * a debt, what bears no tag, what has a name that no manifest knows, and what is
 * still on its way to DCT. */
static bool is_precious(const struct random_run *r)
{
    const struct test_world *w = r->a.world;

    return owes(r) || nameless(w) || renamed_twice(r) || inside_out_of_sight(w->sim) ||
           test_world_late(w);
}

static bool lose_ledger(struct random_run *r)
{
    if (is_precious(r))
        return false;
    test_world_ledger_lost(random_world(r));
    forget_guards(r);
    random_tell(r, "others", "ledger lost", "");
    reborn(r);
    return true;
}

/* An older one, of the same manifests. */
static bool roll_back_ledger(struct random_run *r)
{
    struct test_world *w = random_world(r);

    if (is_precious(r) || has_intents(w)) /* an older intent would be taken for the one of today */
        return false;
    test_world_ledger_lost(w);
    for (size_t i = 0; i + 1 < r->ledger.n; i += 2)
        test_world_keep(w, r->ledger.items[i], r->ledger.items[i + 1]);
    forget_guards(r);
    random_tell(r, "others", "ledger rolled back", "");
    reborn(r);
    return true;
}

static const struct {
    size_t weight;
    bool (*act)(struct random_run *r);
    const char *name;
} others[] = {
    { 3, change_field, "a field changed" },
    { 3, change_parameter, "a field changed that needs it disabled" },
    { 2, drop_tags, "tags removed" },
    { 1, take_over, "owner tag of another instance" },
    { 2, disable, "disabled" },
    { 1, disable_host, "host disabled" },
    { 1, lock, "locked" },
    { 2, remove_it, "deleted" },
    { 1, lose_ledger, "ledger lost" },
    { 1, roll_back_ledger, "ledger rolled back" },
};

void random_others_expect(struct tally *t)
{
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        tally_add(t, "others", others[i].name, 0);
}

void random_others(struct random_run *r)
{
    size_t all = 0, at, i = 0;

    for (size_t k = 0; k < ARRAY_LEN(others); k++)
        all += others[k].weight;
    at = roll(&r->dice, all);
    while (at >= others[i].weight)
        at -= others[i++].weight;
    (void)others[i].act(r);
}

/* Does DCT say whose it is: by our tag, under a name that its manifest knows? */
static bool tells_itself(const struct random_run *r, const struct inside *o, const struct thing *t)
{
    return streq(o->owner, r->a.world->options.instance) &&
           (streq(o->name, t->name) || streq(o->name, t->was));
}

/* Whose manifest it is now: of that key, or renamed since. */
static const struct thing *heir(const struct random_estate *e, const char *key)
{
    const struct thing *t = random_thing_of(e, key);

    for (size_t i = 0; !t && i < e->n && !e->emptied; i++) {
        const struct thing *other = &e->things[i];
        char *was = xasprintf("%s/%s", kind_desc(other->kind)->name, other->was);
        if (other->here && !other->broken && other->was[0] && streq(was, key))
            t = other;
        free(was);
    }
    return t;
}

/* What the ledger let go of as its policy said, and what lost its tag or was given
 * a third name before a manifest wanted it again, nobody could know: a person says
 * `dctd adopt`. */
static void adopt_let_go(struct random_run *r)
{
    struct test_world *w = random_world(r);

    for (size_t i = 0; i + 1 < r->promises.let_go.n; i += 2) {
        const char *id = r->promises.let_go.items[i + 1];
        const struct thing *t = heir(&r->estate, r->promises.let_go.items[i]);
        char *key = t ? xasprintf("%s/%s", kind_desc(t->kind)->name, t->name) : NULL;
        struct inside o;
        if (t && t->kind != KIND_CONNECTOR && !test_world_ledger(w, key) &&
            !test_world_ledger_names(w, id) &&
            inside_find(w->sim, kind_desc(t->kind)->collection, id, &o) &&
            !tells_itself(r, &o, t)) {
            random_tell(r, "end", "adopted by hand", key);
            test_world_ask(w, EV_ADOPT,
                           (struct hand){
                               .whom = "somebody", .key = key, .kind = t->kind, .id = id });
        }
        free(key);
    }
}

/* After the ledger was lost nothing tells that a link has failed: the dSource is ours
 * by its tag, and is brought in line, but nothing can be made from it. */
static void remove_half_made(struct random_run *r, const struct inside *o)
{
    struct test_world *w = random_world(r);

    if (!r->promises.forgetful || !streq(o->collection, "/dsources") ||
        !inside_half_made(w->sim, o->id))
        return;
    char *body = xasprintf("{\"dsource_id\":\"%s\"}", o->id);
    invariants_unguard_id(&r->a.invariants, o->id);
    if (test_world_call(w, "POST", "/dsources/delete", body, NULL) < 300)
        random_tell(r, "end", "what is half made deleted by hand", "");
    free(body);
}

void random_others_mend(struct random_run *r)
{
    struct test_world *w = random_world(r);
    struct inside all[LOOKED_AT];
    size_t n;

    for (size_t i = 0; i < r->taken.n; i++) {
        char *body = xasprintf("{\"path\":\"/vdbs/%s\",\"set\":{\"tags\":[{\"key\":\"dctd-owner\","
                               "\"value\":\"%s\"}]}}",
                               r->taken.items[i], w->options.instance);
        (void)test_world_call(w, "POST", "/_sim/drift", body, NULL);
        invariants_disclaim(&r->a.invariants, "/vdbs", r->taken.items[i]);
        free(body);
    }
    strings_clear(&r->taken);
    adopt_let_go(r);
    n = inside_all(w->sim, all, LOOKED_AT);
    for (size_t i = 0; i < n; i++) {
        if (!streq(all[i].owner, w->options.instance) && !test_world_ledger_names(w, all[i].id))
            continue;
        remove_half_made(r, &all[i]);
        if (streq(all[i].collection, "/vdbs") && json_true(all[i].json, "is_locked"))
            (void)call(r, "POST", &all[i], "/unlock", NULL);
    }
}
