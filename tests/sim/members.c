/* Checks request bodies against their tables and carries members over. */
#include "tests/sim/members.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/filter.h"

#define TAG_MAX  4000
#define LIST_MAX 1000

static bool text_fits(const cJSON *v, int min, int max)
{
    size_t n = cJSON_IsString(v) ? strlen(v->valuestring) : 0;
    return cJSON_IsString(v) && n >= (size_t)min && (max == 0 || n <= (size_t)max);
}

char *sim_check_tags(const cJSON *tags, int min)
{
    const cJSON *tag;
    int n = cJSON_IsArray(tags) ? cJSON_GetArraySize(tags) : -1;

    if (n < min || n > LIST_MAX)
        return xasprintf("tags: a list of %d to %d tags is expected", min, LIST_MAX);
    cJSON_ArrayForEach(tag, tags) {
        if (!text_fits(js_get(tag, "key"), 1, TAG_MAX) ||
            !text_fits(js_get(tag, "value"), 1, TAG_MAX))
            return xasprintf("tags: key and value must be strings of 1 to %d characters", TAG_MAX);
    }
    return NULL;
}

static bool strings_fit(const struct member *m, const cJSON *v)
{
    const cJSON *each;

    if (!cJSON_IsArray(v) || cJSON_GetArraySize(v) < m->min)
        return false;
    cJSON_ArrayForEach(each, v) {
        if (!text_fits(each, 1, m->max))
            return false;
    }
    return true;
}

static bool all_objects(const cJSON *v)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, v) {
        if (!cJSON_IsObject(each))
            return false;
    }
    return cJSON_IsArray(v);
}

static bool all_integers(const cJSON *v)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, v) {
        if (!cJSON_IsNumber(each) || rint(each->valuedouble) != each->valuedouble)
            return false;
    }
    return cJSON_IsArray(v);
}

static bool all_strings(const cJSON *v)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, v) {
        if (!cJSON_IsString(each))
            return false;
    }
    return cJSON_IsObject(v);
}

static bool hook_fits(const cJSON *hook)
{
    const char *shell = js_str(hook, "shell");
    const cJSON *name = js_get(hook, "name");
    const cJSON *command = js_get(hook, "command");

    if (shell && !sim_field_listed("bash shell expect ps psd", shell, strlen(shell), NULL))
        return false;
    if (!command && !js_get(hook, "hook_template_id"))
        return false;
    return (!name || text_fits(name, 1, 256)) && (!command || text_fits(command, 1, 131072));
}

static bool hooks_fit(const cJSON *v)
{
    const cJSON *each;

    if (!all_objects(v) || cJSON_GetArraySize(v) > 100)
        return false;
    cJSON_ArrayForEach(each, v) {
        if (!hook_fits(each))
            return false;
    }
    return true;
}

static bool hookset_fits(const struct member *m, const cJSON *v)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, v) {
        if (!sim_field_listed(m->words, each->string, strlen(each->string), NULL) ||
            !hooks_fit(each))
            return false;
    }
    return cJSON_IsObject(v);
}

static bool word_fits(const struct member *m, const cJSON *v)
{
    return text_fits(v, m->min, m->max) &&
           (!m->words || sim_field_listed(m->words, v->valuestring, strlen(v->valuestring), NULL));
}

static bool number_fits(const struct member *m, const cJSON *v)
{
    return cJSON_IsNumber(v) && rint(v->valuedouble) == v->valuedouble &&
           v->valuedouble >= (double)m->min && (m->max == 0 || v->valuedouble <= (double)m->max);
}

static bool date_fits(const cJSON *v)
{
    msec when;
    return cJSON_IsString(v) && sim_parse_rfc3339(v->valuestring, &when);
}

static bool value_fits(const struct member *m, const cJSON *v)
{
    switch (m->type) {
    case T_STR:
        return word_fits(m, v);
    case T_INT:
        return number_fits(m, v);
    case T_BOOL:
        return cJSON_IsBool(v);
    case T_OBJECT:
        return cJSON_IsObject(v);
    case T_STRINGS:
        return strings_fit(m, v);
    case T_LIST:
        return all_objects(v);
    case T_INTS:
        return all_integers(v);
    case T_MAP:
        return all_strings(v);
    case T_DATE:
        return date_fits(v);
    case T_HOOKS:
        return hooks_fit(v);
    case T_HOOKSET:
        return hookset_fits(m, v);
    case T_TAGS:
        break;
    }
    return false;
}

static bool is_legal(const struct sim *s, const struct member *m, unsigned call)
{
    return (m->flags & call) && !((m->flags & M_28) && s->opt.api < 328);
}

static const struct member *row_of(const struct sim *s, const struct member *table, unsigned call,
                                   const char *name)
{
    for (const struct member *m = table; m->name; m++) {
        if (is_legal(s, m, call) && streq(m->name, name))
            return m;
    }
    return NULL;
}

char *sim_members_check(const struct sim *s, const struct member *table, unsigned call,
                        const cJSON *body)
{
    const cJSON *v;
    cJSON_ArrayForEach(v, body) {
        const struct member *m = row_of(s, table, call, v->string);
        if (!m && s->opt.strict)
            return xasprintf("%s: unknown member", v->string);
        if (!m || (cJSON_IsNull(v) && (m->flags & M_NULL)))
            continue;
        if (m->type == T_TAGS) {
            char *wrong = sim_check_tags(v, m->min);
            if (wrong)
                return wrong;
        } else if (!value_fits(m, v)) {
            return xasprintf("%s: the value is not legal", m->name);
        }
    }
    for (const struct member *m = table; m->name && (call & M_CREATE); m++) {
        if ((m->flags & M_REQUIRED) && !js_get(body, m->name))
            return xasprintf("%s: must not be null", m->name);
    }
    return NULL;
}

/* Members of free-form parameters that the connector's schema marks as
 * passwords, wherever they stand. */
static void scrub(cJSON *v)
{
    static const char *const secrets[] = { "userPass", "databaseUserPassword", "password" };
    cJSON *each;

    for (size_t i = 0; i < ARRAY_LEN(secrets) && cJSON_IsObject(v); i++)
        js_put(v, secrets[i], NULL);
    cJSON_ArrayForEach(each, v) {
        scrub(each);
    }
}

static void shown_hook(struct sim *s, cJSON *hook)
{
    if (!js_get(hook, "element_id")) {
        char *id = sim_next_id(s, NULL, "HOOK");
        js_put_str(hook, "element_id", id);
        free(id);
    }
    if (!js_get(hook, "shell"))
        js_put_str(hook, "shell", "bash");
    js_put_bool(hook, "has_credentials",
                cJSON_GetArraySize(js_get(hook, "credentials_env_vars")) > 0);
    scrub(hook);
}

static void apply_hooks(struct sim *s, cJSON *json, const char *point, const cJSON *list)
{
    cJSON *hooks = js_get(json, "hooks"), *hook;
    if (!hooks) {
        hooks = js_object();
        js_put(json, "hooks", hooks);
    }
    cJSON *shown = js_dup(list);
    cJSON_ArrayForEach(hook, shown) {
        shown_hook(s, hook);
    }
    js_put(hooks, point, shown);
}

static void apply_hookset(struct sim *s, cJSON *json, const cJSON *set)
{
    const cJSON *list;
    cJSON_ArrayForEach(list, set) {
        apply_hooks(s, json, list->string, list);
    }
}

/* {"A":"b"} goes in, [{"var_name":"A","var_value":"b"}] is shown. */
static cJSON *shown_map(const cJSON *map)
{
    const cJSON *each;
    cJSON *list = js_array();

    cJSON_ArrayForEach(each, map) {
        cJSON *item = js_object();
        js_put_str(item, "var_name", each->string);
        js_put_str(item, "var_value", each->valuestring);
        js_add(list, item);
    }
    return list;
}

static void apply_one(struct sim *s, const struct member *m, const cJSON *v, struct object *o)
{
    bool blind = !m->read || (m->flags & M_SECRET);

    if (m->type == T_HOOKS || m->type == T_HOOKSET) {
        if (m->type == T_HOOKS)
            apply_hooks(s, o->json, m->read, v);
        else
            apply_hookset(s, o->json, v);
        return;
    }
    if (blind || m->type == T_OBJECT)
        js_put(o->priv, m->name, cJSON_IsNull(v) ? NULL : js_dup(v));
    if (blind)
        return;
    if (cJSON_IsNull(v)) {
        js_put(o->json, m->read, NULL);
        return;
    }
    cJSON *shown = m->type == T_MAP ? shown_map(v) : js_dup(v);
    if (m->type == T_OBJECT)
        scrub(shown);
    js_put(o->json, m->read, shown);
}

void sim_members_apply(struct sim *s, const struct member *table, const cJSON *body,
                       struct object *o)
{
    for (const struct member *m = table; m->name; m++) {
        const cJSON *v = js_get(body, m->name);
        bool unknown = (m->flags & M_28) && s->opt.api < 328;
        if (v && !unknown && !(m->flags & M_ELSEWHERE))
            apply_one(s, m, v, o);
    }
}

void sim_members_false(cJSON *json, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!js_get(json, names[i]))
            js_put_bool(json, names[i], false);
    }
}
