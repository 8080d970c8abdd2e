/* Random numbers that a seed repeats. */
#ifndef TESTS_LIB_DICE_H
#define TESTS_LIB_DICE_H

#include "schema/base.h"

struct dice {
    uint64_t state;
};

/* Seeds side by side give unlike numbers. */
void dice_seed(struct dice *d, uint64_t seed);
/* 0 … sides - 1; sides must not be 0. */
size_t roll(struct dice *d, size_t sides);
/* True once in so many times; never where that is 0. */
bool one_in(struct dice *d, size_t times);

#endif
