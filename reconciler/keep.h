/* What the ledger keeps of an object that agrees with its manifest. */
#ifndef RECONCILER_KEEP_H
#define RECONCILER_KEEP_H

#include "reconciler/match.h"

/* What its policy, or its kind, says about its end: DELETE or ORPHAN. */
enum deletion deletion_of(const struct object *o);
/* Brings the entry of `w` in line with the manifest and the object: id, name,
 * engine, policy, and the digest of every declared row as applied, save those
 * that differ all the same because DCT cannot change them. Makes the entry
 * where there is none. True if it is other than it was. */
bool keep_object(const struct world *world, const struct wanted *w,
                 const struct observed_item *item, enum origin origin);
/* Only the rows that are marked, or all declared ones when `rows` is NULL. */
bool keep_rows(struct entry *e, const struct object *o, const bool *rows);
/* The same for the rows that a creation brings, those that are left alone later
 * among them. What of such a row no create call takes is kept as awaited: see
 * row_awaited(). */
void keep_made(struct entry *e, const struct object *o, const bool *rows);
/* `moved` has another value in that row now. What `w` looks up through it, and
 * DCT does not show, is to be sent anew. True if the ledger is other than it was. */
bool keep_follower(const struct world *world, const struct wanted *w, const struct wanted *moved,
                   size_t row);
/* What the policy says to its safety counts at once, whatever else is still to be
 * done; what lifts that waits until all has come true, save protection: that goes
 * as soon as its manifest asks neither for it nor for what it forbids, and mode. */
bool keep_care(const struct wanted *w, struct entry *e);
/* Policy, name and engine, before the object is there. */
bool keep_wish(const struct world *world, const struct wanted *w, struct entry *e);

#endif
