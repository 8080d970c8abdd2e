/* All questions at once, and an answer to each. */
#include "reconciler/dependants.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/reply.h"
#include "schema/json.h"

enum {
    SINCE = 328,
    PATH_MAX_BYTES = 8192,
    FILTER_MAX = 4096,
    WHY_MAX = 8192,
    NAMED_MAX = 5,
    TRIES_MAX = 3,
    PAGES_MAX = 1000,
    FIRST_WAIT = 1000,
    RETRY_AFTER_MAX = 30000,
};

enum { MAKING = 1 << VERB_CREATE, DELETING = 1 << VERB_DELETE | 1 << VERB_REPLACE };

/* Who uses an object, where DCT has no call that says so. */
static const struct search {
    enum kind of;
    unsigned verbs;
    const char *through; /* row that names what is used; NULL: the object itself is */
    const char *when;    /* only where this fact of what is used is true; NULL: always */
    const char *path;    /* a search, or a list where DCT cannot search by the member */
    const char *member;  /* of the user: names what is used */
    const char *id;      /* of the user */
    enum kind kind;      /* of the user */
} searches[] = {
    /* clang-format off */
    { KIND_ENGINE, DELETING, NULL, NULL, "/vdbs/search", "engine_id", "id", KIND_VDB },
    { KIND_ENGINE, DELETING, NULL, NULL, "/dsources/search", "engine_id", "id", KIND_DSOURCE },
    { KIND_ENGINE, DELETING, NULL, NULL, "/environments/search", "engine_id", "id", KIND_ENVIRONMENT },
    { KIND_CONNECTOR, DELETING, NULL, NULL, "/vdbs/search", "toolkit_id", "id", KIND_VDB },
    { KIND_CONNECTOR, DELETING, NULL, NULL, "/dsources/search", "toolkit_id", "id", KIND_DSOURCE },
    { KIND_CONNECTOR, DELETING, NULL, NULL, "/sources", "toolkit_id", "id", KIND_SOURCE_CONFIG },
    { KIND_ENVIRONMENT, DELETING, NULL, NULL, "/vdbs/search", "environment_id", "id", KIND_VDB },
    { KIND_ENVIRONMENT, DELETING, NULL, NULL, "/staging-sources/search", "environment_id", "dsource_id", KIND_DSOURCE },
    { KIND_ENVIRONMENT, DELETING, NULL, NULL, "/sources/search", "environment_id", "id", KIND_SOURCE_CONFIG },
    { KIND_DSOURCE, MAKING, "sourceConfig", "status.linked", "/dsources/search", "source_id", "id", KIND_DSOURCE },
    /* clang-format on */
};

/* DCT's own call. */
static struct request *ask_dct(const struct action *a)
{
    struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);

    buf_printf(&path, "%s/", a->kind->collection);
    buf_add_urlencoded(&path, a->id);
    buf_puts(&path, "/deletion-dependencies");
    return request_new("GET", buf_take(&path));
}

/* NULL: the grammar cannot say it. */
static struct request *ask_search(const struct search *q, const char *about)
{
    struct buf filter = BUF_WITH_LIMIT(FILTER_MAX);
    struct request *r = NULL;

    if (!strchr(q->path + 1, '/'))
        r = request_new("GET", xasprintf("%s?limit=1000", q->path));
    else if (filter_equal(&filter, q->member, about))
        r = request_search(q->path, buf_text(&filter));
    buf_clear(&filter);
    return r;
}

static bool is_dct(const struct dependants_question *q)
{
    return q->search == ARRAY_LEN(searches);
}

/* The same again, or its next page. */
static void send_question(const struct plan *p, struct dependants_question *q, struct step *s)
{
    struct request *r =
        is_dct(q) ? ask_dct(&p->items[q->action]) : ask_search(&searches[q->search], q->about);

    request_page(r, q->cursor);
    q->again = 0;
    q->request = step_send(s, r);
}

static void ask(struct dependants *d, size_t action, size_t search, const char *about,
                struct request *r, struct step *s)
{
    d->questions = grow(d->questions, d->n, &d->cap, sizeof(*d->questions));
    d->questions[d->n++] = (struct dependants_question){
        .request = step_send(s, r), .action = action, .search = search, .about = xstrdup(about)
    };
    d->open++;
}

static bool fact_holds(const struct world *world, const struct ref *ref, const char *id,
                       const char *fact)
{
    const struct observed_item *item = observed_by_id(world->observed, ref->kind, id);
    const struct value *v = item && item->object ? object_value(item->object, fact) : NULL;

    return v && v->state == V_SET && v->i;
}

/* Id of what nobody else may use; NULL where there is nothing to ask. */
static const char *about(const struct world *world, const struct action *a, const struct search *q)
{
    const struct table t = a->kind->table;
    int row = q->through ? table_find(t, q->through) : -1;
    struct resolved r;

    if (row < 0)
        return a->id;
    resolve_row(world, a->wanted, (size_t)row, &r);
    const char *id = r.how == RESOLVED ? r.id : NULL;
    resolved_clear(&r);
    return id && (!q->when || fact_holds(world, t.rows[row].ref, id, q->when)) ? id : NULL;
}

static void search(struct dependants *d, const struct world *world, struct plan *p, size_t i,
                   struct step *s)
{
    for (size_t k = 0; k < ARRAY_LEN(searches); k++) {
        const struct search *q = &searches[k];
        const struct action *a = &p->items[i];
        if (q->of != a->kind->kind || !(q->verbs & 1U << a->verb))
            continue;
        const char *id = about(world, a, q);
        struct request *r = id ? ask_search(q, id) : NULL;
        if (r)
            ask(d, i, k, id, r, s);
    }
}

/* What is under way goes on whatever the answer would be. */
static bool worth_asking(const struct world *world, const struct action *a)
{
    const struct entry *e = ledger_find(world->ledger, a->key);

    if (a->blocked || !((MAKING | DELETING) & 1U << a->verb))
        return false;
    return a->verb == VERB_CREATE ? a->wanted && (!e || !e->intent.open) : a->id != NULL;
}

void dependants_ask(struct dependants *d, const struct world *world, struct plan *p, struct step *s)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct action *a = &p->items[i];
        if (!worth_asking(world, a))
            continue;
        if (DELETING & 1U << a->verb && a->kind->flags & KIND_SNAPSHOTS &&
            (!world->api || world->api >= SINCE))
            ask(d, i, ARRAY_LEN(searches), a->id, ask_dct(a), s);
        search(d, world, p, i, s);
    }
}

/* Its deletion in the same plan; -1: it stays. */
static long deletion(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].verb == VERB_DELETE && streq(p->items[i].id, id))
            return (long)i;
    }
    return -1;
}

/* `who` depends on what is to be deleted: it goes first, or stays. */
static void heed(struct plan *p, size_t action, const char *who, const char *id,
                 struct strings *staying)
{
    struct action *a = &p->items[action];
    long first = deletion(p, id);
    char *line = first < 0 ? xasprintf("%s (%s)", who, id)
                           : xasprintf("%s depends on it and is deleted first", who);

    strings_add(first < 0 ? staying : &a->disruptions, line);
    if (first >= 0)
        action_needs(p, action, (size_t)first);
    free(line);
}

/* All that stay, as far as one line takes them; cleared. */
static void block_by(struct action *a, struct strings *staying)
{
    struct buf b = BUF_WITH_LIMIT(WHY_MAX);
    size_t n = staying->n, shown = n > NAMED_MAX ? NAMED_MAX : n;

    for (size_t i = 0; i < shown; i++) {
        const char *comma = !i ? "" : i + 1 == n ? " and " : ", ";
        buf_printf(&b, "%s%s", comma, staying->items[i]);
    }
    if (n > shown)
        buf_printf(&b, " and %zu more", n - shown);
    if (n)
        action_block(a, xasprintf(n == 1 ? "%s depends on it and stays; delete that first"
                                         : "%s depend on it and stay; delete those first",
                                  buf_text(&b)));
    buf_clear(&b);
    strings_clear(staying);
}

/* DCT lists them in reverse order of deletion, the dataset itself at times too. */
static void take_dependants(struct plan *p, size_t action, const cJSON *body)
{
    struct strings staying = { 0 };
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(body, "items")) {
        const char *id = json_text(item, "dataset_id"), *name = json_text(item, "dataset_name");
        const char *type = json_text(item, "dataset_type");
        if (!id || streq(id, p->items[action].id))
            continue;
        char *who = xasprintf("%s %s", type ? type : "dataset", name ? name : id);
        heed(p, action, who, id, &staying);
        free(who);
    }
    block_by(&p->items[action], &staying);
}

/* The manifest that the object is already; NULL: none. */
static const struct wanted *manifest_of(const struct world *world, const struct observed_item *item)
{
    for (size_t i = 0; item && i < world->set->n; i++) {
        if (world->pairs[i].match == MATCH_OURS && world->pairs[i].item == item)
            return &world->set->items[i];
    }
    return NULL;
}

/* The place of what is to be made is taken; a person has to say what is meant. */
static void taken(const struct world *world, struct plan *p, size_t action, const struct search *q,
                  const char *who, const char *id)
{
    struct action *a = &p->items[action];
    const struct observed_item *item = observed_by_id(world->observed, q->kind, id);
    const struct wanted *other = manifest_of(world, item);
    const char *place = object_text(a->wanted->object, q->through);
    const char *owner = item ? item->owner : NULL;
    long first = deletion(p, id);

    if (first >= 0)
        action_needs(p, action, (size_t)first);
    else if (other)
        action_block(a, xasprintf("`%s`: %s is linked to %s already, and can be to one only",
                                  q->through, place, other->key));
    else if (owner && !streq(owner, world->instance))
        action_block_as(a, BLOCK_CONFLICT,
                        xasprintf("`%s`: %s is linked to %s (%s) already, which belongs to the "
                                  "dctd instance `%s`",
                                  q->through, place, who, id, owner));
    else
        action_block_as(a, BLOCK_CONFLICT,
                        xasprintf("`%s`: %s is linked to %s (%s) already, which is not managed "
                                  "here; dctd adopt %s %s takes that over, or delete it first",
                                  q->through, place, who, id, a->key, id));
}

/* Found on a host by its engine, and used by nobody: it goes with the host. */
static bool only_discovered(const cJSON *item)
{
    return json_true(item, "discovered") && !json_true(item, "is_dsource");
}

static void take_users(const struct world *world, struct plan *p,
                       const struct dependants_question *asked, const cJSON *body)
{
    const struct search *q = &searches[asked->search];
    struct strings staying = { 0 };
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(body, "items")) {
        const char *id = json_text(item, q->id);
        if (!id || streq(id, p->items[asked->action].id) || only_discovered(item) ||
            !streq(json_text(item, q->member), asked->about))
            continue;
        const struct observed_item *known = observed_by_id(world->observed, q->kind, id);
        const char *shown = streq(q->id, "id") ? json_text(item, "name") : NULL;
        const char *name = known ? known->name : shown ? shown : id;
        char *who = xasprintf("%s %s", kind_desc(q->kind)->name, name);
        if (q->verbs & DELETING)
            heed(p, asked->action, who, id, &staying);
        else
            taken(world, p, asked->action, q, who, id);
        free(who);
    }
    block_by(&p->items[asked->action], &staying);
}

/* Nobody knows what is in the way. */
static void block_unknown(struct plan *p, const struct dependants_question *q,
                          const struct reply *r)
{
    struct action *a = &p->items[q->action];
    const char *path = is_dct(q) ? "deletion-dependencies" : searches[q->search].path;
    char *said = reply_text(r);

    action_block_as(a, BLOCK_UNKNOWN,
                    xasprintf(DELETING & 1U << a->verb
                                  ? "what depends on it is not known (%s: %s); it waits until DCT "
                                    "tells"
                                  : "whether what it needs is free is not known (%s: %s); it waits "
                                    "until DCT tells",
                              path, said));
    p->unknown = true;
    free(said);
}

/* What is not there has no dependants; nor does a server know of them that does not
 * know the call. */
static bool means_none(const struct dependants_question *q, const struct reply *r)
{
    return is_dct(q) && reply_class(r) == REPLY_GONE;
}

/* Passing trouble: it is asked again, at once or later. */
static bool asks_again(struct dependants_question *q, const struct reply *r, const struct step *s)
{
    enum reply_class class = reply_class(r);
    msec wait = r->retry_after ? r->retry_after : (msec)FIRST_WAIT << q->tries;
    bool passing = class == REPLY_BROKEN || class == REPLY_BUSY || class == REPLY_UNSENT;

    if (!passing || ++q->tries >= TRIES_MAX || wait > RETRY_AFTER_MAX)
        return false;
    q->again = s->now + wait;
    return true;
}

/* Takes what one page says. Is there another one? */
static bool takes_page(const struct world *world, struct plan *p, struct dependants_question *q,
                       const struct reply *r)
{
    const char *cursor = is_dct(q) ? NULL : reply_more(r->body);
    char *lacks = reply_lacks(r->body);
    bool on = !lacks && (!cursor || (!streq(cursor, q->cursor) && ++q->pages < PAGES_MAX));

    free(lacks);
    if (is_dct(q))
        take_dependants(p, q->action, r->body);
    else
        take_users(world, p, q, r->body);
    if (!on)
        block_unknown(p, q, r);
    if (!on || !cursor)
        return false;
    char *next = xstrdup(cursor);
    free(q->cursor);
    q->cursor = next;
    q->tries = 0;
    return true;
}

static void answered(struct dependants *d, const struct world *world, struct plan *p, size_t i,
                     const struct reply *r, struct step *s)
{
    struct dependants_question *q = &d->questions[i];

    q->request = 0;
    if (asks_again(q, r, s))
        return;
    if (reply_class(r) == REPLY_OK && takes_page(world, p, q, r)) {
        send_question(p, q, s);
        return;
    }
    if (reply_class(r) != REPLY_OK && !means_none(q, r))
        block_unknown(p, q, r);
    d->open--;
}

bool dependants_reply(struct dependants *d, const struct world *world, struct plan *p,
                      const struct reply *r, struct step *s)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->questions[i].request != r->request)
            continue;
        answered(d, world, p, i, r, s);
        return true;
    }
    return false;
}

void dependants_go(struct dependants *d, const struct plan *p, struct step *s)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->questions[i].again && d->questions[i].again <= s->now)
            send_question(p, &d->questions[i], s);
    }
}

msec dependants_wake(const struct dependants *d, msec at)
{
    for (size_t i = 0; i < d->n; i++) {
        msec again = d->questions[i].again;
        if (again && (!at || again < at))
            at = again;
    }
    return at;
}

void dependants_clear(struct dependants *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->questions[i].about);
        free(d->questions[i].cursor);
    }
    free(d->questions);
    *d = (struct dependants){ 0 };
}
