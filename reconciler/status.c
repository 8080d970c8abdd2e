/* Tells how things stand, and keeps the tracks of objects up to date. */
#include "reconciler/status.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/cycle_parts.h"

const struct plan *cycle_plan(const struct cycle *c)
{
    return c->plan ? c->plan : c->told_plan;
}

bool cycle_unkept(const struct cycle *c)
{
    return c->unkept;
}

const struct ledger *cycle_ledger(const struct cycle *c)
{
    return c->ledger;
}

bool cycle_trouble(const struct cycle *c)
{
    return c->trouble || (c->plan && c->plan->unknown);
}

static void count_plan(const struct cycle *c, struct cycle_status *out)
{
    for (size_t i = 0; i < c->plan->n; i++) {
        const struct action *a = &c->plan->items[i];
        out->blocked += a->blocked != NULL;
        out->waiting += a->state == A_WAITING && !a->blocked;
        out->failed += a->state == A_FAILED;
        out->running += action_running(a);
        out->jobs += a->state == A_JOB;
        out->synced += a->state == A_DONE && a->wanted;
    }
    out->synced += c->plan->in_sync;
}

/* Without the ledger nothing is changed, which is worth more than what DCT says. */
static const char *trouble_of(const struct cycle *c)
{
    if (c->unkept)
        return "the ledger cannot be written; the log says why";
    return c->trouble ? c->trouble : c->twin.text;
}

/* As people read it; 0 stays 0. */
static msec wall_of(const struct cycle *c, msec at)
{
    return at ? at + c->ahead : 0;
}

void cycle_status(const struct cycle *c, struct cycle_status *out)
{
    *out = (struct cycle_status){ .phase = c->phase,
                                  .revision = c->set ? c->set->revision : NULL,
                                  .managed = c->set ? c->set->n : 0,
                                  .observed = c->observed,
                                  .trouble = trouble_of(c),
                                  .next = wall_of(c, cycle_due(c)),
                                  .seen_at = wall_of(c, c->seen_at),
                                  .converged_at = wall_of(c, c->converged_at),
                                  .api = c->api };
    if (c->observe) {
        struct observe_progress p = observe_progress(c->observe);
        out->lists = p.lists;
        out->lists_read = p.read;
        out->pages = p.pages;
    }
    if (c->plan) {
        count_plan(c, out);
        return;
    }
    out->synced = c->last.synced < out->managed ? c->last.synced : out->managed;
    out->blocked = c->last.blocked;
    out->failed = c->last.failed;
}

enum cycle_phase cycle_phase(const struct cycle *c)
{
    return c->phase;
}

const char *cycle_revision(const struct cycle *c)
{
    return c->set ? c->set->revision : NULL;
}

const struct set *cycle_set(const struct cycle *c)
{
    return c->set;
}

const struct set *cycle_newest_set(const struct cycle *c)
{
    return c->next_set ? c->next_set : c->set;
}

const char *cycle_judged(const struct cycle *c)
{
    return c->judged;
}

static const struct kind_desc *kind_of_key(const char *key)
{
    char *word = xstrndup(key, strcspn(key, "/"));
    const struct kind_desc *k = kind_by_name(word);

    free(word);
    return k;
}

static bool find_subject(const struct cycle *c, const char *key, msec wall, struct subject *s)
{
    const struct plan *plan = cycle_plan(c);
    long at = plan ? plan_index(plan, key) : -1;

    *s = (struct subject){ .key = key,
                           .wanted = c->set ? set_find(c->set, key) : NULL,
                           .entry = ledger_find(c->ledger, key),
                           .action = at >= 0 ? &plan->items[at] : NULL,
                           .plan = plan,
                           .ledger = c->ledger,
                           .backoff = &c->backoff,
                           .options = &c->options,
                           .left_out = c->set && strings_has(&c->set->left_out, key),
                           .now = wall - c->ahead,
                           .wall = wall };
    s->unread = !s->wanted && c->set && !c->set->complete;
    if (!s->wanted && !s->entry && !s->left_out)
        return false;
    s->kind = s->wanted  ? s->wanted->object->kind
              : s->entry ? kind_desc(s->entry->kind)
                         : kind_of_key(key);
    return s->kind != NULL;
}

/* The i-th object's key; NULL at the end. Those left out come last. */
static const char *nth_key(const struct cycle *c, size_t i)
{
    size_t wanted = c->set ? c->set->n : 0, known = ledger_count(c->ledger);

    if (i < wanted)
        return c->set->items[i].key;
    i -= wanted;
    if (i < known)
        return ledger_at(c->ledger, i)->key;
    i -= known;
    return c->set && i < c->set->left_out.n ? c->set->left_out.items[i] : NULL;
}

/* Did an earlier index give the same key? */
static bool is_repeated(const struct cycle *c, size_t i, const char *key)
{
    size_t wanted = c->set ? c->set->n : 0;

    return (c->set && i >= wanted && set_find(c->set, key)) ||
           (i >= wanted + ledger_count(c->ledger) && ledger_find(c->ledger, key));
}

static void view(const struct cycle *c, struct object_status *o)
{
    const struct action *a = o->is.action;
    bool waits = a && !a->blocked && (a->state == A_WAITING || a->state == A_FAILED);

    o->track = track_of(&c->tracks, o->is.key);
    o->next_retry = waits && a->not_before > o->is.now ? a->not_before + c->ahead : 0;
    o->attempts = backoff_tries(&c->backoff, o->is.key);
}

bool cycle_object(const struct cycle *c, const char *key, msec wall, struct object_status *out)
{
    if (!find_subject(c, key, wall, &out->is))
        return false;
    view(c, out);
    return true;
}

bool cycle_next_object(const struct cycle *c, size_t *cursor, msec wall, struct object_status *out)
{
    const char *key;

    while ((key = nth_key(c, *cursor))) {
        size_t i = (*cursor)++;
        if (!is_repeated(c, i, key) && cycle_object(c, key, wall, out))
            return true;
    }
    return false;
}

/* What stands in the way is told like an error, as long as it does. */
static void note_obstacle(const struct subject *s, struct track *t)
{
    const struct action *a = s->action;

    if (a && condition_obstacle(s))
        track_error(t, ERROR_BLOCKED, a->blocked, s->wall);
    else if (t->error && t->error->class == ERROR_BLOCKED)
        track_error_over(t);
}

static void judge(const struct subject *s, struct track *t)
{
    struct judgement of[CONDITIONS];

    note_obstacle(s, t);
    condition_judge(s, of);
    if (of[CONDITION_SYNCED].status == TRUTH_TRUE)
        track_error_over(t);
    track_take(t, of, CONDITION_READY, CONDITION_DRIFTED, s->wall);
    t->judged = true;
}

static void update(struct cycle *c, const char *key, bool planned, msec wall)
{
    struct subject s;
    struct judgement suspended;

    if (!find_subject(c, key, wall, &s))
        return;
    struct track *t = track_put(&c->tracks, key, wall);
    t->stays = true;
    if (planned)
        judge(&s, t);
    condition_suspended(&s, &suspended);
    track_take(t, &suspended, CONDITION_SUSPENDED, CONDITION_SUSPENDED, wall);
}

static void update_all(struct cycle *c, bool planned, msec wall)
{
    const char *key;

    for (size_t i = 0; (key = nth_key(c, i)); i++) {
        if (!is_repeated(c, i, key))
            update(c, key, planned, wall);
    }
    tracks_sweep(&c->tracks);
    c->tracked = c->set;
}

static void note_failure(struct cycle *c, const char *key, msec wall)
{
    static const enum error_class classes[] = { [FAIL_RECOVERABLE] = ERROR_RECOVERABLE,
                                                [FAIL_TERMINAL] = ERROR_TERMINAL,
                                                [FAIL_UNKNOWN] = ERROR_UNKNOWN_OUTCOME };
    const struct plan *plan = cycle_plan(c);
    long at = plan ? plan_index(plan, key) : -1;

    if (at >= 0 && plan->items[at].error)
        track_error(track_put(&c->tracks, key, wall), classes[backoff_why(&c->backoff, key)],
                    plan->items[at].error, wall);
}

enum moves { MOVES_NOTHING, MOVES_ONE, MOVES_FAILED, MOVES_SUSPENSIONS };

static const enum moves moves[] = {
    [REPORT_INFO] = MOVES_NOTHING,          [REPORT_WARNING] = MOVES_NOTHING,
    [REPORT_ERROR] = MOVES_NOTHING,         [REPORT_STARTED] = MOVES_ONE,
    [REPORT_JOB] = MOVES_NOTHING,           [REPORT_DONE] = MOVES_ONE,
    [REPORT_RETRY] = MOVES_FAILED,          [REPORT_FAILED] = MOVES_FAILED,
    [REPORT_DRIFT] = MOVES_NOTHING,         [REPORT_ASKED] = MOVES_NOTHING,
    [REPORT_SUSPENDED] = MOVES_SUSPENSIONS, [REPORT_RESUMED] = MOVES_SUSPENSIONS,
    [REPORT_ADOPTED] = MOVES_NOTHING,       [REPORT_FORGOTTEN] = MOVES_NOTHING,
};

/* What the report is about, where that is one object whose state it changes. */
static const char *mover(const struct effect *e, enum moves least)
{
    if (e->type != FX_REPORT || moves[e->report.kind] < least ||
        moves[e->report.kind] == MOVES_SUSPENSIONS)
        return NULL;
    return e->report.key;
}

static bool suspends(const struct effect *e)
{
    return e->type == FX_REPORT && moves[e->report.kind] == MOVES_SUSPENSIONS;
}

/* A new plan says something of every object, a report of its own. What was
 * finished in this step may be in the plan that is only told by now. */
void cycle_track(struct cycle *c, const struct step *s, size_t from)
{
    bool planned = false, all = c->tracked != c->set;

    for (size_t i = from; i < s->fx->n; i++) {
        const struct effect *e = &s->fx->items[i];
        const char *failed = mover(e, MOVES_FAILED);
        c->recorded = c->recorded || e->type == FX_RECORD;
        planned = planned || e->type == FX_PLANNED || e->type == FX_RESTED;
        all = all || suspends(e);
        if (failed)
            note_failure(c, failed, step_wall(s));
    }
    if ((planned && c->plan) || all)
        update_all(c, planned && c->plan, step_wall(s));
    for (size_t i = from; i < s->fx->n && cycle_plan(c); i++) {
        const char *key = mover(&s->fx->items[i], MOVES_ONE);
        if (key)
            update(c, key, true, step_wall(s));
    }
}

static enum object_state stalled_state(const struct track *t)
{
    return reason_is_error(t->now[CONDITION_STALLED].reason) ? OBJECT_FAILED : OBJECT_BLOCKED;
}

enum object_state object_state(const struct object_status *o)
{
    const struct track *t = o->track;
    const struct action *a = o->is.action;

    if (!t || t->now[CONDITION_SYNCED].status == TRUTH_UNKNOWN)
        return OBJECT_UNKNOWN;
    if (t->now[CONDITION_SUSPENDED].status == TRUTH_TRUE)
        return OBJECT_SUSPENDED;
    if (t->now[CONDITION_STALLED].status == TRUTH_TRUE)
        return stalled_state(t);
    if (reason_is_error(t->now[CONDITION_SYNCED].reason))
        return OBJECT_FAILED;
    if (a && a->blocked)
        return OBJECT_BLOCKED;
    return a && a->state != A_DONE ? OBJECT_WORKING : OBJECT_READY;
}

const char *object_state_name(enum object_state s)
{
    static const char *const names[] = {
        [OBJECT_READY] = "ready",   [OBJECT_WORKING] = "working",     [OBJECT_BLOCKED] = "blocked",
        [OBJECT_FAILED] = "failed", [OBJECT_SUSPENDED] = "suspended", [OBJECT_UNKNOWN] = "unknown",
    };

    return names[s];
}

void wanted_needs(const struct set *set, const struct wanted *w,
                  void (*each)(void *ctx, const struct wanted *needed), void *ctx)
{
    const struct table t = w->object->kind->table;
    const struct wanted *engine = w->engine ? set_named(set, KIND_ENGINE, w->engine, NULL) : NULL;

    if (engine && engine != w)
        each(ctx, engine);
    for (size_t row = 0; row < t.n; row++) {
        const struct field *f = &t.rows[row];
        const struct value *v = &w->object->values[row];
        if (f->type != F_REF || f->ref->target != REF_KIND || v->state != V_SET)
            continue;
        const struct wanted *needed = set_named(set, f->ref->kind, v->s, w->engine);
        if (needed && needed != engine && needed != w)
            each(ctx, needed);
    }
}
