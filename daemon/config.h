/* The configuration of one dctd: which DCT, which manifests, how eagerly.
 *
 * Read through the same field machinery as manifests, so that a mistake in it
 * is a finding with file, line, column, caret and suggestion. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "reconciler/cycle.h"

/* Where a secret is to be found; relative `file` names are below the folder of
 * the configuration. */
struct secret_setting {
    enum secret_source source;
    char *name; /* NULL: not configured */
};

struct config {
    char *file;     /* as it was named on the command line */
    char *instance; /* value of the owner tag */
    struct {
        char *url;       /* without a trailing slash */
        char *base_path; /* "/dct/v3", or "" */
        char *ca_file;   /* NULL: the system's */
        bool insecure;   /* the server's certificate is not checked */
        struct secret_setting api_key;
    } dct;
    char *manifests;         /* a directory or a file */
    struct git_setting *git; /* which fills it; NULL: others do. See config_git.h */
    msec interval;           /* between observations when nothing differs */
    bool prune;
    unsigned delete_budget;  /* deletes of one cycle, 0 = no limit */
    unsigned delete_percent; /* the same, of the objects in the ledger */
    struct suspension *suspensions;
    size_t n_suspensions;
    struct strings texts;                        /* of the suspensions, which borrow them */
    unsigned total, per_engine, per_environment; /* actions at a time, 0 = no limit */
    char *ledger;
    char *control; /* as configured, else in $RUNTIME_DIRECTORY; NULL: no control socket */
    struct {
        char *listen;      /* "address:port"; NULL: no status server */
        char *certificate; /* NULL: no TLS */
        struct secret_setting key, token, webhook;
    } status;
};

/* Reads the file and checks it; what it leaves out gets its default. Relative
 * paths are taken from the file's folder. NULL when there is an error among
 * the findings; warnings alone leave a configuration. */
struct config *config_load(const char *path, struct diags *d);
void config_free(struct config *c);
OWNER(config)
/* What a process that runs by the one cannot take of the other before it is started
 * again: "instance, ledger"; NULL = nothing. Owned. */
char *config_unchangeable(const struct config *was, const struct config *is);

/* "5m", "30s", "1h30m", "250ms", "2d" to milliseconds; a bare number is refused. */
bool duration_parse(const char *text, msec *out) MUST_USE;

#endif
