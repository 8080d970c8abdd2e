/* The system's clocks, and a timer that nothing but a step of the clock ends. */
#include "daemon/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { BOOT_TEXT = 64, SLACK = 100 }; /* the two are not read at one moment */

/* Further away than any step that leaves a clock of use. */
static const time_t NEVER = (time_t)1 << 40;

static msec read_clock(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (msec)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

msec clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

msec clock_steady(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

char *clock_boot(void)
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    char text[BOOT_TEXT] = "";

    if (f && !fgets(text, sizeof(text), f))
        text[0] = '\0';
    if (f)
        (void)fclose(f);
    text[strcspn(text, " \n")] = '\0';
    return xstrdup(text);
}

char *clock_text(const char *boot, msec base)
{
    return xasprintf("%s %lld", boot, (long long)base);
}

bool clock_goes_on(const char *kept, const char *boot, msec *base)
{
    size_t n = strlen(boot);

    return kept && n && strncmp(kept, boot, n) == 0 && kept[n] == ' ' &&
           parse_int64(kept + n + 1, base);
}

void clock_start(struct clock *c, msec base, msec wall, msec steady)
{
    *c = (struct clock){ .now = base + steady, .ahead = wall - base - steady, .base = base };
}

void clock_read(struct clock *c, msec wall, msec steady)
{
    c->now = c->base + steady;
    msec ahead = wall - c->now;
    if (ahead > c->ahead + SLACK || ahead < c->ahead - SLACK)
        c->ahead = ahead;
}

struct clock_watch {
    uv_poll_t poll;
    int fd;
    void (*set)(void *ctx);
    void *ctx;
};

static bool arm(int fd)
{
    const struct itimerspec at = { .it_value = { .tv_sec = NEVER } };

    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &at, NULL) == 0;
}

/* The read fails with ECANCELED: that is the news. */
static void on_set(uv_poll_t *poll, int status, int events)
{
    struct clock_watch *w = poll->data;
    uint64_t ended;

    (void)status;
    (void)events;
    ssize_t n = read(w->fd, &ended, sizeof(ended));
    if (n > 0 || !arm(w->fd))
        (void)uv_poll_stop(poll);
    w->set(w->ctx);
}

static void on_closed(uv_handle_t *h)
{
    struct clock_watch *w = h->data;

    (void)close(w->fd);
    free(w);
}

struct clock_watch *clock_watch_new(uv_loop_t *loop, void (*set)(void *ctx), void *ctx)
{
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

    if (fd < 0)
        return NULL;
    struct clock_watch *w = xcalloc(1, sizeof(*w));
    w->fd = fd;
    w->set = set;
    w->ctx = ctx;
    if (!arm(fd) || uv_poll_init(loop, &w->poll, fd) != 0) {
        (void)close(fd);
        free(w);
        return NULL;
    }
    w->poll.data = w;
    (void)uv_poll_start(&w->poll, UV_READABLE, on_set);
    return w;
}

void clock_watch_close(struct clock_watch *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->poll, on_closed);
}
