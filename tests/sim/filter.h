/* Filter expressions (api.md section 1.1): parsed once, then asked per object. */
#ifndef TESTS_SIM_FILTER_H
#define TESTS_SIM_FILTER_H

#include <cjson/cJSON.h>

#include "schema/base.h"

struct filter;

/* `fields` lists what may be named: "id name tags{key value}". NULL and an
 * owned message in *error where the expression is refused. */
struct filter *sim_filter_new(const char *expression, const char *fields, char **error);
void sim_filter_free(struct filter *f);

/* `priv`, what the object does not show, may be NULL: the members of its `filter` are
 * filterable all the same. */
bool sim_filter_matches(const struct filter *f, const cJSON *item, const cJSON *priv);

/* Milliseconds since 1970 of an RFC 3339 moment, with any offset. */
bool sim_parse_rfc3339(const char *text, msec *out) MUST_USE;
/* The order of two JSON values as filters and sorting see it; absent is NULL. */
int sim_compare_values(const cJSON *a, const cJSON *b);
/* Whether a word stands in a list like `fields`; *inner is what its braces hold. */
bool sim_field_listed(const char *fields, const char *name, size_t length, char **inner);

#endif
