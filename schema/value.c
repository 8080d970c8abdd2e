/* Whether what DCT shows fulfils what is wanted: one comparison for every
 * type, blind to the spellings that mean the same. */
#include "schema/object.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/read.h"

static const char *const secret_sources[] = {
    [SECRET_CREDENTIAL] = "credential",
    [SECRET_FILE] = "file",
    [SECRET_ENV] = "env",
};

bool secret_ref_of(const cJSON *node, struct secret_ref *out)
{
    const cJSON *inner = json_at(node, "$secret");
    const cJSON *m = inner ? inner->child : cJSON_IsObject(node) ? node->child : NULL;

    if (!m || m->next || !cJSON_IsString(m))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(secret_sources); i++) {
        if (streq(m->string, secret_sources[i])) {
            *out = (struct secret_ref){ .source = (enum secret_source)i, .name = m->valuestring };
            return true;
        }
    }
    return false;
}

bool secret_mask(const char *text)
{
    size_t stars = strspn(text, "*");

    return stars >= 3 && text[stars] == '\0';
}

static bool is_secret(const cJSON *v)
{
    return cJSON_IsObject(v) && v->child && streq(v->child->string, "$secret");
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than a manifest may be
bool json_holds_secret(const cJSON *v)
{
    bool holds = is_secret(v);

    for (const cJSON *m = v ? v->child : NULL; m && !holds; m = m->next)
        holds = json_holds_secret(m);
    return holds;
}

static bool time_equal(const char *a, const char *b)
{
    msec x, y;

    return time_parse(a, &x) && time_parse(b, &y) ? x == y : streq(a, b);
}

/* A whole text that is a decimal number, as JSON would write it. */
static bool text_number(const char *s, double *out)
{
    const char *first = *s == '-' ? s + 1 : s;

    if (!isdigit((unsigned char)*first) || strpbrk(s, "xXpPnN"))
        return false;

    char *end;
    *out = strtod(s, &end);
    return *end == '\0' && isfinite(*out);
}

static bool scalar_equal(const cJSON *w, const cJSON *o)
{
    double n;

    if (!w || !o)
        return false;
    if (cJSON_IsString(w) && cJSON_IsString(o))
        return streq(w->valuestring, o->valuestring);
    if (cJSON_IsNumber(w) && cJSON_IsNumber(o))
        return !islessgreater(w->valuedouble, o->valuedouble);
    if (cJSON_IsString(w) && cJSON_IsNumber(o))
        return text_number(w->valuestring, &n) && !islessgreater(n, o->valuedouble);
    if (cJSON_IsNumber(w) && cJSON_IsString(o))
        return text_number(o->valuestring, &n) && !islessgreater(n, w->valuedouble);
    return cJSON_IsTrue(w) && cJSON_IsTrue(o);
}

/* The member of that name. Replies mostly keep the order of what was sent, so
 * the search begins behind the member found last. */
static const cJSON *member_near(const cJSON *object, const char *name, const cJSON *last)
{
    const cJSON *next = last ? last->next : NULL;

    if (next && streq(next->string, name))
        return next;
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* Can o be compared with the list or object w, member by member? */
static bool same_shape(const cJSON *w, const cJSON *o)
{
    if (cJSON_IsObject(w))
        return cJSON_IsObject(o) || json_nothing(o);
    return (cJSON_IsArray(o) || json_nothing(o)) && cJSON_GetArraySize(w) == cJSON_GetArraySize(o);
}

/* Recursion is bounded: both sides come from parsers that limit depth. */
// NOLINTNEXTLINE(misc-no-recursion)
bool json_fulfilled(const cJSON *w, const cJSON *o)
{
    bool object = cJSON_IsObject(w);

    if (is_secret(w) || (o && cJSON_IsString(o) && secret_mask(o->valuestring)))
        return true;
    if (!object && !cJSON_IsArray(w))
        return json_nothing(w) ? json_nothing(o) : scalar_equal(w, o);
    if (!same_shape(w, o))
        return false;

    const cJSON *have = NULL;
    for (const cJSON *m = w->child; m; m = m->next) {
        if (object)
            have = member_near(o, m->string, have);
        else
            have = have ? have->next : o ? o->child : NULL;
        if (!json_fulfilled(m, have))
            return false;
    }
    return true;
}

/* Elements of a list, sorted by a text of theirs: lookups instead of scans. */
struct keyed {
    const char *key, *value;
    const cJSON *item;
};

struct keyed_list {
    struct keyed *items;
    size_t n;
};

static int keyed_order(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = strcmp(x->key, y->key);

    return order ? order : strcmp(x->value, y->value);
}

static const char *text_or_empty(const cJSON *item, const char *member)
{
    const char *s =
        cJSON_GetStringValue(member ? cJSON_GetObjectItemCaseSensitive(item, member) : item);

    return s ? s : "";
}

/* Without a key member the elements themselves are the texts. */
static struct keyed_list keyed_make(const cJSON *list, const char *key, const char *value)
{
    struct keyed_list l = { 0 };
    if (!list || !cJSON_IsArray(list) || !list->child)
        return l;

    l.items = xcalloc((size_t)cJSON_GetArraySize(list), sizeof(*l.items));
    for (const cJSON *item = list->child; item; item = item->next)
        l.items[l.n++] = (struct keyed){ .key = text_or_empty(item, key),
                                         .value = value ? text_or_empty(item, value) : "",
                                         .item = item };
    qsort(l.items, l.n, sizeof(*l.items), keyed_order);
    return l;
}

static const struct keyed *keyed_find(const struct keyed_list *l, const struct keyed *like)
{
    return l->n ? bsearch(like, l->items, l->n, sizeof(*l->items), keyed_order) : NULL;
}

/* Is every element of `few` among `many`? */
static bool keyed_within(const struct keyed_list *few, const struct keyed_list *many)
{
    for (size_t i = 0; i < few->n; i++) {
        if (!keyed_find(many, &few->items[i]))
            return false;
    }
    return true;
}

static bool tags_fulfilled(const cJSON *w, const cJSON *o)
{
    struct keyed_list wanted = keyed_make(w, "key", "value");
    struct keyed_list observed = keyed_make(o, "key", "value");
    bool yes = keyed_within(&wanted, &observed);

    free(wanted.items);
    free(observed.items);
    return yes;
}

static bool set_equal(const cJSON *w, const cJSON *o)
{
    struct keyed_list wanted = keyed_make(w, NULL, NULL);
    struct keyed_list observed = keyed_make(o, NULL, NULL);
    bool yes = keyed_within(&wanted, &observed) && keyed_within(&observed, &wanted);

    free(wanted.items);
    free(observed.items);
    return yes;
}

static bool setting_fulfilled(const cJSON *w, const cJSON *o)
{
    const cJSON *comment = cJSON_GetObjectItemCaseSensitive(o, "commentProperty");

    if (json_true(w, "commentProperty"))
        return cJSON_IsTrue(comment);
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(w, "value");
    const cJSON *have = cJSON_GetObjectItemCaseSensitive(o, "value");
    if (!json_nothing(comment))
        return false;
    return (json_nothing(want) && json_nothing(have)) || scalar_equal(want, have);
}

/* Names that the manifest does not say are not ours. */
static bool settings_fulfilled(const cJSON *w, const cJSON *o)
{
    struct keyed_list observed = keyed_make(o, "propertyName", NULL);
    bool yes = true;

    for (const cJSON *item = w->child; item && yes; item = item->next) {
        struct keyed like = { .key = text_or_empty(item, "propertyName"), .value = "" };
        const struct keyed *found = keyed_find(&observed, &like);
        yes = found && setting_fulfilled(item, found->item);
    }
    free(observed.items);
    return yes;
}

static bool map_fulfilled(const cJSON *w, const cJSON *o)
{
    const cJSON *found = NULL;

    for (const cJSON *m = w->child; m; m = m->next) {
        found = cJSON_IsObject(o) ? member_near(o, m->string, found) : NULL;
        const char *want = cJSON_GetStringValue(m), *have = cJSON_GetStringValue(found);
        if (want && have ? !streq(want, have) : !(json_nothing(m) && json_nothing(found)))
            return false;
    }
    return true;
}

/* Two lists whose elements are to be paired, whatever their order. */
struct pairing {
    const cJSON **wanted, **observed;
    size_t n;
    size_t *taken_by; /* for each observed element: 1 + its wanted one, 0 = free */
    bool *tried;
};

/* Gives wanted element w a partner, moving others to another one where that
 * makes room: a first fit would refuse lists that do match. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool pair(struct pairing *p, size_t w)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->tried[i] || !json_fulfilled(p->wanted[w], p->observed[i]))
            continue;
        p->tried[i] = true;
        if (!p->taken_by[i] || pair(p, p->taken_by[i] - 1)) {
            p->taken_by[i] = w + 1;
            return true;
        }
    }
    return false;
}

static const cJSON **elements(const cJSON *list, size_t n)
{
    const cJSON **items = xcalloc(n, sizeof(const cJSON *));
    const cJSON *item;
    size_t i = 0;

    cJSON_ArrayForEach(item, list)
        items[i++] = item;
    return items;
}

/* Lists whose elements have a name that no call changes: only the elements
 * that the manifest names count, and they are told apart by it. */
static const struct field *element_key(const struct field *f)
{
    for (size_t i = 0; i < f->n_sub; i++) {
        if (f->sub[i].flags & LOCAL)
            return &f->sub[i];
    }
    return NULL;
}

static bool named_elements_fulfilled(const char *key, const cJSON *w, const cJSON *o)
{
    struct keyed_list observed = keyed_make(o, key, NULL);
    bool yes = true;

    for (const cJSON *item = w->child; item && yes; item = item->next) {
        struct keyed like = { .key = text_or_empty(item, key), .value = "" };
        const struct keyed *found = keyed_find(&observed, &like);
        yes = found && json_fulfilled(item, found->item);
    }
    free(observed.items);
    return yes;
}

static bool list_fulfilled_unordered(const cJSON *w, const cJSON *o)
{
    size_t n = (size_t)cJSON_GetArraySize(w);
    if (json_fulfilled(w, o))
        return true; /* the usual case: same order */
    if (!cJSON_IsArray(o) || n != (size_t)cJSON_GetArraySize(o))
        return false;

    struct pairing p = { .wanted = elements(w, n),
                         .observed = elements(o, n),
                         .n = n,
                         .taken_by = xcalloc(n, sizeof(*p.taken_by)),
                         .tried = xcalloc(n, sizeof(*p.tried)) };
    bool yes = true;
    for (size_t i = 0; i < n && yes; i++) {
        memset(p.tried, 0, n * sizeof(*p.tried));
        yes = pair(&p, i);
    }
    free(p.wanted);
    free(p.observed);
    free(p.taken_by);
    free(p.tried);
    return yes;
}

static bool composite_fulfilled(const struct field *f, const cJSON *w, const cJSON *o)
{
    if (f->type == F_TAGS)
        return tags_fulfilled(w, o);
    if (f->type == F_SETTINGS)
        return settings_fulfilled(w, o);
    if (f->type == F_MAP)
        return map_fulfilled(w, o);
    if (f->type == F_STRINGS && (f->flags & UNORDERED))
        return set_equal(w, o);
    if (f->type == F_LIST && element_key(f))
        return named_elements_fulfilled(element_key(f)->create, w, o);
    if (f->type == F_LIST && (f->flags & UNORDERED))
        return list_fulfilled_unordered(w, o);
    return json_fulfilled(w, o);
}

static bool nothing_observed(const struct field *f, const struct value *o)
{
    if (o->state != V_SET)
        return true;
    if (type_is_json(f->type))
        return json_nothing(o->json);
    if (type_is_text(f->type))
        return !o->s || !o->s[0];
    return f->type == F_BOOLEAN && !o->i;
}

static bool blind(const struct field *f)
{
    return (f->type == F_BLOCK && !f->read) || f->type == F_CONST || f->type == F_SECRET;
}

bool value_fulfilled(const struct field *f, const struct value *wanted,
                     const struct value *observed)
{
    if (wanted->state == V_ABSENT || blind(f))
        return true;
    if (f->type == F_BLOCK)
        return wanted->state == V_NULL || observed->state == V_SET;

    bool nothing = nothing_observed(f, observed);
    if (wanted->state == V_NULL)
        return nothing;
    if (f->type == F_BOOLEAN)
        return (wanted->i != 0) == !nothing;
    if (f->type == F_INTEGER)
        return observed->state == V_SET && wanted->i == observed->i;
    if (type_is_json(f->type))
        return composite_fulfilled(f, wanted->json, nothing ? NULL : observed->json);
    if (nothing)
        return !wanted->s[0];
    return f->type == F_TIME ? time_equal(wanted->s, observed->s) : streq(wanted->s, observed->s);
}
