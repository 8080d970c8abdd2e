/* A value as text: the short one for people, the exact one for digests. */
#include "schema/object.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"

enum { PRINT_MAX = 120, PRINT_WORK_MAX = 4096, PIECE = 256 };

/* Quoted as JSON, so that no control character reaches a terminal. In pieces,
 * so that a buffer too small for it holds its beginning. */
static void add_quoted(struct buf *out, const char *s)
{
    buf_add(out, "\"", 1);
    while (*s && !out->over) {
        size_t plain = 0;
        while (plain < PIECE && (unsigned char)s[plain] >= ' ' && !strchr("\"\\\x7f", s[plain]))
            plain++;
        buf_add(out, s, plain);
        s += plain;
        if (!*s || plain == PIECE)
            continue;
        if (*s == '\n')
            buf_add(out, "\\n", 2);
        else if (*s == '"' || *s == '\\')
            buf_printf(out, "\\%c", *s);
        else
            buf_printf(out, "\\u%04x", (unsigned char)*s);
        s++;
    }
    buf_add(out, "\"", 1);
}

/* Whole numbers as such, whatever their spelling was. */
static void add_number(struct buf *out, double n)
{
    if (fabs(n) < 9e15 && !islessgreater(n, trunc(n)))
        buf_printf(out, "%" PRId64, (int64_t)n);
    else
        buf_printf(out, "%.17g", n);
}

static void add_scalar(struct buf *out, const cJSON *v)
{
    if (cJSON_IsString(v))
        add_quoted(out, v->valuestring);
    else if (cJSON_IsNumber(v))
        add_number(out, v->valuedouble);
    else
        buf_puts(out, cJSON_IsBool(v) ? cJSON_IsTrue(v) ? "true" : "false" : "null");
}

/* Names that YAML reads as they stand. */
static void add_name(struct buf *out, const char *s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/";

    if (*s && s[strspn(s, plain)] == '\0')
        buf_puts(out, s);
    else
        add_quoted(out, s);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void print_json(struct buf *out, const cJSON *v)
{
    struct secret_ref secret;
    bool object = cJSON_IsObject(v);

    if (out->over)
        return;
    if (!object && !cJSON_IsArray(v)) {
        add_scalar(out, v);
        return;
    }
    if (object && json_at(v, "$secret") && secret_ref_of(v, &secret)) {
        buf_puts(out, "(secret)");
        return;
    }
    buf_puts(out, object ? "{" : "[");
    for (const cJSON *m = v->child; m; m = m->next) {
        if (object) {
            add_name(out, m->string);
            buf_puts(out, ": ");
        }
        print_json(out, m);
        if (m->next)
            buf_puts(out, ", ");
    }
    buf_puts(out, object ? "}" : "]");
}

static const char *member_text(const cJSON *item, const char *name)
{
    const char *s = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, name));

    return s ? s : "";
}

/* Tags and settings as manifests write them: {site: "east", jit: null}. */
static void print_pairs(struct buf *out, const cJSON *list, const char *name)
{
    buf_puts(out, "{");
    for (const cJSON *item = list->child; item && !out->over; item = item->next) {
        add_name(out, member_text(item, name));
        buf_puts(out, ": ");
        if (json_true(item, "commentProperty"))
            buf_puts(out, "null");
        else
            add_scalar(out, cJSON_GetObjectItemCaseSensitive(item, "value"));
        if (item->next)
            buf_puts(out, ", ");
    }
    buf_puts(out, "}");
}

static void print_composite(const struct field *f, const cJSON *v, struct buf *out)
{
    if (f->type == F_SECRET)
        buf_puts(out, "(secret)");
    else if (f->type == F_TAGS && cJSON_IsArray(v))
        print_pairs(out, v, "key");
    else if (f->type == F_SETTINGS && cJSON_IsArray(v))
        print_pairs(out, v, "propertyName");
    else
        print_json(out, v);
}

/* Cuts between characters, never inside one. */
static void add_cut(struct buf *out, const struct buf *text)
{
    size_t n = text->n;

    if (n > PRINT_MAX) {
        n = PRINT_MAX;
        while (n > 0 && ((unsigned char)text->data[n] & 0xc0) == 0x80)
            n--;
    }
    buf_add(out, buf_text(text), n);
    if (n < text->n || text->over)
        buf_puts(out, "...");
}

void value_print(const struct field *f, const struct value *v, struct buf *out)
{
    if (v->state != V_SET) {
        buf_puts(out, v->state == V_NULL ? "null" : "(none)");
        return;
    }

    struct buf text = BUF_WITH_LIMIT(PRINT_WORK_MAX);
    if (f->type == F_INTEGER)
        buf_printf(&text, "%" PRId64, v->i);
    else if (f->type == F_BOOLEAN)
        buf_puts(&text, v->i ? "true" : "false");
    else if (type_is_json(f->type))
        print_composite(f, v->json, &text);
    else if (f->type == F_ENUM)
        add_name(&text, v->s);
    else if (type_is_text(f->type))
        add_quoted(&text, v->s ? v->s : "");
    add_cut(out, &text);
    buf_clear(&text);
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;

    return strcmp((*x)->string, (*y)->string);
}

/* The elements of a list or the members of an object, objects by name. */
static const cJSON **children(const cJSON *v, size_t *n)
{
    const cJSON **items = xcalloc((size_t)cJSON_GetArraySize(v), sizeof(const cJSON *));

    *n = 0;
    for (const cJSON *m = v->child; m; m = m->next)
        items[(*n)++] = m;
    if (cJSON_IsObject(v))
        qsort(items, *n, sizeof(const cJSON *), by_name);
    return items;
}

// NOLINTNEXTLINE(misc-no-recursion)
static void canonical_json(struct buf *out, const cJSON *v)
{
    bool object = cJSON_IsObject(v);

    if (!object && !cJSON_IsArray(v)) {
        add_scalar(out, v);
        return;
    }

    size_t n;
    const cJSON **items = children(v, &n);
    buf_puts(out, object ? "{" : "[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_puts(out, ",");
        if (object) {
            add_quoted(out, items[i]->string);
            buf_puts(out, ":");
        }
        canonical_json(out, items[i]);
    }
    buf_puts(out, object ? "}" : "]");
    free(items);
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* A list without an order of its own gets that of its elements' texts. */
static void canonical_set(struct buf *out, const cJSON *list)
{
    size_t n = 0;
    char **texts = xcalloc((size_t)cJSON_GetArraySize(list), sizeof(*texts));

    for (const cJSON *item = list->child; item; item = item->next) {
        struct buf text = BUF_WITH_LIMIT(out->max);
        canonical_json(&text, item);
        texts[n++] = buf_take(&text);
    }
    qsort(texts, n, sizeof(*texts), by_text);

    buf_puts(out, "[");
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_puts(out, ",");
        buf_puts(out, texts[i]);
        free(texts[i]);
    }
    buf_puts(out, "]");
    free(texts);
}

void value_canonical(const struct field *f, const struct value *v, struct buf *out)
{
    bool unordered = f->type == F_TAGS || f->type == F_SETTINGS || (f->flags & UNORDERED);

    if (v->state == V_NULL)
        buf_puts(out, "null");
    if (v->state != V_SET)
        return;
    if (f->type == F_INTEGER)
        buf_printf(out, "%" PRId64, v->i);
    else if (f->type == F_BOOLEAN)
        buf_puts(out, v->i ? "true" : "false");
    else if (type_is_json(f->type) && unordered && cJSON_IsArray(v->json))
        canonical_set(out, v->json);
    else if (type_is_json(f->type))
        canonical_json(out, v->json);
    else if (type_is_text(f->type))
        add_quoted(out, v->s ? v->s : "");
}
