/* What is true of an object: five conditions, each with a reason that is one
 * word and a message for people.
 *
 *   Ready      it is in DCT, whole and not switched off by us
 *   Synced     DCT agrees with its manifest, as far as DCT can show
 *   Stalled    nothing goes on before somebody changes something
 *   Drifted    DCT was changed and the manifest was not
 *   Suspended  a person asked for it to be left alone
 *
 * All of it is derived from the manifests, the plan, the ledger and the
 * backoff; nothing here remembers. */
#ifndef RECONCILER_CONDITION_H
#define RECONCILER_CONDITION_H

#include "reconciler/backoff.h"
#include "reconciler/cycle.h"

enum condition_type {
    CONDITION_READY,
    CONDITION_SYNCED,
    CONDITION_STALLED,
    CONDITION_DRIFTED,
    CONDITION_SUSPENDED,
    CONDITIONS
};

enum truth { TRUTH_UNKNOWN, TRUTH_TRUE, TRUTH_FALSE };

enum reason {
    REASON_NOT_OBSERVED,   /* DCT has not been observed since the service started */
    REASON_NOT_OBSERVABLE, /* what DCT shows is not enough to tell: a list was refused or partial */
    REASON_AVAILABLE,      /* it is in DCT, and nothing of ours keeps it off */
    REASON_MISSING,        /* it is not in DCT yet */
    REASON_GONE,           /* it was in DCT, and somebody removed it there */
    REASON_HALF_MADE,      /* DCT failed to make it and left a part of it behind */
    REASON_NOT_OURS,       /* one of that name is in DCT that is not ours */
    REASON_DISABLED,       /* it is switched off in DCT though it is to be on */
    REASON_IN_SYNC,        /* DCT agrees with the manifest */
    REASON_CREATING,       /* an action of that name is under way */
    REASON_UPDATING,
    REASON_REPLACING,
    REASON_DELETING,
    REASON_ADOPTING,
    REASON_FORGETTING,
    REASON_DISCOVERING, /* the same: the environment discovers again */
    REASON_SNAPSHOTTING,
    REASON_ENABLING,        /* it comes back */
    REASON_DISABLING,       /* the same: for the change of something it lives on */
    REASON_FINISHING,       /* what was begun before is followed to its end */
    REASON_WAITING,         /* its action waits for what it needs, for a slot, or for its engine */
    REASON_RETRYING,        /* its last try failed, and it is tried again by itself */
    REASON_FAILED,          /* its last try failed of something that waiting does not mend */
    REASON_KEEPS_FAILING,   /* it has failed so often that it is tried but rarely */
    REASON_OUTCOME_UNKNOWN, /* a write to it got no answer; DCT is asked what became of it */
    REASON_BLOCKED,         /* a rule, a reference or its policy stands in the way */
    REASON_DEPENDENCY_BLOCKED, /* what it needs is blocked */
    REASON_DELETE_BUDGET,      /* its deletion is one of more than the budget allows */
    REASON_FLAPPING,         /* its drift was repaired so often that it is left alone for a while */
    REASON_NOT_ENFORCED,     /* policy.mode is warn or observe: it is reported, not repaired */
    REASON_SUSPENDED,        /* it would be changed, and is suspended */
    REASON_NO_MANIFEST,      /* no manifest wants it, and nothing is done about that */
    REASON_INVALID_MANIFEST, /* its manifest has findings */
    REASON_UNREAD_MANIFEST,  /* nobody knows whether one wants it: not all could be read */
    REASON_NOT_STALLED,      /* nothing stands in the way for long */
    REASON_DRIFT,            /* DCT was changed, the manifest was not */
    REASON_NO_DRIFT,         /* nothing was changed behind our back */
    REASON_BY_CONFIGURATION, /* the configuration suspends its kind, or everything */
    REASON_BY_MANIFEST,      /* policy.suspend of its manifest does */
    REASON_BY_OPERATOR,      /* somebody did while the service ran; `dctd resume` lifts it */
    REASON_NOT_SUSPENDED,    /* nothing does */
    REASONS
};

struct judgement {
    enum truth status;
    enum reason reason;
    char *message; /* owned; NULL = what the reason says by itself */
};

/* One object and all that is known of it; borrowed. */
struct subject {
    const char *key;
    const struct kind_desc *kind;
    const struct wanted *wanted; /* NULL: no manifest */
    const struct entry *entry;   /* NULL: the ledger does not know it */
    const struct action *action; /* NULL: nothing is to be done */
    const struct plan *plan;     /* NULL: there is none yet */
    const struct ledger *ledger;
    const struct backoff *backoff;
    const struct cycle_options *options;
    bool left_out;  /* its manifest has findings */
    bool unread;    /* no manifest wants it, and not every one could be read */
    msec now, wall; /* what is waited for by, and what people name */
};

/* Ready, Synced, Stalled and Drifted; needs a plan. Messages are the caller's. */
void condition_judge(const struct subject *s, struct judgement out[CONDITIONS]);
/* Suspended, which no plan is needed for. */
void condition_suspended(const struct subject *s, struct judgement *out);
/* The suspension that holds it back; NULL where none does, or its manifest does. */
const struct suspension *condition_suspension(const struct subject *s);
/* Has an action failed to such a degree that waiting is not enough? */
bool condition_stalls(const struct subject *s);
/* Is the obstacle one that people are to see to, and not what they asked for? */
bool condition_obstacle(const struct subject *s);

const char *condition_name(enum condition_type t); /* "Ready" */
const char *truth_name(enum truth t);              /* "True" */
const char *reason_name(enum reason r);            /* "InSync" */
const char *reason_text(enum reason r);            /* its message where there is no other */
/* Is the message of that reason what went wrong last? */
bool reason_is_error(enum reason r);

#endif
