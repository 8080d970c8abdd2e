/* What is told of what happens: lines of the log, and the history in the ledger.
 *
 * Every write that leaves for DCT is an event of its own, kept before it is sent
 * and completed by its answer: which request, about which object, wanted by
 * which plan of which commit, asked for by whom, answered how, as which job. */
#ifndef DAEMON_AUDIT_H
#define DAEMON_AUDIT_H

#include "daemon/secrets.h"
#include "daemon/store.h"
#include "reconciler/cycle.h"

struct audit;

struct audit_options {
    struct store *store;           /* borrowed */
    const struct secrets *secrets; /* borrowed: what no event may show */
    bool keep;                     /* the ledger may be written */
    bool log;                      /* a person does not see the reports anyway */
    bool by_person;                /* whoever runs this process asked for it all */
};

struct audit *audit_new(const struct audit_options *o);
void audit_free(struct audit *t); /* takes NULL */

/* `c` is the core as it is at that moment. */
void audit_report(struct audit *t, const struct cycle *c, const struct report *r);
void audit_planned(struct audit *t, const struct plan *p);
void audit_sent(struct audit *t, const struct cycle *c, const struct request *r);
void audit_answered(struct audit *t, const struct cycle *c, const struct reply *r);

enum { PLAN_DIGEST = 17 };

/* The digest of the plan that was made last, "" before the first. */
const char *audit_plan(const struct audit *t);
/* What a plan wants, in 16 hex digits: equal for equal plans. */
void audit_digest(const struct plan *p, char out[PLAN_DIGEST]);

#endif
