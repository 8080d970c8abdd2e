/* What dctd reads and keeps on this host: configuration, manifests, ledger. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/doctor_parts.h"
#include "daemon/file.h"
#include "daemon/loader.h"
#include "daemon/store.h"
#include "schema/json.h"

static const uint64_t MIB = 1 << 20;

enum { SPACE_LOW = 100, SPACE_OUT = 8 }; /* MiB */

static void say_finding(struct doctor *d, const struct diag *f)
{
    enum verdict v = f->level == DIAG_ERROR ? VERDICT_FAIL : VERDICT_WARN;

    if (f->at.line)
        doctor_say(d, v, "%s:%u:%u: %s", f->at.file, f->at.line, f->at.col, f->text);
    else
        doctor_say(d, v, "%s%s%s", f->at.file ? f->at.file : "", f->at.file ? ": " : "", f->text);
    if (f->hint)
        doctor_next(d, "%s", f->hint);
}

void check_configuration(struct doctor *d)
{
    struct diags found = { 0 };

    d->config = config_load(d->o->config, &found);
    for (size_t i = 0; i < found.n; i++)
        say_finding(d, &found.items[i]);
    diags_clear(&found);
    if (!d->config)
        return;

    char *folder = file_folder(d->config->file);
    d->secrets = secrets_new(folder);
    free(folder);
    doctor_say(d, VERDICT_OK, "%s: instance %s keeps %s as %s says it", d->config->file,
               d->config->instance, d->config->dct.url, d->config->manifests);
}

/* Those of the remote's commit; where it cannot be had, of the last good one. */
static const char *manifests_of(struct doctor *d)
{
    char *error = NULL;

    if (d->config->git && !d->checkout)
        d->checkout = git_now(d->config, true, &error);
    free(error);
    return d->checkout ? d->checkout->manifests : d->config->manifests;
}

/* The first finding, and how many more there are: `dctd validate` has them all. */
void check_manifests(struct doctor *d)
{
    static const uint8_t no_key[] = "doctor"; /* digests are compared with nothing here */
    const char *folder = manifests_of(d);
    OWNED(loader) l = loader_new(folder, no_key, sizeof(no_key), NULL);

    d->set = loader_load(l, NULL, 0);
    const struct diags *found = &d->set->diags;
    if (found->all == 0) {
        doctor_say(d, VERDICT_OK, "%zu objects in %zu files below %s are valid", d->set->n,
                   d->set->n_files, folder);
        return;
    }
    size_t first = 0;
    while (found->errors && first + 1 < found->n && found->items[first].level != DIAG_ERROR)
        first++;
    say_finding(d, &found->items[first]);
    if (found->all > 1)
        doctor_say(d, found->errors > 1 ? VERDICT_FAIL : VERDICT_WARN,
                   "and %zu more; %zu findings are errors", found->all - 1, found->errors);
    doctor_next(d, "`dctd validate` shows all findings, each with its line");
}

static void check_room(struct doctor *d, const char *folder)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) != 0)
        return;
    uint64_t free_now = (uint64_t)fs.f_bavail * fs.f_frsize / MIB;
    if (free_now >= SPACE_LOW)
        return;
    doctor_say(d, free_now < SPACE_OUT ? VERDICT_FAIL : VERDICT_WARN,
               "only %" PRIu64 " MiB are free in %s", free_now, folder);
    doctor_next(d, "free some space: dctd changes nothing in DCT that it cannot write down first");
}

static bool check_folder(struct doctor *d, const char *folder)
{
    if (access(folder, W_OK | X_OK) == 0) {
        check_room(d, folder);
        return true;
    }
    int code = errno;
    doctor_say(d, VERDICT_FAIL, "%s: %s for uid %ld", folder, strerrordesc_np(code),
               (long)geteuid());
    if (code == ENOENT)
        doctor_next(d, "make the folder, or let systemd do it by StateDirectory=dctd");
    else
        doctor_next(d, "let the user that dctd runs as write there; as root, `dctd doctor` sees "
                       "what root sees");
    return false;
}

static void check_mode(struct doctor *d, const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO)) {
        doctor_say(d, VERDICT_WARN, "%s can be read or written by others (mode %03o)", path,
                   (unsigned)st.st_mode & 0777U);
        doctor_next(d, "chmod 600 %s", path);
    }
}

struct content {
    size_t n;
    struct strings off; /* what dctd has switched off, and is to switch on again */
};

static bool look_at(void *ctx, const char *text)
{
    struct content *c = ctx;
    cJSON *record = json_parse(text, strlen(text), NULL);
    const char *key = json_text(record, "key");

    c->n++;
    if (key && json_true(record, "owesEnable") && !json_true(record, "enabledAgain"))
        strings_add(&c->off, key);
    cJSON_Delete(record);
    return true;
}

static void say_owed(struct doctor *d, const struct content *c, const char *path)
{
    for (size_t i = 0; i < c->off.n; i++) {
        doctor_say(d, VERDICT_WARN, "%s is owed an enable: dctd switched it off for a change",
                   c->off.items[i]);
        if (store_held(path))
            doctor_next(d, "dctd describe %s", c->off.items[i]);
        else
            doctor_next(d, "start dctd (systemctl start dctd), which switches it on again");
    }
}

static void check_content(struct doctor *d, const char *path)
{
    char *error = NULL;
    struct content c = { 0 };
    struct store *s = store_open(path, true, &error);

    if (s && store_check(s, &error) && store_each(s, look_at, &c, &error)) {
        int64_t pid = store_holder(path);
        char *holder = pid ? xasprintf("held by dctd pid %" PRId64, pid)
                           : xstrdup(store_held(path) ? "held by a dctd" : "held by nobody");
        doctor_say(d, VERDICT_OK, "%s is whole: %zu objects, %s", path, c.n, holder);
        say_owed(d, &c, path);
        free(holder);
    } else {
        doctor_say(d, VERDICT_FAIL, "%s", error); /* says what to do itself */
    }
    strings_clear(&c.off);
    free(error);
    store_close(s);
}

void check_ledger(struct doctor *d)
{
    const char *path = d->config->ledger;
    char *folder = file_folder(path);

    if (check_folder(d, folder) && access(path, F_OK) != 0) {
        doctor_say(d, VERDICT_OK, "%s is not there yet: `dctd run` and `dctd apply` make it", path);
    } else if (!d->finding.open || d->finding.verdict != VERDICT_FAIL) {
        check_mode(d, path);
        check_content(d, path);
    }
    free(folder);
}
