/* What must hold after every step, whatever happens: nothing foreign is touched,
 * nothing is made twice, no write without its intent on disk, no secret in what
 * is said or kept, no more at a time than allowed, protected objects stay. */
#ifndef TESTS_LIB_INVARIANTS_H
#define TESTS_LIB_INVARIANTS_H

#include "tests/lib/world.h"

struct invariants {
    struct test_world *world;
    size_t checks; /* comparisons made so far */
    char *broken;  /* the first that failed, told; NULL: none did */
    cJSON *foreign, *guarded;
    struct inside *room; /* for all that DCT holds */
    size_t writes;       /* up to which DCT was looked through */
    bool may_be_twice;   /* the wire itself repeats requests */
    /* Told of the same, after the checks made here. */
    void (*also)(void *ctx, const struct effect *e);
    void *ctx;
};

/* Watches the world from now on. All that is there and is not tagged as the
 * world's instance's is foreign. */
void invariants_begin(struct invariants *v, struct test_world *w);
void invariants_end(struct invariants *v);
/* The object, there now, must stay: "/vdbs", its name. */
void invariants_guard(struct invariants *v, const char *collection, const char *name);
void invariants_unguard(struct invariants *v, const char *collection, const char *name);
void invariants_unguard_id(struct invariants *v, const char *id);
/* Ours from now on, as somebody allowed it; and no longer ours. */
void invariants_release(struct invariants *v, const char *collection, const char *name);
void invariants_claim(struct invariants *v, const char *collection, const char *id);
void invariants_disclaim(struct invariants *v, const char *collection, const char *id);
/* All that is not ours is as it was, to the letter. */
void invariants_foreign(struct invariants *v);
/* Once converged: all of ours is on (but those called `off`, NULL: none), and
 * nothing is owed or open. */
void invariants_at_rest(struct invariants *v, const char *off);
/* Does the request make an object? */
bool invariants_makes(const struct request *r);
/* One fact that a test adds. */
void invariants_expect(struct invariants *v, bool holds, const char *fmt, ...) PRINTF(3, 4);

#endif
