/* The loop and its single door.
 *
 * Every callback of every library ends in app_feed(), and nothing else steps
 * the core. What the core asks for is performed here, in order, through one
 * table; what happens then comes back through the same door. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include <uv.h>

#include "daemon/config.h"
#include "daemon/secrets.h"
#include "daemon/store.h"
#include "reconciler/cycle.h"

enum { APP_DRAIN = 10000 }; /* how long answers are awaited after a stop */

/* Who wants to see what happens; each may be NULL. */
struct app_hooks {
    void (*loaded)(void *ctx, const struct set *set);               /* before the core sees it */
    void (*report)(void *ctx, const struct report *r, msec steady); /* see clock.h */
    void (*planned)(void *ctx, const struct plan *plan);
    void (*stepped)(void *ctx, const struct cycle_status *status);
    void (*stopping)(void *ctx);
    void *ctx;
};

struct meter;

struct app_options {
    enum cycle_mode mode;
    bool prune;               /* besides what the configuration says */
    const char *const *paths; /* manifests, instead of the configured ones */
    size_t n_paths;
    const char *revision; /* that the manifests are of, where they do not tell; may be NULL */
    struct app_hooks hooks;
    struct meter *meter; /* counts what happens; may be NULL, outlives the app's work */
};

struct app;

/* Takes the configuration, also on failure. NULL: *error (owned) says why. */
struct app *app_new(struct config *c, const struct app_options *o, char **error);
/* Closes everything; handles of others on the loop must be closing. */
void app_free(struct app *a);
OWNER(app)

/* Loads the manifests and runs until the core rests for good or is stopped. */
void app_run(struct app *a);
/* Loads the manifests and hands them to the core; does nothing while held. */
void app_load(struct app *a);
/* Whoever fills the folder of manifests is not done yet. */
void app_hold(struct app *a);
/* It is done: they are those of this commit, NULL = of none. Loads them. */
void app_revise(struct app *a, const char *commit);
/* Keeps in the history what the core does not know of; `revision` may be NULL. */
void app_note(struct app *a, const char *kind, const char *text, const char *revision);
/* Strings and bodies of the event are borrowed, a set is taken. */
void app_feed(struct app *a, struct event ev);
/* Begins nothing new, awaits the answers to changes for APP_DRAIN, then
 * app_run() returns; a second call does not wait. */
void app_stop(struct app *a);
/* Takes a new configuration and puts it in force, but for what may not change in
 * a running process (instance, address of DCT, ledger): of that it warns. Not to
 * be called from a hook. */
void app_configure(struct app *a, struct config *c);

/* These hooks are called too, after those of the options: `report` only looks on,
 * what is logged stays the same. Not to be called from a hook. */
void app_watch(struct app *a, const struct app_hooks *hooks);
/* Drops the hooks of that `ctx`. */
void app_unwatch(struct app *a, const void *ctx);
/* What has happened, from the ledger. */
bool app_events(struct app *a, const struct store_query *q,
                void (*each)(void *ctx, const struct store_event *e), void *ctx,
                char **error) MUST_USE;

uv_loop_t *app_loop(struct app *a);
const struct config *app_config(const struct app *a);
struct secrets *app_secrets(struct app *a);
const struct cycle *app_cycle(const struct app *a);
/* The digest of cycle_plan(), as the log and the history tell it. */
const char *app_plan_digest(const struct app *a);
bool app_converged(const struct app *a);
bool app_stopped(const struct app *a); /* somebody asked for it */
/* What has to come before DCT can be observed at all; NULL: it has come. */
const char *app_waits_for(const struct app *a);
size_t app_findings(const struct app *a); /* errors in the manifests that were loaded last */

msec app_now(void); /* by the wall clock */

#endif
