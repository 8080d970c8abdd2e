#include "daemon/view.h"

#include <stdlib.h>

#include "schema/read.h"

const cJSON *view_condition_at(const cJSON *object, const char *type)
{
    const cJSON *c, *all = cJSON_GetObjectItemCaseSensitive(object, "conditions");

    cJSON_ArrayForEach(c, all) {
        if (streq(json_text(c, "type"), type))
            return c;
    }
    return NULL;
}

const char *view_condition(const cJSON *object, const char *type)
{
    const char *status = json_text(view_condition_at(object, type), "status");

    return status ? status : "Unknown";
}

enum paint view_condition_paint(const cJSON *condition)
{
    const char *status = json_text(condition, "status"), *type = json_text(condition, "type");
    bool good = streq(type, "Ready") || streq(type, "Synced");

    if (streq(status, "Unknown"))
        return PAINT_YELLOW;
    if (good == streq(status, "True"))
        return good ? PAINT_GREEN : PAINT_NONE;
    return streq(type, "Stalled") ? PAINT_RED : PAINT_YELLOW;
}

const char *view_text(const cJSON *o, const char *path)
{
    const char *text = json_text(o, path);

    return text ? text : "";
}

static bool is_true(const cJSON *object, const char *type)
{
    return streq(view_condition(object, type), "True");
}

double view_number(const cJSON *o, const char *path, double otherwise)
{
    const cJSON *n = json_at(o, path);

    return cJSON_IsNumber(n) ? n->valuedouble : otherwise;
}

bool view_working(const cJSON *object)
{
    static const char *const states[] = { "reading", "sent", "job", "settling" };
    const char *state = json_text(object, "action.state");

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        if (streq(states[i], state))
            return true;
    }
    return false;
}

/* The condition that says most about an object that is not as it ought to be;
 * NULL where it is. */
static const cJSON *telling(const cJSON *object)
{
    static const struct {
        const char *type;
        bool when; /* it is True, or it is not */
    } order[] = {
        { "Stalled", true }, { "Suspended", true }, { "Drifted", true },
        { "Ready", false },  { "Synced", false },
    };

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        const cJSON *c = view_condition_at(object, order[i].type);
        if (c && is_true(object, order[i].type) == order[i].when)
            return c;
    }
    return NULL;
}

static char *work_of(const cJSON *object)
{
    const char *verb = json_text(object, "action.verb");
    double percent = view_number(object, "action.percent", -1);

    if (percent < 0)
        return xstrdup(verb ? verb : "working");
    return xasprintf("%s %.0f%%", verb ? verb : "working", percent);
}

char *view_status(const cJSON *object)
{
    const cJSON *c = telling(object);
    const char *type = json_text(c, "type"), *reason = json_text(c, "reason");

    if (view_working(object))
        return work_of(object);
    if (!c)
        return xstrdup(is_true(object, "Synced") ? "Synced" : "Unknown");
    if (streq(type, "Drifted") || streq(type, "Suspended"))
        return xstrdup(type);
    return xstrdup(reason ? reason : type);
}

const char *view_trouble(const cJSON *object)
{
    const char *error = json_text(object, "lastError.text");
    const char *message = json_text(telling(object), "message");

    if (error && (is_true(object, "Stalled") || view_number(object, "attempts", 0) > 0))
        return error;
    if (message && *message)
        return message;
    return error ? error : "";
}

enum paint view_paint(const cJSON *object)
{
    if (view_working(object))
        return PAINT_YELLOW;
    if (is_true(object, "Stalled"))
        return PAINT_RED;
    if (is_true(object, "Suspended"))
        return PAINT_CYAN;
    return is_true(object, "Ready") && is_true(object, "Synced") ? PAINT_GREEN : PAINT_YELLOW;
}

void view_age(const cJSON *o, const char *path, msec now, struct buf *out)
{
    const char *text = json_text(o, path);
    msec at;

    if (text && time_parse(text, &at))
        age_text(now - at, out);
}

void view_wait(const cJSON *o, const char *path, msec now, struct buf *out)
{
    const char *text = json_text(o, path);
    msec at;

    if (text && time_parse(text, &at))
        age_text(at - now, out);
}
