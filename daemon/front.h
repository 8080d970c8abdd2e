/* One HTTP server on the loop: a listening socket, its connections, and manners
 * towards clients that have none.
 *
 * libmicrohttpd parses and sends; it has no thread and no listening socket of
 * its own. Connections are accepted here, so that they can be counted, refused
 * and given up by who is at the other end. Every state of a connection has a
 * time in which it must be left; a client that never reads, trickles or says
 * nothing at all costs a descriptor for that long and no more. */
#ifndef DAEMON_FRONT_H
#define DAEMON_FRONT_H

#include <uv.h>

#include "daemon/socket.h"

enum {
    FRONT_CONNECTIONS = 96, /* at a time; more are closed at once */
    FRONT_PER_PEER = 32,
    FRONT_TRUSTED = 16,              /* of them are for trusted peers only */
    FRONT_HEAD_MAX = 64 << 10,       /* bytes of a request without its body */
    FRONT_BODY_MAX = 64 << 10,       /* of a body that is kept */
    FRONT_OWED_MAX = 16 << 20,       /* of answers on their way; then others wait their turn, */
    FRONT_OWED_STRANGERS = 12 << 20, /* those that are not trusted earlier */
    FRONT_HEAD_TIME = 10000,         /* ms from the connection to its first whole request head */
    FRONT_BODY_TIME = 30000,         /* from there to the end of the body */
    FRONT_ANSWER_TIME = 60000,       /* until all of an answer is taken */
    FRONT_REST_TIME = 60000,         /* between two requests */
    FRONT_WAIT = 30000,              /* how long a question is held, and at most */
    FRONT_WAIT_MAX = 300000,
    FRONT_SHARE = 2,    /* one part in so many of the loop's time goes to answers, */
    FRONT_BURST = 5000, /* once this many ms have been spent */
};

struct front_request;

/* "GET" also where the client says HEAD; the path is decoded, without its query. */
const char *front_method(const struct front_request *q);
const char *front_path(const struct front_request *q);
const struct peer *front_peer(const struct front_request *q);
/* NULL where it was not said; of the query decoded. */
const char *front_header(const struct front_request *q, const char *name);
const char *front_parameter(void *front_request, const char *name);
const char *front_body(const struct front_request *q, size_t *n);
/* The sink that the body went into instead; NULL where it was kept. */
void *front_sink(const struct front_request *q);

struct front_answer {
    unsigned status;  /* 0: nothing yet, ask again after front_moved(); then 304 */
    const char *type; /* of the body */
    char *body;       /* owned, taken */
    size_t n;
    const char *allow; /* of a 405 */
    bool challenge;    /* of a 401: a bearer token is what is missing */
    bool style;        /* a page that brings its own style */
    unsigned retry;    /* seconds after which to try again; 0 = not said */
};

/* Where a body goes that is not kept. */
struct front_sink {
    void *to; /* NULL: the body is kept */
    size_t max;
};

struct front_calls {
    /* The head is here: true asks for the body, false answers without it. */
    bool (*head)(void *ctx, struct front_request *q, struct front_sink *sink,
                 struct front_answer *out);
    void (*add)(void *to, const void *data, size_t n);
    void (*drop)(void *to); /* once for every sink */
    void (*answer)(void *ctx, struct front_request *q, struct front_answer *out);
    /* What was answered; status 0 for a connection that was refused. */
    void (*told)(void *ctx, unsigned status);
};

struct front_options {
    uv_loop_t *loop;
    const struct front_calls *calls;
    void *ctx;
    const char *certificate, *key; /* PEM; NULL: no TLS. Borrowed for the call */
};

struct front;

/* Takes the listening descriptor, also on failure; then *error (owned) says why. */
struct front *front_new(const struct front_options *o, int fd, char **error);
/* Ends every connection; the memory goes when the loop has closed the handles. */
void front_close(struct front *f);
int front_fd(const struct front *f);
size_t front_connections(const struct front *f);
/* Questions that are held are asked again, soon. */
void front_moved(struct front *f);

#endif
