/* One thing of one kind: what a manifest says of it, or what DCT does.
 *
 * Values run parallel to the kind's rows. An object is not changed any more
 * once it is read; whoever keeps it holds a reference. */
#ifndef SCHEMA_OBJECT_H
#define SCHEMA_OBJECT_H

#include <cjson/cJSON.h>

#include "schema/diag.h"
#include "schema/kind.h"

enum value_state {
    V_ABSENT, /* not said */
    V_NULL,   /* an explicit null */
    V_SET,
};

enum { DIGEST_BYTES = 16, DIGEST_TEXT = 2 * DIGEST_BYTES + 1 };

/* A keyed digest: whether something is what it was, without keeping it. */
struct fingerprint {
    uint8_t bytes[DIGEST_BYTES];
    bool known;
};

/* From and to lower-case hex; anything else becomes the unknown one, and that "". */
struct fingerprint fingerprint_parse(const char *hex);
void fingerprint_text(const struct fingerprint *f, char out[DIGEST_TEXT]);
/* Both known, and the same. */
bool fingerprint_same(const struct fingerprint *a, const struct fingerprint *b);

/* A value in DCT's own form. Strings, words, times, files and references (a
 * manifest's name, a reply's id) are `s`; integers and booleans `i`; every
 * composite `json`, spelled as the API spells it. A block's is `s`: the scalar
 * that stands in its place, NULL where it is a mapping. A secret is
 * {"$secret": {"credential": "x"}}: the value itself is put in when the
 * request leaves the process, and is nowhere before. */
struct value {
    union {
        int64_t i;
        char *s;
        cJSON *json;
    };
    struct pos pos;
    enum value_state state;
    /* Of the value (secrets: of the secret itself), set by the loader for
     * wanted objects. */
    struct fingerprint digest;
};

/* Tags that dctd itself gives to what it keeps; no manifest may. Whose it is: */
#define OWNER_TAG "dctd-owner"
/* On what we disabled and will enable again, with the owner's value: it outlives
 * the ledger. Only where the manifest does not itself say `enabled: true`. */
#define OWES_TAG "dctd-owes-enable"

enum mode { MODE_ENFORCE, MODE_WARN, MODE_OBSERVE };
enum adopt { ADOPT_NEVER, ADOPT_IF_EXISTS, ADOPT_MUST_EXIST };
enum deletion { DELETION_DEFAULT, DELETION_DELETE, DELETION_ORPHAN };

/* The `policy` block; zero is its default. */
struct policy {
    enum mode mode;
    enum adopt adopt;
    char *adopt_id;
    enum deletion deletion;
    bool protect;
    bool replace_allowed;
    struct strings ignore; /* row names: "description", "metadata.tags" */
    /* A row and a JSON pointer into its value: "metadata.tags/cost-centre". */
    struct strings ignore_parts;
    bool suspended;
    char *suspend_reason;
    msec suspend_until; /* 0 = until the manifest says otherwise */
};

struct object {
    unsigned refs;
    const struct kind_desc *kind;
    struct pos pos;   /* of the document */
    char *name;       /* metadata.name, or DCT's name */
    char *moved_from; /* metadata.movedFrom, or NULL */
    struct policy policy;
    cJSON *schemas; /* of a connector whose file was read: by their place in it, else NULL */
    /* Rows of which a part is left alone once the object is made: their values with
     * that part, parallel to `values`, where it is missing. NULL where there are none. */
    struct value *made;
    struct value values[]; /* parallel to kind->table.rows */
};

struct object *object_new(const struct kind_desc *k, const char *name, struct pos pos);
struct object *object_ref(struct object *o);
void object_free(struct object *o); /* drops one reference; takes NULL */
OWNER(object)

/* What the object is made with: the whole value of the row. */
const struct value *object_made(const struct object *o, size_t row);
const struct value *object_value(const struct object *o, const char *yaml);
/* The string of a row, NULL where it is not set. */
const char *object_text(const struct object *o, const char *yaml);

/* Frees what v holds and makes it absent; `type` says what it holds. */
void value_clear(struct value *v, enum field_type type);
/* `to` must hold a value of the type (zeroed is absent); that one is freed. */
void value_copy(struct value *to, const struct value *from, enum field_type type);
bool type_is_json(enum field_type type);
bool type_is_text(enum field_type type);

/* Does what DCT shows fulfil what is wanted? Absent, null, false, 0-length and
 * {} are one; 5433.0 is 5433; UNORDERED lists are sets; an F_JSON, F_LIST,
 * F_MAP, F_TAGS or F_SETTINGS wants only the members it names; members that
 * hold a secret on the wanted side, or a mask on the observed one, are passed
 * over. An F_LIST with a LOCAL sub-row wants only the elements it names by it.
 * In F_JSON, F_LIST and F_SETTINGS "5433" is 5433. Equal instants are
 * equal. References compare by text: resolve first. */
bool value_fulfilled(const struct field *f, const struct value *wanted,
                     const struct value *observed);
/* The same for two pieces of an F_JSON or F_LIST; `observed` may be NULL. */
bool json_fulfilled(const cJSON *wanted, const cJSON *observed);

/* The value as people read it, on one line: secrets as "(secret)", control
 * characters escaped, long ones cut. */
void value_print(const struct field *f, const struct value *v, struct buf *out);

/* The text a digest is made of: the same for equal meanings, member order
 * aside. Holds secret references, not secrets. */
void value_canonical(const struct field *f, const struct value *v, struct buf *out);

/* {credential|file|env: name} of an F_SECRET value, or of a {"$secret":…} node. */
enum secret_source { SECRET_CREDENTIAL, SECRET_FILE, SECRET_ENV };
struct secret_ref {
    enum secret_source source;
    const char *name; /* borrowed */
};
bool secret_ref_of(const cJSON *node, struct secret_ref *out);
/* Does {"$secret": …} stand anywhere in it? */
bool json_holds_secret(const cJSON *v);
/* Is the text what DCT shows in place of a secret? Three stars or more and
 * nothing else: PostgreSQL settings may well be "*". */
bool secret_mask(const char *text);

#endif
