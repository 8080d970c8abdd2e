#include "daemon/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/standing.h"
#include "reconciler/action.h"
#include "reconciler/keep.h"
#include "reconciler/plan_render.h"
#include "reconciler/plan_text.h"

enum { TEXT_MAX = 64 << 10 };

void snapshot_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

void snapshot_moment(cJSON *o, const char *name, msec at)
{
    struct buf text = BUF_WITH_LIMIT(64);

    if (at)
        render_moment(at, &text);
    snapshot_text(o, name, text.data);
    buf_clear(&text);
}

/* What DCT or people wrote. */
static void add_said(const struct snapshot *s, cJSON *o, const char *name, const char *text)
{
    struct buf plain = BUF_WITH_LIMIT(TEXT_MAX);

    if (text)
        secrets_redact(s->secrets, text, &plain);
    snapshot_text(o, name, text ? buf_text(&plain) : NULL);
    buf_clear(&plain);
}

static void add_count(cJSON *o, const char *name, size_t n)
{
    cJSON_AddNumberToObject(o, name, (double)n);
}

/* Manifests are named below the folder that is configured, if they are there. */
static const char *below(const struct snapshot *s, const char *file)
{
    size_t n = strlen(s->config->manifests);

    if (!starts_with(file, s->config->manifests) || file[n] != '/')
        return file;
    return file + n + 1;
}

static void add_place(const struct snapshot *s, cJSON *o, const char *name, struct pos at)
{
    char *text = at.line   ? xasprintf("%s:%u:%u", below(s, at.file), at.line, at.col)
                 : at.file ? xstrdup(below(s, at.file))
                           : NULL;

    snapshot_text(o, name, text);
    free(text);
}

static void count_objects(const struct snapshot *s, size_t *drifted, size_t *suspended)
{
    struct object_status o;
    size_t cursor = 0;

    *drifted = *suspended = 0;
    while (cycle_next_object(s->cycle, &cursor, s->now, &o)) {
        *drifted += o.track && o.track->now[CONDITION_DRIFTED].status == TRUTH_TRUE;
        *suspended += o.track && o.track->now[CONDITION_SUSPENDED].status == TRUTH_TRUE;
    }
}

static void add_counts(const struct snapshot *s, cJSON *to, const struct cycle_status *status)
{
    cJSON *o = cJSON_AddObjectToObject(to, "counts");
    size_t drifted, suspended;

    count_objects(s, &drifted, &suspended);
    add_count(o, "managed", status->managed);
    add_count(o, "synced", status->synced);
    add_count(o, "running", status->running);
    add_count(o, "jobs", status->jobs);
    add_count(o, "waiting", status->waiting);
    add_count(o, "blocked", status->blocked);
    add_count(o, "failed", status->failed);
    add_count(o, "drifted", drifted);
    add_count(o, "suspended", suspended);
}

static void add_findings(const struct snapshot *s, cJSON *to)
{
    const struct set *set = cycle_newest_set(s->cycle);
    cJSON *list = cJSON_AddArrayToObject(to, "findings");

    for (size_t i = 0; set && i < set->diags.n; i++) {
        const struct diag *d = &set->diags.items[i];
        cJSON *o = cJSON_CreateObject();
        add_place(s, o, "at", d->at);
        snapshot_text(o, "level", d->level == DIAG_ERROR ? "error" : "warning");
        add_said(s, o, "text", d->text);
        add_said(s, o, "hint", d->hint);
        cJSON_AddItemToArray(list, o);
    }
}

static void add_suspension(const struct snapshot *s, cJSON *list, const struct suspension *each)
{
    cJSON *o = cJSON_CreateObject();

    if (each->until && each->until <= s->now) {
        cJSON_Delete(o);
        return;
    }
    snapshot_text(o, "kind", each->kind == KINDS ? NULL : kind_desc(each->kind)->name);
    snapshot_text(o, "object", each->key);
    add_said(s, o, "reason", each->reason);
    snapshot_moment(o, "until", each->until);
    snapshot_text(o, "by", each->by ? each->by : "configuration");
    cJSON_AddItemToArray(list, o);
}

static void add_suspensions(const struct snapshot *s, cJSON *to)
{
    const struct suspensions *by_hand = ledger_suspensions(cycle_ledger(s->cycle));
    cJSON *list = cJSON_AddArrayToObject(to, "suspended");

    for (size_t i = 0; i < s->config->n_suspensions; i++)
        add_suspension(s, list, &s->config->suspensions[i]);
    for (size_t i = 0; i < by_hand->n; i++)
        add_suspension(s, list, &by_hand->items[i]);
}

static void add_dct(const struct snapshot *s, cJSON *to, unsigned version)
{
    cJSON *o = cJSON_AddObjectToObject(to, "dct");
    char *api = version ? xasprintf("%u.%u", version / 100, version % 100) : NULL;

    snapshot_text(o, "url", s->config->dct.url);
    snapshot_text(o, "api", api);
    free(api);
}

void snapshot_status(const struct snapshot *s, cJSON *to)
{
    static const char *const phases[] = { [CYCLE_IDLE] = "idle",
                                          [CYCLE_OBSERVING] = "observing",
                                          [CYCLE_EXECUTING] = "executing",
                                          [CYCLE_STOPPED] = "stopped" };
    struct cycle_status status;

    cycle_status(s->cycle, &status);
    snapshot_text(to, "instance", s->config->instance);
    snapshot_text(to, "phase", phases[status.phase]);
    cJSON_AddBoolToObject(to, "observed", status.observed);
    snapshot_text(to, "revision", status.revision);
    add_counts(s, to, &status);
    snapshot_moment(to, "next", status.next);
    snapshot_moment(to, "lastObserved", status.seen_at);
    snapshot_moment(to, "lastConverged", status.converged_at);
    add_said(s, to, "trouble", status.trouble);
    char *manifests = standing_manifests(cycle_newest_set(s->cycle));
    add_said(s, to, "manifests", manifests);
    free(manifests);
    add_findings(s, to);
    add_suspensions(s, to);
    add_dct(s, to, status.api);
}

/* Its name in the manifests, or as the ledger knows it; the id where neither does. */
static const char *engine_of(const struct snapshot *s, const struct subject *is)
{
    if (is->wanted && is->wanted->engine)
        return is->wanted->engine;
    if (!is->entry)
        return NULL;
    const struct entry *engine = ledger_engine(cycle_ledger(s->cycle), is->entry->engine);
    return engine ? engine->name : is->entry->engine;
}

static void add_ownership(cJSON *to, const struct subject *is)
{
    static const char *const origins[] = {
        [ORIGIN_NONE] = "none", [ORIGIN_CREATED] = "created", [ORIGIN_ADOPTED] = "adopted"
    };
    static const char *const modes[] = {
        [MODE_ENFORCE] = "enforce", [MODE_WARN] = "warn", [MODE_OBSERVE] = "observe"
    };
    const struct policy *p = is->wanted ? &is->wanted->object->policy : NULL;
    enum deletion end = is->wanted  ? deletion_of(is->wanted->object)
                        : is->entry ? is->entry->deletion
                                    : DELETION_DELETE;

    snapshot_text(to, "ownership", origins[is->entry ? is->entry->origin : ORIGIN_NONE]);
    cJSON_AddBoolToObject(to, "protect", (p && p->protect) || (is->entry && is->entry->protect));
    snapshot_text(to, "deletion", end == DELETION_ORPHAN ? "orphan" : "delete");
    snapshot_text(to, "mode", modes[p ? p->mode : MODE_ENFORCE]);
}

static void add_conditions(const struct snapshot *s, cJSON *to, const struct object_status *o)
{
    cJSON *list = cJSON_AddArrayToObject(to, "conditions");

    for (enum condition_type t = 0; t < CONDITIONS; t++) {
        const struct judgement *j = o->track ? &o->track->now[t] : NULL;
        const char *by = o->track && o->track->judged ? cycle_judged(s->cycle) : NULL;
        cJSON *c = cJSON_CreateObject();
        snapshot_text(c, "type", condition_name(t));
        snapshot_text(c, "status", truth_name(j ? j->status : TRUTH_UNKNOWN));
        snapshot_text(c, "reason", reason_name(j ? j->reason : REASON_NOT_OBSERVED));
        add_said(s, c, "message",
                 j ? track_message(o->track, t) : reason_text(REASON_NOT_OBSERVED));
        snapshot_moment(c, "since", o->track ? o->track->since[t] : s->now);
        snapshot_text(c, "revision", by);
        cJSON_AddItemToArray(list, c);
    }
}

static void add_action(const struct snapshot *s, cJSON *to, const struct action *a)
{
    bool job = a && a->run && a->run->job;

    if (!a || a->state == A_DONE) {
        cJSON_AddNullToObject(to, "action");
        return;
    }
    cJSON *o = cJSON_AddObjectToObject(to, "action");
    snapshot_text(o, "verb", verb_name(a->verb));
    snapshot_text(o, "state", action_state_name(a->state));
    snapshot_text(o, "job", job ? a->run->job : NULL);
    if (job && a->state == A_JOB && a->run->percent >= 0)
        cJSON_AddNumberToObject(o, "percent", a->run->percent);
    else
        cJSON_AddNullToObject(o, "percent");
    add_said(s, o, "reason", a->reason);
    add_said(s, o, "blocked", a->blocked);
    plan_add_changes(o, a);
    cJSON *lines = cJSON_AddArrayToObject(o, "disruptions");
    for (size_t i = 0; i < a->disruptions.n; i++)
        cJSON_AddItemToArray(lines, cJSON_CreateString(a->disruptions.items[i]));
}

static void add_trouble(const struct snapshot *s, cJSON *to, const struct object_status *o)
{
    const struct last_error *e = o->track ? o->track->error : NULL;

    snapshot_moment(to, "nextRetry", o->next_retry);
    add_count(to, "attempts", o->attempts);
    if (!e) {
        cJSON_AddNullToObject(to, "lastError");
    } else {
        cJSON *error = cJSON_AddObjectToObject(to, "lastError");
        add_said(s, error, "text", e->text);
        snapshot_moment(error, "at", e->at);
        snapshot_text(error, "class", error_class_name(e->class));
    }
    cJSON *owes = cJSON_AddArrayToObject(to, "owes");
    if (o->is.entry && o->is.entry->owes_enable)
        cJSON_AddItemToArray(owes, cJSON_CreateString("enable"));
    if (o->is.entry && o->is.entry->owes_refresh)
        cJSON_AddItemToArray(owes, cJSON_CreateString("refresh"));
}

static void add_keys(cJSON *to, const char *name, const struct links *l, const size_t *list,
                     const size_t *from, const struct wanted *w)
{
    cJSON *keys = cJSON_AddArrayToObject(to, name);
    size_t i = w ? (size_t)(w - l->set->items) : 0;

    for (size_t n = w ? from[i] : 0; w && n < from[i + 1]; n++)
        cJSON_AddItemToArray(keys, cJSON_CreateString(l->set->items[list[n]].key));
}

static void add_history(const struct snapshot *s, cJSON *to, const struct track *t)
{
    cJSON *list = cJSON_AddArrayToObject(to, "history");

    for (size_t i = 0; t && i < t->n_past; i++) {
        const struct transition *past = &t->past[i];
        cJSON *o = cJSON_CreateObject();
        snapshot_moment(o, "at", past->at);
        snapshot_text(o, "type", condition_name(past->type));
        snapshot_text(o, "status", truth_name(past->status));
        snapshot_text(o, "reason", reason_name(past->reason));
        add_said(s, o, "message", past->message ? past->message : reason_text(past->reason));
        cJSON_AddItemToArray(list, o);
    }
}

cJSON *snapshot_object(const struct snapshot *s, const struct object_status *o, bool history)
{
    const struct links *l = s->links;
    const struct action *a = o->is.action;
    const struct entry *e = o->is.entry;
    const struct pos nowhere = { 0 };
    cJSON *to = cJSON_CreateObject();

    snapshot_text(to, "kind", o->is.kind->name);
    snapshot_text(to, "name", strchr(o->is.key, '/') + 1);
    snapshot_text(to, "key", o->is.key);
    snapshot_text(to, "id", e && e->id ? e->id : a ? a->id : NULL);
    snapshot_text(to, "engine", engine_of(s, &o->is));
    add_place(s, to, "manifest", o->is.wanted ? o->is.wanted->object->pos : nowhere);
    add_ownership(to, &o->is);
    add_conditions(s, to, o);
    add_action(s, to, a);
    add_trouble(s, to, o);
    add_keys(to, "needs", l, l->needs, l->needs_from, o->is.wanted);
    add_keys(to, "neededBy", l, l->needed_by, l->needed_from, o->is.wanted);
    if (history)
        add_history(s, to, o->track);
    return to;
}

cJSON *snapshot_event(const struct snapshot *s, const struct store_event *e)
{
    cJSON *o = cJSON_CreateObject();

    snapshot_moment(o, "at", e->at);
    snapshot_text(o, "object", e->key);
    snapshot_text(o, "kind", e->kind);
    add_said(s, o, "text", e->text);
    snapshot_text(o, "job", e->job);
    snapshot_text(o, "revision", e->revision);
    snapshot_text(o, "by", e->by);
    snapshot_text(o, "plan", e->plan);
    snapshot_text(o, "request", e->request);
    snapshot_text(o, "outcome", e->outcome);
    snapshot_text(o, "trace", e->trace);
    return o;
}

void snapshot_graph(const struct snapshot *s, cJSON *to)
{
    const struct links *l = s->links;
    cJSON *nodes = cJSON_AddArrayToObject(to, "nodes");
    cJSON *edges = cJSON_AddArrayToObject(to, "edges");
    struct object_status o;
    size_t cursor = 0;

    while (cycle_next_object(s->cycle, &cursor, s->now, &o)) {
        cJSON *node = cJSON_CreateObject();
        snapshot_text(node, "key", o.is.key);
        snapshot_text(node, "kind", o.is.kind->name);
        snapshot_text(node, "name", strchr(o.is.key, '/') + 1);
        snapshot_text(node, "state", object_state_name(object_state(&o)));
        cJSON_AddItemToArray(nodes, node);
    }
    for (size_t i = 0; l->set && i < l->set->n; i++) {
        for (size_t n = l->needs_from[i]; n < l->needs_from[i + 1]; n++) {
            cJSON *edge = cJSON_CreateObject();
            snapshot_text(edge, "from", l->set->items[i].key);
            snapshot_text(edge, "to", l->set->items[l->needs[n]].key);
            cJSON_AddItemToArray(edges, edge);
        }
    }
}

void snapshot_plan(const struct plan *p, const char *digest, cJSON *to)
{
    cJSON *tree = plan_tree(p, digest), *member;

    while ((member = cJSON_DetachItemViaPointer(tree, tree->child)))
        cJSON_AddItemToObject(to, member->string, member);
    cJSON_Delete(tree);
}
