/* Connectors (toolkits): uploaded to an engine, upgraded by a further upload. */
#ifndef TESTS_SIM_TOOLKITS_H
#define TESTS_SIM_TOOLKITS_H

#include "tests/sim/call.h"

void toolkit_upload(struct call *c);
void toolkit_delete(struct call *c);
void toolkit_upgrade(struct call *c);
void toolkit_schemas(struct call *c);
/* Whether an upload to this toolkit runs, which holds its objects' jobs up. */
bool toolkit_busy(const struct sim *s, const char *toolkit_id);
/* Dotted numbers, compared one by one; trailing zeros do not count. */
int compare_builds(const char *a, const char *b);

#endif
