/* How long an object that failed is left alone: twice as long each time, with
 * jitter, so that many failures of one cause do not come back at one moment. */
#ifndef RECONCILER_BACKOFF_H
#define RECONCILER_BACKOFF_H

#include "schema/map.h"

enum failure {
    FAIL_RECOVERABLE, /* waiting may help: a failed job, an engine that is away */
    FAIL_TERMINAL,    /* somebody has to change something; tried again, but rarely */
    FAIL_UNKNOWN,     /* a write got no answer: observe before anything else */
};

struct backoff {
    struct map by_key;
    uint64_t random; /* state of the jitter; never 0 */
};

void backoff_init(struct backoff *b, uint64_t seed);
void backoff_clear(struct backoff *b);
/* Notes a failure; when the object may be tried again. `least` = what DCT's
 * Retry-After asks for, from now. */
msec backoff_fail(struct backoff *b, const char *key, enum failure why, msec now, msec least);
/* An engine that is away backs off as one: everything on it waits. */
msec backoff_engine_fail(struct backoff *b, const char *engine, msec now, msec least);
msec backoff_engine_until(const struct backoff *b, const char *engine);
void backoff_engine_forget(struct backoff *b, const char *engine);
/* A host looked again for what is missing on it: that is asked of it once. */
void backoff_looked(struct backoff *b, const char *host);
bool backoff_has_looked(const struct backoff *b, const char *host);
/* What the object lives on is off, or is not: once it is on again, the object is left
 * alone no longer. */
void backoff_held(struct backoff *b, const char *key, bool held);
/* 0 = it may be tried at once. */
msec backoff_until(const struct backoff *b, const char *key);
/* Failures in a row. */
unsigned backoff_tries(const struct backoff *b, const char *key);
/* Was its last failure one that waiting does not mend? */
bool backoff_terminal(const struct backoff *b, const char *key);
/* Of its last failure; FAIL_RECOVERABLE where there was none. */
enum failure backoff_why(const struct backoff *b, const char *key);
void backoff_forget(struct backoff *b, const char *key); /* it worked */
/* Everything may be tried again at once: the manifests changed, or somebody asked. */
void backoff_reset(struct backoff *b);

const char *failure_name(enum failure f);

#endif
