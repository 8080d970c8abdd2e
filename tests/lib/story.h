/* What trace tests are told with: an estate comes to rest, one thing changes,
 * and what was sent for it is read line by line. */
#ifndef TESTS_LIB_STORY_H
#define TESTS_LIB_STORY_H

#include "tests/lib/world.h"

/* The text with `from`, which is in there once, replaced; owned. */
char *text_with(const char *text, const char *from, const char *to);

/* A world in which the manifests have come true; nothing told or sent yet. */
struct test_world *story_of(const char *yaml);
/* The manifests come true, and there is nothing left to do; else the test
 * fails and tells what happened. */
void story_converge(struct test_world *w, const char *yaml);
/* The same of the manifests in force, after something happened to DCT. */
void story_settle(struct test_world *w);
/* Runs until it rests, come true or not. */
void story_rest(struct test_world *w, const char *yaml);
void story_forget(struct test_world *w);

/* The service, at rest with those manifests; nothing told or sent yet. */
struct test_world *story_service(const char *yaml);
/* It goes on for that long, however often it rests meanwhile. */
void story_go_on(struct test_world *w, msec span);

/* What the plan of those manifests would say; sends nothing but reads. */
char *story_plan(struct test_world *w, const char *yaml);

/* Body of the two calls that mark what is off for a while and unmark it; and both
 * ways of orders-dev, for a change that needs it off. */
#define MARKED "{\"tags\":[{\"key\":\"dctd-owes-enable\",\"value\":\"test\"}]}\n"
#define DEV_OFF \
    "VDB/orders-dev POST /vdbs/{id}/tags " MARKED "VDB/orders-dev POST /vdbs/{id}/disable {}\n"
#define DEV_ON \
    "VDB/orders-dev POST /vdbs/{id}/enable {}\nVDB/orders-dev POST /vdbs/{id}/tags/delete " MARKED

/* Every write since the last story_forget(), one a line. */
void story_sent(struct test_world *w, const char *expected);
/* Somebody changes, makes or removes an object behind our back:
 * {"kind": "vdbs", "name": "orders-dev", "set": {…}}. */
void story_meddle(struct test_world *w, const char *how, const char *json);
/* Somebody changes what the manifest of orders-dev says. */
void story_spoil_description(struct test_world *w);
/* One thing of estate_all() that changes, and every write that this asks for. */
struct story_change {
    const char *what;      /* name of the test */
    const char *from, *to; /* text of the manifests */
    const char *sent;
};
/* A test for each: in a world of its own, that has come to rest, the change
 * comes true by these writes and nothing is left to do. What main() returns. */
int story_changes(const struct story_change *changes, size_t n);

/* A member of what GET shows, as text; NULL means that it is not there. */
void story_member(struct test_world *w, const char *collection, const char *name, const char *path,
                  const char *expected);
/* Fails and shows `text` unless it holds `part`; blanks and line ends are one. */
void story_holds(const char *text, const char *part);
void story_lacks(const char *text, const char *part);

#endif
