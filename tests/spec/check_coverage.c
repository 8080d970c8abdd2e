/* Each member of the contract's bodies against the rows that make them up. */
#include <stdlib.h>
#include <string.h>

#include "tests/spec/checks.h"

/* One body of a kind, or an element of a list in it. */
struct body {
    const struct facts *facts;
    struct report *report;
    const char *who; /* "VDB update" */
    const struct field *rows;
    size_t n;
    const struct kind_desc *kind; /* NULL in an element: sub-rows are known by `create` */
    size_t variant;               /* of the creates, or the number of the update */
    bool update;
};

/* The row's path in this body, NULL where it does not go there. */
static const char *path_in(const struct body *b, const struct field *f)
{
    if (!b->kind)
        return f->flags & LOCAL ? NULL : f->create;
    if (f->flags & (LOCAL | FACT))
        return NULL;
    if (b->update)
        return f->call == b->variant && !(f->flags & ACTION) ? f->update : NULL;
    return !f->creates || (f->creates & 1U << b->variant) ? f->create : NULL;
}

/* Does a part of the path, or all of it, lead to the member? */
static bool leads_to(const char *path, const char *member)
{
    size_t n = strlen(member);

    return path && strncmp(path, member, n) == 0 && (!path[n] || strchr(".[", path[n]));
}

static bool always_said(const struct field *f)
{
    return (f->flags & (REQUIRED | GROUP_MUST | AUTO | DERIVED)) || f->type == F_CONST;
}

static void check_schema(const struct body *b, const char *schema, const char *prefix);

/* What the rows say in one member's place: a whole list, or parts of it. */
// NOLINTNEXTLINE(misc-no-recursion)
static void look_inside(const struct body *b, const struct fact_member *m, const char *path)
{
    const struct field *list = NULL;
    bool whole = false;

    for (size_t i = 0; i < b->n; i++) {
        const char *at = path_in(b, &b->rows[i]);
        bool here = streq(at, path);
        whole = whole || here;
        if (here && b->rows[i].type == F_LIST)
            list = &b->rows[i];
    }
    if (list) {
        char *item = facts_item(m->type);
        const struct body inner = { b->facts,  b->report,   b->who,
                                    list->sub, list->n_sub, .kind = NULL };
        if (item)
            check_schema(&inner, item, "");
        free(item);
    } else if (!whole && facts_is_schema(b->facts, m->type)) {
        check_schema(b, m->type, path);
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void check_member(const struct body *b, const struct fact_member *m, const char *prefix)
{
    char *path = xasprintf("%s%s%s", prefix, *prefix ? "." : "", m->name);
    bool covered = false, said = false;

    b->report->members++;
    for (size_t i = 0; i < b->n; i++) {
        if (!leads_to(path_in(b, &b->rows[i]), path))
            continue;
        covered = true;
        said = said || always_said(&b->rows[i]);
    }
    if (m->marks & MARK_UNDEFINED)
        report_add(b->report, b->who, m->schema, m->name,
                   "the contract requires what it does not define");
    else if (!covered)
        report_add(b->report, b->who, m->schema, m->name,
                   "no row says %s, and no exclusion names it", path);
    else if ((m->marks & MARK_REQUIRED) && !said)
        report_add(b->report, b->who, m->schema, m->name,
                   "the contract requires %s, and no row must say it", path);
    if (covered)
        look_inside(b, m, path);
    free(path);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void check_schema(const struct body *b, const char *schema, const char *prefix)
{
    for (size_t i = 0; i < b->facts->n_members; i++) {
        if (streq(b->facts->members[i].schema, schema))
            check_member(b, &b->facts->members[i], prefix);
    }
}

static void check_body(const struct facts *f, const struct kind_desc *k, struct report *r,
                       size_t variant, bool update)
{
    const struct call *call = update ? &k->updates[variant] : &k->creates[variant];
    const char *schema = body_schema_of(f, call);
    char *who = xasprintf("%s %s (%s)", k->name, call->name, call->path);
    struct body b = { f, r, who, k->table.rows, k->table.n, k, variant, update };

    for (size_t i = 0; (call->flags & CALL_PER_ITEM) && i < k->table.n; i++) {
        const struct field *row = &k->table.rows[i];
        if (row->update && row->call == variant)
            b = (struct body){ f, r, who, row->sub, row->n_sub, .kind = NULL };
    }
    if (schema && (call->body == BODY_ROWS || call->body == BODY_MULTIPART))
        check_schema(&b, schema, "");
    free(who);
}

void check_coverage(const struct facts *f, const struct kind_desc *k, struct report *r)
{
    for (size_t i = 0; i < k->n_creates; i++)
        check_body(f, k, r, i, false);
    for (size_t i = 0; i < k->n_updates; i++)
        check_body(f, k, r, i, true);
}
