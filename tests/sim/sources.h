/* Source configs: made by hand on a discovered repository. */
#ifndef TESTS_SIM_SOURCES_H
#define TESTS_SIM_SOURCES_H

#include "tests/sim/call.h"

void source_create_postgres(struct call *c);
void source_create_appdata(struct call *c);
void source_update(struct call *c);
void source_delete(struct call *c);

extern const struct member source_postgres_members[], source_appdata_members[];

#endif
