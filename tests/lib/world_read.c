/* Answers as JSON. The same text is the same value, and most of what is observed
 * is what was observed before: where `remembers` is set it is not read again.
 * Without it each answer goes when it was heard, and a memory checker sees who
 * holds on to a piece of it. */
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/lib/world_parts.h"

enum { KEPT = 512 };

struct answer {
    char *text;
    size_t n;
    cJSON *value;
};

struct answers {
    struct answer kept[KEPT];
};

static void forget(struct answer *a)
{
    free(a->text);
    cJSON_Delete(a->value);
    *a = (struct answer){ 0 };
}

const cJSON *world_read(struct test_world *w, const char *text)
{
    size_t n = strlen(text), i = w->remembers ? hash_bytes(text, n) % KEPT : 0;

    if (!w->answers)
        w->answers = xcalloc(1, sizeof(*w->answers));
    struct answer *a = &w->answers->kept[i];
    if (a->text && a->n == n && memcmp(a->text, text, n) == 0)
        return a->value;
    forget(a);
    *a = (struct answer){ xstrdup(text), n, json_parse(text, n, NULL) };
    return a->value;
}

void world_read_clear(struct test_world *w)
{
    for (size_t i = 0; w->answers && i < KEPT; i++)
        forget(&w->answers->kept[i]);
    free(w->answers);
    w->answers = NULL;
}

void world_read_over(struct test_world *w)
{
    if (!w->remembers && w->answers)
        forget(&w->answers->kept[0]);
}
