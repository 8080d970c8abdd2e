/* Everything is derived, in the order in which it matters to a person. */
#include "reconciler/condition.h"

#include <stdlib.h>

#include "reconciler/action.h"
#include "reconciler/plan_render.h"
#include "reconciler/planner.h"

enum {
    TRIES_TO_STALL = 8, /* by then the backoff has reached its longest */
    FIELDS_SHOWN = 3,
    MESSAGE_MAX = 2000,
};

/* clang-format off */
static const struct {
    const char *name, *text;
} reasons[REASONS] = {
    [REASON_NOT_OBSERVED] = { "NotObserved", "DCT has not been observed since the start" },
    [REASON_NOT_OBSERVABLE] = { "NotObservable", "DCT's lists do not tell" },
    [REASON_AVAILABLE] = { "Available", "it is in DCT" },
    [REASON_MISSING] = { "Missing", "it is not in DCT" },
    [REASON_GONE] = { "Gone", "it was in DCT, and is gone" },
    [REASON_HALF_MADE] = { "HalfMade", "DCT failed to make it and left a part of it behind" },
    [REASON_NOT_OURS] = { "NotOurs", "DCT has one of that name that is not ours" },
    [REASON_DISABLED] = { "Disabled", "it is switched off, and is to be on" },
    [REASON_IN_SYNC] = { "InSync", "DCT agrees with the manifest" },
    [REASON_CREATING] = { "Creating", "it is being made" },
    [REASON_UPDATING] = { "Updating", "it is being changed" },
    [REASON_REPLACING] = { "Replacing", "it is being deleted and made anew" },
    [REASON_DELETING] = { "Deleting", "it is being deleted" },
    [REASON_ADOPTING] = { "Adopting", "it is being taken over" },
    [REASON_FORGETTING] = { "Forgetting", "it leaves the ledger" },
    [REASON_DISCOVERING] = { "Discovering", "the host is being looked at again" },
    [REASON_SNAPSHOTTING] = { "TakingSnapshot", "a snapshot of it is being taken" },
    [REASON_ENABLING] = { "Enabling", "it was switched off for a change, and is switched on again" },
    [REASON_DISABLING] = { "Disabling", "it is switched off for a change of something it lives on" },
    [REASON_FINISHING] = { "Finishing", "something that was begun is being looked up" },
    [REASON_WAITING] = { "Waiting", "it waits for a free slot" },
    [REASON_RETRYING] = { "Retrying", "its last try failed" },
    [REASON_FAILED] = { "Failed", "its last try failed" },
    [REASON_KEEPS_FAILING] = { "KeepsFailing", "its last tries all failed" },
    [REASON_OUTCOME_UNKNOWN] = { "OutcomeUnknown", "a write to it got no answer" },
    [REASON_BLOCKED] = { "Blocked", "something stands in its way" },
    [REASON_DEPENDENCY_BLOCKED] = { "DependencyBlocked", "what it needs is blocked" },
    [REASON_DELETE_BUDGET] = { "DeleteBudget", "too much would be deleted at once" },
    [REASON_FLAPPING] = { "Flapping", "something keeps changing it back" },
    [REASON_NOT_ENFORCED] = { "NotEnforced", "its policy only reports" },
    [REASON_SUSPENDED] = { "Suspended", "it is suspended" },
    [REASON_NO_MANIFEST] = { "NoManifest", "no manifest wants it any more" },
    [REASON_INVALID_MANIFEST] = { "InvalidManifest", "its manifest has findings" },
    [REASON_UNREAD_MANIFEST] = { "UnreadManifest", "not every manifest could be read; it is left alone" },
    [REASON_NOT_STALLED] = { "NotStalled", "nothing stands in the way for long" },
    [REASON_DRIFT] = { "Drift", "DCT was changed, the manifest was not" },
    [REASON_NO_DRIFT] = { "NoDrift", "DCT was not changed behind our back" },
    [REASON_BY_CONFIGURATION] = { "ByConfiguration", "the configuration suspends it" },
    [REASON_BY_MANIFEST] = { "ByManifest", "its manifest suspends it" },
    [REASON_BY_OPERATOR] = { "ByOperator", "it is suspended" },
    [REASON_NOT_SUSPENDED] = { "NotSuspended", "it is not suspended" },
};
/* clang-format on */

static const enum reason doing[VERBS] = {
    [VERB_NONE] = REASON_FINISHING,        [VERB_CREATE] = REASON_CREATING,
    [VERB_UPDATE] = REASON_UPDATING,       [VERB_REPLACE] = REASON_REPLACING,
    [VERB_DELETE] = REASON_DELETING,       [VERB_ADOPT] = REASON_ADOPTING,
    [VERB_FORGET] = REASON_FORGETTING,     [VERB_REFRESH] = REASON_DISCOVERING,
    [VERB_SNAPSHOT] = REASON_SNAPSHOTTING, [VERB_DISABLE] = REASON_DISABLING,
    [VERB_ENABLE] = REASON_ENABLING,
};

static const enum reason obstacles[BLOCKS] = {
    [BLOCK_RULE] = REASON_BLOCKED,           [BLOCK_CONFLICT] = REASON_NOT_OURS,
    [BLOCK_HALF_MADE] = REASON_HALF_MADE,    [BLOCK_NEED] = REASON_DEPENDENCY_BLOCKED,
    [BLOCK_BUDGET] = REASON_DELETE_BUDGET,   [BLOCK_FLAPPING] = REASON_FLAPPING,
    [BLOCK_MODE] = REASON_NOT_ENFORCED,      [BLOCK_SUSPENDED] = REASON_SUSPENDED,
    [BLOCK_UNKNOWN] = REASON_NOT_OBSERVABLE,
};

static struct judgement is(enum truth status, enum reason reason)
{
    return (struct judgement){ status, reason, NULL };
}

/* The message as its own words; they may be NULL. */
static struct judgement because(enum truth status, enum reason reason, const char *message)
{
    return (struct judgement){ status, reason, message ? xstrdup(message) : NULL };
}

static struct judgement blocked(const struct action *a)
{
    return because(TRUTH_FALSE, obstacles[a->block], a->blocked);
}

static bool not_known(const struct subject *s)
{
    return s->action && s->action->blocked && s->action->block == BLOCK_UNKNOWN;
}

/* Finished in this round; what follows is for the next observation to say where
 * an outcome is still open. */
static bool is_done(const struct subject *s)
{
    return s->action && s->action->state == A_DONE && !(s->entry && s->entry->intent.open);
}

/* Has it failed, and is it to be tried again later? */
static bool has_failed(const struct subject *s)
{
    return s->action &&
           (s->action->state == A_FAILED ||
            (s->action->state == A_WAITING && backoff_until(s->backoff, s->key) > s->now));
}

static enum reason failure_reason(const struct subject *s)
{
    static const enum reason reasons_of[] = { [FAIL_RECOVERABLE] = REASON_RETRYING,
                                              [FAIL_TERMINAL] = REASON_FAILED,
                                              [FAIL_UNKNOWN] = REASON_OUTCOME_UNKNOWN };

    return reasons_of[backoff_why(s->backoff, s->key)];
}

static struct judgement waiting(const struct subject *s)
{
    const struct action *a = s->action;
    struct judgement j = is(TRUTH_FALSE, REASON_WAITING);

    for (size_t i = 0; i < a->n_needs && !j.message; i++) {
        const struct action *needed = &s->plan->items[a->needs[i]];
        if (needed->state != A_DONE && !needed->blocked)
            j.message = xasprintf("it waits for %s", needed->key);
    }
    if (!j.message && a->not_before > s->now)
        j.message = xstrdup(a->engine && backoff_engine_until(s->backoff, a->engine) > s->now
                                ? "its engine could not be reached; it is tried again"
                                : "what became of the last write to it is looked up");
    return j;
}

static struct judgement judge_synced(const struct subject *s)
{
    const struct action *a = s->action;

    if (s->left_out)
        return is(TRUTH_FALSE, REASON_INVALID_MANIFEST);
    if (!a)
        return s->wanted   ? is(TRUTH_TRUE, REASON_IN_SYNC)
               : s->unread ? is(TRUTH_UNKNOWN, REASON_UNREAD_MANIFEST)
                           : is(TRUTH_FALSE, REASON_NO_MANIFEST);
    if (not_known(s))
        return because(TRUTH_UNKNOWN, REASON_NOT_OBSERVABLE, a->blocked);
    if (is_done(s))
        return a->verb == VERB_DISABLE ? is(TRUTH_FALSE, REASON_DISABLING)
                                       : is(TRUTH_TRUE, REASON_IN_SYNC);
    if (action_running(a))
        return because(TRUTH_FALSE, doing[a->verb], a->reason);
    if (a->blocked)
        return blocked(a);
    if (has_failed(s))
        return is(TRUTH_FALSE, failure_reason(s));
    if (a->verb == VERB_NONE || a->state == A_DONE)
        return because(TRUTH_FALSE, REASON_FINISHING, a->reason);
    return waiting(s);
}

/* What was switched off: by us for a change, or by somebody. */
static bool is_off(const struct subject *s)
{
    const struct action *a = s->action;
    int row = table_find(s->kind->table, "enabled");

    if (s->entry && s->entry->owes_enable)
        return true;
    for (size_t i = 0; row >= 0 && i < a->n_changes; i++) {
        const struct change *c = &a->changes[i];
        if (c->row == (size_t)row && c->was && streq(c->becomes, "true"))
            return true;
    }
    return false;
}

/* It was there once, and is not any more. */
static bool is_gone(const struct subject *s)
{
    const struct action *a = s->action;

    return a->verb == VERB_CREATE && !a->id && s->entry && s->entry->id &&
           a->block != BLOCK_CONFLICT && a->block != BLOCK_HALF_MADE;
}

static struct judgement not_there(const struct subject *s)
{
    if (s->action->blocked && condition_obstacle(s))
        return blocked(s->action);
    if (has_failed(s))
        return is(TRUTH_FALSE, failure_reason(s));
    return is(TRUTH_FALSE, is_gone(s) ? REASON_GONE : REASON_MISSING);
}

/* While one of these runs the object is not there, or not whole. */
static const bool unmakes[VERBS] = {
    [VERB_CREATE] = true,
    [VERB_REPLACE] = true,
    [VERB_DELETE] = true,
};

static struct judgement not_in_plan(const struct subject *s)
{
    if (s->wanted || (s->entry && s->entry->id))
        return is(TRUTH_TRUE, REASON_AVAILABLE);
    return is(TRUTH_FALSE, REASON_MISSING);
}

static struct judgement judge_ready(const struct subject *s)
{
    const struct action *a = s->action;

    if (!a)
        return not_in_plan(s);
    if (not_known(s) && a->verb == VERB_NONE)
        return because(TRUTH_UNKNOWN, REASON_NOT_OBSERVABLE, a->blocked);
    if (is_done(s))
        return a->verb == VERB_DISABLE ? is(TRUTH_FALSE, REASON_DISABLED)
                                       : is(TRUTH_TRUE, REASON_AVAILABLE);
    if (action_running(a) && unmakes[a->verb])
        return because(TRUTH_FALSE, doing[a->verb], a->reason);
    if (a->verb == VERB_CREATE || !a->id)
        return not_there(s);
    return is_off(s) ? is(TRUTH_FALSE, REASON_DISABLED) : is(TRUTH_TRUE, REASON_AVAILABLE);
}

bool condition_obstacle(const struct subject *s)
{
    if (!s->action || !s->action->blocked)
        return false;
    enum block root = action_root(s->plan, s->action)->block;
    return root != BLOCK_MODE && root != BLOCK_SUSPENDED && root != BLOCK_UNKNOWN;
}

bool condition_stalls(const struct subject *s)
{
    return has_failed(s) && (backoff_terminal(s->backoff, s->key) ||
                             backoff_tries(s->backoff, s->key) >= TRIES_TO_STALL);
}

static struct judgement judge_stalled(const struct subject *s)
{
    const struct action *a = s->action;

    if (s->left_out)
        return is(TRUTH_TRUE, REASON_INVALID_MANIFEST);
    if (not_known(s))
        return because(TRUTH_UNKNOWN, REASON_NOT_OBSERVABLE, a->blocked);
    if (a && !action_running(a) && a->state != A_DONE && condition_obstacle(s))
        return because(TRUTH_TRUE, obstacles[a->block], a->blocked);
    if (condition_stalls(s))
        return is(TRUTH_TRUE,
                  backoff_terminal(s->backoff, s->key) ? REASON_FAILED : REASON_KEEPS_FAILING);
    return is(TRUTH_FALSE, REASON_NOT_STALLED);
}

static void tell_drift(const struct action *a, struct buf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_changes; i++) {
        const struct change *c = &a->changes[i];
        if (c->why != WHY_DRIFT || !c->was)
            continue;
        if (n++ < FIELDS_SHOWN)
            buf_printf(out, "%s`%s` is %.200s, the manifest says %.200s", n > 1 ? "; " : "",
                       a->kind->table.rows[c->row].yaml, c->was, c->becomes);
    }
    if (n > FIELDS_SHOWN)
        buf_printf(out, "; and %zu more", n - FIELDS_SHOWN);
}

static struct judgement judge_drifted(const struct subject *s)
{
    const struct action *a = s->action;
    struct buf text = BUF_WITH_LIMIT(MESSAGE_MAX);

    if (not_known(s))
        return because(TRUTH_UNKNOWN, REASON_NOT_OBSERVABLE, a->blocked);
    if (!a || is_done(s) || a->pays_debt)
        return is(TRUTH_FALSE, REASON_NO_DRIFT);
    if (is_gone(s))
        return is(TRUTH_TRUE, REASON_GONE);
    tell_drift(a, &text);
    if (!text.n)
        return is(TRUTH_FALSE, REASON_NO_DRIFT);
    return (struct judgement){ TRUTH_TRUE, REASON_DRIFT, buf_take(&text) };
}

void condition_judge(const struct subject *s, struct judgement out[CONDITIONS])
{
    out[CONDITION_READY] = judge_ready(s);
    out[CONDITION_SYNCED] = judge_synced(s);
    out[CONDITION_STALLED] = judge_stalled(s);
    out[CONDITION_DRIFTED] = judge_drifted(s);
}

const struct suspension *condition_suspension(const struct subject *s)
{
    return suspension_of(s->options, s->ledger, s->kind->kind, s->key, s->wall);
}

static char *manifest_suspends(const struct subject *s)
{
    const struct policy *p = s->wanted ? &s->wanted->object->policy : NULL;

    if (!p || !p->suspended || (p->suspend_until && p->suspend_until <= s->wall))
        return NULL;
    struct buf text = BUF_WITH_LIMIT(MESSAGE_MAX);
    buf_printf(&text, "suspended: %.1000s",
               p->suspend_reason ? p->suspend_reason : "no reason given");
    if (p->suspend_until) {
        buf_puts(&text, ", until ");
        render_moment(p->suspend_until, &text);
    }
    return buf_take(&text);
}

void condition_suspended(const struct subject *s, struct judgement *out)
{
    const struct suspension *by = condition_suspension(s);
    struct buf text = BUF_WITH_LIMIT(MESSAGE_MAX);

    if (!by) {
        char *told = manifest_suspends(s);
        *out = told ? (struct judgement){ TRUTH_TRUE, REASON_BY_MANIFEST, told }
                    : is(TRUTH_FALSE, REASON_NOT_SUSPENDED);
        return;
    }
    char *what = suspension_text(by);
    buf_printf(&text, "%.1500s", what);
    free(what);
    *out = (struct judgement){ TRUTH_TRUE, by->by ? REASON_BY_OPERATOR : REASON_BY_CONFIGURATION,
                               buf_take(&text) };
}

const char *condition_name(enum condition_type t)
{
    static const char *const names[CONDITIONS] = {
        [CONDITION_READY] = "Ready",         [CONDITION_SYNCED] = "Synced",
        [CONDITION_STALLED] = "Stalled",     [CONDITION_DRIFTED] = "Drifted",
        [CONDITION_SUSPENDED] = "Suspended",
    };

    return names[t];
}

const char *truth_name(enum truth t)
{
    static const char *const names[] = {
        [TRUTH_UNKNOWN] = "Unknown", [TRUTH_TRUE] = "True", [TRUTH_FALSE] = "False"
    };

    return names[t];
}

const char *reason_name(enum reason r)
{
    return reasons[r].name;
}

const char *reason_text(enum reason r)
{
    return reasons[r].text;
}

bool reason_is_error(enum reason r)
{
    return r == REASON_RETRYING || r == REASON_FAILED || r == REASON_KEEPS_FAILING ||
           r == REASON_OUTCOME_UNKNOWN;
}
