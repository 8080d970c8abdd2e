/* Lists and searches: filter, sort, pages with opaque cursors. */
#ifndef TESTS_SIM_PAGE_H
#define TESTS_SIM_PAGE_H

#include "tests/sim/call.h"

void sim_list_all(struct call *c); /* GET /kind */
void sim_search(struct call *c);   /* POST /kind/search */
void sim_get_one(struct call *c);  /* GET /kind/{id} */
/* GET /kind/{id}/snapshots */
void sim_list_snapshots(struct call *c);

extern const struct member sim_search_members[];

#endif
