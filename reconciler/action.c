/* The one machine that every action runs on. */
#include "reconciler/action_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "reconciler/flips.h"
#include "reconciler/keep.h"
#include "reconciler/planner.h"
#include "reconciler/reply.h"
#include "schema/json.h"

enum {
    LOOKS_MAX = 6,    /* failed reads in a row */
    FIRST_WAIT = 250, /* before something is looked at again; doubles */
    LONGEST_WAIT = 10000,
    TELEMETRY_MAX = 60000, /* at most that long, where nothing says that it does */
    READY_MAX = 120000,    /* a new engine comes online */
    SNAPSHOT_MAX = 900000, /* a new dSource's first snapshot appears */
};

enum {
    TO_READING = 1 << A_READING,
    TO_SENT = 1 << A_SENT,
    TO_JOB = 1 << A_JOB,
    TO_SETTLING = 1 << A_SETTLING,
    TO_DONE = 1 << A_DONE,
    TO_FAILED = 1 << A_FAILED,
};

static const unsigned next_states[ACTION_STATES] = {
    [A_WAITING] = TO_READING | TO_JOB | TO_DONE,
    [A_READING] = TO_READING | TO_SENT | TO_JOB | TO_SETTLING | TO_DONE | TO_FAILED,
    [A_SENT] = TO_SENT | TO_JOB | TO_READING | TO_FAILED,
    [A_JOB] = TO_SENT | TO_READING | TO_DONE | TO_FAILED,
    [A_SETTLING] = TO_READING | TO_FAILED,
    [A_DONE] = 0,
    [A_FAILED] = 0,
};

/* The only place where an action changes state. */
void action_move(struct action *a, enum action_state to)
{
    assert(next_states[a->state] & 1U << to);
    a->state = to;
}

bool action_running(const struct action *a)
{
    return a->state != A_WAITING && a->state != A_DONE && a->state != A_FAILED;
}

void action_run_free(struct action_run *run)
{
    if (!run)
        return;
    program_clear(run);
    free(run->todo);
    free(run->carried);
    for (size_t i = 0; i < run->n_rows; i++)
        free(run->lookups[i]);
    free(run->lookups);
    free(run->environment);
    free(run->job);
    strings_clear(&run->broken);
    free(run->error);
    cJSON_Delete(run->raw);
    cJSON_Delete(run->jobs);
    free(run);
}

struct entry *action_entry(const struct exec *x, const struct action *a)
{
    return ledger_find(x->world->ledger, a->key);
}

void action_record(const struct entry *e, struct step *s)
{
    fx_record(s->fx, e->key, entry_text(e));
}

void action_report(const struct action *a, enum report_kind kind, const char *text, struct step *s)
{
    struct report *r = fx_report(s->fx, kind, a->key, "%s", text);

    r->verb = xstrdup(verb_name(a->verb));
    if (a->run && a->run->job)
        r->job = xstrdup(a->run->job);
    if (a->run && kind == REPORT_JOB)
        r->percent = a->run->percent;
}

/* Is the object to be gone? A replacement is, until it has been. */
static bool to_be_gone(const struct action *a)
{
    return a->verb == VERB_DELETE || (a->verb == VERB_REPLACE && !a->run->made);
}

void action_look_again(struct exec *x, struct action *a, struct step *s)
{
    if (x->draining)
        return;
    action_move(a, A_READING);
    if (outcome_unknown(x, a) && !a->run->outcome_asked)
        outcome_ask(x, a, s);
    else
        look(x, a, s);
}

static msec wait_of(const struct action_run *run)
{
    msec wait = FIRST_WAIT;

    for (unsigned i = 0; i < run->looks && wait < LONGEST_WAIT; i++)
        wait *= 2;
    return wait < LONGEST_WAIT ? wait : LONGEST_WAIT;
}

/* The write is done; what DCT shows is not there yet. Up to `most`. */
void action_settle(struct exec *x, struct action *a, msec most, char *text, struct step *s)
{
    struct action_run *run = a->run;

    if (!run->settling_since)
        run->settling_since = s->now;
    if (s->now - run->settling_since > most) {
        action_fail(x, a, FAIL_RECOVERABLE, text, s);
        return;
    }
    free(text);
    run->wake = s->now + wait_of(run);
    run->looks++;
    action_move(a, A_SETTLING);
}

static bool settled_long(const struct action *a, const struct step *s)
{
    return a->run->settling_since && s->now - a->run->settling_since > SETTLE_MAX;
}

void action_finish(struct exec *x, struct action *a, struct step *s)
{
    struct entry *e = action_entry(x, a);

    if (a->wanted) {
        const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);
        (void)keep_object(x->world, a->wanted, item,
                          a->verb == VERB_ADOPT ? ORIGIN_ADOPTED : ORIGIN_CREATED);
        e = action_entry(x, a);
        match_one(x->world, (size_t)(a->wanted - x->world->set->items));
        entry_close(e);
        flips_count(e, a, step_wall(s));
        action_record(e, s);
    } else if (e) {
        fx_record(s->fx, a->key, NULL);
        ledger_remove(x->world->ledger, a->key);
    }
    backoff_forget(x->backoff, a->key);
    if (a->engine)
        backoff_engine_forget(x->backoff, a->engine);
    a->run->wake = 0;
    action_move(a, A_DONE);
    x->done++;
    action_report(a, REPORT_DONE, "done", s);
}

void action_leave(struct exec *x, struct action *a, struct step *s)
{
    action_move(a, A_DONE);
    x->done++;
    action_report(a, REPORT_DONE, "done", s);
}

/* A job that is over may have made it, or left it half made, and GET lags behind. */
static bool awaits_telemetry(const struct action *a, const struct entry *e, msec now)
{
    bool left = e && e->failed && e->id && !a->run->deleted;

    return (a->run->may_appear || left) &&
           (!a->run->settling_since || now - a->run->settling_since < TELEMETRY_MAX);
}

static void gone(struct exec *x, struct action *a, struct step *s)
{
    struct entry *e = action_entry(x, a);

    if (a->verb == VERB_DELETE) {
        action_finish(x, a, s);
    } else if (a->run->made) {
        if (settled_long(a, s)) { /* somebody was quick to delete it */
            entry_close(e);
            action_record(e, s);
        }
        action_settle(x, a, SETTLE_MAX, xasprintf("DCT says it is made, but does not show it"), s);
    } else if (awaits_telemetry(a, e, s->now)) {
        action_settle(x, a, SETTLE_MAX, xasprintf("a job of DCT's may have made it"), s);
    } else if (a->verb == VERB_CREATE || a->verb == VERB_REPLACE) {
        if (e)
            e->owes_enable = false;
        program_create(x, a);
        action_next(x, a, s);
    } else {
        action_fail(x, a, FAIL_RECOVERABLE, xasprintf("it has gone from DCT meanwhile"), s);
    }
}

static void ask_snapshots(struct action *a, struct step *s)
{
    struct buf path = BUF_WITH_LIMIT(8192);

    buf_printf(&path, "%s/", a->kind->collection);
    buf_add_urlencoded(&path, a->id);
    buf_puts(&path, "/snapshots?limit=1");
    struct request *r = request_new("GET", buf_take(&path));
    r->key = xstrdup(a->key);
    a->run->await = AWAIT_SNAPSHOTS;
    a->run->request = step_send(s, r);
}

/* Will something be provisioned from it in this plan? */
static bool has_children(const struct exec *x, const struct action *a)
{
    size_t self = (size_t)(a - x->plan->items);

    for (size_t i = 0; i < x->plan->n; i++) {
        const struct action *other = &x->plan->items[i];
        bool made = other->verb == VERB_CREATE || other->verb == VERB_REPLACE;
        for (size_t j = 0; made && !other->blocked && j < other->n_needs; j++) {
            if (other->needs[j] == self && other->kind->flags & KIND_SNAPSHOTS)
                return true;
        }
    }
    return false;
}

/* A dSource brings its first snapshot with it; a VDB needs one only for others. */
static bool needs_snapshot(const struct exec *x, const struct action *a)
{
    if (a->run->snapshot || !(a->kind->flags & KIND_SNAPSHOTS))
        return false;
    if (a->verb == VERB_SNAPSHOT)
        return true;
    return a->kind->snapshot.name ? has_children(x, a) : a->run->made;
}

static char *not_ready(const struct action *a, const struct observed_item *item)
{
    const char *is = a->kind->ready_fact ? object_text(item->object, a->kind->ready_fact) : NULL;
    int row = table_find(a->kind->table, "status.connectionDetails");
    const char *details = row < 0 ? NULL : object_text(item->object, "status.connectionDetails");

    if (!a->run->made || !a->kind->ready_fact || streq(is, a->kind->ready_value))
        return NULL;
    return xasprintf("it is %s, not %s%s%.1000s", is ? is : "(unknown)", a->kind->ready_value,
                     details ? ": " : "", details ? details : "");
}

/* Its values are as they should be; is there anything else to see to? */
static void agrees(struct exec *x, struct action *a, const struct observed_item *item,
                   struct step *s)
{
    const struct entry *e = action_entry(x, a);
    char *why = not_ready(a, item);
    bool refresh = (e && e->owes_refresh) || a->verb == VERB_REFRESH;

    if (why) {
        action_settle(x, a, READY_MAX, why, s);
    } else if (refresh && !a->run->refreshed && a->kind->refresh.name) {
        program_one(a, TODO_REFRESH, &a->kind->refresh);
        action_next(x, a, s);
    } else if (needs_snapshot(x, a)) {
        ask_snapshots(a, s);
    } else {
        action_finish(x, a, s);
    }
}

static bool is_disabled(const struct exec *x, const struct action *a)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);

    return table_find(a->kind->table, "enabled") >= 0 && !item_enabled(item);
}

static void snapshots_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    a->run->await = AWAIT_NOTHING;
    a->run->request = 0;
    if (reply_class(r) == REPLY_OK && json_at(r->body, "items[0]")) {
        a->run->snapshot = true;
        agrees(x, a, observed_by_id(x->world->observed, a->kind->kind, a->id), s);
    } else if (!reply_whole(r)) {
        action_settle(x, a, SNAPSHOT_MAX, reply_text(r), s);
    } else if (a->kind->snapshot.name && is_disabled(x, a)) {
        action_fail(x, a, FAIL_TERMINAL,
                    xasprintf("it has no snapshot that a VDB could start from, and none can be "
                              "taken while it is disabled; enable it"),
                    s);
    } else if (a->kind->snapshot.name && !a->run->snapshot_taken) {
        a->run->snapshot_taken = true;
        program_one(a, TODO_SNAPSHOT, &a->kind->snapshot);
        action_next(x, a, s);
    } else {
        action_settle(x, a, SNAPSHOT_MAX,
                      xasprintf("it has no snapshot that a VDB could start from"), s);
    }
}

static char *still_differs(const struct action *a, const struct diff *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct change *c = &d->changes[i];
        if (!c->create_only)
            return xasprintf("DCT took the change, but still shows `%s` as %.500s instead of "
                             "%.500s",
                             a->kind->table.rows[c->row].yaml, c->was, c->becomes);
    }
    return NULL;
}

/* Is it what a creation left behind that failed, heard of or not, or that DCT lost
 * sight of before it came to its end? */
static bool left_behind(const struct exec *x, const struct action *a, const struct entry *e,
                        const struct diff *d)
{
    if (!e)
        return false;
    if (creation_failed(e, a->id))
        return true;
    return e->intent.makes &&
           (strings_has(&a->run->broken, a->id) ||
            (e->intent.lost && creation_undone(x->world, a->wanted, e, d, a->id)));
}

/* It is not built upon, and not repaired: the next plan says what is to be done. */
static void give_up_half_made(struct exec *x, struct action *a, struct entry *e, struct step *s)
{
    (void)keep_wish(x->world, a->wanted, e);
    free(e->id);
    e->id = xstrdup(a->id);
    e->failed = true;
    entry_close(e);
    action_record(e, s);
    action_fail(x, a, FAIL_RECOVERABLE, xasprintf("DCT failed to make it and left %s", a->id), s);
}

static void there_to_stay(struct exec *x, struct action *a, struct step *s)
{
    const struct observed_item *item = observed_by_id(x->world->observed, a->kind->kind, a->id);
    struct entry *e = action_entry(x, a);
    int enabled = table_find(a->kind->table, "enabled");
    struct diff d;

    if (e && e->owes_enable && enabled >= 0 && item->object->values[enabled].i)
        e->owes_enable = e->enabled_again = false; /* recorded when the action is done */
    if (a->only_waits && e && !e->intent.makes) {
        entry_close(e);
        action_record(e, s);
        action_leave(x, a, s);
        return;
    }
    if (e && a->run->made)
        entry_close(e);
    diff_object(x->world, a->wanted, item, e, a->verb == VERB_ADOPT, &d);
    char *differs = still_differs(a, &d);
    if (differs && left_behind(x, a, e, &d)) {
        diff_clear(&d);
        free(differs);
        give_up_half_made(x, a, e, s);
        return;
    }
    bool more = differs && program_update(x, a, item, &d);
    diff_clear(&d);
    if (more) {
        free(differs);
        action_next(x, a, s);
    } else if (differs) {
        action_settle(x, a, SETTLE_MAX, differs, s);
    } else {
        agrees(x, a, item, s);
    }
}

static void there(struct exec *x, struct action *a, struct step *s)
{
    if (a->pays_debt) {
        action_pay(x, a, s);
    } else if (a->verb == VERB_DISABLE) {
        action_rest(x, a, s);
    } else if (!to_be_gone(a)) {
        there_to_stay(x, a, s);
    } else if (a->run->deleted) {
        action_settle(x, a, SETTLE_MAX, xasprintf("DCT says it is deleted, but still shows it"), s);
    } else {
        program_one(a, TODO_DELETE, &a->kind->remove);
        action_next(x, a, s);
    }
}

/* Reading never changes anything, so it is simply tried again. */
void action_look_failed(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    enum reply_class class = reply_class(r);
    char *text = reply_text(r);

    a->run->engine_away = r->status == 503;
    if (class == REPLY_DENIED || class == REPLY_REFUSED || a->run->looks >= LOOKS_MAX) {
        action_fail(x, a, class == REPLY_DENIED ? FAIL_TERMINAL : FAIL_RECOVERABLE, text, s);
        return;
    }
    action_settle(x, a, SETTLE_MAX, text, s);
}

static void conflict(struct exec *x, struct action *a, struct step *s)
{
    const char *why = x->world->pairs[a->wanted - x->world->set->items].why;

    action_fail(x, a, FAIL_TERMINAL, xstrdup(why ? why : "it is not ours"), s);
}

void action_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    if (a->run->await == AWAIT_TODO) {
        action_todo_reply(x, a, r, s);
        return;
    }
    if (a->run->await == AWAIT_OUTCOME) {
        outcome_reply(x, a, r, s);
        return;
    }
    if (a->run->await == AWAIT_SNAPSHOTS) {
        snapshots_reply(x, a, r, s);
        return;
    }
    switch (look_reply(x, a, r, s)) {
    case LOOK_MORE:
        break;
    case LOOK_THERE:
        there(x, a, s);
        break;
    case LOOK_GONE:
        gone(x, a, s);
        break;
    case LOOK_FAILED:
        action_look_failed(x, a, r, s);
        break;
    case LOOK_CONFLICT:
        conflict(x, a, s);
        break;
    }
}

void action_wake(struct exec *x, struct action *a, struct step *s)
{
    a->run->wake = 0;
    action_look_again(x, a, s);
}

/* The job is of the write that the ledger knows, which need not be the one that
 * this action would begin with. */
void action_resume(struct exec *x, struct action *a, struct step *s)
{
    const struct entry *e = action_entry(x, a);
    bool removes = streq(e->intent.call, a->kind->remove.name);

    if (!a->id && e->id)
        a->id = xstrdup(e->id);
    if (a->verb == VERB_CREATE && e->intent.makes) {
        program_create(x, a);
        a->run->at = a->run->n - 1;
    }
    a->run->deleted = removes && (a->verb == VERB_DELETE || a->verb == VERB_REPLACE);
    action_begin_job(a, e->intent.job, s);
}

/* By its name alone the plan took something for what a creation made that nobody
 * answered. What DCT is still making is asked for first, then what has that name. */
static void doubt_id(struct action *a, const struct entry *e)
{
    if (!a->wanted || !e || !e->intent.makes || e->intent.job || e->id)
        return;
    free(a->id);
    a->id = NULL;
}

void action_begin(struct exec *x, struct action *a, struct step *s)
{
    const struct entry *e = action_entry(x, a);
    const char *environment = a->wanted ? resolve_environment(x->world, a->wanted) : NULL;

    a->run = xcalloc(1, sizeof(*a->run));
    a->run->n_rows = a->kind->table.n;
    a->run->carried = xcalloc(a->run->n_rows, sizeof(bool));
    a->run->lookups = xcalloc(a->run->n_rows, sizeof(char *));
    a->run->environment = environment ? xstrdup(environment) : NULL;
    if (!a->engine && a->wanted && resolve_engine(x->world, a->wanted))
        a->engine = xstrdup(resolve_engine(x->world, a->wanted));
    doubt_id(a, e);
    if (a->verb != VERB_NONE)
        action_report(a, REPORT_STARTED, a->reason, s);
    if (a->verb == VERB_FORGET) {
        action_finish(x, a, s);
    } else if (e && e->intent.open && e->intent.job) {
        action_resume(x, a, s);
    } else {
        action_look_again(x, a, s);
    }
}
