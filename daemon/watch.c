/* One uv_fs_event handle per directory, because inotify is not recursive.
 *
 * An event only starts a timer. When it fires the tree is walked again: new
 * directories get a handle before their entries are read, so nothing that
 * appears in between is missed, and those that are gone lose theirs; then the
 * change is told. Directories are known by their real path, which makes loops
 * of links harmless. Of directories that are merely on the way (the parent of
 * the path, of a link, or of what does not exist yet) only the name that
 * matters is listened to. */
#include "daemon/watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { QUIET = 200, LONGEST = 900, LINKS_MAX = 40, DIRS_MAX = 20000 };

struct dir {
    uv_fs_event_t handle;
    struct watch *watch;
    char *path;
    bool seen;  /* in this walk */
    bool whole; /* every entry that is not hidden matters, not only `names` */
    bool stale; /* the directory was removed or moved: its handle is dead */
    struct strings names;
};

struct watch {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_timer_cb due; /* what the timer runs */
    char *path;
    char *root; /* real path of `path` in this walk, NULL while there is none */
    void (*changed)(void *ctx);
    void *ctx;
    struct dir **dirs; /* sorted by path */
    size_t n, cap;
    size_t handles; /* not yet closed by the loop, the timer included */
    uint64_t first; /* when the change that is to be told was seen */
    bool closing;
    char *trouble;
};

static void watch_release(struct watch *w)
{
    if (--w->handles > 0 || !w->closing)
        return;
    free(w->dirs);
    free(w->path);
    free(w->root);
    free(w->trouble);
    free(w);
}

static void on_dir_closed(uv_handle_t *h)
{
    struct dir *d = h->data;
    struct watch *w = d->watch;

    free(d->path);
    strings_clear(&d->names);
    free(d);
    watch_release(w);
}

static void on_timer_closed(uv_handle_t *h)
{
    watch_release(h->data);
}

static void dir_close(struct dir *d)
{
    uv_close((uv_handle_t *)&d->handle, on_dir_closed);
}

static void trouble(struct watch *w, const char *path, const char *why, const char *advice)
{
    if (!w->trouble)
        w->trouble = xasprintf("cannot watch %s: %s%s; changes there are seen at the next interval",
                               path, why, advice);
}

static const struct {
    int error;
    const char *advice;
} advices[] = {
    { ENOSPC, " (raise the sysctl fs.inotify.max_user_watches)" },
    { EMFILE, " (raise the sysctl fs.inotify.max_user_instances)" },
    { EACCES, " (dctd must be allowed to list it)" },
};

static void trouble_errno(struct watch *w, const char *path, int error)
{
    const char *advice = "";

    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (advices[i].error == error)
            advice = advices[i].advice;
    }
    trouble(w, path, strerrordesc_np(error), advice);
}

static void note(struct watch *w)
{
    uint64_t now = uv_now(w->loop);

    if (w->closing)
        return;
    if (!uv_is_active((uv_handle_t *)&w->timer))
        w->first = now;

    uint64_t at = now + QUIET;
    if (at > w->first + LONGEST)
        at = w->first + LONGEST;
    uv_timer_start(&w->timer, w->due, at > now ? at - now : 0, 0);
}

/* libuv names the directory itself where inotify names no entry: then the
 * directory is gone, or has moved. */
static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct dir *d = handle->data;
    const char *base = strrchr(d->path, '/') + 1;

    if (status < 0 || !name || ((events & UV_RENAME) && streq(name, base)))
        d->stale = true;
    if (d->stale || (d->whole && name[0] != '.') || strings_has(&d->names, name))
        note(d->watch);
}

/* Where the path is, or belongs, in the sorted list. */
static size_t dir_index(const struct watch *w, const char *path, bool *found)
{
    size_t low = 0, high = w->n;

    *found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(w->dirs[mid]->path, path);
        if (order == 0) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct dir *dir_new(struct watch *w, const char *path)
{
    struct dir *d = xcalloc(1, sizeof(*d));

    d->watch = w;
    d->path = xstrdup(path);
    uv_fs_event_init(w->loop, &d->handle);
    d->handle.data = d;
    w->handles++;

    int error = uv_fs_event_start(&d->handle, on_event, path, 0);
    if (error == 0)
        return d;
    if (error != UV_ENOENT && error != UV_ENOTDIR)
        trouble_errno(w, path, -error);
    dir_close(d);
    return NULL;
}

/* The directory's watch of this walk; NULL where it cannot be watched. */
static struct dir *dir_watch(struct watch *w, const char *path)
{
    bool found;
    size_t at = dir_index(w, path, &found);

    if (found && !w->dirs[at]->stale) {
        w->dirs[at]->seen = true;
        return w->dirs[at];
    }
    if (!found && w->n >= DIRS_MAX) {
        trouble(w, path, "too many directories", "");
        return NULL;
    }
    struct dir *d = dir_new(w, path);
    if (!d)
        return NULL;
    d->seen = true;
    if (found) {
        dir_close(w->dirs[at]);
    } else {
        w->dirs = grow(w->dirs, w->n, &w->cap, sizeof(struct dir *));
        memmove(&w->dirs[at + 1], &w->dirs[at], (w->n - at) * sizeof(struct dir *));
        w->n++;
    }
    w->dirs[at] = d;
    return d;
}

static void name_watch(struct watch *w, const char *dir, const char *name)
{
    struct dir *d = dir_watch(w, dir);

    if (d && !strings_has(&d->names, name))
        strings_add(&d->names, name);
}

static char *path_join(const char *dir, const char *name)
{
    return xasprintf("%s%s%s", dir, dir[1] ? "/" : "", name);
}

static char *path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* Takes the first part off; NULL at the end. */
static char *path_shift(char **rest)
{
    char *start = *rest + strspn(*rest, "/");
    size_t n = strcspn(start, "/");

    if (n == 0)
        return NULL;
    char *part = xstrndup(start, n);
    char *left = xstrdup(start + n);
    free(*rest);
    *rest = left;
    return part;
}

static bool is_link(const char *path, bool *exists)
{
    struct stat st;

    *exists = lstat(path, &st) == 0;
    return *exists && S_ISLNK(st.st_mode);
}

/* Puts the link's target in front of what is left of the path. */
static char *link_target(const char *link, char **rest)
{
    char target[4096];
    ssize_t n = readlink(link, target, sizeof(target) - 1);

    if (n < 0)
        return NULL;
    target[n] = '\0';
    char *longer = xasprintf("%s/%s", target, *rest);
    free(*rest);
    *rest = longer;
    return target[0] == '/' ? xstrdup("/") : path_parent(link);
}

/* Follows an absolute path part by part, and watches every directory in which
 * one entry decides where it leads: those of links, of the last part, and of
 * the first that does not exist. The real path, NULL where it leads nowhere. */
static char *lead(struct watch *w, const char *path)
{
    char *at = xstrdup("/"), *rest = xstrdup(path), *part;
    unsigned links = 0;

    while (at && (part = path_shift(&rest))) {
        char *next = streq(part, ".")    ? xstrdup(at)
                     : streq(part, "..") ? path_parent(at)
                                         : path_join(at, part);
        bool exists, last = rest[strspn(rest, "/")] == '\0', link = is_link(next, &exists);

        if (link || last || !exists) {
            name_watch(w, at, part);
            link = is_link(next, &exists);
        }
        free(part);
        free(at);
        if (!exists || (link && ++links > LINKS_MAX)) {
            at = NULL;
            free(next);
        } else if (link) {
            at = link_target(next, &rest);
            free(next);
        } else {
            at = next;
        }
    }
    free(rest);
    return at;
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_below(const char *root, const char *path)
{
    size_t n = strlen(root);

    return n == 1 || (strncmp(root, path, n) == 0 && (path[n] == '/' || !path[n]));
}

/* The entries that may lead further: directories, links, unknown ones. */
static bool list(struct watch *w, const char *path, struct strings *out)
{
    DIR *dir = opendir(path);
    struct dirent *e;

    if (!dir) {
        if (errno != ENOENT)
            trouble_errno(w, path, errno);
        return false;
    }
    while ((e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): a stream of its own
        if (e->d_name[0] != '.' && e->d_type != DT_REG)
            strings_add(out, e->d_name);
    }
    closedir(dir);
    return true;
}

static void walk(struct watch *w, const char *path)
{
    struct dir *d = dir_watch(w, path);
    struct strings entries = { 0 };

    if (!d || d->whole)
        return;
    d->whole = true;
    if (!list(w, path, &entries))
        return;
    for (size_t i = 0; i < entries.n; i++) {
        bool exists;
        char *entry = path_join(path, entries.items[i]);
        if (is_link(entry, &exists)) {
            char *real = lead(w, entry);
            free(entry);
            entry = real;
        }
        if (entry && is_below(w->root, entry) && is_directory(entry))
            walk(w, entry);
        free(entry);
    }
    strings_clear(&entries);
}

static void rescan(struct watch *w)
{
    size_t kept = 0;

    free(TAKE(w->trouble));
    free(w->root);
    for (size_t i = 0; i < w->n; i++) {
        w->dirs[i]->seen = w->dirs[i]->whole = false;
        strings_clear(&w->dirs[i]->names);
    }
    w->root = lead(w, w->path);
    if (w->root && is_directory(w->root))
        walk(w, w->root);
    for (size_t i = 0; i < w->n; i++) {
        if (w->dirs[i]->seen)
            w->dirs[kept++] = w->dirs[i];
        else
            dir_close(w->dirs[i]);
    }
    w->n = kept;
}

/* The last thing done is the call: it may close the watch. */
static void on_timer(uv_timer_t *timer)
{
    struct watch *w = timer->data;

    rescan(w);
    w->changed(w->ctx);
}

static char *path_absolute(const char *path)
{
    char here[4096];

    if (path[0] == '/' || !getcwd(here, sizeof(here)))
        return xstrdup(path);
    return xasprintf("%s/%s", here, path);
}

struct watch *watch_new(uv_loop_t *loop, const char *path, void (*changed)(void *ctx), void *ctx)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    w->loop = loop;
    w->path = path_absolute(path);
    w->changed = changed;
    w->ctx = ctx;
    w->due = on_timer;
    uv_timer_init(loop, &w->timer);
    w->timer.data = w;
    w->handles = 1;
    rescan(w);
    return w;
}

void watch_close(struct watch *w)
{
    if (!w || w->closing)
        return;
    w->closing = true;
    for (size_t i = 0; i < w->n; i++)
        dir_close(w->dirs[i]);
    w->n = 0;
    uv_close((uv_handle_t *)&w->timer, on_timer_closed);
}

const char *watch_trouble(const struct watch *w)
{
    return w->trouble;
}
