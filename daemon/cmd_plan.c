/* `dctd plan`: what would happen. Changes neither DCT nor the ledger. */
#include <stdlib.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/cmd.h"
#include "daemon/git_now.h"
#include "reconciler/plan_text.h"

enum { PLAN_TEXT_MAX = 256 << 20 };

static void on_loaded(void *ctx, const struct set *set)
{
    (void)ctx;
    cmd_findings(&set->diags);
}

static void on_report(void *ctx, const struct report *r, msec now)
{
    (void)ctx;
    (void)now;
    if (r->kind == REPORT_WARNING || r->kind == REPORT_ERROR)
        cmd_complain("%s: %s%s%s", report_kind_name(r->kind), r->key ? r->key : "",
                     r->key ? ": " : "", r->text);
}

static bool print_plan(const struct invocation *in, const struct plan *plan, const char *digest)
{
    struct buf text = BUF_WITH_LIMIT(PLAN_TEXT_MAX);

    if (in->output == OUTPUT_JSON)
        plan_json(plan, digest, &text);
    else if (in->output == OUTPUT_MARKDOWN)
        plan_markdown(plan, digest, &text);
    else
        plan_text(plan, cmd_colour(in, STDOUT_FILENO), digest, &text);

    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed;
}

static int judge(const struct invocation *in, const struct app *a)
{
    const struct plan *plan = cycle_plan(app_cycle(a));

    if (app_stopped(a) || !plan) {
        cmd_complain("%s", app_stopped(a) ? "interrupted" : "nothing could be planned");
        return EXIT_TROUBLE;
    }
    if (!print_plan(in, plan, app_plan_digest(a)) || app_findings(a) || cycle_trouble(app_cycle(a)))
        return EXIT_TROUBLE;
    return plan_empty(plan) ? EXIT_GOOD : EXIT_CHANGES;
}

int cmd_plan(const struct invocation *in)
{
    OWNED(git_checkout) tree = NULL;
    struct config *c = cmd_config(in);

    if (!c || !cmd_fetch(in, c, &tree)) {
        config_free(c);
        return EXIT_TROUBLE;
    }

    char *error = NULL;
    struct app_options o = {
        .mode = CYCLE_PLAN,
        .prune = in->prune,
        .paths = in->paths,
        .n_paths = in->n_paths,
        .revision = tree ? tree->commit : NULL,
        .hooks = { .loaded = on_loaded, .report = on_report },
    };
    OWNED(app) a = app_new(c, &o, &error);

    if (!a) {
        cmd_complain("%s", error);
        free(error);
        return EXIT_TROUBLE;
    }
    app_run(a);
    return judge(in, a);
}
