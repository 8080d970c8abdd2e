/* What objects have to do with each other: who refers to whom, in which order
 * that can be done, and which engine each one is on. */
#ifndef SCHEMA_REFS_H
#define SCHEMA_REFS_H

#include "schema/map.h"
#include "schema/object.h"
#include "schema/yaml.h"

/* A reference from a member to a member. */
struct edge {
    const struct field *row;
    const char *text;  /* what the manifest says; borrowed */
    struct member *to; /* NULL where no manifest declares it */
    struct pos pos;
};

/* A declared object, or the name of one that was left out for its findings. */
struct member {
    const struct kind_desc *kind;
    struct object *object; /* borrowed; NULL if it was left out */
    struct source *source; /* borrowed: the text that it was read from */
    char *key;             /* "VDB/orders-dev" */
    char *moved_key;       /* the same for the name that it had before, or NULL */
    struct edge *edges;
    size_t n, cap;
    const char *engine; /* borrowed: a name, or "id:…"; NULL if nothing tells */
    const struct edge *engine_by;
    unsigned visit;
    bool bad;                     /* has findings, or refers to what has */
    const struct member *through; /* it has none itself: the one that has; NULL otherwise */
};

struct graph {
    struct member **members; /* as they are declared */
    size_t n, cap;
    struct map by_key, moved;
    const char **names[KINDS];
    size_t n_names[KINDS], cap_names[KINDS];
    struct member **order; /* targets first */
    size_t n_order;
    struct member **connectors; /* those of which each engine has its own */
    size_t n_connectors, cap_connectors;
    struct map trees; /* private to parameters.c */
};

/* The object's name behind the kind; never NULL. */
const char *member_name(const struct member *m);

/* Adds what is declared; `o` may be NULL. A second one of a name is a finding,
 * and then neither of them is meant: NULL. */
struct member *graph_add(struct graph *g, const struct kind_desc *k, const char *name,
                         struct object *o, struct diags *d);
/* Once all are added: references, circles, order and engines. */
void graph_settle(struct graph *g, struct diags *d);
void graph_clear(struct graph *g);

#endif
