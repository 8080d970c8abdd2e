#include "daemon/git_modules.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"

enum { MODULES_MAX = 100, SHOWN_MAX = 4096 };

struct module {
    char *path, *url;
    char commit[GIT_ID_TEXT];
};

struct git_modules {
    struct module *items;
    size_t n, cap;
    size_t at; /* 1 + the one it stands at */
};

const struct git_entry *git_modules_first(const struct git_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].type == GIT_MODULE)
            return &l->items[i];
    }
    return NULL;
}

/* One "submodule.NAME.KEY\nVALUE" of the text; its value where NAME and KEY are
 * the ones that are looked for, or the name where the value is. */
struct line {
    const char *name, *key, *value;
    size_t name_n;
};

static bool split(const char *text, struct line *out)
{
    const char *end = strchr(text, '\n'), *dot = end;

    if (!end || !starts_with(text, "submodule."))
        return false;
    out->name = text + strlen("submodule.");
    while (dot > out->name && *dot != '.')
        dot--;
    if (dot <= out->name)
        return false;
    *out = (struct line){ out->name, dot + 1, end + 1, (size_t)(dot - out->name) };
    return true;
}

static bool is_key(const struct line *l, const char *key)
{
    size_t n = strlen(key);

    return strncmp(l->key, key, n) == 0 && l->key[n] == '\n';
}

/* The address of the submodule at the path, NULL where none is said. */
static const char *url_of(const char *text, size_t n, const char *path)
{
    struct line l, other;

    for (size_t i = 0; i < n; i += strlen(text + i) + 1) {
        if (!split(text + i, &l) || !is_key(&l, "path") || !streq(l.value, path))
            continue;
        for (size_t j = 0; j < n; j += strlen(text + j) + 1) {
            if (split(text + j, &other) && is_key(&other, "url") && other.name_n == l.name_n &&
                strncmp(other.name, l.name, l.name_n) == 0)
                return other.value;
        }
    }
    return NULL;
}

/* The address without its last part; NULL where only the server is left. */
static char *parent_of(const char *url)
{
    const char *start = strstr(url, "://");
    size_t n = strlen(url);

    start = start ? start + 3 + strcspn(start + 3, "/") : url;
    while (n > 0 && url[n - 1] == '/')
        n--;
    while (url + n > start && url[n - 1] != '/' && url[n - 1] != ':')
        n--;
    if (url + n <= start)
        return NULL;
    return xstrndup(url, url[n - 1] == '/' ? n - 1 : n);
}

/* "../b.git" beside "https://host/a.git" is "https://host/b.git"; owned, NULL
 * where it leads above the server. */
static char *resolve(const char *base, const char *url)
{
    if (!starts_with(url, "./") && !starts_with(url, "../"))
        return xstrdup(url);

    char *at = xstrdup(base);
    while (at && (starts_with(url, "./") || starts_with(url, "../"))) {
        if (url[1] == '.') {
            char *up = parent_of(at);
            free(at);
            at = up;
        }
        url += url[1] == '.' ? 3 : 2;
    }
    if (!at)
        return NULL;
    size_t n = strlen(at);
    char *whole = xasprintf("%s%s%s", at, n && at[n - 1] == ':' ? "" : "/", url);
    free(at);
    return whole;
}

/* The same protocol as the repository itself; on this host only beside it. */
static bool may_go(const struct git_setting *s, const char *said, const char *url)
{
    enum git_scheme scheme;
    const char *problem;

    return url && git_url_scheme(url, &scheme, &problem) && scheme == s->scheme &&
           (scheme != GIT_LOCAL || said[0] == '.') && !strstr(url, "/../");
}

static char *refusal(const char *path, const char *said)
{
    struct buf shown = BUF_WITH_LIMIT(SHOWN_MAX);

    log_escape(said ? said : "", &shown);
    char *text = said ? xasprintf("%s is a submodule at an address that is not taken: %s", path,
                                  buf_text(&shown))
                      : xasprintf("%s is a submodule that .gitmodules does not explain", path);
    buf_clear(&shown);
    return text;
}

static bool add(struct git_modules *m, const struct git_setting *s, const struct git_entry *e,
                const char *said)
{
    char *url = said ? resolve(s->url, said) : NULL;

    if (m->n == MODULES_MAX || !may_go(s, said, url)) {
        free(url);
        return false;
    }
    m->items = grow(m->items, m->n, &m->cap, sizeof(*m->items));
    struct module *new = &m->items[m->n++];
    *new = (struct module){ .path = xstrdup(e->path), .url = url };
    memcpy(new->commit, e->id, sizeof(new->commit));
    return true;
}

struct git_modules *git_modules_new(const struct git_list *l, const struct git_setting *s,
                                    const char *text, size_t n, char **problem)
{
    struct git_modules *m = xcalloc(1, sizeof(*m));

    for (size_t i = 0; i < l->n; i++) {
        const struct git_entry *e = &l->items[i];
        if (e->type != GIT_MODULE)
            continue;
        const char *said = text ? url_of(text, n, e->path) : NULL;
        if (!add(m, s, e, said)) {
            *problem = refusal(e->path, said);
            git_modules_free(m);
            return NULL;
        }
    }
    return m;
}

void git_modules_free(struct git_modules *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->items[i].path);
        free(m->items[i].url);
    }
    free(m->items);
    free(m);
}

bool git_modules_next(struct git_modules *m)
{
    return m->at++ < m->n;
}

const char *git_modules_path(const struct git_modules *m)
{
    return m->items[m->at - 1].path;
}

const char *git_modules_url(const struct git_modules *m)
{
    return m->items[m->at - 1].url;
}

const char *git_modules_commit(const struct git_modules *m)
{
    return m->items[m->at - 1].commit;
}
