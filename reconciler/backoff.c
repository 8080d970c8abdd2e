/* Delays by key. */
#include "reconciler/backoff.h"

#include <stdlib.h>

enum { FIRST = 2000, FIRST_TERMINAL = 60000, LONGEST = 900000, DOUBLINGS = 16 };

struct pause {
    unsigned tries;
    enum failure why;
    msec until;
    char key[];
};

void backoff_init(struct backoff *b, uint64_t seed)
{
    *b = (struct backoff){ .random = seed ? seed : 1 };
}

void backoff_reset(struct backoff *b)
{
    for (size_t i = 0; i < b->by_key.cap; i++)
        free(b->by_key.slots[i].value);
    map_clear(&b->by_key);
}

void backoff_clear(struct backoff *b)
{
    backoff_reset(b);
}

/* xorshift64: the jitter need not be secret, only different and repeatable. */
static uint64_t next_random(struct backoff *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

static struct pause *pause_of(struct backoff *b, const char *key)
{
    struct pause *p = map_get(&b->by_key, key);

    if (!p) {
        size_t n = 1;
        while (key[n - 1])
            n++;
        p = xcalloc(1, sizeof(*p) + n);
        for (size_t i = 0; i < n; i++)
            p->key[i] = key[i];
        map_set(&b->by_key, p->key, p);
    }
    return p;
}

msec backoff_fail(struct backoff *b, const char *key, enum failure why, msec now, msec least)
{
    struct pause *p = pause_of(b, key);
    msec wait = why == FAIL_TERMINAL ? FIRST_TERMINAL : FIRST;

    for (unsigned i = 0; i < p->tries && i < DOUBLINGS && wait < LONGEST; i++)
        wait *= 2;
    if (wait > LONGEST)
        wait = LONGEST;
    wait += (msec)(next_random(b) % (uint64_t)(wait / 4));
    p->tries++;
    p->why = why;
    p->until = now + (wait > least ? wait : least);
    return p->until;
}

msec backoff_until(const struct backoff *b, const char *key)
{
    const struct pause *p = map_get(&b->by_key, key);

    return p ? p->until : 0;
}

unsigned backoff_tries(const struct backoff *b, const char *key)
{
    const struct pause *p = map_get(&b->by_key, key);

    return p ? p->tries : 0;
}

bool backoff_terminal(const struct backoff *b, const char *key)
{
    const struct pause *p = map_get(&b->by_key, key);

    return p && p->why == FAIL_TERMINAL;
}

enum failure backoff_why(const struct backoff *b, const char *key)
{
    const struct pause *p = map_get(&b->by_key, key);

    return p ? p->why : FAIL_RECOVERABLE;
}

void backoff_forget(struct backoff *b, const char *key)
{
    struct pause *p = map_get(&b->by_key, key);

    map_remove(&b->by_key, key);
    free(p);
}

/* No object's key holds "engine 1", or "look " and "held " before its kind. */
static char *engine_key(const char *engine)
{
    return xasprintf("engine %s", engine);
}

msec backoff_engine_fail(struct backoff *b, const char *engine, msec now, msec least)
{
    char *key = engine_key(engine);
    msec until = backoff_until(b, key);

    /* Many objects fail of one cause: it counts once a pause. */
    if (until <= now)
        until = backoff_fail(b, key, FAIL_RECOVERABLE, now, least);
    free(key);
    return until;
}

msec backoff_engine_until(const struct backoff *b, const char *engine)
{
    char *key = engine_key(engine);
    msec until = backoff_until(b, key);

    free(key);
    return until;
}

void backoff_engine_forget(struct backoff *b, const char *engine)
{
    char *key = engine_key(engine);

    backoff_forget(b, key);
    free(key);
}

static char *look_key(const char *host)
{
    return xasprintf("look %s", host);
}

void backoff_looked(struct backoff *b, const char *host)
{
    char *key = look_key(host);

    pause_of(b, key)->tries = 1;
    free(key);
}

bool backoff_has_looked(const struct backoff *b, const char *host)
{
    char *key = look_key(host);
    bool has = backoff_tries(b, key) > 0;

    free(key);
    return has;
}

void backoff_held(struct backoff *b, const char *key, bool held)
{
    char *mark = xasprintf("held %s", key);

    if (held) {
        pause_of(b, mark)->tries = 1;
    } else if (backoff_tries(b, mark)) {
        backoff_forget(b, mark);
        backoff_forget(b, key);
    }
    free(mark);
}

const char *failure_name(enum failure f)
{
    static const char *const names[] = { [FAIL_RECOVERABLE] = "recoverable",
                                         [FAIL_TERMINAL] = "terminal",
                                         [FAIL_UNKNOWN] = "unknown outcome" };

    return names[f];
}
