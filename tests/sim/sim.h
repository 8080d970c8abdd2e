/* The DCT simulator's door: one model of Delphix Data Control Tower that knows
 * no clock, no socket and no file. A request goes in together with the moment
 * it is made, an answer comes out; jobs advance when the next request, or
 * sim_advance(), says that time has passed. The same options, the same seed and
 * the same requests at the same moments give the same answers.
 *
 * Two fronts use it: tests call it directly on a virtual clock, and dct-sim
 * serves it over HTTP. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/base.h"

struct sim;

/* Where a server publishes the document that says which API it speaks; over HTTP
 * beside the base path: /dct/v3 -> /dct/static/api-external.yaml. */
#define SIM_DOCUMENT "/static/api-external.yaml"

/* All zero is a good default. */
struct sim_options {
    uint64_t seed;
    double speed;         /* job durations and lags are divided by it; 0 means 1 */
    const char *api_key;  /* NULL: every key is good */
    unsigned api;         /* 318 or 328; 0 means 328 */
    bool strict;          /* refuse unknown body members with 400 */
    bool read_only;       /* 405 to everything but GET and POST .../search */
    bool no_total;        /* leave response_metadata.total out */
    unsigned license_cap; /* engines that may be registered; 0: no cap */
};

struct sim_request {
    const char *method;        /* "GET" */
    const char *path;          /* without the base path: "/vdbs?limit=10" */
    const char *body;          /* may be NULL */
    size_t length;             /* of body */
    const char *content_type;  /* NULL is taken as JSON */
    const char *authorization; /* "apk KEY" */
};

struct sim_reply {
    int status; /* 0: the connection was cut, nothing of the answer arrives */
    char *body; /* owned, never NULL, "" where there is none */
    size_t length;
    const char *content_type; /* static */
    int retry_after;          /* seconds; 0: no such header */
    bool truncated;           /* body ends early: the connection dies in it */
    msec delay;               /* an HTTP front holds the answer back for so long */
};

struct sim *sim_new(const struct sim_options *options);
void sim_free(struct sim *s);

/* `out` need not be initialised and is cleared by sim_reply_clear(). `now` never
 * runs backwards: an earlier moment is taken as the latest one seen. */
void sim_request(struct sim *s, msec now, const struct sim_request *in, struct sim_reply *out);
void sim_reply_clear(struct sim_reply *r);

/* Lets everything happen that is due at `now`. */
void sim_advance(struct sim *s, msec now);

/* When the next thing happens by itself (a job's step, an engine that comes
 * online, an object that appears or vanishes), or -1. */
msec sim_next_change(const struct sim *s);

/* The whole state as JSON text, owned by the caller. */
char *sim_state(const struct sim *s);

/* Replaces the state; false and untouched where the text is not a state. */
bool sim_load(struct sim *s, const char *text) MUST_USE;
/* The same from another simulator, without the text. */
void sim_load_from(struct sim *s, const struct sim *from);

OWNER(sim)

#endif
