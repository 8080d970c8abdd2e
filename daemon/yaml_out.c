#include "daemon/yaml_out.h"

#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { LINE_WIDTH = 100 };

static int on_output(void *ctx, unsigned char *data, size_t n)
{
    return buf_add(ctx, data, n);
}

static const yaml_char_t *bytes(const char *text)
{
    return (const yaml_char_t *)text;
}

/* Would some reader of YAML take the word for something else than a text? */
static bool needs_quotes(const char *s)
{
    static const char *const words[] = { "true", "false", "null", "yes", "no", "on",
                                         "off",  "y",     "n",    "inf", "nan" };
    size_t safe = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./@-");

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(words[i], s) == 0)
            return true;
    }
    return s[safe] || !(((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z') || *s == '/');
}

static bool emit(yaml_emitter_t *e, yaml_event_t *ev)
{
    return yaml_emitter_emit(e, ev) != 0;
}

static bool scalar(yaml_emitter_t *e, const char *text, bool quoted)
{
    yaml_event_t ev;
    yaml_scalar_style_t style = quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;

    return yaml_scalar_event_initialize(&ev, NULL, NULL, bytes(text), (int)strlen(text), 1, 1,
                                        style) &&
           emit(e, &ev);
}

static bool text(yaml_emitter_t *e, const char *s)
{
    return scalar(e, s, needs_quotes(s));
}

/* Numbers, true, false and null are the same words in JSON. */
static bool word(yaml_emitter_t *e, const cJSON *v)
{
    char *printed = cJSON_PrintUnformatted(v);
    bool done = scalar(e, printed, false);

    cJSON_free(printed);
    return done;
}

static bool begin(yaml_emitter_t *e, const cJSON *v)
{
    yaml_event_t ev;
    bool empty = !v->child;
    int made;

    if (cJSON_IsArray(v))
        made = yaml_sequence_start_event_initialize(&ev, NULL, NULL, 1,
                                                    empty ? YAML_FLOW_SEQUENCE_STYLE
                                                          : YAML_BLOCK_SEQUENCE_STYLE);
    else
        made = yaml_mapping_start_event_initialize(&ev, NULL, NULL, 1,
                                                   empty ? YAML_FLOW_MAPPING_STYLE
                                                         : YAML_BLOCK_MAPPING_STYLE);
    return made && emit(e, &ev);
}

static bool end(yaml_emitter_t *e, const cJSON *v)
{
    yaml_event_t ev;
    int made = cJSON_IsArray(v) ? yaml_sequence_end_event_initialize(&ev)
                                : yaml_mapping_end_event_initialize(&ev);

    return made && emit(e, &ev);
}

/* As deep as the parser of JSON let it become. */
// NOLINTNEXTLINE(misc-no-recursion)
static bool value(yaml_emitter_t *e, const cJSON *v)
{
    const cJSON *item;

    if (cJSON_IsString(v))
        return text(e, v->valuestring);
    if (!cJSON_IsArray(v) && !cJSON_IsObject(v))
        return word(e, v);
    if (!begin(e, v))
        return false;
    cJSON_ArrayForEach(item, v) {
        if (cJSON_IsObject(v) && !text(e, item->string))
            return false;
        if (!value(e, item))
            return false;
    }
    return end(e, v);
}

static bool document(yaml_emitter_t *e, const cJSON *json)
{
    yaml_event_t ev;

    return yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING) && emit(e, &ev) &&
           yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1) && emit(e, &ev) &&
           value(e, json) && yaml_document_end_event_initialize(&ev, 1) && emit(e, &ev) &&
           yaml_stream_end_event_initialize(&ev) && emit(e, &ev);
}

bool yaml_write(const cJSON *json, struct buf *out)
{
    yaml_emitter_t e;

    if (!yaml_emitter_initialize(&e))
        return false;
    yaml_emitter_set_output(&e, on_output, out);
    yaml_emitter_set_unicode(&e, 1);
    yaml_emitter_set_width(&e, LINE_WIDTH);
    bool written = document(&e, json) && yaml_emitter_flush(&e) != 0;
    yaml_emitter_delete(&e);
    return written && !out->over;
}
