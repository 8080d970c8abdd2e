/* Manifests from a Git repository, kept up to date.
 *
 * Looks at the remote at the configured interval and when poked, and puts a
 * commit in force as a whole once it has been fetched and has passed every
 * check; until then, and whatever goes wrong, the last good one stays. */
#ifndef DAEMON_GIT_H
#define DAEMON_GIT_H

#include <uv.h>

#include "daemon/config_git.h"
#include "daemon/secrets.h"

struct git_status {
    const char *url, *ref;
    const char *commit;  /* in force, NULL = none yet */
    msec fetched;        /* when the remote was last seen to have it, 0 = never */
    const char *trouble; /* why the remote's commit is not in force, NULL if it is */
};

struct git_hooks {
    /* The tree below git_manifests() is that of another commit, or the same anew. */
    void (*ready)(void *ctx, const char *commit);
    /* There is none, and for now there will be none; told once. */
    void (*missing)(void *ctx);
    /* Worth remembering: "revision", "rewritten", "refused"; commit may be NULL. */
    void (*event)(void *ctx, const char *kind, const char *text, const char *commit);
    void *ctx;
};

struct git;

/* Keeps everything in `folder`, which must be its alone; takes a reference on
 * the setting. Begins at once; the hooks are called from the loop. */
struct git *git_new(uv_loop_t *loop, struct git_setting *s, const char *folder,
                    struct secrets *secrets, const struct git_hooks *hooks);
/* Stops at once; the memory goes when the loop has closed the handles. */
void git_close(struct git *g);
/* Looks at the remote now; many calls are one look. */
void git_poke(struct git *g);
/* Takes other settings; what is in force stays until they have led to a commit. */
void git_configure(struct git *g, struct git_setting *s);
struct git_status git_status(const struct git *g);

#endif
