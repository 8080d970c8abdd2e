/* Raw parameters held against the file of the connector that they are for.
 *
 * A manifest does not name the connector: it is one of those that the manifests
 * put on the object's engine. Where there is one, and it is the one that the
 * object's repository is chosen by, what its file does not allow is an error. Where
 * a repository is named, which may be another connector's, it is a warning; so it
 * is where several connectors could be meant and none allows it. A literal where a
 * password belongs is always an error. */
#ifndef SCHEMA_PARAMETERS_H
#define SCHEMA_PARAMETERS_H

#include "schema/refs.h"

/* The member's engine and edges are known. False after an error. */
bool parameters_check(struct graph *g, struct member *m, struct diags *d) MUST_USE;
void parameters_clear(struct graph *g);

#endif
