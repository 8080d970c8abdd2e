/* Where the manifests of a service come from: a directory that others fill and
 * that is watched, or a Git repository. */
#ifndef DAEMON_SUPPLY_H
#define DAEMON_SUPPLY_H

#include <cjson/cJSON.h>

#include "daemon/app.h"

struct supply;

/* Loads what there is, and what comes, by the app; as its configuration says. */
struct supply *supply_new(struct app *a);
/* Stops at once; the memory goes when the loop has closed the handles. */
void supply_close(struct supply *s);
/* Puts the new configuration in force, in the app, too, which takes it. */
void supply_configure(struct supply *s, struct config *c);
/* Looks for something new now; the directory is watched anyway. */
void supply_poke(struct supply *s);
/* {"url", "ref", "commit", "fetched", "trouble"}, owned; NULL without Git. */
cJSON *supply_git(const struct supply *s);
/* When the source was seen last, 0 = not yet; a directory is watched, so: now. */
msec supply_fetched(const struct supply *s);

#endif
