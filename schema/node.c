/* What a node is and how findings speak of it. */
#include <stdlib.h>
#include <string.h>

#include "schema/yaml.h"

const struct pair *node_pair(const struct node *map, const char *key)
{
    if (!map || map->type != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++) {
        if (streq(map->pairs[i].key->text, key))
            return &map->pairs[i];
    }
    return NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    const struct pair *p = node_pair(map, key);

    return p ? p->value : NULL;
}

const struct node *node_at(const struct node *map, const char *path)
{
    while (map && *path) {
        size_t len = strcspn(path, ".");
        char *key = xstrndup(path, len);
        map = node_get(map, key);
        free(key);
        path += len + (path[len] == '.');
    }
    return map;
}

static bool is_one_of(const char *s, const char *const *words)
{
    for (; *words; words++) {
        if (streq(s, *words))
            return true;
    }
    return false;
}

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

static bool is_float(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t whole = digits(s), part = 0;

    s += whole;
    if (*s == '.') {
        part = digits(++s);
        s += part;
    }
    if (whole + part == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        if (digits(s) == 0)
            return false;
        s += digits(s);
    }
    return *s == '\0';
}

enum scalar node_scalar(const struct node *n)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const booleans[] = {
        "true", "True", "TRUE", "false", "False", "FALSE", NULL
    };

    if (!n->plain)
        return SCALAR_TEXT;
    if (is_one_of(n->text, nulls))
        return SCALAR_NULL;
    if (is_one_of(n->text, booleans))
        return SCALAR_BOOLEAN;

    const char *s = n->text + (n->text[0] == '-' || n->text[0] == '+');
    if (digits(s) && s[digits(s)] == '\0')
        return SCALAR_INTEGER;
    return is_float(n->text) ? SCALAR_FLOAT : SCALAR_TEXT;
}

void node_print(const struct node *n, struct buf *out)
{
    static const char *const scalars[] = {
        [SCALAR_TEXT] = "the text",    [SCALAR_NULL] = "null",
        [SCALAR_BOOLEAN] = "the word", [SCALAR_INTEGER] = "the integer",
        [SCALAR_FLOAT] = "the number",
    };

    if (n->type == NODE_LIST) {
        buf_puts(out, n->n ? "a list" : "an empty list");
    } else if (n->type == NODE_MAP) {
        buf_puts(out, n->n ? "a mapping" : "an empty mapping");
    } else if (n->plain && n->text[0] == '\0') {
        buf_puts(out, "nothing");
    } else if (node_scalar(n) == SCALAR_NULL) {
        buf_puts(out, "null");
    } else {
        bool cut = strlen(n->text) > 40;
        buf_printf(out, "%s `%.40s%s`", scalars[node_scalar(n)], n->text, cut ? "..." : "");
    }
}

void node_error(struct yaml_file *y, const struct node *at, const char *fmt, ...)
{
    struct buf text = BUF_WITH_LIMIT(1 << 16);
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    diag_error(y->diags, at->pos, "%s", buf_text(&text));
    diag_source(y->diags, NULL, 0, at->width);
    buf_clear(&text);
}
