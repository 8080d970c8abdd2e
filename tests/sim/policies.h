/* Virtualization policies and what they are applied to. */
#ifndef TESTS_SIM_POLICIES_H
#define TESTS_SIM_POLICIES_H

#include "tests/sim/call.h"

void sim_policies_seed(struct sim *s, const struct object *engine);
/* Whether the body's member names a policy of that type, where it is there at
 * all; answers 400 otherwise. */
bool sim_policy_usable(struct call *c, const char *member, const char *type);
/* Applies the policy instead of another of its type; `id` may be NULL. */
void sim_policy_assign(struct sim *s, const char *id, const struct object *o);
void sim_policy_apply(struct call *c);
void sim_policy_unapply(struct call *c);

#endif
