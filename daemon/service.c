#include "daemon/service.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/meter.h"
#include "daemon/notify.h"
#include "daemon/supply.h"

enum {
    STATUS_MAX = 1024,
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
    size_t pages; /* the most that an observation has read before it was ready */
    char *status; /* as systemd knows it */
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

/* "observing DCT: 3 of 9 lists, 17 pages" */
static void observing_text(const struct cycle_status *s, struct buf *out)
{
    buf_printf(out, "observing DCT");
    if (s->lists)
        buf_printf(out, ": %zu of %zu lists, %zu page%s", s->lists_read, s->lists, s->pages,
                   s->pages == 1 ? "" : "s");
}

/* "synced 12/15 at 3f9c1d2, 2 jobs running, 1 blocked" */
static void synced_text(const struct cycle_status *s, struct buf *out)
{
    buf_printf(out, "synced %zu/%zu", s->synced, s->managed);
    if (s->revision)
        buf_printf(out, " at %.7s", s->revision);
    if (s->jobs)
        buf_printf(out, ", %zu job%s running", s->jobs, s->jobs == 1 ? "" : "s");
    if (s->blocked)
        buf_printf(out, ", %zu blocked", s->blocked);
    if (s->failed)
        buf_printf(out, ", %zu failed", s->failed);
}

static void status_text(const struct cycle_status *s, struct buf *out)
{
    if (s->observed)
        synced_text(s, out);
    else
        observing_text(s, out);
    if (s->trouble)
        buf_printf(out, "; %s", s->trouble);
}

/* While DCT is being observed again nothing is known to agree: what was said
 * before is the better answer. */
static void tell_status(struct service *s, const struct cycle_status *status)
{
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX);

    if (s->ready && status->phase == CYCLE_OBSERVING)
        return;
    status_text(status, &text);
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
    free(s);
}

struct meter *service_meter(struct service *s)
{
    return s->meter;
}

static char *on_unready(void *ctx)
{
    struct service *s = ctx;
    struct cycle_status status;

    if (app_stopped(s->app))
        return xstrdup("stopping");
    if (s->ready)
        return NULL;
    cycle_status(app_cycle(s->app), &status);
    return xasprintf("DCT has not been observed yet%s%s", status.trouble ? ": " : "",
                     status.trouble ? status.trouble : "");
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

    meter_render(s->meter, app_cycle(s->app), supply_fetched(s->supply), app_now(), out);
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

static void listen_anew(struct service *s)
{
    char *error = NULL;

    if (!listen_where_configured(s, &error)) {
        char *text =
            xasprintf("%s; the control socket and the status listener stay as they were", error);
        log_error("%s", text);
        api_refused(s->api, text);
        free(text);
    }
    free(error);
}

/* Told until one that can be used is read. */
static void tell_refused(struct service *s)
{
    static const char text[] = "the new configuration has errors: the old one stays in force, and "
                               "`dctd doctor` shows them";

    log_about(LEVEL_ERROR, &(struct log_about){ .message = MESSAGE_CONFIGURATION },
              "configuration: not reloaded, the old one stays in force");
    api_refused(s->api, text);
}

/* Configuration, secrets and manifests anew; what is wrong with a new
 * configuration is told, and the old one stays in force. */
static void reload(struct service *s)
{
    struct diags d = { 0 };
    struct config *c = config_load(app_config(s->app)->file, &d);

    log_findings(&d);
    diags_clear(&d);
    api_refused(s->api, NULL);
    if (c)
        supply_configure(s->supply, c);
    else
        tell_refused(s);
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
