/* The log: one line per fact, on stderr as key=value, or as native journal
 * entries when stderr is connected to the journal.
 *
 * A line that comes more than LOG_BURST times in a minute is counted instead;
 * only what debug says, and what is said of a database that is left switched
 * off, is told each time.
 *
 * The process has one log, as it has one stderr; its level, its form, its counts
 * and what it must not show are the only global state of the program. */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "daemon/log_messages.h"
#include "schema/base.h"

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG, LEVELS };

/* What a line is about; every member may be NULL. */
struct log_about {
    const char *object; /* "VDB/orders-dev" */
    const char *engine; /* its name, or its id where only that is known */
    const char *job;
    const char *commit; /* of the manifests in force */
    const char *plan;   /* digest of the plan that wants it */
    enum log_message message;
};

struct secrets;

/* Uses the journal where $JOURNAL_STREAM says that stderr is one. */
void log_open(enum log_level level);
/* Every text passes secrets_redact() from now on; NULL = nothing is known. */
void log_redact(const struct secrets *s);
/* False where there is no such level. */
bool log_level_named(const char *name, enum log_level *out) MUST_USE;

void log_about(enum log_level level, const struct log_about *about, const char *fmt, ...)
    PRINTF(3, 4);
void log_error(const char *fmt, ...) PRINTF(1, 2);
void log_warning(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);

/* Tells how often lines came that were kept back, instead of when their minute is
 * over: for the end of a process. */
void log_flush(void);

/* The line as it stands on stderr, without its end. */
void log_render(enum log_level level, const struct log_about *about, const char *text,
                struct buf *out);
/* Control characters become \n, \t, \xNN. */
void log_escape(const char *text, struct buf *out);

#endif
