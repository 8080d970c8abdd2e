/* Things that happen by themselves, without a job: [{at, do, id}]. */
#ifndef TESTS_SIM_TIMERS_H
#define TESTS_SIM_TIMERS_H

#include "tests/sim/model.h"

void sim_timer_add(struct sim *s, msec at, const char *what, const char *id);
/* Runs what is due, in order of time, moving s->now along. */
void sim_timers_advance(struct sim *s, msec now);
void sim_timers_wake(struct sim *s);

#endif
