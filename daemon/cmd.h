/* The commands. Each has a file of its own, cmd_NAME.c; main.c has the table. */
#ifndef DAEMON_CMD_H
#define DAEMON_CMD_H

#include "daemon/config.h"
#include "daemon/log.h"

enum exit_code {
    EXIT_GOOD = 0,    /* done, and nothing differs */
    EXIT_TROUBLE = 1, /* not done, or not all of it */
    EXIT_CHANGES = 2, /* plan: something differs */
};

enum output { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_MARKDOWN };

/* What the command line says. */
struct invocation {
    const char *config;
    enum log_level log_level;
    enum output output;
    bool no_color, prune;
    bool replace, force, man;
    bool help, version;
    msec since;         /* 0: from the beginning */
    const char *object; /* NULL: of all */
    const char *const *paths;
    size_t n_paths;
};

int cmd_adopt(const struct invocation *in);
int cmd_apply(const struct invocation *in);
int cmd_doctor(const struct invocation *in);
int cmd_events(const struct invocation *in);
int cmd_explain(const struct invocation *in);
int cmd_forget(const struct invocation *in);
int cmd_plan(const struct invocation *in);
int cmd_run(const struct invocation *in);
int cmd_validate(const struct invocation *in);
int cmd_version(const struct invocation *in);

/* The configuration, its findings on stderr; NULL when it cannot be used. */
struct config *cmd_config(const struct invocation *in);
/* Findings of manifests, on stderr. */
void cmd_findings(const struct diags *d);
/* "dctd: …" on stderr. */
void cmd_complain(const char *fmt, ...) PRINTF(1, 2);
/* The text on stdout; false when it could not be written. */
bool cmd_print(const struct buf *text);
/* May this stream show colours? */
bool cmd_colour(const struct invocation *in, int fd);

#endif
