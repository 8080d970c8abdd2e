/* What a person may do to the ledger, with the service running or not: take a
 * DCT object over, or let go of one. The rules and their words are the same. */
#ifndef RECONCILER_HAND_H
#define RECONCILER_HAND_H

#include "reconciler/ledger.h"
#include "schema/set.h"

/* Could it be the id of a DCT object? */
bool adopt_id(const char *text);
/* Another key that must be meant: the manifests are all known, and neither they nor
 * the ledger have this one, but one like it. NULL: it may be meant itself. Owned. */
char *adopt_misnamed(const struct ledger *l, const struct set *set, const char *key);
/* What to tell who takes over what no manifest declares; "" where one does. */
const char *adopt_remark(const struct set *set, const char *key);
/* Why `key` cannot become the DCT object of that id; NULL if it can. Owned. */
char *adopt_refusal(const struct ledger *l, const char *key, enum kind kind, const char *id,
                    bool replace);
/* Is it that one already? */
bool adopted_already(const struct ledger *l, const char *key, const char *id);
/* "1-VDB-7 by hand, in place of 1-VDB-3"; owned. */
char *adopt_text(const struct ledger *l, const char *key, const char *id);
/* The new entry. Nothing is known of what was applied, and until a manifest says
 * otherwise the object is not dctd's to delete. */
struct entry *adopt(struct ledger *l, const char *key, enum kind kind, const char *id);

/* Why the entry cannot go: what would be lost with it, or that there is none.
 * NULL if it can. Owned. */
char *forget_refusal(const struct ledger *l, const char *key, bool force);
/* "1-VDB-7, made by dctd": what the entry was; owned. */
char *forget_text(const struct entry *e);
/* What is lost with the entry besides, one line each; appended. */
void forget_losses(const struct entry *e, struct buf *out);

#endif
