/* One loop over the rows. */
#include "reconciler/diff.h"

#include <stdlib.h>
#include <string.h>

#include "schema/ignore.h"
#include "schema/json.h"

enum { SHOWN_MAX = 4000 };

bool row_compared(const struct field *f)
{
    if (!f->yaml || f->flags & (FACT | ONCE | LOCAL | DERIVED))
        return false;
    return (f->type != F_BLOCK || f->read) && f->type != F_CONST && f->type != F_TAGS;
}

/* keep_made() has it remembered without a digest: asked for, and not brought yet. */
bool row_awaited(const struct entry *e, const struct field *f)
{
    const struct fingerprint *applied = f->create ? NULL : entry_digest(e, f->yaml);

    return applied && !applied->known;
}

const struct value *value_wanted(const struct object *o, const struct entry *e, size_t row)
{
    return row_awaited(e, &o->kind->table.rows[row]) ? object_made(o, row) : &o->values[row];
}

static bool ignored(const struct object *o, const struct entry *e, const struct field *f)
{
    return row_ignored(o, f) && !row_awaited(e, f);
}

/* Is it what was applied? Also where a part of it was ours then and is left alone now. */
static bool is_applied(const struct object *o, size_t row, const struct fingerprint *applied)
{
    return fingerprint_same(applied, &o->values[row].digest) ||
           fingerprint_same(applied, &object_made(o, row)->digest);
}

/* What the object says of being on: absent where it has no such row. */
static bool is_off(const struct object *o)
{
    int row = table_find(o->kind->table, "enabled");

    return row >= 0 && o->values[row].state == V_SET && !o->values[row].i;
}

bool enable_owed(const struct entry *e, const struct observed_item *item)
{
    bool repaid = e && e->repaid;

    return (e && e->owes_enable) ||
           (item->marked && !repaid && item->object && is_off(item->object));
}

bool mark_is_stale(const struct wanted *w, const struct entry *e, const struct observed_item *item)
{
    return item->marked && (is_off(w->object) || !is_off(item->object) || (e && e->repaid));
}

static char *shown(const struct field *f, const struct value *v)
{
    struct buf b = BUF_WITH_LIMIT(SHOWN_MAX);

    value_print(f, v, &b);
    return buf_take(&b);
}

static void add_change(struct diff *d, const struct kind_desc *k, size_t row, char *was,
                       char *becomes, enum change_why why)
{
    const struct field *f = &k->table.rows[row];

    d->changes = grow(d->changes, d->n, &d->cap, sizeof(*d->changes));
    d->changes[d->n++] = (struct change){
        .row = row, .was = was, .becomes = becomes, .why = why, .create_only = !row_changeable(k, f)
    };
    d->changed[row] = true;
    d->create_only = d->create_only || !row_changeable(k, f);
}

/* No reply can tell: the ledger's digest decides. Without one the row is new to
 * us, unless we know nothing of the object at all: then the ledger was lost,
 * and what was applied before that is taken to be there still. */
static bool blind_differs(const struct object *o, size_t row, const struct entry *entry,
                          bool adopting)
{
    const struct field *f = &o->kind->table.rows[row];
    const struct fingerprint *applied = entry_digest(entry, f->yaml);

    if (applied)
        return o->values[row].digest.known && !is_applied(o, row, applied);
    if (adopting)
        return !(f->flags & TOKEN);
    return entry && entry->n_applied > 0;
}

enum shown_version file_shown(const struct wanted *w, const struct observed_item *item)
{
    const char *version = object_text(w->object, "plugin.version");
    const char *seen = object_text(item->object, "status.version");

    if (!version || !seen)
        return VERSION_UNKNOWN;
    return streq(version, seen) ? VERSION_SAME : VERSION_OTHER;
}

bool file_replaced(const struct wanted *w, const struct observed_item *item,
                   const struct entry *entry)
{
    const struct fingerprint *applied = entry_digest(entry, "file");

    return applied && fingerprint_same(applied, &object_value(w->object, "file")->digest) &&
           entry_seen(entry, "file") && file_shown(w, item) == VERSION_OTHER;
}

/* Was the file's content seen in DCT already? Its version says so where both
 * sides have one; nothing else can. */
static bool file_differs(const struct wanted *w, const struct observed_item *item,
                         const struct value *wanted, const struct entry *entry)
{
    const struct fingerprint *applied = entry_digest(entry, "file");

    if (!applied)
        return file_shown(w, item) == VERSION_OTHER;
    return (wanted->digest.known && !fingerprint_same(applied, &wanted->digest)) ||
           file_replaced(w, item, entry);
}

struct comparison {
    const struct world *world;
    const struct wanted *w;
    const struct observed_item *item;
    const struct entry *entry;
    bool adopting;
};

static enum change_why why_of(const struct comparison *c, size_t row)
{
    const struct field *f = &c->w->object->kind->table.rows[row];
    const struct fingerprint *applied = entry_digest(c->entry, f->yaml);
    bool ours = enable_owed(c->entry, c->item) && f->flags & STATE && !(f->flags & ACTION);

    return !ours && applied && is_applied(c->w->object, row, applied) ? WHY_DRIFT : WHY_CHANGE;
}

static void note_unresolved(struct diff *d, const struct resolved *r, bool judged_later)
{
    if (judged_later)
        d->unjudged = true;
    else if (!d->unresolved)
        d->unresolved = xstrdup(buf_text(&r->why));
}

/* The row that says on which environment a name is looked up; -1 = none. */
static int row_followed(const struct table t, const struct field *f)
{
    size_t n = f->type == F_REF && f->ref->via ? strcspn(f->ref->via, ".") : 0;
    char *via = n ? xstrndup(f->ref->via, n) : NULL;
    int row = via ? table_find(t, via) : -1;

    free(via);
    return row;
}

/* A user or repository of an environment that the object cannot be moved to
 * cannot be had either. */
static bool beyond_reach(const struct table t, const struct field *f, const struct diff *d)
{
    int row = row_followed(t, f);
    bool beyond = false;

    for (size_t i = 0; row >= 0 && i < d->n; i++)
        beyond = beyond || (d->changes[i].row == (size_t)row && d->changes[i].create_only);
    return beyond;
}

/* What the reference says now, for people: the name, and the id too where another
 * one has the same name. */
static char *was_shown(const struct comparison *c, const struct field *f, const struct value *seen,
                       const char *becomes)
{
    const char *name =
        seen->state == V_SET ? display_id(c->world, f, c->item->engine, seen->s) : "(none)";

    return streq(name, becomes) ? xasprintf("%s (%s)", name, seen->s) : xstrdup(name);
}

/* Its own line in the plan says why nobody knows what it is: whether this object
 * refers to it cannot be told either. */
static bool to_be_judged(const struct world *world, const struct wanted *target)
{
    enum match match = world->pairs[target - world->set->items].match;

    return match == MATCH_UNKNOWN || match == MATCH_CONFLICT;
}

static void compare_ref(const struct comparison *c, size_t row, struct diff *d)
{
    size_t before = d->n;
    const struct kind_desc *k = c->w->object->kind;
    const struct field *f = &k->table.rows[row];
    const struct value *wanted = &c->w->object->values[row], *seen = &c->item->object->values[row];
    struct resolved r;

    resolve_row(c->world, c->w, row, &r);
    bool judged_later = r.how == RESOLVE_LATER && r.target && to_be_judged(c->world, r.target);
    bool is = r.how == RESOLVED && seen->state == V_SET && streq(r.shown, seen->s);
    if (!is && (r.how == RESOLVED || (r.how == RESOLVE_LATER && r.target && !judged_later)))
        add_change(d, k, row, was_shown(c, f, seen, wanted->s), xstrdup(wanted->s), why_of(c, row));
    else if (!is)
        note_unresolved(d, &r, judged_later);
    if (d->n > before && beyond_reach(k->table, f, d))
        d->changes[before].create_only = true;
    resolved_clear(&r);
}

bool is_to_be_off(const struct wanted *w)
{
    int row = table_find(w->object->kind->table, "enabled");

    return row >= 0 && w->object->values[row].state == V_SET && !w->object->values[row].i;
}

/* Is the list that shows the row one that could not be read? */
static bool join_missing(const struct comparison *c, const struct field *f)
{
    return f->read && f->read[0] == '$' &&
           !c->world->observed->joins_known[c->w->object->kind->kind];
}

/* Is the row one that the server shows, on this object, now or once, or on any other? */
static bool reported(const struct comparison *c, size_t row)
{
    const struct kind_desc *k = c->w->object->kind;
    const struct field *f = &k->table.rows[row];

    if (!f->read || f->type == F_SECRET || (c->world->api && f->since > c->world->api))
        return false;
    if (f->read[0] == '$')
        return c->world->observed->joins_known[k->kind];
    return c->world->observed->kinds[k->kind].reported[row] || entry_seen(c->entry, f->yaml);
}

/* Has a secret somewhere in the value another content? No reply can tell. */
static bool secret_turned(const struct comparison *c, size_t row, const struct value *wanted)
{
    const struct field *f = &c->w->object->kind->table.rows[row];
    const struct fingerprint *applied = entry_digest(c->entry, f->yaml);

    return applied && wanted->state == V_SET && f->type == F_JSON &&
           json_holds_secret(wanted->json) && wanted->digest.known &&
           !is_applied(c->w->object, row, applied);
}

static void compare_file(const struct comparison *c, size_t row, struct diff *d)
{
    const struct kind_desc *k = c->w->object->kind;
    const struct value *wanted = &c->w->object->values[row];
    const char *version = object_text(c->item->object, "status.version");
    bool replaced = file_replaced(c->w, c->item, c->entry);

    if (file_differs(c->w, c->item, wanted, c->entry))
        add_change(d, k, row,
                   replaced ? xasprintf("(another file, version %s)", version)
                            : xstrdup("(older file)"),
                   shown(&k->table.rows[row], wanted), replaced ? WHY_DRIFT : WHY_CHANGE);
}

static void compare_row(const struct comparison *c, size_t row, struct diff *d)
{
    const struct object *o = c->w->object;
    const struct field *f = &o->kind->table.rows[row];
    const struct value *wanted = value_wanted(o, c->entry, row);
    const struct value *seen = &c->item->object->values[row];

    if (f->type == F_FILE) {
        compare_file(c, row, d);
    } else if (!reported(c, row)) {
        bool differs = blind_differs(o, row, c->entry, c->adopting);
        d->unjudged = d->unjudged || join_missing(c, f);
        if (differs && f->flags & TOKEN && is_to_be_off(c->w))
            d->deferred = true;
        else if (differs)
            add_change(d, o->kind, row,
                       xstrdup(entry_digest(c->entry, f->yaml) ? "(applied before)"
                                                               : "(not known)"),
                       shown(f, wanted), WHY_CHANGE);
    } else if (f->type == F_REF && wanted->state == V_SET) {
        compare_ref(c, row, d);
    } else if (!value_fulfilled(f, wanted, seen)) {
        add_change(d, o->kind, row, shown(f, seen), shown(f, wanted), why_of(c, row));
    } else if (secret_turned(c, row, wanted)) {
        add_change(d, o->kind, row, xstrdup("(applied before)"), shown(f, wanted), WHY_CHANGE);
    }
}

static bool declared(const struct object *o, size_t row)
{
    const struct value *v = &o->values[row];

    return v->state == V_SET || (v->state == V_NULL && o->kind->table.rows[row].flags & CLEARABLE);
}

/* With another environment a user of the same name is another user, and a
 * repository that the manifest does not name is chosen anew. */
static void compare_followers(const struct comparison *c, struct diff *d)
{
    const struct kind_desc *k = c->w->object->kind;

    for (size_t i = 0; i < k->table.n; i++) {
        const struct field *f = &k->table.rows[i];
        const struct value *wanted = &c->w->object->values[i];
        int followed = row_followed(k->table, f);
        if (followed < 0 || !d->changed[followed] || d->changed[i] || f->flags & ONCE)
            continue;
        if (wanted->state == V_SET && !reported(c, i))
            add_change(d, k, i, xstrdup("(applied before)"), shown(f, wanted), WHY_CHANGE);
        if (wanted->state == V_SET || !(f->flags & AUTO))
            continue;
        const struct value *seen = &c->item->object->values[i];
        struct resolved r;
        resolve_row(c->world, c->w, i, &r);
        if (r.how == RESOLVED && !streq(r.shown, seen->state == V_SET ? seen->s : NULL))
            add_change(d, k, i,
                       xstrdup(seen->state == V_SET
                                   ? display_id(c->world, f, c->item->engine, seen->s)
                                   : "(none)"),
                       xstrdup(display_id(c->world, f, c->item->engine, r.shown)), WHY_CHANGE);
        resolved_clear(&r);
    }
}

/* What differs because something else does was not changed by DCT. */
static void explain_followers(const struct kind_desc *k, struct diff *d)
{
    for (size_t i = 0; i < d->n; i++) {
        int followed = row_followed(k->table, &k->table.rows[d->changes[i].row]);
        for (size_t j = 0; followed >= 0 && j < d->n; j++) {
            if (d->changes[j].row == (size_t)followed)
                d->changes[i].why = d->changes[j].why;
        }
    }
}

/* What we switched off is to be on again, declared or not. */
static void compare_owed(const struct comparison *c, struct diff *d)
{
    const struct kind_desc *k = c->w->object->kind;
    int row = table_find(k->table, "enabled");

    if (row < 0 || !enable_owed(c->entry, c->item) || d->changed[row])
        return;
    const struct value *wanted = &c->w->object->values[row];
    const struct value *seen = &c->item->object->values[row];
    if (seen->state == V_SET && seen->i == 0 && !(wanted->state == V_SET && wanted->i == 0))
        add_change(d, k, (size_t)row, xstrdup("false"), xstrdup("true"), WHY_CHANGE);
}

static char *tags_text(const cJSON *add, const cJSON *remove)
{
    struct buf b = BUF_WITH_LIMIT(SHOWN_MAX);
    const cJSON *tag;
    const char *comma = "";

    cJSON_ArrayForEach(tag, add) {
        buf_printf(&b, "%s+%s=%s", comma, json_text(tag, "key"), json_text(tag, "value"));
        comma = " ";
    }
    cJSON_ArrayForEach(tag, remove) {
        buf_printf(&b, "%s-%s=%s", comma, json_text(tag, "key"), json_text(tag, "value"));
        comma = " ";
    }
    return buf_take(&b);
}

static bool has_pair(const cJSON *tags, const cJSON *pair)
{
    const cJSON *tag;

    cJSON_ArrayForEach(tag, tags) {
        if (streq(json_text(tag, "key"), json_text(pair, "key")) &&
            streq(json_text(tag, "value"), json_text(pair, "value")))
            return true;
    }
    return false;
}

static void collect(cJSON **list, const cJSON *pair)
{
    if (!*list)
        *list = cJSON_CreateArray();
    cJSON_AddItemToArray(*list, cJSON_Duplicate(pair, true));
}

cJSON *tag_pair(const char *key, const char *value)
{
    cJSON *pair = cJSON_CreateObject();

    cJSON_AddStringToObject(pair, "key", key);
    cJSON_AddStringToObject(pair, "value", value);
    return pair;
}

static void compare_tags(const struct comparison *c, struct diff *d)
{
    const struct kind_desc *k = c->w->object->kind;
    size_t row = kind_row(k, "metadata.tags");
    cJSON *add = NULL, *remove = NULL;

    diff_tags(c->world, c->w, c->item, c->entry, &add, &remove);
    if (mark_is_stale(c->w, c->entry, c->item)) {
        cJSON *mark = tag_pair(OWES_TAG, c->item->owner);
        collect(&remove, mark);
        cJSON_Delete(mark);
    }
    if (add || remove) {
        const struct value *seen = &c->item->object->values[row];
        add_change(d, k, row, shown(&k->table.rows[row], seen), tags_text(add, remove),
                   why_of(c, row));
        d->changes[d->n - 1].create_only = false;
        d->tags = true;
    }
    cJSON_Delete(add);
    cJSON_Delete(remove);
}

void diff_object(const struct world *world, const struct wanted *w,
                 const struct observed_item *item, const struct entry *entry, bool adopting,
                 struct diff *out)
{
    const struct object *o = w->object;
    /* By hand, and nothing was brought in line since. */
    bool new = entry && entry->origin == ORIGIN_ADOPTED && !entry->n_applied;
    struct comparison c = { world, w, item, entry, adopting || new };
    bool create_only;

    *out = (struct diff){ .changed = xcalloc(o->kind->table.n, sizeof(bool)) };
    for (size_t i = 0; i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        if (row_compared(f) && declared(o, i) && !ignored(o, entry, f))
            compare_row(&c, i, out);
    }
    compare_followers(&c, out);
    explain_followers(o->kind, out);
    compare_owed(&c, out);
    for (size_t i = 0; i < out->n; i++) {
        const struct change *ch = &out->changes[i];
        out->needs_disabled =
            out->needs_disabled ||
            (!ch->create_only && o->kind->table.rows[ch->row].flags & NEEDS_DISABLED);
    }
    create_only = out->create_only; /* tags have calls of their own */
    compare_tags(&c, out);
    out->create_only = create_only;
}

void diff_clear(struct diff *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->changes[i].was);
        free(d->changes[i].becomes);
    }
    free(d->changes);
    free(d->changed);
    free(d->unresolved);
    *d = (struct diff){ 0 };
}

void diff_tags(const struct world *world, const struct wanted *w, const struct observed_item *item,
               const struct entry *entry, cJSON **add, cJSON **remove)
{
    const struct kind_desc *k = w->object->kind;
    size_t row = kind_row(k, "metadata.tags");
    const struct field *f = &k->table.rows[row];
    const struct value *wanted = value_wanted(w->object, entry, row);
    const struct value *seen = &item->object->values[row];
    bool ours = wanted->state == V_SET && !ignored(w->object, entry, f);
    const cJSON *want = ours ? wanted->json : NULL;
    const cJSON *have = seen->state == V_SET ? seen->json : NULL, *pair;

    *add = *remove = NULL;
    cJSON_ArrayForEach(pair, want) {
        if (!has_pair(have, pair))
            collect(add, pair);
    }
    cJSON *owner = tag_pair(OWNER_TAG, world->instance);
    if (!has_pair(have, owner))
        collect(add, owner);
    cJSON_Delete(owner);
    cJSON *applied = entry_value(entry, "metadata.tags");
    cJSON_ArrayForEach(pair, applied) {
        if (!has_pair(want, pair) && has_pair(have, pair) &&
            !tag_ignored(w->object, json_text(pair, "key")))
            collect(remove, pair);
    }
    cJSON_Delete(applied);
}
