/* `dctd adopt KEY ID`: from now on this DCT object is the one that KEY means. */
#include <stdio.h>
#include <stdlib.h>

#include "daemon/git_now.h"
#include "daemon/ledger_file.h"
#include "daemon/loader.h"
#include "daemon/talk.h"
#include "reconciler/hand.h"

/* As the manifests are here and now: nobody is asked for newer ones. NULL where
 * they cannot be had. */
static struct set *manifests(const struct ledger_file *f)
{
    char *error = NULL;
    OWNED(git_checkout) tree = f->config->git ? git_now(f->config, true, &error) : NULL;

    free(error);
    if (f->config->git && !tree)
        return NULL;
    OWNED(loader)
    l = loader_new(tree ? tree->manifests : f->config->manifests, store_key(f->store), STORE_KEY,
                   NULL);
    return loader_load(l, NULL, 0);
}

static bool adopt_there(struct ledger_file *f, const char *key, const struct kind_desc *k,
                        const struct invocation *in)
{
    const char *id = in->paths[1];

    if (adopted_already(f->ledger, key, id)) {
        printf("%s is %s in the ledger already\n", key, id);
        return true;
    }
    OWNED(set) set = manifests(f);
    char *refusal = adopt_refusal(f->ledger, key, k->kind, id, in->replace);
    if (!refusal)
        refusal = adopt_misnamed(f->ledger, set, key);
    if (refusal) {
        cmd_complain("%s", refusal);
        free(refusal);
        return false;
    }

    char *text = adopt_text(f->ledger, key, id);
    bool kept = ledger_file_keep(f, key, adopt(f->ledger, key, k->kind, id), "adopted", text);
    if (kept)
        printf("adopted %s: %s%s\n"
               "Look at `dctd plan` before anything is applied: it shows what differs from the\n"
               "manifest, and a create where DCT has no such object.\n",
               key, text, adopt_remark(set, key));
    free(text);
    return kept;
}

static int adopt_in_ledger(const char *key, const struct kind_desc *k, const struct invocation *in)
{
    struct ledger_file f;

    if (!ledger_file_open(&f, in, "name the id in the manifest (policy.adoptId)"))
        return EXIT_TROUBLE;
    bool done = adopt_there(&f, key, k, in);
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

    if (key && !adopt_id(in->paths[1]))
        cmd_complain("the id of a DCT object is needed, as DCT shows it");
    else if (key)
        code = talk_instead(in) ? adopt_by_daemon(key, in) : adopt_in_ledger(key, k, in);
    free(key);
    return code;
}
