/* What the control socket and the status listener answer: one router over one
 * snapshot. It knows routes, rights and JSON; who carried the question here,
 * and how the answer goes back, is the listener's affair.
 *
 *   GET  /api/v1/status                    the whole in one object
 *   GET  /api/v1/objects[?kind=vdb]        every object
 *   GET  /api/v1/objects/KIND/NAME         one, with its history and events
 *   GET  /api/v1/plan                      the plan in force
 *   GET  /api/v1/graph                     who needs whom
 *   GET  /api/v1/events[?object=&since=&limit=]
 *   POST /api/v1/reconcile                 observe now
 *   POST /api/v1/suspend                   {"kind" or "object", "reason", "until"}
 *   POST /api/v1/resume                    {"kind" or "object"}
 *   POST /api/v1/adopt                     {"object", "id"}
 *   POST /api/v1/forget                    {"object"}
 *
 * An object is named KIND/NAME, the kind in any case, singular or plural. A name
 * without its engine will do where there is only one of it.
 *
 * A GET with `after=SERIAL` waits until the snapshot is newer than that. */
#ifndef DAEMON_API_H
#define DAEMON_API_H

#include "daemon/app.h"

struct api;

struct api_request {
    const char *method, *path; /* the path without its query, decoded */
    /* The decoded parameter, NULL where it was not said. */
    const char *(*parameter)(void *ctx, const char *name);
    void *ctx;
    const char *body; /* `n` bytes, may be NULL */
    size_t n;
    bool may_write;   /* what changes something is refused (403) without it */
    const char *whom; /* "uid 0 (root)": goes into the history of what was asked for */
};

struct api_answer {
    unsigned status;  /* HTTP; 0 = nothing new yet, ask again when api_serial() moves */
    const char *type; /* "application/json" */
    char *body;       /* owned by the caller */
    size_t n;
};

struct api *api_new(struct app *a);
void api_free(struct api *api);
OWNER(api)

void api_answer(struct api *api, const struct api_request *q, struct api_answer *out);
/* Grows whenever the snapshot changes. */
uint64_t api_serial(const struct api *api);
/* `changed` is called, once per step of the core, when the serial has moved. */
void api_on_change(struct api *api, void (*changed)(void *ctx), void *ctx);

/* Tells of the manifests' source, for the Status' member `git`: NULL, or an
 * object of the caller's. */
void api_offer_git(struct api *api, cJSON *(*git)(void *ctx), void *ctx);
/* What of a new configuration was refused, for the Status' member `configuration`;
 * NULL: all of it is in force. Copied. */
void api_refused(struct api *api, const char *text);
/* Tells what the first observation waits for, owned, for the Status' member
 * `waiting`; NULL: it is over. */
void api_offer_wait(struct api *api, char *(*wait)(void *ctx), void *ctx);
/* Called when somebody asks to reconcile: looks whether there are newer manifests. */
void api_offer_poke(struct api *api, void (*poke)(void *ctx), void *ctx);

#endif
