#include "schema/json_schema.h"

#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/object.h"

enum { LISTED_MAX = 2048 };

/* One value, and what is said of it. */
struct place {
    struct yaml_file *y;
    const struct node *n;
    const char *name; /* "parameters.backup[0].port" */
    const cJSON *schema;
    bool secretive; /* a part of its name sounds as if it were a secret: it is not shown */
};

enum json_type { T_NULL, T_BOOLEAN, T_INTEGER, T_NUMBER, T_STRING, T_ARRAY, T_OBJECT, TYPES };

static const struct {
    const char *name, *words;
} types[TYPES] = {
    [T_NULL] = { "null", "null" },
    [T_BOOLEAN] = { "boolean", "true or false" },
    [T_INTEGER] = { "integer", "an integer" },
    [T_NUMBER] = { "number", "a number" },
    [T_STRING] = { "string", "text" },
    [T_ARRAY] = { "array", "a list" },
    [T_OBJECT] = { "object", "a mapping" },
};

static double number_of(const struct node *n)
{
    return strtod(n->text, NULL);
}

static bool is_sealed(const struct node *n)
{
    return n->type == NODE_MAP && n->n == 1 && streq(n->pairs[0].key->text, "$secret");
}

static enum json_type type_of(const struct node *n)
{
    static const enum json_type scalars[] = {
        [SCALAR_TEXT] = T_STRING,     [SCALAR_NULL] = T_NULL,    [SCALAR_BOOLEAN] = T_BOOLEAN,
        [SCALAR_INTEGER] = T_INTEGER, [SCALAR_FLOAT] = T_NUMBER,
    };

    if (n->type == NODE_LIST)
        return T_ARRAY;
    if (n->type == NODE_MAP)
        return is_sealed(n) ? T_STRING : T_OBJECT;
    enum json_type type = scalars[node_scalar(n)];
    bool whole = type == T_NUMBER && !islessgreater(number_of(n), trunc(number_of(n)));
    return whole ? T_INTEGER : type;
}

static bool is_number(const struct node *n)
{
    return type_of(n) == T_INTEGER || type_of(n) == T_NUMBER;
}

static bool is_text(const struct node *n)
{
    return n->type == NODE_SCALAR && type_of(n) == T_STRING;
}

static void wrong(const struct place *p, const char *must)
{
    struct buf is = BUF_WITH_LIMIT(1024);

    if (p->secretive)
        node_hide(p->y, p->n);
    else
        node_print(p->n, &is);
    node_error(p->y, p->n, "`%s` must be %s%s%s", p->name, must, is.n ? ", not " : "",
               buf_text(&is));
    buf_clear(&is);
}

static bool fits_type(const cJSON *word, const struct node *n)
{
    const char *s = cJSON_GetStringValue(word);
    enum json_type is = type_of(n);
    bool known = false;

    for (enum json_type t = 0; t < TYPES; t++)
        known = known || streq(types[t].name, s);
    return !known || streq(types[is].name, s) || (is == T_INTEGER && streq(s, "number"));
}

static void add_words(const cJSON *word, struct buf *out)
{
    for (enum json_type t = 0; t < TYPES; t++) {
        if (streq(types[t].name, cJSON_GetStringValue(word)))
            buf_printf(out, "%s%s", out->n ? " or " : "", types[t].words);
    }
}

static void check_type(const struct place *p, const cJSON *rule)
{
    const cJSON *one = cJSON_IsArray(rule) ? rule->child : rule;
    struct buf must = BUF_WITH_LIMIT(LISTED_MAX);
    bool fits = !one;

    for (const cJSON *t = one; t; t = cJSON_IsArray(rule) ? t->next : NULL) {
        fits = fits || fits_type(t, p->n);
        add_words(t, &must);
    }
    if (!fits) {
        wrong(p, buf_text(&must));
        if (p->n->type == NODE_SCALAR && !p->secretive && strstr(buf_text(&must), "text"))
            diag_hint(p->y->diags, "write \"%.40s\" in quotes if the text is meant", p->n->text);
    }
    buf_clear(&must);
}

static bool equals(const struct node *n, const cJSON *v)
{
    if (cJSON_IsString(v))
        return is_text(n) && streq(n->text, v->valuestring);
    if (cJSON_IsNumber(v))
        return is_number(n) && !islessgreater(number_of(n), v->valuedouble);
    if (cJSON_IsBool(v))
        return type_of(n) == T_BOOLEAN &&
               (n->text[0] == 't' || n->text[0] == 'T') == cJSON_IsTrue(v);
    return cJSON_IsNull(v) ? type_of(n) == T_NULL : true; /* composites are not compared */
}

static const char *nth_text(const void *ctx, size_t i)
{
    const cJSON *list = ctx, *each;

    cJSON_ArrayForEach(each, list) {
        if (cJSON_IsString(each) && i-- == 0)
            return each->valuestring;
    }
    return NULL;
}

static void check_enum(const struct place *p, const cJSON *rule)
{
    struct buf words = BUF_WITH_LIMIT(LISTED_MAX);
    const cJSON *each;
    bool is_one = !cJSON_IsArray(rule);

    cJSON_ArrayForEach(each, rule) {
        char *text = cJSON_PrintUnformatted(each);
        is_one = is_one || equals(p->n, each);
        buf_printf(&words, "%s%s", words.n ? ", " : "", text ? text : "");
        cJSON_free(text);
    }
    if (!is_one) {
        const char *meant = is_text(p->n) ? nearest_word(p->n->text, nth_text, rule) : NULL;
        wrong(p, "one of the words that the connector knows");
        if (meant)
            diag_hint(p->y->diags, "did you mean `%s`?", meant);
        else
            diag_hint(p->y->diags, "it knows %s", words.over ? "many" : buf_text(&words));
    }
    buf_clear(&words);
}

static void check_const(const struct place *p, const cJSON *rule)
{
    char *text = equals(p->n, rule) ? NULL : cJSON_PrintUnformatted(rule);

    if (text)
        wrong(p, text);
    cJSON_free(text);
}

/* The number that the limit is about; false where it is about none. */
static bool measure(const struct node *n, const char *of, double *out)
{
    if (streq(of, "number") && is_number(n)) {
        *out = number_of(n);
        return true;
    }
    if (streq(of, "items") && n->type == NODE_LIST) {
        *out = (double)n->n;
        return true;
    }
    if (!streq(of, "characters") || !is_text(n))
        return false;
    *out = 0;
    for (const char *s = n->text; *s; s++)
        *out += ((unsigned char)*s & 0xc0) != 0x80;
    return true;
}

/* `exclusive`: the word that makes the limit one that must not be reached; a later
 * draft of JSON Schema gives the limit itself there. */
static const struct limit {
    const char *word, *of, *exclusive;
    bool upper, open;
} limits[] = {
    { "minimum", "number", "exclusiveMinimum", false, false },
    { "maximum", "number", "exclusiveMaximum", true, false },
    { "exclusiveMinimum", "number", NULL, false, true },
    { "exclusiveMaximum", "number", NULL, true, true },
    { "minLength", "characters", NULL, false, false },
    { "maxLength", "characters", NULL, true, false },
    { "minItems", "items", NULL, false, false },
    { "maxItems", "items", NULL, true, false },
};

static const char *const limit_words[2][2] = { { "at least", "more than" },
                                               { "at most", "less than" } };

static void check_limit(const struct place *p, const struct limit *l)
{
    const cJSON *rule = cJSON_GetObjectItemCaseSensitive(p->schema, l->word);
    bool open = l->open || (l->exclusive && json_true(p->schema, l->exclusive));
    double is;

    if (!cJSON_IsNumber(rule) || !measure(p->n, l->of, &is))
        return;
    double over = l->upper ? is - rule->valuedouble : rule->valuedouble - is;
    if (over < 0 || (!open && over <= 0))
        return;
    bool counted = !streq(l->of, "number");
    char *must = xasprintf("%s %.15g%s%s", limit_words[l->upper][open], rule->valuedouble,
                           counted ? " " : "", counted ? l->of : "");
    if (counted)
        node_error(p->y, p->n, "`%s` must have %s, not %.15g", p->name, must, is);
    else
        wrong(p, must);
    if (p->secretive)
        node_hide(p->y, p->n);
    free(must);
}

/* Is it an expression that POSIX reads as JSON Schema does? */
static bool is_simple(const char *pattern)
{
    bool in_brackets = false;

    for (const char *s = pattern; *s; s++) {
        if (*s == '\\') {
            if (in_brackets || !s[1] || !strchr(".-/$^*+?()[]{}|@", s[1]))
                return false;
            s++;
        } else if (in_brackets) {
            in_brackets = *s != ']';
        } else if (*s == '[') {
            in_brackets = true;
            s += s[1] == '^';
        } else if (s[1] == '?' && strchr("(*+?}", *s)) {
            return false; /* a look ahead, or as few as possible */
        }
    }
    return true;
}

static void check_pattern(const struct place *p, const cJSON *rule)
{
    const char *pattern = cJSON_GetStringValue(rule);
    regex_t re;

    if (!pattern || !is_text(p->n) || !is_simple(pattern) ||
        regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return;
    if (regexec(&re, p->n->text, 0, NULL, 0) != 0) {
        char *must = xasprintf("text that matches %.200s", pattern);
        wrong(p, must);
        free(must);
    }
    regfree(&re);
}

static void check_required(const struct place *p, const cJSON *rule)
{
    const cJSON *each;

    if (p->n->type != NODE_MAP)
        return;
    cJSON_ArrayForEach(each, rule) {
        const char *name = cJSON_GetStringValue(each);
        if (name && !node_get(p->n, name))
            node_error(p->y, p->n, "`%s` needs `%s`", p->name, name);
    }
}

static const char *nth_property(const void *ctx, size_t i)
{
    const cJSON *at = cJSON_GetArrayItem(ctx, (int)i);

    return at ? at->string : NULL;
}

static void unknown_key(const struct place *p, const struct pair *key, const cJSON *properties)
{
    const char *meant = nearest_word(key->key->text, nth_property, properties);
    struct buf names = BUF_WITH_LIMIT(LISTED_MAX);
    const cJSON *each;

    node_error(p->y, key->key, "`%s` has no `%s` in the connector's file", p->name, key->key->text);
    cJSON_ArrayForEach(each, properties)
        buf_printf(&names, "%s`%s`", names.n ? ", " : "", each->string);
    if (meant)
        diag_hint(p->y->diags, "did you mean `%s`?", meant);
    else if (names.n && !names.over)
        diag_hint(p->y->diags, "it has %s", buf_text(&names));
    /* What a key nobody knows stands for could be a secret. */
    node_hide(p->y, key->value);
    buf_clear(&names);
}

static bool is_password(const cJSON *schema)
{
    return streq(json_text(schema, "format"), "password");
}

static bool is_reference(const struct node *n)
{
    static const char *const sources[] = { "credential", "file", "env" };

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        if (n->type == NODE_MAP && n->n == 1 && streq(n->pairs[0].key->text, sources[i]))
            return is_text(n->pairs[0].value) && n->pairs[0].value->text[0];
    }
    return is_sealed(n) && is_reference(n->pairs[0].value);
}

static void check_password(const struct place *p)
{
    if (is_reference(p->n))
        return;
    node_hide(p->y, p->n);
    node_error(p->y, p->n,
               "`%s` %s; a secret must be {credential: NAME}, {file: PATH} or "
               "{env: NAME}",
               p->name, p->n->type == NODE_SCALAR ? "is a literal" : "is no reference to a secret");
    diag_hint(p->y->diags, "the connector's file calls it a password");
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than YAML may be
static void check_properties(const struct place *p, const cJSON *rule)
{
    const cJSON *other = cJSON_GetObjectItemCaseSensitive(p->schema, "additionalProperties");
    bool closed = cJSON_IsFalse(other) && !json_at(p->schema, "patternProperties");

    for (size_t i = 0; p->n->type == NODE_MAP && i < p->n->n; i++) {
        const struct pair *pair = &p->n->pairs[i];
        const char *key = pair->key->text;
        const cJSON *own = cJSON_GetObjectItemCaseSensitive(rule, key);
        if (!own && closed) {
            unknown_key(p, pair, rule);
            continue;
        }
        char *name = xasprintf("%s.%s", p->name, key);
        json_schema_check(p->y, pair->value, name, own ? own : other);
        free(name);
    }
}

static void check_items(const struct place *p, const cJSON *rule)
{
    for (size_t i = 0; p->n->type == NODE_LIST && i < p->n->n; i++) {
        char *name = xasprintf("%s[%zu]", p->name, i);
        json_schema_check(p->y, p->n->items[i], name, rule);
        free(name);
    }
}

static const struct {
    const char *word;
    void (*check)(const struct place *p, const cJSON *rule);
} words[] = {
    { "enum", check_enum },         { "const", check_const }, { "pattern", check_pattern },
    { "required", check_required }, { "items", check_items },
};

/* What is of another type is not looked at any further. */
// NOLINTNEXTLINE(misc-no-recursion)
static void check(const struct place *p)
{
    static const cJSON none = { .type = cJSON_Object };
    size_t errors = p->y->diags->errors;

    if (!cJSON_IsObject(p->schema))
        return;
    if (is_password(p->schema)) {
        check_password(p);
        return;
    }
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(p->schema, "type");
    if (type)
        check_type(p, type);
    if (is_sealed(p->n) || p->y->diags->errors != errors)
        return;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const cJSON *rule = cJSON_GetObjectItemCaseSensitive(p->schema, words[i].word);
        if (rule)
            words[i].check(p, rule);
    }
    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        check_limit(p, &limits[i]);
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(p->schema, "properties");
    check_properties(p, properties ? properties : &none);
}

// NOLINTNEXTLINE(misc-no-recursion)
void json_schema_check(struct yaml_file *y, const struct node *n, const char *name,
                       const cJSON *schema)
{
    check(&(struct place){ y, n, name, schema, key_is_suspect(name) });
}

static void seal(cJSON *value)
{
    struct secret_ref ref;

    if (json_at(value, "$secret") || !secret_ref_of(value, &ref))
        return;
    cJSON *inner = cJSON_CreateObject();
    cJSON_AddItemToObject(inner, value->child->string, cJSON_CreateString(ref.name));
    cJSON_DeleteItemFromObjectCaseSensitive(value, value->child->string);
    cJSON_AddItemToObject(value, "$secret", inner);
}

/* The schema of a member or an element; NULL where there is none. */
static const cJSON *schema_below(const cJSON *schema, const cJSON *value, const cJSON *member)
{
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(schema, "items");

    if (!cJSON_IsArray(value)) {
        own = cJSON_GetObjectItemCaseSensitive(schema, "properties");
        own = cJSON_GetObjectItemCaseSensitive(own, member->string);
    }
    if (!own && cJSON_IsObject(value))
        own = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
    return cJSON_IsObject(own) ? own : NULL;
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than the value
bool json_schema_leaks(const cJSON *value, const cJSON *schema)
{
    struct secret_ref ref;
    bool leaks = is_password(schema) && !secret_ref_of(value, &ref);

    for (const cJSON *m = value->child; m && !leaks && !is_password(schema); m = m->next) {
        const cJSON *below = schema_below(schema, value, m);
        leaks = below && json_schema_leaks(m, below);
    }
    return leaks;
}

// NOLINTNEXTLINE(misc-no-recursion): no deeper than the value
void json_schema_seal(cJSON *value, const cJSON *schema)
{
    if (is_password(schema)) {
        seal(value);
        return;
    }
    for (cJSON *m = value->child; m; m = m->next) {
        const cJSON *below = schema_below(schema, value, m);
        if (below)
            json_schema_seal(m, below);
    }
}
