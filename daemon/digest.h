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
void digest_add(struct digest *g, const void *data, size_t n);
void digest_text(struct digest *g, char out[DIGEST_TEXT]); /* ends it */
void digest_free(struct digest *g);
OWNER(digest)

#endif
