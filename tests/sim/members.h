/* Request bodies: one row per member says its type, its limits, in which calls
 * it is legal, and under which name GET shows it, if it does. */
#ifndef TESTS_SIM_MEMBERS_H
#define TESTS_SIM_MEMBERS_H

#include "tests/sim/model.h"

enum member_type {
    T_STR, /* min..max bytes */
    T_INT, /* min..max */
    T_BOOL,
    T_OBJECT,  /* free-form; known secrets inside never reach GET */
    T_STRINGS, /* list of at least min strings of at most max bytes */
    T_LIST,    /* list of objects */
    T_INTS,    /* list of integers */
    T_MAP,     /* names to strings */
    T_TAGS,
    T_DATE,
    T_HOOKS,   /* list of hooks at `read` of the object's hooks */
    T_HOOKSET, /* object of such lists, named in `words` */
};

enum {
    M_CREATE = 1,
    M_UPDATE = 2,
    M_BOTH = 3,
    M_REQUIRED = 4, /* in the create call */
    M_SECRET = 8,
    M_NULL = 16,      /* null is legal */
    M_28 = 32,        /* unknown to older servers */
    M_ELSEWHERE = 64, /* checked here, applied through another table */
};

struct member {
    const char *name;
    enum member_type type;
    int min, max;
    unsigned flags;
    const char *read;  /* name on GET; NULL: blind */
    const char *words; /* allowed words of a string, names of a hook set */
};

#define MEMBERS_END \
    { \
        .name = NULL \
    }

/* NULL, or an owned message about the first member that is wrong. `call` is
 * M_CREATE or M_UPDATE. */
char *sim_members_check(const struct sim *s, const struct member *table, unsigned call,
                        const cJSON *body);

/* Carries the members of a checked body over: readable ones into `json`,
 * secrets and blind ones into `priv`. */
void sim_members_apply(struct sim *s, const struct member *table, const cJSON *body,
                       struct object *o);

/* Gives `json` the defaults of booleans that GET always shows. */
void sim_members_false(cJSON *json, const char *const *names, size_t n);

char *sim_check_tags(const cJSON *tags, int min);

#endif
