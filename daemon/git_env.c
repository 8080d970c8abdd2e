#include "daemon/git_env.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/env.h"
#include "daemon/file.h"

enum {
    KNOWN_HOSTS_MAX = 1 << 20,
    FIRST_FD = 3,
    SPARE_MEMORY = 64 << 20, /* of one allocation, beside a file of the largest size */
};

/* What git would otherwise take from /etc/gitconfig, a home or the repository. */
static const struct {
    const char *key, *value;
} settings[] = {
    { "core.hooksPath", "/dev/null" },
    { "core.attributesFile", "/dev/null" },
    { "core.excludesFile", "/dev/null" },
    { "core.fsmonitor", "false" },
    { "core.protectHFS", "true" },
    { "core.protectNTFS", "true" },
    { "core.askPass", "" },
    /* Memory: larger objects are streamed, packs are looked at in pieces. */
    { "core.bigFileThreshold", "1m" },
    { "core.packedGitWindowSize", "16m" },
    { "core.packedGitLimit", "64m" },
    { "core.deltaBaseCacheLimit", "16m" },
    { "pack.threads", "1" },
    { "transfer.fsckObjects", "true" },
    { "fetch.fsckObjects", "true" },
    /* Flaws of old programs that hurt nobody. */
    { "fetch.fsck.zeroPaddedFilemode", "ignore" },
    { "fetch.fsck.badTimezone", "ignore" },
    { "fetch.fsck.missingSpaceBeforeDate", "ignore" },
    { "transfer.unpackLimit", "1" },
    { "fetch.unpackLimit", "1" },
    { "transfer.bundleURI", "false" },
    { "fetch.recurseSubmodules", "false" },
    { "fetch.writeCommitGraph", "false" },
    { "fetch.showForcedUpdates", "false" },
    { "submodule.recurse", "false" },
    { "gc.auto", "0" },
    { "maintenance.auto", "false" },
    { "protocol.allow", "never" },
    { "protocol.version", "2" },
    { "http.lowSpeedLimit", "100" },
    { "http.lowSpeedTime", "30" },
    { "http.sslVerify", "true" },
    { "credential.helper", "" },
    { "gpg.x509.program", "/bin/false" },
    { "log.showSignature", "false" },
    { "advice.detachedHead", "false" },
};

static const char *const constants[] = {
    "LANG=C",
    "LC_ALL=C",
    "GIT_CONFIG_NOSYSTEM=1",
    "GIT_CONFIG_SYSTEM=/dev/null",
    "GIT_ATTR_NOSYSTEM=1",
    "GIT_TERMINAL_PROMPT=0",
    "GIT_ASKPASS=",
    "SSH_ASKPASS=/bin/false",
    "SSH_ASKPASS_REQUIRE=never",
    "GIT_SSH_VARIANT=ssh",
    "GIT_NO_REPLACE_OBJECTS=1",
    "GIT_NO_LAZY_FETCH=1",
    "GIT_PROTOCOL_FROM_USER=0",
    "GIT_OPTIONAL_LOCKS=0",
};

/* The way out to the network is the host's business. */
static const char *const handed_on[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                         "ALL_PROXY",  "no_proxy",    "NO_PROXY" };

static const char *const scheme_names[GIT_SCHEMES] = {
    [GIT_HTTPS] = "https", [GIT_HTTP] = "http", [GIT_SSH] = "ssh", [GIT_LOCAL] = "file"
};

static void add(struct git_env *e, char *taken)
{
    e->vars = grow(e->vars, e->n + 1, &e->cap, sizeof(char *));
    e->vars[e->n++] = taken;
    e->vars[e->n] = NULL;
}

static void set_git(struct git_env *e, const char *key, const char *value)
{
    add(e, xasprintf("GIT_CONFIG_KEY_%u=%s", e->settings, key));
    add(e, xasprintf("GIT_CONFIG_VALUE_%u=%s", e->settings, value));
    e->settings++;
}

const char *git_env_get(const struct git_env *e, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < e->n; i++) {
        if (strncmp(e->vars[i], name, n) == 0 && e->vars[i][n] == '=')
            return e->vars[i] + n + 1;
    }
    return NULL;
}

/* Memory with a descriptor, which only our own user can open by /proc. */
static int memory_of(const char *name, const struct buf *text, char **error)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    const char *data = buf_text(text);
    size_t left = text->n;

    while (fd >= 0 && left > 0) {
        ssize_t n = write(fd, data, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        data += n;
        left -= (size_t)n;
    }
    if (fd >= 0 && left == 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0)
        return fd;
    *error = xasprintf("cannot hand a secret to git: %s", strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* "https://host:port" of the address: nobody else gets the password. */
static char *origin_of(const char *url)
{
    size_t n = strcspn(url, ":") + strlen("://");

    return xstrndup(url, n + strcspn(url + n, "/?#"));
}

static bool get_secret(struct secrets *secrets, const struct secret_setting *from,
                       struct secret *out, char **error)
{
    const struct secret_ref ref = { from->source, from->name };

    return secrets_get(secrets, &ref, out, error);
}

/* Git runs the helper in a shell and appends what it wants, which `#` hides. */
static bool give_password(struct git_env *e, const struct git_setting *s, struct secrets *secrets,
                          char **error)
{
    struct buf text = BUF_WITH_LIMIT(SECRET_MAX + 1024);
    struct secret password;

    if (!get_secret(secrets, &s->password, &password, error))
        return false;
    if (strpbrk(password.data, "\r\n")) {
        *error = xstrdup("the password for Git is more than one line");
        return false;
    }
    buf_printf(&text, "username=%s\npassword=%s\n", s->username, password.data);
    int fd = memory_of("password", &text, error);
    if (text.data)
        explicit_bzero(text.data, text.n);
    buf_clear(&text);
    if (fd < 0)
        return false;
    e->fds[0] = fd;

    char *origin = origin_of(s->url), *key = xasprintf("credential.%s.helper", origin);
    char *helper = xasprintf("!exec cat /dev/fd/%d #", FIRST_FD);
    set_git(e, key, "");
    set_git(e, key, helper);
    free(helper);
    free(key);
    free(origin);
    return true;
}

static bool read_known_hosts(const char *path, struct buf *out, char **error)
{
    size_t n;
    char *text = file_read(path, KNOWN_HOSTS_MAX, &n, error);

    if (!text)
        return false;
    (void)buf_add(out, text, n);
    free(text);
    return true;
}

/* ssh closes what it inherits, so it opens both by the path of our own
 * descriptors, which holds no character that it or a shell would expand. */
static void set_ssh(struct git_env *e)
{
    long self = (long)getpid();

    add(e, xasprintf("GIT_SSH_COMMAND=ssh -F none -T -x -a"
                     " -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no"
                     " -o UserKnownHostsFile=/proc/%ld/fd/%d -o GlobalKnownHostsFile=/dev/null"
                     " -o IdentitiesOnly=yes -o IdentityAgent=none -o IdentityFile=/proc/%ld/fd/%d"
                     " -o PreferredAuthentications=publickey -o PasswordAuthentication=no"
                     " -o ControlMaster=no -o ControlPath=none -o ProxyCommand=none"
                     " -o PermitLocalCommand=no -o ClearAllForwardings=yes"
                     " -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=3",
                     self, e->fds[1], self, e->fds[0]));
}

static bool give_key(struct git_env *e, const struct git_setting *s, struct secrets *secrets,
                     char **error)
{
    struct buf hosts = BUF_WITH_LIMIT(KNOWN_HOSTS_MAX);
    struct buf text = BUF_WITH_LIMIT(SECRET_MAX + 2);
    struct secret key;

    if (!get_secret(secrets, &s->ssh_key, &key, error) ||
        !read_known_hosts(s->known_hosts, &hosts, error))
        return false;
    buf_printf(&text, "%s\n", key.data);
    e->fds[0] = memory_of("ssh-key", &text, error);
    explicit_bzero(text.data, text.n);
    buf_clear(&text);
    e->fds[1] = e->fds[0] < 0 ? -1 : memory_of("known-hosts", &hosts, error);
    buf_clear(&hosts);
    if (e->fds[1] < 0)
        return false;
    set_ssh(e);
    return true;
}

/* One kind of signature counts; the program of the other one is none. */
static void set_trust(struct git_env *e, const struct git_setting *s, const char *home)
{
    set_git(e, "gpg.program", s->keyring ? "gpg" : "/bin/false");
    set_git(e, "gpg.ssh.program", s->signers ? "ssh-keygen" : "/bin/false");
    if (s->signers)
        set_git(e, "gpg.ssh.allowedSignersFile", s->signers);
    add(e, xasprintf("GNUPGHOME=%s/gnupg", home));
}

static void set_places(struct git_env *e, const struct git_setting *s, const char *home)
{
    const char *path = env_get("PATH");

    add(e, xasprintf("PATH=%s", path && *path ? path : "/usr/local/bin:/usr/bin:/bin"));
    add(e, xasprintf("HOME=%s", home));
    add(e, xasprintf("TMPDIR=%s/tmp", home));
    add(e, xasprintf("GIT_CONFIG_GLOBAL=%s/config", home));
    add(e, xasprintf("GIT_ALLOW_PROTOCOL=%s", scheme_names[s->scheme]));
    add(e, xasprintf("GIT_ALLOC_LIMIT=%" PRIu64, s->max_size + SPARE_MEMORY));
}

bool git_env_open(struct git_env *e, const struct git_setting *s, const char *home,
                  struct secrets *secrets, char **error)
{
    *e = (struct git_env){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(constants); i++)
        add(e, xstrdup(constants[i]));
    for (size_t i = 0; i < ARRAY_LEN(handed_on); i++) {
        const char *value = env_get(handed_on[i]);
        if (value)
            add(e, xasprintf("%s=%s", handed_on[i], value));
    }
    set_places(e, s, home);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        set_git(e, settings[i].key, settings[i].value);
    char *allowed = xasprintf("protocol.%s.allow", scheme_names[s->scheme]);
    set_git(e, allowed, "always");
    free(allowed);
    if (s->ca_file)
        set_git(e, "http.sslCAInfo", s->ca_file);
    set_trust(e, s, home);
    bool good = (!s->password.name || give_password(e, s, secrets, error)) &&
                (!s->ssh_key.name || give_key(e, s, secrets, error));
    add(e, xasprintf("GIT_CONFIG_COUNT=%u", e->settings));
    return good;
}

void git_env_clear(struct git_env *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->vars[i]);
    free(e->vars);
    for (size_t i = 0; i < GIT_RUN_FDS; i++) {
        if (e->fds[i] > 0)
            (void)close(e->fds[i]);
    }
    *e = (struct git_env){ 0 };
}
