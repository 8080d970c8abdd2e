/* `dctd graph`: who needs whom. */
#include <stdlib.h>
#include <unistd.h>

#include "daemon/graph.h"
#include "daemon/talk.h"

enum { GRAPH_MAX = 256 << 20 };

static cJSON *strings_json(const struct graph *g, bool nodes)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < g->n; i++) {
        const struct graph_node *a = &g->nodes[i];
        if (nodes) {
            cJSON *o = cJSON_CreateObject();
            cJSON_AddStringToObject(o, "key", a->key);
            cJSON_AddStringToObject(o, "kind", a->kind);
            cJSON_AddStringToObject(o, "name", a->name);
            cJSON_AddStringToObject(o, "state", a->state);
            cJSON_AddItemToArray(list, o);
        }
        for (size_t k = 0; !nodes && k < a->n_needs; k++) {
            cJSON *o = cJSON_CreateObject();
            cJSON_AddStringToObject(o, "from", a->key);
            cJSON_AddStringToObject(o, "to", g->nodes[a->needs[k]].key);
            cJSON_AddItemToArray(list, o);
        }
    }
    return list;
}

/* The reply, with what is left of the graph. */
static int print_json(const struct invocation *in, const struct graph *g, cJSON *reply)
{
    cJSON_ReplaceItemInObjectCaseSensitive(reply, "nodes", strings_json(g, true));
    cJSON_ReplaceItemInObjectCaseSensitive(reply, "edges", strings_json(g, false));
    return talk_print(in, reply);
}

static int show(const struct invocation *in, struct graph *g, cJSON *reply)
{
    struct buf text = BUF_WITH_LIMIT(GRAPH_MAX);

    if (in->output == OUTPUT_JSON)
        return print_json(in, g, reply);
    graph_reduce(g);
    if (in->output == OUTPUT_DOT)
        graph_dot(g, &text);
    else if (in->output == OUTPUT_SVG)
        graph_svg(g, &text);
    else
        graph_text(g, cmd_colour(in, STDOUT_FILENO), &text);
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

static int graph(struct talk *t, const char *key)
{
    cJSON *reply = talk_get(t, "/api/v1/graph");

    if (!reply)
        return t->code;
    OWNED(graph) g = graph_new(reply);
    if (key && !graph_around(g, key)) {
        const char *meant = graph_near(g, key);
        cmd_complain("no %s is known%s%s%s", key, meant ? "; did you mean " : "",
                     meant ? meant : "", meant ? "?" : "");
        t->code = EXIT_TROUBLE;
    } else {
        t->code = show(t->in, g, reply);
    }
    cJSON_Delete(reply);
    return t->code;
}

int cmd_graph(const struct invocation *in)
{
    struct target one = { 0 };
    struct talk t;
    int code = EXIT_TROUBLE;

    if (in->n_paths && !target_read(in->paths[0], &one))
        return EXIT_TROUBLE;
    if (in->n_paths && !one.key)
        cmd_complain("`%s` names no object; write KIND/NAME, as in VDB/orders-dev", in->paths[0]);
    else {
        code = talk_open(&t, in) ? graph(&t, one.key) : t.code;
        talk_close(&t);
    }
    free(one.key);
    return code;
}
