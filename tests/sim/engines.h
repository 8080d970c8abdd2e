/* Engines: registered at once, connected a little later. */
#ifndef TESTS_SIM_ENGINES_H
#define TESTS_SIM_ENGINES_H

#include "tests/sim/call.h"

void sim_engine_register(struct call *c);
void sim_engine_update(struct call *c);
void sim_engine_unregister(struct call *c);
void sim_engine_check_java(struct call *c);
/* The first connection to the engine; a timer's action. */
void sim_engine_connect(struct sim *s, const char *id);

extern const struct member sim_engine_members[], sim_java_members[];

#endif
