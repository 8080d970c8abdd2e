#include "daemon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *no_file(const char *path, int code, char **error)
{
    *error = xasprintf("%s: %s", path, strerrordesc_np(code));
    return NULL;
}

/* Reads until the end or until `max` is passed; -1 with errno on failure. */
static ssize_t read_all(int fd, char *data, size_t room)
{
    size_t n = 0;

    while (n < room) {
        ssize_t got = read(fd, data + n, room - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    return (ssize_t)n;
}

static char *read_open(int fd, const char *path, size_t max, size_t *n, char **error)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return no_file(path, errno, error);
    if (!S_ISREG(st.st_mode)) {
        *error = xasprintf("%s: is not a regular file", path);
        return NULL;
    }

    /* One more than it says, so that a file that grows meanwhile is noticed. */
    size_t room = (st.st_size < 0 || (uintmax_t)st.st_size > max ? max : (size_t)st.st_size) + 1;
    char *data = xmalloc(room + 1);
    ssize_t got = read_all(fd, data, room);

    if (got < 0) {
        free(data);
        return no_file(path, errno, error);
    }
    if ((size_t)got == room) {
        explicit_bzero(data, room);
        free(data);
        *error = room > max ? xasprintf("%s: is larger than %zu bytes", path, max)
                            : xasprintf("%s: changes while it is being read", path);
        return NULL;
    }
    data[got] = '\0';
    *n = (size_t)got;
    return data;
}

char *file_read(const char *path, size_t max, size_t *n, char **error)
{
    /* Not to be held up by a named pipe that nobody writes to. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return no_file(path, errno, error);

    char *data = read_open(fd, path, max, n, error);
    (void)close(fd);
    return data;
}

char *file_below(const char *folder, const char *path)
{
    if (path[0] == '/' || !folder || streq(folder, "."))
        return xstrdup(path);
    return xasprintf("%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", path);
}

char *file_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}
