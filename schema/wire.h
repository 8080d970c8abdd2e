/* Rows to request bodies, replies to objects. */
#ifndef SCHEMA_WIRE_H
#define SCHEMA_WIRE_H

#include "schema/json.h"
#include "schema/object.h"

/* Gives the id (or, READ_NAME, the name) that a reference stands for in DCT;
 * an AUTO or DERIVED reference is asked for even where it is absent. NULL where
 * it cannot be told (the caller has checked before encoding). */
typedef const char *wire_resolve(void *ctx, const struct object *o, size_t row);

struct wire_context {
    wire_resolve *resolve;
    void *ctx;
    bool whole; /* an update sends every declared row of its call, as by CALL_WHOLE */
};

/* Which create variant the object's values choose. */
size_t wire_create_variant(const struct object *wanted);

/* The create body: every set row with a create path that the variant takes, with
 * the parts that are left alone later, and every F_CONST row whose `when` holds.
 * Owned by the caller. */
cJSON *wire_create_body(const struct object *wanted, size_t variant, struct wire_context c);

/* The update body of one call: the rows marked in `changed` (parallel to the
 * rows); rows that share the first part of their update path with a changed
 * row come along, and CALL_WHOLE sends every declared row of the call. What
 * the observed object holds under such a first part and the manifest does not
 * declare is kept, masked secrets aside (`raw`, the object as GET answered it,
 * may be NULL); so are members of an F_JSON, F_MAP or F_SETTINGS that the
 * manifest does not name. A row that the policy leaves alone and that comes along
 * unchanged is sent as DCT shows it. V_NULL of a CLEARABLE row is sent as null. */
cJSON *wire_update_body(const struct object *wanted, size_t call, const bool *changed,
                        const cJSON *raw, struct wire_context c);

/* CALL_PER_ITEM. The element that one of the F_LIST row's wanted elements
 * stands for in what GET answered, NULL where there is none; and the body that
 * changes it. Elements go by the members whose sub-rows are LOCAL. */
const cJSON *wire_item_find(const struct field *f, const cJSON *wanted, const cJSON *raw);
cJSON *wire_item_body(const struct field *f, const cJSON *wanted);

/* A multipart body's plain fields as {name: text}; file parts are F_FILE rows. */
cJSON *wire_multipart_fields(const struct object *wanted, const struct call *call,
                             struct wire_context c);

/* Reads the rows that have a read path out of what GET answered, `$join` rows
 * from `joins` ({"$staging": {…}}, may be NULL). Unknown members are ignored,
 * a member of the wrong type counts as absent, masked secrets are never read
 * (inside composites they stay, and compare as equal to anything). Integers may
 * come as 5433.0 or "5433", texts as numbers. NULL if it has no id; the name is
 * "" where the object has none. */
struct object *wire_decode(const struct kind_desc *k, const cJSON *item, const cJSON *joins);
struct object *wire_decode_indexed(const struct kind_desc *k, const struct json_index *item,
                                   const cJSON *joins);

#endif
