/* A small world for the core: the cycle, the DCT simulator and a ledger in one
 * process on a virtual clock. What happens is narrated line by line with its
 * moment; nothing sleeps, and the same start gives the same story. */
#ifndef TESTS_LIB_WORLD_H
#define TESTS_LIB_WORLD_H

#include "reconciler/cycle.h"
#include "tests/sim/sim.h"

/* What the ledger on disk would hold. */
struct told {
    char *key, *text;
};

/* How a request is to fare: the transport asks before it carries one out. */
enum fate {
    FATE_CARRIED,    /* as it should be */
    FATE_LOST,       /* never reaches DCT, and nobody knows */
    FATE_UNHEARD,    /* DCT carries it out, the answer is lost */
    FATE_UNSENT,     /* certainly not sent */
    FATE_ANSWER_503, /* not carried out, DCT answers 503 */
    FATE_LATE,       /* nobody hears of it, and DCT carries it out a while later */
    FATE_TWICE,      /* carried out and answered, and a while later carried out again */
    FATE_CUT_SHORT,  /* carried out, the answer ends in the middle */
    FATE_EMPTY,      /* carried out, the answer is {}; of a write: as if it was cut short */
    FATE_HTML,       /* carried out, a page of some proxy instead of the answer */
    FATE_ANSWER_500, /* not carried out, and answered so */
    FATE_ANSWER_429, /* with Retry-After */
    FATE_ANSWER_401,
    FATE_ANSWER_403,
    FATES
};

struct test_world {
    struct sim *sim;
    struct cycle *cycle;
    struct cycle_options options;
    msec now;         /* DCT's clock */
    msec base;        /* the ledger's time, less DCT's clock; */
    msec skew;        /* our wall clock, less DCT's; */
    msec next_skew;   /* the same from the next start on */
    msec ahead;       /* how far our wall clock was put forward since the start */
    struct buf trace; /* writes, jobs, reports */
    /* The writes in order: "VDB/orders-dev PATCH /vdbs/{id} {"description":"x"}". */
    struct strings sent;
    struct told *ledger;
    size_t n_ledger;
    struct strings secrets;  /* values that must be in no trace and no ledger */
    struct pending *pending; /* requests on their way */
    size_t n_pending, cap_pending;
    msec wake;
    size_t starts;  /* of the process, before the one that lives */
    size_t effects; /* performed so far */
    size_t die_at;  /* the process dies before this effect; 0 = never */
    size_t requests, writes;
    enum fate (*fate)(struct test_world *w, const struct request *r);
    const char *plugin_version; /* of the connector's file; NULL is 4.1.1 */
    const char *secrets_turn;   /* another text: every secret has another value */
    void *ctx;
    /* Told of every effect before it is performed, and NULL after every event. */
    void (*watch)(struct test_world *w, const struct effect *e);
    void *watcher;
    unsigned api;          /* what the server says it speaks; 0 = it does not say */
    struct answer *answer; /* the one that is heard, where nothing is remembered */
    unsigned page;         /* lists and searches are answered so many at a time; 0 = as asked for */
    bool remembers;        /* an answer, a manifest that was read before is not read again */
    bool quiet;            /* no trace */
    bool ledger_full;      /* records fail */
    bool findings_meant;   /* manifests may have findings */
    bool rested, converged, dead;
};

struct test_world *test_world_new(const struct sim_options *options, enum cycle_mode mode);
void test_world_free(struct test_world *w);

/* What worlds that remember keep of the manifests and the answers they read. */
void test_world_forget_units(void);
void test_world_forget_answers(void);

/* The manifests in force from now on; every finding fails the test. */
void test_world_manifests(struct test_world *w, const char *yaml);
/* Until the cycle rests, or `limit` milliseconds have gone by, or it died. */
void test_world_run(struct test_world *w, msec limit);
/* The process ends and starts again with what the ledger holds. */
void test_world_restart(struct test_world *w);
/* The same on a host that knows nothing of the clocks of before. */
void test_world_move(struct test_world *w);
/* Somebody puts our wall clock forward, or back (negative), and it is noticed. */
void test_world_set_clock(struct test_world *w, msec by);
void test_world_nudge(struct test_world *w);
/* Is a request still to come to DCT that nobody waits for? */
bool test_world_late(const struct test_world *w);
/* The world's options are in force from now on. */
void test_world_options(struct test_world *w);
void test_world_stop(struct test_world *w);
/* A person asks for something: EV_SUSPEND, EV_RESUME, EV_ADOPT or EV_FORGET. */
void test_world_ask(struct test_world *w, enum event_type type, struct hand hand);

/* A line of the story. */
void test_world_tell(struct test_world *w, const char *fmt, ...) PRINTF(2, 3);
const char *fate_name(enum fate f);

/* A request by hand, for looking at DCT and for meddling with it; the status.
 * *result is owned by the caller, may be NULL. */
int test_world_call(struct test_world *w, const char *method, const char *path, const char *body,
                    char **result);
/* Objects of that name in a collection that GET shows; members of the first. */
size_t test_world_count(struct test_world *w, const char *collection, const char *name);
char *test_world_member(struct test_world *w, const char *collection, const char *name,
                        const char *path);
/* What the ledger on disk holds under the key, NULL if nothing. */
const char *test_world_ledger(const struct test_world *w, const char *key);
/* Does an entry speak of the object of that id? */
bool test_world_ledger_names(const struct test_world *w, const char *id);
/* As FX_RECORD does; the cycle only sees it after a restart. */
void test_world_keep(struct test_world *w, const char *key, const char *text);
void test_world_ledger_lost(struct test_world *w);
/* Does the text stand in the trace? */
bool test_world_told(const struct test_world *w, const char *text);

#endif
