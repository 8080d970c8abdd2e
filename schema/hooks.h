/* Rows of the lists that dSources and VDBs share: hooks and the credentials
 * that their scripts find in the environment. */
#ifndef SCHEMA_HOOKS_H
#define SCHEMA_HOOKS_H

#include "schema/field.h"

enum { HOOK_ROWS = 5, HOOKS_MAX = 100 };

extern const struct field hook_rows[HOOK_ROWS];

#endif
