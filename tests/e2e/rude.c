/* A client without manners, for tests: opens connections to a socket and does
 * what no client should.
 *
 *   rude WHERE silent N       says nothing
 *   rude WHERE trickle N      sends a request, one byte at a time
 *   rude WHERE deaf N         asks for everything again and again, reads nothing
 *   rude WHERE waiting N      waits for news that never come
 *   rude WHERE rubbish N      sends bytes by chance, N times, with seeds 1 to N
 *
 * WHERE is a path or ADDRESS:PORT. But for the last it prints "there" and goes on
 * until its standard input ends; it opens a connection again that was closed. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "schema/base.h"

enum { CONNECTIONS_MAX = 2000, PAUSE = 50, RUBBISH_MAX = 8192 };

static const char *where;

static int tcp(const char *colon)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    char *host = xstrndup(where, (size_t)(colon - where));
    int64_t port = 0;
    bool good = parse_int64(colon + 1, &port) && inet_pton(AF_INET, host, &at.sin_addr) == 1;
    int fd = good ? socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;

    free(host);
    at.sin_port = htons((uint16_t)port);
    if (fd >= 0)
        (void)!connect(fd, (struct sockaddr *)&at, sizeof(at));
    return fd;
}

static int local(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", where);
    if (fd >= 0)
        (void)!connect(fd, (struct sockaddr *)&at, sizeof(at));
    return fd;
}

static int call(void)
{
    const char *colon = where[0] == '/' ? NULL : strrchr(where, ':');

    return colon ? tcp(colon) : local();
}

static const char asking[] = "GET /api/v1/objects HTTP/1.1\r\nHost: x\r\n\r\n";
static const char waiting[] =
    "GET /api/v1/status?after=9000000000000000&wait=300 HTTP/1.1\r\nHost: x\r\n\r\n";
static const char endless[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: ";

struct guest {
    int fd;
    size_t said;
};

static void say(struct guest *g, const char *text, size_t n)
{
    ssize_t sent = send(g->fd, text, n, MSG_NOSIGNAL);

    g->said += sent > 0 ? (size_t)sent : 0;
}

static void be_silent(struct guest *g)
{
    (void)g;
}

static void trickle(struct guest *g)
{
    say(g, g->said < strlen(endless) ? endless + g->said : "x", 1);
}

static void be_deaf(struct guest *g)
{
    say(g, asking, strlen(asking));
}

static void wait_for_news(struct guest *g)
{
    if (g->said == 0)
        say(g, waiting, strlen(waiting));
}

static const struct {
    const char *name;
    void (*act)(struct guest *g);
} manners[] = {
    { "silent", be_silent },
    { "trickle", trickle },
    { "deaf", be_deaf },
    { "waiting", wait_for_news },
};

/* Has the other side closed it? What it says is left unread. */
static bool is_over(const struct guest *g)
{
    struct pollfd p = { .fd = g->fd, .events = POLLRDHUP };

    return g->fd < 0 || (poll(&p, 1, 0) > 0 && p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

static bool input_ended(void)
{
    struct pollfd p = { .fd = 0, .events = POLLIN };
    char byte;

    return poll(&p, 1, PAUSE) > 0 && read(0, &byte, 1) <= 0;
}

static int stay(void (*act)(struct guest *g), size_t n)
{
    static struct guest guests[CONNECTIONS_MAX];

    for (size_t i = 0; i < n; i++)
        guests[i] = (struct guest){ .fd = call() };
    printf("there\n");
    (void)fflush(stdout);
    while (!input_ended()) {
        for (size_t i = 0; i < n; i++) {
            if (is_over(&guests[i])) {
                if (guests[i].fd >= 0)
                    (void)close(guests[i].fd);
                guests[i] = (struct guest){ .fd = call() };
            }
            act(&guests[i]);
        }
    }
    return 0;
}

static unsigned dice(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*seed >> 33);
}

/* Half of them begin like a request. */
static int rubbish(size_t rounds)
{
    static char data[RUBBISH_MAX];

    for (uint64_t round = 1; round <= rounds; round++) {
        uint64_t seed = round;
        size_t n = dice(&seed) % RUBBISH_MAX;
        size_t head = round % 2 ? strlen(endless) : 0;
        struct guest g = { .fd = call() };

        for (size_t i = 0; i < n; i++)
            data[i] = (char)(dice(&seed) % 4 ? dice(&seed) : (unsigned)"\r\n :"[dice(&seed) % 4]);
        memcpy(data, endless, head < n ? head : n);
        struct pollfd p = { .fd = g.fd, .events = POLLOUT };
        (void)poll(&p, 1, 1000);
        say(&g, data, n);
        if (g.fd >= 0)
            (void)close(g.fd);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int64_t n;

    if (argc != 4 || !parse_int64(argv[3], &n) || n < 1 || n > CONNECTIONS_MAX)
        return 2;
    where = argv[1];
    if (streq(argv[2], "rubbish"))
        return rubbish((size_t)n);
    for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
        if (streq(manners[i].name, argv[2]))
            return stay(manners[i].act, (size_t)n);
    }
    return 2;
}
