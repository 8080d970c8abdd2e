/* What the checks have found: disagreements, what they looked at, and which
 * exclusions were needed. */
#ifndef TESTS_SPEC_REPORT_H
#define TESTS_SPEC_REPORT_H

#include "schema/base.h"

/* Members in which product and contract differ on purpose, and why. */
struct exclusion {
    const char *schema;  /* a pattern as file names have: "ProvisionVDB*" */
    const char *members; /* such patterns, blanks between them; at most 64 */
    const char *reason;
};

extern const struct exclusion exclusions[];
extern const size_t n_exclusions;

enum { EXCLUSIONS_MAX = 128 };

struct report {
    struct strings lines; /* one disagreement each */
    const struct exclusion *exclusions;
    size_t n_exclusions;
    uint64_t used[EXCLUSIONS_MAX]; /* a bit for each pattern of an exclusion */
    size_t excluded;               /* disagreements that an exclusion explains */
    size_t rows, members, calls, joins, routes;
    size_t passed, failed; /* checks */
};

void report_init(struct report *r, const struct exclusion *list, size_t n);
void report_clear(struct report *r);

/* `who` is whose row or call it is, "VDB mountPoint". Silent where an exclusion
 * names the member; NULL where it is about no member of a schema. */
void report_add(struct report *r, const char *who, const char *schema, const char *member,
                const char *fmt, ...) PRINTF(5, 6);
/* Counts the check that began when the report had `before` lines. */
void report_close(struct report *r, size_t before);
/* Exclusions that explained nothing are disagreements too. */
void report_unused(struct report *r);

#endif
