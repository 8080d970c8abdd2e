/* Making and sending requests. */
#include "reconciler/step.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 16384 };

msec step_wall(const struct step *s)
{
    return s->now + s->ahead;
}

struct request *request_new(const char *method, char *path)
{
    struct request *r = xcalloc(1, sizeof(*r));

    r->method = method;
    r->path = path;
    r->timeout = READ_TIMEOUT;
    return r;
}

uint64_t step_send(struct step *s, struct request *r)
{
    r->id = ++*s->ids;
    if (r->write)
        r->timeout = WRITE_TIMEOUT;
    fx_send(s->fx, r);
    return r->id;
}

struct request *request_search(const char *path, const char *filter)
{
    struct request *r = request_new("POST", xasprintf("%s?limit=1000", path));

    r->body = cJSON_CreateObject();
    cJSON_AddStringToObject(r->body, "filter_expression", filter);
    return r;
}

void request_page(struct request *r, const char *cursor)
{
    struct buf path = BUF_WITH_LIMIT(PATH_MAX_BYTES);

    if (!cursor)
        return;
    buf_printf(&path, "%s&cursor=", r->path);
    buf_add_urlencoded(&path, cursor);
    free(r->path);
    r->path = buf_take(&path);
}

bool filter_equal(struct buf *out, const char *member, const char *value)
{
    bool single = strchr(value, '\'') != NULL;

    if (single && strchr(value, '"'))
        return false;
    return buf_printf(out, single ? "%s EQ \"%s\"" : "%s EQ '%s'", member, value);
}
