/* The submodules of a commit: where .gitmodules says that they are, and whether
 * one may go there. Those of submodules are left empty. */
#ifndef DAEMON_GIT_MODULES_H
#define DAEMON_GIT_MODULES_H

#include "daemon/config_git.h"
#include "daemon/git_tree.h"

struct git_modules;

/* The first submodule of the list, or NULL. */
const struct git_entry *git_modules_first(const struct git_list *l);
/* `text` is what `git config -z` prints of .gitmodules. NULL: *problem (owned)
 * says which of them cannot be fetched. */
struct git_modules *git_modules_new(const struct git_list *l, const struct git_setting *s,
                                    const char *text, size_t n, char **problem);
void git_modules_free(struct git_modules *m);
OWNER(git_modules)
/* Goes on to the next, the first at the beginning; false behind the last. */
bool git_modules_next(struct git_modules *m);
/* Of the one that it stands at. */
const char *git_modules_path(const struct git_modules *m);
const char *git_modules_url(const struct git_modules *m);
const char *git_modules_commit(const struct git_modules *m);

#endif
