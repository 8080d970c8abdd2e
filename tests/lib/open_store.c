#include "tests/lib/open_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct store *must_open(const char *path, bool read_only)
{
    char *error = NULL;
    struct store *s = store_open(path, read_only, &error);

    if (!s)
        fail_msg("%s", error);
    return s;
}
