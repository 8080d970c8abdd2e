/* Whose the ledger is: one process writes it, and it is still the file that this
 * process opened. */
#ifndef DAEMON_STORE_LOCK_H
#define DAEMON_STORE_LOCK_H

#include <sys/types.h>

#include "schema/base.h"

/* A file that was there once is that file for ever. */
struct store_file {
    char *path;
    bool known;
    dev_t device;
    ino_t inode;
};

struct store_lock {
    int fd;  /* of PATH.lock; -1: not held */
    int own; /* of the ledger itself, which may have several names */
    struct store_file lock, ledger, log;
};

/* The lock on the ledger, which is there, whatever links lead to it. False with an
 * error that says who holds it. Cleared by store_lock_clear() in any case, and when
 * SQLite is through: closing a file takes its locks away. */
bool store_lock_take(struct store_lock *l, const char *ledger, char **error) MUST_USE;

/* Is the ledger under its name still what this process writes to? What was deleted
 * or put in its place meanwhile would keep nothing of it. */
bool store_lock_check(struct store_lock *l, char **error) MUST_USE;

void store_lock_clear(struct store_lock *l);

/* The process that holds the lock on that ledger; 0 = it does not say, -1 = none. */
int64_t store_lock_holder(const char *ledger);

#endif
