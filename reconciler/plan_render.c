/* Words and places that every rendering of a plan uses. */
#include "reconciler/plan_render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 64 << 10 };

static size_t control_length(const unsigned char *s)
{
    if (*s < 0x20 || *s == 0x7f)
        return 1;
    return s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f ? 2 : 0;
}

char *render_clean(const char *text)
{
    struct buf out = BUF_WITH_LIMIT(LINE_MAX_BYTES);
    bool gap = false;

    for (const char *s = text; *s;) {
        size_t n = control_length((const unsigned char *)s);
        if (n == 0 && *s != ' ') {
            if (gap && out.n > 0)
                buf_puts(&out, " ");
            gap = false;
            buf_add(&out, s++, 1);
            continue;
        }
        gap = true;
        s += n ? n : 1;
    }
    return buf_take(&out);
}

/* The calendar without the C library's, which looks for time zone files. */
void render_moment(msec at, struct buf *out)
{
    int64_t second = at / 1000, day = second / 86400;

    second -= day * 86400;
    if (second < 0) {
        second += 86400;
        day--;
    }
    /* Years begin in March here, which puts the leap day last. */
    int64_t n = day + 719468, era = (n >= 0 ? n : n - 146096) / 146097, of_era = n - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153, of_month = of_year - (153 * month + 2) / 5 + 1;

    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    buf_printf(out,
               "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64
               "Z",
               year, month, of_month, second / 3600, second / 60 % 60, second % 60);
}

/* Bytes of `file` up to its last slash that `folder` begins with, too. */
static size_t shared(const char *folder, size_t n, const char *file)
{
    size_t same = 0;

    for (size_t i = 0; i < n && folder[i] == file[i]; i++) {
        if (folder[i] == '/')
            same = i + 1;
    }
    return same;
}

static const char *first_file(const struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].pos.line > 0)
            return p->items[i].pos.file;
    }
    return NULL;
}

size_t render_root(const struct plan *p)
{
    const char *first = first_file(p);
    const char *slash = first ? strrchr(first, '/') : NULL;
    if (!slash)
        return 0;

    size_t n = (size_t)(slash - first) + 1;
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].pos.line > 0)
            n = shared(first, n, p->items[i].pos.file);
    }
    return n;
}

char *render_root_text(const struct plan *p)
{
    size_t n = render_root(p);

    return n ? xstrndup(first_file(p), n > 1 ? n - 1 : n) : NULL;
}

char *render_place(const struct action *a, size_t root)
{
    return a->pos.line ? xasprintf("%s:%u", a->pos.file + root, a->pos.line) : xstrdup("");
}

static char *sentence(const char *head, const char *text)
{
    char *whole = xasprintf("%s%s%s", head, text ? ": " : "", text ? text : "");
    char *clean = render_clean(whole);

    free(whole);
    return clean;
}

char *render_wish(const struct action *a)
{
    return sentence(verb_name(a->verb), a->reason);
}

char *render_headline(const struct action *a)
{
    return a->blocked ? sentence("blocked", a->blocked) : render_wish(a);
}

char *render_remark(const struct action *a, const struct change *c)
{
    bool drift = c->why == WHY_DRIFT, stuck = c->create_only && a->verb != VERB_CREATE;

    return xasprintf("%s%s%s", drift ? "drift" : "", drift && stuck ? ", " : "",
                     stuck ? "cannot change in place" : "");
}

const char *render_field(const struct action *a, const struct change *c)
{
    return a->kind->table.rows[c->row].yaml;
}
