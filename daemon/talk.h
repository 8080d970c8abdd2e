/* What the commands that ask a running dctd have in common: finding it, asking,
 * complaining, and printing what it answered. */
#ifndef DAEMON_TALK_H
#define DAEMON_TALK_H

#include "daemon/client.h"
#include "daemon/cmd.h"

struct talk {
    const struct invocation *in;
    struct client *client;
    int code; /* of the process: EXIT_GOOD until something has gone wrong */
};

/* False after it has complained. talk_close() is due in either case. */
bool talk_open(struct talk *t, const struct invocation *in);
void talk_close(struct talk *t);
/* Is a running dctd to be asked, and not the ledger? So it is where --socket or
 * --address says so, and where a dctd that answers holds the configured ledger. */
bool talk_instead(const struct invocation *in);

/* The reply, owned; NULL after it has complained, with the exit status in `code`. */
cJSON *talk_get(struct talk *t, const char *path);
cJSON *talk_post(struct talk *t, const char *path, const cJSON *body);
/* Posts, and prints the text of the answer: the exit status. */
int talk_ask(struct talk *t, const char *path, const cJSON *body);
/* Like talk_get() until the snapshot is newer than that of `reply`, which it takes,
 * or `until` (of clock_steady()) has come. NULL: it is late (EXIT_TROUBLE, no complaint), or
 * after it has complained. `path` has no query of its own. */
cJSON *talk_next(struct talk *t, const char *path, cJSON *reply, msec until);

/* "/api/v1/objects/VDB/orders-dev"; owned. */
char *talk_object_path(const char *key);
/* Prints JSON or YAML as the command line asks for; the exit status. */
int talk_print(const struct invocation *in, const cJSON *json);

/* What a word of a command line means: a kind, an object, or everything. */
struct target {
    const struct kind_desc *kind; /* NULL: every kind */
    char *key;                    /* owned; NULL: not one object */
};
/* KIND or KIND/NAME, any case, singular or plural; false after it has complained. */
bool target_read(const char *word, struct target *out);

#endif
