/* The parsing half of filter expressions: a recursive descent over the text,
 * with DCT's limits (8 identifiers, 100 values in a list) and with the names
 * that may be filtered by. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/filter.h"
#include "tests/sim/filter_tree.h"
#include "tests/sim/model.h"

#define MAX_IDENTIFIERS 8
#define MAX_VALUES      100
#define MAX_DEPTH       64

struct parser {
    const char *p;
    const char *fields;
    struct strings used;
    int depth;
    char *error;
};

static struct node *parse_or(struct parser *x);

static void node_free(struct node *n)
{
    if (!n)
        return;
    node_free(n->left);
    node_free(n->right);
    free(n->field);
    cJSON_Delete(n->literal);
    free(n);
}

/* Takes the node and the message; the first message stays. */
static struct node *sim_refuse(struct parser *x, struct node *n, char *message)
{
    node_free(n);
    if (x->error)
        free(message);
    else
        x->error = message;
    return NULL;
}

static struct node *node_new(enum node_type type)
{
    struct node *n = xcalloc(1, sizeof(*n));
    n->type = type;
    return n;
}

static void blanks(struct parser *x)
{
    while (isspace((unsigned char)*x->p))
        x->p++;
}

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static size_t word_length(const char *p)
{
    size_t n = 0;
    while (is_word_char(p[n]))
        n++;
    return n;
}

/* Takes a keyword, in any case, if it comes next. */
static bool keyword(struct parser *x, const char *word)
{
    blanks(x);
    size_t n = strlen(word);
    if (word_length(x->p) != n || strncasecmp(x->p, word, n) != 0)
        return false;
    x->p += n;
    return true;
}

static bool symbol(struct parser *x, char c)
{
    blanks(x);
    if (*x->p != c)
        return false;
    x->p++;
    return true;
}

bool sim_field_listed(const char *fields, const char *name, size_t length, char **inner)
{
    int depth = 0;
    for (const char *p = fields; p && *p;) {
        size_t n = word_length(p);
        if (n == 0) {
            depth += (*p == '{') - (*p == '}');
            p++;
            continue;
        }
        if (depth == 0 && n == length && memcmp(p, name, n) == 0) {
            const char *end = p[n] == '{' ? strchr(p + n, '}') : NULL;
            if (inner)
                *inner = end ? xstrndup(p + n + 1, (size_t)(end - p) - n - 1) : NULL;
            return true;
        }
        p += n;
    }
    return false;
}

static cJSON *parse_string(struct parser *x)
{
    char quote = *x->p;
    const char *end = strchr(x->p + 1, quote);
    if (!end)
        return NULL;
    char *text = xstrndup(x->p + 1, (size_t)(end - x->p) - 1);
    cJSON *item = js_string(text);
    free(text);
    x->p = end + 1;
    return item;
}

/* A number, or a moment, which is kept as its text. */
static cJSON *parse_number(struct parser *x)
{
    msec when;
    size_t n = strcspn(x->p, " \t\r\n,])}");
    char *text = xstrndup(x->p, n);
    char *end = NULL;
    cJSON *item = NULL;

    if (sim_parse_rfc3339(text, &when)) {
        item = js_string(text);
    } else {
        double value = strtod(text, &end);
        if (end != text && *end == '\0' && strpbrk(text, "xXnN") == NULL)
            item = cJSON_CreateNumber(value);
    }
    if (item)
        x->p += n;
    free(text);
    return item;
}

static cJSON *parse_literal(struct parser *x)
{
    blanks(x);
    if (*x->p == '\'' || *x->p == '"')
        return parse_string(x);
    if (keyword(x, "nil"))
        return cJSON_CreateNull();
    if (keyword(x, "true"))
        return cJSON_CreateTrue();
    if (keyword(x, "false"))
        return cJSON_CreateFalse();
    if (isdigit((unsigned char)*x->p) || *x->p == '-' || *x->p == '+')
        return parse_number(x);
    return NULL;
}

static struct node *parse_list(struct parser *x, struct node *n)
{
    int count = 0;

    n->type = N_IN;
    n->literal = js_array();
    if (!symbol(x, '['))
        return sim_refuse(x, n, xstrdup("IN needs a list"));
    do {
        cJSON *item = parse_literal(x);
        if (!item)
            return sim_refuse(x, n, xasprintf("a value is expected at \"%.20s\"", x->p));
        js_add(n->literal, item);
        if (++count > MAX_VALUES)
            return sim_refuse(x, n, xasprintf("a list holds at most %d values", MAX_VALUES));
    } while (symbol(x, ','));
    if (!symbol(x, ']'))
        return sim_refuse(x, n, xstrdup("a list is not closed"));
    return n;
}

/* repositories CONTAINS {version EQ '1'} */
static struct node *parse_within(struct parser *x, struct node *n, const char *inner)
{
    const char *outer = x->fields;

    if (!inner)
        return sim_refuse(x, n, xasprintf("%s is not a list of objects", n->field));
    n->type = N_WITHIN;
    x->fields = inner;
    n->left = parse_or(x);
    x->fields = outer;
    if (!n->left)
        return sim_refuse(x, n, xstrdup("an expression is expected in braces"));
    if (!symbol(x, '}'))
        return sim_refuse(x, n, xstrdup("a brace is not closed"));
    return n;
}

static bool parse_operator(struct parser *x, struct node *n)
{
    static const struct {
        const char *word;
        enum node_op op;
    } operators[] = {
        { "EQ", OP_EQ }, { "NE", OP_NE }, { "LT", OP_LT },
        { "LE", OP_LE }, { "GT", OP_GT }, { "GE", OP_GE },
    };
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (keyword(x, operators[i].word)) {
            n->op = operators[i].op;
            return true;
        }
    }
    return false;
}

static struct node *parse_condition(struct parser *x, struct node *n, const char *inner)
{
    if (keyword(x, "IN"))
        return parse_list(x, n);
    if (keyword(x, "CONTAINS")) {
        if (symbol(x, '{'))
            return parse_within(x, n, inner);
        n->type = N_CONTAINS;
    } else if (!parse_operator(x, n)) {
        return sim_refuse(x, n, xasprintf("an operator is expected after %s", n->field));
    }
    n->literal = parse_literal(x);
    if (!n->literal)
        return sim_refuse(x, n, xasprintf("a value is expected at \"%.20s\"", x->p));
    return n;
}

static struct node *parse_comparison(struct parser *x)
{
    blanks(x);
    size_t length = word_length(x->p);
    char *inner = NULL;

    if (length == 0)
        return sim_refuse(x, NULL, xasprintf("a condition is expected at \"%.20s\"", x->p));
    if (!sim_field_listed(x->fields, x->p, length, &inner))
        return sim_refuse(x, NULL, xasprintf("unknown attribute %.*s", (int)length, x->p));

    struct node *n = node_new(N_COMPARE);
    n->field = xstrndup(x->p, length);
    x->p += length;
    if (!strings_has(&x->used, n->field))
        strings_add(&x->used, n->field);
    if (x->used.n > MAX_IDENTIFIERS)
        n = sim_refuse(x, n, xasprintf("more than %d identifiers", MAX_IDENTIFIERS));
    else
        n = parse_condition(x, n, inner);
    free(inner);
    return n;
}

static struct node *parse_search(struct parser *x)
{
    struct node *n = node_new(N_SEARCH);

    n->literal = parse_literal(x);
    return cJSON_IsString(n->literal) ? n : sim_refuse(x, n, xstrdup("SEARCH needs a string"));
}

static struct node *parse_group(struct parser *x)
{
    struct node *n = parse_or(x);
    if (n && !symbol(x, ')'))
        return sim_refuse(x, n, xstrdup("a parenthesis is not closed"));
    return n;
}

static struct node *parse_not(struct parser *x)
{
    struct node *n = NULL;

    if (++x->depth > MAX_DEPTH) {
        n = sim_refuse(x, NULL, xstrdup("nested too deeply"));
    } else if (keyword(x, "NOT")) {
        struct node *inner = parse_not(x);
        if (inner) {
            n = node_new(N_NOT);
            n->left = inner;
        }
    } else if (keyword(x, "SEARCH")) {
        n = parse_search(x);
    } else if (symbol(x, '(')) {
        n = parse_group(x);
    } else {
        n = parse_comparison(x);
    }
    x->depth--;
    return n;
}

/* One level of a left-associative operator. */
static struct node *parse_chain(struct parser *x, enum node_type type, const char *word,
                                struct node *(*operand)(struct parser *))
{
    struct node *left = operand(x);
    while (left && keyword(x, word)) {
        struct node *n = node_new(type);
        n->left = left;
        n->right = operand(x);
        left = n->right ? n : sim_refuse(x, n, xstrdup("an operand is missing"));
    }
    return left;
}

static struct node *parse_and(struct parser *x)
{
    return parse_chain(x, N_AND, "AND", parse_not);
}

static struct node *parse_or(struct parser *x)
{
    return parse_chain(x, N_OR, "OR", parse_and);
}

struct filter *sim_filter_new(const char *expression, const char *fields, char **error)
{
    struct parser x = { .p = expression, .fields = fields };

    struct node *root = parse_or(&x);
    blanks(&x);
    if (root && *x.p)
        root = sim_refuse(&x, root, xasprintf("unexpected \"%.20s\"", x.p));
    strings_clear(&x.used);
    *error = x.error;
    if (!root)
        return NULL;

    struct filter *f = xcalloc(1, sizeof(*f));
    f->root = root;
    f->fields = xstrdup(fields);
    return f;
}

void sim_filter_free(struct filter *f)
{
    if (!f)
        return;
    node_free(f->root);
    free(f->fields);
    free(f);
}
