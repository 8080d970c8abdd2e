#include "daemon/restore.h"

#include <stdlib.h>

struct restoring {
    struct ledger *ledger;
    char *broken; /* the record that ended it */
};

static bool restore(void *ctx, const char *text)
{
    struct restoring *r = ctx;

    if (ledger_restore(r->ledger, text))
        return true;
    r->broken = xstrdup(text);
    return false;
}

struct ledger *ledger_load(struct store *store, const char *path, char **error)
{
    struct restoring r = { .ledger = ledger_new() };
    bool read = store_each(store, restore, &r, error);

    if (r.broken)
        *error = xasprintf("%s: a record cannot be understood; was it written by a newer dctd? "
                           "Move the file away to begin anew from the owner tags in DCT. It "
                           "says: %.200s",
                           path, r.broken);
    if (read && !r.broken)
        return r.ledger;
    free(r.broken);
    ledger_free(r.ledger);
    return NULL;
}

void ledger_clock(struct clock *c, struct store *store, const struct ledger *ledger, bool keep)
{
    char *kept = store_clock(store), *boot = clock_boot(), *error = NULL;
    msec wall = clock_wall(), steady = clock_steady(), base = 0;

    if (!clock_goes_on(kept, boot, &base)) {
        msec latest = ledger_latest(ledger);
        base = (latest ? latest : wall) - steady;
        char *text = clock_text(boot, base);
        if (keep && !store_keep_clock(store, text, &error))
            free(error); /* the next process begins so too, and the next record tells of the disk */
        free(text);
    }
    clock_start(c, base, wall, steady);
    free(boot);
    free(kept);
}
