/* The changes that every kind of trouble is tried on. */
#ifndef TESTS_LIB_SCENARIOS_H
#define TESTS_LIB_SCENARIOS_H

#include "tests/lib/torture.h"

enum { SCENARIOS = 9 };

/* Made once, for the whole process. */
const struct start *scenario_start(size_t i);
void scenarios_clear(void);

#endif
