/* DCT declares next to nothing about errors (DCT API 3.28), so everything here
 * goes by status class and reads bodies with care. */
#include "reconciler/reply.h"

#include <stdlib.h>

#include "schema/json.h"

enum { TEXT_MAX = 3000, SAID_MAX = 2000 };

enum reply_class reply_class(const struct reply *r)
{
    static const int busy[] = { 409, 423, 425, 429 };

    if (r->unsent)
        return REPLY_UNSENT;
    if (r->status >= 200 && r->status < 300)
        return r->error ? REPLY_BROKEN : REPLY_OK;
    if (r->status == 404) /* DCT's own 404 is JSON or empty; a proxy's says nothing */
        return r->error ? REPLY_BROKEN : REPLY_GONE;
    if (r->status == 401 || r->status == 403)
        return REPLY_DENIED;
    for (size_t i = 0; i < ARRAY_LEN(busy); i++) {
        if (r->status == busy[i])
            return REPLY_BUSY;
    }
    return r->status >= 400 && r->status < 500 && r->status != 408 ? REPLY_REFUSED : REPLY_BROKEN;
}

/* ErrorResponse, or the bare string that some calls answer with. */
static void add_said(const cJSON *body, struct buf *out)
{
    const char *error = json_text(body, "error"), *text = json_text(body, "error_description");

    if (cJSON_IsString(body))
        text = body->valuestring;
    if (!text)
        text = json_text(body, "message");
    if (text)
        buf_printf(out, ": %.*s", SAID_MAX, text);
    else if (error)
        buf_printf(out, ": %.*s", SAID_MAX, error);
}

char *reply_lacks(const cJSON *body)
{
    const cJSON *first = json_at(body, "errors[0]");
    const char *name = json_text(first, "object_name"), *text = json_text(first, "message");

    if (first)
        return xasprintf("DCT says it is partial: %.200s%s%.1000s", name ? name : "",
                         name ? ": " : "", text ? text : "no reason given");
    return cJSON_IsArray(json_at(body, "items")) ? NULL : xstrdup("the answer has no `items`");
}

const char *reply_more(const cJSON *body)
{
    const char *cursor = json_text(body, "response_metadata.next_cursor");

    return cursor && *cursor ? cursor : NULL;
}

bool reply_whole(const struct reply *r)
{
    char *lacks = reply_lacks(r->body);
    bool whole = reply_class(r) == REPLY_OK && !lacks && !reply_more(r->body);

    free(lacks);
    return whole;
}

/* Why an answer that is none will not do. */
static void add_lacks(const struct reply *r, struct buf *out)
{
    char *lacks = reply_lacks(r->body);

    if (lacks || reply_more(r->body))
        buf_printf(out, ": %s", lacks ? lacks : "it goes on in another page");
    free(lacks);
}

char *reply_text(const struct reply *r)
{
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

    if (r->unsent) {
        buf_printf(&out, "not sent: %.*s", SAID_MAX, r->error ? r->error : "unknown");
        return buf_take(&out);
    }
    if (!r->status) {
        buf_printf(&out, "no answer from DCT: %.*s", SAID_MAX, r->error ? r->error : "unknown");
        return buf_take(&out);
    }
    buf_printf(&out, "DCT answered %d", r->status);
    add_said(r->body, &out);
    if (reply_class(r) == REPLY_OK)
        add_lacks(r, &out);
    if (r->error)
        buf_printf(&out, ": %.*s", SAID_MAX, r->error);
    if (r->status == 401 && !r->error)
        buf_puts(&out, "; check dct.apiKey");
    if (r->status == 403 && !r->error)
        buf_puts(&out, "; the API key's account lacks the permission");
    return buf_take(&out);
}

const cJSON *reply_job(const cJSON *body)
{
    const cJSON *job = json_at(body, "job");

    if (json_text(job, "id"))
        return job;
    return json_text(body, "id") && json_text(body, "status") && json_at(body, "target_id") ? body
                                                                                            : NULL;
}
