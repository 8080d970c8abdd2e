/* Source configs: made by hand on a discovered repository. */
#ifndef TESTS_SIM_SOURCES_H
#define TESTS_SIM_SOURCES_H

#include "tests/sim/call.h"

void sim_source_create_postgres(struct call *c);
void sim_source_create_appdata(struct call *c);
void sim_source_update(struct call *c);
void sim_source_delete(struct call *c);

extern const struct member sim_source_postgres_members[], sim_source_appdata_members[];

#endif
