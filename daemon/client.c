#include "daemon/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/file.h"
#include "schema/yaml.h"

#define UNIT_CONFIGURATION "/etc/dctd"
#define UNIT_FOLDER        "/run/dctd"
#define API_VERSION        "dctd/v1"

enum {
    CONFIG_MAX = 256 << 10,
    TOKEN_MAX = 8 << 10,
    REPLY_MAX = 256 << 20, /* 100,000 objects with everything that is known of them */
    CONNECT_LIMIT = 5000,
    GROUP_MAX = 16 << 10,
    EXCERPT = 200,
};

struct client {
    CURL *easy;
    struct curl_slist *headers;
    char *socket; /* NULL: by address */
    char *base;   /* what stands before every path */
    char said[CURL_ERROR_SIZE];
};

/* Findings in the rest of the file are others' business. */
static const char *control_said(const struct yaml_file *y)
{
    const struct node *n = y->n_docs ? y->docs[0] : NULL;

    n = n && n->type == NODE_MAP ? node_get(n, "control") : NULL;
    return n && n->type == NODE_SCALAR && *n->text ? n->text : NULL;
}

/* dctd.service and dctd@NAME.service have it in the folder of run that is named as
 * that of their configuration. */
static char *unit_socket(const char *config)
{
    char *folder = file_folder(config ? config : UNIT_CONFIGURATION "/dctd.yaml");
    const char *name =
        starts_with(folder, UNIT_CONFIGURATION "/") ? folder + strlen(UNIT_CONFIGURATION) : "";
    char *path = xasprintf("%s%s/control.sock", UNIT_FOLDER, name);

    free(folder);
    return path;
}

char *client_socket(const char *config)
{
    size_t n = 0;
    char *error = NULL, *text = config ? file_read(config, CONFIG_MAX, &n, &error) : NULL;
    struct diags d = { 0 };

    free(error);
    if (!text)
        return unit_socket(config);

    OWNED(yaml_file) y = yaml_file_parse(config, text, n, &d);
    const char *said = control_said(y);
    char *folder = file_folder(config);
    char *path = said ? file_below(folder, said) : unit_socket(config);
    free(folder);
    free(text);
    diags_clear(&d);
    return path;
}

static bool add_token(struct client *c, const char *path, char **error)
{
    size_t n;
    char *token = file_read(path, TOKEN_MAX, &n, error);

    if (!token)
        return false;
    token[strcspn(token, "\r\n")] = '\0';
    char *header = xasprintf("Authorization: Bearer %s", token);
    c->headers = curl_slist_append(c->headers, header);
    explicit_bzero(header, strlen(header));
    explicit_bzero(token, n);
    free(header);
    free(token);
    return true;
}

static bool is_address(const char *address, char **error)
{
    if (starts_with(address, "http://") || starts_with(address, "https://"))
        return true;
    *error = xasprintf("--address takes http://HOST:PORT or https://HOST:PORT, not `%s`", address);
    return false;
}

static void set_up(struct client *c, const struct client_options *o)
{
    CURL *e = c->easy;

    c->headers = curl_slist_append(c->headers, "Content-Type: application/json");
    if (c->socket)
        (void)curl_easy_setopt(e, CURLOPT_UNIX_SOCKET_PATH, c->socket);
    if (o->ca_file)
        (void)curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
    (void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_LIMIT);
    (void)curl_easy_setopt(e, CURLOPT_USERAGENT, "dctd/" DCTD_VERSION);
    (void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->said);
    (void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
}

struct client *client_new(const struct client_options *o, char **error)
{
    if (o->address && !is_address(o->address, error))
        return NULL;

    OWNED(client) c = xcalloc(1, sizeof(*c));
    if (!o->address)
        c->socket = o->socket ? xstrdup(o->socket) : client_socket(o->config);
    c->base = xstrdup(o->address ? o->address : "http://localhost");
    for (size_t n = strlen(c->base); n > 0 && c->base[n - 1] == '/'; n--)
        c->base[n - 1] = '\0';
    if (o->address && o->token_file && !add_token(c, o->token_file, error))
        return NULL;
    c->easy = curl_easy_init();
    if (!c->easy)
        abort();
    set_up(c, o);
    return TAKE(c);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    free(c->socket);
    free(c->base);
    free(c);
}

const char *client_where(const struct client *c)
{
    return c->socket ? c->socket : c->base;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
    return buf_add(ctx, data, size * n) ? size * n : 0;
}

/* The group that may use the socket; NULL where that cannot be told. Owned. */
static char *group_of(const char *path)
{
    char *folder = file_folder(path), room[GROUP_MAX];
    struct stat st;
    struct group g, *found = NULL;
    bool seen = stat(path, &st) == 0 || stat(folder, &st) == 0;

    free(folder);
    if (!seen || getgrgid_r(st.st_gid, &g, room, sizeof(room), &found) != 0 || !found)
        return NULL;
    return xstrdup(found->gr_name);
}

static char *not_allowed(const char *path)
{
    char *group = group_of(path);
    bool members = group && !streq(group, "root");
    char *text = xasprintf("no permission to ask dctd at %s; %s%s%s", path,
                           members ? "members of the group " : "be root, or the user it runs as",
                           members ? group : "", members ? " may read, root may change" : "");

    free(group);
    return text;
}

/* Why nobody could be asked, and what to do about it. */
static char *nobody(const struct client *c, CURLcode code)
{
    static const char start[] = "start it (systemctl start dctd, or dctd run)";
    const char *said = *c->said ? c->said : curl_easy_strerror(code);
    int why = c->socket && access(c->socket, R_OK | W_OK) != 0 ? errno : 0;

    if (!c->socket)
        return xasprintf("no dctd answers at %s: %s; is `status.listen` configured, and dctd "
                         "running?",
                         c->base, said);
    if (why == EACCES)
        return not_allowed(c->socket);
    if (why == ENOENT || why == ENOTDIR)
        return xasprintf("no dctd answers: there is no socket %s; %s, or name its socket with "
                         "--socket or its configuration with -c",
                         c->socket, start);
    if (code == CURLE_COULDNT_CONNECT)
        return xasprintf("no dctd answers at the socket %s: nobody listens any more; %s", c->socket,
                         start);
    return xasprintf("no dctd answers at %s: %s", c->socket, said);
}

static char *excerpt(const struct buf *body)
{
    return xasprintf("%.*s%s", EXCERPT, buf_text(body), body->n > EXCERPT ? "…" : "");
}

/* What is not of this version's making must not be taken for it. */
static char *foreign(const struct client *c, const cJSON *reply, long status,
                     const struct buf *body)
{
    const char *version = json_text(reply, "apiVersion");

    if (version)
        return xasprintf("the dctd at %s speaks %.40s, this one %s; use the program of the same "
                         "version",
                         client_where(c), version, API_VERSION);
    char *head = excerpt(body);
    char *text = xasprintf("what answers at %s is no dctd: %ld %s", client_where(c), status, head);
    free(head);
    return text;
}

static char *refusal(const cJSON *reply, long status)
{
    const char *text = json_text(reply, "error"), *hint = json_text(reply, "hint");

    if (!text)
        return xasprintf("dctd refuses that: HTTP %ld", status);
    return xasprintf("%s%s%s", text, hint && *hint ? "; " : "", hint ? hint : "");
}

/* When a dctd that is asked too much at a time wants to be asked again, in ms; 0
 * for every other answer. Nothing was done then, whatever was asked for. */
static msec busy(const struct client *c)
{
    long status = 0;
    curl_off_t seconds = 0;

    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &seconds);
    return status == 503 && seconds > 0 ? (msec)seconds * 1000 : 0;
}

static enum client_verdict judge(const struct client *c, const struct buf *body, cJSON **reply,
                                 char **error)
{
    long status = 0;

    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status == 304)
        return CLIENT_SAME;
    if (busy(c)) {
        *error =
            xasprintf("dctd at %s is asked too much at a time; try again later", client_where(c));
        return CLIENT_LATE;
    }
    cJSON *json = json_parse(buf_text(body), body->n, NULL);
    if (!streq(json_text(json, "apiVersion"), API_VERSION))
        *error = foreign(c, json, status, body);
    else if (status != 200)
        *error = refusal(json, status);
    if (!*error) {
        *reply = json;
        return CLIENT_GOOD;
    }
    bool missing = status == 404 && json_text(json, "error");
    cJSON_Delete(json);
    return missing ? CLIENT_MISSING : CLIENT_REFUSED;
}

/* Asks until dctd has the time, or the limit is there. */
static CURLcode transfer(const struct client *c, msec limit, struct buf *body)
{
    msec until = clock_steady() + limit;

    for (;;) {
        (void)curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)limit);
        CURLcode code = curl_easy_perform(c->easy);
        msec wait = code == CURLE_OK ? busy(c) : 0;
        limit = until - clock_steady() - wait;
        if (wait == 0 || limit <= 0)
            return code;
        body->n = 0;
        (void)nanosleep(&(struct timespec){ .tv_sec = (time_t)(wait / 1000) }, NULL);
    }
}

static enum client_verdict perform(const struct client *c, msec limit, struct buf *body,
                                   cJSON **reply, char **error)
{
    CURLcode code = transfer(c, limit, body);
    double connected = 0;

    if (code == CURLE_OK)
        return judge(c, body, reply, error);
    (void)curl_easy_getinfo(c->easy, CURLINFO_PRETRANSFER_TIME, &connected);
    if (code == CURLE_OPERATION_TIMEDOUT && connected > 0) {
        *error = xasprintf("dctd at %s did not answer within %lld s; `journalctl -u dctd` may say "
                           "why",
                           client_where(c), (long long)((limit + 999) / 1000));
        return CLIENT_LATE;
    }
    if (code == CURLE_WRITE_ERROR) {
        *error = xasprintf("the answer of dctd at %s is larger than %d bytes", client_where(c),
                           REPLY_MAX);
        return CLIENT_REFUSED;
    }
    *error = nobody(c, code);
    return CLIENT_NOBODY;
}

enum client_verdict client_ask(struct client *c, const struct question *q, cJSON **reply,
                               char **error)
{
    struct buf body = BUF_WITH_LIMIT(REPLY_MAX);
    char *url = xasprintf("%s%s", c->base, q->path);
    char *sent = q->body ? cJSON_PrintUnformatted(q->body) : NULL;
    msec limit = q->limit ? q->limit : CLIENT_LIMIT;
    bool get = streq(q->method, "GET");

    *reply = NULL;
    *error = NULL;
    c->said[0] = '\0';
    (void)curl_easy_setopt(c->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, &body);
    (void)curl_easy_setopt(c->easy, get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    if (!get)
        (void)curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS, sent ? sent : "");
    enum client_verdict verdict = perform(c, limit, &body, reply, error);
    cJSON_free(sent);
    free(url);
    buf_clear(&body);
    return verdict;
}
