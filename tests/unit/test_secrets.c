/* Secret values: where they come from, what is refused, what logs show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/secrets.h"

struct world {
    char folder[32];
    struct secrets *secrets;
};

static char *below(const struct world *w, const char *name)
{
    return xasprintf("%s/%s", w->folder, name);
}

static void write_file(const struct world *w, const char *name, const char *data, size_t n)
{
    char *path = below(w, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
    free(path);
}

/* Keeps what it is given: NAME=value, or a bare NAME to take it away. */
static void set_environment(char *assignment)
{
    assert_int_equal(putenv(assignment), 0); // NOLINT(concurrency-mt-unsafe): no other thread
}

static int setup(void **state)
{
    static char credentials[64];
    struct world *w = xcalloc(1, sizeof(*w));

    (void)snprintf(w->folder, sizeof(w->folder), "/tmp/test_secrets.XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->secrets = secrets_new(w->folder);
    (void)snprintf(credentials, sizeof(credentials), "CREDENTIALS_DIRECTORY=%s", w->folder);
    set_environment(credentials);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = { "key", "long", "open", "folder" };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = below(w, names[i]);
        (void)remove(path);
        free(path);
    }
    assert_int_equal(rmdir(w->folder), 0);
    secrets_free(w->secrets);
    free(w);
    return 0;
}

static void is_value(struct world *w, enum secret_source source, const char *name, const char *want)
{
    struct secret_ref ref = { .source = source, .name = name };
    struct secret got;
    char *error = NULL;

    assert_true(secrets_get(w->secrets, &ref, &got, &error));
    assert_string_equal(got.data, want);
    assert_int_equal(got.n, strlen(want));
}

static void is_refused(struct world *w, enum secret_source source, const char *name,
                       const char *because)
{
    struct secret_ref ref = { .source = source, .name = name };
    struct secret got;
    char *error = NULL;

    assert_false(secrets_get(w->secrets, &ref, &got, &error));
    if (!strstr(error, because))
        fail_msg("%s does not say: %s", error, because);
    free(error);
}

static void a_credential_is_a_file_of_systemds(void **state)
{
    struct world *w = *state;

    write_file(w, "key", "1.abc\n", 6);
    is_value(w, SECRET_CREDENTIAL, "key", "1.abc");
}

static void a_credentials_name_cannot_leave_its_folder(void **state)
{
    struct world *w = *state;

    is_refused(w, SECRET_CREDENTIAL, "../key", "plain file name");
    is_refused(w, SECRET_CREDENTIAL, "..", "plain file name");
    is_refused(w, SECRET_CREDENTIAL, "/etc/passwd", "plain file name");
    is_refused(w, SECRET_CREDENTIAL, "", "plain file name");
}

static void a_missing_credential_says_what_the_unit_needs(void **state)
{
    static char none[] = "CREDENTIALS_DIRECTORY";
    struct world *w = *state;

    is_refused(w, SECRET_CREDENTIAL, "nowhere", "LoadCredential=nowhere:PATH");
    set_environment(none);
    is_refused(w, SECRET_CREDENTIAL, "key", "$CREDENTIALS_DIRECTORY is not set");
}

static void a_file_is_looked_for_beside_the_configuration(void **state)
{
    struct world *w = *state;
    char *path = below(w, "key");

    write_file(w, "key", "s3cret\r\n", 8);
    is_value(w, SECRET_FILE, "key", "s3cret");
    is_value(w, SECRET_FILE, path, "s3cret");
    free(path);
}

static void a_manifests_file_is_looked_for_beside_the_manifest(void **state)
{
    struct world *w = *state;
    struct secret_ref ref = { .source = SECRET_FILE, .name = "key" };
    struct secret got;
    char *error = NULL;
    char *manifest = below(w, "m.yaml");
    struct secrets *elsewhere = secrets_new("/nowhere");

    write_file(w, "key", "s3cret", 6);
    assert_true(secrets_get_for(elsewhere, manifest, &ref, &got, &error));
    assert_string_equal(got.data, "s3cret");
    assert_false(secrets_get(elsewhere, &ref, &got, &error));
    assert_non_null(strstr(error, "/nowhere/key"));
    free(error);
    secrets_free(elsewhere);
    free(manifest);
}

static void a_file_that_everyone_can_read_is_taken_with_a_warning(void **state)
{
    struct world *w = *state;
    char *path = below(w, "open");

    write_file(w, "open", "s3cret", 6);
    assert_int_equal(chmod(path, 0644), 0);
    is_value(w, SECRET_FILE, "open", "s3cret");
    free(path);
}

static void an_environment_variable_is_taken(void **state)
{
    static char secret[] = "DCTD_TEST_SECRET=from the environment";
    struct world *w = *state;

    set_environment(secret);
    is_value(w, SECRET_ENV, "DCTD_TEST_SECRET", "from the environment");
    is_refused(w, SECRET_ENV, "DCTD_TEST_NO_SECRET", "is not set");
}

static void only_one_line_end_is_cut(void **state)
{
    struct world *w = *state;

    write_file(w, "key", "two\nlines\n\n", 11);
    is_value(w, SECRET_FILE, "key", "two\nlines\n");
}

static void nothing_nul_and_too_much_are_refused(void **state)
{
    struct world *w = *state;
    char *large = xcalloc(SECRET_MAX + 1, 1);
    char *folder = below(w, "folder");

    memset(large, 'x', SECRET_MAX + 1);
    write_file(w, "key", "\n", 1);
    is_refused(w, SECRET_FILE, "key", "is empty");
    write_file(w, "key", "a\0b", 3);
    is_refused(w, SECRET_FILE, "key", "NUL");
    write_file(w, "long", large, SECRET_MAX + 1);
    is_refused(w, SECRET_FILE, "long", "larger than");
    assert_int_equal(mkdir(folder, 0700), 0);
    is_refused(w, SECRET_FILE, "folder", "regular file");
    is_refused(w, SECRET_FILE, "nowhere", "No such file");
    free(folder);
    free(large);
}

static void a_value_is_read_once_and_again_when_asked_to(void **state)
{
    struct world *w = *state;

    write_file(w, "key", "old-value", 9);
    is_value(w, SECRET_FILE, "key", "old-value");
    write_file(w, "key", "new-value", 9);
    is_value(w, SECRET_FILE, "key", "old-value");
    secrets_forget(w->secrets);
    is_value(w, SECRET_FILE, "key", "new-value");
}

static void redacted_is(struct world *w, const char *text, const char *want)
{
    struct buf b = BUF_WITH_LIMIT(1000);

    secrets_redact(w->secrets, text, &b);
    assert_string_equal(buf_text(&b), want);
    buf_clear(&b);
}

static void every_value_ever_read_is_redacted(void **state)
{
    struct world *w = *state;

    redacted_is(w, "old-value", "old-value");
    write_file(w, "key", "old-value", 9);
    is_value(w, SECRET_FILE, "key", "old-value");
    redacted_is(w, "old-value and old-valueold-value", "*** and ******");

    write_file(w, "key", "new", 3);
    secrets_forget(w->secrets);
    is_value(w, SECRET_FILE, "key", "new");
    redacted_is(w, "old-value, new", "***, new"); /* three characters are a word of anyone's */
}

static void the_longest_value_is_redacted_first(void **state)
{
    struct world *w = *state;

    write_file(w, "key", "pass", 4);
    write_file(w, "long", "password-1", 10);
    is_value(w, SECRET_FILE, "key", "pass");
    is_value(w, SECRET_FILE, "long", "password-1");
    redacted_is(w, "password-1 pass", "*** ***");
}

static void many_rotations_cost_little_memory(void **state)
{
    struct world *w = *state;
    char value[32];

    for (int i = 0; i < 500; i++) {
        (void)snprintf(value, sizeof(value), "value-%06d", i);
        write_file(w, "key", value, strlen(value));
        secrets_forget(w->secrets);
        is_value(w, SECRET_FILE, "key", value);
    }
    redacted_is(w, "value-000499 value-000490", "*** ***");
    redacted_is(w, "value-000001", "value-000001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_credential_is_a_file_of_systemds, setup, teardown),
        cmocka_unit_test_setup_teardown(a_credentials_name_cannot_leave_its_folder, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_missing_credential_says_what_the_unit_needs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_is_looked_for_beside_the_configuration, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_manifests_file_is_looked_for_beside_the_manifest, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_file_that_everyone_can_read_is_taken_with_a_warning,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(an_environment_variable_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(only_one_line_end_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_nul_and_too_much_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_is_read_once_and_again_when_asked_to, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(every_value_ever_read_is_redacted, setup, teardown),
        cmocka_unit_test_setup_teardown(the_longest_value_is_redacted_first, setup, teardown),
        cmocka_unit_test_setup_teardown(many_rotations_cost_little_memory, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
