/* The three tag calls, the same under every kind. */
#ifndef TESTS_SIM_TAGS_H
#define TESTS_SIM_TAGS_H

#include "tests/sim/call.h"

void sim_tags_get(struct call *c);
void sim_tags_add(struct call *c);
void sim_tags_delete(struct call *c);
/* Adds pairs that are not there yet. */
void sim_tags_merge(cJSON *json, const cJSON *tags);

extern const struct member sim_tags_members[], sim_tags_delete_members[];

#endif
