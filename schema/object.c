/* Objects and the memory of their values. What values mean is in value.c. */
#include "schema/object.h"

#include <stdlib.h>
#include <string.h>

bool type_is_json(enum field_type type)
{
    switch (type) {
    case F_STRINGS:
    case F_MAP:
    case F_TAGS:
    case F_SETTINGS:
    case F_LIST:
    case F_JSON:
    case F_SECRET:
        return true;
    case F_BLOCK:
    case F_STRING:
    case F_INTEGER:
    case F_BOOLEAN:
    case F_ENUM:
    case F_TIME:
    case F_REF:
    case F_FILE:
    case F_CONST:
        break;
    }
    return false;
}

bool type_is_text(enum field_type type)
{
    return !type_is_json(type) && type != F_INTEGER && type != F_BOOLEAN && type != F_CONST;
}

static const char digits[] = "0123456789abcdef";

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct fingerprint fingerprint_parse(const char *hex)
{
    struct fingerprint f = { .known = strlen(hex) == DIGEST_TEXT - 1 };

    for (size_t i = 0; f.known && i < DIGEST_BYTES; i++) {
        int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);
        f.known = high >= 0 && low >= 0;
        f.bytes[i] = f.known ? (uint8_t)(16 * high + low) : 0;
    }
    return f;
}

void fingerprint_text(const struct fingerprint *f, char out[DIGEST_TEXT])
{
    for (size_t i = 0; f->known && i < DIGEST_BYTES; i++) {
        *out++ = digits[f->bytes[i] >> 4];
        *out++ = digits[f->bytes[i] & 15];
    }
    *out = '\0';
}

bool fingerprint_same(const struct fingerprint *a, const struct fingerprint *b)
{
    return a->known && b->known && memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

void value_clear(struct value *v, enum field_type type)
{
    if (v->state == V_SET && type_is_json(type))
        cJSON_Delete(v->json);
    if (v->state == V_SET && type_is_text(type))
        free(v->s);
    *v = (struct value){ .state = V_ABSENT };
}

void value_copy(struct value *to, const struct value *from, enum field_type type)
{
    struct value copy = *from;

    if (from->state == V_SET && type_is_json(type))
        copy.json = cJSON_Duplicate(from->json, true);
    if (from->state == V_SET && type_is_text(type) && from->s)
        copy.s = xstrdup(from->s);
    value_clear(to, type);
    *to = copy;
}

struct object *object_new(const struct kind_desc *k, const char *name, struct pos pos)
{
    struct object *o = xcalloc(1, sizeof(*o) + k->table.n * sizeof(o->values[0]));

    o->refs = 1;
    o->kind = k;
    o->pos = pos;
    o->name = xstrdup(name);
    return o;
}

struct object *object_ref(struct object *o)
{
    o->refs++;
    return o;
}

void object_free(struct object *o)
{
    if (!o || --o->refs)
        return;

    for (size_t i = 0; i < o->kind->table.n; i++)
        value_clear(&o->values[i], o->kind->table.rows[i].type);
    for (size_t i = 0; o->made && i < o->kind->table.n; i++)
        value_clear(&o->made[i], o->kind->table.rows[i].type);
    free(o->made);
    cJSON_Delete(o->schemas);
    strings_clear(&o->policy.ignore);
    strings_clear(&o->policy.ignore_parts);
    free(o->policy.adopt_id);
    free(o->policy.suspend_reason);
    free(o->moved_from);
    free(o->name);
    free(o);
}

const struct value *object_made(const struct object *o, size_t row)
{
    return o->made && o->made[row].state != V_ABSENT ? &o->made[row] : &o->values[row];
}

const struct value *object_value(const struct object *o, const char *yaml)
{
    return &o->values[kind_row(o->kind, yaml)];
}

const char *object_text(const struct object *o, const char *yaml)
{
    size_t row = kind_row(o->kind, yaml);
    const struct value *v = &o->values[row];

    return v->state == V_SET && type_is_text(o->kind->table.rows[row].type) ? v->s : NULL;
}
