/* Tells that manifests may have changed.
 *
 * Watches every directory below a path, the directories that lead to it, and
 * those of symlinks on the way, so that a swapped link (git-sync, ConfigMaps)
 * and a path that does not exist yet are seen too. Many changes are told once:
 * after 200 ms of silence, or 900 ms after the first. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <uv.h>

#include "schema/base.h"

struct watch;

struct watch *watch_new(uv_loop_t *loop, const char *path, void (*changed)(void *ctx), void *ctx);
/* Stops telling at once; the memory goes when the loop has closed the handles. */
void watch_close(struct watch *w);
/* Why some of it cannot be watched (a limit of the kernel, a folder that may
 * not be read), NULL if all of it is; borrowed until the next run of the loop. */
const char *watch_trouble(const struct watch *w);

#endif
