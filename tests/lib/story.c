/* Worlds that come to rest, and what is expected of them. */
#include "tests/lib/story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/plan_text.h"
#include "tests/lib/estate.h"

enum { LONG = 24 * 3600 * 1000, SAID_MAX = 4 << 20 };

char *text_with(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (!at || strstr(at + 1, from))
        fail_msg("`%s` is in the text %s", from, at ? "more than once" : "nowhere");
    return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

void story_forget(struct test_world *w)
{
    buf_clear(&w->trace);
    w->trace = BUF_WITH_LIMIT(SAID_MAX);
    strings_clear(&w->sent);
    w->requests = w->writes = 0;
}

static void tell_plan(const struct test_world *w)
{
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);

    if (cycle_plan(w->cycle))
        plan_text(cycle_plan(w->cycle), false, NULL, &b);
    (void)fprintf(stderr, "%s\n%s\n", buf_text(&w->trace), buf_text(&b));
    buf_clear(&b);
}

static void expect_rest(struct test_world *w)
{
    test_world_run(w, LONG);
    if (w->rested && w->converged && plan_empty(cycle_plan(w->cycle)))
        return;
    tell_plan(w);
    fail_msg("%s", w->rested ? "at rest, but not converged" : "never at rest");
}

void story_converge(struct test_world *w, const char *yaml)
{
    test_world_manifests(w, yaml);
    expect_rest(w);
}

void story_settle(struct test_world *w)
{
    test_world_nudge(w);
    expect_rest(w);
}

void story_rest(struct test_world *w, const char *yaml)
{
    if (yaml)
        test_world_manifests(w, yaml);
    else
        test_world_nudge(w);
    test_world_run(w, LONG);
    if (!w->rested)
        tell_plan(w);
    assert_true(w->rested);
}

struct test_world *story_of(const char *yaml)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    story_converge(w, yaml);
    story_forget(w);
    return w;
}

struct test_world *story_service(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, LONG);
    assert_true(w->rested && w->converged);
    story_forget(w);
    return w;
}

void story_go_on(struct test_world *w, msec span)
{
    for (msec end = w->now + span; w->now < end;) {
        w->rested = false;
        test_world_run(w, end - w->now);
    }
}

char *story_plan(struct test_world *w, const char *yaml)
{
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);
    size_t writes = w->writes;
    enum cycle_mode mode = w->options.mode;

    w->options.mode = CYCLE_PLAN;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, LONG);
    assert_true(w->rested);
    assert_int_equal(w->writes, writes);
    plan_text(cycle_plan(w->cycle), false, NULL, &b);
    w->options.mode = mode;
    test_world_restart(w);
    return buf_take(&b);
}

void story_sent(struct test_world *w, const char *expected)
{
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);

    for (size_t i = 0; i < w->sent.n; i++)
        buf_printf(&b, "%s\n", w->sent.items[i]);
    if (!streq(buf_text(&b), expected)) {
        (void)fprintf(stderr, "sent:\n%sexpected:\n%s", buf_text(&b), expected);
        tell_plan(w);
        fail_msg("other writes were sent");
    }
    buf_clear(&b);
}

static void change(void **state)
{
    const struct story_change *c = *state;
    struct test_world *w = story_of(estate_all());
    char *changed = text_with(estate_all(), c->from, c->to);

    story_converge(w, changed);
    story_sent(w, c->sent);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(changed);
    test_world_free(w);
}

int story_changes(const struct story_change *changes, size_t n)
{
    struct CMUnitTest *tests = xcalloc(n, sizeof(*tests));

    for (size_t i = 0; i < n; i++) {
        tests[i].name = changes[i].what;
        tests[i].test_func = change;
        tests[i].initial_state = (void *)(uintptr_t)&changes[i];
    }
    int failed = _cmocka_run_group_tests("changes", tests, n, NULL, NULL);
    free(tests);
    return failed;
}

void story_meddle(struct test_world *w, const char *how, const char *json)
{
    char *path = xasprintf("/_sim/%s", how), *said = NULL;
    int status = test_world_call(w, "POST", path, json, &said);

    if (status >= 300)
        fail_msg("%s %s: %d %s", path, json, status, said);
    free(path);
    free(said);
}

void story_spoil_description(struct test_world *w)
{
    story_meddle(
        w, "drift",
        "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":\"by hand\"}}");
}

void story_member(struct test_world *w, const char *collection, const char *name, const char *path,
                  const char *expected)
{
    char *is = test_world_member(w, collection, name, path);

    if (!streq(is, expected))
        fail_msg("%s of %s is %s, not %s", path, name, is ? is : "absent",
                 expected ? expected : "absent");
    free(is);
}

/* Lines of plans are wrapped and aligned: only words count. */
static char *words(const char *text)
{
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);
    bool blank = false;

    for (; *text; text++) {
        if (*text == ' ' || *text == '\n') {
            blank = true;
            continue;
        }
        if (blank)
            buf_puts(&b, " ");
        blank = false;
        buf_add(&b, text, 1);
    }
    return buf_take(&b);
}

static bool has_words(const char *text, const char *part)
{
    char *in = words(text), *what = words(part);
    bool has = strstr(in, what) != NULL;

    free(in);
    free(what);
    return has;
}

void story_holds(const char *text, const char *part)
{
    if (!text || !has_words(text, part))
        fail_msg("`%s` is not in:\n%s", part, text ? text : "(nothing)");
}

void story_lacks(const char *text, const char *part)
{
    if (has_words(text, part))
        fail_msg("`%s` is in:\n%s", part, text);
}
