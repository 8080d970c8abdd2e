/* The plan for people: one headline per action, what it changes below it, and
 * a summary as the last line. Fits 100 columns wherever the text lets it. */
#include "reconciler/plan_text.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_render.h"

enum {
    COLUMNS = 100,
    SYMBOL = 3,    /* "-/+" */
    KEY_MAX = 38,  /* longer keys get a line of their own */
    NAME_MAX = 34, /* the same for fields */
    TEXT_MIN = 28, /* less room than this is none: the place goes below */
    DETAIL = 6,
};

enum paint { PLAIN, BOLD, RED, GREEN, YELLOW, CYAN, DIM };

static const char *const paints[] = {
    [PLAIN] = "",          [BOLD] = "\033[1m",  [RED] = "\033[31m", [GREEN] = "\033[32m",
    [YELLOW] = "\033[33m", [CYAN] = "\033[36m", [DIM] = "\033[2m",
};

static const enum paint verb_paints[VERBS] = {
    [VERB_CREATE] = GREEN,   [VERB_UPDATE] = YELLOW,   [VERB_REPLACE] = RED,
    [VERB_DELETE] = RED,     [VERB_ADOPT] = CYAN,      [VERB_FORGET] = DIM,
    [VERB_REFRESH] = YELLOW, [VERB_SNAPSHOT] = YELLOW, [VERB_DISABLE] = YELLOW,
    [VERB_ENABLE] = YELLOW,
};

struct page {
    struct buf *out;
    bool colour;
    size_t root;
    size_t key_width;
    msec ahead;
};

/* Columns of UTF-8 text: characters, not bytes. */
static size_t columns(const char *s, size_t n)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)s[i] & 0xc0) != 0x80;
    return width;
}

static size_t text_columns(const char *s)
{
    return columns(s, strlen(s));
}

static size_t at_most(size_t n, size_t limit)
{
    return n < limit ? n : limit;
}

static void spaces(struct page *page, size_t n)
{
    buf_printf(page->out, "%*s", (int)n, "");
}

static void painted(struct page *page, enum paint paint, const char *text)
{
    bool on = page->colour && paint != PLAIN;

    buf_printf(page->out, "%s%s%s", on ? paints[paint] : "", text, on ? "\033[0m" : "");
}

/* Bytes of the whole words that fit; at least one word. */
static size_t words_fit(const char *text, size_t width)
{
    size_t fit = 0;

    for (size_t end = 0; text[end];) {
        end += strspn(text + end, " ");
        end += strcspn(text + end, " ");
        if (fit && columns(text, end) > width)
            break;
        fit = end;
    }
    return fit;
}

/* The text from this column on, broken between words, to the end of the line. */
static void wrapped(struct page *page, const char *text, size_t column)
{
    const char *rest = text;

    for (;;) {
        size_t n = words_fit(rest, COLUMNS - column);
        buf_add(page->out, rest, n);
        buf_puts(page->out, "\n");
        rest += n;
        rest += strspn(rest, " ");
        if (!*rest)
            return;
        spaces(page, column);
    }
}

static void detail(struct page *page, enum paint paint, const char *mark, const char *text)
{
    char *clean = render_clean(text);

    spaces(page, DETAIL);
    painted(page, paint, mark);
    wrapped(page, clean, DETAIL + text_columns(mark));
    free(clean);
}

/* Symbol, key, what and why, and at the right edge the manifest's line. */
static void headline(struct page *page, const struct action *a)
{
    char *text = render_headline(a), *place = render_place(a, page->root);
    char *key = render_clean(a->key);
    size_t column = SYMBOL + 1 + page->key_width + 2, key_n = text_columns(key);
    size_t place_n = text_columns(place);
    bool beside = place_n && column + TEXT_MIN + 2 + place_n <= COLUMNS;
    const char *symbol = a->blocked ? "!" : verb_symbol(a->verb), *rest = text;

    spaces(page, SYMBOL - at_most(strlen(symbol), SYMBOL));
    painted(page, a->blocked ? RED : verb_paints[a->verb], symbol);
    buf_puts(page->out, " ");
    painted(page, BOLD, key);
    if (key_n > page->key_width) {
        buf_puts(page->out, "\n");
        spaces(page, column);
    } else {
        spaces(page, page->key_width - key_n + 2);
    }
    if (beside) {
        size_t n = words_fit(text, COLUMNS - column - 2 - place_n);
        size_t used = column + columns(text, n);
        buf_add(page->out, text, n);
        spaces(page, used + 2 + place_n <= COLUMNS ? COLUMNS - used - place_n : 2);
        painted(page, DIM, place);
        rest = text + n + strspn(text + n, " ");
        if (*rest) {
            buf_puts(page->out, "\n");
            spaces(page, column);
        }
    }
    wrapped(page, rest, column);
    if (place_n && !beside)
        detail(page, DIM, "at ", place);
    free(text);
    free(place);
    free(key);
}

static size_t name_width(const struct action *a)
{
    size_t width = 0;

    for (size_t i = 0; i < a->n_changes; i++) {
        size_t n = at_most(text_columns(render_field(a, &a->changes[i])), NAME_MAX);
        width = n > width ? n : width;
    }
    return width;
}

static char *value_text(const char *value)
{
    return value ? render_clean(value) : xstrdup("(none)");
}

static void change(struct page *page, const struct action *a, const struct change *c, size_t width)
{
    const char *name = render_field(a, c);
    char *was = value_text(c->was), *becomes = value_text(c->becomes);
    char *remark = render_remark(a, c);
    size_t column = DETAIL + width + 2, name_n = text_columns(name);
    bool only_new = a->verb == VERB_CREATE && !c->was;
    size_t total = column + text_columns(becomes) + (*remark ? text_columns(remark) + 4 : 0) +
                   (only_new ? 0 : text_columns(was) + 4);

    spaces(page, DETAIL);
    buf_puts(page->out, name);
    if (name_n > width) {
        buf_puts(page->out, "\n");
        spaces(page, column);
    } else {
        spaces(page, width - name_n + 2);
    }
    if (!only_new) {
        buf_puts(page->out, was);
        buf_puts(page->out, total > COLUMNS ? "\n" : " ");
        spaces(page, total > COLUMNS ? column : 0);
        buf_puts(page->out, "-> ");
    }
    buf_puts(page->out, becomes);
    if (*remark) {
        buf_puts(page->out, "  (");
        painted(page, YELLOW, remark);
        buf_puts(page->out, ")");
    }
    buf_puts(page->out, "\n");
    free(was);
    free(becomes);
    free(remark);
}

static void circumstances(struct page *page, const struct action *a)
{
    if (a->state != A_WAITING)
        detail(page, PLAIN, "now: ", action_state_name(a->state));
    if (a->not_before > 0) {
        struct buf when = BUF_WITH_LIMIT(64);
        render_moment(a->not_before + page->ahead, &when);
        detail(page, PLAIN, "not before ", buf_text(&when));
        buf_clear(&when);
    }
    if (a->error)
        detail(page, PLAIN, "last failure: ", a->error);
}

static void print_action(struct page *page, const struct action *a)
{
    size_t width = name_width(a);

    headline(page, a);
    if (a->blocked) {
        char *wish = render_wish(a);
        detail(page, PLAIN, "", wish);
        free(wish);
    }
    for (size_t i = 0; i < a->n_changes; i++)
        change(page, a, &a->changes[i], width);
    for (size_t i = 0; i < a->disruptions.n; i++)
        detail(page, YELLOW, "! ", a->disruptions.items[i]);
    circumstances(page, a);
}

static size_t key_width(const struct plan *p)
{
    size_t width = 0;

    for (size_t i = 0; i < p->n; i++) {
        size_t n = at_most(text_columns(p->items[i].key), KEY_MAX);
        width = n > width ? n : width;
    }
    return width;
}

void plan_text(const struct plan *p, bool colour, const char *digest, struct buf *out)
{
    struct page page = { out, colour, render_root(p), key_width(p), p->ahead };
    char *root = render_root_text(p);

    if (root)
        buf_printf(out, "Manifests in %s:\n\n", root);
    for (size_t i = 0; i < p->n; i++)
        print_action(&page, &p->items[i]);
    if (p->n > 0)
        buf_puts(out, "\n");
    for (size_t i = 0; i < p->notes.n; i++) {
        char *clean = render_clean(p->notes.items[i]);
        painted(&page, YELLOW, "Note: ");
        wrapped(&page, clean, strlen("Note: "));
        free(clean);
    }
    if (p->notes.n > 0)
        buf_puts(out, "\n");
    struct buf summary = BUF_WITH_LIMIT(1024);
    plan_summary(p, &summary);
    painted(&page, BOLD, buf_text(&summary));
    buf_puts(out, "\n");
    if (digest && p->n > 0)
        buf_printf(out, "Digest: %s\n", digest);
    buf_clear(&summary);
    free(root);
}

static void summary_nothing(const struct plan *p, struct buf *out)
{
    if (p->unknown)
        buf_puts(out, "Unknown: not everything could be observed, so it cannot be said whether DCT "
                      "matches.");
    else if (p->managed == 0)
        buf_puts(out, "No changes. The manifests declare no objects.");
    else if (p->in_sync < p->managed)
        buf_printf(out, "No changes. %zu of %zu objects match DCT.", p->in_sync, p->managed);
    else
        buf_printf(out, "No changes. %zu object%s DCT.", p->managed,
                   p->managed == 1 ? " matches" : "s match");
}

void plan_summary(const struct plan *p, struct buf *out)
{
    const char *before = "Plan: ";

    if (plan_empty(p)) {
        summary_nothing(p, out);
        if (p->left)
            buf_printf(out, " %zu left alone.", p->left);
        return;
    }
    for (enum verb v = VERB_NONE; v < VERBS; v++) {
        if (!p->by_verb[v])
            continue;
        buf_printf(out, "%s%zu to %s", before, p->by_verb[v], verb_name(v));
        before = ", ";
    }
    if (p->blocked > p->left) {
        buf_printf(out, "%s%zu blocked", before, p->blocked - p->left);
        before = ", ";
    }
    if (p->left)
        buf_printf(out, "%s%zu left alone", before, p->left);
    buf_puts(out, p->unknown ? ". Not everything could be observed." : ".");
}
