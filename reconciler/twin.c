/* Ids are remembered as eight bytes each: there are as many as objects. */
#include "reconciler/twin.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/planner.h"

enum { DAY = 86400000 };

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

void twin_clear(struct twin *t)
{
    for (enum kind k = 0; k < KINDS; k++)
        free(t->kinds[k].ids);
    free(t->text);
    *t = (struct twin){ 0 };
}

/* The entry of that id; or that of a creation which no answer has named yet. */
static bool explains(const struct entry *e, const struct observed_item *item)
{
    bool made = e->origin == ORIGIN_CREATED && !e->id && streq(e->name, item->name);

    return e->kind == item->kind->kind && (streq(e->id, item->id) || made);
}

static bool is_explained(const struct ledger *l, const struct observed_item *item)
{
    char *key = xasprintf("%s/%s", item->kind->name, item->name);
    const struct entry *e = ledger_find(l, key);
    bool is = e && explains(e, item); /* nearly always; else its manifest has another name */

    free(key);
    for (size_t i = 0; !is && i < ledger_count(l); i++)
        is = explains(ledger_at(l, i), item);
    return is;
}

static void notice(struct twin *t, const struct world *world, const struct observed_item *item,
                   msec now)
{
    free(t->text);
    t->text = xasprintf("%s %s (%s) bears the tag " OWNER_TAG "=%s of this dctd, which has not "
                        "made it: another dctd may run under the same instance name; give each "
                        "its own (`instance` in its configuration)",
                        item->kind->name, item->name, item->id, world->instance);
    t->at = now;
}

static bool look(struct twin *t, const struct world *world, enum kind k, msec now)
{
    const struct observed_list *l = &world->observed->kinds[k];
    const size_t before = t->kinds[k].n;
    bool noticed = false;

    for (size_t i = 0; i < l->n; i++) {
        const struct observed_item *item = l->items[i];
        bool ours = streq(item->owner, world->instance);
        if (item->foreign || !item->owner)
            continue;
        t->ours = t->ours || (ours && now == t->begun);
        uint64_t id = hash_bytes(item->id, strlen(item->id));
        if (before && bsearch(&id, t->kinds[k].ids, before, sizeof(id), compare))
            continue;
        t->kinds[k].ids = grow(t->kinds[k].ids, t->kinds[k].n, &t->kinds[k].cap, sizeof(id));
        t->kinds[k].ids[t->kinds[k].n++] = id;
        if (!ours || !t->remembers || !t->kinds[k].seen || is_explained(world->ledger, item))
            continue;
        notice(t, world, item, now);
        noticed = true;
    }
    if (t->kinds[k].n > before)
        qsort(t->kinds[k].ids, t->kinds[k].n, sizeof(uint64_t), compare);
    t->kinds[k].seen = t->kinds[k].seen || l->complete;
    return noticed;
}

bool twin_look(struct twin *t, const struct world *world, msec now)
{
    bool noticed = false;

    if (!t->begun)
        t->begun = now;
    t->remembers = t->remembers || now - t->begun >= DAY;
    if (t->text && now - t->at >= DAY)
        free(TAKE(t->text));
    for (enum kind k = 0; k < KINDS; k++)
        noticed = look(t, world, k, now) || noticed;
    return noticed;
}

msec twin_settled(const struct twin *t)
{
    return t->ours && !t->remembers ? t->begun + OUTCOME_GRACE : 0;
}
