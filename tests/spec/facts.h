/* What the published contract says, as two flat tables: the members of every
 * schema, and the calls. They come from the OpenAPI document or from the tables
 * that were made of it and are kept beside this file; the checks see no
 * difference. */
#ifndef TESTS_SPEC_FACTS_H
#define TESTS_SPEC_FACTS_H

#include "schema/base.h"

/* Length of a string, value of a number, items of a list. */
struct limits {
    bool has_min, has_max;
    int64_t min, max;
};

enum marks {
    MARK_REQUIRED = 1 << 0,
    MARK_SECRET = 1 << 1,    /* the contract calls it a credential */
    MARK_NULLABLE = 1 << 2,  /* null is legal */
    MARK_UNDEFINED = 1 << 3, /* required, but the schema has no such property: a published slip */
};

struct fact_member {
    char *schema, *name;
    /* "string", "date-time", "binary", "integer", "number", "boolean", "map" (of
     * strings), "object" (free-form) or a schema's name; lists add "[]". */
    char *type;
    struct limits limits;
    char *words;   /* "A|B", or NULL */
    char *pattern; /* or NULL */
    unsigned marks;
};

struct fact_call {
    char *method, *path; /* arguments of the path are written {} */
    int64_t success;     /* the documented 2xx */
    char *media;         /* of the request, NULL where there is no body */
    bool body_required;
    char *body, *reply; /* types; NULL where there is none */
};

struct facts {
    struct fact_member *members; /* a schema's stand together */
    size_t n_members, cap_members;
    struct fact_call *calls;
    size_t n_calls, cap_calls;
};

/* Appends; the strings in it are taken. */
struct fact_member *facts_add_member(struct facts *f, struct fact_member m);
void facts_add_call(struct facts *f, struct fact_call c);
void facts_clear(struct facts *f);

/* The tables' text, and back. False where a line is none of a table's; *line
 * tells which. */
void facts_print_members(const struct facts *f, struct buf *out);
void facts_print_calls(const struct facts *f, struct buf *out);
bool facts_read_members(struct facts *f, const char *text, unsigned *line) MUST_USE;
bool facts_read_calls(struct facts *f, const char *text, unsigned *line) MUST_USE;
/* Both tables from a folder; NULL, or an owned message. */
char *facts_load(struct facts *f, const char *folder) MUST_USE;

const struct fact_member *facts_member(const struct facts *f, const char *schema, const char *name);
bool facts_is_schema(const struct facts *f, const char *type);
/* Arguments of `path` may have any name: {id} is {}. NULL where there is no such call. */
const struct fact_call *facts_call(const struct facts *f, const char *method, const char *path);
/* The path with every argument written {}; owned. */
char *facts_path(const char *path);
/* "Host" of "Host[]", NULL where the type is no list; owned. */
char *facts_item(const char *type);

/* What a path as rows write it leads to from a schema. */
struct found {
    const struct fact_member *member; /* NULL where it leads nowhere, or below something free */
    bool free;                        /* it leads below a free-form object */
    char *missing;                    /* "Host.port" that is not there, owned */
};
struct found facts_at(const struct facts *f, const char *schema, const char *path);

#endif
