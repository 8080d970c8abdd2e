/* What a creation that did not come to its end left behind: nothing is built upon
 * it, and what is protected is not deleted to be made anew. */
#include <stdlib.h>

#include "reconciler/diff.h"
#include "reconciler/planner.h"
#include "schema/wire.h"

/* Did the creation ask for what the manifest says now? What it never asked for tells
 * nothing of how it ended. Nobody knows where nothing is remembered of it. */
static bool was_asked_for(const struct wanted *w, const struct entry *e, size_t row)
{
    const struct fingerprint *asked = entry_digest(e, w->object->kind->table.rows[row].yaml);

    return asked ? fingerprint_same(asked, &w->object->values[row].digest) : !e->n_applied;
}

/* Does anything live on the object, or was anything made from it? */
static bool is_used(const struct world *world, const struct kind_desc *k, const char *id)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        const struct observed_list *l = &world->observed->kinds[kind];
        for (size_t i = 0; i < l->n; i++) {
            if (!streq(l->items[i]->id, id) && object_refers_to(l->items[i]->object, k, id))
                return true;
        }
    }
    return false;
}

static bool differs(const struct wanted *w, const struct entry *e, const struct diff *d)
{
    const unsigned variant = 1U << wire_create_variant(w->object);

    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &w->object->kind->table.rows[d->changes[i].row];
        if (streq(f->yaml, "metadata.name")) /* by which it was found, or which has changed since */
            continue;
        if (f->create && f->type != F_TAGS && (!f->creates || f->creates & variant) &&
            was_asked_for(w, e, d->changes[i].row))
            return true;
    }
    return false;
}

bool creation_undone(const struct world *world, const struct wanted *w, const struct entry *e,
                     const struct diff *d, const char *id)
{
    return differs(w, e, d) && !is_used(world, w->object->kind, id);
}

bool creation_failed(const struct entry *e, const char *id)
{
    return e && e->failed && streq(e->id, id);
}

bool half_made(const struct planner *in, const struct wanted *w, const struct pairing *p,
               const struct diff *d)
{
    const struct entry *e = p->entry;

    if (!e || !d->n)
        return false;
    return creation_failed(e, p->item->id) ||
           (creation_lost(e, in->now) && creation_undone(in->world, w, e, d, p->item->id));
}

bool half_made_yet(const struct planner *in, const struct wanted *w, const struct pairing *p,
                   const struct diff *d)
{
    const struct entry *e = p->entry;

    return half_made(in, w, p, d) || (e && e->intent.open && e->intent.makes &&
                                      creation_undone(in->world, w, e, d, p->item->id));
}

bool half_made_perhaps(const struct pairing *p, const struct diff *d)
{
    const struct entry *e = p->entry;

    return e && !d->n && d->unjudged &&
           (creation_failed(e, p->item->id) ||
            (e->intent.open && e->intent.makes && !e->intent.job));
}

bool is_protected(const struct wanted *w, const struct entry *e)
{
    return w->object->policy.protect || (e && e->protect);
}

static const char lifted_later[] = "its manifest lifts that once it is applied without "
                                   "policy.replace: allow";

char *protected_text(const struct wanted *w)
{
    return xasprintf("it is protected; it is never deleted to be made anew: %s",
                     w->object->policy.protect
                         ? "take the change back, or lift policy.protect before it"
                         : lifted_later);
}

static char *way_out(const struct wanted *w, const struct entry *e)
{
    if (!is_protected(w, e))
        return xstrdup("delete that in DCT, or set policy.replace: allow");
    if (!w->object->policy.protect)
        return xasprintf("it is protected; %s", lifted_later);
    return xasprintf("it is protected, so only a person may delete that: do so in DCT, and it is "
                     "made anew; or `dctd forget --force %s`, and what is there is kept and "
                     "brought in line",
                     w->key);
}

char *half_made_text(const struct wanted *w, const struct entry *e, const char *id)
{
    char *out = way_out(w, e);
    char *text =
        xasprintf("%s and left %s behind; %s",
                  e->failed ? "DCT failed to make it" : "DCT lost the job that was to make it", id,
                  out);

    free(out);
    return text;
}
