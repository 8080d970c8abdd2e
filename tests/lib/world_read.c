/* Answers as JSON. The same text is the same value, and most of what is observed
 * is what was observed before, by this world or by one that began as it did: where
 * `remembers` is set it is not read again. Without it each answer goes when it was
 * heard, and a memory checker sees who holds on to a piece of it. */
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/lib/world_parts.h"

enum { KEPT = 64 };

struct answer {
    char *text;
    size_t n;
    cJSON *value;
};

/* What was heard, in whichever world. */
static struct answer kept[KEPT];

static void forget(struct answer *a)
{
    free(a->text);
    cJSON_Delete(a->value);
    *a = (struct answer){ 0 };
}

const cJSON *world_read(struct test_world *w, const char *text)
{
    const size_t n = strlen(text);

    if (!w->remembers && !w->answer)
        w->answer = xcalloc(1, sizeof(*w->answer));
    struct answer *a = w->remembers ? &kept[hash_bytes(text, n) % KEPT] : w->answer;
    if (a->text && a->n == n && memcmp(a->text, text, n) == 0)
        return a->value;
    forget(a);
    *a = (struct answer){ xstrndup(text, n), n, json_parse(text, n, NULL) };
    return a->value;
}

void world_read_over(struct test_world *w)
{
    if (w->answer)
        forget(w->answer);
}

void world_read_clear(struct test_world *w)
{
    world_read_over(w);
    free(w->answer);
    w->answer = NULL;
}

void test_world_forget_answers(void)
{
    for (size_t i = 0; i < KEPT; i++)
        forget(&kept[i]);
}
