/* The graph as a tree, and for graphviz. */
#include <stdlib.h>
#include <string.h>

#include "daemon/graph.h"
#include "daemon/table.h"

static const struct look {
    const char *state;
    enum paint paint;
    const char *fill; /* for DOT */
} looks[] = {
    { "ready", PAINT_GREEN, "#d7f0dc" },    { "working", PAINT_YELLOW, "#fdf1c7" },
    { "blocked", PAINT_YELLOW, "#fbdcb8" }, { "failed", PAINT_RED, "#f8cfcf" },
    { "suspended", PAINT_CYAN, "#d3ebf5" },
};

static enum paint paint_of(const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        if (streq(looks[i].state, state))
            return looks[i].paint;
    }
    return PAINT_NONE;
}

struct tree {
    const struct graph *g;
    size_t *parents; /* g->n: none */
    bool colour;
    struct buf *out;
};

/* The needed node of the deepest layer, the first of several. What is in a loop has
 * none, so the tree has no loop. */
static size_t parent_of(const struct graph *g, size_t i)
{
    const struct graph_node *a = &g->nodes[i];
    size_t best = g->n;

    for (size_t k = 0; k < a->n_needs; k++) {
        size_t p = a->needs[k];
        bool above = g->nodes[p].layer < a->layer;
        if (above && (best == g->n || g->nodes[p].layer > g->nodes[best].layer))
            best = p;
    }
    return best;
}

static void show_node(const struct tree *t, size_t i)
{
    const struct graph_node *a = &t->g->nodes[i];
    size_t others = 0;

    paint(t->out, t->colour, PAINT_NONE, a->key);
    buf_puts(t->out, "  ");
    paint(t->out, t->colour, paint_of(a->state), a->state);
    for (size_t k = 0; k < a->n_needs; k++) {
        if (a->needs[k] == t->parents[i])
            continue;
        buf_puts(t->out, others++ ? ", " : "  (needs ");
        paint(t->out, t->colour, PAINT_DIM, t->g->nodes[a->needs[k]].key);
    }
    buf_puts(t->out, others ? ")\n" : "\n");
}

/* Has the node of that depth more to show below it? */
static bool more_below(const struct tree *t, const size_t *path, const size_t *at, size_t depth)
{
    const struct graph_node *a = &t->g->nodes[path[depth]];

    for (size_t k = at[depth]; k < a->n_needed; k++) {
        if (t->parents[a->needed[k]] == path[depth])
            return true;
    }
    return false;
}

static void show_branch(const struct tree *t, const size_t *path, const size_t *at, size_t depth)
{
    for (size_t d = 0; d + 1 < depth; d++)
        buf_puts(t->out, more_below(t, path, at, d) ? "│  " : "   ");
    buf_puts(t->out, more_below(t, path, at, depth - 1) ? "├─ " : "└─ ");
}

/* Deep graphs must not use up the stack: the way down is kept in `path`. */
static void show_tree(const struct tree *t, size_t root, size_t *path, size_t *at)
{
    size_t depth = 0;

    path[0] = root;
    at[0] = 0;
    show_node(t, root);
    for (;;) {
        const struct graph_node *a = &t->g->nodes[path[depth]];
        size_t k = at[depth];
        while (k < a->n_needed && t->parents[a->needed[k]] != path[depth])
            k++;
        if (k == a->n_needed) {
            if (depth-- == 0)
                return;
            continue;
        }
        at[depth] = k + 1;
        path[++depth] = a->needed[k];
        at[depth] = 0;
        show_branch(t, path, at, depth);
        show_node(t, path[depth]);
    }
}

void graph_text(const struct graph *g, bool colour, struct buf *out)
{
    size_t *room = xcalloc(3 * (g->n + 1), sizeof(*room));
    struct tree t = { g, room, colour, out };

    for (size_t i = 0; i < g->n; i++)
        t.parents[i] = parent_of(g, i);
    for (size_t i = 0; i < g->n; i++) {
        if (t.parents[i] == g->n)
            show_tree(&t, i, room + g->n + 1, room + 2 * (g->n + 1));
    }
    free(room);
}

/* What stands between the quotes of a DOT string; control characters become blanks. */
static void dot_escape(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            buf_puts(out, "\\");
        buf_add(out, c < ' ' || c == 127 ? " " : text, 1);
    }
}

static void dot_text(struct buf *out, const char *text)
{
    buf_puts(out, "\"");
    dot_escape(out, text);
    buf_puts(out, "\"");
}

static void dot_words(struct buf *out, const char *first, const char *second)
{
    buf_puts(out, "\"");
    dot_escape(out, first);
    buf_puts(out, "\\n");
    dot_escape(out, second);
    buf_puts(out, "\"");
}

static void dot_node(const struct graph_node *a, struct buf *out)
{
    const char *fill = "#eeeeee";

    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        if (streq(looks[i].state, a->state))
            fill = looks[i].fill;
    }
    buf_puts(out, "  ");
    dot_text(out, a->key);
    buf_puts(out, " [label=");
    dot_words(out, a->kind, a->name);
    buf_puts(out, ", tooltip=");
    dot_text(out, a->state);
    buf_printf(out, ", fillcolor=\"%s\"];\n", fill);
}

void graph_dot(const struct graph *g, struct buf *out)
{
    buf_puts(out, "digraph dctd {\n  rankdir=LR;\n"
                  "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n");
    for (size_t i = 0; i < g->n; i++)
        dot_node(&g->nodes[i], out);
    for (size_t i = 0; i < g->n; i++) {
        for (size_t k = 0; k < g->nodes[i].n_needs; k++) {
            buf_puts(out, "  ");
            dot_text(out, g->nodes[g->nodes[i].needs[k]].key);
            buf_puts(out, " -> ");
            dot_text(out, g->nodes[i].key);
            buf_puts(out, ";\n");
        }
    }
    buf_puts(out, "}\n");
}
