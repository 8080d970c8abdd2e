/* What became of a write that nobody answered, or that nobody remembers because
 * the ledger was lost. DCT's list of jobs is asked before the object is looked
 * at: what a job is still making is shown by nothing else, and asked in the other
 * order it could come to be in between.
 *
 * A job on the very object is taken up as if its reply had come. Where no reply
 * ever named an id, a job on something of that name is waited for; once it is
 * over the object is found by its owner tag, or by name. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/action_parts.h"
#include "reconciler/keep.h"
#include "reconciler/reply.h"
#include "schema/json.h"
#include "schema/wire.h"

enum { FILTER_MAX = 4096, JOB_WAIT = 5000, PAGES_MAX = 100 };

static const char *id_of(const struct action *a, const struct entry *e)
{
    return a->id || !e || !e->intent.open ? a->id : e->id;
}

/* It is marked as off, and on. Who took the mark may not have got further than
 * the job that switches it off. */
static bool mark_in_doubt(const struct exec *x, const struct action *a)
{
    const struct observed_item *item =
        a->id ? observed_by_id(x->world->observed, a->kind->kind, a->id) : NULL;

    return a->wanted && item && item->object && !a->owes && !a->run->marked && !a->run->unmarked &&
           mark_is_stale(a->wanted, action_entry(x, a), item);
}

/* Only the mark tells of the debt, or that there was one. */
static bool debt_in_doubt(const struct exec *x, const struct action *a)
{
    return a->pays_debt && (!a->owes || !action_entry(x, a));
}

bool outcome_unknown(const struct exec *x, const struct action *a)
{
    const struct entry *e = action_entry(x, a);

    if (mark_in_doubt(x, a) || debt_in_doubt(x, a))
        return true;
    if (!e || !e->intent.open)
        return a->suspect && unremembered(x->world, a);
    return !e->intent.job;
}

/* From the page on that begins there. */
static bool ask(struct exec *x, struct action *a, const char *cursor, struct step *s)
{
    struct buf filter = BUF_WITH_LIMIT(FILTER_MAX);
    const struct entry *e = action_entry(x, a);
    const char *id = id_of(a, e), *name = job_name(a, e);
    bool said = id     ? filter_equal(&filter, "target_id", id)
                : name ? filter_equal(&filter, "target_name", name)
                       : false;

    if (said) {
        struct request *r = request_search("/jobs/search", buf_text(&filter));
        r->key = xstrdup(a->key);
        request_page(r, cursor);
        a->run->await = AWAIT_OUTCOME;
        a->run->request = step_send(s, r);
    }
    buf_clear(&filter);
    return said;
}

void outcome_ask(struct exec *x, struct action *a, struct step *s)
{
    cJSON_Delete(a->run->jobs);
    a->run->jobs = cJSON_CreateArray();
    a->run->pages = 0;
    if (!ask(x, a, NULL, s))
        look(x, a, s);
}

/* A job of another engine is about another object of the same name. */
static bool on_engine(const cJSON *job, const char *engine)
{
    const cJSON *engines = json_at(job, "engines"), *e;

    if (!engine || !cJSON_GetArraySize(engines))
        return true;
    cJSON_ArrayForEach(e, engines) {
        if (streq(json_text(e, "engine_id"), engine))
            return true;
    }
    return false;
}

static const cJSON *under_way(const struct exec *x, const struct action *a, const cJSON *jobs)
{
    bool by_name = !action_entry(x, a) && !a->id;
    const cJSON *job;

    cJSON_ArrayForEach(job, jobs) {
        if (json_text(job, "id") && on_engine(job, a->engine) &&
            job_is_under_way(json_text(job, "status")) && !(by_name && job_on_known(x->world, job)))
            return job;
    }
    return NULL;
}

/* Did a job make something that GET does not show yet? */
static bool may_appear(const struct exec *x, const struct action *a, const cJSON *jobs)
{
    const cJSON *job;

    cJSON_ArrayForEach(job, jobs) {
        if (on_engine(job, a->engine) && job_may_have_made(x->world, jobs, job))
            return true;
    }
    return false;
}

/* Is it the first job on what it is on, as far as anybody knows? */
static bool began_it(const cJSON *jobs, const cJSON *job)
{
    const char *id = json_text(job, "target_id"), *start = json_text(job, "start_time");
    const cJSON *other;

    cJSON_ArrayForEach(other, jobs) {
        const char *at = json_text(other, "start_time");
        bool later = start && at && strcmp(at, start) > 0;
        if (other != job && !later && streq(json_text(other, "target_id"), id))
            return false;
    }
    return id;
}

/* The object was not there before its creation: if the first job on it failed, that
 * did. */
static void note_broken(const struct action *a, const struct entry *e, const cJSON *jobs)
{
    const cJSON *job;

    strings_clear(&a->run->broken);
    cJSON_ArrayForEach(job, jobs) {
        if (e && e->intent.makes && began_it(jobs, job) && on_engine(job, a->engine) &&
            job_has_failed(json_text(job, "status")))
            strings_add(&a->run->broken, json_text(job, "target_id"));
    }
}

/* What the plan took for it by its owner tag, while no reply has named an id; or NULL. */
static const char *taken_for(const struct exec *x, const struct action *a, const struct entry *e)
{
    const struct pairing *p = a->wanted ? &x->world->pairs[a->wanted - x->world->set->items] : NULL;

    return p && e && e->intent.makes && p->match == MATCH_OURS ? p->item->id : NULL;
}

/* Is the job on the object that the write is about, as far as anybody knows? What
 * others are known by has jobs of its own. */
static bool may_be_on_it(const struct exec *x, const struct action *a, const struct entry *e,
                         const cJSON *job)
{
    const char *taken = taken_for(x, a, e);

    return id_of(a, e) || !job_on_known(x->world, job) ||
           (taken && streq(json_text(job, "target_id"), taken));
}

/* DCT has lost sight of a job that may be this very write. */
static const cJSON *lost_job(const struct exec *x, const struct action *a, const cJSON *jobs)
{
    const struct entry *e = action_entry(x, a);
    const cJSON *job;

    bool suspect = a->suspect && unremembered(x->world, a);
    if (!suspect && (!e || !e->intent.open || e->intent.lost))
        return NULL;
    cJSON_ArrayForEach(job, jobs) {
        if (json_text(job, "id") && on_engine(job, a->engine) &&
            job_is_lost(json_text(job, "status")) && may_be_on_it(x, a, e, job))
            return job;
    }
    return NULL;
}

/* The ledger was lost, and learns of the creation. */
static struct entry *entry_of_suspect(const struct exec *x, const struct action *a,
                                      const struct step *s)
{
    struct entry *e = ledger_put(x->world->ledger, a->key, a->kind->kind);

    (void)keep_wish(x->world, a->wanted, e);
    e->origin = ORIGIN_CREATED;
    free(e->id);
    e->id = NULL;
    entry_intend(e, a->kind->creates[wire_create_variant(a->wanted->object)].name, s->now);
    e->intent.makes = true;
    return e;
}

/* What it began may go on: that gets time, once. */
static void wait_for_lost(struct exec *x, struct action *a, const cJSON *job, struct step *s)
{
    struct entry *e = action_entry(x, a);

    if (!e || !e->intent.open)
        e = entry_of_suspect(x, a, s);
    e->intent.lost = true;
    entry_intended_at(e, s->now);
    action_record(e, s);
    action_fail(x, a, FAIL_UNKNOWN,
                xasprintf("DCT job %s is %s, and may be what nobody answered for",
                          json_text(job, "id"), json_text(job, "status")),
                s);
}

/* Is there another page? It is asked for. */
static bool goes_on(struct exec *x, struct action *a, const cJSON *body, struct step *s)
{
    const char *cursor = reply_more(body);
    const cJSON *job;

    cJSON_ArrayForEach(job, json_at(body, "items"))
        cJSON_AddItemToArray(a->run->jobs, cJSON_Duplicate(job, true));
    return cursor && ask(x, a, cursor, s);
}

void outcome_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    struct entry *e = action_entry(x, a);
    char *lacks = reply_lacks(r->body);
    bool good = reply_class(r) == REPLY_OK && !lacks && a->run->pages++ < PAGES_MAX;

    free(lacks);
    a->run->await = AWAIT_NOTHING;
    a->run->request = 0;
    if (!good) {
        action_look_failed(x, a, r, s);
        return;
    }
    if (goes_on(x, a, r->body, s))
        return;
    a->run->settling_since = 0; /* what failed before is over: the lag of GET counts from here */
    a->run->looks = 0;
    const cJSON *job = under_way(x, a, a->run->jobs);
    if (job && e && e->intent.open && id_of(a, e)) {
        entry_job(e, json_text(job, "id"));
        action_record(e, s);
        action_resume(x, a, s);
    } else if (job) {
        if (!a->run->waiting_told)
            action_report(a, REPORT_JOB,
                          a->id ? "DCT has a job on it; waiting"
                                : "DCT has a job on something of that name; waiting",
                          s);
        a->run->waiting_told = true;
        a->run->wake = s->now + JOB_WAIT;
        action_move(a, A_SETTLING);
    } else if ((job = lost_job(x, a, a->run->jobs))) {
        wait_for_lost(x, a, job, s);
    } else {
        a->run->outcome_asked = true;
        note_broken(a, e, a->run->jobs);
        a->run->may_appear = may_appear(x, a, a->run->jobs);
        look(x, a, s);
    }
}
