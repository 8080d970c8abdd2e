/* A dctd of cardboard: a process that answers on a control socket what it was told
 * to, one answer for each connection, and remembers what it was asked. */
#ifndef TESTS_LIB_CANNED_H
#define TESTS_LIB_CANNED_H

#include "schema/base.h"

struct canned;

/* Each answer is raw HTTP: canned_json(), or whatever a test is about. "" hangs up
 * without a word; NULL says nothing and stays. After the last it hangs up always. */
struct canned *canned_new(const char *path, const char *const *answers, size_t n);
/* Ends the process. What it was asked, one request after the other; owned. */
char *canned_end(struct canned *c);

/* A whole answer with that body; owned. */
char *canned_json(int status, const char *body);

/* What `run` prints on stdout and stderr, and its exit status; owned. */
char *canned_output(int (*run)(void *ctx), void *ctx, int *status);

#endif
