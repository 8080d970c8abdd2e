/* Writes: announced in the ledger, sent, accepted or refused, and their jobs. */
#include <stdlib.h>

#include "reconciler/action_parts.h"
#include "reconciler/keep.h"
#include "reconciler/planner.h"
#include "reconciler/reply.h"
#include "schema/json.h"

/* Environments on the engine find a new connector only by looking again. */
static void owe_refreshes(const struct exec *x, const struct action *a, struct step *s)
{
    if (!(a->kind->flags & KIND_PER_ENGINE))
        return;
    for (size_t i = 0; i < ledger_count(x->world->ledger); i++) {
        struct entry *e = ledger_at(x->world->ledger, i);
        if (!kind_desc(e->kind)->refresh.name || !e->id || !streq(e->engine, a->engine) ||
            e->owes_refresh)
            continue;
        e->owes_refresh = true;
        action_record(e, s);
    }
}

/* A create happens with these values or not at all, so they are kept with the
 * intent; a token that is there from the start asks for nothing. */
static void keep_created(const struct exec *x, const struct action *a, struct entry *e)
{
    bool *rows = xcalloc(a->kind->table.n, sizeof(bool));

    call_carried(a, &a->run->todo[a->run->at]);
    for (size_t i = 0; i < a->kind->table.n; i++) {
        const struct field *f = &a->kind->table.rows[i];
        rows[i] = a->run->carried[i] || f->flags & (TOKEN | DERIVED | LOCAL);
    }
    entry_unapply_all(e);
    (void)keep_wish(x->world, a->wanted, e);
    keep_made(e, a->wanted->object, rows);
    free(rows);
}

/* Does the manifest itself want the object disabled? */
static bool wants_off(const struct action *a)
{
    return a->wanted && is_to_be_off(a->wanted);
}

/* The ledger was lost. Of what no manifest wants it knows the debt, and no more. */
static void remember(const struct exec *x, const struct action *a, const struct observed_item *item,
                     struct entry *e)
{
    e->id = xstrdup(a->id);
    if (a->wanted) {
        (void)keep_wish(x->world, a->wanted, e);
        e->origin = a->verb == VERB_ADOPT ? ORIGIN_NONE : ORIGIN_CREATED;
        return;
    }
    e->name = item ? xstrdup(item->name) : NULL;
    e->engine = a->engine ? xstrdup(a->engine) : NULL;
    e->deletion = DELETION_ORPHAN;
}

/* What the write does to the debt, and to the mark that tells of it. What the mark
 * says, a ledger that was lost does not. */
static void note_debt(const struct action *a, const struct todo *t,
                      const struct observed_item *item, struct entry *e)
{
    bool off = t->type == TODO_DISABLE;

    if (off || t->type == TODO_MARK)
        e->enabled_again = e->repaid = false;
    if (off || (item && !e->owes_enable && enable_owed(e, item)))
        e->owes_enable = !wants_off(a);
    if (t->type == TODO_UNMARK)
        e->repaid = !e->owes_enable;
}

/* Did the plan hold it against its manifest, and find what its creation was to bring? */
static bool found_whole(const struct action *a)
{
    return a->wanted && !a->unsound;
}

/* The ledger knows of the write before DCT does. */
static void intend(struct exec *x, struct action *a, const struct todo *t, struct step *s)
{
    struct entry *e = ledger_put(x->world->ledger, a->key, a->kind->kind);
    const char *call = t->call ? t->call->name : "tags";
    const struct observed_item *item =
        a->id ? observed_by_id(x->world->observed, a->kind->kind, a->id) : NULL;

    if (t->type != TODO_CREATE && !e->id && a->id && (a->wanted || !e->name))
        remember(x, a, item, e);
    if (t->type == TODO_CREATE) {
        free(e->id);
        entry_close(e);
        e->id = NULL;
        e->failed = false;
        e->origin = ORIGIN_CREATED;
        keep_created(x, a, e);
    }
    e->failed = e->failed || (creation_lost(e, s->now) && !found_whole(a));
    note_debt(a, t, item, e);
    if (t->type == TODO_CREATE || t->type == TODO_UPDATE)
        owe_refreshes(x, a, s);
    entry_intend(e, call, s->now);
    e->intent.makes = t->type == TODO_CREATE;
    action_record(e, s);
}

void action_next(struct exec *x, struct action *a, struct step *s)
{
    struct action_run *run = a->run;
    char *why = NULL;

    if (run->at == run->n && run->rescuing) {
        action_stop(x, a, s);
        return;
    }
    if (run->at == run->n) {
        run->looks = 0;
        run->settling_since = 0;
        action_look_again(x, a, s);
        return;
    }
    if (x->draining)
        return;
    const struct todo *t = &run->todo[run->at];
    struct request *r = call_request(x, a, t, &why);
    if (!r) {
        action_fail(x, a, FAIL_RECOVERABLE, why, s);
        return;
    }
    if (r->write)
        intend(x, a, t, s);
    if (t->type == TODO_DELETE)
        deleted_note(x->deleted, a);
    run->await = AWAIT_TODO;
    action_move(a, A_SENT);
    run->request = step_send(s, r);
}

void action_begin_job(struct action *a, const char *id, struct step *s)
{
    char *job = xstrdup(id); /* `id` may be the text that is freed here */

    free(a->run->job);
    a->run->job = job;
    a->run->job_since = s->now;
    a->run->job_missing = 0;
    a->run->percent = -1;
    action_move(a, A_JOB);
    action_report(a, REPORT_JOB, "DCT works on it", s);
}

/* The job is over, and DCT's lists may not show yet what it made: until they have
 * had time to, that is not taken for gone. */
static void left_alone(struct entry *e, const struct step *s)
{
    if (!e->intent.makes) {
        entry_close(e);
        return;
    }
    entry_job(e, NULL);
    entry_intended_at(e, s->now);
}

/* Users of the environment that it was in are not those of the one it is in now. */
static void tell_followers(const struct exec *x, const struct action *a, const bool *now,
                           struct step *s)
{
    for (size_t i = 0; i < a->n_changes; i++) {
        const size_t row = a->changes[i].row;
        if (!now[row] || a->kind->table.rows[row].type != F_REF)
            continue;
        for (size_t j = 0; j < x->world->set->n; j++) {
            const struct wanted *w = &x->world->set->items[j];
            if (keep_follower(x->world, w, a->wanted, row))
                action_record(ledger_find(x->world->ledger, w->key), s);
        }
    }
}

static void note_done(struct action_run *run, enum todo_type done)
{
    run->made = run->made || done == TODO_CREATE;
    run->deleted = run->deleted || done == TODO_DELETE;
    run->marked = (run->marked || done == TODO_MARK) && done != TODO_UNMARK;
    run->unmarked = run->unmarked || done == TODO_UNMARK;
    run->refreshed = run->refreshed || done == TODO_REFRESH;
}

/* What the todo carried is noted. True if what it did is seen only later: GET
 * lags, and the job is not forgotten before it shows. */
static bool todo_carried_out(const struct exec *x, struct action *a, struct entry *e,
                             struct step *s)
{
    struct action_run *run = a->run;
    const struct todo *t = &run->todo[run->at++];
    bool *now = xcalloc(a->kind->table.n, sizeof(bool));
    bool seen_later = t->type == TODO_CREATE || t->type == TODO_DELETE;

    for (size_t i = 0; i < a->kind->table.n; i++)
        now[i] = run->carried[i];
    call_carried(a, t);
    for (size_t i = 0; i < a->kind->table.n; i++)
        now[i] = run->carried[i] && !now[i];
    note_done(run, t->type);
    e->enabled_again = e->enabled_again || (t->type == TODO_ENABLE && e->owes_enable);
    if (!seen_later && a->wanted) {
        (void)keep_rows(e, a->wanted->object, now);
        tell_followers(x, a, now, s);
    }
    if (t->type == TODO_REFRESH) {
        e->owes_refresh = false;
        backoff_looked(x->backoff, a->key);
    }
    free(now);
    return seen_later;
}

/* What the write was for is done; the ledger follows. */
static void todo_done(struct exec *x, struct action *a, struct step *s)
{
    struct action_run *run = a->run;
    struct entry *e = action_entry(x, a);
    bool leaves = a->verb == VERB_NONE && !a->wanted;

    free(run->job);
    run->job = NULL;
    bool seen_later = run->at < run->n && todo_carried_out(x, a, e, s);
    if (leaves)
        left_alone(e, s);
    else if (!seen_later)
        entry_close(e);
    action_record(e, s);
    if (leaves)
        action_leave(x, a, s);
    else
        action_next(x, a, s);
}

static void job_failed(struct exec *x, struct action *a, const cJSON *job, const char *status,
                       struct step *s)
{
    struct entry *e = action_entry(x, a);
    const char *details = json_text(job, "error_details");
    const char *trace = json_text(job, "trace_id");
    char *text = xasprintf("DCT job %s %s: %.2000s%s%.100s", a->run->job, status,
                           details ? details : "DCT gives no details", trace ? ", trace " : "",
                           trace ? trace : "");

    e->failed = e->failed || e->intent.makes;
    entry_close(e);
    if (e->id) {
        action_record(e, s);
    } else { /* nothing was made that could be ours */
        fx_record(s->fx, a->key, NULL);
        ledger_remove(x->world->ledger, a->key);
    }
    action_fail(x, a, FAIL_RECOVERABLE, text, s);
}

/* DCT does not follow the job any more, but what it began may go on. */
static void job_lost(struct exec *x, struct action *a, const char *how, struct step *s)
{
    struct entry *e = action_entry(x, a);
    char *text = xasprintf("the outcome of DCT job %s is not known (%s); DCT is observed again "
                           "before anything else is done",
                           a->run->job, how);

    entry_job(e, NULL);
    entry_intended_at(e, s->now);
    e->intent.lost = true;
    action_record(e, s);
    action_fail(x, a, FAIL_UNKNOWN, text, s);
}

enum job_meaning { JOB_GOES_ON, JOB_DONE, JOB_FAILED, JOB_LOST };

/* All ten statuses of DCT API 3.28; an eleventh would be waited for. */
static enum job_meaning job_meaning(const char *status)
{
    static const struct {
        const char *status;
        enum job_meaning meaning;
    } meanings[] = {
        { "PENDING", JOB_GOES_ON }, { "STARTED", JOB_GOES_ON },   { "RUNNING", JOB_GOES_ON },
        { "WAITING", JOB_GOES_ON }, { "SUSPENDED", JOB_GOES_ON }, { "COMPLETED", JOB_DONE },
        { "FAILED", JOB_FAILED },   { "CANCELED", JOB_FAILED },   { "TIMEDOUT", JOB_LOST },
        { "ABANDONED", JOB_LOST },
    };

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (streq(meanings[i].status, status))
            return meanings[i].meaning;
    }
    return JOB_GOES_ON;
}

bool job_is_under_way(const char *status)
{
    return job_meaning(status) == JOB_GOES_ON;
}

bool job_has_failed(const char *status)
{
    return job_meaning(status) == JOB_FAILED;
}

bool job_is_lost(const char *status)
{
    return job_meaning(status) == JOB_LOST;
}

static void job_goes_on(struct action *a, const cJSON *job, const char *status, struct step *s)
{
    const cJSON *percent = json_at(job, "percent_complete");
    int now = cJSON_IsNumber(percent) ? (int)percent->valuedouble : -1;
    bool suspended = streq(status, "SUSPENDED");

    if (now == a->run->percent && !suspended)
        return;
    a->run->percent = now;
    action_report(a, REPORT_JOB, suspended ? "DCT has suspended its job" : "DCT works on it", s);
}

enum { JOB_MISSING_MAX = 3 };

void action_job(struct exec *x, struct action *a, const cJSON *job, struct step *s)
{
    const char *status = json_text(job, "status"), *warning = json_text(job, "warning_message");

    if (!job) {
        if (++a->run->job_missing >= JOB_MISSING_MAX)
            job_lost(x, a, "DCT does not list it", s);
        return;
    }
    a->run->job_missing = 0;
    switch (job_meaning(status)) {
    case JOB_GOES_ON:
        job_goes_on(a, job, status, s);
        break;
    case JOB_DONE:
        if (warning)
            action_report(a, REPORT_WARNING, warning, s);
        todo_done(x, a, s);
        break;
    case JOB_FAILED:
        job_failed(x, a, job, status, s);
        break;
    case JOB_LOST:
        job_lost(x, a, status, s);
        break;
    }
}

/* The write was accepted: its object and its job are kept at once. */
static void accepted(struct exec *x, struct action *a, const struct todo *t, const cJSON *body,
                     struct step *s)
{
    struct entry *e = action_entry(x, a);
    const cJSON *job = reply_job(body);
    const char *id =
        t->type == TODO_CREATE && t->call->id_member ? json_text(body, t->call->id_member) : NULL;

    if (id) {
        free(a->id);
        free(e->id);
        a->id = xstrdup(id);
        e->id = xstrdup(id);
    }
    if (!job) {
        todo_done(x, a, s);
        return;
    }
    entry_job(e, json_text(job, "id"));
    action_record(e, s);
    action_begin_job(a, json_text(job, "id"), s);
    if (job_meaning(json_text(job, "status")) != JOB_GOES_ON)
        action_job(x, a, job, s);
}

/* Certainly not carried out: the intent is void. */
static void void_intent(const struct exec *x, const struct action *a, const struct todo *t,
                        struct step *s)
{
    struct entry *e = action_entry(x, a);

    if (t->type == TODO_DISABLE)
        e->owes_enable = e->enabled_again = false;
    entry_close(e);
    if (t->type == TODO_CREATE) {
        fx_record(s->fx, e->key, NULL);
        ledger_remove(x->world->ledger, a->key);
        return;
    }
    action_record(e, s);
}

static void refused(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    static const struct {
        enum failure why;
        bool void_intent;
    } meanings[] = {
        [REPLY_OK] = { FAIL_RECOVERABLE, true },   [REPLY_GONE] = { FAIL_RECOVERABLE, true },
        [REPLY_DENIED] = { FAIL_TERMINAL, true },  [REPLY_REFUSED] = { FAIL_TERMINAL, true },
        [REPLY_BUSY] = { FAIL_RECOVERABLE, true }, [REPLY_UNSENT] = { FAIL_RECOVERABLE, true },
        [REPLY_BROKEN] = { FAIL_UNKNOWN, false },
    };
    const struct todo *t = &a->run->todo[a->run->at];
    enum reply_class class = reply_class(r);
    char *said = reply_text(r);
    char *text = xasprintf("%s: %s", t->call ? t->call->name : "tags", said);

    free(said);
    a->run->retry_after = r->retry_after;
    a->run->engine_away = r->status == 503;
    if (meanings[class].void_intent)
        void_intent(x, a, t, s);
    action_fail(x, a, meanings[class].why, text, s);
}

/* Groups and policies are there for others too; the rest is this action's. */
static void take_lookup(const struct exec *x, const struct action *a, size_t row, const cJSON *item)
{
    struct observed *seen = x->world->observed;

    if (a->kind->table.rows[row].ref->target == REF_GROUP)
        observed_extra_add(&seen->groups, item, NULL);
    else if (a->kind->table.rows[row].ref->target == REF_POLICY)
        observed_extra_add(&seen->policies, item, "policy_type");
    else
        a->run->lookups[row] = xstrdup(json_text(item, "id"));
}

static void looked_up(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    const struct todo *t = &a->run->todo[a->run->at];
    const char *first = json_text(r->body, "items[0].id");
    const char *name = a->wanted->object->values[t->row].s;

    if (reply_class(r) != REPLY_OK || (!first && !reply_whole(r))) {
        action_fail(x, a, FAIL_RECOVERABLE, reply_text(r), s);
    } else if (!first) {
        action_fail(x, a, FAIL_RECOVERABLE,
                    xasprintf("`%s`: DCT has none called `%s`", a->kind->table.rows[t->row].yaml,
                              name),
                    s);
    } else if (json_at(r->body, "items[1]")) {
        action_fail(x, a, FAIL_TERMINAL,
                    xasprintf("`%s`: DCT has several called `%s`; give it as id:%s",
                              a->kind->table.rows[t->row].yaml, name, first),
                    s);
    } else {
        take_lookup(x, a, t->row, json_at(r->body, "items[0]"));
        a->run->at++;
        action_next(x, a, s);
    }
}

void action_todo_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    const struct todo *t = &a->run->todo[a->run->at];

    a->run->await = AWAIT_NOTHING;
    a->run->request = 0;
    if (t->type == TODO_LOOKUP)
        looked_up(x, a, r, s);
    else if (reply_class(r) == REPLY_OK)
        accepted(x, a, t, r->body, s);
    else
        refused(x, a, r, s);
}
