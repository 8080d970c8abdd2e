/* What dctd meets on this host: git, systemd, and who listens on its sockets. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "daemon/client.h"
#include "daemon/config_git.h"
#include "daemon/doctor_parts.h"
#include "daemon/env.h"
#include "daemon/git_run.h"
#include "daemon/socket.h"
#include "daemon/store.h"

enum { OUTPUT_MAX = 4096, SECOND_USEC = 1000000 };

/* What `git --version` says, or why it does not. */
struct asked {
    struct buf said;
    bool over, good, missing;
    char *why;
};

static bool on_output(void *ctx, const char *data, size_t n)
{
    struct asked *a = ctx;

    return buf_add(&a->said, data, n);
}

static void on_done(void *ctx, const struct git_outcome *o)
{
    struct asked *a = ctx;

    a->over = true;
    a->good = o->good;
    a->missing = o->missing;
    a->why = xstrdup(*o->said ? o->said : o->late ? "no answer in time" : "it left with an error");
}

static void ask_git(struct doctor *d, struct asked *a)
{
    static const char *const args[] = { "--version", NULL };
    const char *path = env_get("PATH");
    char *var = xasprintf("PATH=%s", path ? path : "/usr/bin:/bin");
    char *const env[] = { var, NULL };
    const struct git_order order = { .program = "git",
                                     .args = args,
                                     .env = env,
                                     .timeout = DOCTOR_PATIENCE,
                                     .output = on_output,
                                     .done = on_done,
                                     .ctx = a };

    (void)git_run(&d->loop, &order);
    while (!a->over)
        (void)uv_run(&d->loop, UV_RUN_ONCE);
    free(var);
}

/* The whole way of a commit: remote, credentials, signature, size, tree. */
static void check_remote(struct doctor *d)
{
    const struct git_setting *g = d->config->git;
    char *error = NULL;

    d->checkout = git_now(d->config, false, &error);
    if (d->checkout) {
        doctor_say(d, VERDICT_OK, "%s has %s at %.12s%s", g->url, g->ref, d->checkout->commit,
                   g->signers || g->keyring ? ", rightly signed" : "");
    } else {
        doctor_say(d, VERDICT_FAIL, "%s", error);
        doctor_next(d, "the last good commit stays in force; correct manifests.git, or the "
                       "repository");
    }
    free(error);
}

void check_git(struct doctor *d)
{
    struct asked a = { .said = BUF_WITH_LIMIT(OUTPUT_MAX) };
    bool wanted = d->config->git;

    ask_git(d, &a);
    int n = (int)strcspn(buf_text(&a.said), "\n");
    if (a.good)
        doctor_say(d, VERDICT_OK, "%s%.*s", wanted ? "" : "not used: manifests.git is not set; ", n,
                   buf_text(&a.said));
    else
        doctor_say(d, wanted ? VERDICT_FAIL : VERDICT_OK, "%s%s%s",
                   wanted ? "" : "not used: manifests.git is not set; ",
                   a.missing ? "there is no program git" : "git: ", a.missing ? "" : a.why);
    if (!a.good && wanted)
        doctor_next(d, "install git, or fill the manifests in another way (manifests.path)");
    if (a.good && wanted)
        check_remote(d);
    buf_clear(&a.said);
    free(a.why);
}

/* The unit that a running dctd belongs to, else the one that packages bring. */
static char *unit_name(const struct doctor *d)
{
    int64_t pid = d->config ? store_holder(d->config->ledger) : 0;
    char *unit = NULL;

    if (pid > 0 && sd_pid_get_unit((pid_t)pid, &unit) >= 0 && strstr(unit, ".service"))
        return unit;
    free(unit);
    return xstrdup("dctd.service");
}

struct unit_state {
    char *load, *active, *sub;
    uint64_t watchdog; /* microseconds */
};

/* Hosts without a message bus have a socket of systemd's own, for root. */
static int open_manager(sd_bus **bus)
{
    int code = sd_bus_open_system(bus);

    if (code >= 0)
        return code;
    code = sd_bus_new(bus);
    if (code >= 0)
        code = sd_bus_set_address(*bus, "unix:path=/run/systemd/private");
    return code < 0 ? code : sd_bus_start(*bus);
}

/* False where systemd does not tell; *why (borrowed) says why. */
static bool ask_systemd(const char *unit, struct unit_state *s, const char **why)
{
    static const char manager[] = "org.freedesktop.systemd1";
    static const char of_unit[] = "org.freedesktop.systemd1.Unit";
    sd_bus *bus = NULL;
    char *path = NULL;
    int code = open_manager(&bus);

    if (code >= 0)
        (void)sd_bus_set_method_call_timeout(bus, (uint64_t)DOCTOR_PATIENCE * 1000);
    if (code >= 0)
        code = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
    if (code >= 0)
        code = sd_bus_get_property_string(bus, manager, path, of_unit, "LoadState", NULL, &s->load);
    if (code >= 0)
        code = sd_bus_get_property_string(bus, manager, path, of_unit, "ActiveState", NULL,
                                          &s->active);
    if (code >= 0)
        code = sd_bus_get_property_string(bus, manager, path, of_unit, "SubState", NULL, &s->sub);
    if (code >= 0) /* a unit that is not loaded has none */
        (void)sd_bus_get_property_trivial(bus, manager, path, "org.freedesktop.systemd1.Service",
                                          "WatchdogUSec", NULL, 't', &s->watchdog);
    free(path);
    (void)sd_bus_flush_close_unref(bus);
    *why = code < 0 ? strerrordesc_np(-code) : NULL;
    return code >= 0;
}

static void say_unit(struct doctor *d, const char *unit, const struct unit_state *s)
{
    bool watched = s->watchdog > 0 && s->watchdog < UINT64_MAX;

    if (streq(s->load, "not-found")) {
        doctor_say(d, VERDICT_WARN, "there is no unit %s on this host", unit);
        doctor_next(d, "install the package, or run `make install`, where dctd is to be a service");
    } else if (streq(s->active, "failed")) {
        doctor_say(d, VERDICT_FAIL, "%s has failed", unit);
        doctor_next(d, "`journalctl -eu %s` says why", unit);
    } else if (streq(s->active, "inactive")) {
        doctor_say(d, VERDICT_WARN, "%s is not running", unit);
        doctor_next(d, "systemctl enable --now %s", unit);
    } else if (!watched) {
        doctor_say(d, VERDICT_WARN, "%s is %s (%s), but nobody notices if it hangs", unit,
                   s->active, s->sub);
        doctor_next(d, "set WatchdogSec= in the unit, as the shipped one does");
    } else {
        doctor_say(d, VERDICT_OK, "%s is %s (%s), with a watchdog of %" PRIu64 " s", unit,
                   s->active, s->sub, s->watchdog / SECOND_USEC);
    }
}

void check_systemd(struct doctor *d)
{
    struct unit_state s = { 0 };
    const char *why = NULL;
    char *unit = unit_name(d);

    if (sd_booted() <= 0) {
        doctor_say(d, VERDICT_OK, "not used: this host was not started by systemd");
    } else if (ask_systemd(unit, &s, &why)) {
        say_unit(d, unit, &s);
    } else {
        doctor_say(d, VERDICT_WARN, "systemd cannot be asked about %s: %s", unit, why);
        doctor_next(d, "`systemctl status %s` may know", unit);
    }
    free(s.load);
    free(s.active);
    free(s.sub);
    free(unit);
}

/* Connects to a unix socket: 0, and who listens; else errno. */
static int knock(const char *path, struct ucred *listener)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    socklen_t n = sizeof(*listener);
    int code = 0;

    if (strlen(path) > SOCKET_PATH_MAX)
        return ENAMETOOLONG;
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, listener, &n) != 0)
        code = errno;
    (void)close(fd);
    return code;
}

enum { ANSWER_LIMIT = 5000 };

/* What the service that listens there says is wrong with the whole; NULL: nothing,
 * or it does not say. Owned. */
static char *service_trouble(const char *path)
{
    const struct question q = { .method = "GET", .path = "/api/v1/status", .limit = ANSWER_LIMIT };
    char *error = NULL, *trouble = NULL;
    OWNED(client) client = client_new(&(struct client_options){ .socket = path }, &error);
    cJSON *reply = NULL;

    if (client && client_ask(client, &q, &reply, &error) == CLIENT_GOOD &&
        json_text(reply, "trouble"))
        trouble = xstrdup(json_text(reply, "trouble"));
    cJSON_Delete(reply);
    free(error);
    return trouble;
}

static void say_listening(struct doctor *d, const char *path, pid_t listener)
{
    char *trouble = service_trouble(path);

    if (trouble) {
        doctor_say(d, VERDICT_WARN, "%s: pid %ld listens there, and tells: %s", path,
                   (long)listener, trouble);
        doctor_next(d, "`dctd status` and its log tell more");
    } else {
        doctor_say(d, VERDICT_OK, "%s: pid %ld listens there", path, (long)listener);
    }
    free(trouble);
}

void check_control(struct doctor *d)
{
    const char *path = d->config->control;
    int64_t holder = store_holder(d->config->ledger);
    struct ucred listener = { 0 };

    if (!path) {
        doctor_say(d, VERDICT_OK, "off: no control socket is configured");
        return;
    }
    int code = knock(path, &listener);
    if (code == 0) {
        say_listening(d, path, listener.pid);
    } else if (code != ENOENT && code != ECONNREFUSED) {
        doctor_say(d, VERDICT_WARN, "%s: %s", path, strerrordesc_np(code));
        doctor_next(d, "who may use it: root, the service's user, and (to read) its group");
    } else if (holder) {
        doctor_say(d, VERDICT_WARN, "dctd pid %" PRId64 " runs, but does not listen on %s", holder,
                   path);
        doctor_next(d, "its log says why; was the configuration changed since it started?");
    } else {
        doctor_say(d, VERDICT_OK, "%s: nobody listens there, for no dctd runs", path);
    }
}

/* Tries to listen there: 0, or errno. Nothing is accepted. */
static int try_address(const struct sockaddr_storage *at, socklen_t n)
{
    int fd = socket(at->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, code = 0;

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)at, n) != 0 || listen(fd, 1) != 0)
        code = errno;
    (void)close(fd);
    return code;
}

void check_status(struct doctor *d)
{
    const char *address = d->config->status.listen;
    int64_t holder = store_holder(d->config->ledger);
    struct sockaddr_storage at;
    socklen_t n = address ? socket_address(address, &at) : 0;

    if (!address || n == 0) {
        doctor_say(d, VERDICT_OK, "off: status.listen is not set");
        return;
    }
    int code = try_address(&at, n);
    if (code == 0 && holder) {
        doctor_say(d, VERDICT_WARN, "dctd pid %" PRId64 " runs, but does not listen on %s", holder,
                   address);
        doctor_next(d, "its log says why; was the configuration changed since it started?");
    } else if (code == 0) {
        doctor_say(d, VERDICT_OK, "%s is free, for no dctd runs", address);
    } else if (code == EADDRINUSE && holder) {
        doctor_say(d, VERDICT_OK, "%s is in use while dctd pid %" PRId64 " runs", address, holder);
    } else {
        doctor_say(d, VERDICT_FAIL, "%s: %s", address,
                   code == EADDRINUSE ? "another program listens there" : strerrordesc_np(code));
        doctor_next(d, code == EADDRINUSE ? "`ss -ltnp` says which; or choose another status.listen"
                                          : "choose an address of this host in status.listen");
    }
}
