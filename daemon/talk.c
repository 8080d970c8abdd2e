#include "daemon/talk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"
#include "daemon/store.h"
#include "daemon/yaml_out.h"
#include "reconciler/plan_render.h"

enum {
    URL_MAX = 8 << 10,
    PRINT_MAX = 256 << 20,
    HOLD = 30,        /* seconds that a daemon is asked to hold a question at most */
    PATIENCE = 15000, /* how much longer its answer is awaited */
};

bool talk_open(struct talk *t, const struct invocation *in)
{
    const struct client_options o = { .socket = in->socket,
                                      .config = in->config,
                                      .address = in->address,
                                      .token_file = in->token_file,
                                      .ca_file = in->ca_file };
    char *error = NULL;

    *t = (struct talk){ .in = in, .client = client_new(&o, &error) };
    if (t->client)
        return true;
    cmd_complain("%s", error);
    free(error);
    t->code = EXIT_TROUBLE;
    return false;
}

void talk_close(struct talk *t)
{
    client_free(t->client);
    t->client = NULL;
}

static bool ledger_held(const char *path)
{
    struct diags d = { 0 };
    OWNED(config) c = config_load(path, &d);

    diags_clear(&d);
    return c && store_held(c->ledger);
}

static bool answers(const struct invocation *in)
{
    const struct client_options o = { .config = in->config };
    const struct question q = { .method = "GET", .path = "/api/v1/status" };
    char *error = NULL;
    cJSON *reply = NULL;
    OWNED(client) c = client_new(&o, &error);
    enum client_verdict verdict = c ? client_ask(c, &q, &reply, &error) : CLIENT_NOBODY;

    cJSON_Delete(reply);
    free(error);
    return verdict != CLIENT_NOBODY;
}

bool talk_instead(const struct invocation *in)
{
    return in->socket || in->address || (ledger_held(in->config) && answers(in));
}

/* What DCT has said may stand in it. */
static void complain(struct talk *t, enum client_verdict verdict, char *error)
{
    char *clean = error ? render_clean(error) : NULL;

    if (clean)
        cmd_complain("%s", clean);
    t->code = verdict == CLIENT_NOBODY || verdict == CLIENT_LATE ? EXIT_NOBODY : EXIT_TROUBLE;
    free(clean);
    free(error);
}

static cJSON *ask(struct talk *t, const struct question *q)
{
    cJSON *reply;
    char *error;
    enum client_verdict verdict = client_ask(t->client, q, &reply, &error);

    if (verdict != CLIENT_GOOD)
        complain(t, verdict, error);
    return reply;
}

cJSON *talk_get(struct talk *t, const char *path)
{
    return ask(t, &(struct question){ .method = "GET", .path = path });
}

cJSON *talk_post(struct talk *t, const char *path, const cJSON *body)
{
    return ask(t, &(struct question){ .method = "POST", .path = path, .body = body });
}

int talk_ask(struct talk *t, const char *path, const cJSON *body)
{
    cJSON *reply = talk_post(t, path, body);
    const char *said = json_text(reply, "text");
    char *text = render_clean(said ? said : "done");

    if (reply && (puts(text) < 0 || fflush(stdout) != 0))
        t->code = EXIT_TROUBLE;
    free(text);
    cJSON_Delete(reply);
    return t->code;
}

static char *held_path(const char *path, const cJSON *reply, msec left)
{
    const cJSON *serial = cJSON_GetObjectItemCaseSensitive(reply, "serial");
    msec seconds = (left + 999) / 1000;

    if (!cJSON_IsNumber(serial))
        return xstrdup(path);
    return xasprintf("%s%cafter=%.0f&wait=%" PRId64, path, strchr(path, '?') ? '&' : '?',
                     serial->valuedouble, seconds < HOLD ? seconds : HOLD);
}

/* A question that was held in vain is followed by one that is not: should another
 * dctd answer now, its serials are others. */
static enum client_verdict poll_once(struct talk *t, const char *path, const char *held, msec left,
                                     cJSON **reply, char **error)
{
    msec most = HOLD * 1000 + PATIENCE;
    struct question q = { .method = "GET", .path = held, .limit = left < most ? left : most };
    enum client_verdict verdict = client_ask(t->client, &q, reply, error);

    if (verdict != CLIENT_SAME)
        return verdict;
    q.path = path;
    return client_ask(t->client, &q, reply, error);
}

cJSON *talk_next(struct talk *t, const char *path, cJSON *reply, msec until)
{
    enum client_verdict verdict = CLIENT_LATE;
    msec left = until - clock_steady();
    char *held = held_path(path, reply, left), *error = NULL;

    cJSON_Delete(reply);
    reply = NULL;
    if (left > 0)
        verdict = poll_once(t, path, held, left, &reply, &error);
    free(held);
    if (verdict == CLIENT_GOOD)
        return reply;
    if (verdict != CLIENT_LATE || clock_steady() < until) {
        complain(t, verdict, error);
        return NULL;
    }
    free(error);
    t->code = EXIT_TROUBLE;
    return NULL;
}

char *talk_object_path(const char *key)
{
    size_t kind = strcspn(key, "/");
    struct buf path = BUF_WITH_LIMIT(URL_MAX);

    buf_printf(&path, "/api/v1/objects/%.*s/", (int)kind, key);
    buf_add_urlencoded(&path, key + kind + (key[kind] == '/'));
    return buf_take(&path);
}

int talk_print(const struct invocation *in, const cJSON *json)
{
    struct buf text = BUF_WITH_LIMIT(PRINT_MAX);

    if (in->output == OUTPUT_YAML) {
        (void)yaml_write(json, &text);
    } else {
        char *printed = cJSON_Print(json);
        buf_puts(&text, printed);
        buf_puts(&text, "\n");
        cJSON_free(printed);
    }
    bool shown = !text.over && cmd_print(&text);
    buf_clear(&text);
    return shown ? EXIT_GOOD : EXIT_TROUBLE;
}

bool target_read(const char *word, struct target *out)
{
    size_t n = strcspn(word, "/");
    char *kind = xstrndup(word, n);

    *out = (struct target){ .kind = cmd_kind(kind) };
    free(kind);
    if (!out->kind)
        return false;
    if (word[n] && !word[n + 1]) {
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", word);
        return false;
    }
    if (word[n])
        out->key = xasprintf("%s%s", out->kind->name, word + n);
    return true;
}
