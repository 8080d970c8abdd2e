/* Findings: what is wrong with the input, where, and what to do about it.
 *
 * Whoever finds something records it and goes on: the reader wants all of
 * them in one run. Bounded: after DIAGS_MAX findings only the count grows. */
#ifndef SCHEMA_DIAG_H
#define SCHEMA_DIAG_H

#include "schema/base.h"

/* A place in a manifest; line and column count from 1, line 0 = no place.
 * `file` is borrowed from file_name(), which keeps every name for the life of
 * the process. */
struct pos {
    const char *file;
    unsigned line, col;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
    enum diag_level level;
    struct pos at;
    char *text;       /* what happened */
    char *hint;       /* what to do next, or NULL */
    char *line;       /* the source line the caret goes under, or NULL */
    unsigned caret_n; /* columns to underline, at least 1 */
};

enum { DIAGS_MAX = 100 };

struct diags {
    struct diag *items;
    size_t n, cap;      /* kept */
    size_t errors, all; /* counted, kept or not */
};

/* The one lasting copy of a file name. */
const char *file_name(const char *name);

void diag_error(struct diags *d, struct pos at, const char *fmt, ...) PRINTF(3, 4);
void diag_warning(struct diags *d, struct pos at, const char *fmt, ...) PRINTF(3, 4);
/* Adds the hint, the source line (both copied) to the finding made last. */
void diag_hint(struct diags *d, const char *fmt, ...) PRINTF(2, 3);
void diag_source(struct diags *d, const char *line, size_t line_n, unsigned caret_n);
void diags_clear(struct diags *d);

/* Copies what `from` holds behind what `d` holds. */
void diags_append(struct diags *d, const struct diags *from);
/* By file, line and column; what stands at one place keeps its order. */
void diags_sort(struct diags *d);

/* file:line:col: error: text, the line, a caret, the hint - for people. */
void diags_print(const struct diags *d, struct buf *out);

#endif
