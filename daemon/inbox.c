#include "daemon/inbox.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static bool has_hand(enum event_type type)
{
    return type == EV_NUDGE || type == EV_SUSPEND || type == EV_RESUME || type == EV_ADOPT ||
           type == EV_FORGET;
}

/* Its texts, one behind the other in one piece of memory. */
static void keep_hand(struct letter *l)
{
    struct hand *h = &l->ev.hand;
    const char **texts[] = { &h->whom, &h->key, &h->id, &h->reason };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        n += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    l->text = xmalloc(n + 1);
    char *to = l->text;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!*texts[i])
            continue;
        size_t bytes = strlen(*texts[i]) + 1;
        memcpy(to, *texts[i], bytes);
        *texts[i] = to;
        to += bytes;
    }
}

void inbox_push(struct inbox *b, const struct event *ev)
{
    b->items = grow(b->items, b->n, &b->cap, sizeof(*b->items));

    struct letter *l = &b->items[b->n++];
    *l = (struct letter){ .ev = *ev };
    if (ev->type == EV_REPLY) {
        l->text = copy(ev->reply.error);
        l->body = cJSON_Duplicate(ev->reply.body, true);
        l->ev.reply.error = l->text;
        l->ev.reply.body = l->body;
    } else if (ev->type == EV_LEDGER_FAILED) {
        l->text = copy(ev->text);
        l->ev.text = l->text;
    } else if (has_hand(ev->type)) {
        keep_hand(l);
    }
}

bool inbox_pop(struct inbox *b, struct letter *out)
{
    if (b->first == b->n) {
        b->first = b->n = 0;
        return false;
    }
    *out = b->items[b->first++];
    return true;
}

void letter_clear(struct letter *l)
{
    free(l->text);
    cJSON_Delete(l->body);
}

void inbox_clear(struct inbox *b)
{
    struct letter l;

    while (inbox_pop(b, &l)) {
        if (l.ev.type == EV_MANIFESTS)
            set_free(l.ev.set);
        letter_clear(&l);
    }
    free(b->items);
    *b = (struct inbox){ 0 };
}
