/* One manifest file: its documents, each an object of one kind. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "schema/ignore.h"
#include "schema/policy.h"
#include "schema/set.h"

static const char *const root_keys[] = { "apiVersion", "kind", "metadata", "spec", "policy", NULL };

static const char *nth_root_key(const void *ctx, size_t i)
{
    (void)ctx;
    return root_keys[i];
}

static const char *nth_kind(const void *ctx, size_t i)
{
    (void)ctx;
    return i < KINDS ? kind_desc((enum kind)i)->name : NULL;
}

static void check_root_keys(struct yaml_file *y, const struct node *doc)
{
    for (size_t i = 0; i < doc->n; i++) {
        const struct pair *p = &doc->pairs[i];
        size_t k = 0;
        while (root_keys[k] && !streq(root_keys[k], p->key->text))
            k++;
        if (root_keys[k])
            continue;
        node_error(y, p->key, "a manifest has no `%s`", p->key->text);
        node_hide(y, p->value);
        const char *meant = nearest_word(p->key->text, nth_root_key, NULL);
        if (meant)
            diag_hint(y->diags, "did you mean `%s`?", meant);
        else
            diag_hint(y->diags, "what describes the object stands below `spec`");
    }
}

static void check_version(struct yaml_file *y, const struct node *doc)
{
    const struct node *n = node_get(doc, "apiVersion");

    if (n && n->type == NODE_SCALAR && streq(n->text, "dct/v1"))
        return;
    if (!n)
        diag_error(y->diags, doc->pos, "`apiVersion` is missing");
    else
        node_error(y, n, "this apiVersion is not known");
    diag_hint(y->diags, "write apiVersion: dct/v1");
}

static const struct kind_desc *read_kind(struct yaml_file *y, const struct node *doc)
{
    const struct node *n = node_get(doc, "kind");
    struct buf kinds = BUF_WITH_LIMIT(1024);

    for (size_t i = 0; n && n->type == NODE_SCALAR && i < KINDS; i++) {
        if (streq(nth_kind(NULL, i), n->text))
            return kind_desc((enum kind)i);
    }
    for (size_t i = 0; i < KINDS; i++)
        buf_printf(&kinds, "%s%s", i ? ", " : "", nth_kind(NULL, i));
    if (!n) {
        diag_error(y->diags, doc->pos, "`kind` is missing");
    } else if (n->type != NODE_SCALAR) {
        node_error(y, n, "`kind` must be a word");
    } else {
        node_error(y, n, "there is no kind `%s`", n->text);
    }
    const char *meant = n && n->type == NODE_SCALAR ? nearest_word(n->text, nth_kind, NULL) : NULL;
    if (meant)
        diag_hint(y->diags, "did you mean `%s`?", meant);
    else
        diag_hint(y->diags, "kinds are %s", buf_text(&kinds));
    buf_clear(&kinds);
    return NULL;
}

enum { NAME, MOVED_FROM, TAGS, METADATA_ROWS };

/* What `metadata` takes; the kind's own rows say what its name and tags may be. */
static size_t metadata_rows(const struct kind_desc *k, struct field *rows)
{
    int name = table_find(k->table, "metadata.name"), tags = table_find(k->table, "metadata.tags");

    rows[NAME] =
        name < 0 ? (struct field){ .type = F_STRING, .min = 1, .max = 256 } : k->table.rows[name];
    rows[NAME].yaml = "name";
    rows[NAME].flags |= REQUIRED;
    rows[MOVED_FROM] = rows[NAME];
    rows[MOVED_FROM].yaml = "movedFrom";
    rows[MOVED_FROM].flags = 0;
    rows[MOVED_FROM].doc = "the name that the object had before";
    if (tags < 0)
        return TAGS;
    rows[TAGS] = k->table.rows[tags];
    rows[TAGS].yaml = "tags";
    return METADATA_ROWS;
}

/* Hands a value of the metadata over to the kind's row, where it has one. */
static void move_to_row(struct object *o, const char *yaml, struct value *v)
{
    int row = table_find(o->kind->table, yaml);

    if (row < 0)
        return;
    o->values[row] = *v;
    *v = (struct value){ 0 };
}

/* A document that is being read; `left_out` collects identities of the failed. */
struct document {
    struct yaml_file *y;
    const struct node *root;
    const struct kind_desc *kind;
    struct unit *unit;
};

/* The name, even where other metadata has findings; NULL where none is told. */
static struct object *read_metadata(struct document *d)
{
    const struct pair *p = node_pair(d->root, "metadata");
    struct field rows[METADATA_ROWS];
    struct value values[METADATA_ROWS] = { 0 };
    struct object *o = NULL;

    if (!p) {
        diag_error(d->y->diags, d->root->pos, "`metadata` is missing");
        diag_hint(d->y->diags, "write metadata: {name: NAME}");
        return NULL;
    }
    struct table t = { rows, metadata_rows(d->kind, rows) };
    read_table(d->y, p->value, p->key->pos, t, "metadata", values);
    if (values[NAME].state == V_SET) {
        o = object_new(d->kind, values[NAME].s, d->root->pos);
        if (values[MOVED_FROM].state == V_SET)
            o->moved_from = TAKE(values[MOVED_FROM].s);
        move_to_row(o, "metadata.name", &values[NAME]);
        if (t.n > TAGS)
            move_to_row(o, "metadata.tags", &values[TAGS]);
    }
    values_clear(t, values);
    return o;
}

static void read_spec(struct document *d, struct object *o)
{
    const struct pair *p = node_pair(d->root, "spec");

    if (p) {
        read_table(d->y, p->value, p->key->pos, d->kind->table, d->kind->name, o->values);
        return;
    }
    diag_error(d->y->diags, d->root->pos, "`spec` is missing");
    diag_hint(d->y->diags, "`dctd explain %s` shows what it takes", d->kind->arg);
}

static void add_object(struct unit *u, struct object *o)
{
    u->objects = xrealloc(u->objects, (u->n + 1) * sizeof(struct object *));
    u->objects[u->n++] = o;
}

static void read_document(struct unit *u, struct yaml_file *y, const struct node *root)
{
    struct document d = { .y = y, .root = root, .unit = u };
    size_t errors = y->diags->errors;

    if (root->type != NODE_MAP || (!node_get(root, "apiVersion") && !node_get(root, "kind"))) {
        diag_error(y->diags, root->pos, "this is no manifest");
        diag_hint(y->diags, "a manifest is a mapping that begins with apiVersion: dct/v1");
        node_hide(y, root); /* it may be a file of secrets that went astray */
        u->broken = true;
        return;
    }
    check_root_keys(y, root);
    check_version(y, root);
    d.kind = read_kind(y, root);
    if (!d.kind) {
        if (node_get(root, "spec"))
            node_hide(y, node_get(root, "spec"));
        u->broken = true;
        return;
    }
    OWNED(object) o = read_metadata(&d);
    bool nameless = !o;
    if (nameless) /* the rest may have findings too */
        o = object_new(d.kind, "", root->pos);
    read_spec(&d, o);
    const struct pair *policy = node_pair(root, "policy");
    if (policy)
        policy_read(y, policy, &o->policy);
    ignore_read(y, root, o);
    if (nameless) {
        u->broken = true;
        return;
    }
    if (y->diags->errors == errors && !root->flawed) {
        add_object(u, TAKE(o));
        return;
    }
    char *key = xasprintf("%s/%s", o->kind->name, o->name);
    strings_add(&u->left_out, key);
    free(key);
}

struct unit *unit_parse(const char *file, const char *text, size_t n)
{
    struct unit *u = xcalloc(1, sizeof(*u));

    u->refs = 1;
    u->file = file_name(file);
    OWNED(yaml_file) y = yaml_file_parse(file, text, n, &u->diags);
    for (size_t i = 0; i < y->n_docs; i++)
        read_document(u, y, y->docs[i]);
    u->broken |= y->broken;
    source_quote(&y->source, &u->diags);
    diags_sort(&u->diags);
    u->source = xmalloc(sizeof(*u->source));
    *u->source = y->source;
    y->source = (struct source){ 0 };
    return u;
}

struct unit *unit_ref(struct unit *u)
{
    u->refs++;
    return u;
}

void unit_free(struct unit *u)
{
    if (!u)
        return;
    assert(u->refs > 0);
    if (--u->refs)
        return;
    for (size_t i = 0; i < u->n; i++)
        object_free(u->objects[i]);
    free(u->objects);
    strings_clear(&u->left_out);
    diags_clear(&u->diags);
    source_clear(u->source);
    free(u->source);
    free(u);
}
