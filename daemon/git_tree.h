/* The files of a commit: what `git ls-tree` says of them, judged before any is
 * written, and what `git cat-file` sends, written below a folder that is ours.
 *
 * Nothing of the repository decides what happens here: no attribute, filter,
 * hook, submodule or file mode. Links are made last and must stay in the tree. */
#ifndef DAEMON_GIT_TREE_H
#define DAEMON_GIT_TREE_H

#include "schema/base.h"

enum { GIT_ID_TEXT = 65 };

enum git_entry_type { GIT_FILE, GIT_LINK, GIT_FOLDER, GIT_MODULE };

struct git_entry {
    enum git_entry_type type;
    char id[GIT_ID_TEXT];
    uint64_t size; /* of files and links */
    char *path;
};

struct git_list {
    struct git_entry *items;
    size_t n, cap;
    uint64_t size; /* of all files and links */
    uint64_t max_size;
    size_t max_files;
    char *prefix; /* what stands before the paths that come: "sub/", NULL = nothing */
    char *problem;
    struct buf rest; /* the beginning of an entry whose end has not come */
};

void git_list_init(struct git_list *l, uint64_t max_size, size_t max_files);
void git_list_clear(struct git_list *l);
/* What `git ls-tree -z -l -r -t` prints, in pieces; false: `problem` says what
 * cannot be taken. */
bool git_list_feed(struct git_list *l, const char *data, size_t n);
/* The end of it; false where it was cut off. */
bool git_list_end(struct git_list *l);
/* NULL where the path may be written; else why not (static). */
const char *git_path_problem(const char *path);

struct git_writer;

/* Writes below the folder, which is empty; borrows the list. NULL: *error. */
struct git_writer *git_writer_new(const char *folder, const struct git_list *l, char **error);
void git_writer_free(struct git_writer *w);
OWNER(git_writer)
/* The ids to ask `git cat-file --batch` for, in order; borrowed. */
const struct buf *git_writer_wants(const struct git_writer *w);
/* What it prints, in pieces; false: git_writer_problem() says why. */
bool git_writer_feed(struct git_writer *w, const char *data, size_t n);
/* Makes the links; false: see git_writer_problem(). */
bool git_writer_end(struct git_writer *w);
/* `refused`: it is the commit that cannot be taken, not the disk that fails. */
const char *git_writer_problem(const struct git_writer *w, bool *refused);
/* The first file that is a Git LFS pointer instead of what it stands for, or NULL. */
const char *git_writer_pointer(const struct git_writer *w);

#endif
