/* Writes the files of a commit as `git cat-file --batch` sends them. */
#include "daemon/git_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"

enum {
    HEADER_MAX = 128,
    LINK_MAX = 4096,
    LINKS_MAX = 40,
    REST_MAX = 8192,
    STEPS_MAX = 200000, /* that all links of a commit may take together */
    POINTER_MAX = 1024, /* a Git LFS pointer is shorter */
};

/* Where the reader of cat-file's output stands. */
enum place { AT_HEADER, IN_CONTENT, AT_END_OF_CONTENT };

struct git_writer {
    const struct git_list *list;
    int root;
    struct buf wants;
    enum place place;
    size_t at;     /* the entry that is being written */
    uint64_t left; /* bytes of it that have not come */
    int fd;
    struct buf header, head; /* the entry's first bytes: links, LFS pointers */
    char **targets;          /* of links, by entry */
    size_t steps;            /* that were taken to see where links lead */
    char *problem, *pointer;
    bool refused;
};

static bool wants(const struct git_entry *e)
{
    return e->type == GIT_FILE || e->type == GIT_LINK;
}

static bool fail(struct git_writer *w, const char *path, const char *what, bool refused)
{
    struct buf shown = BUF_WITH_LIMIT(LINK_MAX);

    log_escape(path, &shown);
    if (!w->problem) {
        w->problem = xasprintf("%s%s%s", buf_text(&shown), refused ? " " : ": ", what);
        w->refused = refused;
    }
    buf_clear(&shown);
    return false;
}

static bool fail_errno(struct git_writer *w, const char *path)
{
    return fail(w, path, strerrordesc_np(errno), false);
}

/* Makes folders until the next entry that has content; false on failure. */
static bool advance(struct git_writer *w)
{
    for (; w->at < w->list->n && !wants(&w->list->items[w->at]); w->at++) {
        const struct git_entry *e = &w->list->items[w->at];
        if (mkdirat(w->root, e->path, S_IRWXU) != 0)
            return fail_errno(w, e->path);
    }
    return true;
}

struct git_writer *git_writer_new(const char *folder, const struct git_list *l, char **error)
{
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (root < 0) {
        *error = xasprintf("%s: %s", folder, strerrordesc_np(errno));
        return NULL;
    }
    struct git_writer *w = xcalloc(1, sizeof(*w));
    w->list = l;
    w->root = root;
    w->fd = -1;
    w->wants = BUF_WITH_LIMIT((l->n + 1) * GIT_ID_TEXT);
    w->header = BUF_WITH_LIMIT(HEADER_MAX);
    w->head = BUF_WITH_LIMIT(LINK_MAX);
    w->targets = xcalloc(l->n + 1, sizeof(char *));
    for (size_t i = 0; i < l->n; i++) {
        if (wants(&l->items[i]))
            (void)buf_printf(&w->wants, "%s\n", l->items[i].id);
    }
    (void)advance(w);
    return w;
}

void git_writer_free(struct git_writer *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->list->n; i++)
        free(w->targets[i]);
    free(w->targets);
    if (w->fd >= 0)
        (void)close(w->fd);
    (void)close(w->root);
    buf_clear(&w->wants);
    buf_clear(&w->header);
    buf_clear(&w->head);
    free(w->problem);
    free(w->pointer);
    free(w);
}

const struct buf *git_writer_wants(const struct git_writer *w)
{
    return &w->wants;
}

/* "ID blob SIZE": exactly what was asked for. */
static bool begin(struct git_writer *w)
{
    const struct git_entry *e = &w->list->items[w->at];
    char *expected = xasprintf("%s blob %" PRIu64, e->id, e->size);
    bool good = streq(buf_text(&w->header), expected);

    free(expected);
    buf_clear(&w->header);
    w->header = BUF_WITH_LIMIT(HEADER_MAX);
    w->left = e->size;
    w->place = IN_CONTENT;
    if (!good)
        return fail(w, e->path, "is not in the repository as its list of files has it", false);
    if (e->type == GIT_FILE) {
        w->fd = openat(w->root, e->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
        if (w->fd < 0)
            return fail_errno(w, e->path);
    }
    return true;
}

static bool write_all(struct git_writer *w, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t written = write(w->fd, data, n);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail_errno(w, w->list->items[w->at].path);
        data += written;
        n -= (size_t)written;
    }
    return true;
}

static bool is_pointer(const struct git_entry *e, const struct buf *head)
{
    return e->type == GIT_FILE && e->size < POINTER_MAX &&
           starts_with(buf_text(head), "version https://git-lfs.github.com/spec/");
}

static bool finish(struct git_writer *w)
{
    const struct git_entry *e = &w->list->items[w->at];
    bool whole = e->type != GIT_LINK || strlen(buf_text(&w->head)) == w->head.n;

    if (w->fd >= 0 && close(w->fd) != 0)
        return fail_errno(w, e->path);
    w->fd = -1;
    if (is_pointer(e, &w->head) && !w->pointer)
        w->pointer = xstrdup(e->path);
    if (e->type == GIT_LINK)
        w->targets[w->at] = buf_take(&w->head);
    buf_clear(&w->head);
    w->head = BUF_WITH_LIMIT(LINK_MAX);
    w->place = AT_HEADER;
    w->at++;
    return whole ? advance(w) : fail(w, e->path, "is a link that no system can follow", true);
}

/* Takes what it can use at this place; the number of bytes used, 0 on failure. */
static size_t take(struct git_writer *w, const char *data, size_t n)
{
    if (w->place == AT_END_OF_CONTENT)
        return data[0] == '\n' && finish(w) ? 1 : 0;
    if (w->place == IN_CONTENT) {
        size_t part = n < w->left ? n : (size_t)w->left, room = w->head.max - w->head.n;
        (void)buf_add(&w->head, data, part < room ? part : room);
        if (w->fd >= 0 && !write_all(w, data, part))
            return 0;
        w->left -= part;
        return part;
    }
    const char *end = memchr(data, '\n', n);
    size_t part = end ? (size_t)(end - data) : n;
    if (w->at >= w->list->n || !buf_add(&w->header, data, part))
        return 0;
    return end ? (begin(w) ? part + 1 : 0) : part;
}

bool git_writer_feed(struct git_writer *w, const char *data, size_t n)
{
    while (n > 0 && !w->problem) {
        size_t used = take(w, data, n);

        if (used == 0)
            return fail(w, "git", "sends something else than it was asked for", false);
        data += used;
        n -= used;
        if (w->place == IN_CONTENT && w->left == 0)
            w->place = AT_END_OF_CONTENT;
    }
    return !w->problem;
}

/* Where a walk through the tree stands: `at` is free of links, `rest`, the end of
 * `text`, is to come. */
struct walk {
    char *at, *text;
    const char *rest;
    unsigned links;
};

/* Up one folder; false where that is out of the tree. */
static bool go_up(struct walk *k)
{
    char *slash = strrchr(k->at, '/');

    if (!k->at[0])
        return false;
    if (slash)
        *slash = '\0';
    else
        k->at[0] = '\0';
    return true;
}

/* Into the entry, or to where it leads; false where that is out of the tree. */
static bool go_into(const struct git_writer *w, struct walk *k, const char *name)
{
    char target[LINK_MAX];
    char *entry = xasprintf("%s%s%s", k->at, k->at[0] ? "/" : "", name);
    ssize_t n = readlinkat(w->root, entry, target, sizeof(target) - 1);

    if (n < 0) {
        free(k->at);
        k->at = entry;
        return true;
    }
    target[n] = '\0';
    free(entry);
    if (target[0] == '/' || (size_t)n + strlen(k->rest) > REST_MAX)
        return false;
    char *longer = xasprintf("%s/%s", target, k->rest);
    free(k->text);
    k->rest = k->text = longer;
    k->links++;
    return true;
}

static bool go_on(struct git_writer *w, struct walk *k)
{
    const char *start = k->rest + strspn(k->rest, "/");
    size_t n = strcspn(start, "/");
    char *name = xstrndup(start, n);
    bool inside;

    k->rest = start + n;
    if (streq(name, ".."))
        inside = go_up(k);
    else
        inside = !n || streq(name, ".") || go_into(w, k, name);
    free(name);
    return inside && w->steps++ < STEPS_MAX;
}

/* Does the link, step by step, stay in the tree, also on its way and where there
 * is nothing yet? Links that go round in circles lead nowhere. */
static bool stays_inside(struct git_writer *w, const char *path)
{
    struct walk k = { .at = xstrdup(""), .text = xstrdup(path) };
    bool inside = true;

    k.rest = k.text;
    while (inside && k.rest[0] && k.links <= LINKS_MAX)
        inside = go_on(w, &k);
    free(k.at);
    free(k.text);
    return inside;
}

bool git_writer_end(struct git_writer *w)
{
    const struct git_list *l = w->list;

    if (!w->problem && (w->at < l->n || w->place != AT_HEADER))
        return fail(w, "git", "ended before it had sent all files", false);
    for (size_t i = 0; !w->problem && i < l->n; i++) {
        if (w->targets[i] && symlinkat(w->targets[i], w->root, l->items[i].path) != 0)
            return fail_errno(w, l->items[i].path);
    }
    for (size_t i = 0; !w->problem && i < l->n; i++) {
        if (w->targets[i] && !stays_inside(w, l->items[i].path))
            return fail(w, l->items[i].path,
                        w->steps > STEPS_MAX ? "is one link too many to be followed"
                                             : "is a link that leads out of the repository",
                        true);
    }
    return !w->problem;
}

const char *git_writer_problem(const struct git_writer *w, bool *refused)
{
    *refused = w->refused;
    return w->problem;
}

const char *git_writer_pointer(const struct git_writer *w)
{
    return w->pointer;
}
