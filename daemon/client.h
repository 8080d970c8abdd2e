/* Asks the running dctd: over its control socket, or a status listener over TCP.
 * One question at a time; each waits for its answer. */
#ifndef DAEMON_CLIENT_H
#define DAEMON_CLIENT_H

#include "schema/json.h"

/* Every member may be NULL. */
struct client_options {
    const char *socket; /* the control socket; NULL: as `config` says, else where the unit has it */
    const char *config; /* of which nothing but `control` is read */
    const char *address;              /* "https://host:port": the status listener instead */
    const char *token_file, *ca_file; /* for that */
};

enum client_verdict {
    CLIENT_GOOD,
    CLIENT_SAME,    /* nothing has changed since the serial that was named */
    CLIENT_LATE,    /* no answer within the time */
    CLIENT_MISSING, /* dctd knows no such thing */
    CLIENT_REFUSED, /* dctd said no, or said what this version cannot read */
    CLIENT_NOBODY,  /* no dctd answers there */
};

struct question {
    const char *method, *path; /* "/api/v1/status?after=7" */
    const cJSON *body;         /* NULL where there is none */
    msec limit;                /* 0: CLIENT_LIMIT */
};

enum { CLIENT_LIMIT = 30000 };

struct client;

/* NULL: *error (owned) says why. */
struct client *client_new(const struct client_options *o, char **error);
void client_free(struct client *c);
OWNER(client)

/* *reply (owned) where the verdict is good, else *error (owned): what went wrong,
 * where, and what to do next; neither where nothing has changed. */
enum client_verdict client_ask(struct client *c, const struct question *q, cJSON **reply,
                               char **error) MUST_USE;
/* "/run/dctd/control.sock": whom it asks; borrowed. */
const char *client_where(const struct client *c);

/* The control socket that the configuration names, relative to its folder; where it
 * cannot be read or does not say, that of the unit. Owned. */
char *client_socket(const char *config);

#endif
