/* Pairs what manifests want with what DCT has.
 *
 * A wanted object is one in DCT when, in this order: the ledger says so; the
 * object carries our owner tag; it has the same name and the policy allows
 * adoption. A name alone is never ownership: it is a conflict. Whatever is
 * left over on DCT's side is not ours and is never touched. */
#ifndef RECONCILER_MATCH_H
#define RECONCILER_MATCH_H

#include "reconciler/resolve.h"

enum match {
    MATCH_NONE,     /* it is not in DCT */
    MATCH_OURS,     /* by the ledger, or by our owner tag */
    MATCH_ADOPT,    /* not ours yet; the policy allows it */
    MATCH_CONFLICT, /* somebody else's, or nobody's and adoption is not allowed */
    MATCH_UNKNOWN,  /* the list is not complete: it may or may not be there */
};

struct pairing {
    enum match match;
    struct observed_item *item; /* OURS, ADOPT, CONFLICT */
    struct entry *entry;        /* what the ledger has, or NULL */
    bool by_tag;                /* OURS though the ledger did not know it */
    char *why;                  /* CONFLICT, UNKNOWN: what to tell people */
};

/* Fills world->pairs (one per item of the set, allocated here). */
void match_all(struct world *world);
/* One of them again, after something was observed anew. */
void match_one(struct world *world, size_t item);
void match_clear(struct world *world);

/* Neither name nor tag says any more that it is what the ledger took it for: somebody
 * took it over, or DCT gave the id to another one, as after a restore. */
bool match_estranged(const struct entry *e, const struct observed_item *item);
char *match_estranged_text(const struct entry *e, const struct observed_item *item);

/* Is `item` the object that `w` describes (name or what else identifies it, scope, engine)? */
bool match_is(const struct world *world, const struct wanted *w, const struct observed_item *item);

#endif
