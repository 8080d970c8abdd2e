/* One seed's story: an estate, edits of it, faults, other people, deaths of the
 * process - and in the end a healthy DCT, in which all must come true. */
#ifndef TESTS_LIB_RANDOM_RUN_H
#define TESTS_LIB_RANDOM_RUN_H

#include "tests/lib/random_estate.h"
#include "tests/lib/random_promises.h"
#include "tests/lib/tally.h"
#include "tests/lib/torture.h"

struct random_run {
    uint64_t seed;
    struct random_estate estate;
    struct dice dice;
    struct attempt a;
    struct random_promises promises;
    struct tally *tally;
    size_t often;          /* one of so many requests goes wrong; 0: none */
    size_t jobs_often;     /* one of so many jobs ends badly; 0: none */
    int away;              /* engine that DCT cannot reach; NOTHING: none */
    struct strings ledger; /* as it was after the last edit, "key text" in turn */
    struct strings taken;  /* ids that another instance has marked as its own */
    struct strings picked; /* id and name of what somebody else meddles with */
    bool was_away, was_full;
    size_t edits;
};

struct random_end {
    char *broken;    /* which promise, NULL: none */
    char *story;     /* what happened, its end */
    uint64_t digest; /* of the whole story */
    size_t edits, requests, checks;
};

/* Names what has to happen in a long run. */
void random_expect(struct tally *t);
/* `edits`: stop editing after so many; 0 = as many as the dice say. */
void random_run(uint64_t seed, size_t edits, struct tally *tally, struct random_end *end);
void random_end_clear(struct random_end *end);
/* Estates are kept as starting points for other seeds. */
void random_starts_clear(void);

struct test_world *random_world(struct random_run *r);
/* What the estate says now is in force. */
void random_manifests(struct random_run *r);
/* Counts and tells it. */
void random_tell(struct random_run *r, const char *group, const char *name, const char *what);

/* random_edits.c: one more edit of the manifests or the options. */
void random_edit(struct random_run *r);
void random_edits_expect(struct tally *t);
/* Lifts protection: a manifest does not do that and ask for what it forbids at once. */
bool random_lift(struct random_run *r);
/* Takes back what stands in the way of the manifests. */
void random_mend(struct random_run *r);
/* And brings back every manifest that there ever was. */
void random_mend_all(struct random_run *r);

/* random_others.c: what other people do to DCT. */
void random_others(struct random_run *r);
void random_others_expect(struct tally *t);
/* They take it back, as far as dctd may not. */
void random_others_mend(struct random_run *r);

/* random_hand.c: what people ask of the running service. */
void random_hand(struct random_run *r);
void random_hand_expect(struct tally *t);
/* Whatever they suspended goes on. */
void random_hand_end(struct random_run *r);

/* random_faults.c */
enum fate random_fate(struct test_world *w, const struct request *q);
/* Something around the process goes wrong, or is well again. */
void random_trouble(struct random_run *r);
void random_faults_expect(struct tally *t);
void random_faults_end(struct random_run *r);

#endif
