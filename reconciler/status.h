/* How things stand with every object that manifests want or the ledger knows:
 * one view, from which every rendering is made.
 *
 * While DCT is observed again the last conditions stand; they are Unknown only
 * before the first observation, and where DCT did not show enough to tell. */
#ifndef RECONCILER_STATUS_H
#define RECONCILER_STATUS_H

#include "reconciler/history.h"

struct object_status {
    struct subject is;         /* the object, and what is under way for it */
    const struct track *track; /* its conditions; NULL: it is not known to the core yet */
    msec next_retry;           /* 0 = none is due */
    unsigned attempts;         /* failures in a row */
};

/* What its state comes down to, where there is room for one word. */
enum object_state {
    OBJECT_READY,
    OBJECT_WORKING,
    OBJECT_BLOCKED,
    OBJECT_FAILED,
    OBJECT_SUSPENDED,
    OBJECT_UNKNOWN
};

/* False where neither manifests nor ledger know the key. */
bool cycle_object(const struct cycle *c, const char *key, msec now, struct object_status *out);
/* Every object, targets before what refers to them, then those without a
 * manifest: the next one from *cursor on, which begins at 0. False at the end. */
bool cycle_next_object(const struct cycle *c, size_t *cursor, msec now, struct object_status *out);

enum object_state object_state(const struct object_status *o);
const char *object_state_name(enum object_state s);
/* The revision of the manifests that the conditions were judged by, or NULL. */
const char *cycle_judged(const struct cycle *c);

/* Calls `each` for every wanted object that `w` refers to, its engine among them. */
void wanted_needs(const struct set *set, const struct wanted *w,
                  void (*each)(void *ctx, const struct wanted *needed), void *ctx);

#endif
