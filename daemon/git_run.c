/* The run is over when the process has left and both of its pipes are at their
 * end; whatever of its process group is still there then is ended, too. Nobody
 * waits for the pipes of a run that was ended: what escaped from the group may
 * hold them for ever. */
#include "daemon/git_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    SAID_MAX = 16 << 10,
    TIDY_MAX = 32 << 10,
    SAID_SHOWN = 600,
    ARGS_MAX = 64,
    CHUNK = 64 << 10,
    MERCY = 1000, /* ms between asking it to leave and killing it */
};

/* The streams of the process, in the order of its descriptors. */
enum { IN, OUT, ERR, STREAMS };

struct git_run {
    uv_process_t process;
    uv_pipe_t streams[STREAMS];
    uv_timer_t timer;
    uv_write_t write;
    bool (*output)(void *ctx, const char *data, size_t n);
    void (*done)(void *ctx, const struct git_outcome *o); /* NULL: nobody waits any more */
    void *ctx;
    struct buf said;
    char *chunk;
    unsigned handles; /* that the loop has not closed yet */
    unsigned awaited; /* exit and ends of output that have not come yet */
    int64_t status;
    int signal, spawn_error;
    bool late, refused, asked, exited, over;
};

static void run_free(struct git_run *r)
{
    buf_clear(&r->said);
    free(r->chunk);
    free(r);
}

static void on_closed(uv_handle_t *h)
{
    struct git_run *r = h->data;

    if (--r->handles == 0)
        run_free(r);
}

static void shut(uv_handle_t *h)
{
    if (!uv_is_closing(h))
        uv_close(h, on_closed);
}

/* To the whole group; the number is not given to others while one of it lives. */
static void tell_group(const struct git_run *r, int number)
{
    if (r->process.pid > 0)
        (void)kill(-r->process.pid, number);
}

/* The lines that say what went wrong, without those of progress and advice. */
static bool is_complaint(const char *line, size_t n)
{
    static const char *const heads[] = {
        "hint:",
        "warning: redirecting",
        "Please make sure you have",
        "and the repository exists",
        "remote: Enumerating",
        "remote: Counting",
        "remote: Compressing",
        "remote: Total",
    };

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (n >= strlen(heads[i]) && strncmp(line, heads[i], strlen(heads[i])) == 0)
            return false;
    }
    return n > 0;
}

/* On one line, printable, and no longer than people read. */
static void tidy(const char *raw, struct buf *out)
{
    while (*raw) {
        size_t n = strcspn(raw, "\r\n");

        if (is_complaint(raw, n))
            buf_printf(out, "%s%.*s", out->n ? "; " : "", (int)n, raw);
        raw += n + strspn(raw + n, "\r\n");
    }
    for (size_t i = 0; i < out->n; i++) {
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            out->data[i] = ' ';
    }
}

static void tell(struct git_run *r)
{
    struct buf said = BUF_WITH_LIMIT(TIDY_MAX);
    struct buf shown = BUF_WITH_LIMIT(SAID_SHOWN + 8);

    tidy(buf_text(&r->said), &said);
    buf_printf(&shown, "%.*s%s", SAID_SHOWN, buf_text(&said), said.n > SAID_SHOWN ? "..." : "");
    const struct git_outcome o = {
        .good = r->spawn_error == 0 && r->status == 0 && r->signal == 0 && !r->late && !r->refused,
        .missing = r->spawn_error == UV_ENOENT,
        .late = r->late,
        .said = r->spawn_error ? uv_strerror(r->spawn_error) : buf_text(&shown),
    };
    r->done(r->ctx, &o);
    buf_clear(&said);
    buf_clear(&shown);
}

static void close_all(struct git_run *r)
{
    for (size_t i = 0; i < STREAMS; i++)
        shut((uv_handle_t *)&r->streams[i]);
    shut((uv_handle_t *)&r->timer);
    shut((uv_handle_t *)&r->process);
}

static void finish(struct git_run *r)
{
    r->over = true;
    tell_group(r, SIGKILL); /* what it left behind */
    if (r->done)
        tell(r);
    r->done = NULL;
    close_all(r);
}

static void arrived(struct git_run *r)
{
    bool ended = r->late || r->refused || !r->done;

    if (r->awaited > 0)
        r->awaited--;
    if (!r->over && (r->awaited == 0 || (r->exited && ended)))
        finish(r);
}

static void on_exit_of(uv_process_t *p, int64_t status, int number)
{
    struct git_run *r = p->data;

    r->status = status;
    r->signal = number;
    r->exited = true;
    tell_group(r, SIGKILL);
    arrived(r);
}

static void on_due(uv_timer_t *t)
{
    struct git_run *r = t->data;

    r->late = r->late || !r->refused;
    if (r->exited) {
        arrived(r);
        return;
    }
    tell_group(r, r->asked ? SIGKILL : SIGTERM);
    if (!r->asked)
        (void)uv_timer_start(t, on_due, MERCY, 0);
    r->asked = true;
}

/* Its output is of no use any more. */
static void refuse(struct git_run *r)
{
    r->refused = true;
    r->asked = true;
    tell_group(r, SIGTERM);
    (void)uv_timer_start(&r->timer, on_due, MERCY, 0);
}

static void on_room(uv_handle_t *h, size_t suggested, uv_buf_t *out)
{
    struct git_run *r = h->data;

    (void)suggested;
    *out = uv_buf_init(r->chunk, CHUNK);
}

static void take(struct git_run *r, bool complaint, const char *data, size_t n)
{
    if (!r->done)
        return;
    if (complaint) {
        size_t room = r->said.max - r->said.n;
        (void)buf_add(&r->said, data, n < room ? n : room);
    } else if (r->output && !r->refused && !r->output(r->ctx, data, n)) {
        refuse(r);
    }
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *data)
{
    struct git_run *r = s->data;

    if (n > 0)
        take(r, s == (uv_stream_t *)&r->streams[ERR], data->base, (size_t)n);
    if (n >= 0)
        return;
    (void)uv_read_stop(s);
    arrived(r);
}

/* Whether all of it was read shows in how the program ends. */
static void on_written(uv_write_t *w, int status)
{
    struct git_run *r = w->data;

    (void)status;
    shut((uv_handle_t *)&r->streams[IN]);
}

static void on_stillborn(uv_timer_t *t)
{
    struct git_run *r = t->data;

    arrived(r);
}

static void feed(struct git_run *r, const struct git_order *o)
{
    uv_buf_t b = uv_buf_init((char *)(uintptr_t)o->input, (unsigned)o->input_n);

    r->write.data = r;
    if (!o->input || o->input_n == 0 ||
        uv_write(&r->write, (uv_stream_t *)&r->streams[IN], &b, 1, on_written) != 0)
        shut((uv_handle_t *)&r->streams[IN]);
}

/* The limit is the child's, which inherits it; nothing is written here between. */
static int spawn(struct git_run *r, uv_loop_t *loop, uv_process_options_t *options, uint64_t most)
{
    struct rlimit was, is;
    bool limited = most > 0 && getrlimit(RLIMIT_FSIZE, &was) == 0 && was.rlim_cur > most;

    if (limited) {
        is = (struct rlimit){ most, was.rlim_max };
        (void)setrlimit(RLIMIT_FSIZE, &is);
    }
    int error = uv_spawn(loop, &r->process, options);
    if (limited)
        (void)setrlimit(RLIMIT_FSIZE, &was);
    return error;
}

static int begin(struct git_run *r, uv_loop_t *loop, const struct git_order *o)
{
    char *argv[ARGS_MAX] = { (char *)(uintptr_t)o->program };
    uv_stdio_container_t stdio[STREAMS + GIT_RUN_FDS] = { 0 };
    uv_process_options_t options = {
        .exit_cb = on_exit_of,
        .file = o->program,
        .args = argv,
        .env = (char **)(uintptr_t)o->env,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = ARRAY_LEN(stdio),
        .stdio = stdio,
        .cwd = "/",
    };

    for (size_t i = 0; i + 2 < ARGS_MAX && o->args[i]; i++)
        argv[i + 1] = (char *)(uintptr_t)o->args[i];
    for (size_t i = 0; i < STREAMS; i++) {
        stdio[i].flags = UV_CREATE_PIPE | (i == IN ? UV_READABLE_PIPE : UV_WRITABLE_PIPE);
        stdio[i].data.stream = (uv_stream_t *)&r->streams[i];
    }
    for (size_t i = 0; i < GIT_RUN_FDS; i++) {
        if (o->fds[i] > 0) {
            stdio[STREAMS + i].flags = UV_INHERIT_FD;
            stdio[STREAMS + i].data.fd = o->fds[i];
        }
    }
    return spawn(r, loop, &options, o->file_max);
}

static void open_handles(struct git_run *r, uv_loop_t *loop)
{
    for (size_t i = 0; i < STREAMS; i++) {
        (void)uv_pipe_init(loop, &r->streams[i], 0);
        r->streams[i].data = r;
    }
    (void)uv_timer_init(loop, &r->timer);
    r->timer.data = r->process.data = r;
    r->handles = STREAMS + 2;
}

struct git_run *git_run(uv_loop_t *loop, const struct git_order *o)
{
    struct git_run *r = xcalloc(1, sizeof(*r));

    r->said = BUF_WITH_LIMIT(SAID_MAX);
    r->chunk = xmalloc(CHUNK);
    r->output = o->output;
    r->done = o->done;
    r->ctx = o->ctx;
    open_handles(r, loop);
    r->spawn_error = begin(r, loop, o);
    uv_update_time(loop);
    if (r->spawn_error) {
        r->process.pid = 0;
        r->exited = true;
        (void)uv_timer_start(&r->timer, on_stillborn, 0, 0);
        return r;
    }
    r->awaited = STREAMS;
    (void)uv_read_start((uv_stream_t *)&r->streams[OUT], on_room, on_read);
    (void)uv_read_start((uv_stream_t *)&r->streams[ERR], on_room, on_read);
    feed(r, o);
    (void)uv_timer_start(&r->timer, on_due, (uint64_t)o->timeout, 0);
    return r;
}

void git_run_cancel(struct git_run *r)
{
    if (!r)
        return;
    r->done = NULL;
    tell_group(r, SIGKILL);
    if (r->exited || r->spawn_error)
        arrived(r);
}
