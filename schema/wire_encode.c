/* Request bodies: what a manifest says, put where the rows say it belongs. */
#include "schema/wire.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/ignore.h"
#include "schema/json.h"

/* Rows that never are a member of a body made of rows. */
enum { NOT_SENT = LOCAL | FACT | DERIVED | ACTION | STATE | TOKEN };

enum { NAME_MAX_BYTES = 256 };

size_t wire_create_variant(const struct object *wanted)
{
    for (size_t i = 0; i < wanted->kind->table.n; i++) {
        const struct field *f = &wanted->kind->table.rows[i];

        if (f->selects && wanted->values[i].state == V_SET)
            return f->selects - 1U;
    }
    return 0;
}

/* Is the row of that name set, or any row below it? */
static bool present(const struct object *o, const char *name, size_t n)
{
    for (size_t i = 0; i < o->kind->table.n; i++) {
        const char *yaml = o->kind->table.rows[i].yaml;

        if (o->values[i].state == V_SET && yaml && strncmp(yaml, name, n) == 0 &&
            (yaml[n] == '\0' || yaml[n] == '.'))
            return true;
    }
    return false;
}

/* "a !b": a is present and b is not. */
static bool when_holds(const struct object *o, const char *when)
{
    const char *p = when ? when : "";

    while (*p) {
        bool absent = *p == '!';
        p += absent;
        size_t n = strcspn(p, " ");
        if (present(o, p, n) == absent)
            return false;
        p += n;
        p += strspn(p, " ");
    }
    return true;
}

static cJSON *constant(const struct field *f)
{
    size_t at;

    return json_parse(f->constant, strlen(f->constant), &at);
}

/* The value as it travels; NULL where there is nothing to send. */
static cJSON *encode_value(const struct object *o, size_t row, const struct value *v,
                           struct wire_context c)
{
    const struct field *f = &o->kind->table.rows[row];

    if (f->type == F_CONST)
        return when_holds(o, f->when) ? constant(f) : NULL;
    if (v->state == V_NULL && (f->flags & CLEARABLE))
        return cJSON_CreateNull();
    bool chosen = v->state == V_ABSENT && f->type == F_REF && (f->flags & (AUTO | DERIVED));
    if ((v->state != V_SET && !chosen) || f->type == F_FILE)
        return NULL;
    if (f->type == F_INTEGER)
        return cJSON_CreateNumber((double)v->i);
    if (f->type == F_BOOLEAN)
        return cJSON_CreateBool(v->i != 0);
    if (type_is_json(f->type))
        return cJSON_Duplicate(v->json, true);

    const char *text = f->type == F_REF ? c.resolve(c.ctx, o, row) : v->s;
    return text ? cJSON_CreateString(text) : NULL;
}

static cJSON *encode(const struct object *o, size_t row, struct wire_context c)
{
    return encode_value(o, row, &o->values[row], c);
}

cJSON *wire_create_body(const struct object *wanted, size_t variant, struct wire_context c)
{
    cJSON *body = cJSON_CreateObject();

    for (size_t i = 0; i < wanted->kind->table.n; i++) {
        const struct field *f = &wanted->kind->table.rows[i];
        bool taken = !f->creates || (f->creates & 1U << variant);

        if (!f->create || !taken || (f->flags & (NOT_SENT & ~(unsigned)ACTION)) ||
            wanted->values[i].state == V_NULL)
            continue;
        cJSON *item = encode_value(wanted, i, object_made(wanted, i), c);
        if (item)
            json_put(body, f->create, item);
    }
    return body;
}

static size_t first_part(const char *path)
{
    return strcspn(path, ".[");
}

static bool same_first_part(const char *a, const char *b)
{
    size_t n = first_part(a);

    return n == first_part(b) && strncmp(a, b, n) == 0;
}

/* Does the row hold a part of something that the update replaces as a whole? */
static bool is_partial(const struct field *f)
{
    return f->update[first_part(f->update)] || f->type == F_JSON || f->type == F_MAP ||
           f->type == F_SETTINGS;
}

// NOLINTNEXTLINE(misc-no-recursion)
static void drop_masks(cJSON *v)
{
    cJSON *next;

    for (cJSON *m = v->child; m; m = next) {
        next = m->next;
        if (cJSON_IsString(m) && m->string && secret_mask(m->valuestring))
            cJSON_Delete(cJSON_DetachItemViaPointer(v, m));
        else
            drop_masks(m);
    }
}

/* One update body in the making. */
struct update {
    const struct object *wanted;
    size_t call;
    const cJSON *raw;
    bool *sent; /* rows that belong to the body, parallel to the rows */
};

static bool of_call(const struct field *f, size_t call)
{
    return f->update && f->call == call && !(f->flags & NOT_SENT);
}

static void choose_rows(struct update *u, const bool *changed, bool whole)
{
    const struct table t = u->wanted->kind->table;

    for (size_t i = 0; i < t.n; i++)
        u->sent[i] = of_call(&t.rows[i], u->call) && (whole || changed[i]);
    if (whole)
        return;
    for (size_t i = 0; i < t.n; i++) {
        if (!changed[i] || !of_call(&t.rows[i], u->call))
            continue;
        for (size_t k = 0; k < t.n; k++) {
            if (of_call(&t.rows[k], u->call) && same_first_part(t.rows[k].update, t.rows[i].update))
                u->sent[k] = true;
        }
    }
}

/* Puts what DCT has under the row's first part into the body, once: the rows
 * go over it, and what no row declares survives. Blind rows do not know where
 * to look; one of their neighbours does. */
static void keep_observed(const struct update *u, const struct field *f, cJSON *body)
{
    char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES];
    size_t from_n = first_part(f->read), to_n = first_part(f->update);

    if (f->read[0] == '$' || from_n >= sizeof(from) || to_n >= sizeof(to))
        return;
    memcpy(from, f->read, from_n);
    from[from_n] = '\0';
    memcpy(to, f->update, to_n);
    to[to_n] = '\0';

    const cJSON *have = cJSON_GetObjectItemCaseSensitive(u->raw, from);
    if (!(cJSON_IsObject(have) || cJSON_IsArray(have)) || json_at(body, to))
        return;
    json_put(body, to, cJSON_Duplicate(have, true));
}

/* What DCT has of everything that the body replaces as a whole. */
static cJSON *observed_body(const struct update *u)
{
    const struct table t = u->wanted->kind->table;
    cJSON *body = cJSON_CreateObject();

    for (size_t i = 0; i < t.n; i++) {
        if (u->sent[i] && t.rows[i].read && is_partial(&t.rows[i]))
            keep_observed(u, &t.rows[i], body);
    }
    for (size_t i = 0; i < t.n; i++) {
        const cJSON *there = NULL;
        if (u->sent[i] && object_made(u->wanted, i) != &u->wanted->values[i])
            there = json_at(body, t.rows[i].update);
        if (!there)
            continue;
        cJSON *copy = cJSON_Duplicate(there, true);
        ignore_unmask(u->wanted, i, copy);
        json_put(body, t.rows[i].update, copy);
    }
    drop_masks(body);
    return body;
}

/* A row that is left alone and rides along: what DCT shows of it, where it does so
 * in the words in which it is sent. */
static const cJSON *left_alone(const struct update *u, size_t row)
{
    const struct field *f = &u->wanted->kind->table.rows[row];
    bool told = f->read && f->read[0] != '$' && f->type != F_BLOCK && !(f->flags & READ_NAME);
    const cJSON *there = told && row_ignored(u->wanted, f) ? json_at(u->raw, f->read) : NULL;

    const char *text = cJSON_GetStringValue(there);

    return json_nothing(there) || (text && secret_mask(text)) ? NULL : there;
}

/* Over what is there go the members that the manifest names. */
// NOLINTNEXTLINE(misc-no-recursion)
static void overlay(cJSON *there, cJSON *wanted)
{
    cJSON *next;

    for (cJSON *m = wanted->child; m; m = next) {
        next = m->next;
        cJSON *old = cJSON_GetObjectItemCaseSensitive(there, m->string);
        bool secret = json_at(m, "$secret");

        if (cJSON_IsObject(old) && cJSON_IsObject(m) && !secret) {
            overlay(old, m);
            continue;
        }
        cJSON_DetachItemViaPointer(wanted, m);
        if (old)
            cJSON_ReplaceItemViaPointer(there, old, m); /* it has its name already */
        else
            cJSON_AddItemToArray(there, m);
    }
}

static bool names_setting(const cJSON *settings, const char *name)
{
    for (const cJSON *item = settings->child; item; item = item->next) {
        if (streq(json_text(item, "propertyName"), name))
            return true;
    }
    return false;
}

/* Settings of others stay, in front. */
static cJSON *merge_settings(const cJSON *there, cJSON *wanted)
{
    cJSON *all = cJSON_CreateArray();

    for (const cJSON *item = there->child; item; item = item->next) {
        const char *name = json_text(item, "propertyName");
        if (name && !names_setting(wanted, name))
            cJSON_AddItemToArray(all, cJSON_Duplicate(item, true));
    }
    while (wanted->child)
        cJSON_AddItemToArray(all, cJSON_DetachItemViaPointer(wanted, wanted->child));
    cJSON_Delete(wanted);
    return all;
}

static void put_over(cJSON *body, const struct field *f, cJSON *item)
{
    const cJSON *there = json_at(body, f->update);

    if (f->type == F_SETTINGS && cJSON_IsArray(there) && cJSON_IsArray(item)) {
        item = merge_settings(there, item);
    } else if ((f->type == F_JSON || f->type == F_MAP) && cJSON_IsObject(there) &&
               cJSON_IsObject(item)) {
        cJSON *all = cJSON_Duplicate(there, true);
        overlay(all, item);
        cJSON_Delete(item);
        item = all;
    }
    json_put(body, f->update, item);
}

cJSON *wire_update_body(const struct object *wanted, size_t call, const bool *changed,
                        const cJSON *raw, struct wire_context c)
{
    const struct table t = wanted->kind->table;
    struct update u = {
        .wanted = wanted, .call = call, .raw = raw, .sent = xcalloc(t.n, sizeof(*u.sent))
    };

    choose_rows(&u, changed, c.whole || wanted->kind->updates[call].flags & CALL_WHOLE);
    cJSON *body = observed_body(&u);
    for (size_t i = 0; i < t.n; i++) {
        const cJSON *kept = u.sent[i] && !changed[i] ? left_alone(&u, i) : NULL;
        cJSON *item = kept ? cJSON_Duplicate(kept, true) : u.sent[i] ? encode(wanted, i, c) : NULL;
        if (item)
            put_over(body, &t.rows[i], item);
    }
    free(u.sent);
    return body;
}

const cJSON *wire_item_find(const struct field *f, const cJSON *wanted, const cJSON *raw)
{
    const cJSON *list = json_at(raw, f->read);

    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item; item = item->next) {
        bool same = true;
        for (size_t i = 0; i < f->n_sub && same; i++) {
            if (f->sub[i].flags & LOCAL)
                same = cJSON_Compare(json_at(wanted, f->sub[i].create),
                                     json_at(item, f->sub[i].create), true);
        }
        if (same)
            return item;
    }
    return NULL;
}

cJSON *wire_item_body(const struct field *f, const cJSON *wanted)
{
    cJSON *body = cJSON_CreateObject();

    for (size_t i = 0; i < f->n_sub; i++) {
        const cJSON *m = json_at(wanted, f->sub[i].create);

        if (m && !(f->sub[i].flags & LOCAL))
            json_put(body, f->sub[i].create, cJSON_Duplicate(m, true));
    }
    return body;
}

/* A form field is text. */
static cJSON *as_text(cJSON *item)
{
    if (cJSON_IsString(item))
        return item;
    char *text = cJSON_PrintUnformatted(item);
    cJSON *string = cJSON_CreateString(text);
    free(text);
    cJSON_Delete(item);
    return string;
}

cJSON *wire_multipart_fields(const struct object *wanted, const struct call *call,
                             struct wire_context c)
{
    const struct kind_desc *k = wanted->kind;
    cJSON *fields = cJSON_CreateObject();
    size_t update = 0;

    while (update < k->n_updates && &k->updates[update] != call)
        update++;
    for (size_t i = 0; i < k->table.n; i++) {
        const struct field *f = &k->table.rows[i];
        bool creating = update == k->n_updates;
        const char *path = creating ? f->create : f->call == update ? f->update : NULL;
        cJSON *item =
            path && !(f->flags & (NOT_SENT & ~(unsigned)DERIVED)) ? encode(wanted, i, c) : NULL;

        if (item)
            json_put(fields, path, as_text(item));
    }
    return fields;
}
