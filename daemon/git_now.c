#include "daemon/git_now.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "daemon/env.h"
#include "daemon/file.h"
#include "daemon/git_store.h"
#include "daemon/git_try.h"
#include "daemon/secrets.h"

struct waiting {
    uv_loop_t loop;
    uv_signal_t signals[2];
    struct git_try *attempt;
    struct git_checkout *out;
    bool good;
    char *error;
};

static void close_all(struct waiting *w)
{
    git_try_free(TAKE(w->attempt));
    for (size_t i = 0; i < ARRAY_LEN(w->signals); i++)
        uv_close((uv_handle_t *)&w->signals[i], NULL);
}

static void on_signal(uv_signal_t *s, int number)
{
    struct waiting *w = s->data;

    (void)number;
    w->error = xstrdup("interrupted");
    close_all(w);
}

static void on_attempted(void *ctx, const struct git_result *r)
{
    struct waiting *w = ctx;

    w->good = r->verdict == GIT_NEW && git_store_enact(w->out->folder, r->tree, &w->error);
    if (w->good)
        memcpy(w->out->commit, r->commit, strlen(r->commit) + 1);
    else if (!w->error)
        w->error = xstrdup(r->text);
    close_all(w);
}

static void wait_for(struct waiting *w, struct git_try_options *o)
{
    static const int numbers[] = { SIGINT, SIGTERM };

    if (uv_loop_init(&w->loop) != 0)
        abort();
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        (void)uv_signal_init(&w->loop, &w->signals[i]);
        w->signals[i].data = w;
        (void)uv_signal_start(&w->signals[i], on_signal, numbers[i]);
    }
    o->done = on_attempted;
    o->ctx = w;
    w->attempt = git_try(&w->loop, o);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&w->loop) != 0)
        abort(); /* a handle was left open: our bug */
}

/* Where the service keeps what it took last, if that is still what is meant. */
static bool find_last(const struct config *c, const char *kept, struct git_record *r, char **error)
{
    bool there = git_record_read(kept, r);

    if (there && streq(r->url, c->git->url) && streq(r->ref, c->git->ref))
        return true;
    *error = xasprintf("there is no commit of %s in %s to work from; run without --offline",
                       c->git->ref, kept);
    return false;
}

static bool obtain(const struct config *c, bool offline, struct git_checkout *out, char **error)
{
    char *kept = git_folder(c->ledger), *folder = file_folder(c->file);
    struct git_record last = { 0 };
    OWNED(secrets) secrets = secrets_new(folder);
    char *repository = xasprintf("%s/mirror", offline ? kept : out->folder);
    struct waiting w = { .out = out };

    if (git_store_open(out->folder, c->git, error) &&
        (!offline || find_last(c, kept, &last, error))) {
        struct git_try_options o = {
            .setting = c->git,
            .folder = out->folder,
            .repository = repository,
            .secrets = secrets,
            .only = offline ? last.commit : NULL,
        };
        wait_for(&w, &o);
        *error = w.error;
    }
    git_record_clear(&last);
    free(repository);
    free(folder);
    free(kept);
    return w.good;
}

struct git_checkout *git_now(const struct config *c, bool offline, char **error)
{
    const char *room = env_get("TMPDIR");
    struct git_checkout *out = xcalloc(1, sizeof(*out));
    char *folder = xasprintf("%s/dctd-git-XXXXXX", room && *room ? room : "/tmp");

    if (!mkdtemp(folder)) {
        *error = xasprintf("%s: %s", folder, strerrordesc_np(errno));
        free(folder);
        free(out);
        return NULL;
    }
    out->folder = folder;
    if (obtain(c, offline, out, error)) {
        out->manifests = git_manifests(out->folder, c->git);
        return out;
    }
    git_checkout_free(out);
    return NULL;
}

void git_checkout_free(struct git_checkout *o)
{
    if (!o)
        return;
    git_store_remove(o->folder, "");
    free(o->folder);
    free(o->manifests);
    free(o);
}
