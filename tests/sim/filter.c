/* The evaluating half of filter expressions: values compared as DCT documents
 * it, strings that are both dates as moments, NIL as absence. */
#include "tests/sim/filter.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sim/filter_tree.h"
#include "tests/sim/model.h"

/* Reads exactly n digits. */
static bool digits(const char **p, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*p)++) {
        if (!isdigit((unsigned char)**p))
            return false;
        *out = *out * 10 + (**p - '0');
    }
    return true;
}

static bool literal_char(const char **p, const char *any)
{
    if (!**p || !strchr(any, **p))
        return false;
    (*p)++;
    return true;
}

/* "Z", "+02:00" or nothing, in minutes. */
static bool offset(const char **p, int *minutes)
{
    int h, m;
    char sign = **p;

    *minutes = 0;
    if (sign == '\0' || literal_char(p, "zZ"))
        return **p == '\0';
    if (!literal_char(p, "+-") || !digits(p, 2, &h) || !literal_char(p, ":") || !digits(p, 2, &m))
        return false;
    *minutes = (h * 60 + m) * (sign == '-' ? -1 : 1);
    return **p == '\0';
}

bool sim_parse_rfc3339(const char *text, msec *out)
{
    struct tm tm = { 0 };
    int millis = 0, scale = 100, minutes;
    const char *p = text;

    bool ok = digits(&p, 4, &tm.tm_year) && literal_char(&p, "-") && digits(&p, 2, &tm.tm_mon) &&
              literal_char(&p, "-") && digits(&p, 2, &tm.tm_mday) && literal_char(&p, "tT ") &&
              digits(&p, 2, &tm.tm_hour) && literal_char(&p, ":") && digits(&p, 2, &tm.tm_min) &&
              literal_char(&p, ":") && digits(&p, 2, &tm.tm_sec);
    if (!ok)
        return false;
    if (literal_char(&p, "."))
        for (; isdigit((unsigned char)*p); p++, scale /= 10)
            millis += (*p - '0') * scale;
    if (!offset(&p, &minutes))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *out = ((msec)timegm(&tm) - (msec)minutes * 60) * 1000 + millis;
    return true;
}

static int compare_strings(const char *a, const char *b)
{
    msec ta, tb;

    if (streq(a, b))
        return 0;
    if (sim_parse_rfc3339(a, &ta) && sim_parse_rfc3339(b, &tb))
        return (ta > tb) - (ta < tb);
    return strcmp(a, b);
}

static int rank(const cJSON *v)
{
    switch (v ? v->type & 0xff : cJSON_NULL) {
    case cJSON_NULL:
        return 0;
    case cJSON_False:
    case cJSON_True:
        return 1;
    case cJSON_Number:
        return 2;
    case cJSON_String:
        return 3;
    default:
        return 4;
    }
}

int sim_compare_values(const cJSON *a, const cJSON *b)
{
    int ra = rank(a), rb = rank(b);

    if (ra != rb || !a || !b)
        return ra - rb;
    switch (ra) {
    case 1:
        return (cJSON_IsTrue(a) ? 1 : 0) - (cJSON_IsTrue(b) ? 1 : 0);
    case 2:
        return (a->valuedouble > b->valuedouble) - (a->valuedouble < b->valuedouble);
    case 3:
        return compare_strings(a->valuestring, b->valuestring);
    default:
        return 0;
    }
}

/* Equality knows absence, order does not. */
static bool ordered(enum node_op op, int order)
{
    switch (op) {
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_EQ:
    case OP_NE:
        break;
    }
    return false;
}

static bool compare_as(enum node_op op, const cJSON *value, const cJSON *literal)
{
    bool comparable = rank(value) == rank(literal) && rank(value) < 4;
    int order = comparable ? sim_compare_values(value, literal) : 0;

    if (op == OP_EQ || op == OP_NE)
        return (comparable && order == 0) == (op == OP_EQ);
    return comparable && rank(value) && ordered(op, order);
}

static bool member(const cJSON *list, const cJSON *value)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, list) {
        if (compare_as(OP_EQ, value, each))
            return true;
    }
    return false;
}

static bool contains(const cJSON *value, const cJSON *literal)
{
    if (value && cJSON_IsString(value) && cJSON_IsString(literal))
        return strstr(value->valuestring, literal->valuestring) != NULL;
    return cJSON_IsArray(value) && member(value, literal);
}

/* Whether a value, or anything inside it, shows `text`. */
static bool shows(const cJSON *value, const char *text)
{
    char number[32];

    if (value && cJSON_IsString(value))
        return strcasestr(value->valuestring, text) != NULL;
    if (cJSON_IsBool(value))
        return strcasestr(cJSON_IsTrue(value) ? "true" : "false", text) != NULL;
    if (cJSON_IsNumber(value)) {
        snprintf(number, sizeof(number), "%.15g", value->valuedouble);
        return strstr(number, text) != NULL;
    }
    const cJSON *inner;
    cJSON_ArrayForEach(inner, value) {
        if (shows(inner, text))
            return true;
    }
    return false;
}

static bool search_all(const char *fields, const cJSON *item, const char *text)
{
    const cJSON *value;
    cJSON_ArrayForEach(value, item) {
        if (value->string && sim_field_listed(fields, value->string, strlen(value->string), NULL) &&
            shows(value, text))
            return true;
    }
    return false;
}

struct subject {
    const char *fields;
    const cJSON *item, *priv;
};

static bool evaluate(const struct node *n, const struct subject *s);

static bool within(const struct node *n, const cJSON *list)
{
    const cJSON *each;
    cJSON_ArrayForEach(each, list) {
        const struct subject inner = { NULL, each, NULL };
        if (evaluate(n->left, &inner))
            return true;
    }
    return false;
}

static bool evaluate(const struct node *n, const struct subject *s)
{
    const cJSON *value = n->field ? js_get(s->item, n->field) : NULL;
    if (!value && n->field)
        value = js_get(js_get(s->priv, "filter"), n->field);

    switch (n->type) {
    case N_OR:
        return evaluate(n->left, s) || evaluate(n->right, s);
    case N_AND:
        return evaluate(n->left, s) && evaluate(n->right, s);
    case N_NOT:
        return !evaluate(n->left, s);
    case N_COMPARE:
        return compare_as(n->op, value, n->literal);
    case N_IN:
        return member(n->literal, value);
    case N_CONTAINS:
        return contains(value, n->literal);
    case N_WITHIN:
        return within(n, value);
    case N_SEARCH:
        return search_all(s->fields, s->item, n->literal->valuestring);
    }
    return false;
}

bool sim_filter_matches(const struct filter *f, const cJSON *item, const cJSON *priv)
{
    const struct subject s = { f->fields, item, priv };
    return evaluate(f->root, &s);
}
