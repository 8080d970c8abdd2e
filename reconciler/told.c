/* The words of two plans, compared. */
#include "reconciler/told.h"

#include <stdlib.h>
#include <string.h>

/* One thing that was told: its key and, behind it, the words. */
struct words {
    const char *text;
    char key[];
};

static void add(struct map *m, const char *key, const char *text)
{
    size_t n = strlen(key) + 1, text_n = strlen(text) + 1;
    struct words *w = xmalloc(sizeof(*w) + n + text_n);

    memcpy(w->key, key, n);
    memcpy(w->key + n, text, text_n);
    w->text = w->key + n;
    free(map_get(m, w->key));
    map_remove(m, w->key);
    map_set(m, w->key, w);
}

static bool known(const struct map *m, const char *key, const char *text)
{
    const struct words *w = map_get(m, key);

    return w && streq(w->text, text);
}

static void drop(struct map *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free(m->slots[i].value);
    map_clear(m);
}

void told_blocks(struct told *t, const struct plan *p, struct effects *fx)
{
    struct map now = { 0 };

    for (size_t i = 0; i < p->n; i++) {
        const struct action *a = &p->items[i];
        if (!a->blocked)
            continue;
        if (!known(&t->by_key, a->key, a->blocked)) {
            struct report *r = fx_report(fx, REPORT_WARNING, a->key, "blocked: %s", a->blocked);
            r->verb = xstrdup(verb_name(a->verb));
        }
        add(&now, a->key, a->blocked);
    }
    for (size_t i = 0; i < p->notes.n; i++) {
        if (!known(&t->by_key, p->notes.items[i], ""))
            fx_report(fx, REPORT_WARNING, NULL, "%s", p->notes.items[i]);
        add(&now, p->notes.items[i], "");
    }
    drop(&t->by_key);
    t->by_key = now;
}

static void tell_drift(struct told *t, const struct action *a, const struct change *c,
                       struct map *now, struct effects *fx)
{
    const char *row = a->kind->table.rows[c->row].yaml;
    char *key = xasprintf("%s\n%s", a->key, row);
    char *text = xasprintf("`%s` is %s, the manifest says %s", row, c->was, c->becomes);

    if (!known(&t->drifts, key, text))
        fx_report(fx, REPORT_DRIFT, a->key, "%s", text);
    add(now, key, text);
    free(key);
    free(text);
}

void told_drift(struct told *t, const struct plan *p, struct effects *fx)
{
    struct map now = { 0 };

    for (size_t i = 0; i < p->n; i++) {
        const struct action *a = &p->items[i];
        for (size_t j = 0; j < a->n_changes; j++) {
            if (a->changes[j].why == WHY_DRIFT && a->changes[j].was)
                tell_drift(t, a, &a->changes[j], &now, fx);
        }
    }
    drop(&t->drifts);
    t->drifts = now;
}

void told_clear(struct told *t)
{
    drop(&t->drifts);
    drop(&t->by_key);
}
