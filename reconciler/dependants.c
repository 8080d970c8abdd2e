/* One question per deletion, all at once. */
#include "reconciler/dependants.h"

#include <stdlib.h>

#include "reconciler/reply.h"
#include "schema/json.h"

enum { SINCE = 328, PATH_MAX_BYTES = 8192 };

static bool worth_asking(const struct action *a)
{
    return (a->verb == VERB_DELETE || a->verb == VERB_REPLACE) && !a->blocked && a->id &&
           a->kind->flags & KIND_SNAPSHOTS;
}

void dependants_ask(struct dependants *d, const struct world *world, struct plan *p, struct step *s)
{
    for (size_t i = 0; (!world->api || world->api >= SINCE) && i < p->n; i++) {
        struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);
        if (!worth_asking(&p->items[i]))
            continue;
        buf_printf(&path, "%s/", p->items[i].kind->collection);
        buf_add_urlencoded(&path, p->items[i].id);
        buf_puts(&path, "/deletion-dependencies");
        d->questions = grow(d->questions, d->n, &d->cap, sizeof(*d->questions));
        d->questions[d->n].action = i;
        d->questions[d->n++].request = step_send(s, request_new("GET", buf_take(&path)));
        d->open++;
    }
}

static bool deleted_too(const struct plan *p, const char *id)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->items[i].verb == VERB_DELETE && streq(p->items[i].id, id))
            return true;
    }
    return false;
}

/* DCT lists them in reverse order of deletion, the dataset itself at times too. */
static void take_dependants(struct plan *p, struct action *a, const cJSON *body)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(body, "items")) {
        const char *id = json_text(item, "dataset_id"), *name = json_text(item, "dataset_name");
        const char *type = json_text(item, "dataset_type");
        if (!id || streq(id, a->id))
            continue;
        char *who = xasprintf("%s %s", type ? type : "dataset", name ? name : id);
        if (deleted_too(p, id)) {
            char *line = xasprintf("%s depends on it and is deleted first", who);
            strings_add(&a->disruptions, line);
            free(line);
        } else {
            action_block(a,
                         xasprintf("%s (%s) depends on it and stays; delete that first", who, id));
        }
        free(who);
    }
}

bool dependants_reply(struct dependants *d, struct plan *p, const struct reply *r)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->questions[i].request != r->request)
            continue;
        d->open--;
        d->questions[i].request = 0;
        if (reply_class(r) == REPLY_OK)
            take_dependants(p, &p->items[d->questions[i].action], r->body);
        return true;
    }
    return false;
}

void dependants_clear(struct dependants *d)
{
    free(d->questions);
    *d = (struct dependants){ 0 };
}
