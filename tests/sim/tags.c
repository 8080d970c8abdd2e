/* Tags: pairs of key and value. Adding a pair that is there changes nothing; an
 * empty delete body removes them all. */
#include "tests/sim/tags.h"

const struct member sim_tags_members[] = {
    { "tags", T_TAGS, 1, 0, M_CREATE | M_REQUIRED, "tags", NULL },
    MEMBERS_END,
};

const struct member sim_tags_delete_members[] = {
    { "key", T_STR, 1, 4000, M_CREATE, NULL, NULL },
    { "value", T_STR, 1, 4000, M_CREATE, NULL, NULL },
    { "tags", T_TAGS, 1, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

static bool is_pair(const cJSON *tag, const char *key, const char *value)
{
    return streq(js_str(tag, "key"), key) && (!value || streq(js_str(tag, "value"), value));
}

static bool has_pair(const cJSON *tags, const cJSON *wanted)
{
    const cJSON *tag;
    cJSON_ArrayForEach(tag, tags) {
        if (is_pair(tag, js_str(wanted, "key"), js_str(wanted, "value")))
            return true;
    }
    return false;
}

void sim_tags_merge(cJSON *json, const cJSON *tags)
{
    const cJSON *tag;
    cJSON *list = js_list(json, "tags");

    cJSON_ArrayForEach(tag, tags) {
        if (has_pair(list, tag))
            continue;
        cJSON *pair = js_object();
        js_copy(pair, "key", tag, "key");
        js_copy(pair, "value", tag, "value");
        js_add(list, pair);
    }
}

static void reply_tags(struct call *c, int status, const struct object *o)
{
    const cJSON *tags = js_get(o->json, "tags");
    cJSON *json = js_object();

    js_put(json, "tags", tags ? js_dup(tags) : js_array());
    sim_reply(c, status, json);
}

void sim_tags_get(struct call *c)
{
    const struct object *o = sim_subject(c);
    if (o)
        reply_tags(c, 200, o);
}

void sim_tags_add(struct call *c)
{
    struct object *o = sim_subject(c);
    if (!o)
        return;
    sim_tags_merge(o->json, js_get(c->body, "tags"));
    reply_tags(c, 201, o);
}

static bool doomed(const cJSON *body, const cJSON *tag)
{
    const cJSON *tags = js_get(body, "tags");
    const char *key = js_str(body, "key");

    if (tags)
        return has_pair(tags, tag);
    return !key || is_pair(tag, key, js_str(body, "value"));
}

void sim_tags_delete(struct call *c)
{
    struct object *o = sim_subject(c);
    if (!o)
        return;
    if (js_get(c->body, "value") && !js_get(c->body, "key")) {
        sim_refuse(c, 400, "value: without a key");
        return;
    }

    const cJSON *tag;
    cJSON *kept = js_array();
    cJSON_ArrayForEach(tag, js_get(o->json, "tags")) {
        if (!doomed(c->body, tag))
            js_add(kept, js_dup(tag));
    }
    js_put(o->json, "tags", kept);
    sim_reply_empty(c, 204);
}
