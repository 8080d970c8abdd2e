#include "schema/explain.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/ignore.h"
#include "schema/policy.h"

enum { SENTENCE_MAX = 4096 };

/* Rows for one reader: a kind's, or those of one of its lists. */
struct telling {
    const struct kind_desc *kind; /* NULL where a change of a row means nothing to DCT */
    struct table table;
    const char *prefix; /* "hooks.preRefresh[]."; "" for the kind's own rows */
    bool man;
    struct buf *out;
};

static const struct {
    const char *name;
    const char *unit; /* of min and max; NULL: they are not for people */
} types[] = {
    [F_BLOCK] = { "A mapping", NULL },
    [F_STRING] = { "Text", " characters" },
    [F_INTEGER] = { "An integer", "" },
    [F_BOOLEAN] = { "true or false", NULL },
    [F_ENUM] = { "One of ", NULL },
    [F_TIME] = { "A time, as RFC 3339", NULL },
    [F_STRINGS] = { "A list of texts", " items" },
    [F_MAP] = { "A mapping of names to texts", " entries" },
    [F_TAGS] = { "A mapping of keys to a value or a list of values", NULL },
    [F_SETTINGS] = { "A mapping of names to values; null comments a setting out", NULL },
    [F_LIST] = { "A list of mappings", " items" },
    [F_JSON] = { "A mapping, passed on as it is", NULL },
    [F_REF] = { "The name of ", NULL },
    [F_SECRET] = { "A secret: {credential: NAME}, {file: PATH} or {env: NAME}", NULL },
    [F_FILE] = { "The path of a file, relative to the manifest", NULL },
    [F_CONST] = { "Nothing", NULL },
};

static const char *const targets[] = {
    [REF_KIND] = "an object of the kind ",
    [REF_GROUP] = "a dataset group",
    [REF_POLICY] = "a policy of the type ",
    [REF_REPOSITORY] = "a repository of the environment",
    [REF_ENV_USER] = "a user of the environment",
    [REF_SNAPSHOT] = "a snapshot",
    [REF_BOOKMARK] = "a bookmark",
};

static bool shown(const struct field *f)
{
    return f->yaml && f->type != F_CONST && !(f->flags & (FACT | DERIVED));
}

static void add_words(const struct field *f, struct buf *out)
{
    for (size_t i = 0; f->words[i]; i++)
        buf_printf(out, "%s%s", i == 0 ? "" : f->words[i + 1] ? ", " : " or ", f->words[i]);
}

static void add_range(const struct field *f, struct buf *out)
{
    const char *unit = types[f->type].unit;

    if (!unit || (!f->min && !f->max))
        return;
    if (!f->max)
        buf_printf(out, ", at least %" PRId64 "%s", f->min, unit);
    else if (f->min)
        buf_printf(out, ", %" PRId64 " to %" PRId64 "%s", f->min, f->max, unit);
    else
        buf_printf(out, ", at most %" PRId64 "%s", f->max, unit);
}

static void add_target(const struct ref *ref, struct buf *out)
{
    buf_puts(out, targets[ref->target]);
    if (ref->target == REF_KIND)
        buf_puts(out, kind_desc(ref->kind)->name);
    else if (ref->target == REF_POLICY)
        buf_puts(out, ref->policy_type);
    buf_puts(out, ", or id:ID");
}

/* "; exactly one of this, b and c" */
static void add_group(const struct telling *t, const struct field *f, struct buf *out)
{
    const char *before = f->flags & GROUP_MUST ? "; exactly one of this" : "; not together with";
    const char *comma = f->flags & GROUP_MUST ? ", " : " ";

    for (size_t i = 0; f->group && i < t->table.n; i++) {
        const struct field *other = &t->table.rows[i];
        if (other == f || other->group != f->group || !shown(other))
            continue;
        buf_printf(out, "%s%s%s", before, comma, other->yaml);
        before = "";
        comma = ", ";
    }
}

/* "An integer, 1 to 65535; required." */
static void type_sentence(const struct telling *t, const struct field *f, struct buf *out)
{
    if (f->type == F_BOOLEAN && f->min)
        buf_puts(out, "true");
    else
        buf_puts(out, types[f->type].name);
    if (f->type == F_BLOCK && f->words)
        buf_puts(out, ", or ");
    if (f->words)
        add_words(f, out);
    if (f->ref)
        add_target(f->ref, out);
    add_range(f, out);
    if (f->pattern)
        buf_printf(out, ", that matches %s", f->pattern);
    if (f->flags & REQUIRED)
        buf_puts(out, "; required");
    add_group(t, f, out);
    if (f->flags & CLEARABLE)
        buf_puts(out, "; null clears it");
    buf_puts(out, ".");
}

/* With a capital letter, unless a word that must be spelled so comes first. */
static void doc_sentence(const struct field *f, struct buf *out)
{
    size_t n = f->doc ? strlen(f->doc) : 0;

    if (!n)
        return;
    char first = f->doc[0];
    if (!f->words || !starts_with(f->doc, f->words[0]))
        first = (char)toupper((unsigned char)first);
    buf_printf(out, "%c%s%s", first, f->doc + 1, f->doc[n - 1] == '?' ? "" : ".");
}

/* By the calls that a row names: its own, or those that switch the object. */
static void switch_sentence(const struct kind_desc *k, const struct field *f, struct buf *out)
{
    const struct call *on = f->flags & ACTION ? &k->updates[f->call] : &k->enable;
    const struct call *off = f->flags & ACTION ? &k->updates[f->call + 1] : &k->disable;

    buf_printf(out, "A change asks DCT to %s or %s the %s.", on->name, off->name, k->name);
}

static void once_sentence(const struct kind_desc *k, const struct field *f, struct buf *out)
{
    buf_printf(out, "Used when the %s is made", k->name);
    if (f->update && f->call < k->n_updates)
        buf_printf(out, " and at each %s", k->updates[f->call].name);
    buf_puts(out, "; never compared afterwards.");
}

static void update_sentence(const struct kind_desc *k, const struct field *f, struct buf *out)
{
    if (f->flags & NEEDS_DISABLED)
        buf_printf(out, "A change disables the %s while it is made.", k->name);
    else if (f->flags & USERS_DISABLED)
        buf_printf(out, "A change disables the datasets on the %s while it is made.", k->name);
    else
        buf_puts(out, "Changed in place.");
}

static void change_sentence(const struct kind_desc *k, const struct field *f, struct buf *out)
{
    if (streq(f->yaml, "metadata.name"))
        buf_puts(out, f->update ? "Renamed in place where metadata.movedFrom names the old one."
                                : "Another name is another object.");
    else if (f->flags & STATE)
        switch_sentence(k, f, out);
    else if (f->flags & TOKEN)
        buf_printf(out, "A new value asks DCT for one %s.", k->updates[f->call].name);
    else if (f->flags & ACTION)
        buf_printf(out, "A change is a call of its own: %s.", k->updates[f->call].name);
    else if (f->flags & ONCE)
        once_sentence(k, f, out);
    else if (f->type == F_FILE)
        buf_puts(out, "A file with other content is uploaded again.");
    else if (f->type == F_TAGS || row_changeable(k, f))
        update_sentence(k, f, out);
    else if (f->type != F_BLOCK && !(f->flags & LOCAL))
        buf_puts(out, "Cannot be changed once made: see policy.replace.");
}

/* What of the row policy.ignore takes by itself. */
static void ignore_sentence(const struct field *f, struct buf *out)
{
    size_t depth = ignore_depth(f);

    if (!depth)
        return;
    buf_puts(out,
             starts_with(f->yaml, "metadata.") ? "Ignored in part: /" : "Ignored in part: /spec/");
    for (const char *c = f->yaml; *c; c++)
        buf_char(out, *c == '.' ? '/' : *c);
    buf_printf(out, "/%s%s.", f->type == F_TAGS ? "KEY" : "NAME", depth > 1 ? ", and below" : "");
}

/* A line of mdoc text: what roff would take for a request or an escape is not one. */
static void man_line(const char *s, struct buf *out)
{
    if (*s == '.' || *s == '\'')
        buf_puts(out, "\\&");
    for (; *s; s++)
        buf_puts(out, *s == '\\' ? "\\e" : (char[]){ *s, '\0' });
    buf_puts(out, "\n");
}

static void add_line(const struct telling *t, struct buf *line)
{
    if (line->n && t->man)
        man_line(buf_text(line), t->out);
    else if (line->n)
        buf_printf(t->out, "      %s\n", buf_text(line));
    buf_clear(line);
}

static void tell_row(const struct telling *t, const struct field *f)
{
    struct buf line = BUF_WITH_LIMIT(SENTENCE_MAX);

    buf_printf(t->out, "%s%s%s\n", t->man ? ".It Li " : "  ", t->prefix, f->yaml);
    type_sentence(t, f, &line);
    add_line(t, &line);
    doc_sentence(f, &line);
    add_line(t, &line);
    if (t->kind) {
        change_sentence(t->kind, f, &line);
        add_line(t, &line);
        ignore_sentence(f, &line);
        add_line(t, &line);
    }
}

/* The first row of the table whose elements are the same. */
static const struct field *first_like(const struct table t, const struct field *f)
{
    const struct field *like = t.rows;

    while (like->sub != f->sub)
        like++;
    return like;
}

static bool tell(const struct telling *t, const char *path);

static bool tell_elements(const struct telling *t, const struct field *f, const char *path)
{
    char *prefix = xasprintf("%s%s[].", t->prefix, f->yaml);
    struct telling inner = { NULL, { f->sub, f->n_sub }, prefix, t->man, t->out };
    bool told = tell(&inner, path);

    free(prefix);
    return told;
}

/* The rest of the path below the row: "" where the row is all it names, NULL
 * where it names something else. */
static const char *rest_of(const char *path, const char *row)
{
    size_t n = strlen(row);

    if (strncmp(path, row, n) != 0)
        return NULL;
    path += n;
    if (starts_with(path, "[]"))
        path += 2;
    if (*path == '.')
        return path + 1;
    return *path ? NULL : path;
}

/* The elements of a list are told once, and where they are asked for. */
static bool tell_list(const struct telling *t, const struct field *f, const char *path)
{
    const struct field *like = first_like(t->table, f);
    const char *rest = path ? rest_of(path, f->yaml) : NULL;

    if (rest)
        return tell_elements(t, f, *rest ? rest : NULL);
    if (path && !row_below(f->yaml, path))
        return false;
    if (like == f)
        (void)tell_elements(t, f, NULL);
    else
        buf_printf(t->out, "%sIts elements are those of %s%s.\n", t->man ? "" : "      ", t->prefix,
                   like->yaml);
    return true;
}

/* A path chooses the row of that name and what is below it. */
static bool tell(const struct telling *t, const char *path)
{
    bool told = false;

    for (size_t i = 0; i < t->table.n; i++) {
        const struct field *f = &t->table.rows[i];
        if (!shown(f))
            continue;
        bool chosen = !path || streq(f->yaml, path) || row_below(f->yaml, path);
        if (chosen)
            tell_row(t, f);
        told = chosen || told;
        if (f->sub)
            told = tell_list(t, f, path) || told;
    }
    return told;
}

static const char policy_doc[] = "what dctd may do with an object, of any kind";

void explain_kinds(struct buf *out)
{
    for (enum kind k = KIND_ENGINE; k < KINDS; k++)
        buf_printf(out, "%-13s %s\n", kind_desc(k)->name, kind_desc(k)->doc);
    buf_printf(out, "%-13s %s\n", "policy", policy_doc);
}

bool explain_fields(const struct kind_desc *k, const char *path, struct buf *out)
{
    const struct telling t = { k, k->table, "", false, out };

    if (!path)
        buf_printf(out, "%s: %s\n\n", k->name, k->doc);
    return tell(&t, path);
}

/* Rows in the order of the table, those that nobody can name left out. */
static const char *nth_row(const void *ctx, size_t n)
{
    const struct table *t = ctx;

    for (size_t i = 0; i < t->n; i++) {
        if (shown(&t->rows[i]) && n-- == 0)
            return t->rows[i].yaml;
    }
    return NULL;
}

const char *explain_near(const struct kind_desc *k, const char *path)
{
    return nearest_word(path, nth_row, k ? &k->table : &policy_table);
}

bool explain_policy(const char *path, struct buf *out)
{
    const struct telling t = { NULL, policy_table, "", false, out };

    if (!path)
        buf_printf(out, "policy: %s\n\n", policy_doc);
    return tell(&t, path);
}

void explain_man(const struct kind_desc *k, struct buf *out)
{
    const struct telling t = { k, k ? k->table : policy_table, "", true, out };
    const char *name = k ? k->name : "policy", *doc = k ? k->doc : policy_doc;

    buf_printf(out, ".Ss %s\n%c%s.\n.Bl -tag -width indent\n", name, toupper((unsigned char)doc[0]),
               doc + 1);
    (void)tell(&t, NULL);
    buf_puts(out, ".El\n");
}
