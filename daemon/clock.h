/* Two clocks. What is waited for - back-off, intervals, timeouts - is counted by
 * the one that nobody sets; people read, write and keep moments of the other.
 *
 * A `struct clock` joins them: its `now` begins as the wall clock's time and then
 * goes on whatever becomes of that one, so that a moment of the ledger, which the
 * wall clock gave in an earlier run, can be compared with it. It stands still
 * while the host sleeps. */
#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <uv.h>

#include "schema/base.h"

struct clock {
    msec now;   /* of the last reading */
    msec ahead; /* how far the wall clock was ahead of it */
    msec base;  /* private */
};

msec clock_wall(void);
/* Since some moment in the past; never goes back. */
msec clock_steady(void);

/* `wall` and `steady` are what the two functions above say. */
void clock_start(struct clock *c, msec wall, msec steady);
void clock_read(struct clock *c, msec wall, msec steady);

/* Tells when somebody sets the wall clock, or the host has slept. */
struct clock_watch;

/* NULL where the system cannot tell. */
struct clock_watch *clock_watch_new(uv_loop_t *loop, void (*set)(void *ctx), void *ctx);
void clock_watch_close(struct clock_watch *w); /* freed by the loop; may be NULL */

#endif
