/* Starting points, kept as they are. */
#include "tests/lib/torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/estate.h"

size_t torture_step(size_t usual, size_t light)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
    const char *depth = getenv("TORTURE");

    return streq(depth, "deep") ? 1 : streq(depth, "light") ? light : usual;
}

enum { LONG = 7200000, STORY = 20000 };

char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (!at)
        fail_msg("`%s` is not in the manifests", from);
    return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static char *replaced_all(const char *text, const char *from, const char *to)
{
    char *now = xstrdup(text);

    while (strstr(now, from)) {
        char *next = replaced(now, from, to);
        free(now);
        now = next;
    }
    return now;
}

static bool converge(struct test_world *w, msec limit)
{
    msec end = w->now + limit;

    while (!w->dead && w->now < end) {
        test_world_run(w, end - w->now);
        if (w->rested && w->converged)
            return true;
        w->rested = false;
    }
    return false;
}

void start_keep(struct start *s, struct test_world *w)
{
    s->sim = TAKE(w->sim);
    s->now = w->now;
    for (size_t i = 0; i < w->n_ledger; i++)
        strings_add(&s->ledger, w->ledger[i].text);
    test_world_free(w);
}

/* What another instance has, on an engine of its own. */
static void make_foreign(struct test_world *w)
{
    char *west = replaced_all(estate_all(), "east", "west");

    w->options.instance = "other";
    test_world_restart(w);
    test_world_manifests(w, west);
    assert_true(converge(w, LONG));
    free(west);
    test_world_ledger_lost(w);
    w->options.instance = "test";
    test_world_restart(w);
}

void start_make(struct start *s, const struct scenario *scenario)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    *s = (struct start){ .scenario = scenario };
    make_foreign(w);
    if (scenario->before) {
        test_world_manifests(w, scenario->before);
        assert_true(converge(w, LONG));
    }
    start_keep(s, w);
}

void start_clear(struct start *s)
{
    sim_free(s->sim);
    strings_clear(&s->ledger);
}

void attempt_open(struct attempt *a, const struct start *s)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    sim_load_from(w->sim, s->sim);
    w->now = s->now;
    w->options.prune = s->scenario->prune;
    w->options.delete_budget = 0;
    w->plugin_version = s->scenario->plugin_version;
    for (size_t i = 0; i < s->ledger.n; i++) {
        cJSON *entry = json_parse(s->ledger.items[i], strlen(s->ledger.items[i]), NULL);
        test_world_keep(w, json_text(entry, "key"), s->ledger.items[i]);
        cJSON_Delete(entry);
    }
    test_world_restart(w);
    a->world = w;
    invariants_begin(&a->invariants, w);
}

void attempt_begin(struct attempt *a, const struct start *s)
{
    test_world_manifests(a->world, s->scenario->after);
}

bool attempt_converge(struct attempt *a, msec limit)
{
    return converge(a->world, limit);
}

static void story(const struct attempt *a, const char *scenario, const char *what, const char *why)
{
    const char *text = buf_text(&a->world->trace);
    size_t n = strlen(text);

    (void)fprintf(stderr, "%s\n%s, %s: %s\n", n > STORY ? text + n - STORY : text, scenario, what,
                  why);
}

void attempt_finish(struct attempt *a, const struct start *s, const char *what)
{
    struct test_world *w = a->world;
    struct invariants *v = &a->invariants;
    bool converged = converge(w, LONG);

    if (converged) {
        size_t writes = w->writes;
        w->die_at = 0;
        invariants_at_rest(v, s->scenario->off);
        test_world_nudge(w);
        invariants_expect(v, converge(w, LONG) && w->writes == writes,
                          "what had converged writes again");
    }
    if (!converged || v->broken) {
        story(a, s->scenario->name, what, v->broken ? v->broken : "it does not converge");
        fail_msg("%s, %s: %s", s->scenario->name, what,
                 v->broken ? v->broken : "it does not converge");
    }
    attempt_close(a);
}

void attempt_close(struct attempt *a)
{
    invariants_end(&a->invariants);
    test_world_free(a->world);
}
