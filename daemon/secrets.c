#include "daemon/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "daemon/env.h"
#include "daemon/file.h"
#include "daemon/log.h"

enum { OUTDATED_MAX = 64 };

/* One value. Outdated ones stay for the redactor's sake: DCT may still say them. */
struct entry {
    enum secret_source source;
    char *name;
    char *data; /* in pages of its own that core dumps leave out */
    size_t n;
    bool stale;    /* read it again before giving it out */
    bool outdated; /* replaced by another entry */
};

struct secrets {
    char *folder;
    struct entry *items;
    size_t n, cap;
};

struct secrets *secrets_new(const char *folder)
{
    struct secrets *s = xcalloc(1, sizeof(*s));

    s->folder = folder ? xstrdup(folder) : NULL;
    return s;
}

static void wipe(char *data, size_t n)
{
    explicit_bzero(data, n);
    free(data);
}

static char *private_copy(const char *data, size_t n)
{
    char *pages = mmap(NULL, n + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        abort();
    (void)madvise(pages, n + 1, MADV_DONTDUMP);
    memcpy(pages, data, n);
    return pages;
}

static void entry_clear(struct entry *e)
{
    explicit_bzero(e->data, e->n + 1);
    (void)munmap(e->data, e->n + 1);
    free(e->name);
}

void secrets_free(struct secrets *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        entry_clear(&s->items[i]);
    free(s->items);
    free(s->folder);
    free(s);
}

static const char *const source_names[] = {
    [SECRET_CREDENTIAL] = "credential",
    [SECRET_FILE] = "file",
    [SECRET_ENV] = "env",
};

char *secret_ref_text(const struct secret_ref *ref)
{
    return xasprintf("%s %s", source_names[ref->source], ref->name);
}

static char *read_credential(const char *name, size_t *n, char **error)
{
    if (!*name || strchr(name, '/') || streq(name, ".") || streq(name, "..")) {
        *error = xasprintf("credential %s: its name must be a plain file name", name);
        return NULL;
    }

    const char *folder = env_get("CREDENTIALS_DIRECTORY");
    if (!folder) {
        *error =
            xasprintf("credential %s: $CREDENTIALS_DIRECTORY is not set; start dctd by systemd "
                      "with LoadCredential=%s:PATH, or use {file: …} or {env: …}",
                      name, name);
        return NULL;
    }

    char *path = file_below(folder, name);
    char *why = NULL;
    char *data = file_read(path, SECRET_MAX, n, &why);

    if (!data)
        *error =
            xasprintf("credential %s: %s; is LoadCredential=%s:PATH in the unit?", name, why, name);
    free(why);
    free(path);
    return data;
}

/* Everyone on the host can read it: a poor secret, but Git checks files out so. */
static void warn_if_open(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && (st.st_mode & S_IROTH))
        log_warning("secret file %s can be read by every user; chmod o-r it", path);
}

static char *read_file(const char *path, size_t *n, char **error)
{
    char *why = NULL;
    char *data = file_read(path, SECRET_MAX, n, &why);

    if (!data)
        *error = xasprintf("secret file %s", why);
    free(why);
    return data;
}

static char *read_env(const char *name, size_t *n, char **error)
{
    const char *value = env_get(name);

    if (!value) {
        *error = xasprintf("environment variable %s is not set", name);
        return NULL;
    }
    *n = strlen(value);
    if (*n > SECRET_MAX) {
        *error = xasprintf("environment variable %s is larger than %d bytes", name, SECRET_MAX);
        return NULL;
    }
    return xstrdup(value);
}

static char *(*const readers[])(const char *, size_t *, char **) = {
    [SECRET_CREDENTIAL] = read_credential,
    [SECRET_FILE] = read_file,
    [SECRET_ENV] = read_env,
};

/* One line end at the end is an editor's, not the secret's. */
static size_t trimmed(const char *data, size_t n)
{
    if (n && data[n - 1] == '\n')
        n--;
    if (n && data[n - 1] == '\r')
        n--;
    return n;
}

static char *read_value(const struct secret_ref *ref, size_t *n, char **error)
{
    size_t raw = 0;
    char *data = readers[ref->source](ref->name, &raw, error);

    if (!data)
        return NULL;

    size_t kept = trimmed(data, raw);
    const char *wrong = kept == 0                  ? "is empty"
                        : memchr(data, '\0', kept) ? "holds a NUL byte, which no password can"
                                                   : NULL;
    if (wrong) {
        char *what = secret_ref_text(ref);
        *error = xasprintf("%s %s%s", what, wrong,
                           ref->source == SECRET_CREDENTIAL && kept == 0
                               ? "; is there a file where LoadCredential= of the unit points?"
                               : "");
        free(what);
        wipe(data, raw);
        return NULL;
    }
    explicit_bzero(data + kept, raw - kept);
    *n = kept;
    return data;
}

static struct entry *find(const struct secrets *s, const struct secret_ref *ref)
{
    for (size_t i = 0; i < s->n; i++) {
        struct entry *e = &s->items[i];

        if (!e->outdated && e->source == ref->source && streq(e->name, ref->name))
            return e;
    }
    return NULL;
}

/* Drops the oldest replaced values beyond what is worth remembering. */
static void drop_outdated(struct secrets *s)
{
    size_t outdated = 0;

    for (size_t i = 0; i < s->n; i++)
        outdated += s->items[i].outdated;
    for (size_t i = 0; i < s->n && outdated > OUTDATED_MAX;) {
        if (!s->items[i].outdated) {
            i++;
            continue;
        }
        entry_clear(&s->items[i]);
        memmove(&s->items[i], &s->items[i + 1], (s->n - i - 1) * sizeof(*s->items));
        s->n--;
        outdated--;
    }
}

static struct entry *remember(struct secrets *s, const struct secret_ref *ref, const char *data,
                              size_t n)
{
    drop_outdated(s);
    s->items = grow(s->items, s->n, &s->cap, sizeof(*s->items));

    struct entry *e = &s->items[s->n++];
    *e = (struct entry){
        .source = ref->source, .name = xstrdup(ref->name), .data = private_copy(data, n), .n = n
    };
    return e;
}

/* Files by the path to open them, everything else by its name. */
static bool get(struct secrets *s, const struct secret_ref *ref, struct secret *out, char **error)
{
    struct entry *e = find(s, ref);

    if (!e || e->stale) {
        size_t n = 0;
        char *data = read_value(ref, &n, error);

        if (!data)
            return false;
        if (!e && ref->source == SECRET_FILE)
            warn_if_open(ref->name);
        if (e && e->n == n && memcmp(e->data, data, n) == 0) {
            e->stale = false;
        } else {
            if (e)
                e->outdated = true;
            e = remember(s, ref, data, n);
        }
        wipe(data, n);
    }
    *out = (struct secret){ .data = e->data, .n = e->n };
    return true;
}

static bool get_below(struct secrets *s, const char *folder, const struct secret_ref *ref,
                      struct secret *out, char **error)
{
    if (ref->source != SECRET_FILE)
        return get(s, ref, out, error);

    char *path = file_below(folder, ref->name);
    bool got = get(s, &(struct secret_ref){ .source = SECRET_FILE, .name = path }, out, error);
    free(path);
    return got;
}

bool secrets_get(struct secrets *s, const struct secret_ref *ref, struct secret *out, char **error)
{
    return get_below(s, s->folder, ref, out, error);
}

bool secrets_get_for(struct secrets *s, const char *file, const struct secret_ref *ref,
                     struct secret *out, char **error)
{
    char *folder = file ? file_folder(file) : NULL;
    bool got = get_below(s, folder ? folder : s->folder, ref, out, error);

    free(folder);
    return got;
}

void secrets_forget(struct secrets *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->items[i].stale = true;
}

/* The longest known value that stands at the head of `text`, 0 if none does. */
static size_t secret_at(const struct secrets *s, const char *text)
{
    size_t longest = 0;

    for (size_t i = 0; i < s->n; i++) {
        const struct entry *e = &s->items[i];

        if (e->n >= SECRET_REDACT_MIN && e->n > longest && strncmp(text, e->data, e->n) == 0)
            longest = e->n;
    }
    return longest;
}

void secrets_redact(const struct secrets *s, const char *text, struct buf *out)
{
    const char *plain = text;

    for (const char *p = text; *p;) {
        size_t n = secret_at(s, p);

        if (n == 0) {
            p++;
            continue;
        }
        buf_add(out, plain, (size_t)(p - plain));
        buf_puts(out, "***");
        p += n;
        plain = p;
    }
    buf_puts(out, plain);
}
