/* The `policy` block, which every kind takes. */
#ifndef SCHEMA_POLICY_H
#define SCHEMA_POLICY_H

#include "schema/read.h"

/* Reads the block into `p` (zero is its default). False if there was a finding.
 * What `ignore` points to only the kind's rows and the manifest's values tell: that
 * is for ignore_read(). */
bool policy_read(struct yaml_file *y, const struct pair *block, struct policy *p);

/* The rows of the block itself. */
extern const struct table policy_table;

#endif
