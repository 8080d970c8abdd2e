/* Disagreements, and what explains some of them. */
#include "tests/spec/report.h"

#include <assert.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

void report_init(struct report *r, const struct exclusion *list, size_t n)
{
    assert(n <= EXCLUSIONS_MAX);
    *r = (struct report){ .exclusions = list, .n_exclusions = n };
}

void report_clear(struct report *r)
{
    strings_clear(&r->lines);
}

/* The next pattern of a list, owned; NULL at its end. */
static char *next_pattern(const char **list)
{
    const char *p = *list + strspn(*list, " ");
    size_t n = strcspn(p, " ");

    *list = p + n;
    return n ? xstrndup(p, n) : NULL;
}

static bool excluded(struct report *r, const char *schema, const char *member)
{
    bool found = false;

    for (size_t i = 0; i < r->n_exclusions && schema; i++) {
        const char *list = r->exclusions[i].members;
        unsigned bit = 0;

        if (fnmatch(r->exclusions[i].schema, schema, 0) != 0)
            continue;
        for (char *p; (p = next_pattern(&list)); bit++) {
            if (fnmatch(p, member, 0) == 0) {
                r->used[i] |= UINT64_C(1) << bit;
                found = true;
            }
            free(p);
        }
    }
    return found;
}

void report_add(struct report *r, const char *who, const char *schema, const char *member,
                const char *fmt, ...)
{
    struct buf line = BUF_WITH_LIMIT(1 << 16);
    va_list args;

    if (excluded(r, schema, member)) {
        r->excluded++;
        return;
    }
    buf_printf(&line, "%s: ", who);
    va_start(args, fmt);
    buf_vprintf(&line, fmt, args);
    va_end(args);
    if (schema)
        buf_printf(&line, " (%s.%s)", schema, member);
    strings_add(&r->lines, buf_text(&line));
    buf_clear(&line);
}

void report_close(struct report *r, size_t before)
{
    if (r->lines.n == before)
        r->passed++;
    else
        r->failed++;
}

void report_unused(struct report *r)
{
    for (size_t i = 0; i < r->n_exclusions; i++) {
        const char *list = r->exclusions[i].members;
        unsigned bit = 0;

        for (char *p; (p = next_pattern(&list)); bit++) {
            if (!(r->used[i] & UINT64_C(1) << bit))
                report_add(r, "exclusion", NULL, NULL, "%s.%s explains nothing (%s)",
                           r->exclusions[i].schema, p, r->exclusions[i].reason);
            free(p);
        }
    }
}
