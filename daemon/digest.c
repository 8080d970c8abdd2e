/* Keyed digests by libcrypto's HMAC-SHA256.
 *
 * libcrypto fails here only when it is out of memory or broken (no SHA-256):
 * both abort, as everything does that cannot be gone on without. */
#include "daemon/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct digest {
    EVP_MAC_CTX *mac;
};

static void or_abort(bool ok)
{
    if (!ok)
        abort();
}

static EVP_MAC_CTX *mac_new(const uint8_t *key, size_t key_n)
{
    char hash[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);

    or_abort(mac && EVP_MAC_init(mac, key, key_n, params) == 1);
    EVP_MAC_free(hmac);
    return mac;
}

struct digest *digest_new(const uint8_t *key, size_t key_n)
{
    struct digest *g = xmalloc(sizeof(*g));

    g->mac = mac_new(key, key_n);
    return g;
}

struct digest *digest_like(const struct digest *keyed)
{
    struct digest *g = xmalloc(sizeof(*g));

    g->mac = EVP_MAC_CTX_dup(keyed->mac);
    or_abort(g->mac);
    return g;
}

/* The length goes in first: ("ab", "c") is not ("a", "bc"). */
void digest_add(struct digest *g, const void *data, size_t n)
{
    uint64_t length = n;
    uint8_t head[8];

    for (size_t i = 0; i < sizeof(head); i++)
        head[i] = (uint8_t)(length >> (8 * i));
    or_abort(EVP_MAC_update(g->mac, head, sizeof(head)) == 1);
    or_abort(n == 0 || EVP_MAC_update(g->mac, data, n) == 1);
}

static void finish(EVP_MAC_CTX *mac, char out[DIGEST_TEXT])
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    size_t n = 0;

    or_abort(EVP_MAC_final(mac, sum, &n, sizeof(sum)) == 1 && n >= DIGEST_BYTES);
    struct fingerprint f = { .known = true };
    memcpy(f.bytes, sum, DIGEST_BYTES);
    fingerprint_text(&f, out);
}

void digest_text(struct digest *g, char out[DIGEST_TEXT])
{
    finish(g->mac, out);
}

void digest_free(struct digest *g)
{
    if (!g)
        return;
    EVP_MAC_CTX_free(g->mac);
    free(g);
}

void digest_hex(const uint8_t *key, size_t key_n, const void *data, size_t n, char out[DIGEST_TEXT])
{
    EVP_MAC_CTX *mac = mac_new(key, key_n);

    or_abort(n == 0 || EVP_MAC_update(mac, data, n) == 1);
    finish(mac, out);
    EVP_MAC_CTX_free(mac);
}

void digest_more(struct digest *g, const void *data, size_t n)
{
    or_abort(n == 0 || EVP_MAC_update(g->mac, data, n) == 1);
}

void digest_whole(struct digest *g, uint8_t out[DIGEST_WHOLE])
{
    size_t n = 0;

    or_abort(EVP_MAC_final(g->mac, out, &n, DIGEST_WHOLE) == 1 && n == DIGEST_WHOLE);
}

bool digest_equal(const void *a, size_t a_n, const void *b, size_t b_n)
{
    return a_n == b_n && CRYPTO_memcmp(a, b, a_n) == 0;
}

size_t digest_base64(const char *text, size_t n, uint8_t *out, size_t max)
{
    enum { CODED_MAX = 256 };
    uint8_t raw[CODED_MAX];

    if (n == 0 || n % 4 != 0 || n > CODED_MAX || (text[n - 1] != '=' && text[n - 2] == '='))
        return 0;
    /* What fills up is decoded as zeros, and counted. */
    size_t filling = text[n - 2] == '=' ? 2 : text[n - 1] == '=' ? 1 : 0;
    int got = EVP_DecodeBlock(raw, (const unsigned char *)text, (int)n);
    if (got < 0 || (size_t)got - filling > max || memchr(text, '=', n - filling))
        return 0;
    memcpy(out, raw, (size_t)got - filling);
    OPENSSL_cleanse(raw, sizeof(raw));
    return (size_t)got - filling;
}
