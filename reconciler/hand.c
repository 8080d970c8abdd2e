#include "reconciler/hand.h"

#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 2048, ID_MAX = 256 };

bool adopt_id(const char *id)
{
    size_t n = strlen(id);
    bool plain = n > 0 && n <= ID_MAX;

    for (size_t i = 0; i < n; i++)
        plain = plain && (unsigned char)id[i] > ' ' && id[i] != 127;
    return plain;
}

/* Two keys for one object would be two wills for one object. */
static const struct entry *known_otherwise(const struct ledger *l, const char *key, enum kind kind,
                                           const char *id)
{
    for (size_t i = 0; i < ledger_count(l); i++) {
        const struct entry *e = ledger_at(l, i);
        if (e->kind == kind && streq(e->id, id) && !streq(e->key, key))
            return e;
    }
    return NULL;
}

bool adopted_already(const struct ledger *l, const char *key, const char *id)
{
    const struct entry *e = ledger_find(l, key);

    return e && streq(e->id, id);
}

struct known {
    const struct ledger *ledger;
    const struct set *set;
};

static const char *nth_known(const void *ctx, size_t i)
{
    const struct known *k = ctx;

    if (i < k->set->n)
        return k->set->items[i].key;
    i -= k->set->n;
    return i < ledger_count(k->ledger) ? ledger_at(k->ledger, i)->key : NULL;
}

static bool declared(const struct set *set, const char *key)
{
    return !set || !set->complete || set_find(set, key);
}

char *adopt_misnamed(const struct ledger *l, const struct set *set, const char *key)
{
    const struct known known = { l, set };

    if (declared(set, key) || ledger_find(l, key))
        return NULL;
    const char *meant = nearest_word(key, nth_known, &known);
    return meant ? xasprintf("neither the manifests nor the ledger have %s; did you mean %s? If "
                             "not, write its manifest first",
                             key, meant)
                 : NULL;
}

const char *adopt_remark(const struct set *set, const char *key)
{
    return declared(set, key) ? "" : "; no manifest declares it: until one does, it is left alone";
}

char *adopt_refusal(const struct ledger *l, const char *key, enum kind kind, const char *id,
                    bool replace)
{
    const struct entry *was = ledger_find(l, key);
    const struct entry *other = known_otherwise(l, key, kind, id);

    if (!adopt_id(id))
        return xasprintf("the id of a DCT object is needed, as DCT shows it");
    if (adopted_already(l, key, id))
        return NULL;
    if (other)
        return xasprintf("%s is %s in the ledger; `dctd forget %s` first", id, other->key,
                         other->key);
    /* Of a creation that nobody answered a person may say what it made. */
    bool unanswered = was && was->intent.makes && !was->intent.job && !was->id;
    if (was && ((was->intent.open && !unanswered) || was->owes_enable))
        return xasprintf("%s: %s; let dctd finish that, or `dctd forget --force %s` first", key,
                         was->intent.open ? "a change of it is under way"
                                          : "an enable is owed to it",
                         key);
    if (was && was->id && !replace)
        return xasprintf("%s is %s in the ledger; --replace makes it %s", key, was->id, id);
    return NULL;
}

char *adopt_text(const struct ledger *l, const char *key, const char *id)
{
    const struct entry *was = ledger_find(l, key);

    return was && was->id ? xasprintf("%s by hand, in place of %s", id, was->id)
                          : xasprintf("%s by hand", id);
}

struct entry *adopt(struct ledger *l, const char *key, enum kind kind, const char *id)
{
    const char *name = strchr(key, '/') + 1;
    const char *engine = kind_desc(kind)->flags & KIND_PER_ENGINE ? strrchr(name, '@') : NULL;
    const struct entry *was = ledger_find(l, key);
    bool protect = was && was->protect, hands_off = was && was->hands_off;

    ledger_remove(l, key);
    struct entry *e = ledger_put(l, key, kind);
    e->name = engine ? xstrndup(name, (size_t)(engine - name)) : xstrdup(name);
    e->id = xstrdup(id);
    e->origin = ORIGIN_ADOPTED;
    e->protect = protect;
    e->hands_off = hands_off;
    e->deletion = DELETION_ORPHAN;
    return e;
}

static const char *nth_key(const void *ctx, size_t i)
{
    const struct ledger *l = ctx;

    return i < ledger_count(l) ? ledger_at(l, i)->key : NULL;
}

static char *not_there(const struct ledger *l, const char *key)
{
    const char *meant = nearest_word(key, nth_key, l);

    return xasprintf("the ledger has no %s%s%s%s", key, meant ? "; did you mean " : "",
                     meant ? meant : "", meant ? "?" : "");
}

void forget_losses(const struct entry *e, struct buf *out)
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

char *forget_refusal(const struct ledger *l, const char *key, bool force)
{
    const struct entry *e = ledger_find(l, key);
    struct buf lost = BUF_WITH_LIMIT(WHY_MAX);

    if (!e)
        return not_there(l, key);
    forget_losses(e, &lost);
    char *why = lost.n && !force
                    ? xasprintf("%s is not forgotten without --force:%s", key, buf_text(&lost))
                    : NULL;
    buf_clear(&lost);
    return why;
}

char *forget_text(const struct entry *e)
{
    static const char *const origins[] = {
        [ORIGIN_NONE] = "never made",
        [ORIGIN_CREATED] = "made by dctd",
        [ORIGIN_ADOPTED] = "adopted",
    };

    return xasprintf("%s, %s%s%s", e->id ? e->id : "no id is known", origins[e->origin],
                     e->engine ? ", on engine " : "", e->engine ? e->engine : "");
}
