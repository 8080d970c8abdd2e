/* What the file remembers, back in memory. */
#ifndef DAEMON_RESTORE_H
#define DAEMON_RESTORE_H

#include "daemon/store.h"
#include "reconciler/ledger.h"

/* NULL with *error where a record cannot be understood: without it an enable
 * that is owed could be forgotten. `path` is for that message. */
struct ledger *ledger_load(struct store *store, const char *path, char **error);

#endif
