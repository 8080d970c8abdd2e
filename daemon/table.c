#include "daemon/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_render.h"

enum { GAP = 2 };

void paint(struct buf *out, bool on, enum paint colour, const char *text)
{
    static const char *const codes[] = {
        [PAINT_NONE] = "",          [PAINT_BOLD] = "\033[1m",    [PAINT_RED] = "\033[31m",
        [PAINT_GREEN] = "\033[32m", [PAINT_YELLOW] = "\033[33m", [PAINT_CYAN] = "\033[36m",
        [PAINT_DIM] = "\033[2m",
    };
    char *clean = render_clean(text);

    on = on && colour != PAINT_NONE && *clean;
    buf_printf(out, "%s%s%s", on ? codes[colour] : "", clean, on ? "\033[0m" : "");
    free(clean);
}

size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

void grid_add(struct grid *g, const char *text, enum paint colour)
{
    g->cells = grow(g->cells, g->n, &g->cap, sizeof(*g->cells));
    g->cells[g->n++] = (struct cell){ render_clean(text && *text ? text : "-"), colour };
}

static size_t width_of(const struct grid *g, size_t column)
{
    size_t widest = 0;

    for (size_t i = column; i < g->n; i += g->columns) {
        size_t width = text_width(g->cells[i].text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

void grid_print(const struct grid *g, bool colour, struct buf *out)
{
    size_t *widths = xcalloc(g->columns, sizeof(*widths));

    assert(g->columns > 0);
    for (size_t i = 0; i < g->columns; i++)
        widths[i] = width_of(g, i);
    for (size_t i = 0; i < g->n; i++) {
        size_t column = i % g->columns;
        bool last = column + 1 == g->columns || i + 1 == g->n;
        if (column == 0)
            buf_printf(out, "%*s", (int)g->indent, "");
        paint(out, colour, g->cells[i].paint, g->cells[i].text);
        if (last)
            buf_puts(out, "\n");
        else
            buf_printf(out, "%*s", (int)(widths[column] - text_width(g->cells[i].text) + GAP), "");
    }
    free(widths);
}

void grid_clear(struct grid *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->cells[i].text);
    free(g->cells);
    *g = (struct grid){ 0 };
}

void age_text(msec length, struct buf *out)
{
    static const struct {
        msec from, unit;
        char letter;
    } units[] = {
        { 48 * 3600000LL, 86400000, 'd' },
        { 2 * 3600000LL, 3600000, 'h' },
        { 120000, 60000, 'm' },
        { INT64_MIN, 1000, 's' },
    };
    size_t i = 0;

    while (length < units[i].from)
        i++;
    buf_printf(out, "%" PRId64 "%c", length > 0 ? length / units[i].unit : 0, units[i].letter);
}
