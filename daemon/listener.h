/* Where dctd is asked: the control socket and the status listener, one router
 * behind both.
 *
 *   GET  /healthz      200 while the loop turns
 *   GET  /readyz       200 after the first complete observation, else 503
 *   GET  /metrics      Prometheus' text format
 *   GET  /             the summary, for browsers
 *   POST /hook/git     a push, signed (status listener only)
 *        /api/v1/...   daemon/api.h
 *
 * The control socket lets its file's mode decide who may read; root and the
 * service's own user may also write. The status listener only reads, and asks
 * for a bearer token where one is configured, but for /healthz and /readyz. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <uv.h>

#include "daemon/api.h"

struct listener_calls {
    char *(*unready)(void *ctx); /* why not, owned; NULL: ready */
    void (*metrics)(void *ctx, struct buf *out);
    void (*poke)(void *ctx); /* something was pushed */
    /* What the "control" or the "status" side answered; status 0 for a
     * connection that was refused. */
    void (*told)(void *ctx, const char *side, unsigned status);
    void *ctx;
};

struct listener;

/* Listens nowhere yet. The api is borrowed. */
struct listener *listener_new(uv_loop_t *loop, struct api *api, const struct listener_calls *calls);
/* Listens where the configuration says, with the secrets that it names. False:
 * *error (owned) says why, and what was in force stays so. */
bool listener_configure(struct listener *l, const struct config *c, struct secrets *secrets,
                        char **error) MUST_USE;
/* Where the status listener is: "127.0.0.1:40123"; NULL: nowhere. Borrowed. */
const char *listener_status(const struct listener *l);
/* Closes its sockets now; the memory goes when the loop has closed the handles. */
void listener_close(struct listener *l);

#endif
