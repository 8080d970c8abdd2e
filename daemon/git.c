#include "daemon/git.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "daemon/git_store.h"
#include "daemon/git_try.h"
#include "daemon/git_waste.h"
#include "daemon/log.h"

enum {
    POKE_GAP = 1000,        /* ms between two looks that somebody asks for */
    FIRST_RETRY = 5000,     /* doubled after each failure */
    LONGEST_RETRY = 300000, /* unless the interval is longer */
    DOUBLINGS = 6,
};

/* What is in force. */
struct in_force {
    char tip[GIT_ID_TEXT], commit[GIT_ID_TEXT];
    msec committed, fetched;
};

struct git {
    uv_loop_t *loop;
    uv_timer_t timer;
    struct git_setting *s;
    char *folder, *repository;
    struct secrets *secrets;
    struct git_hooks hooks;
    struct git_try *attempt;
    struct git_waste *waste;
    struct in_force now;
    bool moved;     /* what is in force comes from other settings */
    bool restoring; /* the attempt looks for the last good commit only */
    bool anew;      /* the repository is fetched into a new one */
    bool told_missing, poked, closing;
    struct git_record record; /* of an earlier process */
    unsigned failures;
    uint64_t began;
    char *trouble;
};

static msec wall(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void about(enum log_level level, const char *commit, const char *text)
{
    const struct log_about what = { .commit = commit && *commit ? commit : NULL };

    log_about(level, &what, "git: %s", text);
}

/* Logged and remembered when it is new, not at every attempt. */
static void set_trouble(struct git *g, const char *text, const struct git_result *r)
{
    bool refused = r && r->verdict == GIT_REFUSED;

    if (streq(text, g->trouble))
        return;
    if (text)
        about(refused ? LEVEL_ERROR : LEVEL_WARNING, r ? r->commit : NULL, text);
    else
        about(LEVEL_INFO, NULL, "the remote's commit is in force again");
    if (text && refused && g->hooks.event)
        g->hooks.event(g->hooks.ctx, "refused", text, r->commit);
    free(g->trouble);
    g->trouble = text ? xstrdup(text) : NULL;
}

static uint64_t jittered(msec delay)
{
    uint16_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = (uint16_t)wall();
    return (uint64_t)(delay - delay / 10 + delay * random / UINT16_MAX / 5);
}

static msec retry_delay(const struct git *g)
{
    msec longest = g->s->interval > LONGEST_RETRY ? g->s->interval : LONGEST_RETRY;
    unsigned doublings = g->failures > DOUBLINGS ? DOUBLINGS : g->failures;
    msec delay = (msec)FIRST_RETRY << (doublings ? doublings - 1 : 0);

    return delay < longest ? delay : longest;
}

static void on_due(uv_timer_t *t);

static void schedule(struct git *g)
{
    msec delay = g->failures ? retry_delay(g) : g->s->interval;

    uv_update_time(g->loop);
    if (g->poked)
        (void)uv_timer_start(&g->timer, on_due, POKE_GAP, 0);
    else
        (void)uv_timer_start(&g->timer, on_due, jittered(delay), 0);
    g->poked = false;
}

static void on_attempted(void *ctx, const struct git_result *r);

static void attempt(struct git *g, const char *only)
{
    bool same = !g->moved && g->now.commit[0];
    const struct git_try_options o = {
        .setting = g->s,
        .folder = g->folder,
        .repository = g->repository,
        .secrets = g->secrets,
        .tip = same ? g->now.tip : NULL,
        .commit = same ? g->now.commit : NULL,
        .committed = g->now.committed,
        .only = only,
        .done = on_attempted,
        .ctx = g,
    };

    g->restoring = only != NULL;
    g->attempt = git_try(g->loop, &o);
}

static void use_repository(struct git *g, const char *name)
{
    free(g->repository);
    g->repository = xasprintf("%s/%s", g->folder, name);
}

static void look(struct git *g)
{
    g->began = uv_now(g->loop);
    use_repository(g, "mirror");
    if (g->anew || git_store_is_crowded(g->repository)) {
        g->anew = true;
        git_store_discard(g->folder, "mirror.new");
        use_repository(g, "mirror.new");
    }
    git_waste_empty(g->waste);
    attempt(g, NULL);
}

static void on_due(uv_timer_t *t)
{
    struct git *g = t->data;

    if (!g->attempt)
        look(g);
}

/* The new repository has proved itself. */
static void keep_repository(struct git *g)
{
    if (!g->anew || g->restoring)
        return;
    char *mirror = xasprintf("%s/mirror", g->folder);
    git_store_discard(g->folder, "mirror");
    (void)rename(g->repository, mirror);
    free(mirror);
    g->anew = false;
}

static void remember(struct git *g)
{
    struct git_record r = { .url = g->s->url, .ref = g->s->ref, .fetched = g->now.fetched };
    char *error = NULL;

    memcpy(r.commit, g->now.commit, sizeof(r.commit));
    if (!git_record_write(g->folder, &r, &error))
        log_warning("git: the commit in force will not be found again after a restart: %s", error);
    free(error);
}

static void announce(struct git *g, const struct git_result *r, const char *was)
{
    struct buf text = BUF_WITH_LIMIT(2048);

    if (r->rewritten) {
        buf_printf(&text,
                   "the history of %s was rewritten: %.12s is not among the ancestors of "
                   "%.12s",
                   g->s->ref, was, r->commit);
        about(LEVEL_WARNING, r->commit, buf_text(&text));
        if (g->hooks.event)
            g->hooks.event(g->hooks.ctx, "rewritten", buf_text(&text), r->commit);
        buf_clear(&text);
        text = BUF_WITH_LIMIT(2048);
    }
    buf_printf(&text, "commit %.12s of %s is in force", r->commit, g->s->ref);
    if (r->signer)
        buf_printf(&text, "; %s", r->signer);
    about(LEVEL_INFO, r->commit, buf_text(&text));
    if (r->note)
        about(LEVEL_WARNING, r->commit, r->note);
    if (!g->restoring && g->hooks.event)
        g->hooks.event(g->hooks.ctx, "revision", buf_text(&text), r->commit);
    buf_clear(&text);
}

static bool enact(struct git *g, const struct git_result *r, char **error)
{
    char was[GIT_ID_TEXT];

    if (!git_store_enact(g->folder, r->tree, error))
        return false;
    memcpy(was, g->now.commit, sizeof(was));
    g->now = (struct in_force){ .committed = r->committed, .fetched = wall() };
    memcpy(g->now.commit, r->commit, strlen(r->commit) + 1);
    memcpy(g->now.tip, r->tip, strlen(r->tip) + 1);
    if (g->restoring)
        g->now.fetched = g->record.fetched;
    g->moved = false;
    keep_repository(g);
    git_waste_empty(g->waste);
    if (!g->restoring)
        remember(g);
    announce(g, r, was);
    return true;
}

static void tell_missing(struct git *g)
{
    if (g->told_missing || g->now.commit[0])
        return;
    g->told_missing = true;
    if (g->hooks.missing)
        g->hooks.missing(g->hooks.ctx);
}

/* Nothing came of the remote: what was in force before the restart is better
 * than nothing, if it is still what the configuration means. */
static bool restore(struct git *g)
{
    if (g->now.commit[0] || !g->record.url || g->told_missing || !streq(g->record.url, g->s->url) ||
        !streq(g->record.ref, g->s->ref))
        return false;
    use_repository(g, "mirror");
    attempt(g, g->record.commit);
    return true;
}

static void came_to_nothing(struct git *g, const struct git_result *r)
{
    if (g->restoring) {
        about(LEVEL_WARNING, r->commit, r->text);
        tell_missing(g);
        schedule(g);
        return;
    }
    g->failures = r->verdict == GIT_FAILED ? g->failures + 1 : 0;
    /* The remote is there, so it may be our own copy that is broken. */
    if (r->verdict == GIT_FAILED && r->reached)
        g->anew = true;
    set_trouble(g, r->text, r);
    if (!restore(g)) {
        tell_missing(g);
        schedule(g);
    }
}

static void unchanged(struct git *g, const struct git_result *r)
{
    g->failures = 0;
    g->now.fetched = wall();
    memcpy(g->now.tip, r->tip, strlen(r->tip) + 1);
    set_trouble(g, NULL, NULL);
    schedule(g);
}

static void changed(struct git *g, const struct git_result *r)
{
    char *error = NULL;

    if (!enact(g, r, &error)) {
        const struct git_result failed = { .verdict = GIT_FAILED, .commit = "", .text = error };
        came_to_nothing(g, &failed);
        free(error);
        return;
    }
    if (g->restoring) {
        log_warning("git: works from the commit that was in force before the restart; what the "
                    "remote has is not known to be the same");
    } else {
        g->failures = 0;
        set_trouble(g, NULL, NULL);
    }
    schedule(g);
    g->hooks.ready(g->hooks.ctx, g->now.commit);
}

static void on_attempted(void *ctx, const struct git_result *r)
{
    struct git *g = ctx;
    struct git_try *over = TAKE(g->attempt);

    if (r->verdict == GIT_NEW)
        changed(g, r);
    else if (r->verdict == GIT_SAME)
        unchanged(g, r);
    else
        came_to_nothing(g, r);
    git_try_free(over);
}

/* Nothing of an earlier process is in force before it has been looked at. */
static void begin(struct git *g)
{
    char *error = NULL;

    if (!git_store_open(g->folder, g->s, &error))
        log_error("git: %s", error);
    free(error);
    git_store_remove(g->folder, "current");
    (void)git_record_read(g->folder, &g->record);
}

struct git *git_new(uv_loop_t *loop, struct git_setting *s, const char *folder,
                    struct secrets *secrets, const struct git_hooks *hooks)
{
    struct git *g = xcalloc(1, sizeof(*g));

    g->loop = loop;
    g->s = git_setting_ref(s);
    g->folder = xstrdup(folder);
    g->secrets = secrets;
    g->hooks = *hooks;
    g->waste = git_waste_new(loop, folder);
    (void)uv_timer_init(loop, &g->timer);
    g->timer.data = g;
    begin(g);
    look(g);
    return g;
}

static void on_closed(uv_handle_t *h)
{
    struct git *g = h->data;

    git_setting_free(g->s);
    git_record_clear(&g->record);
    free(g->folder);
    free(g->repository);
    free(g->trouble);
    free(g);
}

void git_close(struct git *g)
{
    if (!g || g->closing)
        return;
    g->closing = true;
    git_try_free(TAKE(g->attempt));
    git_waste_close(TAKE(g->waste));
    uv_close((uv_handle_t *)&g->timer, on_closed);
}

void git_poke(struct git *g)
{
    uint64_t gone;

    if (g->attempt) {
        g->poked = true;
        return;
    }
    uv_update_time(g->loop);
    gone = uv_now(g->loop) - g->began;
    (void)uv_timer_start(&g->timer, on_due, gone < POKE_GAP ? POKE_GAP - gone : 0, 0);
}

void git_configure(struct git *g, struct git_setting *s)
{
    char *error = NULL;

    git_try_free(TAKE(g->attempt));
    git_setting_free(g->s);
    g->s = git_setting_ref(s);
    g->moved = true;
    g->anew = false;
    g->failures = 0;
    if (!git_store_open(g->folder, s, &error))
        log_error("git: %s", error);
    free(error);
    (void)uv_timer_stop(&g->timer);
    look(g);
}

struct git_status git_status(const struct git *g)
{
    return (struct git_status){
        .url = g->s->url,
        .ref = g->s->ref,
        .commit = g->now.commit[0] ? g->now.commit : NULL,
        .fetched = g->now.fetched,
        .trouble = g->trouble,
    };
}
