#include "daemon/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/digest.h"
#include "daemon/log.h"
#include "reconciler/reply.h"
#include "schema/json.h"

enum { REPORT_MAX = 64 << 10, PLAIN_MAX = 128 << 10 };

/* A write that waits for its answer. */
struct written {
    uint64_t request;
    int64_t event; /* 0: it could not be kept */
    char *key, *what, *verb;
};

struct audit {
    struct audit_options o;
    char plan[PLAN_DIGEST]; /* of the plan in force, "" before the first */
    char *by;               /* NULL where nobody in particular asked */
    struct written *open;
    size_t n, cap;
    bool gap; /* the last event could not be kept */
};

static const struct {
    enum log_level level;
    bool event; /* goes into the history */
    enum log_message message;
} report_rows[] = {
    [REPORT_INFO] = { LEVEL_INFO, false, MESSAGE_NONE },
    [REPORT_WARNING] = { LEVEL_WARNING, false, MESSAGE_NONE },
    [REPORT_ERROR] = { LEVEL_ERROR, false, MESSAGE_NONE },
    [REPORT_STARTED] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_JOB] = { LEVEL_DEBUG, false, MESSAGE_NONE },
    [REPORT_DONE] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_RETRY] = { LEVEL_WARNING, true, MESSAGE_NONE },
    [REPORT_FAILED] = { LEVEL_ERROR, true, MESSAGE_FAILED },
    [REPORT_DRIFT] = { LEVEL_WARNING, true, MESSAGE_DRIFTED },
    [REPORT_ASKED] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_SUSPENDED] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_RESUMED] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_ADOPTED] = { LEVEL_INFO, true, MESSAGE_NONE },
    [REPORT_FORGOTTEN] = { LEVEL_INFO, true, MESSAGE_NONE },
};

struct audit *audit_new(const struct audit_options *o)
{
    struct audit *t = xcalloc(1, sizeof(*t));

    t->o = *o;
    if (o->by_person)
        t->by = xasprintf("uid %ld%s", (long)getuid(), getuid() == 0 ? " (root)" : "");
    return t;
}

static void written_clear(struct written *w)
{
    free(w->key);
    free(w->what);
    free(w->verb);
}

void audit_free(struct audit *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        written_clear(&t->open[i]);
    free(t->open);
    free(t->by);
    free(t);
}

static const struct action *action_of(const struct cycle *c, const char *key)
{
    const struct plan *p = cycle_plan(c);
    long i = p && key ? plan_index(p, key) : -1;

    return i >= 0 ? &p->items[i] : NULL;
}

/* By name where manifests or the ledger tell, else by id. */
static const char *engine_of(const struct cycle *c, const char *key)
{
    const struct set *set = key ? cycle_set(c) : NULL;
    const struct wanted *w = set ? set_find(set, key) : NULL;
    const struct action *a = action_of(c, key);

    if (w && w->engine)
        return w->engine;
    const struct entry *e = key ? ledger_find(cycle_ledger(c), key) : NULL;
    const char *id = a && a->engine ? a->engine : e ? e->engine : NULL;
    const struct entry *engine = ledger_engine(cycle_ledger(c), id);
    return engine ? engine->name : id;
}

static struct log_about about_of(const struct audit *t, const struct cycle *c, const char *key)
{
    return (struct log_about){ .object = key,
                               .engine = engine_of(c, key),
                               .commit = cycle_revision(c),
                               .plan = key && *t->plan ? t->plan : NULL };
}

static bool owes_enable(const struct cycle *c, const char *key)
{
    const struct entry *e = key ? ledger_find(cycle_ledger(c), key) : NULL;

    return e && e->owes_enable;
}

static enum log_message message_of(const struct cycle *c, const struct report *r)
{
    enum log_message usual = report_rows[r->kind].message;
    bool stuck = r->kind == REPORT_RETRY || r->kind == REPORT_FAILED || r->kind == REPORT_WARNING;
    bool blocked = r->kind == REPORT_WARNING && r->key && starts_with(r->text, "blocked: ");

    if (stuck && owes_enable(c, r->key))
        return MESSAGE_LEFT_OFF;
    if (blocked)
        return MESSAGE_BLOCKED;
    if (r->kind == REPORT_DONE && streq(r->verb, verb_name(VERB_DELETE)))
        return MESSAGE_DELETED;
    if (r->kind == REPORT_ERROR && !r->key)
        return starts_with(r->text, "observing DCT: ") ? MESSAGE_UNOBSERVED : MESSAGE_UNRECORDED;
    return usual;
}

/* "create failed: what DCT said" */
static void log_report(const struct audit *t, const struct cycle *c, const struct report *r)
{
    struct log_about about = about_of(t, c, r->key);
    struct buf line = BUF_WITH_LIMIT(REPORT_MAX);
    bool named = r->key || report_rows[r->kind].event;
    const char *kind = named ? report_kind_name(r->kind) : NULL;

    about.job = r->job;
    about.message = message_of(c, r);
    if (r->verb)
        buf_printf(&line, "%s ", r->verb);
    if (kind)
        buf_puts(&line, kind);
    if (r->text && *r->text && !streq(r->text, kind))
        buf_printf(&line, "%s%s", kind ? ": " : "", r->text);
    if (r->by)
        buf_printf(&line, ", by %s", r->by);
    log_about(report_rows[r->kind].level, &about, "%s", buf_text(&line));
    buf_clear(&line);
}

/* Complains once, until it works again. */
static void kept(struct audit *t, bool is, char *error)
{
    if (!is && !t->gap)
        log_warning("the history misses something: %s", error);
    t->gap = !is;
    free(error);
}

static char *redacted(const struct audit *t, const char *text)
{
    struct buf plain = BUF_WITH_LIMIT(PLAIN_MAX);

    secrets_redact(t->o.secrets, text, &plain);
    return buf_take(&plain);
}

static void keep_report(struct audit *t, const struct cycle *c, const struct report *r)
{
    char *error = NULL;
    bool more = r->text && *r->text && !(r->verb && streq(r->text, report_kind_name(r->kind)));
    char *text = xasprintf("%s%s%s", r->verb ? r->verb : "", r->verb && more ? ": " : "",
                           more ? r->text : "");
    char *plain = redacted(t, text);
    const struct store_event event = { .at = app_now(),
                                       .key = r->key,
                                       .kind = report_kind_name(r->kind),
                                       .text = plain,
                                       .job = r->job,
                                       .revision = cycle_revision(c),
                                       .by = r->by ? r->by : t->by,
                                       .plan = r->verb && *t->plan ? t->plan : NULL };

    bool is = store_event(t->o.store, &event, &error); /* before `error` is looked at */
    kept(t, is, error);
    free(plain);
    free(text);
}

void audit_report(struct audit *t, const struct cycle *c, const struct report *r)
{
    if (t->o.keep && report_rows[r->kind].event)
        keep_report(t, c, r);
    if (t->o.log)
        log_report(t, c, r);
}

static void add_part(struct digest *g, const char *text)
{
    digest_add(g, text ? text : "", text ? strlen(text) : 0);
}

static int by_key(const void *a, const void *b)
{
    const struct action *const *x = a, *const *y = b;

    return strcmp((*x)->key, (*y)->key);
}

static void add_action(struct digest *g, const struct action *a)
{
    add_part(g, verb_name(a->verb));
    add_part(g, a->key);
    add_part(g, a->id);
    add_part(g, a->blocked ? "blocked" : NULL);
    for (size_t i = 0; i < a->n_changes; i++) {
        add_part(g, a->kind->table.rows[a->changes[i].row].yaml);
        add_part(g, a->changes[i].was);
        add_part(g, a->changes[i].becomes);
    }
}

/* What it wants and whether it may: not how far it is, nor when it is tried. */
void audit_digest(const struct plan *p, char out[PLAN_DIGEST])
{
    static const uint8_t key[] = "plan"; /* nothing secret is in a plan */
    const struct action **sorted = xcalloc(p->n, sizeof(void *));
    struct digest *g = digest_new(key, sizeof(key));
    char whole[DIGEST_TEXT];

    for (size_t i = 0; i < p->n; i++)
        sorted[i] = &p->items[i];
    if (p->n)
        qsort(sorted, p->n, sizeof(void *), by_key);
    for (size_t i = 0; i < p->n; i++)
        add_action(g, sorted[i]);
    digest_text(g, whole);
    (void)snprintf(out, PLAN_DIGEST, "%.*s", PLAN_DIGEST - 1, whole);
    digest_free(g);
    free(sorted);
}

void audit_planned(struct audit *t, const struct plan *p)
{
    audit_digest(p, t->plan);
}

const char *audit_plan(const struct audit *t)
{
    return t->plan;
}

void audit_sent(struct audit *t, const struct cycle *c, const struct request *r)
{
    const struct action *a = action_of(c, r->key);
    struct log_about about = about_of(t, c, r->key);
    char *error = NULL;

    if (!r->write)
        return;
    t->open = grow(t->open, t->n, &t->cap, sizeof(*t->open));
    struct written *w = &t->open[t->n++];
    *w = (struct written){ .request = r->id,
                           .key = r->key ? xstrdup(r->key) : NULL,
                           .what = xasprintf("%s %s", r->method, r->path),
                           .verb = xstrdup(a ? verb_name(a->verb) : "change") };
    log_about(LEVEL_DEBUG, &about, "%s: sends %s", w->verb, w->what);
    if (!t->o.keep)
        return;
    const struct store_event event = { .at = app_now(),
                                       .key = w->key,
                                       .kind = "write",
                                       .text = w->verb,
                                       .revision = about.commit,
                                       .by = t->by,
                                       .plan = about.plan,
                                       .request = w->what };
    bool is = store_event(t->o.store, &event, &error);
    w->event = is ? store_last_event(t->o.store) : 0;
    kept(t, is, error);
}

/* "202", or what went wrong. */
static char *outcome_of(const struct audit *t, const struct reply *r)
{
    if (reply_class(r) == REPLY_OK)
        return xasprintf("%d", r->status);
    char *text = reply_text(r), *plain = redacted(t, text);
    free(text);
    return plain;
}

static void log_answer(const struct audit *t, const struct cycle *c, const struct written *w,
                       const struct reply *r, const struct store_event *e)
{
    struct log_about about = about_of(t, c, w->key);
    bool unknown = reply_class(r) == REPLY_BROKEN;

    about.job = e->job;
    about.message = unknown ? MESSAGE_UNANSWERED : MESSAGE_NONE;
    log_about(unknown    ? LEVEL_WARNING
              : t->o.log ? LEVEL_INFO
                         : LEVEL_DEBUG,
              &about, "%s: %s: %s%s%s", w->verb, w->what, e->outcome, e->trace ? ", trace " : "",
              e->trace ? e->trace : "");
}

static struct written *written_of(struct audit *t, uint64_t request)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->open[i].request == request)
            return &t->open[i];
    }
    return NULL;
}

void audit_answered(struct audit *t, const struct cycle *c, const struct reply *r)
{
    struct written *w = written_of(t, r->request);
    char *error = NULL;

    if (!w)
        return;
    const cJSON *job = reply_job(r->body);
    const char *trace = json_text(job ? job : r->body, "trace_id");
    char *outcome = outcome_of(t, r);
    const struct store_event end = { .outcome = outcome,
                                     .job = json_text(job, "id"),
                                     .trace = trace };

    log_answer(t, c, w, r, &end);
    bool is = !w->event || store_outcome(t->o.store, w->event, &end, &error);
    if (w->event)
        kept(t, is, error);
    free(outcome);
    written_clear(w);
    *w = t->open[--t->n];
}
