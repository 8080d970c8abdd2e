/* The contract's tables as text: one fact a line, tabs between cells, "-" for
 * an empty cell, "#" before a comment. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/file.h"
#include "tests/spec/facts.h"

enum { TABLE_MAX = 1 << 20, CELLS = 8, CALL_CELLS = 7 };

static const struct {
    const char *name;
    unsigned mark;
} mark_names[] = {
    { "required", MARK_REQUIRED },
    { "secret", MARK_SECRET },
    { "nullable", MARK_NULLABLE },
    { "undefined", MARK_UNDEFINED },
};

static void print_bound(struct buf *out, bool has, int64_t n)
{
    if (has)
        buf_printf(out, "\t%" PRId64, n);
    else
        buf_puts(out, "\t-");
}

static void print_cell(struct buf *out, const char *text)
{
    buf_printf(out, "\t%s", text ? text : "-");
}

static void print_marks(struct buf *out, unsigned marks)
{
    const char *before = "\t";

    for (size_t i = 0; i < ARRAY_LEN(mark_names); i++) {
        if (!(marks & mark_names[i].mark))
            continue;
        buf_printf(out, "%s%s", before, mark_names[i].name);
        before = "|";
    }
    buf_puts(out, marks ? "\n" : "\t-\n");
}

void facts_print_members(const struct facts *f, struct buf *out)
{
    buf_puts(out, "# Members of the published contract's schemas; made by `contract --members`.\n"
                  "# schema\tmember\ttype\tmin\tmax\twords\tpattern\tmarks\n");
    for (size_t i = 0; i < f->n_members; i++) {
        const struct fact_member *m = &f->members[i];

        buf_printf(out, "%s\t%s\t%s", m->schema, m->name, m->type);
        print_bound(out, m->limits.has_min, m->limits.min);
        print_bound(out, m->limits.has_max, m->limits.max);
        print_cell(out, m->words);
        print_cell(out, m->pattern);
        print_marks(out, m->marks);
    }
}

void facts_print_calls(const struct facts *f, struct buf *out)
{
    buf_puts(out, "# Calls of the published contract; made by `contract --calls`.\n"
                  "# method\tpath\tsuccess\trequest\tneeded\tbody\treply\n");
    for (size_t i = 0; i < f->n_calls; i++) {
        const struct fact_call *c = &f->calls[i];

        buf_printf(out, "%s\t%s\t%" PRId64, c->method, c->path, c->success);
        print_cell(out, c->media);
        print_cell(out, c->body_required ? "yes" : NULL);
        print_cell(out, c->body);
        print_cell(out, c->reply);
        buf_puts(out, "\n");
    }
}

/* Cuts the line into its cells; false where there are not exactly n. */
static bool cut(char *line, char **cells, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cells[i] = line;
        line = line ? strchr(line, '\t') : NULL;
        if (line)
            *line++ = '\0';
        if (!cells[i] || !*cells[i])
            return false;
    }
    return !line;
}

static char *cell(const char *text)
{
    return streq(text, "-") ? NULL : xstrdup(text);
}

static bool read_bound(const char *text, bool *has, int64_t *n)
{
    *has = !streq(text, "-");
    return !*has || parse_int64(text, n);
}

static bool read_marks(const char *text, unsigned *marks)
{
    if (strcmp(text, "-") == 0)
        return true;
    for (size_t n; *text; text += n + (text[n] == '|')) {
        size_t i = 0;
        n = strcspn(text, "|");
        while (i < ARRAY_LEN(mark_names) &&
               (strlen(mark_names[i].name) != n || strncmp(mark_names[i].name, text, n) != 0))
            i++;
        if (i == ARRAY_LEN(mark_names))
            return false;
        *marks |= mark_names[i].mark;
    }
    return true;
}

static bool read_member(struct facts *f, char *line)
{
    char *cells[CELLS];
    struct limits l = { 0 };
    unsigned marks = 0;

    if (!cut(line, cells, CELLS) || !read_bound(cells[3], &l.has_min, &l.min) ||
        !read_bound(cells[4], &l.has_max, &l.max) || !read_marks(cells[7], &marks))
        return false;
    facts_add_member(f, (struct fact_member){
                            .schema = xstrdup(cells[0]),
                            .name = xstrdup(cells[1]),
                            .type = xstrdup(cells[2]),
                            .limits = l,
                            .words = cell(cells[5]),
                            .pattern = cell(cells[6]),
                            .marks = marks,
                        });
    return true;
}

static bool read_call(struct facts *f, char *line)
{
    char *cells[CALL_CELLS];
    int64_t success;

    if (!cut(line, cells, CALL_CELLS) || !parse_int64(cells[2], &success))
        return false;
    facts_add_call(f, (struct fact_call){
                          .method = xstrdup(cells[0]),
                          .path = xstrdup(cells[1]),
                          .success = success,
                          .media = cell(cells[3]),
                          .body_required = streq(cells[4], "yes"),
                          .body = cell(cells[5]),
                          .reply = cell(cells[6]),
                      });
    return true;
}

static bool read_lines(struct facts *f, const char *text, unsigned *at,
                       bool (*read)(struct facts *, char *))
{
    bool good = true;

    *at = 0;
    while (good && *text) {
        size_t n = strcspn(text, "\n");
        char *line = xstrndup(text, n);
        ++*at;
        good = line[0] == '#' || read(f, line);
        free(line);
        text += n + (text[n] == '\n');
    }
    return good;
}

bool facts_read_members(struct facts *f, const char *text, unsigned *line)
{
    return read_lines(f, text, line, read_member);
}

bool facts_read_calls(struct facts *f, const char *text, unsigned *line)
{
    return read_lines(f, text, line, read_call);
}

static char *load(struct facts *f, const char *folder, const char *name,
                  bool (*read)(struct facts *, const char *, unsigned *))
{
    unsigned line = 0;
    size_t n;
    char *error = NULL, *path = xasprintf("%s/%s", folder, name);
    char *text = file_read(path, TABLE_MAX, &n, &error);

    if (text && !read(f, text, &line))
        error = xasprintf("%s:%u: this is no line of the table", path, line);
    free(text);
    free(path);
    return error;
}

char *facts_load(struct facts *f, const char *folder)
{
    char *error = load(f, folder, "members.tsv", facts_read_members);

    return error ? error : load(f, folder, "calls.tsv", facts_read_calls);
}
