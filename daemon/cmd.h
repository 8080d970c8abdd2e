/* The commands. Each has a file of its own, cmd_NAME.c; main.c has the table. */
#ifndef DAEMON_CMD_H
#define DAEMON_CMD_H

#include "daemon/config.h"
#include "daemon/log.h"

enum exit_code {
    EXIT_GOOD = 0,    /* done, and nothing differs */
    EXIT_TROUBLE = 1, /* not done, or not all of it */
    EXIT_CHANGES = 2, /* plan: something differs */
    EXIT_MISUSED = 2, /* wait: the command line is wrong */
    EXIT_NOBODY = 3,  /* no running dctd answers */
};

enum output {
    OUTPUT_TEXT,
    OUTPUT_JSON,
    OUTPUT_MARKDOWN,
    OUTPUT_WIDE,
    OUTPUT_YAML,
    OUTPUT_NAMES,
    OUTPUT_DOT,
    OUTPUT_SVG,
};

/* What the command line says. */
struct invocation {
    const char *config;
    enum log_level log_level;
    enum output output;
    bool no_color, prune;
    bool replace, force, man;
    bool all, not_ready, watch, wait;
    bool help, version;
    bool offline;
    msec since;                                          /* 0: from the beginning */
    msec timeout;                                        /* 0: CMD_TIMEOUT */
    const char *socket, *address, *token_file, *ca_file; /* of the running dctd */
    const char *object;                                  /* NULL: of all */
    const char *what;                                    /* --for */
    const char *reason, *until, *engine;
    const char *const *paths;
    size_t n_paths;
};

enum { CMD_TIMEOUT = 600000 };

int cmd_adopt(const struct invocation *in);
int cmd_apply(const struct invocation *in);
int cmd_describe(const struct invocation *in);
int cmd_doctor(const struct invocation *in);
int cmd_events(const struct invocation *in);
int cmd_explain(const struct invocation *in);
int cmd_forget(const struct invocation *in);
int cmd_get(const struct invocation *in);
int cmd_graph(const struct invocation *in);
int cmd_plan(const struct invocation *in);
int cmd_reconcile(const struct invocation *in);
int cmd_resume(const struct invocation *in);
int cmd_run(const struct invocation *in);
int cmd_status(const struct invocation *in);
int cmd_suspend(const struct invocation *in);
int cmd_validate(const struct invocation *in);
int cmd_version(const struct invocation *in);
int cmd_wait(const struct invocation *in);

/* The configuration, its findings on stderr; NULL when it cannot be used. */
struct config *cmd_config(const struct invocation *in);
struct git_checkout;
/* Where the configured manifests come from Git: has them fetched and `c` lead to
 * them; *out, which may stay NULL, is to be freed last. False, and has complained,
 * where that failed. */
bool cmd_fetch(const struct invocation *in, struct config *c, struct git_checkout **out) MUST_USE;
/* Findings of manifests, on stderr. */
void cmd_findings(const struct diags *d);
/* "dctd: …" on stderr. */
void cmd_complain(const char *fmt, ...) PRINTF(1, 2);
/* The text on stdout; false when it could not be written. */
bool cmd_print(const struct buf *text);
/* The kind that a word means, singular or plural; NULL where it means none, of which
 * the second complains. */
const struct kind_desc *cmd_kind_of(const char *word);
const struct kind_desc *cmd_kind(const char *word);
/* May this stream show colours? */
bool cmd_colour(const struct invocation *in, int fd);

#endif
