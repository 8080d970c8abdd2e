/* The core is looked at from the outside: what it sends, and what stands in the
 * ledger at that moment. */
#include "tests/lib/random_promises.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_text.h"
#include "schema/json.h"
#include "tests/lib/inside.h"

enum { LOOKED_AT = 256, PLANS_READ = 16, DAYS = 86400000 };

static unsigned value_of(const struct thing *t, const char *attribute)
{
    return t->values[random_attribute(attribute)];
}

/* "@engine", and the connector is listed for that. */
static bool on_engine(const struct random_estate *e, const struct thing *t, const char *rest)
{
    for (size_t i = 0; *rest == '@' && i < 32 && i < e->n; i++) {
        if (t->engines >> i & 1 && streq(e->things[i].name, rest + 1))
            return true;
    }
    return false;
}

const struct thing *random_thing_of(const struct random_estate *e, const char *key)
{
    const char *name = key ? strchr(key, '/') : NULL;

    for (size_t i = 0; name && i < e->n && !e->emptied; i++) {
        const struct thing *t = &e->things[i];
        size_t n = strlen(t->name);
        if (t->here && !t->broken && strncmp(name + 1, t->name, n) == 0 &&
            (!name[1 + n] || on_engine(e, t, name + 1 + n)) &&
            starts_with(key, kind_desc(t->kind)->name))
            return t;
    }
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && streq(text + n - m, end);
}

static bool is_deletion(const struct request *r)
{
    return streq(r->method, "DELETE") || streq(r->path, "/dsources/delete") ||
           (ends_with(r->path, "/delete") && !ends_with(r->path, "/tags/delete"));
}

/* Nothing but switching on what we switched off. */
static bool is_resting(const struct random_promises *p, const struct thing *t)
{
    static const msec until[] = { 0, 48600000, 57600000, 365L * DAYS };
    const struct test_world *w = p->invariants->world;
    unsigned suspended = value_of(t, "policy suspend");

    return value_of(t, "policy mode") > 1 ||
           (suspended && w->now + w->skew + w->ahead < until[suspended]);
}

static bool suspended(const struct test_world *w, enum kind kind)
{
    for (size_t i = 0; i < w->options.n_suspensions; i++) {
        const struct suspension *s = &w->options.suspensions[i];
        if ((s->kind == KINDS || s->kind == kind) &&
            (!s->until || s->until > w->now + w->skew + w->ahead))
            return true;
    }
    return false;
}

void random_suspensions(const struct test_world *w, struct suspensions *out)
{
    for (size_t i = 0; i < w->n_ledger; i++) {
        if (!starts_with(w->ledger[i].key, "Suspension"))
            continue;
        cJSON *record = json_parse(w->ledger[i].text, strlen(w->ledger[i].text), NULL);
        if (!suspension_restore(out, json_at(record, "suspension")))
            abort();
        cJSON_Delete(record);
    }
}

static bool is_lifted(const struct random_promises *p, const struct suspension *s)
{
    char *key = suspension_key(s);
    bool is = p->lifted_in == p->invariants->world->starts && strings_has(&p->lifted, key);

    free(key);
    return is;
}

/* What ran already comes to its end. */
static bool held_by_hand(const struct random_promises *p, enum kind kind, const char *key)
{
    const struct test_world *w = p->invariants->world;
    struct suspensions held = { 0 };
    bool holds = false;

    random_suspensions(w, &held);
    for (size_t i = 0; i < held.n; i++)
        holds = holds || (!is_lifted(p, &held.items[i]) &&
                          suspension_holds(&held.items[i], kind, key, w->now + w->skew + w->ahead));
    suspensions_clear(&held);
    return holds && !strings_has(&p->begun, key);
}

void random_promises_suspend(struct random_promises *p)
{
    const struct plan *plan = cycle_plan(p->invariants->world->cycle);

    for (size_t i = 0; plan && i < plan->n; i++) {
        const struct action *a = &plan->items[i];
        if (a->state != A_WAITING && a->state != A_DONE && a->state != A_FAILED)
            strings_add(&p->begun, a->key);
    }
}

static enum kind kind_of_key(const char *key)
{
    enum kind k = 0;

    while (k < KINDS &&
           !(starts_with(key, kind_desc(k)->name) && key[strlen(kind_desc(k)->name)] == '/'))
        k++;
    return k;
}

static void policy_respected(struct random_promises *p, const struct request *r)
{
    const struct test_world *w = p->invariants->world;
    const struct thing *t = random_thing_of(p->estate, r->key);
    bool rests = (t && is_resting(p, t)) || suspended(w, kind_of_key(r->key)) ||
                 held_by_hand(p, kind_of_key(r->key), r->key);
    char *body = rests && r->body ? cJSON_PrintUnformatted(r->body) : NULL;
    bool pays = ends_with(r->path, "/enable") || (body && strstr(body, "dctd-owes-enable"));

    free(body);
    invariants_expect(p->invariants, !rests || pays,
                      "%s %s is sent for %s, which is to be left alone", r->method, r->path,
                      r->key);
}

static void deletion_allowed(struct random_promises *p, const struct request *r)
{
    const struct test_world *w = p->invariants->world;
    const struct thing *t = random_thing_of(p->estate, r->key);

    if (t) {
        invariants_expect(p->invariants,
                          value_of(t, "policy replace") == 1 && value_of(t, "policy protect") != 1,
                          "%s is deleted, and its manifest allows no replacement", r->key);
        return;
    }
    p->pruned++;
    invariants_expect(p->invariants, w->options.prune, "%s is pruned while that is off", r->key);
    invariants_expect(p->invariants,
                      !p->estate->garbage && !p->estate->emptied && !w->options.partial,
                      "%s is pruned while not all manifests are known", r->key);
    for (size_t i = 0; i < p->estate->n; i++)
        invariants_expect(p->invariants, !p->estate->things[i].broken || !p->estate->things[i].here,
                          "%s is pruned while a manifest is broken", r->key);
    invariants_expect(p->invariants,
                      !w->options.delete_budget || p->pruned <= w->options.delete_budget,
                      "%zu deletions of one plan, the budget is %u", p->pruned,
                      w->options.delete_budget);
}

static char *id_in(const char *path)
{
    const char *end = strrchr(path, '/'), *from = end;

    while (from > path && from[-1] != '/')
        from--;
    return xstrndup(from, (size_t)(end - from));
}

static bool wants_off(const struct thing *t)
{
    return t && (value_of(t, "VDB enabled") == 2 || value_of(t, "dSource enabled") == 2);
}

static void note_switch(struct random_promises *p, const struct request *r)
{
    const struct thing *t = random_thing_of(p->estate, r->key);

    if (!ends_with(r->path, "/disable") || wants_off(t) || p->invariants->world->ledger_full)
        return;
    char *id = id_in(r->path);
    if (!inside_busy(p->invariants->world->sim, id)) /* somebody else's switching, else */
        strings_add(&p->switched, id);
    free(id);
}

/* Does a job that the ledger knows of run on the engine? */
static size_t known_jobs(const struct test_world *w, const char *engine)
{
    char *mark = engine ? xasprintf("\"engine\":\"%s\"", engine) : NULL;
    size_t n = 0;

    for (size_t i = 0; i < w->n_ledger; i++) {
        const char *job = strstr(w->ledger[i].text, "\"job\":\"");
        if (!job || (mark && !strstr(w->ledger[i].text, mark)))
            continue;
        job += strlen("\"job\":\"");
        char *id = xstrndup(job, strcspn(job, "\""));
        n += inside_job_runs(w->sim, id);
        free(id);
    }
    free(mark);
    return n;
}

static void engines_within_limits(struct random_promises *p)
{
    const struct test_world *w = p->invariants->world;

    for (size_t i = 0; i < w->n_ledger; i++) {
        const char *id = strstr(w->ledger[i].text, "\"engine\":\"");
        if (!id || !strstr(w->ledger[i].text, "\"job\":\""))
            continue;
        id += strlen("\"engine\":\"");
        char *engine = xstrndup(id, strcspn(id, "\""));
        size_t n = known_jobs(w, engine);
        invariants_expect(p->invariants, !w->options.per_engine || n <= w->options.per_engine,
                          "engine %s works on %zu jobs of ours, the limit is %u", engine, n,
                          w->options.per_engine);
        free(engine);
    }
}

static void plan_tells_no_secret(struct random_promises *p)
{
    const struct plan *plan = cycle_plan(p->invariants->world->cycle);
    struct buf b = BUF_WITH_LIMIT(1 << 20);

    p->pruned = 0;
    strings_clear(&p->begun);
    if (!plan || ++p->plans % PLANS_READ)
        return;
    plan_text(plan, false, NULL, &b);
    invariants_expect(p->invariants, !strstr(buf_text(&b), "s3cret-"),
                      "a secret's value is in the plan");
    buf_clear(&b);
}

static void check_write(struct random_promises *p, const struct request *r)
{
    if (!r->write || !r->key)
        return;
    policy_respected(p, r);
    note_switch(p, r);
    if (is_deletion(r))
        deletion_allowed(p, r);
}

static void note_let_go(struct random_promises *p, const char *key)
{
    const char *kept = test_world_ledger(p->invariants->world, key);
    cJSON *entry = kept ? json_parse(kept, strlen(kept), NULL) : NULL;

    if (json_text(entry, "id")) {
        strings_add(&p->let_go, key);
        strings_add(&p->let_go, json_text(entry, "id"));
    }
    cJSON_Delete(entry);
}

/* Suspended, or lifted by a person or by its end: what a disk that is full holds of
 * it is not what the process knows. */
static void note_suspension(struct random_promises *p, const char *key)
{
    const struct test_world *w = p->invariants->world;

    if (p->lifted_in != w->starts)
        strings_clear(&p->lifted);
    p->lifted_in = w->starts;
    if (w->ledger_full)
        strings_add(&p->lifted, key);
}

static void watch(void *ctx, const struct effect *e)
{
    struct random_promises *p = ctx;

    if (!e)
        return;
    if (e->type == FX_PLANNED)
        plan_tells_no_secret(p);
    else if (e->type == FX_SEND)
        check_write(p, e->request);
    else if (e->type == FX_RECORD && starts_with(e->record.key, "Suspension"))
        note_suspension(p, e->record.key);
    else if (e->type == FX_RECORD && !e->record.text)
        note_let_go(p, e->record.key);
    else if (e->type == FX_RECORD && strstr(e->record.text, "\"job\":\""))
        engines_within_limits(p);
    else if (e->type == FX_REPORT && e->report.kind == REPORT_DONE && e->report.verb)
        tally_add(p->tally, "verb", e->report.verb, 1);
}

void random_promises_begin(struct random_promises *p, struct invariants *v,
                           const struct random_estate *e, struct tally *tally)
{
    *p = (struct random_promises){ .invariants = v, .estate = e, .tally = tally };
    v->also = watch;
    v->ctx = p;
}

void random_promises_end(struct random_promises *p)
{
    p->invariants->also = NULL;
    strings_clear(&p->switched);
    strings_clear(&p->bare);
    strings_clear(&p->let_go);
    strings_clear(&p->begun);
    strings_clear(&p->lifted);
}

static const struct thing *thing_named(const struct random_estate *e, const struct inside *o)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct thing *t = &e->things[i];
        if (t->here && streq(kind_desc(t->kind)->collection, o->collection) &&
            (streq(t->name, o->name) || streq(t->was, o->name)))
            return t;
    }
    return NULL;
}

/* DCT refuses to switch it on: its host is off, or somebody locked it. */
static bool barred(const struct random_promises *p, const struct inside *o)
{
    const struct sim *s = p->invariants->world->sim;
    const char *host = json_text(o->json, "environment_id");
    struct inside env, staging;
    bool off = false;

    if (!host && inside_staging(s, json_text(o->json, "staging_source_id"), &staging))
        host = json_text(staging.json, "environment_id");
    if (host)
        off = !inside_find(s, "/environments", host, &env) || !json_true(env.json, "enabled");
    return off || json_true(o->json, "is_locked");
}

/* The ledger was lost, and somebody took the tags off: nothing tells of the debt. */
static bool nobody_knows(const struct random_promises *p, const struct inside *o)
{
    const struct test_world *w = p->invariants->world;
    char *id = xasprintf("\"id\":\"%s\"", o->id);
    bool told = o->marked || !strings_has(&p->bare, o->id);

    for (size_t i = 0; i < w->n_ledger && !told; i++)
        told = strstr(w->ledger[i].text, id) && strstr(w->ledger[i].text, "\"owesEnable\"");
    free(id);
    return p->forgetful && !told;
}

void random_promises_bare(struct random_promises *p, const char *id)
{
    strings_add(&p->bare, id);
}

void random_promises_disabled(struct random_promises *p, const char *id)
{
    for (size_t i = 0; i < p->switched.n; i++) {
        if (streq(p->switched.items[i], id))
            *p->switched.items[i] = '\0';
    }
}

void random_promises_at_rest(struct random_promises *p)
{
    static const char *const datasets[] = { "/vdbs", "/dsources" };
    struct inside o;

    for (size_t i = 0; i < p->switched.n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(datasets); k++) {
            if (!inside_find(p->invariants->world->sim, datasets[k], p->switched.items[i], &o) ||
                !o.off)
                continue;
            bool foreign = !streq(o.owner, p->invariants->world->options.instance);
            invariants_expect(p->invariants,
                              foreign || barred(p, &o) || wants_off(thing_named(p->estate, &o)) ||
                                  nobody_knows(p, &o),
                              "%s was switched off for a change, and is off at rest", o.name);
        }
    }
    strings_clear(&p->switched);
}

static const char *engine_id(const struct inside *all, size_t n, const struct random_estate *e,
                             int engine)
{
    for (size_t i = 0; i < n; i++) {
        if (streq(all[i].collection, "/management/engines") &&
            streq(all[i].name, e->things[engine].name))
            return all[i].id;
    }
    return NULL;
}

static void text_is(struct random_promises *p, const struct inside *o, const char *path,
                    const char *expected)
{
    const cJSON *v = json_at(o->json, path);
    char *is = !v ? NULL : cJSON_IsString(v) ? xstrdup(v->valuestring) : cJSON_PrintUnformatted(v);

    invariants_expect(p->invariants, streq(is, expected), "converged, and %s of %s is %s, not %s",
                      path, o->name, is ? is : "absent", expected);
    free(is);
}

/* Values that are read straight from DCT. */
static const struct {
    const char *attribute, *path, *before;
    unsigned plus, factor; /* of the number after `before` */
} values[] = {
    { "environment SSH port", "hosts[0].ssh_port", "22", 0, 0 },
    { "environment description", "description", "text-", 0, 0 },
    { "dSource description", "description", "text-", 0, 0 },
    { "VDB description", "description", "text-", 0, 0 },
    { "dSource port", "appdata_source_params.postgresPort", NULL, 5400, 8 },
    { "VDB port", "appdata_source_params.postgresPort", NULL, 5400, 8 },
    { "dSource mount", "appdata_source_params.mountLocation", "/mnt/", 0, 1 },
    { "VDB mount", "appdata_source_params.mountLocation", "/mnt/", 0, 1 },
};

static void values_are(struct random_promises *p, size_t thing, const struct inside *o)
{
    const struct thing *t = &p->estate->things[thing];
    bool forgotten = p->forgetful || strings_has(&p->let_go, o->id);

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        size_t row = random_attribute(values[i].attribute);
        unsigned v = t->values[row];
        bool blind = forgotten && !(random_attributes[row].flags & ALWAYS);
        if (random_attributes[row].kind != t->kind || !v || blind)
            continue;
        char *expected = values[i].factor == 8
                             ? xasprintf("%zu", values[i].plus + thing * values[i].factor + v)
                         : values[i].factor ? xasprintf("%s%zu-%u", values[i].before, thing, v)
                                            : xasprintf("%s%u", values[i].before, v);
        text_is(p, o, values[i].path, expected);
        free(expected);
    }
    bool said = t->values[random_attribute("VDB enabled")] ||
                t->values[random_attribute("dSource enabled")];
    invariants_expect(p->invariants, !said || o->off == wants_off(t), "converged, and %s is %s",
                      o->name, o->off ? "off" : "on");
}

/* The thing is there, once, with its values. */
static void thing_is(struct random_promises *p, size_t thing, const struct inside *all, size_t n)
{
    const struct thing *t = &p->estate->things[thing];
    const char *engine = t->kind == KIND_ENGINE ? NULL : engine_id(all, n, p->estate, t->engine);
    const struct inside *is = NULL;
    size_t there = 0;

    for (size_t i = 0; i < n; i++) {
        if (!streq(all[i].collection, kind_desc(t->kind)->collection) ||
            !streq(all[i].name, t->name) || !streq(all[i].engine, engine))
            continue;
        is = &all[i];
        there++;
    }
    invariants_expect(p->invariants, there == 1, "converged, and DCT has %zu %s called %s", there,
                      kind_desc(t->kind)->name, t->name);
    if (is)
        values_are(p, thing, is);
}

/* Of what has a manifest: else nobody may have been allowed to see to it. */
static void nothing_open(struct random_promises *p)
{
    const struct test_world *w = p->invariants->world;

    for (size_t i = 0; i < w->n_ledger; i++) {
        const char *text = w->ledger[i].text;
        bool open = strstr(text, "\"intent\"") || strstr(text, "\"owes");
        invariants_expect(p->invariants, !open || !random_thing_of(p->estate, w->ledger[i].key),
                          "at rest the ledger still holds: %s", text);
    }
}

void random_promises_kept(struct random_promises *p)
{
    struct inside all[LOOKED_AT];
    size_t n = inside_all(p->invariants->world->sim, all, LOOKED_AT);

    nothing_open(p);
    for (size_t i = 0; i < p->estate->n; i++) {
        const struct thing *t = &p->estate->things[i];
        if (t->here && t->kind != KIND_CONNECTOR)
            thing_is(p, i, all, n);
    }
}
