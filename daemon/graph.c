#include "daemon/graph.h"

#include <stdlib.h>
#include <string.h>

static char *member(const cJSON *o, const char *name)
{
    const char *text = json_text(o, name);

    return xstrdup(text ? text : "");
}

static void add_node(struct graph *g, const cJSON *o)
{
    g->nodes = grow(g->nodes, g->n, &g->cap, sizeof(*g->nodes));
    g->nodes[g->n++] = (struct graph_node){ .key = member(o, "key"),
                                            .kind = member(o, "kind"),
                                            .name = member(o, "name"),
                                            .state = member(o, "state") };
}

static void node_clear(struct graph_node *n)
{
    free(n->key);
    free(n->kind);
    free(n->name);
    free(n->state);
    free(n->needs);
    free(n->needed);
}

static int by_key(const void *a, const void *b)
{
    const struct graph_node *x = a, *y = b;

    return strcmp(x->key, y->key);
}

/* Nodes are in order of their keys once all are there; g->n where there is none. */
static size_t find(const struct graph *g, const char *key)
{
    const struct graph_node wanted = { .key = xstrdup(key) };
    const struct graph_node *n = bsearch(&wanted, g->nodes, g->n, sizeof(*g->nodes), by_key);

    free(wanted.key);
    return n ? (size_t)(n - g->nodes) : g->n;
}

static bool has(const size_t *list, size_t n, size_t node)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == node)
            return true;
    }
    return false;
}

static void link_nodes(struct graph *g, size_t from, size_t to)
{
    struct graph_node *a = &g->nodes[from], *b = &g->nodes[to];

    if (from == to || has(a->needs, a->n_needs, to))
        return;
    a->needs = grow(a->needs, a->n_needs, &a->cap_needs, sizeof(*a->needs));
    a->needs[a->n_needs++] = to;
    b->needed = grow(b->needed, b->n_needed, &b->cap_needed, sizeof(*b->needed));
    b->needed[b->n_needed++] = from;
}

static void add_edge(struct graph *g, const cJSON *o)
{
    const char *from = json_text(o, "from"), *to = json_text(o, "to");
    size_t a = from ? find(g, from) : g->n, b = to ? find(g, to) : g->n;

    if (a < g->n && b < g->n)
        link_nodes(g, a, b);
}

/* Nodes after what they need; what is in a loop is left at layer 0. */
static void set_layers(struct graph *g)
{
    size_t *left = xcalloc(g->n + 1, sizeof(*left)), *queue = xcalloc(g->n + 1, sizeof(*queue));
    size_t n = 0;

    for (size_t i = 0; i < g->n; i++) {
        left[i] = g->nodes[i].n_needs;
        g->nodes[i].layer = 0;
        if (left[i] == 0)
            queue[n++] = i;
    }
    for (size_t done = 0; done < n; done++) {
        const struct graph_node *a = &g->nodes[queue[done]];
        for (size_t i = 0; i < a->n_needed; i++) {
            struct graph_node *b = &g->nodes[a->needed[i]];
            if (b->layer < a->layer + 1)
                b->layer = a->layer + 1;
            if (--left[a->needed[i]] == 0)
                queue[n++] = a->needed[i];
        }
    }
    for (size_t i = 0; i < g->n; i++) {
        if (left[i])
            g->nodes[i].layer = 0;
    }
    free(queue);
    free(left);
}

static void drop_repeated(struct graph *g)
{
    size_t kept = 0;

    for (size_t i = 0; i < g->n; i++) {
        if (kept && streq(g->nodes[kept - 1].key, g->nodes[i].key))
            node_clear(&g->nodes[i]);
        else
            g->nodes[kept++] = g->nodes[i];
    }
    g->n = kept;
}

struct graph *graph_new(const cJSON *json)
{
    struct graph *g = xcalloc(1, sizeof(*g));
    const cJSON *o;

    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(json, "nodes"))
        add_node(g, o);
    if (g->n)
        qsort(g->nodes, g->n, sizeof(*g->nodes), by_key);
    drop_repeated(g);
    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(json, "edges"))
        add_edge(g, o);
    set_layers(g);
    return g;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n; i++)
        node_clear(&g->nodes[i]);
    free(g->nodes);
    free(g);
}

/* Marks what can be reached from there. */
static void reach(const struct graph *g, size_t from, bool upwards, bool *marked)
{
    size_t *queue = xcalloc(g->n, sizeof(*queue)), n = 0;
    bool *seen = xcalloc(g->n, sizeof(*seen));

    queue[n++] = from;
    seen[from] = true;
    for (size_t done = 0; done < n; done++) {
        const struct graph_node *a = &g->nodes[queue[done]];
        const size_t *next = upwards ? a->needs : a->needed;
        marked[queue[done]] = true;
        for (size_t i = 0; i < (upwards ? a->n_needs : a->n_needed); i++) {
            if (!seen[next[i]])
                queue[n++] = next[i];
            seen[next[i]] = true;
        }
    }
    free(seen);
    free(queue);
}

static size_t renumber(size_t *list, size_t n, const bool *kept, const size_t *number)
{
    size_t left = 0;

    for (size_t i = 0; i < n; i++) {
        if (kept[list[i]])
            list[left++] = number[list[i]];
    }
    return left;
}

static void keep(struct graph *g, const bool *kept)
{
    size_t *number = xcalloc(g->n, sizeof(*number)), n = 0;

    for (size_t i = 0; i < g->n; i++)
        number[i] = kept[i] ? n++ : 0;
    n = 0;
    for (size_t i = 0; i < g->n; i++) {
        struct graph_node *a = &g->nodes[i];
        if (!kept[i]) {
            node_clear(a);
            continue;
        }
        a->n_needs = renumber(a->needs, a->n_needs, kept, number);
        a->n_needed = renumber(a->needed, a->n_needed, kept, number);
        g->nodes[n++] = *a;
    }
    g->n = n;
    free(number);
    set_layers(g);
}

bool graph_around(struct graph *g, const char *key)
{
    size_t i = find(g, key);

    if (i == g->n)
        return false;
    bool *marked = xcalloc(g->n, sizeof(*marked));
    reach(g, i, true, marked);
    reach(g, i, false, marked);
    keep(g, marked);
    free(marked);
    return true;
}

static void drop(size_t *list, size_t *n, size_t node)
{
    size_t left = 0;

    for (size_t i = 0; i < *n; i++) {
        if (list[i] != node)
            list[left++] = list[i];
    }
    *n = left;
}

/* Marks with `stamp` what the node needs by way of others; only what lies in lower
 * layers counts, which leaves loops as they are. */
static void mark_implied(const struct graph *g, size_t node, size_t *marks, size_t *queue)
{
    const struct graph_node *a = &g->nodes[node];
    size_t n = 0, stamp = node + 1;

    for (size_t i = 0; i < a->n_needs; i++)
        queue[n++] = a->needs[i];
    for (size_t done = 0; done < n; done++) {
        const struct graph_node *b = &g->nodes[queue[done]];
        for (size_t i = 0; i < b->n_needs; i++) {
            size_t to = b->needs[i];
            if (marks[to] == stamp || g->nodes[to].layer >= b->layer)
                continue;
            marks[to] = stamp;
            queue[n++] = to;
        }
    }
}

void graph_reduce(struct graph *g)
{
    size_t *marks = xcalloc(g->n + 1, sizeof(*marks)),
           *queue = xcalloc(2 * g->n + 1, sizeof(*queue));

    for (size_t i = 0; i < g->n; i++) {
        struct graph_node *a = &g->nodes[i];
        mark_implied(g, i, marks, queue);
        for (size_t k = a->n_needs; k-- > 0;) {
            size_t to = a->needs[k];
            if (marks[to] != i + 1)
                continue;
            drop(g->nodes[to].needed, &g->nodes[to].n_needed, i);
            drop(a->needs, &a->n_needs, to);
        }
    }
    free(queue);
    free(marks);
}

static const char *nth_key(const void *ctx, size_t i)
{
    const struct graph *g = ctx;

    return i < g->n ? g->nodes[i].key : NULL;
}

const char *graph_near(const struct graph *g, const char *key)
{
    return nearest_word(key, nth_key, g);
}
