/* Who gets in, who has to go: connections are accepted, counted by who is at the
 * other end, and given up when they stay in one state for too long. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/front_parts.h"

enum {
    ACCEPT_BATCH = 64, /* connections before others have their turn */
    LOOK_AFTER = 5000, /* ms between looks whether somebody who waits is still there */
    FAREWELL = 5000,   /* ms to take leave of a connection that is given up */
    NO_ROOM = 1000,    /* ms before descriptors are asked for again */
};

static void on_sweep(uv_timer_t *t);

static void arm_sweep(struct front *f)
{
    uint64_t now = uv_now(f->loop), first = UINT64_MAX;

    for (const struct connection *c = f->connections; c; c = c->next) {
        uint64_t at =
            c->phase == PHASE_HELD && c->until > now + LOOK_AFTER ? now + LOOK_AFTER : c->until;
        first = at < first ? at : first;
    }
    if (!uv_is_active((const uv_handle_t *)&f->door) && first > now + NO_ROOM)
        first = now + NO_ROOM;
    if (first == UINT64_MAX)
        (void)uv_timer_stop(&f->sweep);
    else
        (void)uv_timer_start(&f->sweep, on_sweep, first > now ? first - now : 0, 0);
}

void connection_enter(struct connection *c, enum phase phase, uint64_t time)
{
    c->phase = phase;
    c->since = uv_now(c->front->loop);
    c->until = c->since + time;
}

static void on_run(uv_timer_t *t);

/* Lets libmicrohttpd do what is due, one round, and others their turn after. */
void front_run(struct front *f)
{
    MHD_UNSIGNED_LONG_LONG wait;

    if (f->closing)
        return;
    (void)MHD_run(f->daemon);
    if (MHD_get_timeout(f->daemon, &wait) == MHD_YES)
        (void)uv_timer_start(&f->run, on_run, wait, 0);
    else
        (void)uv_timer_stop(&f->run);
    arm_sweep(f);
}

static void on_run(uv_timer_t *t)
{
    front_run(t->data);
}

static void run_soon(struct front *f)
{
    (void)uv_timer_start(&f->run, on_run, 0, 0);
}

/* libmicrohttpd finds the connection ended, and takes leave of it. */
void front_give_up(struct connection *c)
{
    (void)shutdown(c->fd, SHUT_RDWR);
    c->given_up = true;
    if (c->phase == PHASE_HELD)
        MHD_resume_connection(c->mhd);
    connection_enter(c, PHASE_ANSWER, FAREWELL);
}

static bool hung_up(const struct connection *c)
{
    char byte;

    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_sweep(uv_timer_t *t)
{
    struct front *f = t->data;
    uint64_t now = uv_now(f->loop);

    (void)uv_poll_start(&f->door, UV_READABLE, front_on_door);
    for (struct connection *c = f->connections; c; c = c->next) {
        if (c->phase == PHASE_HELD && c->until <= now) {
            MHD_resume_connection(c->mhd);
            connection_enter(c, PHASE_ANSWER, FRONT_ANSWER_TIME);
        } else if (c->until <= now || (c->phase == PHASE_HELD && hung_up(c))) {
            front_give_up(c);
        }
    }
    front_run(f);
}

void front_moved(struct front *f)
{
    bool any = false;

    for (struct connection *c = f->connections; c; c = c->next) {
        if (c->phase != PHASE_HELD)
            continue;
        any = true;
        MHD_resume_connection(c->mhd);
        connection_enter(c, PHASE_ANSWER, FRONT_ANSWER_TIME);
    }
    if (any)
        run_soon(f);
}

static void connection_free(struct connection *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->front->n--;
    free(c);
}

static struct connection *connection_new(struct front *f, int fd, const struct peer *peer)
{
    struct connection *c = xcalloc(1, sizeof(*c));

    c->front = f;
    c->fd = fd;
    c->peer = *peer;
    c->link = &f->connections;
    c->next = f->connections;
    if (c->next)
        c->next->link = &c->next;
    f->connections = c;
    f->n++;
    connection_enter(c, PHASE_HEAD, FRONT_HEAD_TIME);
    return c;
}

static bool same_peer(const struct peer *a, const struct peer *b)
{
    return memcmp(a->key, b->key, PEER_KEY) == 0;
}

static size_t connections_of(const struct front *f, const struct peer *peer)
{
    size_t n = 0;

    for (const struct connection *c = f->connections; c; c = c->next)
        n += same_peer(&c->peer, peer);
    return n;
}

/* ms in a state after which a connection makes room for somebody else. */
static const uint64_t patience[PHASES] = {
    [PHASE_HEAD] = 1000,
    [PHASE_BODY] = 5000,
    [PHASE_HELD] = 1000, /* who waits for news asks again */
    [PHASE_ANSWER] = 5000,
};

/* The one that has got on least; of that peer only, or of anyone (NULL). */
static struct connection *idler(const struct front *f, const struct peer *peer)
{
    uint64_t now = uv_now(f->loop);
    struct connection *found = NULL;

    for (struct connection *c = f->connections; c; c = c->next) {
        if (now - c->since >= patience[c->phase] && (!peer || same_peer(&c->peer, peer)) &&
            (!found || c->since < found->since))
            found = c;
    }
    return found;
}

void front_give_up_late(struct front *f)
{
    uint64_t now = uv_now(f->loop);
    struct connection *late = NULL;

    for (struct connection *c = f->connections; c; c = c->next) {
        if (c->phase == PHASE_ANSWER && c->owed > 0 && !c->given_up &&
            now - c->since >= patience[PHASE_ANSWER] && (!late || c->since < late->since))
            late = c;
    }
    if (late)
        front_give_up(late);
}

/* Is there room for one more of that peer, if need be in place of an idle one? */
static bool make_room(struct front *f, const struct peer *peer)
{
    size_t most = FRONT_CONNECTIONS - (peer->trusted ? 0 : FRONT_TRUSTED);
    bool many = !peer->trusted && connections_of(f, peer) >= FRONT_PER_PEER;

    if (f->n < most && !many)
        return true;

    struct connection *c = idler(f, many ? peer : NULL);
    size_t before = f->n;
    if (!c)
        return false;
    front_give_up(c);
    front_run(f);
    return f->n < before;
}

/* Takes the descriptor. */
static void admit(struct front *f, int fd, const struct sockaddr_storage *from, socklen_t n)
{
    struct peer peer;

    if (!peer_of(fd, &peer) || !make_room(f, &peer)) {
        (void)close(fd);
        f->calls->told(f->ctx, 0);
        return;
    }
    f->coming = connection_new(f, fd, &peer);
    /* Where it fails the descriptor is closed already. */
    if (MHD_add_connection(f->daemon, fd, (const struct sockaddr *)from, n) != MHD_YES && f->coming)
        connection_free(f->coming);
    f->coming = NULL;
}

/* libmicrohttpd is told once that bytes and an end have come together: it takes the
 * bytes and waits for more. Whoever comes next has the ended ones looked for. */
static void let_go_of_ended(struct front *f)
{
    bool any = false;

    for (struct connection *c = f->connections; c; c = c->next) {
        if ((c->phase == PHASE_HEAD || c->phase == PHASE_BODY) && hung_up(c)) {
            front_give_up(c);
            any = true;
        }
    }
    if (any)
        front_run(f);
}

void front_on_door(uv_poll_t *p, int status, int events)
{
    struct front *f = p->data;

    (void)status;
    (void)events;
    let_go_of_ended(f);
    for (unsigned i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage from = { 0 };
        socklen_t n = sizeof(from);
        int fd = accept4(f->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            admit(f, fd, &from, n);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            (void)uv_poll_stop(&f->door);
            break;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    front_run(f);
}

void front_on_connection(void *ctx, struct MHD_Connection *mhd, void **context,
                         enum MHD_ConnectionNotificationCode code)
{
    struct front *f = ctx;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = TAKE(f->coming);
        ((struct connection *)*context)->mhd = mhd;
    } else {
        connection_free(*context);
    }
}
