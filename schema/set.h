/* The desired set: everything the manifests say, checked as a whole.
 *
 * Files become units (parsed once, kept while the file does not change), units
 * become a set: duplicates, references, cycles and the engine of each object
 * are settled there. A set is immutable once built. */
#ifndef SCHEMA_SET_H
#define SCHEMA_SET_H

#include "schema/object.h"

enum {
    MANIFEST_MAX = 1 << 20, /* bytes in one file */
    MANIFEST_FILES_MAX = 20000,
    OBJECTS_MAX = 100000,
    YAML_DEPTH_MAX = 32,
    YAML_NODES_MAX = 100000, /* in one file; aliases count each time they are used */
};

/* One manifest file, parsed. Objects that have findings are left out, but are
 * named, so that nobody takes them for removed. */
struct unit {
    unsigned refs;
    const char *file;
    struct object **objects;
    size_t n;
    bool broken;             /* something in it did not parse: what it held is not known */
    struct strings left_out; /* "VDB/orders-dev": declared, but with findings */
    struct diags diags;
    struct source *source; /* private: the text that findings of the set quote */
};

struct unit *unit_parse(const char *file, const char *text, size_t n);
struct unit *unit_ref(struct unit *u);
void unit_free(struct unit *u);
OWNER(unit)

/* One DCT object that ought to be. */
struct wanted {
    struct object *object;
    char *key;    /* "VDB/orders-dev", "Connector/postgresql@ce-east": its identity everywhere */
    char *engine; /* name of its engine, or "id:…"; NULL where nothing in the manifests tells */
    char *held;   /* "its DSource orders has findings": judged, but left as it is; NULL = not */
};

struct set {
    struct wanted *items; /* in dependency order: a reference's target comes first */
    size_t n, cap;
    bool complete; /* every file parsed, every object without findings: pruning may trust it */
    size_t n_files;
    char *revision;          /* commit id or digest of the source, NULL if unknown */
    struct strings left_out; /* "VDB/orders-dev": declared, but with findings of its own */
    struct diags diags;
    struct set_index *index; /* private */
};

/* Takes a reference on every unit's objects. Never NULL: what has findings is
 * left out and told in `diags`. */
struct set *set_build(struct unit *const *units, size_t n);
void set_free(struct set *s);
OWNER(set)

/* NULL where there is none. */
const struct wanted *set_find(const struct set *s, const char *key);
/* By kind and name; for a kind with one object per engine, the one on `engine`
 * (any when NULL). */
const struct wanted *set_named(const struct set *s, enum kind kind, const char *name,
                               const char *engine);

#endif
