/* Every secret that the configuration or a manifest names: is it there, can it
 * be read, and by whom else? What it is nobody learns. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config_git.h"
#include "daemon/doctor_parts.h"
#include "daemon/env.h"
#include "daemon/file.h"

struct inquiry {
    struct doctor *doctor;
    struct strings seen; /* "file /etc/x" */
    size_t good, line_ends;
    const char *file; /* that names the secrets; NULL: the configuration */
    const char *where;
};

/* The file that holds it, owned; NULL where it is in none, or cannot be known. */
static char *path_of(const struct inquiry *q, const struct secret_ref *ref)
{
    const char *credentials = env_get("CREDENTIALS_DIRECTORY");

    if (ref->source == SECRET_CREDENTIAL)
        return credentials ? file_below(credentials, ref->name) : NULL;
    if (ref->source == SECRET_ENV)
        return NULL;
    char *folder = file_folder(q->file ? q->file : q->doctor->config->file);
    char *path = file_below(folder, ref->name);
    free(folder);
    return path;
}

/* True where only its owner, and perhaps his group, can read it. */
static bool check_mode(struct inquiry *q, const char *path, size_t secret_n)
{
    struct stat st;

    if (!path || stat(path, &st) != 0)
        return true;
    q->line_ends += (size_t)st.st_size > secret_n;
    if (!(st.st_mode & (S_IRWXO | S_IWGRP)))
        return true;
    bool read = st.st_mode & S_IROTH;
    doctor_say(q->doctor, VERDICT_WARN, "%s (%s) can be %s by %s", path, q->where,
               read ? "read" : "written",
               read ? "every user of this host" : "others than its owner");
    doctor_next(q->doctor, "chmod %s %s", read ? "o-rwx" : "go-w", path);
    return false;
}

static void check_one(struct inquiry *q, const struct secret_ref *ref, const char *name)
{
    char *path = path_of(q, ref), *error = NULL;
    struct secret value;

    if (ref->source == SECRET_CREDENTIAL && !path) {
        doctor_say(q->doctor, VERDICT_WARN,
                   "%s (%s) cannot be looked at: systemd gives it to the "
                   "service alone",
                   name, q->where);
        doctor_next(q->doctor, "is it among `systemctl show -p LoadCredential "
                               "-p LoadCredentialEncrypted dctd`?");
    } else if (!secrets_get_for(q->doctor->secrets, q->file, ref, &value, &error)) {
        doctor_say(q->doctor, VERDICT_FAIL, "%s: %s", q->where, error);
        doctor_next(q->doctor, "put the secret there, readable for the user that dctd runs as");
    } else {
        q->good += check_mode(q, path, value.n);
    }
    free(error);
    free(path);
}

static void check_ref(struct inquiry *q, const struct secret_ref *ref)
{
    char *path = path_of(q, ref), *real = path ? realpath(path, NULL) : NULL;
    struct secret_ref full = { ref->source, real ? real : path ? path : ref->name };
    char *text = secret_ref_text(&full), *name = secret_ref_text(ref);

    if (!strings_has(&q->seen, text)) {
        strings_add(&q->seen, text);
        check_one(q, ref, name);
    }
    free(name);
    free(text);
    free(real);
    free(path);
}

/* Every reference in a value, however deep. */
static void check_tree(struct inquiry *q, const cJSON *node)
{
    struct secret_ref ref;
    const cJSON *item;

    if (secret_ref_of(node, &ref)) {
        check_ref(q, &ref);
        return;
    }
    cJSON_ArrayForEach(item, node) {
        check_tree(q, item);
    }
}

static void check_object(struct inquiry *q, const struct wanted *w)
{
    const struct object *o = w->object;

    q->file = o->pos.file;
    q->where = w->key;
    for (size_t i = 0; i < o->kind->table.n; i++) {
        if (o->values[i].state == V_SET && type_is_json(o->kind->table.rows[i].type))
            check_tree(q, o->values[i].json);
    }
}

static void check_setting(struct inquiry *q, const struct secret_setting *s, const char *where)
{
    if (!s->name)
        return;
    q->file = NULL;
    q->where = where;
    check_ref(q, &(struct secret_ref){ s->source, s->name });
}

void check_secrets(struct doctor *d)
{
    struct inquiry q = { .doctor = d };
    const struct config *c = d->config;

    check_setting(&q, &c->dct.api_key, "dct.apiKey");
    check_setting(&q, &c->status.key, "status.tls.key");
    check_setting(&q, &c->status.token, "status.token");
    check_setting(&q, &c->status.webhook, "status.webhook.secret");
    if (c->git) {
        check_setting(&q, &c->git->password, "manifests.git.credentials.password");
        check_setting(&q, &c->git->ssh_key, "manifests.git.credentials.sshKey");
    }
    for (size_t i = 0; d->set && i < d->set->n; i++)
        check_object(&q, &d->set->items[i]);
    if (q.good == q.seen.n)
        doctor_say(d, VERDICT_OK, "all %zu can be read, and not by every user%s", q.good,
                   q.line_ends ? "; a line end at the end of a file is not part of the secret"
                               : "");
    strings_clear(&q.seen);
}
