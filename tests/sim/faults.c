/* Matches requests against the fault rules and spoils their answers. */
#include "tests/sim/faults.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/filter.h"

static const char html[] = "<html><body><h1>502 Bad Gateway</h1></body></html>\n";

/* '*' stands for any text. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *back = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            back = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++back;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool rule_matches(const cJSON *rule, const char *method, const char *path)
{
    const char *route = js_str(rule, "route"), *wanted = js_str(rule, "method");

    if (js_get(rule, "engine"))
        return false;
    return (!route || fits(route, path)) && (!wanted || streq(wanted, method));
}

static bool fires(struct sim *s, cJSON *rule)
{
    double seen = js_num(rule, "seen", 0) + 1, fired = js_num(rule, "fired", 0);
    double nth = js_num(rule, "nth", 0), times = js_num(rule, "times", nth > 0 ? 1 : 0);
    double probability = js_num(rule, "probability", 1);

    js_put_num(rule, "seen", seen);
    if ((nth > 0 && seen < nth) || (times > 0 && fired >= times))
        return false;
    if (probability < 1 && (double)(sim_random(s) >> 11) / 9007199254740992.0 >= probability)
        return false;
    js_put_num(rule, "fired", fired + 1);
    return true;
}

cJSON *sim_fault_for(struct sim *s, const char *method, const char *path)
{
    cJSON *rule;
    cJSON_ArrayForEach(rule, s->faults) {
        if (rule_matches(rule, method, path) && fires(s, rule))
            return rule;
    }
    return NULL;
}

static void cut(struct call *c)
{
    sim_reply_empty(c, 0);
}

static void spoil(struct call *c, const cJSON *rule)
{
    int status = (int)js_num(rule, "status", js_true(rule, "html") ? 502 : 0);

    if (js_true(rule, "html")) {
        sim_reply_text(c, status, xstrdup(html));
        c->out->content_type = "text/html";
    } else if (status) {
        sim_refuse(c, status, "Injected fault.");
    }
    c->out->retry_after = (int)js_num(rule, "retry_after", 0);
}

bool sim_fault_before(struct call *c, const cJSON *rule)
{
    bool after = streq(js_str(rule, "when"), "after");

    c->out->delay = js_msec(rule, "delay_ms", 0);
    if (streq(js_str(rule, "cut"), "before")) {
        cut(c);
        return true;
    }
    if (after || !(js_get(rule, "status") || js_true(rule, "html")))
        return false;
    spoil(c, rule);
    return true;
}

void sim_fault_after(struct call *c, const cJSON *rule)
{
    if (streq(js_str(rule, "cut"), "after"))
        cut(c);
    else if (streq(js_str(rule, "when"), "after"))
        spoil(c, rule);
    if (js_true(rule, "truncate") && c->out->length > 1) {
        c->out->length /= 2;
        c->out->body[c->out->length] = '\0';
        c->out->truncated = true;
    }
}

bool sim_engine_unreachable(const struct sim *s, const struct object *engine)
{
    const cJSON *rule;
    cJSON_ArrayForEach(rule, s->faults) {
        const char *which = js_str(rule, "engine");
        if (engine && which && (streq(which, engine->id) || streq(which, sim_name_of(engine))))
            return true;
    }
    return false;
}

static bool known_members(const cJSON *rule)
{
    static const char known[] = "route method nth probability times status retry_after cut when "
                                "truncate html delay_ms job job_error work suspend_ms warning "
                                "engine seen fired";
    const cJSON *each;

    cJSON_ArrayForEach(each, rule) {
        if (!sim_field_listed(known, each->string, strlen(each->string), NULL))
            return false;
    }
    return cJSON_IsObject(rule);
}

void sim_fault_add(struct call *c)
{
    const cJSON *rule;
    cJSON *rules = cJSON_IsArray(c->body) ? js_dup(c->body) : js_array();

    if (cJSON_IsObject(c->body))
        js_add(rules, js_dup(c->body));
    cJSON_ArrayForEach(rule, rules) {
        if (!known_members(rule)) {
            sim_refuse(c, 400, "A fault rule has a member that is not known.");
            cJSON_Delete(rules);
            return;
        }
    }
    while (cJSON_GetArraySize(rules))
        js_add(c->sim->faults, cJSON_DetachItemFromArray(rules, 0));
    cJSON_Delete(rules);
    sim_fault_list(c);
}

void sim_fault_list(struct call *c)
{
    cJSON *json = js_object();
    js_put(json, "rules", js_dup(c->sim->faults));
    sim_reply(c, 200, json);
}

void sim_fault_clear(struct call *c)
{
    cJSON_Delete(c->sim->faults);
    c->sim->faults = js_array();
    sim_reply_empty(c, 204);
}
