/* What changes something: events for the core, after it was asked whether it
 * would refuse. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/api_parts.h"
#include "reconciler/hand.h"
#include "reconciler/plan_render.h"
#include "schema/json.h"
#include "schema/read.h"

enum { REASON_MAX = 500 };

/* What a body may hold. */
enum member { M_KIND, M_OBJECT, M_REASON, M_UNTIL, M_ID, M_REPLACE, M_FORCE, MEMBERS };

static const struct {
    const char *name;
    bool truth; /* true or false, else a text */
} members[MEMBERS] = {
    [M_KIND] = { "kind", false },     [M_OBJECT] = { "object", false },
    [M_REASON] = { "reason", false }, [M_UNTIL] = { "until", false },
    [M_ID] = { "id", false },         [M_REPLACE] = { "replace", true },
    [M_FORCE] = { "force", true },
};

static unsigned bit(enum member m)
{
    return 1U << m;
}

/* The body, with none but the allowed members and each of its type; NULL after
 * it has answered. */
static cJSON *read_body(struct asking *a, unsigned allowed)
{
    bool cut = json_holds_nul(a->q->body, a->q->n);
    cJSON *body = cut       ? NULL
                  : a->q->n ? json_parse(a->q->body, a->q->n, NULL)
                            : cJSON_CreateObject();
    const cJSON *each;

    if (!cJSON_IsObject(body)) {
        api_error(a, 400, "see dctd(8)", "the body must be a JSON object%s",
                  cut ? " without NUL characters" : "");
        cJSON_Delete(body);
        return NULL;
    }
    cJSON_ArrayForEach(each, body) {
        enum member m = 0;
        while (m < MEMBERS && !(allowed & bit(m) && streq(members[m].name, each->string)))
            m++;
        if (m == MEMBERS)
            api_error(a, 400, "leave it out", "`%s` means nothing here", each->string);
        else if (cJSON_IsNull(each) ||
                 (members[m].truth ? cJSON_IsBool(each) : cJSON_IsString(each)))
            continue;
        else
            api_error(a, 400, members[m].truth ? "true or false" : "put it in quotes",
                      "`%s` has the wrong type", each->string);
        cJSON_Delete(body);
        return NULL;
    }
    return body;
}

/* What the core made of it; the texts of `text` are taken. */
static void done(struct asking *a, char *text)
{
    if (cycle_unkept(app_cycle(a->api->app))) {
        api_error(a, 500,
                  "the log says why; it is written again as soon as that is possible, and a "
                  "restart before then loses it",
                  "done, but the ledger cannot be written: %s", text);
    } else {
        cJSON *o = api_envelope(a->api, "Done");
        snapshot_text(o, "text", text);
        api_reply(a, 200, o);
    }
    free(text);
}

/* Feeds the event, unless the core refuses it. False after it has answered. */
static bool feed(struct asking *a, struct event ev)
{
    char *refusal = cycle_refusal(app_cycle(a->api->app), &ev);

    if (refusal) {
        api_error(a, 409, "`dctd describe` shows how it stands", "%s", refusal);
        free(refusal);
        return false;
    }
    ev.hand.whom = a->q->whom ? a->q->whom : "somebody";
    app_feed(a->api->app, ev);
    return true;
}

void api_reconcile(struct asking *a)
{
    const struct cycle *c = app_cycle(a->api->app);
    cJSON *body = read_body(a, 0);

    if (!body)
        return;
    cJSON_Delete(body);
    if (a->api->poke)
        a->api->poke(a->api->poke_ctx);
    if (!cycle_newest_set(c)) {
        api_error(a, 409, "it begins by itself as soon as the manifests are loaded",
                  "no manifests are loaded yet");
        return;
    }
    static const char *const texts[] = {
        [CYCLE_IDLE] = "DCT is observed now",
        [CYCLE_OBSERVING] = "DCT is being observed already",
        [CYCLE_EXECUTING] = "DCT is observed again when what is under way has come to its end",
        [CYCLE_STOPPED] = "dctd is stopping; it observes again after the next start",
    };
    enum cycle_phase phase = cycle_phase(c);
    if (feed(a, (struct event){ .type = EV_NUDGE }))
        done(a, xstrdup(texts[phase]));
}

/* What is meant: one object, a kind, or everything. False after it has answered. */
static bool read_scope(struct asking *a, const cJSON *body, struct hand *h, char **key)
{
    const char *kind = json_text(body, "kind"), *object = json_text(body, "object");
    const struct kind_desc *k = NULL;

    *key = NULL;
    h->kind = KINDS;
    if (kind && object) {
        api_error(a, 400, "say one of them; neither means everything",
                  "`kind` and `object` exclude each other");
        return false;
    }
    if (kind)
        k = api_kind(a, kind, strlen(kind));
    if (object)
        *key = api_key(a, object, &k);
    if ((kind || object) && !k)
        return false;
    h->key = *key;
    if (k)
        h->kind = k->kind;
    return true;
}

static bool read_until(struct asking *a, const char *text, msec *out)
{
    *out = 0;
    if (!text)
        return true;
    if (!time_parse(text, out)) {
        api_error(a, 400, "write 2026-11-22T15:04:05Z", "`until` is no time");
        return false;
    }
    if (*out <= a->now) {
        api_error(a, 400, "leave it out for as long as nobody resumes it",
                  "`until` lies in the past");
        return false;
    }
    return true;
}

static char *scope_text(const struct hand *h)
{
    if (h->key)
        return xstrdup(h->key);
    return h->kind == KINDS ? xstrdup("everything") : xasprintf("%ss", kind_desc(h->kind)->name);
}

static char *suspended_text(const struct hand *h)
{
    char *what = scope_text(h);
    struct buf text = BUF_WITH_LIMIT(4096);

    buf_printf(&text, "%s %s suspended ", what, h->key || h->kind == KINDS ? "is" : "are");
    if (h->until)
        buf_puts(&text, "until ");
    if (h->until)
        render_moment(h->until, &text);
    else
        buf_puts(&text, "until somebody resumes it");
    buf_puts(&text, "; what is under way goes on to its end");
    free(what);
    return buf_take(&text);
}

void api_suspend(struct asking *a)
{
    cJSON *body = read_body(a, bit(M_KIND) | bit(M_OBJECT) | bit(M_REASON) | bit(M_UNTIL));
    struct event ev = { .type = EV_SUSPEND };
    char *key = NULL;

    if (!body)
        return;
    ev.hand.reason = json_text(body, "reason");
    if (ev.hand.reason && strlen(ev.hand.reason) > REASON_MAX)
        api_error(a, 400, "say it in fewer words", "`reason` is longer than %d bytes", REASON_MAX);
    else if (read_until(a, json_text(body, "until"), &ev.hand.until) &&
             read_scope(a, body, &ev.hand, &key) && feed(a, ev))
        done(a, suspended_text(&ev.hand));
    free(key);
    cJSON_Delete(body);
}

void api_resume(struct asking *a)
{
    cJSON *body = read_body(a, bit(M_KIND) | bit(M_OBJECT));
    struct event ev = { .type = EV_RESUME };
    char *key = NULL;

    if (!body)
        return;
    if (read_scope(a, body, &ev.hand, &key) && feed(a, ev)) {
        char *what = scope_text(&ev.hand);
        bool one = ev.hand.key || ev.hand.kind == KINDS;
        done(a, xasprintf("%s %s no longer suspended", what, one ? "is" : "are"));
        free(what);
    }
    free(key);
    cJSON_Delete(body);
}

/* The object that adopt and forget are about: one that need not be known. */
static char *read_object(struct asking *a, const cJSON *body, struct hand *h)
{
    const char *text = json_text(body, "object");
    const struct kind_desc *k = NULL;
    char *key = text ? api_any_key(a, text, &k) : NULL;

    if (!text)
        api_error(a, 400, "write {\"object\": \"VDB/orders-dev\"}", "`object` is missing");
    if (key && k->flags & KIND_PER_ENGINE && !strchr(key, '@')) {
        api_error(a, 400, "write KIND/NAME@ENGINE", "there is one %s on each engine", k->arg);
        free(key);
        key = NULL;
    }
    if (key)
        h->kind = k->kind;
    h->key = key;
    return key;
}

void api_adopt(struct asking *a)
{
    cJSON *body = read_body(a, bit(M_OBJECT) | bit(M_ID) | bit(M_REPLACE));
    struct event ev = { .type = EV_ADOPT };

    if (!body)
        return;
    char *key = read_object(a, body, &ev.hand);
    ev.hand.id = json_text(body, "id");
    ev.hand.replace = json_true(body, "replace");
    if (key && !ev.hand.id)
        api_error(a, 400, "give the id as DCT shows it", "`id` is missing");
    else if (key && feed(a, ev))
        done(a, xasprintf("%s is %s now%s; `dctd describe %s` shows what differs", key, ev.hand.id,
                          adopt_remark(cycle_newest_set(app_cycle(a->api->app)), key), key));
    free(key);
    cJSON_Delete(body);
}

void api_forget(struct asking *a)
{
    cJSON *body = read_body(a, bit(M_OBJECT) | bit(M_FORCE));
    struct event ev = { .type = EV_FORGET };

    if (!body)
        return;
    char *key = read_object(a, body, &ev.hand);
    ev.hand.force = json_true(body, "force");
    if (key && feed(a, ev))
        done(a, xasprintf("%s is forgotten; nothing has changed in DCT. A manifest of that name "
                          "finds it again by its owner tag, if that is on it",
                          key));
    free(key);
    cJSON_Delete(body);
}
