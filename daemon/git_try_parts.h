/* An attempt and its stages, for the files that make it up: git_try.c leads
 * from stage to stage, git_fetch.c has those up to a commit, git_check.c those
 * from there to its tree. */
#ifndef DAEMON_GIT_TRY_PARTS_H
#define DAEMON_GIT_TRY_PARTS_H

#include "daemon/git_env.h"
#include "daemon/git_modules.h"
#include "daemon/git_run.h"
#include "daemon/git_store.h"
#include "daemon/git_try.h"

enum try_stage {
    ASK,
    INIT,
    FETCH,
    RESOLVE,
    COMPARE,
    DEEPEN,
    COMPARE_AGAIN,
    IMPORT,
    VERIFY,
    LIST,
    MODULES,
    MODULE_FETCH,
    MODULE_LIST,
    WRITE,
};

struct git_try {
    uv_loop_t *loop;
    struct git_try_options o;
    uv_timer_t later;
    bool closing;
    struct git_env env;
    struct git_run *run;
    enum try_stage stage;
    struct strings args;
    struct buf out; /* of a stage that prints little */
    char *name;     /* the reference in full: "refs/heads/main" */
    char tip[GIT_ID_TEXT], commit[GIT_ID_TEXT];
    msec committed;
    struct git_list list;
    struct git_modules *modules;
    struct git_writer *writer;
    char *tree, *signer, *note, *access_error;
    bool reached, rewritten;
};

/* What differs between runs, beside the arguments. */
struct try_needs {
    const char *program; /* NULL = git */
    bool network;        /* then it gets the secrets */
    bool (*output)(void *ctx, const char *data, size_t n);
    const struct buf *input;
};

/* One argument of the run that comes; the beginning of those of a git that
 * works in our repository. */
void try_arg(struct git_try *t, const char *text);
void try_git(struct git_try *t, const char *command);
/* Runs a program with the arguments collected; the stage's end() follows. */
void try_start(struct git_try *t, struct try_needs n);
void try_enter(struct git_try *t, enum try_stage stage);
/* The attempt is over: nothing of it may be touched after these. */
void try_finish(struct git_try *t, enum git_verdict verdict, const char *text);
void try_fail(struct git_try *t, const struct git_outcome *o);
void try_refuse(struct git_try *t, const char *why);
/* What a person can do about a frequent complaint: "; see …", or "". */
const char *try_advice(const char *said);
/* A shallow fetch of one reference. */
void try_fetch(struct git_try *t, const char *how, const char *url, const char *what);

/* A stage begins a run, or enters another stage; end() judges the run. */
struct try_step {
    void (*begin)(struct git_try *t);
    void (*end)(struct git_try *t, const struct git_outcome *o);
};
extern const struct try_step git_fetch_steps[];
extern const struct try_step git_check_steps[];
/* A commit id stands for itself: instead of ASK. */
void try_skip_ask(struct git_try *t);

#endif
