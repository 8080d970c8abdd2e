/* cJSON with paths as rows write them: a.b[0].c, a[k=v].c. */
#ifndef SCHEMA_JSON_H
#define SCHEMA_JSON_H

#include <cjson/cJSON.h>

#include "schema/base.h"

/* NULL where the path leads nowhere. */
const cJSON *json_at(const cJSON *root, const char *path);
/* The text there, NULL where there is none or it is no string. */
const char *json_text(const cJSON *root, const char *path);
bool json_true(const cJSON *root, const char *path);
/* The members of one object, for who asks for many of them: going through all of them
 * for each is what reading an estate would cost most. The object is borrowed. */
struct json_index {
    const cJSON *object;
    const cJSON *slots[256]; /* open addressing */
    bool full;               /* more than it is made for: it is searched instead */
};
void json_index(struct json_index *x, const cJSON *object);
/* As json_at() from the object. */
const cJSON *json_index_at(const struct json_index *x, const char *path);
const char *json_index_text(const struct json_index *x, const char *path);

/* Puts `item` (taken) at the path, making objects and lists on the way. */
void json_put(cJSON *root, const char *path, cJSON *item);
/* Absent, null, false, "", [] and {} mean nothing. */
bool json_nothing(const cJSON *v);
/* Whole text must be one JSON value; NULL if not; *error_at, which
 * may be left out, tells where (byte). */
cJSON *json_parse(const char *text, size_t n, size_t *error_at);
/* Does a string of it hold a NUL, plain or as \u0000? What is parsed ends there. */
bool json_holds_nul(const char *text, size_t n);

#endif
