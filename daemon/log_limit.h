/* Keeps a line that comes again and again from filling the log: the first few
 * in a minute are told, the others counted, and the count told when the minute
 * is over. Lines that differ only in their numbers are one and the same. */
#ifndef DAEMON_LOG_LIMIT_H
#define DAEMON_LOG_LIMIT_H

#include "schema/base.h"

enum { LOG_BURST = 5, LOG_SPAN = 60000, LOG_SLOTS = 128 };

/* Lines of one kind. */
struct log_slot {
    uint64_t mark; /* of object and text; 0 = the slot is free */
    msec since;
    unsigned told, kept_back;
    unsigned level;
    char *object, *text; /* of the line that was kept back first */
};

struct log_limit {
    struct log_slot slots[LOG_SLOTS];
    size_t counting; /* slots that keep something back */
};

/* May this line be told? `object` may be NULL. */
bool log_limit_take(struct log_limit *l, unsigned level, const char *object, const char *text,
                    msec now);
/* Takes out a count that is due (any count, where `all`): false when there is
 * none. What it holds is the caller's; see log_slot_clear(). */
bool log_limit_due(struct log_limit *l, msec now, bool all, struct log_slot *out);
void log_slot_clear(struct log_slot *s);

#endif
