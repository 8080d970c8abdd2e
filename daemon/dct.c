#include "daemon/dct.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/digest.h"
#include "daemon/file.h"
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/said.h"
#include "daemon/store.h"
#include "schema/json.h"
#include "schema/plugin.h"

enum { EXCERPT = 200, NEAR = 40, AROUND = 2 * NEAR, LEARN_TIMEOUT = 10000 };

/* The one exchange that no request of the core stands behind. */
static const uint64_t LEARNING = UINT64_MAX;

struct dct {
    struct http *http;
    struct secrets *secrets;
    const uint8_t *digest_key;
    dct_answer *answer;
    dct_learned *learned; /* set while the server's document is asked for */
    void *ctx;
    char *root; /* URL that request paths are appended to */
    struct secret_setting api_key;
    bool read_only;
};

bool dct_reads(const char *method, const char *path)
{
    static const char search[] = "/search";
    size_t n = strcspn(path, "?");

    if (streq(method, "GET"))
        return true;
    return streq(method, "POST") && n >= sizeof(search) - 1 &&
           strncmp(path + n - (sizeof(search) - 1), search, sizeof(search) - 1) == 0;
}

static void wipe_text(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* Wipes every text of a tree that secrets were put into. */
static void wipe_tree(cJSON *v)
{
    for (cJSON *item = v; item; item = item->next) {
        if (cJSON_IsString(item) && item->valuestring)
            explicit_bzero(item->valuestring, strlen(item->valuestring));
        wipe_tree(item->child);
    }
}

static void tree_free(cJSON *v)
{
    wipe_tree(v);
    cJSON_Delete(v);
}

/* A body that secrets are being put into. */
struct filling {
    struct secrets *secrets;
    const char *file; /* the manifest that names them */
    size_t bytes;     /* of secrets so far */
};

/* Replaces {"$secret": …} by its value in the member or element `node`. */
static bool put_secret(struct filling *f, cJSON *node, char **error)
{
    struct secret_ref ref;
    struct secret value;

    if (!secret_ref_of(node, &ref))
        return true;
    if (!secrets_get_for(f->secrets, f->file, &ref, &value, error))
        return false;
    cJSON_Delete(node->child);
    node->child = NULL;
    node->type = cJSON_String | (node->type & cJSON_StringIsConst);
    node->valuestring = xstrndup(value.data, value.n);
    f->bytes += value.n;
    return true;
}

static bool put_secrets(struct filling *f, cJSON *node, char **error)
{
    if (!put_secret(f, node, error))
        return false;
    for (cJSON *item = node->child; item; item = item->next) {
        if (!put_secrets(f, item, error))
            return false;
    }
    return true;
}

/* A copy of the body with its secrets in place; NULL: *error says which of
 * them cannot be read. `bytes` counts theirs. */
static cJSON *filled_body(const struct dct *d, const struct request *r, size_t *bytes, char **error)
{
    struct filling f = { .secrets = d->secrets, .file = r->base_file };
    cJSON *copy = cJSON_Duplicate(r->body, true);

    if (put_secrets(&f, copy, error)) {
        *bytes = f.bytes;
        return copy;
    }
    tree_free(copy);
    return NULL;
}

/* The body as JSON; printed into memory that never moves, so that no copy of a
 * secret is left behind. */
static char *body_text(const struct dct *d, const struct request *r, char **error)
{
    enum { ESCAPED = 6, SLACK = 64 };
    size_t bytes = 0;
    cJSON *full = filled_body(d, r, &bytes, error);

    if (!full)
        return NULL;

    char *plain = cJSON_PrintUnformatted(r->body);
    size_t room = strlen(plain) + ESCAPED * bytes + SLACK;
    char *text = xcalloc(1, room);

    free(plain);
    if (!cJSON_PrintPreallocated(full, text, (int)room, false))
        abort();
    tree_free(full);
    return text;
}

static char *authorization(struct dct *d, char **error)
{
    struct secret_ref ref = { .source = d->api_key.source, .name = d->api_key.name };
    struct secret key;

    if (!ref.name) {
        *error = xstrdup("no API key is configured; set dct.apiKey");
        return NULL;
    }
    if (!secrets_get(d->secrets, &ref, &key, error))
        return NULL;
    if (strpbrk(key.data, "\r\n")) {
        *error = xstrdup("the API key (dct.apiKey) has more than one line");
        return NULL;
    }
    /* People also store what the browser shows them: the whole header. */
    return xasprintf("Authorization: %s%s", starts_with(key.data, "apk ") ? "" : "apk ", key.data);
}

static void answer_unsent(struct dct *d, uint64_t id, const char *error)
{
    struct reply r = { .request = id, .unsent = true, .error = error };

    d->answer(d->ctx, &r);
}

/* Content of the file part; NULL where it cannot be read or is not the file
 * that was planned. */
static char *upload(const struct dct *d, const struct request *r, size_t *n, char **error)
{
    char digest[DIGEST_TEXT];
    char *folder = r->base_file ? file_folder(r->base_file) : NULL;
    char *path = file_below(folder, r->file);
    char *data = file_read(path, PLUGIN_MAX, n, error);

    if (data && r->file_digest) {
        digest_hex(d->digest_key, STORE_KEY, data, *n, digest);
        if (!streq(digest, r->file_digest)) {
            *error = xasprintf("%s: changed since it was planned; it is uploaded after the next "
                               "look at the manifests",
                               path);
            free(data);
            data = NULL;
        }
    }
    free(path);
    free(folder);
    return data;
}

/* Fills `parts` from the plain fields of the body; their texts stay the body's. */
static size_t field_parts(const cJSON *body, struct http_part *parts)
{
    size_t n = 0;

    for (const cJSON *f = body ? body->child : NULL; f; f = f->next) {
        const char *text = cJSON_GetStringValue(f);

        if (!text)
            continue;
        parts[n] = (struct http_part){ .name = f->string, .data = text, .n = strlen(text) };
        n++;
    }
    return n;
}

static bool send_multipart(struct dct *d, const struct request *r, struct http_request *h,
                           char **error)
{
    size_t n = 0;
    size_t bytes = 0;
    char *data = upload(d, r, &n, error);

    if (!data)
        return false;

    cJSON *fields = r->body ? filled_body(d, r, &bytes, error) : cJSON_CreateObject();
    if (fields) {
        const char *slash = strrchr(r->file, '/');
        struct http_part *parts = xcalloc((size_t)cJSON_GetArraySize(fields) + 1, sizeof(*parts));
        size_t n_parts = field_parts(fields, parts);

        parts[n_parts++] = (struct http_part){ .name = r->part ? r->part : "file",
                                               .filename = slash ? slash + 1 : r->file,
                                               .type = "application/json",
                                               .data = data,
                                               .n = n };
        h->parts = parts;
        h->n_parts = n_parts;
        http_send(d->http, h);
        free(parts);
        tree_free(fields);
    }
    free(data);
    return fields != NULL;
}

static bool send_json(struct dct *d, const struct request *r, struct http_request *h, char **error)
{
    char *text = r->body ? body_text(d, r, error) : NULL;

    if (r->body && !text)
        return false;
    h->body = text;
    h->body_n = text ? strlen(text) : 0;
    http_send(d->http, h);
    wipe_text(text);
    return true;
}

static bool try_send(struct dct *d, const struct request *r, char **error)
{
    char *key = authorization(d, error);

    if (!key)
        return false;

    const char *headers[] = { key, "x-dct-client-name: dctd", "Accept: application/json",
                              "Content-Type: application/json" };
    char *url = xasprintf("%s%s", d->root, r->path);
    struct http_request h = {
        .id = r->id,
        .method = r->method,
        .url = url,
        .headers = headers,
        /* a multipart body says its type itself, with its boundary */
        .n_headers = ARRAY_LEN(headers) - (r->body && !r->file ? 0 : 1),
        .timeout = r->timeout > 0 ? r->timeout : DCT_TIMEOUT,
        .once = r->write || !dct_reads(r->method, r->path),
    };
    bool sent = r->file ? send_multipart(d, r, &h, error) : send_json(d, r, &h, error);

    free(url);
    wipe_text(key);
    return sent;
}

/* /dct/v3 -> /dct/static/api-external.yaml */
char *dct_document(const char *root)
{
    const char *last = strrchr(root, '/'), *host = strstr(root, "://");
    bool based = last && host && last > host + 2;

    return xasprintf("%.*s/static/api-external.yaml",
                     based ? (int)(last - root) : (int)strlen(root), root);
}

/* Only its beginning is wanted. */
void dct_learn(struct dct *d, dct_learned *learned)
{
    static const char *const headers[] = { "Range: bytes=0-65535" };
    char *url = dct_document(d->root);
    struct http_request h = { .id = LEARNING,
                              .method = "GET",
                              .url = url,
                              .headers = headers,
                              .n_headers = ARRAY_LEN(headers),
                              .timeout = LEARN_TIMEOUT };

    if (!d->learned) {
        d->learned = learned;
        http_send(d->http, &h);
    }
    free(url);
}

void dct_send(struct dct *d, struct request *r)
{
    char *error = NULL;

    if (d->read_only && (r->write || !dct_reads(r->method, r->path))) {
        log_error("a read-only run asked for %s %s: this is a bug in dctd", r->method, r->path);
        abort();
    }
    if (!r->write) /* of what changes something the audit tells more */
        log_about(LEVEL_DEBUG, &(struct log_about){ .object = r->key }, "%s %s", r->method,
                  r->path);
    if (!try_send(d, r, &error))
        answer_unsent(d, r->id, error);
    free(error);
    request_free(r);
}

/* The printable beginning of a text, blanks folded; owned. */
static char *excerpt(const char *text, size_t n, size_t max)
{
    struct buf b = BUF_WITH_LIMIT(EXCERPT + 1);
    size_t taken = 0;

    for (size_t i = 0; i < n && taken < max; i++) {
        unsigned char c = (unsigned char)text[i];

        if (isspace(c)) {
            if (b.n && b.data[b.n - 1] != ' ')
                taken += buf_puts(&b, " ");
        } else if (c >= ' ' && c < 127) {
            taken += buf_add(&b, &c, 1);
        }
    }
    return buf_take(&b);
}

static bool says_json(const char *type)
{
    const char *semicolon = strchr(type, ';');
    size_t n = semicolon ? (size_t)(semicolon - type) : strlen(type);

    while (n && type[n - 1] == ' ')
        n--;
    return (n == 16 && strncasecmp(type, "application/json", n) == 0) ||
           (n > 5 && strncasecmp(type + n - 5, "+json", 5) == 0);
}

/* Reads the body of the answer; on failure *error says what came instead. */
static cJSON *read_body(const struct http_result *h, char **error)
{
    if (h->n == 0)
        return NULL;
    if (h->content_type && !says_json(h->content_type)) {
        char *begin = excerpt(h->body, h->n, EXCERPT);
        *error = xasprintf("DCT answered %d with %s, not JSON: %s; is dct.url DCT itself, and "
                           "dct.basePath right?",
                           h->status, h->content_type, begin);
        free(begin);
        return NULL;
    }

    size_t at = 0;
    cJSON *body = json_parse(h->body, h->n, &at);
    if (!body) {
        size_t from = at > NEAR ? at - NEAR : 0;
        char *near = excerpt(h->body + from, h->n - from, AROUND);
        *error = xasprintf("DCT's answer (%d) is broken JSON at byte %zu of %zu, near: %s",
                           h->status, at, h->n, near);
        free(near);
    }
    return body;
}

/* What a status means that has little to do with the request. */
static char *advice(const struct dct *d, const struct http_result *h)
{
    if (h->status == 401) {
        struct secret_ref ref = { .source = d->api_key.source, .name = d->api_key.name };
        char *where = secret_ref_text(&ref);
        char *text = xasprintf("DCT does not accept the API key (%s): is it this DCT's key, and is "
                               "its account enabled?",
                               where);
        free(where);
        return text;
    }
    if (h->status >= 300 && h->status < 400)
        return xasprintf("DCT redirects%s%s; dct.url must be the final address",
                         h->location ? " to " : "", h->location ? h->location : "");
    return NULL;
}

/* Up to two digits; 100 where there are none or more. */
static unsigned two_digits(const char **p)
{
    unsigned v = 0;
    size_t n = strspn(*p, "0123456789");

    for (size_t i = 0; i < n && n <= 2; i++)
        v = v * 10 + (unsigned)((*p)[i] - '0');
    *p += n;
    return n == 1 || n == 2 ? v : 100;
}

unsigned dct_api_of(const char *text)
{
    const char *info = starts_with(text, "info:") ? text : strstr(text, "\ninfo:");
    const char *p = info ? strstr(info, "\n  version:") : NULL;

    if (!p)
        return 0;
    p += strlen("\n  version:");
    p += strspn(p, " \"'");
    unsigned major = two_digits(&p), minor = *p++ == '.' ? two_digits(&p) : 100;
    return major < 100 && minor < 100 ? major * 100 + minor : 0;
}

static void on_learned(struct dct *d, const struct http_result *h)
{
    bool good = h->status == 200 || h->status == 206;
    dct_learned *learned = TAKE(d->learned);

    learned(d->ctx, good ? dct_api_of(h->body) : 0, h->status != 0);
}

static void on_result(void *ctx, const struct http_result *h)
{
    struct dct *d = ctx;
    if (h->id == LEARNING) {
        on_learned(d, h);
        return;
    }
    char *error = h->error ? xstrdup(h->error) : NULL;
    cJSON *body = h->status ? read_body(h, &error) : NULL;
    char *next = h->status ? advice(d, h) : NULL;

    said_redact(d->secrets, h->status, body);
    error = said_plain(d->secrets, error);
    struct reply r = {
        .request = h->id,
        .status = h->status,
        .unsent = h->unsent,
        .error = next ? next : error,
        .body = body,
        .retry_after = h->retry_after,
    };

    d->answer(d->ctx, &r);
    cJSON_Delete(body);
    free(next);
    free(error);
}

void dct_configure(struct dct *d, const struct config *c)
{
    struct http_options o = { .ca_file = c->dct.ca_file, .insecure = c->dct.insecure };

    free(d->root);
    free(d->api_key.name);
    d->root = xasprintf("%s%s", c->dct.url, c->dct.base_path);
    d->api_key.source = c->dct.api_key.source;
    d->api_key.name = c->dct.api_key.name ? xstrdup(c->dct.api_key.name) : NULL;
    if (d->http)
        http_configure(d->http, &o);
}

struct dct *dct_new(uv_loop_t *loop, const struct config *c, struct secrets *secrets,
                    const uint8_t *digest_key, dct_answer *answer, void *ctx)
{
    struct dct *d = xcalloc(1, sizeof(*d));
    struct http_options o = { .ca_file = c->dct.ca_file, .insecure = c->dct.insecure };

    d->secrets = secrets;
    d->digest_key = digest_key;
    d->answer = answer;
    d->ctx = ctx;
    d->http = http_new(loop, &o, on_result, d);
    dct_configure(d, c);
    return d;
}

void dct_read_only(struct dct *d)
{
    d->read_only = true;
}

size_t dct_writing(const struct dct *d)
{
    return http_pending_once(d->http);
}

void dct_close(struct dct *d)
{
    if (!d)
        return;
    http_close(d->http);
    free(d->root);
    free(d->api_key.name);
    free(d);
}
