/* What dctd meets on this host: git, systemd, and who listens on its sockets. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "daemon/app.h"
#include "daemon/config_git.h"
#include "daemon/doctor_parts.h"
#include "daemon/env.h"
#include "daemon/socket.h"
#include "daemon/store.h"

enum { OUTPUT_MAX = 64 << 10, SECOND_USEC = 1000000 };

/* Reads until the other end is closed, or time is up (false). */
static bool read_all(int fd, struct buf *out)
{
    msec end = app_now() + DOCTOR_PATIENCE;
    char part[4096];

    for (;;) {
        msec left = end - app_now();
        struct pollfd p = { .fd = fd, .events = POLLIN };
        if (left <= 0 || poll(&p, 1, (int)left) == 0)
            return false;
        ssize_t n = read(fd, part, sizeof(part));
        if (n <= 0)
            return true;
        buf_add(out, part, (size_t)n);
    }
}

/* The first line of what a program says, on either stream; owned. `*status` is
 * its exit status, -1 where it did not run or not end in time. */
static char *first_line(const char *const *argv, char *const *environment, int *status)
{
    struct buf out = BUF_WITH_LIMIT(OUTPUT_MAX);
    posix_spawn_file_actions_t actions;
    int pipe_ends[2], code = -1;
    pid_t pid;

    *status = -1;
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return xstrdup(strerrordesc_np(errno));
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDERR_FILENO);
    int failed =
        posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)close(pipe_ends[1]);
    if (failed) {
        buf_puts(&out, strerrordesc_np(failed));
    } else {
        bool in_time = read_all(pipe_ends[0], &out);
        if (!in_time)
            (void)kill(pid, SIGKILL);
        if (waitpid(pid, &code, 0) == pid && in_time && WIFEXITED(code))
            *status = WEXITSTATUS(code);
        if (!in_time)
            buf_puts(&out, "no answer in time");
    }
    (void)close(pipe_ends[0]);
    char *text = buf_take(&out);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

void check_git(struct doctor *d)
{
    static const char *const version[] = { "git", "--version", NULL };
    int status;
    char *text = first_line(version, environ, &status);
    const struct git_setting *g = d->config->git;

    if (status == 0 && !g) {
        doctor_say(d, VERDICT_OK, "not used: manifests.git is not set; %s is here", text);
    } else if (status == 0) {
        doctor_say(d, VERDICT_OK, "%s", text);
    } else {
        doctor_say(d, g ? VERDICT_FAIL : VERDICT_OK, "%sthere is no program git: %s",
                   g ? "" : "not used: manifests.git is not set; ", text);
        if (g)
            doctor_next(d, "install git, or fill the manifests in another way (manifests.path)");
    }
    free(text);
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

/* False where systemd does not tell; *why (borrowed) says why. */
static bool ask_systemd(const char *unit, struct unit_state *s, const char **why)
{
    static const char manager[] = "org.freedesktop.systemd1";
    static const char of_unit[] = "org.freedesktop.systemd1.Unit";
    sd_bus *bus = NULL;
    char *path = NULL;
    int code = sd_bus_open_system(&bus);

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

void check_control(struct doctor *d)
{
    const char *path = d->config->control;
    int64_t holder = store_holder(d->config->ledger);
    struct ucred listener;

    if (!path) {
        doctor_say(d, VERDICT_OK, "off: no control socket is configured");
        return;
    }
    int code = knock(path, &listener);
    if (code == 0) {
        doctor_say(d, VERDICT_OK, "%s: pid %ld listens there", path, (long)listener.pid);
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
