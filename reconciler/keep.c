/* Entries follow objects. */
#include "reconciler/keep.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/diff.h"
#include "schema/ignore.h"

static bool keep_text(char **to, const char *s)
{
    if (streq(*to, s))
        return false;
    free(*to);
    *to = s ? xstrdup(s) : NULL;
    return true;
}

enum deletion deletion_of(const struct object *o)
{
    if (o->policy.deletion != DELETION_DEFAULT)
        return o->policy.deletion;
    return o->kind->flags & KIND_ORPHAN ? DELETION_ORPHAN : DELETION_DELETE;
}

static bool keeps_off(const struct wanted *w)
{
    return w->object->policy.mode != MODE_ENFORCE;
}

bool keep_wish(const struct world *world, const struct wanted *w, struct entry *e)
{
    enum deletion deletion = deletion_of(w->object);
    const char *engine = w->object->kind->kind == KIND_ENGINE ? NULL : resolve_engine(world, w);
    bool changed = keep_text(&e->name, w->object->name);

    if (engine)
        changed = keep_text(&e->engine, engine) || changed;
    changed = changed || e->protect != w->object->policy.protect || e->deletion != deletion ||
              e->hands_off != keeps_off(w);
    e->protect = w->object->policy.protect;
    e->hands_off = keeps_off(w);
    e->deletion = deletion;
    return changed;
}

bool keep_care(const struct wanted *w, struct entry *e)
{
    bool orphan = deletion_of(w->object) == DELETION_ORPHAN && e->deletion != DELETION_ORPHAN;
    bool protect = w->object->policy.protect && !e->protect;
    bool lift = e->protect && !w->object->policy.protect && !w->object->policy.replace_allowed;
    bool mode = e->hands_off != keeps_off(w);

    if (orphan)
        e->deletion = DELETION_ORPHAN;
    e->protect = (e->protect || protect) && !lift;
    e->hands_off = keeps_off(w);
    return orphan || protect || lift || mode;
}

/* Is the row one whose last applied value is worth remembering? */
static bool remembered(const struct field *f)
{
    return f->yaml && !(f->flags & FACT) && (f->type != F_BLOCK || f->read) && f->type != F_CONST;
}

/* Also when neither is known: then there is nothing new to remember. */
static bool same_digest(const struct fingerprint *applied, const struct fingerprint *now)
{
    return applied && (fingerprint_same(applied, now) || (!applied->known && !now->known));
}

static bool keep_row(struct entry *e, const struct object *o, size_t row)
{
    const struct field *f = &o->kind->table.rows[row];
    const struct value *v = &o->values[row];
    const struct fingerprint *applied = entry_digest(e, f->yaml);

    if (v->state == V_ABSENT && applied) {
        entry_unapply(e, f->yaml);
        return true;
    }
    if (v->state == V_ABSENT || same_digest(applied, &v->digest))
        return false;
    entry_apply(e, f, v);
    return true;
}

/* Nobody applies a row that is left alone, save where its creation does. */
bool keep_rows(struct entry *e, const struct object *o, const bool *rows)
{
    bool changed = false;

    for (size_t i = 0; i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        if (!remembered(f) || (rows && !rows[i]) || (row_ignored(o, f) && !row_awaited(e, f)))
            continue;
        changed = keep_row(e, o, i) || changed;
    }
    return changed;
}

void keep_made(struct entry *e, const struct object *o, const bool *rows)
{
    for (size_t i = 0; i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        const struct value *v = &o->values[i];
        if (!remembered(f))
            continue;
        if (rows[i])
            (void)keep_row(e, o, i);
        else if (!f->create && !(f->flags & (ONCE | LOCAL | DERIVED)) && v->state == V_SET &&
                 (object_made(o, i) != v || row_ignored(o, f)))
            entry_apply(e, f, &(struct value){ .state = V_NULL });
    }
}

/* Does the row name something of the object that `at` is, through its row `f`? */
static bool follows(const struct world *world, const struct wanted *w, size_t row,
                    const struct wanted *at, const struct field *f)
{
    const struct field *own = &w->object->kind->table.rows[row];
    const char *dot = own->type == F_REF && own->ref->via ? strchr(own->ref->via, '.') : NULL;
    char *first = dot ? xstrndup(own->ref->via, (size_t)(dot - own->ref->via)) : NULL;
    int through = first ? table_find(w->object->kind->table, first) : -1;

    free(first);
    if (through < 0 || !streq(dot + 1, f->yaml) || w->object->values[through].state != V_SET)
        return false;
    return set_named(world->set, at->object->kind->kind, w->object->values[through].s, w->engine) ==
           at;
}

bool keep_follower(const struct world *world, const struct wanted *w, const struct wanted *moved,
                   size_t row)
{
    struct entry *e = ledger_find(world->ledger, w->key);
    bool changed = false;

    for (size_t i = 0; e && i < w->object->kind->table.n; i++) {
        const struct field *f = &w->object->kind->table.rows[i];
        if (!f->yaml || f->read || !entry_digest(e, f->yaml) ||
            !follows(world, w, i, moved, &moved->object->kind->table.rows[row]))
            continue;
        entry_unapply(e, f->yaml);
        changed = true;
    }
    return changed;
}

static bool keep_agreed(const struct world *world, const struct wanted *w,
                        const struct observed_item *item, struct entry *e)
{
    const size_t n = w->object->kind->table.n;
    bool *rows = xcalloc(n, sizeof(bool));
    struct diff d;

    diff_object(world, w, item, e, false, &d);
    for (size_t i = 0; i < n; i++)
        rows[i] = true;
    for (size_t i = 0; i < d.n; i++)
        rows[d.changes[i].row] = !d.changes[i].create_only;
    for (size_t i = 0; i < n && d.deferred; i++)
        rows[i] = rows[i] && !(w->object->kind->table.rows[i].flags & TOKEN);
    diff_clear(&d);
    bool changed = keep_rows(e, w->object, rows);
    for (size_t i = 0; i < n; i++) {
        const struct field *f = &w->object->kind->table.rows[i];
        bool shown = f->type == F_FILE ? file_shown(w, item) == VERSION_SAME
                                       : item->object->values[i].state == V_SET;
        if (!rows[i] || !shown || !remembered(f) || !entry_digest(e, f->yaml) ||
            entry_seen(e, f->yaml))
            continue;
        entry_see(e, f->yaml);
        changed = true;
    }
    free(rows);
    return changed;
}

/* What we switched off is on again, or is to stay off now. */
static bool debt_is_paid(const struct wanted *w, const struct observed_item *item)
{
    int row = table_find(w->object->kind->table, "enabled");
    const struct value *wish = row < 0 ? NULL : &w->object->values[row];
    bool stays_off = wish && wish->state == V_SET && !wish->i;

    return row >= 0 && item->object && (stays_off || item->object->values[row].i);
}

bool keep_object(const struct world *world, const struct wanted *w,
                 const struct observed_item *item, enum origin origin)
{
    bool changed = !ledger_find(world->ledger, w->key);
    struct entry *e = ledger_put(world->ledger, w->key, w->object->kind->kind);

    changed = keep_wish(world, w, e) || changed;
    changed = keep_text(&e->id, item->id) || changed;
    if (e->origin == ORIGIN_NONE) {
        e->origin = origin;
        changed = true;
    }
    if (e->owes_enable && debt_is_paid(w, item)) {
        e->owes_enable = e->enabled_again = false;
        changed = true;
    }
    if (e->repaid && !item->marked) {
        e->repaid = false;
        changed = true;
    }
    if (e->failed) {
        e->failed = false; /* somebody saw to it */
        changed = true;
    }
    if (e->intent.open && !e->intent.job) {
        entry_close(e); /* whatever its outcome was, the object is as it should be */
        changed = true;
    }
    return keep_agreed(world, w, item, e) || changed;
}
