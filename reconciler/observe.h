/* Reads what DCT has: one GET list per collection and page of 1000, side by
 * side. GET, because only GET lists say in errors[] that they are partial.
 *
 * Lists that a kind joins to its objects are read before that kind's own. A
 * page that fails for a passing reason is asked for again a few times; a list
 * that is refused, broken or partial stays incomplete, with its trouble told. */
#ifndef RECONCILER_OBSERVE_H
#define RECONCILER_OBSERVE_H

#include "reconciler/observed.h"
#include "reconciler/step.h"

struct observe;

/* Which lists it takes is decided by what the set and the ledger hold. Both are
 * borrowed while the observation lasts. `marks`: also those of whatever may be
 * off for a change that neither of them knows of. */
struct observe *observe_new(const struct set *set, const struct ledger *ledger, bool marks);
void observe_free(struct observe *ob);
OWNER(observe)

/* Sends what can be sent now; call after a reply and on every wake. */
void observe_go(struct observe *ob, struct step *s);
/* False if the reply is not for this observation. */
bool observe_reply(struct observe *ob, const struct reply *r, struct step *s);
bool observe_done(const struct observe *ob);
/* How far it is: lists that it takes, those that are read, good pages so far. */
struct observe_progress {
    size_t lists, read, pages;
};
struct observe_progress observe_progress(const struct observe *ob);
/* When a retry is due; 0 = none. */
msec observe_wake(const struct observe *ob);
/* What was seen; the caller's from now on. */
struct observed *observe_take(struct observe *ob);
/* Why something is not complete, the first trouble; NULL if all is well. */
const char *observe_trouble(const struct observe *ob);
/* Was a list refused to this key? Waiting does not mend that. */
bool observe_hopeless(const struct observe *ob);
/* Has nothing at all been readable? */
bool observe_blind(const struct observe *ob);

#endif
