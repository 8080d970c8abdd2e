/* The table of everything that can be asked. */
#ifndef TESTS_SIM_ROUTES_H
#define TESTS_SIM_ROUTES_H

#include "tests/sim/call.h"

extern const struct route sim_routes[];

/* The route of c->in, whose path's arguments go into c->args; NULL where there
 * is none, *known telling whether the path exists under another method. */
const struct route *sim_route_find(struct call *c, bool *known);
/* `plus` takes '+' for a blank, as queries do. Owned. */
char *sim_percent_decoded(const char *p, size_t n, bool plus);

#endif
