/* A map from text to pointers that it does not own. Keys are borrowed and must
 * outlive their place in the map. */
#ifndef SCHEMA_MAP_H
#define SCHEMA_MAP_H

#include "schema/base.h"

struct map {
    struct map_slot {
        const char *key;
        void *value;
    } * slots;
    size_t n, cap;
};

/* NULL where the key is not there. */
void *map_get(const struct map *m, const char *key);
/* Sets or replaces; `value` is not NULL. */
void map_set(struct map *m, const char *key, void *value);
void map_remove(struct map *m, const char *key);
void map_clear(struct map *m);

#endif
