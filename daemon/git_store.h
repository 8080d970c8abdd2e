/* What is kept on disk of a repository, all of it below one folder:
 *
 *   mirror/          the objects, a bare repository
 *   trees/COMMIT/    the files of the commit in force
 *   current          a link to them, the only thing that others look at
 *   state.json       which commit that was, to find it again after a restart
 *   config, tmp/, gnupg/   what git itself needs
 *   waste/           what is no longer wanted and on its way out
 *
 * Trees are made anew from the mirror at every start: only that is trusted. */
#ifndef DAEMON_GIT_STORE_H
#define DAEMON_GIT_STORE_H

#include <stdatomic.h>

#include "daemon/config_git.h"
#include "daemon/git_tree.h"

/* The last commit that was in force. */
struct git_record {
    char *url, *ref;
    char commit[GIT_ID_TEXT];
    msec fetched;
};

/* Makes the folder and what git needs in it, and takes away what an earlier
 * process left half done. False: *error (owned) says what failed. */
bool git_store_open(const char *folder, const struct git_setting *s, char **error) MUST_USE;
/* Takes the file, or the folder with everything in it, away. */
void git_store_remove(const char *folder, const char *name);
/* Moves what may be large out of the way; it is gone once the waste is emptied. */
void git_store_discard(const char *folder, const char *name);
/* Takes away what was discarded, until it is told to stop; fit for any thread. */
void git_store_empty_waste(const char *folder, const atomic_bool *stop);
/* Locks and halves of files that a git which was ended left in the repository. */
void git_store_mend(const char *repository);
/* Has it grown so that it had better be fetched anew? */
bool git_store_is_crowded(const char *repository);

/* An empty folder for the files of the commit; owned, NULL: *error. */
char *git_store_new_tree(const char *folder, const char *commit, char **error);
/* Makes the tree the one that `current` leads to, and discards all others. */
bool git_store_enact(const char *folder, const char *tree, char **error) MUST_USE;

/* False where there is none, or none that can be read. */
bool git_record_read(const char *folder, struct git_record *out);
bool git_record_write(const char *folder, const struct git_record *r, char **error) MUST_USE;
void git_record_clear(struct git_record *r);

#endif
