/* Engines: registered at once, connected a little later. */
#ifndef TESTS_SIM_ENGINES_H
#define TESTS_SIM_ENGINES_H

#include "tests/sim/call.h"

void engine_register(struct call *c);
void engine_update(struct call *c);
void engine_unregister(struct call *c);
void engine_check_java(struct call *c);
/* The first connection to the engine; a timer's action. */
void engine_connect(struct sim *s, const char *id);

extern const struct member engine_members[], java_members[];

#endif
