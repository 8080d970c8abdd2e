/* Git's parts by themselves: addresses and names that are taken or not, what a
 * commit may hold, how its files are written, what programs get to see. */
#include "daemon/git_tree.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config_git.h"
#include "daemon/file.h"
#include "daemon/git_env.h"
#include "daemon/git_modules.h"
#include "tests/lib/tree.h"

#define ID  "0123456789012345678901234567890123456789"
#define ID2 "abcdefabcdefabcdefabcdefabcdefabcdefabcd"

static void addresses_are_told_apart(void **state)
{
    static const struct {
        const char *url;
        enum git_scheme scheme; /* GIT_SCHEMES: not taken */
    } cases[] = {
        { "https://example.com/a.git", GIT_HTTPS },
        { "HTTPS://example.com:8443/a", GIT_HTTPS },
        { "http://127.0.0.1/a", GIT_HTTP },
        { "ssh://git@example.com:22/a", GIT_SSH },
        { "git@example.com:a/b.git", GIT_SSH },
        { "example.com:a", GIT_SSH },
        { "/srv/git/a", GIT_LOCAL },
        { "file:///srv/git/a", GIT_LOCAL },
        { "", GIT_SCHEMES },
        { "a", GIT_SCHEMES },
        { "../a", GIT_SCHEMES },
        { "-oProxyCommand=x", GIT_SCHEMES },
        { "--upload-pack=x", GIT_SCHEMES },
        { "ext::sh -c x", GIT_SCHEMES },
        { "ext::sh", GIT_SCHEMES },
        { "fd::7", GIT_SCHEMES },
        { "git://example.com/a", GIT_SCHEMES },
        { "ftp://example.com/a", GIT_SCHEMES },
        { "file://host/a", GIT_SCHEMES },
        { "https://", GIT_SCHEMES },
        { "https:///a", GIT_SCHEMES },
        { "https://joe@example.com/a", GIT_SCHEMES },
        { "https://joe:pw@example.com/a", GIT_SCHEMES },
        { "ssh://joe:pw@example.com/a", GIT_SCHEMES },
        { "ssh://-oProxyCommand=x/a", GIT_SCHEMES },
        { "ssh://git@-oProxyCommand=x/a", GIT_SCHEMES },
        { "-git@example.com:a", GIT_SCHEMES },
        { "git@-x:a", GIT_SCHEMES },
        { "git@example.com:-a", GIT_SCHEMES },
        { "https://example.com/a b", GIT_SCHEMES },
        { "https://example.com/a\nb", GIT_SCHEMES },
        { "https://example.com/a'b", GIT_SCHEMES },
        { "/srv/a\"b", GIT_SCHEMES },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum git_scheme scheme = GIT_SCHEMES;
        const char *problem = NULL;
        bool taken = git_url_scheme(cases[i].url, &scheme, &problem);
        if (taken != (cases[i].scheme != GIT_SCHEMES) || (taken && scheme != cases[i].scheme) ||
            taken != (problem == NULL))
            fail_msg("%s: %d, %s", cases[i].url, (int)scheme, problem ? problem : "taken");
    }
}

static void references_are_names(void **state)
{
    static const char *const good[] = { "HEAD", "main", "feature/a.b", "v1.0", "refs/heads/x", ID };
    static const char *const bad[] = {
        "",       "-x",       "--upload-pack=x",
        "a b",    "a..b",     "a~1",
        "a^{}",   "a:b",      "a?",
        "a*",     "a[b",      "a\\b",
        "/a",     "a/",       "a//b",
        ".a",     "a/.b",     "a.",
        "@",      "a@{1}",    "a\n",
        "a.lock", "a.lock/b", "a\x7f",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(git_ref_valid(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (git_ref_valid(bad[i]))
            fail_msg("%s is taken", bad[i]);
    }
    assert_true(git_is_commit_id(ID));
    assert_false(git_is_commit_id("0123"));
    assert_false(git_is_commit_id("ABCDEFABCDEFABCDEFABCDEFABCDEFABCDEFABCD"));
}

static void sizes_have_units(void **state)
{
    uint64_t size = 0;

    (void)state;
    assert_true(size_parse("64MiB", &size));
    assert_int_equal(size, 64U << 20);
    assert_true(size_parse("2GiB", &size));
    assert_true(size == UINT64_C(2) << 30);
    assert_true(size_parse("512", &size));
    assert_int_equal(size, 512);
    assert_false(size_parse("", &size));
    assert_false(size_parse("MiB", &size));
    assert_false(size_parse("64MB", &size));
    assert_false(size_parse("-1", &size));
    assert_false(size_parse("99999999999GiB", &size));
}

static void state_lies_beside_the_ledger(void **state)
{
    struct git_setting s = { .path = (char *)(uintptr_t) "estate/prod" };
    char *folder = git_folder("/var/lib/dctd/ledger.db"), *other = git_folder("/x/ledger");
    char *path = git_manifests(folder, &s);

    (void)state;
    assert_string_equal(folder, "/var/lib/dctd/ledger.git");
    assert_string_equal(other, "/x/ledger.git");
    assert_string_equal(path, "/var/lib/dctd/ledger.git/current/estate/prod");
    free(folder);
    free(other);
    free(path);
}

static void paths_stay_where_they_are(void **state)
{
    static const char *const good[] = { "a",       "a/b.yaml",   ".hidden",
                                        "..a",     "a..",        "git",
                                        ".github", ".gitignore", ".gitattributes",
                                        "a b",     "\xc3\xa4" };
    static const char *const bad[] = {
        "",      "/a",     "a/",    "a//b",  ".",
        "..",    "a/../b", "a/..",  "./a",   ".git",
        ".GIT",  "a/.Git", ".git ", ".git.", ".git::$INDEX_ALLOCATION",
        "git~1", "GIT~2",  "a\\b",  "a\nb",  "a\tb",
        "a\x7f", "a\x01b",
    };
    char deep[300], longest[1100];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_null(git_path_problem(good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (!git_path_problem(bad[i]))
            fail_msg("%s is taken", bad[i]);
    }
    memset(deep, 'a', sizeof(deep));
    for (size_t i = 1; i < sizeof(deep); i += 2)
        deep[i] = '/';
    deep[sizeof(deep) - 1] = '\0';
    assert_non_null(git_path_problem(deep));
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_non_null(git_path_problem(longest));
}

/* Feeds the text, with | for the byte that ends an entry, `step` bytes at a time. */
static bool feed_list(struct git_list *l, const char *text, size_t step)
{
    char *bytes = xstrdup(text);
    size_t n = strlen(text);
    bool good = true;

    for (size_t i = 0; i < n; i++)
        bytes[i] = bytes[i] == '|' ? '\0' : bytes[i];
    for (size_t i = 0; good && i < n; i += step)
        good = git_list_feed(l, bytes + i, n - i < step ? n - i : step);
    free(bytes);
    return good && git_list_end(l);
}

static const char listing[] = "040000 tree " ID "       -\td|"
                              "100644 blob " ID "       5\td/a.yaml|"
                              "100755 blob " ID2 "       0\tx|"
                              "120000 blob " ID2 "       8\tl|"
                              "160000 commit " ID "       -\tm|";

static void lists_come_in_pieces(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof(listing); step++) {
        struct git_list l;
        git_list_init(&l, 100, 100);
        assert_true(feed_list(&l, listing, step));
        assert_int_equal(l.n, 5);
        assert_int_equal(l.size, 13);
        assert_int_equal(l.items[0].type, GIT_FOLDER);
        assert_string_equal(l.items[1].path, "d/a.yaml");
        assert_string_equal(l.items[1].id, ID);
        assert_int_equal(l.items[1].size, 5);
        assert_int_equal(l.items[3].type, GIT_LINK);
        assert_int_equal(l.items[4].type, GIT_MODULE);
        assert_ptr_equal(git_modules_first(&l), &l.items[4]);
        git_list_clear(&l);
    }
}

static void check_list(const char *text, uint64_t size, size_t files, const char *problem)
{
    struct git_list l;

    git_list_init(&l, size, files);
    bool good = feed_list(&l, text, strlen(text));
    if (problem ? good || !strstr(l.problem, problem) : !good)
        fail_msg("%s: %s", text, l.problem ? l.problem : "taken");
    git_list_clear(&l);
}

static void what_a_commit_may_not_hold(void **state)
{
    (void)state;
    check_list(listing, 13, 5, NULL);
    check_list(listing, 12, 5, "l makes its files larger than 12 bytes");
    check_list(listing, 13, 4, "more than 4 files and folders");
    check_list("100644 blob " ID " 1\t../x|", 9, 9, "leads elsewhere");
    check_list("100644 blob " ID " 1\ta\nb|", 9, 9, "a\\nb has a control character");
    check_list("100644 blob " ID " 1\t.git/config|", 9, 9, "Git's own folder");
    check_list("120000 blob " ID " 5000\tl|", 9999, 9, "a link to a place whose name is too long");
    check_list("100644 blob " ID " 1\tx", 9, 9, "cut off");
    check_list("100644 blob " ID " -1\tx|", 9, 9, "nothing that a commit of manifests may hold");
    check_list("100644 blob " ID " 18446744073709551616\tx|", 9, 9, "may hold");
    check_list("100644 blob 0123 1\tx|", 9, 9, "may hold");
    check_list("100644 tag " ID " 1\tx|", 9, 9, "may hold");
    check_list("160644 blob " ID " 1\tx|", 9, 9, "may hold");
    check_list("no tab|", 9, 9, "may hold");
    check_list("|", 9, 9, "may hold");
}

/* Writes what `git cat-file` would send, in pieces; the problem, owned. */
static char *write_tree(const char *list, const char *sent, size_t n, size_t step,
                        const struct tree *to)
{
    struct git_list l;
    char *error = NULL, *problem;
    bool good = true, refused;

    git_list_init(&l, 1000, 100);
    assert_true(feed_list(&l, list, 7));
    struct git_writer *w = git_writer_new(to->path, &l, &error);
    assert_non_null(w);
    for (size_t i = 0; good && i < n; i += step)
        good = git_writer_feed(w, sent + i, n - i < step ? n - i : step);
    good = good && git_writer_end(w);
    const char *why = git_writer_problem(w, &refused);
    assert_true(good == !why);
    problem = why ? xasprintf("%s%s", refused ? "refused: " : "", why) : NULL;
    git_writer_free(w);
    git_list_clear(&l);
    return problem;
}

static void files_are_written_as_they_are(void **state)
{
    static const char list[] = "040000 tree " ID " -\td|100644 blob " ID " 5\td/a|"
                               "100755 blob " ID2 " 0\tx|120000 blob " ID2 " 3\tl|";
    static const char sent[] = ID " blob 5\n\n\0\r\n.\n" ID2 " blob 0\n\n" ID2 " blob 3\nd/a\n";

    (void)state;
    for (size_t step = 1; step < sizeof(sent); step++) {
        OWNED(tree) t = tree_new();
        assert_null(write_tree(list, sent, sizeof(sent) - 1, step, t));
        char *error = NULL, *path = tree_at(t, "l"), *empty = tree_at(t, "x");
        size_t n;
        char *text = file_read(path, 100, &n, &error);
        struct stat st;
        assert_int_equal(n, 5);
        assert_memory_equal(text, "\n\0\r\n.", 5);
        assert_int_equal(stat(empty, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(st.st_size, 0);
        free(text);
        free(path);
        free(empty);
    }
}

static void check_written(const char *list, const char *sent, const char *problem)
{
    OWNED(tree) t = tree_new();
    char *said = write_tree(list, sent, strlen(sent), strlen(sent), t);

    const char *shown = said ? said : "";
    if (problem ? !strstr(shown, problem) : *shown)
        fail_msg("%s: %s", sent, said ? said : "taken");
    free(said);
}

static void what_git_sends_must_be_what_was_listed(void **state)
{
    static const char one[] = "100644 blob " ID " 2\ta|";

    (void)state;
    check_written(one, ID " blob 2\nab\n", NULL);
    check_written(one, ID " blob 3\nabc\n", "a: is not in the repository as its list");
    check_written(one, ID2 " blob 2\nab\n", "a: is not in the repository as its list");
    check_written(one, ID " missing\n", "a: is not in the repository as its list");
    check_written(one, ID " blob 2\nabc\n", "git: sends something else");
    check_written(one, ID " blob 2\nab\n" ID " blob 2\nab\n", "git: sends something else");
    check_written(one, ID " blob 2\na", "git: ended before it had sent all files");
    check_written("100644 blob " ID " 2\ta|100644 blob " ID " 2\ta|",
                  ID " blob 2\nab\n" ID " blob 2\nab\n", "a: File exists");
    check_written("100644 blob " ID " 2\ta/b|", ID " blob 2\nab\n", "a/b: No such file");
}

static void links_stay_inside(void **state)
{
    static const struct {
        const char *target;
        bool taken;
    } cases[] = {
        { "a", true },
        { "d/f", true },
        { "nowhere", true },
        { "d/../a", true },
        { "l", true },
        { "/etc/passwd", false },
        { "..", false },
        { "../x", false },
        { "d/../../x", false },
        { "d/up/../x", false },
        { "nowhere/../..", false },
        { "/", false },
        { "/proc/self/cwd", false },
        { "d/up/d/up/a", true },
        { "./d//f", true },
        { "nowhere/deeper", true },
        { "a/../..", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        OWNED(tree) t = tree_new();
        size_t n = strlen(cases[i].target);
        char *list = xasprintf("100644 blob " ID " 0\ta|040000 tree " ID " -\td|"
                               "100644 blob " ID " 0\td/f|120000 blob " ID2 " 2\td/up|"
                               "120000 blob " ID " %zu\tl|",
                               n);
        char *sent =
            xasprintf(ID " blob 0\n\n" ID " blob 0\n\n" ID2 " blob 2\n..\n" ID " blob %zu\n%s\n", n,
                      cases[i].target);
        char *said = write_tree(list, sent, strlen(sent), 11, t);
        if (cases[i].taken ? said != NULL
                           : !said || !streq(said, "refused: l is a link that leads out of the "
                                                   "repository"))
            fail_msg("%s: %s", cases[i].target, said ? said : "taken");
        free(said);
        free(list);
        free(sent);
    }
}

/* Ten thousand links, each of which takes the others' whole way. */
static void links_do_not_take_for_ever(void **state)
{
    enum { LINKS = 10000 };
    struct buf list = BUF_WITH_LIMIT(4 << 20), sent = BUF_WITH_LIMIT(8 << 20);
    struct git_list l;
    char *error = NULL;
    OWNED(tree) t = tree_new();
    bool refused = false;

    (void)state;
    for (unsigned i = 0; i < LINKS; i++) {
        char name[16], target[600] = "";
        (void)snprintf(name, sizeof(name), "%05u", (i + 1) % LINKS);
        for (size_t n = 0; n < 500; n += 2)
            memcpy(target + n, "./", 3);
        memcpy(target + 500, name, 6);
        buf_printf(&list, "120000 blob " ID " 505\t%05u|", i);
        buf_printf(&sent, ID " blob 505\n%s\n", target);
    }
    git_list_init(&l, 10 << 20, LINKS);
    assert_true(feed_list(&l, buf_text(&list), list.n));
    OWNED(git_writer) w = git_writer_new(t->path, &l, &error);
    assert_true(git_writer_feed(w, sent.data, sent.n));
    assert_false(git_writer_end(w));
    assert_non_null(git_writer_problem(w, &refused));
    assert_true(refused);
    git_writer_free(TAKE(w));
    git_list_clear(&l);
    buf_clear(&list);
    buf_clear(&sent);
}

static bool has_setting(const struct git_env *e, const char *key, const char *value)
{
    bool last = false;

    for (unsigned i = 0; i < e->settings; i++) {
        char *k = xasprintf("GIT_CONFIG_KEY_%u", i), *v = xasprintf("GIT_CONFIG_VALUE_%u", i);
        if (streq(git_env_get(e, k), key))
            last = streq(git_env_get(e, v), value);
        free(k);
        free(v);
    }
    return last;
}

static void git_sees_nothing_of_the_host(void **state)
{
    struct git_setting s = { .refs = 1, .scheme = GIT_LOCAL, .max_size = 1 };
    struct git_env e;
    char *error = NULL;

    (void)state;
    s.url = xstrdup("/srv/a");
    assert_true(git_env_open(&e, &s, "/home-of-git", NULL, &error));
    assert_string_equal(git_env_get(&e, "HOME"), "/home-of-git");
    assert_string_equal(git_env_get(&e, "GIT_CONFIG_NOSYSTEM"), "1");
    assert_string_equal(git_env_get(&e, "GIT_CONFIG_GLOBAL"), "/home-of-git/config");
    assert_string_equal(git_env_get(&e, "GIT_TERMINAL_PROMPT"), "0");
    assert_string_equal(git_env_get(&e, "GIT_ALLOW_PROTOCOL"), "file");
    assert_null(git_env_get(&e, "GIT_SSH_COMMAND"));
    assert_null(git_env_get(&e, "SSH_AUTH_SOCK"));
    assert_null(git_env_get(&e, "GIT_DIR"));
    assert_true(has_setting(&e, "core.hooksPath", "/dev/null"));
    assert_true(has_setting(&e, "transfer.fsckObjects", "true"));
    assert_true(has_setting(&e, "protocol.allow", "never"));
    assert_true(has_setting(&e, "protocol.file.allow", "always"));
    assert_true(has_setting(&e, "credential.helper", ""));
    assert_true(has_setting(&e, "gpg.program", "/bin/false"));
    assert_null(e.vars[e.n]);
    git_env_clear(&e);
    free(s.url);
}

static void check_no_secret(const struct git_env *e, const char *secret)
{
    for (size_t i = 0; i < e->n; i++)
        assert_null(strstr(e->vars[i], secret));
}

static void passwords_go_by_memory_to_one_server(void **state)
{
    OWNED(tree) t = tree_new();
    struct git_setting s = { .refs = 1, .scheme = GIT_HTTPS, .max_size = 1 };
    OWNED(secrets) secrets = secrets_new(t->path);
    struct git_env e;
    char *error = NULL, *name = tree_at(t, "key"), text[64] = "";

    (void)state;
    tree_write(t, "key", "hunter22\n");
    (void)chmod(name, 0600);
    s.url = xstrdup("https://example.com:8443/a/b.git");
    s.username = xstrdup("joe");
    s.password = (struct secret_setting){ SECRET_FILE, name };
    assert_true(git_env_open(&e, &s, "/x", secrets, &error));
    check_no_secret(&e, "hunter22");
    assert_true(
        has_setting(&e, "credential.https://example.com:8443.helper", "!exec cat /dev/fd/3 #"));
    assert_true(pread(e.fds[0], text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, "username=joe\npassword=hunter22\n");
    git_env_clear(&e);

    tree_write(t, "key", "two\nlines\n");
    secrets_forget(secrets);
    assert_false(git_env_open(&e, &s, "/x", secrets, &error));
    assert_non_null(strstr(error, "more than one line"));
    free(error);
    git_env_clear(&e);
    free(s.url);
    free(s.username);
    free(name);
}

static void ssh_is_told_whom_to_trust(void **state)
{
    OWNED(tree) t = tree_new();
    struct git_setting s = { .refs = 1, .scheme = GIT_SSH, .max_size = 1 };
    OWNED(secrets) secrets = secrets_new(t->path);
    struct git_env e;
    char *error = NULL, *name = tree_at(t, "key");

    (void)state;
    tree_write(t, "key", "the private key\n");
    tree_write(t, "hosts", "example.com ssh-ed25519 AAAA\n");
    (void)chmod(name, 0600);
    s.url = xstrdup("git@example.com:a");
    s.ssh_key = (struct secret_setting){ SECRET_FILE, name };
    s.known_hosts = tree_at(t, "hosts");
    assert_true(git_env_open(&e, &s, "/x", secrets, &error));
    check_no_secret(&e, "private key");
    const char *command = git_env_get(&e, "GIT_SSH_COMMAND");
    static const char *const words[] = { "-F none",
                                         "-o BatchMode=yes",
                                         "-o StrictHostKeyChecking=yes",
                                         "-o GlobalKnownHostsFile=/dev/null",
                                         "-o IdentitiesOnly=yes",
                                         "-o IdentityAgent=none",
                                         "-o ProxyCommand=none",
                                         "-o PermitLocalCommand=no" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_non_null(strstr(command, words[i]));
    assert_null(strpbrk(command, "'\"$`;&|<>\\"));
    assert_string_equal(git_env_get(&e, "GIT_ALLOW_PROTOCOL"), "ssh");
    struct stat st;
    assert_int_equal(fstat(e.fds[0], &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    git_env_clear(&e);
    free(s.known_hosts);
    free(s.url);
    free(name);
}

/* Of a repository at `base` with a submodule "m" at `url`: where it would be
 * fetched, NULL where it would not. */
static void check_module(const char *base, const char *url, const char *expected)
{
    struct git_setting s = { .refs = 1, .url = (char *)(uintptr_t)base };
    const char *problem;
    struct git_list l;
    char *why = NULL;
    struct buf text = BUF_WITH_LIMIT(1000);

    assert_true(git_url_scheme(base, &s.scheme, &problem));
    git_list_init(&l, 100, 100);
    assert_true(feed_list(&l, listing, 10));
    buf_printf(&text, "submodule.a.b.path\nm");
    buf_add(&text, "", 1);
    buf_printf(&text, "submodule.a.b.url\n%s", url);
    buf_add(&text, "", 1);
    struct git_modules *m = git_modules_new(&l, &s, text.data, text.n, &why);
    if (!m != !expected)
        fail_msg("%s beside %s: %s", url, base, why ? why : "taken");
    if (m) {
        assert_true(git_modules_next(m));
        assert_string_equal(git_modules_url(m), expected);
        assert_string_equal(git_modules_path(m), "m");
        assert_string_equal(git_modules_commit(m), ID);
        assert_false(git_modules_next(m));
    }
    git_modules_free(m);
    free(why);
    buf_clear(&text);
    git_list_clear(&l);
}

static void submodules_lead_nowhere_else(void **state)
{
    (void)state;
    check_module("https://h/a/b.git", "../c.git", "https://h/a/c.git");
    check_module("https://h/a/b.git", "../../c.git", "https://h/c.git");
    check_module("https://h/a/b.git", "../../../c.git", NULL);
    check_module("https://h/a/b.git", "./c.git", "https://h/a/b.git/c.git");
    check_module("https://h/a/b.git", "https://other/c.git", "https://other/c.git");
    check_module("https://h/a/b.git", "http://other/c.git", NULL);
    check_module("https://h/a/b.git", "https://joe:pw@other/c.git", NULL);
    check_module("https://h/a/b.git", "ssh://other/c.git", NULL);
    check_module("https://h/a/b.git", "/etc", NULL);
    check_module("https://h/a/b.git", "file:///etc", NULL);
    check_module("https://h/a/b.git", "--upload-pack=x", NULL);
    check_module("https://h/a/b.git", "ext::sh", NULL);
    check_module("git@h:a/b.git", "../c.git", "git@h:a/c.git");
    check_module("git@h:b.git", "../c.git", "git@h:c.git");
    check_module("/srv/git/b.git", "../c.git", "/srv/git/c.git");
    check_module("/srv/git/b.git", "/srv/git/c.git", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_told_apart),
        cmocka_unit_test(references_are_names),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(state_lies_beside_the_ledger),
        cmocka_unit_test(paths_stay_where_they_are),
        cmocka_unit_test(lists_come_in_pieces),
        cmocka_unit_test(what_a_commit_may_not_hold),
        cmocka_unit_test(files_are_written_as_they_are),
        cmocka_unit_test(what_git_sends_must_be_what_was_listed),
        cmocka_unit_test(links_stay_inside),
        cmocka_unit_test(links_do_not_take_for_ever),
        cmocka_unit_test(git_sees_nothing_of_the_host),
        cmocka_unit_test(passwords_go_by_memory_to_one_server),
        cmocka_unit_test(ssh_is_told_whom_to_trust),
        cmocka_unit_test(submodules_lead_nowhere_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
