/* The whole reconciliation as one pure step function.
 *
 *   EV_MANIFESTS -> observe (lists, in parallel) -> match, diff, rules -> plan
 *   -> FX_PLANNED -> execute (run, apply) -> observe again -> … -> FX_RESTED
 *
 * The same code runs under the real loop, in `dctd plan`, in `dctd apply`, and
 * under a virtual clock in tests. */
#ifndef RECONCILER_CYCLE_H
#define RECONCILER_CYCLE_H

#include "reconciler/event.h"
#include "reconciler/plan.h"
#include "reconciler/suspension.h"

enum cycle_mode {
    CYCLE_PLAN,  /* observe, plan, rest; asks for no write and no record */
    CYCLE_APPLY, /* until converged, or until only failures and blocked actions are left */
    CYCLE_RUN,   /* for ever */
};

struct cycle_options {
    enum cycle_mode mode;
    const char *instance; /* value of the owner tag */
    bool prune;
    bool partial;            /* the manifests are not the whole estate: nothing is pruned */
    unsigned delete_budget;  /* deletes of one cycle, also of what is replaced; more stops all
                              * of them. 0 = no limit */
    unsigned delete_percent; /* the same, of the objects in the ledger. 0 = no limit */
    const struct suspension *suspensions;
    size_t n_suspensions;
    unsigned total, per_engine, per_environment; /* actions at a time, 0 = no limit */
    msec interval;                               /* between observations when nothing differs */
    uint64_t seed;                               /* of the jitter */
};

enum cycle_phase {
    CYCLE_IDLE,      /* waits for manifests, the interval, or a nudge */
    CYCLE_OBSERVING, /* lists under way */
    CYCLE_EXECUTING, /* actions under way */
    CYCLE_STOPPED,
};

/* A summary for status lines; all of it derived. */
struct cycle_status {
    enum cycle_phase phase;
    const char *revision;   /* of the set in force, NULL if unknown */
    size_t managed, synced; /* wanted objects; those that agree with DCT */
    size_t running, jobs;   /* actions under way; of them waiting for a DCT job */
    size_t waiting, blocked, failed;
    size_t lists, lists_read, pages; /* of the observation under way, else 0 */
    bool observed;                   /* a complete observation has happened since the start */
    const char *trouble;             /* why the last observation failed, or what else is wrong
                                      * with the whole; NULL if nothing is */
    msec next;                       /* when the next wake is due, 0 = none */
    msec seen_at;                    /* when all of DCT was observed last, 0 = never */
    msec converged_at;               /* when it agreed with the manifests last, 0 = never */
    unsigned api;                    /* of the server: 328 = 3.28, 0 = not known */
};

struct cycle;

/* Takes the ledger; what `o` points to is copied. */
struct cycle *cycle_new(const struct cycle_options *o, struct ledger *ledger);
void cycle_free(struct cycle *c);
OWNER(cycle)

void cycle_step(struct cycle *c, const struct event *ev, struct effects *out);

/* The last plan: while DCT is observed again, the one before. NULL before the first. */
/* At rest: what is remembered is laid side by side, see ledger_compact(). */
void cycle_compact(struct cycle *c);

const struct plan *cycle_plan(const struct cycle *c);
const struct set *cycle_set(const struct cycle *c); /* in force; NULL before the first */
/* The manifests that came last, in force or about to be. */
const struct set *cycle_newest_set(const struct cycle *c);
void cycle_status(const struct cycle *c, struct cycle_status *out);
enum cycle_phase cycle_phase(const struct cycle *c);
const char *cycle_revision(const struct cycle *c); /* of the set in force, NULL if unknown */
const struct ledger *cycle_ledger(const struct cycle *c);
/* Why what the event (EV_ADOPT, EV_FORGET, EV_SUSPEND, EV_RESUME) asks for is not
 * done; NULL where it is. Owned. */
char *cycle_refusal(const struct cycle *c, const struct event *ev);
/* Is the ledger on disk behind, because it could not be written? */
bool cycle_unkept(const struct cycle *c);
/* Of FX_RESTED in plan mode: could everything be observed? */
bool cycle_trouble(const struct cycle *c);

#endif
