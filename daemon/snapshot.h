/* How things stand, as JSON: the one rendering that the sockets, the commands
 * and the metrics start from. Every member is always there, null where there is
 * nothing to say. Secrets that found their way into a text are taken out. */
#ifndef DAEMON_SNAPSHOT_H
#define DAEMON_SNAPSHOT_H

#include "daemon/config.h"
#include "daemon/links.h"
#include "daemon/secrets.h"
#include "daemon/store.h"
#include "reconciler/status.h"

/* What is looked at; borrowed. */
struct snapshot {
    const struct cycle *cycle;
    const struct config *config;
    const struct secrets *secrets;
    const struct links *links; /* of the manifests in force; NULL: no object is shown */
    msec now;
};

/* Adds the members of the Status: all but the envelope's, `started` and `git`. */
void snapshot_status(const struct snapshot *s, cJSON *to);
/* The OBJECT; with its history only where that is asked for. */
cJSON *snapshot_object(const struct snapshot *s, const struct object_status *o, bool history);
cJSON *snapshot_event(const struct snapshot *s, const struct store_event *e);
/* Adds `nodes` and `edges`. */
void snapshot_graph(const struct snapshot *s, cJSON *to);
/* Adds the members of `plan -o json`. */
void snapshot_plan(const struct plan *p, const char *digest, cJSON *to);

/* A text, null where there is none; a moment, null for 0. */
void snapshot_text(cJSON *o, const char *name, const char *text);
void snapshot_moment(cJSON *o, const char *name, msec at);

#endif
