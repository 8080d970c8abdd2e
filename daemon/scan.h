/* Finds the manifest files below a path.
 *
 * *.yaml and *.yml, in order of their names; what is hidden is passed over.
 * Links are followed inside the tree and not out of it, and no file or folder
 * is visited twice, whatever leads there. What cannot be looked at is a
 * finding: nobody may take what it holds for removed. */
#ifndef DAEMON_SCAN_H
#define DAEMON_SCAN_H

#include <sys/stat.h>

#include "schema/diag.h"
#include "schema/map.h"

/* One manifest; `stat` tells whether it changed. */
struct found {
    char *path; /* as people wrote it, and below that */
    struct stat stat;
};

struct scan {
    struct found *files;
    size_t n, cap;
    struct diags diags;
    bool full;             /* there were more than MANIFEST_FILES_MAX */
    struct strings places; /* "device:inode" of files and folders */
    struct map visited;    /* the same to look them up */
};

/* Adds what is below `path`, or `path` itself where it is a file. */
void scan_path(struct scan *s, const char *path);
void scan_clear(struct scan *s);

#endif
