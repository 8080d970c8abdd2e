/* What a disk would hold: entries by key, as text. */
#include <stdlib.h>
#include <string.h>

#include "tests/lib/world.h"

void test_world_keep(struct test_world *w, const char *key, const char *text)
{
    size_t i = 0;

    while (i < w->n_ledger && !streq(w->ledger[i].key, key))
        i++;
    if (!text) {
        if (i == w->n_ledger)
            return;
        free(w->ledger[i].key);
        free(w->ledger[i].text);
        w->ledger[i] = w->ledger[--w->n_ledger];
        return;
    }
    if (i == w->n_ledger) {
        w->ledger = xrealloc(w->ledger, ++w->n_ledger * sizeof(*w->ledger));
        w->ledger[i] = (struct told){ .key = xstrdup(key) };
    }
    free(w->ledger[i].text);
    w->ledger[i].text = xstrdup(text);
}

const char *test_world_ledger(const struct test_world *w, const char *key)
{
    for (size_t i = 0; i < w->n_ledger; i++) {
        if (streq(w->ledger[i].key, key))
            return w->ledger[i].text;
    }
    return NULL;
}

bool test_world_ledger_names(const struct test_world *w, const char *id)
{
    char *member = xasprintf("\"id\":\"%s\"", id);
    bool named = false;

    for (size_t i = 0; i < w->n_ledger && !named; i++)
        named = strstr(w->ledger[i].text, member) != NULL;
    free(member);
    return named;
}

void test_world_ledger_lost(struct test_world *w)
{
    for (size_t i = 0; i < w->n_ledger; i++) {
        free(w->ledger[i].key);
        free(w->ledger[i].text);
    }
    w->n_ledger = 0;
}
