#include "daemon/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096, MARGIN = 2 };

struct running {
    char *key, *verb, *text, *job;
    int percent; /* -1 = unknown */
    msec since;
};

struct progress {
    struct progress_options o;
    struct running *items;
    size_t n, cap;
    size_t drawn; /* lines that stand below the cursor's start */
};

static const char red[] = "31", green[] = "32", yellow[] = "33", dim[] = "2";

/* How a report is shown once it is a line of its own. */
static const struct {
    const char *mark, *colour, *word;
    bool ends; /* the action runs no more */
} looks[] = {
    [REPORT_INFO] = { " ", NULL, NULL, false },
    [REPORT_WARNING] = { "!", yellow, "warning", false },
    [REPORT_ERROR] = { "✗", red, "error", false },
    [REPORT_STARTED] = { "▸", NULL, "started", false },
    [REPORT_JOB] = { "·", dim, "job", false },
    [REPORT_DONE] = { "✓", green, "done", true },
    [REPORT_RETRY] = { "↻", yellow, "will retry", true },
    [REPORT_FAILED] = { "✗", red, "failed", true },
    [REPORT_DRIFT] = { "≠", yellow, "drift", false },
    [REPORT_ASKED] = { " ", NULL, "asked", false },
    [REPORT_SUSPENDED] = { " ", NULL, "suspended", false },
    [REPORT_RESUMED] = { " ", NULL, "resumed", false },
    [REPORT_ADOPTED] = { " ", NULL, "adopted", false },
    [REPORT_FORGOTTEN] = { " ", NULL, "forgotten", false },
};

struct progress *progress_new(const struct progress_options *o)
{
    struct progress *p = xcalloc(1, sizeof(*p));

    p->o = *o;
    return p;
}

static void running_clear(struct running *a)
{
    free(a->key);
    free(a->verb);
    free(a->text);
    free(a->job);
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        running_clear(&p->items[i]);
    free(p->items);
    free(p);
}

static struct running *find(struct progress *p, const char *key)
{
    for (size_t i = 0; i < p->n; i++) {
        if (streq(p->items[i].key, key))
            return &p->items[i];
    }
    return NULL;
}

static struct running *start(struct progress *p, const char *key, msec now)
{
    p->items = grow(p->items, p->n, &p->cap, sizeof(*p->items));
    p->items[p->n] = (struct running){ .key = xstrdup(key), .percent = -1, .since = now };
    return &p->items[p->n++];
}

static void end(struct progress *p, struct running *a)
{
    size_t i = (size_t)(a - p->items);

    running_clear(a);
    memmove(a, a + 1, (p->n - i - 1) * sizeof(*a));
    p->n--;
}

static void replace(char **at, const char *text)
{
    if (text) {
        free(*at);
        *at = xstrdup(text);
    }
}

static void add_elapsed(struct buf *line, msec elapsed)
{
    long long seconds = elapsed > 0 ? elapsed / 1000 : 0;

    if (seconds >= 60)
        buf_printf(line, "%lldm%02llds", seconds / 60, seconds % 60);
    else
        buf_printf(line, "%llds", seconds);
}

/* Characters of a terminal's width, cut where it ends; one column a character. */
static void add_cut(struct buf *out, const char *text, size_t width)
{
    size_t columns = 0;
    const char *p = text;

    while (*p && columns < width) {
        size_t n = 1;

        while (((unsigned char)p[n] & 0xc0) == 0x80)
            n++;
        if ((unsigned char)*p < ' ' || *p == 127)
            buf_puts(out, " ");
        else
            buf_add(out, p, n);
        p += n;
        columns++;
    }
}

static void add_coloured(const struct progress *p, struct buf *out, const char *colour,
                         const char *text)
{
    if (p->o.colour && colour)
        buf_printf(out, "\033[%sm%s\033[0m", colour, text);
    else
        buf_puts(out, text);
}

void progress_hide(struct progress *p, struct buf *out)
{
    if (p->drawn)
        buf_printf(out, "\033[%zuA\r\033[J", p->drawn);
    p->drawn = 0;
}

static void draw_one(const struct progress *p, const struct running *a, msec now, struct buf *out)
{
    struct buf line = BUF_WITH_LIMIT(LINE_MAX_BYTES);

    buf_printf(&line, "%s  %s", a->key, a->verb ? a->verb : "");
    if (a->percent >= 0)
        buf_printf(&line, "  %d%%", a->percent);
    buf_puts(&line, "  ");
    add_elapsed(&line, now - a->since);
    if (a->text)
        buf_printf(&line, "  %s", a->text);

    add_coloured(p, out, yellow, "▸");
    buf_puts(out, " ");
    add_cut(out, buf_text(&line), p->o.width > MARGIN ? p->o.width - MARGIN - 1 : 1);
    buf_puts(out, "\n");
    buf_clear(&line);
}

static void draw(struct progress *p, msec now, struct buf *out)
{
    size_t room = p->o.height > MARGIN + 1 ? p->o.height - MARGIN : 1;
    size_t shown = p->n <= room ? p->n : room - 1;

    for (size_t i = 0; i < shown; i++)
        draw_one(p, &p->items[i], now, out);
    p->drawn = shown;
    if (shown < p->n) {
        buf_printf(out, "  … and %zu more\n", p->n - shown);
        p->drawn++;
    }
}

void progress_tick(struct progress *p, msec now, struct buf *out)
{
    if (!p->o.live || p->n == 0)
        return;
    progress_hide(p, out);
    draw(p, now, out);
}

/* "VDB/orders-dev: create job JOB-7 40%" */
static void add_subject(struct buf *line, const struct report *r, const char *verb)
{
    const char *word = looks[r->kind].word;

    if (r->key)
        buf_printf(line, "%s:", r->key);
    if (r->key && verb)
        buf_printf(line, " %s", verb);
    if (word)
        buf_printf(line, "%s%s", line->n ? " " : "", word);
    if (r->kind != REPORT_JOB)
        return;
    if (r->job)
        buf_printf(line, " %s", r->job);
    if (r->percent >= 0)
        buf_printf(line, " %d%%", r->percent);
}

/* "✓ VDB/orders-dev: create done (1m05s): what DCT said" */
static void say(const struct progress *p, const struct report *r, const struct running *a, msec now,
                struct buf *out)
{
    struct buf line = BUF_WITH_LIMIT(LINE_MAX_BYTES);

    add_subject(&line, r, r->verb || !a ? r->verb : a->verb);
    if (a && looks[r->kind].ends) {
        buf_puts(&line, " (");
        add_elapsed(&line, now - a->since);
        buf_puts(&line, ")");
    }
    if (r->text && *r->text && !streq(r->text, looks[r->kind].word))
        buf_printf(&line, "%s%s", line.n ? ": " : "", r->text);

    add_coloured(p, out, looks[r->kind].colour, looks[r->kind].mark);
    buf_puts(out, " ");
    add_cut(out, buf_text(&line), LINE_MAX_BYTES);
    buf_puts(out, "\n");
    buf_clear(&line);
}

/* A job's percents would be a line each: only its beginning is one. */
static bool worth_a_line(const struct progress *p, const struct report *r, const struct running *a)
{
    if (p->o.live)
        return r->kind != REPORT_STARTED && r->kind != REPORT_JOB;
    return r->kind != REPORT_JOB || !a || !a->job || !streq(a->job, r->job);
}

void progress_report(struct progress *p, const struct report *r, msec now, struct buf *out)
{
    struct running *a = r->key ? find(p, r->key) : NULL;

    if (!a && (r->kind == REPORT_STARTED || r->kind == REPORT_JOB))
        a = start(p, r->key ? r->key : "", now);
    if (a)
        replace(&a->verb, r->verb);
    if (p->o.live)
        progress_hide(p, out);
    if (worth_a_line(p, r, a))
        say(p, r, a, now, out);
    if (a && r->kind == REPORT_JOB) {
        a->percent = r->percent;
        replace(&a->text, r->text);
        replace(&a->job, r->job);
    }
    if (a && looks[r->kind].ends)
        end(p, a);
    if (p->o.live)
        draw(p, now, out);
}

void progress_end(struct progress *p, struct buf *out)
{
    progress_hide(p, out);
}
