/* The ledger on disk: one SQLite file with a single writer.
 *
 * What store_put() said true to survives kill -9 and loss of power. A write
 * that fails leaves what was there. */
#ifndef DAEMON_STORE_H
#define DAEMON_STORE_H

#include "schema/base.h"

enum { STORE_KEY = 32, STORE_EVENTS = 10000 };

struct store;

/* Opens the ledger; a writer makes it (mode 0600) where there is none, and
 * holds it alone until store_close(). A reader of a ledger that does not exist
 * gets an empty one. NULL on failure, *error (owned by the caller) says what is
 * wrong with which file and what to do. */
struct store *store_open(const char *path, bool read_only, char **error);
void store_close(struct store *s);
/* Nothing will be asked of it for a while: caches go. */
void store_rest(struct store *s);
/* Does a writer hold the ledger at this moment? */
bool store_held(const char *path);
/* Which process does, as it wrote down itself; 0 = none, or it does not say. */
int64_t store_holder(const char *path);
/* Looks at every page and index; false: *error says what is damaged. */
bool store_check(struct store *s, char **error) MUST_USE;

/* Every record, in order of its key; ends early when `each` says false (which
 * is no failure). */
bool store_each(struct store *s, bool (*each)(void *ctx, const char *text), void *ctx,
                char **error) MUST_USE;
/* Keeps the record, NULL removes it; on disk when it returns true. */
bool store_put(struct store *s, const char *key, const char *text, char **error) MUST_USE;
struct store_event {
    msec at;
    const char *kind, *text;
    /* Each of these may be NULL. */
    const char *key, *job;
    const char *revision; /* of the manifests in force: a commit id */
    const char *by;       /* who asked for it, where it was a person: "uid 0 (root)" */
    const char *plan;     /* digest of the plan that wanted it */
    const char *request;  /* the write it is about: "POST /vdbs/7/disable" */
    const char *outcome;  /* of that write: "202"; NULL while nobody has answered it */
    const char *trace;    /* what DCT's own log calls that write */
};
/* Adds to the history, of which the newest STORE_EVENTS are kept. */
bool store_event(struct store *s, const struct store_event *e, char **error) MUST_USE;
/* What store_outcome() calls the event that was added last. */
int64_t store_last_event(const struct store *s);
/* Adds how the write ended that an event is about: its outcome, job and trace. */
bool store_outcome(struct store *s, int64_t event, const struct store_event *e,
                   char **error) MUST_USE;
/* Which events are asked for; zero asks for all of them. */
struct store_query {
    const char *key; /* only of this object */
    msec since;      /* only from then on */
    size_t limit;    /* the newest so many; 0 = all */
};
/* Oldest first. */
bool store_events(struct store *s, const struct store_query *query,
                  void (*each)(void *ctx, const struct store_event *e), void *ctx,
                  char **error) MUST_USE;

/* STORE_KEY random bytes, made once per ledger: the key of its digests. */
const uint8_t *store_key(const struct store *s);

/* What the time of the records is counted from; NULL: nobody has kept that. */
char *store_clock(const struct store *s);
bool store_keep_clock(struct store *s, const char *text, char **error) MUST_USE;

#endif
