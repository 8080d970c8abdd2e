/* Scheduling by looking: nothing is queued, everything is derived from states. */
#include "reconciler/exec.h"

#include <stdlib.h>

/* Is it as far as it can get for now, by itself or for what it waits for? */
static bool given_up(const struct exec *x, const struct action *a, msec now)
{
    if (a->blocked || a->state == A_FAILED)
        return true;
    if (a->state != A_WAITING)
        return false;
    bool stuck = a->not_before > now;
    for (size_t i = 0; i < a->n_needs && !stuck; i++) {
        const struct action *needed = &x->plan->items[a->needs[i]];
        stuck = !needed->blocked && given_up(x, needed, now);
    }
    return stuck;
}

/* What is blocked, and did not block this one as well, is as it was. */
static bool need_is_met(const struct exec *x, const struct action *a, const struct action *needed,
                        msec now)
{
    return needed->state == A_DONE || needed->blocked || (a->owes && given_up(x, needed, now));
}

static bool ready(const struct exec *x, const struct action *a, msec now)
{
    if (a->state != A_WAITING || a->blocked || a->not_before > now)
        return false;
    if (!x->suspects.known && unremembered(x->world, a))
        return false;
    for (size_t i = 0; i < a->n_needs; i++) {
        if (!need_is_met(x, a, &x->plan->items[a->needs[i]], now))
            return false;
    }
    return true;
}

size_t exec_running(const struct exec *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->plan->n; i++)
        n += action_running(&x->plan->items[i]);
    return n;
}

size_t exec_jobs(const struct exec *x)
{
    size_t n = 0;

    for (size_t i = 0; i < x->plan->n; i++)
        n += x->plan->items[i].state == A_JOB;
    return n;
}

static bool below(size_t n, unsigned limit)
{
    return !limit || n < limit;
}

/* The actions that have a slot, while more are given out: there are few of them,
 * so everything is counted anew for each that wants to start. */
struct slots {
    const struct action **holders;
    size_t n, cap;
};

static void take_slot(struct slots *l, const struct action *a)
{
    l->holders = grow(l->holders, l->n, &l->cap, sizeof(const struct action *));
    l->holders[l->n++] = a;
}

static const char *environment_of(const struct exec *x, const struct action *a)
{
    if (a->run)
        return a->run->environment;
    return a->wanted ? resolve_environment(x->world, a->wanted) : NULL;
}

static bool engine_has_slot(const struct exec *x, const struct slots *l, const struct action *a)
{
    /* One that this plan registers was not known when the action was planned. */
    const char *engine = a->wanted ? resolve_engine(x->world, a->wanted) : a->engine;
    size_t n = 0;

    for (size_t i = 0; engine && i < l->n; i++)
        n += l->holders[i] != a && streq(engine, l->holders[i]->engine);
    return below(n, x->options->per_engine);
}

static bool environment_has_slot(const struct exec *x, const struct slots *l,
                                 const struct action *a)
{
    const char *environment = environment_of(x, a);
    size_t n = 0;

    for (size_t i = 0; environment && i < l->n; i++)
        n += l->holders[i] != a && streq(environment, environment_of(x, l->holders[i]));
    return below(n, x->options->per_environment);
}

static bool has_slot(const struct exec *x, const struct slots *l, const struct action *a)
{
    return below(l->n - (a->adrift != NULL), x->options->total) && engine_has_slot(x, l, a) &&
           environment_has_slot(x, l, a);
}

static void start_ready(struct exec *x, struct step *s)
{
    struct slots slots = { 0 };

    for (size_t i = 0; i < x->plan->n; i++) {
        if (action_running(&x->plan->items[i]) || x->plan->items[i].adrift)
            take_slot(&slots, &x->plan->items[i]);
    }
    for (size_t i = 0; i < x->plan->n; i++) {
        struct action *a = &x->plan->items[i];
        bool held = a->adrift;
        if ((!held && !below(slots.n, x->options->total)) || !ready(x, a, s->now) ||
            !has_slot(x, &slots, a))
            continue;
        free(a->adrift);
        a->adrift = NULL;
        action_begin(x, a, s);
        if (action_running(a) && !held)
            take_slot(&slots, a);
    }
    free(slots.holders);
}

void exec_begin(struct exec *x)
{
    for (size_t i = 0; i < x->plan->n; i++) {
        struct action *a = &x->plan->items[i];
        const struct entry *e = ledger_find(x->world->ledger, a->key);
        if (e && e->intent.open && e->intent.job)
            a->adrift = xstrdup(e->intent.job);
    }
}

void exec_go(struct exec *x, struct step *s)
{
    for (size_t i = 0; i < x->plan->n && !x->draining; i++) {
        struct action *a = &x->plan->items[i];
        if (action_running(a) && a->run->wake && a->run->wake <= s->now)
            action_wake(x, a, s);
    }
    if (!x->draining) {
        suspects_go(&x->suspects, x->world, x->plan, s);
        start_ready(x, s);
    }
    jobs_go(x, s);
}

bool exec_reply(struct exec *x, const struct reply *r, struct step *s)
{
    if (x->jobs_request && x->jobs_request == r->request) {
        jobs_reply(x, r, s);
        return true;
    }
    if (suspects_reply(&x->suspects, x->world, x->plan, r))
        return true;
    for (size_t i = 0; i < x->plan->n; i++) {
        struct action *a = &x->plan->items[i];
        if (a->run && a->run->request == r->request && a->run->await != AWAIT_NOTHING) {
            action_reply(x, a, r, s);
            return true;
        }
    }
    return false;
}

msec exec_wake(const struct exec *x)
{
    msec at = x->draining ? 0 : x->jobs_next;

    for (size_t i = 0; i < x->plan->n && !x->draining; i++) {
        const struct action *a = &x->plan->items[i];
        if (action_running(a) && a->run->wake && (!at || a->run->wake < at))
            at = a->run->wake;
    }
    return at;
}

bool exec_quiet(const struct exec *x)
{
    for (size_t i = 0; i < x->plan->n; i++) {
        const struct action *a = &x->plan->items[i];
        if (action_running(a) && a->run->await != AWAIT_NOTHING)
            return false;
    }
    return !x->jobs_request && !x->suspects.request;
}

bool exec_done(const struct exec *x, msec now)
{
    if (x->suspects.request)
        return false;
    for (size_t i = 0; i < x->plan->n; i++) {
        const struct action *a = &x->plan->items[i];
        if (action_running(a) || ready(x, a, now))
            return false;
    }
    return true;
}
