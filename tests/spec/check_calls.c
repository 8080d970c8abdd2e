/* Collections, calls and joins against the contract's calls. */
#include <stdlib.h>
#include <string.h>

#include "tests/spec/checks.h"

struct check {
    const struct facts *facts;
    struct report *report;
    const struct kind_desc *kind;
    const char *read; /* the schema of one object */
};

static void disagree(const struct check *c, const char *what, const char *problem)
{
    report_add(c->report, c->kind->name, NULL, NULL, "%s: %s", what, problem);
}

static void demand(const struct check *c, bool holds, const char *what, const char *problem)
{
    if (!holds)
        disagree(c, what, problem);
}

static const struct fact_call *demand_call(const struct check *c, const char *method,
                                           const char *path)
{
    const struct fact_call *found = facts_call(c->facts, method, path);
    char *what = xasprintf("%s %s", method, path);

    c->report->calls++;
    demand(c, found, what, "the contract has no such call");
    demand(c, !found || (found->success >= 200 && found->success < 300), what,
           "the contract names no success");
    free(what);
    return found;
}

static bool requires_members(const struct facts *f, const char *schema, const char *but)
{
    for (size_t i = 0; i < f->n_members; i++) {
        const struct fact_member *m = &f->members[i];
        if (streq(m->schema, schema) && (m->marks & MARK_REQUIRED) && !streq(m->name, but))
            return true;
    }
    return false;
}

/* Policies take a list of targets. */
static bool takes_target(const struct check *c, const struct fact_call *f)
{
    char *item = facts_item(f->body);
    const struct fact_member *type = item ? facts_member(c->facts, item, "object_type") : NULL;
    bool good = type && facts_member(c->facts, item, "object_id") && c->kind->target && type->words;
    char *padded = good ? xasprintf("|%s|", type->words) : NULL;
    char *word = good ? xasprintf("|%s|", c->kind->target) : NULL;

    good = good && strstr(padded, word);
    free(padded);
    free(word);
    free(item);
    return good;
}

static void check_body(const struct check *c, const struct call *call, const struct fact_call *f,
                       const char *what)
{
    switch (call->body) {
    case BODY_NONE:
        demand(c, !f->body_required, what, "sends no body; the contract requires one");
        break;
    case BODY_EMPTY:
        demand(c, f->body && !requires_members(c->facts, f->body, NULL), what,
               "sends {}; the contract takes no such body");
        break;
    case BODY_ROWS:
        demand(c, f->body && streq(f->media, "application/json"), what,
               "sends rows as JSON; the contract takes no JSON body");
        break;
    case BODY_ID:
        demand(c,
               f->body && facts_member(c->facts, f->body, call->id_member) &&
                   !requires_members(c->facts, f->body, call->id_member),
               what, "sends its id alone; the contract takes something else");
        break;
    case BODY_MULTIPART:
        demand(c, f->body && streq(f->media, "multipart/form-data"), what,
               "sends multipart/form-data; the contract takes something else");
        break;
    case BODY_TARGET:
        demand(c, takes_target(c, f), what, "sends a policy's target; the contract takes no such");
        break;
    }
}

/* A job, the object itself as it now is, or nothing at all. */
static void check_reply(const struct check *c, const struct fact_call *f, const char *what)
{
    const struct fact_member *job = f->reply ? facts_member(c->facts, f->reply, "job") : NULL;

    demand(c, (job && streq(job->type, "Job")) || streq(f->reply, c->read) || f->success == 204,
           what, "the contract's reply is neither a job nor the object");
}

// NOLINTNEXTLINE(misc-no-recursion)
static void check_call(const struct check *c, const struct call *call, bool create)
{
    if (!call->name)
        return;
    char *what = xasprintf("%s (%s %s)", call->name, call->method, call->path);
    const struct fact_call *f = demand_call(c, call->method, call->path);

    if (f) {
        check_body(c, call, f, what);
        check_reply(c, f, what);
    }
    if (f && create && call->id_member)
        demand(c, f->reply && facts_member(c->facts, f->reply, call->id_member), what,
               "the contract's reply has no such member for the new object's id");
    demand(c, !create || call->id_member || (c->kind->flags & KIND_LISTED_ID), what,
           "nothing tells the new object's id");
    free(what);
    if (call->older)
        check_call(c, call->older, create);
}

/* A call below one object of the kind. */
static const struct fact_call *object_call(const struct check *c, const char *method,
                                           const char *rest)
{
    char *path = xasprintf("%s/{id}%s", c->kind->collection, rest);
    const struct fact_call *f = demand_call(c, method, path);

    free(path);
    return f;
}

static void check_collection(const struct check *c)
{
    const struct kind_desc *k = c->kind;
    char *search = xasprintf("%s/search", k->collection);
    char *listed = list_schema_of(c->facts, "GET", k->collection);
    char *searched = list_schema_of(c->facts, "POST", search);
    const struct fact_call *list = demand_call(c, "GET", k->collection);
    bool errors = list && list->reply && facts_member(c->facts, list->reply, "errors");
    const struct fact_call *add = object_call(c, "POST", "/tags");

    demand_call(c, "POST", search);
    demand(c, c->read && streq(listed, c->read) && streq(searched, c->read), k->collection,
           "list, search and GET answer with different schemas");
    demand(c, errors == ((k->flags & KIND_PARTIAL) != 0), k->collection,
           "KIND_PARTIAL and errors[] of the contract's list disagree");
    demand(c, add && streq(add->body, "TagsRequest"), k->collection, "tags are added otherwise");
    object_call(c, "GET", "/tags");
    object_call(c, "POST", "/tags/delete");
    if (k->flags & KIND_SNAPSHOTS)
        object_call(c, "GET", "/snapshots");
    for (size_t i = 0; (k->flags & KIND_TAGS_AT_CREATE) && i < k->n_creates; i++) {
        const char *body = body_schema_of(c->facts, &k->creates[i]);
        demand(c, body && facts_member(c->facts, body, "tags"), k->creates[i].path,
               "KIND_TAGS_AT_CREATE, but the contract's body has no tags");
    }
    free(search);
    free(listed);
    free(searched);
}

static void demand_member(const struct check *c, const char *schema, const char *path,
                          const char *what)
{
    struct found at = { 0 };

    if (schema && path)
        at = facts_at(c->facts, schema, path);
    if (at.missing)
        report_add(c->report, c->kind->name, schema, path, "%s: the contract has no %s", what,
                   at.missing);
    free(at.missing);
}

static void check_joins(const struct check *c)
{
    const char *engine = c->kind->engine_read;

    for (size_t i = 0; i < c->kind->n_joins; i++) {
        const struct join *j = &c->kind->joins[i];
        char *schema = list_schema_of(c->facts, j->method, j->path);
        size_t n = strlen(j->name);

        c->report->joins++;
        demand(c, schema, j->path, "the contract has no such list");
        demand_member(c, c->read, j->mine, j->name);
        demand_member(c, schema, j->theirs, j->name);
        demand_member(c, schema, j->where, j->name);
        if (engine && strncmp(engine, j->name, n) == 0 && engine[n] == '.') {
            demand_member(c, schema, engine + n + 1, "engine");
            engine = NULL;
        }
        free(schema);
    }
    demand_member(c, c->read, engine, "engine");
}

void check_calls(const struct facts *f, const struct kind_desc *k, struct report *r)
{
    char *read = read_schema_of(f, k);
    const struct check c = { f, r, k, read };
    const struct call *const others[] = { &k->remove, &k->enable, &k->disable, &k->refresh,
                                          &k->snapshot };

    check_collection(&c);
    check_joins(&c);
    for (size_t i = 0; i < k->n_creates; i++)
        check_call(&c, &k->creates[i], true);
    for (size_t i = 0; i < k->n_updates; i++)
        check_call(&c, &k->updates[i], false);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        check_call(&c, others[i], false);
    free(read);
}
