#include "daemon/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { SOCKET_MODE = 0660 };

static socklen_t ipv4(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

    if (strcasecmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return 0;
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}

static socklen_t ipv6(const char *host, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in6 in = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    size_t n = strlen(host);

    if (n < 2 || host[0] != '[' || host[n - 1] != ']')
        return 0;
    char *plain = xstrndup(host + 1, n - 2);
    bool good = inet_pton(AF_INET6, plain, &in.sin6_addr) == 1;
    free(plain);
    if (!good)
        return 0;
    memcpy(out, &in, sizeof(in));
    return sizeof(in);
}

socklen_t socket_address(const char *text, struct sockaddr_storage *out)
{
    const char *colon = strrchr(text, ':');
    int64_t port;

    if (!colon || !parse_int64(colon + 1, &port) || port < 0 || port > UINT16_MAX)
        return 0;
    char *host = xstrndup(text, (size_t)(colon - text));
    memset(out, 0, sizeof(*out));
    socklen_t n = ipv4(host, (uint16_t)port, out);
    if (n == 0)
        n = ipv6(host, (uint16_t)port, out);
    free(host);
    return n;
}

static struct sockaddr_in as_ipv4(const struct sockaddr_storage *address)
{
    struct sockaddr_in in;

    memcpy(&in, address, sizeof(in));
    return in;
}

static struct sockaddr_in6 as_ipv6(const struct sockaddr_storage *address)
{
    struct sockaddr_in6 in;

    memcpy(&in, address, sizeof(in));
    return in;
}

bool socket_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(as_ipv4(address).sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;

    struct sockaddr_in6 in = as_ipv6(address);
    return IN6_IS_ADDR_LOOPBACK(&in.sin6_addr);
}

static int fail(int fd, char **error, char *why)
{
    *error = why;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static int stream_socket(int family)
{
    return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Who listens there, NULL if nobody does; owned. */
static char *holder(const struct sockaddr_un *address)
{
    int fd = stream_socket(AF_UNIX);
    bool live = fd >= 0 && (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
                            errno == EAGAIN);
    struct ucred who = { 0 };
    socklen_t n = sizeof(who);
    char *text = NULL;

    if (live && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && who.pid > 0)
        text = xasprintf("process %ld", (long)who.pid);
    else if (live)
        text = xstrdup("another process");
    if (fd >= 0)
        (void)close(fd);
    return text;
}

/* Makes the path free, or says why that must not be. */
static bool clear_path(const struct sockaddr_un *address, char **error)
{
    const char *path = address->sun_path;
    struct stat st;

    if (lstat(path, &st) != 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        *error = xasprintf("control socket %s: a file that is no socket is in its place; "
                           "take it away or configure another `control`",
                           path);
        return false;
    }
    char *who = holder(address);
    if (who) {
        *error = xasprintf("control socket %s: %s listens there; is another dctd running? Give "
                           "each one a `control` of its own",
                           path, who);
        free(who);
        return false;
    }
    (void)unlink(path);
    return true;
}

int socket_listen_unix(const char *path, char **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = stream_socket(AF_UNIX);

    if (fd < 0 || strlen(path) > SOCKET_PATH_MAX)
        return fail(fd, error,
                    xasprintf("control socket %s: %s", path,
                              fd < 0 ? strerrordesc_np(errno) : "the path is too long"));
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (!clear_path(&address, error))
        return fail(fd, error, *error);

    /* Nobody gets in before it has the mode it is meant to have. */
    mode_t mask = umask(0777);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    int code = errno;
    (void)umask(mask);
    if (bound != 0)
        return fail(fd, error,
                    xasprintf("control socket %s: %s; does its folder exist, and may "
                              "dctd write there?",
                              path, strerrordesc_np(code)));
    if (chmod(path, SOCKET_MODE) != 0 || listen(fd, SOCKET_BACKLOG) != 0)
        return fail(fd, error, xasprintf("control socket %s: %s", path, strerrordesc_np(errno)));
    return fd;
}

int socket_listen_tcp(const char *text, char **error)
{
    const int one = 1;
    struct sockaddr_storage address;
    socklen_t n = socket_address(text, &address);
    int fd = n ? stream_socket(address.ss_family) : -1;

    if (fd < 0)
        return fail(fd, error,
                    xasprintf("status.listen %s: %s", text,
                              n ? strerrordesc_np(errno) : "is no ADDRESS:PORT"));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)&address, n) != 0 || listen(fd, SOCKET_BACKLOG) != 0)
        return fail(fd, error,
                    xasprintf("status.listen %s: %s%s", text, strerrordesc_np(errno),
                              errno == EADDRINUSE ? "; who listens there is shown by "
                                                    "`ss -ltnp`"
                                                  : ""));
    return fd;
}

int socket_passed(const char *name)
{
    char **names = NULL;
    int n = sd_listen_fds_with_names(0, &names), fd = -1;

    for (int i = 0; i < n; i++) {
        int passed = SD_LISTEN_FDS_START + i;

        if (fd < 0 && streq(names[i], name) && sd_is_socket(passed, AF_UNIX, SOCK_STREAM, 1) > 0)
            fd = fcntl(passed, F_DUPFD_CLOEXEC, 0);
        free(names[i]);
    }
    free(names);
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void address_text(const struct sockaddr_storage *address, char *out, socklen_t n)
{
    struct sockaddr_in in = as_ipv4(address);
    struct sockaddr_in6 in6 = as_ipv6(address);
    const void *raw =
        address->ss_family == AF_INET ? (const void *)&in.sin_addr : (const void *)&in6.sin6_addr;

    if (!inet_ntop(address->ss_family, raw, out, n))
        (void)snprintf(out, n, "?");
}

char *socket_name(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t n = sizeof(address);
    char text[PEER_TEXT];

    (void)getsockname(fd, (struct sockaddr *)&address, &n);
    address_text(&address, text, sizeof(text));
    bool six = address.ss_family == AF_INET6;
    return xasprintf(six ? "[%s]:%u" : "%s:%u", text, ntohs(as_ipv4(&address).sin_port));
}

/* Names of users are not looked up: that may take a network, and the loop waits. */
static bool local_peer(int fd, struct peer *out)
{
    struct ucred who;
    socklen_t n = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
        return false;
    (void)snprintf(out->text, sizeof(out->text), "uid %u%s", who.uid,
                   who.uid == 0           ? " (root)"
                   : who.uid == geteuid() ? " (the service)"
                                          : "");
    memcpy(out->key, &who.uid, sizeof(who.uid));
    out->trusted = who.uid == 0 || who.uid == geteuid();
    return true;
}

/* One network of the smallest size that is given to a customer counts as one. */
static void network_key(const struct sockaddr_storage *address, struct peer *out)
{
    struct sockaddr_in in = as_ipv4(address);
    struct sockaddr_in6 in6 = as_ipv6(address);

    if (address->ss_family == AF_INET)
        memcpy(out->key, &in.sin_addr, sizeof(in.sin_addr));
    else if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        memcpy(out->key, in6.sin6_addr.s6_addr + 12, 4);
    else
        memcpy(out->key, in6.sin6_addr.s6_addr, PEER_KEY);
}

bool peer_of(int fd, struct peer *out)
{
    struct sockaddr_storage address = { 0 };
    socklen_t n = sizeof(address);

    *out = (struct peer){ 0 };
    if (getpeername(fd, (struct sockaddr *)&address, &n) != 0)
        return false;
    if (address.ss_family == AF_UNIX)
        return local_peer(fd, out);
    address_text(&address, out->text, sizeof(out->text));
    network_key(&address, out);
    return true;
}
