/* Connectors (toolkits): uploaded to an engine, upgraded by a further upload. */
#ifndef TESTS_SIM_TOOLKITS_H
#define TESTS_SIM_TOOLKITS_H

#include "tests/sim/call.h"

void sim_toolkit_upload(struct call *c);
void sim_toolkit_delete(struct call *c);
void sim_toolkit_upgrade(struct call *c);
void sim_toolkit_schemas(struct call *c);
/* Whether an upload to this toolkit runs, which holds its objects' jobs up. */
bool sim_toolkit_busy(const struct sim *s, const char *toolkit_id);
/* Dotted numbers, compared one by one; trailing zeros do not count. */
int sim_compare_builds(const char *a, const char *b);

#endif
