/* From pairs and differences to the plan: what, in which order, and what stands
 * in its way. Reads everything, changes nothing. */
#ifndef RECONCILER_PLANNER_H
#define RECONCILER_PLANNER_H

#include "reconciler/backoff.h"
#include "reconciler/cycle.h"
#include "reconciler/match.h"

/* What a cycle has sent to be deleted: "VDB/1-APPDATA_CONTAINER-7". */
struct deleted {
    struct strings keys;
    size_t anew; /* of them, to be made again */
};

struct planner {
    const struct world *world; /* matched */
    const struct cycle_options *options;
    const struct backoff *backoff;
    const struct deleted *deleted;
    msec now, ahead; /* of the event */
    msec settled;    /* nothing is made before; 0 = at once */
};

struct rules;

/* A plan in the making. */
struct planning {
    const struct planner *in;
    const struct rules *rules;
    struct plan *plan;
};

struct plan *plan_build(const struct planner *in);
/* Counts by verb, once nothing is blocked any more. */
void plan_count(struct plan *p);

/* How long a write without an answer may still be carried out; and one whose job
 * DCT does not follow any more. */
enum { OUTCOME_GRACE = 30000, LOST_GRACE = 300000 };
/* When the write that the ledger holds has become known; 0 = it is. */
msec outcome_due(const struct entry *e);
/* Did DCT lose the job that makes it, long enough ago? What differs then will
 * not come any more. */
bool creation_lost(const struct entry *e, msec now);

/* When the object of that key may be tried again. */
msec planning_due(const struct planner *in, const char *key);
/* An action for the wanted object; `reason` is taken. */
struct action *planning_add(struct planning *p, enum verb verb, const struct wanted *w,
                            const struct observed_item *item, char *reason);
/* When the object, and its engine, may be tried again. */
msec planning_not_before(const struct planner *in, const struct action *a);
/* Blocks it, unless `why` (taken) is NULL. */
void planning_block(struct action *a, char *why);
/* The same, and what sort of obstacle it is. */
void planning_block_as(struct action *a, enum block as, char *why);
/* What the policy block says against acting at all, or NULL; owned. */
char *planning_policy(const struct planner *in, const struct wanted *w, enum block *as);
void planning_block_by_policy(const struct planner *in, struct action *a, const struct wanted *w);
/* What suspends the object, or NULL; owned. */
char *planning_suspended(const struct planner *in, enum kind kind, const char *key);
/* The suspension of configuration or ledger that holds it back now, or NULL. */
const struct suspension *suspension_of(const struct cycle_options *o, const struct ledger *l,
                                       enum kind kind, const char *key, msec wall);
/* What the wall clock says. */
msec planning_wall(const struct planner *in);
struct diff;
/* half_made.c: did its creation end in the middle, and does it differ from what it was to be? */
bool half_made(const struct planner *in, const struct wanted *w, const struct pairing *p,
               const struct diff *d);
/* Or is its creation not over, as far as anybody knows, so that it may turn out to be? */
bool half_made_yet(const struct planner *in, const struct wanted *w, const struct pairing *p,
                   const struct diff *d);
/* It may have, while something that it refers to cannot be seen: it is neither whole
 * nor half made. */
bool half_made_perhaps(const struct pairing *p, const struct diff *d);
/* Is the object of that id what failed, and not another that the entry is about now? */
bool creation_failed(const struct entry *e, const char *id);
/* What it left behind, and what a person can do; owned. */
char *half_made_text(const struct wanted *w, const struct entry *e, const char *id);
/* Does something differ that its creation was to bring, as far as the entry knows? What
 * others live on, or were made from, came to its end, whatever has changed since. */
bool creation_undone(const struct world *world, const struct wanted *w, const struct entry *e,
                     const struct diff *d, const char *id);
bool is_protected(const struct wanted *w, const struct entry *e);
/* Why what is protected is not made anew. A manifest does not lift that with the
 * same breath that asks for what it forbids. */
char *protected_text(const struct wanted *w);
bool item_enabled(const struct observed_item *item);

/* consequences.c: what the changes ask of other objects. */
void plan_consequences(struct planning *p);
/* prune.c: objects that we own and that no manifest wants any more. */
void plan_prune(const struct planner *in, struct plan *p);
/* budget.c: too many deletions are none at all. `unseen` may follow those of the plan. */
void plan_budget(const struct planner *in, struct plan *p, size_t unseen);
bool plan_over_budget(const struct plan *p);
void deleted_note(struct deleted *d, const struct action *a);
void deleted_clear(struct deleted *d);
/* debts.c: what we switched off is switched on, whatever else cannot be done. */
void plan_debts(const struct planner *in, struct plan *p);
/* Has everything been seen that may bear a mark, and does the ledger know of what does? */
bool debts_known(const struct world *world);
/* What we switched on again, and DCT shows on, is owed no more. What could not come on
 * because what it lives on was off is tried at once when that is on again. */
void debts_paid(const struct world *world, struct backoff *b, struct effects *fx);
/* needs.c: which action waits for which, and what a blocked one drags along. */
void plan_order(const struct planner *in, struct plan *p);
/* Does the observed object (NULL: none) refer to the one of that kind and id? */
bool object_refers_to(const struct object *o, const struct kind_desc *k, const char *id);
/* What needs something blocked is blocked too. */
void plan_spread_blocks(struct plan *p);

/* The fuse on deletion: blocks the action, keeping an earlier reason. */
void action_block(struct action *a, char *why_taken);
void action_block_as(struct action *a, enum block as, char *why_taken);

#endif
