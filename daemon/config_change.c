/* What of another configuration a running process cannot take up. */
#include "daemon/config.h"

char *config_unchangeable(const struct config *was, const struct config *is)
{
    const struct {
        const char *name, *was, *is;
    } rows[] = { { "instance", was->instance, is->instance },
                 { "dct.url", was->dct.url, is->dct.url },
                 { "dct.basePath", was->dct.base_path, is->dct.base_path },
                 { "ledger", was->ledger, is->ledger } };
    struct buf names = BUF_WITH_LIMIT(256);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!streq(rows[i].was, rows[i].is))
            buf_printf(&names, "%s%s", names.n ? ", " : "", rows[i].name);
    }
    if (names.n)
        return buf_take(&names);
    buf_clear(&names);
    return NULL;
}
