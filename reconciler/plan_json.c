/* The plan for programs. Every member is always there, null where there is
 * nothing to say, so that a reader needs no case for its absence. */
#include <stdlib.h>

#include "reconciler/action.h"
#include "reconciler/history.h"
#include "reconciler/plan_render.h"
#include "reconciler/plan_text.h"

static void add_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void add_count(cJSON *o, const char *name, size_t n)
{
    cJSON_AddNumberToObject(o, name, (double)n);
}

static void add_strings(cJSON *o, const char *name, const struct strings *l)
{
    cJSON *list = cJSON_AddArrayToObject(o, name);

    for (size_t i = 0; i < l->n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(l->items[i]));
}

static void add_summary(cJSON *root, const struct plan *p)
{
    cJSON *o = cJSON_AddObjectToObject(root, "summary");
    struct buf text = BUF_WITH_LIMIT(1024);

    plan_summary(p, &text);
    add_text(o, "text", buf_text(&text));
    cJSON_AddBoolToObject(o, "changes", !plan_empty(p));
    cJSON_AddBoolToObject(o, "unknown", p->unknown);
    add_count(o, "managed", p->managed);
    add_count(o, "inSync", p->in_sync);
    for (enum verb v = VERB_NONE; v < VERBS; v++)
        add_count(o, verb_name(v), p->by_verb[v]);
    add_count(o, "blocked", p->blocked);
    add_count(o, "leftAlone", p->left);
    buf_clear(&text);
}

void plan_add_changes(cJSON *o, const struct action *a)
{
    cJSON *list = cJSON_AddArrayToObject(o, "changes");

    for (size_t i = 0; i < a->n_changes; i++) {
        const struct change *c = &a->changes[i];
        cJSON *item = cJSON_CreateObject();
        add_text(item, "field", render_field(a, c));
        add_text(item, "was", c->was);
        add_text(item, "becomes", c->becomes);
        add_text(item, "why", c->why == WHY_DRIFT ? "drift" : "change");
        cJSON_AddBoolToObject(item, "createOnly", c->create_only);
        cJSON_AddItemToArray(list, item);
    }
}

static void add_place(cJSON *o, const struct action *a)
{
    if (!a->pos.line) {
        cJSON_AddNullToObject(o, "manifest");
        return;
    }
    cJSON *place = cJSON_AddObjectToObject(o, "manifest");
    add_text(place, "file", a->pos.file);
    add_count(place, "line", a->pos.line);
    add_count(place, "column", a->pos.col);
}

static void add_needs(cJSON *o, const struct plan *p, const struct action *a)
{
    cJSON *list = cJSON_AddArrayToObject(o, "needs");

    for (size_t i = 0; i < a->n_needs; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(p->items[a->needs[i]].key));
}

static void add_not_before(cJSON *o, const struct plan *p, const struct action *a)
{
    struct buf when = BUF_WITH_LIMIT(64);

    if (a->not_before > 0)
        render_moment(a->not_before + p->ahead, &when);
    add_text(o, "notBefore", when.data);
    buf_clear(&when);
}

/* What sort of trouble it is in; NULL = none. The words are those of lastError. */
static const char *class_of(const struct plan *p, const struct action *a)
{
    static const enum error_class classes[] = { [FAIL_RECOVERABLE] = ERROR_RECOVERABLE,
                                                [FAIL_TERMINAL] = ERROR_TERMINAL,
                                                [FAIL_UNKNOWN] = ERROR_UNKNOWN_OUTCOME };

    if (a->blocked)
        return action_left(p, a) ? "left-alone" : error_class_name(ERROR_BLOCKED);
    if (a->error && a->run)
        return error_class_name(classes[a->run->failure]);
    return a->unanswered ? error_class_name(ERROR_UNKNOWN_OUTCOME) : NULL;
}

static cJSON *action_json(const struct plan *p, const struct action *a)
{
    cJSON *o = cJSON_CreateObject();

    add_text(o, "verb", verb_name(a->verb));
    add_text(o, "symbol", a->blocked ? "!" : verb_symbol(a->verb));
    add_text(o, "kind", a->kind->name);
    add_text(o, "key", a->key);
    add_text(o, "id", a->id);
    add_text(o, "engine", a->engine);
    add_text(o, "reason", a->reason);
    add_text(o, "blocked", a->blocked);
    add_text(o, "class", class_of(p, a));
    plan_add_changes(o, a);
    add_strings(o, "disruptions", &a->disruptions);
    add_place(o, a);
    add_needs(o, p, a);
    add_not_before(o, p, a);
    add_text(o, "state", action_state_name(a->state));
    add_text(o, "error", a->error);
    return o;
}

cJSON *plan_tree(const struct plan *p, const char *digest)
{
    cJSON *root = cJSON_CreateObject();

    add_text(root, "format", "dctd-plan/1");
    add_text(root, "digest", digest);
    add_summary(root, p);
    cJSON *actions = cJSON_AddArrayToObject(root, "actions");
    for (size_t i = 0; i < p->n; i++)
        cJSON_AddItemToArray(actions, action_json(p, &p->items[i]));
    add_strings(root, "notes", &p->notes);
    return root;
}

void plan_json(const struct plan *p, const char *digest, struct buf *out)
{
    cJSON *root = plan_tree(p, digest);
    char *text = cJSON_Print(root);

    if (!text)
        abort();
    buf_puts(out, text);
    buf_puts(out, "\n");
    cJSON_free(text);
    cJSON_Delete(root);
}
