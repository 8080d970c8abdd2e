/* How the service stands, in words for people: the line that systemd shows, what
 * is wrong with the manifests, what is waited for before DCT has been seen. */
#ifndef DAEMON_STANDING_H
#define DAEMON_STANDING_H

#include "daemon/app.h"
#include "daemon/meter.h"

/* "synced 12/15 at 3f9c1d2, 2 jobs running, 1 blocked"; `set` is the newest one. */
void standing_line(const struct cycle_status *s, const struct set *set, struct buf *out);
/* Is the source of the manifests missing or empty, so that none is in force? */
bool standing_without_manifests(const struct set *set);
/* Why the manifests are not in force as a whole, owned; NULL where they are. */
char *standing_manifests(const struct set *set);
/* What the first complete observation waits for, owned; NULL once there is one. */
char *standing_wait(const struct app *a, const struct meter *m);

#endif
