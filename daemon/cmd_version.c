#include <curl/curl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uv.h>

#include "daemon/cmd.h"

int cmd_version(const struct invocation *in)
{
    (void)in;
    printf("dctd " DCTD_VERSION "\n%s\nlibuv %s, SQLite %s\n", curl_version(), uv_version_string(),
           sqlite3_libversion());
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}
