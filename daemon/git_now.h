/* Manifests from Git for a command that does its work once.
 *
 * It fetches into a folder of its own, so that it needs no rights in that of
 * the service and does not get into its way. */
#ifndef DAEMON_GIT_NOW_H
#define DAEMON_GIT_NOW_H

#include "daemon/config.h"
#include "daemon/git_tree.h"

struct git_checkout {
    char *folder;    /* temporary */
    char *manifests; /* of the commit */
    char commit[GIT_ID_TEXT];
};

/* Waits for it. `offline`: the commit that the service took last, nobody is
 * asked. NULL: *error (owned) says why not; a signal is "interrupted". */
struct git_checkout *git_now(const struct config *c, bool offline, char **error) MUST_USE;
/* Removes the folder, too. */
void git_checkout_free(struct git_checkout *o);
OWNER(git_checkout)

#endif
