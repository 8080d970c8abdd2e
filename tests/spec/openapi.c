/* From an OpenAPI 3.0 document, in YAML, to facts.
 *
 * Named schemas stay named, so that nothing is said twice and circles do no
 * harm; `allOf` is laid together into the schema that uses it. Schemas without
 * a name are called after where they stand: "VDB.nfs", "POST /vdbs/{}/lock body". */
#include "tests/spec/openapi.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/file.h"
#include "schema/set.h"
#include "schema/yaml.h"

#define SCHEMAS "#/components/schemas/"

struct reader {
    struct facts *facts;
    const struct node *root;
};

/* What `$ref` refers to, the node itself where it is none. */
static const struct node *follow(const struct reader *r, const struct node *n)
{
    for (int depth = 0; n && depth < 8; depth++) {
        const struct node *ref = node_get(n, "$ref");
        if (!ref)
            return n;
        char *path = xstrdup(ref->text + (starts_with(ref->text, "#/") ? 2 : 0));
        for (char *p = path; *p; p++)
            *p = *p == '/' ? '.' : *p;
        n = node_at(r->root, path);
        free(path);
    }
    return n;
}

static const char *word(const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);

    return n && n->type == NODE_SCALAR ? n->text : NULL;
}

static bool is_structured(const struct node *s)
{
    return node_get(s, "properties") || node_get(s, "allOf");
}

static void read_schema(const struct reader *r, const char *name, const struct node *s);

static char *object_type(const struct reader *r, const struct node *s)
{
    const struct node *values = follow(r, node_get(s, "additionalProperties"));

    return xstrdup(streq(word(values, "type"), "string") ? "map" : "object");
}

static const char *plain_type(const struct node *s)
{
    const char *type = word(s, "type"), *format = word(s, "format");

    if (streq(type, "string") && (streq(format, "date-time") || streq(format, "binary")))
        return format;
    return type ? type : "object";
}

/* The type as facts write it; a structure without a name of its own is read
 * under the name `inner`. Owned. */
// NOLINTNEXTLINE(misc-no-recursion)
static char *type_of(const struct reader *r, const struct node *schema, const char *inner)
{
    const char *ref = word(schema, "$ref");
    const struct node *s = follow(r, schema);

    if (streq(word(s, "type"), "array")) {
        char *item = type_of(r, node_get(s, "items"), inner);
        char *list = xasprintf("%s[]", item);
        free(item);
        return list;
    }
    if (!is_structured(s))
        return streq(word(s, "type"), "object") || !s ? object_type(r, s) : xstrdup(plain_type(s));
    if (ref && starts_with(ref, SCHEMAS))
        return xstrdup(ref + strlen(SCHEMAS));
    read_schema(r, inner, s);
    return xstrdup(inner);
}

static char *words_of(const struct node *s)
{
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    const struct node *words = node_get(s, "enum");

    for (size_t i = 0; words && i < words->n; i++)
        buf_printf(&b, "%s%s", i ? "|" : "", words->items[i]->text);
    char *text = b.n ? xstrdup(buf_text(&b)) : NULL;
    buf_clear(&b);
    return text;
}

static void bound(const struct node *s, const char *const *keys, bool *has, int64_t *n)
{
    for (; *keys && !*has; keys++) {
        const char *text = word(s, *keys);
        *has = text && parse_int64(text, n);
    }
}

static bool is_true(const struct node *s, const char *key)
{
    return streq(word(s, key), "true");
}

// NOLINTNEXTLINE(misc-no-recursion)
static void read_member(const struct reader *r, const char *schema, const struct pair *p)
{
    static const char *const least[] = { "minLength", "minimum", "minItems", NULL };
    static const char *const most[] = { "maxLength", "maximum", "maxItems", NULL };
    const struct node *s = follow(r, p->value);
    char *inner = xasprintf("%s.%s", schema, p->key->text);
    struct fact_member m = { .schema = xstrdup(schema), .name = xstrdup(p->key->text) };
    const struct node *items = follow(r, node_get(s, "items"));

    bound(s, least, &m.limits.has_min, &m.limits.min);
    bound(s, most, &m.limits.has_max, &m.limits.max);
    m.words = words_of(items ? items : s);
    m.pattern = word(s, "pattern") ? xstrdup(word(s, "pattern")) : NULL;
    m.marks = (is_true(s, "x-dct-toolkit-credential-field") ? MARK_SECRET : 0U) |
              (is_true(s, "nullable") ? MARK_NULLABLE : 0U);
    m.type = type_of(r, p->value, inner);
    facts_add_member(r->facts, m);
    free(inner);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void read_properties(const struct reader *r, const char *name, const struct node *s)
{
    const struct node *all = node_get(s, "allOf"), *own = node_get(s, "properties");

    for (size_t i = 0; all && i < all->n; i++)
        read_properties(r, name, follow(r, all->items[i]));
    for (size_t i = 0; own && i < own->n; i++)
        read_member(r, name, &own->pairs[i]);
}

static void require(const struct reader *r, const char *schema, const char *name)
{
    for (size_t i = 0; i < r->facts->n_members; i++) {
        struct fact_member *m = &r->facts->members[i];
        if (streq(m->schema, schema) && streq(m->name, name)) {
            m->marks |= MARK_REQUIRED;
            return;
        }
    }
    facts_add_member(r->facts, (struct fact_member){
                                   .schema = xstrdup(schema),
                                   .name = xstrdup(name),
                                   .type = xstrdup("object"),
                                   .marks = MARK_REQUIRED | MARK_UNDEFINED,
                               });
}

/* `required` may name what a part of `allOf` defines: last, once all is read. */
// NOLINTNEXTLINE(misc-no-recursion)
static void read_required(const struct reader *r, const char *name, const struct node *s)
{
    const struct node *all = node_get(s, "allOf"), *required = node_get(s, "required");

    for (size_t i = 0; all && i < all->n; i++)
        read_required(r, name, follow(r, all->items[i]));
    for (size_t i = 0; required && i < required->n; i++)
        require(r, name, required->items[i]->text);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void read_schema(const struct reader *r, const char *name, const struct node *s)
{
    read_properties(r, name, s);
    read_required(r, name, s);
}

/* The schema of a body or a reply, whatever its media type. */
static const struct node *content(const struct node *body, const char **media)
{
    const struct node *all = node_get(body, "content");

    if (!all || all->n == 0)
        return NULL;
    *media = all->pairs[0].key->text;
    return node_get(all->pairs[0].value, "schema");
}

static char *content_type(const struct reader *r, const struct node *schema,
                          const struct fact_call *c, const char *what)
{
    char *inner = xasprintf("%s %s %s", c->method, c->path, what);
    char *type = schema ? type_of(r, schema, inner) : NULL;

    free(inner);
    return type;
}

static void read_call(const struct reader *r, const char *path, const struct pair *p)
{
    const struct node *replies = node_get(p->value, "responses");
    const struct node *body = follow(r, node_get(p->value, "requestBody"));
    const char *media = NULL, *reply_media = NULL;
    struct fact_call c = { .method = xstrdup(p->key->text), .path = facts_path(path) };

    for (char *m = c.method; *m; m++)
        *m = (char)toupper((unsigned char)*m);
    c.body = content_type(r, content(body, &media), &c, "body");
    c.media = media ? xstrdup(media) : NULL;
    c.body_required = is_true(body, "required");
    for (size_t i = 0; replies && i < replies->n && c.success == 0; i++) {
        const char *status = replies->pairs[i].key->text;
        if (status[0] != '2' || !parse_int64(status, &c.success))
            continue;
        const struct node *reply = follow(r, replies->pairs[i].value);
        c.reply = content_type(r, content(reply, &reply_media), &c, "reply");
    }
    facts_add_call(r->facts, c);
}

static void read_document(const struct reader *r)
{
    const struct node *schemas = node_at(r->root, "components.schemas");
    const struct node *paths = node_get(r->root, "paths");

    for (size_t i = 0; schemas && i < schemas->n; i++) {
        if (is_structured(schemas->pairs[i].value))
            read_schema(r, schemas->pairs[i].key->text, schemas->pairs[i].value);
    }
    for (size_t i = 0; paths && i < paths->n; i++) {
        const struct node *calls = paths->pairs[i].value;
        for (size_t k = 0; k < calls->n; k++) {
            if (node_get(calls->pairs[k].value, "responses"))
                read_call(r, paths->pairs[i].key->text, &calls->pairs[k]);
        }
    }
}

char *openapi_parse(struct facts *f, const char *name, const char *text, size_t n)
{
    struct diags d = { 0 };
    struct buf said = BUF_WITH_LIMIT(1 << 16);
    OWNED(yaml_file) y = yaml_file_parse(name, text, n, &d);
    char *error = NULL;

    if (d.errors == 0 && y->n_docs == 1)
        read_document(&(struct reader){ f, y->docs[0] });
    diags_print(&d, &said);
    if (d.errors > 0)
        error = xstrdup(buf_text(&said));
    else if (f->n_calls == 0 || f->n_members == 0)
        error = xasprintf("%s: no OpenAPI document with paths and schemas", name);
    buf_clear(&said);
    diags_clear(&d);
    return error;
}

char *openapi_read(struct facts *f, const char *path)
{
    size_t n;
    char *error = NULL, *text = file_read(path, MANIFEST_MAX, &n, &error);

    if (text)
        error = openapi_parse(f, path, text, n);
    free(text);
    return error;
}
