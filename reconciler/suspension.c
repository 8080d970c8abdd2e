/* Scopes, and their text form. */
#include "reconciler/suspension.h"

#include <stdlib.h>

#include "reconciler/plan_render.h"
#include "schema/json.h"

static bool same_scope(const struct suspension *s, enum kind kind, const char *key)
{
    return s->kind == kind && streq(s->key, key);
}

static void clear_one(struct suspension *s)
{
    char *texts[] = { (char *)(uintptr_t)s->reason, (char *)(uintptr_t)s->key,
                      (char *)(uintptr_t)s->by, (char *)(uintptr_t)s->at };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free(texts[i]);
}

static const char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

const struct suspension *suspensions_find(const struct suspensions *l, enum kind kind,
                                          const char *key)
{
    for (size_t i = 0; i < l->n; i++) {
        if (same_scope(&l->items[i], kind, key))
            return &l->items[i];
    }
    return NULL;
}

void suspensions_remove(struct suspensions *l, enum kind kind, const char *key)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!same_scope(&l->items[i], kind, key))
            continue;
        clear_one(&l->items[i]);
        l->items[i] = l->items[--l->n];
        return;
    }
}

void suspensions_add(struct suspensions *l, const struct suspension *s)
{
    const struct suspension own = { .kind = s->kind,
                                    .reason = copy(s->reason),
                                    .until = s->until,
                                    .key = copy(s->key),
                                    .by = copy(s->by),
                                    .at = copy(s->at) };

    l->items = grow(l->items, l->n, &l->cap, sizeof(*l->items));
    l->items[l->n++] = own;
}

void suspensions_put(struct suspensions *l, const struct suspension *s)
{
    suspensions_remove(l, s->kind, s->key);
    suspensions_add(l, s);
}

void suspensions_clear(struct suspensions *l)
{
    for (size_t i = 0; i < l->n; i++)
        clear_one(&l->items[i]);
    free(l->items);
    *l = (struct suspensions){ 0 };
}

bool suspension_holds(const struct suspension *s, enum kind kind, const char *key, msec wall)
{
    if (s->until && s->until <= wall)
        return false;
    return s->key ? streq(s->key, key) : s->kind == KINDS || s->kind == kind;
}

char *until_text(msec until)
{
    struct buf b = BUF_WITH_LIMIT(64);

    if (until) {
        buf_puts(&b, ", until ");
        render_moment(until, &b);
    }
    return buf_take(&b);
}

char *suspension_text(const struct suspension *s)
{
    const char *what = s->key ? "it is" : s->kind == KINDS ? "everything is" : "its kind is";

    char *until = until_text(s->until);
    char *text =
        xasprintf("%s suspended: %s%s%s%s", what, s->reason ? s->reason : "no reason given",
                  s->by ? ", by " : "", s->by ? s->by : "", until);

    free(until);
    return text;
}

char *suspension_why(const struct suspension *s)
{
    char *until = until_text(s->until);
    char *text = xasprintf("%s%s", s->reason ? s->reason : "no reason given", until);

    free(until);
    return text;
}

char *suspension_key(const struct suspension *s)
{
    if (s->key)
        return xasprintf("Suspension/%s", s->key);
    return xasprintf("Suspension%s%s", s->kind == KINDS ? "" : "/",
                     s->kind == KINDS ? "" : kind_desc(s->kind)->name);
}

static void add_text(cJSON *o, const char *member, const char *s)
{
    if (s)
        cJSON_AddStringToObject(o, member, s);
}

char *suspension_record(const struct suspension *s)
{
    cJSON *root = cJSON_CreateObject(), *o;
    char *key = suspension_key(s);

    cJSON_AddStringToObject(root, "key", key);
    o = cJSON_AddObjectToObject(root, "suspension");
    add_text(o, "kind", s->kind == KINDS ? NULL : kind_desc(s->kind)->name);
    add_text(o, "object", s->key);
    add_text(o, "reason", s->reason);
    add_text(o, "by", s->by);
    cJSON_AddNumberToObject(o, "until", (double)s->until);
    char *text = cJSON_PrintUnformatted(root);
    cJSON_Delete(root);
    free(key);
    if (!text)
        abort();
    return text;
}

bool suspension_restore(struct suspensions *l, const cJSON *o)
{
    const char *kind = json_text(o, "kind"), *by = json_text(o, "by");
    const struct kind_desc *k = kind ? kind_by_name(kind) : NULL;
    const cJSON *until = json_at(o, "until");

    if (!cJSON_IsObject(o) || !cJSON_IsNumber(until) || !by || (kind && !k))
        return false;
    suspensions_put(l, &(struct suspension){ .kind = k ? k->kind : KINDS,
                                             .reason = json_text(o, "reason"),
                                             .until = (msec)until->valuedouble,
                                             .key = json_text(o, "object"),
                                             .by = by });
    return true;
}
