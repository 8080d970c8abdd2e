#include "daemon/supply.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/git.h"
#include "daemon/log.h"
#include "daemon/snapshot.h"
#include "daemon/watch.h"

struct supply {
    struct app *app;
    struct watch *watch;
    char *watch_trouble; /* as it was logged last */
    struct git *git;
};

static void tell_watch_trouble(struct supply *s)
{
    const char *trouble = watch_trouble(s->watch);

    if (streq(trouble, s->watch_trouble))
        return;
    if (trouble)
        log_warning("not every change of the manifests is seen at once: %s", trouble);
    free(s->watch_trouble);
    s->watch_trouble = trouble ? xstrdup(trouble) : NULL;
}

static void on_changed(void *ctx)
{
    struct supply *s = ctx;

    tell_watch_trouble(s);
    app_load(s->app);
}

static void on_ready(void *ctx, const char *commit)
{
    struct supply *s = ctx;

    app_revise(s->app, commit);
}

static void on_missing(void *ctx)
{
    struct supply *s = ctx;

    app_revise(s->app, NULL);
}

static void on_event(void *ctx, const char *kind, const char *text, const char *commit)
{
    struct supply *s = ctx;

    app_note(s->app, kind, text, commit);
}

static void open_git(struct supply *s)
{
    const struct config *c = app_config(s->app);
    const struct git_hooks hooks = {
        .ready = on_ready, .missing = on_missing, .event = on_event, .ctx = s
    };
    char *folder = git_folder(c->ledger);

    app_hold(s->app);
    s->git = git_new(app_loop(s->app), c->git, folder, app_secrets(s->app), &hooks);
    free(folder);
}

static void open_watch(struct supply *s)
{
    s->watch = watch_new(app_loop(s->app), app_config(s->app)->manifests, on_changed, s);
    tell_watch_trouble(s);
}

struct supply *supply_new(struct app *a)
{
    struct supply *s = xcalloc(1, sizeof(*s));

    s->app = a;
    if (app_config(a)->git)
        open_git(s);
    else
        open_watch(s);
    return s;
}

void supply_close(struct supply *s)
{
    if (!s)
        return;
    git_close(s->git);
    watch_close(s->watch);
    free(s->watch_trouble);
    free(s);
}

static void change_git(struct supply *s)
{
    watch_close(TAKE(s->watch));
    if (!s->git) {
        open_git(s);
        return;
    }
    app_hold(s->app);
    git_configure(s->git, app_config(s->app)->git);
}

void supply_configure(struct supply *s, struct config *c)
{
    const struct config *was = app_config(s->app);
    bool moved = !streq(c->manifests, was->manifests);
    bool other = !git_setting_equal(c->git, was->git);

    app_configure(s->app, c);
    if (app_config(s->app)->git && other) {
        change_git(s);
    } else if (moved) {
        git_close(TAKE(s->git));
        watch_close(TAKE(s->watch));
        open_watch(s);
        app_revise(s->app, NULL);
    }
}

void supply_poke(struct supply *s)
{
    if (s->git)
        git_poke(s->git);
}

static void add_text(cJSON *o, const char *name, const char *text)
{
    if (text)
        cJSON_AddStringToObject(o, name, text);
    else
        cJSON_AddNullToObject(o, name);
}

cJSON *supply_git(const struct supply *s)
{
    if (!s->git)
        return NULL;

    struct git_status is = git_status(s->git);
    cJSON *o = cJSON_CreateObject();
    add_text(o, "url", is.url);
    add_text(o, "ref", is.ref);
    add_text(o, "commit", is.commit);
    snapshot_moment(o, "fetched", is.fetched);
    add_text(o, "trouble", is.trouble);
    return o;
}

msec supply_fetched(const struct supply *s)
{
    return s->git ? git_status(s->git).fetched : app_now();
}
