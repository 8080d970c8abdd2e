#include "daemon/app.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/audit.h"
#include "daemon/clock.h"
#include "daemon/dct.h"
#include "daemon/file.h"
#include "daemon/inbox.h"
#include "daemon/loader.h"
#include "daemon/log.h"
#include "daemon/memory.h"
#include "daemon/meter.h"
#include "daemon/restore.h"
#include "daemon/store.h"

struct app {
    uv_loop_t loop;
    uv_timer_t wake, drain, rest;
    uv_signal_t sigint, sigterm;
    struct config *config;
    struct app_options o;
    struct secrets *secrets;
    struct store *store;
    struct loader *loader;
    struct dct *dct;
    struct cycle *cycle;
    struct audit *audit;
    struct clock clock;
    struct clock_watch *watch;
    struct inbox inbox;
    struct effects todo;
    bool stepping;
    bool told;              /* something was reported since the hooks saw the status */
    enum cycle_phase phase; /* as the hooks know it */
    struct app_hooks *watchers;
    size_t n_watchers, cap_watchers;
    char *record_error; /* why a record of the effects in hand could not be written */
    bool stopping, over, converged;
    bool loaded;    /* manifests, at least once */
    bool held;      /* they are not complete yet */
    char *revision; /* what they are of, NULL = they tell by themselves */
    bool learned;   /* it was heard what API the server speaks, if any */
    bool api_known; /* the server has said, or does not say, what API it speaks */
    size_t findings;
};

enum { NOTE_MAX = 64 << 10 };

msec app_now(void)
{
    return clock_wall();
}

static void end(struct app *a)
{
    a->over = true;
    uv_stop(&a->loop);
}

/* On disk before the next effect is looked at; without it no write follows, and
 * the core reports why. */
static void do_record(struct app *a, struct effect *e)
{
    char *error = NULL;
    uint64_t began = uv_hrtime();

    if (store_put(a->store, e->record.key, e->record.text, &error)) {
        meter_recorded(a->o.meter, began);
        return;
    }
    if (!a->record_error)
        a->record_error = xstrdup(error);
    app_feed(a, (struct event){ .type = EV_LEDGER_FAILED, .text = error });
    free(error);
}

static void on_answer(void *ctx, const struct reply *r)
{
    struct app *a = ctx;

    meter_answered(a->o.meter, r);
    audit_answered(a->audit, a->cycle, r);
    app_feed(a, (struct event){ .type = EV_REPLY, .reply = *r });
}

static void do_send(struct app *a, struct effect *e)
{
    meter_sent(a->o.meter, e->request);
    audit_sent(a->audit, a->cycle, e->request);
    if (!a->record_error || !e->request->write) {
        dct_send(a->dct, TAKE(e->request));
        return;
    }

    char *error = xasprintf("the ledger cannot be written: %s", a->record_error);
    on_answer(a, &(struct reply){ .request = e->request->id, .unsent = true, .error = error });
    free(error);
}

static void on_wake(uv_timer_t *t)
{
    struct app *a = t->data;

    if (a->loaded && cycle_phase(a->cycle) == CYCLE_IDLE && loader_outdated(a->loader))
        app_load(a); /* a password is rotated without a word in any manifest */
    app_feed(a, (struct event){ .type = EV_WAKE });
}

static void do_wake(struct app *a, struct effect *e)
{
    clock_read(&a->clock, clock_wall(), clock_steady());
    msec delay = e->at - a->clock.now;

    uv_update_time(&a->loop);
    (void)uv_timer_start(&a->wake, on_wake, delay > 0 ? (uint64_t)delay : 0, 0);
}

static void do_report(struct app *a, struct effect *e)
{
    const struct report *r = &e->report;

    a->told = true;
    meter_reported(a->o.meter, r);
    audit_report(a->audit, a->cycle, r);
    if (a->o.hooks.report)
        a->o.hooks.report(a->o.hooks.ctx, r, clock_steady());
    for (size_t i = 0; i < a->n_watchers; i++) {
        if (a->watchers[i].report)
            a->watchers[i].report(a->watchers[i].ctx, r, clock_steady());
    }
}

static void do_planned(struct app *a, struct effect *e)
{
    (void)e;
    a->told = true;
    audit_planned(a->audit, cycle_plan(a->cycle));
    if (a->o.hooks.planned)
        a->o.hooks.planned(a->o.hooks.ctx, cycle_plan(a->cycle));
    for (size_t i = 0; i < a->n_watchers; i++) {
        if (a->watchers[i].planned)
            a->watchers[i].planned(a->watchers[i].ctx, cycle_plan(a->cycle));
    }
}

/* The first answer, whatever it is, starts the work; later ones only inform. */
static void on_learned(void *ctx, unsigned api, bool answered)
{
    struct app *a = ctx;

    a->api_known = answered;
    a->learned = true;
    if (api)
        log_debug("DCT speaks API %u.%u", api / 100, api % 100);
    app_feed(a, (struct event){ .type = EV_SERVER, .api = api });
    if (!a->loaded && !a->over)
        app_load(a);
}

/* Not from within the step: the last reply is still held by those who brought it. */
static void on_rest(uv_timer_t *t)
{
    struct app *a = t->data;

    store_rest(a->store);
    memory_rest();
    if (!memory_scattered())
        return;
    cycle_compact(a->cycle);
    memory_rest();
}

static void do_rested(struct app *a, struct effect *e)
{
    a->told = true;
    a->converged = e->converged;
    meter_rested(a->o.meter, e->converged);
    if (a->o.mode != CYCLE_RUN || a->stopping) {
        end(a);
        return;
    }
    if (!a->api_known)
        dct_learn(a->dct, on_learned);
    (void)uv_timer_start(&a->rest, on_rest, 0, 0);
}

static void (*const perform[])(struct app *, struct effect *) = {
    [FX_RECORD] = do_record, [FX_SEND] = do_send,       [FX_WAKE] = do_wake,
    [FX_REPORT] = do_report, [FX_PLANNED] = do_planned, [FX_RESTED] = do_rested,
};

static void step(struct app *a, struct event *ev)
{
    uint64_t began = uv_hrtime();

    clock_read(&a->clock, clock_wall(), clock_steady());
    ev->now = a->clock.now;
    ev->ahead = a->clock.ahead;
    cycle_step(a->cycle, ev, &a->todo);
    for (size_t i = 0; i < a->todo.n; i++)
        perform[a->todo.items[i].type](a, &a->todo.items[i]);
    effects_clear(&a->todo);
    free(TAKE(a->record_error));
    meter_stepped(a->o.meter, began);
}

/* Once per feed, and only when something may have changed: the summary costs
 * a look at every object. */
static void tell_status(struct app *a)
{
    struct cycle_status status;

    if (!a->told && cycle_phase(a->cycle) == a->phase)
        return;
    a->told = false;
    a->phase = cycle_phase(a->cycle);
    cycle_status(a->cycle, &status);
    if (a->o.hooks.stepped)
        a->o.hooks.stepped(a->o.hooks.ctx, &status);
    for (size_t i = 0; i < a->n_watchers; i++) {
        if (a->watchers[i].stepped)
            a->watchers[i].stepped(a->watchers[i].ctx, &status);
    }
}

void app_feed(struct app *a, struct event ev)
{
    struct letter letter;

    if (a->stepping) {
        inbox_push(&a->inbox, &ev);
        return;
    }
    a->stepping = true;
    step(a, &ev);
    while (inbox_pop(&a->inbox, &letter)) {
        step(a, &letter.ev);
        letter_clear(&letter);
    }
    a->stepping = false;
    tell_status(a);
    if (a->stopping && dct_writing(a->dct) == 0)
        end(a); /* everything that was begun is recorded; reads need no answer */
}

static void on_drained(uv_timer_t *t)
{
    struct app *a = t->data;

    log_warning("%zu changes that DCT was asked for are still unanswered; their outcome is looked "
                "up at the next start",
                dct_writing(a->dct));
    end(a);
}

void app_stop(struct app *a)
{
    if (a->stopping) {
        end(a);
        return;
    }
    a->stopping = true;
    if (a->o.hooks.stopping)
        a->o.hooks.stopping(a->o.hooks.ctx);
    for (size_t i = 0; i < a->n_watchers; i++) {
        if (a->watchers[i].stopping)
            a->watchers[i].stopping(a->watchers[i].ctx);
    }
    (void)uv_timer_start(&a->drain, on_drained, APP_DRAIN, 0);
    app_feed(a, (struct event){ .type = EV_STOP });
}

static void on_stop_signal(uv_signal_t *s, int number)
{
    (void)number;
    app_stop(s->data);
}

void app_load(struct app *a)
{
    if (a->held)
        return;
    a->loaded = true;
    struct set *set = loader_load(a->loader, a->o.paths, a->o.n_paths);

    if (a->revision) {
        free(set->revision);
        set->revision = xstrdup(a->revision);
    }
    a->findings = set->diags.errors;
    a->told = true;
    if (a->o.hooks.loaded)
        a->o.hooks.loaded(a->o.hooks.ctx, set);
    for (size_t i = 0; i < a->n_watchers; i++) {
        if (a->watchers[i].loaded)
            a->watchers[i].loaded(a->watchers[i].ctx, set);
    }
    app_feed(a, (struct event){ .type = EV_MANIFESTS, .set = set });
}

void app_hold(struct app *a)
{
    a->held = true;
}

/* Before DCT's first answer it is that which starts the work. */
void app_revise(struct app *a, const char *commit)
{
    char *was = a->revision;

    a->revision = commit ? xstrdup(commit) : NULL;
    free(was);
    a->held = false;
    if (a->learned)
        app_load(a);
}

void app_note(struct app *a, const char *kind, const char *text, const char *revision)
{
    struct buf plain = BUF_WITH_LIMIT(NOTE_MAX);
    char *error = NULL;

    secrets_redact(a->secrets, text, &plain);
    const struct store_event event = {
        .at = app_now(), .kind = kind, .text = buf_text(&plain), .revision = revision
    };
    if (!store_event(a->store, &event, &error))
        log_warning("the history misses something: %s", error);
    buf_clear(&plain);
    free(error);
}

/* Who ends dctd in the middle of a change is to know what that leaves behind. */
static void tell_debts(const struct app *a)
{
    const struct ledger *l = cycle_ledger(a->cycle);

    for (size_t i = 0; i < ledger_count(l); i++) {
        const struct entry *e = ledger_at(l, i);
        struct log_about about = { .object = e->key, .message = MESSAGE_LEFT_OFF };
        if (e->owes_enable)
            log_about(LEVEL_WARNING, &about,
                      "switched off for a change that is not over; it stays off until dctd runs "
                      "again, which switches it on");
    }
}

void app_run(struct app *a)
{
    dct_learn(a->dct, on_learned);
    while (!a->over)
        (void)uv_run(&a->loop, UV_RUN_DEFAULT);
    if (a->o.mode != CYCLE_PLAN)
        tell_debts(a);
}

static void new_loader(struct app *a)
{
    loader_free(a->loader);
    a->loader = loader_new(a->config->manifests, store_key(a->store), STORE_KEY, a->secrets);
}

static void warn_of_the_rest(const struct config *was, const struct config *c)
{
    char *names = config_unchangeable(was, c);

    if (names)
        log_warning("configuration: a change of %s takes effect after a restart", names);
    free(names);
}

static struct cycle_options options_of(const struct app *a)
{
    const struct config *c = a->config;

    return (struct cycle_options){
        .mode = a->o.mode,
        .instance = c->instance,
        .prune = c->prune || a->o.prune,
        .partial = a->o.n_paths > 0,
        .delete_budget = c->delete_budget,
        .delete_percent = c->delete_percent,
        .suspensions = c->suspensions,
        .n_suspensions = c->n_suspensions,
        .total = c->total,
        .per_engine = c->per_engine,
        .per_environment = c->per_environment,
        .interval = c->interval,
    };
}

static void swap(char **a, char **b)
{
    char *c = *a;

    *a = *b;
    *b = c;
}

/* All of it is taken, but for what this process was built on. */
void app_configure(struct app *a, struct config *c)
{
    struct config *was = a->config;
    bool moved = !streq(was->manifests, c->manifests);

    warn_of_the_rest(was, c);
    swap(&was->instance, &c->instance);
    swap(&was->dct.url, &c->dct.url);
    swap(&was->dct.base_path, &c->dct.base_path);
    swap(&was->ledger, &c->ledger);
    a->config = c;
    config_free(was);
    dct_configure(a->dct, c);
    if (moved)
        new_loader(a);
    const struct cycle_options o = options_of(a);
    app_feed(a, (struct event){ .type = EV_OPTIONS, .options = &o });
}

static struct cycle *new_cycle(const struct app *a, struct ledger *ledger)
{
    struct cycle_options o = options_of(a);

    if (getrandom(&o.seed, sizeof(o.seed), 0) != sizeof(o.seed))
        o.seed = (uint64_t)app_now();
    return cycle_new(&o, ledger);
}

/* Whose time has come by the wall clock is looked at anew; the rest goes on. */
static void on_clock_set(void *ctx)
{
    struct app *a = ctx;
    msec was = a->clock.ahead;

    clock_read(&a->clock, clock_wall(), clock_steady());
    msec by = a->clock.ahead - was;
    if (by == 0)
        return;
    log_info("the clock was put %s by %lld.%03d seconds; that hastens and delays nothing, but for "
             "what ends at a time that people named",
             by > 0 ? "forward" : "back", llabs(by) / 1000, (int)(llabs(by) % 1000));
    app_feed(a, (struct event){ .type = EV_WAKE });
}

static void open_loop(struct app *a)
{
    if (uv_loop_init(&a->loop) != 0)
        abort();
    (void)uv_timer_init(&a->loop, &a->wake);
    (void)uv_timer_init(&a->loop, &a->drain);
    (void)uv_timer_init(&a->loop, &a->rest);
    (void)uv_signal_init(&a->loop, &a->sigint);
    (void)uv_signal_init(&a->loop, &a->sigterm);
    a->wake.data = a->drain.data = a->rest.data = a->sigint.data = a->sigterm.data = a;
    a->watch = clock_watch_new(&a->loop, on_clock_set, a);
    (void)uv_signal_start(&a->sigint, on_stop_signal, SIGINT);
    (void)uv_signal_start(&a->sigterm, on_stop_signal, SIGTERM);
}

struct app *app_new(struct config *c, const struct app_options *o, char **error)
{
    bool read_only = o->mode == CYCLE_PLAN;
    struct store *store = store_open(c->ledger, read_only, error);
    struct ledger *ledger = store ? ledger_load(store, c->ledger, error) : NULL;

    if (!ledger) {
        if (store)
            store_close(store);
        config_free(c);
        return NULL;
    }

    struct app *a = xcalloc(1, sizeof(*a));
    char *folder = file_folder(c->file);
    a->config = c;
    a->o = *o;
    a->revision = o->revision ? xstrdup(o->revision) : NULL;
    a->store = store;
    a->secrets = secrets_new(folder);
    free(folder);
    log_redact(a->secrets);
    ledger_clock(&a->clock, store, ledger, !read_only);
    open_loop(a);
    a->dct = dct_new(&a->loop, c, a->secrets, store_key(store), on_answer, a);
    if (read_only)
        dct_read_only(a->dct);
    a->cycle = new_cycle(a, ledger);
    a->audit = audit_new(&(struct audit_options){ .store = store,
                                                  .secrets = a->secrets,
                                                  .keep = !read_only,
                                                  .log = !o->hooks.report,
                                                  .by_person = o->mode == CYCLE_APPLY });
    new_loader(a);
    return a;
}

static void close_loop(struct app *a)
{
    uv_close((uv_handle_t *)&a->wake, NULL);
    uv_close((uv_handle_t *)&a->drain, NULL);
    uv_close((uv_handle_t *)&a->rest, NULL);
    uv_close((uv_handle_t *)&a->sigint, NULL);
    uv_close((uv_handle_t *)&a->sigterm, NULL);
    dct_close(a->dct);
    clock_watch_close(a->watch);
    while (uv_run(&a->loop, UV_RUN_DEFAULT) != 0)
        continue; /* a uv_stop() from before ends the first run early */
    if (uv_loop_close(&a->loop) != 0)
        abort(); /* a handle was left open: our bug */
}

void app_free(struct app *a)
{
    if (!a)
        return;
    close_loop(a);
    audit_free(a->audit);
    cycle_free(a->cycle);
    effects_free(&a->todo);
    free(a->watchers);
    inbox_clear(&a->inbox);
    loader_free(a->loader);
    free(a->revision);
    store_close(a->store);
    config_free(a->config);
    log_redact(NULL);
    secrets_free(a->secrets);
    free(a);
}

void app_watch(struct app *a, const struct app_hooks *hooks)
{
    a->watchers = grow(a->watchers, a->n_watchers, &a->cap_watchers, sizeof(*a->watchers));
    a->watchers[a->n_watchers++] = *hooks;
}

void app_unwatch(struct app *a, const void *ctx)
{
    for (size_t i = a->n_watchers; i-- > 0;) {
        if (a->watchers[i].ctx == ctx)
            a->watchers[i] = a->watchers[--a->n_watchers];
    }
}

bool app_events(struct app *a, const struct store_query *q,
                void (*each)(void *ctx, const struct store_event *e), void *ctx, char **error)
{
    return store_events(a->store, q, each, ctx, error);
}

uv_loop_t *app_loop(struct app *a)
{
    return &a->loop;
}

const struct config *app_config(const struct app *a)
{
    return a->config;
}

struct secrets *app_secrets(struct app *a)
{
    return a->secrets;
}

const struct cycle *app_cycle(const struct app *a)
{
    return a->cycle;
}

const char *app_plan_digest(const struct app *a)
{
    return audit_plan(a->audit);
}

bool app_converged(const struct app *a)
{
    return a->converged;
}

bool app_stopped(const struct app *a)
{
    return a->stopping;
}

const char *app_waits_for(const struct app *a)
{
    if (a->held)
        return "the manifests from Git";
    return a->learned ? NULL : "DCT's first answer";
}

size_t app_findings(const struct app *a)
{
    return a->findings;
}
