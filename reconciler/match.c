/* Who is who. */
#include "reconciler/match.h"

#include <stdlib.h>

enum { WHY_MAX = 2000 };

/* Is the reference in the scope row the same on both sides? Unknown counts as yes. */
static bool same_scope(const struct world *world, const struct wanted *w,
                       const struct observed_item *item)
{
    const struct kind_desc *k = w->object->kind;

    if (!k->scope || !item->object)
        return true;
    size_t row = kind_row(k, k->scope);
    const struct value *seen = &item->object->values[row];
    if (w->object->values[row].state != V_SET || seen->state != V_SET)
        return true;
    struct resolved r;
    resolve_row(world, w, row, &r);
    bool same = r.how == RESOLVED ? streq(r.shown, seen->s) : r.how == RESOLVE_UNKNOWN;
    resolved_clear(&r);
    return same;
}

/* Named by what identifies it in DCT: the first identity that both sides have. */
static bool same_name(const struct wanted *w, const struct observed_item *item)
{
    const struct kind_desc *k = w->object->kind;

    for (size_t i = 0; i < ARRAY_LEN(k->identity) && k->identity[i].fact; i++) {
        const char *wanted = object_text(w->object, k->identity[i].wanted);
        const char *seen = item->object ? object_text(item->object, k->identity[i].fact) : NULL;
        if (wanted && seen)
            return streq(wanted, seen);
    }
    return !k->identity[0].fact && streq(w->object->name, item->name);
}

/* On the same engine, in the same scope. */
static bool same_place(const struct world *world, const struct wanted *w,
                       const struct observed_item *item)
{
    const char *engine = resolve_engine(world, w);

    if (item->engine && (engine ? !streq(engine, item->engine) : w->engine != NULL))
        return false;
    return same_scope(world, w, item);
}

bool match_is(const struct world *world, const struct wanted *w, const struct observed_item *item)
{
    return !item->foreign && same_name(w, item) && same_place(world, w, item);
}

/* Candidates: a name's chain where the name identifies, else the whole list. */
struct candidates {
    const struct observed_list *list;
    const struct observed_item *chain;
    size_t i;
    bool by_name;
};

static struct candidates candidates_of(const struct world *world, const struct wanted *w)
{
    const struct kind_desc *k = w->object->kind;

    return (struct candidates){
        .list = &world->observed->kinds[k->kind],
        .by_name = !k->identity[0].fact,
        .chain = observed_by_name(world->observed, k->kind, w->object->name),
    };
}

static struct observed_item *next_candidate(struct candidates *c)
{
    const struct observed_item *item = c->chain;

    if (!c->by_name)
        return c->i < c->list->n ? c->list->items[c->i++] : NULL;
    if (item)
        c->chain = item->next_named;
    return item ? map_get(&c->list->by_id, item->id) : NULL;
}

static void conflict(struct pairing *p, struct observed_item *item, char *why)
{
    p->match = MATCH_CONFLICT;
    p->item = item;
    p->why = why;
}

static bool owned_elsewhere(const struct world *world, const struct observed_item *item)
{
    return item->owner && !streq(item->owner, world->instance);
}

static char *elsewhere_text(const struct observed_item *item)
{
    return xasprintf("it belongs to the dctd instance `%s` (tag " OWNER_TAG
                     " on %s); remove that tag or that instance's manifest first",
                     item->owner, item->id);
}

bool match_estranged(const struct entry *e, const struct observed_item *item)
{
    const struct kind_desc *k = kind_desc(e->kind);

    return !item->owner && !k->identity[0].fact && e->name && !streq(item->name, e->name);
}

char *match_estranged_text(const struct entry *e, const struct observed_item *item)
{
    return xasprintf("%s is called `%s` in DCT now, and the tag " OWNER_TAG
                     " is gone; give it back one of them, or let it go: dctd forget %s",
                     item->id, item->name, e->key);
}

/* Has what we make our tag from the start, so that what has none is not ours? */
static bool born_tagged(const struct kind_desc *k)
{
    return k->table.rows[kind_row(k, "metadata.tags")].create != NULL;
}

/* What we made had our tag from the start; what was adopted gets tag and name yet. */
static bool is_another(const struct wanted *w, const struct entry *e,
                       const struct observed_item *item)
{
    return e->origin == ORIGIN_CREATED && born_tagged(w->object->kind) &&
           match_estranged(e, item) && !streq(item->name, w->object->name) &&
           !streq(item->name, w->object->moved_from);
}

/* The ledger's id decides, while DCT has an object of that id. */
static bool match_ledger(const struct world *world, const struct wanted *w, struct pairing *p)
{
    struct entry *e = p->entry;
    struct observed_item *item =
        e && e->id ? observed_by_id(world->observed, e->kind, e->id) : NULL;

    if (!item || item->foreign || e->origin == ORIGIN_NONE) /* its adoption is not through */
        return false;
    if (owned_elsewhere(world, item))
        conflict(p, item, elsewhere_text(item));
    else if (is_another(w, e, item))
        conflict(p, item, match_estranged_text(e, item));
    else
        *p = (struct pairing){ .match = MATCH_OURS, .item = item, .entry = e };
    return true;
}

/* The entry of another manifest that is still there, where the object is that
 * one's already: two wills for one object would change it for ever. */
static const struct entry *claimed_by(const struct world *world, const struct wanted *w,
                                      const struct observed_item *item)
{
    for (size_t i = 0; i < ledger_count(world->ledger); i++) {
        const struct entry *e = ledger_at(world->ledger, i);
        if (e->kind == w->object->kind->kind && e->origin != ORIGIN_NONE &&
            streq(e->id, item->id) && !streq(e->key, w->key) && set_find(world->set, e->key))
            return e;
    }
    return NULL;
}

static char *claimed_text(const struct observed_item *item, const struct entry *by)
{
    return xasprintf("%s is %s, whose manifest is still there; take that out, or give it back its "
                     "name in DCT",
                     item->id, by->key);
}

static bool match_adopt_id(const struct world *world, const struct wanted *w, struct pairing *p)
{
    const char *id = w->object->policy.adopt_id;
    const struct observed_list *l = &world->observed->kinds[w->object->kind->kind];
    struct observed_item *item =
        id ? observed_by_id(world->observed, w->object->kind->kind, id) : NULL;
    const struct entry *claim = item ? claimed_by(world, w, item) : NULL;

    if (!id)
        return false;
    if (!item && l->complete) {
        conflict(p, NULL,
                 xasprintf("policy.adoptId is %s, and DCT has no %s of that id", id,
                           w->object->kind->arg));
    } else if (!item) {
        p->match = MATCH_UNKNOWN;
        p->why = xasprintf("DCT's list of %ss is not complete, so whether it has %s is not known",
                           w->object->kind->arg, id);
    } else if (owned_elsewhere(world, item)) {
        conflict(p, item, elsewhere_text(item));
    } else if (claim) {
        conflict(p, item, claimed_text(item, claim));
    } else {
        p->by_tag = streq(item->owner, world->instance);
        p->match = p->by_tag ? MATCH_OURS : MATCH_ADOPT;
        p->item = item;
    }
    return true;
}

/* The objects of one name: ours by tag, unmarked, somebody else's. */
struct namesakes {
    struct observed_item *ours, *plain, *other, *claimed;
    const struct entry *claim;
    size_t n_ours, n_plain;
    struct buf ids; /* of those that could be it */
};

static void add_namesake(struct buf *ids, const struct observed_item *item)
{
    buf_printf(ids, "%s%s", ids->n ? ", " : "", item->id);
}

static struct namesakes namesakes_of(const struct world *world, const struct wanted *w)
{
    struct candidates c = candidates_of(world, w);
    struct namesakes n = { .ids = BUF_WITH_LIMIT(WHY_MAX / 2) };
    struct buf plain = BUF_WITH_LIMIT(WHY_MAX / 2);
    struct observed_item *item;

    while ((item = next_candidate(&c))) {
        if (!match_is(world, w, item))
            continue;
        const struct entry *claim = claimed_by(world, w, item);
        if (claim) {
            n.claimed = item;
            n.claim = claim;
        } else if (streq(item->owner, world->instance)) {
            n.n_ours++;
            n.ours = item;
            add_namesake(&n.ids, item);
        } else if (item->owner) {
            n.other = item;
        } else {
            n.n_plain++;
            n.plain = item;
            add_namesake(&plain, item);
        }
    }
    if (n.n_ours)
        buf_clear(&plain);
    else
        n.ids = plain;
    return n;
}

/* Did a creation of ours begin that no reply named? */
static bool is_unanswered(const struct pairing *p)
{
    return p->entry && p->entry->origin == ORIGIN_CREATED && !p->entry->id;
}

/* A person has to say which one it is. */
static char *several_text(const struct wanted *w, const struct pairing *p,
                          const struct namesakes *n)
{
    bool made = is_unanswered(p);

    return xasprintf("DCT has %zu of that name%s: %s; say which one it is: dctd adopt %s ID (or "
                     "policy.adoptId in the manifest)",
                     n->n_ours > 1 ? n->n_ours : n->n_plain,
                     n->n_ours > 1 ? ", all tagged as made here"
                     : made        ? ", and which one our creation made is not known"
                                   : "",
                     buf_text(&n->ids), w->key);
}

/* Ours by tag, or the only one that is not marked. */
static void match_namesakes(const struct wanted *w, const struct namesakes *n, struct pairing *p)
{
    if (n->n_ours > 1 || (!n->n_ours && n->n_plain > 1)) {
        conflict(p, n->ours ? n->ours : n->plain, several_text(w, p, n));
    } else if (n->ours) {
        *p = (struct pairing){
            .match = MATCH_OURS, .item = n->ours, .entry = p->entry, .by_tag = true
        };
    } else if (n->plain && is_unanswered(p) && !born_tagged(w->object->kind)) {
        p->match = MATCH_OURS; /* our create made it, and no reply named it */
        p->item = n->plain;
        p->by_tag = true;
    } else if (n->plain && w->object->policy.adopt != ADOPT_NEVER) {
        p->match = MATCH_ADOPT;
        p->item = n->plain;
    } else if (n->plain) {
        conflict(p, n->plain,
                 xasprintf("%s exists in DCT and is not managed here; policy.adopt: ifExists, or "
                           "dctd adopt %s %s, takes it over",
                           n->plain->id, w->key, n->plain->id));
    } else if (n->other) {
        conflict(p, n->other, elsewhere_text(n->other));
    } else if (n->claimed) {
        conflict(p, n->claimed, claimed_text(n->claimed, n->claim));
    }
}

static void match_name(const struct world *world, const struct wanted *w, struct pairing *p)
{
    struct namesakes n = namesakes_of(world, w);

    match_namesakes(w, &n, p);
    buf_clear(&n.ids);
}

/* Tagged as ours, in the same place, under the name that it had before. */
static struct namesakes moved_from(const struct world *world, const struct wanted *w)
{
    const enum kind kind = w->object->kind->kind;
    struct namesakes n = { .ids = BUF_WITH_LIMIT(WHY_MAX / 2) };
    const struct observed_item *item =
        observed_by_name(world->observed, kind, w->object->moved_from);

    for (; item; item = item->next_named) {
        if (item->foreign || !streq(item->owner, world->instance) || !same_place(world, w, item) ||
            claimed_by(world, w, item))
            continue;
        n.n_ours++;
        n.ours = map_get(&world->observed->kinds[kind].by_id, item->id);
        add_namesake(&n.ids, item);
    }
    return n;
}

/* Ours by tag under its old name: the ledger was lost before the rename. */
static void match_moved(const struct world *world, const struct wanted *w, struct pairing *p)
{
    const struct kind_desc *k = w->object->kind;
    const char *old = w->object->moved_from;

    if (!old || k->identity[0].fact || set_named(world->set, k->kind, old, w->engine))
        return;
    struct namesakes n = moved_from(world, w);
    if (n.n_ours > 1)
        conflict(p, n.ours,
                 xasprintf("DCT has %zu of its old name `%s`, all tagged as made here: %s; say "
                           "which one it is: dctd adopt %s ID (or policy.adoptId in the manifest)",
                           n.n_ours, old, buf_text(&n.ids), w->key));
    else if (n.ours)
        *p = (struct pairing){
            .match = MATCH_OURS, .item = n.ours, .entry = p->entry, .by_tag = true
        };
    buf_clear(&n.ids);
}

static struct entry *entry_of(const struct world *world, const struct wanted *w)
{
    struct entry *e = ledger_find(world->ledger, w->key);

    if (e || !w->object->moved_from)
        return e;
    char *old = xasprintf("%s/%s", w->object->kind->name, w->object->moved_from);
    e = ledger_find(world->ledger, old);
    free(old);
    return e;
}

void match_one(struct world *world, size_t i)
{
    const struct wanted *w = &world->set->items[i];
    const struct observed_list *l = &world->observed->kinds[w->object->kind->kind];
    struct pairing *p = &world->pairs[i];

    free(p->why);
    *p = (struct pairing){ .match = MATCH_NONE, .entry = entry_of(world, w) };
    if (match_ledger(world, w, p) || match_adopt_id(world, w, p))
        return;
    match_name(world, w, p);
    if (p->match == MATCH_NONE)
        match_moved(world, w, p);
    if (p->match != MATCH_NONE)
        return;
    if (!l->complete) {
        p->match = MATCH_UNKNOWN;
        p->why = xasprintf("DCT's list of %ss is not complete (%s), so whether it exists is not "
                           "known",
                           w->object->kind->arg, l->trouble ? l->trouble : "not read");
    } else if (w->object->policy.adopt == ADOPT_MUST_EXIST) {
        conflict(p, NULL, xasprintf("policy.adopt is mustExist, and DCT has no such object"));
    }
}

static bool has_it_already(const struct pairing *p)
{
    return p->entry && streq(p->entry->id, p->item->id);
}

/* Two manifests mean one object: it is that one's whose the ledger says it is, by an
 * old name perhaps; else neither gets it, where one after the other would change it. */
static void part(struct world *world, size_t a, size_t b)
{
    const size_t both[] = { a, b };
    const bool has[] = { has_it_already(&world->pairs[a]), has_it_already(&world->pairs[b]) };

    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct pairing *p = &world->pairs[both[i]];
        if (has[i] && !has[1 - i])
            continue;
        free(p->why);
        conflict(p, p->item,
                 xasprintf("%s is what %s means too; an object has one manifest: take one of the "
                           "two out",
                           p->item->id, world->set->items[both[1 - i]].key));
    }
}

static void part_rivals(struct world *world)
{
    struct map first[KINDS] = { 0 };

    for (size_t i = 0; i < world->set->n; i++) {
        struct pairing *p = &world->pairs[i], *other;
        struct map *m = &first[world->set->items[i].object->kind->kind];
        if (p->match != MATCH_OURS && p->match != MATCH_ADOPT)
            continue;
        other = map_get(m, p->item->id);
        if (other)
            part(world, (size_t)(other - world->pairs), i);
        if (p->match != MATCH_CONFLICT)
            map_set(m, p->item->id, p);
    }
    for (size_t k = 0; k < KINDS; k++)
        map_clear(&first[k]);
}

void match_all(struct world *world)
{
    match_clear(world);
    world->pairs = xcalloc(world->set->n, sizeof(*world->pairs));
    for (size_t i = 0; i < world->set->n; i++)
        match_one(world, i);
    part_rivals(world);
}

void match_clear(struct world *world)
{
    for (size_t i = 0; world->pairs && i < world->set->n; i++)
        free(world->pairs[i].why);
    free(world->pairs);
    world->pairs = NULL;
}
