/* Objects, identifiers, dates and the small JSON vocabulary that the rest of
 * the simulator is written in. */
#include "tests/sim/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LAG_MS 1500

static cJSON *sure(cJSON *item)
{
    if (!item)
        abort();
    return item;
}

cJSON *js_get(const cJSON *o, const char *name)
{
    cJSON *m = o ? o->child : NULL;

    while (m && !streq(m->string, name))
        m = m->next;
    return m;
}

const char *js_str(const cJSON *o, const char *name)
{
    return cJSON_GetStringValue(js_get(o, name));
}

bool js_true(const cJSON *o, const char *name)
{
    return cJSON_IsTrue(js_get(o, name));
}

double js_num(const cJSON *o, const char *name, double otherwise)
{
    const cJSON *item = js_get(o, name);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

msec js_msec(const cJSON *o, const char *name, msec otherwise)
{
    return (msec)js_num(o, name, (double)otherwise);
}

void js_put(cJSON *o, const char *name, cJSON *item)
{
    if (!item)
        cJSON_DeleteItemFromObjectCaseSensitive(o, name);
    else if (js_get(o, name))
        cJSON_ReplaceItemInObjectCaseSensitive(o, name, item);
    else
        cJSON_AddItemToObject(o, name, item);
}

void js_put_str(cJSON *o, const char *name, const char *s)
{
    js_put(o, name, s ? js_string(s) : NULL);
}

void js_put_num(cJSON *o, const char *name, double n)
{
    js_put(o, name, sure(cJSON_CreateNumber(n)));
}

void js_put_bool(cJSON *o, const char *name, bool b)
{
    js_put(o, name, sure(cJSON_CreateBool(b)));
}

void js_copy(cJSON *to, const char *as, const cJSON *from, const char *name)
{
    const cJSON *item = js_get(from, name);
    if (item)
        js_put(to, as, js_dup(item));
}

cJSON *js_object(void)
{
    return sure(cJSON_CreateObject());
}

cJSON *js_array(void)
{
    return sure(cJSON_CreateArray());
}

void js_add(cJSON *array, cJSON *item)
{
    cJSON_AddItemToArray(array, item);
}

cJSON *js_dup(const cJSON *item)
{
    return sure(cJSON_Duplicate(item, true));
}

cJSON *js_string(const char *s)
{
    return sure(cJSON_CreateString(s));
}

cJSON *js_list(cJSON *o, const char *name)
{
    cJSON *list = js_get(o, name);
    if (!list) {
        list = js_array();
        cJSON_AddItemToObject(o, name, list);
    }
    return list;
}

cJSON *js_find(const cJSON *array, const char *name, const char *value)
{
    cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (value && streq(js_str(item, name), value))
            return item;
    }
    return NULL;
}

/* splitmix64: one word of state, which the saved state carries. */
uint64_t sim_random(struct sim *s)
{
    uint64_t z = s->rng += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

char *sim_hex_id(struct sim *s)
{
    uint64_t high = sim_random(s), low = sim_random(s);
    return xasprintf("%016" PRIx64 "%016" PRIx64, high, low);
}

char *sim_next_id(struct sim *s, const char *engine_id, const char *shape)
{
    char *prefix = engine_id ? xasprintf("%s-%s", engine_id, shape) : xstrdup(shape);
    double n = js_num(s->counters, prefix, 0) + 1;

    js_put_num(s->counters, prefix, n);
    char *id = xasprintf("%s-%.0f", prefix, n);
    free(prefix);
    return id;
}

msec sim_scaled(const struct sim *s, msec duration)
{
    return (msec)((double)duration / s->opt.speed);
}

msec sim_lag(const struct sim *s)
{
    return sim_scaled(s, LAG_MS);
}

void sim_wake(struct sim *s, msec at)
{
    if (at < s->next_at)
        s->next_at = at;
}

void sim_put_date(cJSON *o, const char *name, msec at)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm tm;
    char day[32];

    if (!gmtime_r(&seconds, &tm) || !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm))
        abort();
    char *text = xasprintf("%s.%03d000+00:00", day, (int)(at % 1000));
    js_put_str(o, name, text);
    free(text);
}

static size_t bucket_of(const char *id)
{
    return hash_bytes(id, strlen(id)) % BUCKETS;
}

static void shelf_add(struct shelf *shelf, struct object *o)
{
    shelf->items = grow(shelf->items, shelf->n, &shelf->cap, sizeof(struct object *));
    o->place = shelf->n;
    shelf->items[shelf->n++] = o;
}

void sim_object_index(struct sim *s, struct object *o)
{
    size_t b = bucket_of(o->id);

    o->next = s->bucket[b];
    s->bucket[b] = o;
    shelf_add(&s->shelves[o->kind], o);
}

struct object *sim_object_new(struct sim *s, enum collection kind, char *id)
{
    struct object *o = xcalloc(1, sizeof(struct object));

    o->kind = kind;
    o->id = id;
    o->seq = ++s->seq;
    o->visible_at = NEVER;
    o->gone_at = NEVER;
    o->json = js_object();
    o->priv = js_object();
    js_put_str(o->json, "id", id);
    sim_object_index(s, o);
    return o;
}

void sim_object_show(struct sim *s, struct object *o, bool lagging)
{
    o->visible_at = lagging ? s->now + sim_lag(s) : s->now;
    if (lagging)
        sim_wake(s, o->visible_at);
}

void sim_object_remove(struct sim *s, struct object *o, bool lagging)
{
    o->deleted = true;
    o->gone_at = lagging ? s->now + sim_lag(s) : s->now;
    sim_wake(s, o->gone_at);
}

static void object_free(struct object *o)
{
    free(o->id);
    cJSON_Delete(o->json);
    cJSON_Delete(o->priv);
    free(o);
}

static void unlink_object(struct sim *s, const struct object *o)
{
    struct object **p = &s->bucket[bucket_of(o->id)];
    while (*p && *p != o)
        p = &(*p)->next;
    if (*p)
        *p = o->next;
}

static void sweep_shelf(struct sim *s, struct shelf *shelf)
{
    size_t kept = 0;
    for (size_t i = 0; i < shelf->n; i++) {
        struct object *o = shelf->items[i];
        if (o->deleted && o->gone_at <= s->now) {
            unlink_object(s, o);
            object_free(o);
        } else {
            o->place = kept;
            shelf->items[kept++] = o;
        }
    }
    shelf->n = kept;
}

void sim_sweep(struct sim *s)
{
    for (size_t k = 0; k < COLLECTIONS; k++)
        sweep_shelf(s, &s->shelves[k]);
}

void sim_untell(struct told_list *told)
{
    free(told->path);
    free(told->body);
    free(told->text);
    *told = (struct told_list){ 0 };
}

void sim_clear(struct sim *s)
{
    for (size_t k = 0; k < COLLECTIONS; k++) {
        for (size_t i = 0; i < s->shelves[k].n; i++)
            object_free(s->shelves[k].items[i]);
        free(s->shelves[k].items);
        s->shelves[k] = (struct shelf){ 0 };
        sim_untell(&s->lists[k]);
        sim_untell(&s->searches[k]);
    }
    free(s->running.items);
    s->running = (struct shelf){ 0 };
    memset(s->bucket, 0, sizeof(s->bucket));
    cJSON_Delete(s->counters);
    cJSON_Delete(s->timers);
    cJSON_Delete(s->faults);
    cJSON_Delete(s->log);
    s->counters = s->timers = s->faults = s->log = NULL;
}

struct object *sim_first(const struct sim *s, enum collection kind)
{
    const struct shelf *shelf = &s->shelves[kind];
    return shelf->n ? shelf->items[0] : NULL;
}

struct object *sim_next(const struct sim *s, const struct object *o)
{
    const struct shelf *shelf = &s->shelves[o->kind];
    return o->place + 1 < shelf->n ? shelf->items[o->place + 1] : NULL;
}

static struct object *lookup(const struct sim *s, enum collection kind, const char *id)
{
    struct object *o = id ? s->bucket[bucket_of(id)] : NULL;
    while (o && !(o->kind == kind && streq(o->id, id)))
        o = o->next;
    return o;
}

bool sim_is_visible(const struct sim *s, const struct object *o)
{
    return o->visible_at <= s->now && s->now < o->gone_at;
}

bool sim_is_ready(const struct object *o)
{
    return !o->deleted && o->visible_at != NEVER;
}

struct object *sim_alive(const struct sim *s, enum collection kind, const char *id)
{
    struct object *o = lookup(s, kind, id);
    return o && !o->deleted ? o : NULL;
}

struct object *sim_visible(const struct sim *s, enum collection kind, const char *id)
{
    struct object *o = lookup(s, kind, id);
    return o && sim_is_visible(s, o) ? o : NULL;
}

struct object *sim_by_name(const struct sim *s, enum collection kind, const char *name)
{
    for (struct object *o = sim_first(s, kind); o; o = sim_next(s, o)) {
        if (!o->deleted && name && streq(js_str(o->json, "name"), name))
            return o;
    }
    return NULL;
}

struct object *sim_engine_of(const struct sim *s, const struct object *o)
{
    if (o->kind == C_ENGINES)
        return lookup(s, C_ENGINES, o->id);

    const char *id = js_str(o->json, "engine_id");
    const char *dash = strchr(o->id, '-');
    if (id || !dash)
        return id ? lookup(s, C_ENGINES, id) : NULL;

    char *prefix = xstrndup(o->id, (size_t)(dash - o->id));
    struct object *engine = lookup(s, C_ENGINES, prefix);
    free(prefix);
    return engine;
}

const char *sim_name_of(const struct object *o)
{
    const char *name = js_str(o->json, "name");
    if (!name)
        name = js_str(o->json, "display_name");
    return name ? name : o->id;
}

enum collection sim_collection_named(const char *name)
{
    int k = 0;
    while (k < COLLECTIONS && !streq(sim_collections[k].name, name))
        k++;
    return (enum collection)k;
}
