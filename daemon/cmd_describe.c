/* `dctd describe`: everything that is known of one object, for the person who has
 * to decide what to do about it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/talk.h"
#include "daemon/view.h"

enum { DESCRIBE_MAX = 16 << 20, LABEL = 14, INDENT = 2 };

struct page {
    struct buf *out;
    bool colour;
    msec now;
};

static void label(struct page *p, const char *name)
{
    char *head = xasprintf("%s:", name);

    paint(p->out, p->colour, PAINT_BOLD, head);
    buf_printf(p->out, "%*s", (int)(LABEL - text_width(head)), "");
    free(head);
}

/* A line that is left out where there is nothing to tell. */
static void line(struct page *p, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    label(p, name);
    paint(p->out, false, PAINT_NONE, text);
    buf_puts(p->out, "\n");
}

static void indented(struct page *p, enum paint colour, const char *text)
{
    buf_printf(p->out, "%*s", INDENT, "");
    paint(p->out, p->colour, colour, text);
    buf_puts(p->out, "\n");
}

/* Several lines stay several lines: they are somebody's own words. */
static void verbatim(struct page *p, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        char *one = xstrndup(text, n);
        indented(p, PAINT_RED, one);
        free(one);
        text += n + (text[n] == '\n');
    }
}

/* "2026-11-22T15:04:05Z (5m ago)" */
static char *moment(const struct page *p, const cJSON *o, const char *path, bool ahead)
{
    const char *text = json_text(o, path);
    struct buf age = BUF_WITH_LIMIT(32);

    if (ahead)
        view_wait(o, path, p->now, &age);
    else
        view_age(o, path, p->now, &age);
    char *whole = xasprintf("%s (%s%s%s)", text ? text : "", ahead ? "in " : "", buf_text(&age),
                            ahead ? "" : " ago");
    buf_clear(&age);
    if (!text)
        *whole = '\0';
    return whole;
}

static void join(const cJSON *list, struct buf *out)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list) {
        if (cJSON_IsString(item))
            buf_printf(out, "%s%s", out->n ? ", " : "", item->valuestring);
    }
}

static void list_line(struct page *p, const char *name, const cJSON *o, const char *member)
{
    struct buf text = BUF_WITH_LIMIT(DESCRIBE_MAX);

    join(cJSON_GetObjectItemCaseSensitive(o, member), &text);
    line(p, name, buf_text(&text));
    buf_clear(&text);
}

static void identity(struct page *p, const cJSON *o)
{
    const char *ownership = json_text(o, "ownership"), *deletion = json_text(o, "deletion");
    char *owner = xasprintf("%s%s", ownership ? ownership : "none",
                            json_true(o, "protect") ? ", protected" : "");

    line(p, "Object", json_text(o, "key"));
    line(p, "Id", json_text(o, "id") ? json_text(o, "id") : "none known");
    line(p, "Engine", json_text(o, "engine"));
    line(p, "Manifest", json_text(o, "manifest") ? json_text(o, "manifest") : "none");
    line(p, "Ownership", owner);
    line(p, "Deletion", deletion);
    line(p, "Mode", json_text(o, "mode"));
    free(owner);
}

/* The rows of a section, as far as there are any. */
static void section(struct page *p, const char *name, struct grid *g)
{
    g->indent = INDENT;
    if (g->n) {
        paint(p->out, p->colour, PAINT_BOLD, name);
        buf_puts(p->out, "\n");
        grid_print(g, p->colour, p->out);
    }
    grid_clear(g);
}

static void conditions(struct page *p, const cJSON *o)
{
    const cJSON *c, *all = cJSON_GetObjectItemCaseSensitive(o, "conditions");
    struct grid g = { .columns = 5 };

    cJSON_ArrayForEach(c, all) {
        struct buf age = BUF_WITH_LIMIT(32);
        view_age(c, "since", p->now, &age);
        grid_add(&g, json_text(c, "type"), PAINT_NONE);
        grid_add(&g, json_text(c, "status"), view_condition_paint(c));
        grid_add(&g, buf_text(&age), PAINT_NONE);
        grid_add(&g, json_text(c, "reason"), PAINT_NONE);
        grid_add(&g, json_text(c, "message"), PAINT_NONE);
        buf_clear(&age);
    }
    section(p, "Conditions:", &g);
}

static void changes(struct page *p, const cJSON *a)
{
    struct grid g = { .columns = 3 };
    const cJSON *c;

    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(a, "changes")) {
        const char *was = json_text(c, "was"), *becomes = json_text(c, "becomes");
        char *text = xasprintf("%s -> %s", was ? was : "(none)", becomes ? becomes : "(none)");
        grid_add(&g, json_text(c, "field"), PAINT_NONE);
        grid_add(&g, text, PAINT_NONE);
        grid_add(&g, json_true(c, "createOnly") ? "only when it is created" : view_text(c, "why"),
                 PAINT_DIM);
        free(text);
    }
    section(p, "Changes:", &g);
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(a, "disruptions"))
        line(p, "Disruption", cJSON_IsString(c) ? c->valuestring : NULL);
}

static void action(struct page *p, const cJSON *o)
{
    const cJSON *a = cJSON_GetObjectItemCaseSensitive(o, "action");
    const char *job = json_text(a, "job");
    double percent = view_number(a, "percent", -1);

    if (!cJSON_IsObject(a))
        return;
    const char *reason = view_text(a, "reason");
    char *head = xasprintf("%s, %s%s%s", view_text(a, "verb"), view_text(a, "state"),
                           *reason ? ": " : "", reason);
    line(p, "Action", head);
    free(head);
    line(p, "Blocked", json_text(a, "blocked"));
    if (job && percent >= 0) {
        char *text = xasprintf("%s, %.0f%%", job, percent);
        line(p, "Job", text);
        free(text);
    } else {
        line(p, "Job", job);
    }
    changes(p, a);
}

static void trouble(struct page *p, const cJSON *o)
{
    char *retry = moment(p, o, "nextRetry", true), *at = moment(p, o, "lastError.at", false);
    const char *text = json_text(o, "lastError.text"), *class = view_text(o, "lastError.class");
    double attempts = view_number(o, "attempts", 0);

    if (attempts > 0) {
        char *n = xasprintf("%.0f", attempts);
        line(p, "Attempts", n);
        free(n);
    }
    line(p, "Next retry", retry);
    list_line(p, "Owed", o, "owes");
    if (text) {
        char *head = xasprintf("%s%s%s", class, *class && *at ? ", " : "", at);
        line(p, "Last error", *head ? head : "-");
        verbatim(p, text);
        free(head);
    }
    free(at);
    free(retry);
}

static void history(struct page *p, const cJSON *o)
{
    const cJSON *h, *all = cJSON_GetObjectItemCaseSensitive(o, "history");
    struct grid g = { .columns = 4 };

    cJSON_ArrayForEach(h, all) {
        char *what = xasprintf("%s=%s", view_text(h, "type"), view_text(h, "status"));
        grid_add(&g, json_text(h, "at"), PAINT_DIM);
        grid_add(&g, what, PAINT_NONE);
        grid_add(&g, json_text(h, "reason"), PAINT_NONE);
        grid_add(&g, json_text(h, "message"), PAINT_NONE);
        free(what);
    }
    section(p, "History:", &g);
}

static void add_said(struct buf *to, const char *before, const char *text, const char *after)
{
    if (text && *text)
        buf_printf(to, "%s%s%s", before, text, after);
}

static void events(struct page *p, const cJSON *all)
{
    struct grid g = { .columns = 3 };
    const cJSON *e;

    cJSON_ArrayForEach(e, all) {
        struct buf text = BUF_WITH_LIMIT(DESCRIBE_MAX);
        const char *outcome = json_text(e, "outcome");
        buf_puts(&text, view_text(e, "text"));
        add_said(&text, ": ", json_text(e, "request"), "");
        if (json_text(e, "request"))
            add_said(&text, " -> ", outcome ? outcome : "no answer is known", "");
        add_said(&text, " (job ", json_text(e, "job"), ")");
        add_said(&text, ", trace ", json_text(e, "trace"), "");
        add_said(&text, ", asked for by ", json_text(e, "by"), "");
        grid_add(&g, json_text(e, "at"), PAINT_DIM);
        grid_add(&g, json_text(e, "kind"), PAINT_NONE);
        grid_add(&g, buf_text(&text), PAINT_NONE);
        buf_clear(&text);
    }
    section(p, "Events:", &g);
}

static int describe(const struct invocation *in, const cJSON *reply)
{
    struct buf text = BUF_WITH_LIMIT(DESCRIBE_MAX);
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(reply, "object");
    struct page p = { &text, cmd_colour(in, STDOUT_FILENO), app_now() };

    if (in->output != OUTPUT_TEXT)
        return talk_print(in, reply);
    identity(&p, o);
    conditions(&p, o);
    action(&p, o);
    trouble(&p, o);
    list_line(&p, "Needs", o, "needs");
    list_line(&p, "Needed by", o, "neededBy");
    history(&p, o);
    events(&p, cJSON_GetObjectItemCaseSensitive(reply, "events"));
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

/* "vdb/orders-dev", or "vdb orders-dev"; owned, NULL after it has complained. */
static char *key_said(const struct invocation *in)
{
    char *word =
        in->n_paths == 2 ? xasprintf("%s/%s", in->paths[0], in->paths[1]) : xstrdup(in->paths[0]);
    struct target t;
    bool read = target_read(word, &t);

    if (read && !t.key)
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", word);
    free(word);
    return t.key;
}

int cmd_describe(const struct invocation *in)
{
    char *key = key_said(in);
    struct talk t;

    if (!key)
        return EXIT_TROUBLE;
    char *path = talk_object_path(key);
    cJSON *reply = talk_open(&t, in) ? talk_get(&t, path) : NULL;
    int code = reply ? describe(in, reply) : t.code;
    cJSON_Delete(reply);
    talk_close(&t);
    free(path);
    free(key);
    return code;
}
