/* What a policy leaves alone: whole rows, and parts of rows.
 *
 * The pointers of `policy.ignore` are JSON pointers (RFC 6901) into the manifest.
 * A row that is compared member by member can be left alone in part: a tag, a
 * setting, a member of what is passed through, an element of a list whose
 * elements have names, or a field of such an element. Once an object is made,
 * such a part is as if its manifest did not name it - and what no manifest names
 * is neither compared nor touched, but carried along in every write. */
#ifndef SCHEMA_IGNORE_H
#define SCHEMA_IGNORE_H

#include "schema/object.h"
#include "schema/yaml.h"

/* Reads the pointers of the document, and takes the parts that they name out of
 * the object's values, which must have been read; object_made() has them still.
 * What points to nothing that can be left alone is a finding. */
void ignore_read(struct yaml_file *y, const struct node *doc, struct object *o);

/* How many names deep a pointer may reach into the row's value, 0 = the row is
 * compared as a whole, or not at all. */
size_t ignore_depth(const struct field *f);
/* Is the whole row left alone, by itself or with a block that it stands in? */
bool row_ignored(const struct object *o, const struct field *f);
/* Are tags of that key left alone? */
bool tag_ignored(const struct object *o, const char *key);
/* Puts the parts that are left alone into `there`, what DCT shows of the row, where
 * it masks them, or shows none of what is a secret: what nobody can read from DCT
 * can only be sent as the manifest has it. */
void ignore_unmask(const struct object *o, size_t row, cJSON *there);

#endif
