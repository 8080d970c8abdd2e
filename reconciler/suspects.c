/* One search for up to a hundred names. */
#include "reconciler/suspects.h"

#include <string.h>

#include "reconciler/reply.h"
#include "schema/json.h"

enum { IN_MAX = 100 /* values in one IN list (DCT API, SearchBody) */, FILTER_MAX = 1 << 16 };

bool unremembered(const struct world *world, const struct action *a)
{
    const struct entry *e = ledger_find(world->ledger, a->key);

    return a->verb == VERB_CREATE && !a->id && !a->blocked && (!e || !e->intent.open);
}

const char *job_name(const struct action *a, const struct entry *e)
{
    const char *name = NULL;

    for (size_t i = 0; a->wanted && i < ARRAY_LEN(a->kind->identity); i++) {
        if (a->kind->identity[i].wanted)
            name = object_text(a->wanted->object, a->kind->identity[i].wanted);
    }
    if (!name && a->wanted)
        name = a->wanted->object->name;
    return name || !e ? name : e->name;
}

bool job_on_known(const struct world *world, const cJSON *job)
{
    const char *id = json_text(job, "target_id");

    for (enum kind k = 0; id && k < KINDS; k++) {
        if (observed_by_id(world->observed, k, id))
            return true;
    }
    return false;
}

/* What it is on has had no other job, as a deletion would be, and is not shown. */
static bool is_first_of_unseen(const struct world *world, const cJSON *jobs, const cJSON *job)
{
    const char *id = json_text(job, "target_id");
    const cJSON *other;
    size_t n = 0;

    cJSON_ArrayForEach(other, jobs)
        n += id && streq(json_text(other, "target_id"), id);
    return n == 1 && !job_on_known(world, job);
}

bool job_may_have_made(const struct world *world, const cJSON *jobs, const cJSON *job)
{
    return streq(json_text(job, "status"), "COMPLETED") && is_first_of_unseen(world, jobs, job);
}

/* The names of the next creations; what the grammar cannot say is suspect as it is. */
static size_t add_names(struct suspects *q, const struct world *world, struct plan *p,
                        struct buf *filter)
{
    size_t n = 0;

    buf_puts(filter, "target_name IN [");
    for (q->from = q->to; q->to < p->n && n < IN_MAX; q->to++) {
        struct action *a = &p->items[q->to];
        const char *name = unremembered(world, a) ? job_name(a, NULL) : NULL;
        if (name && strchr(name, '\''))
            a->suspect = true;
        else if (name)
            buf_printf(filter, "%s'%s'", n++ ? ", " : "", name);
    }
    buf_puts(filter, "]");
    return n;
}

void suspects_go(struct suspects *q, const struct world *world, struct plan *p, struct step *s)
{
    struct buf filter = BUF_WITH_LIMIT(FILTER_MAX);

    if (q->request || q->known)
        return;
    if (add_names(q, world, p, &filter))
        q->request = step_send(s, request_search("/jobs/search", buf_text(&filter)));
    else
        q->known = true;
    buf_clear(&filter);
}

/* All of them, where the job is not known. */
static void suspect(const struct suspects *q, const struct world *world, struct plan *p,
                    const char *name)
{
    for (size_t i = q->from; i < q->to; i++) {
        struct action *a = &p->items[i];
        a->suspect =
            a->suspect || (unremembered(world, a) && (!name || streq(name, job_name(a, NULL))));
    }
}

bool suspects_reply(struct suspects *q, const struct world *world, struct plan *p,
                    const struct reply *r)
{
    const cJSON *jobs = json_at(r->body, "items"), *job;
    bool whole = reply_class(r) == REPLY_OK && cJSON_IsArray(jobs) &&
                 !json_text(r->body, "response_metadata.next_cursor");

    if (!q->request || q->request != r->request)
        return false;
    q->request = 0;
    if (!whole)
        suspect(q, world, p, NULL);
    cJSON_ArrayForEach(job, jobs) {
        const char *name = json_text(job, "target_name");
        bool making = job_is_under_way(json_text(job, "status")) && !job_on_known(world, job);
        bool lost = job_is_lost(json_text(job, "status")) && is_first_of_unseen(world, jobs, job);
        if (name && (making || lost || job_may_have_made(world, jobs, job)))
            suspect(q, world, p, name);
    }
    return true;
}
