#include "daemon/said.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 1 << 20 };

/* Members that hold words for people. */
static const char *const spoken[] = { "error", "error_description", "error_details", "message",
                                      "warning_message" };
static const char begins[] = "emw";

static bool is_spoken(const char *name)
{
    if (!name || !*name || !strchr(begins, *name))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(spoken); i++) {
        if (streq(name, spoken[i]))
            return true;
    }
    return false;
}

static void redact_text(const struct secrets *s, cJSON *node)
{
    struct buf plain = BUF_WITH_LIMIT(WORDS_MAX);

    secrets_redact(s, node->valuestring, &plain);
    if (!streq(buf_text(&plain), node->valuestring)) {
        free(node->valuestring);
        node->valuestring = buf_take(&plain);
    }
    buf_clear(&plain);
}

/* Of the node itself and, `deep`, of all below it. */
static void redact_words(const struct secrets *s, cJSON *node, bool all, bool deep)
{
    if (cJSON_IsString(node) && (all || is_spoken(node->string)))
        redact_text(s, node);
    for (cJSON *item = deep ? node->child : NULL; item; item = item->next)
        redact_words(s, item, all, deep);
}

void said_redact(const struct secrets *s, int status, cJSON *body)
{
    bool good = status >= 200 && status < 300;
    cJSON *items = good && cJSON_IsObject(body) ? cJSON_GetObjectItem(body, "items") : NULL;

    if (!body)
        return;
    if (!items) {
        redact_words(s, body, !good, true);
        return;
    }
    /* Lists are long, and speak of what is listed at its top only. */
    for (cJSON *item = items->child; item; item = item->next) {
        for (cJSON *member = item->child; member; member = member->next)
            redact_words(s, member, false, false);
    }
    cJSON *errors = cJSON_GetObjectItem(body, "errors");
    if (errors)
        redact_words(s, errors, true, true);
}

char *said_plain(const struct secrets *s, char *text)
{
    struct buf plain = BUF_WITH_LIMIT(WORDS_MAX);

    if (!text)
        return NULL;
    secrets_redact(s, text, &plain);
    free(text);
    return buf_take(&plain);
}
