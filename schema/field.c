#include "schema/field.h"

#include <string.h>

int table_find(struct table t, const char *yaml)
{
    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].yaml && streq(t.rows[i].yaml, yaml))
            return (int)i;
    }
    return -1;
}

const char *field_type_name(enum field_type type)
{
    static const char *const names[] = {
        [F_BLOCK] = "a mapping",
        [F_STRING] = "text",
        [F_INTEGER] = "an integer",
        [F_BOOLEAN] = "true or false",
        [F_ENUM] = "a word",
        [F_TIME] = "a time",
        [F_STRINGS] = "a list of texts",
        [F_MAP] = "a mapping of names to texts",
        [F_TAGS] = "a mapping of keys to values",
        [F_SETTINGS] = "a mapping of names to values",
        [F_LIST] = "a list of mappings",
        [F_JSON] = "a mapping",
        [F_REF] = "a name",
        [F_SECRET] = "a secret reference",
        [F_FILE] = "a file path",
        [F_CONST] = "nothing",
    };

    return names[type];
}

bool row_below(const char *inner, const char *outer)
{
    size_t n = strlen(outer);

    return strncmp(inner, outer, n) == 0 && inner[n] == '.';
}
