/* Each row against every schema that it has to do with. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/spec/checks.h"

enum { SITES_MAX = 8 };

/* One place that a row goes to or comes from. */
struct site {
    const char *schema; /* borrowed */
    const char *path;   /* NULL: the sub-rows are the schema's members */
    bool write, update;
};

struct check {
    const struct facts *facts;
    struct report *report;
    const struct kind_desc *kind;
};

const char *row_name(const struct field *f)
{
    return f->yaml ? f->yaml : f->create ? f->create : f->update;
}

static void disagree(const struct check *c, const char *label, const struct fact_member *m,
                     const char *row, const char *contract)
{
    char *who = xasprintf("%s %s", c->kind->name, label);

    report_add(c->report, who, m->schema, m->name, "the row says %s; the contract says %s", row,
               contract);
    free(who);
}

static const char *constant_type(const struct field *f)
{
    size_t at;
    cJSON *v = json_parse(f->constant, strlen(f->constant), &at);
    const char *type = cJSON_IsBool(v)     ? "boolean"
                       : cJSON_IsString(v) ? "string"
                       : cJSON_IsNumber(v) ? "integer"
                                           : "object";

    cJSON_Delete(v);
    return type;
}

static bool type_fits(const struct check *c, const struct field *f, const char *type)
{
    static const char *const types[] = {
        [F_STRING] = "string",     [F_INTEGER] = "integer", [F_BOOLEAN] = "boolean",
        [F_ENUM] = "string",       [F_TIME] = "date-time",  [F_STRINGS] = "string[]",
        [F_MAP] = "map",           [F_TAGS] = "Tag[]",      [F_JSON] = "object",
        [F_REF] = "string",        [F_SECRET] = "string",   [F_FILE] = "binary",
        [F_SETTINGS] = "object[]",
    };

    if (f->type == F_LIST) {
        char *item = facts_item(type);
        bool fits = item && facts_is_schema(c->facts, item);
        free(item);
        return fits;
    }
    if (f->type == F_CONST)
        return streq(constant_type(f), type);
    if ((f->flags & FACT) && f->type == F_STRING && streq(type, "date-time"))
        return true;
    return f->type < ARRAY_LEN(types) && streq(types[f->type], type);
}

static bool has_word(const char *words, const char *word, size_t n)
{
    while (words && *words) {
        size_t len = strcspn(words, "|");
        if (len == n && strncmp(words, word, n) == 0)
            return true;
        words += len + (words[len] == '|');
    }
    return false;
}

static size_t count_words(const char *words)
{
    size_t n = words ? 1 : 0;

    for (; words && (words = strchr(words, '|')); words++)
        n++;
    return n;
}

static bool words_fit(const struct field *f, const char *words)
{
    size_t n = 0;

    if (f->type == F_CONST)
        return !words || f->constant[0] != '"' ||
               has_word(words, f->constant + 1, strlen(f->constant) - 2);
    if (f->type != F_ENUM)
        return !words || f->type == F_REF;
    for (; f->words[n]; n++) {
        if (!has_word(words, f->words[n], strlen(f->words[n])))
            return false;
    }
    return n == count_words(words);
}

/* Rows match whole values and escape by their own rules: the same letters, the
 * anchors and backslashes aside, are the same pattern. */
static char *bare(const char *pattern)
{
    char *out = xstrdup(pattern), *to = out;

    for (const char *p = pattern; *p; p++) {
        if (!strchr("\\^$", *p))
            *to++ = *p;
    }
    *to = '\0';
    return out;
}

static bool pattern_fits(const struct field *f, const char *pattern)
{
    if (!pattern)
        return true;
    if (!f->pattern)
        return false;
    char *a = bare(f->pattern), *b = bare(pattern);
    bool same = streq(a, b);
    free(a);
    free(b);
    return same;
}

static bool has_limits(enum field_type type)
{
    return type == F_STRING || type == F_INTEGER || type == F_SECRET || type == F_STRINGS ||
           type == F_TAGS || type == F_LIST || type == F_REF;
}

static char *limits_text(struct limits l)
{
    char *min = l.has_min ? xasprintf("%" PRId64, l.min) : xstrdup("");
    char *max = l.has_max ? xasprintf("%" PRId64, l.max) : xstrdup("");
    char *text = xasprintf("limits %s..%s", min, max);

    free(min);
    free(max);
    return text;
}

/* The tighter of two contracts is what the row must say. */
static void tighten(struct limits *l, struct limits by)
{
    if (by.has_min && (!l->has_min || by.min > l->min)) {
        l->has_min = true;
        l->min = by.min;
    }
    if (by.has_max && (!l->has_max || by.max < l->max)) {
        l->has_max = true;
        l->max = by.max;
    }
}

/* A reference's limits are those of an id that no manifest holds: only what such
 * rows do say is held. Tags may be none at all, for the owner's tag goes along. */
static void check_limits(const struct check *c, const struct field *f, const char *label,
                         const struct fact_member *m, struct limits contract)
{
    bool limited = f->min != 0 || f->max != 0;
    struct limits row = { limited, f->max != 0, f->min, f->max };

    if (f->type == F_REF && !limited)
        return;
    bool least = !contract.has_min || f->type == F_TAGS ||
                 (row.has_min && row.min == contract.min) || (contract.min <= 0 && !row.has_min);
    bool most = !contract.has_max || (row.has_max && row.max == contract.max);
    if (least && most)
        return;
    char *said = limits_text(row), *wanted = limits_text(contract);
    disagree(c, label, m, said, wanted);
    free(said);
    free(wanted);
}

static void check_member(const struct check *c, const struct field *f, const char *label,
                         const struct fact_member *m, const struct site *s)
{
    if (!type_fits(c, f, m->type)) {
        disagree(c, label, m, f->type == F_CONST ? f->constant : field_type_name(f->type), m->type);
        return;
    }
    if ((m->marks & MARK_SECRET) && f->type != F_SECRET)
        disagree(c, label, m, "it is no secret", "it is a credential");
    if (!s->write)
        return;
    if (!words_fit(f, m->words))
        disagree(c, label, m, "other words", m->words ? m->words : "any text");
    if (!pattern_fits(f, m->pattern))
        disagree(c, label, m, f->pattern ? f->pattern : "no pattern", m->pattern);
    if (s->update && (f->flags & CLEARABLE) && !(m->marks & MARK_NULLABLE))
        disagree(c, label, m, "null clears it", "null is not legal");
}

static void check_field(const struct check *c, const struct field *f, const char *label,
                        const struct site *sites, size_t n);

/* The rows of a list's elements, in every place that has the list. */
// NOLINTNEXTLINE(misc-no-recursion)
static void check_sub(const struct check *c, const struct field *f, const char *label,
                      const struct site *sites, size_t n)
{
    for (size_t i = 0; i < f->n_sub; i++) {
        const struct field *sub = &f->sub[i];
        char *inner = xasprintf("%s[].%s", label, sub->yaml);
        struct site at[SITES_MAX];
        size_t k = 0;

        for (size_t s = 0; s < n; s++) {
            if (sites[s].write && (sub->flags & LOCAL))
                continue;
            at[k] = sites[s];
            at[k++].path = sub->create;
        }
        check_field(c, sub, inner, at, k);
        free(inner);
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void check_field(const struct check *c, const struct field *f, const char *label,
                        const struct site *sites, size_t n)
{
    struct site inside[SITES_MAX];
    char *items[SITES_MAX] = { NULL };
    size_t n_inside = 0;
    struct limits limits = { 0 };
    const struct fact_member *limited = NULL;

    c->report->rows++;
    for (size_t i = 0; i < n; i++) {
        if (!sites[i].path) {
            inside[n_inside++] = sites[i];
            continue;
        }
        struct found at = facts_at(c->facts, sites[i].schema, sites[i].path);
        if (at.missing) {
            char *who = xasprintf("%s %s", c->kind->name, label);
            report_add(c->report, who, sites[i].schema, sites[i].path,
                       "the row says %s; the contract has no %s", sites[i].path, at.missing);
            free(who);
            free(at.missing);
        } else if (at.member) {
            check_member(c, f, label, at.member, &sites[i]);
            if (sites[i].write) {
                tighten(&limits, at.member->limits);
                limited = at.member;
            }
            if (f->type == F_LIST && (items[i] = facts_item(at.member->type)))
                inside[n_inside++] = (struct site){ .schema = items[i], .write = sites[i].write };
        }
    }
    if (limited && has_limits(f->type))
        check_limits(c, f, label, limited, limits);
    check_sub(c, f, label, inside, n_inside);
    for (size_t i = 0; i < n; i++)
        free(items[i]);
}

const char *body_schema_of(const struct facts *f, const struct call *call)
{
    const struct fact_call *c = facts_call(f, call->method, call->path);

    return c ? c->body : NULL;
}

char *read_schema_of(const struct facts *f, const struct kind_desc *k)
{
    char *path = xasprintf("%s/{}", k->collection);
    const struct fact_call *c = facts_call(f, "GET", path);

    free(path);
    return c && c->reply ? xstrdup(c->reply) : NULL;
}

char *list_schema_of(const struct facts *f, const char *method, const char *path)
{
    const struct fact_call *c = facts_call(f, method, path);
    const struct fact_member *items = c && c->reply ? facts_member(f, c->reply, "items") : NULL;

    return items ? facts_item(items->type) : NULL;
}

/* Where the row is read: the kind's object, or a join's. Owned. */
static char *read_site(const struct check *c, const char *path, const char **rest)
{
    *rest = path;
    if (path[0] != '$')
        return read_schema_of(c->facts, c->kind);
    size_t n = strcspn(path, ".");
    *rest = path[n] ? path + n + 1 : path + n;
    for (size_t i = 0; i < c->kind->n_joins; i++) {
        const struct join *j = &c->kind->joins[i];
        if (strlen(j->name) == n && strncmp(j->name, path, n) == 0)
            return list_schema_of(c->facts, j->method, j->path);
    }
    return NULL;
}

static size_t write_sites(const struct check *c, const struct field *f, struct site *sites)
{
    size_t n = 0;
    const struct kind_desc *k = c->kind;

    for (size_t v = 0; v < k->n_creates && f->create && !(f->flags & LOCAL); v++) {
        const char *schema = body_schema_of(c->facts, &k->creates[v]);
        if (schema && (!f->creates || (f->creates & 1U << v)))
            sites[n++] = (struct site){ .schema = schema, .path = f->create, .write = true };
    }
    if (f->update && !(f->flags & LOCAL)) {
        const struct call *call = &k->updates[f->call];
        const char *schema = body_schema_of(c->facts, call);
        const char *path = call->flags & CALL_PER_ITEM ? NULL : f->update;
        if (schema)
            sites[n++] = (struct site){ schema, path, .write = true, .update = true };
    }
    return n;
}

void check_rows(const struct facts *facts, const struct kind_desc *k, struct report *r)
{
    const struct check c = { facts, r, k };

    for (size_t i = 0; i < k->table.n; i++) {
        const struct field *f = &k->table.rows[i];
        struct site sites[SITES_MAX];
        size_t n = write_sites(&c, f, sites);
        const char *path = NULL;
        char *schema = f->read ? read_site(&c, f->read, &path) : NULL;

        if (schema)
            sites[n++] = (struct site){ .schema = schema, .path = path };
        check_field(&c, f, row_name(f), sites, n);
        free(schema);
    }
}
