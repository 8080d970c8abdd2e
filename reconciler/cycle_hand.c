/* What people ask of the service while it runs. The ledger in memory changes in
 * the same step in which its record is written, so that the two never differ;
 * what had been planned from the old one is planned anew. */
#include <stdlib.h>

#include "reconciler/cycle_parts.h"
#include "reconciler/hand.h"

static struct report *tell(struct step *s, enum report_kind kind, const struct hand *h,
                           const char *text)
{
    struct report *r = fx_report(s->fx, kind, h->key, "%s", text);

    r->by = h->whom ? xstrdup(h->whom) : NULL;
    return r;
}

static struct suspensions *by_hand(const struct cycle *c)
{
    return ledger_suspensions(c->ledger);
}

static char *running(const struct cycle *c, const char *key)
{
    long at = c->plan ? plan_index(c->plan, key) : -1;
    const struct action *a = at >= 0 ? &c->plan->items[at] : NULL;

    if (!a || !action_running(a))
        return NULL;
    return xasprintf("%s: its %s is under way%s%s; wait for its end", key, verb_name(a->verb),
                     a->run->job ? ": job " : "", a->run->job ? a->run->job : "");
}

/* What else holds it back, where nothing does that could be lifted here. */
static char *not_suspended(const struct cycle *c, const struct hand *h)
{
    const char *what = h->key ? h->key : h->kind == KINDS ? "everything" : kind_desc(h->kind)->name;
    const struct wanted *w = h->key && c->set ? set_find(c->set, h->key) : NULL;

    for (size_t i = 0; i < c->configured.n; i++) {
        const struct suspension *each = &c->configured.items[i];
        if (each->kind == KINDS || each->kind == h->kind)
            return xasprintf("%s is suspended by the configuration (reconcile.suspend), not by "
                             "hand; take it out there and reload",
                             what);
    }
    if (w && w->object->policy.suspended)
        return xasprintf("%s is suspended by its manifest (policy.suspend, %s:%u), not by hand; "
                         "take it out there",
                         what, w->object->pos.file, w->object->pos.line);
    for (size_t i = 0; i < by_hand(c)->n; i++) {
        const struct suspension *each = &by_hand(c)->items[i];
        if (!each->key && (each->kind == KINDS || each->kind == h->kind))
            return xasprintf("%s is not suspended by itself: %s is; resume that", what,
                             each->kind == KINDS ? "everything" : kind_desc(each->kind)->name);
    }
    return xasprintf("%s is not suspended", what);
}

char *cycle_refusal(const struct cycle *c, const struct event *ev)
{
    const struct hand *h = &ev->hand;

    if (ev->type == EV_RESUME)
        return suspensions_find(by_hand(c), h->kind, h->key) ? NULL : not_suspended(c, h);
    if (ev->type != EV_ADOPT && ev->type != EV_FORGET)
        return NULL;
    char *busy = running(c, h->key);
    if (busy)
        return busy;
    if (ev->type == EV_FORGET)
        return forget_refusal(c->ledger, h->key, h->force);
    char *refusal = adopt_refusal(c->ledger, h->key, h->kind, h->id, h->replace);
    return refusal ? refusal : adopt_misnamed(c->ledger, cycle_newest_set(c), h->key);
}

static void note_end(struct cycle *c, msec end, msec wall)
{
    if (end > wall && (!c->release || end < c->release))
        c->release = end;
    if (end <= wall && end > c->ended)
        c->ended = end;
}

void cycle_note_ends(struct cycle *c, msec wall)
{
    c->release = c->ended = 0;
    for (size_t i = 0; i < c->configured.n; i++)
        note_end(c, c->configured.items[i].until, wall);
    for (size_t i = 0; i < by_hand(c)->n; i++)
        note_end(c, by_hand(c)->items[i].until, wall);
    for (size_t i = 0; c->set && i < c->set->n; i++) {
        const struct policy *p = &c->set->items[i].object->policy;
        if (p->suspended)
            note_end(c, p->suspend_until, wall);
    }
}

void cycle_hold(struct cycle *c, msec wall)
{
    c->tracked = NULL;
    cycle_note_ends(c, wall);
    for (size_t i = 0; c->plan && i < c->plan->n; i++) {
        struct action *a = &c->plan->items[i];
        const struct suspension *s =
            suspension_of(&c->options, c->ledger, a->kind->kind, a->key, wall);
        a->only_waits = a->only_waits || (s && a->verb == VERB_NONE);
        if (s && a->state == A_WAITING && !a->pays_debt && a->verb != VERB_NONE)
            action_block_as(a, BLOCK_SUSPENDED, suspension_text(s));
    }
    if (!c->plan)
        return;
    plan_spread_blocks(c->plan);
    plan_count(c->plan);
}

/* What it is about is said where no object is named beside it. */
static char *scoped(const struct hand *h, const char *text)
{
    if (h->key)
        return xstrdup(text);
    return xasprintf("%s%s: %s", h->kind == KINDS ? "everything" : kind_desc(h->kind)->name,
                     h->kind == KINDS ? "" : "s", text);
}

static void suspend(struct cycle *c, const struct hand *h, struct step *s)
{
    const struct suspension one = { .kind = h->kind,
                                    .reason = h->reason,
                                    .until = h->until,
                                    .key = h->key,
                                    .by = h->whom ? h->whom : "somebody" };
    char *key = suspension_key(&one), *why = suspension_why(&one);
    char *text = scoped(h, why);

    suspensions_put(by_hand(c), &one);
    fx_record(s->fx, key, suspension_record(&one));
    tell(s, REPORT_SUSPENDED, h, text);
    cycle_hold(c, step_wall(s));
    free(text);
    free(why);
    free(key);
}

static bool is_kept(const struct cycle *c, const char *key)
{
    bool is = ledger_find(c->ledger, key);

    for (size_t i = 0; !is && i < by_hand(c)->n; i++) {
        char *held = suspension_key(&by_hand(c)->items[i]);
        is = streq(held, key);
        free(held);
    }
    return is;
}

void cycle_take_out_again(struct cycle *c, struct step *s)
{
    for (size_t i = 0; c->unkept && i < c->taken_out.n; i++) {
        if (!is_kept(c, c->taken_out.items[i]))
            fx_record(s->fx, c->taken_out.items[i], NULL);
    }
    if (!c->unkept)
        strings_clear(&c->taken_out);
}

static void take_out(struct cycle *c, const char *key, struct step *s)
{
    fx_record(s->fx, key, NULL);
    strings_add(&c->taken_out, key);
}

/* `text`: of the report. The suspension itself is gone afterwards. */
static void lift(struct cycle *c, const struct suspension *one, const struct hand *h,
                 const char *text, struct step *s)
{
    char *key = suspension_key(one);

    take_out(c, key, s);
    tell(s, REPORT_RESUMED, h, text);
    suspensions_remove(by_hand(c), one->kind, one->key);
    free(key);
}

static void resume(struct cycle *c, const struct hand *h, struct step *s)
{
    const struct suspension *one = suspensions_find(by_hand(c), h->kind, h->key);
    char *why = suspension_why(one), *was = xasprintf("it was suspended: %s", why);
    char *text = scoped(h, was);

    lift(c, one, h, text, s);
    c->nudged = true;
    c->replan = c->phase == CYCLE_EXECUTING;
    free(text);
    free(was);
    free(why);
}

/* What the configuration says goes on saying so, which is no longer true. */
static void tell_expired(struct cycle *c, struct step *s)
{
    for (size_t i = 0; i < c->configured.n; i++) {
        const struct suspension *one = &c->configured.items[i];
        if (!one->until || one->until <= c->lifted || one->until > step_wall(s))
            continue;
        char *text = suspension_text(one);
        fx_report(s->fx, REPORT_WARNING, NULL,
                  "%s: the time is over for: %s; take it out of reconcile.suspend, or give it "
                  "another date",
                  one->at ? one->at : "configuration", text);
        free(text);
    }
    if (step_wall(s) > c->lifted)
        c->lifted = step_wall(s);
}

void cycle_lift_expired(struct cycle *c, struct step *s)
{
    tell_expired(c, s);
    for (size_t i = by_hand(c)->n; i-- > 0;) {
        const struct suspension *one = &by_hand(c)->items[i];
        if (!one->until || one->until > step_wall(s))
            continue;
        const struct hand h = { .key = one->key, .kind = one->kind };
        char *why = suspension_why(one);
        char *was = xasprintf("the time is over; it was suspended: %s", why);
        char *text = scoped(&h, was);
        lift(c, one, &h, text, s);
        free(text);
        free(was);
        free(why);
    }
}

/* Nobody may go on with the entry that is about to go: neither what was matched
 * to it nor a plan that was made with it. */
static void let_go_of(struct cycle *c, const char *key)
{
    const struct entry *e = ledger_find(c->ledger, key);

    for (size_t i = 0; c->world.pairs && i < c->world.set->n; i++) {
        if (e && c->world.pairs[i].entry == e)
            c->world.pairs[i].entry = NULL;
    }
    backoff_forget(&c->backoff, key);
}

void cycle_look_anew(struct cycle *c, struct step *s)
{
    c->nudged = true;
    c->replan = c->phase == CYCLE_EXECUTING;
    if (c->phase == CYCLE_OBSERVING)
        cycle_observe(c, s);
}

static void take_over(struct cycle *c, const struct hand *h, struct step *s)
{
    char *text = adopt_text(c->ledger, h->key, h->id);

    if (!adopted_already(c->ledger, h->key, h->id)) {
        let_go_of(c, h->key);
        fx_record(s->fx, h->key, entry_text(adopt(c->ledger, h->key, h->kind, h->id)));
        tell(s, REPORT_ADOPTED, h, text);
        cycle_look_anew(c, s);
    }
    free(text);
}

static void forget(struct cycle *c, const struct hand *h, struct step *s)
{
    const struct entry *e = ledger_find(c->ledger, h->key);
    struct buf lost = BUF_WITH_LIMIT(2048);
    char *was = forget_text(e), *text;

    forget_losses(e, &lost);
    text = xasprintf("%s%s", was, lost.n ? "; forced" : "");
    let_go_of(c, h->key);
    take_out(c, h->key, s);
    ledger_remove(c->ledger, h->key);
    tell(s, REPORT_FORGOTTEN, h, text);
    cycle_look_anew(c, s);
    buf_clear(&lost);
    free(text);
    free(was);
}

void cycle_by_hand(struct cycle *c, const struct event *ev, struct step *s)
{
    const struct hand *h = &ev->hand;
    char *refusal = cycle_refusal(c, ev);

    if (ev->type == EV_NUDGE && h->whom)
        tell(s, REPORT_ASKED, h, "to observe now");
    else if (!refusal && ev->type == EV_SUSPEND)
        suspend(c, h, s);
    else if (!refusal && ev->type == EV_RESUME)
        resume(c, h, s);
    else if (!refusal && ev->type == EV_ADOPT)
        take_over(c, h, s);
    else if (!refusal && ev->type == EV_FORGET)
        forget(c, h, s);
    free(refusal);
}
