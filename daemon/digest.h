/* Keyed digests: whether something is what it was, without keeping it. */
#ifndef DAEMON_DIGEST_H
#define DAEMON_DIGEST_H

#include "schema/object.h"

/* HMAC-SHA256, cut to 128 bits, as lower-case hex. */
void digest_hex(const uint8_t *key, size_t key_n, const void *data, size_t n,
                char out[DIGEST_TEXT]);

/* The same over several pieces; boundaries between pieces count. */
struct digest;
struct digest *digest_new(const uint8_t *key, size_t key_n);
/* One of the same key, cheaper than a new one; `keyed` has been given nothing yet. */
struct digest *digest_like(const struct digest *keyed);
void digest_add(struct digest *g, const void *data, size_t n);
void digest_text(struct digest *g, char out[DIGEST_TEXT]); /* ends it */
void digest_free(struct digest *g);
OWNER(digest)

/* The whole HMAC-SHA256 of a run of bytes that may come in pieces. */
enum { DIGEST_WHOLE = 32 };
void digest_more(struct digest *g, const void *data, size_t n);
void digest_whole(struct digest *g, uint8_t out[DIGEST_WHOLE]); /* ends it */

/* Takes as long wherever they differ. */
bool digest_equal(const void *a, size_t a_n, const void *b, size_t b_n);
/* Bytes of a padded Base64 text; 0 where it is none or they are more than `max`. */
size_t digest_base64(const char *text, size_t n, uint8_t *out, size_t max);

#endif
