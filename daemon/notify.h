/* What systemd is told. Without systemd every call does nothing. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "schema/base.h"

void notify_ready(void);
void notify_reloading(void); /* notify_ready() ends it */
void notify_stopping(void);
void notify_status(const char *text);
/* While it starts: let it have this much time from now on, if that is more. */
void notify_extend(msec wait);
void notify_watchdog(void);
/* How often systemd wants to hear notify_watchdog() at most; 0 = not at all. */
msec notify_watchdog_timeout(void);

#endif
