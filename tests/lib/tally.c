/* A short list: it is searched from the front. */
#include "tests/lib/tally.h"

#include <stdlib.h>

void tally_clear(struct tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->rows[i].name);
    free(t->rows);
    *t = (struct tally){ 0 };
}

void tally_add(struct tally *t, const char *group, const char *name, size_t n)
{
    size_t i = 0;

    while (i < t->n && !(streq(t->rows[i].group, group) && streq(t->rows[i].name, name)))
        i++;
    if (i == t->n) {
        t->rows = grow(t->rows, t->n, &t->cap, sizeof(*t->rows));
        t->rows[t->n++] = (struct tally_row){ .group = group, .name = xstrdup(name) };
    }
    t->rows[i].n += n;
}

size_t tally_of(const struct tally *t, const char *group)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        n += streq(t->rows[i].group, group) ? t->rows[i].n : 0;
    return n;
}

void tally_print(const struct tally *t, struct buf *out)
{
    for (size_t i = 0; i < t->n; i++)
        buf_printf(out, "%s/%s %zu\n", t->rows[i].group, t->rows[i].name, t->rows[i].n);
}
