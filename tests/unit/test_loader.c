/* Manifests on disk to a set: what is read, what is kept, what is a finding. */
#include "daemon/loader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/digest.h"
#include "daemon/secrets.h"
#include "tests/lib/tree.h"

static const uint8_t key[32] = "0123456789abcdef0123456789abcde";

static const char connector[] =
    "{\"type\":\"Plugin\",\"name\":\"pg\",\"pluginId\":\"2f7c2a10-0b1d-4e55-9a3a-1c2d3e4f5a6b\","
    "\"engineApi\":{\"type\":\"APIVersion\",\"major\":1,\"minor\":11,\"micro\":16},"
    "\"hostTypes\":[\"UNIX\"],\"buildNumber\":\"%s\",\"manifest\":{}}";

struct fixture {
    struct tree *tree;
    char *root;
    struct secrets *secrets;
    struct loader *loader;
    struct set *set;
    struct buf said;
};

/* NULL takes it away. */
static void set_environment(const char *name, const char *value)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->tree = tree_new();
    f->root = tree_at(f->tree, "m");
    f->secrets = secrets_new(f->tree->path);
    f->loader = loader_new(f->root, key, sizeof(key), f->secrets);
    f->said = BUF_WITH_LIMIT(1 << 16);
    set_environment("TEST_PASSWORD", "hunter2");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    set_free(f->set);
    loader_free(f->loader);
    secrets_free(f->secrets);
    buf_clear(&f->said);
    tree_free(f->tree);
    free(f->root);
    free(f);
    return 0;
}

/* As if it had been written some time ago: what is fresh is read again. */
static void age(struct fixture *f, const char *name, time_t seconds)
{
    char *path = tree_at(f->tree, name);
    const struct timespec then[2] = { { 1700000000 - seconds, 0 }, { 1700000000 - seconds, 0 } };

    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    free(path);
}

static char *engine_text(const char *name, const char *description)
{
    return xasprintf("apiVersion: dct/v1\nkind: Engine\nmetadata: {name: %s}\n"
                     "spec:\n  hostname: %s.example.com\n  username: admin\n"
                     "  password: {env: %s}\n",
                     name, name, description);
}

static void write_engine(struct fixture *f, const char *file, const char *name)
{
    char *text = engine_text(name, "TEST_PASSWORD");

    tree_write(f->tree, file, text);
    age(f, file, 0);
    free(text);
}

static void write_connector(struct fixture *f, const char *file, const char *build)
{
    struct buf text = BUF_WITH_LIMIT(4096);
    const char *hole = strstr(connector, "%s");

    buf_add(&text, connector, (size_t)(hole - connector));
    buf_puts(&text, build);
    buf_puts(&text, hole + 2);
    tree_write(f->tree, file, buf_text(&text));
    age(f, file, 0);
    buf_clear(&text);
}

static void load_paths(struct fixture *f, const char *const *paths, size_t n)
{
    set_free(f->set);
    buf_clear(&f->said);
    f->set = loader_load(f->loader, paths, n);
    diags_print(&f->set->diags, &f->said);
}

static void load(struct fixture *f)
{
    load_paths(f, NULL, 0);
}

static void check_said(const struct fixture *f, const char *expected)
{
    if (!strstr(buf_text(&f->said), expected))
        fail_msg("not said: %s\nbut: %s", expected, buf_text(&f->said));
}

static void check_clean(const struct fixture *f, size_t objects)
{
    if (f->said.n)
        fail_msg("said: %s", buf_text(&f->said));
    assert_true(f->set->complete);
    assert_int_equal(f->set->n, objects);
}

static struct object *object_of(const struct fixture *f, const char *name)
{
    const struct wanted *w = set_find(f->set, name);

    assert_non_null(w);
    return w->object;
}

static void yaml_and_yml_below_the_root_are_read_and_nothing_else(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "m/deep/down/b.yml", "b");
    tree_write(f->tree, "m/notes.txt", "kind: Nonsense\n");
    tree_write(f->tree, "m/.hidden.yaml", "kind: Nonsense\n");
    tree_write(f->tree, "m/.git/config.yaml", "kind: Nonsense\n");
    load(f);
    check_clean(f, 2);
    assert_int_equal(f->set->n_files, 2);
    assert_non_null(set_find(f->set, "Engine/a"));
    assert_non_null(set_find(f->set, "Engine/b"));
}

static void named_paths_take_the_place_of_the_root(void **state)
{
    struct fixture *f = *state;
    char *file = tree_at(f->tree, "other/one.manifest"), *folder = tree_at(f->tree, "more/");
    const char *const paths[] = { file, folder };

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "other/one.manifest", "one");
    write_engine(f, "more/two.yaml", "two");
    load_paths(f, paths, 2);
    check_clean(f, 2);
    assert_null(set_find(f->set, "Engine/a"));
    assert_non_null(strstr(object_of(f, "Engine/two")->pos.file, "more/two.yaml"));
    free(file);
    free(folder);
}

static void unchanged_files_are_not_read_again(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "m/b.yaml", "b");
    load(f);
    /* Kept, so that no newer object can have their addresses. */
    struct object *a = object_ref(object_of(f, "Engine/a"));
    struct object *b = object_ref(object_of(f, "Engine/b"));
    write_engine(f, "m/b.yaml", "b");
    age(f, "m/b.yaml", 5);
    load(f);
    assert_ptr_equal(object_of(f, "Engine/a"), a);
    assert_ptr_not_equal(object_of(f, "Engine/b"), b);
    object_free(a);
    object_free(b);
    check_clean(f, 2);
}

static void a_file_just_written_is_read_again(void **state)
{
    struct fixture *f = *state;
    char *text = engine_text("a", "TEST_PASSWORD");

    tree_write(f->tree, "m/a.yaml", text);
    load(f);
    /* The same size, and perhaps within the same tick of the clock. */
    *strstr(text, "admin") = 'A';
    tree_write(f->tree, "m/a.yaml", text);
    load(f);
    assert_string_equal(object_text(object_of(f, "Engine/a"), "username"), "Admin");
    free(text);
}

static void changes_and_removals_are_seen(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "m/b.yaml", "b");
    load(f);
    write_engine(f, "m/a.yaml", "c");
    tree_remove(f->tree, "m/b.yaml");
    load(f);
    check_clean(f, 1);
    assert_non_null(set_find(f->set, "Engine/c"));
}

static void the_revision_follows_the_content(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    load(f);
    char *first = xstrdup(f->set->revision);
    assert_int_equal(strlen(first), 12);
    age(f, "m/a.yaml", 9);
    load(f);
    assert_string_equal(f->set->revision, first);
    write_engine(f, "m/a.yaml", "b");
    load(f);
    assert_string_not_equal(f->set->revision, first);
    free(first);
}

static void a_missing_source_is_a_finding_and_incomplete(void **state)
{
    struct fixture *f = *state;

    load(f);
    assert_false(f->set->complete);
    assert_int_equal(f->set->n, 0);
    check_said(f, "/m: error: No such file or directory");
    assert_null(f->set->revision);
}

static void an_empty_source_is_a_finding_and_incomplete(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m");
    load(f);
    assert_false(f->set->complete);
    check_said(f, "/m: error: holds no manifests");
    tree_write(f->tree, "m/a.yaml", "# nothing yet\n");
    load(f);
    assert_false(f->set->complete);
    check_said(f, "no object is declared");
}

static void a_broken_file_does_not_hide_the_others(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    tree_write(f->tree, "m/b.yaml", "kind: [\n");
    load(f);
    assert_false(f->set->complete);
    assert_non_null(set_find(f->set, "Engine/a"));
    check_said(f, "m/b.yaml:");
}

static void what_cannot_be_read_is_a_finding_and_incomplete(void **state)
{
    struct fixture *f = *state;
    char *fifo = tree_at(f->tree, "m/fifo.yaml"), *big = xmalloc(MANIFEST_MAX + 2);

    write_engine(f, "m/a.yaml", "a");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    memset(big, '#', MANIFEST_MAX + 1);
    big[MANIFEST_MAX + 1] = '\0';
    tree_write(f->tree, "m/big.yaml", big);
    tree_folder(f->tree, "m/folder.yaml");
    load(f);
    assert_false(f->set->complete);
    assert_non_null(set_find(f->set, "Engine/a"));
    check_said(f, "m/fifo.yaml: error: is not a regular file");
    check_said(f, "m/big.yaml: error: is larger than 1048576 bytes");
    assert_null(strstr(buf_text(&f->said), "is empty"));
    assert_null(f->set->revision);
    free(fifo);
    free(big);
}

static void a_folder_without_permission_is_a_finding(void **state)
{
    struct fixture *f = *state;
    bool root = geteuid() == 0;

    write_engine(f, "m/a.yaml", "a");
    assert_int_equal(chmod(f->root, 0), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    load(f);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(chmod(f->root, 0700), 0);
    assert_false(f->set->complete);
    check_said(f, "/m: error: Permission denied");
}

static void links_are_followed_inside_the_tree_and_read_once(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/..1/a.yaml", "a");
    tree_link(f->tree, "m/..data", "..1");
    tree_link(f->tree, "m/a.yaml", "..data/a.yaml");
    tree_link(f->tree, "m/again.yaml", "a.yaml");
    write_engine(f, "m/real/b.yaml", "b");
    tree_link(f->tree, "m/same", "real");
    tree_link(f->tree, "m/real/up", "..");
    load(f);
    check_clean(f, 2);
    assert_int_equal(f->set->n_files, 2);
}

static void links_out_of_the_tree_and_to_nowhere_are_findings(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "elsewhere/b.yaml", "b");
    tree_link(f->tree, "m/b.yaml", "../elsewhere/b.yaml");
    tree_link(f->tree, "m/more", "../elsewhere");
    tree_link(f->tree, "m/lost.yaml", "nothing.yaml");
    tree_link(f->tree, "m/self.yaml", "self.yaml");
    load(f);
    assert_false(f->set->complete);
    assert_int_equal(f->set->n, 1);
    check_said(f, "m/b.yaml: error: is a link that leads out of the tree");
    check_said(f, "m/more: error: is a link that leads out of the tree");
    check_said(f, "m/lost.yaml: error: is a link that leads nowhere");
    check_said(f, "m/self.yaml: error: is a link that leads nowhere");
}

static void a_swapped_link_brings_the_new_content(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/..1/a.yaml", "a");
    write_engine(f, "m/..2/a.yaml", "b");
    tree_link(f->tree, "m/..data", "..1");
    tree_link(f->tree, "m/a.yaml", "..data/a.yaml");
    load(f);
    assert_non_null(set_find(f->set, "Engine/a"));
    tree_link(f->tree, "m/..data", "..2");
    load(f);
    check_clean(f, 1);
    assert_non_null(set_find(f->set, "Engine/b"));
}

struct digest_hex {
    char text[DIGEST_TEXT];
};

static struct digest_hex digest_of(const struct fixture *f, const char *object, const char *row)
{
    struct digest_hex d = { "" };

    fingerprint_text(&object_value(object_of(f, object), row)->digest, d.text);
    return d;
}

static void every_value_gets_a_digest(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "m/b.yaml", "b");
    load(f);
    assert_int_equal(strlen(digest_of(f, "Engine/a", "hostname").text), DIGEST_TEXT - 1);
    assert_string_equal(digest_of(f, "Engine/a", "username").text,
                        digest_of(f, "Engine/b", "username").text);
    assert_string_not_equal(digest_of(f, "Engine/a", "hostname").text,
                            digest_of(f, "Engine/b", "hostname").text);
    assert_string_equal(digest_of(f, "Engine/a", "password").text,
                        digest_of(f, "Engine/b", "password").text);
}

static void a_rotated_secret_changes_the_digest_of_an_unchanged_file(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    load(f);
    char *before = xstrdup(digest_of(f, "Engine/a", "password").text);
    char *name = xstrdup(digest_of(f, "Engine/a", "hostname").text);
    load(f);
    assert_string_equal(digest_of(f, "Engine/a", "password").text, before);
    set_environment("TEST_PASSWORD", "hunter3");
    load(f);
    assert_string_not_equal(digest_of(f, "Engine/a", "password").text, before);
    assert_string_equal(digest_of(f, "Engine/a", "hostname").text, name);
    free(before);
    free(name);
}

static void it_is_known_what_was_rotated_since(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    load(f);
    assert_false(loader_outdated(f->loader));
    set_environment("TEST_PASSWORD", "hunter4");
    assert_true(loader_outdated(f->loader));
    load(f);
    assert_false(loader_outdated(f->loader));
    /* In the middle of being replaced. */
    set_environment("TEST_PASSWORD", "");
    assert_false(loader_outdated(f->loader));
    set_environment("TEST_PASSWORD", "hunter4");
    assert_false(loader_outdated(f->loader));
}

static void a_secret_that_cannot_be_read_is_found_at_its_line(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    write_engine(f, "m/b.yaml", "b");
    char *text = engine_text("c", "TEST_NOT_SET");
    tree_write(f->tree, "m/c.yaml", text);
    load(f);
    assert_false(f->set->complete);
    assert_int_equal(f->set->n, 2);
    assert_true(strings_has(&f->set->left_out, "Engine/c"));
    check_said(f, "m/c.yaml:7:13: error: `password`: environment variable TEST_NOT_SET is not set\n"
                  "      password: {env: TEST_NOT_SET}\n"
                  "                ^");
    assert_null(strstr(buf_text(&f->said), "hunter2"));

    /* It heals without a change of the file. */
    set_environment("TEST_NOT_SET", "x");
    load(f);
    set_environment("TEST_NOT_SET", NULL);
    check_clean(f, 3);
    free(text);
}

static void without_secrets_manifests_are_read_all_the_same(void **state)
{
    struct fixture *f = *state;
    char *text = engine_text("c", "TEST_NOT_SET");

    loader_free(f->loader);
    f->loader = loader_new(f->root, key, sizeof(key), NULL);
    tree_write(f->tree, "m/c.yaml", text);
    load(f);
    check_clean(f, 1);
    free(text);
}

static const char connector_manifest[] =
    "apiVersion: dct/v1\nkind: Connector\nmetadata: {name: pg}\n"
    "spec:\n  file: connectors/pg.json\n  engines: [a]\n";

static void a_connector_is_what_its_file_says(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    tree_write(f->tree, "m/pg.yaml", connector_manifest);
    age(f, "m/pg.yaml", 0);
    write_connector(f, "m/connectors/pg.json", "1.0");
    load(f);
    check_clean(f, 2);
    assert_string_equal(object_text(object_of(f, "Connector/pg@a"), "plugin.buildNumber"), "1.0");
    char *before = xstrdup(digest_of(f, "Connector/pg@a", "file").text);
    assert_int_equal(strlen(before), DIGEST_TEXT - 1);

    /* The manifest is the same, its file is not. */
    write_connector(f, "m/connectors/pg.json", "2.0");
    load(f);
    check_clean(f, 2);
    assert_string_equal(object_text(object_of(f, "Connector/pg@a"), "plugin.buildNumber"), "2.0");
    assert_string_not_equal(digest_of(f, "Connector/pg@a", "file").text, before);
    free(before);
}

static void a_connector_file_that_is_none_is_found_at_its_line(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    tree_write(f->tree, "m/pg.yaml", connector_manifest);
    load(f);
    assert_false(f->set->complete);
    check_said(f, "m/pg.yaml:5:9: error: `file`: ");
    check_said(f, "m/connectors/pg.json: No such file or directory");
    check_said(f, "      file: connectors/pg.json\n");
    tree_write(f->tree, "m/connectors/pg.json", "{}");
    load(f);
    assert_false(f->set->complete);
    assert_int_equal(f->set->n, 1);
    check_said(f, "m/pg.yaml:5:9: error: ");
}

static void write_schema(struct fixture *f, const char *type)
{
    char *text = xasprintf("{\"type\":\"Toolkit\",\"name\":\"pg\",\"version\":\"1\","
                           "\"hostTypes\":[\"UNIX\"],\"discoveryDefinition\":{"
                           "\"sourceConfigSchema\":{\"properties\":{\"port\":{\"type\":\"%s\"},"
                           "\"word\":{\"format\":\"password\"}}}}}",
                           type);

    tree_write(f->tree, "m/connectors/pg.json", text);
    age(f, "m/connectors/pg.json", (time_t)strlen(type));
    free(text);
}

/* The manifest stays as it is, and is not read again for its own sake. */
static void raw_parameters_are_held_against_the_file_as_it_is_now(void **state)
{
    struct fixture *f = *state;

    write_engine(f, "m/a.yaml", "a");
    tree_write(f->tree, "m/pg.yaml", connector_manifest);
    age(f, "m/pg.yaml", 0);
    tree_write(f->tree, "m/s.yaml",
               "apiVersion: dct/v1\nkind: Environment\nmetadata: {name: h}\n"
               "spec: {engine: a, hostname: h, toolkitPath: /t, username: u,\n"
               "       useEnginePublicKey: true}\n"
               "---\napiVersion: dct/v1\nkind: SourceConfig\nmetadata: {name: orders}\n"
               "spec:\n  environment: h\n"
               "  parameters: {port: 5432, word: {env: TEST_PASSWORD}}\n");
    age(f, "m/s.yaml", 0);
    write_schema(f, "integer");
    load(f);
    check_clean(f, 4);
    struct fingerprint before =
        object_value(object_of(f, "SourceConfig/orders"), "parameters")->digest;
    write_schema(f, "string");
    load(f);
    assert_false(f->set->complete);
    check_said(f, "m/s.yaml:12:22: error: `parameters.port` must be text, not the integer `5432`");
    assert_null(set_find(f->set, "SourceConfig/orders"));
    write_schema(f, "integer");
    load(f);
    check_clean(f, 4);
    const struct value *v = object_value(object_of(f, "SourceConfig/orders"), "parameters");
    assert_true(fingerprint_same(&before, &v->digest));
    assert_true(json_holds_secret(v->json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(yaml_and_yml_below_the_root_are_read_and_nothing_else,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(named_paths_take_the_place_of_the_root, setup, teardown),
        cmocka_unit_test_setup_teardown(unchanged_files_are_not_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_just_written_is_read_again, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_and_removals_are_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(the_revision_follows_the_content, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_source_is_a_finding_and_incomplete, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_empty_source_is_a_finding_and_incomplete, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_broken_file_does_not_hide_the_others, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_a_finding_and_incomplete, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_folder_without_permission_is_a_finding, setup, teardown),
        cmocka_unit_test_setup_teardown(links_are_followed_inside_the_tree_and_read_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(links_out_of_the_tree_and_to_nowhere_are_findings, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_swapped_link_brings_the_new_content, setup, teardown),
        cmocka_unit_test_setup_teardown(every_value_gets_a_digest, setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_known_what_was_rotated_since, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rotated_secret_changes_the_digest_of_an_unchanged_file,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_that_cannot_be_read_is_found_at_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_secrets_manifests_are_read_all_the_same, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_connector_is_what_its_file_says, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connector_file_that_is_none_is_found_at_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(raw_parameters_are_held_against_the_file_as_it_is_now,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
