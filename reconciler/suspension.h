/* What is left alone for a while: everything, one kind, or one object. The
 * configuration says so, or a person did while the service ran; the latter is
 * kept in the ledger, so that a restart does not lift it. */
#ifndef RECONCILER_SUSPENSION_H
#define RECONCILER_SUSPENSION_H

#include "schema/object.h"

/* Nothing of that kind (KINDS: of any), or only the one object, is changed until then. */
struct suspension {
    enum kind kind;
    const char *reason; /* may be NULL */
    msec until;         /* 0 = until it is lifted */
    const char *key;    /* "VDB/orders-dev"; NULL = every object of the kind */
    const char *by;     /* "uid 0 (root)"; NULL = the configuration */
    const char *at;     /* "dctd.yaml:12:7" in the configuration; NULL = not from there */
};

/* A list that owns its texts. */
struct suspensions {
    struct suspension *items;
    size_t n, cap;
};

/* Adds a copy. */
void suspensions_add(struct suspensions *l, const struct suspension *s);
/* The same, in place of one of the same scope. */
void suspensions_put(struct suspensions *l, const struct suspension *s);
/* The one of exactly that scope, NULL where there is none. */
const struct suspension *suspensions_find(const struct suspensions *l, enum kind kind,
                                          const char *key);
void suspensions_remove(struct suspensions *l, enum kind kind, const char *key);
void suspensions_clear(struct suspensions *l);

/* Does it hold the object back at that moment? */
bool suspension_holds(const struct suspension *s, enum kind kind, const char *key, msec wall);
/* ", until 2026-12-01T00:00:00Z", or ""; owned. */
char *until_text(msec until);
/* "everything is suspended: INC-1234, until 2026-12-01T00:00:00Z"; owned. */
char *suspension_text(const struct suspension *s);
/* The same for where it is said what, and by whom: its reason, and until when. Owned. */
char *suspension_why(const struct suspension *s);

/* As the ledger keeps it: under which key, and what. Owned. */
char *suspension_key(const struct suspension *s);
char *suspension_record(const struct suspension *s);
/* The `suspension` member of such a record; false where it is broken. */
bool suspension_restore(struct suspensions *l, const cJSON *o) MUST_USE;

#endif
