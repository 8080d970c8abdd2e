/* What differs between a manifest and the object that DCT has.
 *
 * Only declared fields are compared. A field that DCT reports is compared with
 * what it reports; one that it cannot report (no read path, a secret, an older
 * server) by digest with what the ledger says was applied last. A field that
 * was never applied and cannot be read counts as applied where the object is
 * ours, and as different where it is being adopted. */
#ifndef RECONCILER_DIFF_H
#define RECONCILER_DIFF_H

#include "reconciler/match.h"
#include "reconciler/plan.h"

struct diff {
    bool *changed; /* parallel to the kind's rows */
    struct change *changes;
    size_t n, cap;
    bool tags;           /* tags are to be added or deleted; see diff_tags() */
    bool create_only;    /* some change cannot be made in place */
    bool needs_disabled; /* some change needs the object disabled first */
    bool deferred;       /* a refresh is asked for of what is to be off: it waits until it is on */
    char *unresolved;    /* why a reference could not be judged, or NULL */
    bool unjudged;       /* more may differ: what something refers to is not known now */
};

/* `item` has its values. Nothing is kept but copies. */
void diff_object(const struct world *world, const struct wanted *w,
                 const struct observed_item *item, const struct entry *entry, bool adopting,
                 struct diff *out);
void diff_clear(struct diff *d);

/* Pairs that are missing (`add`), and pairs that we put there once and nobody
 * wants any more (`remove`): both lists of {key, value}, NULL where empty. */
void diff_tags(const struct world *world, const struct wanted *w, const struct observed_item *item,
               const struct entry *entry, cJSON **add, cJSON **remove);

cJSON *tag_pair(const char *key, const char *value);

enum shown_version { VERSION_UNKNOWN, VERSION_SAME, VERSION_OTHER };
/* Is the version of the connector's file the one that DCT shows? */
enum shown_version file_shown(const struct wanted *w, const struct observed_item *item);
/* Did somebody put another connector there? The file is as it was when DCT showed
 * its version, and DCT shows another one now. */
bool file_replaced(const struct wanted *w, const struct observed_item *item,
                   const struct entry *entry);

/* Is the creation under way, with a row that no create call takes? What is left
 * alone later is to be brought first. */
bool row_awaited(const struct entry *e, const struct field *f);
/* What the manifest wants of the row now: without the parts that are left alone. */
const struct value *value_wanted(const struct object *o, const struct entry *e, size_t row);

/* Does the manifest say that it is off? */
bool is_to_be_off(const struct wanted *w);
/* Does the row take part in comparison at all? */
bool row_compared(const struct field *f);
/* Did we switch it off, and is it to be on again? The ledger knows, or the mark
 * that we left on the object. */
bool enable_owed(const struct entry *e, const struct observed_item *item);
/* Is it marked as off for a while, and that is over? */
bool mark_is_stale(const struct wanted *w, const struct entry *e, const struct observed_item *item);

#endif
