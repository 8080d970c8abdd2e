/* What every other file may rely on: memory that never fails, growing buffers
 * with a limit, and strict number parsing.
 *
 * Out of memory aborts: systemd starts the service again and the ledger makes
 * that safe, so no caller handles it. Everything here is pure; nothing logs. */
#ifndef SCHEMA_BASE_H
#define SCHEMA_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define MUST_USE     __attribute__((warn_unused_result))

/* A local marked OWNED(type) is released by type_free() when it leaves scope.
 * type_free() takes NULL. OWNER(type) makes the type fit for OWNED(). */
#define OWNED(type) __attribute__((cleanup(type##_cleanup))) struct type *
#define OWNER(type) \
    static inline void type##_cleanup(struct type **p) \
    { \
        type##_free(*p); \
    }
#define TAKE(p) \
    __extension__({ \
        __typeof__(p) taken_ = (p); \
        (p) = NULL; \
        taken_; \
    })

/* Milliseconds; of the wall clock since 1970 where a moment is meant. */
typedef int64_t msec;

void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF(1, 2) __attribute__((malloc, returns_nonnull));

/* Room for one more item: returns items, moved where it had to grow.
 * `*cap` counts items, `size` is one item's size in bytes. */
void *grow(void *items, size_t n, size_t *cap, size_t size) __attribute__((returns_nonnull));

/* For tables and for seeing whether something changed, not against anybody's will. */
uint64_t hash_bytes(const void *data, size_t n);

/* NULL equals only NULL. Asked so often that it stands here: most texts differ in
 * the first letter already. */
static inline bool streq(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return *a == *b && strcmp(a, b) == 0;
}
bool starts_with(const char *s, const char *prefix);

/* Decimal, whole string, no blanks, in range; writes *out only on success. */
bool parse_int64(const char *s, int64_t *out) MUST_USE;

/* A byte buffer that cannot be made without its maximum. Its text is always
 * terminated by a NUL that `n` does not count (data is NULL while empty).
 * Once an append would pass the limit the buffer is `over`, keeps what it had
 * and takes nothing more. */
struct buf {
    char *data;
    size_t n, cap, max;
    bool over;
};

#define BUF_WITH_LIMIT(limit) \
    (struct buf) \
    { \
        .max = (limit) \
    }

bool buf_add(struct buf *b, const void *data, size_t n);
bool buf_puts(struct buf *b, const char *s);
bool buf_char(struct buf *b, char c);
/* n more bytes that the caller fills in, NULL where they would pass the limit. */
char *buf_room(struct buf *b, size_t n);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
bool buf_vprintf(struct buf *b, const char *fmt, va_list args) PRINTF(2, 0);
/* Room for a text of so many bytes at once: who knows its size need not grow into it. */
void buf_reserve(struct buf *b, size_t n);
/* The text, never NULL; borrowed until the next change. */
const char *buf_text(const struct buf *b);
/* Hands the text over (never NULL) and leaves the buffer empty. */
char *buf_take(struct buf *b);
void buf_clear(struct buf *b);

/* Appends s percent-encoded for a URL path segment or query value (RFC 3986). */
void buf_add_urlencoded(struct buf *b, const char *s);
/* Appends s as a JSON string, quotes and all; NULL is "". */
void buf_add_quoted(struct buf *b, const char *s);

/* A list of strings that it owns. */
struct strings {
    char **items;
    size_t n, cap;
};
void strings_add(struct strings *l, const char *s);
bool strings_has(const struct strings *l, const char *s);
void strings_clear(struct strings *l);

/* The candidate nearest to `word` by edit distance, or NULL where none is near
 * enough to be meant. `next(ctx, i)` gives the i-th candidate, NULL at the end. */
const char *nearest_word(const char *word, const char *(*next)(const void *ctx, size_t i),
                         const void *ctx);

#endif
