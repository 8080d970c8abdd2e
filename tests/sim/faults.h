/* Faults on demand. A rule says which requests it hits (route with '*', method,
 * the nth, a probability, how many times) and what becomes of them:
 *
 *   status, retry_after   an error instead of the answer
 *   cut: before | after   the connection dies, before or after the work was done
 *   when: after           the work is done all the same, then status or html
 *   truncate, html        a body that ends early, a page instead of JSON
 *   delay_ms              the HTTP front holds the answer back
 *   job, job_error, work  its job ends FAILED, TIMEDOUT, ABANDONED or CANCELED;
 *                         work: the engine carries on all the same
 *   suspend_ms, warning   its job is SUSPENDED for a while; ends with a warning
 *   engine                no request: that engine (id or name) is unreachable */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/call.h"

/* The rule that hits this request, or NULL; counts it. `path` has no query. */
cJSON *sim_fault_for(struct sim *s, const char *method, const char *path);
/* True where the request must not be carried out; it is then answered. */
bool sim_fault_before(struct call *c, const cJSON *rule);
/* What the rule does to an answer that is ready. */
void sim_fault_after(struct call *c, const cJSON *rule);
bool sim_engine_unreachable(const struct sim *s, const struct object *engine);

void sim_fault_add(struct call *c);
void sim_fault_list(struct call *c);
void sim_fault_clear(struct call *c);

#endif
