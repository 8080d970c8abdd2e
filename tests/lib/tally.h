/* How often what was meant to happen did happen: what is expected is named
 * beforehand, so that nothing can be missing unnoticed. */
#ifndef TESTS_LIB_TALLY_H
#define TESTS_LIB_TALLY_H

#include "schema/base.h"

struct tally_row {
    const char *group; /* borrowed: "edit" */
    char *name;
    size_t n;
};

struct tally {
    struct tally_row *rows;
    size_t n, cap;
};

void tally_clear(struct tally *t);
/* `n` more of it; 0 says that it is expected. */
void tally_add(struct tally *t, const char *group, const char *name, size_t n);
size_t tally_of(const struct tally *t, const char *group); /* the group's sum */
/* "group/name n", one a line. */
void tally_print(const struct tally *t, struct buf *out);

#endif
