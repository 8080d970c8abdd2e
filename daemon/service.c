#include "daemon/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/meter.h"
#include "daemon/notify.h"
#include "daemon/standing.h"
#include "daemon/supply.h"

enum {
    STATUS_MAX = 1024,
    REFUSED_MAX = 4096,
    PROGRESS_LOOK = 2000,  /* how often the first observation is looked at */
    PROGRESS_WAIT = 60000, /* how long it may take to get on once more */
};

struct service {
    struct app *app;
    struct api *api;
    struct listener *listener;
    struct meter *meter;
    struct supply *supply;
    uv_timer_t watchdog, progress;
    uv_signal_t sighup;
    unsigned handles; /* that the loop has not closed yet */
    bool ready;
    size_t pages;               /* the most that an observation has read before it was ready */
    char *status;               /* as systemd knows it */
    char *refused[METER_PARTS]; /* of what was loaded last, and why; the rest is in force */
};

static void log_findings(const struct diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct diag *f = &d->items[i];
        enum log_level level = f->level == DIAG_ERROR ? LEVEL_ERROR : LEVEL_WARNING;
        char *at = f->at.line   ? xasprintf("%s:%u:%u: ", f->at.file, f->at.line, f->at.col)
                   : f->at.file ? xasprintf("%s: ", f->at.file)
                                : xstrdup("");

        log_about(level, NULL, "%s%s%s%s", at, f->text, f->hint ? "; " : "",
                  f->hint ? f->hint : "");
        free(at);
    }
    if (d->all > d->n)
        log_warning("%zu more findings are not shown", d->all - d->n);
}

static void on_loaded(void *ctx, const struct set *set)
{
    struct log_about about = { .commit = set->revision,
                               .message = set->complete ? MESSAGE_NONE : MESSAGE_FLAWED };

    (void)ctx;
    log_findings(&set->diags);
    log_about(set->complete ? LEVEL_INFO : LEVEL_WARNING, &about,
              "manifests: %zu objects in %zu files%s", set->n, set->n_files,
              set->complete ? "" : ", incomplete: nothing is pruned until the findings are gone");
}

/* While DCT is being observed again nothing is known to agree: what was said
 * before is the better answer. */
static void tell_status(struct service *s, const struct cycle_status *status)
{
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX);

    if (s->ready && status->phase == CYCLE_OBSERVING)
        return;
    standing_line(status, cycle_newest_set(app_cycle(s->app)), &text);
    if (!streq(s->status, buf_text(&text))) {
        free(s->status);
        s->status = xstrdup(buf_text(&text));
        notify_status(s->status);
    }
    buf_clear(&text);
}

static void on_stepped(void *ctx, const struct cycle_status *status)
{
    struct service *s = ctx;

    tell_status(s, status);
    if (status->observed && !s->ready) {
        s->ready = true;
        (void)uv_timer_stop(&s->progress);
        notify_ready();
        log_info("ready: %s", s->status);
    }
}

static void on_stopping(void *ctx)
{
    (void)ctx;
    log_info("stopping: nothing new is begun, answers to changes are awaited for %d s",
             APP_DRAIN / 1000);
    notify_stopping();
}

struct app_hooks service_hooks(struct service *s)
{
    return (struct app_hooks){
        .loaded = on_loaded, .stepped = on_stepped, .stopping = on_stopping, .ctx = s
    };
}

struct service *service_new(void)
{
    struct service *s = xcalloc(1, sizeof(*s));

    s->meter = meter_new(app_now());
    return s;
}

void service_free(struct service *s)
{
    meter_free(s->meter);
    free(s->status);
    for (unsigned i = 0; i < METER_PARTS; i++)
        free(s->refused[i]);
    free(s);
}

struct meter *service_meter(struct service *s)
{
    return s->meter;
}

static char *on_unready(void *ctx)
{
    struct service *s = ctx;
    const struct set *set = cycle_newest_set(app_cycle(s->app));
    struct cycle_status status;

    if (app_stopped(s->app))
        return xstrdup("stopping");
    if (s->ready)
        return standing_without_manifests(set) ? standing_manifests(set) : NULL;
    cycle_status(app_cycle(s->app), &status);
    char *wait = standing_wait(s->app, s->meter);
    const char *why = status.trouble ? status.trouble : wait;
    char *text = xasprintf("DCT has not been observed yet%s%s", why ? ": " : "", why ? why : "");
    free(wait);
    return text;
}

static char *on_waiting(void *ctx)
{
    struct service *s = ctx;

    return standing_wait(s->app, s->meter);
}

static cJSON *on_git(void *ctx)
{
    struct service *s = ctx;

    return supply_git(s->supply);
}

static void on_asked(void *ctx)
{
    struct service *s = ctx;

    supply_poke(s->supply);
}

static void on_metrics(void *ctx, struct buf *out)
{
    struct service *s = ctx;

    const struct cycle *c = app_cycle(s->app);
    const struct set *set = cycle_newest_set(c);
    struct meter_facts facts = { .cycle = c, .fetched = supply_fetched(s->supply) };

    for (unsigned i = 0; i < METER_PARTS; i++)
        facts.refused[i] = s->refused[i] != NULL;
    facts.refused[PART_MANIFESTS] = set && !set->complete;
    meter_render(s->meter, &facts, app_now(), out);
}

static void on_pushed(void *ctx)
{
    struct service *s = ctx;

    app_load(s->app);
    supply_poke(s->supply);
    app_feed(s->app, (struct event){ .type = EV_NUDGE });
}

static void on_told(void *ctx, const char *side, unsigned status)
{
    struct service *s = ctx;

    meter_told(s->meter, side, status);
}

static bool listen_where_configured(struct service *s, char **error)
{
    return listener_configure(s->listener, app_config(s->app), app_secrets(s->app), error);
}

/* Told until it is not so any more; NULL: it is in force. The text is taken. */
static void refuse(struct service *s, enum meter_part part, char *text)
{
    struct buf all = BUF_WITH_LIMIT(REFUSED_MAX);

    free(s->refused[part]);
    s->refused[part] = text;
    for (unsigned i = 0; i < METER_PARTS; i++) {
        if (s->refused[i])
            buf_printf(&all, "%s%s", all.n ? "; " : "", s->refused[i]);
    }
    api_refused(s->api, all.n ? buf_text(&all) : NULL);
    buf_clear(&all);
}

static void listen_anew(struct service *s)
{
    char *error = NULL, *text = NULL;

    if (!listen_where_configured(s, &error)) {
        text = xasprintf("%s; the control socket and the status listener stay as they were", error);
        log_error("%s", text);
    }
    refuse(s, PART_LISTENERS, text);
    free(error);
}

/* What of the new configuration this process cannot take up. */
static void configure(struct service *s, struct config *c)
{
    char *names = config_unchangeable(app_config(s->app), c);

    refuse(s, PART_CONFIGURATION, NULL);
    refuse(s, PART_RESTART,
           names ? xasprintf("the configuration has another %s, in force after a restart", names)
                 : NULL);
    free(names);
    supply_configure(s->supply, c);
}

static void keep_configuration(struct service *s)
{
    log_about(LEVEL_ERROR, &(struct log_about){ .message = MESSAGE_CONFIGURATION },
              "configuration: not reloaded, the old one stays in force");
    refuse(s, PART_CONFIGURATION,
           xstrdup("the new configuration has errors: the old one stays in force, and "
                   "`dctd doctor` shows them"));
}

/* Configuration, secrets and manifests anew; what is wrong with a new
 * configuration is told, and the old one stays in force. */
static void reload(struct service *s)
{
    struct diags d = { 0 };
    struct config *c = config_load(app_config(s->app)->file, &d);

    log_findings(&d);
    diags_clear(&d);
    if (c)
        configure(s, c);
    else
        keep_configuration(s);
    secrets_forget(app_secrets(s->app));
    listen_anew(s);
    app_load(s->app);
    supply_poke(s->supply);
    app_feed(s->app, (struct event){ .type = EV_NUDGE });
}

static void on_hangup(uv_signal_t *signal, int number)
{
    struct service *s = signal->data;

    (void)number;
    log_info("reloading");
    if (s->ready)
        notify_reloading();
    reload(s);
    if (s->ready) {
        notify_ready();
        notify_status(s->status);
    }
}

static void on_watchdog(uv_timer_t *t)
{
    (void)t;
    notify_watchdog();
}

/* A first observation may take its time as long as it reads on: pages that none
 * before it had read. One that only fails and begins anew runs into the time-out
 * of the unit. */
static void on_progress(uv_timer_t *t)
{
    struct service *s = t->data;
    struct cycle_status status;

    cycle_status(app_cycle(s->app), &status);
    tell_status(s, &status);
    if (status.pages <= s->pages)
        return;
    s->pages = status.pages;
    notify_extend(PROGRESS_WAIT);
}

bool service_start(struct service *s, struct app *a, char **error)
{
    const struct listener_calls calls = {
        .unready = on_unready, .metrics = on_metrics, .poke = on_pushed, .told = on_told, .ctx = s
    };
    uint64_t beat = (uint64_t)notify_watchdog_timeout() / 2;

    s->app = a;
    (void)uv_timer_init(app_loop(a), &s->watchdog);
    (void)uv_timer_init(app_loop(a), &s->progress);
    (void)uv_signal_init(app_loop(a), &s->sighup);
    s->handles = 3;
    s->watchdog.data = s->progress.data = s->sighup.data = s;
    (void)uv_timer_start(&s->progress, on_progress, PROGRESS_LOOK, PROGRESS_LOOK);
    (void)uv_signal_start(&s->sighup, on_hangup, SIGHUP);
    if (beat)
        (void)uv_timer_start(&s->watchdog, on_watchdog, beat, beat);
    s->supply = supply_new(a);
    s->api = api_new(a);
    api_offer_git(s->api, on_git, s);
    api_offer_poke(s->api, on_asked, s);
    api_offer_wait(s->api, on_waiting, s);
    s->listener = listener_new(app_loop(a), s->api, &calls);
    return listen_where_configured(s, error);
}

static void on_closed(uv_handle_t *h)
{
    struct service *s = h->data;

    if (--s->handles == 0)
        service_free(s);
}

void service_close(struct service *s)
{
    listener_close(s->listener);
    api_free(s->api);
    supply_close(s->supply);
    uv_close((uv_handle_t *)&s->watchdog, on_closed);
    uv_close((uv_handle_t *)&s->progress, on_closed);
    uv_close((uv_handle_t *)&s->sighup, on_closed);
}
