/* A YAML file as trees of nodes that know where they stand.
 *
 * Plain data only: no tags, and aliases, depth, size and count are bounded, so
 * that no file can hurt the daemon. What breaks a rule of YAML itself is found
 * here; what it means is settled by whoever reads the tree. */
#ifndef SCHEMA_YAML_H
#define SCHEMA_YAML_H

#include "schema/diag.h"

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

/* What a scalar is by the rules of YAML's core schema; quoted ones are text. */
enum scalar { SCALAR_TEXT, SCALAR_NULL, SCALAR_BOOLEAN, SCALAR_INTEGER, SCALAR_FLOAT };

struct node {
    enum node_type type;
    struct pos pos;
    unsigned width;    /* columns to underline */
    unsigned end_line; /* last line that it covers */
    unsigned height;   /* levels below it */
    size_t total;      /* nodes in it, itself counted, aliases as often as used */
    bool plain;        /* scalar without quotes */
    bool flawed;       /* a finding was made in it: a key is said twice */
    char *text;        /* of a scalar */
    struct pair *pairs;
    struct node **items;
    size_t n, cap; /* pairs or items */
};

/* `key` is a scalar. */
struct pair {
    struct node *key, *value;
};

/* The text that findings quote. */
struct source {
    const char *file;
    char *text;
    size_t n;
    size_t *lines; /* offset of each line's first byte */
    size_t n_lines, cap_lines;
    struct hidden *hidden; /* what no finding may show, because it may be a secret */
    size_t n_hidden, cap_hidden;
};

struct yaml_file {
    struct source source;
    struct diags *diags; /* borrowed */
    struct node **docs;  /* documents that are not empty */
    size_t n_docs, cap_docs;
    bool broken; /* it could not be read to its end */
    struct node **all;
    size_t n_all, cap_all;
};

/* Never NULL; findings go to `d`, which must outlive it. */
struct yaml_file *yaml_file_parse(const char *file, const char *text, size_t n, struct diags *d);
void yaml_file_free(struct yaml_file *y);
OWNER(yaml_file)

/* NULL where the mapping has no such key. */
const struct pair *node_pair(const struct node *map, const char *key);
const struct node *node_get(const struct node *map, const char *key);
/* By a dotted path. */
const struct node *node_at(const struct node *map, const char *path);
enum scalar node_scalar(const struct node *n);
/* "a list", "the integer 15", "nothing": what stands there, for people. */
void node_print(const struct node *n, struct buf *out);

/* A finding that underlines the node. */
void node_error(struct yaml_file *y, const struct node *at, const char *fmt, ...) PRINTF(3, 4);
/* Keeps the node's text out of every finding. */
void node_hide(struct yaml_file *y, const struct node *n);
/* Does the name sound as if a secret could stand there? */
bool key_is_suspect(const char *key);

/* Gives the findings made in this file their source line; to be called once
 * reading is over, for only then it is known what must be hidden. */
void source_quote(const struct source *s, struct diags *d);
/* What one reading of the text found to be hidden, another one shows no more. */
void source_hide(struct source *s, struct source *read_again);
void source_clear(struct source *s);

#endif
