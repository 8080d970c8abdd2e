/* YAML nodes to values, by the rows of a table: a kind's, a list element's,
 * the policy block's or the configuration file's. */
#ifndef SCHEMA_READ_H
#define SCHEMA_READ_H

#include "schema/object.h"
#include "schema/yaml.h"

/* Reads the mapping into `values`, which run parallel to the rows and are
 * zeroed by the caller. Rows that no manifest can set (FACT, DERIVED, F_CONST)
 * and rows below `metadata` are not looked for. Goes on after every finding;
 * false if there was one. `owner` is what messages call the mapping ("VDB"),
 * `at` the place of what is missing in it. */
bool read_table(struct yaml_file *y, const struct node *map, struct pos at, struct table t,
                const char *owner, struct value *values);
/* Reads one value of a row of any type but F_BLOCK. */
bool read_value(struct yaml_file *y, const struct node *n, const struct field *f, struct value *v);
void values_clear(struct table t, struct value *values);
/* Rows, and parts of rows, that a manifest may name at this level. */
bool row_readable(const struct field *f);

/* RFC 3339, "2026-12-01T08:30:00Z", to the moment it means. */
bool time_parse(const char *s, msec *out);
/* "2026-12-01": the first moment of that day, in UTC. */
bool date_parse(const char *s, msec *out);
/* One or the other; what is neither is a finding about the node `at`, called `name`. */
bool moment_read(struct yaml_file *y, const struct node *at, const char *name, const char *s,
                 msec *out);

#endif
