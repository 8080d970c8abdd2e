#include "daemon/git_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file.h"
#include "schema/json.h"

enum {
    RECORD_MAX = 16 << 10,
    PACKS_MANY = 40, /* each fetch brings one */
    DEEP = 200,      /* folders in folders; a tree has less */
};

static bool failed(const char *folder, const char *name, char **error)
{
    *error = xasprintf("%s/%s: %s", folder, name, strerrordesc_np(errno));
    return false;
}

static bool make_folder(const char *folder, const char *name, char **error)
{
    char *path = name ? xasprintf("%s/%s", folder, name) : xstrdup(folder);
    bool good = mkdir(path, S_IRWXU) == 0 || errno == EEXIST;

    free(path);
    return good || failed(folder, name ? name : "", error);
}

/* How far a removal has come; `stop` may be NULL. */
struct removal {
    const atomic_bool *stop;
    unsigned deep;
};

static void remove_at(int parent, const char *name, struct removal r);

static void empty(int fd, struct removal r)
{
    DIR *dir = fdopendir(fd);
    struct dirent *e;

    if (!dir) {
        (void)close(fd);
        return;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
    while (!(r.stop && atomic_load(r.stop)) && (e = readdir(dir))) {
        if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
            remove_at(dirfd(dir), e->d_name, r);
    }
    (void)closedir(dir);
}

/* Never through a link, whatever stands there. */
static void remove_at(int parent, const char *name, struct removal r)
{
    if (unlinkat(parent, name, 0) == 0 || (errno != EISDIR && errno != EPERM) || r.deep > DEEP)
        return;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
        empty(fd, (struct removal){ r.stop, r.deep + 1 });
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

void git_store_remove(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);

    remove_at(AT_FDCWD, path, (struct removal){ 0 });
    free(path);
}

void git_store_discard(const char *folder, const char *name)
{
    char *from = xasprintf("%s/%s", folder, name);
    char *to = xasprintf("%s/waste/XXXXXX", folder);

    /* A folder takes the place of an empty one; all else is gone quickly. */
    if (!mkdtemp(to)) {
        git_store_remove(folder, name);
    } else if (rename(from, to) != 0) {
        (void)rmdir(to);
        git_store_remove(folder, name);
    }
    free(from);
    free(to);
}

void git_store_empty_waste(const char *folder, const atomic_bool *stop)
{
    char *path = xasprintf("%s/waste", folder);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0)
        empty(fd, (struct removal){ stop, 0 });
    free(path);
}

/* Calls `each` with every name in the folder until it says false. */
static void each_name(const char *folder, bool (*each)(void *ctx, const char *name), void *ctx)
{
    DIR *dir = opendir(folder);
    struct dirent *e;

    if (!dir)
        return;
    while ((e = readdir(dir))) { // NOLINT(concurrency-mt-unsafe): a stream of its own
        if (!streq(e->d_name, ".") && !streq(e->d_name, "..") && !each(ctx, e->d_name))
            break;
    }
    (void)closedir(dir);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);

    return n >= m && streq(s + n - m, end);
}

static bool remove_unfinished(void *ctx, const char *name)
{
    if (ends_with(name, ".lock") || starts_with(name, "tmp_"))
        git_store_remove(ctx, name);
    return true;
}

void git_store_mend(const char *repository)
{
    static const char *const folders[] = { "", "/refs/dctd", "/objects", "/objects/pack" };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *folder = xasprintf("%s%s", repository, folders[i]);
        each_name(folder, remove_unfinished, folder);
        free(folder);
    }
}

static bool count_pack(void *ctx, const char *name)
{
    unsigned *n = ctx;

    *n += ends_with(name, ".pack");
    return true;
}

bool git_store_is_crowded(const char *repository)
{
    char *folder = xasprintf("%s/objects/pack", repository);
    unsigned packs = 0;

    each_name(folder, count_pack, &packs);
    free(folder);
    return packs > PACKS_MANY;
}

static bool write_file(const char *folder, const char *name, const char *text, char **error)
{
    char *path = xasprintf("%s/%s", folder, name), *draft = xasprintf("%s.new", path);
    int fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    size_t n = strlen(text);
    bool good = fd >= 0 && write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;

    if (fd >= 0)
        good &= close(fd) == 0;
    good = good && rename(draft, path) == 0;
    free(path);
    free(draft);
    return good || failed(folder, name, error);
}

/* Git asks who owns a local repository before it serves it; whoever wrote the
 * configuration has answered that. */
static char *safe_folders(const struct git_setting *s)
{
    const char *path = s->url + (starts_with(s->url, "file://") ? strlen("file://") : 0);
    struct buf text = BUF_WITH_LIMIT(16 << 10);

    if (s->scheme == GIT_LOCAL) {
        buf_printf(&text, "[safe]\n\tdirectory = \"%s\"\n", path);
        buf_printf(&text, "\tdirectory = \"%s/.git\"\n", path);
    }
    return buf_take(&text);
}

bool git_store_open(const char *folder, const struct git_setting *s, char **error)
{
    static const char *const names[] = { "trees", "tmp" };

    if (!make_folder(folder, NULL, error) || !make_folder(folder, "waste", error))
        return false;
    git_store_discard(folder, "tmp");
    git_store_remove(folder, "gnupg");
    git_store_discard(folder, "mirror.new");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!make_folder(folder, names[i], error))
            return false;
    }
    char *text = safe_folders(s);
    bool good = write_file(folder, "config", text, error);
    free(text);
    return good;
}

char *git_store_new_tree(const char *folder, const char *commit, char **error)
{
    char *name = xasprintf("trees/%s.new", commit), *path = xasprintf("%s/%s", folder, name);

    git_store_discard(folder, name);
    bool good = mkdir(path, S_IRWXU) == 0 || failed(folder, name, error);
    free(name);
    if (good)
        return path;
    free(path);
    return NULL;
}

struct kept {
    const char *folder, *commit;
};

static bool discard_other(void *ctx, const char *name)
{
    const struct kept *kept = ctx;

    if (!streq(name, kept->commit)) {
        char *tree = xasprintf("trees/%s", name);
        git_store_discard(kept->folder, tree);
        free(tree);
    }
    return true;
}

bool git_store_enact(const char *folder, const char *tree, char **error)
{
    char *draft = xasprintf("%s/current.new", folder), *link = xasprintf("%s/current", folder);
    char *final = xstrndup(tree, strlen(tree) - strlen(".new"));
    const char *commit = strrchr(final, '/') + 1;
    char *target = xasprintf("trees/%s", commit), *trees = xasprintf("%s/trees", folder);
    struct kept kept = { folder, commit };

    git_store_discard(folder, target);
    git_store_remove(folder, "current.new");
    bool good = rename(tree, final) == 0 && symlink(target, draft) == 0 && rename(draft, link) == 0;
    if (good)
        each_name(trees, discard_other, &kept);
    else
        (void)failed(folder, "current", error);
    free(trees);
    free(target);
    free(final);
    free(draft);
    free(link);
    return good;
}

bool git_record_read(const char *folder, struct git_record *out)
{
    size_t n;
    char *error = NULL, *path = xasprintf("%s/state.json", folder);
    char *text = file_read(path, RECORD_MAX, &n, &error);
    cJSON *json = text ? json_parse(text, n, NULL) : NULL;
    const char *url = json_text(json, "url"), *ref = json_text(json, "ref");
    const char *commit = json_text(json, "commit"), *fetched = json_text(json, "fetched");
    bool good = url && ref && commit && fetched && git_is_commit_id(commit) &&
                parse_int64(fetched, &out->fetched);

    if (good) {
        out->url = xstrdup(url);
        out->ref = xstrdup(ref);
        memcpy(out->commit, commit, strlen(commit) + 1);
    }
    cJSON_Delete(json);
    free(text);
    free(path);
    free(error);
    return good;
}

bool git_record_write(const char *folder, const struct git_record *r, char **error)
{
    cJSON *json = cJSON_CreateObject();
    char *fetched = xasprintf("%" PRId64, r->fetched);

    cJSON_AddStringToObject(json, "url", r->url);
    cJSON_AddStringToObject(json, "ref", r->ref);
    cJSON_AddStringToObject(json, "commit", r->commit);
    cJSON_AddStringToObject(json, "fetched", fetched);
    char *text = cJSON_PrintUnformatted(json);
    bool good = write_file(folder, "state.json", text ? text : "", error);
    cJSON_free(text);
    free(fetched);
    cJSON_Delete(json);
    return good;
}

void git_record_clear(struct git_record *r)
{
    free(r->url);
    free(r->ref);
    *r = (struct git_record){ 0 };
}
