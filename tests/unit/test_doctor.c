/* The doctor: every check is told, each with what it stands on. */
#include "daemon/doctor.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "daemon/socket.h"
#include "daemon/store.h"
#include "tests/lib/tree.h"

enum { REPORT_MAX = 256 << 10 };

/* What the doctor said, one "verdict check: text -> next" a line. */
struct visit {
    struct tree *tree;
    struct buf report;
    size_t counts[VERDICTS];
};

static int open_visit(void **state)
{
    struct visit *v = xcalloc(1, sizeof(*v));

    v->tree = tree_new();
    v->report = BUF_WITH_LIMIT(REPORT_MAX);
    log_open(LEVEL_ERROR);
    *state = v;
    return 0;
}

static int close_visit(void **state)
{
    struct visit *v = *state;

    tree_free(v->tree);
    buf_clear(&v->report);
    free(v);
    return 0;
}

static void on_line(void *ctx, const struct doctor_line *l)
{
    struct visit *v = ctx;

    buf_printf(&v->report, "%s %s: %s -> %s\n", verdict_name(l->verdict), l->check, l->text,
               l->next ? l->next : "");
}

static void examine(struct visit *v)
{
    char *config = tree_at(v->tree, "dctd.yaml");
    struct doctor_options o = { .config = config, .line = on_line, .ctx = v };

    buf_clear(&v->report);
    v->report = BUF_WITH_LIMIT(REPORT_MAX);
    doctor_run(&o, v->counts);
    free(config);
}

/* Nobody listens at that port of this host. */
static void configure(const struct visit *v, const char *more)
{
    char *text = xasprintf("instance: test\n"
                           "dct: {url: 'http://127.0.0.1:1', apiKey: {file: key}}\n"
                           "manifests: {path: manifests}\nledger: ledger.db\n%s",
                           more);
    char *key = tree_at(v->tree, "key");

    tree_write(v->tree, "dctd.yaml", text);
    tree_write(v->tree, "key", "1.planted-key\n");
    assert_int_equal(chmod(key, 0600), 0);
    tree_write(v->tree, "manifests/engine.yaml",
               "apiVersion: dct/v1\nkind: Engine\nmetadata: {name: e}\n"
               "spec: {hostname: e.example.com, username: admin, password: {file: ../key}}\n");
    free(key);
    free(text);
}

static void says(const struct visit *v, const char *text)
{
    if (!strstr(buf_text(&v->report), text))
        fail_msg("not said: %s\n%s", text, buf_text(&v->report));
}

static void every_check_is_told(void **state)
{
    struct visit *v = *state;
    const char *name;

    configure(v, "");
    examine(v);
    for (size_t i = 0; (name = doctor_check(i)) != NULL; i++) {
        char *mark = xasprintf(" %s: ", name);
        says(v, mark);
        free(mark);
    }
}

static void without_a_configuration_only_the_host_is_looked_at(void **state)
{
    struct visit *v = *state;

    examine(v);
    says(v, "fail configuration: configuration ");
    says(v, "skip status: cannot be told before configuration is all right");
    says(v, "skip licence: cannot be told before configuration is all right");
    says(v, " systemd: ");
    assert_int_equal(v->counts[VERDICT_FAIL], 1);
}

static void what_could_not_be_told_says_what_failed_first(void **state)
{
    struct visit *v = *state;

    configure(v, "");
    examine(v);
    says(v, "ok dns: ");
    says(v, "fail tcp: ");
    says(v, "skip tls: cannot be told before tcp is all right");
    says(v, "skip engines: cannot be told before tcp is all right");
    assert_int_equal(v->counts[VERDICT_FAIL], 1);
    assert_int_equal(v->counts[VERDICT_SKIP], 7);
}

/* The key stands where DCT's address belongs; once it is read it is not told. */
static void no_secret_is_told(void **state)
{
    struct visit *v = *state;

    configure(v, "");
    tree_write(v->tree, "dctd.yaml",
               "dct: {url: 'http://1.planted-key:1', apiKey: {file: key}}\n"
               "manifests: {path: manifests}\nledger: ledger.db\n");
    examine(v);
    says(v, "fail dns: ***");
    assert_null(strstr(strstr(buf_text(&v->report), "fail dns"), "planted-key"));
}

static void one_secret_in_two_places_is_one(void **state)
{
    struct visit *v = *state;

    configure(v, "");
    examine(v);
    says(v, "ok secrets: all 1 can be read");
    says(v, "a line end at the end of a file is not part of the secret");
}

static void secrets_of_hooks_are_looked_at_too(void **state)
{
    struct visit *v = *state;

    configure(v, "");
    tree_write(
        v->tree, "manifests/vdb.yaml",
        "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: v}\n"
        "spec:\n  source: {vdb: 'id:1-VDB-7'}\n  environment: 'id:1-ENV-1'\n"
        "  environmentUser: 'id:U-1'\n  group: 'id:1-GROUP-1'\n"
        "  postgresql: {port: 5432, mountLocation: /mnt/v}\n"
        "  hooks:\n    preRefresh:\n"
        "    - {name: h, command: 'true', shell: bash,\n"
        "       credentialsEnvVars: [{baseVarName: DB, password: {env: DCTD_TEST_NOT_THERE}}]}\n");
    examine(v);
    says(v, "DCTD_TEST_NOT_THERE is not set");
}

static int listening(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0 && strlen(path) < sizeof(at.sun_path));
    memcpy(at.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

static void the_listener_of_the_control_socket_is_named(void **state)
{
    struct visit *v = *state;
    char *path = tree_at(v->tree, "control.sock"), *mark, *error = NULL;

    configure(v, "control: control.sock\n");
    examine(v);
    says(v, "nobody listens there, for no dctd runs");

    int fd = listening(path);
    mark = xasprintf("ok control: %s: pid %ld listens there", path, (long)getpid());
    examine(v);
    says(v, mark);
    free(mark);

    assert_int_equal(close(fd), 0);
    char *ledger = tree_at(v->tree, "ledger.db");
    struct store *s = store_open(ledger, false, &error);
    mark = xasprintf("warn control: dctd pid %ld runs, but does not listen", (long)getpid());
    examine(v);
    says(v, mark);
    says(v, "held by dctd pid ");
    store_close(s);
    free(mark);
    free(ledger);
    free(path);
}

static void the_port_of_the_status_server_may_be_taken(void **state)
{
    struct visit *v = *state;
    char *error = NULL;
    int fd = socket_listen_tcp("127.0.0.1:0", &error);

    assert_true(fd >= 0);
    char *name = socket_name(fd), *line = xasprintf("status: {listen: '%s'}\n", name);
    configure(v, line);
    examine(v);
    says(v, "another program listens there -> `ss -ltnp` says which");
    assert_int_equal(close(fd), 0);
    examine(v);
    says(v, "is free, for no dctd runs");
    free(line);
    free(name);
}

static void git_that_is_wanted_must_be_there(void **state)
{
    static char nowhere[] = "PATH=/nowhere";
    struct visit *v = *state;
    const char *path = getenv("PATH"); // NOLINT(concurrency-mt-unsafe): no other thread
    char *before = xasprintf("PATH=%s", path ? path : "");

    configure(v, "");
    assert_int_equal(putenv(nowhere), 0); // NOLINT(concurrency-mt-unsafe): no other thread
    examine(v);
    says(v, "ok git: not used: manifests.git is not set; there is no program git");
    assert_int_equal(putenv(before), 0); // NOLINT(concurrency-mt-unsafe): it keeps `before`
}

static void a_ledger_that_is_none_fails(void **state)
{
    struct visit *v = *state;
    char *ledger = tree_at(v->tree, "ledger.db");

    configure(v, "");
    tree_write(v->tree, "ledger.db", "this is no ledger, it only has its name, and some length");
    assert_int_equal(chmod(ledger, 0600), 0);
    examine(v);
    says(v, "fail ledger: ledger ");
    says(v, "move it away");
    free(ledger);
}

static void what_is_owed_an_enable_is_told(void **state)
{
    struct visit *v = *state;
    char *ledger = tree_at(v->tree, "ledger.db"), *error = NULL;
    struct store *s = store_open(ledger, false, &error);

    configure(v, "");
    assert_true(store_put(s, "VDB/on", "{\"key\":\"VDB/on\",\"kind\":\"VDB\"}", &error));
    assert_true(store_put(s, "VDB/off",
                          "{\"key\":\"VDB/off\",\"kind\":\"VDB\",\"owesEnable\":true}", &error));
    examine(v);
    says(v, "warn ledger: VDB/off is owed an enable: dctd switched it off for a change -> dctd "
            "describe VDB/off");
    store_close(s);
    examine(v);
    says(v, "dctd switched it off for a change -> start dctd");
    assert_null(strstr(buf_text(&v->report), "VDB/on"));
    free(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_check_is_told, open_visit, close_visit),
        cmocka_unit_test_setup_teardown(without_a_configuration_only_the_host_is_looked_at,
                                        open_visit, close_visit),
        cmocka_unit_test_setup_teardown(what_could_not_be_told_says_what_failed_first, open_visit,
                                        close_visit),
        cmocka_unit_test_setup_teardown(no_secret_is_told, open_visit, close_visit),
        cmocka_unit_test_setup_teardown(one_secret_in_two_places_is_one, open_visit, close_visit),
        cmocka_unit_test_setup_teardown(secrets_of_hooks_are_looked_at_too, open_visit,
                                        close_visit),
        cmocka_unit_test_setup_teardown(the_listener_of_the_control_socket_is_named, open_visit,
                                        close_visit),
        cmocka_unit_test_setup_teardown(the_port_of_the_status_server_may_be_taken, open_visit,
                                        close_visit),
        cmocka_unit_test_setup_teardown(git_that_is_wanted_must_be_there, open_visit, close_visit),
        cmocka_unit_test_setup_teardown(a_ledger_that_is_none_fails, open_visit, close_visit),
        cmocka_unit_test_setup_teardown(what_is_owed_an_enable_is_told, open_visit, close_visit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
