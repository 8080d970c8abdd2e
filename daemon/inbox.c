#include "daemon/inbox.h"

#include <stdlib.h>

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
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
