/* `dctd reconcile`: look at DCT now, and not only when the interval is over. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/talk.h"
#include "daemon/view.h"

#define STATUS "/api/v1/status"

/* Everything that was to be done is done, or cannot be. */
static bool at_rest(const cJSON *status)
{
    return streq(json_text(status, "phase"), "idle") && json_true(status, "observed");
}

/* What is left; true where that is nothing. */
static bool tell(const cJSON *s)
{
    double managed = view_number(s, "counts.managed", 0),
           synced = view_number(s, "counts.synced", 0);
    double failed = view_number(s, "counts.failed", 0);
    double blocked = view_number(s, "counts.blocked", 0);
    struct buf trouble = BUF_WITH_LIMIT(64 << 10);

    paint(&trouble, false, PAINT_NONE, view_text(s, "trouble"));
    printf("synced %.0f/%.0f, %.0f failed, %.0f blocked%s%s\n", synced, managed, failed, blocked,
           trouble.n ? "; " : "", buf_text(&trouble));
    bool good = !trouble.n && synced >= managed && failed + blocked <= 0;
    buf_clear(&trouble);
    return good;
}

static int wait_for_rest(struct talk *t)
{
    msec until = clock_steady() + (t->in->timeout ? t->in->timeout : CMD_TIMEOUT);
    cJSON *status = talk_get(t, STATUS);

    while (status && !at_rest(status))
        status = talk_next(t, STATUS, status, until);
    if (!status && t->code == EXIT_TROUBLE)
        cmd_complain("not in time; dctd status tells how far it is");
    if (!status)
        return t->code;
    bool good = tell(status);
    cJSON_Delete(status);
    return good && fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_reconcile(const struct invocation *in)
{
    struct talk t;

    if (talk_open(&t, in) && talk_ask(&t, "/api/v1/reconcile", NULL) == EXIT_GOOD && in->wait)
        t.code = wait_for_rest(&t);
    talk_close(&t);
    return t.code;
}
