/* The `policy` block, which every kind takes. */
#ifndef SCHEMA_POLICY_H
#define SCHEMA_POLICY_H

#include "schema/read.h"

/* Reads the block into `p` (zero is its default); the pointers of `ignore` are
 * looked up in the kind's rows. False if there was a finding. */
bool policy_read(struct yaml_file *y, const struct pair *block, struct table rows,
                 struct policy *p);

/* The rows of the block itself. */
extern const struct table policy_table;

#endif
