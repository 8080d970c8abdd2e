/* Jobs: every change that takes time. A job is an object like any other; what
 * it will do is data (an operation's name and its arguments), so that a saved
 * state carries unfinished work. */
#ifndef TESTS_SIM_JOBS_H
#define TESTS_SIM_JOBS_H

#include "tests/sim/call.h"

struct operation {
    const char *name;      /* "vdb.enable" */
    const char *type;      /* Job.type */
    const char *localized; /* Job.localized_type and the task's title */
    msec duration;         /* before --speed */
    /* Asked when the job starts and again before it does its work; an owned
     * text ends it FAILED with these error_details. May be NULL. */
    char *(*check)(struct sim *s, const struct object *job);
    /* Does the work; runs once, when the job completes. */
    void (*finish)(struct sim *s, struct object *job);
    /* Takes back what the request had prepared. May be NULL. */
    void (*fail)(struct sim *s, struct object *job);
};

/* All operations, in per-kind tables ended by a row without a name. */
extern const struct operation sim_engine_operations[], sim_toolkit_operations[],
    sim_environment_operations[], sim_environment_part_operations[], sim_source_operations[],
    sim_dsource_operations[], sim_vdb_operations[], sim_vdb_point_operations[],
    sim_snapshot_operations[], sim_policy_operations[];

/* Starts an operation on `target`; takes args (may be NULL). */
struct object *sim_job_new(struct sim *s, const char *operation, const struct object *target,
                           cJSON *args);
const cJSON *sim_job_args(const struct object *job);
/* The job's target, NULL once it is gone. */
struct object *sim_job_target(const struct sim *s, const struct object *job);
/* Lets jobs and timers happen that are due at s->now, and finds s->next_at. */
void sim_jobs_advance(struct sim *s, msec now);
/* Fills s->running from the shelf; after a state was loaded. */
void sim_jobs_resume(struct sim *s);
/* Whether an unfinished job of this operation targets the object. */
bool sim_job_runs(const struct sim *s, const char *operation, const char *target_id);
bool sim_job_over(const struct object *job);
/* Ends a job now, in the given terminal status. */
void sim_job_end(struct sim *s, struct object *job, const char *status, const char *error);

/* What became of a job that nobody watches any more. */
void sim_job_finish_unseen(struct sim *s, const char *id);

void sim_job_abandon(struct call *c);
void sim_job_result(struct call *c);

#endif
