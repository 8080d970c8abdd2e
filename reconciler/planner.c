/* One action per wanted object that differs. */
#include "reconciler/planner.h"

#include <stdlib.h>

#include "reconciler/flips.h"
#include "reconciler/rules.h"
#include "schema/wire.h"

enum { SHOWN_MAX = 4000 };

void action_block_as(struct action *a, enum block as, char *why)
{
    if (a->blocked) {
        free(why);
        return;
    }
    a->blocked = why;
    a->block = as;
}

void action_block(struct action *a, char *why)
{
    action_block_as(a, BLOCK_RULE, why);
}

msec outcome_due(const struct entry *e)
{
    if (!e || !e->intent.open || e->intent.job)
        return 0;
    return e->intent.at + (e->intent.lost ? LOST_GRACE : OUTCOME_GRACE);
}

bool creation_lost(const struct entry *e, msec now)
{
    return e && e->intent.lost && e->intent.makes && now >= outcome_due(e);
}

msec planning_not_before(const struct planner *in, const struct action *a)
{
    msec own = backoff_until(in->backoff, a->key);
    msec engine = a->engine ? backoff_engine_until(in->backoff, a->engine) : 0;

    return own > engine ? own : engine;
}

msec planning_due(const struct planner *in, const char *key)
{
    msec until = backoff_until(in->backoff, key);
    msec due = outcome_due(ledger_find(in->world->ledger, key));

    due = until > due ? until : due;
    return due > in->now ? due : 0;
}

struct action *planning_add(struct planning *p, enum verb verb, const struct wanted *w,
                            const struct observed_item *item, char *reason)
{
    struct action *a = plan_add(p->plan, verb, w->object->kind, w->key);
    const char *engine = resolve_engine(p->in->world, w);

    a->wanted = w;
    a->pos = w->object->pos;
    a->reason = reason;
    a->id = item ? xstrdup(item->id) : NULL;
    a->engine = engine ? xstrdup(engine) : NULL;
    a->not_before = planning_due(p->in, w->key);
    a->unanswered = outcome_due(ledger_find(p->in->world->ledger, w->key)) != 0;
    return a;
}

const struct suspension *suspension_of(const struct cycle_options *o, const struct ledger *l,
                                       enum kind kind, const char *key, msec wall)
{
    const struct suspensions *by_hand = ledger_suspensions(l);

    for (size_t i = 0; i < o->n_suspensions; i++) {
        if (suspension_holds(&o->suspensions[i], kind, key, wall))
            return &o->suspensions[i];
    }
    for (size_t i = 0; i < by_hand->n; i++) {
        if (suspension_holds(&by_hand->items[i], kind, key, wall))
            return &by_hand->items[i];
    }
    return NULL;
}

msec planning_wall(const struct planner *in)
{
    return in->now + in->ahead;
}

char *planning_suspended(const struct planner *in, enum kind kind, const char *key)
{
    const struct suspension *s =
        suspension_of(in->options, in->world->ledger, kind, key, planning_wall(in));

    return s ? suspension_text(s) : NULL;
}

/* What the policy block says against acting at all. */
char *planning_policy(const struct planner *in, const struct wanted *w, enum block *as)
{
    const struct object *o = w->object;
    char *suspended = planning_suspended(in, o->kind->kind, w->key);

    *as = BLOCK_SUSPENDED;
    if (suspended)
        return suspended;
    *as = BLOCK_RULE;
    if (w->held)
        return xstrdup(w->held);
    *as = BLOCK_SUSPENDED;
    if (o->policy.suspended &&
        (!o->policy.suspend_until || o->policy.suspend_until > planning_wall(in))) {
        char *until = until_text(o->policy.suspend_until);
        char *text =
            xasprintf("suspended: %s%s",
                      o->policy.suspend_reason ? o->policy.suspend_reason : "no reason given",
                      until);
        free(until);
        return text;
    }
    *as = BLOCK_MODE;
    if (o->policy.mode == MODE_WARN)
        return xasprintf("policy.mode is warn: reported, not repaired");
    if (o->policy.mode == MODE_OBSERVE)
        return xasprintf("policy.mode is observe: nothing is written");
    return NULL;
}

/* A reference that nothing can fulfil; NULL if all can be, now or later. */
static char *missing_reference(const struct planning *p, const struct wanted *w, bool *unknown)
{
    const struct table t = w->object->kind->table;

    for (size_t i = 0; i < t.n; i++) {
        const struct field *f = &t.rows[i];
        if (f->type != F_REF || (w->object->values[i].state != V_SET && !(f->flags & AUTO)))
            continue;
        struct resolved r;
        resolve_row(p->in->world, w, i, &r);
        char *why = r.how == RESOLVE_MISSING || r.how == RESOLVE_UNKNOWN
                        ? xasprintf("`%s`: %s", f->yaml, buf_text(&r.why))
                        : NULL;
        *unknown = r.how == RESOLVE_UNKNOWN;
        resolved_clear(&r);
        if (why)
            return why;
    }
    return NULL;
}

/* Found in an environment only after it has looked again: is that to come? */
static bool discovery_may_help(const struct planning *p, const struct wanted *w)
{
    const struct table t = w->object->kind->table;

    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].type != F_REF || t.rows[i].ref->target != REF_REPOSITORY)
            continue;
        struct resolved r;
        resolve_row(p->in->world, w, i, &r);
        bool missing = r.how == RESOLVE_MISSING && r.target;
        resolved_clear(&r);
        if (missing)
            return true;
    }
    return false;
}

static void show_declared(struct action *a, const struct object *o)
{
    for (size_t i = 0; i < o->kind->table.n; i++) {
        const struct field *f = &o->kind->table.rows[i];
        if (!f->yaml || o->values[i].state != V_SET || f->flags & DERIVED ||
            (f->type == F_BLOCK && !o->values[i].s) || streq(f->yaml, "metadata.name"))
            continue;
        struct buf b = BUF_WITH_LIMIT(SHOWN_MAX);
        value_print(f, object_made(o, i), &b);
        a->changes = grow(a->changes, a->n_changes, &a->cap_changes, sizeof(*a->changes));
        a->changes[a->n_changes++] = (struct change){ .row = i, .becomes = buf_take(&b) };
    }
}

static void check_rules(const struct planning *p, struct action *a, const struct pairing *pair,
                        const struct diff *diff)
{
    const struct rule_case c = { .rules = p->rules,
                                 .world = p->in->world,
                                 .plan = p->plan,
                                 .verb = a->verb,
                                 .kind = a->kind,
                                 .wanted = a->wanted,
                                 .item = pair->item,
                                 .entry = pair->entry,
                                 .diff = diff };
    char *why = rules_check(&c);

    if (why)
        action_block(a, why);
}

void planning_block_as(struct action *a, enum block as, char *why)
{
    if (why)
        action_block_as(a, as, why);
}

void planning_block(struct action *a, char *why)
{
    planning_block_as(a, BLOCK_RULE, why);
}

static void block_by_reference(const struct planning *p, struct action *a, bool *unknown)
{
    char *why = missing_reference(p, a->wanted, unknown);

    planning_block_as(a, *unknown ? BLOCK_UNKNOWN : BLOCK_RULE, why);
}

void planning_block_by_policy(const struct planner *in, struct action *a, const struct wanted *w)
{
    enum block as;
    char *why = planning_policy(in, w, &as);

    planning_block_as(a, as, why);
}

static char *too_new_text(const struct planning *p, const struct kind_desc *k,
                          const struct call *call)
{
    unsigned api = p->in->world->api;

    if (!call_too_new(call, api))
        return NULL;
    return xasprintf("`%s` of a %s needs DCT %s or later (API %u.%u); this server speaks %u.%u",
                     call->name, k->arg, call->release ? call->release : "of a newer release",
                     call->since / 100U, call->since % 100U, api / 100U, api % 100U);
}

/* The first change whose call this server does not have. */
static char *update_too_new(const struct planning *p, const struct kind_desc *k,
                            const struct diff *d)
{
    char *why = NULL;

    for (size_t i = 0; !why && i < d->n; i++) {
        const struct field *f = &k->table.rows[d->changes[i].row];
        if (f->update && f->call < k->n_updates)
            why = too_new_text(p, k, &k->updates[f->call]);
    }
    return why;
}

/* Somebody is told why nothing happens for a while. */
static void await_settled(struct planning *p, struct action *a)
{
    static const char note[] = "the ledger was lost: what was asked for last may still come, so "
                               "nothing is made in the first half minute";

    if (p->in->settled <= p->in->now)
        return;
    if (a->not_before < p->in->settled)
        a->not_before = p->in->settled;
    if (!strings_has(&p->plan->notes, note))
        strings_add(&p->plan->notes, note);
}

static void plan_create(struct planning *p, const struct wanted *w, const struct pairing *pair)
{
    const struct entry *e = pair->entry;
    bool gone = e && e->id;
    bool adopted = gone && e->origin == ORIGIN_ADOPTED;
    struct action *a =
        planning_add(p, VERB_CREATE, w, NULL,
                     adopted ? xasprintf("it is gone from DCT, which has no %s", e->id)
                             : xstrdup(gone ? "it is gone from DCT" : "it is not in DCT"));
    bool unknown = false;

    await_settled(p, a);
    show_declared(a, w->object);
    planning_block_by_policy(p->in, a, w);
    if (!discovery_may_help(p, w))
        block_by_reference(p, a, &unknown);
    p->plan->unknown = p->plan->unknown || unknown;
    planning_block(a, too_new_text(p, a->kind, &a->kind->creates[wire_create_variant(w->object)]));
    check_rules(p, a, pair, NULL);
}

static void plan_conflict(struct planning *p, const struct wanted *w, const struct pairing *pair)
{
    struct action *a = planning_add(p, VERB_CREATE, w, NULL, xstrdup("it is not ours"));

    action_block_as(a, BLOCK_CONFLICT, xstrdup(pair->why));
}

static void plan_unknown(struct planning *p, const struct wanted *w, const char *why)
{
    struct action *a = planning_add(p, VERB_NONE, w, NULL, xstrdup("it cannot be judged"));

    action_block_as(a, BLOCK_UNKNOWN, xstrdup(why));
    p->plan->unknown = true;
}

/* A name in the manifest means nothing in DCT, or cannot be looked up. */
static void plan_unresolved(struct planning *p, const struct wanted *w, const struct pairing *pair,
                            const char *why)
{
    bool unknown = false;
    char *missing = missing_reference(p, w, &unknown);
    struct action *a =
        planning_add(p, unknown ? VERB_NONE : VERB_UPDATE, w, pair->item,
                     xstrdup(unknown ? "it cannot be judged" : "the manifest says otherwise"));

    action_block_as(a, unknown ? BLOCK_UNKNOWN : BLOCK_RULE, missing ? missing : xstrdup(why));
    p->plan->unknown = p->plan->unknown || unknown;
}

static char *update_reason(const struct diff *d)
{
    bool drift = false, change = false;

    for (size_t i = 0; i < d->n; i++) {
        drift = drift || d->changes[i].why == WHY_DRIFT;
        change = change || d->changes[i].why == WHY_CHANGE;
    }
    if (drift && change)
        return xstrdup("the manifest changed, and DCT drifted");
    return xstrdup(drift ? "drift: DCT changed, the manifest did not"
                         : "the manifest says otherwise");
}

static bool any_in_place(const struct diff *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (!d->changes[i].create_only)
            return true;
    }
    return false;
}

static char *create_only_text(const struct action *a)
{
    struct buf b = BUF_WITH_LIMIT(SHOWN_MAX);
    const char *comma = "";

    for (size_t i = 0; i < a->n_changes; i++) {
        if (!a->changes[i].create_only)
            continue;
        buf_printf(&b, "%s`%s`", comma, a->kind->table.rows[a->changes[i].row].yaml);
        comma = ", ";
    }
    buf_printf(&b,
               " cannot be changed in place; take it back, or set policy.replace: allow to "
               "delete and create the %s again",
               a->kind->arg);
    return buf_take(&b);
}

bool item_enabled(const struct observed_item *item)
{
    int row = table_find(item->kind->table, "enabled");
    const struct value *v = row < 0 ? NULL : &item->object->values[row];

    return v && v->state == V_SET && v->i;
}

static void note_disruptions(struct action *a, const struct pairing *pair)
{
    char *line = NULL;

    if (a->verb == VERB_REPLACE)
        line = xasprintf(a->kind->flags & KIND_SNAPSHOTS
                             ? "%s %s and all its snapshots are deleted, then it is made anew"
                             : "%s %s is deleted, then made anew",
                         a->kind->name, pair->item->name);
    else if (a->goes_off)
        line = xasprintf("%s %s is disabled during this update", a->kind->name, pair->item->name);
    if (line)
        strings_add(&a->disruptions, line);
    free(line);
    for (size_t i = 0; i < a->n_changes; i++) {
        if (!(a->kind->table.rows[a->changes[i].row].flags & TOKEN))
            continue;
        line = xasprintf("the data of %s %s is overwritten by a refresh", a->kind->name,
                         pair->item->name);
        strings_add(&a->disruptions, line);
        free(line);
    }
}

/* Is all that differs what we ourselves switched off? */
static bool only_debt(const struct wanted *w, const struct pairing *pair, const struct diff *d)
{
    int row = table_find(w->object->kind->table, "enabled");

    return enable_owed(pair->entry, pair->item) && d->n == 1 && row >= 0 &&
           d->changes[0].row == (size_t)row;
}

static void take_changes(struct action *a, struct diff *d)
{
    a->changes = d->changes;
    a->n_changes = d->n;
    a->cap_changes = d->cap;
    d->changes = NULL;
}

static enum verb update_verb(const struct planning *p, const struct wanted *w,
                             const struct pairing *pair, const struct diff *d)
{
    bool anew = d->create_only || half_made(p->in, w, pair, d);

    if (anew && w->object->policy.replace_allowed)
        return VERB_REPLACE;
    if (pair->match == MATCH_ADOPT)
        return VERB_ADOPT;
    return only_debt(w, pair, d) ? VERB_ENABLE : VERB_UPDATE;
}

static void plan_update(struct planning *p, const struct wanted *w, const struct pairing *pair,
                        struct diff *d)
{
    struct action *a =
        planning_add(p, update_verb(p, w, pair, d), w, pair->item,
                     pair->match == MATCH_ADOPT
                         ? xstrdup("it exists; the policy lets us take it over")
                     : only_debt(w, pair, d) ? xstrdup("it was disabled for a change that is over")
                                             : update_reason(d));
    bool in_place = any_in_place(d) || a->verb == VERB_ADOPT, unknown = false;

    a->unsound = half_made_yet(p->in, w, pair, d);
    a->owes = enable_owed(pair->entry, pair->item);
    a->pays_debt = only_debt(w, pair, d);
    if (!a->pays_debt) /* what we switched off comes back, whatever is suspended meanwhile */
        planning_block_by_policy(p->in, a, w);
    planning_block(a, update_too_new(p, a->kind, d));
    take_changes(a, d);
    flips_block(a, pair->entry, planning_wall(p->in));
    if (a->verb == VERB_REPLACE && is_protected(w, pair->entry))
        planning_block(a, protected_text(w));
    if (d->create_only && a->verb != VERB_REPLACE && !in_place)
        planning_block(a, create_only_text(a));
    if (!discovery_may_help(p, w))
        block_by_reference(p, a, &unknown);
    check_rules(p, a, pair, d);
    a->goes_off = a->verb != VERB_REPLACE && d->needs_disabled && item_enabled(pair->item);
    note_disruptions(a, pair);
    d->n = 0;
}

/* Nothing may be made from it, so for those that need it it is not there. */
static void plan_half_made(struct planning *p, const struct wanted *w, const struct pairing *pair,
                           struct diff *d)
{
    struct action *a = planning_add(p, VERB_CREATE, w, NULL, xstrdup("its creation failed"));

    a->unsound = true;
    action_block_as(a, BLOCK_HALF_MADE, half_made_text(w, pair->entry, pair->item->id));
    take_changes(a, d);
    d->n = 0;
}

/* In sync as far as values go; there may still be something to do for it. */
static void plan_settled(struct planning *p, const struct wanted *w, const struct pairing *pair)
{
    const struct entry *e = pair->entry;

    if (e && e->owes_refresh && w->object->kind->refresh.name) {
        struct action *a = planning_add(p, VERB_REFRESH, w, pair->item,
                                        xstrdup("a connector came later than it did"));
        planning_block_by_policy(p->in, a, w);
    } else if (e && e->intent.open) {
        enum block as;
        struct action *a = planning_add(p, VERB_NONE, w, pair->item,
                                        xstrdup(e->intent.job ? "a job is still under way"
                                                              : "a write to it got no answer"));
        char *forbidden = planning_policy(p->in, w, &as);
        a->only_waits = forbidden;
        free(forbidden);
    } else {
        p->plan->in_sync++;
    }
}

/* DCT refreshes only what is on. */
static void note_deferred(struct planning *p, const struct wanted *w)
{
    char *note =
        xasprintf("%s: its refresh waits until its manifest lets it be on (enabled: false)",
                  w->key);

    strings_add(&p->plan->notes, note);
    free(note);
}

static void plan_wanted(struct planning *p, size_t i)
{
    const struct world *world = p->in->world;
    const struct wanted *w = &world->set->items[i];
    const struct pairing *pair = &world->pairs[i];
    struct diff d;

    if (pair->match == MATCH_NONE) {
        plan_create(p, w, pair);
        return;
    }
    if (pair->match == MATCH_CONFLICT) {
        plan_conflict(p, w, pair);
        return;
    }
    if (pair->match == MATCH_UNKNOWN || !pair->item->object) {
        plan_unknown(p, w, pair->why ? pair->why : "DCT's answer holds no values of it");
        return;
    }
    diff_object(world, w, pair->item, pair->entry, pair->match == MATCH_ADOPT, &d);
    if (d.deferred)
        note_deferred(p, w);
    bool replaced = w->object->policy.replace_allowed && !is_protected(w, pair->entry);
    if (half_made(p->in, w, pair, &d) && !replaced)
        plan_half_made(p, w, pair, &d);
    else if (half_made_perhaps(pair, &d))
        plan_unknown(p, w,
                     "its creation did not come to its end, and what it refers to cannot be seen "
                     "now, so whether it was made whole is not known");
    else if (d.n || pair->match == MATCH_ADOPT)
        plan_update(p, w, pair, &d);
    else if (d.unresolved)
        plan_unresolved(p, w, pair, d.unresolved);
    else
        plan_settled(p, w, pair);
    diff_clear(&d);
}

void plan_count(struct plan *p)
{
    p->blocked = p->left = 0;
    for (enum verb v = 0; v < VERBS; v++)
        p->by_verb[v] = 0;
    for (size_t i = 0; i < p->n; i++) {
        p->left += action_left(p, &p->items[i]);
        if (p->items[i].blocked)
            p->blocked++;
        else
            p->by_verb[p->items[i].verb]++;
    }
}

/* A suspension that has run out holds nothing back any more, and says otherwise. */
static void note_expired(const struct planner *in, struct plan *p)
{
    for (size_t i = 0; i < in->world->set->n; i++) {
        const struct wanted *w = &in->world->set->items[i];
        const struct policy *policy = &w->object->policy;
        if (!policy->suspended || !policy->suspend_until ||
            policy->suspend_until > planning_wall(in))
            continue;
        char *until = until_text(policy->suspend_until);
        char *note = xasprintf("%s: its policy.suspend is over (%s); take it out of the manifest, "
                               "or give it another date",
                               w->key, until + 2);
        strings_add(&p->notes, note);
        free(note);
        free(until);
    }
}

struct plan *plan_build(const struct planner *in)
{
    OWNED(rules) rules = rules_new(in->world);
    struct planning p = { in, rules, xcalloc(1, sizeof(*p.plan)) };

    p.plan->managed = in->world->set->n;
    p.plan->ahead = in->ahead;
    for (size_t i = 0; i < in->world->set->n; i++)
        plan_wanted(&p, i);
    plan_consequences(&p);
    plan_prune(in, p.plan);
    plan_order(in, p.plan);
    note_expired(in, p.plan);
    plan_count(p.plan);
    return p.plan;
}
