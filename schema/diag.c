#include "schema/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/map.h"

const char *file_name(const char *name)
{
    static struct map all;
    char *kept = map_get(&all, name);

    if (!kept) {
        kept = xstrdup(name);
        map_set(&all, kept, kept);
    }
    return kept;
}

/* The length of the UTF-8 character at s, 0 where none stands there. */
static size_t utf8_length(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

    if (len == 0 || len > n || s[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

static bool is_control(const unsigned char *s, size_t len)
{
    if (len == 1)
        return s[0] < 0x20 || s[0] == 0x7f;
    return len == 2 && s[0] == 0xc2 && s[1] < 0xa0;
}

/* A copy that a terminal can be trusted with: a manifest must not be able to
 * move the cursor or change colours. Tabs stay. */
static char *printable(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    char *out = xmalloc(n + 1);
    size_t m = 0;

    for (size_t i = 0; i < n;) {
        size_t len = utf8_length(s + i, n - i);
        if (len == 0 || (is_control(s + i, len) && s[i] != '\t')) {
            out[m++] = '?';
            i += len ? len : 1;
            continue;
        }
        memcpy(out + m, s + i, len);
        m += len;
        i += len;
    }
    out[m] = '\0';
    return out;
}

static char *PRINTF(1, 0) printable_format(const char *fmt, va_list args)
{
    struct buf text = BUF_WITH_LIMIT(1 << 16);

    buf_vprintf(&text, fmt, args);
    char *s = printable(buf_text(&text), text.n);
    buf_clear(&text);
    return s;
}

static void add(struct diags *d, struct diag item)
{
    d->all++;
    if (item.level == DIAG_ERROR)
        d->errors++;
    if (d->n == DIAGS_MAX) {
        free(item.text);
        free(item.hint);
        free(item.line);
        return;
    }
    d->items = grow(d->items, d->n, &d->cap, sizeof(*d->items));
    d->items[d->n++] = item;
}

void diag_error(struct diags *d, struct pos at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(d, (struct diag){ DIAG_ERROR, at, printable_format(fmt, args), NULL, NULL, 1 });
    va_end(args);
}

void diag_warning(struct diags *d, struct pos at, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add(d, (struct diag){ DIAG_WARNING, at, printable_format(fmt, args), NULL, NULL, 1 });
    va_end(args);
}

/* NULL where the finding made last was only counted. */
static struct diag *last(struct diags *d)
{
    return d->n && d->n == d->all ? &d->items[d->n - 1] : NULL;
}

void diag_hint(struct diags *d, const char *fmt, ...)
{
    struct diag *item = last(d);
    va_list args;

    if (!item)
        return;
    free(item->hint);
    va_start(args, fmt);
    item->hint = printable_format(fmt, args);
    va_end(args);
}

void diag_source(struct diags *d, const char *line, size_t line_n, unsigned caret_n)
{
    struct diag *item = last(d);

    if (!item)
        return;
    free(item->line);
    item->line = line ? printable(line, line_n) : NULL;
    item->caret_n = caret_n ? caret_n : 1;
}

void diags_clear(struct diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        free(d->items[i].text);
        free(d->items[i].hint);
        free(d->items[i].line);
    }
    free(d->items);
    *d = (struct diags){ 0 };
}

void diags_append(struct diags *d, const struct diags *from)
{
    size_t errors = d->errors + from->errors, all = d->all + from->all;

    for (size_t i = 0; i < from->n && d->n < DIAGS_MAX; i++) {
        struct diag item = from->items[i];
        item.text = xstrdup(item.text);
        item.hint = item.hint ? xstrdup(item.hint) : NULL;
        item.line = item.line ? xstrdup(item.line) : NULL;
        add(d, item);
    }
    d->errors = errors;
    d->all = all;
}

static int compare(const struct diag *a, const struct diag *b)
{
    int files = strcmp(a->at.file ? a->at.file : "", b->at.file ? b->at.file : "");

    if (files)
        return files;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col)
        return a->at.col < b->at.col ? -1 : 1;
    return 0;
}

/* By insertion, because it keeps the order of equals and n <= DIAGS_MAX. */
void diags_sort(struct diags *d)
{
    for (size_t i = 1; i < d->n; i++) {
        struct diag item = d->items[i];
        size_t j = i;
        for (; j > 0 && compare(&d->items[j - 1], &item) > 0; j--)
            d->items[j] = d->items[j - 1];
        d->items[j] = item;
    }
}

enum { LINE_SHOWN = 120, BEFORE_CARET = 60 };

/* Where the character after s begins. */
static const char *next_char(const char *s)
{
    do
        s++;
    while ((*s & '\xc0') == '\x80');
    return s;
}

/* The source line, or as much of a long one as fits around the place, and
 * below it the caret; tabs are repeated so that both lines agree. */
static void print_source(const struct diag *item, struct buf *out)
{
    const char *s = item->line;
    unsigned col = item->at.col ? item->at.col : 1;
    struct buf caret = BUF_WITH_LIMIT(4096);
    unsigned shown = 0;

    buf_puts(out, "    ");
    buf_puts(&caret, "    ");
    if (col > LINE_SHOWN - BEFORE_CARET / 2) {
        for (unsigned skip = col - BEFORE_CARET; skip > 0 && *s; skip--)
            s = next_char(s);
        col = BEFORE_CARET;
        buf_puts(out, "...");
        buf_puts(&caret, "   ");
    }
    for (; *s && shown < LINE_SHOWN; s = next_char(s)) {
        buf_add(out, s, (size_t)(next_char(s) - s));
        if (++shown < col)
            buf_puts(&caret, *s == '\t' ? "\t" : " ");
    }
    if (*s)
        buf_puts(out, "...");
    for (; shown + 1 < col; shown++)
        buf_puts(&caret, " ");
    buf_puts(&caret, "^");
    for (unsigned i = 1; i < item->caret_n && col + i <= LINE_SHOWN; i++)
        buf_puts(&caret, "~");
    buf_printf(out, "\n%s\n", buf_text(&caret));
    buf_clear(&caret);
}

static void print_one(const struct diag *item, struct buf *out)
{
    if (item->at.file && item->at.line)
        buf_printf(out, "%s:%u:%u: ", item->at.file, item->at.line, item->at.col);
    else if (item->at.file)
        buf_printf(out, "%s: ", item->at.file);
    buf_printf(out, "%s: %s\n", item->level == DIAG_ERROR ? "error" : "warning", item->text);
    if (item->line)
        print_source(item, out);
    if (item->hint)
        buf_printf(out, "  %s\n", item->hint);
}

void diags_print(const struct diags *d, struct buf *out)
{
    for (size_t i = 0; i < d->n; i++)
        print_one(&d->items[i], out);
    if (d->all > d->n)
        buf_printf(out, "... and %zu more\n", d->all - d->n);
}
