/* What is no longer wanted of a repository's folder - old trees, old objects -
 * goes away beside the loop: git_store_discard() moves it into a folder of its
 * own, which costs nothing, and a thread of libuv's empties that. The thread
 * knows one path and nothing else of ours. */
#ifndef DAEMON_GIT_WASTE_H
#define DAEMON_GIT_WASTE_H

#include <uv.h>

struct git_waste;

/* For the store in `folder`; the loop must outlive it. */
struct git_waste *git_waste_new(uv_loop_t *loop, const char *folder);
/* Soon there will be nothing of what has been discarded so far. */
void git_waste_empty(struct git_waste *w);
/* Stops at once: what is left goes at the next start. The memory goes when the
 * loop has heard from the thread. */
void git_waste_close(struct git_waste *w);

#endif
