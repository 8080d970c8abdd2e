/* `dctd events`: what has happened, as the ledger remembers it; from a running dctd
 * where one holds the ledger. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/talk.h"
#include "daemon/view.h"
#include "reconciler/plan_render.h"

enum { DIGITS_SHOWN = 12 }; /* of commits and plans, as people quote them */

struct listing {
    const char *key; /* NULL: of every object */
    msec from;
    cJSON *list; /* NULL: as text */
};

static void add_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

/* What the API calls "at" is the "time" of this list. */
static cJSON *event_json(const struct store_event *e, const char *time)
{
    cJSON *o = cJSON_CreateObject();

    add_text(o, "time", time);
    add_text(o, "object", e->key);
    add_text(o, "kind", e->kind);
    add_text(o, "text", e->text);
    add_text(o, "job", e->job);
    add_text(o, "revision", e->revision);
    add_text(o, "by", e->by);
    add_text(o, "plan", e->plan);
    add_text(o, "request", e->request);
    add_text(o, "outcome", e->outcome);
    add_text(o, "trace", e->trace);
    return o;
}

static void add_said(struct buf *line, const char *before, const char *text, const char *after)
{
    if (!text || !*text)
        return;
    buf_puts(line, before);
    paint(line, false, PAINT_NONE, text);
    buf_puts(line, after);
}

static void print_event(const struct store_event *e, const char *time)
{
    struct buf line = BUF_WITH_LIMIT(256 << 10);
    char *revision = e->revision ? xstrndup(e->revision, DIGITS_SHOWN) : NULL;
    char *plan = e->plan ? xstrndup(e->plan, DIGITS_SHOWN) : NULL;

    paint(&line, false, PAINT_NONE, time);
    buf_printf(&line, "  %-9s  ", e->kind);
    paint(&line, false, PAINT_NONE, e->key ? e->key : "-");
    add_said(&line, ": ", e->text, "");
    add_said(&line, ": ", e->request, "");
    if (e->request)
        add_said(&line, " -> ", e->outcome ? e->outcome : "no answer is known", "");
    add_said(&line, " (job ", e->job, ")");
    add_said(&line, ", trace ", e->trace, "");
    add_said(&line, ", asked for by ", e->by, "");
    add_said(&line, ", commit ", revision, "");
    add_said(&line, ", plan ", plan, "");
    (void)puts(buf_text(&line));
    free(plan);
    free(revision);
    buf_clear(&line);
}

static void tell(struct listing *l, const struct store_event *e, const char *time)
{
    if (l->list)
        cJSON_AddItemToArray(l->list, event_json(e, time));
    else
        print_event(e, time);
}

static void on_event(void *ctx, const struct store_event *e)
{
    struct listing *l = ctx;
    struct buf time = BUF_WITH_LIMIT(64);

    if (e->at < l->from || (l->key && !streq(l->key, e->key)))
        return;
    render_moment(e->at, &time);
    tell(l, e, buf_text(&time));
    buf_clear(&time);
}

static bool print_json(cJSON *list)
{
    cJSON *root = cJSON_CreateObject();

    add_text(root, "format", "dctd-events/1");
    cJSON_AddItemToObject(root, "events", list);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    bool printed = puts(text) >= 0;
    cJSON_free(text);
    return printed;
}

static int from_ledger(const struct invocation *in, struct listing *l)
{
    char *error = NULL;
    OWNED(config) c = cmd_config(in);

    if (!c)
        return EXIT_TROUBLE;
    struct store *s = store_open(c->ledger, true, &error);
    bool listed = s && store_events(s, &(struct store_query){ 0 }, on_event, l, &error);
    store_close(s);
    if (error)
        cmd_complain("%s", error);
    free(error);
    return listed ? EXIT_GOOD : EXIT_TROUBLE;
}

static char *events_path(const struct listing *l)
{
    struct buf path = BUF_WITH_LIMIT(8 << 10);

    buf_printf(&path, "/api/v1/events?limit=%d", STORE_EVENTS);
    if (l->key) {
        buf_puts(&path, "&object=");
        buf_add_urlencoded(&path, l->key);
    }
    if (l->from > 0) {
        buf_puts(&path, "&since=");
        render_moment(l->from, &path);
    }
    return buf_take(&path);
}

static int from_daemon(const struct invocation *in, struct listing *l)
{
    char *path = events_path(l);
    struct talk t;
    cJSON *reply = talk_open(&t, in) ? talk_get(&t, path) : NULL;
    const cJSON *o;

    cJSON_ArrayForEach(o, cJSON_GetObjectItemCaseSensitive(reply, "items")) {
        const struct store_event e = { .key = json_text(o, "object"),
                                       .kind = view_text(o, "kind"),
                                       .text = json_text(o, "text"),
                                       .job = json_text(o, "job"),
                                       .revision = json_text(o, "revision"),
                                       .by = json_text(o, "by"),
                                       .plan = json_text(o, "plan"),
                                       .request = json_text(o, "request"),
                                       .outcome = json_text(o, "outcome"),
                                       .trace = json_text(o, "trace") };
        tell(l, &e, view_text(o, "at"));
    }
    cJSON_Delete(reply);
    talk_close(&t);
    free(path);
    return t.code;
}

int cmd_events(const struct invocation *in)
{
    struct listing l = { .from = in->since ? app_now() - in->since : INT64_MIN };
    struct target of = { 0 };

    if (in->object && !target_read(in->object, &of))
        return EXIT_TROUBLE;
    if (in->object && !of.key) {
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", in->object);
        return EXIT_TROUBLE;
    }
    l.key = of.key;
    if (in->output == OUTPUT_JSON)
        l.list = cJSON_CreateArray();
    int code = talk_instead(in) ? from_daemon(in, &l) : from_ledger(in, &l);
    bool printed = !l.list || print_json(l.list);
    free(of.key);
    return printed && fflush(stdout) == 0 ? code : EXIT_TROUBLE;
}
