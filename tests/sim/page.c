/* Lists and searches. A cursor names the last item of the page before it and
 * the question it belongs to, so that items which come and go between two pages
 * neither repeat nor hide others. */
#include "tests/sim/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/faults.h"
#include "tests/sim/filter.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000
#define CURSOR_SALT   UINT64_C(0x5bd1e995a7c15b3d)

const struct member sim_search_members[] = {
    { "filter_expression", T_STR, 5, 50000, M_CREATE | M_NULL, NULL, NULL },
    MEMBERS_END,
};

struct page {
    enum collection kind;
    int64_t limit;
    char *sort; /* attribute, NULL: order of birth */
    bool descending;
    uint64_t question; /* what a cursor must belong to */
    char *cursor;
    const char *only; /* dataset_id that items must have */
    struct filter *filter;
    struct object **items;
    size_t n, cap;
    size_t room; /* what the text took last time */
};

static void page_clear(struct page *p)
{
    free(p->sort);
    free(p->cursor);
    sim_filter_free(p->filter);
    free(p->items);
}

static uint64_t mix(uint64_t h, const char *text)
{
    return text ? (h ^ hash_bytes(text, strlen(text))) * CURSOR_SALT : h;
}

static bool read_limit(struct call *c, struct page *p)
{
    char *text = sim_query_value(c, "limit");
    p->limit = LIMIT_DEFAULT;
    bool ok = !text || (parse_int64(text, &p->limit) && p->limit >= 1 && p->limit <= LIMIT_MAX);
    free(text);
    if (!ok)
        sim_refuse(c, 400, "limit: must be between 1 and %d", LIMIT_MAX);
    return ok;
}

static bool read_sort(struct call *c, struct page *p)
{
    char *text = sim_query_value(c, "sort");
    if (!text)
        text = p->kind == C_JOBS ? xstrdup("-start_time") : NULL;
    if (!text)
        return true;

    p->descending = text[0] == '-';
    p->sort = xstrdup(text + (p->descending ? 1 : 0));
    free(text);
    if (sim_field_listed(sim_collections[p->kind].sort, p->sort, strlen(p->sort), NULL))
        return true;
    sim_refuse(c, 400, "sort: unknown attribute %s", p->sort);
    return false;
}

static bool read_filter(struct call *c, struct page *p)
{
    const char *text = js_str(c->body, "filter_expression");
    char *error = NULL;

    p->question = mix(CURSOR_SALT + (uint64_t)p->kind, text);
    p->question = mix(p->question, p->sort) + (p->descending ? 1 : 0);
    p->question = mix(p->question, p->only);
    if (!text)
        return true;
    p->filter = sim_filter_new(text, sim_collections[p->kind].filter, &error);
    if (!p->filter)
        sim_refuse(c, 400, "filter_expression: %s", error);
    free(error);
    return p->filter != NULL;
}

static const cJSON *sort_value(const struct page *p, const struct object *o)
{
    const cJSON *v = js_get(o->json, p->sort);
    return v ? v : js_get(js_get(o->priv, "filter"), p->sort);
}

static int order(const void *a, const void *b, void *page)
{
    const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;
    const struct page *p = page;
    int by = sim_compare_values(sort_value(p, x), sort_value(p, y));

    if (by == 0)
        by = (x->seq > y->seq) - (x->seq < y->seq);
    return p->descending ? -by : by;
}

static bool wanted(const struct sim *s, const struct page *p, const struct object *o)
{
    if (!sim_is_visible(s, o))
        return false;
    if (p->only && !streq(js_str(o->json, "dataset_id"), p->only))
        return false;
    return !p->filter || sim_filter_matches(p->filter, o->json, o->priv);
}

/* Whether a GET list leaves the object out because its engine is unreachable. */
static bool hidden(const struct sim *s, const struct object *o)
{
    return s->faults->child && sim_collections[o->kind].errors && o->kind != C_JOBS &&
           sim_engine_unreachable(s, sim_engine_of(s, o));
}

static void collect(const struct sim *s, struct page *p, bool partial)
{
    for (struct object *o = sim_first(s, p->kind); o; o = sim_next(s, o)) {
        if (!wanted(s, p, o) || (partial && hidden(s, o)))
            continue;
        p->items = grow(p->items, p->n, &p->cap, sizeof(struct object *));
        p->items[p->n++] = o;
    }
    if (p->sort && p->n)
        qsort_r(p->items, p->n, sizeof(struct object *), order, p);
}

static char *cursor_text(const struct page *p, size_t next)
{
    uint64_t last = p->items[next - 1]->seq;
    return xasprintf("%016" PRIx64 "%016" PRIx64 "%08" PRIx64, p->question,
                     last ^ p->question ^ CURSOR_SALT, (uint64_t)next);
}

/* One field of a cursor: exactly n hexadecimal digits. */
static bool hex_field(const char **p, int n, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";

    for (*out = 0; n > 0; n--, (*p)++) {
        const char *digit = **p ? strchr(digits, **p) : NULL;
        if (!digit)
            return false;
        *out = *out << 4 | (uint64_t)(digit - digits);
    }
    return true;
}

/* Where the page begins; false where the cursor is not one of this question. */
static bool find_start(const struct page *p, size_t *start)
{
    uint64_t question, last, index;
    const char *at = p->cursor;

    *start = 0;
    if (!at)
        return true;
    if (!hex_field(&at, 16, &question) || !hex_field(&at, 16, &last) ||
        !hex_field(&at, 8, &index) || *at || question != p->question)
        return false;
    last ^= p->question ^ CURSOR_SALT;
    *start = index < p->n ? (size_t)index : p->n;
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i]->seq == last)
            *start = i + 1;
    }
    return true;
}

/* The engines whose objects are missing, as the list's errors. */
static cJSON *partial_errors(const struct sim *s)
{
    cJSON *errors = js_array();
    for (struct object *engine = sim_first(s, C_ENGINES); engine; engine = sim_next(s, engine)) {
        if (!sim_engine_unreachable(s, engine))
            continue;
        cJSON *error = js_object();
        char *message = xasprintf("Engine %s could not be reached.", sim_name_of(engine));
        js_put_str(error, "message", message);
        js_put_str(error, "object_name", sim_name_of(engine));
        js_add(errors, error);
        free(message);
    }
    return errors;
}

static void add_metadata(const struct sim *s, const struct page *p, size_t start, size_t end,
                         struct buf *out)
{
    cJSON *metadata = js_object();
    char *next = end < p->n ? cursor_text(p, end) : NULL;
    size_t back = start > (size_t)p->limit ? start - (size_t)p->limit : 0;
    char *prev = back > 0 ? cursor_text(p, back) : NULL;

    js_put_str(metadata, "prev_cursor", prev);
    js_put_str(metadata, "next_cursor", next);
    if (!s->opt.no_total)
        js_put_num(metadata, "total", (double)p->n);
    buf_puts(out, "],\"response_metadata\":");
    js_print(metadata, out);
    buf_puts(out, "}");
    free(prev);
    free(next);
    cJSON_Delete(metadata);
}

/* A current server shows objects as they are stored: no copy is needed. */
static void write_item(const struct sim *s, const struct object *o, struct buf *out)
{
    cJSON *shown = sim_shows_all(s, o) ? NULL : sim_view(s, o);

    js_print(shown ? shown : o->json, out);
    cJSON_Delete(shown);
}

static void write_page(struct call *c, const struct page *p, size_t start, bool partial)
{
    size_t end = p->n - start > (size_t)p->limit ? start + (size_t)p->limit : p->n;
    struct buf out = BUF_WITH_LIMIT(SIZE_MAX / 4);

    buf_reserve(&out, p->room);
    buf_puts(&out, "{");
    cJSON *errors = partial && sim_collections[p->kind].errors ? partial_errors(c->sim) : NULL;
    if (cJSON_GetArraySize(errors) > 0) {
        buf_puts(&out, "\"errors\":");
        js_print(errors, &out);
        buf_puts(&out, ",");
    }
    cJSON_Delete(errors);
    buf_puts(&out, "\"items\":[");
    for (size_t i = start; i < end; i++) {
        buf_puts(&out, i > start ? "," : "");
        write_item(c->sim, p->items[i], &out);
    }
    add_metadata(c->sim, p, start, end, &out);
    sim_reply_text(c, 200, buf_take(&out));
}

static void answer(struct call *c, struct page *p, bool partial)
{
    size_t start;

    p->cursor = sim_query_value(c, "cursor");
    if (read_limit(c, p) && read_sort(c, p) && read_filter(c, p)) {
        collect(c->sim, p, partial);
        if (find_start(p, &start))
            write_page(c, p, start, partial);
        else
            sim_refuse(c, 400, "cursor: not valid for this request");
    }
    page_clear(p);
}

static bool same_question(const struct told_list *told, const struct sim_request *in)
{
    const char *body = told->body ? told->body : "";

    return streq(told->path, in->path) && strlen(body) == in->length &&
           memcmp(body, in->body ? in->body : "", in->length) == 0;
}

/* The whole estate, and the jobs that run, are asked for again and again, and most of
 * the time nothing has changed since: then the answer is the one of before. */
static void answer_again(struct call *c, struct told_list *told, bool partial)
{
    struct page p = { .kind = c->route->kind, .room = told->text ? strlen(told->text) : 0 };

    if (told->changes == c->sim->changes && same_question(told, c->in)) {
        sim_reply_text(c, 200, xstrdup(told->text));
        return;
    }
    answer(c, &p, partial);
    if (c->out->status != 200)
        return;
    sim_untell(told);
    *told = (struct told_list){ .path = xstrdup(c->in->path),
                                .body = c->in->body ? xstrndup(c->in->body, c->in->length) : NULL,
                                .text = xstrdup(c->out->body),
                                .changes = c->sim->changes };
}

void sim_list_all(struct call *c)
{
    answer_again(c, &c->sim->lists[c->route->kind], true);
}

void sim_search(struct call *c)
{
    answer_again(c, &c->sim->searches[c->route->kind], false);
}

void sim_get_one(struct call *c)
{
    const struct object *o = sim_subject(c);
    struct buf out = BUF_WITH_LIMIT(SIZE_MAX / 4);

    if (!o)
        return;
    write_item(c->sim, o, &out);
    sim_reply_text(c, 200, buf_take(&out));
}

void sim_list_snapshots(struct call *c)
{
    const struct object *o = sim_subject(c);
    struct page p = { .kind = C_SNAPSHOTS };

    if (!o)
        return;
    p.only = o->id;
    answer(c, &p, false);
}
