/* Dataset groups and bookmarks: what other objects are resolved through. */
#ifndef TESTS_SIM_GROUPS_H
#define TESTS_SIM_GROUPS_H

#include "tests/sim/call.h"

void sim_groups_seed(struct sim *s, const struct object *engine);
struct object *sim_group_new(struct sim *s, const struct object *engine, const char *name);
struct object *sim_group_default(const struct sim *s, const struct object *engine);
void sim_group_get(struct call *c); /* by id or by name */

void sim_bookmark_create(struct call *c);
extern const struct member sim_bookmark_members[];

#endif
