/* The plan as a comment on a merge request: the summary, a table, and the
 * fields of each action behind a fold.
 *
 * Names and texts are other people's: outside of code blocks every character
 * that means something to Markdown or HTML becomes an entity. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_render.h"
#include "reconciler/plan_text.h"

static void escaped(struct buf *out, const char *text)
{
    char *clean = render_clean(text);

    for (const char *s = clean; *s; s++) {
        if (strchr("&<>|`*_[]\\~#!", *s))
            buf_printf(out, "&#%d;", *s);
        else
            buf_add(out, s, 1);
    }
    free(clean);
}

static void code(struct buf *out, const char *text)
{
    buf_puts(out, "<code>");
    escaped(out, text);
    buf_puts(out, "</code>");
}

static void table_row(struct buf *out, const struct action *a, size_t root)
{
    char *text = render_headline(a), *place = render_place(a, root);

    const char *symbol = a->blocked ? "!" : verb_symbol(a->verb);

    buf_puts(out, "| ");
    if (*symbol != ' ')
        code(out, symbol);
    buf_puts(out, " | ");
    code(out, a->key);
    buf_puts(out, " | ");
    escaped(out, text);
    buf_puts(out, " | ");
    if (*place)
        code(out, place);
    buf_puts(out, *place ? " |\n" : "|\n");
    free(text);
    free(place);
}

static bool has_details(const struct action *a)
{
    return a->n_changes || a->disruptions.n || a->blocked || a->error || a->not_before > 0;
}

/* One line of a diff block; no text can end the block, as each line has a mark. */
static void diff_line(struct buf *out, const char *mark, const char *head, const char *text)
{
    char *clean = render_clean(text);

    buf_printf(out, "%s %s%s%s\n", mark, head, *head ? ": " : "", clean);
    free(clean);
}

static void diff_change(struct buf *out, const struct action *a, const struct change *c)
{
    char *remark = render_remark(a, c);
    char *name =
        *remark ? xasprintf("%s (%s)", render_field(a, c), remark) : xstrdup(render_field(a, c));

    if (c->was)
        diff_line(out, "-", name, c->was);
    if (c->becomes)
        diff_line(out, "+", name, c->becomes);
    free(name);
    free(remark);
}

static void details(struct buf *out, const struct action *a, msec ahead)
{
    struct buf when = BUF_WITH_LIMIT(64);

    buf_puts(out, "\n<details><summary>");
    code(out, a->key);
    buf_puts(out, "</summary>\n\n```diff\n");
    if (a->blocked)
        diff_line(out, "!", verb_name(a->verb), a->reason ? a->reason : "");
    for (size_t i = 0; i < a->n_changes; i++)
        diff_change(out, a, &a->changes[i]);
    for (size_t i = 0; i < a->disruptions.n; i++)
        diff_line(out, "!", "", a->disruptions.items[i]);
    if (a->not_before > 0) {
        render_moment(a->not_before + ahead, &when);
        diff_line(out, "#", "not before", buf_text(&when));
    }
    if (a->error)
        diff_line(out, "#", "last failure", a->error);
    buf_puts(out, "```\n\n</details>\n");
    buf_clear(&when);
}

void plan_markdown(const struct plan *p, const char *digest, struct buf *out)
{
    size_t root = render_root(p);
    struct buf summary = BUF_WITH_LIMIT(1024);

    plan_summary(p, &summary);
    buf_printf(out, "**%s**", buf_text(&summary));
    if (digest && p->n > 0)
        buf_printf(out, " `%s`", digest);
    buf_puts(out, "\n");
    buf_clear(&summary);
    if (p->n > 0)
        buf_puts(out, "\n| | Object | What and why | Manifest |\n|---|---|---|---|\n");
    for (size_t i = 0; i < p->n; i++)
        table_row(out, &p->items[i], root);
    for (size_t i = 0; i < p->n; i++) {
        if (has_details(&p->items[i]))
            details(out, &p->items[i], p->ahead);
    }
    for (size_t i = 0; i < p->notes.n; i++) {
        buf_puts(out, i ? "- " : "\n- ");
        escaped(out, p->notes.items[i]);
        buf_puts(out, "\n");
    }
}
