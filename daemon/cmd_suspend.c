/* `dctd suspend` and `dctd resume`: what the running dctd leaves alone for a while. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/talk.h"
#include "reconciler/plan_render.h"
#include "schema/read.h"

/* {"kind"} or {"object"}; neither is everything, which must be said. NULL after it has
 * complained. */
static cJSON *body_of(const struct invocation *in, const char *command)
{
    struct target t = { 0 };

    if (in->all == (in->n_paths > 0)) {
        cmd_complain(in->all ? "--all takes no other argument"
                             : "dctd %s needs KIND, KIND/NAME or --all",
                     command);
        return NULL;
    }
    if (in->n_paths && !target_read(in->paths[0], &t))
        return NULL;
    cJSON *body = cJSON_CreateObject();
    if (t.key)
        cJSON_AddStringToObject(body, "object", t.key);
    else if (t.kind)
        cJSON_AddStringToObject(body, "kind", t.kind->name);
    free(t.key);
    return body;
}

/* When it ends, by --until or by --for; 0 = when it is resumed. */
static bool end_of(const struct invocation *in, msec now, msec *until)
{
    *until = 0;
    if (in->what && in->until) {
        cmd_complain("--for and --until are two answers to one question");
        return false;
    }
    if (in->what) {
        msec length;
        if (duration_parse(in->what, &length) && length > 0) {
            *until = now + length;
            return true;
        }
        cmd_complain("--for takes 30m, 12h or 7d, not %s", in->what);
        return false;
    }
    if (!in->until)
        return true;
    if (!time_parse(in->until, until) && !date_parse(in->until, until)) {
        cmd_complain("--until takes 2026-12-01 or 2026-12-01T08:30:00Z, not %s", in->until);
        return false;
    }
    if (*until > now)
        return true;
    cmd_complain("--until %s is past", in->until);
    return false;
}

static int post(const struct invocation *in, const char *path, cJSON *body)
{
    struct talk t;

    if (talk_open(&t, in))
        (void)talk_ask(&t, path, body);
    talk_close(&t);
    cJSON_Delete(body);
    return t.code;
}

int cmd_suspend(const struct invocation *in)
{
    msec until;

    if (!in->reason || !*in->reason) {
        cmd_complain("dctd suspend needs --reason=TEXT, for those who wonder later");
        return EXIT_TROUBLE;
    }
    if (!end_of(in, app_now(), &until))
        return EXIT_TROUBLE;
    cJSON *body = body_of(in, "suspend");
    if (!body)
        return EXIT_TROUBLE;

    struct buf end = BUF_WITH_LIMIT(64);
    cJSON_AddStringToObject(body, "reason", in->reason);
    if (until) {
        render_moment(until, &end);
        cJSON_AddStringToObject(body, "until", buf_text(&end));
    }
    buf_clear(&end);
    return post(in, "/api/v1/suspend", body);
}

int cmd_resume(const struct invocation *in)
{
    cJSON *body = body_of(in, "resume");

    return body ? post(in, "/api/v1/resume", body) : EXIT_TROUBLE;
}
