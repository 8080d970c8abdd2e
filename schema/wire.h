/* Rows to request bodies, replies to objects. */
#ifndef SCHEMA_WIRE_H
#define SCHEMA_WIRE_H

#include "schema/object.h"

/* Gives the id (or, READ_NAME, the name) that a reference stands for in DCT;
 * NULL where it cannot be told (the caller has checked before encoding). */
typedef const char *wire_resolve(void *ctx, const struct object *o, size_t row);

struct wire_context {
    wire_resolve *resolve;
    void *ctx;
};

/* Which create variant the object's values choose. */
size_t wire_create_variant(const struct object *wanted);

/* The create body: every set row with a create path that the variant takes,
 * every F_CONST row whose `when` is present. Owned by the caller. */
cJSON *wire_create_body(const struct object *wanted, size_t variant, struct wire_context c);

/* The update body of one call: the rows marked in `changed` (parallel to the
 * rows); rows that share the first part of their update path with a changed
 * row come along, and CALL_WHOLE sends every declared row of the call. What
 * the observed object holds under such a first part and no row names is kept
 * (`raw`, the object as GET answered it, may be NULL). V_NULL is sent as null. */
cJSON *wire_update_body(const struct object *wanted, size_t call, const bool *changed,
                        const cJSON *raw, struct wire_context c);

/* A multipart body's plain fields as {name: text}; file parts are F_FILE rows. */
cJSON *wire_multipart_fields(const struct object *wanted, const struct call *call,
                             struct wire_context c);

/* Reads the rows that have a read path out of what GET answered, `$join` rows
 * from `joins` ({"$staging": {…}}, may be NULL). Unknown members are ignored,
 * a member of the wrong type counts as absent, masked secrets are never read.
 * NULL if it has no id or name of its own to go by. */
struct object *wire_decode(const struct kind_desc *k, const cJSON *item, const cJSON *joins);

#endif
