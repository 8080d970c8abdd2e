/* The list of actions and the words for what they do. */
#include "reconciler/plan.h"

#include <stdlib.h>

#include "reconciler/action.h"

static void action_clear(struct action *a)
{
    for (size_t i = 0; i < a->n_changes; i++) {
        free(a->changes[i].was);
        free(a->changes[i].becomes);
    }
    free(a->changes);
    free(a->key);
    free(a->id);
    free(a->engine);
    free(a->reason);
    free(a->blocked);
    free(a->needs);
    free(a->error);
    free(a->adrift);
    strings_clear(&a->disruptions);
    action_run_free(a->run);
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n; i++)
        action_clear(&p->items[i]);
    free(p->items);
    strings_clear(&p->notes);
    map_clear(&p->by_key);
    free(p);
}

struct action *plan_add(struct plan *p, enum verb verb, const struct kind_desc *k, const char *key)
{
    p->items = grow(p->items, p->n, &p->cap, sizeof(*p->items));
    struct action *a = &p->items[p->n++];
    *a = (struct action){ .verb = verb, .kind = k, .key = xstrdup(key) };
    /* Slots hold the index plus one: the items may still move. */
    map_set(&p->by_key, a->key, (void *)(uintptr_t)p->n);
    return a;
}

long plan_index(const struct plan *p, const char *key)
{
    return (long)(uintptr_t)map_get(&p->by_key, key) - 1;
}

void action_needs(struct plan *p, size_t action, size_t needs)
{
    struct action *a = &p->items[action];

    if (action == needs)
        return;
    for (size_t i = 0; i < a->n_needs; i++) {
        if (a->needs[i] == needs)
            return;
    }
    a->needs = grow(a->needs, a->n_needs, &a->cap_needs, sizeof(*a->needs));
    a->needs[a->n_needs++] = needs;
}

const struct action *action_root(const struct plan *p, const struct action *a)
{
    for (size_t steps = 0; a->block == BLOCK_NEED && steps < p->n; steps++) {
        const struct action *needed = NULL;
        for (size_t i = 0; i < a->n_needs && !needed; i++) {
            if (p->items[a->needs[i]].blocked)
                needed = &p->items[a->needs[i]];
        }
        if (!needed)
            break;
        a = needed;
    }
    return a;
}

bool action_left(const struct plan *p, const struct action *a)
{
    if (!a->blocked || a->owes)
        return false;
    enum block root = action_root(p, a)->block;
    return root == BLOCK_MODE || root == BLOCK_SUSPENDED;
}

bool plan_empty(const struct plan *p)
{
    size_t n = p->blocked - p->left;

    for (enum verb v = VERB_NONE; v < VERBS; v++)
        n += p->by_verb[v];
    return n == 0;
}

static const struct {
    const char *name, *symbol;
} verbs[VERBS] = {
    [VERB_NONE] = { "finish", " " },       [VERB_CREATE] = { "create", "+" },
    [VERB_UPDATE] = { "update", "~" },     [VERB_REPLACE] = { "replace", "-/+" },
    [VERB_DELETE] = { "delete", "-" },     [VERB_ADOPT] = { "adopt", "<" },
    [VERB_FORGET] = { "forget", "." },     [VERB_REFRESH] = { "refresh", "~" },
    [VERB_SNAPSHOT] = { "snapshot", "~" }, [VERB_DISABLE] = { "disable", "~" },
    [VERB_ENABLE] = { "enable", "~" },
};

const char *verb_name(enum verb v)
{
    return verbs[v].name;
}

const char *verb_symbol(enum verb v)
{
    return verbs[v].symbol;
}

const char *action_state_name(enum action_state s)
{
    static const char *const names[ACTION_STATES] = {
        [A_WAITING] = "waiting",   [A_READING] = "reading", [A_SENT] = "sent",     [A_JOB] = "job",
        [A_SETTLING] = "settling", [A_DONE] = "done",       [A_FAILED] = "failed",
    };

    return names[s];
}
