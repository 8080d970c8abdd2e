/* Runs a plan to its end: what may start, how many at a time, whose turn it is.
 *
 * An action starts when everything it needs is done (verified, not merely
 * sent), it is not blocked, and its engine and environment have a slot. Slots
 * are counted from the actions that run, never kept. Jobs are polled together,
 * with one search for all of them. */
#ifndef RECONCILER_EXEC_H
#define RECONCILER_EXEC_H

#include "reconciler/action.h"

/* Of a plan that is new: what goes on already, by the ledger. */
void exec_begin(struct exec *x);
/* Starts and resumes what can be; call after every event. */
void exec_go(struct exec *x, struct step *s);
/* False if nobody here waits for that reply. */
bool exec_reply(struct exec *x, const struct reply *r, struct step *s);
/* When something is due by itself; 0 = nothing is. */
msec exec_wake(const struct exec *x);
/* Nothing runs, and nothing can be started. */
bool exec_done(const struct exec *x, msec now);
/* No request is on its way. */
bool exec_quiet(const struct exec *x);
size_t exec_running(const struct exec *x);
size_t exec_jobs(const struct exec *x);

/* jobs.c */
void jobs_go(struct exec *x, struct step *s);
void jobs_reply(struct exec *x, const struct reply *r, struct step *s);

#endif
