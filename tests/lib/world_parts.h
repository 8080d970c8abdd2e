/* What the two halves of the small world share: requests on their way. */
#ifndef TESTS_LIB_WORLD_PARTS_H
#define TESTS_LIB_WORLD_PARTS_H

#include "tests/lib/world.h"

struct pending {
    struct request *request;
    msec at; /* when the answer comes */
    int status;
    msec retry_after;
    bool unsent;
    bool late; /* no answer at all: DCT only begins at `at` */
    char *body;
};

void world_pending_clear(struct pending *p);
/* The simulator's answer to the request, into status, body and retry_after. */
void world_ask(struct test_world *w, const struct request *r, struct pending *p);
/* The text as JSON, NULL if it is none; until world_read_over() tells that it
 * was heard. */
const cJSON *world_read(struct test_world *w, const char *text);
void world_read_over(struct test_world *w);
void world_read_clear(struct test_world *w);
/* What the manifests say, never NULL; findings fail the test unless they are meant. */
struct set *world_set(const struct test_world *w, const char *yaml);
void world_await(struct test_world *w, struct pending p);
/* Sends it, with the fate that the world has in store for it; takes it. */
void world_carry(struct test_world *w, struct request *r);

#endif
