/* Lists and searches: filter, sort, pages with opaque cursors. */
#ifndef TESTS_SIM_PAGE_H
#define TESTS_SIM_PAGE_H

#include "tests/sim/call.h"

void list_all(struct call *c); /* GET /kind */
void search(struct call *c);   /* POST /kind/search */
void get_one(struct call *c);  /* GET /kind/{id} */
/* GET /kind/{id}/snapshots */
void list_snapshots(struct call *c);

extern const struct member search_members[];

#endif
