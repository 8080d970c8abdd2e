/* The plan: every wanted change of every object, in the order in which it may
 * happen, with its reasons, its disruptions and what stands in its way. */
#ifndef RECONCILER_PLAN_H
#define RECONCILER_PLAN_H

#include "reconciler/ledger.h"
#include "schema/map.h"
#include "schema/set.h"

enum verb {
    VERB_NONE,     /* nothing differs, but an intent is still open: it is to be finished */
    VERB_CREATE,   /* + */
    VERB_UPDATE,   /* ~ */
    VERB_REPLACE,  /* -/+ */
    VERB_DELETE,   /* - */
    VERB_ADOPT,    /* < : becomes ours, with the changes listed */
    VERB_FORGET,   /* . : leaves the ledger, stays in DCT */
    VERB_REFRESH,  /* ~ : an environment discovers again, nothing else differs */
    VERB_SNAPSHOT, /* ~ : a VDB that others are provisioned from gets its first snapshot */
    VERB_DISABLE,  /* ~ : switched off for the change of something it lives on, then on again */
    VERB_ENABLE,   /* ~ : that, or what was off for a change of its own, comes back */
    VERBS
};

enum change_why {
    WHY_CHANGE, /* the manifest changed since we applied it, or we never did */
    WHY_DRIFT,  /* the manifest did not change, DCT did */
};

/* One field that differs. */
struct change {
    size_t row;
    char *was, *becomes; /* as people read it; secrets are never in here */
    enum change_why why;
    bool create_only; /* DCT cannot change it in place */
};

enum action_state {
    A_WAITING,  /* for what it needs */
    A_READING,  /* looks at the object before and after each change */
    A_SENT,     /* a write is on its way */
    A_JOB,      /* DCT works on it */
    A_SETTLING, /* the job is done, DCT's read model is not yet */
    A_DONE,
    A_FAILED,
    ACTION_STATES
};

/* What kind of obstacle it is that blocks an action. */
enum block {
    BLOCK_RULE,      /* a rule, a reference, a policy that protects */
    BLOCK_CONFLICT,  /* DCT has one that is not ours */
    BLOCK_HALF_MADE, /* what a failed creation left has to go first */
    BLOCK_NEED,      /* what it needs is blocked */
    BLOCK_BUDGET,    /* too many deletions */
    BLOCK_FLAPPING,  /* it was repaired too often */
    BLOCK_MODE,      /* policy.mode is not enforce */
    BLOCK_SUSPENDED,
    BLOCK_UNKNOWN, /* DCT did not show enough to tell */
    BLOCKS
};

struct action_run; /* how far it is: private to the execution */

struct action {
    enum verb verb;
    const struct kind_desc *kind;
    char *key;
    const struct wanted *wanted; /* NULL: no manifest (any more) */
    char *id;                    /* in DCT, NULL if it is not there */
    char *engine;                /* id of its engine, NULL while not known */
    struct change *changes;
    size_t n_changes, cap_changes;
    char *reason;               /* why this verb, one sentence without a full stop */
    char *blocked;              /* why it cannot happen now; NULL = it can */
    enum block block;           /* of what sort that is */
    struct strings disruptions; /* one line each */
    struct pos pos;             /* manifest position, line 0 if there is none */
    size_t *needs;              /* indexes of actions that must be done first */
    size_t n_needs, cap_needs;
    msec not_before; /* back-off; 0 = at once */
    bool owes;       /* we switched the object off: it waits for nobody's failure */
    bool suspect;    /* DCT may be making it already; see suspects.h */
    bool unanswered; /* a write to it got no answer, and what became of it is not known yet */
    bool pays_debt;  /* and nothing but switching it on again is to be done */
    bool only_waits; /* for the end of a job: policy forbids what that would lead to */
    bool goes_off;   /* it is on, goes off for this, and has to come on again */
    bool unsound;    /* its creation did not come to its end: nothing is made from it */

    /* A job that the ledger knows and that goes on while the action cannot begin: it
     * has its engine's slot all the same. NULL = none. */
    char *adrift;
    bool polled; /* the poll under way asks for its job */
    enum action_state state;
    char *error; /* last failure, verbatim where DCT said it */
    struct action_run *run;
};

struct plan {
    struct action *items;
    size_t n, cap;
    struct map by_key;       /* private */
    size_t by_verb[VERBS];   /* blocked ones not counted */
    size_t blocked, left;    /* `left`: of the blocked ones, those that are left alone */
    size_t managed, in_sync; /* objects that manifests want; those without any action */
    struct strings notes;    /* about the whole: what was not judged, what is not pruned */
    msec ahead;              /* of the moments in it, the wall clock; people read that */
    bool unknown;            /* something could not be observed: "no changes" cannot be said */
};

void plan_free(struct plan *p);
OWNER(plan)

struct action *plan_add(struct plan *p, enum verb verb, const struct kind_desc *k, const char *key);
/* -1 where the plan has no action for the key. */
long plan_index(const struct plan *p, const char *key);
void action_needs(struct plan *p, size_t action, size_t needs);
/* Is nothing to be done, and nothing under way? Blocked changes count, save those
 * that policy.mode or a suspension tells us to leave alone. */
bool plan_empty(const struct plan *p);
/* The action itself, or the one at the end of a chain of blocked ones that blocks it. */
const struct action *action_root(const struct plan *p, const struct action *a);
/* Are policy.mode or a suspension all that stands in its way? */
bool action_left(const struct plan *p, const struct action *a);

const char *verb_name(enum verb v);   /* "create" */
const char *verb_symbol(enum verb v); /* "+" */
const char *action_state_name(enum action_state s);

#endif
