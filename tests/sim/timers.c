/* Timers by name: a saved state can carry them. */
#include "tests/sim/timers.h"

#include <stdlib.h>

#include "tests/sim/engines.h"
#include "tests/sim/jobs.h"

static const struct {
    const char *what;
    void (*act)(struct sim *s, const char *id);
} actions[] = {
    { "engine.connect", sim_engine_connect },
    { "job.finish", sim_job_finish_unseen },
};

void sim_timer_add(struct sim *s, msec at, const char *what, const char *id)
{
    cJSON *timer = js_object();

    js_put_num(timer, "at", (double)at);
    js_put_str(timer, "do", what);
    js_put_str(timer, "id", id);
    js_add(s->timers, timer);
    sim_wake(s, at);
}

static cJSON *first_timer(const struct sim *s)
{
    cJSON *timer, *first = NULL;
    cJSON_ArrayForEach(timer, s->timers) {
        if (!first || js_num(timer, "at", 0) < js_num(first, "at", 0))
            first = timer;
    }
    return first;
}

static void run(struct sim *s, const cJSON *timer)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (streq(js_str(timer, "do"), actions[i].what))
            actions[i].act(s, js_str(timer, "id"));
    }
}

void sim_timers_advance(struct sim *s, msec now)
{
    cJSON *timer;
    while ((timer = first_timer(s)) && js_msec(timer, "at", 0) <= now) {
        msec at = js_msec(timer, "at", 0);
        cJSON_DetachItemViaPointer(s->timers, timer);
        if (at > s->now)
            s->now = at;
        run(s, timer);
        cJSON_Delete(timer);
    }
}

void sim_timers_wake(struct sim *s)
{
    const cJSON *timer = first_timer(s);
    if (timer)
        sim_wake(s, js_msec(timer, "at", 0));
}
