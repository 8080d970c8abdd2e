/* Manifests on disk to a desired set.
 *
 * Keeps what it parsed: a file that did not change is neither read nor parsed
 * again. Whatever cannot be read is a finding and makes the set incomplete, so
 * that nobody takes its objects for removed; the same holds for a source that
 * is missing or empty. */
#ifndef DAEMON_LOADER_H
#define DAEMON_LOADER_H

#include "schema/set.h"

struct secrets;
struct loader;

/* `root`: the directory (or file) that is loaded when no paths are named.
 * The digest key is copied; `secrets` is borrowed. */
struct loader *loader_new(const char *root, const uint8_t *digest_key, size_t key_n,
                          struct secrets *secrets);
void loader_free(struct loader *l);
OWNER(loader)

/* Loads the paths (directories with everything below them, or single files),
 * or the root when n_paths is 0. Never NULL; the findings are in the set. */
struct set *loader_load(struct loader *l, const char *const *paths, size_t n_paths);

/* Has a secret, or a file that a manifest names, another content since? What cannot
 * be read now, in the middle of being replaced perhaps, is not taken for changed. */
bool loader_outdated(const struct loader *l);

#endif
