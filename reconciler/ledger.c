/* Entries by key, and their text form. */
#include "reconciler/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/map.h"

struct ledger {
    struct entry **items;
    size_t n, cap;
    struct map by_key;
    struct entry **engines;
    size_t n_engines, cap_engines;
    struct suspensions *suspensions;
    size_t size; /* in bytes, when it was laid side by side */
};

static const char *const origin_names[] = { "none", "created", "adopted" };
static const char *const deletion_names[] = { "default", "delete", "orphan" };

/* A row as it was applied last: 40 bytes, for there are many. */
struct applied {
    const struct field *row;
    char *value; /* of a REMEMBER row, as JSON; NULL for the others */
    struct fingerprint digest;
    bool seen; /* DCT showed it */
};

void entry_unapply_all(struct entry *e)
{
    for (size_t i = 0; i < e->n_applied; i++)
        free(e->applied[i].value);
    free(e->applied);
    e->applied = NULL;
    e->n_applied = e->cap_applied = 0;
}

/* All of its texts, whatever they are. */
enum { ENTRY_TEXTS = 6 };

static void texts_of(struct entry *e, char **texts[ENTRY_TEXTS])
{
    char **const all[ENTRY_TEXTS] = { &e->key, &e->name,        &e->engine,
                                      &e->id,  &e->intent.call, &e->intent.job };

    memcpy(texts, all, sizeof(all));
}

static void entry_free(struct entry *e)
{
    char **texts[ENTRY_TEXTS];

    texts_of(e, texts);
    for (size_t i = 0; i < ENTRY_TEXTS; i++)
        free(*texts[i]);
    entry_unapply_all(e);
    free(e);
}

struct ledger *ledger_new(void)
{
    struct ledger *l = xcalloc(1, sizeof(*l));

    l->suspensions = xcalloc(1, sizeof(*l->suspensions));
    return l;
}

struct suspensions *ledger_suspensions(const struct ledger *l)
{
    return l->suspensions;
}

struct entry *ledger_find(const struct ledger *l, const char *key)
{
    return map_get(&l->by_key, key);
}

static void index_entry(struct ledger *l, struct entry *e)
{
    l->items = grow(l->items, l->n, &l->cap, sizeof(struct entry *));
    l->items[l->n++] = e;
    map_set(&l->by_key, e->key, e);
    if (e->kind == KIND_ENGINE) {
        l->engines = grow(l->engines, l->n_engines, &l->cap_engines, sizeof(struct entry *));
        l->engines[l->n_engines++] = e;
    }
}

struct entry *ledger_put(struct ledger *l, const char *key, enum kind kind)
{
    struct entry *e = ledger_find(l, key);

    if (e)
        return e;
    e = xcalloc(1, sizeof(*e));
    e->key = xstrdup(key);
    e->kind = kind;
    index_entry(l, e);
    return e;
}

const struct entry *ledger_engine(const struct ledger *l, const char *id)
{
    for (size_t i = 0; id && i < l->n_engines; i++) {
        if (streq(l->engines[i]->id, id))
            return l->engines[i];
    }
    return NULL;
}

void ledger_rename(struct ledger *l, struct entry *e, const char *key)
{
    map_remove(&l->by_key, e->key);
    free(e->key);
    e->key = xstrdup(key);
    map_set(&l->by_key, e->key, e);
}

static void drop(struct entry **list, size_t *n, const struct entry *e)
{
    for (size_t i = 0; i < *n; i++) {
        if (list[i] == e) {
            list[i] = list[--*n];
            return;
        }
    }
}

void ledger_remove(struct ledger *l, const char *key)
{
    struct entry *e = ledger_find(l, key);

    if (!e)
        return;
    map_remove(&l->by_key, key);
    drop(l->items, &l->n, e);
    drop(l->engines, &l->n_engines, e);
    entry_free(e);
}

size_t ledger_count(const struct ledger *l)
{
    return l->n;
}

struct entry *ledger_at(const struct ledger *l, size_t i)
{
    return l->items[i];
}

/* The member's name, which has nothing to escape, after a comma where it is not the
 * first. */
static void add_name(struct buf *b, const char *member)
{
    if (b->data[b->n - 1] != '{')
        buf_char(b, ',');
    buf_char(b, '"');
    buf_puts(b, member);
    buf_add(b, "\":", 2);
}

static void add_text(struct buf *b, const char *member, const char *s)
{
    if (!s)
        return;
    add_name(b, member);
    buf_add_quoted(b, s);
}

static void add_true(struct buf *b, const char *member, bool is)
{
    if (!is)
        return;
    add_name(b, member);
    buf_add(b, "true", 4);
}

static void add_number(struct buf *b, const char *member, msec at)
{
    add_name(b, member);
    buf_printf(b, "%" PRId64, at);
}

static void add_flips(struct buf *b, const struct flips *flips)
{
    add_name(b, "flips");
    buf_char(b, '{');
    add_number(b, "n", flips->n);
    add_number(b, "since", flips->since);
    buf_char(b, '}');
}

static void add_intent(struct buf *b, const struct intent *intent)
{
    add_name(b, "intent");
    buf_char(b, '{');
    add_text(b, "call", intent->call);
    add_text(b, "job", intent->job);
    add_number(b, "at", intent->at);
    add_true(b, "makes", intent->makes);
    add_true(b, "lost", intent->lost);
    buf_char(b, '}');
}

/* {row: {"d": digest, "v": value, "s": true when DCT showed it}} */
static void add_applied(struct buf *b, const struct entry *e)
{
    add_name(b, "applied");
    buf_char(b, '{');
    for (size_t i = 0; i < e->n_applied; i++) {
        const struct applied *a = &e->applied[i];
        char digest[DIGEST_TEXT];
        fingerprint_text(&a->digest, digest);
        add_name(b, a->row->yaml);
        buf_char(b, '{');
        add_text(b, "d", digest);
        if (a->value) {
            add_name(b, "v");
            buf_puts(b, a->value);
        }
        add_true(b, "s", a->seen);
        buf_char(b, '}');
    }
    buf_char(b, '}');
}

static void add_entry(struct buf *b, const struct entry *e)
{
    buf_char(b, '{');
    add_text(b, "key", e->key);
    add_text(b, "kind", kind_desc(e->kind)->name);
    add_text(b, "name", e->name);
    add_text(b, "engine", e->engine);
    add_text(b, "id", e->id);
    add_text(b, "origin", origin_names[e->origin]);
    add_text(b, "deletion", deletion_names[e->deletion]);
    add_true(b, "protect", e->protect);
    add_true(b, "handsOff", e->hands_off);
    add_true(b, "failed", e->failed);
    add_true(b, "owesEnable", e->owes_enable);
    add_true(b, "enabledAgain", e->enabled_again);
    add_true(b, "repaid", e->repaid);
    add_true(b, "owesRefresh", e->owes_refresh);
    if (e->intent.open)
        add_intent(b, &e->intent);
    if (e->flips.n)
        add_flips(b, &e->flips);
    add_applied(b, e);
    buf_char(b, '}');
}

char *entry_text(const struct entry *e)
{
    struct buf b = BUF_WITH_LIMIT(SIZE_MAX / 4);

    add_entry(&b, e);
    return buf_take(&b);
}

static char *own_text(const cJSON *o, const char *member)
{
    const char *s = json_text(o, member);

    return s ? xstrdup(s) : NULL;
}

static unsigned word_index(const char *const *words, size_t n, const char *word)
{
    for (unsigned i = 0; i < n; i++) {
        if (streq(words[i], word))
            return i;
    }
    return 0;
}

static msec number_of(const cJSON *o, const char *member)
{
    const cJSON *at = json_at(o, member);

    return cJSON_IsNumber(at) ? (msec)at->valuedouble : 0;
}

static void restore_intent(struct intent *intent, const cJSON *o)
{
    intent->open = true;
    intent->call = own_text(o, "call");
    intent->job = own_text(o, "job");
    intent->at = number_of(o, "at");
    intent->makes = json_true(o, "makes");
    intent->lost = json_true(o, "lost");
    if (!intent->call)
        intent->call = xstrdup("update");
}

static struct applied *applied_at(const struct entry *e, const char *row)
{
    for (size_t i = 0; i < e->n_applied; i++) {
        const char *yaml = e->applied[i].row->yaml;
        if (yaml == row || streq(yaml, row)) /* asked for by a row, it is the same text */
            return &e->applied[i];
    }
    return NULL;
}

static struct applied *put_applied(struct entry *e, const struct field *row)
{
    struct applied *a = applied_at(e, row->yaml);

    if (!a) {
        e->applied = grow(e->applied, e->n_applied, &e->cap_applied, sizeof(*e->applied));
        a = &e->applied[e->n_applied++];
        *a = (struct applied){ .row = row };
    }
    return a;
}

static char *json_line(const cJSON *o)
{
    char *text = o ? cJSON_PrintUnformatted(o) : NULL;

    if (o && !text)
        abort();
    return text;
}

/* A row that this version does not know is new to it when another one does. */
static void restore_applied(struct entry *e, const cJSON *rows)
{
    const struct table t = kind_desc(e->kind)->table;
    const cJSON *row;

    cJSON_ArrayForEach(row, rows) {
        int i = table_find(t, row->string);
        if (i < 0)
            continue;
        const char *digest = json_text(row, "d");
        struct applied *a = put_applied(e, &t.rows[i]);
        a->digest = fingerprint_parse(digest ? digest : "");
        free(a->value);
        a->value = json_line(cJSON_GetObjectItemCaseSensitive(row, "v"));
        a->seen = json_true(row, "s");
    }
}

bool ledger_restore(struct ledger *l, const char *text)
{
    cJSON *o = json_parse(text, strlen(text), NULL);
    const char *key = json_text(o, "key"), *kind = json_text(o, "kind");
    const struct kind_desc *k = kind ? kind_by_name(kind) : NULL;
    const cJSON *suspension = json_at(o, "suspension");

    if (suspension) {
        bool restored = suspension_restore(l->suspensions, suspension);
        cJSON_Delete(o);
        return restored;
    }
    if (!key || !k || ledger_find(l, key)) {
        cJSON_Delete(o);
        return false;
    }
    struct entry *e = ledger_put(l, key, k->kind);
    e->name = own_text(o, "name");
    e->engine = own_text(o, "engine");
    e->id = own_text(o, "id");
    e->origin = word_index(origin_names, ARRAY_LEN(origin_names), json_text(o, "origin"));
    e->deletion = word_index(deletion_names, ARRAY_LEN(deletion_names), json_text(o, "deletion"));
    e->protect = json_true(o, "protect");
    e->hands_off = json_true(o, "handsOff");
    e->failed = json_true(o, "failed");
    e->owes_enable = json_true(o, "owesEnable");
    e->enabled_again = json_true(o, "enabledAgain");
    e->repaid = json_true(o, "repaid");
    e->owes_refresh = json_true(o, "owesRefresh");
    if (cJSON_IsObject(json_at(o, "intent")))
        restore_intent(&e->intent, json_at(o, "intent"));
    e->flips.n = (unsigned)number_of(o, "flips.n");
    e->flips.since = number_of(o, "flips.since");
    if (cJSON_IsObject(json_at(o, "applied")))
        restore_applied(e, json_at(o, "applied"));
    cJSON_Delete(o);
    return true;
}

static void drop_entries(struct ledger *l)
{
    for (size_t i = 0; i < l->n; i++)
        entry_free(l->items[i]);
    free(l->items);
    free(l->engines);
    map_clear(&l->by_key);
    l->items = l->engines = NULL;
    l->n = l->cap = l->n_engines = l->cap_engines = 0;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    drop_entries(l);
    suspensions_clear(l->suspensions);
    free(l->suspensions);
    free(l);
}

/* What an entry points to is put behind it, in the order in which it is taken again. */
static void pack_text(struct buf *b, const char *s)
{
    buf_char(b, s ? '+' : '-');
    if (s)
        buf_add(b, s, strlen(s) + 1);
}

static void pack(struct buf *b, struct entry *e)
{
    char **texts[ENTRY_TEXTS];

    buf_add(b, e, sizeof(*e));
    texts_of(e, texts);
    for (size_t i = 0; i < ENTRY_TEXTS; i++)
        pack_text(b, *texts[i]);
    for (size_t i = 0; i < e->n_applied; i++) {
        buf_add(b, &e->applied[i], sizeof(*e->applied));
        pack_text(b, e->applied[i].value);
    }
}

static void unpack_bytes(const char **at, void *to, size_t n)
{
    memcpy(to, *at, n);
    *at += n;
}

static char *unpack_text(const char **at)
{
    if (*(*at)++ == '-')
        return NULL;
    char *s = xstrdup(*at);
    *at += strlen(s) + 1;
    return s;
}

static struct entry *unpack(const char **at)
{
    struct entry *e = xmalloc(sizeof(*e));
    char **texts[ENTRY_TEXTS];

    unpack_bytes(at, e, sizeof(*e));
    texts_of(e, texts);
    for (size_t i = 0; i < ENTRY_TEXTS; i++)
        *texts[i] = unpack_text(at);
    e->cap_applied = e->n_applied;
    e->applied = e->n_applied ? xmalloc(e->n_applied * sizeof(*e->applied)) : NULL;
    for (size_t i = 0; i < e->n_applied; i++) {
        unpack_bytes(at, &e->applied[i], sizeof(*e->applied));
        e->applied[i].value = unpack_text(at);
    }
    return e;
}

/* Everything goes before anything is made again: that is what makes room. */
void ledger_compact(struct ledger *l)
{
    struct buf packed = BUF_WITH_LIMIT(SIZE_MAX / 2);
    const size_t n = l->n;

    buf_reserve(&packed, l->size);
    for (size_t i = 0; i < n; i++)
        pack(&packed, l->items[i]);
    l->size = packed.n;
    drop_entries(l);
    const char *at = packed.data;
    for (size_t i = 0; i < n; i++)
        index_entry(l, unpack(&at));
    buf_clear(&packed);
}

const struct fingerprint *entry_digest(const struct entry *e, const char *row)
{
    const struct applied *a = e ? applied_at(e, row) : NULL;

    return a ? &a->digest : NULL;
}

cJSON *entry_value(const struct entry *e, const char *row)
{
    const struct applied *a = e ? applied_at(e, row) : NULL;

    return a && a->value ? json_parse(a->value, strlen(a->value), NULL) : NULL;
}

static cJSON *plain_value(const struct field *f, const struct value *v)
{
    if (v->state != V_SET)
        return cJSON_CreateNull();
    if (type_is_json(f->type))
        return cJSON_Duplicate(v->json, true);
    if (type_is_text(f->type))
        return cJSON_CreateString(v->s);
    return cJSON_CreateNumber((double)v->i);
}

void entry_apply(struct entry *e, const struct field *f, const struct value *v)
{
    struct applied *a = put_applied(e, f);
    cJSON *value = f->flags & REMEMBER ? plain_value(f, v) : NULL;

    a->digest = v->digest;
    a->seen = false;
    free(a->value);
    a->value = json_line(value);
    cJSON_Delete(value);
}

void entry_unapply(struct entry *e, const char *row)
{
    struct applied *a = applied_at(e, row);

    if (!a)
        return;
    free(a->value);
    *a = e->applied[--e->n_applied];
}

void entry_see(struct entry *e, const char *row)
{
    struct applied *a = applied_at(e, row);

    if (a)
        a->seen = true;
}

bool entry_seen(const struct entry *e, const char *row)
{
    const struct applied *a = e ? applied_at(e, row) : NULL;

    return a && a->seen;
}

static void replace(char **s, const char *with)
{
    char *old = *s;

    *s = with ? xstrdup(with) : NULL;
    free(old);
}

void entry_intended_at(struct entry *e, msec now)
{
    e->intent.at = now;
}

void entry_intend(struct entry *e, const char *call, msec now)
{
    e->intent.open = true;
    entry_intended_at(e, now);
    e->intent.makes = e->intent.lost = false;
    replace(&e->intent.call, call);
    replace(&e->intent.job, NULL);
}

void entry_job(struct entry *e, const char *job)
{
    replace(&e->intent.job, job);
}

void entry_close(struct entry *e)
{
    replace(&e->intent.call, NULL);
    replace(&e->intent.job, NULL);
    e->intent = (struct intent){ 0 };
}

msec ledger_latest(const struct ledger *l)
{
    msec latest = 0;

    for (size_t i = 0; i < l->n; i++) {
        const struct intent *intent = &l->items[i]->intent;
        if (intent->open && intent->at > latest)
            latest = intent->at;
    }
    return latest;
}

void ledger_no_future(struct ledger *l, msec now)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i]->intent.open && l->items[i]->intent.at > now)
            l->items[i]->intent.at = now;
    }
}
