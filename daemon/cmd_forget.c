/* `dctd forget KEY`: the ledger loses an entry; DCT is not touched. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/ledger_file.h"
#include "daemon/talk.h"

enum { WHY_MAX = 2048 };

static const char *nth_key(const void *ctx, size_t i)
{
    const struct ledger *l = ctx;

    return i < ledger_count(l) ? ledger_at(l, i)->key : NULL;
}

static bool not_there(const struct ledger *l, const char *key)
{
    const char *meant = nearest_word(key, nth_key, l);

    cmd_complain("the ledger has no %s%s%s%s", key, meant ? "; did you mean " : "",
                 meant ? meant : "", meant ? "?" : "");
    return false;
}

/* What would be lost with the entry, besides whose the object is. */
static void losses(const struct entry *e, struct buf *out)
{
    if (e->protect)
        buf_puts(out, "\n  it is protected (policy.protect), and nothing else remembers that");
    if (e->owes_enable)
        buf_puts(out, "\n  dctd has disabled it and owes it an enable, which nobody pays then");
    if (e->intent.open)
        buf_printf(out, "\n  its %s is under way%s%s, which nobody follows to its end then",
                   e->intent.call, e->intent.job ? ": job " : "",
                   e->intent.job ? e->intent.job : "");
}

static char *what_it_was(const struct entry *e)
{
    static const char *const origins[] = {
        [ORIGIN_NONE] = "never made",
        [ORIGIN_CREATED] = "made by dctd",
        [ORIGIN_ADOPTED] = "adopted",
    };

    return xasprintf("%s, %s%s%s", e->id ? e->id : "no id is known", origins[e->origin],
                     e->engine ? ", on engine " : "", e->engine ? e->engine : "");
}

static bool forget(struct ledger_file *f, const char *key, bool force)
{
    const struct entry *e = ledger_find(f->ledger, key);
    struct buf lost = BUF_WITH_LIMIT(WHY_MAX);

    if (!e)
        return not_there(f->ledger, key);
    losses(e, &lost);
    if (lost.n && !force) {
        cmd_complain("%s is not forgotten without --force:%s", key, buf_text(&lost));
        buf_clear(&lost);
        return false;
    }

    char *was = what_it_was(e);
    char *text = xasprintf("%s%s", was, lost.n ? "; forced" : "");
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
    bool done = forget(&f, key, in->force);
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
