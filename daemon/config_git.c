#include "daemon/config_git.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/file.h"

enum {
    BLOCK,
    URL,
    REF,
    PATH,
    INTERVAL,
    TIMEOUT,
    DEPTH,
    MAX_SIZE,
    MAX_FILES,
    SUBMODULES,
    CA_FILE,
    CREDENTIALS,
    USERNAME,
    PASSWORD,
    SSH_KEY,
    KNOWN_HOSTS,
    VERIFY,
    SIGNERS,
    KEYRING,
    ROWS
};

enum { SOURCE = 1, LOGIN, TRUST }; /* groups; the first is shared with manifests.path */

/* clang-format off */
const struct field config_git_rows[CONFIG_GIT_ROWS] = {
    [BLOCK]       = { .yaml = "manifests.git", .type = F_BLOCK, .group = SOURCE,
                      .doc = "a Git repository of manifests" },
    [URL]         = { .yaml = "manifests.git.url", .type = F_STRING, .min = 1, .max = 2048,
                      .flags = REQUIRED,
                      .doc = "https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH" },
    [REF]         = { .yaml = "manifests.git.ref", .type = F_STRING, .min = 1, .max = 250,
                      .doc = "a branch, a tag, refs/… or a commit id; the remote's HEAD when "
                             "left out" },
    [PATH]        = { .yaml = "manifests.git.path", .type = F_STRING, .min = 1, .max = 1024,
                      .doc = "the folder of manifests in the repository; all of it when left out" },
    [INTERVAL]    = { .yaml = "manifests.git.interval", .type = F_STRING, .min = 1, .max = 64,
                      .doc = "time between looks at the repository: 1m, 30s" },
    [TIMEOUT]     = { .yaml = "manifests.git.timeout", .type = F_STRING, .min = 1, .max = 64,
                      .doc = "after which a run of git is ended: 1m" },
    [DEPTH]       = { .yaml = "manifests.git.depth", .type = F_INTEGER, .min = 1, .max = 100000,
                      .doc = "commits of history to fetch" },
    [MAX_SIZE]    = { .yaml = "manifests.git.maxSize", .type = F_STRING, .min = 1, .max = 32,
                      .doc = "of all files of a commit; larger ones are refused: 64MiB" },
    [MAX_FILES]   = { .yaml = "manifests.git.maxFiles", .type = F_INTEGER, .min = 1,
                      .max = 1000000, .doc = "files and folders of a commit; more are refused" },
    [SUBMODULES]  = { .yaml = "manifests.git.submodules", .type = F_BOOLEAN,
                      .doc = "fetch submodules, too" },
    [CA_FILE]     = { .yaml = "manifests.git.caFile", .type = F_STRING, .min = 1, .max = PATH_MAX,
                      .doc = "certificates (PEM) that the server's is checked against" },
    [CREDENTIALS] = { .yaml = "manifests.git.credentials", .type = F_BLOCK,
                      .doc = "how to get in" },
    [USERNAME]    = { .yaml = "manifests.git.credentials.username", .type = F_STRING, .min = 1,
                      .max = 255, .doc = "goes with the password; git when left out" },
    [PASSWORD]    = { .yaml = "manifests.git.credentials.password", .type = F_SECRET,
                      .flags = GROUP_MUST, .group = LOGIN,
                      .doc = "password or token for https" },
    [SSH_KEY]     = { .yaml = "manifests.git.credentials.sshKey", .type = F_SECRET,
                      .flags = GROUP_MUST, .group = LOGIN,
                      .doc = "private key for ssh, without a passphrase" },
    [KNOWN_HOSTS] = { .yaml = "manifests.git.credentials.knownHosts", .type = F_STRING, .min = 1,
                      .max = PATH_MAX, .doc = "keys of the ssh servers, as ssh-keyscan prints "
                                              "them" },
    [VERIFY]      = { .yaml = "manifests.git.verify", .type = F_BLOCK,
                      .doc = "take signed commits only" },
    [SIGNERS]     = { .yaml = "manifests.git.verify.signers", .type = F_STRING, .min = 1,
                      .max = PATH_MAX, .flags = GROUP_MUST, .group = TRUST,
                      .doc = "who may sign with ssh keys: a file of allowed signers, see "
                             "ssh-keygen(1)" },
    [KEYRING]     = { .yaml = "manifests.git.verify.keyring", .type = F_STRING, .min = 1,
                      .max = PATH_MAX, .flags = GROUP_MUST, .group = TRUST,
                      .doc = "GPG public keys of those who may sign" },
};
/* clang-format on */

_Static_assert((int)ROWS == (int)CONFIG_GIT_ROWS, "a row is missing or too many");

/* What is being checked: findings point into `y`. */
struct reading {
    struct yaml_file *y;
    const struct node *root;
    const struct value *values;
    const char *folder;
};

static bool is_set(const struct reading *r, size_t row)
{
    return r->values[row].state == V_SET;
}

static const struct node *node_of(const struct reading *r, size_t row)
{
    return node_at(r->root, config_git_rows[row].yaml);
}

static const char *text_or(const struct reading *r, size_t row, const char *fallback)
{
    return is_set(r, row) ? r->values[row].s : fallback;
}

static void refuse(const struct reading *r, size_t row, const char *why, const char *hint)
{
    node_error(r->y, node_of(r, row), "`%s` %s", config_git_rows[row].yaml, why);
    if (hint)
        diag_hint(r->y->diags, "%s", hint);
}

static void warn(const struct reading *r, size_t row, const char *why)
{
    diag_warning(r->y->diags, r->values[row].pos, "`%s`: %s", config_git_rows[row].yaml, why);
}

static const struct {
    const char *name;
    uint64_t size;
} sizes[] = { { "", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 } };

bool size_parse(const char *text, uint64_t *out)
{
    size_t n = strspn(text, "0123456789");
    char *digits = xstrndup(text, n);
    int64_t amount = 0;
    bool number = n <= 10 && parse_int64(digits, &amount);

    free(digits);
    for (size_t i = 0; number && i < ARRAY_LEN(sizes); i++) {
        if (streq(text + n, sizes[i].name)) {
            *out = (uint64_t)amount * sizes[i].size;
            return true;
        }
    }
    return false;
}

bool git_is_commit_id(const char *text)
{
    size_t n = strlen(text);

    return (n == 40 || n == 64) && strspn(text, "0123456789abcdef") == n;
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && streq(s + n - m, end);
}

/* As git-check-ref-format(1) has it; nothing that a pattern, a revision or an
 * option could be taken for. */
bool git_ref_valid(const char *ref)
{
    static const char *const nowhere[] = { "..", "@{", "//", "/.", ".lock/" };

    if (strchr("-/.", ref[0]) || streq(ref, "@") || strpbrk(ref, " ~^:?*[\\"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++) {
        if (strstr(ref, nowhere[i]))
            return false;
    }
    for (const char *c = ref; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    }
    return !ends_with(ref, "/") && !ends_with(ref, ".") && !ends_with(ref, ".lock");
}

static const struct {
    const char *prefix;
    enum git_scheme scheme;
} schemes[] = {
    { "https://", GIT_HTTPS }, { "http://", GIT_HTTP }, { "ssh://", GIT_SSH },
    { "file:///", GIT_LOCAL }, { "/", GIT_LOCAL },
};

static const char *const not_taken = "must be https://HOST/PATH, ssh://USER@HOST/PATH, "
                                     "USER@HOST:PATH or an absolute path";

/* "git@host:path": what stands before the colon is user and host. */
static bool is_short_ssh(const char *url)
{
    size_t n = strcspn(url, "/:");

    return url[n] == ':' && n > 0 && url[n + 1] && url[n + 1] != ':' && url[n + 1] != '-' &&
           !starts_with(url + n, "://");
}

/* Of "user@host:port"; what git or ssh could take for an option, or for
 * something else than a host, is none. */
static const char *authority_problem(enum git_scheme scheme, const char *s, size_t n)
{
    const char *at = memchr(s, '@', n), *host = at ? at + 1 : s;
    const char *colon = at ? memchr(s, ':', (size_t)(at - s)) : NULL;

    if (colon || (at && scheme != GIT_SSH))
        return "holds a user name or password, which everybody who sees it would know";
    if ((size_t)(host - s) >= n || *host == '-' || *host == ':' || s[0] == '-' || s[0] == '@')
        return not_taken;
    return NULL;
}

bool git_url_scheme(const char *url, enum git_scheme *scheme, const char **problem)
{
    *problem = not_taken;
    for (const char *c = url; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"'`\\<>|", *c))
            return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t n = strlen(schemes[i].prefix);
        if (strncasecmp(url, schemes[i].prefix, n) != 0)
            continue;
        *scheme = schemes[i].scheme;
        *problem = NULL;
        if (*scheme != GIT_LOCAL)
            *problem = authority_problem(*scheme, url + n, strcspn(url + n, "/?#"));
        return !*problem;
    }
    if (!is_short_ssh(url))
        return false;
    *scheme = GIT_SSH;
    *problem = authority_problem(GIT_SSH, url, strcspn(url, ":"));
    return !*problem;
}

static void check_url(const struct reading *r, enum git_scheme *scheme)
{
    const char *url = r->values[URL].s, *problem;

    if (!git_url_scheme(url, scheme, &problem)) {
        /* Whatever it is, it may hold a password. */
        if (strchr(url, '@'))
            node_hide(r->y, node_of(r, URL));
        refuse(r, URL, problem,
               strchr(url, '@') ? "the user and the secret belong into "
                                  "`manifests.git.credentials`"
                                : NULL);
        return;
    }
    const char *host = url + strlen("http://");
    if (*scheme == GIT_HTTP && strncmp(host, "127.", 4) != 0 && strncmp(host, "[::1]", 5) != 0 &&
        strncasecmp(host, "localhost", 9) != 0)
        warn(r, URL, "http shows manifests and password to everybody on the way; use https");
}

static void check_path(const struct reading *r)
{
    const char *path = text_or(r, PATH, ".");
    char *framed = xasprintf("/%s/", path);

    if (path[0] == '/' || strstr(framed, "/../") || strstr(framed, "//"))
        refuse(r, PATH, "must be the path of a folder in the repository, like estate/prod", NULL);
    free(framed);
}

static msec duration(const struct reading *r, size_t row, msec fallback, msec most)
{
    msec out = fallback;

    if (!is_set(r, row))
        return fallback;
    if (!duration_parse(r->values[row].s, &out))
        refuse(r, row, "is no duration", "durations are written 30s, 5m or 1h30m");
    else if (out < 1000 || out > most)
        refuse(r, row, most > 3600000 ? "must be between 1s and 7d" : "must be between 1s and 1h",
               NULL);
    return out;
}

static uint64_t size(const struct reading *r)
{
    uint64_t out = 64U << 20;

    if (is_set(r, MAX_SIZE) && !size_parse(r->values[MAX_SIZE].s, &out))
        refuse(r, MAX_SIZE, "is no size", "sizes are written 512KiB, 64MiB or 1GiB");
    else if (out < 1024 || out > UINT64_C(4) << 30)
        refuse(r, MAX_SIZE, "must be between 1KiB and 4GiB", NULL);
    return out;
}

static char *file_of(const struct reading *r, size_t row)
{
    char *path = is_set(r, row) ? file_below(r->folder, r->values[row].s) : NULL;

    if (path && access(path, R_OK) != 0) {
        char *why = xasprintf("%s: %s", path, strerrordesc_np(errno));
        warn(r, row, why);
        free(why);
    }
    return path;
}

static struct secret_setting secret_of(const struct reading *r, size_t row)
{
    struct secret_ref ref;

    if (!is_set(r, row) || !secret_ref_of(r->values[row].json, &ref))
        return (struct secret_setting){ 0 };
    return (struct secret_setting){ ref.source, ref.source == SECRET_FILE
                                                    ? file_below(r->folder, ref.name)
                                                    : xstrdup(ref.name) };
}

/* What the way to the repository cannot use must not look as if it were used. */
static void check_credentials(const struct reading *r, enum git_scheme scheme)
{
    static const size_t of_http[] = { USERNAME, PASSWORD, CA_FILE };
    static const size_t of_ssh[] = { SSH_KEY, KNOWN_HOSTS };
    bool http = scheme == GIT_HTTPS || scheme == GIT_HTTP;

    for (size_t i = 0; !http && i < ARRAY_LEN(of_http); i++) {
        if (is_set(r, of_http[i]))
            refuse(r, of_http[i], "is of no use: the url is not https", NULL);
    }
    for (size_t i = 0; scheme != GIT_SSH && i < ARRAY_LEN(of_ssh); i++) {
        if (is_set(r, of_ssh[i]))
            refuse(r, of_ssh[i], "is of no use: the url is not ssh", NULL);
    }
    if (scheme == GIT_SSH && !(is_set(r, SSH_KEY) && is_set(r, KNOWN_HOSTS)))
        refuse(r, URL, "is ssh, which needs `credentials.sshKey` and `credentials.knownHosts`",
               "ssh-keyscan HOST prints what belongs into the file of known hosts; compare it "
               "with what the server's owner publishes");
}

/* Without a slash at its end, "." and "./" as ".". */
static char *plain_path(const char *path)
{
    while (starts_with(path, "./"))
        path += 2;
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] == '/')
        n--;
    return n ? xstrndup(path, n) : xstrdup(".");
}

static struct git_setting *setting_of(const struct reading *r, enum git_scheme scheme)
{
    struct git_setting *s = xcalloc(1, sizeof(*s));

    s->refs = 1;
    s->url = xstrdup(text_or(r, URL, ""));
    s->scheme = scheme;
    s->ref = xstrdup(text_or(r, REF, "HEAD"));
    s->path = plain_path(text_or(r, PATH, "."));
    s->interval = duration(r, INTERVAL, 60000, 7 * 86400000LL);
    s->timeout = duration(r, TIMEOUT, 60000, 3600000);
    s->depth = is_set(r, DEPTH) ? (unsigned)r->values[DEPTH].i : 1;
    s->max_size = size(r);
    s->max_files = is_set(r, MAX_FILES) ? (unsigned)r->values[MAX_FILES].i : 10000;
    s->submodules = is_set(r, SUBMODULES) && r->values[SUBMODULES].i;
    s->username = xstrdup(text_or(r, USERNAME, "git"));
    s->password = secret_of(r, PASSWORD);
    s->ssh_key = secret_of(r, SSH_KEY);
    s->known_hosts = file_of(r, KNOWN_HOSTS);
    s->ca_file = file_of(r, CA_FILE);
    s->signers = file_of(r, SIGNERS);
    s->keyring = file_of(r, KEYRING);
    return s;
}

struct git_setting *config_git(struct yaml_file *y, const struct node *root,
                               const struct value *values, const char *folder)
{
    const struct reading r = { y, root, values, folder };
    size_t errors = y->diags->errors;
    enum git_scheme scheme = GIT_SCHEMES;

    if (!is_set(&r, BLOCK) || !is_set(&r, URL))
        return NULL;
    check_url(&r, &scheme);
    if (!git_ref_valid(text_or(&r, REF, "HEAD")))
        refuse(&r, REF, "is no name that Git allows for a branch or tag", NULL);
    check_path(&r);
    if (scheme != GIT_SCHEMES)
        check_credentials(&r, scheme);
    struct git_setting *s = setting_of(&r, scheme);
    if (y->diags->errors == errors)
        return s;
    git_setting_free(s);
    return NULL;
}

struct git_setting *git_setting_ref(struct git_setting *s)
{
    s->refs++;
    return s;
}

void git_setting_free(struct git_setting *s)
{
    if (!s || --s->refs > 0)
        return;
    free(s->url);
    free(s->ref);
    free(s->path);
    free(s->username);
    free(s->password.name);
    free(s->ssh_key.name);
    free(s->known_hosts);
    free(s->ca_file);
    free(s->signers);
    free(s->keyring);
    free(s);
}

static bool same_secret(const struct secret_setting *a, const struct secret_setting *b)
{
    return a->source == b->source && streq(a->name, b->name);
}

static bool same_texts(const struct git_setting *a, const struct git_setting *b)
{
    const char *const pairs[][2] = {
        { a->url, b->url },         { a->ref, b->ref },
        { a->path, b->path },       { a->username, b->username },
        { a->ca_file, b->ca_file }, { a->known_hosts, b->known_hosts },
        { a->signers, b->signers }, { a->keyring, b->keyring },
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (!streq(pairs[i][0], pairs[i][1]))
            return false;
    }
    return true;
}

bool git_setting_equal(const struct git_setting *a, const struct git_setting *b)
{
    if (!a || !b)
        return a == b;
    return same_texts(a, b) && a->interval == b->interval && a->timeout == b->timeout &&
           a->depth == b->depth && a->max_size == b->max_size && a->max_files == b->max_files &&
           a->submodules == b->submodules && same_secret(&a->password, &b->password) &&
           same_secret(&a->ssh_key, &b->ssh_key);
}

char *git_folder(const char *ledger)
{
    size_t n = strlen(ledger);
    bool suffix = n > 3 && streq(ledger + n - 3, ".db");

    return xasprintf("%.*s.git", (int)(suffix ? n - 3 : n), ledger);
}

char *git_manifests(const char *folder, const struct git_setting *s)
{
    bool all = streq(s->path, ".");

    return xasprintf("%s/current%s%s", folder, all ? "" : "/", all ? "" : s->path);
}
