/* Reading one object: by id, or by name where there is none yet, with what is
 * joined to it. What was read goes into the observed world. */
#include <assert.h>
#include <stdlib.h>

#include "reconciler/action.h"
#include "reconciler/reply.h"
#include "schema/json.h"

enum { PATH_MAX_BYTES = 8192, FILTER_MAX = 4096 };

static void ask(struct action *a, struct request *r, enum awaiting await, struct step *s)
{
    r->key = xstrdup(a->key);
    r->engine = a->engine ? xstrdup(a->engine) : NULL;
    a->run->await = await;
    a->run->request = step_send(s, r);
}

/* By name on its engine; kinds that their values identify by engine alone. */
static bool find_filter(const struct exec *x, const struct action *a, struct buf *filter)
{
    assert(a->wanted); /* what no manifest wants is known by its id, or not looked for */
    const char *engine = resolve_engine(x->world, a->wanted);
    bool by_engine = streq(a->kind->engine_read, "engine_id") && engine;

    if (a->kind->identity[0].fact)
        return by_engine && filter_equal(filter, "engine_id", engine);
    if (!filter_equal(filter, "name", a->wanted->object->name))
        return false;
    if (!by_engine)
        return true;
    buf_puts(filter, " AND ");
    return filter_equal(filter, "engine_id", engine);
}

static void find(struct exec *x, struct action *a, struct step *s)
{
    struct buf filter = BUF_WITH_LIMIT(FILTER_MAX), path = BUF_WITH_LIMIT(PATH_MAX_BYTES);
    struct request *r;

    buf_printf(&path, "%s/search", a->kind->collection);
    if (find_filter(x, a, &filter))
        r = request_search(buf_text(&path), buf_text(&filter));
    else /* the grammar cannot say the name: take the list as it comes */
        r = request_new("GET", xasprintf("%s?limit=1000", a->kind->collection));
    ask(a, r, AWAIT_FIND, s);
    buf_clear(&filter);
    buf_clear(&path);
}

void look(struct exec *x, struct action *a, struct step *s)
{
    struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);

    if (!a->id) {
        find(x, a, s);
        return;
    }
    buf_printf(&path, "%s/", a->kind->collection);
    buf_add_urlencoded(&path, a->id);
    ask(a, request_new("GET", buf_take(&path)), AWAIT_GET, s);
}

/* The pairing of the action's manifest, judged anew. */
static const struct pairing *rematch(struct exec *x, const struct action *a)
{
    size_t i = (size_t)(a->wanted - x->world->set->items);

    match_one(x->world, i);
    return &x->world->pairs[i];
}

static void know_id(struct action *a, const char *id)
{
    if (streq(a->id, id))
        return;
    free(a->id);
    a->id = xstrdup(id);
}

static enum look_result take_found(struct exec *x, struct action *a, const cJSON *body,
                                   struct step *s)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, json_at(body, "items"))
        (void)observed_add(x->world->observed, a->kind, item, true);
    const struct pairing *p = rematch(x, a);
    if (p->match == MATCH_CONFLICT)
        return LOOK_CONFLICT;
    if (p->match != MATCH_OURS && p->match != MATCH_ADOPT)
        return LOOK_GONE;
    know_id(a, p->item->id);
    look(x, a, s);
    return LOOK_MORE;
}

static bool join_wanted(const struct action *a, const struct join *j)
{
    for (size_t i = 0; a->wanted && i < a->kind->table.n; i++) {
        const char *read = a->kind->table.rows[i].read;
        if (read && starts_with(read, j->name) && a->wanted->object->values[i].state != V_ABSENT)
            return true;
    }
    return false;
}

/* Sends the next join's request; false when there is none left. */
static bool ask_join(struct exec *x, struct action *a, struct step *s)
{
    for (; a->run->join < a->kind->n_joins; a->run->join++) {
        const struct join *j = &a->kind->joins[a->run->join];
        const char *mine = json_text(a->run->raw, j->mine);
        struct buf filter = BUF_WITH_LIMIT(FILTER_MAX), path = BUF_WITH_LIMIT(PATH_MAX_BYTES);
        bool can = x->world->observed->joins_known[a->kind->kind] && join_wanted(a, j) && mine &&
                   filter_equal(&filter, j->theirs, mine);
        if (can) {
            buf_printf(&path, "%s%s", j->path, streq(j->method, "GET") ? "/search" : "");
            ask(a, request_search(buf_text(&path), buf_text(&filter)), AWAIT_JOIN, s);
        }
        buf_clear(&filter);
        buf_clear(&path);
        if (can)
            return true;
    }
    return false;
}

/* Everything about the object is here: into the world with it. */
static enum look_result take_whole(struct exec *x, struct action *a)
{
    const struct observed_item *item = observed_add(x->world->observed, a->kind, a->run->raw, true);

    if (!item)
        return LOOK_FAILED;
    observed_feed_joins(x->world->observed, a->kind->collection, a->run->raw);
    if (item->foreign)
        return LOOK_GONE;
    if (!a->wanted)
        return LOOK_THERE;
    return rematch(x, a)->match == MATCH_CONFLICT ? LOOK_CONFLICT : LOOK_THERE;
}

static enum look_result take_object(struct exec *x, struct action *a, const cJSON *body,
                                    struct step *s)
{
    cJSON_Delete(a->run->raw);
    a->run->raw = cJSON_Duplicate(body, true);
    a->run->join = 0;
    return ask_join(x, a, s) ? LOOK_MORE : take_whole(x, a);
}

static enum look_result take_join(struct exec *x, struct action *a, const cJSON *body,
                                  struct step *s)
{
    const struct join *j = &a->kind->joins[a->run->join];
    const cJSON *item;

    observed_unjoin(x->world->observed, a->kind, j, json_text(a->run->raw, j->mine));
    cJSON_ArrayForEach(item, json_at(body, "items"))
        observed_join(x->world->observed, a->kind, j, item);
    a->run->join++;
    return ask_join(x, a, s) ? LOOK_MORE : take_whole(x, a);
}

/* After its deletion, a look may be refused because there is nothing left that a
 * permission could be for: what DCT lists tells. */
static bool ask_list(struct action *a, const struct reply *r, struct step *s)
{
    struct buf filter = BUF_WITH_LIMIT(FILTER_MAX), path = BUF_WITH_LIMIT(PATH_MAX_BYTES);
    bool can =
        r->status == 403 && a->run->deleted && !a->run->made && filter_equal(&filter, "id", a->id);

    if (can) {
        buf_printf(&path, "%s/search", a->kind->collection);
        ask(a, request_search(buf_text(&path), buf_text(&filter)), AWAIT_LISTED, s);
    }
    buf_clear(&filter);
    buf_clear(&path);
    return can;
}

static enum look_result gone(struct exec *x, struct action *a)
{
    observed_remove(x->world->observed, a->kind, a->id);
    if (a->wanted)
        (void)rematch(x, a);
    return LOOK_GONE;
}

enum look_result look_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s)
{
    enum awaiting await = a->run->await;
    enum reply_class class = reply_class(r);

    a->run->await = AWAIT_NOTHING;
    a->run->request = 0;
    if (await == AWAIT_GET && class == REPLY_GONE)
        return gone(x, a);
    if (await == AWAIT_GET && ask_list(a, r, s))
        return LOOK_MORE;
    if (await == AWAIT_GET)
        return class == REPLY_OK ? take_object(x, a, r->body, s) : LOOK_FAILED;
    if (!reply_whole(r))
        return LOOK_FAILED;
    if (await == AWAIT_LISTED)
        return cJSON_GetArraySize(json_at(r->body, "items")) ? LOOK_THERE : gone(x, a);
    if (await == AWAIT_FIND)
        return take_found(x, a, r->body, s);
    return take_join(x, a, r->body, s);
}
