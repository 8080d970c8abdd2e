/* The simulator is looked at from the inside, the core only from the outside. */
#include "tests/lib/invariants.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/lib/inside.h"

enum { LOOKED_AT = 512 };

static const char secret[] = "s3cret-";

/* What DCT holds, looked at once for each check. */
struct objects {
    const struct inside *at;
    size_t n;
};

static struct objects look(const struct invariants *v)
{
    return (struct objects){ v->room, inside_all(v->world->sim, v->room, LOOKED_AT) };
}

static void broke(struct invariants *v, char *text)
{
    if (!v->broken)
        v->broken = xasprintf("at %" PRId64 ": %s", v->world->now, text);
    free(text);
}

void invariants_expect(struct invariants *v, bool holds, const char *fmt, ...)
{
    struct buf text = BUF_WITH_LIMIT(1 << 16);
    va_list args;

    v->checks++;
    if (holds)
        return;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    broke(v, buf_take(&text));
}

static char *address(const struct inside *o)
{
    return xasprintf("%s/%s", o->collection, o->id);
}

static bool ours(const struct invariants *v, const struct inside *o)
{
    char *at = address(o);
    bool foreign = cJSON_HasObjectItem(v->foreign, at);

    free(at);
    return !foreign;
}

static void no_secret(struct invariants *v, const char *where, const char *text)
{
    v->checks++;
    if (text && strstr(text, secret))
        broke(v, xasprintf("a secret's value is in %s: %s", where, text));
}

/* The word stands in the text on its own. */
static bool holds_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *at = text; text && (at = strstr(at, word)); at += n) {
        bool begins = at == text || strchr("/\"'= ", at[-1]), ends = strchr("/\"'& ?", at[n]);
        if (begins && (ends || !at[n]))
            return true;
    }
    return false;
}

static const struct kind_desc *kind_made_by(const struct request *r)
{
    for (enum kind k = 0; k < KINDS; k++) {
        const struct kind_desc *d = kind_desc(k);
        for (size_t i = 0; i < d->n_creates; i++) {
            if (streq(r->method, d->creates[i].method) && streq(r->path, d->creates[i].path) &&
                !(d->flags & KIND_PER_ENGINE))
                return d;
        }
    }
    return NULL;
}

bool invariants_makes(const struct request *r)
{
    return kind_made_by(r);
}

/* A write names no object that is not ours; what is new may come from one. */
static void nothing_foreign(struct invariants *v, const struct request *r)
{
    char *body = r->body && !kind_made_by(r) ? cJSON_PrintUnformatted(r->body) : NULL;
    const cJSON *f;

    cJSON_ArrayForEach(f, v->foreign) {
        const char *id = strrchr(f->string, '/') + 1;
        v->checks++;
        if (holds_word(r->path, id) || holds_word(body, id))
            broke(v, xasprintf("%s %s %s names %s, which is not ours", r->method, r->path,
                               body ? body : "", f->string));
    }
    free(body);
}

static void intent_first(struct invariants *v, const struct request *r)
{
    const char *kept = r->key ? test_world_ledger(v->world, r->key) : NULL;
    cJSON *entry = kept ? json_parse(kept, strlen(kept), NULL) : NULL;
    const cJSON *intent = json_at(entry, "intent");

    v->checks++;
    if (!v->world->ledger_full && (!intent || json_text(intent, "job")))
        broke(v, xasprintf("%s %s is sent while the ledger holds of %s: %s", r->method, r->path,
                           r->key ? r->key : "(no object)", kept ? kept : "nothing"));
    cJSON_Delete(entry);
}

/* No create while DCT has the object, or is still making it. */
static void not_again(struct invariants *v, const struct request *r)
{
    const struct kind_desc *k = kind_made_by(r);

    if (!k || v->may_be_twice)
        return;
    struct objects all = look(v);
    for (size_t i = 0; i < all.n; i++) {
        const struct inside *o = &all.at[i];
        v->checks++;
        if (streq(o->collection, k->collection) && streq(o->name, json_text(r->body, "name")) &&
            ours(v, o) && !inside_half_made(v->world->sim, o->id))
            broke(v, xasprintf("%s is asked to be made again, DCT has %s", r->key, o->id));
    }
}

static void check_request(struct invariants *v, const struct request *r)
{
    no_secret(v, "a path", r->path);
    if (!r->write)
        return;
    intent_first(v, r);
    nothing_foreign(v, r);
    not_again(v, r);
}

static bool same(const cJSON *a, const cJSON *b, const char *member)
{
    const cJSON *x = json_at(a, member), *y = json_at(b, member);

    return (!x && !y) || cJSON_Compare(x, y, true);
}

static void foreign_is_untouched(struct invariants *v)
{
    const cJSON *f;

    cJSON_ArrayForEach(f, v->foreign) {
        const char *id = strrchr(f->string, '/') + 1;
        char *collection = xstrndup(f->string, (size_t)(id - 1 - f->string));
        struct inside o;
        v->checks++;
        if (!inside_find(v->world->sim, collection, id, &o))
            broke(v, xasprintf("%s is gone, and was not ours", f->string));
        else if (!same(o.json, f, "tags") || !same(o.json, f, "enabled") ||
                 !same(o.json, f, "name") || !same(o.json, f, "config_params") ||
                 !same(o.json, f, "appdata_source_params"))
            broke(v, xasprintf("%s was changed, and is not ours", f->string));
        free(collection);
    }
}

static void none_twice(struct invariants *v, const struct objects *all)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct inside *a = &all->at[i];
        for (size_t j = 0; j < i; j++) {
            const struct inside *b = &all->at[j];
            v->checks++;
            if (!v->may_be_twice && streq(a->collection, b->collection) &&
                streq(a->name, b->name) && streq(a->engine, b->engine) && ours(v, a) && ours(v, b))
                broke(v, xasprintf("%s and %s are both called %s", a->id, b->id, a->name));
        }
    }
}

static void guarded_are_there(struct invariants *v)
{
    const cJSON *g;
    struct inside o;

    cJSON_ArrayForEach(g, v->guarded) {
        v->checks++;
        if (!inside_find(v->world->sim, json_text(g, "collection"), json_text(g, "id"), &o))
            broke(v, xasprintf("%s is gone, and was protected", json_text(g, "id")));
    }
}

static bool running(const struct action *a)
{
    return a->state != A_WAITING && a->state != A_DONE && a->state != A_FAILED;
}

static void within_limits(struct invariants *v)
{
    const struct plan *p = cycle_plan(v->world->cycle);
    const struct cycle_options *o = &v->world->options;
    size_t total = 0;

    for (size_t i = 0; p && i < p->n; i++) {
        size_t on_engine = 0;
        if (!running(&p->items[i]))
            continue;
        total++;
        for (size_t j = 0; j < p->n; j++)
            on_engine += running(&p->items[j]) && p->items[i].engine &&
                         streq(p->items[i].engine, p->items[j].engine);
        invariants_expect(v, !o->per_engine || on_engine <= o->per_engine,
                          "%zu actions at once on engine %s", on_engine, p->items[i].engine);
    }
    invariants_expect(v, !o->total || total <= o->total, "%zu actions at once", total);
}

static void look_through(struct invariants *v)
{
    struct objects all = look(v);

    foreign_is_untouched(v);
    none_twice(v, &all);
    guarded_are_there(v);
}

static void watch(struct test_world *w, const struct effect *e)
{
    struct invariants *v = w->watcher;

    if (!e) {
        within_limits(v);
        if (v->writes != w->writes)
            look_through(v);
        v->writes = w->writes;
    } else if (e->type == FX_SEND) {
        check_request(v, e->request);
    } else if (e->type == FX_RECORD) {
        no_secret(v, "the ledger", e->record.text);
    } else if (e->type == FX_REPORT) {
        no_secret(v, "a report", e->report.text);
    }
    if (v->also)
        v->also(v->ctx, e);
}

void invariants_begin(struct invariants *v, struct test_world *w)
{
    *v = (struct invariants){ .world = w,
                              .foreign = cJSON_CreateObject(),
                              .guarded = cJSON_CreateArray(),
                              .room = xcalloc(LOOKED_AT, sizeof(*v->room)) };
    struct objects all = look(v);
    for (size_t i = 0; i < all.n; i++) {
        const struct inside *o = &all.at[i];
        char *at = address(o);
        if (!streq(o->owner, w->options.instance) && !test_world_ledger_names(w, o->id))
            cJSON_AddItemToObject(v->foreign, at, cJSON_Duplicate(o->json, true));
        free(at);
    }
    w->watch = watch;
    w->watcher = v;
}

void invariants_end(struct invariants *v)
{
    v->world->watch = NULL;
    cJSON_Delete(v->foreign);
    cJSON_Delete(v->guarded);
    free(v->room);
    free(v->broken);
}

void invariants_guard(struct invariants *v, const char *collection, const char *name)
{
    struct objects all = look(v);

    for (size_t i = 0; i < all.n; i++) {
        const struct inside *o = &all.at[i];
        if (!streq(o->collection, collection) || !streq(o->name, name) || !ours(v, o) ||
            inside_busy(v->world->sim, o->id)) /* somebody may be deleting it */
            continue;
        cJSON *g = cJSON_CreateObject();
        cJSON_AddStringToObject(g, "collection", o->collection);
        cJSON_AddStringToObject(g, "id", o->id);
        cJSON_AddItemToArray(v->guarded, g);
    }
}

void invariants_at_rest(struct invariants *v, const char *off)
{
    look_through(v);
    struct objects all = look(v);
    for (size_t i = 0; i < all.n; i++) {
        const struct inside *o = &all.at[i];
        invariants_expect(v, !o->off || !ours(v, o) || streq(o->name, off),
                          "%s is disabled at rest", o->name);
    }
    for (size_t i = 0; i < v->world->n_ledger; i++) {
        const char *text = v->world->ledger[i].text;
        invariants_expect(v, !strstr(text, "\"intent\"") && !strstr(text, "\"owes"),
                          "at rest the ledger still holds: %s", text);
    }
}

void invariants_unguard(struct invariants *v, const char *collection, const char *name)
{
    struct inside o;

    for (int i = cJSON_GetArraySize(v->guarded); i-- > 0;) {
        const cJSON *g = cJSON_GetArrayItem(v->guarded, i);
        if (streq(json_text(g, "collection"), collection) &&
            inside_find(v->world->sim, collection, json_text(g, "id"), &o) && streq(o.name, name))
            cJSON_DeleteItemFromArray(v->guarded, i);
    }
}

void invariants_unguard_id(struct invariants *v, const char *id)
{
    for (int i = cJSON_GetArraySize(v->guarded); i-- > 0;) {
        if (streq(json_text(cJSON_GetArrayItem(v->guarded, i), "id"), id))
            cJSON_DeleteItemFromArray(v->guarded, i);
    }
}

void invariants_release(struct invariants *v, const char *collection, const char *name)
{
    cJSON *f = v->foreign->child;

    while (f) {
        cJSON *next = f->next;
        const char *id = strrchr(f->string, '/');
        bool its =
            starts_with(f->string, collection) && (size_t)(id - f->string) == strlen(collection);
        if (its && streq(json_text(f, "name"), name))
            cJSON_Delete(cJSON_DetachItemViaPointer(v->foreign, f));
        f = next;
    }
}

void invariants_claim(struct invariants *v, const char *collection, const char *id)
{
    struct inside o;

    if (!inside_find(v->world->sim, collection, id, &o))
        return;
    char *at = address(&o);
    cJSON_DeleteItemFromObjectCaseSensitive(v->foreign, at);
    cJSON_AddItemToObject(v->foreign, at, cJSON_Duplicate(o.json, true));
    free(at);
}

void invariants_disclaim(struct invariants *v, const char *collection, const char *id)
{
    char *at = xasprintf("%s/%s", collection, id);

    cJSON_DeleteItemFromObjectCaseSensitive(v->foreign, at);
    free(at);
}

/* DCT counts these by itself, as others come and go. */
static bool is_count(const char *member)
{
    static const char *const counts[] = { "dependant_vdbs" };

    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        if (streq(counts[i], member))
            return true;
    }
    return false;
}

void invariants_foreign(struct invariants *v)
{
    const cJSON *f, *m;

    cJSON_ArrayForEach(f, v->foreign) {
        const char *id = strrchr(f->string, '/') + 1;
        char *collection = xstrndup(f->string, (size_t)(id - 1 - f->string));
        struct inside o;
        if (inside_find(v->world->sim, collection, id, &o)) {
            cJSON_ArrayForEach(m, f)
                invariants_expect(v, is_count(m->string) || same(o.json, f, m->string),
                                  "`%s` of %s is not what it was", m->string, f->string);
        }
        free(collection);
    }
}
