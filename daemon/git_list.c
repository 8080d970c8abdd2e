/* What a commit holds, as `git ls-tree` prints it, and whether it may be written. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/git_tree.h"
#include "daemon/log.h"

enum {
    ENTRY_MAX = 8192, /* of one line of ls-tree */
    PATH_LONGEST = 1024,
    NAME_LONGEST = 255,
    FOLDERS_DEEP = 64,
    LINK_LONGEST = 4095,
};

void git_list_init(struct git_list *l, uint64_t max_size, size_t max_files)
{
    *l = (struct git_list){ .max_size = max_size,
                            .max_files = max_files,
                            .rest = BUF_WITH_LIMIT(ENTRY_MAX) };
}

void git_list_clear(struct git_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->items[i].path);
    free(l->items);
    free(l->prefix);
    free(l->problem);
    buf_clear(&l->rest);
    *l = (struct git_list){ 0 };
}

/* ".git" as any system may spell it: case, ends that Windows drops, short names. */
static bool is_git_folder(const char *name, size_t n)
{
    const char *colon = memchr(name, ':', n);

    if (colon)
        n = (size_t)(colon - name);
    while (n > 1 && (name[n - 1] == '.' || name[n - 1] == ' '))
        n--;
    return (n == 4 && strncasecmp(name, ".git", n) == 0) ||
           (n == 5 && strncasecmp(name, "git~", 4) == 0);
}

static const char *name_problem(const char *name, size_t n)
{
    if (n == 0)
        return "has an empty part in its name";
    if (n > NAME_LONGEST)
        return "has a part in its name that is too long";
    if ((n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.'))
        return "has a part in its name that leads elsewhere";
    if (is_git_folder(name, n))
        return "is called as Git's own folder";
    return NULL;
}

const char *git_path_problem(const char *path)
{
    size_t folders = 0;

    if (strlen(path) > PATH_LONGEST)
        return "has a name that is too long";
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || *c == '\\')
            return "has a control character or a backslash in its name";
    }
    for (const char *name = path;; name++) {
        size_t n = strcspn(name, "/");
        const char *problem = name_problem(name, n);
        if (problem)
            return problem;
        name += n;
        if (!*name)
            break;
        if (++folders > FOLDERS_DEEP)
            return "lies too deep";
    }
    return NULL;
}

/* Takes the text; what the repository calls its files may hold anything. */
static bool refuse(struct git_list *l, const char *path, const char *why)
{
    struct buf shown = BUF_WITH_LIMIT(PATH_LONGEST);

    log_escape(path, &shown);
    if (!l->problem)
        l->problem = xasprintf("%s %s", buf_text(&shown), why);
    buf_clear(&shown);
    return false;
}

static const struct {
    const char *head; /* mode and type */
    enum git_entry_type type;
} types[] = {
    { "100644 blob ", GIT_FILE }, { "100755 blob ", GIT_FILE },   { "100664 blob ", GIT_FILE },
    { "120000 blob ", GIT_LINK }, { "040000 tree ", GIT_FOLDER }, { "160000 commit ", GIT_MODULE },
};

/* "100644 blob ID    SIZE", a tab, and the path. */
static bool parse(const char *line, struct git_entry *e, const char **path)
{
    const char *at = NULL, *tab = strchr(line, '\t');
    int64_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (starts_with(line, types[i].head)) {
            e->type = types[i].type;
            at = line + strlen(types[i].head);
        }
    }
    size_t n = at ? strspn(at, "0123456789abcdef") : 0;
    if (!tab || (n != 40 && n != 64) || at[n] != ' ')
        return false;
    memcpy(e->id, at, n);
    e->id[n] = '\0';
    at += n + strspn(at + n, " ");
    char *number = xstrndup(at, (size_t)(tab - at));
    bool sized = e->type == GIT_FILE || e->type == GIT_LINK;
    bool good = sized ? parse_int64(number, &size) && size >= 0 : streq(number, "-");
    free(number);
    e->size = (uint64_t)size;
    *path = tab + 1;
    return good;
}

static bool too_many(struct git_list *l)
{
    if (!l->problem)
        l->problem = xasprintf("it has more than %zu files and folders (manifests.git.maxFiles)",
                               l->max_files);
    return false;
}

static bool too_large(struct git_list *l, const char *path)
{
    char *why = xasprintf("makes its files larger than %" PRIu64 " bytes (manifests.git.maxSize)",
                          l->max_size);

    (void)refuse(l, path, why);
    free(why);
    return false;
}

static bool take(struct git_list *l, const char *line)
{
    struct git_entry e = { 0 };
    const char *path;

    if (!parse(line, &e, &path))
        return refuse(l, line, "is nothing that a commit of manifests may hold");
    const char *problem = git_path_problem(path);
    if (problem)
        return refuse(l, path, problem);
    if (l->n >= l->max_files)
        return too_many(l);
    if (e.type == GIT_LINK && e.size > LINK_LONGEST)
        return refuse(l, path, "is a link to a place whose name is too long");
    if (e.size > l->max_size - l->size)
        return too_large(l, path);
    l->size += e.size;
    e.path = xasprintf("%s%s", l->prefix ? l->prefix : "", path);
    l->items = grow(l->items, l->n, &l->cap, sizeof(*l->items));
    l->items[l->n++] = e;
    return true;
}

bool git_list_feed(struct git_list *l, const char *data, size_t n)
{
    while (n > 0 && !l->problem) {
        const char *end = memchr(data, '\0', n);
        size_t part = end ? (size_t)(end - data) : n;

        if (!buf_add(&l->rest, data, part))
            return refuse(l, "an entry", "has a name that is too long");
        if (end) {
            bool good = take(l, buf_text(&l->rest));
            buf_clear(&l->rest);
            l->rest = BUF_WITH_LIMIT(ENTRY_MAX);
            if (!good)
                return false;
            part++;
        }
        data += part;
        n -= part;
    }
    return !l->problem;
}

bool git_list_end(struct git_list *l)
{
    if (l->rest.n > 0 && !l->problem)
        l->problem = xstrdup("its list of files was cut off");
    return !l->problem;
}
