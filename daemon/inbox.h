/* Events that came up while the core was being stepped; they wait here, with
 * copies of what they point at. */
#ifndef DAEMON_INBOX_H
#define DAEMON_INBOX_H

#include "reconciler/event.h"

struct letter {
    struct event ev; /* points at the two below */
    char *text;
    cJSON *body;
};

struct inbox {
    struct letter *items;
    size_t first, n, cap; /* those from `first` on are unread */
};

/* Copies what the event borrows; a set changes hands. */
void inbox_push(struct inbox *b, const struct event *ev);
/* The oldest letter, the caller's to clear; false when there is none. */
bool inbox_pop(struct inbox *b, struct letter *out);
void letter_clear(struct letter *l);
void inbox_clear(struct inbox *b);

#endif
