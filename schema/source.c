/* The lines that findings quote, and what they must not show. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "schema/yaml.h"

struct hidden {
    struct pos from;
    unsigned end_line;
};

void node_hide(struct yaml_file *y, const struct node *n)
{
    struct source *s = &y->source;

    s->hidden = grow(s->hidden, s->n_hidden, &s->cap_hidden, sizeof(*s->hidden));
    s->hidden[s->n_hidden++] = (struct hidden){ n->pos, n->end_line };
}

bool key_is_suspect(const char *key)
{
    static const char *const suspects[] = { "pass", "secret", "key", "token", "cred" };

    for (size_t i = 0; i < ARRAY_LEN(suspects); i++) {
        if (strcasestr(key, suspects[i]))
            return true;
    }
    return false;
}

/* Where column `col` of the line begins; columns count characters. */
static size_t column_offset(const char *line, size_t n, unsigned col)
{
    size_t i = 0;

    for (unsigned c = 1; c < col && i < n; c++) {
        do
            i++;
        while (i < n && ((unsigned char)line[i] & 0xc0) == 0x80);
    }
    return i;
}

/* How many columns of the line may be shown when `caret` is underlined: all
 * (UINT_MAX), those before something hidden, or none (0). */
static unsigned columns_shown(const struct source *s, struct pos caret)
{
    unsigned shown = UINT32_MAX;

    for (size_t i = 0; i < s->n_hidden; i++) {
        const struct hidden *h = &s->hidden[i];
        if (caret.line < h->from.line || caret.line > h->end_line)
            continue;
        if (caret.line > h->from.line || h->from.col < caret.col)
            return 0;
        if (h->from.col - 1 < shown)
            shown = h->from.col - 1;
    }
    return shown;
}

static unsigned word_length(const char *s)
{
    unsigned n = 0;

    while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_-.", s[n])))
        n++;
    return n ? n : 1;
}

static void quote(const struct source *s, struct diag *item)
{
    size_t from = s->lines[item->at.line - 1];
    size_t to = item->at.line < s->n_lines ? s->lines[item->at.line] : s->n;
    unsigned shown = columns_shown(s, item->at);

    while (to > from && (s->text[to - 1] == '\n' || s->text[to - 1] == '\r'))
        to--;
    if (shown == 0)
        return;

    size_t cut = column_offset(s->text + from, to - from, shown == UINT32_MAX ? shown : shown + 1);
    struct diags one = { .items = item, .n = 1, .all = 1 };
    char *line = xstrndup(s->text + from, cut);
    if (cut < to - from) {
        char *masked = xasprintf("%s***", line);
        free(line);
        line = masked;
        if (item->caret_n > 3 && item->at.col > shown)
            item->caret_n = 3;
    }
    /* Where only a place is known, the word there is meant. */
    size_t word = column_offset(line, strlen(line), item->at.col);
    if (item->caret_n == 1)
        item->caret_n = word_length(line + word);
    diag_source(&one, line, strlen(line), item->caret_n);
    free(line);
}

void source_quote(const struct source *s, struct diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        struct diag *item = &d->items[i];
        if (!item->line && item->at.file == s->file && item->at.line && item->at.line <= s->n_lines)
            quote(s, item);
    }
}

void source_hide(struct source *s, struct source *read_again)
{
    for (size_t i = 0; i < read_again->n_hidden; i++) {
        s->hidden = grow(s->hidden, s->n_hidden, &s->cap_hidden, sizeof(*s->hidden));
        s->hidden[s->n_hidden++] = read_again->hidden[i];
    }
    read_again->n_hidden = 0;
}

void source_clear(struct source *s)
{
    free(s->text);
    free(s->lines);
    free(s->hidden);
    *s = (struct source){ 0 };
}
