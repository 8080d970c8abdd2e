/* Linked with dctd before the C library: its time runs thirty times as fast. What
 * it waits for by design (that a lost write shows after all, the pauses between
 * attempts) then takes a test seconds, and nothing in dctd knows of it.
 *
 * Wall time is stretched from the moment HASTY_SINCE (seconds of the epoch), so
 * that one process after another shares one time. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "schema/base.h"

enum { HASTE = 30, SECOND = 1000000000 };

static int64_t since(clockid_t clock)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    const char *text = clock == CLOCK_REALTIME ? getenv("HASTY_SINCE") : NULL;
    int64_t seconds = 0;

    return text && parse_int64(text, &seconds) ? seconds * SECOND : 0;
}

/* The C library's names of the parameters are not for us to use. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

int clock_gettime(clockid_t clock, struct timespec *out)
{
    if (syscall(SYS_clock_gettime, clock, out) != 0)
        return -1;
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
        return 0;
    int64_t from = since(clock), is = (int64_t)out->tv_sec * SECOND + out->tv_nsec - from;
    /* Seconds and the rest apart: all of it times HASTE may not fit. */
    int64_t rest = is % SECOND * HASTE;
    out->tv_sec = (time_t)(from / SECOND + is / SECOND * HASTE + rest / SECOND);
    out->tv_nsec = rest % SECOND;
    return 0;
}

int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout, const sigset_t *mask)
{
    long hasty = timeout > 0 ? (timeout + HASTE - 1) / HASTE : timeout;

    return (int)syscall(SYS_epoll_pwait, fd, events, n, hasty, mask, _NSIG / 8);
}

int epoll_wait(int fd, struct epoll_event *events, int n, int timeout)
{
    return epoll_pwait(fd, events, n, timeout, NULL);
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
