/* Two clocks. What is waited for - back-off, intervals, timeouts - is counted by
 * the one that nobody sets; people read, write and keep moments of the other.
 *
 * A `struct clock` joins them. Its `now` is the ledger's time: moments of it are
 * kept there, and the next process goes on with it. What it says went by did go by,
 * whatever became of the wall clock: it stands still while the host sleeps, and from
 * the last moment that is known until the first process after the host began anew,
 * or on another one. The first ledger's time begins as the wall clock's. */
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

/* What tells this start of the host from every other; "" where that is not known. */
char *clock_boot(void);
/* What is kept for the next process: where the ledger's time is 0 by the steady
 * clock of this start of the host. False if it is of another start, or none. */
char *clock_text(const char *boot, msec base);
bool clock_goes_on(const char *kept, const char *boot, msec *base);

/* `wall` and `steady` are what the two functions above say; `now` is `steady`, and
 * `base` more. */
void clock_start(struct clock *c, msec base, msec wall, msec steady);
void clock_read(struct clock *c, msec wall, msec steady);

/* Tells when somebody sets the wall clock, or the host has slept. */
struct clock_watch;

/* NULL where the system cannot tell. */
struct clock_watch *clock_watch_new(uv_loop_t *loop, void (*set)(void *ctx), void *ctx);
void clock_watch_close(struct clock_watch *w); /* freed by the loop; may be NULL */

#endif
