/* One action on its way: look, write, wait for the job, look again, until the
 * object is what the manifest says.
 *
 *   reading -> sent -> job -> … -> settling/reading -> done
 *      ^                              |
 *      +--- differences left ---------+
 *
 * Every write is announced in the ledger first. Nothing is written that was not
 * just read, and nothing counts as done before it was read back. */
#ifndef RECONCILER_ACTION_H
#define RECONCILER_ACTION_H

#include "reconciler/backoff.h"
#include "reconciler/cycle.h"
#include "reconciler/diff.h"
#include "reconciler/suspects.h"

enum todo_type {
    TODO_LOOKUP, /* the id of a snapshot or bookmark that the manifest names */
    TODO_CREATE,
    TODO_DISABLE,
    TODO_UPDATE,      /* one of the kind's update calls */
    TODO_ITEM,        /* the same for one element of a list row */
    TODO_ROW,         /* a row with a call of its own */
    TODO_TAGS_REMOVE, /* before adding: a value may only have moved */
    TODO_TAGS_ADD,
    TODO_MARK,   /* as one that we switch off, and will switch on again */
    TODO_UNMARK, /* it is on */
    TODO_ENABLE,
    TODO_REFRESH,
    TODO_SNAPSHOT,
    TODO_DELETE,
};

struct todo {
    enum todo_type type;
    const struct call *call;
    size_t index; /* of the call among the updates, or the create variant */
    size_t row;   /* LOOKUP, ITEM, ROW */
    cJSON *json;  /* ITEM: the wanted element; TAGS: the pairs; owned */
};

/* What the request on its way is for. */
enum awaiting {
    AWAIT_NOTHING,
    AWAIT_OUTCOME,
    AWAIT_FIND,
    AWAIT_GET,
    AWAIT_LISTED,
    AWAIT_JOIN,
    AWAIT_SNAPSHOTS,
    AWAIT_TODO
};

struct action_run {
    struct todo *todo;
    size_t n, at, cap; /* todo[at] is the one under way or next */
    enum awaiting await;
    uint64_t request;
    size_t join;    /* AWAIT_JOIN: which */
    cJSON *raw;     /* the object as it was answered last */
    bool *carried;  /* rows that a write of this run has sent */
    char **lookups; /* ids found by TODO_LOOKUP, parallel to the rows */
    size_t n_rows;
    char *environment; /* id, for the limit; NULL = none */
    char *job;
    msec job_since;
    unsigned job_missing;
    int percent;
    msec wake;           /* go on then; 0 = something else wakes it */
    msec settling_since; /* 0 = not settling */
    unsigned looks;      /* in a row without progress */
    bool made, deleted;  /* by this run */
    bool waiting_told;   /* that it waits for a job which may be making it */
    bool outcome_asked;  /* of a write that nobody answered: no job is under way */
    bool may_appear;     /* a job is over that may have made it */
    cJSON *jobs;         /* that the pages of the answer held so far; NULL: none was asked for */
    unsigned pages;
    struct strings broken; /* ids of what creations were to make that ended badly */
    bool snapshot;         /* has one, as far as was looked */
    bool snapshot_taken;   /* by this run */
    bool refreshed, switched, marked, unmarked;
    bool rescuing;    /* it has failed; what it disabled is being enabled */
    bool outage;      /* it was disabled, for nothing */
    bool engine_away; /* DCT could not reach the engine */
    enum failure failure;
    char *error;
    msec retry_after;
};

void action_run_free(struct action_run *run);

/* What actions work with; borrowed. */
struct exec {
    struct world *world;
    struct plan *plan;
    const struct cycle_options *options;
    struct backoff *backoff;
    struct deleted *deleted; /* by this cycle */
    bool draining;           /* send nothing new */
    struct suspects suspects;
    uint64_t jobs_request;
    msec jobs_next;
    size_t jobs_from;     /* where the next poll begins to collect */
    unsigned jobs_failed; /* polls in a row that got no answer */
    size_t done, failed;
};

void action_begin(struct exec *x, struct action *a, struct step *s);
/* After its request was answered. */
void action_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s);
/* When its wake has come. */
void action_wake(struct exec *x, struct action *a, struct step *s);
/* What DCT says of its job: a Job, or NULL where DCT does not know it. */
void action_job(struct exec *x, struct action *a, const cJSON *job, struct step *s);

bool action_running(const struct action *a);

/* outcome.c: the ledger holds a write that got no answer, and its job. */
bool outcome_unknown(const struct exec *x, const struct action *a);
void outcome_ask(struct exec *x, struct action *a, struct step *s);
void outcome_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s);

/* program.c: the writes that bring the object from what differs to what is
 * wanted, in order; rows already carried are left out. False if there are none. */
bool program_update(const struct exec *x, struct action *a, const struct observed_item *item,
                    const struct diff *d);
void program_create(const struct exec *x, struct action *a);
/* Switches off what is on; switches on what we switched off. */
void program_off(const struct exec *x, struct action *a, const struct observed_item *item);
void program_on_again(const struct exec *x, struct action *a);
/* Takes off the mark that says that it is off for a while. */
void program_unmark(const struct exec *x, struct action *a);
void program_one(struct action *a, enum todo_type type, const struct call *call);
void program_clear(struct action_run *run);

/* call.c: the request that a todo stands for. NULL and *why (owned) where it
 * cannot be made. */
struct request *call_request(const struct exec *x, const struct action *a, const struct todo *t,
                             char **why);
/* Marks the rows that the todo's request carries. */
void call_carried(const struct action *a, const struct todo *t);

/* look.c: reading one object. */
void look(struct exec *x, struct action *a, struct step *s);
enum look_result { LOOK_MORE, LOOK_THERE, LOOK_GONE, LOOK_FAILED, LOOK_CONFLICT };
enum look_result look_reply(struct exec *x, struct action *a, const struct reply *r,
                            struct step *s);

#endif
