/* Pointers to rows and to parts of their values. */
#include "schema/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/read.h"

enum { POINTER_MAX = 1024, LISTED_MAX = 10, ANY_DEPTH = 1000 };

bool row_ignored(const struct object *o, const struct field *f)
{
    const struct strings *ignore = &o->policy.ignore;

    for (size_t i = 0; i < ignore->n; i++) {
        if (streq(ignore->items[i], f->yaml) || row_below(f->yaml, ignore->items[i]))
            return true;
    }
    return false;
}

/* The sub-row that elements are told apart by; NULL where they have no names. */
static const struct field *element_name(const struct field *f)
{
    for (size_t i = 0; i < f->n_sub; i++) {
        if (f->sub[i].flags & LOCAL)
            return &f->sub[i];
    }
    return NULL;
}

/* How deep a pointer may reach into the row's value; 0 = it is compared as a whole. */
static size_t depth_of(const struct field *f)
{
    if (f->type == F_JSON)
        return ANY_DEPTH;
    if (f->type == F_LIST)
        return element_name(f) ? 2 : 0;
    return f->type == F_MAP || f->type == F_TAGS || f->type == F_SETTINGS;
}

size_t ignore_depth(const struct field *f)
{
    return f->read && !(f->flags & (ONCE | FACT)) ? depth_of(f) : 0;
}

/* The member of a list's elements that names them; NULL where names are keys. */
static const char *naming_member(const struct field *f)
{
    if (f->type == F_TAGS)
        return "key";
    if (f->type == F_SETTINGS)
        return "propertyName";
    const struct field *name = element_name(f);
    return name ? name->create : NULL;
}

/* What a manifest calls the member; NULL where none can point to it. */
static const char *name_of(const struct field *f, size_t depth, const cJSON *member)
{
    const char *naming = naming_member(f);

    if (depth == 0)
        return naming ? json_text(member, naming) : member->string;
    for (size_t i = 0; naming && i < f->n_sub; i++) {
        if (!(f->sub[i].flags & LOCAL) && streq(f->sub[i].create, member->string))
            return f->sub[i].yaml;
    }
    return naming ? NULL : member->string;
}

static bool has_members(const struct field *f, size_t depth, const cJSON *at)
{
    return (depth == 0 && naming_member(f)) || (cJSON_IsObject(at) && !json_at(at, "$secret"));
}

static cJSON *find(const struct field *f, size_t depth, const cJSON *at, const char *name)
{
    for (cJSON *m = at ? at->child : NULL; m && has_members(f, depth, at); m = m->next) {
        const char *own = name_of(f, depth, m);
        if (own && streq(own, name))
            return m;
    }
    return NULL;
}

/* One reference token of a pointer; NULL where a ~ stands for nothing. */
static char *unescape(const char *token, size_t n)
{
    char *name = xmalloc(n + 1);
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        name[len] = token[i];
        if (token[i] == '~') {
            i++;
            if (i == n || (token[i] != '0' && token[i] != '1')) {
                free(name);
                return NULL;
            }
            name[len] = token[i] == '0' ? '~' : '/';
        }
        len++;
    }
    name[len] = '\0';
    return name;
}

static void add_escaped(struct buf *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '~' || *name == '/')
            buf_puts(out, *name == '~' ? "~0" : "~1");
        else
            buf_char(out, *name);
    }
}

/* The names that the pointer is made of; false where it is none. */
static bool split(const char *pointer, struct strings *names)
{
    while (*pointer == '/') {
        size_t n = strcspn(++pointer, "/");
        char *name = unescape(pointer, n);
        if (!name)
            return false;
        strings_add(names, name);
        free(name);
        pointer += n;
    }
    return !*pointer && names->n > 0;
}

/* Takes the member away; every one, where tags have one key. */
static bool take_out(const struct field *f, cJSON *value, const struct strings *names)
{
    cJSON *at = value, *member;
    size_t last = names->n - 1;
    bool any = false;

    for (size_t i = 0; i < last && at; i++)
        at = find(f, i, at, names->items[i]);
    while ((member = find(f, last, at, names->items[last])) != NULL) {
        cJSON_Delete(cJSON_DetachItemViaPointer(at, member));
        any = true;
    }
    return any;
}

/* The part of the row that the i-th pointer leaves alone; false where it is another's. */
static bool part_of(const struct object *o, const struct field *f, size_t i, struct strings *names)
{
    const char *part = o->policy.ignore_parts.items[i];
    size_t n = strlen(f->yaml);

    return starts_with(part, f->yaml) && part[n] == '/' && split(part + n, names);
}

bool tag_ignored(const struct object *o, const char *key)
{
    const struct field *f = &o->kind->table.rows[kind_row(o->kind, "metadata.tags")];
    bool is = row_ignored(o, f);

    for (size_t i = 0; i < o->policy.ignore_parts.n && !is; i++) {
        struct strings names = { 0 };
        is = part_of(o, f, i, &names) && streq(names.items[0], key);
        strings_clear(&names);
    }
    return is;
}

/* From here on the values are what is compared and sent, o->made what it is made with. */
static void leave_parts(struct object *o, size_t row)
{
    const struct field *f = &o->kind->table.rows[row];
    struct value *v = &o->values[row], whole = { 0 };
    bool any = false;

    value_copy(&whole, v, f->type);
    for (size_t i = 0; i < o->policy.ignore_parts.n; i++) {
        struct strings names = { 0 };
        if (part_of(o, f, i, &names))
            any = take_out(f, v->json, &names) || any;
        strings_clear(&names);
    }
    if (any && !o->made)
        o->made = xcalloc(o->kind->table.n, sizeof(*o->made));
    if (any)
        o->made[row] = whole;
    else
        value_clear(&whole, f->type);
}

static bool is_masked(const cJSON *v)
{
    return cJSON_IsString(v) && secret_mask(v->valuestring);
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than a manifest may be
static void unmask(cJSON *there, const cJSON *wanted)
{
    cJSON *seen = cJSON_GetObjectItemCaseSensitive(there, wanted->string);

    if (cJSON_IsObject(seen) && cJSON_IsObject(wanted) && !json_at(wanted, "$secret")) {
        for (const cJSON *m = wanted->child; m; m = m->next)
            unmask(seen, m);
    } else if (is_masked(seen) || (!seen && json_holds_secret(wanted))) {
        cJSON_DeleteItemFromObjectCaseSensitive(there, wanted->string);
        cJSON_AddItemToObject(there, wanted->string, cJSON_Duplicate(wanted, true));
    }
}

void ignore_unmask(const struct object *o, size_t row, cJSON *there)
{
    const struct field *f = &o->kind->table.rows[row];

    if (f->type != F_JSON || object_made(o, row) == &o->values[row])
        return;
    for (size_t i = 0; i < o->policy.ignore_parts.n; i++) {
        struct strings names = { 0 };
        const cJSON *wanted = part_of(o, f, i, &names) ? o->made[row].json : NULL;
        cJSON *at = there;
        for (size_t k = 0; wanted && k < names.n; k++) {
            at = k ? cJSON_GetObjectItemCaseSensitive(at, names.items[k - 1]) : at;
            wanted = find(f, k, wanted, names.items[k]);
        }
        if (wanted && cJSON_IsObject(at))
            unmask(at, wanted);
        strings_clear(&names);
    }
}

/* One pointer that is being read. */
struct pointing {
    struct yaml_file *y;
    const struct node *at, *doc;
    struct object *o;
    struct strings names; /* all of them, "spec" included */
};

/* The dotted path of the first n names below `spec`; NULL where it cannot be a row's. */
static char *path_of(const struct strings *names, size_t n)
{
    bool metadata = streq(names->items[0], "metadata");
    struct buf path = BUF_WITH_LIMIT(POINTER_MAX);

    for (size_t i = metadata ? 0 : 1; i < n; i++) {
        bool plain = names->items[i][0] && !strpbrk(names->items[i], "./");
        if (!plain || !buf_printf(&path, "%s%s", path.n ? "." : "", names->items[i])) {
            buf_clear(&path);
            return NULL;
        }
    }
    return buf_take(&path);
}

/* The pointer of the first n names, as people write it. */
static char *pointer_of(const struct strings *names, size_t n)
{
    struct buf text = BUF_WITH_LIMIT(POINTER_MAX);

    for (size_t i = 0; i < n; i++) {
        buf_char(&text, '/');
        add_escaped(&text, names->items[i]);
    }
    return buf_take(&text);
}

/* Does the path name a row, or a block of rows, that a manifest can set? The name
 * of the object cannot drift: it would be another object. */
static bool names_row(struct table t, const char *path)
{
    for (size_t i = 0; i < t.n && !streq(path, "metadata.name"); i++) {
        const struct field *f = &t.rows[i];
        if (!f->yaml || f->type == F_CONST || f->flags & (FACT | DERIVED))
            continue;
        if (streq(f->yaml, path) || row_below(f->yaml, path))
            return true;
    }
    return false;
}

static const char *nth_row(const void *ctx, size_t n)
{
    const struct table *t = ctx;

    for (size_t i = 0; i < t->n; i++) {
        if (row_readable(&t->rows[i]) && n-- == 0)
            return t->rows[i].yaml;
    }
    return NULL;
}

static void no_row(struct pointing *p)
{
    const char *meant = NULL;

    node_error(p->y, p->at, "`%s` points to no field of this kind", p->at->text);
    for (size_t n = p->names.n; n > 1 && !meant; n--) {
        char *path = path_of(&p->names, n);
        meant = path ? nearest_word(path, nth_row, &p->o->kind->table) : NULL;
        free(path);
    }
    struct buf pointer = BUF_WITH_LIMIT(POINTER_MAX);
    for (const char *c = meant; c && *c; c++)
        buf_add(&pointer, *c == '.' ? "/" : c, 1);
    if (meant)
        diag_hint(p->y->diags, "did you mean `/spec/%s`?", buf_text(&pointer));
    else if (streq(p->names.items[0], "metadata"))
        diag_hint(p->y->diags, "what can be ignored there: /metadata/tags, /metadata/tags/KEY");
    else
        diag_hint(p->y->diags, "`dctd explain %s` shows the fields", p->o->kind->arg);
    buf_clear(&pointer);
}

/* What of the value can be left alone instead, by pointers below the first n names. */
static void hint_members(struct pointing *p, const struct field *f, size_t n, size_t depth,
                         const cJSON *value)
{
    struct buf list = BUF_WITH_LIMIT(POINTER_MAX);
    char *above = pointer_of(&p->names, n);
    size_t listed = 0;

    for (const cJSON *m = value ? value->child : NULL; m && has_members(f, depth, value);
         m = m->next) {
        const char *name = name_of(f, depth, m);
        if (!name || listed++ >= LISTED_MAX)
            continue;
        buf_printf(&list, "%s%s/", list.n ? ", " : "", above);
        add_escaped(&list, name);
    }
    if (listed > LISTED_MAX)
        buf_printf(&list, " and %zu more", listed - LISTED_MAX);
    if (list.n)
        diag_hint(p->y->diags, "what can be ignored there: %s", buf_text(&list));
    else
        diag_hint(p->y->diags, "what the manifest does not name is left alone anyway");
    buf_clear(&list);
    free(above);
}

static void too_deep(struct pointing *p, size_t n)
{
    char *whole = pointer_of(&p->names, n);

    node_error(p->y, p->at, "`%s` reaches too deep: `%s` is compared as a whole", p->at->text,
               whole);
    diag_hint(p->y->diags, "ignore `%s`", whole);
    free(whole);
}

/* Does the manifest name that part? `first` names lead to the row. */
static void check_value(struct pointing *p, const struct field *f, const struct value *v,
                        size_t first)
{
    const cJSON *at = v->state == V_SET ? v->json : NULL;

    for (size_t i = first; i < p->names.n; i++) {
        const cJSON *member = find(f, i - first, at, p->names.items[i]);
        if (!member && at && !has_members(f, i - first, at)) {
            too_deep(p, i);
            return;
        }
        if (!member) {
            node_error(p->y, p->at, "`%s` points to nothing that the manifest names", p->at->text);
            hint_members(p, f, i, i - first, at);
            return;
        }
        at = member;
    }
}

/* Can the row be left alone in that part? */
static bool check_row(struct pointing *p, const struct field *f, size_t first)
{
    char *whole = pointer_of(&p->names, first);
    bool good = ignore_depth(f);

    if (!depth_of(f)) {
        too_deep(p, first);
    } else if (f->flags & ONCE) {
        node_error(p->y, p->at, "`%s` is used at creation only and never compared", whole);
        diag_hint(p->y->diags, "leave the pointer out");
    } else if (!f->read) {
        node_error(p->y, p->at, "DCT does not show `%s`: no part of it can be kept", whole);
        diag_hint(p->y->diags, "ignore `%s`", whole);
    } else if (p->names.n - first > depth_of(f)) {
        too_deep(p, first + depth_of(f));
        good = false;
    }
    free(whole);
    return good;
}

static void read_part(struct pointing *p, size_t row, size_t first)
{
    const struct field *f = &p->o->kind->table.rows[row];
    const struct value *v = &p->o->values[row];
    const struct node *spec = node_get(p->doc, "spec");
    bool misread = v->state == V_ABSENT && spec && node_at(spec, f->yaml);

    if (!check_row(p, f, first))
        return;
    if (f->type == F_TAGS &&
        (streq(p->names.items[first], OWNER_TAG) || streq(p->names.items[first], OWES_TAG))) {
        node_error(p->y, p->at, "the tag `%s` is dctd's own", p->names.items[first]);
        diag_hint(p->y->diags, "leave the pointer out: dctd gives and takes it as it is needed");
        return;
    }
    if (f->type != F_TAGS && !misread) /* whoever sets a tag, it can be left to him */
        check_value(p, f, v, first);
    struct buf part = BUF_WITH_LIMIT(SIZE_MAX);
    buf_puts(&part, f->yaml);
    for (size_t i = first; i < p->names.n; i++) {
        buf_char(&part, '/');
        add_escaped(&part, p->names.items[i]);
    }
    strings_add(&p->o->policy.ignore_parts, buf_text(&part));
    buf_clear(&part);
}

/* The longest beginning that names a row decides. */
static void read_fields(struct pointing *p)
{
    const struct table t = p->o->kind->table;

    for (size_t n = p->names.n; n > 1; n--) {
        char *path = path_of(&p->names, n);
        bool is = path && names_row(t, path);
        int row = is ? table_find(t, path) : -1;
        if (is && n == p->names.n)
            strings_add(&p->o->policy.ignore, path);
        else if (is && row >= 0 && t.rows[row].type != F_BLOCK)
            read_part(p, (size_t)row, n);
        else if (is)
            no_row(p);
        free(path);
        if (is)
            return;
    }
    no_row(p);
}

static void read_pointer(struct yaml_file *y, const struct node *doc, const struct node *at,
                         struct object *o)
{
    struct pointing p = { .y = y, .at = at, .doc = doc, .o = o };
    bool is = split(at->text, &p.names);
    const char *root = p.names.n ? p.names.items[0] : NULL;

    if (!is && strchr(at->text, '~')) {
        node_error(y, at, "`%s` is no JSON pointer", at->text);
        diag_hint(y->diags, "in a name ~ is written ~0, and / is written ~1");
    } else if (!is || p.names.n < 2 || !(streq(root, "spec") || streq(root, "metadata")) ||
               !p.names.items[1][0]) {
        node_error(y, at, "`%s` points to no field", at->text);
        diag_hint(y->diags, "fields are named as in /spec/description or /metadata/tags");
    } else {
        read_fields(&p);
    }
    strings_clear(&p.names);
}

void ignore_read(struct yaml_file *y, const struct node *doc, struct object *o)
{
    const struct node *policy = node_get(doc, "policy");
    const struct node *list =
        policy && policy->type == NODE_MAP ? node_get(policy, "ignore") : NULL;

    for (size_t i = 0; list && list->type == NODE_LIST && i < list->n; i++) {
        if (list->items[i]->type == NODE_SCALAR)
            read_pointer(y, doc, list->items[i], o);
    }
    for (size_t i = 0; i < o->kind->table.n && o->policy.ignore_parts.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        if (f->yaml && depth_of(f) && o->values[i].state == V_SET && !row_ignored(o, f))
            leave_parts(o, i);
    }
}
