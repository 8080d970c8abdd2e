/* The lock on a ledger.
 *
 * Writers are told apart by an flock on PATH.lock rather than by SQLite's own
 * locks, so that readers (`dctd plan` beside the service, the sqlite3 shell)
 * are welcome at any time and a second writer learns who is in its way. The
 * lock file stays: removing it would let two writers hold two different ones. */
#include "daemon/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_LOCK = O_CLOEXEC | O_NOFOLLOW };

/* What all links to it lead to: were the lock named after them, each would have
 * one of its own. Owned. */
static char *real_name(const char *ledger)
{
    char *real = realpath(ledger, NULL);

    return real ? real : xstrdup(ledger);
}

/* What the holder wrote into the file; 0 = it does not say. */
static int64_t written_holder(int fd)
{
    char text[32];
    int64_t pid = 0;
    ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

    if (n <= 0)
        return 0;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return parse_int64(text, &pid) ? pid : 0;
}

static bool refused(const struct store_lock *l, char **error)
{
    int code = errno;

    *error = xasprintf("ledger %s: cannot lock %s: %s; check that its folder exists and that owner "
                       "and mode let dctd write there",
                       l->ledger.path, l->lock.path, strerrordesc_np(code));
    return false;
}

static bool take(struct store_lock *l, char **error)
{
    l->fd = open(l->lock.path, O_RDWR | O_CREAT | OPEN_LOCK, 0600);
    if (l->fd < 0)
        return refused(l, error);
    if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return refused(l, error);
        int64_t pid = written_holder(l->fd);
        *error = pid ? xasprintf("ledger %s is held by dctd pid %" PRId64, l->ledger.path, pid)
                     : xasprintf("ledger %s is held by another dctd", l->ledger.path);
        return false;
    }
    /* The pid is a courtesy: on a full disk the lock works without it. */
    if (ftruncate(l->fd, 0) == 0)
        (void)!dprintf(l->fd, "%ld\n", (long)getpid());
    return true;
}

/* The ledger itself too, for those who know it by a hard link. A file system that
 * knows no flock has refused the other one. */
static bool take_file(struct store_lock *l, char **error)
{
    l->own = open(l->ledger.path, O_RDONLY | OPEN_LOCK);
    if (l->own < 0)
        return refused(l, error);
    if (flock(l->own, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    *error = xasprintf("ledger %s is held by another dctd under another name (a hard link)",
                       l->ledger.path);
    return false;
}

/* The first look settles which file it is; NULL, or what became of it. */
static const char *look(struct store_file *f)
{
    struct stat st;

    if (stat(f->path, &st) != 0)
        return f->known ? strerrordesc_np(errno) : NULL;
    if (!f->known) {
        f->known = true;
        f->device = st.st_dev;
        f->inode = st.st_ino;
    }
    return f->device == st.st_dev && f->inode == st.st_ino ? NULL : "it is another file now";
}

static bool are_there(const struct store_lock *l, struct store_file *const *files, size_t n,
                      char **error)
{
    for (size_t i = 0; i < n; i++) {
        const char *trouble = look(files[i]);
        if (trouble) {
            *error =
                xasprintf("ledger %s was taken away from the dctd that writes it (%s: %s); put "
                          "it back, or restart dctd: objects are found again by their owner "
                          "tag",
                          l->ledger.path, files[i]->path, trouble);
            return false;
        }
    }
    return true;
}

bool store_lock_check(struct store_lock *l, char **error)
{
    struct store_file *const files[] = { &l->ledger, &l->lock, &l->log };

    return are_there(l, files, ARRAY_LEN(files), error);
}

/* Before SQLite has opened it another one may still take its log away. */
bool store_lock_take(struct store_lock *l, const char *ledger, char **error)
{
    char *real = real_name(ledger);

    *l = (struct store_lock){ .fd = -1,
                              .own = -1,
                              .ledger = { .path = real },
                              .lock = { .path = xasprintf("%s.lock", real) },
                              .log = { .path = xasprintf("%s-wal", real) } };
    struct store_file *const files[] = { &l->ledger, &l->lock };
    return take(l, error) && take_file(l, error) && are_there(l, files, ARRAY_LEN(files), error);
}

void store_lock_clear(struct store_lock *l)
{
    if (l->own >= 0)
        (void)close(l->own);
    if (l->fd >= 0)
        (void)close(l->fd);
    free(l->lock.path);
    free(l->ledger.path);
    free(l->log.path);
    *l = (struct store_lock){ .fd = -1, .own = -1 };
}

int64_t store_lock_holder(const char *ledger)
{
    char *real = real_name(ledger), *lock = xasprintf("%s.lock", real);
    int fd = open(lock, O_RDONLY | OPEN_LOCK);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    int64_t holder = held ? written_holder(fd) : -1;

    if (fd >= 0)
        (void)close(fd);
    free(lock);
    free(real);
    return holder;
}
