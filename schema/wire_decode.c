/* Replies to objects: the rows' members of what GET answered, in the types
 * that the rows say, and nothing else. */
#include "schema/wire.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"

/* Above, a double does not hold every integer. */
static const double exact_max = 9007199254740992.0;

static bool whole_number(const cJSON *v, int64_t *out)
{
    if (!cJSON_IsNumber(v) || !(fabs(v->valuedouble) <= exact_max) ||
        islessgreater(v->valuedouble, trunc(v->valuedouble)))
        return false;
    *out = (int64_t)v->valuedouble;
    return true;
}

/* A text as such, a number as its text; NULL for anything else. Owned. */
static char *text_of(const cJSON *v)
{
    int64_t n;

    if (cJSON_IsString(v))
        return secret_mask(v->valuestring) ? NULL : xstrdup(v->valuestring);
    if (whole_number(v, &n))
        return xasprintf("%" PRId64, n);
    return cJSON_IsNumber(v) ? cJSON_PrintUnformatted(v) : NULL;
}

static bool strings_only(const cJSON *v)
{
    for (const cJSON *m = v->child; m; m = m->next) {
        if (!cJSON_IsString(m))
            return false;
    }
    return true;
}

static bool objects_only(const cJSON *list)
{
    for (const cJSON *m = list->child; m; m = m->next) {
        if (!cJSON_IsObject(m))
            return false;
    }
    return true;
}

/* Of each element, the members that the sub-rows know: hooks and hosts carry
 * far more than that. */
static cJSON *list_of(const struct field *f, const cJSON *list)
{
    cJSON *out = cJSON_CreateArray();

    for (const cJSON *from = list->child; from; from = from->next) {
        cJSON *element = cJSON_CreateObject();
        for (size_t i = 0; i < f->n_sub; i++) {
            const cJSON *m = json_at(from, f->sub[i].create);
            if (m)
                json_put(element, f->sub[i].create, cJSON_Duplicate(m, true));
        }
        cJSON_AddItemToArray(out, element);
    }
    return out;
}

static cJSON *composite_of(const struct field *f, const cJSON *v)
{
    bool list = f->type != F_MAP && f->type != F_JSON;

    if (f->type == F_SECRET || !(list ? cJSON_IsArray(v) : cJSON_IsObject(v)))
        return NULL;
    if ((f->type == F_STRINGS || f->type == F_MAP) && !strings_only(v))
        return NULL;
    if ((f->type == F_LIST || f->type == F_TAGS || f->type == F_SETTINGS) && !objects_only(v))
        return NULL;
    return f->type == F_LIST ? list_of(f, v) : cJSON_Duplicate(v, true);
}

static bool integer_of(const cJSON *v, int64_t *out)
{
    return cJSON_IsString(v) ? parse_int64(v->valuestring, out) : whole_number(v, out);
}

static void decode(const struct field *f, const cJSON *from, struct value *v)
{
    bool known;

    if (cJSON_IsNull(from)) {
        v->state = V_NULL;
        return;
    }
    if (f->type == F_INTEGER) {
        known = integer_of(from, &v->i);
    } else if (f->type == F_BOOLEAN) {
        known = cJSON_IsBool(from);
        v->i = cJSON_IsTrue(from);
    } else if (f->type == F_BLOCK) {
        known = cJSON_IsTrue(from);
    } else if (type_is_json(f->type)) {
        v->json = composite_of(f, from);
        known = v->json;
    } else {
        v->s = type_is_text(f->type) ? text_of(from) : NULL;
        known = v->s;
    }
    v->state = known ? V_SET : V_ABSENT;
}

struct object *wire_decode_indexed(const struct kind_desc *k, const struct json_index *item,
                                   const cJSON *joins)
{
    const cJSON *id = json_index_at(item, "id");
    if (!cJSON_IsNumber(id) && !(cJSON_IsString(id) && id->valuestring[0]))
        return NULL;

    struct object *o = object_new(k, "", (struct pos){ 0 });
    for (size_t i = 0; i < k->table.n; i++) {
        const struct field *f = &k->table.rows[i];
        if (!f->read)
            continue;

        const cJSON *from =
            f->read[0] == '$' ? json_at(joins, f->read) : json_index_at(item, f->read);
        if (from)
            decode(f, from, &o->values[i]);
        if (from && o->values[i].state == V_SET && streq(f->yaml, "metadata.name")) {
            free(o->name);
            o->name = xstrdup(o->values[i].s);
        }
    }
    return o;
}

struct object *wire_decode(const struct kind_desc *k, const cJSON *item, const cJSON *joins)
{
    struct json_index index;

    json_index(&index, item);
    return wire_decode_indexed(k, &index, joins);
}
