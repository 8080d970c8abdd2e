#include "tests/lib/canned.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 20, CHUNK = 4096 };

struct canned {
    pid_t pid;
    FILE *asked;
};

static void must(bool good)
{
    if (!good) {
        perror("canned");
        abort();
    }
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0 && strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    must(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 16) == 0);
    return fd;
}

/* Is all of the request there, by its Content-Length? */
static bool whole(const struct buf *b)
{
    const char *end = strstr(buf_text(b), "\r\n\r\n");
    const char *length = strcasestr(buf_text(b), "\r\nContent-Length: ");
    int64_t n = 0;

    if (!end)
        return false;
    if (length && length < end) {
        char *digits = xstrndup(length + 18, strcspn(length + 18, "\r"));
        must(parse_int64(digits, &n));
        free(digits);
    }
    return b->n >= (size_t)(end + 4 - b->data) + (size_t)n;
}

static void answer(int fd, const char *raw, FILE *asked)
{
    struct buf request = BUF_WITH_LIMIT(TEXT_MAX);
    char chunk[CHUNK];
    ssize_t n;

    while (!whole(&request) && (n = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(&request, chunk, (size_t)n);
    must(fprintf(asked, "%s\n", buf_text(&request)) > 0 && fflush(asked) == 0);
    buf_clear(&request);
    while (!raw)
        (void)pause();
    for (size_t sent = 0; raw[sent]; sent += (size_t)n) {
        n = write(fd, raw + sent, strlen(raw + sent));
        if (n <= 0)
            break;
    }
}

static void serve(int listening, const char *const *answers, size_t n, FILE *asked)
{
    (void)signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0;; i++) {
        int fd = accept(listening, NULL, NULL);
        must(fd >= 0);
        answer(fd, i < n ? answers[i] : "", asked);
        (void)close(fd);
    }
}

struct canned *canned_new(const char *path, const char *const *answers, size_t n)
{
    struct canned *c = xcalloc(1, sizeof(*c));
    int fd = listen_at(path);

    c->asked = tmpfile();
    must(c->asked != NULL);
    c->pid = fork();
    must(c->pid >= 0);
    if (c->pid == 0)
        serve(fd, answers, n, c->asked);
    (void)close(fd);
    return c;
}

static char *whole_file(FILE *f)
{
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);
    char chunk[CHUNK];
    size_t n;

    rewind(f);
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(&text, chunk, n);
    (void)fclose(f);
    return buf_take(&text);
}

char *canned_end(struct canned *c)
{
    must(kill(c->pid, SIGKILL) == 0 && waitpid(c->pid, NULL, 0) == c->pid);
    char *text = whole_file(c->asked);
    free(c);
    return text;
}

char *canned_json(int status, const char *body)
{
    return xasprintf("HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s",
                     status, strlen(body), body);
}

char *canned_output(int (*run)(void *ctx), void *ctx, int *status)
{
    FILE *f = tmpfile();
    int out, err;

    must(f && fflush(stdout) == 0 && fflush(stderr) == 0);
    out = dup(STDOUT_FILENO);
    err = dup(STDERR_FILENO);
    must(out >= 0 && err >= 0 && dup2(fileno(f), STDOUT_FILENO) >= 0 &&
         dup2(fileno(f), STDERR_FILENO) >= 0);
    *status = run(ctx);
    must(fflush(stdout) == 0 && fflush(stderr) == 0 && dup2(out, STDOUT_FILENO) >= 0 &&
         dup2(err, STDERR_FILENO) >= 0);
    (void)close(out);
    (void)close(err);
    return whole_file(f);
}
