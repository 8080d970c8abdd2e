/* Where the nodes of a graph go on paper: layers from left to right, few edges that
 * cross, and edges that pass between the boxes of the layers on their way. */
#ifndef DAEMON_GRAPH_LAYOUT_H
#define DAEMON_GRAPH_LAYOUT_H

#include "daemon/graph.h"

/* A box, or the point where an edge passes a layer that it does not end in. */
struct place {
    size_t node; /* SIZE_MAX: a point */
    size_t layer, rank;
    double y, height; /* of the middle */
    double wish;
    size_t *left, *right; /* places in the layers beside it */
    size_t n_left, cap_left, n_right, cap_right;
};

struct layout {
    struct place *places; /* those of the nodes first, in their order */
    size_t n, cap;
    size_t n_nodes, n_layers;
    size_t **layers; /* indexes of places, from top to bottom */
    size_t *sizes;
    double height;
};

enum { LAYOUT_BOX = 40, LAYOUT_POINT = 6, LAYOUT_GAP = 14 };

struct layout *layout_new(const struct graph *g);
void layout_free(struct layout *l);
OWNER(layout)

#endif
