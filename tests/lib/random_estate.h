/* An estate that dice have drawn up: what its manifests say is kept as small
 * numbers, so that an edit is another number, and told as YAML when asked. */
#ifndef TESTS_LIB_RANDOM_ESTATE_H
#define TESTS_LIB_RANDOM_ESTATE_H

#include "schema/kind.h"
#include "tests/lib/dice.h"

enum { THINGS_MAX = 64, ATTRIBUTES_MAX = 72, NOTHING = -1 };

enum section { IN_METADATA, IN_SPEC, IN_POLICY };

enum {
    ALWAYS = 1, /* never left out */
    FIXED = 2,  /* no edit of its own */
    LEAF = 4,   /* only of what nothing was made from: it is deleted, or switched off, for it */
    RARE = 8,   /* stands in the way of other changes, so it is not drawn at the start */
};

/* A line that a manifest may have. `#` is the value, `$` the number of the thing,
 * `?` true or false, `~` a word of `words`, `%` a port, `@` a way of ingestion, `&` a
 * pointer to what the manifest says. */
struct attribute {
    const char *name; /* as edits of it are counted */
    enum kind kind;   /* KINDS: of every kind */
    enum section section;
    unsigned flags;
    unsigned char values; /* 1 … values; 0 is left out */
    const char *text;
    const char *words; /* parted by blanks */
};

extern const struct attribute random_attributes[];
size_t random_attribute_count(void);
size_t random_attribute(const char *name);

/* What a VDB is made from. */
enum origin_of { FROM_THING, FROM_BOOKMARK, FROM_LEGACY };

struct thing {
    enum kind kind;
    char name[40], was[40]; /* `was`: movedFrom */
    bool here;              /* it has a manifest */
    bool broken;            /* which cannot be read */
    bool found;             /* somebody made it in DCT before */
    int engine;             /* index; of an engine its own */
    int home;    /* environment, or source config of a dSource; NOTHING: the legacy host */
    int staging; /* dSource: its staging environment */
    int parent;  /* VDB: what it is made from */
    bool barren; /* no VDB can be made from it: it moves, or its first snapshot is empty */
    enum origin_of origin;
    unsigned engines, engines_ever; /* connector: a bit for each */
    unsigned char values[ATTRIBUTES_MAX];
};

struct random_estate {
    struct thing things[THINGS_MAX];
    size_t n;
    bool legacy;              /* somebody else's objects are on its first engine */
    unsigned version, newest; /* of the connector's file; what was ever uploaded */
    bool garbage, emptied;    /* a document that is no manifest; no manifests at all */
};

/* `size` 0 is the smallest that goes through every room. */
void random_estate_draw(struct random_estate *e, struct dice *d, size_t size, bool legacy);
/* Another thing of the kind, drawn on what is there; NOTHING where it cannot be. */
int random_estate_add(struct random_estate *e, struct dice *d, enum kind kind);
/* A VDB that is made from that thing. */
int random_estate_child(struct random_estate *e, struct dice *d, int parent, enum origin_of origin);
/* Does anything with a manifest refer to it? */
bool random_estate_used(const struct random_estate *e, int thing);
/* Was anything ever made from it? */
bool random_estate_parent(const struct random_estate *e, int thing);
bool random_estate_pushed(const struct thing *t);
/* Could a VDB be made from it now? */
bool random_estate_fertile(const struct thing *t);
/* Does the manifest refer to the other thing? */
bool random_thing_refers(const struct thing *t, int other);
char *random_estate_yaml(const struct random_estate *e);
/* Manifests by which somebody else has objects on the engine of that name; with
 * the engine itself where `own`. */
char *random_legacy_yaml(const char *engine, bool own);
/* A thing of one of the kinds, with a manifest where `here`; NOTHING: there is none. */
int random_thing(const struct random_estate *e, struct dice *d, unsigned kinds, bool here);

#endif
