/* Who needs whom, as a tree, as DOT and as a drawing. Whatever the input is - loops,
 * edges to nowhere, names of any kind - each output is well formed. */
#ifndef DAEMON_GRAPH_H
#define DAEMON_GRAPH_H

#include "schema/json.h"

struct graph_node {
    char *key, *kind, *name, *state;
    size_t *needs, *needed; /* indexes of nodes, without repetition */
    size_t n_needs, cap_needs, n_needed, cap_needed;
    size_t layer; /* longest way to a node that needs nothing */
};

struct graph {
    struct graph_node *nodes;
    size_t n, cap;
};

/* Of what the running daemon answers: {"nodes": […], "edges": […]}. */
struct graph *graph_new(const cJSON *json);
void graph_free(struct graph *g);
OWNER(graph)

/* Leaves the node of that key, what it needs and what needs it, however far; false
 * where there is no such node. */
bool graph_around(struct graph *g, const char *key);
/* Leaves out the edges that others imply: what is needed by way of what is needed. */
void graph_reduce(struct graph *g);
/* The key that is nearest to what is none; NULL where none is near. */
const char *graph_near(const struct graph *g, const char *key);

/* Each node once, below what it needs that is farthest from the roots; what it needs
 * besides stands behind it. */
void graph_text(const struct graph *g, bool colour, struct buf *out);
void graph_dot(const struct graph *g, struct buf *out);
void graph_svg(const struct graph *g, struct buf *out);

#endif
