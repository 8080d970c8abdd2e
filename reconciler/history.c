/* Tracks by key. */
#include "reconciler/history.h"

#include <stdlib.h>
#include <string.h>

enum { REMEMBERED_MAX = 300 }; /* bytes of the message of one transition */

struct track *track_of(const struct tracks *t, const char *key)
{
    return map_get(&t->by_key, key);
}

struct track *track_put(struct tracks *tracks, const char *key, msec wall)
{
    struct track *t = track_of(tracks, key);
    size_t n = strlen(key) + 1;

    if (t)
        return t;
    t = xcalloc(1, sizeof(*t) + n);
    memcpy(t->key, key, n);
    for (size_t i = 0; i < CONDITIONS; i++)
        t->since[i] = wall;
    map_set(&tracks->by_key, t->key, t);
    return t;
}

static void track_free(struct track *t)
{
    for (size_t i = 0; i < CONDITIONS; i++)
        free(t->now[i].message);
    for (size_t i = 0; i < t->n_past; i++)
        free(t->past[i].message);
    free(t->past);
    free(t->error);
    free(t);
}

/* Grown by one: most objects have few, and there are many objects. */
static void remember(struct track *t, enum condition_type type, const struct judgement *j,
                     msec wall)
{
    if (t->n_past == TRANSITIONS_MAX) {
        free(t->past[0].message);
        memmove(t->past, t->past + 1, (--t->n_past) * sizeof(*t->past));
    } else {
        t->past = xrealloc(t->past, (t->n_past + 1) * sizeof(*t->past));
    }
    const char *said = j->message;
    if (!said && reason_is_error(j->reason) && t->error)
        said = t->error->text;
    t->past[t->n_past++] =
        (struct transition){ .at = wall,
                             .type = (uint8_t)type,
                             .status = (uint8_t)j->status,
                             .reason = (uint8_t)j->reason,
                             .message =
                                 said ? xstrndup(said, strnlen(said, REMEMBERED_MAX)) : NULL };
}

/* Of an object that is seen for the first time, only what is not as it should
 * be is news. */
static bool is_news(const struct track *t, enum condition_type type, const struct judgement *j)
{
    bool good = type <= CONDITION_SYNCED ? j->status == TRUTH_TRUE : j->status == TRUTH_FALSE;

    return j->status != t->now[type].status &&
           !(good && t->now[type].reason == REASON_NOT_OBSERVED);
}

void track_take(struct track *t, struct judgement *of, enum condition_type first,
                enum condition_type last, msec wall)
{
    for (enum condition_type type = first; type <= last; type++) {
        const struct judgement *j = &of[type - first];
        if (is_news(t, type, j))
            remember(t, type, j, wall);
        if (j->status != t->now[type].status)
            t->since[type] = wall;
        free(t->now[type].message);
        t->now[type] = *j;
    }
}

void track_error(struct track *t, enum error_class class, const char *text, msec wall)
{
    size_t n = strlen(text) + 1;

    if (t->error && class == ERROR_BLOCKED && t->error->class == class &&
        streq(t->error->text, text))
        return;
    free(t->error);
    t->error = xmalloc(sizeof(*t->error) + n);
    t->error->at = wall;
    t->error->class = class;
    memcpy(t->error->text, text, n);
}

void track_error_over(struct track *t)
{
    free(t->error);
    t->error = NULL;
}

void tracks_sweep(struct tracks *tracks)
{
    struct map left = { 0 };

    for (size_t i = 0; i < tracks->by_key.cap; i++) {
        struct track *t = tracks->by_key.slots[i].value;
        if (!t)
            continue;
        if (!t->stays) {
            track_free(t);
            continue;
        }
        t->stays = false;
        map_set(&left, t->key, t);
    }
    map_clear(&tracks->by_key);
    tracks->by_key = left;
}

void tracks_clear(struct tracks *tracks)
{
    for (size_t i = 0; i < tracks->by_key.cap; i++) {
        if (tracks->by_key.slots[i].value)
            track_free(tracks->by_key.slots[i].value);
    }
    map_clear(&tracks->by_key);
}

static void write_text(struct buf *out, const char *s)
{
    size_t n = s ? strlen(s) + 1 : 0;

    buf_add(out, &n, sizeof(n));
    buf_add(out, s, n);
}

static void read_bytes(const char **at, void *out, size_t n)
{
    if (n)
        memcpy(out, *at, n);
    *at += n;
}

/* NULL where none was written. */
static char *read_text(const char **at)
{
    size_t n;

    read_bytes(at, &n, sizeof(n));
    char *s = n ? xmalloc(n) : NULL;
    read_bytes(at, s, n);
    return s;
}

/* The same; empty where none was written. */
static char *read_name(const char **at)
{
    char *s = read_text(at);

    return s ? s : xstrdup("");
}

static void write_track(struct buf *out, const struct track *t)
{
    write_text(out, t->key);
    buf_add(out, t, sizeof(*t));
    for (size_t i = 0; i < CONDITIONS; i++)
        write_text(out, t->now[i].message);
    if (t->error) {
        buf_add(out, t->error, sizeof(*t->error));
        write_text(out, t->error->text);
    }
    buf_add(out, t->past, t->n_past * sizeof(*t->past));
    for (size_t i = 0; i < t->n_past; i++)
        write_text(out, t->past[i].message);
}

static struct last_error *read_error(const char **at)
{
    struct last_error head;

    read_bytes(at, &head, sizeof(head));
    char *text = read_name(at);
    size_t n = strlen(text) + 1;
    struct last_error *e = xmalloc(sizeof(*e) + n);
    *e = head;
    memcpy(e->text, text, n);
    free(text);
    return e;
}

static void read_track(struct tracks *tracks, const char **at)
{
    char *key = read_name(at);
    struct track *t = track_put(tracks, key, 0);

    free(key);
    read_bytes(at, t, sizeof(*t));
    for (size_t i = 0; i < CONDITIONS; i++)
        t->now[i].message = read_text(at);
    if (t->error)
        t->error = read_error(at);
    t->past = t->n_past ? xcalloc(t->n_past, sizeof(*t->past)) : NULL;
    read_bytes(at, t->past, t->n_past * sizeof(*t->past));
    for (size_t i = 0; i < t->n_past; i++)
        t->past[i].message = read_text(at);
}

/* Everything goes before anything is made again: that is what makes room. */
void tracks_compact(struct tracks *t)
{
    struct buf all = BUF_WITH_LIMIT(SIZE_MAX / 2);

    for (size_t i = 0; i < t->by_key.cap; i++) {
        if (t->by_key.slots[i].value)
            write_track(&all, t->by_key.slots[i].value);
    }
    tracks_clear(t);
    for (const char *at = all.data; at && at < all.data + all.n;)
        read_track(t, &at);
    buf_clear(&all);
}

const char *track_message(const struct track *t, enum condition_type type)
{
    const struct judgement *j = &t->now[type];

    if (j->message)
        return j->message;
    return reason_is_error(j->reason) && t->error ? t->error->text : reason_text(j->reason);
}

const char *error_class_name(enum error_class c)
{
    static const char *const names[] = { [ERROR_RECOVERABLE] = "recoverable",
                                         [ERROR_TERMINAL] = "terminal",
                                         [ERROR_UNKNOWN_OUTCOME] = "unknown-outcome",
                                         [ERROR_BLOCKED] = "blocked" };

    return names[c];
}
