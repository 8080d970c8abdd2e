/* `dctd adopt KEY ID`: from now on this DCT object is the one that KEY means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ledger_file.h"
#include "daemon/talk.h"

enum { ID_MAX = 256 };

static bool is_id(const char *id)
{
    size_t n = strlen(id);
    bool plain = n > 0 && n <= ID_MAX;

    for (size_t i = 0; i < n; i++)
        plain = plain && (unsigned char)id[i] > ' ' && id[i] != 127;
    if (!plain)
        cmd_complain("the id of a DCT object is needed, as DCT shows it");
    return plain;
}

/* Two keys for one object would be two wills for one object. */
static bool known_otherwise(const struct ledger *l, const char *key, const struct kind_desc *k,
                            const char *id)
{
    for (size_t i = 0; i < ledger_count(l); i++) {
        const struct entry *e = ledger_at(l, i);
        if (e->kind != k->kind || !streq(e->id, id) || streq(e->key, key))
            continue;
        cmd_complain("%s is %s in the ledger; `dctd forget %s` first", id, e->key, e->key);
        return true;
    }
    return false;
}

static bool may_replace(const struct entry *e, const char *id, bool replace)
{
    if (e->intent.open || e->owes_enable) {
        cmd_complain("%s: %s; let dctd finish that, or `dctd forget --force %s` first", e->key,
                     e->intent.open ? "a change of it is under way" : "an enable is owed to it",
                     e->key);
        return false;
    }
    if (!e->id || replace)
        return true;
    cmd_complain("%s is %s in the ledger; --replace makes it %s", e->key, e->id, id);
    return false;
}

/* Nothing is known of what it was applied: the next plan shows all that differs.
 * Until a manifest says otherwise it is not dctd's to delete. */
static struct entry *adopted(struct ledger *l, const char *key, const struct kind_desc *k,
                             const char *id)
{
    const char *name = strchr(key, '/') + 1;
    const char *engine = k->flags & KIND_PER_ENGINE ? strrchr(name, '@') : NULL;
    const struct entry *was = ledger_find(l, key);
    bool protect = was && was->protect;

    ledger_remove(l, key);
    struct entry *e = ledger_put(l, key, k->kind);
    e->name = engine ? xstrndup(name, (size_t)(engine - name)) : xstrdup(name);
    e->id = xstrdup(id);
    e->origin = ORIGIN_ADOPTED;
    e->protect = protect;
    e->deletion = DELETION_ORPHAN;
    return e;
}

static bool adopt(struct ledger_file *f, const char *key, const struct kind_desc *k,
                  const struct invocation *in)
{
    const char *id = in->paths[1];
    const struct entry *was = ledger_find(f->ledger, key);

    if (was && streq(was->id, id)) {
        printf("%s is %s in the ledger already\n", key, id);
        return true;
    }
    if (known_otherwise(f->ledger, key, k, id) || (was && !may_replace(was, id, in->replace)))
        return false;

    char *text = was && was->id ? xasprintf("%s by hand, in place of %s", id, was->id)
                                : xasprintf("%s by hand", id);
    bool kept = ledger_file_keep(f, key, adopted(f->ledger, key, k, id), "adopted", text);
    if (kept)
        printf("adopted %s: %s\n"
               "Look at `dctd plan` before anything is applied: it shows what differs from the\n"
               "manifest, and a create where DCT has no such object.\n",
               key, text);
    free(text);
    return kept;
}

static int adopt_in_ledger(const char *key, const struct kind_desc *k, const struct invocation *in)
{
    struct ledger_file f;

    if (!ledger_file_open(&f, in, "name the id in the manifest (policy.adoptId)"))
        return EXIT_TROUBLE;
    bool done = adopt(&f, key, k, in);
    ledger_file_close(&f);
    return done && fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

static int adopt_by_daemon(const char *key, const struct invocation *in)
{
    cJSON *body = cJSON_CreateObject();
    struct talk t;

    cJSON_AddStringToObject(body, "object", key);
    cJSON_AddStringToObject(body, "id", in->paths[1]);
    if (in->replace)
        cJSON_AddTrueToObject(body, "replace");
    if (talk_open(&t, in))
        (void)talk_ask(&t, "/api/v1/adopt", body);
    talk_close(&t);
    cJSON_Delete(body);
    return t.code;
}

int cmd_adopt(const struct invocation *in)
{
    const struct kind_desc *k;
    char *key = key_of(in->paths[0], &k);
    int code = EXIT_TROUBLE;

    if (key && is_id(in->paths[1]))
        code = talk_instead(in) ? adopt_by_daemon(key, in) : adopt_in_ledger(key, k, in);
    free(key);
    return code;
}
