/* "Something was pushed", said by GitHub, GitLab or whoever signs alike.
 *
 * A delivery proves itself by one of three: X-Hub-Signature-256 (GitHub, Gitea,
 * Forgejo: HMAC-SHA256 of the body, in hex), X-Gitlab-Token (the secret itself),
 * or webhook-id, webhook-timestamp and webhook-signature (GitLab's signing
 * tokens, by the Standard Webhooks specification). The body passes through and
 * is never kept, so it may be as large as the sender makes it.
 *
 * A signature of the first kind is good for ever, and anybody who saw a delivery
 * may send it again: the last WEBHOOK_SEEN are remembered by what proved them,
 * which nobody can change as they can the id in a header that is not signed. */
#ifndef DAEMON_WEBHOOK_H
#define DAEMON_WEBHOOK_H

#include <uv.h>

#include "schema/base.h"

enum {
    WEBHOOK_BODY_MAX = 26 << 20, /* GitHub's deliveries end at 25 MiB */
    WEBHOOK_TOLERANCE = 300,     /* seconds that a sender's clock may be off */
    WEBHOOK_GAP = 1000,          /* at least that long between two pokes */
    WEBHOOK_REFUSALS = 30,       /* are told apart before they are answered with 429 */
    WEBHOOK_FORGIVES = 2000,     /* one refusal in that time */
    WEBHOOK_SEEN = 1024,         /* deliveries are told from their repetition */
};

/* What a sender says about itself; NULL where it did not. */
struct webhook_claim {
    const char *hub_signature; /* X-Hub-Signature-256 */
    const char *gitlab_token;  /* X-Gitlab-Token */
    const char *id, *timestamp, *signature;
};

struct webhook;

/* `poke` is called, from the loop, when something was pushed. */
struct webhook *webhook_new(uv_loop_t *loop, void (*poke)(void *ctx), void *ctx);
/* The memory goes when the loop has closed its handle. */
void webhook_close(struct webhook *w);
/* Copied; NULL: there is no hook. */
void webhook_secret(struct webhook *w, const char *secret);
bool webhook_open(const struct webhook *w);

struct delivery;

/* NULL where the claim holds nothing that could be proved. `now` in seconds. */
struct delivery *delivery_new(const struct webhook *w, const struct webhook_claim *claim,
                              int64_t now);
void delivery_add(struct delivery *d, const void *data, size_t n);
/* Once, after the whole body. */
bool delivery_proved(struct delivery *d) MUST_USE;
void delivery_free(struct delivery *d);
OWNER(delivery)

/* A proved delivery: pokes now, or soon where that has just been done. False
 * where the same one has been delivered before: then nothing is done. */
bool webhook_deliver(struct webhook *w, const struct delivery *d);
/* One that was not: false where there have been too many of them. */
bool webhook_refuse(struct webhook *w);

#endif
