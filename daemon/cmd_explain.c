/* `dctd explain`: what a manifest may say, as the tables have it. */
#include "schema/explain.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cmd.h"

enum { EXPLAIN_MAX = 1 << 20 };

static bool no_kind(const char *word)
{
    const char *meant = kind_near(word);

    cmd_complain("there is no kind `%s`; %s%s%s", word,
                 meant ? "did you mean " : "`dctd explain` lists them", meant ? meant : "",
                 meant ? "?" : "");
    return false;
}

static bool no_field(const struct kind_desc *k, const char *path)
{
    const char *name = k ? k->name : "policy", *meant = explain_near(k, path);

    if (meant)
        cmd_complain("%s has no field `%s`; did you mean %s?", name, path, meant);
    else
        cmd_complain("%s has no field `%s`; `dctd explain %s` lists them", name, path,
                     k ? k->arg : name);
    return false;
}

/* "vdb.postgresql.port"; `spec.` may stand before the field. */
static bool explain(const char *what, bool man, struct buf *out)
{
    char *word = xstrndup(what, strcspn(what, "."));
    const struct kind_desc *k = kind_by_name(word);
    const char *path = strchr(what, '.');
    bool policy = streq(word, "policy"), known = policy || k || no_kind(word);

    free(word);
    if (path)
        path += starts_with(path, ".spec.") ? strlen(".spec.") : 1;
    if (!known)
        return false;
    if (man)
        explain_man(k, out);
    else if (!(policy ? explain_policy(path, out) : explain_fields(k, path, out)))
        return no_field(k, path);
    return true;
}

int cmd_explain(const struct invocation *in)
{
    struct buf text = BUF_WITH_LIMIT(EXPLAIN_MAX);
    bool known = true;

    if (in->n_paths)
        known = explain(in->paths[0], in->man, &text);
    else
        explain_kinds(&text);
    bool printed = known && cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}
