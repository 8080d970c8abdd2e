/* Open addressing with linear probing; a removed key is closed up at once, so
 * there are no tombstones. */
#include "schema/map.h"

#include <stdlib.h>
#include <string.h>

/* The key's slot, or the free one where it belongs. */
static size_t slot_of(const struct map *m, const char *key)
{
    size_t i = hash_bytes(key, strlen(key)) & (m->cap - 1);

    while (m->slots[i].key && strcmp(m->slots[i].key, key) != 0)
        i = (i + 1) & (m->cap - 1);
    return i;
}

void *map_get(const struct map *m, const char *key)
{
    return m->cap ? m->slots[slot_of(m, key)].value : NULL;
}

static void rehash(struct map *m)
{
    struct map bigger = { .cap = m->cap ? m->cap * 2 : 16 };

    bigger.slots = xcalloc(bigger.cap, sizeof(*bigger.slots));
    for (size_t i = 0; i < m->cap; i++) {
        if (m->slots[i].key)
            bigger.slots[slot_of(&bigger, m->slots[i].key)] = m->slots[i];
    }
    bigger.n = m->n;
    free(m->slots);
    *m = bigger;
}

void map_set(struct map *m, const char *key, void *value)
{
    if (m->n * 3 >= m->cap * 2)
        rehash(m);
    struct map_slot *slot = &m->slots[slot_of(m, key)];
    if (!slot->key)
        m->n++;
    *slot = (struct map_slot){ key, value };
}

void map_remove(struct map *m, const char *key)
{
    if (!m->cap)
        return;
    size_t hole = slot_of(m, key);
    if (!m->slots[hole].key)
        return;

    m->n--;
    m->slots[hole] = (struct map_slot){ 0 };
    for (size_t i = (hole + 1) & (m->cap - 1); m->slots[i].key; i = (i + 1) & (m->cap - 1)) {
        struct map_slot moved = m->slots[i];
        m->slots[i] = (struct map_slot){ 0 };
        m->slots[slot_of(m, moved.key)] = moved;
    }
}

void map_clear(struct map *m)
{
    free(m->slots);
    *m = (struct map){ 0 };
}
