/* The simulator's own calls under /_sim/: look inside and meddle. */
#ifndef TESTS_SIM_CONTROL_H
#define TESTS_SIM_CONTROL_H

#include "tests/sim/call.h"

void sim_control_state(struct call *c);
void sim_control_log(struct call *c);
/* {path | kind + name, set: {...}}: merges members, deeply; null removes. */
void sim_control_drift(struct call *c);
/* {path | kind + name}: gone at once, behind everybody's back. */
void sim_control_delete(struct call *c);
/* {kind: groups, engine, name} or {kind: ..., id, set}: an object from nowhere. */
void sim_control_create(struct call *c);
void sim_control_note(struct sim *s, const char *method, const char *path, int status);

#endif
