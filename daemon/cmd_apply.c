/* `dctd apply`: makes DCT what the manifests say, once, and shows how it goes. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/clock.h"
#include "daemon/cmd.h"
#include "daemon/env.h"
#include "daemon/git_now.h"
#include "daemon/progress.h"
#include "reconciler/plan_text.h"

enum { OUT_MAX = 64 << 20, SECOND = 1000 };

struct show {
    struct progress *progress;
    bool live, planned;
    uv_timer_t tick;
};

/* Progress is told on stderr: stdout keeps what a script may want, the summaries. */
static void flush(struct buf *out)
{
    (void)fwrite(buf_text(out), 1, out->n, stderr);
    (void)fflush(stderr);
    buf_clear(out);
}

static void on_loaded(void *ctx, const struct set *set)
{
    (void)ctx;
    cmd_findings(&set->diags);
}

static void on_report(void *ctx, const struct report *r, msec now)
{
    struct show *s = ctx;
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    progress_report(s->progress, r, now, &out);
    flush(&out);
}

/* The first plan is what was asked for; later ones are how it is going. */
static void on_planned(void *ctx, const struct plan *plan)
{
    struct show *s = ctx;
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    if (s->planned)
        return;
    s->planned = true;
    plan_summary(plan, &out);
    buf_puts(&out, "\n");
    (void)cmd_print(&out);
    buf_clear(&out);
}

static void on_stopping(void *ctx)
{
    struct show *s = ctx;
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    progress_hide(s->progress, &out);
    buf_puts(&out,
             "Stopping: nothing new is begun; DCT finishes its jobs. Interrupt again to leave "
             "at once.\n");
    flush(&out);
}

static void on_tick(uv_timer_t *t)
{
    struct show *s = t->data;
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    progress_tick(s->progress, clock_steady(), &out);
    flush(&out);
}

static struct progress_options terminal(const struct invocation *in)
{
    struct winsize size = { 0 };
    struct progress_options o = { .width = 80, .height = 24 };

    o.colour = cmd_colour(in, STDERR_FILENO);
    o.live = isatty(STDERR_FILENO) && !streq(env_get("TERM"), "dumb");
    if (o.live && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
        o.width = size.ws_col;
        o.height = size.ws_row;
    }
    return o;
}

/* Key of the first thing that it needs and that is not done. */
static const char *waited_for(const struct plan *plan, const struct action *a)
{
    for (size_t i = 0; i < a->n_needs; i++) {
        if (plan->items[a->needs[i]].state != A_DONE)
            return plan->items[a->needs[i]].key;
    }
    return NULL;
}

/* What stands in the way, and what is left as it is, one line each. */
static void tell_unfinished(const struct plan *plan, struct buf *out)
{
    for (size_t i = 0; plan && i < plan->n; i++) {
        const struct action *a = &plan->items[i];
        bool waits = a->state == A_WAITING && a->verb != VERB_NONE;
        const char *why = a->blocked ? a->blocked : a->error;

        if (why && a->state != A_DONE)
            buf_printf(out, "%s: %s %s: %s\n", a->key, verb_name(a->verb),
                       action_left(plan, a) ? "is left alone"
                       : a->blocked         ? "is blocked"
                                            : "failed",
                       why);
        else if (waits)
            buf_printf(out, "%s: %s still waits%s%s\n", a->key, verb_name(a->verb),
                       waited_for(plan, a) ? " for " : "",
                       waited_for(plan, a) ? waited_for(plan, a) : "");
    }
}

static int judge(const struct app *a)
{
    const struct plan *plan = cycle_plan(app_cycle(a));
    struct cycle_status status;
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);
    bool good = app_converged(a) && !app_stopped(a) && !app_findings(a);

    cycle_status(app_cycle(a), &status);
    tell_unfinished(plan, &out);
    if (good && plan && plan->left) {
        buf_printf(&out,
                   "Converged: %zu of %zu objects are as the manifests say, %zu left alone.\n",
                   status.synced, status.managed, plan->left);
    } else if (good) {
        buf_printf(&out, "Converged: %zu objects are as the manifests say.\n", status.managed);
    } else {
        buf_printf(&out, "Not converged: %zu of %zu objects are as the manifests say",
                   status.synced, status.managed);
        buf_printf(&out, ", %zu failed, %zu blocked, %zu waiting", status.failed, status.blocked,
                   status.waiting);
        if (app_findings(a))
            buf_printf(&out, ", %zu findings in the manifests", app_findings(a));
        buf_printf(&out, "%s%s%s.\n", status.trouble ? "; " : "",
                   status.trouble ? status.trouble : "", app_stopped(a) ? "; interrupted" : "");
    }

    bool printed = cmd_print(&out);
    buf_clear(&out);
    return good && printed ? EXIT_GOOD : EXIT_TROUBLE;
}

static int run(struct show *s, struct app *a)
{
    struct buf out = BUF_WITH_LIMIT(OUT_MAX);

    (void)uv_timer_init(app_loop(a), &s->tick);
    s->tick.data = s;
    if (s->live)
        (void)uv_timer_start(&s->tick, on_tick, SECOND, SECOND);
    app_run(a);
    uv_close((uv_handle_t *)&s->tick, NULL);
    progress_end(s->progress, &out);
    flush(&out);
    return judge(a);
}

int cmd_apply(const struct invocation *in)
{
    OWNED(git_checkout) tree = NULL;
    struct config *c = cmd_config(in);

    if (!c || !cmd_fetch(in, c, &tree)) {
        config_free(c);
        return EXIT_TROUBLE;
    }

    char *error = NULL;
    struct progress_options terminal_is = terminal(in);
    OWNED(progress) progress = progress_new(&terminal_is);
    struct show show = { .progress = progress, .live = terminal_is.live };
    struct app_options o = {
        .mode = CYCLE_APPLY,
        .prune = in->prune,
        .paths = in->paths,
        .n_paths = in->n_paths,
        .revision = tree ? tree->commit : NULL,
        .hooks = { .loaded = on_loaded,
                   .report = on_report,
                   .planned = on_planned,
                   .stopping = on_stopping,
                   .ctx = &show },
    };
    OWNED(app) a = app_new(c, &o, &error);

    if (!a) {
        cmd_complain("%s", error);
        free(error);
        return EXIT_TROUBLE;
    }
    return run(&show, a);
}
