/* What the router's files share among themselves. */
#ifndef DAEMON_API_PARTS_H
#define DAEMON_API_PARTS_H

#include <cjson/cJSON.h>

#include "daemon/api.h"
#include "daemon/snapshot.h"

struct api {
    struct app *app;
    uint64_t serial;
    msec started;
    void (*changed)(void *ctx);
    void *changed_ctx;
    cJSON *(*git)(void *ctx);
    void *git_ctx;
    void (*poke)(void *ctx);
    void *poke_ctx;
    char *(*wait)(void *ctx);
    void *wait_ctx;
    char *refused; /* of a new configuration */
};

/* One question on its way. */
struct asking {
    struct api *api;
    const struct api_request *q;
    const char *rest; /* of the path, behind the route's */
    struct api_answer *out;
    msec now;
};

/* {"apiVersion", "kind", "serial"}, to be filled in. */
cJSON *api_envelope(const struct api *api, const char *kind);
/* Answers with it; taken. */
void api_reply(struct asking *a, unsigned status, cJSON *body);
/* {"kind": "Error"}; `hint` says what to do next. */
void api_error(struct asking *a, unsigned status, const char *hint, const char *fmt, ...)
    PRINTF(4, 5);
struct snapshot api_snapshot(const struct asking *a, const struct links *links);

/* api_names.c: what people call things. */
/* "vdbs" -> VDB; NULL after it has answered 400 or 404. */
const struct kind_desc *api_kind(struct asking *a, const char *word, size_t n);
/* "vdb/orders-dev" -> the key of an object that is known; owned. NULL after it
 * has answered. */
char *api_key(struct asking *a, const char *text, const struct kind_desc **kind);
/* The same for an object that need not be known (any more). */
char *api_any_key(struct asking *a, const char *text, const struct kind_desc **kind);

/* api_verbs.c */
void api_reconcile(struct asking *a);
void api_suspend(struct asking *a);
void api_resume(struct asking *a);
void api_adopt(struct asking *a);
void api_forget(struct asking *a);

#endif
