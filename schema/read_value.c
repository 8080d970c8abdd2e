/* One node to one value, by the type of its row. */
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/read.h"

typedef bool read_function(struct yaml_file *y, const struct node *n, const struct field *f,
                           struct value *v);

static bool wrong_type(struct yaml_file *y, const struct node *n, const char *name,
                       const char *wanted)
{
    struct buf what = BUF_WITH_LIMIT(1024);

    node_print(n, &what);
    node_error(y, n, "`%s` must be %s, not %s", name, wanted, buf_text(&what));
    buf_clear(&what);
    return false;
}

/* The text of a scalar that means text: numbers are taken as they are written,
 * words that YAML knows otherwise must be quoted. NULL after a finding. */
static const char *text_of(struct yaml_file *y, const struct node *n, const char *name,
                           const char *wanted)
{
    enum scalar scalar = n->type == NODE_SCALAR ? node_scalar(n) : SCALAR_NULL;

    if (n->type == NODE_SCALAR && scalar != SCALAR_NULL && scalar != SCALAR_BOOLEAN)
        return n->text;
    wrong_type(y, n, name, wanted);
    if (n->type == NODE_SCALAR && n->text[0])
        diag_hint(y->diags, "write \"%.40s\" in quotes if the text is meant", n->text);
    return NULL;
}

static size_t count_characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool has_limits(const struct field *f)
{
    return f->min || f->max;
}

/* `max` 0 with a `min` means no upper limit. */
static bool in_range(const struct field *f, int64_t n)
{
    bool bounded_above = f->max || f->min <= 0;

    return !has_limits(f) || (n >= f->min && (!bounded_above || n <= f->max));
}

static void print_range(const struct field *f, struct buf *out)
{
    if (f->max && f->min == f->max)
        buf_printf(out, "exactly %" PRId64, f->max);
    else if (!f->max && f->min > 0)
        buf_printf(out, "at least %" PRId64, f->min);
    else
        buf_printf(out, "%" PRId64 " to %" PRId64, f->min, f->max);
}

static bool check_count(struct yaml_file *y, const struct node *n, const struct field *f,
                        size_t count, const char *unit)
{
    struct buf range = BUF_WITH_LIMIT(128);

    if (in_range(f, (int64_t)count))
        return true;
    print_range(f, &range);
    node_error(y, n, "`%s` must have %s %s, not %zu", f->yaml, buf_text(&range), unit, count);
    buf_clear(&range);
    return false;
}

static bool matches(const char *pattern, const char *text)
{
    char *whole = xasprintf("^(%s)$", pattern);
    regex_t re;

    bool ok = regcomp(&re, whole, REG_EXTENDED | REG_NOSUB) == 0;
    free(whole);
    if (!ok)
        return false;
    ok = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

static bool check_pattern(struct yaml_file *y, const struct node *n, const struct field *f)
{
    if (!f->pattern || matches(f->pattern, n->text))
        return true;
    node_error(y, n, "`%s` cannot be `%.60s`", f->yaml, n->text);
    diag_hint(y->diags, "it must match %s", f->pattern);
    return false;
}

enum { LINE_MAX_CHARACTERS = 256 }; /* texts that may be longer may have lines */

/* Names and the like are one line that a terminal shows as it is. */
static bool check_line(struct yaml_file *y, const struct node *n, const struct field *f,
                       const char *s)
{
    if (f->max > LINE_MAX_CHARACTERS || (f->type == F_STRING && !f->max))
        return true;
    for (; *s; s++) {
        if ((unsigned char)*s < ' ' || *s == 0x7f) {
            node_error(y, n, "`%s` has a control character in it", f->yaml);
            return false;
        }
    }
    return true;
}

static bool set_text(struct value *v, const char *s)
{
    v->s = xstrdup(s);
    return true;
}

static bool read_string(struct yaml_file *y, const struct node *n, const struct field *f,
                        struct value *v)
{
    const char *s = text_of(y, n, f->yaml, field_type_name(f->type));

    return s && check_count(y, n, f, count_characters(s), "characters") && check_line(y, n, f, s) &&
           check_pattern(y, n, f) && set_text(v, s);
}

/* A name or path, which cannot be empty. */
static bool read_name(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    const char *s = text_of(y, n, f->yaml, field_type_name(f->type));

    if (!s)
        return false;
    if (!s[0] || (f->type == F_REF && streq(s, "id:"))) {
        node_error(y, n, "`%s` must be %s; it is empty", f->yaml, field_type_name(f->type));
        return false;
    }
    return check_count(y, n, f, count_characters(s), "characters") && check_line(y, n, f, s) &&
           check_pattern(y, n, f) && set_text(v, s);
}

static bool read_integer(struct yaml_file *y, const struct node *n, const struct field *f,
                         struct value *v)
{
    bool integer = n->type == NODE_SCALAR && node_scalar(n) == SCALAR_INTEGER;
    const char *s = integer ? n->text + (n->text[0] == '+') : NULL;
    struct buf range = BUF_WITH_LIMIT(128);

    if (!integer) {
        wrong_type(y, n, f->yaml, "an integer");
        int64_t quoted;
        if (n->type == NODE_SCALAR && parse_int64(n->text, &quoted))
            diag_hint(y->diags, "leave out the quotes");
        return false;
    }
    size_t first = s[0] == '-';
    if (s[first] == '0' && s[first + 1]) {
        node_error(y, n, "`%s` begins with a zero", f->yaml);
        diag_hint(y->diags, "some would read %s as octal; leave out the zero", n->text);
        return false;
    }
    if (parse_int64(s, &v->i) && in_range(f, v->i))
        return true;
    v->i = 0;
    if (has_limits(f))
        print_range(f, &range);
    node_error(y, n, "`%s` must be %s, not %s", f->yaml, range.n ? buf_text(&range) : "smaller",
               n->text);
    buf_clear(&range);
    return false;
}

static bool read_boolean(struct yaml_file *y, const struct node *n, const struct field *f,
                         struct value *v)
{
    if (n->type != NODE_SCALAR || node_scalar(n) != SCALAR_BOOLEAN) {
        wrong_type(y, n, f->yaml, "true or false");
        if (n->type == NODE_SCALAR && !n->plain && n->text[0])
            diag_hint(y->diags, "leave out the quotes");
        return false;
    }
    v->i = n->text[0] == 't' || n->text[0] == 'T';
    if (v->i || !f->min)
        return true;
    node_error(y, n, "`%s` must be true", f->yaml);
    diag_hint(y->diags, "%s", f->doc);
    return false;
}

static const char *nth_word(const void *ctx, size_t i)
{
    const char *const *words = ctx;

    return words[i];
}

static bool read_enum(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    const char *meant = NULL;
    struct buf words = BUF_WITH_LIMIT(4096);

    for (size_t i = 0; n->type == NODE_SCALAR && f->words[i]; i++) {
        if (streq(f->words[i], n->text))
            return set_text(v, n->text);
    }
    for (size_t i = 0; f->words[i]; i++)
        buf_printf(&words, "%s%s", i == 0 ? "" : f->words[i + 1] ? ", " : " or ", f->words[i]);
    wrong_type(y, n, f->yaml, buf_text(&words));
    if (n->type == NODE_SCALAR && n->text[0])
        meant = nearest_word(n->text, nth_word, f->words);
    if (meant)
        diag_hint(y->diags, "did you mean `%s`?", meant);
    buf_clear(&words);
    return false;
}

static bool read_time(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    msec moment;

    if (n->type == NODE_SCALAR && time_parse(n->text, &moment))
        return set_text(v, n->text);
    wrong_type(y, n, f->yaml, "a time");
    diag_hint(y->diags, "times are written 2026-12-01T08:30:00Z");
    return false;
}

static bool read_strings(struct yaml_file *y, const struct node *n, const struct field *f,
                         struct value *v)
{
    size_t errors = y->diags->errors;

    if (n->type != NODE_LIST) {
        wrong_type(y, n, f->yaml, "a list");
        if (n->type == NODE_SCALAR && n->text[0])
            diag_hint(y->diags, "a list of one is written [%.40s]", n->text);
        return false;
    }
    v->json = cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++) {
        const char *s = text_of(y, n->items[i], f->yaml, "a list of texts");
        if (s && check_pattern(y, n->items[i], f))
            cJSON_AddItemToArray(v->json, cJSON_CreateString(s));
    }
    return check_count(y, n, f, n->n, "items") && y->diags->errors == errors;
}

/* The mapping types share this: every key is a name that cannot be empty. */
static bool is_map(struct yaml_file *y, const struct node *n, const struct field *f)
{
    if (n->type != NODE_MAP)
        return wrong_type(y, n, f->yaml, field_type_name(f->type));
    for (size_t i = 0; i < n->n; i++) {
        if (!n->pairs[i].key->text[0]) {
            node_error(y, n->pairs[i].key, "a name in `%s` is empty", f->yaml);
            return false;
        }
    }
    return check_count(y, n, f, n->n, "entries");
}

static bool read_map(struct yaml_file *y, const struct node *n, const struct field *f,
                     struct value *v)
{
    size_t errors = y->diags->errors;

    if (!is_map(y, n, f))
        return false;
    v->json = cJSON_CreateObject();
    for (size_t i = 0; i < n->n; i++) {
        const char *s = text_of(y, n->pairs[i].value, n->pairs[i].key->text, "text");
        if (s && check_pattern(y, n->pairs[i].value, f))
            cJSON_AddStringToObject(v->json, n->pairs[i].key->text, s);
    }
    return y->diags->errors == errors;
}

static void add_tag(struct yaml_file *y, cJSON *tags, const char *key, const struct node *value)
{
    const char *s = text_of(y, value, key, "text");

    if (!s)
        return;
    if (!s[0]) {
        node_error(y, value, "the tag `%s` has no value", key);
        return;
    }
    cJSON *tag = cJSON_CreateObject();
    cJSON_AddStringToObject(tag, "key", key);
    cJSON_AddStringToObject(tag, "value", s);
    cJSON_AddItemToArray(tags, tag);
}

static bool read_tags(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    size_t errors = y->diags->errors;

    if (!is_map(y, n, f))
        return false;
    v->json = cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++) {
        const struct pair *p = &n->pairs[i];
        if (streq(p->key->text, OWNER_TAG) || streq(p->key->text, OWES_TAG)) {
            node_error(y, p->key, "the tag `%s` is dctd's own", p->key->text);
            diag_hint(y->diags, "leave it out: dctd gives and takes it as it is needed");
            continue;
        }
        if (p->value->type != NODE_LIST) {
            add_tag(y, v->json, p->key->text, p->value);
            continue;
        }
        if (p->value->n == 0)
            node_error(y, p->value, "the tag `%s` has no value", p->key->text);
        for (size_t k = 0; k < p->value->n; k++)
            add_tag(y, v->json, p->key->text, p->value->items[k]);
    }
    return y->diags->errors == errors;
}

static bool read_settings(struct yaml_file *y, const struct node *n, const struct field *f,
                          struct value *v)
{
    size_t errors = y->diags->errors;

    if (!is_map(y, n, f))
        return false;
    v->json = cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++) {
        const struct pair *p = &n->pairs[i];
        bool null = p->value->type == NODE_SCALAR && node_scalar(p->value) == SCALAR_NULL;
        const char *s = null ? "" : text_of(y, p->value, p->key->text, "text");
        if (!s)
            continue;
        cJSON *setting = cJSON_CreateObject();
        cJSON_AddStringToObject(setting, "propertyName", p->key->text);
        cJSON_AddStringToObject(setting, "value", s);
        cJSON_AddBoolToObject(setting, "commentProperty", null);
        cJSON_AddItemToArray(v->json, setting);
    }
    return y->diags->errors == errors;
}

/* A value of an element as its JSON; takes what the value holds. */
static cJSON *value_take_json(const struct field *f, struct value *v)
{
    if (v->state == V_NULL)
        return cJSON_CreateNull();
    if (type_is_json(f->type))
        return TAKE(v->json);
    if (f->type == F_INTEGER)
        return cJSON_CreateNumber((double)v->i);
    if (f->type == F_BOOLEAN)
        return cJSON_CreateBool(v->i != 0);
    return cJSON_CreateString(v->s);
}

static cJSON *element_json(struct table t, struct value *values)
{
    cJSON *item = cJSON_CreateObject();

    for (size_t i = 0; i < t.n; i++) {
        const struct field *f = &t.rows[i];
        if (f->create && f->type != F_BLOCK && values[i].state != V_ABSENT)
            json_put(item, f->create, value_take_json(f, &values[i]));
    }
    return item;
}

static bool read_list(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    struct table t = { f->sub, f->n_sub };
    size_t errors = y->diags->errors;

    if (n->type != NODE_LIST) {
        wrong_type(y, n, f->yaml, "a list");
        if (n->type == NODE_MAP)
            diag_hint(y->diags, "each element begins with \"- \"");
        return false;
    }
    v->json = cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++) {
        struct value *values = xcalloc(t.n, sizeof(*values));
        if (read_table(y, n->items[i], n->items[i]->pos, t, f->yaml, values))
            cJSON_AddItemToArray(v->json, element_json(t, values));
        values_clear(t, values);
        free(values);
    }
    return check_count(y, n, f, n->n, "items") && y->diags->errors == errors;
}

enum { EXACT_DIGITS = 15 };

static cJSON *json_of_scalar(struct yaml_file *y, const struct node *n)
{
    enum scalar scalar = node_scalar(n);

    if (scalar == SCALAR_NULL)
        return cJSON_CreateNull();
    if (scalar == SCALAR_BOOLEAN)
        return cJSON_CreateBool(n->text[0] == 't' || n->text[0] == 'T');
    if (scalar == SCALAR_TEXT)
        return cJSON_CreateString(n->text);
    if (scalar == SCALAR_INTEGER && strlen(n->text) > EXACT_DIGITS + 1) {
        node_error(y, n, "the integer `%.40s` is too long to be kept exactly", n->text);
        diag_hint(y->diags, "write it in quotes");
    }
    return cJSON_CreateNumber(strtod(n->text, NULL));
}

/* As deep as the YAML was allowed to be. */
static cJSON *json_of(struct yaml_file *y, const struct node *n)
{
    if (n->type == NODE_SCALAR)
        return json_of_scalar(y, n);

    bool map = n->type == NODE_MAP;
    cJSON *out = map ? cJSON_CreateObject() : cJSON_CreateArray();
    for (size_t i = 0; i < n->n; i++) {
        if (map)
            cJSON_AddItemToObject(out, n->pairs[i].key->text, json_of(y, n->pairs[i].value));
        else
            cJSON_AddItemToArray(out, json_of(y, n->items[i]));
    }
    return out;
}

static bool read_json(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    size_t errors = y->diags->errors;

    if (n->type != NODE_MAP)
        return wrong_type(y, n, f->yaml, "a mapping");
    v->json = json_of(y, n);
    return y->diags->errors == errors;
}

static const char *const secret_sources[] = { "credential", "file", "env", NULL };

static bool is_secret_source(const char *s)
{
    for (size_t i = 0; secret_sources[i]; i++) {
        if (streq(s, secret_sources[i]))
            return true;
    }
    return false;
}

/* Never says what stands there: it may be the secret. */
static bool read_secret(struct yaml_file *y, const struct node *n, const struct field *f,
                        struct value *v)
{
    static const char how[] = "a secret must be {credential: NAME}, {file: PATH} or {env: NAME}";

    if (n->type != NODE_MAP || n->n != 1 || !is_secret_source(n->pairs[0].key->text)) {
        node_hide(y, n);
        if (n->type == NODE_SCALAR && node_scalar(n) != SCALAR_NULL)
            node_error(y, n, "`%s` is a literal; %s", f->yaml, how);
        else
            node_error(y, n, "`%s`: %s", f->yaml, how);
        if (n->type == NODE_SCALAR)
            diag_hint(y->diags, "a literal would be in Git");
        return false;
    }
    const struct pair *p = &n->pairs[0];
    const char *s = text_of(y, p->value, p->key->text, "a name");
    if (!s)
        return false;
    if (!s[0]) {
        node_error(y, p->value, "`%s` is empty; %s", p->key->text, how);
        return false;
    }
    v->json = cJSON_CreateObject();
    cJSON_AddStringToObject(cJSON_AddObjectToObject(v->json, "$secret"), p->key->text, s);
    return true;
}

static read_function *const readers[] = {
    [F_STRING] = read_string, [F_INTEGER] = read_integer, [F_BOOLEAN] = read_boolean,
    [F_ENUM] = read_enum,     [F_TIME] = read_time,       [F_STRINGS] = read_strings,
    [F_MAP] = read_map,       [F_TAGS] = read_tags,       [F_SETTINGS] = read_settings,
    [F_LIST] = read_list,     [F_JSON] = read_json,       [F_REF] = read_name,
    [F_SECRET] = read_secret, [F_FILE] = read_name,
};

static bool read_null(struct yaml_file *y, const struct node *n, const struct field *f,
                      struct value *v)
{
    if (f->flags & CLEARABLE && n->text[0]) {
        v->state = V_NULL;
        return true;
    }
    if (n->text[0]) {
        node_error(y, n, "`%s` cannot be cleared", f->yaml);
        diag_hint(y->diags,
                  f->flags & REQUIRED ? "it must be set" : "leave it out and it stays as it is");
    } else {
        node_error(y, n, "`%s` has no value", f->yaml);
        if (f->flags & CLEARABLE)
            diag_hint(y->diags, "to clear it, write null");
    }
    return false;
}

bool read_value(struct yaml_file *y, const struct node *n, const struct field *f, struct value *v)
{
    *v = (struct value){ .pos = n->pos };
    if (n->type == NODE_SCALAR && node_scalar(n) == SCALAR_NULL)
        return read_null(y, n, f, v);
    bool ok = readers[f->type](y, n, f, v);
    v->state = V_SET;
    if (!ok)
        value_clear(v, f->type);
    return ok;
}
