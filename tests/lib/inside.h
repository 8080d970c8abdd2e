/* What the simulator really holds, whatever its answers show: objects that are
 * still being made, jobs under way. For checks that must not be fooled. */
#ifndef TESTS_LIB_INSIDE_H
#define TESTS_LIB_INSIDE_H

#include <cjson/cJSON.h>

#include "tests/sim/sim.h"

/* One live object, borrowed; it stands until the next request. */
struct inside {
    const char *collection; /* "/vdbs" */
    const char *id, *name;
    const char *engine; /* id, NULL for engines */
    const char *owner;  /* value of the owner tag, NULL: it has none */
    bool off;           /* it can be disabled, and is */
    bool marked;        /* with the tag that it is off for a change */
    const cJSON *json;
};

/* The six kinds' objects that DCT has, up to `most` of them; how many. */
size_t inside_all(const struct sim *s, struct inside *out, size_t most);
/* The one of that id. */
bool inside_find(const struct sim *s, const char *collection, const char *id, struct inside *out);
/* Is there one of that name? */
bool inside_named(const struct sim *s, const char *collection, const char *name);
/* The staging source of that id. */
bool inside_staging(const struct sim *s, const char *id, struct inside *out);
/* Jobs under way; of one engine where `engine` is not NULL. */
size_t inside_jobs(const struct sim *s, const char *engine);
/* Is the job of that id under way? */
bool inside_job_runs(const struct sim *s, const char *id);
/* Does an engine work on something that DCT does not follow, or did it until now? */
bool inside_out_of_sight(const struct sim *s);
/* Is it what a creation left behind that failed? */
bool inside_half_made(const struct sim *s, const char *id);
/* Is it going to be that, when the job that makes it ends? */
bool inside_to_fail(const struct sim *s, const char *id);
/* Does a job work on it? */
bool inside_busy(const struct sim *s, const char *id);

#endif
