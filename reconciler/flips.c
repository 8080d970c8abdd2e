/* A count and the beginning of its hour, per object. */
#include "reconciler/flips.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_render.h"
#include "reconciler/planner.h"

struct flip {
    unsigned n;
    msec since;
    char key[];
};

void flips_clear(struct flips *f)
{
    for (size_t i = 0; i < f->by_key.cap; i++)
        free(f->by_key.slots[i].value);
    map_clear(&f->by_key);
}

static bool repairs_drift(const struct action *a, msec now)
{
    if (a->blocked || a->pays_debt || a->not_before > now || a->verb != VERB_UPDATE)
        return false;
    for (size_t i = 0; i < a->n_changes; i++) {
        if (a->changes[i].why == WHY_DRIFT)
            return true;
    }
    return false;
}

static struct flip *flip_of(struct flips *f, const char *key, msec now)
{
    struct flip *flip = map_get(&f->by_key, key);
    size_t n = strlen(key) + 1;

    if (!flip) {
        flip = xcalloc(1, sizeof(*flip) + n);
        memcpy(flip->key, key, n);
        map_set(&f->by_key, flip->key, flip);
    }
    if (!flip->n || now - flip->since > FLIPS_WINDOW) {
        flip->n = 0;
        flip->since = now;
    }
    return flip;
}

/* The moment, not how long it is until then: the words stay the same until it comes. */
static void block(struct action *a, const struct flip *flip, msec ahead)
{
    struct buf until = BUF_WITH_LIMIT(64);

    render_moment(flip->since + FLIPS_WINDOW + ahead, &until);
    action_block_as(a, BLOCK_FLAPPING,
                    xasprintf("its drift was repaired %u times within the hour, and something "
                              "changes it back; find out who, it is tried again at %s",
                              flip->n, buf_text(&until)));
    buf_clear(&until);
}

void flips_check(struct flips *f, struct plan *p, msec now, bool only_look)
{
    for (size_t i = 0; !only_look && i < p->n; i++) {
        struct action *a = &p->items[i];
        if (!repairs_drift(a, now))
            continue;
        struct flip *flip = flip_of(f, a->key, now);
        if (flip->n < FLIPS_MAX) {
            flip->n++;
            continue;
        }
        block(a, flip, p->ahead);
    }
}
