/* What a change asks of others: environments look again after an upload, a
 * parent gets its first snapshot, what lives on a host is off while it moves. */
#include <stdlib.h>

#include "reconciler/planner.h"
#include "reconciler/rules.h"

enum { TRIES_AFTER_LOOK = 4 };

/* An environment that has to look again before something on it can be made:
 * a connector comes in this plan, or a repository is not there yet. */
static void plan_discovery(struct planning *p, const struct wanted *env, char *reason)
{
    const struct pairing *pair = &p->in->world->pairs[env - p->in->world->set->items];

    if (!env->object->kind->refresh.name || pair->match != MATCH_OURS ||
        plan_index(p->plan, env->key) >= 0) {
        free(reason);
        return;
    }
    struct action *a = planning_add(p, VERB_REFRESH, env, pair->item, reason);
    planning_block_by_policy(p->in, a, env);
    p->plan->in_sync--;
}

/* Environments on the engine of a connector that this plan uploads. */
static void plan_connector_news(struct planning *p, const struct wanted *connector)
{
    const struct world *world = p->in->world;

    for (size_t i = 0; i < world->set->n; i++) {
        const struct wanted *w = &world->set->items[i];
        if (w->object->kind->refresh.name && streq(w->engine, connector->engine))
            plan_discovery(p, w, xasprintf("%s is new on its engine", connector->key));
    }
}

/* Its host looked, and looked in vain: it is not asked again until something has
 * changed. The reply to the first look may lag. */
static bool looked_in_vain(const struct planning *p, const struct action *a,
                           const struct wanted *host)
{
    return backoff_has_looked(p->in->backoff, host->key) &&
           backoff_tries(p->in->backoff, a->key) >= TRIES_AFTER_LOOK;
}

static void plan_missing_repository(struct planning *p, size_t at)
{
    const struct wanted *w = p->plan->items[at].wanted;
    const struct table t = w->object->kind->table;
    bool later = p->plan->items[at].not_before > p->in->now;

    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].type != F_REF || t.rows[i].ref->target != REF_REPOSITORY)
            continue;
        struct resolved r;
        resolve_row(p->in->world, w, i, &r);
        bool missing = r.how == RESOLVE_MISSING && r.target;
        if (missing && plan_index(p->plan, r.target->key) >= 0)
            missing = false; /* something happens to the host first */
        if (missing && looked_in_vain(p, &p->plan->items[at], r.target))
            action_block(&p->plan->items[at],
                         xasprintf("`%s`: %s; %s was refreshed for it, in vain: install what is "
                                   "missing there, upload its connector, or correct `%s`; then "
                                   "`dctd reconcile` looks again",
                                   t.rows[i].yaml, buf_text(&r.why), r.target->key,
                                   t.rows[i].yaml));
        else if (missing && !later && !backoff_has_looked(p->in->backoff, r.target->key))
            plan_discovery(p, r.target,
                           xasprintf("%s needs a repository that is not discovered yet", w->key));
        resolved_clear(&r);
    }
}

/* A VDB that others are to be provisioned from needs a snapshot to start from. */
static void plan_first_snapshot(struct planning *p, const struct wanted *child)
{
    const struct world *world = p->in->world;
    int row = table_find(child->object->kind->table, "source.vdb");
    const char *name = row < 0 ? NULL : object_text(child->object, "source.vdb");
    const struct wanted *parent =
        name ? set_named(world->set, child->object->kind->kind, name, child->engine) : NULL;

    if (!parent || plan_index(p->plan, parent->key) >= 0 ||
        world->pairs[parent - world->set->items].match != MATCH_OURS)
        return;
    const struct observed_item *item = world->pairs[parent - world->set->items].item;
    bool off = item->object && !item_enabled(item);
    struct action *a = planning_add(p, VERB_SNAPSHOT, parent, item,
                                    xasprintf("%s is provisioned from it; %s", child->key,
                                              off ? "it is disabled, so it must have one"
                                                  : "one is taken if it has none"));
    if (off && a->not_before && backoff_terminal(p->in->backoff, parent->key))
        action_block(a, xasprintf("it has no snapshot that %s could start from, and none can be "
                                  "taken while it is disabled; enable it",
                                  child->key));
    planning_block_by_policy(p->in, a, parent);
    p->plan->in_sync--;
}

/* Is a connector's file uploaded? Tags alone teach an engine nothing. */
static bool uploads(const struct action *a)
{
    bool file = a->verb == VERB_CREATE || a->verb == VERB_REPLACE;

    for (size_t i = 0; !file && i < a->n_changes; i++)
        file = a->kind->table.rows[a->changes[i].row].type == F_FILE;
    return a->kind->flags & KIND_PER_ENGINE && file;
}

static bool users_must_be_off(const struct action *a)
{
    for (size_t i = 0; i < a->n_changes; i++) {
        if (a->kind->table.rows[a->changes[i].row].flags & USERS_DISABLED)
            return true;
    }
    return false;
}

/* Is it of a kind that lives on others, and can go off for them? */
static bool is_dataset(const struct kind_desc *k)
{
    return k->disable.name && k->flags & KIND_SNAPSHOTS;
}

/* Did DCT not show where it is, or whether it is there at all? */
static bool may_be_user(const struct planning *p, size_t on, size_t user)
{
    const struct world *world = p->in->world;
    const struct wanted *w = &world->set->items[user], *own = p->plan->items[on].wanted;
    const struct table t = w->object->kind->table;
    bool hidden = world->pairs[user].match == MATCH_UNKNOWN;

    if (!is_dataset(w->object->kind) ||
        (w->engine && own->engine && !streq(w->engine, own->engine)))
        return false;
    for (size_t i = 0; i < t.n && world->pairs[user].match == MATCH_OURS; i++) {
        bool joined = t.rows[i].read && t.rows[i].read[0] == '$';
        hidden =
            hidden || (joined && t.rows[i].type == F_REF && w->object->values[i].state == V_SET &&
                       !world->observed->joins_known[w->object->kind->kind]);
    }
    return hidden;
}

/* Is it a dataset on the object, and on? */
static bool is_user(const struct planning *p, size_t on, size_t user)
{
    const struct world *world = p->in->world;
    const struct pairing *pair = &world->pairs[user];

    return is_dataset(world->set->items[user].object->kind) && pair->match == MATCH_OURS &&
           pair->item->object && item_enabled(pair->item) &&
           object_refers_to(pair->item->object, p->plan->items[on].kind, p->plan->items[on].id);
}

/* What forbids that it goes off: its policy, or a rule; NULL = nothing. Owned. */
static char *off_forbidden(const struct planning *p, size_t user, enum block *as)
{
    const struct wanted *w = &p->in->world->set->items[user];
    const struct pairing *pair = &p->in->world->pairs[user];
    const struct rule_case c = { .rules = p->rules,
                                 .world = p->in->world,
                                 .plan = p->plan,
                                 .verb = VERB_DISABLE,
                                 .kind = w->object->kind,
                                 .wanted = w,
                                 .item = pair->item,
                                 .entry = pair->entry };
    char *policy = planning_policy(p->in, w, as);

    if (policy)
        return policy;
    *as = BLOCK_RULE;
    return rules_check(&c);
}

/* Can it not go off now? It has a change of its own, its policy says no, or the
 * last try failed. */
static bool is_held(const struct planning *p, size_t user)
{
    const struct wanted *w = &p->in->world->set->items[user];
    long own = plan_index(p->plan, w->key);
    enum block as;
    char *forbidden = off_forbidden(p, user, &as);
    bool held = forbidden || planning_due(p->in, w->key) > p->in->now ||
                (own >= 0 && p->plan->items[own].verb != VERB_DISABLE);

    free(forbidden);
    return held;
}

/* What has a change of its own gets that first, and the object waits for the
 * next round. */
static void plan_user_off(struct planning *p, size_t on, size_t user)
{
    const struct wanted *w = &p->in->world->set->items[user];
    long other = plan_index(p->plan, w->key);

    if (other >= 0 && p->plan->items[other].verb != VERB_DISABLE) {
        action_block(&p->plan->items[on], xasprintf("%s is changed first", w->key));
        return;
    }
    if (other < 0) {
        struct action *a = planning_add(p, VERB_DISABLE, w, p->in->world->pairs[user].item,
                                        xasprintf("%s changes; it is enabled again afterwards",
                                                  p->plan->items[on].key));
        enum block as;
        char *why = off_forbidden(p, user, &as);
        planning_block_as(a, as, why);
        p->plan->in_sync--;
        other = plan_index(p->plan, w->key);
    }
    action_needs(p->plan, on, (size_t)other);
}

/* All or none: while one of them cannot go off, no other does for nothing. */
static void plan_users_off(struct planning *p, size_t on)
{
    const struct world *world = p->in->world;
    const struct wanted *own = p->plan->items[on].wanted;
    bool held = false;

    /* Nothing runs on what is off itself, and nothing there can be seen to before it is on. */
    if (!item_enabled(world->pairs[own - world->set->items].item))
        return;
    for (size_t i = 0; i < world->set->n; i++) {
        if (may_be_user(p, on, i)) {
            action_block_as(
                &p->plan->items[on], BLOCK_UNKNOWN,
                xasprintf("whether %s lives on it, and has to be off, is not known: DCT "
                          "did not show it whole",
                          world->set->items[i].key));
            p->plan->unknown = true;
            return;
        }
    }
    for (size_t i = 0; i < world->set->n; i++) {
        if (!is_user(p, on, i))
            continue;
        char *line = xasprintf("%s %s is disabled during this update",
                               world->set->items[i].object->kind->name, world->pairs[i].item->name);
        strings_add(&p->plan->items[on].disruptions, line);
        free(line);
        held = held || is_held(p, i);
    }
    for (size_t i = 0; i < world->set->n; i++) {
        if (is_user(p, on, i) && (!held || is_held(p, i)))
            plan_user_off(p, on, i);
    }
}

/* Once it is known which hosts look again for another reason. */
static void plan_repositories(struct planning *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct action *a = &p->plan->items[i];
        if (a->wanted && !a->blocked &&
            (a->verb == VERB_CREATE || a->verb == VERB_UPDATE || a->verb == VERB_REPLACE))
            plan_missing_repository(p, i);
    }
}

void plan_consequences(struct planning *p)
{
    size_t n = p->plan->n;

    for (size_t i = 0; i < n; i++) {
        const struct action a = p->plan->items[i];
        bool later = a.not_before > p->in->now; /* and what it asks of others with it */
        if (!a.wanted || a.blocked || later)
            continue;
        if (uploads(&a))
            plan_connector_news(p, a.wanted);
        if ((a.verb == VERB_UPDATE || a.verb == VERB_ADOPT) && users_must_be_off(&a))
            plan_users_off(p, i);
        if (a.verb == VERB_CREATE || a.verb == VERB_REPLACE)
            plan_first_snapshot(p, a.wanted);
    }
    plan_repositories(p, n);
}
