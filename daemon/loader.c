#include "daemon/loader.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "daemon/digest.h"
#include "daemon/file.h"
#include "daemon/scan.h"
#include "daemon/secrets.h"
#include "schema/plugin.h"

enum {
    CANONICAL_MAX = 8 << 20, /* of one value; a manifest holds less */
    REVISION_TEXT = 12,
    SETTLED = 100, /* ms; a younger file may change again within the clock's tick */
};

/* A file as it was when it was read. What its objects take from elsewhere
 * (connector files, secrets) is in `inputs`. */
struct known {
    char *path;
    struct unit *unit;
    char stamp[DIGEST_TEXT], inputs[DIGEST_TEXT], content[DIGEST_TEXT];
    bool whole; /* nothing that it names was missing: `inputs` holds all of that */
    bool seen;
};

struct loader {
    char *root;
    struct digest *keyed;    /* begun with the ledger's key, given nothing */
    struct secrets *secrets; /* NULL: they are not looked at */
    struct map known;
    struct known **items;
    size_t n, cap;
};

struct loader *loader_new(const char *root, const uint8_t *digest_key, size_t key_n,
                          struct secrets *secrets)
{
    struct loader *l = xcalloc(1, sizeof(*l));

    l->root = xstrdup(root);
    l->keyed = digest_new(digest_key, key_n);
    l->secrets = secrets;
    return l;
}

static void known_free(struct known *k)
{
    unit_free(k->unit);
    free(k->path);
    free(k);
}

void loader_free(struct loader *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->n; i++)
        known_free(l->items[i]);
    free(l->items);
    map_clear(&l->known);
    digest_free(l->keyed);
    free(l->root);
    free(l);
}

static msec now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Was it changed so long ago that a further change would show in its times? */
static bool is_settled(const struct stat *st)
{
    return st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000 + SETTLED < now();
}

static void add_stamp(struct digest *g, const struct stat *st)
{
    const int64_t parts[] = {
        (int64_t)st->st_dev,          (int64_t)st->st_ino,          (int64_t)st->st_size,
        (int64_t)st->st_mtim.tv_sec,  (int64_t)st->st_mtim.tv_nsec, (int64_t)st->st_ctim.tv_sec,
        (int64_t)st->st_ctim.tv_nsec,
    };

    digest_add(g, parts, sizeof(parts));
}

static void stamp_text(const struct loader *l, const struct stat *st, char out[DIGEST_TEXT])
{
    OWNED(digest) g = digest_like(l->keyed);

    add_stamp(g, st);
    digest_text(g, out);
}

/* The file that an F_FILE row names; owned. */
static char *named_file(const struct object *o, const struct value *v)
{
    char *folder = file_folder(o->pos.file);
    char *path = file_below(folder, v->s);

    free(folder);
    return path;
}

/* Secret references found in a value. */
struct references {
    struct secret_ref *items;
    size_t n, cap;
};

static void collect(struct references *l, const cJSON *node)
{
    struct secret_ref ref;

    if (secret_ref_of(node, &ref)) {
        l->items = grow(l->items, l->n, &l->cap, sizeof(*l->items));
        l->items[l->n++] = ref;
        return;
    }
    for (const cJSON *child = node ? node->child : NULL; child; child = child->next)
        collect(l, child);
}

static int by_name(const void *a, const void *b)
{
    const struct secret_ref *x = a, *y = b;

    return x->source != y->source ? (int)x->source - (int)y->source : strcmp(x->name, y->name);
}

/* In an order that does not depend on that of the value's members. */
static struct references references_of(const struct field *f, const struct value *v)
{
    struct references l = { 0 };

    if (v->state == V_SET && type_is_json(f->type))
        collect(&l, v->json);
    if (l.n > 1)
        qsort(l.items, l.n, sizeof(*l.items), by_name);
    return l;
}

/* Adds the secrets that the value refers to; false, with *error, where one
 * cannot be read. */
static bool add_secrets(const struct loader *l, struct digest *g, const struct field *f,
                        const struct value *v, char **error)
{
    struct references refs = references_of(f, v);
    bool good = true;

    for (size_t i = 0; l->secrets && good && i < refs.n; i++) {
        struct secret secret;
        good = secrets_get_for(l->secrets, v->pos.file, &refs.items[i], &secret, error);
        if (good)
            digest_add(g, secret.data, secret.n);
    }
    free(refs.items);
    return good;
}

/* What the object takes from outside of its file, as far as it shows without
 * reading connector files; false where it must be looked at in any case. */
static bool add_inputs(const struct loader *l, struct digest *g, const struct object *o)
{
    bool certain = true;

    for (size_t i = 0; certain && i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        const struct value *v = &o->values[i];
        char *error = NULL;
        if (v->state == V_SET && f->type == F_FILE) {
            struct stat st = { 0 };
            char *path = named_file(o, v);
            certain = stat(path, &st) == 0 && is_settled(&st);
            add_stamp(g, &st);
            free(path);
        } else {
            certain = add_secrets(l, g, f, object_made(o, i), &error);
        }
        free(error);
    }
    return certain;
}

static bool inputs_text(const struct loader *l, const struct unit *u, char out[DIGEST_TEXT])
{
    OWNED(digest) g = digest_like(l->keyed);
    bool certain = true;

    for (size_t i = 0; certain && i < u->n; i++)
        certain = add_inputs(l, g, u->objects[i]);
    digest_text(g, out);
    return certain;
}

static void finding(struct diags *d, const struct field *f, const struct value *v, char *why_taken)
{
    diag_error(d, v->pos, "`%s`: %s", f->yaml, why_taken);
    free(why_taken);
}

static void add_canonical(struct digest *g, const struct field *f, const struct value *v)
{
    struct buf text = BUF_WITH_LIMIT(CANONICAL_MAX);

    value_canonical(f, v, &text);
    digest_add(g, f->yaml, strlen(f->yaml));
    digest_add(g, buf_text(&text), text.n);
    buf_clear(&text);
}

/* Reads the file that a row names: its digest, and what identifies it. */
static bool attach_file(const struct loader *l, struct object *o, size_t row, struct diags *d)
{
    const struct field *f = &o->kind->table.rows[row];
    struct value *v = &o->values[row];
    char *path = named_file(o, v), *error = NULL;
    size_t n;
    char *text = file_read(path, PLUGIN_MAX, &n, &error);

    free(path);
    if (!text) {
        finding(d, f, v, error);
        return false;
    }
    bool good = plugin_attach(o, text, n, d);
    char digest[DIGEST_TEXT];
    OWNED(digest) g = digest_like(l->keyed);
    digest_more(g, text, n);
    digest_text(g, digest);
    v->digest = fingerprint_parse(digest); /* dct looks whether it still holds */
    free(text);
    return good;
}

static bool attach_value(const struct loader *l, const struct field *f, struct value *v,
                         struct diags *d)
{
    OWNED(digest) g = digest_like(l->keyed);
    char *error = NULL;

    add_canonical(g, f, v);
    if (!add_secrets(l, g, f, v, &error)) {
        finding(d, f, v, error);
        return false;
    }
    char digest[DIGEST_TEXT];
    digest_text(g, digest);
    v->digest = fingerprint_parse(digest);
    return true;
}

/* Files first: they set rows of their own, which then get digests, too. */
static bool attach_object(const struct loader *l, struct object *o, struct diags *d)
{
    bool good = true;

    for (size_t i = 0; i < o->kind->table.n; i++) {
        if (o->values[i].state == V_SET && o->kind->table.rows[i].type == F_FILE)
            good &= attach_file(l, o, i, d);
    }
    for (size_t i = 0; i < o->kind->table.n; i++) {
        if (o->values[i].state != V_ABSENT && o->kind->table.rows[i].type != F_FILE)
            good &= attach_value(l, &o->kind->table.rows[i], &o->values[i], d);
        if (o->made && o->made[i].state != V_ABSENT)
            good &= attach_value(l, &o->kind->table.rows[i], &o->made[i], d);
    }
    return good;
}

/* Completes the unit's objects; those that cannot be are left out. */
static bool attach_unit(const struct loader *l, struct unit *u)
{
    size_t kept = 0;

    for (size_t i = 0; i < u->n; i++) {
        struct object *o = u->objects[i];
        if (attach_object(l, o, &u->diags)) {
            u->objects[kept++] = o;
            continue;
        }
        char *key = xasprintf("%s/%s", o->kind->name, o->name);
        strings_add(&u->left_out, key);
        free(key);
        object_free(o);
    }
    bool good = kept == u->n;
    u->n = kept;
    return good;
}

static struct unit *unreadable(const char *path, char *why_taken)
{
    static const char nothing[] = "#\n"; /* not the empty file, which is a finding of its own */
    struct unit *u = unit_parse(path, nothing, sizeof(nothing) - 1);

    u->broken = true;
    /* The reason begins with the path, which the finding says by itself. */
    size_t n = strlen(path);
    bool twice = starts_with(why_taken, path) && starts_with(why_taken + n, ": ");
    diag_error(&u->diags, (struct pos){ .file = file_name(path) }, "%s",
               why_taken + (twice ? n + 2 : 0));
    free(why_taken);
    return u;
}

static struct known *known_put(struct loader *l, const char *path)
{
    struct known *k = map_get(&l->known, path);

    if (k)
        return k;
    k = xcalloc(1, sizeof(*k));
    k->path = xstrdup(path);
    map_set(&l->known, k->path, k);
    l->items = grow(l->items, l->n, &l->cap, sizeof(struct known *));
    l->items[l->n++] = k;
    return k;
}

/* Does everything the unit was made of stand as it stood? */
static bool is_unchanged(const struct loader *l, const struct known *k, const char *stamp)
{
    char inputs[DIGEST_TEXT];

    return k->unit && k->stamp[0] && streq(k->stamp, stamp) && inputs_text(l, k->unit, inputs) &&
           streq(k->inputs, inputs);
}

/* The stamps are taken before the reading, so that a change in between is seen
 * the next time; an empty stamp means that there is none to rely on. */
static void load_file(struct loader *l, const struct found *found)
{
    struct known *k = known_put(l, found->path);
    char stamp[DIGEST_TEXT], *error = NULL;
    size_t n;

    k->seen = true;
    stamp_text(l, &found->stat, stamp);
    if (is_unchanged(l, k, stamp))
        return;
    unit_free(TAKE(k->unit));
    k->stamp[0] = k->content[0] = '\0';
    k->whole = false;
    char *text = file_read(found->path, MANIFEST_MAX, &n, &error);
    if (!text) {
        k->unit = unreadable(found->path, error);
        return;
    }
    k->unit = unit_parse(found->path, text, n);
    digest_hex((const uint8_t *)"revision", 8, text, n, k->content);
    free(text);
    bool certain = inputs_text(l, k->unit, k->inputs);
    k->whole = attach_unit(l, k->unit);
    if (k->whole && certain && is_settled(&found->stat))
        memcpy(k->stamp, stamp, sizeof(stamp));
}

static void forget_unseen(struct loader *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        struct known *k = l->items[i];
        if (k->seen) {
            k->seen = false;
            l->items[kept++] = k;
            continue;
        }
        map_remove(&l->known, k->path);
        known_free(k);
    }
    l->n = kept;
}

/* Of everything that was read, in order; NULL where something was not. */
static char *revision_of(const struct loader *l, const struct scan *s)
{
    OWNED(digest) g = digest_new((const uint8_t *)"revision", 8);
    char text[DIGEST_TEXT];

    for (size_t i = 0; i < s->n; i++) {
        const struct known *k = map_get(&l->known, s->files[i].path);
        if (!k->content[0])
            return NULL;
        digest_add(g, k->content, sizeof(k->content));
    }
    digest_text(g, text);
    return s->diags.errors ? NULL : xstrndup(text, REVISION_TEXT);
}

static void scan_source(struct scan *s, const char *path)
{
    size_t files = s->n, errors = s->diags.errors;

    scan_path(s, path);
    if (s->n > files || s->diags.errors > errors)
        return;
    diag_error(&s->diags, (struct pos){ .file = file_name(path) }, "holds no manifests");
    diag_hint(&s->diags, "manifests end in .yaml or .yml; nothing is deleted because of this");
}

static struct set *build(struct loader *l, const struct scan *s)
{
    struct unit **units = xcalloc(s->n, sizeof(struct unit *));

    for (size_t i = 0; i < s->n; i++) {
        load_file(l, &s->files[i]);
        units[i] = ((struct known *)map_get(&l->known, s->files[i].path))->unit;
    }
    struct set *set = set_build(units, s->n);
    free(units);
    return set;
}

bool loader_outdated(const struct loader *l)
{
    bool outdated = false;

    if (l->secrets)
        secrets_forget(l->secrets);
    for (size_t i = 0; i < l->n && !outdated; i++) {
        const struct known *k = l->items[i];
        char inputs[DIGEST_TEXT];
        outdated = k->whole && inputs_text(l, k->unit, inputs) && !streq(k->inputs, inputs);
    }
    return outdated;
}

struct set *loader_load(struct loader *l, const char *const *paths, size_t n_paths)
{
    struct scan s = { 0 };

    if (l->secrets)
        secrets_forget(l->secrets);
    for (size_t i = 0; i < n_paths; i++)
        scan_source(&s, paths[i]);
    if (n_paths == 0)
        scan_source(&s, l->root);

    struct set *set = build(l, &s);
    if (s.n > 0 && set->n == 0 && set->left_out.n == 0 && set->diags.errors == 0) {
        diag_error(&s.diags, (struct pos){ .file = file_name(s.files[0].path) },
                   "no object is declared, here or in the other files");
        diag_hint(&s.diags, "nothing is deleted because of this");
    }
    diags_append(&set->diags, &s.diags);
    diags_sort(&set->diags);
    set->complete &= s.diags.errors == 0;
    set->revision = revision_of(l, &s);
    forget_unseen(l);
    scan_clear(&s);
    return set;
}
