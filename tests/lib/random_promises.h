/* What must hold after every step where the manifests are known: policies are
 * respected, nothing is pruned that may not be, engines see no more jobs than
 * they may, what we switch off comes back. */
#ifndef TESTS_LIB_RANDOM_PROMISES_H
#define TESTS_LIB_RANDOM_PROMISES_H

#include "tests/lib/invariants.h"
#include "tests/lib/random_estate.h"
#include "tests/lib/tally.h"

struct random_promises {
    struct invariants *invariants;
    const struct random_estate *estate;
    bool forgetful;          /* the ledger was lost: what no object shows may be forgotten */
    struct tally *tally;     /* of the verbs that were carried through */
    struct strings switched; /* ids of what we switched off, wanted on */
    struct strings bare;     /* ids of what somebody took the tags off */
    struct strings let_go;   /* "key id" in turn: what the ledger forgot */
    struct strings lifted;   /* suspensions' keys, while the process lives that knows it */
    size_t lifted_in;        /* that process */
    struct strings begun;    /* keys of what ran when it was suspended: that comes to its end */
    size_t pruned;           /* by the plan in force */
    size_t plans;
};

/* Watches beside the invariants. */
void random_promises_begin(struct random_promises *p, struct invariants *v,
                           const struct random_estate *e, struct tally *tally);
void random_promises_end(struct random_promises *p);
/* Somebody else switched it off: that is no debt. */
void random_promises_disabled(struct random_promises *p, const char *id);
/* Somebody took its tags off. */
void random_promises_bare(struct random_promises *p, const char *id);
/* Somebody is about to suspend something. */
void random_promises_suspend(struct random_promises *p);
/* What people have suspended, as the ledger holds it. */
void random_suspensions(const struct test_world *w, struct suspensions *out);
/* Everybody had time: nothing of ours is off for us. */
void random_promises_at_rest(struct random_promises *p);
/* The thing with a manifest of that key; NULL: there is none. */
const struct thing *random_thing_of(const struct random_estate *e, const char *key);
/* Converged: DCT holds what the manifests say, looked at from the inside. */
void random_promises_kept(struct random_promises *p);

#endif
