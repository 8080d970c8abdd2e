/* A folder of its own for a test, gone when the test is over. */
#ifndef TESTS_LIB_TREE_H
#define TESTS_LIB_TREE_H

#include "schema/base.h"

struct tree {
    char *path;
};

struct tree *tree_new(void);
/* Removes it with everything in it. */
void tree_free(struct tree *t);
OWNER(tree)

/* Below the tree; owned. */
char *tree_at(const struct tree *t, const char *name);
/* Writes the file anew, folders on the way are made. */
void tree_write(const struct tree *t, const char *name, const char *text);
void tree_folder(const struct tree *t, const char *name);
/* A link that says `target`; replaces an older link at once, by renaming. */
void tree_link(const struct tree *t, const char *name, const char *target);
void tree_remove(const struct tree *t, const char *name);
void tree_rename(const struct tree *t, const char *from, const char *to);

#endif
