/* An action fails: what it switched off comes on again, and it is left alone for a
 * while. */
#include "reconciler/action_parts.h"

#include <stdlib.h>

enum {
    OUTAGE_PAUSE = 300000, /* before a database is taken down for another try */
    OUTAGE_TERMINAL = 3600000,
};

/* Nothing else is tried on an engine that is away. */
static msec rest_engine(struct exec *x, const struct action *a, struct step *s)
{
    msec until = backoff_engine_fail(x->backoff, a->engine, s->now, a->run->retry_after);

    for (size_t i = 0; i < x->plan->n; i++) {
        struct action *other = &x->plan->items[i];
        if (other->state == A_WAITING && streq(other->engine, a->engine) &&
            other->not_before < until)
            other->not_before = until;
    }
    return until;
}

static bool needs(const struct action *a, size_t other)
{
    for (size_t i = 0; i < a->n_needs; i++) {
        if (a->needs[i] == other)
            return true;
    }
    return false;
}

/* The change that needed it off is not tried again soon: the others that went
 * off for it did so for nothing. */
static void rest_change(struct exec *x, const struct action *a, struct step *s)
{
    msec least = a->run->failure == FAIL_TERMINAL ? OUTAGE_TERMINAL : OUTAGE_PAUSE;

    for (size_t i = 0; a->verb == VERB_DISABLE && i < x->plan->n; i++) {
        struct action *other = &x->plan->items[i];
        if (other->verb != VERB_DISABLE && other->state == A_WAITING &&
            needs(other, (size_t)(a - x->plan->items)))
            other->not_before =
                backoff_fail(x->backoff, other->key, a->run->failure, s->now, least);
    }
}

/* While it is off there is no outage to be spared, and what it waits for is to be on:
 * whatever was refused, that is tried again soon. */
static bool still_off(const struct exec *x, const struct action *a)
{
    const struct entry *e = action_entry(x, a);

    return e && e->owes_enable && !e->enabled_again;
}

void action_stop(struct exec *x, struct action *a, struct step *s)
{
    bool off = still_off(x, a);
    enum failure why = off && a->run->failure == FAIL_TERMINAL ? FAIL_RECOVERABLE : a->run->failure;
    msec least = !a->run->outage || off ? 0 : why == FAIL_TERMINAL ? OUTAGE_TERMINAL : OUTAGE_PAUSE;
    if (a->run->retry_after > least)
        least = a->run->retry_after;
    msec until = backoff_fail(x->backoff, a->key, why, s->now, least);
    if (a->run->engine_away && a->engine) {
        msec engine = rest_engine(x, a, s);
        until = engine > until ? engine : until;
    }
    char *text = xasprintf("%s (%s; again in %d s)", a->run->error, failure_name(why),
                           (int)((until - s->now + 999) / 1000));

    rest_change(x, a, s);
    free(a->error);
    a->error = xstrdup(a->run->error);
    a->not_before = until;
    action_move(a, A_FAILED);
    x->failed++;
    action_report(a, why == FAIL_TERMINAL ? REPORT_FAILED : REPORT_RETRY, text, s);
    free(text);
}

/* What we switched off is switched on again before the action gives up. The
 * debt stays in the ledger until an observation sees it paid. A write without
 * an answer may still be carried out, after the enabling then: that waits. */
void action_fail(struct exec *x, struct action *a, enum failure why, char *text, struct step *s)
{
    struct action_run *run = a->run;

    free(run->job);
    run->job = NULL;
    run->wake = 0;
    if (!run->rescuing) {
        run->failure = why;
        run->error = text;
    } else {
        char *both = xasprintf("%s; %s failed too: %s", run->error,
                               run->outage ? "enabling it again" : "taking its mark off", text);
        free(run->error);
        free(text);
        run->error = both;
    }
    if (!run->rescuing && why != FAIL_UNKNOWN && action_rescue(x, a))
        action_next(x, a, s);
    else
        action_stop(x, a, s);
}
