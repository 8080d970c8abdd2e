/* Paths into cJSON trees, strict parsing, and memory that never fails. */
#include "schema/json.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_MAX = 1000 };

/* One step of a path: into a member (name), a list by index, or a list by the
 * element whose member `name` is `is`. */
struct step {
    enum { STEP_MEMBER, STEP_INDEX, STEP_MATCH, STEP_END, STEP_BAD } kind;
    const char *name, *is;
    size_t name_n, is_n;
    size_t index;
};

/* cJSON would answer NULL when memory runs out, in dozens of places. */
__attribute__((constructor)) static void never_fail(void)
{
    cJSON_InitHooks(&(cJSON_Hooks){ .malloc_fn = xmalloc, .free_fn = free });
}

static struct step bad_step(const char **path)
{
    *path = "";
    return (struct step){ .kind = STEP_BAD };
}

/* What stands between brackets: digits, or member=value. */
static struct step bracket_step(const char **path)
{
    const char *from = *path + 1;
    const char *end = strchr(from, ']');
    if (!end || end == from)
        return bad_step(path);
    *path = end + 1;

    const char *equals = memchr(from, '=', (size_t)(end - from));
    if (equals)
        return (struct step){ .kind = STEP_MATCH,
                              .name = from,
                              .name_n = (size_t)(equals - from),
                              .is = equals + 1,
                              .is_n = (size_t)(end - equals - 1) };

    size_t index = 0;
    for (const char *p = from; p < end; p++) {
        if (*p < '0' || *p > '9')
            return bad_step(path);
        index = index * 10 + (size_t)(*p - '0');
        if (index >= INDEX_MAX)
            return bad_step(path);
    }
    return (struct step){ .kind = STEP_INDEX, .index = index };
}

/* Of the member's name that the path begins with. */
static size_t name_length(const char *path)
{
    size_t n = 0;

    while (path[n] && path[n] != '.' && path[n] != '[')
        n++;
    return n;
}

static struct step next_step(const char **path)
{
    const char *p = *path;

    if (!*p)
        return (struct step){ .kind = STEP_END };
    if (*p == '[')
        return bracket_step(path);
    if (*p == '.')
        p++;

    size_t n = name_length(p);
    if (n == 0)
        return bad_step(path);
    *path = p + n;
    return (struct step){ .kind = STEP_MEMBER, .name = p, .name_n = n };
}

static bool text_is(const char *s, const char *want, size_t n)
{
    return s && (!n || *s == *want) && strncmp(s, want, n) == 0 && s[n] == '\0';
}

static cJSON *member(const cJSON *v, const char *name, size_t n)
{
    if (!cJSON_IsObject(v))
        return NULL;
    for (cJSON *m = v->child; m; m = m->next) {
        if (text_is(m->string, name, n))
            return m;
    }
    return NULL;
}

static cJSON *matching(const cJSON *list, const struct step *s)
{
    if (!cJSON_IsArray(list))
        return NULL;
    for (cJSON *item = list->child; item; item = item->next) {
        const cJSON *m = member(item, s->name, s->name_n);

        if (cJSON_IsBool(m) ? text_is(cJSON_IsTrue(m) ? "true" : "false", s->is, s->is_n)
                            : cJSON_IsString(m) && text_is(m->valuestring, s->is, s->is_n))
            return item;
    }
    return NULL;
}

static cJSON *element(const cJSON *list, size_t index)
{
    if (!cJSON_IsArray(list))
        return NULL;

    cJSON *item = list->child;
    while (item && index--)
        item = item->next;
    return item;
}

static cJSON *follow(const cJSON *v, const struct step *s)
{
    if (s->kind == STEP_MEMBER)
        return member(v, s->name, s->name_n);
    if (s->kind == STEP_INDEX)
        return element(v, s->index);
    return s->kind == STEP_MATCH ? matching(v, s) : NULL;
}

const cJSON *json_at(const cJSON *root, const char *path)
{
    const cJSON *v = root;

    while (v && *path) {
        const char *name = path + (*path == '.');
        size_t n = name_length(name);
        if (n) { /* nearly always */
            v = member(v, name, n);
            path = name + n;
        } else {
            struct step s = next_step(&path);
            v = follow(v, &s);
        }
    }
    return v;
}

const char *json_text(const cJSON *root, const char *path)
{
    return cJSON_GetStringValue(json_at(root, path));
}

bool json_true(const cJSON *root, const char *path)
{
    return cJSON_IsTrue(json_at(root, path));
}

/* Three letters and the length tell the names of an object apart well enough. */
static size_t slot_of(const char *name, size_t n)
{
    size_t h = n;

    if (n) {
        h = h * 31 + (unsigned char)name[0];
        h = h * 31 + (unsigned char)name[n / 2];
        h = h * 31 + (unsigned char)name[n - 1];
    }
    return h;
}

void json_index(struct json_index *x, const cJSON *object)
{
    const size_t slots = ARRAY_LEN(x->slots);
    size_t n = 0;

    *x = (struct json_index){ .object = object };
    for (const cJSON *v = cJSON_IsObject(object) ? object->child : NULL; v; v = v->next) {
        if (++n > slots / 2) {
            x->full = true;
            return;
        }
        size_t slot = slot_of(v->string, strlen(v->string)) % slots;
        while (x->slots[slot] && !streq(x->slots[slot]->string, v->string))
            slot = (slot + 1) % slots;
        if (!x->slots[slot]) /* of two members with one name, the first: as in json_at() */
            x->slots[slot] = v;
    }
}

const cJSON *json_index_at(const struct json_index *x, const char *path)
{
    const size_t slots = ARRAY_LEN(x->slots), n = name_length(path);

    if (x->full)
        return json_at(x->object, path);
    for (size_t slot = slot_of(path, n) % slots; x->slots[slot]; slot = (slot + 1) % slots) {
        if (text_is(x->slots[slot]->string, path, n))
            return path[n] ? json_at(x->slots[slot], path + n) : x->slots[slot];
    }
    return NULL;
}

const char *json_index_text(const struct json_index *x, const char *path)
{
    return cJSON_GetStringValue(json_index_at(x, path));
}

/* Puts `item` where the step leads from `at`, in place of what is there. */
static void place(cJSON *at, const struct step *s, cJSON *item)
{
    cJSON *old = follow(at, s);

    if (s->kind == STEP_MEMBER && !old) {
        char *name = xstrndup(s->name, s->name_n);
        cJSON_AddItemToObject(at, name, item);
        free(name);
        return;
    }
    if (s->kind == STEP_MEMBER) { /* cJSON replaces an item but does not name it */
        free(item->string);
        item->string = xstrndup(s->name, s->name_n);
        cJSON_ReplaceItemViaPointer(at, old, item);
        return;
    }
    if (old) {
        cJSON_ReplaceItemViaPointer(at, old, item);
        return;
    }
    for (size_t n = (size_t)cJSON_GetArraySize(at); n < s->index; n++)
        cJSON_AddItemToArray(at, cJSON_CreateNull());
    cJSON_AddItemToArray(at, item);
}

static bool fits(const cJSON *v, const struct step *next)
{
    return next->kind == STEP_MEMBER ? cJSON_IsObject(v) : cJSON_IsArray(v);
}

static bool path_makeable(const char *path)
{
    struct step s = next_step(&path);

    if (s.kind != STEP_MEMBER)
        return false;
    while (s.kind == STEP_MEMBER || s.kind == STEP_INDEX)
        s = next_step(&path);
    return s.kind == STEP_END;
}

void json_put(cJSON *root, const char *path, cJSON *item)
{
    if (!path_makeable(path)) {
        cJSON_Delete(item);
        return;
    }

    cJSON *at = root;
    struct step s = next_step(&path);
    for (;;) {
        struct step next = next_step(&path);
        if (next.kind == STEP_END)
            break;

        cJSON *inner = follow(at, &s);
        if (!fits(inner, &next)) {
            inner = next.kind == STEP_MEMBER ? cJSON_CreateObject() : cJSON_CreateArray();
            place(at, &s, inner);
        }
        at = inner;
        s = next;
    }
    place(at, &s, item);
}

bool json_nothing(const cJSON *v)
{
    if (!v || cJSON_IsNull(v) || cJSON_IsFalse(v) || cJSON_IsInvalid(v))
        return true;
    if (cJSON_IsString(v))
        return v->valuestring[0] == '\0';
    return (cJSON_IsArray(v) || cJSON_IsObject(v)) && !v->child;
}

cJSON *json_parse(const char *text, size_t n, size_t *error_at)
{
    const char *end = text;
    cJSON *v = cJSON_ParseWithLengthOpts(text, n, &end, false);
    size_t at = end ? (size_t)(end - text) : 0;

    if (v) {
        while (at < n && strchr(" \t\r\n", text[at]) && text[at])
            at++;
        if (at == n)
            return v;
        cJSON_Delete(v);
    }
    if (error_at)
        *error_at = at;
    return NULL;
}

bool json_holds_nul(const char *text, size_t n)
{
    static const char escaped[] = "u0000";

    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\0')
            return true;
        if (text[i] == '\\' && n - ++i >= strlen(escaped) &&
            memcmp(text + i, escaped, strlen(escaped)) == 0)
            return true;
    }
    return false;
}
