/* One change of an estate, made again and again while something else goes wrong
 * each time: where it starts is prepared once, every attempt begins there. */
#ifndef TESTS_LIB_TORTURE_H
#define TESTS_LIB_TORTURE_H

#include "tests/lib/invariants.h"

struct scenario {
    const char *name;
    const char *before;         /* the estate as it stands, NULL: nothing is there */
    const char *after;          /* the manifests that are to come true */
    const char *plugin_version; /* of the connector from now on */
    bool prune;
    const char *off; /* the one that is to be disabled */
};

/* An estate at rest: DCT's state and the ledger. */
struct start {
    const struct scenario *scenario;
    struct sim *sim;
    struct strings ledger;
    msec now;
};

struct attempt {
    struct test_world *world;
    struct invariants invariants;
};

/* Beside the scenario's estate stands one of the same names that another
 * instance manages on another engine. */
void start_make(struct start *s, const struct scenario *scenario);
void start_clear(struct start *s);
/* What the world is at; takes it. */
void start_keep(struct start *s, struct test_world *w);

/* A world at the start, in which nothing has happened yet; then its manifests. */
void attempt_open(struct attempt *a, const struct start *s);
void attempt_begin(struct attempt *a, const struct start *s);
/* Rests and goes on until it converged, died, or `limit` is over. */
bool attempt_converge(struct attempt *a, msec limit);
/* Converged, every promise was kept, and nothing more is written; then it is
 * closed. Else the test fails and tells the story; `what` goes before it. */
void attempt_finish(struct attempt *a, const struct start *s, const char *what);
void attempt_close(struct attempt *a);

/* How far one try is from the next, among so many of a kind: 1 if TORTURE=deep,
 * `light` if TORTURE=light (valgrind is slow), else `usual`. */
size_t torture_step(size_t usual, size_t light);

/* The text with the first `from` as `to`; fails where there is none. Owned. */
char *replaced(const char *text, const char *from, const char *to);

#endif
