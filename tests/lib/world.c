/* The transport is a function call, the clock a number, the ledger a list. */
#include "tests/lib/world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/step.h"
#include "schema/json.h"
#include "tests/lib/estate.h"
#include "tests/lib/world_parts.h"

enum { TRACE_MAX = 4 << 20 };

void test_world_tell(struct test_world *w, const char *fmt, ...)
{
    va_list args;

    if (w->quiet)
        return;
    buf_printf(&w->trace, "%8" PRId64 " ", w->now);
    va_start(args, fmt);
    buf_vprintf(&w->trace, fmt, args);
    va_end(args);
    buf_puts(&w->trace, "\n");
}

static struct ledger *ledger_of(const struct test_world *w)
{
    struct ledger *l = ledger_new();

    for (size_t i = 0; i < w->n_ledger; i++)
        assert_true(ledger_restore(l, w->ledger[i].text));
    return l;
}

static void set_time(const struct test_world *w, struct event *ev)
{
    ev->now = w->now + w->base;
    ev->ahead = w->skew + w->ahead - w->base;
}

/* A process begins: it learns what the server speaks before anything else. */
static void begin(struct test_world *w, struct ledger *ledger)
{
    struct event ev = { .type = EV_SERVER, .api = w->api };
    struct effects fx = { 0 };

    set_time(w, &ev);
    w->cycle = cycle_new(&w->options, ledger);
    cycle_step(w->cycle, &ev, &fx);
    assert_int_equal(fx.n, 0);
    effects_free(&fx);
}

struct test_world *test_world_new(const struct sim_options *options, enum cycle_mode mode)
{
    struct test_world *w = xcalloc(1, sizeof(*w));

    w->sim = sim_new(options);
    w->trace = BUF_WITH_LIMIT(TRACE_MAX);
    w->options = (struct cycle_options){ .mode = mode,
                                         .instance = "test",
                                         .total = 32,
                                         .per_engine = 8,
                                         .per_environment = 4,
                                         .delete_budget = 5,
                                         .interval = 300000,
                                         .seed = 1 };
    w->api = options->api;
    begin(w, ledger_new());
    return w;
}

void test_world_free(struct test_world *w)
{
    for (size_t i = 0; i < w->n_pending; i++)
        world_pending_clear(&w->pending[i]);
    for (size_t i = 0; i < w->n_ledger; i++) {
        free(w->ledger[i].key);
        free(w->ledger[i].text);
    }
    free(w->pending);
    free(w->ledger);
    cycle_free(w->cycle);
    sim_free(w->sim);
    world_read_clear(w);
    buf_clear(&w->trace);
    strings_clear(&w->secrets);
    strings_clear(&w->sent);
    free(w);
}

static void tell_report(struct test_world *w, const struct report *r)
{
    char percent[32] = "";

    if (r->percent >= 0)
        (void)snprintf(percent, sizeof(percent), " (%d %%)", r->percent);
    test_world_tell(w, "%-7s %s%s%s%s", report_kind_name(r->kind), r->key ? r->key : "",
                    r->key ? ": " : "", r->text, percent);
}

static bool perform(struct test_world *w, struct effect *e, bool *record_failed)
{
    switch (e->type) {
    case FX_RECORD:
        *record_failed = *record_failed || w->ledger_full;
        if (!w->ledger_full)
            test_world_keep(w, e->record.key, e->record.text);
        return true;
    case FX_SEND:
        if (*record_failed && e->request->write) {
            struct request *r = TAKE(e->request);
            world_await(w, (struct pending){ .request = r, .at = w->now, .unsent = true });
            return true;
        }
        world_carry(w, TAKE(e->request));
        return true;
    case FX_WAKE:
        w->wake = e->at - w->base > 0 ? e->at - w->base : 1;
        return false;
    case FX_REPORT:
        tell_report(w, &e->report);
        return false;
    case FX_PLANNED:
        return false;
    case FX_RESTED:
        w->rested = true;
        w->converged = e->converged;
        return false;
    }
    return false;
}

static void feed(struct test_world *w, struct event ev)
{
    struct effects fx = { 0 };
    bool record_failed = false;

    set_time(w, &ev);
    cycle_step(w->cycle, &ev, &fx);
    for (size_t i = 0; i < fx.n && !w->dead; i++) {
        bool counts = fx.items[i].type == FX_RECORD || fx.items[i].type == FX_SEND;
        if (counts && w->die_at && ++w->effects == w->die_at) {
            w->dead = true;
            break;
        }
        if (w->watch)
            w->watch(w, &fx.items[i]);
        (void)perform(w, &fx.items[i], &record_failed);
    }
    if (w->watch)
        w->watch(w, NULL);
    effects_free(&fx);
    if (w->rested && !w->dead)
        cycle_compact(w->cycle); /* nothing may notice */
    if (record_failed && ev.type != EV_LEDGER_FAILED)
        feed(w, (struct event){ .type = EV_LEDGER_FAILED, .text = "disk full" });
}

void test_world_manifests(struct test_world *w, const char *yaml)
{
    w->rested = false;
    feed(w, (struct event){ .type = EV_MANIFESTS, .set = world_set(w, yaml) });
}

static size_t next_pending(const struct test_world *w)
{
    size_t first = 0;

    for (size_t i = 1; i < w->n_pending; i++) {
        if (w->pending[i].at < w->pending[first].at)
            first = i;
    }
    return first;
}

static void answer(struct test_world *w, size_t i)
{
    struct pending p = w->pending[i];

    if (p.late) {
        w->pending[i] = w->pending[--w->n_pending];
        world_ask(w, p.request, &p);
        test_world_tell(w, "late    %s %s -> %d", p.request->method, p.request->path, p.status);
        world_pending_clear(&p);
        return;
    }
    const cJSON *body = p.body && *p.body ? world_read(w, p.body) : NULL;
    bool broken = p.body && *p.body && !body;
    struct reply r = { .request = p.request->id,
                       .status = p.status,
                       .unsent = p.unsent,
                       .retry_after = p.retry_after,
                       .error = !p.status ? "connection lost"
                                : broken  ? "not JSON"
                                          : NULL,
                       .body = body };

    w->pending[i] = w->pending[--w->n_pending];
    feed(w, (struct event){ .type = EV_REPLY, .reply = r });
    world_read_over(w);
    world_pending_clear(&p);
}

void test_world_run(struct test_world *w, msec limit)
{
    msec end = w->now + limit;

    while (!w->dead && !w->rested) {
        size_t i = next_pending(w);
        msec at = w->n_pending ? w->pending[i].at : -1;
        bool wakes = w->wake && (at < 0 || w->wake < at);
        if (wakes)
            at = w->wake;
        if (at < 0 || at > end)
            break;
        w->now = at > w->now ? at : w->now;
        if (wakes) {
            w->wake = 0;
            feed(w, (struct event){ .type = EV_WAKE });
        } else {
            answer(w, i);
        }
    }
    if (!w->rested && !w->dead && w->now < end)
        w->now = end;
}

static void restart(struct test_world *w, bool elsewhere)
{
    struct ledger *ledger = ledger_of(w);
    msec latest = ledger_latest(ledger);
    size_t kept = 0;

    for (size_t i = 0; i < w->n_pending; i++) {
        if (w->pending[i].late) /* on the wire, whoever lives */
            w->pending[kept++] = w->pending[i];
        else
            world_pending_clear(&w->pending[i]);
    }
    w->n_pending = kept;
    w->wake = 0;
    w->next_skew += w->ahead;
    w->ahead = 0;
    w->skew = w->next_skew;
    w->dead = w->rested = false;
    w->die_at = w->effects = 0;
    w->starts++;
    if (elsewhere) /* as daemon/restore.c does */
        w->base = latest ? latest - w->now : w->skew;
    cycle_free(w->cycle);
    begin(w, ledger);
}

void test_world_restart(struct test_world *w)
{
    restart(w, false);
}

void test_world_move(struct test_world *w)
{
    restart(w, true);
}

void test_world_options(struct test_world *w)
{
    w->rested = false;
    feed(w, (struct event){ .type = EV_OPTIONS, .options = &w->options });
}

bool test_world_late(const struct test_world *w)
{
    for (size_t i = 0; i < w->n_pending; i++) {
        if (w->pending[i].late)
            return true;
    }
    return false;
}

void test_world_set_clock(struct test_world *w, msec by)
{
    w->ahead += by;
    w->rested = false;
    feed(w, (struct event){ .type = EV_WAKE });
}

void test_world_nudge(struct test_world *w)
{
    w->rested = false;
    feed(w, (struct event){ .type = EV_NUDGE });
}

void test_world_ask(struct test_world *w, enum event_type type, struct hand hand)
{
    w->rested = false;
    feed(w, (struct event){ .type = type, .hand = hand });
}

void test_world_stop(struct test_world *w)
{
    feed(w, (struct event){ .type = EV_STOP });
}

int test_world_call(struct test_world *w, const char *method, const char *path, const char *body,
                    char **result)
{
    struct sim_request in = { .method = method,
                              .path = path,
                              .body = body,
                              .length = body ? strlen(body) : 0,
                              .authorization = "apk 1.test" };
    struct sim_reply out;

    sim_request(w->sim, w->now, &in, &out);
    int status = out.status;
    if (result)
        *result = xstrndup(out.body, out.length);
    sim_reply_clear(&out);
    return status;
}

static cJSON *list_of(struct test_world *w, const char *collection)
{
    char *path = xasprintf("%s?limit=1000", collection), *text = NULL;

    assert_int_equal(test_world_call(w, "GET", path, NULL, &text), 200);
    cJSON *list = json_parse(text, strlen(text), NULL);
    assert_non_null(list);
    free(path);
    free(text);
    return list;
}

size_t test_world_count(struct test_world *w, const char *collection, const char *name)
{
    cJSON *list = list_of(w, collection);
    const cJSON *item;
    size_t n = 0;

    cJSON_ArrayForEach(item, json_at(list, "items")) {
        const char *is =
            json_text(item, "name") ? json_text(item, "name") : json_text(item, "display_name");
        n += !name || streq(is, name);
    }
    cJSON_Delete(list);
    return n;
}

char *test_world_member(struct test_world *w, const char *collection, const char *name,
                        const char *path)
{
    cJSON *list = list_of(w, collection);
    const cJSON *item;
    char *text = NULL;

    cJSON_ArrayForEach(item, json_at(list, "items")) {
        const cJSON *v = json_at(item, path);
        if (streq(json_text(item, "name"), name) && v && !text)
            text = cJSON_IsString(v) ? xstrdup(v->valuestring) : cJSON_PrintUnformatted(v);
    }
    cJSON_Delete(list);
    return text;
}

bool test_world_told(const struct test_world *w, const char *text)
{
    return strstr(buf_text(&w->trace), text) != NULL;
}
