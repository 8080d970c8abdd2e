/* The configuration file as one table of rows. */
#include "daemon/config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/config_git.h"
#include "daemon/config_status.h"
#include "daemon/env.h"
#include "daemon/file.h"
#include "schema/json.h"
#include "schema/read.h"

enum { CONFIG_MAX = 256 << 10 };

enum {
    INSTANCE,
    URL,
    BASE_PATH,
    API_KEY,
    CA_FILE,
    INSECURE,
    MANIFESTS,
    INTERVAL,
    PRUNE,
    BUDGET,
    PERCENT,
    SUSPEND,
    TOTAL,
    PER_ENGINE,
    PER_ENVIRONMENT,
    LEDGER,
    CONTROL,
    LISTEN,
    CERTIFICATE,
    TLS_KEY,
    STATUS_TOKEN,
    HOOK_SECRET,
    ROWS
};

enum { SUSPENSIONS_MAX = 100, REASON_MAX = 1024 };

static const char *const kind_names[KINDS + 1] = {
    "Engine", "Connector", "Environment", "SourceConfig", "DSource", "VDB", NULL,
};

/* clang-format off */
static const struct field suspend_rows[] = {
    { .yaml = "kind", .create = "kind", .type = F_ENUM, .words = kind_names,
      .doc = "objects of this kind; of every kind when left out" },
    { .yaml = "reason", .create = "reason", .type = F_STRING, .flags = REQUIRED,
      .min = 1, .max = REASON_MAX, .doc = "why, for those who wonder" },
    { .yaml = "until", .create = "until", .type = F_STRING,
      .doc = "a date or an RFC 3339 time; until it is taken out again when left out" },
};

static const struct field rows[ROWS] = {
    [INSTANCE]   = { .yaml = "instance", .type = F_STRING, .min = 1, .max = 255,
                     .doc = "value of the owner tag; the host name when left out" },
    [URL]        = { .yaml = "dct.url", .type = F_STRING, .min = 1, .max = 2048, .flags = REQUIRED,
                     .doc = "where DCT is: https://dct.example.com" },
    [BASE_PATH]  = { .yaml = "dct.basePath", .type = F_STRING, .max = 1024,
                     .doc = "what stands before every path of the API, /dct/v3 when left out" },
    [API_KEY]    = { .yaml = "dct.apiKey", .type = F_SECRET, .flags = REQUIRED,
                     .doc = "{credential: NAME}, {file: PATH} or {env: NAME}" },
    [CA_FILE]    = { .yaml = "dct.caFile", .type = F_STRING, .min = 1, .max = PATH_MAX,
                     .doc = "certificates (PEM) that DCT's is checked against" },
    [INSECURE]   = { .yaml = "dct.insecureSkipVerify", .type = F_BOOLEAN,
                     .doc = "talk to whoever answers, without checking its certificate" },
    [MANIFESTS]  = { .yaml = "manifests.path", .type = F_STRING, .min = 1, .max = PATH_MAX,
                     .group = 1, .doc = "a directory of manifests" },
    [INTERVAL]   = { .yaml = "reconcile.interval", .type = F_STRING, .min = 1, .max = 64,
                     .doc = "time between observations when nothing differs: 5m, 1h30m" },
    [PRUNE]      = { .yaml = "reconcile.prune", .type = F_BOOLEAN,
                     .doc = "delete what dctd owns and no manifest declares any more" },
    [BUDGET]     = { .yaml = "reconcile.deleteBudget", .type = F_INTEGER, .min = 1, .max = 100000,
                     .doc = "more deletes than this in one cycle, replaced objects included, stop all" },
    [PERCENT]    = { .yaml = "reconcile.deleteBudgetPercent", .type = F_INTEGER,
                     .min = 1, .max = 100,
                     .doc = "the same, as a share of what the ledger holds" },
    [SUSPEND]    = { .yaml = "reconcile.suspend", .type = F_LIST, .max = SUSPENSIONS_MAX,
                     .sub = suspend_rows, .n_sub = ARRAY_LEN(suspend_rows),
                     .doc = "what is left alone for a while" },
    [TOTAL]      = { .yaml = "reconcile.concurrency.total", .type = F_INTEGER,
                     .min = 1, .max = 1000, .doc = "actions at a time" },
    [PER_ENGINE] = { .yaml = "reconcile.concurrency.perEngine", .type = F_INTEGER,
                     .min = 1, .max = 1000, .doc = "actions at a time on one engine" },
    [PER_ENVIRONMENT] = { .yaml = "reconcile.concurrency.perEnvironment", .type = F_INTEGER,
                     .min = 1, .max = 1000, .doc = "actions at a time in one environment" },
    [LEDGER]     = { .yaml = "ledger", .type = F_STRING, .min = 1, .max = PATH_MAX,
                     .doc = "the file that remembers which DCT objects are whose" },
    [CONTROL]    = { .yaml = "control", .type = F_STRING, .min = 1, .max = PATH_MAX,
                     .doc = "the socket that dctd's commands talk to" },
    [LISTEN]     = { .yaml = "status.listen", .type = F_STRING, .min = 1, .max = 255,
                     .doc = "ADDRESS:PORT of the status server; off when left out" },
    [CERTIFICATE] = { .yaml = "status.tls.certificate", .type = F_STRING, .min = 1,
                     .max = PATH_MAX,
                     .doc = "certificate (PEM, with its chain) that the status server shows" },
    [TLS_KEY]    = { .yaml = "status.tls.key", .type = F_SECRET,
                     .doc = "its private key (PEM)" },
    [STATUS_TOKEN] = { .yaml = "status.token", .type = F_SECRET,
                     .doc = "bearer token that readers of the status server must show" },
    [HOOK_SECRET] = { .yaml = "status.webhook.secret", .type = F_SECRET,
                     .doc = "what GitHub or GitLab prove themselves with at POST /hook/git" },
};
/* clang-format on */

/* The rows above, then those of manifests.git. */
struct all_rows {
    struct field rows[ROWS + CONFIG_GIT_ROWS];
};

static struct table table_of(struct all_rows *all)
{
    memcpy(all->rows, rows, sizeof(rows));
    memcpy(all->rows + ROWS, config_git_rows, sizeof(config_git_rows));
    return (struct table){ all->rows, ARRAY_LEN(all->rows) };
}

static const struct {
    const char *name;
    msec length;
} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };

static msec unit_length(const char *name, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strlen(units[i].name) == n && strncmp(units[i].name, name, n) == 0)
            return units[i].length;
    }
    return 0;
}

bool duration_parse(const char *text, msec *out)
{
    static const char digits[] = "0123456789";
    msec total = 0;

    if (!*text)
        return false;
    while (*text) {
        size_t n = strspn(text, digits), unit_n = strcspn(text + n, digits);
        msec unit = unit_length(text + n, unit_n), amount = 0;
        if (n == 0 || n > 9 || unit == 0)
            return false;
        for (size_t i = 0; i < n; i++)
            amount = amount * 10 + (text[i] - '0');
        total += amount * unit;
        if (total > INT32_MAX * (msec)1000)
            return false;
        text += n + unit_n;
    }
    *out = total;
    return true;
}

/* What is being read: findings point into `y`. */
struct reading {
    struct yaml_file *y;
    const struct node *root;
    struct value values[ROWS + CONFIG_GIT_ROWS];
    struct git_setting *git;
    struct suspension *suspensions;
    size_t n_suspensions;
    struct strings texts;
    char *folder; /* absolute, so that paths stay what they are elsewhere */
};

static const char *text_or(const struct reading *r, size_t row, const char *fallback)
{
    return r->values[row].state == V_SET ? r->values[row].s : fallback;
}

static unsigned number_or(const struct reading *r, size_t row, unsigned fallback)
{
    return r->values[row].state == V_SET ? (unsigned)r->values[row].i : fallback;
}

static bool is_true(const struct reading *r, size_t row)
{
    return r->values[row].state == V_SET && r->values[row].i;
}

/* Where a row was said, NULL where it was not. */
static const struct node *said(const struct reading *r, size_t row)
{
    return r->values[row].state == V_SET ? node_at(r->root, rows[row].yaml) : NULL;
}

static char *path_or(const struct reading *r, size_t row, const char *fallback)
{
    const char *path = text_or(r, row, fallback);

    return path ? file_below(r->folder, path) : NULL;
}

static void warn_at(struct reading *r, size_t row, const char *text)
{
    diag_warning(r->y->diags, r->values[row].pos, "`%s`: %s", rows[row].yaml, text);
}

static bool is_plain_url(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f || strchr("\\\"<>^`{|}", *s))
            return false;
    }
    return true;
}

static bool is_loopback(const char *host, size_t n)
{
    return (n == 9 && strncasecmp(host, "localhost", n) == 0) ||
           (n > 4 && strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") >= n) ||
           (n == 5 && strncmp(host, "[::1]", n) == 0);
}

/* The length of the host, 0 where "host[:port]" is not what stands there. */
static size_t host_length(const char *authority, size_t n)
{
    const char *end = authority[0] == '[' ? memchr(authority, ']', n) : NULL;
    size_t host = end ? (size_t)(end - authority) + 1 : 0;
    int64_t port;

    if (authority[0] == '[' && !end)
        return 0;
    while (!end && host < n && authority[host] != ':')
        host++;
    if (host == n)
        return host;
    char *text = xstrndup(authority + host + 1, n - host - 1);
    bool good = authority[host] == ':' && parse_int64(text, &port) && port >= 1 && port <= 65535;
    free(text);
    return good ? host : 0;
}

/* NULL where the text is what DCT's address must be. */
static const char *url_problem(const char *url, const char *rest, size_t authority)
{
    if (!rest)
        return "must begin with https:// (or http://)";
    if (memchr(rest, '@', authority))
        return "holds a user name or password; DCT takes an API key, see dct.apiKey";
    if (!is_plain_url(url) || host_length(rest, authority) == 0)
        return "must be https://HOST or https://HOST:PORT";
    if (rest[authority] && !streq(rest + authority, "/"))
        return "must end with the host or its port; a path belongs into dct.basePath";
    return NULL;
}

static void check_url(struct reading *r)
{
    const struct node *at = said(r, URL);

    if (!at)
        return;
    const char *url = at->text;
    bool http = strncasecmp(url, "http://", 7) == 0, https = strncasecmp(url, "https://", 8) == 0;
    const char *rest = http ? url + 7 : https ? url + 8 : NULL;
    size_t authority = rest ? strcspn(rest, "/?#") : 0;
    const char *problem = url_problem(url, rest, authority);

    if (problem) {
        /* Whatever it is, it may hold a password. */
        if (strchr(url, '@'))
            node_hide(r->y, at);
        node_error(r->y, at, "`dct.url` %s", problem);
    } else if (http && !is_loopback(rest, host_length(rest, authority))) {
        warn_at(r, URL, "http sends the API key in clear text; use https");
    }
}

static void check_base_path(struct reading *r)
{
    const struct node *at = said(r, BASE_PATH);

    if (!at || !*at->text)
        return;
    if (at->text[0] != '/' || !is_plain_url(at->text) || strpbrk(at->text, "?#"))
        node_error(r->y, at, "`dct.basePath` must be a path like /dct/v3, or empty");
}

static void check_trust(struct reading *r)
{
    char *path = path_or(r, CA_FILE, NULL);

    if (path && access(path, R_OK) != 0)
        diag_warning(r->y->diags, r->values[CA_FILE].pos, "`dct.caFile`: %s: %s", path,
                     strerrordesc_np(errno));
    if (is_true(r, INSECURE))
        warn_at(r, INSECURE, "the certificate of DCT is not checked; anyone can pose as it");
    free(path);
}

static void check_interval(struct reading *r, msec *interval)
{
    const struct node *at = said(r, INTERVAL);

    if (!at)
        return;
    if (!duration_parse(at->text, interval)) {
        node_error(r->y, at, "`reconcile.interval` is no duration");
        diag_hint(r->y->diags, "durations are written 30s, 5m or 1h30m");
    } else if (*interval < 1000 || *interval > 7 * 86400000LL) {
        node_error(r->y, at, "`reconcile.interval` must be between 1s and 7d");
    }
}

/* What a manifest's policy.suspend may say, one for all objects of a kind. */
static struct suspension suspension_of(struct reading *r, const struct node *n, const cJSON *item,
                                       struct strings *texts)
{
    const char *kind = json_text(item, "kind"), *until = json_text(item, "until");
    struct suspension s = { .kind = kind ? kind_by_name(kind)->kind : KINDS };

    strings_add(texts, json_text(item, "reason"));
    s.reason = texts->items[texts->n - 1];
    char *at = xasprintf("%s:%u:%u", n->pos.file, n->pos.line, n->pos.col);
    strings_add(texts, at);
    s.at = texts->items[texts->n - 1];
    free(at);
    if (until && moment_read(r->y, node_get(n, "until"), "until", until, &s.until) &&
        s.until <= clock_wall()) {
        diag_warning(r->y->diags, node_get(n, "until")->pos,
                     "`reconcile.suspend`: `%.1000s` is over since %s and suspends nothing",
                     s.reason, until);
        diag_hint(r->y->diags, "take it out, or give it another date");
    }
    return s;
}

static void read_suspensions(struct reading *r)
{
    const struct node *list = said(r, SUSPEND);
    const cJSON *item;

    if (!list)
        return;
    r->suspensions = xcalloc(list->n, sizeof(*r->suspensions));
    cJSON_ArrayForEach(item, r->values[SUSPEND].json) {
        const struct node *n = list->items[r->n_suspensions];
        r->suspensions[r->n_suspensions++] = suspension_of(r, n, item, &r->texts);
    }
}

static void check_status(struct reading *r)
{
    const struct status_said at = {
        .control = said(r, CONTROL),
        .listen = said(r, LISTEN),
        .certificate = said(r, CERTIFICATE),
        .key = said(r, TLS_KEY),
        .token = said(r, STATUS_TOKEN),
        .webhook = said(r, HOOK_SECRET),
    };

    status_check(r->y, r->folder, &at);
}

static char *host_name(void)
{
    char name[256] = "";

    (void)gethostname(name, sizeof(name) - 1);
    return xstrdup(name[0] ? name : "dctd");
}

/* A file in the folder that the unit owns, which systemd names in `variable`;
 * with several the first is meant, NULL without one. */
static char *unit_file(const char *variable, const char *name)
{
    const char *folder = env_get(variable);

    if (!folder || !*folder)
        return NULL;
    return xasprintf("%.*s/%s", (int)strcspn(folder, ":"), folder, name);
}

static char *default_ledger(void)
{
    char *path = unit_file("STATE_DIRECTORY", "ledger.db");

    return path ? path : xstrdup("/var/lib/dctd/ledger.db");
}

static char *default_control(void)
{
    return unit_file("RUNTIME_DIRECTORY", "control.sock");
}

static char *without_slash(const char *s)
{
    size_t n = strlen(s);

    while (n > 0 && s[n - 1] == '/')
        n--;
    return xstrndup(s, n);
}

static struct secret_setting secret_of(const struct reading *r, size_t row)
{
    struct secret_ref ref;

    if (r->values[row].state != V_SET || !secret_ref_of(r->values[row].json, &ref))
        return (struct secret_setting){ 0 };
    bool file = ref.source == SECRET_FILE;
    return (struct secret_setting){ ref.source,
                                    file ? file_below(r->folder, ref.name) : xstrdup(ref.name) };
}

/* Where the manifests of this configuration are: with Git next to the ledger. */
static void take_source(struct config *c, struct reading *r)
{
    c->git = TAKE(r->git);
    if (!c->git) {
        c->manifests = path_or(r, MANIFESTS, "/etc/dctd/manifests");
        return;
    }
    char *folder = git_folder(c->ledger);
    c->manifests = git_manifests(folder, c->git);
    free(folder);
}

static struct config *config_of(struct reading *r, const char *path, msec interval)
{
    struct config *c = xcalloc(1, sizeof(*c));

    c->file = xstrdup(path);
    c->instance = r->values[INSTANCE].state == V_SET ? xstrdup(r->values[INSTANCE].s) : host_name();
    c->dct.url = without_slash(text_or(r, URL, ""));
    c->dct.base_path = without_slash(text_or(r, BASE_PATH, "/dct/v3"));
    c->dct.ca_file = path_or(r, CA_FILE, NULL);
    c->dct.insecure = is_true(r, INSECURE);
    c->dct.api_key = secret_of(r, API_KEY);
    c->interval = interval;
    c->prune = is_true(r, PRUNE);
    c->delete_budget = number_or(r, BUDGET, 5);
    c->delete_percent = number_or(r, PERCENT, 50);
    c->suspensions = TAKE(r->suspensions);
    c->n_suspensions = r->n_suspensions;
    c->texts = r->texts;
    r->texts = (struct strings){ 0 };
    c->total = number_or(r, TOTAL, 32);
    c->per_engine = number_or(r, PER_ENGINE, 8);
    c->per_environment = number_or(r, PER_ENVIRONMENT, 4);
    c->ledger = r->values[LEDGER].state == V_SET ? path_or(r, LEDGER, NULL) : default_ledger();
    take_source(c, r);
    c->control = r->values[CONTROL].state == V_SET ? path_or(r, CONTROL, NULL) : default_control();
    c->status.listen = r->values[LISTEN].state == V_SET ? xstrdup(r->values[LISTEN].s) : NULL;
    c->status.certificate = path_or(r, CERTIFICATE, NULL);
    c->status.key = secret_of(r, TLS_KEY);
    c->status.token = secret_of(r, STATUS_TOKEN);
    c->status.webhook = secret_of(r, HOOK_SECRET);
    return c;
}

static char *absolute_folder(const char *path)
{
    char *folder = file_folder(path);
    char *real = realpath(folder, NULL);

    if (!real)
        return folder;
    free(folder);
    return real;
}

static void read_document(struct reading *r, struct table table)
{
    struct diags *d = r->y->diags;

    if (r->y->n_docs > 1)
        diag_error(d, r->y->docs[1]->pos, "a configuration is one document, not several");
    if (r->y->n_docs == 0 && !r->y->broken)
        diag_error(d, (struct pos){ r->y->source.file, 1, 1 },
                   "the configuration is empty; it needs `dct.url` and `dct.apiKey`");
    if (r->y->n_docs == 0)
        return;
    r->root = r->y->docs[0];
    read_table(r->y, r->root, r->root->pos, table, "the configuration", r->values);
}

static struct config *config_read(const char *path, const char *text, size_t n, struct diags *d)
{
    size_t errors = d->errors;
    OWNED(yaml_file) y = yaml_file_parse(path, text, n, d);
    struct reading r = { .y = y, .folder = absolute_folder(path) };
    struct all_rows all;
    struct table table = table_of(&all);
    msec interval = 300000;

    read_document(&r, table);
    check_url(&r);
    check_base_path(&r);
    check_trust(&r);
    check_interval(&r, &interval);
    read_suspensions(&r);
    check_status(&r);
    if (r.root)
        r.git = config_git(y, r.root, r.values + ROWS, r.folder);
    source_quote(&y->source, d);
    bool good = d->errors == errors && !y->broken;
    struct config *c = good ? config_of(&r, path, interval) : NULL;
    values_clear(table, r.values);
    git_setting_free(r.git);
    free(r.suspensions);
    strings_clear(&r.texts);
    free(r.folder);
    return c;
}

struct config *config_load(const char *path, struct diags *d)
{
    size_t n;
    char *error = NULL, *text = file_read(path, CONFIG_MAX, &n, &error);

    if (!text) {
        diag_error(d, (struct pos){ 0 }, "configuration %s", error);
        diag_hint(d, "name another one with -c");
        free(error);
        return NULL;
    }
    struct config *c = config_read(path, text, n, d);
    free(text);
    return c;
}

void config_free(struct config *c)
{
    if (!c)
        return;
    free(c->file);
    free(c->instance);
    free(c->dct.url);
    free(c->dct.base_path);
    free(c->dct.ca_file);
    free(c->dct.api_key.name);
    free(c->manifests);
    git_setting_free(c->git);
    free(c->ledger);
    free(c->suspensions);
    strings_clear(&c->texts);
    free(c->control);
    free(c->status.listen);
    free(c->status.certificate);
    free(c->status.key.name);
    free(c->status.token.name);
    free(c->status.webhook.name);
    free(c);
}
