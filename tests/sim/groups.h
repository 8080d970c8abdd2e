/* Dataset groups and bookmarks: what other objects are resolved through. */
#ifndef TESTS_SIM_GROUPS_H
#define TESTS_SIM_GROUPS_H

#include "tests/sim/call.h"

void groups_seed(struct sim *s, const struct object *engine);
struct object *group_new(struct sim *s, const struct object *engine, const char *name);
struct object *group_default(const struct sim *s, const struct object *engine);
void group_get(struct call *c); /* by id or by name */

void bookmark_create(struct call *c);
extern const struct member bookmark_members[];

#endif
