/* Text in aligned columns, and the colours of everything that people read on a
 * terminal. Whatever could steer the terminal is taken out of every cell. */
#ifndef DAEMON_TABLE_H
#define DAEMON_TABLE_H

#include "schema/base.h"

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_RED, PAINT_GREEN, PAINT_YELLOW, PAINT_CYAN, PAINT_DIM };

/* The text, without control characters, in that colour where `on`. */
void paint(struct buf *out, bool on, enum paint colour, const char *text);
/* Columns of a terminal that the text takes: characters, not bytes. */
size_t text_width(const char *text);

struct cell {
    char *text;
    enum paint paint;
};

struct grid {
    struct cell *cells;
    size_t n, cap;
    size_t columns; /* set by the caller; cells fill row after row */
    unsigned indent;
};

/* NULL is an empty cell, shown as "-". */
void grid_add(struct grid *g, const char *text, enum paint colour);
void grid_print(const struct grid *g, bool colour, struct buf *out);
void grid_clear(struct grid *g);

/* "42s", "5m", "3h", "12d": for how long; at least "0s". */
void age_text(msec length, struct buf *out);

#endif
