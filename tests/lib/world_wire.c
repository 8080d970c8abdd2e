/* How a request of the core comes to the simulator, and what may become of it. */
#include <stdlib.h>
#include <string.h>

#include "reconciler/step.h"
#include "schema/json.h"
#include "tests/lib/estate.h"
#include "tests/lib/world_parts.h"

enum { ANSWER_DELAY = 20, LATENESS = 12000 };

void world_pending_clear(struct pending *p)
{
    request_free(p->request);
    free(p->body);
}

/* {"$secret": {"credential": "x"}} becomes "s3cret-x", as the daemon would. */
static void put_secrets(cJSON *node)
{
    struct secret_ref ref;

    for (cJSON *m = node ? node->child : NULL; m;) {
        cJSON *next = m->next;
        if (secret_ref_of(m, &ref)) {
            char *text = xasprintf("s3cret-%s", ref.name);
            cJSON *value = cJSON_CreateString(text);
            free(text);
            if (cJSON_IsArray(node))
                cJSON_ReplaceItemViaPointer(node, m, value);
            else
                cJSON_ReplaceItemInObjectCaseSensitive(node, m->string, value);
        } else {
            put_secrets(m);
        }
        m = next;
    }
}

static char *multipart(const struct test_world *w, const struct request *r)
{
    char *plugin = estate_connector(w->plugin_version);
    struct buf b = BUF_WITH_LIMIT(1 << 20);
    const cJSON *field;

    cJSON_ArrayForEach(field, r->body)
        buf_printf(&b, "--xyz\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n",
                   field->string, field->valuestring);
    buf_printf(&b,
               "--xyz\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"p.json\"\r\n"
               "Content-Type: application/json\r\n\r\n%s\r\n--xyz--\r\n",
               r->part, plugin);
    free(plugin);
    return buf_take(&b);
}

static char *body_of(const struct test_world *w, const struct request *r)
{
    if (r->file)
        return multipart(w, r);
    if (!r->body)
        return NULL;
    cJSON *copy = cJSON_Duplicate(r->body, true);
    put_secrets(copy);
    char *text = cJSON_PrintUnformatted(copy);
    cJSON_Delete(copy);
    return text;
}

/* The page that DCT would give if it gave less than it is asked for; owned. */
static char *path_of(const struct test_world *w, const struct request *r)
{
    static const char most[] = "limit=1000";
    const char *at = w->page ? strstr(r->path, most) : NULL;

    return at ? xasprintf("%.*slimit=%u%s", (int)(at - r->path), r->path, w->page,
                          at + strlen(most))
              : xstrdup(r->path);
}

void world_ask(struct test_world *w, const struct request *r, struct pending *p)
{
    char *body = body_of(w, r), *path = path_of(w, r);
    struct sim_request in = { .method = r->method,
                              .path = path,
                              .body = body,
                              .length = body ? strlen(body) : 0,
                              .content_type = r->file ? "multipart/form-data; boundary=xyz"
                                                      : "application/json",
                              .authorization = "apk 1.test" };
    struct sim_reply out;

    sim_request(w->sim, w->now, &in, &out);
    p->status = out.status;
    p->body = TAKE(out.body);
    p->retry_after = (msec)out.retry_after * 1000;
    sim_reply_clear(&out);
    free(path);
    free(body);
}

/* The object's own id is written as {id}, so that it reads the same everywhere. */
static void note_sent(struct test_world *w, const struct request *r)
{
    const struct entry *e = r->key ? ledger_find(cycle_ledger(w->cycle), r->key) : NULL;
    char *own = e && e->id ? xasprintf("/%s", e->id) : NULL;
    const char *at = own ? strstr(r->path, own) : NULL, *after = at ? at + strlen(own) : NULL;
    char *body = r->body ? cJSON_PrintUnformatted(r->body) : NULL;
    struct buf line = BUF_WITH_LIMIT(1 << 20);

    buf_printf(&line, "%s %s ", r->key ? r->key : "-", r->method);
    if (after && (!*after || *after == '/'))
        buf_printf(&line, "%.*s/{id}%s", (int)(at - r->path), r->path, after);
    else
        buf_puts(&line, r->path);
    if (body)
        buf_printf(&line, " %s", body);
    if (r->file)
        buf_printf(&line, " %s", r->file);
    strings_add(&w->sent, buf_text(&line));
    buf_clear(&line);
    free(body);
    free(own);
}

void world_await(struct test_world *w, struct pending p)
{
    w->pending = grow(w->pending, w->n_pending, &w->cap_pending, sizeof(*w->pending));
    w->pending[w->n_pending++] = p;
}

/* DCT gets the request when whoever sent it has long given up. */
static void deliver_late(struct test_world *w, const struct request *r)
{
    struct request *copy = request_new(r->method, xstrdup(r->path));

    copy->write = r->write;
    copy->body = cJSON_Duplicate(r->body, true);
    copy->file = r->file ? xstrdup(r->file) : NULL;
    copy->part = r->part;
    world_await(w, (struct pending){ .request = copy, .at = w->now + LATENESS, .late = true });
}

/* What is answered instead of what was asked for. */
static const struct {
    const char *name, *body;
    msec retry_after;
    int status; /* 0: as DCT answers, or none where `lost` */
    bool carried, again_later, lost;
} fates[FATES] = {
    [FATE_CARRIED] = { .name = "carried out", .carried = true },
    [FATE_LOST] = { .name = "lost", .lost = true },
    [FATE_UNHEARD] = { .name = "answer lost", .carried = true, .lost = true },
    [FATE_UNSENT] = { .name = "not sent", .lost = true },
    [FATE_ANSWER_503] = { .name = "answer 503",
                          .status = 503,
                          .body = "{\"error\":\"failed\",\"error_description\":\"engine "
                                  "unreachable\"}" },
    [FATE_LATE] = { .name = "late", .again_later = true, .lost = true },
    [FATE_TWICE] = { .name = "twice", .carried = true, .again_later = true },
    [FATE_CUT_SHORT] = { .name = "answer cut short", .carried = true },
    [FATE_EMPTY] = { .name = "answer says nothing", .carried = true },
    [FATE_HTML] = { .name = "answer is a page",
                    .carried = true,
                    .status = 502,
                    .body = "<html>Bad Gateway</html>" },
    [FATE_ANSWER_500] = { .name = "answer 500", .status = 500, .body = "{\"error\":\"internal\"}" },
    [FATE_ANSWER_429] = { .name = "answer 429",
                          .status = 429,
                          .retry_after = 7000,
                          .body = "{\"error\":\"slow down\"}" },
    [FATE_ANSWER_401] = { .name = "answer 401",
                          .status = 401,
                          .body = "{\"error\":\"who is it\"}" },
    [FATE_ANSWER_403] = { .name = "answer 403", .status = 403, .body = "{\"error\":\"not you\"}" },
};

const char *fate_name(enum fate f)
{
    return fates[f].name;
}

static void spoil(struct pending *p, enum fate fate)
{
    if (fates[fate].status || fates[fate].lost) {
        p->status = fates[fate].status;
        p->retry_after = fates[fate].retry_after;
        free(p->body);
        p->body = fates[fate].body ? xstrdup(fates[fate].body) : NULL;
    }
    if (fate == FATE_EMPTY && p->body) {
        free(p->body);
        p->body = xstrdup("{}");
    }
    if (fate == FATE_CUT_SHORT && p->body)
        p->body[strlen(p->body) / 2] = '\0';
    p->unsent = fate == FATE_UNSENT;
}

void world_carry(struct test_world *w, struct request *r)
{
    enum fate fate = w->fate ? w->fate(w, r) : FATE_CARRIED;
    struct pending p = { .request = r, .at = w->now + ANSWER_DELAY };

    if (fate == FATE_EMPTY && r->write)
        fate = FATE_CUT_SHORT;

    w->requests++;
    w->writes += r->write;
    if (r->write)
        note_sent(w, r);
    if (fates[fate].carried)
        world_ask(w, r, &p);
    if (fates[fate].again_later)
        deliver_late(w, r);
    spoil(&p, fate);
    if (r->write || fate != FATE_CARRIED)
        test_world_tell(w, "%s %s -> %d%s%s", r->method, r->path, p.status,
                        fate == FATE_CARRIED ? "" : ", ",
                        fate == FATE_CARRIED ? "" : fate_name(fate));
    world_await(w, p);
}
