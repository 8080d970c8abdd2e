/* One request being answered: what handlers are given and what they answer with. */
#ifndef TESTS_SIM_CALL_H
#define TESTS_SIM_CALL_H

#include "tests/sim/members.h"
#include "tests/sim/model.h"

struct call;

enum {
    R_28 = 1,     /* servers before 3.28 do not know the route */
    R_BODY = 2,   /* the body is required */
    R_EMPTY = 4,  /* an empty body is answered with 422 */
    R_ARRAY = 8,  /* the body is an array */
    R_FREE = 16,  /* the handler reads the body's text itself */
    R_UPDATE = 32 /* members are checked for M_UPDATE, else for M_CREATE */
};

struct route {
    const char *method, *pattern;
    void (*handle)(struct call *);
    enum collection kind; /* what the first {} of the pattern names */
    unsigned flags;
    const struct member *body;
};

#define MAX_ARGS 3

struct call {
    struct sim *sim;
    const struct sim_request *in;
    struct sim_reply *out;
    const struct route *route;
    char *args[MAX_ARGS]; /* decoded {} of the pattern */
    const char *query;    /* what follows '?', or "" */
    cJSON *body;          /* NULL where there is none */
};

/* Answers; the JSON is taken. */
void sim_reply(struct call *c, int status, cJSON *json);
void sim_reply_empty(struct call *c, int status);
void sim_reply_text(struct call *c, int status, char *text);
/* An ErrorResponse. */
void sim_refuse(struct call *c, int status, const char *fmt, ...) PRINTF(3, 4);
/* `{"job": ...}` with `key: id` beside it where key is given. */
void sim_reply_job(struct call *c, int status, const struct object *job, const char *key,
                   const char *id);

/* The object that the path names, or NULL after having answered 404 or 503. */
struct object *sim_subject(struct call *c);
/* The object that a body member names; answers 400 or 503 where it cannot be
 * used. `value` NULL answers 400 as well. */
struct object *sim_referred(struct call *c, enum collection kind, const char *member,
                            const char *value);
/* The decoded value of a query parameter, owned, or NULL. */
char *sim_query_value(const struct call *c, const char *name);

/* What GET shows of the object: a copy. */
bool sim_shows_all(const struct sim *s, const struct object *o); /* o->json as it is */
cJSON *sim_view(const struct sim *s, const struct object *o);

#endif
