/* What the core is told, and what it asks for.
 *
 * Events carry the time; the core has no clock. Effects are values in a list
 * and are performed strictly in order: a record stands before the request that
 * it announces, and if it cannot be written the requests behind it in the list
 * must not be sent (they are answered as `unsent`). */
#ifndef RECONCILER_EVENT_H
#define RECONCILER_EVENT_H

#include <cjson/cJSON.h>

#include "schema/set.h"

/* One HTTP exchange with DCT. */
struct request {
    uint64_t id;
    const char *method;
    char *path;            /* below the base path, query included: "/vdbs?limit=1000" */
    cJSON *body;           /* NULL: none. Secrets stand as {"$secret": …} and are put in last */
    char *file;            /* multipart: path of the file */
    const char *base_file; /* the manifest: what paths of files and secrets are relative to */
    char *file_digest;     /* what the file's digest must still be */
    const char *part;      /* name of the file's part; `body` holds the plain fields */
    bool write;            /* changes DCT: never to be repeated on its own */
    char *key;             /* the object it is about, NULL for lists */
    char *engine;          /* id of its engine, NULL if not of one engine */
    msec timeout;
};

struct cycle_options;

enum event_type {
    EV_MANIFESTS,     /* a new desired set (taken); the first one starts the work */
    EV_REPLY,         /* an answer, or that none came */
    EV_WAKE,          /* the time asked for by FX_WAKE has come (or any other) */
    EV_NUDGE,         /* reconcile now, whatever the interval says */
    EV_OPTIONS,       /* other options from now on; the mode and the instance stay */
    EV_SERVER,        /* what API the server speaks is known now */
    EV_LEDGER_FAILED, /* the record could not be written */
    EV_SUSPEND,       /* `hand`: leave something alone */
    EV_RESUME,        /* and no longer */
    EV_ADOPT,         /* this DCT object is the one that the key means */
    EV_FORGET,        /* the ledger loses its entry */
    EV_STOP,          /* begin no write any more; FX_RESTED follows */
};

struct reply {
    uint64_t request;
    int status;        /* HTTP status, 0 = no answer came */
    bool unsent;       /* certainly never reached DCT (refused connection, failed record) */
    const char *error; /* what went wrong below or beside HTTP, or NULL */
    const cJSON *body; /* NULL: empty, or not JSON (then `error` says so) */
    msec retry_after;  /* from now; 0 = not said */
};

/* What a person asks for, while the service runs. */
struct hand {
    const char *whom;   /* "uid 0 (root)"; NULL in an EV_NUDGE that nobody asked for */
    const char *key;    /* NULL: the kind, or everything */
    enum kind kind;     /* KINDS: everything */
    const char *id;     /* EV_ADOPT */
    bool replace;       /* EV_ADOPT: in place of the id that is known */
    bool force;         /* EV_FORGET: whatever is lost with it */
    const char *reason; /* EV_SUSPEND; may be NULL */
    msec until;         /* EV_SUSPEND; 0 = until somebody resumes it */
};

struct event {
    enum event_type type;
    msec now;   /* never put back or forward: what is waited for is counted by it */
    msec ahead; /* how far the wall clock is ahead of it, which anybody may set */
    union {
        struct set *set;
        struct reply reply;
        const char *text;
        const struct cycle_options *options; /* EV_OPTIONS; copied */
        unsigned api;                        /* EV_SERVER: 328 = 3.28, 0 = not known */
        struct hand hand;                    /* EV_SUSPEND … EV_FORGET, EV_NUDGE */
    };
};

enum effect_type {
    FX_RECORD,  /* keep `text` under `key`, on disk before the next effect; NULL = forget it */
    FX_SEND,    /* send the request; an EV_REPLY with its id follows, exactly one */
    FX_WAKE,    /* feed EV_WAKE at `at` (replaces an earlier wish) */
    FX_REPORT,  /* something happened that people or logs want to know */
    FX_PLANNED, /* cycle_plan() is new */
    FX_RESTED,  /* nothing more to do: done (plan, apply), or until the next wake (run) */
};

enum report_kind {
    REPORT_INFO, /* one line about the whole */
    REPORT_WARNING,
    REPORT_ERROR,
    REPORT_STARTED, /* an action begins */
    REPORT_JOB,     /* its job has begun or moved; job, percent */
    REPORT_DONE,    /* the action is verified */
    REPORT_RETRY,   /* failed, will be tried again; text says why and when */
    REPORT_FAILED,  /* failed for good, or given up */
    REPORT_DRIFT,   /* an object differs though its manifest did not change */
    REPORT_ASKED,   /* a person asked for an observation */
    REPORT_SUSPENDED,
    REPORT_RESUMED,
    REPORT_ADOPTED,
    REPORT_FORGOTTEN,
};

struct report {
    enum report_kind kind;
    char *key;   /* NULL: the whole */
    char *verb;  /* "create", …; NULL where no action is meant */
    char *text;  /* for people; holds no secret */
    char *job;   /* DCT's job id, or NULL */
    int percent; /* of the job, -1 = unknown */
    char *by;    /* who asked for it, NULL where nobody did */
};

struct effect {
    enum effect_type type;
    union {
        struct {
            char *key, *text;
        } record;
        struct request *request; /* owned by the effect until FX_SEND takes it */
        msec at;
        struct report report;
        bool converged; /* FX_RESTED */
    };
};

struct effects {
    struct effect *items;
    size_t n, cap;
};

/* Frees what the items hold (a request that was taken out must be NULL). */
void effects_clear(struct effects *fx);
void effects_free(struct effects *fx);
void request_free(struct request *r);
OWNER(request)

void fx_record(struct effects *fx, const char *key, char *text_taken);
void fx_send(struct effects *fx, struct request *r_taken);
void fx_wake(struct effects *fx, msec at);
struct report *fx_report(struct effects *fx, enum report_kind kind, const char *key,
                         const char *fmt, ...) PRINTF(4, 5);
void fx_planned(struct effects *fx);
void fx_rested(struct effects *fx, bool converged);

const char *report_kind_name(enum report_kind kind);

#endif
