#include "daemon/ledger_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/cmd.h"
#include "daemon/restore.h"

char *key_of(const char *text, const struct kind_desc **kind)
{
    const char *slash = strchr(text, '/');

    if (!slash || slash == text || !slash[1]) {
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", text);
        return NULL;
    }
    char *word = xstrndup(text, (size_t)(slash - text));
    *kind = cmd_kind(word);
    free(word);
    if (!*kind)
        return NULL;
    const char *engine = strrchr(slash, '@');
    if ((*kind)->flags & KIND_PER_ENGINE && (!engine || !engine[1] || engine == slash + 1)) {
        cmd_complain("there is one %s on each engine; write %s%.*s@ENGINE", (*kind)->arg,
                     (*kind)->name, (int)strcspn(slash, "@"), slash);
        return NULL;
    }
    return xasprintf("%s%s", (*kind)->name, slash);
}

static bool open_store(struct ledger_file *f, const char *instead)
{
    char *error = NULL;
    const char *path = f->config->ledger;

    if (access(path, F_OK) != 0) {
        cmd_complain("there is no ledger %s yet; `dctd run` and `dctd apply` make it", path);
        return false;
    }
    f->store = store_open(path, false, &error);
    f->ledger = f->store ? ledger_load(f->store, path, &error) : NULL;
    if (error && !f->store && store_held(path))
        cmd_complain("%s; stop it first, or %s", error, instead);
    else if (error)
        cmd_complain("%s", error);
    free(error);
    return f->ledger != NULL;
}

bool ledger_file_open(struct ledger_file *f, const struct invocation *in, const char *instead)
{
    *f = (struct ledger_file){ .config = cmd_config(in) };
    if (f->config && open_store(f, instead))
        return true;
    ledger_file_close(f);
    return false;
}

void ledger_file_close(struct ledger_file *f)
{
    ledger_free(f->ledger);
    store_close(f->store);
    config_free(f->config);
}

bool ledger_file_keep(struct ledger_file *f, const char *key, const struct entry *e,
                      const char *kind, const char *text)
{
    const struct store_event event = { .at = app_now(), .key = key, .kind = kind, .text = text };
    char *record = e ? entry_text(e) : NULL, *error = NULL;
    bool kept = store_put(f->store, key, record, &error);

    if (!kept)
        cmd_complain("%s", error);
    else if (!store_event(f->store, &event, &error))
        cmd_complain("done, but the history misses it: %s", error);
    free(error);
    free(record);
    return kept;
}
