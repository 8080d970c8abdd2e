/* Observe, plan, execute, observe again. */
#include <stdlib.h>

#include "reconciler/cycle_parts.h"
#include "reconciler/keep.h"

enum {
    TRIES_MAX = 4,   /* apply: failures of one object before it is given up */
    ROUNDS_MAX = 12, /* rounds of work without coming to rest: something flips */
    ROUNDS_OWED = 3, /* more of them where a database is off for a change */
    FLIPPING_WAIT = 60000,
    TROUBLE_WAIT = 5000, /* after an observation that failed; doubles */
    TROUBLE_LONGEST = 300000,
};

static void take_suspensions(struct cycle *c, const struct cycle_options *o)
{
    suspensions_clear(&c->configured);
    for (size_t i = 0; i < o->n_suspensions; i++)
        suspensions_add(&c->configured, &o->suspensions[i]);
    c->options.suspensions = c->configured.items;
    c->options.n_suspensions = c->configured.n;
}

static void take_options(struct cycle *c, const struct cycle_options *o)
{
    const struct cycle_options was = c->options;

    c->options = *o;
    c->options.mode = was.mode;
    c->options.instance = was.instance;
    take_suspensions(c, o);
}

struct cycle *cycle_new(const struct cycle_options *o, struct ledger *ledger)
{
    struct cycle *c = xcalloc(1, sizeof(*c));

    c->options = *o;
    c->instance = xstrdup(o->instance);
    c->options.instance = c->instance;
    take_suspensions(c, o);
    c->ledger = ledger;
    c->recorded = c->twin.remembers = ledger_count(ledger) > 0;
    backoff_init(&c->backoff, o->seed);
    return c;
}

/* At rest only the plan is kept: what was observed is read anew next time. */
static void drop_observed(struct cycle *c)
{
    if (c->world.set)
        match_clear(&c->world);
    observed_free(c->world.observed);
    c->world = (struct world){ 0 };
    observe_free(c->observe);
    c->observe = NULL;
}

static void drop_told(struct cycle *c)
{
    plan_free(TAKE(c->told_plan));
    set_free(TAKE(c->told_set));
}

/* What the plan was made from goes; the plan itself is what is told until there
 * is another one. */
static void drop_world(struct cycle *c)
{
    if (c->plan) {
        cycle_status(c, &c->last);
        drop_told(c);
        c->told_plan = TAKE(c->plan);
    }
    dependants_clear(&c->dependants);
    drop_observed(c);
}

/* The set that the told plan points into stays with it. */
static void take_set(struct cycle *c)
{
    if (c->told_plan && !c->told_set)
        c->told_set = c->set;
    else
        set_free(c->set);
    c->set = TAKE(c->next_set);
    c->tracked = NULL;
}

void cycle_compact(struct cycle *c)
{
    if (c->phase != CYCLE_IDLE || c->world.set)
        return;
    if (c->recorded)
        ledger_compact(c->ledger);
    c->recorded = false;
    tracks_compact(&c->tracks);
}

void cycle_free(struct cycle *c)
{
    if (!c)
        return;
    drop_world(c);
    drop_told(c);
    set_free(c->set);
    set_free(c->next_set);
    ledger_free(c->ledger);
    backoff_clear(&c->backoff);
    deleted_clear(&c->deleted);
    twin_clear(&c->twin);
    told_clear(&c->told_before);
    suspensions_clear(&c->configured);
    strings_clear(&c->taken_out);
    tracks_clear(&c->tracks);
    free(c->judged);
    free(c->trouble);
    free(c->instance);
    free(c);
}

void cycle_observe(struct cycle *c, struct step *s)
{
    drop_world(c);
    if (c->next_set) {
        take_set(c);
        c->rounds = 0;
        backoff_reset(&c->backoff);
    }
    c->phase = CYCLE_OBSERVING;
    c->next = 0;
    c->nudged = c->replan = false;
    c->observe = observe_new(c->set, c->ledger, !c->marks_known && !c->options.partial);
    observe_go(c->observe, s);
}

static void rest(struct cycle *c, struct step *s, bool converged, msec next)
{
    c->phase = c->stopping ? CYCLE_STOPPED : CYCLE_IDLE;
    c->next = next;
    cycle_note_ends(c, step_wall(s));
    if (converged && c->set->complete)
        c->converged_at = s->now;
    if (c->plan && !plan_over_budget(c->plan))
        deleted_clear(&c->deleted);
    drop_observed(c);
    c->rounds = 0;
    fx_rested(s->fx, converged);
}

/* Nothing to do for now, but not at rest either. */
static void wait_until(struct cycle *c, msec at)
{
    c->phase = CYCLE_IDLE;
    c->next = at;
    drop_observed(c);
}

/* A tenth early or late, so that many instances do not ask at one moment. */
static msec next_interval(struct cycle *c, msec now)
{
    msec span = c->options.interval / 5;

    c->backoff.random = c->backoff.random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return now + c->options.interval - span / 2 +
           (span ? (msec)((c->backoff.random >> 33) % (uint64_t)span) : 0);
}

/* What the disk did not take is offered again. An entry that was to be forgotten
 * comes back at the next start, and goes with its object. */
static void keep_again(struct cycle *c, struct step *s)
{
    const struct suspensions *held = ledger_suspensions(c->ledger);

    cycle_take_out_again(c, s);
    if (!c->unkept)
        return;
    c->unkept = false;
    for (size_t i = 0; i < held->n; i++) {
        char *key = suspension_key(&held->items[i]);
        fx_record(s->fx, key, suspension_record(&held->items[i]));
        free(key);
    }
    for (size_t i = 0; i < ledger_count(c->ledger); i++) {
        const struct entry *e = ledger_at(c->ledger, i);
        fx_record(s->fx, e->key, entry_text(e));
    }
}

static void keep_settled(struct cycle *c, struct step *s)
{
    keep_again(c, s);
    for (size_t i = 0; i < c->set->n; i++) {
        const struct wanted *w = &c->set->items[i];
        const struct pairing *p = &c->world.pairs[i];
        if (p->match != MATCH_OURS || !p->item->object || plan_index(c->plan, w->key) >= 0)
            continue;
        if (!keep_object(&c->world, w, p->item, ORIGIN_CREATED))
            continue;
        fx_record(s->fx, w->key, entry_text(ledger_find(c->ledger, w->key)));
        match_one(&c->world, i);
    }
}

/* Under the new key it has an entry; this one a rename left behind. */
static bool has_moved(const struct cycle *c, const struct entry *e)
{
    for (size_t i = 0; e->id && i < c->set->n; i++) {
        const struct pairing *p = &c->world.pairs[i];
        if (p->match == MATCH_OURS && p->entry && p->entry != e && p->entry->kind == e->kind &&
            streq(p->entry->id, e->id))
            return true;
    }
    return false;
}

/* Was it to become ours, or only owed an enable, and neither is so any more? */
static bool came_to_nothing(const struct cycle *c, const struct entry *e)
{
    const struct observed_item *item = observed_by_id(c->world.observed, e->kind, e->id);

    return e->origin == ORIGIN_NONE && !e->intent.open &&
           (!e->owes_enable || (item && item->owner && !streq(item->owner, c->instance)));
}

/* Entries whose object is certainly gone and that nobody wants: nothing is left
 * to remember. A job that is still under way keeps its entry. */
static void forget_gone(struct cycle *c, struct step *s)
{
    for (size_t i = ledger_count(c->ledger); i-- > 0;) {
        const struct entry *e = ledger_at(c->ledger, i);
        bool fresh = e->intent.open && (e->intent.job || s->now < outcome_due(e));
        if (set_find(c->set, e->key) || plan_index(c->plan, e->key) >= 0 || fresh ||
            !c->world.observed->kinds[e->kind].complete || !c->set->complete)
            continue;
        if (e->id && observed_by_id(c->world.observed, e->kind, e->id) && !has_moved(c, e) &&
            !came_to_nothing(c, e))
            continue;
        fx_record(s->fx, e->key, NULL);
        ledger_remove(c->ledger, e->key);
    }
}

/* A renamed manifest takes its entry along before anything is done by it: were
 * the object without one for a moment, it would be made twice, or pruned. */
static void keep_moved(const struct cycle *c, struct step *s)
{
    for (size_t i = 0; i < c->set->n; i++) {
        struct entry *e = c->world.pairs[i].entry;
        if (!e || streq(e->key, c->set->items[i].key))
            continue;
        char *old = xstrdup(e->key);
        ledger_rename(c->ledger, e, c->set->items[i].key);
        fx_record(s->fx, e->key, entry_text(e));
        fx_record(s->fx, old, NULL);
        free(old);
    }
}

static void keep_careful(const struct cycle *c, struct step *s)
{
    for (size_t i = 0; i < c->set->n; i++) {
        const struct pairing *p = &c->world.pairs[i];
        if (p->match == MATCH_OURS && p->entry && keep_care(&c->set->items[i], p->entry))
            fx_record(s->fx, p->entry->key, entry_text(p->entry));
    }
}

static void make_plan(struct cycle *c, struct step *s)
{
    c->world = (struct world){ .set = c->set,
                               .observed = observe_take(c->observe),
                               .ledger = c->ledger,
                               .instance = c->instance,
                               .api = c->api };
    ledger_no_future(c->ledger, s->now);
    if (twin_look(&c->twin, &c->world, s->now))
        fx_report(s->fx, REPORT_WARNING, NULL, "%s", c->twin.text);
    match_all(&c->world);
    if (c->options.mode != CYCLE_PLAN) {
        keep_moved(c, s);
        keep_careful(c, s);
        debts_paid(&c->world, &c->backoff, s->fx);
        cycle_lift_expired(c, s);
    }
    const struct planner in = cycle_planner(c, s);
    cycle_note_ends(c, step_wall(s));
    c->plan = plan_build(&in);
    c->marks_known = c->marks_known || debts_known(&c->world);
    drop_told(c);
    free(c->judged);
    c->judged = c->set->revision ? xstrdup(c->set->revision) : NULL;
}

static void note_trouble(struct cycle *c, const char *trouble, struct step *s)
{
    bool known = streq(c->trouble, trouble); /* said once, until it is another one or over */

    if (!known && !trouble)
        fx_report(s->fx, REPORT_INFO, NULL, "DCT can be observed again");
    free(c->trouble);
    c->trouble = trouble ? xstrdup(trouble) : NULL;
    c->troubles = trouble ? c->troubles + 1 : 0;
    if (!trouble) {
        c->observed = true;
        c->seen_at = s->now;
    }
    if (trouble && !known)
        fx_report(s->fx, REPORT_ERROR, NULL, "observing DCT: %s", trouble);
}

static msec trouble_wait(const struct cycle *c)
{
    msec wait = TROUBLE_WAIT;

    for (unsigned i = 1; i < c->troubles && wait < TROUBLE_LONGEST; i++)
        wait *= 2;
    return wait;
}

static void begin_executing(struct cycle *c, struct step *s)
{
    c->phase = CYCLE_EXECUTING;
    c->rounds++;
    c->exec = (struct exec){ .world = &c->world,
                             .plan = c->plan,
                             .options = &c->options,
                             .backoff = &c->backoff,
                             .deleted = &c->deleted };
    exec_begin(&c->exec);
    exec_go(&c->exec, s);
}

/* Apply does not wait for what only a person can mend, or for ever. */
static bool given_up(const struct cycle *c, const char *key)
{
    return backoff_terminal(&c->backoff, key) || backoff_tries(&c->backoff, key) >= TRIES_MAX;
}

/* When the earliest of the objects that failed may be tried again; 0 = none may. */
static msec earliest_retry(const struct cycle *c)
{
    msec at = 0;

    for (size_t i = 0; i < c->plan->n; i++) {
        const struct action *a = &c->plan->items[i];
        if (a->blocked || !a->not_before || a->state == A_DONE)
            continue;
        if (c->options.mode == CYCLE_APPLY && given_up(c, a->key))
            continue;
        if (!at || a->not_before < at)
            at = a->not_before;
    }
    return at;
}

/* Is a database off that we switched off? */
static bool owes(const struct cycle *c)
{
    for (size_t i = 0; i < ledger_count(c->ledger); i++) {
        if (ledger_at(c->ledger, i)->owes_enable)
            return true;
    }
    return false;
}

/* Observed once more after every round in which something was done: the plan
 * must come out empty. */
static void after_executing(struct cycle *c, struct step *s)
{
    bool flips = c->rounds >= ROUNDS_MAX + (owes(c) ? ROUNDS_OWED : 0);
    msec retry = earliest_retry(c);

    if (((c->exec.done && !flips) || c->nudged) && !c->stopping) {
        cycle_observe(c, s);
        return;
    }
    if (flips)
        fx_report(s->fx, REPORT_WARNING, NULL,
                  "something keeps changing what was just applied; waiting before going on");
    if (c->options.mode == CYCLE_APPLY) {
        if (!retry || flips || c->stopping)
            rest(c, s, false, 0);
        else
            wait_until(c, retry);
        return;
    }
    msec next = next_interval(c, s->now);
    if (flips) {
        next = s->now + FLIPPING_WAIT;
    } else if (retry && retry < next) {
        next = retry;
    }
    rest(c, s, false, next);
}

static bool apply_gives_up(const struct cycle *c)
{
    return c->options.mode == CYCLE_APPLY &&
           (c->troubles >= TRIES_MAX || observe_hopeless(c->observe));
}

/* Nothing could be read: there is no plan, only another try. */
static void after_trouble(struct cycle *c, struct step *s)
{
    if (c->options.mode == CYCLE_PLAN || c->stopping || apply_gives_up(c))
        rest(c, s, false, 0);
    else if (c->options.mode == CYCLE_RUN)
        rest(c, s, false, s->now + trouble_wait(c));
    else
        wait_until(c, s->now + trouble_wait(c));
}

/* The plan is whole: what DCT says depends on deletions is known too. */
static void after_planning(struct cycle *c, struct step *s)
{
    const struct planner in = cycle_planner(c, s);

    plan_spread_blocks(c->plan);
    plan_debts(&in, c->plan);
    plan_count(c->plan);
    fx_planned(s->fx);
    if (c->options.mode == CYCLE_PLAN) {
        rest(c, s, plan_empty(c->plan) && !c->plan->unknown, 0);
        return;
    }
    keep_settled(c, s);
    forget_gone(c, s);
    told_drift(&c->told_before, c->plan, s->fx);
    if (c->options.mode == CYCLE_RUN)
        told_blocks(&c->told_before, c->plan, s->fx);
    if (c->next_set && !c->stopping)
        cycle_observe(c, s);
    else if (plan_empty(c->plan) || c->stopping)
        rest(c, s, plan_empty(c->plan) && !c->plan->unknown,
             c->options.mode == CYCLE_RUN ? next_interval(c, s->now) : 0);
    else
        begin_executing(c, s);
}

static void after_observing(struct cycle *c, struct step *s)
{
    bool blind = observe_blind(c->observe);

    note_trouble(c, observe_trouble(c->observe), s);
    if (blind) {
        after_trouble(c, s);
        return;
    }
    make_plan(c, s);
    dependants_ask(&c->dependants, &c->world, c->plan, s);
    if (!c->dependants.open)
        after_planning(c, s);
}

/* Has a suspension ended since its end was looked for? */
static bool is_released(const struct cycle *c, const struct step *s)
{
    return c->release && c->release <= step_wall(s) && c->options.mode == CYCLE_RUN;
}

/* After a stop or new manifests nothing new is sent; what is on its way is
 * awaited, jobs go on in DCT and are found again by the ledger. */
static void go_on_executing(struct cycle *c, struct step *s)
{
    if (is_released(c, s) || (c->ended && step_wall(s) < c->ended)) { /* the clock was put back */
        c->release = c->ended = 0;
        c->replan = true;
    }
    c->exec.draining = c->stopping || c->next_set || c->replan;
    exec_go(&c->exec, s);
    if (c->exec.draining && exec_quiet(&c->exec) && c->stopping)
        rest(c, s, false, 0);
    else if (c->exec.draining && exec_quiet(&c->exec))
        cycle_observe(c, s);
    else if (exec_done(&c->exec, s->now))
        after_executing(c, s);
}

static void go_on(struct cycle *c, struct step *s)
{
    switch (c->phase) {
    case CYCLE_IDLE:
        if (c->stopping)
            rest(c, s, false, 0);
        else if (c->next_set || c->nudged || (c->next && c->next <= s->now) || is_released(c, s))
            cycle_observe(c, s);
        break;
    case CYCLE_OBSERVING:
        observe_go(c->observe, s);
        dependants_go(&c->dependants, c->plan, s);
        break;
    case CYCLE_EXECUTING:
        go_on_executing(c, s);
        break;
    case CYCLE_STOPPED:
        break;
    }
    if (c->phase == CYCLE_OBSERVING && !c->plan && observe_done(c->observe))
        after_observing(c, s);
    /* Nothing may be able to start: then no answer will ever come to go on with. */
    if (c->phase == CYCLE_EXECUTING && exec_done(&c->exec, s->now))
        after_executing(c, s);
}

static void observing_reply(struct cycle *c, const struct reply *r, struct step *s)
{
    if (!observe_reply(c->observe, r, s) &&
        dependants_reply(&c->dependants, &c->world, c->plan, r, s) && !c->dependants.open)
        after_planning(c, s);
}

/* That moment, or the end of a suspension, which is by another clock. */
static msec or_release(const struct cycle *c, msec at)
{
    msec release = c->release - c->ahead;
    bool sooner = c->release && c->options.mode == CYCLE_RUN && (!at || release < at);

    return sooner ? release : at;
}

msec cycle_due(const struct cycle *c)
{
    return c->next ? or_release(c, c->next) : 0;
}

static void tell_wake(struct cycle *c, struct step *s)
{
    msec at = 0;

    if (c->phase == CYCLE_IDLE)
        at = cycle_due(c);
    else if (c->phase == CYCLE_OBSERVING)
        at = dependants_wake(&c->dependants, observe_wake(c->observe));
    else if (c->phase == CYCLE_EXECUTING)
        at = or_release(c, exec_wake(&c->exec));
    if (at && at != c->told)
        fx_wake(s->fx, at);
    c->told = at;
}

void cycle_step(struct cycle *c, const struct event *ev, struct effects *out)
{
    struct step s = { ev->now, ev->ahead, out, &c->ids };
    size_t from = out->n;

    c->ahead = ev->ahead;
    c->lifted = c->lifted ? c->lifted : step_wall(&s);
    switch (ev->type) {
    case EV_MANIFESTS:
        set_free(c->next_set);
        c->next_set = ev->set;
        break;
    case EV_REPLY:
        if (c->phase == CYCLE_OBSERVING)
            observing_reply(c, &ev->reply, &s);
        else if (c->phase == CYCLE_EXECUTING)
            (void)exec_reply(&c->exec, &ev->reply, &s);
        break;
    case EV_NUDGE:
        c->nudged = true;
        backoff_reset(&c->backoff);
        cycle_by_hand(c, ev, &s);
        break;
    case EV_SUSPEND:
    case EV_RESUME:
    case EV_ADOPT:
    case EV_FORGET:
        cycle_by_hand(c, ev, &s);
        break;
    case EV_OPTIONS:
        take_options(c, ev->options);
        cycle_hold(c, step_wall(&s));
        break;
    case EV_SERVER:
        c->api = ev->api;
        break;
    case EV_STOP:
        c->stopping = true;
        break;
    case EV_LEDGER_FAILED:
        c->unkept = true;
        fx_report(out, REPORT_ERROR, NULL, "the ledger cannot be written: %s", ev->text);
        break;
    case EV_WAKE:
        c->told = 0;
        break;
    }
    if (c->set || c->next_set || c->stopping)
        go_on(c, &s);
    tell_wake(c, &s);
    cycle_track(c, &s, from);
}
