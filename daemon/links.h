/* Who refers to whom among the manifests' objects, both ways. Objects are
 * indexes into the set. */
#ifndef DAEMON_LINKS_H
#define DAEMON_LINKS_H

#include "schema/set.h"

struct links {
    const struct set *set;           /* borrowed */
    size_t *needs, *needs_from;      /* of object i: needs[needs_from[i]] … */
    size_t *needed_by, *needed_from; /* … up to, not with, [needs_from[i + 1]] */
};

/* `set` may be NULL: nothing refers to anything then. */
struct links *links_new(const struct set *set);
void links_free(struct links *l);
OWNER(links)

#endif
