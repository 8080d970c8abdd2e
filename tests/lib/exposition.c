#include "tests/lib/exposition.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "schema/base.h"

#define NAME  "[a-zA-Z_:][a-zA-Z0-9_:]*"
#define LABEL "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\n]|\\\\[\\\"n])*\""

static const char sample_pattern[] = "^(" NAME ")(\\{" LABEL "(," LABEL ")*\\})? "
                                     "([+-]?([0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?|Inf)|NaN)$";
enum { OF_NAME = 1, OF_LABELS = 2, OF_VALUE = 6, GROUPS = 10 };

/* What is being read. */
struct reader {
    regex_t sample;
    char *name;          /* of the metric, by its HELP */
    char *type;          /* NULL before its TYPE */
    struct strings seen; /* names, and series */
    char *series;        /* of the histogram's buckets: their labels without `le` */
    double bucket, inf;  /* the last one; -1: none yet */
    bool summed, counted;
};

static char *group(const char *line, const regmatch_t *m)
{
    return m->rm_so < 0 ? xstrdup("") : xstrndup(line + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
}

/* Buckets must end in +Inf, and sum and count follow. */
static char *histogram_end(const struct reader *r)
{
    if (r->series && (r->inf < 0 || !r->summed || !r->counted))
        return xasprintf("%s{%s} has no +Inf, _sum or _count", r->name, r->series);
    return NULL;
}

static void histogram_clear(struct reader *r)
{
    free(r->series);
    r->series = NULL;
    r->bucket = r->inf = -1;
    r->summed = r->counted = false;
}

static char *once(struct reader *r, const char *what)
{
    if (strings_has(&r->seen, what))
        return xasprintf("twice: %s", what);
    strings_add(&r->seen, what);
    return NULL;
}

static char *read_help(struct reader *r, const char *line)
{
    char *wrong = histogram_end(r);
    size_t n = strcspn(line, " ");

    if (wrong)
        return wrong;
    if (!line[n] || !line[n + 1])
        return xasprintf("no help: %s", line);
    histogram_clear(r);
    free(r->name);
    free(r->type);
    r->type = NULL;
    r->name = xstrndup(line, n);

    char *family = xasprintf("the metric %s", r->name);
    wrong = once(r, family);
    free(family);
    return wrong;
}

static bool ends_in_total(const char *name)
{
    size_t n = strlen(name);

    return n > 6 && streq(name + n - 6, "_total");
}

static char *read_type(struct reader *r, const char *line)
{
    size_t n = strcspn(line, " ");

    if (!r->name || r->type || strlen(r->name) != n || strncmp(line, r->name, n) != 0)
        return xasprintf("TYPE without its HELP: %s", line);
    r->type = xstrdup(line + n + (line[n] == ' '));
    if (!streq(r->type, "counter") && !streq(r->type, "gauge") && !streq(r->type, "histogram"))
        return xasprintf("no type: %s", r->type);
    if (streq(r->type, "counter") != ends_in_total(r->name))
        return xasprintf("a %s called %s", r->type, r->name);
    return NULL;
}

/* The labels without `le`, whose value goes to *le (owned). */
static char *without_le(const char *labels, char **le)
{
    const char *at = strstr(labels, "le=\"");

    *le = NULL;
    if (!at)
        return xstrdup(labels);
    *le = xstrndup(at + 4, strcspn(at + 4, "\""));
    size_t head = (size_t)(at - labels);
    return xstrndup(labels, head > 1 ? head - 1 : head);
}

static char *read_bucket(struct reader *r, const char *labels, double value)
{
    char *le, *series = without_le(labels, &le), *wrong = NULL;

    if (!le || r->inf >= 0 || (r->series && !streq(r->series, series)) || value < r->bucket)
        wrong = xasprintf("bucket out of order: %s%s", r->name, labels);
    if (!r->series)
        r->series = xstrdup(series);
    r->bucket = value;
    if (le && streq(le, "+Inf"))
        r->inf = value;
    free(le);
    free(series);
    return wrong;
}

static char *read_part(struct reader *r, const char *part, const char *labels, double value)
{
    if (streq(part, "_bucket")) {
        char *wrong = r->counted ? histogram_end(r) : NULL;

        if (r->counted)
            histogram_clear(r);
        return wrong ? wrong : read_bucket(r, labels, value);
    }
    if (streq(part, "_sum") && r->inf >= 0 && !r->summed) {
        r->summed = true;
        return NULL;
    }
    if (streq(part, "_count") && r->summed && !r->counted && !(value < r->inf) &&
        !(value > r->inf)) {
        r->counted = true;
        return NULL;
    }
    return xasprintf("%s%s%s is wrong there", r->name, part, labels);
}

/* Every label once. */
static char *check_labels(const char *labels)
{
    struct strings names = { 0 };
    char *wrong = NULL;

    for (const char *p = labels; *p && *p != '}' && !wrong;) {
        size_t n = strcspn(++p, "=");
        char *name = xstrndup(p, n);

        if (strings_has(&names, name))
            wrong = xasprintf("label %s twice: %s", name, labels);
        strings_add(&names, name);
        free(name);
        for (p += n + 2; *p != '"'; p++)
            p += *p == '\\';
        p++;
    }
    strings_clear(&names);
    return wrong;
}

static char *read_sample(struct reader *r, const char *line)
{
    regmatch_t m[GROUPS];

    if (regexec(&r->sample, line, GROUPS, m, 0) != 0)
        return xasprintf("no sample: %s", line);
    if (!r->type)
        return xasprintf("no HELP and TYPE before: %s", line);

    char *name = group(line, &m[OF_NAME]), *labels = group(line, &m[OF_LABELS]);
    char *text = group(line, &m[OF_VALUE]);
    char *series = xasprintf("%s%s", name, labels), *wrong = check_labels(labels);
    double value = strtod(text, NULL);

    if (!wrong)
        wrong = once(r, series);
    if (!wrong && streq(r->type, "histogram") && starts_with(name, r->name))
        wrong = read_part(r, name + strlen(r->name), labels, value);
    else if (!wrong && !streq(name, r->name))
        wrong = xasprintf("%s among %s", name, r->name);
    free(name);
    free(labels);
    free(text);
    free(series);
    return wrong;
}

static char *read_line(struct reader *r, const char *line)
{
    if (starts_with(line, "# HELP "))
        return read_help(r, line + 7);
    if (starts_with(line, "# TYPE "))
        return read_type(r, line + 7);
    return read_sample(r, line);
}

char *exposition_wrong(const char *text)
{
    struct reader r = { .bucket = -1, .inf = -1 };
    char *wrong = NULL;

    if (regcomp(&r.sample, sample_pattern, REG_EXTENDED) != 0)
        abort();
    while (*text && !wrong) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);

        wrong = text[n] ? read_line(&r, line) : xasprintf("no line end: %s", line);
        free(line);
        text += n + (text[n] == '\n');
    }
    if (!wrong)
        wrong = histogram_end(&r);
    histogram_clear(&r);
    free(r.name);
    free(r.type);
    strings_clear(&r.seen);
    regfree(&r.sample);
    return wrong;
}
