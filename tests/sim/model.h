/* The simulator's inside: objects on shelves (one shelf per collection), with
 * what GET shows kept apart from what DCT only knows. Everything that lasts is
 * JSON, so that saving and loading the state needs no code per kind. */
#ifndef TESTS_SIM_MODEL_H
#define TESTS_SIM_MODEL_H

#include <cjson/cJSON.h>

#include "tests/sim/sim.h"

enum collection {
    C_ENGINES,
    C_TOOLKITS,
    C_ENVIRONMENTS,
    C_SOURCES,
    C_STAGING_SOURCES,
    C_DSOURCES,
    C_VDBS,
    C_SNAPSHOTS,
    C_TIMEFLOWS,
    C_BOOKMARKS,
    C_POLICIES,
    C_POLICY_TARGETS,
    C_GROUPS,
    C_TEMPLATES,
    C_JOBS,
    COLLECTIONS
};

/* What the published contract says of each collection's lists. */
struct collection_info {
    const char *name;   /* as in state and control calls: "vdbs" */
    const char *noun;   /* in messages: "VDB" */
    const char *filter; /* filterable attributes; a{b c} is a list of objects */
    const char *sort;   /* sortable attributes */
    const char *newer;  /* members that servers before 3.28 do not show */
    bool errors;        /* GET lists may be partial */
};

extern const struct collection_info sim_collections[COLLECTIONS];

/* Far away, and exact in a JSON number. */
#define NEVER ((msec)1 << 50)

struct object {
    enum collection kind;
    char *id;
    uint64_t seq;        /* order of birth */
    size_t place;        /* on its shelf */
    msec visible_at;     /* GET answers 404 before; NEVER while its job runs */
    msec gone_at;        /* GET answers 404 from here on; NEVER while it lives */
    msec due;            /* a job's next step */
    bool deleted;        /* gone for DCT, even where GET still shows it */
    cJSON *json;         /* what GET shows */
    cJSON *priv;         /* what it does not: secrets, blind members, job plans */
    struct object *next; /* in its hash bucket */
};

struct shelf {
    struct object **items;
    size_t n, cap;
};

/* A list as it was answered last, and to what. */
struct told_list {
    char *path, *body, *text;
    uint64_t changes; /* of the simulator, when it was */
};

#define BUCKETS 4096

struct sim {
    struct sim_options opt;
    char *api_key;
    uint64_t rng;
    msec now;
    msec next_at; /* no later than the next change; recomputed when reached */
    uint64_t seq;
    struct shelf shelves[COLLECTIONS];
    struct object *bucket[BUCKETS];
    struct shelf running; /* jobs that are not over, borrowed */
    uint64_t changes;     /* moments at which an object may have become another one */
    struct told_list lists[COLLECTIONS], searches[COLLECTIONS];
    cJSON *counters;  /* last number given per id shape */
    cJSON *timers;    /* [{at, do, id}] */
    cJSON *faults;    /* rules, see faults.h */
    cJSON *job_fault; /* what the request in hand does to its job, borrowed */
    cJSON *log;       /* [{method, path, status}] */
    size_t logged;
};

/* JSON members, by exact name. */
const char *js_str(const cJSON *o, const char *name); /* NULL if absent or no string */
bool js_true(const cJSON *o, const char *name);
double js_num(const cJSON *o, const char *name, double otherwise);
msec js_msec(const cJSON *o, const char *name, msec otherwise);
cJSON *js_get(const cJSON *o, const char *name);
void js_put(cJSON *o, const char *name, cJSON *item);       /* takes item; replaces; NULL removes */
void js_put_str(cJSON *o, const char *name, const char *s); /* NULL removes */
void js_put_num(cJSON *o, const char *name, double n);
void js_put_bool(cJSON *o, const char *name, bool b);
void js_copy(cJSON *to, const char *as, const cJSON *from, const char *name); /* if present */
void js_print(const cJSON *v, struct buf *b);
char *js_text(const cJSON *item); /* owned, for free() */
cJSON *js_object(void);
cJSON *js_array(void);
void js_add(cJSON *array, cJSON *item);
cJSON *js_dup(const cJSON *item);
cJSON *js_string(const char *s);
/* The array member `name`, made where missing. */
cJSON *js_list(cJSON *o, const char *name);
/* The item of an array of objects whose member `name` is `value`, or NULL. */
cJSON *js_find(const cJSON *array, const char *name, const char *value);

uint64_t sim_random(struct sim *s);
char *sim_hex_id(struct sim *s); /* 32 hexadecimal digits */
/* "1-UNIX_HOST-2"; without an engine "HOST_USER-2". */
char *sim_next_id(struct sim *s, const char *engine_id, const char *shape);
msec sim_scaled(const struct sim *s, msec duration); /* divided by the speed */
msec sim_lag(const struct sim *s);
/* Says that something will happen at `at`. */
void sim_wake(struct sim *s, msec at);
void sim_put_date(cJSON *o, const char *name, msec at); /* RFC 3339 */

/* Takes id and the objects. The new object is invisible until sim_object_show(). */
struct object *sim_object_new(struct sim *s, enum collection kind, char *id);
/* GET shows it from now on, or after the telemetry lag. */
void sim_object_show(struct sim *s, struct object *o, bool lagging);
/* DCT has it no more; GET lingers for the lag where `lagging`. */
void sim_object_remove(struct sim *s, struct object *o, bool lagging);
void sim_sweep(struct sim *s); /* frees what is gone */
void sim_clear(struct sim *s);
void sim_untell(struct told_list *told);
void sim_object_index(struct sim *s, struct object *o);

/* By id; `alive` finds it from its creation request to its deletion job's end. */
struct object *sim_alive(const struct sim *s, enum collection kind, const char *id);
struct object *sim_visible(const struct sim *s, enum collection kind, const char *id);
bool sim_is_visible(const struct sim *s, const struct object *o);
/* Its creation is over and its deletion is not. */
bool sim_is_ready(const struct object *o);
struct object *sim_by_name(const struct sim *s, enum collection kind, const char *name);

/* The engine an object lives on: what stands before the first '-' of its id,
 * or its engine_id. NULL where it belongs to none. */
struct object *sim_engine_of(const struct sim *s, const struct object *o);
const char *sim_name_of(const struct object *o);        /* its name or, failing that, its id */
enum collection sim_collection_named(const char *name); /* COLLECTIONS if there is none */

/* A shelf's objects, deleted ones included, in order of birth. What is added on
 * the way comes last; nothing is freed before sim_sweep(). */
struct object *sim_first(const struct sim *s, enum collection kind);
struct object *sim_next(const struct sim *s, const struct object *o);

#endif
