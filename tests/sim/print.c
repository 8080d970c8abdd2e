/* JSON as text, to the byte as cJSON writes it without blanks, straight into a
 * buffer: a page of a list is many objects. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/model.h"

/* Up to here cJSON's 15 digits are those of the integer. */
static const double INTEGERS = 1e15;

static void print_integer(int64_t i, struct buf *b)
{
    char digits[24], *at = digits + sizeof(digits);
    uint64_t rest = (uint64_t)(i < 0 ? -i : i);

    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (i < 0)
        *--at = '-';
    buf_add(b, at, (size_t)(digits + sizeof(digits) - at));
}

/* As many digits as it takes to read the same number again. */
static void print_real(double d, struct buf *b)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%1.15g", d);
    double read = strtod(text, NULL);
    if (fabs(read - d) > fmax(fabs(read), fabs(d)) * DBL_EPSILON)
        (void)snprintf(text, sizeof(text), "%1.17g", d);
    buf_puts(b, text);
}

static void print_number(double d, struct buf *b)
{
    if (!isfinite(d))
        buf_puts(b, "null");
    else if (fabs(d) < INTEGERS && d == floor(d) && !(signbit(d) && d == 0))
        print_integer((int64_t)d, b);
    else
        print_real(d, b);
}

static void print_members(const cJSON *v, struct buf *b)
{
    bool named = cJSON_IsObject(v);

    buf_char(b, named ? '{' : '[');
    for (const cJSON *m = v->child; m; m = m->next) {
        if (named) {
            buf_add_quoted(b, m->string);
            buf_char(b, ':');
        }
        js_print(m, b);
        if (m->next)
            buf_char(b, ',');
    }
    buf_char(b, named ? '}' : ']');
}

void js_print(const cJSON *v, struct buf *b)
{
    switch (v->type & 0xff) {
    case cJSON_NULL:
        buf_add(b, "null", 4);
        return;
    case cJSON_False:
        buf_add(b, "false", 5);
        return;
    case cJSON_True:
        buf_add(b, "true", 4);
        return;
    case cJSON_Number:
        print_number(v->valuedouble, b);
        return;
    case cJSON_String:
        buf_add_quoted(b, v->valuestring);
        return;
    case cJSON_Raw:
        buf_puts(b, v->valuestring);
        return;
    case cJSON_Array:
    case cJSON_Object:
        print_members(v, b);
        return;
    default:
        abort(); /* no value at all */
    }
}

char *js_text(const cJSON *item)
{
    struct buf b = BUF_WITH_LIMIT(SIZE_MAX / 4);

    js_print(item, &b);
    return buf_take(&b);
}
