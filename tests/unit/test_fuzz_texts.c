/* What reads texts that others write - manifests, configuration, JSON, ledger
 * records, listings of git, times, signatures - meets spoiled ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config.h"
#include "daemon/dct.h"
#include "daemon/digest.h"
#include "daemon/git_tree.h"
#include "daemon/webhook.h"
#include "reconciler/ledger.h"
#include "schema/json.h"
#include "schema/plugin.h"
#include "schema/read.h"
#include "schema/set.h"
#include "tests/lib/estate.h"
#include "tests/lib/fuzz.h"
#include "tests/lib/tree.h"

static const char *const json_words[] = {
    "{",  "}",    "[",       "]",         ",",
    ":",  "\"",   "\\u0000", "\\ud800",   "\\udc",
    "\\", "null", "true",    "1e999",     "-",
    "-1", "0x1",  "\"a\":",  "1e-9",      "[[[[[[",
    "{}", "\xff", "\xc3",    "\"items\"", "99999999999999999999",
    "\t",
};

static void json_is_read(void *ctx, const char *data, size_t n)
{
    size_t at = 0;
    cJSON *v = json_parse(data, n, &at);
    char *text = v ? cJSON_PrintUnformatted(v) : NULL;
    cJSON *again = text ? json_parse(text, strlen(text), NULL) : NULL;

    (void)ctx;
    fuzz_holds(v || at <= n, "an error is told inside of the text");
    fuzz_holds(!v || again, "what was read and printed can be read again");
    (void)json_at(v, "items[0].id");
    (void)json_at(v, data);
    (void)json_holds_nul(data, n);
    (void)dct_api_of(data);
    cJSON_free(text);
    cJSON_Delete(again);
    cJSON_Delete(v);
}

static void json_of_others(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        ("{\"items\":[{\"id\":\"1-VDB-7\",\"name\":\"a\\u00fc\",\"size\":12.5,\"tags\":[]}],"
         "\"errors\":null,\"response_metadata\":{\"total\":1}}"),
        "{\"job\":{\"id\":\"0c7d\",\"status\":\"RUNNING\",\"percent_complete\":7}}",
        "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"DCT\",\"version\":\"3.28.0\"}}",
        "[1,-2,3e4,true,false,null,\"\\\\\",[[]],{}]",
    };
    const struct fuzz f = { .name = "JSON",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = json_words,
                            .n_words = ARRAY_LEN(json_words),
                            .run = json_is_read };

    fuzz_run(&f, 20000);
}

static const char *const yaml_words[] = {
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: *a",
    "!!binary ",
    "!x ",
    "? ",
    "- ",
    ": ",
    "|\n",
    ">-\n",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "\t",
    "\\0",
    "\\x",
    "~",
    "null",
    ".nan",
    "-.inf",
    "1e9",
    "kind: VDB\n",
    "name:",
    "\xff",
    "%YAML",
    "  ",
    "\r\n",
    "id:1",
    "yes",
    "0o7",
    "\xef\xbb\xbf",
    "{credential: x}",
};

static void manifest_is_read(void *ctx, const char *data, size_t n)
{
    struct unit *u = unit_parse("fuzz.yaml", data, n);
    struct set *set = set_build(&u, 1);
    struct buf said = BUF_WITH_LIMIT(16 << 20);

    (void)ctx;
    diags_print(&set->diags, &said);
    fuzz_holds(set->complete == (set->diags.errors == 0), "a set without errors is complete");
    for (size_t i = 0; i < set->n; i++)
        fuzz_holds(set_find(set, set->items[i].key) == &set->items[i], "each key is there once");
    buf_clear(&said);
    set_free(set);
    unit_free(u);
}

static void manifests_of_anybody(void **state)
{
    (void)state;
    const char *const seeds[] = {
        estate_all(),
        "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: a, tags: {k: [v, w]}}\nspec:\n"
        "  source: {dSource: orders}\n  environment: pg\n  postgresql: {port: 5434}\n"
        "policy: {suspend: {reason: \"x\", until: 2026-12-01}, ignore: [/spec/description]}\n",
        "apiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
        "spec: {hostname: h, username: u, password: {env: X}}\n",
    };
    const struct fuzz f = { .name = "manifests",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = yaml_words,
                            .n_words = ARRAY_LEN(yaml_words),
                            .run = manifest_is_read };

    fuzz_run(&f, 5000);
}

static void *open_tree(void)
{
    return tree_new();
}

static void close_tree(void *ctx)
{
    tree_free(ctx);
}

static void configuration_is_read(void *ctx, const char *data, size_t n)
{
    struct diags d = { 0 };
    char *path = tree_at(ctx, "dctd.yaml");

    (void)n; /* tree_write() takes texts: behind a NUL nothing is written */
    tree_write(ctx, "dctd.yaml", data);
    struct config *c = config_load(path, &d);
    fuzz_holds((c != NULL) == (d.errors == 0), "a configuration has errors, or is there");
    fuzz_holds(!c || (c->dct.url && c->manifests && c->ledger), "one that is there is whole");
    config_free(c);
    diags_clear(&d);
    free(path);
}

static void configurations_of_anybody(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "instance: a\ndct: {url: 'https://dct.example.com', apiKey: {env: K}, caFile: ca.pem}\n"
        "manifests: {path: manifests}\nledger: ledger.db\ncontrol: control.sock\n"
        "reconcile: {interval: 5m, prune: true, deleteBudget: 5, concurrency: {total: 3}}\n"
        "status: {listen: '127.0.0.1:9660', token: {env: T}, webhook: {secret: {env: W}}}\n",
        "dct: {url: http://localhost, apiKey: {file: k}}\n"
        "manifests: {git: {url: 'https://x/y.git', ref: main, path: p, interval: 1m, depth: 1,\n"
        "  verify: {signers: s}, credentials: {username: u, password: {env: P}}}}\n"
        "reconcile: {suspend: [{kind: VDB, reason: r, until: 2030-01-01}]}\nledger: l\n",
    };
    const struct fuzz f = { .name = "configuration",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = yaml_words,
                            .n_words = ARRAY_LEN(yaml_words),
                            .open = open_tree,
                            .close = close_tree,
                            .run = configuration_is_read };

    fuzz_run(&f, 2000);
}

/* What was restored is kept, and read again the same. */
static void record_is_read(void *ctx, const char *data, size_t n)
{
    OWNED(ledger) l = ledger_new();
    OWNED(ledger) again = ledger_new();

    (void)ctx;
    (void)n;
    if (!ledger_restore(l, data) || ledger_count(l) == 0)
        return;
    char *text = entry_text(ledger_at(l, 0));
    fuzz_holds(ledger_restore(again, text) && ledger_count(again) == 1, "a record is read again");
    char *twice = entry_text(ledger_at(again, 0));
    fuzz_holds(streq(text, twice), "a record says the same each time");
    ledger_compact(l);
    free(twice);
    free(text);
}

static void records_of_the_ledger(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "{\"key\":\"VDB/a\",\"kind\":\"VDB\",\"name\":\"a\",\"engine\":\"1\",\"id\":\"1-V-2\","
        "\"origin\":\"created\",\"deletion\":\"delete\",\"protect\":true,\"owesEnable\":true,"
        "\"intent\":{\"call\":\"create\",\"job\":\"j\",\"at\":17,\"makes\":true},"
        "\"applied\":{\"description\":{\"d\":\"00ff\",\"v\":\"x\",\"s\":true}}}",
        "{\"key\":\"Suspension/VDB\",\"suspension\":{\"kind\":\"VDB\",\"reason\":\"r\","
        "\"by\":\"uid 0\",\"until\":0}}",
    };
    const struct fuzz f = { .name = "ledger records",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = json_words,
                            .n_words = ARRAY_LEN(json_words),
                            .run = record_is_read };

    fuzz_run(&f, 20000);
}

static void connector_is_read(void *ctx, const char *data, size_t n)
{
    static const char manifest[] = "apiVersion: dct/v1\nkind: Connector\nmetadata: {name: p}\n"
                                   "spec: {file: p.json, engines: [east]}\n";
    struct unit *u = unit_parse("fuzz.yaml", manifest, strlen(manifest));
    struct diags d = { 0 };

    (void)ctx;
    bool good = plugin_attach(u->objects[0], data, n, &d);
    fuzz_holds(good || d.errors, "a file that is refused is refused with a reason");
    diags_clear(&d);
    unit_free(u);
}

static void connectors_files(void **state)
{
    (void)state;
    char *artifact = estate_connector(NULL);
    const char *const seeds[] = { artifact };
    const struct fuzz f = { .name = "connector files",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = json_words,
                            .n_words = ARRAY_LEN(json_words),
                            .run = connector_is_read };

    fuzz_run(&f, 5000);
    free(artifact);
}

/* The fuzzer writes lines; git ends each entry with a NUL. */
static void listing_is_read(void *ctx, const char *data, size_t n)
{
    char *copy = xstrndup(data, n);
    size_t length = strlen(copy), half = length / 2;
    struct git_list l;

    (void)ctx;
    for (size_t i = 0; i < length; i++)
        copy[i] = (char)(copy[i] == '\n' ? '\0' : copy[i]);
    git_list_init(&l, 1 << 20, 100);
    bool good = git_list_feed(&l, copy, half) && git_list_feed(&l, copy + half, length - half) &&
                git_list_end(&l);
    fuzz_holds(good || l.problem, "a listing that is refused is refused with a reason");
    for (size_t i = 0; good && i < l.n; i++)
        fuzz_holds(!git_path_problem(l.items[i].path), "no path leads out of the tree");
    fuzz_holds(!good || (l.n <= 100 && l.size <= 1 << 20), "the limits hold");
    git_list_clear(&l);
    free(copy);
}

static void listings_of_git(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "100644 blob 0123456789abcdef0123456789abcdef01234567      12\ta.yaml\n"
        "040000 tree 0123456789abcdef0123456789abcdef01234567       -\tprod\n"
        "120000 blob 0123456789abcdef0123456789abcdef01234567       6\tprod/link\n"
        "160000 commit 0123456789abcdef0123456789abcdef01234567       -\tmodule\n",
    };
    static const char *const words[] = {
        "../",    "/",
        ".git",   ".GIT",
        "..",     "\t",
        "\n",     " ",
        "-",      "99999999999999999999",
        "100755", "./",
        "//",     "a/b/",
        "tree",   "blob",
        "\"",     "con",
        "-1",     "\xff",
        "\x01",   ".git\xe2\x80\x8c",
    };
    const struct fuzz f = { .name = "listings of git",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = words,
                            .n_words = ARRAY_LEN(words),
                            .run = listing_is_read };

    fuzz_run(&f, 20000);
}

struct hook {
    uv_loop_t loop;
    struct webhook *hook;
};

static void on_poke(void *ctx)
{
    (void)ctx;
    fuzz_holds(false, "nobody is woken by what was not proved");
}

static void *open_hook(void)
{
    struct hook *h = xcalloc(1, sizeof(*h));

    (void)uv_loop_init(&h->loop);
    h->hook = webhook_new(&h->loop, on_poke, NULL);
    webhook_secret(h->hook, "a secret that nobody knows");
    return h;
}

static void close_hook(void *ctx)
{
    struct hook *h = ctx;

    webhook_close(h->hook);
    (void)uv_run(&h->loop, UV_RUN_DEFAULT);
    fuzz_holds(uv_loop_close(&h->loop) == 0, "every handle is closed");
    free(h);
}

static void delivery_is_read(void *ctx, const char *data, size_t n)
{
    const struct hook *h = ctx;
    const struct webhook_claim claims[] = {
        { .hub_signature = data },
        { .gitlab_token = data },
        { .id = "a", .timestamp = "1614265330", .signature = data },
        { .id = data, .timestamp = data, .signature = data },
        { .hub_signature = data, .id = data, .timestamp = "1614265330", .signature = data },
    };

    for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
        struct delivery *d = delivery_new(h->hook, &claims[i], 1614265330);
        if (d) {
            delivery_add(d, data, n);
            fuzz_holds(!delivery_proved(d), "what nobody signed is not proved");
        }
        delivery_free(d);
    }
}

static void deliveries_of_strangers(void **state)
{
    (void)state;
    static const char *const seeds[] = {
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        "v1,AAAA v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4= v1a,xyz",
    };
    static const char *const words[] = { "sha256=", "v1,", " ", "=", "==", "+", "/", "whsec_" };
    const struct fuzz f = { .name = "signatures of pushes",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = words,
                            .n_words = ARRAY_LEN(words),
                            .open = open_hook,
                            .close = close_hook,
                            .run = delivery_is_read };

    fuzz_run(&f, 10000);
}

static void moment_is_read(void *ctx, const char *data, size_t n)
{
    int64_t number;
    msec at;

    (void)ctx;
    (void)n;
    if (duration_parse(data, &at))
        fuzz_holds(at >= 0, "a duration is not negative");
    if (time_parse(data, &at) && parse_int64(data, &number))
        fuzz_holds(number >= 0, "a negative number is no time");
    if (build_number_valid(data))
        fuzz_holds(build_number_compare(data, data) == 0, "a build is as new as itself");
}

static void moments_and_numbers(void **state)
{
    (void)state;
    static const char *const seeds[] = { "2026-11-22T15:04:05.123Z",
                                         "2026-12-01",
                                         "1h30m",
                                         "250ms",
                                         "-17",
                                         "9223372036854775807",
                                         "4.1.1",
                                         "2026-11-22T15:04:05+02:00" };
    static const char *const words[] = { "-", ":",  "T", "Z", "99999999999", "h", "m",
                                         "s", "ms", ".", "+", "00",          "e", "0x" };
    const struct fuzz f = { .name = "times and numbers",
                            .seeds = seeds,
                            .n_seeds = ARRAY_LEN(seeds),
                            .words = words,
                            .n_words = ARRAY_LEN(words),
                            .run = moment_is_read };

    fuzz_run(&f, 50000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_others),
        cmocka_unit_test(manifests_of_anybody),
        cmocka_unit_test(configurations_of_anybody),
        cmocka_unit_test(records_of_the_ledger),
        cmocka_unit_test(connectors_files),
        cmocka_unit_test(listings_of_git),
        cmocka_unit_test(deliveries_of_strangers),
        cmocka_unit_test(moments_and_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
