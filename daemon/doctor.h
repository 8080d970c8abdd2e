/* `dctd doctor`: is everything as it must be for dctd to work here?
 *
 * One table of checks, in an order in which each can rely on those before it.
 * A check that cannot be made because another one failed says which; all the
 * others are made. Nothing is changed, neither in DCT nor on this host. */
#ifndef DAEMON_DOCTOR_H
#define DAEMON_DOCTOR_H

#include "schema/base.h"

enum verdict {
    VERDICT_OK,
    VERDICT_WARN, /* works, but for how long? */
    VERDICT_FAIL,
    VERDICT_SKIP, /* cannot be told, because of what failed before */
    VERDICTS
};

/* One thing that was found; `next` says what to do about it, or is NULL. */
struct doctor_line {
    enum verdict verdict;
    const char *check, *text, *next;
};

struct doctor_options {
    const char *config;                                      /* path of the configuration */
    void (*line)(void *ctx, const struct doctor_line *line); /* as soon as it is known */
    void *ctx;
};

/* Makes every check; counts the lines of each verdict. A name server that never
 * answers leaves a thread behind: the process should end soon after. */
void doctor_run(const struct doctor_options *o, size_t counts[VERDICTS]);

/* "ok", "warn", "fail", "skip" */
const char *verdict_name(enum verdict v);
/* The i-th check of the table, NULL behind the last. */
const char *doctor_check(size_t i);

#endif
