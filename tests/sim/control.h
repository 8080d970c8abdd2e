/* The simulator's own calls under /_sim/: look inside and meddle. */
#ifndef TESTS_SIM_CONTROL_H
#define TESTS_SIM_CONTROL_H

#include "tests/sim/call.h"

void control_state(struct call *c);
void control_log(struct call *c);
/* {path | kind + name, set: {...}}: merges members, deeply; null removes. */
void control_drift(struct call *c);
/* {path | kind + name}: gone at once, behind everybody's back. */
void control_delete(struct call *c);
/* {kind: groups, engine, name} or {kind: ..., id, set}: an object from nowhere. */
void control_create(struct call *c);
void control_note(struct sim *s, const char *method, const char *path, int status);

#endif
