/* What DCT and the PostgreSQL connector do not allow, said before it is tried.
 * One row per rule; a broken rule blocks the action and nothing else. */
#ifndef RECONCILER_RULES_H
#define RECONCILER_RULES_H

#include "reconciler/diff.h"

struct rules; /* what the rules look up: ports, hosts */

struct rules *rules_new(const struct world *world);
void rules_free(struct rules *r);
OWNER(rules)

struct rule_case {
    const struct rules *rules;
    const struct world *world;
    const struct plan *plan;
    enum verb verb;
    const struct kind_desc *kind;
    const struct wanted *wanted;      /* NULL when it is being deleted */
    const struct observed_item *item; /* NULL when it is being created */
    const struct entry *entry;
    const struct diff *diff; /* NULL when there is none */
};

/* Why the action cannot be, or NULL; owned by the caller. */
char *rules_check(const struct rule_case *c);

#endif
