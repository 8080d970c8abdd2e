/* What we remember between observations: which DCT object is whose, what was
 * applied last, what is under way and what is owed.
 *
 * A memory, never the truth: DCT is observed again after every start. This is
 * the model in memory; whoever runs the core keeps it on disk by performing
 * FX_RECORD effects, and gives it back at the start with ledger_restore(). */
#ifndef RECONCILER_LEDGER_H
#define RECONCILER_LEDGER_H

#include "reconciler/suspension.h"

enum origin { ORIGIN_NONE, ORIGIN_CREATED, ORIGIN_ADOPTED };

/* A write that may be under way. Recorded before the request is sent; `job`
 * is recorded as soon as the reply names one. */
struct intent {
    bool open;
    char *call; /* "create", "update", "delete", or a call's name */
    char *job;  /* NULL: no reply has named one */
    msec at;    /* by the ledger's time, which nobody sets and no restart puts forward */
    bool makes; /* it is the one that makes the object */
    bool lost;  /* it had a job, which DCT does not follow to its end */
};

/* How often its drift was repaired within the hour that began then. */
struct flips {
    unsigned n;
    msec since; /* by the wall clock: it outlives the process */
};

struct entry {
    char *key;
    enum kind kind;
    char *name;   /* in DCT */
    char *engine; /* id of the engine, NULL for engines */
    char *id;     /* NULL while the first create is under way */
    enum origin origin;
    bool protect;
    bool hands_off;         /* its manifest has nothing written to it: mode observe or warn */
    bool failed;            /* its creation did; what that left behind may be of no use */
    enum deletion deletion; /* settled: DELETE or ORPHAN */
    bool owes_enable;       /* we disabled it; it is to be enabled again */
    bool enabled_again;     /* and DCT has done so: paid as soon as it shows that */
    bool repaid;            /* it bears a mark of that still, which says nothing any more */
    bool owes_refresh;      /* environment: a connector came later */
    struct intent intent;
    struct flips flips;
    struct applied *applied; /* private */
    size_t n_applied, cap_applied;
};

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);
OWNER(ledger)

struct entry *ledger_find(const struct ledger *l, const char *key);
/* The entry, made if there was none. */
struct entry *ledger_put(struct ledger *l, const char *key, enum kind kind);
void ledger_remove(struct ledger *l, const char *key);
/* The entry under another key, which no entry has yet. */
void ledger_rename(struct ledger *l, struct entry *e, const char *key);
size_t ledger_count(const struct ledger *l);
/* The i-th entry in no particular order; the order holds while nothing is put or removed. */
struct entry *ledger_at(const struct ledger *l, size_t i);

/* The engine of that DCT id, NULL where the ledger has none. There are few of them,
 * and nothing else is looked at. */
const struct entry *ledger_engine(const struct ledger *l, const char *id);

/* What people suspended while the service ran. */
struct suspensions *ledger_suspensions(const struct ledger *l);

/* Every entry anew, side by side: those of before lay wherever there was room while
 * much else was about. What pointed to an entry does not any more. */
void ledger_compact(struct ledger *l);

/* The entry as one line of JSON, and back; a broken text is refused (false). The
 * records of suspensions are restored too. */
char *entry_text(const struct entry *e);
bool ledger_restore(struct ledger *l, const char *text) MUST_USE;

/* What was applied last; `e` may be NULL. Of a row that never was: NULL. */
const struct fingerprint *entry_digest(const struct entry *e, const char *row);
cJSON *entry_value(const struct entry *e, const char *row); /* of REMEMBER rows; the caller's */
void entry_apply(struct entry *e, const struct field *f, const struct value *v);
void entry_unapply(struct entry *e, const char *row);
void entry_unapply_all(struct entry *e);
/* DCT shows the applied row: if it does not one day, the value is gone. */
void entry_see(struct entry *e, const char *row);
bool entry_seen(const struct entry *e, const char *row);
void entry_intend(struct entry *e, const char *call, msec now);
/* The intent counts from that moment. */
void entry_intended_at(struct entry *e, msec now);
void entry_job(struct entry *e, const char *job);
void entry_close(struct entry *e); /* the intent's outcome is known */
/* The moment of the newest intent, from which the time of the ledger goes on where
 * nobody knows how long ago that was; 0 where there is none. */
msec ledger_latest(const struct ledger *l);
/* An older ledger, or a clock of another host: no intent is of the future. */
void ledger_no_future(struct ledger *l, msec now);

#endif
