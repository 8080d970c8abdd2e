/* The ledger in the hand of a person: what `dctd adopt` and `dctd forget` share. */
#ifndef DAEMON_LEDGER_FILE_H
#define DAEMON_LEDGER_FILE_H

#include "daemon/cmd.h"
#include "daemon/store.h"
#include "reconciler/ledger.h"

struct ledger_file {
    struct config *config;
    struct store *store;
    struct ledger *ledger;
};

/* Opens the configured ledger for a change; it must exist, and nobody else may
 * hold it: `instead` says what can be done while a dctd does. False after it has
 * complained. */
bool ledger_file_open(struct ledger_file *f, const struct invocation *in, const char *instead);
void ledger_file_close(struct ledger_file *f);
/* Puts the entry (NULL: removes it) and adds an event to the history. False after
 * it has complained. */
bool ledger_file_keep(struct ledger_file *f, const char *key, const struct entry *e,
                      const char *kind, const char *text);

/* "vdb/orders-dev" as the ledger writes it; owned, NULL after it has complained. */
char *key_of(const char *text, const struct kind_desc **kind);

#endif
