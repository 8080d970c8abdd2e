#include "daemon/graph_layout.h"

#include <stdlib.h>

enum { SWEEPS = 24, RELAXATIONS = 40 };

static size_t add_place(struct layout *l, size_t node, size_t layer)
{
    l->places = grow(l->places, l->n, &l->cap, sizeof(*l->places));
    l->places[l->n] = (struct place){
        .node = node,
        .layer = layer,
        .height = node == SIZE_MAX ? LAYOUT_POINT : LAYOUT_BOX,
    };
    return l->n++;
}

static void join(struct layout *l, size_t left, size_t right)
{
    struct place *a = &l->places[left], *b = &l->places[right];

    a->right = grow(a->right, a->n_right, &a->cap_right, sizeof(*a->right));
    a->right[a->n_right++] = right;
    b->left = grow(b->left, b->n_left, &b->cap_left, sizeof(*b->left));
    b->left[b->n_left++] = left;
}

/* Edges within a layer are those of loops, which have no place on the paper. */
static void add_edge(struct layout *l, size_t from, size_t to)
{
    size_t at = from, last = l->places[to].layer;

    if (l->places[from].layer >= last)
        return;
    for (size_t layer = l->places[from].layer + 1; layer < last; layer++) {
        size_t point = add_place(l, SIZE_MAX, layer);
        l->places[point].wish = (l->places[from].wish + l->places[to].wish) / 2;
        join(l, at, point);
        at = point;
    }
    join(l, at, to);
}

/* What belongs together is near from the start: nodes in the order of a walk from the
 * roots. */
static void walk(struct layout *l, const struct graph *g)
{
    size_t *stack = xcalloc(g->n + 1, sizeof(*stack)), n = 0, at = 0;
    bool *seen = xcalloc(g->n + 1, sizeof(*seen));

    for (size_t root = 0; root < g->n; root++) {
        if (seen[root] || g->nodes[root].layer > 0)
            continue;
        stack[n++] = root;
        seen[root] = true;
        while (n > 0) {
            size_t i = stack[--n];
            l->places[i].wish = (double)at++;
            for (size_t k = g->nodes[i].n_needed; k-- > 0;) {
                size_t next = g->nodes[i].needed[k];
                if (!seen[next])
                    stack[n++] = next;
                seen[next] = true;
            }
        }
    }
    free(seen);
    free(stack);
}

static int by_wish(const void *a, const void *b, void *ctx)
{
    const struct layout *l = ctx;
    const struct place *x = &l->places[*(const size_t *)a], *y = &l->places[*(const size_t *)b];

    if (x->wish < y->wish || y->wish < x->wish)
        return x->wish < y->wish ? -1 : 1;
    return x->rank < y->rank ? -1 : x->rank > y->rank;
}

static void sort_by_wish(struct layout *l, size_t layer)
{
    size_t *order = l->layers[layer], n = l->sizes[layer];

    qsort_r(order, n, sizeof(*order), by_wish, l);
    for (size_t i = 0; i < n; i++)
        l->places[order[i]].rank = i;
}

static void fill_layers(struct layout *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->places[i].layer >= l->n_layers)
            l->n_layers = l->places[i].layer + 1;
    }
    l->layers = xcalloc(l->n_layers + 1, sizeof(*l->layers));
    l->sizes = xcalloc(l->n_layers + 1, sizeof(*l->sizes));
    for (size_t i = 0; i < l->n; i++)
        l->sizes[l->places[i].layer]++;
    for (size_t i = 0; i < l->n_layers; i++) {
        l->layers[i] = xcalloc(l->sizes[i] + 1, sizeof(**l->layers));
        l->sizes[i] = 0;
    }
    for (size_t i = 0; i < l->n; i++) {
        struct place *p = &l->places[i];
        p->rank = l->sizes[p->layer];
        l->layers[p->layer][l->sizes[p->layer]++] = i;
    }
    for (size_t k = 0; k < l->n_layers; k++)
        sort_by_wish(l, k);
}

/* From 0 to 1, so that layers of any size can be compared. */
static double height_of(const struct layout *l, const struct place *p)
{
    return ((double)p->rank + 0.5) / (double)l->sizes[p->layer];
}

static double mean_height(const struct layout *l, const struct place *p, const size_t *list,
                          size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += height_of(l, &l->places[list[i]]);
    return n ? sum / (double)n : height_of(l, p);
}

/* The layer in the order of the mean of what stands beside it on one side. */
static void sort_layer(struct layout *l, size_t layer, bool by_left)
{
    size_t *order = l->layers[layer], n = l->sizes[layer];

    for (size_t i = 0; i < n; i++) {
        struct place *p = &l->places[order[i]];
        p->wish = by_left ? mean_height(l, p, p->left, p->n_left)
                          : mean_height(l, p, p->right, p->n_right);
    }
    sort_by_wish(l, layer);
}

static void order_layers(struct layout *l)
{
    for (size_t sweep = 0; sweep < SWEEPS; sweep++) {
        for (size_t i = 0; i < l->n_layers; i++)
            sort_layer(l, sweep % 2 ? l->n_layers - 1 - i : i, sweep % 2 == 0);
    }
}

static double distance(const struct place *a, const struct place *b)
{
    return (a->height + b->height) / 2 + LAYOUT_GAP;
}

static double mean_y(const struct layout *l, const struct place *p)
{
    double sum = 0;

    for (size_t i = 0; i < p->n_left; i++)
        sum += l->places[p->left[i]].y;
    for (size_t i = 0; i < p->n_right; i++)
        sum += l->places[p->right[i]].y;
    return p->n_left + p->n_right ? sum / (double)(p->n_left + p->n_right) : p->y;
}

/* Everything of the layer as near to where it wants to be as its neighbours allow:
 * half way between pushing down and pushing up, both of which keep the distance. */
static void settle_layer(struct layout *l, size_t layer)
{
    const size_t *order = l->layers[layer];
    size_t n = l->sizes[layer];
    double *down = xcalloc(n + 1, sizeof(*down)), *up = xcalloc(n + 1, sizeof(*up));

    for (size_t i = 0; i < n; i++) {
        const struct place *p = &l->places[order[i]];
        down[i] = mean_y(l, p);
        up[i] = down[i];
    }
    for (size_t i = 1; i < n; i++) {
        double least = down[i - 1] + distance(&l->places[order[i - 1]], &l->places[order[i]]);
        down[i] = down[i] < least ? least : down[i];
    }
    for (size_t i = n; i-- > 1;) {
        double most = up[i] - distance(&l->places[order[i - 1]], &l->places[order[i]]);
        up[i - 1] = up[i - 1] > most ? most : up[i - 1];
    }
    for (size_t i = 0; i < n; i++)
        l->places[order[i]].y = (down[i] + up[i]) / 2;
    free(up);
    free(down);
}

static void stack_layers(struct layout *l)
{
    for (size_t k = 0; k < l->n_layers; k++) {
        for (size_t i = 1; i < l->sizes[k]; i++) {
            const struct place *above = &l->places[l->layers[k][i - 1]];
            struct place *p = &l->places[l->layers[k][i]];
            p->y = above->y + distance(above, p);
        }
    }
}

/* From the first line on. */
static void move_up(struct layout *l)
{
    double top = 0, bottom = 0;

    for (size_t i = 0; i < l->n; i++) {
        double y = l->places[i].y, half = l->places[i].height / 2;
        top = i == 0 || y - half < top ? y - half : top;
        bottom = i == 0 || y + half > bottom ? y + half : bottom;
    }
    for (size_t i = 0; i < l->n; i++)
        l->places[i].y -= top;
    l->height = bottom - top;
}

struct layout *layout_new(const struct graph *g)
{
    struct layout *l = xcalloc(1, sizeof(*l));

    for (size_t i = 0; i < g->n; i++)
        (void)add_place(l, i, g->nodes[i].layer);
    l->n_nodes = g->n;
    walk(l, g);
    for (size_t i = 0; i < g->n; i++) {
        for (size_t k = 0; k < g->nodes[i].n_needs; k++)
            add_edge(l, g->nodes[i].needs[k], i);
    }
    fill_layers(l);
    order_layers(l);
    stack_layers(l);
    for (size_t i = 0; i < RELAXATIONS * l->n_layers; i++)
        settle_layer(l, i / l->n_layers % 2 ? l->n_layers - 1 - i % l->n_layers : i % l->n_layers);
    move_up(l);
    return l;
}

void layout_free(struct layout *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++) {
        free(l->places[i].left);
        free(l->places[i].right);
    }
    for (size_t i = 0; i < l->n_layers; i++)
        free(l->layers[i]);
    free(l->layers);
    free(l->sizes);
    free(l->places);
    free(l);
}
