/* What the file remembers, back in memory. */
#ifndef DAEMON_RESTORE_H
#define DAEMON_RESTORE_H

#include "daemon/clock.h"
#include "daemon/store.h"
#include "reconciler/ledger.h"

/* NULL with *error where a record cannot be understood: without it an enable
 * that is owed could be forgotten. `path` is for that message. */
struct ledger *ledger_load(struct store *store, const char *path, char **error);
/* Starts the clock as the ledger's time, which goes on where the last process left
 * it; where nobody knows how long ago that was, its last moment counts as now. */
void ledger_clock(struct clock *c, struct store *store, const struct ledger *ledger, bool keep);

#endif
