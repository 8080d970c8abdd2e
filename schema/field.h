/* One row says everything about a field: what a manifest calls it, where it
 * goes in DCT's requests and replies, its type and limits, and how it may
 * change. Parser, validator, encoder, decoder, differ and redactor are each
 * one loop over rows; nothing else knows a field by name.
 *
 * The facts in the rows come from the published DCT API 3.28 (continuous
 * data) and 3.18 (engines, jobs) documents. */
#ifndef SCHEMA_FIELD_H
#define SCHEMA_FIELD_H

#include "schema/base.h"

enum kind {
    KIND_ENGINE,
    KIND_CONNECTOR,
    KIND_ENVIRONMENT,
    KIND_SOURCE_CONFIG,
    KIND_DSOURCE,
    KIND_VDB,
    KINDS
};

enum field_type {
    F_BLOCK,    /* a mapping that holds other rows; its value is only "present".
                   With words: one of these scalars may stand instead ("latest").
                   With a read path: DCT shows by a flag whether it is there; an
                   F_CONST row of the same update path sets that flag */
    F_STRING,   /* min..max: length in characters */
    F_INTEGER,  /* min..max: value */
    F_BOOLEAN,  /* min..max 1..1: false is a finding, and `doc` names the rule */
    F_ENUM,     /* one of words */
    F_TIME,     /* RFC 3339 */
    F_STRINGS,  /* list of strings; min..max: items */
    F_MAP,      /* name: string; in the API an object of strings */
    F_TAGS,     /* key: value, or key: [values]; in the API [{key, value}] */
    F_SETTINGS, /* name: value, null comments it out;
                   in the API [{propertyName, value, commentProperty}] */
    F_LIST,     /* list of mappings described by `sub`; in the API objects */
    F_JSON,     /* any mapping, passed through */
    F_REF,      /* a name (or id:ID); in the API what `ref` says */
    F_SECRET,   /* {credential: N} | {file: P} | {env: N}; never a literal */
    F_FILE,     /* a path relative to the manifest; its content is uploaded */
    F_CONST,    /* in no manifest: `constant` (JSON text) is sent where `when` is present */
};

enum field_flags {
    REQUIRED = 1 << 0,        /* a manifest must set it (inside a block: when the block is there) */
    UNORDERED = 1 << 1,       /* a list that is compared as a set */
    NEEDS_DISABLED = 1 << 2,  /* DCT changes it only while the object is disabled */
    CLEARABLE = 1 << 3,       /* an explicit null is sent to clear it */
    ONCE = 1 << 4,            /* used when the object is made, never compared afterwards */
    REMEMBER = 1 << 5,        /* the ledger keeps the value in clear, not only its digest */
    FACT = 1 << 6,            /* only read: a manifest cannot say it */
    READ_NAME = 1 << 7,       /* a reference whose read path shows the name, not the id */
    LOCAL = 1 << 8,           /* means something to dctd only, never sent as a body member */
    GROUP_MUST = 1 << 9,      /* exactly one row of `group` must be set, not at most one */
    ACTION = 1 << 10,         /* once made, changed by its call alone; the call has its own body */
    STATE = 1 << 11,          /* on or off: true is the kind's `enable`, false its `disable` call;
                                 with ACTION: the row's call, and the one after it */
    DERIVED = 1 << 13,        /* no manifest says it; the loader takes it from the row's file */
    USERS_DISABLED = 1 << 15, /* changing it needs the datasets on the object disabled */
    AUTO = 1 << 14,           /* a reference that is chosen where the manifest names none */
    TOKEN = 1 << 12, /* a new value asks for one run of the row's call; `call` is the one for
                        create variant 0, the ones for the other variants follow it */
};

enum ref_target {
    REF_KIND,       /* an object of `kind` */
    REF_GROUP,      /* a dataset group of the engine, by name */
    REF_POLICY,     /* a virtualization policy of `policy_type` on the engine */
    REF_REPOSITORY, /* a discovered repository of the environment `via` */
    REF_ENV_USER,   /* a user of the environment `via` */
    REF_SNAPSHOT,   /* a snapshot of the source dataset */
    REF_BOOKMARK,   /* a bookmark */
};

struct ref {
    enum ref_target target;
    enum kind kind;
    const char *policy_type;
    /* Rows to follow to the environment: "environment", "sourceConfig.environment". */
    const char *via;
};

struct field {
    /* Dotted path below `spec`; "metadata.name" and "metadata.tags" stand at
     * the root. FACT rows are called "status.…". NULL for F_CONST. */
    const char *yaml;
    /* Dotted path in the body of the create call, of the update call, and in
     * the object that GET answers; NULL = not there. `a[0].b` goes through a
     * list, `a[k=v].b` reads the list's element whose member k is v (true,
     * false or text), a first part `$join` reads the object that the kind's
     * join of that name found. */
    const char *create, *update, *read;
    enum field_type type;
    unsigned flags;
    int64_t min, max;         /* see the types; both 0: no limit */
    const char *const *words; /* NULL-terminated */
    const char *pattern;      /* POSIX extended regular expression, whole value */
    const struct ref *ref;
    const struct field *sub; /* rows of one element; `yaml` and `create` are its names */
    size_t n_sub;
    const char *constant;
    /* F_CONST: the yaml paths that must be present, or absent where written
     * `!path`; several stand apart by a blank and must all hold. NULL = always. */
    const char *when;
    uint8_t call;    /* which of the kind's updates changes it */
    uint8_t creates; /* bit mask of the create variants that take it, 0 = all */
    uint8_t selects; /* 1 + the create variant that setting it chooses, 0 = none */
    uint8_t group;   /* rows of one group exclude each other, 0 = none */
    /* API version from which replies show it (without a read path: from which
     * requests take it), 328 = 3.28; 0 = always. Calls have a `since` of their own. */
    uint16_t since;
    const char *doc; /* one line for people */
    /* F_JSON: where a connector's file has the JSON Schema that it must obey */
    const char *schema;
};

/* Rows in order; what a kind, a list element or the configuration consists of. */
struct table {
    const struct field *rows;
    size_t n;
};

/* -1 where no row has that name. */
int table_find(struct table t, const char *yaml);
const char *field_type_name(enum field_type type);
/* Is `inner` a row below `outer` ("postgresql.port" is below "postgresql")? */
bool row_below(const char *inner, const char *outer);

#endif
