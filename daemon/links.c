/* Collected once forwards; the other way is the same, sorted by its targets. */
#include "daemon/links.h"

#include <stdlib.h>

#include "reconciler/status.h"

struct collecting {
    struct links *links;
    size_t n, cap;
};

static void add(void *ctx, const struct wanted *needed)
{
    struct collecting *c = ctx;

    c->links->needs = grow(c->links->needs, c->n, &c->cap, sizeof(size_t));
    c->links->needs[c->n++] = (size_t)(needed - c->links->set->items);
}

static void turn_round(struct links *l, size_t n, size_t edges)
{
    size_t *at = l->needed_from;

    for (size_t e = 0; e < edges; e++)
        at[l->needs[e] + 1]++;
    for (size_t i = 0; i < n; i++)
        at[i + 1] += at[i];
    size_t *next = xcalloc(n + 1, sizeof(size_t));
    for (size_t i = 0; i < n; i++)
        next[i] = at[i];
    for (size_t i = 0; i < n; i++) {
        for (size_t e = l->needs_from[i]; e < l->needs_from[i + 1]; e++)
            l->needed_by[next[l->needs[e]]++] = i;
    }
    free(next);
}

struct links *links_new(const struct set *set)
{
    struct links *l = xcalloc(1, sizeof(*l));
    struct collecting c = { .links = l };
    size_t n = set ? set->n : 0;

    l->set = set;
    l->needs_from = xcalloc(n + 1, sizeof(size_t));
    l->needed_from = xcalloc(n + 1, sizeof(size_t));
    for (size_t i = 0; i < n; i++) {
        wanted_needs(set, &set->items[i], add, &c);
        l->needs_from[i + 1] = c.n;
    }
    l->needed_by = xcalloc(c.n + 1, sizeof(size_t));
    turn_round(l, n, c.n);
    return l;
}

void links_free(struct links *l)
{
    if (!l)
        return;
    free(l->needs);
    free(l->needs_from);
    free(l->needed_by);
    free(l->needed_from);
    free(l);
}
