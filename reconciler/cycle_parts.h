/* The cycle's own state, for the files that it is made of: cycle.c observes,
 * plans and executes, cycle_hand.c does what people ask for, status.c tells
 * how things stand. */
#ifndef RECONCILER_CYCLE_PARTS_H
#define RECONCILER_CYCLE_PARTS_H

#include "reconciler/dependants.h"
#include "reconciler/exec.h"
#include "reconciler/history.h"
#include "reconciler/observe.h"
#include "reconciler/planner.h"
#include "reconciler/told.h"
#include "reconciler/twin.h"

struct cycle {
    struct cycle_options options;
    char *instance;
    struct suspensions configured; /* the options' */
    struct ledger *ledger;
    struct backoff backoff;
    struct deleted deleted; /* since dctd was at rest last */
    struct twin twin;
    struct told told_before;
    uint64_t ids;
    unsigned api;
    enum cycle_phase phase;
    struct set *set, *next_set; /* in force; to be taken as soon as nothing is on its way */
    struct observe *observe;
    struct world world;
    struct plan *plan;
    struct plan *told_plan; /* the last one, until there is another */
    struct set *told_set;   /* what it was made of, where that is not in force any more */
    char *judged;           /* revision of the manifests that the last plan was made of */
    struct tracks tracks;
    const struct set *tracked; /* of which every object has a track */
    struct dependants dependants;
    struct exec exec;
    bool observed, stopping, nudged;
    bool marks_known; /* DCT marks nothing as off for a change that the ledger does not know of */
    bool replan;      /* the ledger was changed by hand: what the plan holds is out of date */
    bool recorded;    /* the ledger was changed since it was laid side by side */
    bool unkept;      /* a record could not be written; the ledger on disk is behind */
    struct strings taken_out; /* keys that people took out of the ledger; the disk may not know */
    unsigned rounds, troubles;
    char *trouble;
    struct cycle_status last; /* while the next plan is made, the counts of the last one */
    msec next, told;          /* when to observe again; what FX_WAKE said last */
    msec release;             /* by the wall clock: when the next suspension ends, 0 = none */
    msec ended;               /* the same for the last one that ended */
    msec ahead;               /* of the last event */
    msec lifted; /* by the wall clock: ends until then are told, or were at the start */
    msec seen_at, converged_at; /* when all of DCT was observed, and agreed, last */
};

/* cycle.c: begins to observe, whatever was being done. */
void cycle_observe(struct cycle *c, struct step *s);
/* When an idle cycle goes on by itself; 0 = never. */
msec cycle_due(const struct cycle *c);

/* cycle_hand.c */
void cycle_by_hand(struct cycle *c, const struct event *ev, struct step *s);
/* What is being looked for, or was planned, is out of date. */
void cycle_look_anew(struct cycle *c, struct step *s);
/* What people took out of the ledger stays out, though the disk was full just then. */
void cycle_take_out_again(struct cycle *c, struct step *s);
/* Suspensions whose time is over leave the ledger. */
void cycle_lift_expired(struct cycle *c, struct step *s);
/* What is suspended now does not begin any more; what has begun goes on. */
void cycle_hold(struct cycle *c, msec wall);
/* Of suspensions, when the next one ends and the last one ended, seen from there. */
void cycle_note_ends(struct cycle *c, msec wall);

/* status.c: what is true of objects after the effects from `from` on. */
void cycle_track(struct cycle *c, const struct step *s, size_t from);

static inline struct planner cycle_planner(const struct cycle *c, const struct step *s)
{
    return (struct planner){ .world = &c->world,
                             .options = &c->options,
                             .backoff = &c->backoff,
                             .deleted = &c->deleted,
                             .now = s->now,
                             .ahead = s->ahead,
                             .settled = twin_settled(&c->twin) };
}

#endif
