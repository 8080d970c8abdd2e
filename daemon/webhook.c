#include "daemon/webhook.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/digest.h"

enum { KEY_MAX = 64 };

static const char signing_prefix[] = "whsec_", hub_prefix[] = "sha256=", version[] = "v1,";

struct webhook {
    uv_timer_t timer;
    void (*poke)(void *ctx);
    void *ctx;
    char *secret;
    uint64_t last;                 /* when it poked, of the loop's clock; 0 = never */
    uint64_t refusals;             /* as milliseconds that they are remembered for */
    uint64_t counted;              /* when refusals were looked at last */
    uint8_t (*seen)[DIGEST_WHOLE]; /* a ring of what proved the last deliveries */
    size_t n_seen, next_seen;
};

struct delivery {
    struct digest *hub, *standard; /* one of them, or none */
    uint8_t hub_claim[DIGEST_WHOLE];
    char *signatures;
    bool proved; /* already, by its head */
    bool summed; /* the proof is over the body: `sum` tells it from others */
    uint8_t sum[DIGEST_WHOLE];
};

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

struct webhook *webhook_new(uv_loop_t *loop, void (*poke)(void *ctx), void *ctx)
{
    struct webhook *w = xcalloc(1, sizeof(*w));

    (void)uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    w->poke = poke;
    w->ctx = ctx;
    return w;
}

static void on_closed(uv_handle_t *h)
{
    struct webhook *w = h->data;

    forget(w->secret);
    free(w->seen);
    free(w);
}

void webhook_close(struct webhook *w)
{
    uv_close((uv_handle_t *)&w->timer, on_closed);
}

void webhook_secret(struct webhook *w, const char *secret)
{
    forget(w->secret);
    w->secret = secret ? xstrdup(secret) : NULL;
}

bool webhook_open(const struct webhook *w)
{
    return w->secret != NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char *text, uint8_t out[DIGEST_WHOLE])
{
    if (strlen(text) != 2 * (size_t)DIGEST_WHOLE)
        return false;
    for (size_t i = 0; i < DIGEST_WHOLE; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* "sha256=…" */
static bool claim_hub(const struct webhook *w, struct delivery *d, const char *text)
{
    if (!text || !starts_with(text, hub_prefix) ||
        !read_hex(text + strlen(hub_prefix), d->hub_claim))
        return false;
    d->hub = digest_new((const uint8_t *)w->secret, strlen(w->secret));
    return true;
}

static bool claim_token(const struct webhook *w, struct delivery *d, const char *text)
{
    if (!text)
        return false;
    d->proved = digest_equal(text, strlen(text), w->secret, strlen(w->secret));
    return true;
}

/* "whsec_" and a key in Base64; without it the secret is the key. */
static struct digest *signing_digest(const char *secret)
{
    const char *coded =
        starts_with(secret, signing_prefix) ? secret + strlen(signing_prefix) : NULL;
    uint8_t key[KEY_MAX];
    size_t n = coded ? digest_base64(coded, strlen(coded), key, sizeof(key)) : 0;
    struct digest *g = n ? digest_new(key, n) : digest_new((const uint8_t *)secret, strlen(secret));

    explicit_bzero(key, sizeof(key));
    return g;
}

/* The signature is over "ID.TIMESTAMP.BODY". */
static bool claim_signed(const struct webhook *w, struct delivery *d,
                         const struct webhook_claim *claim, int64_t now)
{
    int64_t at;

    if (!claim->id || !claim->timestamp || !claim->signature ||
        !parse_int64(claim->timestamp, &at) || at < now - WEBHOOK_TOLERANCE ||
        at > now + WEBHOOK_TOLERANCE)
        return false;
    d->signatures = xstrdup(claim->signature);
    d->standard = signing_digest(w->secret);
    digest_more(d->standard, claim->id, strlen(claim->id));
    digest_more(d->standard, ".", 1);
    digest_more(d->standard, claim->timestamp, strlen(claim->timestamp));
    digest_more(d->standard, ".", 1);
    return true;
}

struct delivery *delivery_new(const struct webhook *w, const struct webhook_claim *claim,
                              int64_t now)
{
    if (!w->secret)
        return NULL;

    OWNED(delivery) d = xcalloc(1, sizeof(*d));
    bool hub = claim_hub(w, d, claim->hub_signature);
    bool token = claim_token(w, d, claim->gitlab_token);
    bool standard = claim_signed(w, d, claim, now);

    return hub || token || standard ? TAKE(d) : NULL;
}

void delivery_add(struct delivery *d, const void *data, size_t n)
{
    if (d->hub)
        digest_more(d->hub, data, n);
    if (d->standard)
        digest_more(d->standard, data, n);
}

/* Any of "v1,… v1,…", for a sender whose key is being replaced signs with both. */
static bool one_matches(const char *list, const uint8_t sum[DIGEST_WHOLE])
{
    uint8_t claim[DIGEST_WHOLE];
    bool found = false;

    while (*list) {
        size_t n = strcspn(list, " ");

        if (n > strlen(version) && starts_with(list, version) &&
            digest_base64(list + strlen(version), n - strlen(version), claim, sizeof(claim)) ==
                DIGEST_WHOLE)
            found |= digest_equal(claim, DIGEST_WHOLE, sum, DIGEST_WHOLE);
        list += n + strspn(list + n, " ");
    }
    return found;
}

bool delivery_proved(struct delivery *d)
{
    if (d->hub) {
        digest_whole(d->hub, d->sum);
        d->summed = digest_equal(d->sum, DIGEST_WHOLE, d->hub_claim, DIGEST_WHOLE);
    }
    if (d->standard && !d->summed) {
        digest_whole(d->standard, d->sum);
        d->summed = one_matches(d->signatures, d->sum);
    }
    d->proved |= d->summed;
    return d->proved;
}

void delivery_free(struct delivery *d)
{
    if (!d)
        return;
    digest_free(d->hub);
    digest_free(d->standard);
    free(d->signatures);
    free(d);
}

static void poke_now(struct webhook *w)
{
    w->last = uv_now(w->timer.loop);
    w->poke(w->ctx);
}

static void on_timer(uv_timer_t *t)
{
    poke_now(t->data);
}

/* A token proves who sent it, and says nothing of what: whoever has it may. */
static bool seen_before(struct webhook *w, const struct delivery *d)
{
    if (!d->summed)
        return false;
    for (size_t i = 0; i < w->n_seen; i++) {
        if (memcmp(w->seen[i], d->sum, DIGEST_WHOLE) == 0)
            return true;
    }
    if (!w->seen)
        w->seen = xcalloc(WEBHOOK_SEEN, DIGEST_WHOLE);
    memcpy(w->seen[w->next_seen], d->sum, DIGEST_WHOLE);
    w->next_seen = (w->next_seen + 1) % WEBHOOK_SEEN;
    w->n_seen += w->n_seen < WEBHOOK_SEEN;
    return false;
}

/* What comes while one is due already is served by that one. */
bool webhook_deliver(struct webhook *w, const struct delivery *d)
{
    uint64_t now = uv_now(w->timer.loop), free_at = w->last ? w->last + WEBHOOK_GAP : 0;

    if (seen_before(w, d))
        return false;
    if (!uv_is_active((const uv_handle_t *)&w->timer))
        (void)uv_timer_start(&w->timer, on_timer, free_at > now ? free_at - now : 0, 0);
    return true;
}

bool webhook_refuse(struct webhook *w)
{
    uint64_t now = uv_now(w->timer.loop), passed = now - w->counted;

    w->counted = now;
    w->refusals -= passed < w->refusals ? passed : w->refusals;
    if (w->refusals > (uint64_t)(WEBHOOK_REFUSALS - 1) * WEBHOOK_FORGIVES)
        return false;
    w->refusals += WEBHOOK_FORGIVES;
    return true;
}
