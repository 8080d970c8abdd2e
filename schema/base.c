#include "schema/base.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *p)
{
    if (!p)
        abort();
    return p;
}

void *xmalloc(size_t n)
{
    return or_abort(malloc(n ? n : 1));
}

void *xcalloc(size_t n, size_t size)
{
    return or_abort(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t n)
{
    return or_abort(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return or_abort(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
    return or_abort(strndup(s, n));
}

char *xasprintf(const char *fmt, ...)
{
    char *s = NULL;
    va_list args;

    va_start(args, fmt);
    int n = vasprintf(&s, fmt, args);
    va_end(args);
    return or_abort(n < 0 ? NULL : s);
}

void *grow(void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap && items)
        return items;
    if (*cap > SIZE_MAX / 2 / size)
        abort();
    *cap = *cap ? *cap * 2 : 8;
    return xrealloc(items, *cap * size);
}

bool starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool parse_int64(const char *s, int64_t *out)
{
    if (!s || !(isdigit((unsigned char)s[0]) || (s[0] == '-' && isdigit((unsigned char)s[1]))))
        return false;

    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno || *end)
        return false;
    *out = v;
    return true;
}

/* n is eight, or what is left. */
static inline uint64_t hash_more(uint64_t h, const char *from, size_t n)
{
    uint64_t eight = 0;

    memcpy(&eight, from, n);
    h = (h ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

uint64_t hash_bytes(const void *data, size_t n)
{
    const char *at = data;
    uint64_t h = n;

    for (; n >= 8; n -= 8, at += 8)
        h = hash_more(h, at, 8);
    return n ? hash_more(h, at, n) : h;
}

static void widen(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : 64;

    while (cap < n)
        cap *= 2;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

void buf_reserve(struct buf *b, size_t n)
{
    if (n < b->max && n + 1 > b->cap)
        widen(b, n + 1);
    if (b->data)
        b->data[b->n] = '\0';
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->over || n > b->max - b->n) {
        b->over = true;
        return NULL;
    }
    if (!b->data || b->n + n + 1 > b->cap)
        widen(b, b->n + n + 1);
    char *room = b->data + b->n;
    b->n += n;
    b->data[b->n] = '\0';
    return room;
}

bool buf_add(struct buf *b, const void *data, size_t n)
{
    char *room = buf_room(b, n);

    if (room && n)
        memcpy(room, data, n);
    return room;
}

bool buf_char(struct buf *b, char c)
{
    if (b->over || b->n == b->max || b->n + 1 >= b->cap)
        return buf_add(b, &c, 1);
    b->data[b->n++] = c;
    b->data[b->n] = '\0';
    return true;
}

bool buf_puts(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

bool buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;

    if (!b->data)
        buf_reserve(b, 0); /* of nothing it would be formatted twice */
    size_t spare = b->cap - b->n;
    va_copy(again, args);
    int n = vsnprintf(b->data ? b->data + b->n : NULL, spare, fmt, args);
    if (n < 0)
        abort();
    char *room = buf_room(b, (size_t)n);
    if (room && (size_t)n >= spare)
        (void)vsnprintf(room, (size_t)n + 1, fmt, again);
    else if (!room && b->data)
        b->data[b->n] = '\0';
    va_end(again);
    return room;
}

bool buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    bool ok = buf_vprintf(b, fmt, args);
    va_end(args);
    return ok;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *s = b->data ? b->data : xstrdup("");

    *b = BUF_WITH_LIMIT(b->max);
    return s;
}

void buf_clear(struct buf *b)
{
    free(b->data);
    *b = BUF_WITH_LIMIT(b->max);
}

void buf_add_urlencoded(struct buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c < 128 && (isalnum(c) || strchr("-._~", c)))
            buf_add(b, s, 1);
        else
            buf_printf(b, "%%%02X", c);
    }
}

static bool plain(unsigned char c)
{
    return c >= ' ' && c != '"' && c != '\\';
}

/* A byte less than k borrows from its highest bit, which it has not set itself. */
static bool eight_plain(uint64_t eight)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t control = eight - each * ' ';
    uint64_t quote = (eight ^ each * '"') - each, backslash = (eight ^ each * '\\') - each;

    return !((control | quote | backslash) & ~eight & each * 0x80);
}

static uint64_t eight_at(const char *s)
{
    uint64_t eight;

    memcpy(&eight, s, sizeof(eight));
    return eight;
}

/* Nothing to escape: eight bytes at a time, for almost every text is such. */
static bool all_plain(const char *s, size_t n)
{
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        if (!eight_plain(eight_at(s + i)))
            return false;
    }
    if (n >= 8)
        return eight_plain(eight_at(s + n - 8)); /* what is left, and some of what was */
    while (i < n && plain((unsigned char)s[i]))
        i++;
    return i == n;
}

static void print_escaped(char c, struct buf *b)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *at = strchr(letters, c);

    if (at)
        buf_add(b, (const char[]){ '\\', names[at - letters] }, 2);
    else
        buf_printf(b, "\\u%04x", (unsigned)c);
}

static bool add_plain(struct buf *b, const char *s, size_t n)
{
    char *to = buf_room(b, n + 2);

    if (!to)
        return false;
    *to = to[n + 1] = '"';
    memcpy(to + 1, s, n);
    return true;
}

void buf_add_quoted(struct buf *b, const char *s)
{
    s = s ? s : "";

    size_t n = strlen(s);
    if (all_plain(s, n) && add_plain(b, s, n))
        return;
    buf_add(b, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (plain((unsigned char)s[i]))
            buf_add(b, &s[i], 1);
        else
            print_escaped(s[i], b);
    }
    buf_add(b, "\"", 1);
}

void strings_add(struct strings *l, const char *s)
{
    l->items = grow(l->items, l->n, &l->cap, sizeof(*l->items));
    l->items[l->n++] = xstrdup(s);
}

bool strings_has(const struct strings *l, const char *s)
{
    for (size_t i = 0; i < l->n; i++) {
        if (streq(l->items[i], s))
            return true;
    }
    return false;
}

void strings_clear(struct strings *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct strings){ 0 };
}

enum { WORD_MAX = 63 };

/* Edit distance without regard to case; a swap of neighbours counts one. */
static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    size_t d[3][WORD_MAX + 2];

    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= m; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
            size_t best = up[j - 1] + (ca != cb);
            if (up[j] + 1 < best)
                best = up[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                tolower((unsigned char)a[i - 2]) == cb && up2[j - 2] + 1 < best)
                best = up2[j - 2] + 1;
            row[j] = best;
        }
    }
    return d[n % 3][m];
}

const char *nearest_word(const char *word, const char *(*next)(const void *ctx, size_t i),
                         const void *ctx)
{
    const char *best = NULL;
    size_t best_distance = 1 + strlen(word) / 3;
    const char *candidate;

    for (size_t i = 0; (candidate = next(ctx, i)); i++) {
        size_t d = distance(word, candidate);
        if (d <= best_distance && (!best || d < best_distance)) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}
