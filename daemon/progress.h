/* What `apply` shows while it works: on a terminal one line per running
 * action, redrawn in place, finished ones scrolling up; elsewhere a plain line
 * for each thing that happens.
 *
 * Writes into a buffer and knows no clock and no terminal, so that a test can
 * read what a person would see. */
#ifndef DAEMON_PROGRESS_H
#define DAEMON_PROGRESS_H

#include "reconciler/event.h"

struct progress_options {
    bool live; /* lines may be redrawn */
    bool colour;
    unsigned width, height; /* of the terminal */
};

struct progress;

struct progress *progress_new(const struct progress_options *o);
void progress_free(struct progress *p);
OWNER(progress)

void progress_report(struct progress *p, const struct report *r, msec now, struct buf *out);
/* Time passed: redraws, so that the elapsed times go on. */
void progress_tick(struct progress *p, msec now, struct buf *out);
/* A line of somebody else's has to go out between. */
void progress_hide(struct progress *p, struct buf *out);
/* Nothing runs any more, or nobody waits for it. */
void progress_end(struct progress *p, struct buf *out);

#endif
