/* DCT's dialect of HTTP: where it is, how it is asked, what its answers say.
 *
 * Puts the API key and the secrets of a body in at the last moment, into
 * copies that are wiped; turns whatever comes back into a struct reply that
 * says what happened, why, and what to do about it. */
#ifndef DAEMON_DCT_H
#define DAEMON_DCT_H

#include <uv.h>

#include "daemon/config.h"
#include "daemon/secrets.h"
#include "reconciler/event.h"

enum { DCT_TIMEOUT = 60000 }; /* of requests that name none */

/* `r` and what it points at are borrowed for the call. */
typedef void dct_answer(void *ctx, const struct reply *r);

struct dct;

/* The configuration is copied, `secrets` and `digest_key` (STORE_KEY bytes, for
 * the digests of uploaded files) are borrowed. */
struct dct *dct_new(uv_loop_t *loop, const struct config *c, struct secrets *secrets,
                    const uint8_t *digest_key, dct_answer *answer, void *ctx);
/* Takes another address, CA or key for requests that are sent from now on. */
void dct_configure(struct dct *d, const struct config *c);
/* From now on a request that could change DCT aborts the process. */
void dct_read_only(struct dct *d);
/* Exactly one answer follows, possibly before this returns. */
void dct_send(struct dct *d, struct request *r_taken);
/* Changes that were sent and are not answered yet. */
size_t dct_writing(const struct dct *d);
/* Ends every exchange without an answer; see http_close(). Takes NULL. */
void dct_close(struct dct *d);

/* Asks the server for its published document, which says what API it speaks:
 * 328 = 3.28; 0 with `answered` where it does not serve one, 0 without where it
 * did not answer at all. */
typedef void dct_learned(void *ctx, unsigned api, bool answered);
void dct_learn(struct dct *d, dct_learned *learned);
/* Where that is, for the address that requests go to; owned. */
char *dct_document(const char *root);
/* The version in the `info` of an OpenAPI document's text; 0 = none. */
unsigned dct_api_of(const char *text);

/* GET, and POST …/search: nothing else only reads. */
bool dct_reads(const char *method, const char *path);

#endif
