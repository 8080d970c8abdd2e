/* The six kinds by number and by name. */
#include "schema/kind.h"

#include <assert.h>
#include <strings.h>

static const struct kind_desc *const kinds[KINDS] = {
    [KIND_ENGINE] = &kind_engine,           [KIND_CONNECTOR] = &kind_connector,
    [KIND_ENVIRONMENT] = &kind_environment, [KIND_SOURCE_CONFIG] = &kind_source_config,
    [KIND_DSOURCE] = &kind_dsource,         [KIND_VDB] = &kind_vdb,
};

const struct kind_desc *kind_desc(enum kind kind)
{
    assert((unsigned)kind < KINDS);
    return kinds[kind];
}

const struct kind_desc *kind_by_name(const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (streq(kinds[i]->name, name) || (name && strcasecmp(kinds[i]->arg, name) == 0))
            return kinds[i];
    }
    return NULL;
}

static const char *nth_name(const void *ctx, size_t i)
{
    (void)ctx;
    return i < KINDS ? kinds[i]->name : NULL;
}

const char *kind_near(const char *word)
{
    return nearest_word(word, nth_name, NULL);
}

const struct call *call_for(const struct call *call, unsigned api)
{
    while (api && api < call->since && call->older)
        call = call->older;
    return call;
}

bool call_too_new(const struct call *call, unsigned api)
{
    return api && api < call_for(call, api)->since;
}

size_t kind_row(const struct kind_desc *k, const char *yaml)
{
    int row = table_find(k->table, yaml);

    assert(row >= 0);
    return (size_t)row;
}

bool row_changeable(const struct kind_desc *k, const struct field *f)
{
    if (f->flags & (STATE | TOKEN | ACTION) || f->type == F_FILE)
        return true;
    return f->update && f->call < k->n_updates;
}
