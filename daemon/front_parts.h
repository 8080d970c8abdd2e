/* What the two halves of a front share: front_door.c lets connections in and
 * gives them up, front.c answers what they ask. */
#ifndef DAEMON_FRONT_PARTS_H
#define DAEMON_FRONT_PARTS_H

#include <microhttpd.h>

#include "daemon/front.h"

enum phase {
    PHASE_HEAD,   /* a request is awaited, or its head is coming in */
    PHASE_BODY,   /* its body is */
    PHASE_HELD,   /* it waits for news */
    PHASE_ANSWER, /* the answer is going out */
    PHASES
};

struct connection {
    struct connection *next, **link;
    struct front *front;
    struct MHD_Connection *mhd;
    int fd;
    struct peer peer;
    enum phase phase;
    uint64_t since, until; /* of the loop's clock */
    size_t owed;           /* bytes of the answer */
    bool given_up;         /* nothing is said to it any more */
    bool cut;              /* what it asks for holds a NUL, behind which nobody would look */
};

struct front {
    struct MHD_Daemon *daemon;
    uv_loop_t *loop;
    const struct front_calls *calls;
    void *ctx;
    int fd;
    uv_poll_t door, events;
    uv_timer_t run, sweep;
    unsigned handles;
    bool closing, running;
    struct connection *connections;
    struct connection *coming; /* libmicrohttpd is being told of it */
    size_t n, owed;
    uint64_t spent, measured; /* ns of the loop that answers took lately; when that was */
    char *complaint;          /* libmicrohttpd's, about how it was started */
};

/* A state that must be left within so many milliseconds. */
void connection_enter(struct connection *c, enum phase phase, uint64_t time);

void front_run(struct front *f);
void front_give_up(struct connection *c);
/* The one that has been taking its answer for the longest, and for too long. */
void front_give_up_late(struct front *f);
void front_on_door(uv_poll_t *p, int status, int events);
/* libmicrohttpd's MHD_OPTION_NOTIFY_CONNECTION. */
void front_on_connection(void *ctx, struct MHD_Connection *mhd, void **context,
                         enum MHD_ConnectionNotificationCode code);

#endif
