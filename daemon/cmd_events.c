/* `dctd events`: what has happened, as the ledger remembers it. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/cmd.h"
#include "daemon/store.h"
#include "reconciler/plan_render.h"

struct listing {
    msec from;
    cJSON *list; /* NULL: as text */
};

static void add_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void add_event(cJSON *list, const char *time, const struct store_event *e)
{
    cJSON *o = cJSON_CreateObject();

    add_text(o, "time", time);
    add_text(o, "object", e->key);
    add_text(o, "kind", e->kind);
    add_text(o, "text", e->text);
    add_text(o, "job", e->job);
    cJSON_AddItemToArray(list, o);
}

static void print_event(const char *time, const struct store_event *e)
{
    char *text = render_clean(e->text), *key = e->key ? render_clean(e->key) : NULL;

    printf("%s  %-9s  %s%s%s%s%s%s\n", time, e->kind, key ? key : "-", *text ? ": " : "", text,
           e->job ? " (job " : "", e->job ? e->job : "", e->job ? ")" : "");
    free(key);
    free(text);
}

static void on_event(void *ctx, const struct store_event *e)
{
    struct listing *l = ctx;
    struct buf time = BUF_WITH_LIMIT(64);

    if (e->at < l->from)
        return;
    render_moment(e->at, &time);
    if (l->list)
        add_event(l->list, buf_text(&time), e);
    else
        print_event(buf_text(&time), e);
    buf_clear(&time);
}

static bool print_json(cJSON *list)
{
    cJSON *root = cJSON_CreateObject();

    add_text(root, "format", "dctd-events/1");
    cJSON_AddItemToObject(root, "events", list);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    bool printed = text && puts(text) >= 0;
    cJSON_free(text);
    return printed;
}

static bool list_events(const struct invocation *in, const char *path, char **error)
{
    struct store *s = store_open(path, true, error);
    struct listing l = { .from = in->since ? app_now() - in->since : INT64_MIN };

    if (!s)
        return false;
    if (in->output == OUTPUT_JSON)
        l.list = cJSON_CreateArray();
    bool listed = store_events(s, &(struct store_query){ 0 }, on_event, &l, error);
    store_close(s);
    return (!l.list || print_json(l.list)) && listed;
}

int cmd_events(const struct invocation *in)
{
    char *error = NULL;

    OWNED(config) c = cmd_config(in);
    if (!c)
        return EXIT_TROUBLE;
    bool listed = list_events(in, c->ledger, &error);
    if (error)
        cmd_complain("%s", error);
    free(error);
    return listed && fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}
