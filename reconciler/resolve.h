/* Names in manifests to ids in DCT. */
#ifndef RECONCILER_RESOLVE_H
#define RECONCILER_RESOLVE_H

#include "reconciler/observed.h"

struct pairing;

/* Everything a reference may be resolved against; all borrowed. */
struct world {
    const struct set *set;
    struct observed *observed;
    struct ledger *ledger;
    const char *instance;
    unsigned api;          /* version of the server's API, 328 = 3.28; 0 = not known */
    struct pairing *pairs; /* parallel to set->items; see match.h */
};

enum resolution {
    RESOLVED,
    RESOLVE_LATER,   /* it is made by this plan, or can be looked up only when needed */
    RESOLVE_UNKNOWN, /* the list it would be in could not be read */
    RESOLVE_MISSING, /* nobody has it */
};

struct resolved {
    enum resolution how;
    const char *id;              /* RESOLVED: what requests say; borrowed */
    const char *shown;           /* RESOLVED: what replies show: the id, or the name; borrowed */
    const struct wanted *target; /* the manifest that makes it, or NULL */
    struct buf why;              /* MISSING, UNKNOWN: what to tell people */
};

/* What the reference in row `row` of `w` stands for. */
void resolve_row(const struct world *world, const struct wanted *w, size_t row,
                 struct resolved *out);
void resolved_clear(struct resolved *r);

/* Id of the wanted object's engine, NULL while it is not known. */
const char *resolve_engine(const struct world *world, const struct wanted *w);
/* Id of the environment the wanted object lives in, NULL where none is named. */
const char *resolve_environment(const struct world *world, const struct wanted *w);
/* The wanted object's id in DCT, NULL while it is not there. */
const char *wanted_id(const struct world *world, const struct wanted *w);
/* What people call the object with this id on that engine (NULL: any), or the id itself. */
const char *display_id(const struct world *world, const struct field *f, const char *engine,
                       const char *id);

#endif
