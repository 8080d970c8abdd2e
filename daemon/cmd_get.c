/* `dctd get`: the objects that a running dctd keeps, one a line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/app.h"
#include "daemon/talk.h"
#include "daemon/view.h"

enum { GET_MAX = 64 << 20 };

#define OBJECTS "/api/v1/objects"

/* What the command line asks to see. */
struct wish {
    const struct kind_desc *kind; /* NULL: every kind */
    struct strings keys;          /* empty: all of that kind */
};

static void wish_clear(struct wish *w)
{
    strings_clear(&w->keys);
}

static bool add_key(struct wish *w, const char *word)
{
    struct target t;
    bool one = target_read(word, &t);

    if (one && !t.key) {
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", word);
        return false;
    }
    if (one)
        strings_add(&w->keys, t.key);
    free(t.key);
    return one;
}

/* "vdb", "all", "vdb orders-dev …" or "vdb/orders-dev …". */
static bool wish_read(const struct invocation *in, struct wish *w)
{
    const char *first = in->n_paths ? in->paths[0] : "all";
    bool all = streq(first, "all");

    if (strchr(first, '/')) {
        for (size_t i = 0; i < in->n_paths; i++) {
            if (!add_key(w, in->paths[i]))
                return false;
        }
        return true;
    }
    w->kind = all ? NULL : cmd_kind(first);
    if (all && in->n_paths > 1)
        cmd_complain("`all` takes no name; write KIND/NAME, as in VDB/orders-dev");
    if ((!all && !w->kind) || (all && in->n_paths > 1))
        return false;
    for (size_t i = 1; i < in->n_paths; i++) {
        char *key = xasprintf("%s/%s", w->kind->name, in->paths[i]);
        strings_add(&w->keys, key);
        free(key);
    }
    return true;
}

/* An object that was named without its engine is that of every engine. */
static bool names(const char *said, const cJSON *o)
{
    const char *key = json_text(o, "key"), *kind = json_text(o, "kind");
    const char *behind = key && starts_with(key, said) ? key + strlen(said) : NULL;
    const struct kind_desc *k = behind && *behind == '@' && kind ? kind_by_name(kind) : NULL;

    return behind && (!*behind || (k && k->flags & KIND_PER_ENGINE && !strchr(said, '@')));
}

static bool is_named(const struct wish *w, const cJSON *o)
{
    for (size_t i = 0; i < w->keys.n; i++) {
        if (names(w->keys.items[i], o))
            return true;
    }
    return false;
}

static bool matches(const struct invocation *in, const struct wish *w, const cJSON *o)
{
    const char *engine = json_text(o, "engine");

    if (w->keys.n && !is_named(w, o))
        return false;
    if (w->kind && !streq(w->kind->name, json_text(o, "kind")))
        return false;
    if (in->engine && !streq(in->engine, engine))
        return false;
    return !in->not_ready || !streq(view_condition(o, "Ready"), "True");
}

/* Leaves of the items those that are asked for. */
static void select_items(const struct invocation *in, const struct wish *w, cJSON *reply)
{
    cJSON *items = cJSON_GetObjectItemCaseSensitive(reply, "items");
    cJSON *o = items ? items->child : NULL;

    while (o) {
        cJSON *next = o->next;
        if (!matches(in, w, o))
            cJSON_Delete(cJSON_DetachItemViaPointer(items, o));
        o = next;
    }
}

static bool listed(const cJSON *items, const char *key)
{
    const cJSON *o;

    cJSON_ArrayForEach(o, items) {
        if (names(key, o))
            return true;
    }
    return false;
}

static const char *nth_key(const void *ctx, size_t i)
{
    return json_text(cJSON_GetArrayItem(ctx, (int)i), "key");
}

/* Every object that was named must be there; `all` is the whole list. */
static bool all_known(const struct wish *w, const cJSON *all)
{
    bool known = true;

    for (size_t i = 0; i < w->keys.n; i++) {
        const char *key = w->keys.items[i];
        if (listed(all, key))
            continue;
        const char *meant = nearest_word(key, nth_key, all);
        cmd_complain("no %s is known%s%s%s", key, meant ? "; did you mean " : "",
                     meant ? meant : "", meant ? "?" : "");
        known = false;
    }
    return known;
}

static void add_head(struct grid *g, bool wide)
{
    static const char *const names[] = { "NAME", "READY",    "STATUS", "ENGINE", "AGE",
                                         "ID",   "REVISION", "JOB",    "RETRY",  "MANIFEST" };

    g->columns = wide ? ARRAY_LEN(names) : 5;
    for (size_t i = 0; i < g->columns; i++)
        grid_add(g, names[i], PAINT_BOLD);
}

static void add_row(struct grid *g, const cJSON *o, msec now, bool wide)
{
    const char *ready = view_condition(o, "Ready"), *when = json_text(o, "nextRetry");
    char *status = view_status(o);
    struct buf age = BUF_WITH_LIMIT(32), retry = BUF_WITH_LIMIT(64);

    view_age(view_condition_at(o, "Ready"), "since", now, &age);
    grid_add(g, json_text(o, "key"), PAINT_NONE);
    grid_add(g, ready, streq(ready, "True") ? PAINT_GREEN : PAINT_YELLOW);
    grid_add(g, status, view_paint(o));
    grid_add(g, json_text(o, "engine"), PAINT_NONE);
    grid_add(g, buf_text(&age), PAINT_NONE);
    if (wide) {
        grid_add(g, json_text(o, "id"), PAINT_NONE);
        grid_add(g, json_text(view_condition_at(o, "Synced"), "revision"), PAINT_NONE);
        grid_add(g, json_text(o, "action.job"), PAINT_NONE);
        view_wait(o, "nextRetry", now, &retry);
        grid_add(g, when ? buf_text(&retry) : NULL, PAINT_NONE);
        grid_add(g, json_text(o, "manifest"), PAINT_NONE);
    }
    buf_clear(&retry);
    buf_clear(&age);
    free(status);
}

static void render(const struct invocation *in, const cJSON *items, struct buf *out)
{
    bool wide = in->output == OUTPUT_WIDE;
    struct grid g = { 0 };
    const cJSON *o;
    msec now = app_now();

    add_head(&g, wide);
    cJSON_ArrayForEach(o, items)
        add_row(&g, o, now, wide);
    if (g.n > g.columns)
        grid_print(&g, cmd_colour(in, STDOUT_FILENO), out);
    else
        buf_puts(out, in->not_ready ? "every object is ready\n" : "there are no objects\n");
    grid_clear(&g);
}

static int show_names(const cJSON *items)
{
    struct buf text = BUF_WITH_LIMIT(GET_MAX);
    const cJSON *o;

    cJSON_ArrayForEach(o, items) {
        paint(&text, false, PAINT_NONE, json_text(o, "key") ? json_text(o, "key") : "");
        buf_puts(&text, "\n");
    }
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

/* On a terminal the list is drawn anew where it stood. */
static int show(const struct invocation *in, const cJSON *reply)
{
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(reply, "items");
    struct buf text = BUF_WITH_LIMIT(GET_MAX);

    if (in->output == OUTPUT_NAMES)
        return show_names(items);
    if (in->output == OUTPUT_JSON || in->output == OUTPUT_YAML)
        return talk_print(in, reply);
    if (in->watch && isatty(STDOUT_FILENO))
        buf_puts(&text, "\033[H\033[2J");
    render(in, items, &text);
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

static int get(struct talk *t, const struct wish *w)
{
    const struct invocation *in = t->in;
    cJSON *reply = talk_get(t, OBJECTS);

    if (!reply)
        return t->code;
    bool known = all_known(w, cJSON_GetObjectItemCaseSensitive(reply, "items"));
    int code = EXIT_GOOD;
    while (reply && code == EXIT_GOOD) {
        select_items(in, w, reply);
        code = show(in, reply);
        if (!in->watch)
            break;
        reply = talk_next(t, OBJECTS, reply, INT64_MAX);
    }
    cJSON_Delete(reply);
    if (t->code != EXIT_GOOD)
        return t->code;
    return known ? code : EXIT_TROUBLE;
}

int cmd_get(const struct invocation *in)
{
    struct wish w = { 0 };
    struct talk t;
    int code = EXIT_TROUBLE;

    if (wish_read(in, &w)) {
        code = talk_open(&t, in) ? get(&t, &w) : t.code;
        talk_close(&t);
    }
    wish_clear(&w);
    return code;
}
