/* A disk that answers EIO: SQLite's own file methods, with a switch in front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store.h"
#include "tests/lib/tree.h"

enum { KINDS_OF_FILE = 4 }; /* databases and journals have methods of their own */

static sqlite3_vfs shim, *base;
static struct switched {
    const sqlite3_io_methods *real;
    sqlite3_io_methods methods;
} switched[KINDS_OF_FILE];
static bool broken;

static const sqlite3_io_methods *real_of(const sqlite3_file *f)
{
    size_t i = 0;

    while (f->pMethods != &switched[i].methods)
        i++;
    return switched[i].real;
}

static int write_or_fail(sqlite3_file *f, const void *data, int n, sqlite3_int64 at)
{
    return broken ? SQLITE_IOERR_WRITE : real_of(f)->xWrite(f, data, n, at);
}

static int sync_or_fail(sqlite3_file *f, int flags)
{
    return broken ? SQLITE_IOERR_FSYNC : real_of(f)->xSync(f, flags);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    int rc = base->xOpen(base, name, f, flags, out);
    struct switched *s = NULL;

    (void)vfs;
    if (!f->pMethods)
        return rc;
    for (size_t i = 0; i < KINDS_OF_FILE && !s; i++)
        if (!switched[i].real || switched[i].real == f->pMethods)
            s = &switched[i];
    if (!s)
        return SQLITE_NOMEM;
    s->real = f->pMethods;
    s->methods = *f->pMethods;
    s->methods.xWrite = write_or_fail;
    s->methods.xSync = sync_or_fail;
    f->pMethods = &s->methods;
    return rc;
}

static bool count(void *ctx, const char *text)
{
    size_t *n = ctx;

    assert_non_null(strstr(text, "\"kind\""));
    (*n)++;
    return true;
}

static size_t records(struct store *s)
{
    size_t n = 0;
    char *error = NULL;

    assert_true(store_each(s, count, &n, &error));
    return n;
}

static void a_write_that_fails_is_told_and_loses_nothing(void **state)
{
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct store *s = store_open(path, false, &error);

    (void)state;
    assert_non_null(s);
    assert_true(store_put(s, "VDB/a", "{\"key\":\"VDB/a\",\"kind\":\"VDB\"}", &error));
    broken = true;
    assert_false(store_put(s, "VDB/b", "{\"key\":\"VDB/b\",\"kind\":\"VDB\"}", &error));
    assert_non_null(error);
    assert_non_null(strstr(error, path));
    free(error);
    error = NULL;
    broken = false;
    assert_int_equal(records(s), 1);
    assert_true(store_put(s, "VDB/b", "{\"key\":\"VDB/b\",\"kind\":\"VDB\"}", &error));
    store_close(s);
    s = store_open(path, false, &error);
    assert_non_null(s);
    assert_int_equal(records(s), 2);
    store_close(s);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_that_fails_is_told_and_loses_nothing),
    };

    base = sqlite3_vfs_find(NULL);
    shim = *base;
    shim.zName = "broken-disk";
    shim.pNext = NULL;
    shim.xOpen = open_file;
    sqlite3_vfs_register(&shim, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
