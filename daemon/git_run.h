/* One run of a program that Git's work needs: git itself, gpg.
 *
 * The program gets a process group of its own, an environment and descriptors
 * that are given in full, a time limit and a limit on the files it may write.
 * The loop is never blocked: what it prints arrives as it comes, how it ended
 * is told once. */
#ifndef DAEMON_GIT_RUN_H
#define DAEMON_GIT_RUN_H

#include <uv.h>

#include "schema/base.h"

enum { GIT_RUN_FDS = 2 };

struct git_outcome {
    bool good; /* it left with 0, and everything it printed was taken */
    bool missing;
    bool late;        /* it was ended, for its time was up */
    const char *said; /* what it complained of, on one line; "" = nothing */
};

/* Borrowed until done() is called, but for the strings in it. */
struct git_order {
    const char *program;
    const char *const *args; /* without the program itself, NULL at the end */
    char *const *env;
    int fds[GIT_RUN_FDS]; /* its descriptors 3 and 4; 0 = none */
    const char *input;    /* what it reads on its standard input, NULL = nothing */
    size_t input_n;
    msec timeout;
    uint64_t file_max; /* bytes it may write into one file, 0 = no limit */
    /* Takes what it prints; false ends it. NULL: nobody is interested. */
    bool (*output)(void *ctx, const char *data, size_t n);
    /* Called once, not from within git_run(). */
    void (*done)(void *ctx, const struct git_outcome *o);
    void *ctx;
};

struct git_run;

struct git_run *git_run(uv_loop_t *loop, const struct git_order *o);
/* Ends it with everything it has started; done() is not called any more. */
void git_run_cancel(struct git_run *r);

#endif
