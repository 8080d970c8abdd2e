/* `dctd status`: how the running dctd fares. What is wrong comes first. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/talk.h"
#include "daemon/view.h"

enum { STATUS_MAX = 4 << 20, SHOWN = 20, LABEL = 12, COMMIT = 12 };

struct page {
    struct buf *out;
    bool colour;
    msec now;
};

static double count(const cJSON *s, const char *name)
{
    char *path = xasprintf("counts.%s", name);
    double n = view_number(s, path, 0);

    free(path);
    return n;
}

static void line(struct page *p, const char *name, const char *text)
{
    if (!*text)
        return;
    paint(p->out, p->colour, PAINT_DIM, name);
    buf_printf(p->out, "%*s", (int)(LABEL - text_width(name)), "");
    paint(p->out, false, PAINT_NONE, text);
    buf_puts(p->out, "\n");
}

/* Objects that a person may have to look at. */
static bool is_wrong(const cJSON *o)
{
    static const char *const bad[] = { "Stalled", "Drifted" };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (streq(view_condition(o, bad[i]), "True"))
            return true;
    }
    bool retried = view_number(o, "attempts", 0) > 0;
    return !view_working(o) && !streq(view_condition(o, "Suspended"), "True") &&
           (retried || !streq(view_condition(o, "Ready"), "True"));
}

/* The findings say why. */
static bool without_manifests(const cJSON *s)
{
    return count(s, "managed") <= 0 && *view_text(s, "manifests");
}

/* "synced 412/415 at 3f9c1d2, 2 jobs running, 1 blocked" */
static void headline(struct page *p, const cJSON *s, size_t wrong)
{
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX);
    bool observed = json_true(s, "observed"), trouble = *view_text(s, "trouble");
    double failed = count(s, "failed"), managed = count(s, "managed"), synced = count(s, "synced");
    static const char *const others[] = { "failed",  "blocked", "drifted",
                                          "running", "waiting", "suspended" };

    if (!observed)
        buf_puts(&text, "not observed yet");
    else if (without_manifests(s))
        buf_puts(&text, "no manifests are in force");
    else
        buf_printf(&text, "synced %.0f/%.0f", synced, managed);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        double n = count(s, others[i]);
        if (n > 0)
            buf_printf(&text, ", %.0f %s", n, others[i]);
    }
    trouble = trouble || *view_text(s, "configuration") || *view_text(s, "manifests");
    bool bad = trouble || failed > 0 || cJSON_GetArraySize(json_at(s, "findings")) > 0;
    bool good = observed && !bad && !wrong && synced >= managed;
    paint(p->out, p->colour, PAINT_BOLD, view_text(s, "instance"));
    buf_puts(p->out, ": ");
    paint(p->out, p->colour, bad ? PAINT_RED : good ? PAINT_GREEN : PAINT_YELLOW, buf_text(&text));
    buf_puts(p->out, "\n");
    buf_clear(&text);
}

static void wrong_objects(struct page *p, const cJSON *items)
{
    struct grid g = { .columns = 3, .indent = 2 };
    const cJSON *o;
    size_t wrong = 0;

    cJSON_ArrayForEach(o, items) {
        if (!is_wrong(o) || ++wrong > SHOWN)
            continue;
        char *status = view_status(o);
        grid_add(&g, json_text(o, "key"), PAINT_NONE);
        grid_add(&g, status, view_paint(o));
        grid_add(&g, view_trouble(o), PAINT_NONE);
        free(status);
    }
    if (g.n)
        grid_print(&g, p->colour, p->out);
    if (wrong > SHOWN)
        buf_printf(p->out, "  and %zu more: dctd get --not-ready\n", wrong - SHOWN);
    grid_clear(&g);
}

static size_t count_wrong(const cJSON *items)
{
    const cJSON *o;
    size_t n = 0;

    cJSON_ArrayForEach(o, items)
        n += is_wrong(o);
    return n;
}

static void trouble(struct page *p, const cJSON *s)
{
    static const char *const paths[] = { "configuration", "trouble", "git.trouble", "manifests" };

    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        if (!*view_text(s, paths[i]) || (without_manifests(s) && streq(paths[i], "manifests")))
            continue;
        buf_puts(p->out, "  ");
        paint(p->out, p->colour, PAINT_RED, view_text(s, paths[i]));
        buf_puts(p->out, "\n");
    }
}

/* Before DCT has been seen for the first time. */
static void waiting(struct page *p, const cJSON *s)
{
    struct buf age = BUF_WITH_LIMIT(32);

    view_age(s, "waiting.since", p->now, &age);
    if (*view_text(s, "waiting.text")) {
        char *text = xasprintf("%s, for %s", view_text(s, "waiting.text"), buf_text(&age));
        buf_puts(p->out, "  ");
        paint(p->out, p->colour, PAINT_YELLOW, text);
        buf_puts(p->out, "\n");
        free(text);
    }
    buf_clear(&age);
}

static void findings(struct page *p, const cJSON *s)
{
    const cJSON *f;

    cJSON_ArrayForEach(f, cJSON_GetObjectItemCaseSensitive(s, "findings")) {
        bool error = streq(json_text(f, "level"), "error");
        char *text = xasprintf("%s%s%s: %s", view_text(f, "at"), *view_text(f, "at") ? ": " : "",
                               view_text(f, "level"), view_text(f, "text"));
        buf_puts(p->out, "  ");
        paint(p->out, p->colour, error ? PAINT_RED : PAINT_YELLOW, text);
        buf_puts(p->out, "\n");
        if (*view_text(f, "hint")) {
            buf_puts(p->out, "      ");
            paint(p->out, false, PAINT_NONE, view_text(f, "hint"));
            buf_puts(p->out, "\n");
        }
        free(text);
    }
}

static void suspensions(struct page *p, const cJSON *s)
{
    const cJSON *x;

    cJSON_ArrayForEach(x, cJSON_GetObjectItemCaseSensitive(s, "suspended")) {
        const char *object = json_text(x, "object"), *kind = json_text(x, "kind");
        const char *until = json_text(x, "until");
        char *text = xasprintf("%s: %s (by %s%s%s)",
                               object ? object
                               : kind ? kind
                                      : "everything",
                               view_text(x, "reason"), view_text(x, "by"), until ? ", until " : "",
                               until ? until : "");
        line(p, "suspended", text);
        free(text);
    }
}

static void manifests(struct page *p, const cJSON *s)
{
    const char *revision = view_text(s, "revision"), *url = view_text(s, "git.url");
    const char *ref = view_text(s, "git.ref");
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX), age = BUF_WITH_LIMIT(32);

    buf_puts(&text, *revision ? revision : "no revision");
    view_age(s, "git.fetched", p->now, &age);
    if (*url)
        buf_printf(&text, ", %s %s", url, ref);
    if (age.n)
        buf_printf(&text, ", fetched %s ago", buf_text(&age));
    line(p, "manifests", buf_text(&text));
    buf_clear(&age);
    buf_clear(&text);
}

/* "1m ago, next in 4m; converged 1m ago" */
static void observed(struct page *p, const cJSON *s)
{
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX);
    size_t before;

    before = text.n;
    view_age(s, "lastObserved", p->now, &text);
    buf_puts(&text, text.n > before ? " ago" : "never");
    if (json_text(s, "next")) {
        buf_puts(&text, ", next in ");
        view_wait(s, "next", p->now, &text);
    }
    if (json_text(s, "lastConverged")) {
        buf_puts(&text, "; all synced ");
        view_age(s, "lastConverged", p->now, &text);
        buf_puts(&text, " ago");
    }
    line(p, "observed", buf_text(&text));
    buf_clear(&text);
}

static void daemon_line(struct page *p, const cJSON *s)
{
    struct buf up = BUF_WITH_LIMIT(32);
    char *text;

    view_age(s, "started", p->now, &up);
    text = xasprintf("dctd %s, pid %.0f, %s%s, up %s", view_text(s, "version"),
                     view_number(s, "pid", 0), view_text(s, "phase"),
                     count(s, "jobs") > 0 ? " (DCT works)" : "", up.n ? buf_text(&up) : "?");
    line(p, "process", text);
    free(text);
    buf_clear(&up);
}

static void dct_line(struct page *p, const cJSON *s)
{
    const char *api = view_text(s, "dct.api");
    char *text = xasprintf("%s%s%s", view_text(s, "dct.url"), *api ? ", API " : "", api);

    line(p, "DCT", text);
    free(text);
}

static int show(const struct invocation *in, const cJSON *s, const cJSON *objects)
{
    struct buf text = BUF_WITH_LIMIT(STATUS_MAX);
    struct page p = { &text, cmd_colour(in, STDOUT_FILENO), app_now() };
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(objects, "items");

    headline(&p, s, count_wrong(items));
    trouble(&p, s);
    waiting(&p, s);
    findings(&p, s);
    wrong_objects(&p, items);
    suspensions(&p, s);
    observed(&p, s);
    manifests(&p, s);
    dct_line(&p, s);
    daemon_line(&p, s);
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_status(const struct invocation *in)
{
    struct talk t;
    cJSON *status = talk_open(&t, in) ? talk_get(&t, "/api/v1/status") : NULL, *objects = NULL;

    if (status && in->output != OUTPUT_TEXT)
        t.code = talk_print(in, status);
    else if (status && (objects = talk_get(&t, "/api/v1/objects")) != NULL)
        t.code = show(in, status, objects);
    cJSON_Delete(objects);
    cJSON_Delete(status);
    talk_close(&t);
    return t.code;
}
