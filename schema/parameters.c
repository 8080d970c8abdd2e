#include "schema/parameters.h"

#include <stdlib.h>

#include "schema/json_schema.h"

/* The text is read again: objects do not know where the parts of a value stand. */
static struct yaml_file *tree_of(struct graph *g, const struct source *s)
{
    struct yaml_file *y = map_get(&g->trees, s->file);
    struct diags told = { 0 };

    if (y)
        return y;
    y = yaml_file_parse(s->file, s->text, s->n, &told);
    y->diags = NULL;
    diags_clear(&told);
    map_set(&g->trees, y->source.file, y);
    return y;
}

void parameters_clear(struct graph *g)
{
    for (size_t i = 0; i < g->trees.cap; i++)
        yaml_file_free(g->trees.slots[i].value);
    map_clear(&g->trees);
}

static const struct node *node_of(const struct yaml_file *y, const struct object *o,
                                  const char *yaml)
{
    for (size_t i = 0; i < y->n_docs; i++) {
        if (y->docs[i]->pos.line == o->pos.line && y->docs[i]->pos.col == o->pos.col)
            return node_at(node_get(y->docs[i], "spec"), yaml);
    }
    return NULL;
}

static bool is_on(const struct member *connector, const char *engine)
{
    for (size_t i = 0; i < connector->n; i++) {
        if (streq(connector->edges[i].text, engine))
            return true;
    }
    return false;
}

/* Connectors that the manifests put on the engine and whose files say something of
 * the row: 0 where one says nothing, or has findings, so that nobody can tell. */
static size_t connectors_of(const struct graph *g, const char *engine, const struct field *f,
                            const struct member **out)
{
    size_t n = 0;

    for (size_t i = 0; engine && i < g->n_connectors; i++) {
        const struct member *m = g->connectors[i];
        if (!m->object || m->bad)
            return 0;
        if (!is_on(m, engine))
            continue;
        if (!cJSON_GetObjectItemCaseSensitive(m->object->schemas, f->schema))
            return 0;
        out[n++] = m;
    }
    return n;
}

static const struct member *next_source(const struct member *m)
{
    for (size_t i = 0; i < m->n; i++) {
        enum kind k = m->edges[i].row->ref->kind;
        if (k != KIND_ENGINE && k != KIND_ENVIRONMENT)
            return m->edges[i].to;
    }
    return NULL;
}

/* Is its repository, or that of what it comes from, left to be chosen? Then it is
 * one of a connector that the manifests declare. */
static bool repository_is_chosen(const struct member *m)
{
    for (; m && m->object; m = next_source(m)) {
        const struct table t = m->kind->table;
        for (size_t i = 0; i < t.n; i++) {
            bool repository = t.rows[i].type == F_REF && t.rows[i].ref->target == REF_REPOSITORY;
            if (repository && (m->object->values[i].state == V_SET || t.rows[i].flags & AUTO))
                return m->object->values[i].state != V_SET;
        }
    }
    return false;
}

/* What the connectors say of one value. */
struct verdict {
    const struct member *connector; /* the one that objects to the least */
    struct diags said, trial;       /* what it says; what is being said */
};

static bool judge(struct yaml_file *y, const struct node *n, const struct field *f,
                  const struct member *connector, struct verdict *v)
{
    y->diags = &v->trial;
    json_schema_check(y, n, f->yaml,
                      cJSON_GetObjectItemCaseSensitive(connector->object->schemas, f->schema));
    y->diags = NULL;
    bool good = v->trial.errors == 0;
    if (good || !v->connector || v->trial.errors < v->said.errors) {
        diags_clear(&v->said);
        v->said = v->trial;
        v->trial = (struct diags){ 0 };
        v->connector = connector;
    }
    diags_clear(&v->trial);
    return good;
}

static void tell(const struct verdict *v, bool certain, struct diags *d)
{
    for (size_t i = 0; i < v->said.n; i++) {
        const struct diag *each = &v->said.items[i];
        const char *name = member_name(v->connector);
        if (certain)
            diag_error(d, each->at, "%s", each->text);
        else
            diag_warning(d, each->at, "%s, if Connector %s is meant", each->text, name);
        diag_source(d, NULL, 0, each->caret_n);
        if (each->hint)
            diag_hint(d, "%s", each->hint);
        else
            diag_hint(d, "see the file of Connector %s", name);
    }
}

static bool check_row(struct graph *g, struct member *m, size_t row, struct diags *d)
{
    const struct field *f = &m->kind->table.rows[row];
    const struct member **connectors = xcalloc(g->n_connectors + 1, sizeof(struct member *));
    size_t n = connectors_of(g, m->engine, f, connectors);
    struct yaml_file *y = n ? tree_of(g, m->source) : NULL;
    const struct node *node = y ? node_of(y, m->object, f->yaml) : NULL;
    bool certain = n == 1 && repository_is_chosen(m), good = !node;
    struct verdict v = { 0 };

    for (size_t i = 0; i < n && !good; i++)
        good = judge(y, node, f, connectors[i], &v);
    free(connectors);
    if (!node)
        return true;
    cJSON *value = m->object->values[row].json, *whole = object_made(m->object, row)->json;
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(v.connector->object->schemas, f->schema);
    certain = certain || json_schema_leaks(whole, schema); /* it would be shown and kept */
    if (!good)
        tell(&v, certain, d);
    json_schema_seal(value, schema);
    if (whole != value)
        json_schema_seal(whole, schema);
    source_hide(m->source, &y->source);
    diags_clear(&v.said);
    return good || !certain;
}

bool parameters_check(struct graph *g, struct member *m, struct diags *d)
{
    const struct table t = m->kind->table;
    bool good = true;

    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].schema && m->object->values[i].state == V_SET)
            good &= check_row(g, m, i, d);
    }
    return good;
}
