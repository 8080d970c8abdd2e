/* What the running daemon tells of an object, as its commands read it. */
#ifndef DAEMON_VIEW_H
#define DAEMON_VIEW_H

#include "daemon/table.h"
#include "schema/json.h"

/* "True", "False" or "Unknown"; "Unknown" where the condition is not told. */
const char *view_condition(const cJSON *object, const char *type);
const cJSON *view_condition_at(const cJSON *object, const char *type);
/* Is the condition as one would have it? */
enum paint view_condition_paint(const cJSON *condition);
/* What it is about in a word or two: "create 45%", "Suspended", "Synced"; owned. */
char *view_status(const cJSON *object);
/* What a person has to know about it: the message of that condition, or the last
 * error; "" where there is nothing. Borrowed. */
const char *view_trouble(const cJSON *object);
enum paint view_paint(const cJSON *object);
/* Is something under way for it at this moment? */
bool view_working(const cJSON *object);
/* How long ago the time was that stands there: "5m"; "" without one. */
void view_age(const cJSON *o, const char *path, msec now, struct buf *out);
/* How long it is until then: "5m". */
void view_wait(const cJSON *o, const char *path, msec now, struct buf *out);
/* The text there, "" where there is none. */
const char *view_text(const cJSON *o, const char *path);
/* The number there, or the other one. */
double view_number(const cJSON *o, const char *path, double otherwise);

#endif
