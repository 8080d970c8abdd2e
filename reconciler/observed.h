/* What DCT has, as far as the last observation saw it.
 *
 * Of every object we keep what it takes to refer to it; the values only of
 * those that the manifests or the ledger name, so memory follows what is
 * managed. A list that failed or said it is partial is not complete: what it
 * does not show is then unknown, never absent. */
#ifndef RECONCILER_OBSERVED_H
#define RECONCILER_OBSERVED_H

#include "reconciler/ledger.h"
#include "schema/map.h"
#include "schema/set.h"

struct observed_item {
    const struct kind_desc *kind;
    char *id, *name;
    char *engine;          /* id of its engine; NULL for engines, or where DCT does not say */
    char *owner;           /* value of the owner tag, NULL where there is none */
    bool marked;           /* its owner's tag says that it is to be enabled again */
    bool foreign;          /* a replica, in a namespace, or in the recycle bin: not ours */
    struct object *object; /* its values, NULL where nobody asked for them */
    struct observed_item *next_named; /* another one of the same name */
};

/* Something that references name but that is no kind of ours. */
struct observed_extra {
    char *id, *name, *engine, *type;
};

struct observed_extras {
    struct observed_extra *items;
    size_t n, cap;
    bool complete;
};

struct observed_list {
    struct observed_item **items;
    size_t n, cap;
    struct map by_id, by_name;
    bool asked;     /* this observation reads the list at all */
    bool complete;  /* all of it has been seen */
    char *trouble;  /* why it is not complete */
    bool *reported; /* per row: some reply had the member, so the server knows it */
};

struct observed {
    struct observed_list kinds[KINDS];
    struct observed_extras groups, policies;
    bool joins_known[KINDS];  /* every join of the kind was read to its end */
    struct map *joins[KINDS]; /* per join of the kind: by `theirs`, members of it (cJSON, owned) */
};

struct observed *observed_new(void);
void observed_free(struct observed *o);
OWNER(observed)

/* Adds or replaces the object that GET answered. `full` keeps its values. NULL
 * if it has no id. Joined rows are read from what the joins hold by now. */
struct observed_item *observed_add(struct observed *o, const struct kind_desc *k, const cJSON *json,
                                   bool full);
void observed_remove(struct observed *o, const struct kind_desc *k, const char *id);
struct observed_item *observed_by_id(const struct observed *o, enum kind kind, const char *id);
/* The first of that name; go on by next_named. */
struct observed_item *observed_by_name(const struct observed *o, enum kind kind, const char *name);
/* Remembers of one object of a join's collection what the kind reads of it. */
void observed_join(struct observed *o, const struct kind_desc *k, const struct join *j,
                   const cJSON *item);
/* The object is to be asked for anew: forgets what was joined to it. */
void observed_unjoin(struct observed *o, const struct kind_desc *k, const struct join *j,
                     const char *theirs);
/* An object of one collection is also joined to objects of others. */
void observed_feed_joins(struct observed *o, const char *path, const cJSON *item);
void observed_extra_add(struct observed_extras *x, const cJSON *item, const char *type_member);
/* NULL where there is none. `type` NULL: any. */
const struct observed_extra *observed_extra(const struct observed_extras *x, const char *name,
                                            const char *engine, const char *type);

#endif
