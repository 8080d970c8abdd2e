#include "tests/lib/tree.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void or_die(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

struct tree *tree_new(void)
{
    struct tree *t = xmalloc(sizeof(*t));
    char *made = xstrdup("/tmp/dctd-test-XXXXXX");

    or_die(mkdtemp(made) != NULL, "mkdtemp");
    /* Without links, so that tests know what real paths look like. */
    t->path = realpath(made, NULL);
    or_die(t->path != NULL, "realpath");
    free(made);
    return t;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_all(const char *path)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    or_die(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, path);
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    remove_all(t->path);
    free(t->path);
    free(t);
}

char *tree_at(const struct tree *t, const char *name)
{
    return xasprintf("%s/%s", t->path, name);
}

static void make_parents(const struct tree *t, char *path)
{
    for (char *slash = path + strlen(t->path) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(path, 0700);
        *slash = '/';
    }
}

void tree_write(const struct tree *t, const char *name, const char *text)
{
    char *path = tree_at(t, name);

    make_parents(t, path);
    FILE *f = fopen(path, "we");
    or_die(f != NULL, path);
    or_die(fputs(text, f) >= 0, path);
    or_die(fclose(f) == 0, path);
    free(path);
}

void tree_folder(const struct tree *t, const char *name)
{
    char *path = tree_at(t, name);

    make_parents(t, path);
    or_die(mkdir(path, 0700) == 0, path);
    free(path);
}

void tree_link(const struct tree *t, const char *name, const char *target)
{
    char *path = tree_at(t, name), *fresh = xasprintf("%s.new", path);

    make_parents(t, path);
    or_die(symlink(target, fresh) == 0 && rename(fresh, path) == 0, path);
    free(path);
    free(fresh);
}

void tree_remove(const struct tree *t, const char *name)
{
    char *path = tree_at(t, name);

    remove_all(path);
    free(path);
}

void tree_rename(const struct tree *t, const char *from, const char *to)
{
    char *a = tree_at(t, from), *b = tree_at(t, to);

    or_die(rename(a, b) == 0, a);
    free(a);
    free(b);
}
