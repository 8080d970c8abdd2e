/* Deliveries: what proves one, what does not, and what it sets off. */
#include "daemon/webhook.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/digest.h"

/* GitHub's own example. */
static const char github_secret[] = "It's a Secret to Everybody";
static const char github_body[] = "Hello, World!";
static const char github_signature[] =
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

/* The example of the Standard Webhooks specification, which GitLab follows. */
static const char signing_secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char signing_body[] = "{\"test\": 2432232314}";
static const int64_t signing_time = 1614265330;

static struct webhook_claim signed_claim(const char *signature)
{
    return (struct webhook_claim){ .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                   .timestamp = "1614265330",
                                   .signature = signature };
}

struct fixture {
    uv_loop_t loop;
    struct webhook *hook;
    unsigned pokes;
};

static void on_poke(void *ctx)
{
    struct fixture *f = ctx;

    f->pokes++;
}

static void open_hook(struct fixture *f, const char *secret)
{
    *f = (struct fixture){ 0 };
    assert_int_equal(uv_loop_init(&f->loop), 0);
    f->hook = webhook_new(&f->loop, on_poke, f);
    webhook_secret(f->hook, secret);
}

static void close_hook(struct fixture *f)
{
    webhook_close(f->hook);
    (void)uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
}

/* The body comes in pieces of `piece` bytes. */
static bool proved(const char *secret, struct webhook_claim claim, const char *body, size_t piece)
{
    struct fixture f;
    bool good = false;

    open_hook(&f, secret);
    struct delivery *d = delivery_new(f.hook, &claim, signing_time);
    for (size_t i = 0, n = strlen(body); d && i < n; i += piece)
        delivery_add(d, body + i, n - i < piece ? n - i : piece);
    if (d)
        good = delivery_proved(d);
    delivery_free(d);
    close_hook(&f);
    return good;
}

static void github_signs_the_body(void **state)
{
    (void)state;
    struct webhook_claim claim = { .hub_signature = github_signature };

    assert_true(proved(github_secret, claim, github_body, 100));
    assert_true(proved(github_secret, claim, github_body, 1));
    assert_false(proved(github_secret, claim, "Hello, World?", 100));
    assert_false(proved(github_secret, claim, "", 100));
    assert_false(proved("another", claim, github_body, 100));
}

static void a_signature_is_written_in_one_way(void **state)
{
    (void)state;
    char *text = xstrdup(github_signature);
    struct webhook_claim claim = { .hub_signature = text };

    text[strlen(text) - 3] = 'E';
    assert_true(proved(github_secret, claim, github_body, 100));
    text[strlen(text) - 3] = 'f';
    assert_false(proved(github_secret, claim, github_body, 100));
    text[strlen(text) - 3] = 'g';
    assert_false(proved(github_secret, claim, github_body, 100));
    text[strlen(text) - 1] = '\0';
    assert_false(proved(github_secret, claim, github_body, 100));
    claim.hub_signature = github_signature + strlen("sha256=");
    assert_false(proved(github_secret, claim, github_body, 100));
    claim.hub_signature = "sha256=";
    assert_false(proved(github_secret, claim, github_body, 100));
    claim.hub_signature = "";
    assert_false(proved(github_secret, claim, github_body, 100));
    free(text);
}

static void gitlab_shows_the_secret(void **state)
{
    (void)state;
    assert_true(proved("s3cret", (struct webhook_claim){ .gitlab_token = "s3cret" }, "{}", 9));
    assert_false(proved("s3cret", (struct webhook_claim){ .gitlab_token = "s3cre" }, "{}", 9));
    assert_false(proved("s3cret", (struct webhook_claim){ .gitlab_token = "s3cret1" }, "{}", 9));
    assert_false(proved("s3cret", (struct webhook_claim){ .gitlab_token = "" }, "{}", 9));
}

static void gitlab_signs_with_a_signing_token(void **state)
{
    (void)state;
    static const char good[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    char *two = xasprintf("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= %s", good);
    char *next = xasprintf("v1a,%s", good + 3);

    assert_true(proved(signing_secret, signed_claim(good), signing_body, 3));
    assert_true(proved(signing_secret, signed_claim(two), signing_body, 100));
    assert_false(proved(signing_secret, signed_claim(next), signing_body, 100));
    assert_false(proved(signing_secret, signed_claim("v1,"), signing_body, 100));
    assert_false(proved(signing_secret, signed_claim("v1,===="), signing_body, 100));
    assert_false(proved(signing_secret, signed_claim(""), signing_body, 100));
    assert_false(proved(signing_secret, signed_claim(good), "{}", 100));
    assert_false(proved("whsec_AAAA", signed_claim(good), signing_body, 100));
    assert_false(proved("whsec_", signed_claim(good), signing_body, 100));
    free(two);
    free(next);
}

static void an_old_delivery_is_not_believed(void **state)
{
    (void)state;
    static const struct {
        int64_t now;
        bool believed;
    } rows[] = { { signing_time - 301, false },
                 { signing_time - 300, true },
                 { signing_time + 300, true },
                 { signing_time + 301, false } };
    struct webhook_claim claim = signed_claim("v1,x");
    struct fixture f;

    open_hook(&f, signing_secret);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct delivery *d = delivery_new(f.hook, &claim, rows[i].now);

        assert_int_equal(d != NULL, rows[i].believed);
        delivery_free(d);
    }
    claim.timestamp = "soon";
    assert_null(delivery_new(f.hook, &claim, signing_time));
    close_hook(&f);
}

/* One wrong claim does not spoil a right one, and proves nothing by itself. */
static void any_proof_is_enough_and_one_is_needed(void **state)
{
    (void)state;
    struct webhook_claim both = { .hub_signature = github_signature, .gitlab_token = "wrong" };

    assert_true(proved(github_secret, both, github_body, 100));
    assert_false(proved(github_secret, both, "Hello, Mallory!", 100));
    assert_false(proved(github_secret, (struct webhook_claim){ 0 }, github_body, 100));
}

/* Proved, and delivered: new or again. */
static bool delivered(struct fixture *f, struct webhook_claim claim, const char *body)
{
    OWNED(delivery) d = delivery_new(f->hook, &claim, signing_time);

    assert_non_null(d);
    delivery_add(d, body, strlen(body));
    assert_true(delivery_proved(d));
    return webhook_deliver(f->hook, d);
}

static bool pushed(struct fixture *f)
{
    return delivered(f, (struct webhook_claim){ .gitlab_token = "secret" }, "{}");
}

/* A storm of deliveries is one poke now and one for what came meanwhile. */
static void deliveries_that_come_together_are_one(void **state)
{
    (void)state;
    struct fixture f;

    open_hook(&f, "secret");
    assert_true(webhook_open(f.hook));
    for (unsigned i = 0; i < 100; i++)
        assert_true(pushed(&f));
    assert_int_equal(f.pokes, 0);
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.pokes, 1);
    for (unsigned i = 0; i < 100; i++)
        assert_true(pushed(&f));
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(f.pokes, 1);
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.pokes, 2);
    webhook_secret(f.hook, NULL);
    assert_false(webhook_open(f.hook));
    close_hook(&f);
}

static void a_delivery_that_comes_again_wakes_nobody(void **state)
{
    (void)state;
    const struct webhook_claim claim = { .hub_signature = github_signature };
    struct fixture f;

    open_hook(&f, github_secret);
    assert_true(delivered(&f, claim, github_body));
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.pokes, 1);
    assert_false(delivered(&f, claim, github_body));
    (void)uv_run(&f.loop, UV_RUN_DEFAULT);
    assert_int_equal(f.pokes, 1);
    close_hook(&f);
}

/* HMAC-SHA256 of the body, as GitHub writes it; owned. */
static char *signature_of(const char *body)
{
    struct digest *g = digest_new((const uint8_t *)github_secret, strlen(github_secret));
    struct buf text = BUF_WITH_LIMIT(100);
    uint8_t sum[DIGEST_WHOLE];

    digest_more(g, body, strlen(body));
    digest_whole(g, sum);
    digest_free(g);
    buf_puts(&text, "sha256=");
    for (size_t i = 0; i < DIGEST_WHOLE; i++)
        buf_printf(&text, "%02x", sum[i]);
    return buf_take(&text);
}

static bool numbered(struct fixture *f, unsigned i)
{
    char *body = xasprintf("push %u", i), *signature = signature_of(body);
    bool is_new = delivered(f, (struct webhook_claim){ .hub_signature = signature }, body);

    free(signature);
    free(body);
    return is_new;
}

static void what_is_remembered_of_deliveries_is_bounded(void **state)
{
    (void)state;
    struct fixture f;

    open_hook(&f, github_secret);
    for (unsigned i = 0; i <= WEBHOOK_SEEN; i++)
        assert_true(numbered(&f, i));
    assert_false(numbered(&f, WEBHOOK_SEEN));
    assert_false(numbered(&f, 1));
    assert_true(numbered(&f, 0));
    close_hook(&f);
}

static void refusals_are_counted(void **state)
{
    (void)state;
    struct fixture f;
    unsigned told = 0;

    open_hook(&f, "secret");
    while (webhook_refuse(f.hook))
        told++;
    assert_int_equal(told, WEBHOOK_REFUSALS);
    assert_false(webhook_refuse(f.hook));
    close_hook(&f);
}

static void base64_is_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
    } rows[] = {
        { "AAAA", 3 }, { "AAA=", 2 }, { "AA==", 1 },     { "", 0 },
        { "A===", 0 }, { "====", 0 }, { "A=AA", 0 },     { "AA=A", 0 },
        { "AAA", 0 },  { "AA*A", 0 }, { "AAAA=AAA", 0 }, { "AAAAAAAA", 0 },
    };
    uint8_t out[4];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(digest_base64(rows[i].text, strlen(rows[i].text), out, sizeof(out)),
                         rows[i].n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(github_signs_the_body),
        cmocka_unit_test(a_signature_is_written_in_one_way),
        cmocka_unit_test(gitlab_shows_the_secret),
        cmocka_unit_test(gitlab_signs_with_a_signing_token),
        cmocka_unit_test(an_old_delivery_is_not_believed),
        cmocka_unit_test(any_proof_is_enough_and_one_is_needed),
        cmocka_unit_test(deliveries_that_come_together_are_one),
        cmocka_unit_test(a_delivery_that_comes_again_wakes_nobody),
        cmocka_unit_test(what_is_remembered_of_deliveries_is_bounded),
        cmocka_unit_test(refusals_are_counted),
        cmocka_unit_test(base64_is_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
