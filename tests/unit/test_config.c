/* The configuration: defaults, what it takes, and what is said of mistakes. */
#include "daemon/config.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/tree.h"

static const char minimal[] = "dct: {url: https://dct.example.com, apiKey: {credential: key}}\n";

/* A configuration in a folder of its own. */
struct sample {
    struct tree *tree;
    char *path;
    struct diags diags;
    struct config *config;
    struct buf said;
};

static struct sample load(const char *text)
{
    struct sample s = { .tree = tree_new(), .said = BUF_WITH_LIMIT(1 << 16) };

    s.path = tree_at(s.tree, "dctd.yaml");
    tree_write(s.tree, "dctd.yaml", text);
    s.config = config_load(s.path, &s.diags);
    diags_print(&s.diags, &s.said);
    return s;
}

static void sample_clear(struct sample *s)
{
    config_free(s->config);
    diags_clear(&s->diags);
    buf_clear(&s->said);
    tree_free(s->tree);
    free(s->path);
}

static void check_said(const struct sample *s, const char *expected)
{
    if (!strstr(buf_text(&s->said), expected))
        fail_msg("not said: %s\nbut: %s", expected, buf_text(&s->said));
}

static void check_refused(const char *text, const char *expected)
{
    struct sample s = load(text);

    assert_null(s.config);
    assert_true(s.diags.errors > 0);
    check_said(&s, expected);
    sample_clear(&s);
}

/* NULL takes it away. */
static void set_environment(const char *name, const char *value)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void what_is_left_out_gets_its_default(void **state)
{
    (void)state;
    char host[256];
    set_environment("STATE_DIRECTORY", NULL);
    set_environment("RUNTIME_DIRECTORY", NULL);
    struct sample s = load(minimal);
    const struct config *c = s.config;

    assert_non_null(c);
    assert_int_equal(s.diags.all, 0);
    assert_int_equal(gethostname(host, sizeof(host)), 0);
    assert_string_equal(c->file, s.path);
    assert_string_equal(c->instance, host);
    assert_string_equal(c->dct.url, "https://dct.example.com");
    assert_string_equal(c->dct.base_path, "/dct/v3");
    assert_null(c->dct.ca_file);
    assert_false(c->dct.insecure);
    assert_int_equal(c->dct.api_key.source, SECRET_CREDENTIAL);
    assert_string_equal(c->dct.api_key.name, "key");
    assert_string_equal(c->manifests, "/etc/dctd/manifests");
    assert_int_equal(c->interval, 300000);
    assert_false(c->prune);
    assert_int_equal(c->delete_budget, 5);
    assert_int_equal(c->delete_percent, 50);
    assert_int_equal(c->n_suspensions, 0);
    assert_int_equal(c->total, 32);
    assert_int_equal(c->per_engine, 8);
    assert_int_equal(c->per_environment, 4);
    assert_string_equal(c->ledger, "/var/lib/dctd/ledger.db");
    assert_null(c->control);
    assert_null(c->status.listen);
    sample_clear(&s);
}

static void everything_can_be_said(void **state)
{
    (void)state;
    struct sample s = load("instance: prod-east\n"
                           "dct:\n"
                           "  url: https://dct.example.com:8443/\n"
                           "  basePath: \"\"\n"
                           "  apiKey: {env: DCT_KEY}\n"
                           "  insecureSkipVerify: true\n"
                           "manifests: {path: /srv/manifests}\n"
                           "reconcile:\n"
                           "  interval: 1h30m\n"
                           "  prune: true\n"
                           "  deleteBudget: 7\n"
                           "  deleteBudgetPercent: 20\n"
                           "  suspend:\n"
                           "  - {reason: frozen for the audit}\n"
                           "  - {kind: VDB, reason: \"INC-7\", until: 2026-12-01}\n"
                           "  concurrency: {total: 3, perEngine: 2, perEnvironment: 1}\n"
                           "ledger: /srv/ledger.db\n"
                           "control: /run/dctd/control.sock\n"
                           "status: {listen: \"[::1]:9660\"}\n");
    const struct config *c = s.config;

    assert_non_null(c);
    assert_string_equal(c->instance, "prod-east");
    assert_string_equal(c->dct.url, "https://dct.example.com:8443");
    assert_string_equal(c->dct.base_path, "");
    assert_true(c->dct.insecure);
    assert_int_equal(c->dct.api_key.source, SECRET_ENV);
    assert_string_equal(c->dct.api_key.name, "DCT_KEY");
    assert_string_equal(c->manifests, "/srv/manifests");
    assert_int_equal(c->interval, 5400000);
    assert_true(c->prune);
    assert_int_equal(c->delete_budget, 7);
    assert_int_equal(c->delete_percent, 20);
    assert_int_equal(c->n_suspensions, 2);
    assert_int_equal(c->suspensions[0].kind, KINDS);
    assert_string_equal(c->suspensions[0].reason, "frozen for the audit");
    assert_int_equal(c->suspensions[0].until, 0);
    assert_int_equal(c->suspensions[1].kind, KIND_VDB);
    assert_string_equal(c->suspensions[1].reason, "INC-7");
    assert_int_equal(c->suspensions[1].until, 1796083200000);
    assert_int_equal(c->total, 3);
    assert_int_equal(c->per_engine, 2);
    assert_int_equal(c->per_environment, 1);
    assert_string_equal(c->ledger, "/srv/ledger.db");
    assert_string_equal(c->control, "/run/dctd/control.sock");
    assert_string_equal(c->status.listen, "[::1]:9660");
    /* Loud, though not an error. */
    assert_int_equal(s.diags.errors, 0);
    check_said(&s, "dctd.yaml:6:23: warning: `dct.insecureSkipVerify`: the certificate of DCT is "
                   "not checked");
    sample_clear(&s);
}

static void where_it_listens_can_be_guarded(void **state)
{
    (void)state;
    struct sample s = load("dct: {url: https://dct.example.com, apiKey: {credential: key}}\n"
                           "status:\n"
                           "  listen: 0.0.0.0:9660\n"
                           "  tls: {certificate: tls.pem, key: {file: tls.key}}\n"
                           "  token: {credential: status-token}\n"
                           "  webhook: {secret: {env: HOOK}}\n");
    const struct config *c = s.config;
    char *certificate = tree_at(s.tree, "tls.pem"), *key = tree_at(s.tree, "tls.key");

    assert_non_null(c);
    assert_string_equal(c->status.certificate, certificate);
    assert_int_equal(c->status.key.source, SECRET_FILE);
    assert_string_equal(c->status.key.name, key);
    assert_string_equal(c->status.token.name, "status-token");
    assert_int_equal(c->status.webhook.source, SECRET_ENV);
    assert_string_equal(c->status.webhook.name, "HOOK");
    check_said(&s, "dctd.yaml:4:22: warning: `status.tls.certificate`: ");
    assert_int_equal(s.diags.all, 1);
    free(certificate);
    free(key);
    sample_clear(&s);
}

static void the_control_socket_is_in_the_folder_of_the_unit(void **state)
{
    (void)state;
    set_environment("RUNTIME_DIRECTORY", "/run/dctd:/run/other");
    struct sample s = load(minimal);

    assert_non_null(s.config);
    assert_string_equal(s.config->control, "/run/dctd/control.sock");
    set_environment("RUNTIME_DIRECTORY", NULL);
    sample_clear(&s);
}

static void check_warned(const char *status, const char *expected)
{
    char *text = xasprintf("%sstatus: %s\n", minimal, status);
    struct sample s = load(text);

    assert_non_null(s.config);
    assert_int_equal(s.diags.all, expected ? 1 : 0);
    if (expected)
        check_said(&s, expected);
    sample_clear(&s);
    free(text);
}

static void listening_to_everyone_is_warned_of(void **state)
{
    (void)state;
    check_warned("{listen: 0.0.0.0:9660}", "2:18: warning: `status.listen`: everyone who reaches");
    check_warned("{listen: \"[::]:9660\"}", "set `status.tls` and `status.token`");
    check_warned("{listen: 192.0.2.1:9660, token: {env: T}}", "crosses the network in clear text");
    check_warned("{listen: 127.0.0.1:0}", NULL);
    check_warned("{listen: localhost:9660}", NULL);
    check_warned("{listen: \"[::1]:9660\"}", NULL);
}

static void a_setting_without_a_listener_is_warned_of(void **state)
{
    (void)state;
    check_warned("{token: {env: T}}", "`status.token` has no effect without `status.listen`");
    check_warned("{webhook: {secret: {env: T}}}", "`status.webhook` has no effect");
}

static void check_status_refused(const char *rest, const char *expected)
{
    char *text = xasprintf("%s%s\n", minimal, rest);

    check_refused(text, expected);
    free(text);
}

static void where_it_cannot_listen_is_refused(void **state)
{
    char *path = xasprintf("control: /%0200d", 7);

    (void)state;
    check_status_refused("status: {listen: \"9660\"}", "must be ADDRESS:PORT");
    check_status_refused("status: {listen: \"host.example.com:9660\"}", "are not looked up");
    check_status_refused("status: {listen: \"127.0.0.1:65536\"}", "must be ADDRESS:PORT");
    check_status_refused("status: {listen: \"127.0.0.1:-1\"}", "must be ADDRESS:PORT");
    check_status_refused("status: {listen: \"::1:9660\"}", "must be ADDRESS:PORT");
    check_status_refused("status: {listen: \"127.0.0.1:1\", tls: {certificate: a}}",
                         "needs `status.tls.key` beside it");
    check_status_refused("status: {listen: \"127.0.0.1:1\", tls: {key: {env: K}}}",
                         "needs `status.tls.certificate` beside it");
    check_status_refused("status: {listen: \"127.0.0.1:1\", token: plain}", "token");
    check_status_refused(path, "longer than the 107 bytes");
    free(path);
}

static void every_kind_can_be_suspended(void **state)
{
    (void)state;
    for (enum kind k = KIND_ENGINE; k < KINDS; k++) {
        char *text = xasprintf("%sreconcile: {suspend: [{kind: %s, reason: why}]}\n", minimal,
                               kind_desc(k)->name);
        struct sample s = load(text);
        assert_non_null(s.config);
        assert_int_equal(s.config->suspensions[0].kind, k);
        sample_clear(&s);
        free(text);
    }
}

static void check_suspend_refused(const char *list, const char *expected)
{
    char *text = xasprintf("%sreconcile: {deleteBudget: 1, suspend: %s}\n", minimal, list);

    check_refused(text, expected);
    free(text);
}

static void a_suspension_that_is_over_is_told(void **state)
{
    char *text = xasprintf("%sreconcile:\n"
                           "  suspend:\n"
                           "  - {kind: VDB, reason: INC-7, until: 2020-12-01}\n"
                           "  - {kind: VDB, reason: INC-8, until: 9999-12-01}\n",
                           minimal);
    struct sample s = load(text);

    (void)state;
    assert_non_null(s.config);
    assert_int_equal(s.diags.all, 1);
    check_said(&s, "dctd.yaml:4:39: warning: `reconcile.suspend`: `INC-7` is over since "
                   "2020-12-01 and suspends nothing");
    check_said(&s, "take it out, or give it another date");
    assert_non_null(strstr(s.config->suspensions[1].at, "/dctd.yaml:5:5"));
    sample_clear(&s);
    free(text);
}

static void suspensions_are_checked(void **state)
{
    (void)state;
    check_suspend_refused("[{kind: Vdb, reason: x}]", "did you mean `VDB`?");
    check_suspend_refused("[{kind: VDB}]", "needs `reason`");
    check_suspend_refused("[{reason: \"\"}]", "`reason` must have 1 to 1024 characters");
    check_suspend_refused("[{reason: x, until: 2026-13-01}]",
                          "`until` must be a time, not `2026-13-01`");
    check_suspend_refused("[{reason: x, until: tomorrow}]",
                          "write 2026-12-01 or 2026-12-01T08:30:00Z");
    check_suspend_refused("[{reason: x, unitl: 2026-12-01}]", "did you mean `until`?");
    check_suspend_refused("{reason: x}", "`reconcile.suspend` must be a list");
    check_suspend_refused("[everything]", "must be a mapping");
    check_refused("dct: {url: https://dct.example.com, apiKey: {credential: key}}\n"
                  "reconcile: {deleteBudgetPercent: 0}\n",
                  "`reconcile.deleteBudgetPercent` must be 1 to 100, not 0");
    check_refused("dct: {url: https://dct.example.com, apiKey: {credential: key}}\n"
                  "reconcile: {deleteBudgetPercent: 101}\n",
                  "`reconcile.deleteBudgetPercent` must be 1 to 100, not 101");
}

static void check_below(const struct sample *s, const char *path, const char *name)
{
    char *expected = tree_at(s->tree, name);

    assert_string_equal(path, expected);
    free(expected);
}

static void relative_paths_start_at_the_folder_of_the_file(void **state)
{
    (void)state;
    struct sample s = load("dct: {url: https://d, apiKey: {file: key}, caFile: ca.pem}\n"
                           "manifests: {path: m}\n"
                           "ledger: state/ledger.db\n"
                           "control: c.sock\n");

    assert_non_null(s.config);
    check_below(&s, s.config->dct.api_key.name, "key");
    check_below(&s, s.config->dct.ca_file, "ca.pem");
    check_below(&s, s.config->manifests, "m");
    check_below(&s, s.config->ledger, "state/ledger.db");
    check_below(&s, s.config->control, "c.sock");
    check_said(&s, "`dct.caFile`");
    check_said(&s, "No such file or directory");
    sample_clear(&s);
}

static void the_ledger_goes_where_systemd_keeps_state(void **state)
{
    (void)state;
    set_environment("STATE_DIRECTORY", "/var/lib/private/dctd:/var/lib/other");
    struct sample s = load(minimal);

    set_environment("STATE_DIRECTORY", NULL);
    assert_string_equal(s.config->ledger, "/var/lib/private/dctd/ledger.db");
    sample_clear(&s);
}

static void a_misspelled_key_is_found_with_place_and_suggestion(void **state)
{
    (void)state;
    struct sample s = load("dct:\n"
                           "  url: https://dct.example.com\n"
                           "  apiKey: {credential: key}\n"
                           "reconcile:\n"
                           "  interwal: 5m\n");

    assert_null(s.config);
    check_said(&s, "dctd.yaml:5:3: error: `reconcile` has no field `interwal`\n"
                   "      interwal: 5m\n"
                   "      ^~~~~~~~\n"
                   "  did you mean `interval`?\n");
    sample_clear(&s);
}

static void every_mistake_of_a_run_is_shown(void **state)
{
    (void)state;
    struct sample s = load("instanz: x\n"
                           "dct: {url: ftp://dct, apiKey: {credential: key}}\n"
                           "reconcile: {prune: maybe, interval: 5, deleteBudget: 0}\n"
                           "status: {listen: 9660}\n");

    assert_null(s.config);
    check_said(&s, "no field `instanz`");
    check_said(&s, "`dct.url` must begin with https://");
    check_said(&s, "reconcile.prune");
    check_said(&s, "reconcile.interval");
    check_said(&s, "reconcile.deleteBudget");
    check_said(&s, "status.listen");
    sample_clear(&s);
}

static void what_must_be_said_is_asked_for(void **state)
{
    (void)state;
    check_refused("instance: x\n", "needs `dct.url`");
    check_refused("dct: {url: https://d}\n", "needs `dct.apiKey`");
    check_refused("", "is empty");
    check_refused("# nothing\n", "is empty");
    check_refused("- a list\n", "must be a mapping");
    check_refused("dct: {url: https://d, apiKey: {credential: k}}\n---\ninstance: x\n",
                  "one document, not several");
    check_refused("dct: {url: [\n", "error");
    check_refused("dct: {url: https://d, url: https://e, apiKey: {credential: k}}\n", "url");
}

static void the_address_must_be_a_plain_origin(void **state)
{
    (void)state;
    static const struct {
        const char *url, *expected;
    } cases[] = {
        { "dct.example.com", "must begin with https://" },
        { "https://", "must be https://HOST" },
        { "https://dct:0", "must be https://HOST" },
        { "https://dct:65536", "must be https://HOST" },
        { "https://dct:80x", "must be https://HOST" },
        { "https://[::1", "must be https://HOST" },
        { "https://d c t", "must be https://HOST" },
        { "https://dct/dct/v3", "belongs into dct.basePath" },
        { "https://dct?x=1", "must end with the host" },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = xasprintf("dct: {url: '%s', apiKey: {credential: k}}\n", cases[i].url);
        check_refused(text, cases[i].expected);
        free(text);
    }
    check_refused("dct: {url: https://d, basePath: dct, apiKey: {credential: k}}\n",
                  "must be a path like /dct/v3");
}

static void a_password_in_the_address_is_refused_and_not_shown(void **state)
{
    (void)state;
    static const char *const urls[] = { "https://me:hunter2@dct", "me:hunter2@dct" };

    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        char *text = xasprintf("dct:\n  apiKey: {credential: k}\n  url: %s\n", urls[i]);
        struct sample s = load(text);
        assert_null(s.config);
        assert_null(strstr(buf_text(&s.said), "hunter2"));
        check_said(&s, "dctd.yaml:3:8: error: `dct.url`");
        sample_clear(&s);
        free(text);
    }
}

static void clear_text_is_warned_of_except_on_this_host(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        size_t warnings;
    } cases[] = {
        { "http://dct.example.com", 1 }, { "HTTP://dct", 1 },          { "http://localhost:80", 0 },
        { "http://127.0.0.1:8080", 0 },  { "http://[::1]:8080", 0 },   { "https://dct", 0 },
        { "http://localhost.evil", 1 },  { "http://127.evil.com", 1 },
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = xasprintf("dct: {url: '%s', apiKey: {credential: k}}\n", cases[i].url);
        struct sample s = load(text);
        assert_non_null(s.config);
        assert_int_equal(s.diags.all, cases[i].warnings);
        sample_clear(&s);
        free(text);
    }
}

static void a_key_in_the_file_is_refused_and_not_shown(void **state)
{
    (void)state;
    struct sample s = load("dct: {url: https://d, apiKey: 1.abcdefgh}\n");

    assert_null(s.config);
    check_said(&s, "`dct.apiKey` is a literal");
    assert_null(strstr(buf_text(&s.said), "abcdefgh"));
    sample_clear(&s);
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *missing = tree_at(t, "dctd.yaml");
    struct diags d = { 0 };
    struct buf said = BUF_WITH_LIMIT(4096);

    assert_null(config_load(missing, &d));
    assert_null(config_load(t->path, &d));
    diags_print(&d, &said);
    assert_int_equal(d.errors, 2);
    assert_non_null(strstr(buf_text(&said), missing));
    assert_non_null(strstr(buf_text(&said), "No such file or directory"));
    assert_non_null(strstr(buf_text(&said), "is not a regular file"));
    buf_clear(&said);
    diags_clear(&d);
    free(missing);
}

static void durations_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        msec expected;
    } good[] = {
        { "30s", 30000 },   { "5m", 300000 }, { "1h30m", 5400000 }, { "250ms", 250 },
        { "1d", 86400000 }, { "0s", 0 },      { "1m1ms", 60001 },   { "2h0m3s", 7203000LL },
    };
    static const char *const bad[] = {
        "",     "5",   "m",           "5 m",          "-5m", "5m3", "1.5h",
        "5min", "5mm", "9999999999s", "99999999999d", "+5m", "5M",  "999999999d"
    };
    msec out = -1;

    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(duration_parse(good[i].text, &out));
        assert_int_equal(out, good[i].expected);
    }
    out = -1;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(duration_parse(bad[i], &out));
    assert_int_equal(out, -1);
}

static void the_interval_has_limits(void **state)
{
    (void)state;
    check_refused("dct: {url: https://d, apiKey: {env: K}}\nreconcile: {interval: 10ms}\n",
                  "between 1s and 7d");
    check_refused("dct: {url: https://d, apiKey: {env: K}}\nreconcile: {interval: 8d}\n",
                  "between 1s and 7d");
    check_refused("dct: {url: https://d, apiKey: {env: K}}\nreconcile: {interval: soon}\n",
                  "durations are written 30s, 5m or 1h30m");
}

static void the_packaged_configuration_is_valid(void **state)
{
    (void)state;
    struct diags d = { 0 };
    struct config *c = config_load("packaging/dctd.yaml", &d);

    assert_non_null(c);
    assert_int_equal(d.errors, 0);
    config_free(c);
    diags_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_gets_its_default),
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(where_it_listens_can_be_guarded),
        cmocka_unit_test(the_control_socket_is_in_the_folder_of_the_unit),
        cmocka_unit_test(listening_to_everyone_is_warned_of),
        cmocka_unit_test(a_setting_without_a_listener_is_warned_of),
        cmocka_unit_test(where_it_cannot_listen_is_refused),
        cmocka_unit_test(every_kind_can_be_suspended),
        cmocka_unit_test(a_suspension_that_is_over_is_told),
        cmocka_unit_test(suspensions_are_checked),
        cmocka_unit_test(relative_paths_start_at_the_folder_of_the_file),
        cmocka_unit_test(the_ledger_goes_where_systemd_keeps_state),
        cmocka_unit_test(a_misspelled_key_is_found_with_place_and_suggestion),
        cmocka_unit_test(every_mistake_of_a_run_is_shown),
        cmocka_unit_test(what_must_be_said_is_asked_for),
        cmocka_unit_test(the_address_must_be_a_plain_origin),
        cmocka_unit_test(a_password_in_the_address_is_refused_and_not_shown),
        cmocka_unit_test(clear_text_is_warned_of_except_on_this_host),
        cmocka_unit_test(a_key_in_the_file_is_refused_and_not_shown),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(the_interval_has_limits),
        cmocka_unit_test(the_packaged_configuration_is_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
