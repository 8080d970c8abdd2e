#include "daemon/page.h"

#include <stdlib.h>
#include <string.h>

#include "schema/json.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta http-equiv=\"refresh\" content=\"30\"><title>dctd</title><style>"
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;"
    "color:#222;background:#fff}h1{font-size:1.4em}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.25em .8em .25em 0;border-bottom:1px solid #ddd;"
    "vertical-align:top}dl{display:grid;grid-template-columns:max-content auto;gap:.2em 1.5em}"
    "dt{color:#666}dd{margin:0}.True{color:#176f2c}.False,.error{color:#b3261e}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#444}"
    ".True{color:#7ad18d}.False,.error{color:#ff8a80}dt{color:#999}}"
    "</style></head><body>\n";

static void put(struct buf *out, const char *text)
{
    for (; *text; text++) {
        size_t n = strcspn(text, "&<>\"'");

        (void)buf_add(out, text, n);
        text += n;
        if (!*text)
            return;
        (void)buf_printf(out, "&#%d;", *text);
    }
}

static void put_term(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    (void)buf_printf(out, "<dt>%s</dt><dd>", name);
    put(out, text);
    (void)buf_puts(out, "</dd>\n");
}

static long number(const cJSON *root, const char *path)
{
    const cJSON *v = json_at(root, path);

    return cJSON_IsNumber(v) ? (long)v->valuedouble : 0;
}

static void put_counts(struct buf *out, const cJSON *status)
{
    static const char *const names[] = { "running", "jobs",    "waiting",  "blocked",
                                         "failed",  "drifted", "suspended" };

    (void)buf_printf(out, "<dt>objects</dt><dd>%ld of %ld in sync", number(status, "counts.synced"),
                     number(status, "counts.managed"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = xasprintf("counts.%s", names[i]);
        long n = number(status, path);

        if (n)
            (void)buf_printf(out, ", %ld %s", n, names[i]);
        free(path);
    }
    (void)buf_puts(out, "</dd>\n");
}

static void put_summary(struct buf *out, const cJSON *status)
{
    (void)buf_puts(out, "<h1>dctd ");
    put(out, json_text(status, "instance") ? json_text(status, "instance") : "");
    (void)buf_puts(out, "</h1>\n<dl>\n");
    put_term(out, "phase", json_text(status, "phase"));
    put_counts(out, status);
    put_term(out, "waiting", json_text(status, "waiting.text"));
    put_term(out, "trouble", json_text(status, "trouble"));
    put_term(out, "configuration", json_text(status, "configuration"));
    put_term(out, "manifests", json_text(status, "manifests"));
    put_term(out, "git", json_text(status, "git.trouble"));
    put_term(out, "revision", json_text(status, "revision"));
    put_term(out, "observed", json_text(status, "lastObserved"));
    put_term(out, "converged", json_text(status, "lastConverged"));
    put_term(out, "next", json_text(status, "next"));
    put_term(out, "DCT", json_text(status, "dct.url"));
    put_term(out, "started", json_text(status, "started"));
    put_term(out, "version", json_text(status, "version"));
    (void)buf_puts(out, "</dl>\n");
}

static const cJSON *condition(const cJSON *object, const char *type)
{
    char *path = xasprintf("conditions[type=%s]", type);
    const cJSON *c = json_at(object, path);

    free(path);
    return c;
}

static void put_condition(struct buf *out, const cJSON *c)
{
    const char *status = json_text(c, "status"), *reason = json_text(c, "reason");

    (void)buf_puts(out, "<td class=\"");
    put(out, status ? status : "");
    (void)buf_puts(out, "\">");
    put(out, reason ? reason : "");
    (void)buf_puts(out, "</td>");
}

static void put_object(struct buf *out, const cJSON *object)
{
    const cJSON *ready = condition(object, "Ready"), *synced = condition(object, "Synced");
    const char *key = json_text(object, "key"), *message = json_text(synced, "message");

    (void)buf_puts(out, "<tr><td>");
    put(out, key ? key : "");
    (void)buf_puts(out, "</td>");
    put_condition(out, ready);
    put_condition(out, synced);
    (void)buf_puts(out, "<td>");
    put(out, message ? message : "");
    (void)buf_puts(out, "</td></tr>\n");
}

static void put_objects(struct buf *out, const cJSON *objects)
{
    const cJSON *items = json_at(objects, "items"), *item;
    int n = 0, all = cJSON_GetArraySize(items);

    (void)buf_puts(out, "<table><tr><th>object</th><th>ready</th><th>synced</th><th></th></tr>\n");
    cJSON_ArrayForEach(item, items) {
        if (n++ == PAGE_OBJECTS)
            break;
        put_object(out, item);
    }
    (void)buf_puts(out, "</table>\n");
    if (all > PAGE_OBJECTS)
        (void)buf_printf(out, "<p>%d more are not shown.</p>\n", all - PAGE_OBJECTS);
}

static void put_findings(struct buf *out, const cJSON *status)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(status, "findings")) {
        const char *at = json_text(item, "at"), *text = json_text(item, "text");

        (void)buf_puts(out, "<p class=\"error\">");
        put(out, at ? at : "");
        (void)buf_puts(out, " ");
        put(out, text ? text : "");
        (void)buf_puts(out, "</p>\n");
    }
}

void page_render(const cJSON *status, const cJSON *objects, struct buf *out)
{
    (void)buf_puts(out, head);
    put_summary(out, status);
    put_findings(out, status);
    put_objects(out, objects);
    (void)buf_puts(out, "</body></html>\n");
}
