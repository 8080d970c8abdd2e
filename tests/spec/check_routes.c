/* The simulator's table of routes against the contract's calls, and what its
 * strict mode says to each member of their bodies. */
#include "tests/spec/check_routes.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/routes.h"

static cJSON *sample_text(const struct fact_member *m, size_t n)
{
    if (streq(m->type, "date-time"))
        return cJSON_CreateString("2026-01-02T03:04:05Z");
    if (m->pattern && starts_with(m->pattern, "[0-9]{4}-"))
        return cJSON_CreateString("2026-01-02T03:04:05");
    if (m->words) {
        char *first = xstrndup(m->words, strcspn(m->words, "|"));
        cJSON *text = cJSON_CreateString(first);
        free(first);
        return text;
    }
    char *long_text = xmalloc(n + 1);
    memset(long_text, 'x', n);
    long_text[n] = '\0';
    cJSON *text = cJSON_CreateString(long_text);
    free(long_text);
    return text;
}

/* A legal value of the type; `m` holds its limits. Structures have their texts
 * and what they require. */
// NOLINTNEXTLINE(misc-no-recursion)
static cJSON *sample(const struct facts *f, const struct fact_member *m, const char *type)
{
    char *item = facts_item(type);
    bool low = m->limits.has_min && m->limits.min > 0;

    if (item) {
        cJSON *list = cJSON_CreateArray();
        cJSON_AddItemToArray(list, sample(f, &(struct fact_member){ .type = item }, item));
        free(item);
        return list;
    }
    if (streq(type, "boolean"))
        return cJSON_CreateTrue();
    if (streq(type, "integer") || streq(type, "number"))
        return cJSON_CreateNumber(low ? (double)m->limits.min : 1.0);
    if (streq(type, "string") || streq(type, "date-time"))
        return sample_text(m, low ? (size_t)m->limits.min : 1);

    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < f->n_members; i++) {
        const struct fact_member *inner = &f->members[i];
        if (streq(inner->schema, type) &&
            ((inner->marks & MARK_REQUIRED) || streq(inner->type, "string")))
            cJSON_AddItemToObject(object, inner->name, sample(f, inner, inner->type));
    }
    return object;
}

/* Does the route refuse a body with the member for the member's sake? The value
 * is taken. */
static bool refused(const struct sim *s, const struct route *route, const char *name, cJSON *value)
{
    cJSON *body = cJSON_CreateObject();
    size_t n = strlen(name);

    cJSON_AddItemToObject(body, name, value);
    char *wrong =
        sim_members_check(s, route->body, route->flags & R_UPDATE ? M_UPDATE : M_CREATE, body);
    bool refuses = wrong && strncmp(wrong, name, n) == 0 && wrong[n] == ':';
    free(wrong);
    cJSON_Delete(body);
    return refuses;
}

/* The longest text and one more: the first is legal, the second is not. */
static void check_length(const struct sim *s, struct report *r, const struct route *route,
                         const char *who, const struct fact_member *m)
{
    size_t max = (size_t)m->limits.max;

    if (!streq(m->type, "string") || !m->limits.has_max || m->words || m->pattern)
        return;
    if (refused(s, route, m->name, sample_text(m, max)))
        report_add(r, who, m->schema, m->name, "it refuses %zu characters in %s; they are legal",
                   max, m->name);
    else if (!refused(s, route, m->name, sample_text(m, max + 1)))
        report_add(r, who, m->schema, m->name, "it takes %zu characters in %s; they are too many",
                   max + 1, m->name);
}

static void check_body(const struct facts *f, struct report *r, const struct sim *s,
                       const struct route *route, const struct fact_call *call)
{
    char *who = xasprintf("dct-sim %s %s", route->method, route->pattern);

    if ((route->body || (route->flags & R_BODY)) && !call->body)
        report_add(r, who, NULL, NULL, "it takes a body; the contract has none");
    else if (route->body && !refused(s, route, "no_such_member", cJSON_CreateTrue()))
        report_add(r, who, NULL, NULL, "it takes a member that the contract does not know");
    for (size_t i = 0; route->body && call->body && i < f->n_members; i++) {
        const struct fact_member *m = &f->members[i];
        if (!streq(m->schema, call->body) || (m->marks & MARK_UNDEFINED))
            continue;
        if (refused(s, route, m->name, sample(f, m, m->type)))
            report_add(r, who, m->schema, m->name, "it refuses %s, which the contract has",
                       m->name);
        else
            check_length(s, r, route, who, m);
    }
    free(who);
}

/* A path that the call could be made with: "/vdbs/x/tags" for "/vdbs/{}/tags". */
static char *sample_path(const char *path)
{
    struct buf b = BUF_WITH_LIMIT(1 << 12);

    for (; *path; path++) {
        if (*path != '}')
            buf_add(&b, *path == '{' ? "x" : path, 1);
    }
    return buf_take(&b);
}

/* Does a request that makes the call come to the call's own route? */
static bool has_route(struct sim *s, const struct fact_call *call)
{
    char *path = sample_path(call->path);
    struct sim_request in = { .method = call->method, .path = path };
    struct call c = { .sim = s, .in = &in };
    bool known;
    const struct route *route = sim_route_find(&c, &known);
    bool own = route && streq(route->pattern, call->path);

    for (size_t i = 0; i < MAX_ARGS; i++)
        free(c.args[i]);
    free(path);
    return own;
}

void check_routes(const struct facts *f, struct report *r)
{
    OWNED(sim) s = sim_new(&(struct sim_options){ .strict = true });

    for (const struct route *route = sim_routes; route->method; route++) {
        if (starts_with(route->pattern, "/_sim/"))
            continue;
        const struct fact_call *call = facts_call(f, route->method, route->pattern);
        r->routes++;
        if (call)
            check_body(f, r, s, route, call);
        else
            report_add(r, "dct-sim", route->method, route->pattern, "the contract has no %s %s",
                       route->method, route->pattern);
    }
    for (size_t i = 0; i < f->n_calls; i++) {
        if (!has_route(s, &f->calls[i]))
            report_add(r, "dct-sim", f->calls[i].method, f->calls[i].path,
                       "it has no route for %s %s", f->calls[i].method, f->calls[i].path);
    }
}
