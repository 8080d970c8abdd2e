/* The graph as a drawing that needs no other program: one SVG file. */
#include <stdlib.h>
#include <string.h>

#include "daemon/graph_layout.h"

enum { MARGIN = 24, COLUMN_GAP = 90, PADDING = 24, LABEL_MAX = 48, LEGEND = 30 };

#define LETTER 7.4 /* width, of the font size below */

static const struct {
    const char *state, *fill, *line;
} looks[] = {
    { "ready", "#d7f0dc", "#2e7d46" },     { "working", "#fdf1c7", "#a67c00" },
    { "blocked", "#fbdcb8", "#b3590f" },   { "failed", "#f8cfcf", "#b3261e" },
    { "suspended", "#d3ebf5", "#1f6f8b" }, { "unknown", "#ececec", "#777777" },
};

static size_t look_of(const char *state)
{
    size_t i = 0;

    while (i + 1 < ARRAY_LEN(looks) && !streq(looks[i].state, state))
        i++;
    return i;
}

/* Bytes of the character at s that XML takes, 0 where it takes none. */
static size_t character(const unsigned char *s)
{
    static const struct {
        unsigned char mask, head;
        uint32_t least;
    } forms[] = {
        { 0x80, 0x00, 0x20 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
    };

    for (size_t n = 0; n < ARRAY_LEN(forms); n++) {
        if ((s[0] & forms[n].mask) != forms[n].head)
            continue;
        uint32_t c = s[0] & (unsigned char)~forms[n].mask;
        for (size_t i = 1; i <= n; i++) {
            if ((s[i] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (s[i] & 0x3f);
        }
        bool taken = c >= forms[n].least && c <= 0x10ffff && (c < 0x7f || c > 0x9f) &&
                     (c < 0xd800 || c > 0xdfff) && c != 0xfffe && c != 0xffff;
        return taken ? n + 1 : 0;
    }
    return 0;
}

/* At most `limit` characters; what is no character of XML becomes one that says so. */
static void text(struct buf *out, const char *s, size_t limit)
{
    static const struct {
        char c;
        const char *word;
    } words[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" } };

    for (size_t shown = 0; *s; shown++) {
        size_t n = character((const unsigned char *)s), i = 0;
        if (shown == limit) {
            buf_puts(out, "…");
            return;
        }
        while (i < ARRAY_LEN(words) && words[i].c != *s)
            i++;
        if (i < ARRAY_LEN(words))
            buf_puts(out, words[i].word);
        else if (n == 0)
            buf_puts(out, "\xef\xbf\xbd");
        else
            buf_add(out, s, n);
        s += n ? n : 1;
    }
}

/* How wide the label is, roughly; characters of East Asia take twice the room. */
static double label_width(const char *s)
{
    double width = 0;
    size_t n = 0;

    for (; *s && n < LABEL_MAX; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c & 0xc0) == 0x80)
            continue;
        width += c >= 0xe3 ? 2 * LETTER : LETTER;
        n++;
    }
    return width;
}

struct drawing {
    const struct graph *g;
    const struct layout *l;
    double *lefts, *widths; /* of each layer */
    double width;
    struct buf *out;
};

static void measure(struct drawing *d)
{
    d->width = MARGIN;
    for (size_t k = 0; k < d->l->n_layers; k++) {
        double widest = 12 * LETTER;
        for (size_t i = 0; i < d->l->n_nodes; i++) {
            double w = d->l->places[i].layer == k ? label_width(d->g->nodes[i].name) : 0;
            widest = w > widest ? w : widest;
        }
        d->lefts[k] = d->width;
        d->widths[k] = widest + PADDING;
        d->width += d->widths[k] + COLUMN_GAP;
    }
    d->width += MARGIN - (d->l->n_layers ? COLUMN_GAP : 0);
}

/* To the left edge of that place, and through it where it is a point. */
static void draw_leg(const struct drawing *d, const struct place *from, const struct place *to)
{
    double x = d->lefts[from->layer] + d->widths[from->layer], x2 = d->lefts[to->layer];
    double bend = (x2 - x) / 2, y = from->y + MARGIN, y2 = to->y + MARGIN;

    buf_printf(d->out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x + bend, y, x2 - bend, y2, x2, y2);
    if (to->node == SIZE_MAX)
        buf_printf(d->out, "H%.1f", x2 + d->widths[to->layer]);
}

static void draw_edge(const struct drawing *d, const struct place *from, const struct place *to)
{
    buf_printf(d->out, "<path d=\"M%.1f %.1f", d->lefts[from->layer] + d->widths[from->layer],
               from->y + MARGIN);
    draw_leg(d, from, to);
    while (to->node == SIZE_MAX) {
        from = to;
        to = &d->l->places[to->right[0]];
        draw_leg(d, from, to);
    }
    buf_puts(d->out, "\" marker-end=\"url(#arrow)\"/>\n");
}

static void draw_node(const struct drawing *d, size_t i)
{
    const struct graph_node *n = &d->g->nodes[i];
    const struct place *p = &d->l->places[i];
    size_t look = look_of(n->state);
    double x = d->lefts[p->layer], y = p->y + MARGIN - LAYOUT_BOX / 2.0;

    buf_puts(d->out, "<g><title>");
    text(d->out, n->key, SIZE_MAX);
    buf_puts(d->out, ": ");
    text(d->out, n->state, SIZE_MAX);
    buf_printf(d->out,
               "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"5\" "
               "fill=\"%s\" stroke=\"%s\"/>",
               x, y, d->widths[p->layer], LAYOUT_BOX, looks[look].fill, looks[look].line);
    buf_printf(d->out, "<text class=\"k\" x=\"%.1f\" y=\"%.1f\">", x + PADDING / 2.0, y + 15);
    text(d->out, n->kind, LABEL_MAX);
    buf_printf(d->out, "</text><text x=\"%.1f\" y=\"%.1f\">", x + PADDING / 2.0, y + 31);
    text(d->out, n->name, LABEL_MAX);
    buf_puts(d->out, "</text></g>\n");
}

/* What the colours mean, as far as they are there. */
static void draw_legend(const struct drawing *d)
{
    double x = MARGIN, y = d->l->height + 2 * MARGIN + LEGEND / 2.0;

    for (size_t k = 0; k < ARRAY_LEN(looks); k++) {
        size_t n = 0;
        for (size_t i = 0; i < d->g->n; i++)
            n += look_of(d->g->nodes[i].state) == k;
        if (n == 0)
            continue;
        buf_printf(d->out,
                   "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\" rx=\"3\" fill=\"%s\" "
                   "stroke=\"%s\"/><text class=\"k\" x=\"%.1f\" y=\"%.1f\">%zu %s</text>\n",
                   x, y - 11, looks[k].fill, looks[k].line, x + 20, y, n, looks[k].state);
        x += 110;
    }
}

static void draw_head(const struct drawing *d)
{
    double width = d->width < 760 ? 760 : d->width, height = d->l->height + 2 * MARGIN + LEGEND;

    buf_printf(d->out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
               "viewBox=\"0 0 %.0f %.0f\">\n",
               width, height, width, height);
    buf_puts(d->out,
             "<title>Objects, from what is needed to what needs it</title>\n"
             "<style>text{font:13px sans-serif;fill:#1a1a1a}"
             ".k{font-size:11px;fill:#555}path{fill:none;stroke:#8a8f98;stroke-width:1.3}</style>\n"
             "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" "
             "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
             "<path d=\"M0 1L8 4L0 7z\" style=\"fill:#8a8f98;stroke:none\"/></marker></defs>\n"
             "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
}

void graph_svg(const struct graph *g, struct buf *out)
{
    OWNED(layout) l = layout_new(g);
    double *room = xcalloc(2 * l->n_layers + 1, sizeof(*room));
    struct drawing d = { .g = g, .l = l, .lefts = room, .widths = room + l->n_layers, .out = out };

    measure(&d);
    draw_head(&d);
    for (size_t i = 0; i < l->n_nodes; i++) {
        for (size_t k = 0; k < l->places[i].n_right; k++)
            draw_edge(&d, &l->places[i], &l->places[l->places[i].right[k]]);
    }
    for (size_t i = 0; i < l->n_nodes; i++)
        draw_node(&d, i);
    draw_legend(&d);
    buf_puts(out, "</svg>\n");
    free(room);
}
