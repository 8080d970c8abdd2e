/* Deletion is guarded here and nowhere else: only what the ledger says is ours,
 * only when every manifest could be read, never what is protected; and only within
 * the budget, see budget.c. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/planner.h"
#include "reconciler/rules.h"

enum { NAMED_MAX = 10 };

/* Is its manifest there, but with findings? A connector has a key for each engine. */
static bool left_out(const struct set *set, const char *key)
{
    const char *at = strrchr(key, '@');
    char *name = at ? xstrndup(key, (size_t)(at - key)) : NULL;
    bool is = strings_has(&set->left_out, key) || (name && strings_has(&set->left_out, name));

    free(name);
    return is;
}

/* Under its key, or, whatever its name was before, as the object of another. */
static bool still_wanted(const struct world *world, const struct entry *e)
{
    if (set_find(world->set, e->key))
        return true;
    for (size_t i = 0; i < world->set->n; i++) {
        const struct pairing *p = &world->pairs[i];
        bool same = p->item && world->set->items[i].object->kind->kind == e->kind;
        if (p->entry == e || (same && streq(p->item->id, e->id)))
            return true;
    }
    return false;
}

/* The object that the entry is about; by its tag while the id is not known. */
static struct observed_item *item_of(const struct world *world, const struct entry *e)
{
    if (e->id)
        return observed_by_id(world->observed, e->kind, e->id);
    struct observed_item *item =
        e->name ? observed_by_name(world->observed, e->kind, e->name) : NULL;
    while (item && !(streq(item->owner, world->instance) && streq(item->engine, e->engine)))
        item = item->next_named;
    return item;
}

static void settle_deletion(const struct planner *in, struct plan *p, struct action *a,
                            const struct entry *e, const struct observed_item *item)
{
    const struct rule_case c = {
        .world = in->world, .plan = p, .verb = a->verb, .kind = a->kind, .item = item, .entry = e
    };

    planning_block_as(a, BLOCK_SUSPENDED, planning_suspended(in, e->kind, e->key));
    if (a->verb == VERB_FORGET)
        return;
    if (e->protect)
        action_block(a, xstrdup("it is protected; to lift that, bring its manifest back with "
                                "policy.protect: false first"));
    if (e->hands_off)
        action_block(a, xstrdup("policy.mode of its manifest let nothing be written to it; to have "
                                "it deleted, bring that back with mode: enforce first"));
    if (item->owner && !streq(item->owner, in->world->instance))
        action_block(a, xasprintf("it now belongs to the dctd instance `%s`", item->owner));
    if (match_estranged(e, item))
        action_block_as(a, BLOCK_CONFLICT, match_estranged_text(e, item));
    char *why = rules_check(&c);
    if (why)
        action_block(a, why);
    if (a->kind->flags & KIND_SNAPSHOTS && !a->blocked) {
        char *line =
            xasprintf("%s %s and all its snapshots are deleted", a->kind->name, item->name);
        strings_add(&a->disruptions, line);
        free(line);
    }
}

static bool is_orphan(const struct entry *e)
{
    return e->deletion == DELETION_ORPHAN;
}

/* Nothing in DCT tells that it is half made: were that forgotten, a manifest that
 * comes back would find it by its tag, and build upon it. */
static bool is_left_behind(const struct entry *e)
{
    bool lost = e->intent.open && e->intent.makes && e->intent.lost;

    return is_orphan(e) && e->origin == ORIGIN_CREATED && (e->failed || lost);
}

static void note_left_behind(struct plan *p, const struct entry *e,
                             const struct observed_item *item)
{
    char *note =
        xasprintf("%s: no manifest wants it, and its creation left %s behind half made; "
                  "delete that in DCT, or `dctd forget%s %s` if it is to stay",
                  e->key, item->id, e->protect || e->intent.open ? " --force" : "", e->key);

    strings_add(&p->notes, note);
    free(note);
}

static void add_deletion(const struct planner *in, struct plan *p, const struct entry *e,
                         const struct observed_item *item)
{
    bool orphan = is_orphan(e);
    struct action *a = plan_add(p, orphan ? VERB_FORGET : VERB_DELETE, kind_desc(e->kind), e->key);

    a->id = xstrdup(item->id);
    a->engine = e->engine ? xstrdup(e->engine) : NULL;
    a->reason = xstrdup(orphan ? "no manifest wants it any more; its deletion policy is orphan"
                               : "no manifest wants it any more");
    a->not_before = planning_not_before(in, a);
    if (a->not_before < outcome_due(e))
        a->not_before = outcome_due(e);
    settle_deletion(in, p, a, e, item);
}

/* Nobody wants it, but DCT still works on it: what that comes to is awaited. */
static void add_waiting(struct plan *p, const struct entry *e)
{
    struct action *a = plan_add(p, VERB_NONE, kind_desc(e->kind), e->key);

    a->id = e->id ? xstrdup(e->id) : NULL;
    a->engine = e->engine ? xstrdup(e->engine) : NULL;
    a->reason = xstrdup(e->owes_enable ? "a job is still under way; it was disabled for a change, "
                                         "and is enabled again after that"
                                       : "a job is still under way");
}

/* Others may declare it where not every manifest was named, or could be read. */
static const char *by_nobody(const struct planner *in)
{
    if (in->options->partial)
        return "none of the named manifests declares";
    return in->world->set->complete ? "no manifest wants any more" : "no readable manifest wants";
}

static void note_unpruned(const struct planner *in, struct plan *p, const struct strings *left,
                          const char *why)
{
    struct buf b = BUF_WITH_LIMIT(8192);

    if (!left->n)
        return;
    buf_printf(&b, "%zu object%s that %s %s left alone (%s):", left->n, left->n == 1 ? "" : "s",
               by_nobody(in), left->n == 1 ? "is" : "are", why);
    for (size_t i = 0; i < left->n && i < NAMED_MAX; i++)
        buf_printf(&b, " %s", left->items[i]);
    if (left->n > NAMED_MAX)
        buf_puts(&b, " ...");
    strings_add(&p->notes, buf_text(&b));
    buf_clear(&b);
}

/* Taken over by hand, and neither the manifests nor DCT know of it: a slip. */
static void note_nowhere(const struct world *world, struct plan *p, const struct entry *e)
{
    if (e->origin != ORIGIN_ADOPTED || !e->id || e->intent.open ||
        !world->observed->kinds[e->kind].complete || !world->set->complete)
        return;
    char *note = xasprintf("%s was adopted as %s, which DCT does not have, and no manifest wants "
                           "it; it is forgotten",
                           e->key, e->id);
    strings_add(&p->notes, note);
    free(note);
}

static const char *prune_forbidden(const struct planner *in)
{
    if (!in->options->prune)
        return "prune is off";
    if (in->options->partial)
        return "only a part of the manifests was named";
    if (!in->world->set->complete)
        return "not every manifest could be read";
    if (!in->world->set->n)
        return "there are no manifests at all";
    return NULL;
}

/* DCT may have it, and does not show it: it goes another time. */
static bool goes_later(const struct world *world, const struct entry *e)
{
    return !world->observed->kinds[e->kind].complete && e->id && e->origin != ORIGIN_NONE &&
           e->deletion != DELETION_ORPHAN && !e->protect && !e->hands_off;
}

/* What the ledger holds and no manifest wants, as far as it is only counted. */
struct unwanted {
    const char *forbidden; /* why nothing is deleted, NULL if it may be */
    struct strings left;
    size_t unseen;
};

/* Ours, in DCT, and wanted by nobody. */
static void judge_unwanted(const struct planner *in, struct plan *p, const struct entry *e,
                           const struct observed_item *item, struct unwanted *u)
{
    if (is_left_behind(e))
        note_left_behind(p, e, item);
    else if (u->forbidden)
        strings_add(&u->left, e->key);
    else
        add_deletion(in, p, e, item);
}

/* What becomes of one that no manifest wants, or whose manifest has findings. What
 * never became ours is forgotten as soon as nothing is open. */
static void judge_entry(const struct planner *in, struct plan *p, const struct entry *e,
                        struct unwanted *u)
{
    bool unread = left_out(in->world->set, e->key);

    if (!unread && still_wanted(in->world, e))
        return;
    const struct observed_item *item = item_of(in->world, e);
    if (e->intent.open && e->intent.job && (!item || u->forbidden || e->origin == ORIGIN_NONE))
        add_waiting(p, e);
    if (unread)
        return;
    if (item && e->origin != ORIGIN_NONE) {
        judge_unwanted(in, p, e, item, u);
    } else if (!item) {
        note_nowhere(in->world, p, e);
        u->unseen += goes_later(in->world, e);
    }
}

void plan_prune(const struct planner *in, struct plan *p)
{
    struct unwanted u = { .forbidden = prune_forbidden(in) };

    /* Dependents come first, so what needs them gone finds them in the plan. */
    for (int kind = KINDS - 1; kind >= 0; kind--) {
        for (size_t i = 0; i < ledger_count(in->world->ledger); i++) {
            const struct entry *e = ledger_at(in->world->ledger, i);
            if ((int)e->kind == kind)
                judge_entry(in, p, e, &u);
        }
    }
    note_unpruned(in, p, &u.left, u.forbidden ? u.forbidden : "");
    strings_clear(&u.left);
    plan_budget(in, p, u.forbidden ? 0 : u.unseen);
}
