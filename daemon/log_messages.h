/* The events that are worth waking somebody for. Each has an id that never
 * changes, so that `journalctl MESSAGE_ID=…`, alert rules and the journal's
 * catalog (packaging/systemd/dctd.catalog) can name it. */
#ifndef DAEMON_LOG_MESSAGES_H
#define DAEMON_LOG_MESSAGES_H

#include <stddef.h>

enum log_message {
    MESSAGE_NONE,
    MESSAGE_LEFT_OFF,      /* a database that dctd switched off for a change is still off */
    MESSAGE_FAILED,        /* an action failed, and waiting will not mend it */
    MESSAGE_BLOCKED,       /* a rule stands in the way of an action */
    MESSAGE_DRIFTED,       /* DCT was changed, the manifest was not */
    MESSAGE_DELETED,       /* an object is gone from DCT, because dctd deleted it */
    MESSAGE_UNANSWERED,    /* nobody knows yet whether a change happened */
    MESSAGE_UNOBSERVED,    /* DCT could not be observed */
    MESSAGE_UNRECORDED,    /* the ledger cannot be written: nothing is changed any more */
    MESSAGE_FLAWED,        /* manifests have findings: nothing is pruned */
    MESSAGE_CONFIGURATION, /* a new configuration was refused */
    MESSAGES
};

/* "left-off"; NULL of MESSAGE_NONE, and behind the last. */
const char *message_name(size_t message);
/* 32 hex digits; NULL like the name. */
const char *message_id(size_t message);

#endif
