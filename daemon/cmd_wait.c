/* `dctd wait`: until objects are as one wants them. The daemon holds the question
 * until something has changed; nothing is asked in vain. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/clock.h"
#include "daemon/talk.h"
#include "daemon/view.h"

#define OBJECTS "/api/v1/objects"
#define STATUS  "/api/v1/status"

enum { PATH_BYTES = 8 << 10 };

struct goal {
    const char *type; /* of a condition; NULL: the object is gone */
    const char *status;
    struct target *targets;
    bool *met; /* parallel to the targets that are one object: told already */
    size_t n;
};

static const char *const types[] = { "Ready", "Synced", "Stalled", "Drifted", "Suspended" };

/* "ready", "ready=false", "deleted" */
static bool condition_read(const char *text, struct goal *g)
{
    size_t n = text ? strcspn(text, "=") : 0;
    bool negative = text && strcasecmp(text + n, "=false") == 0;

    if (!text) {
        cmd_complain("dctd wait needs --for=CONDITION: ready, synced, deleted, …");
        return false;
    }
    if (strcasecmp(text, "deleted") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        bool known = strlen(types[i]) == n && strncasecmp(types[i], text, n) == 0;
        if (known && (!text[n] || negative || strcasecmp(text + n, "=true") == 0)) {
            g->type = types[i];
            g->status = negative ? "False" : "True";
            return true;
        }
    }
    cmd_complain("--for takes ready, synced, stalled, drifted, suspended (=true or =false) or "
                 "deleted, not %s",
                 text);
    return false;
}

static bool targets_read(const struct invocation *in, struct goal *g)
{
    if (in->all == (in->n_paths > 0)) {
        cmd_complain(in->all ? "--all takes no other argument"
                             : "dctd wait needs KIND/NAME, KIND or --all");
        return false;
    }
    g->n = in->all ? 1 : in->n_paths;
    g->targets = xcalloc(g->n, sizeof(*g->targets));
    g->met = xcalloc(g->n, sizeof(*g->met));
    for (size_t i = 0; i < in->n_paths; i++) {
        if (!target_read(in->paths[i], &g->targets[i]))
            return false;
    }
    return true;
}

static void goal_clear(struct goal *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->targets[i].key);
    free(g->targets);
    free(g->met);
}

/* A connector without its engine is that of every engine. */
static bool is_everywhere(const struct target *t)
{
    return t->key && t->kind->flags & KIND_PER_ENGINE && !strchr(t->key, '@');
}

static bool is_meant(const struct target *t, const cJSON *o)
{
    const char *key = json_text(o, "key");

    if (is_everywhere(t))
        return key && starts_with(key, t->key) && key[strlen(t->key)] == '@';
    if (t->key)
        return streq(t->key, key);
    return !t->kind || streq(t->kind->name, json_text(o, "kind"));
}

static bool is_so(const struct goal *g, const cJSON *o)
{
    return g->type && streq(view_condition(o, g->type), g->status);
}

/* Of one target: are all its objects so? `each` hears of those that are not. */
static bool target_met(const struct goal *g, const struct target *t, const cJSON *items,
                       void (*each)(const struct goal *g, const cJSON *o))
{
    const cJSON *o;
    bool met = true, any = false;

    cJSON_ArrayForEach(o, items) {
        if (!is_meant(t, o))
            continue;
        any = true;
        if (is_so(g, o))
            continue;
        met = false;
        if (each)
            each(g, o);
    }
    /* One that is not there yet is waited for; of a kind there may be none. */
    return met && (any || !t->key || !g->type);
}

/* Is every target met? Says so of each as soon as it is. */
static bool all_met(struct goal *g, const struct invocation *in, const cJSON *items)
{
    bool all = true;

    for (size_t i = 0; i < g->n; i++) {
        bool met = target_met(g, &g->targets[i], items, NULL);
        if (met && !g->met[i] && in->n_paths)
            printf("%s: %s\n", in->paths[i], in->what);
        g->met[i] = met;
        all = all && met;
    }
    (void)fflush(stdout);
    return all;
}

static void tell_unmet(const struct goal *g, const cJSON *o)
{
    struct buf line = BUF_WITH_LIMIT(64 << 10);
    const cJSON *c = view_condition_at(o, g->type ? g->type : "Ready");
    const char *message = view_text(c, "message");

    paint(&line, false, PAINT_NONE, view_text(o, "key"));
    if (g->type)
        buf_printf(&line, ": %s is %s (%s)", g->type, view_condition(o, g->type),
                   view_text(c, "reason"));
    else
        buf_puts(&line, " is still there");
    if (*message) {
        buf_puts(&line, ": ");
        paint(&line, false, PAINT_NONE, message);
    }
    cmd_complain("%s", buf_text(&line));
    buf_clear(&line);
}

static void tell_late(const struct goal *g, const cJSON *items)
{
    for (size_t i = 0; i < g->n; i++) {
        const struct target *t = &g->targets[i];
        bool met = target_met(g, t, items, tell_unmet), known = false;
        const cJSON *o;
        cJSON_ArrayForEach(o, items)
            known = known || is_meant(t, o);
        if (!met && !known && t->key)
            cmd_complain("%s: dctd knows no such object", t->key);
    }
}

/* The list of a dctd that has not looked at DCT yet says nothing. */
static bool await_observed(struct talk *t, msec until)
{
    cJSON *status = talk_get(t, STATUS);

    while (status && !json_true(status, "observed"))
        status = talk_next(t, STATUS, status, until);
    cJSON_Delete(status);
    if (!status && t->code == EXIT_TROUBLE)
        cmd_complain("not in time: dctd has not been able to observe DCT; see dctd status");
    return status != NULL;
}

/* No more than what is waited for: each change has it sent once more. Owned. */
static char *objects_path(const struct goal *g)
{
    const struct target *first = &g->targets[0];
    struct buf path = BUF_WITH_LIMIT(PATH_BYTES);
    bool one_kind = first->kind;

    for (size_t i = 1; i < g->n; i++)
        one_kind = one_kind && g->targets[i].kind == first->kind;
    buf_puts(&path, OBJECTS);
    if (g->n == 1 && first->key && !is_everywhere(first)) {
        buf_puts(&path, "?object=");
        buf_add_urlencoded(&path, first->key);
    } else if (one_kind) {
        buf_printf(&path, "?kind=%s", first->kind->arg);
    }
    return buf_take(&path);
}

static int wait_for(struct talk *t, struct goal *g)
{
    const struct invocation *in = t->in;
    msec until = clock_steady() + (in->timeout ? in->timeout : CMD_TIMEOUT);
    char *path = objects_path(g);
    cJSON *list = await_observed(t, until) ? talk_get(t, path) : NULL;
    cJSON *last = NULL;

    while (list) {
        const cJSON *items = cJSON_GetObjectItemCaseSensitive(list, "items");
        if (all_met(g, in, items))
            break;
        last = cJSON_Duplicate(items, true);
        list = talk_next(t, path, list, until);
        if (!list && t->code == EXIT_TROUBLE && clock_steady() >= until) {
            cmd_complain("not in time:");
            tell_late(g, last);
        }
        cJSON_Delete(last);
    }
    cJSON_Delete(list);
    free(path);
    return t->code;
}

int cmd_wait(const struct invocation *in)
{
    struct goal g = { 0 };
    struct talk t;
    int code = EXIT_MISUSED;

    if (condition_read(in->what, &g) && targets_read(in, &g)) {
        code = talk_open(&t, in) ? wait_for(&t, &g) : t.code;
        talk_close(&t);
    }
    goal_clear(&g);
    return code;
}
