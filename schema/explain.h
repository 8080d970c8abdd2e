/* What a manifest may say, for people: each text is one loop over the rows, so
 * that none can say what the others do not. */
#ifndef SCHEMA_EXPLAIN_H
#define SCHEMA_EXPLAIN_H

#include "schema/kind.h"

/* The kinds, a line each. */
void explain_kinds(struct buf *out);
/* The kind's fields; with a path only that one and those below it, elements of
 * lists included. False where the kind has no such field. */
bool explain_fields(const struct kind_desc *k, const char *path, struct buf *out);
/* The nearest name of a field, or NULL; of the policy block where `k` is NULL. */
const char *explain_near(const struct kind_desc *k, const char *path);
/* The same of the `policy` block, which every kind takes. */
bool explain_policy(const char *path, struct buf *out);
/* The kind, or the policy block where it is NULL, as a section of a manual page,
 * in mdoc. */
void explain_man(const struct kind_desc *k, struct buf *out);

#endif
