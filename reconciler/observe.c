/* A handful of lists, each a chain of pages. */
#include "reconciler/observe.h"

#include <stdlib.h>

#include "reconciler/reply.h"
#include "schema/json.h"

enum { PAGES_MAX = 10000, TRIES_MAX = 3, RETRY_AFTER_MAX = 30000 };

enum list_what { LIST_KIND, LIST_JOIN, LIST_GROUPS, LIST_POLICIES };
enum list_state { LIST_READY, LIST_SENT, LIST_COMPLETE, LIST_FAILED };

struct list {
    enum list_what what;
    enum kind kind;
    const struct join *join;
    const char *method, *path;
    enum list_state state;
    uint64_t request;
    char *cursor;
    unsigned pages, tries;
    msec not_before;
    char *trouble;
    bool hopeless; /* the key is refused: no other try would do better */
    bool aside;    /* nothing wanted needs it: that it cannot be read is no trouble */
};

struct observe {
    const struct set *set;
    const struct ledger *ledger;
    struct observed *seen;
    struct list *lists;
    size_t n, cap;
    size_t pages;                 /* read so far, of all lists */
    struct map ids[KINDS];        /* of every entry, and of what manifests name by id */
    struct map referenced[KINDS]; /* names that manifests refer to */
    struct strings keys;          /* what those two borrow */
};

static struct list *add_list(struct observe *ob, enum list_what what, enum kind kind,
                             const char *path)
{
    ob->lists = grow(ob->lists, ob->n, &ob->cap, sizeof(*ob->lists));
    struct list *l = &ob->lists[ob->n++];
    *l = (struct list){ .what = what, .kind = kind, .method = "GET", .path = path };
    return l;
}

/* The map borrows its keys; a list that only grows by items keeps them still. */
static void remember(struct observe *ob, struct map *of, enum kind kind, const char *text)
{
    if (map_get(&of[kind], text))
        return;
    strings_add(&ob->keys, text);
    map_set(&of[kind], ob->keys.items[ob->keys.n - 1], ob);
}

static bool remembered(const struct map *of, enum kind kind, const char *text)
{
    return text && map_get(&of[kind], text);
}

/* What one run over everything wanted says about the lists to read. */
struct needs {
    bool kinds[KINDS], joins[KINDS], groups, policies;
};

static void note_row(struct observe *ob, const struct wanted *w, size_t row, struct needs *needs)
{
    const struct field *f = &w->object->kind->table.rows[row];
    const struct value *v = &w->object->values[row];

    if (v->state != V_ABSENT && f->read && f->read[0] == '$')
        needs->joins[w->object->kind->kind] = true;
    if (f->type != F_REF || v->state != V_SET)
        return;
    if (f->ref->target == REF_KIND) {
        bool by_id = starts_with(v->s, "id:");
        needs->kinds[f->ref->kind] = true;
        remember(ob, by_id ? ob->ids : ob->referenced, f->ref->kind, v->s + (by_id ? 3 : 0));
    }
    needs->groups = needs->groups || f->ref->target == REF_GROUP;
    needs->policies = needs->policies || f->ref->target == REF_POLICY;
}

static void note_wanted(struct observe *ob, struct needs *needs)
{
    for (size_t i = 0; i < ob->set->n; i++) {
        const struct wanted *w = &ob->set->items[i];
        const struct kind_desc *k = w->object->kind;
        needs->kinds[k->kind] = true;
        needs->kinds[KIND_ENGINE] = true;
        if (k->engine_read && k->engine_read[0] == '$')
            needs->joins[k->kind] = true;
        if (w->object->policy.adopt_id)
            remember(ob, ob->ids, k->kind, w->object->policy.adopt_id);
        for (size_t row = 0; row < k->table.n; row++)
            note_row(ob, w, row, needs);
    }
    for (size_t i = 0; i < ledger_count(ob->ledger); i++) {
        const struct entry *e = ledger_at(ob->ledger, i);
        needs->kinds[e->kind] = true;
        if (e->id)
            remember(ob, ob->ids, e->kind, e->id);
    }
}

/* Does the join read the kind's own list? */
static bool joins_kind(const struct join *j, enum kind k)
{
    return streq(j->path, kind_desc(k)->collection) && streq(j->method, "GET");
}

/* The kind whose own list a join reads, KINDS if none does. */
static enum kind joined_kind(const struct join *j)
{
    enum kind k = 0;

    while (k < KINDS && !joins_kind(j, k))
        k++;
    return k;
}

static void add_joins(struct observe *ob, const struct kind_desc *k, struct needs *needs)
{
    for (size_t i = 0; i < k->n_joins; i++) {
        const struct join *j = &k->joins[i];
        bool listed = joined_kind(j) < KINDS;
        for (size_t before = 0; before < i; before++)
            listed = listed || streq(k->joins[before].path, j->path);
        if (joined_kind(j) < KINDS)
            needs->kinds[joined_kind(j)] = true;
        if (listed)
            continue;
        struct list *l = add_list(ob, LIST_JOIN, k->kind, j->path);
        l->join = j;
        l->method = j->method;
    }
}

struct observe *observe_new(const struct set *set, const struct ledger *ledger, bool marks)
{
    struct observe *ob = xcalloc(1, sizeof(*ob));
    struct needs needs = { 0 };

    ob->set = set;
    ob->ledger = ledger;
    ob->seen = observed_new();
    note_wanted(ob, &needs);
    for (enum kind k = 0; k < KINDS; k++) {
        if (needs.kinds[k] && needs.joins[k])
            add_joins(ob, kind_desc(k), &needs);
        ob->seen->joins_known[k] = needs.joins[k];
    }
    for (enum kind k = 0; k < KINDS; k++) {
        bool aside = !needs.kinds[k] && marks && kind_desc(k)->enable.name;
        ob->seen->kinds[k].asked = needs.kinds[k] || aside;
        if (ob->seen->kinds[k].asked)
            add_list(ob, LIST_KIND, k, kind_desc(k)->collection)->aside = aside;
    }
    if (needs.groups)
        add_list(ob, LIST_GROUPS, KINDS, "/groups");
    if (needs.policies)
        add_list(ob, LIST_POLICIES, KINDS, "/virtualization-policies");
    return ob;
}

void observe_free(struct observe *ob)
{
    if (!ob)
        return;
    for (size_t i = 0; i < ob->n; i++) {
        free(ob->lists[i].cursor);
        free(ob->lists[i].trouble);
    }
    free(ob->lists);
    for (enum kind k = 0; k < KINDS; k++) {
        map_clear(&ob->ids[k]);
        map_clear(&ob->referenced[k]);
    }
    strings_clear(&ob->keys);
    observed_free(ob->seen);
    free(ob);
}

static bool settled(const struct list *l)
{
    return l->state == LIST_COMPLETE || l->state == LIST_FAILED;
}

/* A kind's list waits for the lists that are joined to it. */
static bool waits(const struct observe *ob, const struct list *l)
{
    if (l->what != LIST_KIND || !ob->seen->joins_known[l->kind])
        return false;
    for (size_t i = 0; i < ob->n; i++) {
        const struct list *other = &ob->lists[i];
        if (settled(other))
            continue;
        if (other->what == LIST_JOIN && other->kind == l->kind)
            return true;
        for (size_t j = 0; other->what == LIST_KIND && j < kind_desc(l->kind)->n_joins; j++) {
            if (joins_kind(&kind_desc(l->kind)->joins[j], other->kind))
                return true;
        }
    }
    return false;
}

static void send_page(struct list *l, struct step *s)
{
    struct buf path = BUF_WITH_LIMIT(16384);

    buf_puts(&path, l->path);
    buf_puts(&path, "?limit=1000");
    if (l->cursor) {
        buf_puts(&path, "&cursor=");
        buf_add_urlencoded(&path, l->cursor);
    }
    struct request *r = request_new(l->method, buf_take(&path));
    if (!streq(l->method, "GET"))
        r->body = cJSON_CreateObject();
    l->request = step_send(s, r);
    l->state = LIST_SENT;
}

void observe_go(struct observe *ob, struct step *s)
{
    for (size_t i = 0; i < ob->n; i++) {
        struct list *l = &ob->lists[i];
        if (l->state == LIST_READY && l->not_before <= s->now && !waits(ob, l))
            send_page(l, s);
    }
}

/* Values are kept of what the ledger or the manifests name, of what carries an
 * owner tag, and of kinds that only their values identify. */
static bool interesting(const struct observe *ob, const struct kind_desc *k, const cJSON *item)
{
    const cJSON *tag;

    if (k->identity[0].fact || remembered(ob->ids, k->kind, json_text(item, "id")))
        return true;
    cJSON_ArrayForEach(tag, json_at(item, "tags")) {
        if (streq(json_text(tag, "key"), OWNER_TAG))
            return true;
    }
    const char *name = json_text(item, "name");
    return name &&
           (set_named(ob->set, k->kind, name, NULL) || remembered(ob->referenced, k->kind, name));
}

static void take_item(struct observe *ob, const struct list *l, const cJSON *item)
{
    observed_feed_joins(ob->seen, l->path, item);
    switch (l->what) {
    case LIST_KIND:
        (void)observed_add(ob->seen, kind_desc(l->kind), item,
                           interesting(ob, kind_desc(l->kind), item));
        break;
    case LIST_GROUPS:
        observed_extra_add(&ob->seen->groups, item, NULL);
        break;
    case LIST_POLICIES:
        observed_extra_add(&ob->seen->policies, item, "policy_type");
        break;
    case LIST_JOIN:
        break;
    }
}

static void settle(struct observe *ob, struct list *l, char *trouble)
{
    l->state = trouble ? LIST_FAILED : LIST_COMPLETE;
    l->trouble = trouble;
    if (l->what == LIST_KIND) {
        ob->seen->kinds[l->kind].complete = !trouble;
        ob->seen->kinds[l->kind].trouble = trouble ? xstrdup(trouble) : NULL;
    } else if (l->what == LIST_GROUPS) {
        ob->seen->groups.complete = !trouble;
    } else if (l->what == LIST_POLICIES) {
        ob->seen->policies.complete = !trouble;
    }
    for (enum kind k = 0; trouble && k < KINDS; k++) {
        for (size_t i = 0; i < kind_desc(k)->n_joins; i++) {
            if (streq(kind_desc(k)->joins[i].path, l->path))
                ob->seen->joins_known[k] = false;
        }
    }
}

static void take_page(struct observe *ob, struct list *l, const cJSON *body)
{
    const cJSON *items = json_at(body, "items"), *item;
    const char *cursor = reply_more(body);
    char *partial = reply_lacks(body);

    cJSON_ArrayForEach(item, items)
        take_item(ob, l, item);
    if (cursor && (streq(cursor, l->cursor) || ++l->pages >= PAGES_MAX)) {
        free(partial);
        partial = xasprintf("DCT's pages of %s do not come to an end", l->path);
    }
    if (partial || !cursor) {
        settle(ob, l, partial);
        return;
    }
    char *next = xstrdup(cursor);
    free(l->cursor);
    l->cursor = next;
    l->tries = 0;
    l->state = LIST_READY;
}

/* Passing trouble is tried again; the rest is told. */
static void fail_page(struct observe *ob, struct list *l, const struct reply *r, msec now)
{
    enum reply_class class = reply_class(r);
    bool passing = class == REPLY_BROKEN || class == REPLY_BUSY;
    msec wait = r->retry_after ? r->retry_after : (msec)1000 << l->tries;

    if (passing && ++l->tries < TRIES_MAX && wait <= RETRY_AFTER_MAX) {
        l->not_before = now + wait;
        l->state = LIST_READY;
        return;
    }
    char *said = reply_text(r);
    l->hopeless = class == REPLY_DENIED;
    settle(ob, l,
           class == REPLY_UNSENT
               ? xasprintf("DCT cannot be reached: %.2000s", r->error ? r->error : "unknown")
               : xasprintf("%s %s: %s", l->method, l->path, said));
    free(said);
}

bool observe_hopeless(const struct observe *ob)
{
    for (size_t i = 0; i < ob->n; i++) {
        if (ob->lists[i].hopeless && !ob->lists[i].aside)
            return true;
    }
    return false;
}

bool observe_reply(struct observe *ob, const struct reply *r, struct step *s)
{
    for (size_t i = 0; i < ob->n; i++) {
        struct list *l = &ob->lists[i];
        if (l->state != LIST_SENT || l->request != r->request)
            continue;
        bool ok = reply_class(r) == REPLY_OK;
        ob->pages += ok;
        if (ok)
            take_page(ob, l, r->body);
        else
            fail_page(ob, l, r, s->now);
        observe_go(ob, s);
        return true;
    }
    return false;
}

bool observe_done(const struct observe *ob)
{
    for (size_t i = 0; i < ob->n; i++) {
        if (!settled(&ob->lists[i]))
            return false;
    }
    return true;
}

struct observe_progress observe_progress(const struct observe *ob)
{
    struct observe_progress p = { .lists = ob->n, .pages = ob->pages };

    for (size_t i = 0; i < ob->n; i++)
        p.read += settled(&ob->lists[i]);
    return p;
}

msec observe_wake(const struct observe *ob)
{
    msec at = 0;

    for (size_t i = 0; i < ob->n; i++) {
        const struct list *l = &ob->lists[i];
        if (l->state == LIST_READY && l->not_before && (!at || l->not_before < at))
            at = l->not_before;
    }
    return at;
}

struct observed *observe_take(struct observe *ob)
{
    return TAKE(ob->seen);
}

const char *observe_trouble(const struct observe *ob)
{
    for (size_t i = 0; i < ob->n; i++) {
        if (ob->lists[i].trouble && !ob->lists[i].aside)
            return ob->lists[i].trouble;
    }
    return NULL;
}

bool observe_blind(const struct observe *ob)
{
    size_t needed = 0;

    for (size_t i = 0; i < ob->n; i++) {
        if (ob->lists[i].state != LIST_FAILED && !ob->lists[i].aside)
            return false;
        needed += !ob->lists[i].aside;
    }
    return needed > 0;
}
