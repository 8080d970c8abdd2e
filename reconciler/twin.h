/* Is another dctd at work under our instance name? Then each takes for its own what
 * the other makes.
 *
 * What bears our tag we have made, or it was there before we looked for the first
 * time. What turns up with our tag while we look on, and no entry of ours explains,
 * somebody else has made. Whoever began with an empty ledger does not judge for a
 * day: it may have been lost with what was under way. It is told, and nothing is
 * refused: the tag may have been set by hand. */
#ifndef RECONCILER_TWIN_H
#define RECONCILER_TWIN_H

#include "reconciler/match.h"

struct twin {
    bool remembers; /* the ledger was not empty at the start, or that is a day ago */
    msec begun;     /* the first look */
    bool ours;      /* something bore our tag at that */
    struct {
        uint64_t *ids; /* sorted; of all that were ever seen with an owner's tag */
        size_t n, cap;
        bool seen; /* the list was complete once */
    } kinds[KINDS];
    char *text; /* what was noticed within the last day; NULL: nothing */
    msec at;    /* when */
};

void twin_clear(struct twin *t);
/* After the observation; true if there is something to be told. */
bool twin_look(struct twin *t, const struct world *world, msec now);
/* An empty ledger where DCT has what is ours was lost: what was asked for last may
 * still be on its way to DCT. Until when nothing is made; 0 = no ledger was lost. */
msec twin_settled(const struct twin *t);

#endif
