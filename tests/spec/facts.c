/* The tables of the published contract: building, finding, walking paths. */
#include "tests/spec/facts.h"

#include <stdlib.h>
#include <string.h>

struct fact_member *facts_add_member(struct facts *f, struct fact_member m)
{
    f->members = grow(f->members, f->n_members, &f->cap_members, sizeof(*f->members));
    f->members[f->n_members] = m;
    return &f->members[f->n_members++];
}

void facts_add_call(struct facts *f, struct fact_call c)
{
    f->calls = grow(f->calls, f->n_calls, &f->cap_calls, sizeof(*f->calls));
    f->calls[f->n_calls++] = c;
}

void facts_clear(struct facts *f)
{
    for (size_t i = 0; i < f->n_members; i++) {
        struct fact_member *m = &f->members[i];
        free(m->schema);
        free(m->name);
        free(m->type);
        free(m->words);
        free(m->pattern);
    }
    for (size_t i = 0; i < f->n_calls; i++) {
        struct fact_call *c = &f->calls[i];
        free(c->method);
        free(c->path);
        free(c->media);
        free(c->body);
        free(c->reply);
    }
    free(f->members);
    free(f->calls);
    *f = (struct facts){ 0 };
}

const struct fact_member *facts_member(const struct facts *f, const char *schema, const char *name)
{
    for (size_t i = 0; i < f->n_members; i++) {
        if (streq(f->members[i].name, name) && streq(f->members[i].schema, schema))
            return &f->members[i];
    }
    return NULL;
}

bool facts_is_schema(const struct facts *f, const char *type)
{
    for (size_t i = 0; i < f->n_members; i++) {
        if (streq(f->members[i].schema, type))
            return true;
    }
    return false;
}

char *facts_path(const char *path)
{
    char *out = xstrdup(path), *to = out;
    bool inside = false;

    for (const char *p = path; *p; p++) {
        inside = inside && *p != '}';
        if (!inside)
            *to++ = *p;
        inside = inside || *p == '{';
    }
    *to = '\0';
    return out;
}

const struct fact_call *facts_call(const struct facts *f, const char *method, const char *path)
{
    const struct fact_call *found = NULL;
    char *plain = facts_path(path);

    for (size_t i = 0; i < f->n_calls && !found; i++) {
        if (streq(f->calls[i].method, method) && streq(f->calls[i].path, plain))
            found = &f->calls[i];
    }
    free(plain);
    return found;
}

char *facts_item(const char *type)
{
    size_t n = type ? strlen(type) : 0;

    return n > 2 && streq(type + n - 2, "[]") ? xstrndup(type, n - 2) : NULL;
}

/* One part of a path: `a`, `a[0]` or `a[k=v]`. */
struct part {
    char *name;
    bool item;
    char *key; /* k */
};

static struct part part_of(const char *path, size_t n)
{
    size_t name = strcspn(path, ".[");
    struct part p = { .name = xstrndup(path, name), .item = name < n };
    size_t key = p.item ? strcspn(path + name, "=") : n;

    if (name + key < n)
        p.key = xstrndup(path + name + 1, key - 1);
    return p;
}

static void part_clear(struct part *p)
{
    free(p->name);
    free(p->key);
}

/* The type of what the part names, owned; NULL with `at->missing` set where the
 * contract does not have it. */
static char *step(const struct facts *f, const char *schema, const struct part *p, struct found *at)
{
    at->member = facts_member(f, schema, p->name);
    if (!at->member) {
        at->missing = xasprintf("%s.%s", schema, p->name);
        return NULL;
    }
    if (!p->item)
        return xstrdup(at->member->type);

    char *item = facts_item(at->member->type);
    if (!item) {
        at->missing = xasprintf("%s.%s[]", schema, p->name);
    } else if (p->key && !facts_member(f, item, p->key)) {
        at->missing = xasprintf("%s.%s", item, p->key);
        free(item);
        item = NULL;
    }
    return item;
}

struct found facts_at(const struct facts *f, const char *schema, const char *path)
{
    struct found at = { 0 };
    char *type = xstrdup(schema);

    while (type && *path) {
        if (streq(type, "object")) {
            at = (struct found){ .free = true };
            break;
        }
        size_t n = strcspn(path, ".");
        struct part p = part_of(path, n);
        char *next = step(f, type, &p, &at);
        part_clear(&p);
        free(type);
        type = next;
        path += n + (path[n] == '.');
    }
    if (!type)
        at.member = NULL;
    free(type);
    return at;
}
