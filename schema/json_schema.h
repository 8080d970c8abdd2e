/* Manifest values held against a JSON Schema, as connector files carry them.
 *
 * The words of the schema that are understood are rows of a table: type, enum,
 * const, required, properties, additionalProperties, items, limits of numbers,
 * texts and lists, simple patterns, and `format: password`. What else a schema
 * says is passed over: it forbids nothing here. */
#ifndef SCHEMA_JSON_SCHEMA_H
#define SCHEMA_JSON_SCHEMA_H

#include <cjson/cJSON.h>

#include "schema/yaml.h"

/* Tells everything about the node, called `name`, that the schema does not allow.
 * What the schema calls a password must be {credential|file|env: NAME}; a literal
 * in its place is shown nowhere. */
void json_schema_check(struct yaml_file *y, const struct node *n, const char *name,
                       const cJSON *schema);
/* Does a literal stand where the schema wants a password? */
bool json_schema_leaks(const cJSON *value, const cJSON *schema);
/* Makes secret references of what the schema calls passwords: {"credential": "x"}
 * becomes {"$secret": {"credential": "x"}}. */
void json_schema_seal(cJSON *value, const cJSON *schema);

#endif
