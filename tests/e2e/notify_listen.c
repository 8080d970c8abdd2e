/* Plays systemd's part of sd_notify(3) for the end-to-end scripts:
 *
 *   notify_listen SOCKET
 *
 * opens the datagram socket and prints every assignment that arrives on a line
 * of its own, until it is killed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { DATAGRAM_MAX = 65536 };

static int open_socket(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t n = strlen(path);

    if (n >= sizeof(at.sun_path))
        return -1;
    memcpy(at.sun_path, path, n + 1);

    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

int main(int argc, char **argv)
{
    static char text[DATAGRAM_MAX];
    ssize_t n;
    int fd = argc == 2 ? open_socket(argv[1]) : -1;

    if (fd < 0) {
        perror(argc == 2 ? argv[1] : "usage: notify_listen SOCKET");
        return 1;
    }
    while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
        text[n] = '\0';
        if (puts(text) < 0 || fflush(stdout) != 0)
            return 1;
    }
    return 0;
}
