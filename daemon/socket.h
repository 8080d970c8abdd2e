/* Sockets that are listened on, and who is at the other end of a connection.
 *
 * A socket file that a dead process left behind is replaced; one that somebody
 * listens on, and a file that is no socket, are left alone. */
#ifndef DAEMON_SOCKET_H
#define DAEMON_SOCKET_H

#include <sys/socket.h>
#include <sys/un.h>

#include "schema/base.h"

enum { SOCKET_PATH_MAX = sizeof(((struct sockaddr_un *)0)->sun_path) - 1, SOCKET_BACKLOG = 128 };

/* "127.0.0.1:9660", "[::1]:9660", "localhost:9660"; its length, 0 where it is
 * none of these. Port 0 is any. */
socklen_t socket_address(const char *text, struct sockaddr_storage *out);
bool socket_loopback(const struct sockaddr_storage *address);

/* Listening, non-blocking descriptors; -1: *error (owned) says why. */
int socket_listen_unix(const char *path, char **error) MUST_USE;
int socket_listen_tcp(const char *text, char **error) MUST_USE;
/* The listening stream socket that systemd passes under this name, -1 if none.
 * It remains systemd's; the caller gets a descriptor of its own. */
int socket_passed(const char *name);
/* Where a TCP socket listens: "127.0.0.1:40123"; owned. */
char *socket_name(int fd);

enum { PEER_TEXT = 64, PEER_KEY = 8 };

/* Who is at the other end. */
struct peer {
    char text[PEER_TEXT];  /* "uid 0 (root)", "192.0.2.7" */
    uint8_t key[PEER_KEY]; /* equal keys are counted together */
    bool trusted;          /* root, or the user this process runs as, by a socket file */
};

/* False where that cannot be told. */
bool peer_of(int fd, struct peer *out) MUST_USE;

#endif
