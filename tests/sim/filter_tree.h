/* The parsed form of a filter expression, shared by its parser and evaluator. */
#ifndef TESTS_SIM_FILTER_TREE_H
#define TESTS_SIM_FILTER_TREE_H

#include <cjson/cJSON.h>

enum node_type { N_OR, N_AND, N_NOT, N_COMPARE, N_IN, N_CONTAINS, N_WITHIN, N_SEARCH };
enum node_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

struct node {
    enum node_type type;
    enum node_op op;
    char *field;    /* N_COMPARE, N_IN, N_CONTAINS, N_WITHIN */
    cJSON *literal; /* what the field is held against; NIL is a JSON null */
    struct node *left, *right;
};

struct filter {
    struct node *root;
    char *fields;
};

#endif
