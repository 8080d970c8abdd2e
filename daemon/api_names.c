/* Kinds in any case, singular or plural; objects by KIND/NAME. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/api_parts.h"

static const struct kind_desc *kind_called(const char *word, size_t n)
{
    for (enum kind k = 0; k < KINDS; k++) {
        const char *name = kind_desc(k)->name;
        size_t length = strlen(name);
        bool plural = n == length + 1 && (word[length] == 's' || word[length] == 'S');
        if ((n == length || plural) && strncasecmp(word, name, length) == 0)
            return kind_desc(k);
    }
    return NULL;
}

const struct kind_desc *api_kind(struct asking *a, const char *word, size_t n)
{
    const struct kind_desc *k = kind_called(word, n);

    if (k)
        return k;
    char *named = xstrndup(word, n);
    const char *meant = kind_near(named);
    char *hint =
        meant ? xasprintf("did you mean %s?", meant) : xstrdup("`dctd explain` lists the kinds");
    api_error(a, 404, hint, "there is no kind `%s`", named);
    free(hint);
    free(named);
    return NULL;
}

char *api_any_key(struct asking *a, const char *text, const struct kind_desc **kind)
{
    const char *slash = strchr(text, '/');

    if (!slash || slash == text || !slash[1]) {
        api_error(a, 400, "write KIND/NAME, as in VDB/orders-dev", "`%s` names no object", text);
        return NULL;
    }
    *kind = api_kind(a, text, (size_t)(slash - text));
    return *kind ? xasprintf("%s%s", (*kind)->name, slash) : NULL;
}

struct names {
    const struct asking *asking;
    char *prefix; /* the keys that are looked at begin with it */
    size_t cursor;
};

static const char *next_key(struct names *n)
{
    struct object_status o;

    while (cycle_next_object(app_cycle(n->asking->api->app), &n->cursor, n->asking->now, &o)) {
        if (!n->prefix || starts_with(o.is.key, n->prefix))
            return o.is.key;
    }
    return NULL;
}

static const char *nth_key(const void *ctx, size_t i)
{
    struct names *n = (struct names *)(uintptr_t)ctx;

    if (i == 0)
        n->cursor = 0;
    return next_key(n);
}

/* "Connector/postgresql" where only one engine has it; owned. */
static char *only_one(const struct asking *a, const struct kind_desc *k, const char *key)
{
    struct names n = { .asking = a, .prefix = xasprintf("%s@", key) };
    const char *first = k->flags & KIND_PER_ENGINE && !strchr(key, '@') ? next_key(&n) : NULL;
    char *only = first ? xstrdup(first) : NULL;

    if (only && next_key(&n)) {
        free(only);
        only = NULL;
    }
    free(n.prefix);
    return only;
}

static void not_known(struct asking *a, const struct kind_desc *k, const char *key)
{
    struct names all = { .asking = a }, on = { .asking = a, .prefix = xasprintf("%s@", key) };
    const char *of_engine = k->flags & KIND_PER_ENGINE && !strchr(key, '@') ? next_key(&on) : NULL;
    const char *meant = of_engine ? of_engine : nearest_word(key, nth_key, &all);
    char *hint = of_engine ? xasprintf("there is one on each engine; say which, as in %s", meant)
                 : meant   ? xasprintf("did you mean %s?", meant)
                           : xstrdup("`dctd get` lists the objects");

    api_error(a, 404, hint, "neither the manifests nor the ledger have %s", key);
    free(hint);
    free(on.prefix);
}

char *api_key(struct asking *a, const char *text, const struct kind_desc **kind)
{
    struct object_status o;
    char *key = api_any_key(a, text, kind);

    if (!key || cycle_object(app_cycle(a->api->app), key, a->now, &o))
        return key;
    char *only = only_one(a, *kind, key);
    if (!only) {
        not_known(a, *kind, key);
        *kind = NULL;
    }
    free(key);
    return only;
}
