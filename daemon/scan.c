#include "daemon/scan.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/file.h"
#include "schema/set.h"

enum { FOLDERS_DEEP = 64 };

static void finding(struct scan *s, const char *path, const char *what, const char *hint)
{
    diag_error(&s->diags, (struct pos){ .file = file_name(path) }, "%s", what);
    if (hint)
        diag_hint(&s->diags, "%s", hint);
}

/* What it held is not known. */
static void unreadable(struct scan *s, const char *path, int error)
{
    finding(s, path, strerrordesc_np(error),
            error == EACCES ? "dctd must be allowed to read it" : NULL);
}

/* False where we have been before. */
static bool visit(struct scan *s, const struct stat *st)
{
    char *key = xasprintf("%" PRIuMAX ":%" PRIuMAX, (uintmax_t)st->st_dev, (uintmax_t)st->st_ino);
    bool first = !map_get(&s->visited, key);

    if (first) {
        strings_add(&s->places, key);
        map_set(&s->visited, s->places.items[s->places.n - 1], s);
    }
    free(key);
    return first;
}

static bool is_manifest(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot && (streq(dot, ".yaml") || streq(dot, ".yml"));
}

static void add_file(struct scan *s, const char *path, const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        finding(s, path, "is not a regular file", NULL);
        return;
    }
    if (s->full || !visit(s, st))
        return;
    if (s->n == MANIFEST_FILES_MAX) {
        s->full = true;
        finding(s, path, "too many manifest files: from this one on they are not read", NULL);
        return;
    }
    s->files = grow(s->files, s->n, &s->cap, sizeof(*s->files));
    s->files[s->n++] = (struct found){ xstrdup(path), *st };
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static bool list(struct scan *s, const char *path, struct strings *names)
{
    DIR *dir = opendir(path);
    struct dirent *e;

    if (!dir) {
        unreadable(s, path, errno);
        return false;
    }
    errno = 0;
    while ((e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): a stream of its own
        if (e->d_name[0] != '.')
            strings_add(names, e->d_name);
    }
    if (errno)
        unreadable(s, path, errno);
    (void)closedir(dir);
    if (names->n > 1)
        qsort(names->items, names->n, sizeof(*names->items), by_text);
    return true;
}

static bool is_inside(const char *root, const char *real)
{
    size_t n = strlen(root);

    return n == 1 || (strncmp(root, real, n) == 0 && (real[n] == '/' || !real[n]));
}

/* A tree that is being walked. */
struct tree {
    struct scan *scan;
    const char *root; /* real path */
    unsigned depth;
};

/* Is what the link leads to ours? What it leads to is put into *st. */
static bool follow(struct tree t, const char *link, struct stat *st)
{
    char *real = realpath(link, NULL);
    bool there = real && stat(real, st) == 0, inside = there && is_inside(t.root, real);

    free(real);
    if (!there)
        finding(t.scan, link, "is a link that leads nowhere", "mend or remove it");
    else if (!inside && (S_ISDIR(st->st_mode) || is_manifest(link)))
        finding(t.scan, link, "is a link that leads out of the tree; it is not followed",
                "copy what it leads to, or name that place itself");
    return inside;
}

static void walk(struct tree t, const char *path, const struct stat *folder)
{
    struct strings names = { 0 };

    if (!visit(t.scan, folder))
        return;
    if (++t.depth > FOLDERS_DEEP) {
        finding(t.scan, path, "lies too deep; it is not looked into", NULL);
        return;
    }
    if (!list(t.scan, path, &names))
        return;
    for (size_t i = 0; i < names.n; i++) {
        struct stat st;
        char *entry = file_below(path, names.items[i]);
        bool there = lstat(entry, &st) == 0;
        /* What was removed since it was listed is not there. */
        if (!there && errno != ENOENT)
            unreadable(t.scan, entry, errno);
        if (there && S_ISLNK(st.st_mode))
            there = follow(t, entry, &st);
        if (there && S_ISDIR(st.st_mode))
            walk(t, entry, &st);
        else if (there && is_manifest(entry))
            add_file(t.scan, entry, &st);
        free(entry);
    }
    strings_clear(&names);
}

void scan_path(struct scan *s, const char *path)
{
    char *real = realpath(path, NULL);
    struct stat st;

    if (!real || stat(real, &st) != 0)
        finding(s, path, strerrordesc_np(errno),
                errno == ENOENT ? "is the path right, and is the checkout there?" : NULL);
    else if (S_ISDIR(st.st_mode))
        walk((struct tree){ s, real, 0 }, path, &st);
    else
        add_file(s, path, &st);
    free(real);
}

void scan_clear(struct scan *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->files[i].path);
    free(s->files);
    diags_clear(&s->diags);
    map_clear(&s->visited);
    strings_clear(&s->places);
    *s = (struct scan){ 0 };
}
