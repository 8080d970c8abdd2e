/* `dctd forget KEY`: the ledger loses an entry; DCT is not touched. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ledger_file.h"
#include "daemon/talk.h"
#include "reconciler/hand.h"

enum { WHY_MAX = 2048 };

static bool forget_there(struct ledger_file *f, const char *key, bool force)
{
    char *refusal = forget_refusal(f->ledger, key, force);

    if (refusal) {
        cmd_complain("%s", refusal);
        free(refusal);
        return false;
    }

    const struct entry *e = ledger_find(f->ledger, key);
    struct buf lost = BUF_WITH_LIMIT(WHY_MAX);
    char *was = forget_text(e), *text;
    forget_losses(e, &lost);
    text = xasprintf("%s%s", was, lost.n ? "; forced" : "");
    bool kept = ledger_file_keep(f, key, NULL, "forgotten", text);
    if (kept)
        printf("forgot %s: %s%s\n"
               "Nothing has changed in DCT. A manifest of that name finds it again by its owner "
               "tag,\nif that is on it.\n",
               key, was, buf_text(&lost));
    free(text);
    free(was);
    buf_clear(&lost);
    return kept;
}

static int forget_in_ledger(const char *key, const struct invocation *in)
{
    struct ledger_file f;

    if (!ledger_file_open(&f, in,
                          "give its manifest policy.deletion: orphan and then take the manifest "
                          "away"))
        return EXIT_TROUBLE;
    bool done = forget_there(&f, key, in->force);
    ledger_file_close(&f);
    return done && fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

static int forget_by_daemon(const char *key, const struct invocation *in)
{
    cJSON *body = cJSON_CreateObject();
    struct talk t;

    cJSON_AddStringToObject(body, "object", key);
    if (in->force)
        cJSON_AddTrueToObject(body, "force");
    if (talk_open(&t, in))
        (void)talk_ask(&t, "/api/v1/forget", body);
    talk_close(&t);
    cJSON_Delete(body);
    return t.code;
}

int cmd_forget(const struct invocation *in)
{
    const struct kind_desc *k;
    char *key = key_of(in->paths[0], &k);
    int code = EXIT_TROUBLE;

    if (key)
        code = talk_instead(in) ? forget_by_daemon(key, in) : forget_in_ledger(key, in);
    free(key);
    return code;
}
