/* Inputs that nobody wrote: good ones, spoiled at random, thrown at whatever reads
 * what others send. A seed repeats them all.
 *
 * They run in a process of their own, so that one that dies or hangs is told with
 * its seed, its round and its bytes. FUZZ_SEED=N draws others, FUZZ_ROUNDS=N more
 * or fewer, FUZZ_ONLY=N runs that round alone. */
#ifndef TESTS_LIB_FUZZ_H
#define TESTS_LIB_FUZZ_H

#include "schema/base.h"

enum { FUZZ_INPUT = 8192 };

struct fuzz {
    const char *name;
    const char *const *seeds; /* good inputs */
    size_t n_seeds;
    const char *const *words; /* what the language is made of, and what it may choke on */
    size_t n_words;
    /* In the process that runs them, before and after all; may be NULL. */
    void *(*open)(void);
    void (*close)(void *ctx);
    /* One input; behind its end stands a NUL that does not belong to it. */
    void (*run)(void *ctx, const char *data, size_t n);
};

/* Fails the test with what it takes to repeat it. Ends early where a slow machine
 * (or valgrind) would need more than some seconds. */
void fuzz_run(const struct fuzz *f, unsigned rounds);
/* In `run`: what must be so whatever comes in. */
void fuzz_holds(bool is, const char *what);

#endif
