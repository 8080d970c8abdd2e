#include "schema/read.h"

#include <stdio.h>
#include <string.h>

struct reading {
    struct yaml_file *y;
    const struct node *root;
    struct table table;
    const char *owner;
    struct value *values;
    struct pos at; /* where findings about what is missing point */
};

enum { PATH_TEXT = 512 };

/* A level of the mapping: the dotted path that leads there, "" at the root. */
struct level {
    char path[PATH_TEXT];
};

bool row_readable(const struct field *f)
{
    return f->yaml && f->type != F_CONST && !(f->flags & (FACT | DERIVED)) &&
           !row_below(f->yaml, "metadata");
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

/* What of the row's name stands below the level, NULL where the row does not. */
static const char *below(const struct field *f, const struct level *at)
{
    if (!row_readable(f))
        return NULL;
    if (!at->path[0])
        return f->yaml;
    return row_below(f->yaml, at->path) ? f->yaml + strlen(at->path) + 1 : NULL;
}

/* Candidates for a misspelled key: the rows and blocks of one level. */
struct candidates {
    struct table table;
    const struct level *at;
    char word[PATH_TEXT];
};

static const char *candidate(const struct candidates *c, size_t i)
{
    const char *rest = below(&c->table.rows[i], c->at);

    return rest && !strchr(rest, '.') ? rest : NULL;
}

/* nearest_word() ends at NULL, so rows of other levels are stepped over. */
static const char *nth_candidate(const void *ctx, size_t n)
{
    const struct candidates *c = ctx;

    for (size_t i = 0; i < c->table.n; i++) {
        const char *word = candidate(c, i);
        if (word && n-- == 0)
            return word;
    }
    return NULL;
}

/* The row of this level that the API calls `key`. */
static const char *api_spelling(const struct candidates *c, const char *key)
{
    for (size_t i = 0; i < c->table.n; i++) {
        const struct field *f = &c->table.rows[i];
        const char *word = candidate(c, i);
        if (word && ((f->create && streq(last_part(f->create), key)) ||
                     (f->read && streq(last_part(f->read), key))))
            return word;
    }
    return NULL;
}

/* The row of another level whose last part is `key`. */
static const char *elsewhere(const struct table t, const char *key)
{
    for (size_t i = 0; i < t.n; i++) {
        const struct field *f = &t.rows[i];
        bool readable = row_readable(f) || (f->yaml && row_below(f->yaml, "metadata"));
        if (readable && strchr(f->yaml, '.') && streq(last_part(f->yaml), key))
            return f->yaml;
    }
    return NULL;
}

static void unknown_key(struct reading *r, const struct level *at, const struct pair *p)
{
    struct candidates c = { r->table, at, "" };
    const char *key = p->key->text;
    size_t n = 0;

    for (const char *s = key; *s && n + 1 < sizeof(c.word); s++) {
        if (*s != '_' && *s != '-')
            c.word[n++] = *s;
    }
    if (at->path[0])
        node_error(r->y, p->key, "`%s` has no field `%s`", at->path, key);
    else
        node_error(r->y, p->key, "%s has no field `%s`", r->owner, key);
    if (r->y->diags->n != r->y->diags->all) { /* only counted: nobody would see a suggestion */
        node_hide(r->y, p->value);
        return;
    }
    const char *meant = api_spelling(&c, key);
    if (!meant)
        meant = nearest_word(c.word, nth_candidate, &c);
    if (meant)
        diag_hint(r->y->diags, "did you mean `%s`?", meant);
    else if ((meant = elsewhere(r->table, key)))
        diag_hint(r->y->diags, "there is `%s`", meant);
    /* What a key nobody knows stands for could be a secret. */
    if (!meant || key_is_suspect(meant) || p->value->type != NODE_SCALAR)
        node_hide(r->y, p->value);
}

static bool is_word(const struct field *f, const char *s)
{
    for (size_t i = 0; f->words && f->words[i]; i++) {
        if (streq(f->words[i], s))
            return true;
    }
    return false;
}

static void print_words(const struct field *f, struct buf *out)
{
    for (size_t i = 0; f->words && f->words[i]; i++)
        buf_printf(out, "%s`%s`", i ? ", " : "", f->words[i]);
}

static const char *nth_word(const void *ctx, size_t i)
{
    const struct field *f = ctx;

    return f->words ? f->words[i] : NULL;
}

/* Names what the mapping would take. */
static void hint_block(struct reading *r, const struct field *f)
{
    struct candidates c = { .table = r->table };
    struct level at;
    struct buf names = BUF_WITH_LIMIT(4096);
    const char *word;

    (void)snprintf(at.path, sizeof(at.path), "%s", f->yaml);
    c.at = &at;
    for (size_t i = 0; (word = nth_candidate(&c, i)); i++)
        buf_printf(&names, "%s%s", i ? ", " : "", word);
    if (names.n)
        diag_hint(r->y->diags, "it takes %s", buf_text(&names));
    buf_clear(&names);
}

static void wrong_block(struct reading *r, const struct field *f, const struct node *n)
{
    struct buf what = BUF_WITH_LIMIT(1024), words = BUF_WITH_LIMIT(1024);

    node_print(n, &what);
    print_words(f, &words);
    node_error(r->y, n, "`%s` must be a mapping%s%s, not %s", f->yaml, words.n ? " or " : "",
               buf_text(&words), buf_text(&what));
    const char *meant = n->type == NODE_SCALAR ? nearest_word(n->text, nth_word, f) : NULL;
    if (meant)
        diag_hint(r->y->diags, "did you mean `%s`?", meant);
    else if (n->type == NODE_SCALAR && node_scalar(n) == SCALAR_NULL)
        diag_hint(r->y->diags, "an empty mapping is written {}");
    else
        hint_block(r, f);
    buf_clear(&what);
    buf_clear(&words);
}

static void read_level(struct reading *r, const struct node *map, const struct level *at);

static void read_block(struct reading *r, size_t row, const struct pair *p, const struct level *at)
{
    const struct field *f = &r->table.rows[row];
    struct value *v = &r->values[row];
    const struct node *n = p->value;

    if (n->type == NODE_SCALAR && is_word(f, n->text)) {
        *v = (struct value){ .state = V_SET, .pos = n->pos, .s = xstrdup(n->text) };
    } else if (n->type == NODE_MAP) {
        *v = (struct value){ .state = V_SET, .pos = p->key->pos };
        read_level(r, n, at);
    } else if (n->type == NODE_SCALAR && n->text[0] && node_scalar(n) == SCALAR_NULL &&
               f->flags & CLEARABLE) {
        *v = (struct value){ .state = V_NULL, .pos = n->pos };
    } else {
        wrong_block(r, f, n);
    }
}

/* Is there a row below this level? Then a mapping may stand here. */
static bool is_implied_block(const struct table t, const struct level *at)
{
    for (size_t i = 0; i < t.n; i++) {
        if (at->path[0] && below(&t.rows[i], at))
            return true;
    }
    return false;
}

static void read_pair(struct reading *r, const struct pair *p, const struct level *outer)
{
    struct level at;
    int n = snprintf(at.path, sizeof(at.path), "%s%s%s", outer->path, outer->path[0] ? "." : "",
                     p->key->text);
    int row = table_find(r->table, at.path);

    bool known = row >= 0 ? row_readable(&r->table.rows[row]) : is_implied_block(r->table, &at);
    bool whole = n > 0 && (size_t)n < sizeof(at.path) && !strchr(p->key->text, '.');

    if (!known || !whole) {
        unknown_key(r, outer, p);
    } else if (row >= 0 && r->table.rows[row].type == F_BLOCK) {
        read_block(r, (size_t)row, p, &at);
    } else if (row >= 0) {
        read_value(r->y, p->value, &r->table.rows[row], &r->values[row]);
    } else if (p->value->type == NODE_MAP) {
        read_level(r, p->value, &at);
    } else {
        struct field block = { .yaml = at.path, .type = F_BLOCK };
        wrong_block(r, &block, p->value);
    }
}

static void read_level(struct reading *r, const struct node *map, const struct level *at)
{
    for (size_t i = 0; i < map->n; i++)
        read_pair(r, &map->pairs[i], at);
}

/* The block row that the row stands in, -1 for the root. */
static int block_of(const struct table t, const char *yaml)
{
    int block = -1;
    size_t longest = 0;

    for (size_t i = 0; i < t.n; i++) {
        const char *outer = t.rows[i].yaml;
        if (outer && t.rows[i].type == F_BLOCK && row_below(yaml, outer) &&
            strlen(outer) > longest) {
            longest = strlen(outer);
            block = (int)i;
        }
    }
    return block;
}

/* Is the row's block there as a mapping, and where? */
static bool block_present(const struct reading *r, const char *yaml, struct pos *at)
{
    int block = block_of(r->table, yaml);

    *at = r->at;
    if (block < 0)
        return true;
    *at = r->values[block].pos;
    return r->values[block].state == V_SET && !r->values[block].s;
}

/* Did the manifest say something of the row, even if it could not be read? */
static bool is_said(const struct reading *r, size_t row)
{
    return r->values[row].state != V_ABSENT || node_at(r->root, r->table.rows[row].yaml);
}

static void check_required(struct reading *r)
{
    for (size_t i = 0; i < r->table.n; i++) {
        const struct field *f = &r->table.rows[i];
        struct pos at;
        if (!row_readable(f) || !(f->flags & REQUIRED) || is_said(r, i) ||
            !block_present(r, f->yaml, &at))
            continue;
        diag_error(r->y->diags, at, "%s needs `%s`", r->owner, f->yaml);
        if (f->doc)
            diag_hint(r->y->diags, "%s: %s", f->yaml, f->doc);
    }
}

static void print_group(const struct table t, unsigned group, struct buf *out)
{
    const char *before = "";

    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].group == group && row_readable(&t.rows[i])) {
            buf_printf(out, "%s`%s`", before, t.rows[i].yaml);
            before = ", ";
        }
    }
}

/* `first` is the first row of its group. */
static void check_group(struct reading *r, size_t first)
{
    struct table t = r->table;
    unsigned group = t.rows[first].group, flags = 0;
    struct buf words = BUF_WITH_LIMIT(1024);
    int said = -1;
    struct pos at;

    print_group(t, group, &words);
    for (size_t i = first; i < t.n; i++) {
        if (t.rows[i].group != group || !row_readable(&t.rows[i]))
            continue;
        flags |= t.rows[i].flags;
        if (!is_said(r, i) || r->values[i].state == V_NULL)
            continue;
        if (said >= 0 && r->values[i].state == V_SET) {
            diag_error(r->y->diags, r->values[i].pos, "`%s` and `%s` exclude each other",
                       t.rows[said].yaml, t.rows[i].yaml);
            diag_hint(r->y->diags, "%s one of %s may be set",
                      flags & GROUP_MUST ? "exactly" : "at most", buf_text(&words));
        }
        said = (int)i;
    }
    if (said < 0 && (flags & GROUP_MUST) && block_present(r, t.rows[first].yaml, &at))
        diag_error(r->y->diags, at, "%s needs exactly one of %s", r->owner, buf_text(&words));
    buf_clear(&words);
}

static void check_groups(struct reading *r)
{
    bool seen[UINT8_MAX + 1] = { false };

    for (size_t i = 0; i < r->table.n; i++) {
        const struct field *f = &r->table.rows[i];
        if (f->group && row_readable(f) && !seen[f->group])
            check_group(r, i);
        seen[f->group] |= row_readable(f);
    }
}

bool read_table(struct yaml_file *y, const struct node *map, struct pos at, struct table t,
                const char *owner, struct value *values)
{
    struct reading r = { y, map, t, owner, values, at };
    size_t errors = y->diags->errors;
    struct buf what = BUF_WITH_LIMIT(1024);

    if (map->type != NODE_MAP) {
        node_print(map, &what);
        node_error(y, map, "%s must be a mapping, not %s", owner, buf_text(&what));
        buf_clear(&what);
        return false;
    }
    read_level(&r, map, &(struct level){ "" });
    check_required(&r);
    check_groups(&r);
    return y->diags->errors == errors;
}

void values_clear(struct table t, struct value *values)
{
    for (size_t i = 0; i < t.n; i++)
        value_clear(&values[i], t.rows[i].type);
}
