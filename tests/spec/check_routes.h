/* The simulator's routes, and the members that they take, against the contract.
 * Apart from the other checks, since the simulator and the product know
 * different things by one name. */
#ifndef TESTS_SPEC_CHECK_ROUTES_H
#define TESTS_SPEC_CHECK_ROUTES_H

#include "tests/spec/facts.h"
#include "tests/spec/report.h"

void check_routes(const struct facts *f, struct report *r);

#endif
