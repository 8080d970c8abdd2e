/* One attempt to get at a commit: ask the remote, fetch, verify, list, write.
 *
 * Each stage is one run of a program; none is begun before the one before has
 * been judged. A tree that is handed out is whole and has passed every check;
 * nothing else than the attempt's own folder has changed before. */
#ifndef DAEMON_GIT_TRY_H
#define DAEMON_GIT_TRY_H

#include <uv.h>

#include "daemon/config_git.h"
#include "daemon/git_tree.h"
#include "daemon/secrets.h"

enum git_verdict {
    GIT_SAME,    /* the remote has nothing else than what is in force */
    GIT_NEW,     /* another commit; its tree is written */
    GIT_REFUSED, /* there is one, but it must not be used */
    GIT_FAILED,  /* it could not be told; worth another attempt */
};

struct git_result {
    enum git_verdict verdict;
    bool reached;       /* the remote has answered */
    const char *tip;    /* what it calls the reference's object; "" = not known */
    const char *commit; /* "" = not known */
    msec committed;     /* when, as its author's machine says */
    const char *tree;   /* GIT_NEW: to be put in force by git_store_enact() */
    const char *signer; /* what was said of its signature, NULL = nothing was verified */
    const char *note;   /* what people should know of the tree, NULL = nothing */
    bool rewritten;     /* what was in force is not among its ancestors */
    const char *text;   /* GIT_REFUSED, GIT_FAILED: why */
};

/* All borrowed for as long as the attempt lasts. */
struct git_try_options {
    struct git_setting *setting;
    const char *folder;     /* as git_store_open() made it */
    const char *repository; /* made where there is none */
    struct secrets *secrets;
    const char *tip, *commit; /* in force, NULL = nothing */
    msec committed;
    const char *only; /* this commit, as the repository has it: nobody is asked. NULL = ask */
    void (*done)(void *ctx, const struct git_result *r); /* once, not from git_try() */
    void *ctx;
};

struct git_try;

struct git_try *git_try(uv_loop_t *loop, const struct git_try_options *o);
/* Ends it, done() is not called; after done() it must be freed, too. */
void git_try_free(struct git_try *t);

#endif
