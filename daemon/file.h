/* Reading whole files with a limit. */
#ifndef DAEMON_FILE_H
#define DAEMON_FILE_H

#include "schema/base.h"

/* The content, owned, terminated by a NUL that *n does not count. NULL: *error
 * (owned) says "PATH: why". Only regular files; more than `max` bytes is an error. */
char *file_read(const char *path, size_t max, size_t *n, char **error) MUST_USE;

/* `path` itself where it is absolute, else below the folder; owned. */
char *file_below(const char *folder, const char *path);
/* The folder part of a path: "a/b" of "a/b/c.yaml", "." of "c.yaml"; owned. */
char *file_folder(const char *path);

#endif
