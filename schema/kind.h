/* The six kinds, each one table of rows and one table of calls. */
#ifndef SCHEMA_KIND_H
#define SCHEMA_KIND_H

#include "schema/field.h"

enum body_shape {
    BODY_NONE,      /* no body at all */
    BODY_EMPTY,     /* {} - DCT refuses some calls without a body (422) */
    BODY_ROWS,      /* the rows that belong to the call */
    BODY_ID,        /* { id_member: the object's id } */
    BODY_MULTIPART, /* F_FILE rows as file parts, the others as fields */
    BODY_TARGET,    /* [{object_type: KIND, object_id: the object's id}], as policies take it */
};

enum call_flags {
    CALL_WHOLE = 1 << 0,    /* replaces: send every declared row of the call, not only changes */
    CALL_PER_ITEM = 1 << 1, /* once per element of the F_LIST row that differs */
};

/* One way to change DCT. In `path`, {id} is the object's id, {value} the
 * resolved value of the row that is being changed, {item} the id of the list
 * element, and {status.x} that FACT row of the observed object. */
struct call {
    const char *name; /* what plans, logs and the ledger call it; NULL = there is no such call */
    const char *method;
    const char *path;
    enum body_shape body;
    unsigned flags;
    const char *id_member;    /* create: where the reply names the new object; BODY_ID: see there */
    uint16_t since;           /* API version that brought it, 328 = 3.28; 0 = always there */
    const char *release;      /* the DCT release that did, for people; NULL = see the version */
    const struct call *older; /* what servers before `since` take instead, or NULL */
};

/* Objects of another collection that belong to one of ours. */
struct join {
    const char *name;          /* "$staging" */
    const char *method, *path; /* how the list is read: GET, or POST .../search */
    const char *mine, *theirs; /* members that must be equal */
    const char *where, *is;    /* and only elements whose member `where` is `is`; or NULL */
    uint16_t since;
};

enum kind_flags {
    KIND_TAGS_AT_CREATE = 1 << 0, /* the owner tag rides in the create body */
    KIND_ORPHAN = 1 << 1,         /* left alone in DCT unless a manifest says deletion: delete */
    KIND_PER_ENGINE = 1 << 2,     /* one DCT object for each engine that `engines` lists */
    KIND_SNAPSHOTS = 1 << 3,      /* a dataset: ready only with a snapshot where others need one */
    KIND_PARTIAL = 1 << 4,        /* its GET list may say in errors[] that it is incomplete */
    KIND_LISTED_ID = 1 << 5,      /* the create reply names no id: find the object in the list */
};

struct kind_desc {
    enum kind kind;
    const char *name; /* "DSource": in manifests */
    const char *arg;  /* "dsource": on command lines, and in messages */
    const char
        *collection;    /* "/dsources"; one object is collection/{id}, search collection/search */
    const char *target; /* object_type in policy calls, NULL where policies do not apply */
    unsigned flags;
    struct table table;
    const struct call *creates;
    size_t n_creates;
    const struct call *updates;
    size_t n_updates;
    struct call remove, enable, disable;
    struct call refresh;  /* looks again at what the host has; nothing of a manifest changes it */
    struct call snapshot; /* takes one; without it the object's first comes by itself */
    const char *engine_read; /* path to the engine's id in what GET answers */
    /* Rows that name the object in DCT, best first, by index of a FACT row and
     * of the row that must equal it; the name when there are none. */
    struct {
        const char *wanted, *fact;
    } identity[2];
    /* Row of a reference that must be equal too before a name says that two are
     * the same; NULL = the engine is scope enough. */
    const char *scope;
    /* Not done before this FACT row has this value; NULL = at once. */
    const char *ready_fact, *ready_value;
    const struct join *joins;
    size_t n_joins;
    const char *doc;
};

extern const struct kind_desc kind_engine, kind_connector, kind_environment, kind_source_config,
    kind_dsource, kind_vdb;

const struct kind_desc *kind_desc(enum kind kind);
/* By "DSource" (exact) or "dsource" (any case); NULL if there is none. */
const struct kind_desc *kind_by_name(const char *name);
/* The name that is nearest to what is none; NULL where none is near. */
const char *kind_near(const char *word);
/* The call as a server of that API version takes it; `api` 0 = not known, the
 * newest then. May still be newer than the server: see call_too_new(). */
const struct call *call_for(const struct call *call, unsigned api);
bool call_too_new(const struct call *call, unsigned api);
/* Can a call change it in place, once the object is made? */
bool row_changeable(const struct kind_desc *k, const struct field *f);
/* Index of the row; the row must exist. */
size_t kind_row(const struct kind_desc *k, const char *yaml);

#endif
