/* What the git program gets to know and may do.
 *
 * It sees none of the host's or a user's settings, asks nobody anything, runs
 * no hook, filter or helper of others, speaks the one protocol of the
 * configured address, and gets secrets through memory that only it and its
 * children can reach: nothing of them is in its arguments, its environment or
 * a file. */
#ifndef DAEMON_GIT_ENV_H
#define DAEMON_GIT_ENV_H

#include "daemon/config_git.h"
#include "daemon/git_run.h"
#include "daemon/secrets.h"

struct git_env {
    char **vars; /* NULL at the end */
    size_t n, cap;
    unsigned settings;    /* of git's, GIT_CONFIG_KEY_… */
    int fds[GIT_RUN_FDS]; /* what it may read from descriptors 3 and 4; 0 = nothing */
};

/* For work in `home`, a folder that is ours alone; false: *error (owned) says
 * which secret or file cannot be read. Either way it is to be cleared. */
bool git_env_open(struct git_env *e, const struct git_setting *s, const char *home,
                  struct secrets *secrets, char **error) MUST_USE;
void git_env_clear(struct git_env *e);
/* The value of a variable, NULL where it is not set. */
const char *git_env_get(const struct git_env *e, const char *name);

#endif
