#include "schema/yaml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "schema/set.h"

struct anchor {
    char *name;
    struct node *node;
};

struct loader {
    struct yaml_file *y;
    yaml_parser_t parser;
    struct anchor *anchors; /* of the current document */
    size_t n_anchors, cap_anchors;
    unsigned depth;
    size_t budget; /* nodes that may still come */
};

static struct pos mark_pos(const struct yaml_file *y, yaml_mark_t m)
{
    return (struct pos){ y->source.file, (unsigned)m.line + 1, (unsigned)m.column + 1 };
}

static void PRINTF(3, 4) broken(struct loader *l, struct pos at, const char *fmt, ...)
{
    struct buf text = BUF_WITH_LIMIT(4096);
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    l->y->broken = true;
    diag_error(l->y->diags, at, "%s", buf_text(&text));
    buf_clear(&text);
}

/* Is the line indented with a tab? libyaml's own words do not say so. */
static bool has_tab_indent(const struct source *s, unsigned line)
{
    if (line == 0 || line > s->n_lines)
        return false;

    const char *p = s->text + s->lines[line - 1];
    return p[strspn(p, " ")] == '\t';
}

/* Characters, not bytes, up to the offset; the place of a bad byte. */
static struct pos offset_pos(const struct source *s, size_t offset)
{
    struct pos at = { s->file, 1, 1 };

    while (at.line < s->n_lines && s->lines[at.line] <= offset)
        at.line++;
    for (size_t i = s->lines[at.line - 1]; i < offset; i++)
        at.col += ((unsigned char)s->text[i] & 0xc0) != 0x80;
    return at;
}

static bool next_event(struct loader *l, yaml_event_t *ev)
{
    if (yaml_parser_parse(&l->parser, ev))
        return true;

    const yaml_parser_t *p = &l->parser;
    struct pos at = p->error == YAML_READER_ERROR ? offset_pos(&l->y->source, p->problem_offset)
                                                  : mark_pos(l->y, p->problem_mark);
    if (p->context)
        broken(l, at, "this is not YAML: %s, %s", p->context, p->problem);
    else
        broken(l, at, "this is not YAML: %s", p->problem ? p->problem : "it cannot be read");
    if (has_tab_indent(&l->y->source, at.line))
        diag_hint(l->y->diags, "YAML is indented with spaces; this line begins with a tab");
    return false;
}

static struct node *node_new(struct loader *l, enum node_type type, const yaml_event_t *ev)
{
    struct yaml_file *y = l->y;
    struct node *n = xcalloc(1, sizeof(*n));

    n->type = type;
    n->pos = mark_pos(y, ev->start_mark);
    /* A block scalar ends where the next line begins. */
    bool next_line = ev->end_mark.column == 0 && ev->end_mark.line > ev->start_mark.line;
    n->end_line = (unsigned)ev->end_mark.line + !next_line;
    n->total = 1;
    n->width = 1;
    if (type == NODE_SCALAR && n->end_line == n->pos.line)
        n->width = (unsigned)(ev->end_mark.column - ev->start_mark.column);
    y->all = grow(y->all, y->n_all, &y->cap_all, sizeof(struct node *));
    y->all[y->n_all++] = n;
    return n;
}

static bool spend(struct loader *l, size_t nodes, struct pos at)
{
    if (nodes > l->budget) {
        broken(l, at, "the file holds more than %d values, aliases counted as often as used",
               YAML_NODES_MAX);
        return false;
    }
    l->budget -= nodes;
    return true;
}

static void remember_anchor(struct loader *l, const yaml_char_t *name, struct node *n)
{
    if (!name)
        return;
    l->anchors = grow(l->anchors, l->n_anchors, &l->cap_anchors, sizeof(*l->anchors));
    l->anchors[l->n_anchors++] = (struct anchor){ xstrdup((const char *)name), n };
}

static void forget_anchors(struct loader *l)
{
    for (size_t i = 0; i < l->n_anchors; i++)
        free(l->anchors[i].name);
    l->n_anchors = 0;
}

static struct node *load_alias(struct loader *l, const yaml_event_t *ev)
{
    const char *name = (const char *)ev->data.alias.anchor;
    struct pos at = mark_pos(l->y, ev->start_mark);
    struct node *n = NULL;

    for (size_t i = l->n_anchors; i > 0 && !n; i--) {
        if (streq(l->anchors[i - 1].name, name))
            n = l->anchors[i - 1].node;
    }
    if (!n) {
        broken(l, at, "nothing above is called &%s", name);
        return NULL;
    }
    if (n->total == 0) {
        broken(l, at, "*%s stands inside of itself", name);
        return NULL;
    }
    if (l->depth + n->height > YAML_DEPTH_MAX) {
        broken(l, at, "nested more than %d levels deep", YAML_DEPTH_MAX);
        return NULL;
    }
    return spend(l, n->total, at) ? n : NULL;
}

/* Tags could only ask for types that no field has. */
static bool refuse_tag(struct loader *l, const yaml_event_t *ev, const yaml_char_t *tag)
{
    if (!tag)
        return false;
    broken(l, mark_pos(l->y, ev->start_mark), "YAML tags such as %s are not used here",
           (const char *)tag);
    return true;
}

static struct node *load_scalar(struct loader *l, const yaml_event_t *ev)
{
    if (refuse_tag(l, ev, ev->data.scalar.tag))
        return NULL;

    struct node *n = node_new(l, NODE_SCALAR, ev);
    n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = xstrndup((const char *)ev->data.scalar.value, ev->data.scalar.length);
    remember_anchor(l, ev->data.scalar.anchor, n);
    if (strlen(n->text) != ev->data.scalar.length) {
        broken(l, n->pos, "a NUL character cannot be part of a value");
        return NULL;
    }
    return n;
}

static void adopt_child(struct node *parent, const struct node *child)
{
    parent->total += child->total;
    parent->flawed |= child->flawed;
    if (child->height + 1 > parent->height)
        parent->height = child->height + 1;
    if (child->end_line > parent->end_line && child->pos.line >= parent->pos.line)
        parent->end_line = child->end_line;
}

struct keyed {
    const char *key;
    size_t i;
};

static int compare_keyed(const void *pa, const void *pb)
{
    const struct keyed *a = pa, *b = pb;
    int order = strcmp(a->key, b->key);

    return order ? order : (a->i > b->i) - (a->i < b->i);
}

/* Keeps the first pair of every key. Pairs before `own` were written in the
 * mapping itself, where a second one is a finding; later ones were merged. */
static void drop_repeated(struct loader *l, struct node *map, size_t own)
{
    struct keyed *order = xcalloc(map->n, sizeof(*order));
    bool *drop = xcalloc(map->n, sizeof(*drop));
    size_t kept = 0, first = 0;

    for (size_t i = 0; i < map->n; i++)
        order[i] = (struct keyed){ map->pairs[i].key->text, i };
    qsort(order, map->n, sizeof(*order), compare_keyed);
    for (size_t i = 1; i < map->n; i++) {
        if (!streq(order[i].key, order[first].key)) {
            first = i;
            continue;
        }
        const struct pair *again = &map->pairs[order[i].i];
        drop[order[i].i] = true;
        if (order[i].i >= own)
            continue;
        map->flawed = true;
        node_error(l->y, again->key, "`%s` is said twice", order[i].key);
        diag_hint(l->y->diags, "the first one is in line %u",
                  map->pairs[order[first].i].key->pos.line);
        if (again->value->type != NODE_SCALAR || key_is_suspect(order[i].key))
            node_hide(l->y, again->value);
    }
    for (size_t i = 0; i < map->n; i++) {
        if (!drop[i])
            map->pairs[kept++] = map->pairs[i];
    }
    map->n = kept;
    free(order);
    free(drop);
}

static void add_pair(struct node *map, struct node *key, struct node *value)
{
    map->pairs = grow(map->pairs, map->n, &map->cap, sizeof(*map->pairs));
    map->pairs[map->n++] = (struct pair){ key, value };
}

static bool merge(struct loader *l, struct node *map, const struct node *from)
{
    if (from->type == NODE_LIST) {
        for (size_t i = 0; i < from->n; i++) {
            if (from->items[i]->type != NODE_MAP || !merge(l, map, from->items[i])) {
                broken(l, from->items[i]->pos, "<< merges mappings only");
                return false;
            }
        }
        return true;
    }
    if (from->type != NODE_MAP) {
        broken(l, from->pos, "<< merges mappings only");
        return false;
    }
    for (size_t i = 0; i < from->n; i++)
        add_pair(map, from->pairs[i].key, from->pairs[i].value);
    return true;
}

/* Replaces `<<: *base` by what base holds and this mapping does not. */
static bool finish_map(struct loader *l, struct node *map)
{
    size_t own = 0, n = map->n;
    struct node **merged = xcalloc(n, sizeof(struct node *));
    size_t n_merged = 0;
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        if (map->pairs[i].key->plain && streq(map->pairs[i].key->text, "<<"))
            merged[n_merged++] = map->pairs[i].value;
        else
            map->pairs[own++] = map->pairs[i];
    }
    map->n = own;
    for (size_t i = 0; i < n_merged && ok; i++)
        ok = merge(l, map, merged[i]);
    free(merged);
    drop_repeated(l, map, own);
    return ok;
}

static struct node *load_node(struct loader *l, const yaml_event_t *ev);

static struct node *load_next(struct loader *l, const yaml_event_t *ev)
{
    struct node *n = NULL;

    if (++l->depth > YAML_DEPTH_MAX)
        broken(l, mark_pos(l->y, ev->start_mark), "nested more than %d levels deep",
               YAML_DEPTH_MAX);
    else
        n = load_node(l, ev);
    l->depth--;
    return n;
}

static bool load_item(struct loader *l, struct node *list, const yaml_event_t *ev)
{
    struct node *item = load_next(l, ev);

    if (!item)
        return false;
    list->items = grow(list->items, list->n, &list->cap, sizeof(struct node *));
    list->items[list->n++] = item;
    adopt_child(list, item);
    return true;
}

static bool load_pair(struct loader *l, struct node *map, const yaml_event_t *ev)
{
    struct node *key = load_next(l, ev);
    yaml_event_t value_event;

    if (!key)
        return false;
    if (key->type != NODE_SCALAR) {
        broken(l, key->pos, "a key must be a word");
        return false;
    }
    if (!next_event(l, &value_event))
        return false;
    struct node *value = load_next(l, &value_event);
    yaml_event_delete(&value_event);
    if (!value)
        return false;
    add_pair(map, key, value);
    adopt_child(map, key);
    adopt_child(map, value);
    return true;
}

/* Reads children until the end event of this list or mapping. */
static struct node *load_children(struct loader *l, struct node *n, yaml_event_type_t end)
{
    bool ok = true, done = false;
    size_t total = n->total;

    n->total = 0; /* marks it as unfinished for an alias inside of it */
    while (ok && !done) {
        yaml_event_t ev;
        if (!next_event(l, &ev))
            return NULL;
        done = ev.type == end;
        if (!done)
            ok = end == YAML_MAPPING_END_EVENT ? load_pair(l, n, &ev) : load_item(l, n, &ev);
        total += n->total;
        n->total = 0;
        yaml_event_delete(&ev);
    }
    n->total = total;
    if (!ok || (n->type == NODE_MAP && !finish_map(l, n)))
        return NULL;
    return n;
}

static struct node *load_node(struct loader *l, const yaml_event_t *ev)
{
    if (ev->type == YAML_ALIAS_EVENT)
        return load_alias(l, ev);
    if (!spend(l, 1, mark_pos(l->y, ev->start_mark)))
        return NULL;
    if (ev->type == YAML_SCALAR_EVENT)
        return load_scalar(l, ev);
    if (ev->type == YAML_SEQUENCE_START_EVENT) {
        if (refuse_tag(l, ev, ev->data.sequence_start.tag))
            return NULL;
        struct node *list = node_new(l, NODE_LIST, ev);
        remember_anchor(l, ev->data.sequence_start.anchor, list);
        return load_children(l, list, YAML_SEQUENCE_END_EVENT);
    }
    if (refuse_tag(l, ev, ev->data.mapping_start.tag))
        return NULL;
    struct node *map = node_new(l, NODE_MAP, ev);
    remember_anchor(l, ev->data.mapping_start.anchor, map);
    return load_children(l, map, YAML_MAPPING_END_EVENT);
}

static bool load_document(struct loader *l)
{
    struct yaml_file *y = l->y;
    yaml_event_t ev;

    if (!next_event(l, &ev))
        return false;
    struct node *root = load_next(l, &ev);
    yaml_event_delete(&ev);
    forget_anchors(l);
    if (!root)
        return false;
    if (root->type == NODE_SCALAR && node_scalar(root) == SCALAR_NULL)
        return true;
    y->docs = grow(y->docs, y->n_docs, &y->cap_docs, sizeof(struct node *));
    y->docs[y->n_docs++] = root;
    return true;
}

static void load_stream(struct loader *l)
{
    yaml_event_type_t type = YAML_NO_EVENT;

    while (type != YAML_STREAM_END_EVENT) {
        yaml_event_t ev;
        if (!next_event(l, &ev))
            return;
        type = ev.type;
        yaml_event_delete(&ev);
        if (type == YAML_DOCUMENT_START_EVENT && !load_document(l))
            return;
    }
}

/* The first byte that is no UTF-8 text, n where there is none. */
static size_t first_bad_byte(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;

    while (i < n && s[i] != 0) {
        size_t more = s[i] < 0x80 ? 0 : s[i] < 0xe0 ? 1 : s[i] < 0xf0 ? 2 : 3;
        if ((s[i] >= 0x80 && s[i] < 0xc2) || s[i] > 0xf4 || more >= n - i)
            return i;
        for (size_t k = 1; k <= more; k++) {
            if ((s[i + k] & 0xc0) != 0x80)
                return i;
        }
        i += more + 1;
    }
    return i;
}

static void index_lines(struct source *s)
{
    size_t from = 0;

    while (from <= s->n) {
        s->lines = grow(s->lines, s->n_lines, &s->cap_lines, sizeof(*s->lines));
        s->lines[s->n_lines++] = from;
        const char *end = memchr(s->text + from, '\n', s->n - from);
        if (!end)
            break;
        from = (size_t)(end - s->text) + 1;
    }
}

/* What libyaml would not notice, or would describe in words of its own. */
static bool is_readable(struct loader *l)
{
    struct source *s = &l->y->source;
    struct pos top = { s->file, 0, 0 };

    if (s->n == 0) {
        broken(l, top, "the file is empty");
        diag_hint(l->y->diags, "remove the file if it is meant to declare nothing; "
                               "an empty one looks like a copy that was cut short");
        return false;
    }
    if (s->n > MANIFEST_MAX) {
        broken(l, top, "the file is %zu bytes long; %d are allowed", s->n, MANIFEST_MAX);
        return false;
    }
    if (s->n >= 2 && (memcmp(s->text, "\xff\xfe", 2) == 0 || memcmp(s->text, "\xfe\xff", 2) == 0)) {
        broken(l, top, "the file is UTF-16; it must be UTF-8");
        return false;
    }
    size_t bad = first_bad_byte(s->text, s->n);
    if (bad == s->n)
        return true;
    if (s->text[bad] == '\0')
        broken(l, offset_pos(s, bad), "a NUL byte stands here; the file must be text");
    else
        broken(l, offset_pos(s, bad), "the byte 0x%02x is not UTF-8",
               (unsigned)(unsigned char)s->text[bad]);
    return false;
}

/* What some editors put before UTF-8 text; it says nothing. */
static const char byte_order_mark[] = "\xef\xbb\xbf";

struct yaml_file *yaml_file_parse(const char *file, const char *text, size_t n, struct diags *d)
{
    struct yaml_file *y = xcalloc(1, sizeof(*y));
    struct loader l = { .y = y, .budget = YAML_NODES_MAX };
    size_t mark_n = strlen(byte_order_mark);

    if (n > mark_n && memcmp(text, byte_order_mark, mark_n) == 0) {
        text += mark_n;
        n -= mark_n;
    }
    y->diags = d;
    y->source = (struct source){ .file = file_name(file), .n = n };
    /* A file that is refused for its size is not kept either. */
    if (n <= MANIFEST_MAX) {
        y->source.text = xmalloc(n + 1);
        if (n)
            memcpy(y->source.text, text, n);
        y->source.text[n] = '\0';
        index_lines(&y->source);
    }
    if (!is_readable(&l))
        return y;
    if (!yaml_parser_initialize(&l.parser))
        abort();
    yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)y->source.text, n);
    load_stream(&l);
    yaml_parser_delete(&l.parser);
    forget_anchors(&l);
    free(l.anchors);
    return y;
}

void yaml_file_free(struct yaml_file *y)
{
    if (!y)
        return;
    for (size_t i = 0; i < y->n_all; i++) {
        free(y->all[i]->text);
        free(y->all[i]->pairs);
        free(y->all[i]->items);
        free(y->all[i]);
    }
    free(y->all);
    free(y->docs);
    source_clear(&y->source);
    free(y);
}
