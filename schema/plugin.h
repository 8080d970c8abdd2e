/* A connector (plugin) file: the JSON artifact that engines install.
 *
 * Source: Delphix virtualization SDK, artifact as `dvp build` writes it, and
 * the older Lua "Toolkit" artifact. */
#ifndef SCHEMA_PLUGIN_H
#define SCHEMA_PLUGIN_H

#include "schema/object.h"

enum { PLUGIN_MAX = 32 << 20 };

/* Checks the artifact and fills the DERIVED rows of the Connector `o` with what
 * identifies it: plugin.id, plugin.name, plugin.buildNumber, plugin.version; keeps
 * the schemas of what the connector wants to know.
 * Findings point at the manifest's `file` value and name the file. Does not
 * keep `text`. False if it is no artifact. */
bool plugin_attach(struct object *o, const char *text, size_t n, struct diags *d);

/* Build numbers: dot-separated non-negative integers, not all zero, compared
 * part by part as numbers, trailing zeros without meaning. */
bool build_number_valid(const char *s);
/* <0, 0, >0 as strcmp; both must be valid. */
int build_number_compare(const char *a, const char *b);

#endif
