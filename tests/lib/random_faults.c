/* What goes wrong on the wire, in DCT's jobs, on the disk and with the clock. */
#include <stdlib.h>

#include "tests/lib/random_run.h"

enum { LONGEST_JUMP = 10800000 };

/* How a job may end, and whether the engine carries on all the same. */
static const struct {
    const char *name, *rule;
} endings[] = {
    { "job FAILED", "\"job\":\"FAILED\"" },
    { "job CANCELED", "\"job\":\"CANCELED\"" },
    { "job TIMEDOUT", "\"job\":\"TIMEDOUT\"" },
    { "job TIMEDOUT, goes on", "\"job\":\"TIMEDOUT\",\"work\":true" },
    { "job ABANDONED, goes on", "\"job\":\"ABANDONED\"" },
    { "job ABANDONED", "\"job\":\"ABANDONED\",\"work\":false" },
    { "job SUSPENDED", "\"suspend_ms\":400000" },
    { "job warns", "\"warning\":\"it was slow\"" },
};

/* The next request of that method is this one. */
static void spoil_job(struct random_run *r, const struct request *q)
{
    size_t i = roll(&r->dice, ARRAY_LEN(endings));
    char *rule = xasprintf("{\"method\":\"%s\",%s,\"times\":1}", q->method, endings[i].rule);

    (void)test_world_call(random_world(r), "POST", "/_sim/fault", rule, NULL);
    random_tell(r, "fault", endings[i].name, q->key ? q->key : "");
    free(rule);
}

enum fate random_fate(struct test_world *w, const struct request *q)
{
    struct random_run *r = w->ctx;

    if (one_in(&r->dice, r->often)) {
        enum fate fate = (enum fate)(1 + roll(&r->dice, FATES - 1));
        if (fate == FATE_TWICE && invariants_makes(q)) /* two of one: nobody can help that */
            fate = FATE_UNHEARD;
        tally_add(r->tally, "fault", fate_name(fate), 1);
        return fate;
    }
    if (q->write && one_in(&r->dice, r->jobs_often))
        spoil_job(r, q);
    return FATE_CARRIED;
}

static void away(struct random_run *r)
{
    char *rule;

    if (r->was_away) {
        (void)test_world_call(random_world(r), "DELETE", "/_sim/fault", NULL, NULL);
        r->was_away = false;
        test_world_tell(random_world(r), "the engine is reached again");
        return;
    }
    rule = xasprintf("{\"engine\":\"%s\"}", r->estate.things[0].name);
    (void)test_world_call(random_world(r), "POST", "/_sim/fault", rule, NULL);
    random_tell(r, "fault", "engine unreachable", r->estate.things[0].name);
    r->was_away = true;
    free(rule);
}

static void disk(struct random_run *r)
{
    struct test_world *w = random_world(r);

    w->ledger_full = !w->ledger_full;
    r->was_full = true;
    if (w->ledger_full)
        random_tell(r, "fault", "ledger cannot be written", "");
}

/* A process goes by the clock as it was at its start. */
static void set_clock(struct random_run *r, msec by, const char *name)
{
    struct test_world *w = random_world(r);

    w->next_skew = w->next_skew + by > 0 ? w->next_skew + by : 0;
    random_tell(r, "fault", name, "");
    test_world_restart(w);
    random_manifests(r);
}

static void forward(struct random_run *r)
{
    set_clock(r, (msec)roll(&r->dice, LONGEST_JUMP), "clock jumps forward");
}

static void backward(struct random_run *r)
{
    set_clock(r, -(msec)roll(&r->dice, LONGEST_JUMP), "clock jumps backward");
}

/* It goes on meanwhile: nothing that it waits for has to do with that clock. */
static void set_meanwhile(struct random_run *r)
{
    struct test_world *w = random_world(r);
    msec by = (msec)roll(&r->dice, 2 * (size_t)LONGEST_JUMP) - LONGEST_JUMP,
         wall = w->skew + w->ahead;

    random_tell(r, "fault", "clock is set meanwhile", "");
    test_world_set_clock(w, wall + by > 0 ? by : -wall);
}

static void restart(struct random_run *r)
{
    random_tell(r, "fault", "restart", "");
    test_world_restart(random_world(r));
    random_manifests(r);
}

/* No clock tells it how long ago the last one lived. */
static void elsewhere(struct random_run *r)
{
    random_tell(r, "fault", "another host goes on", "");
    test_world_move(random_world(r));
    random_manifests(r);
}

static void (*const troubles[])(struct random_run *) = {
    away, away, disk, disk, forward, backward, set_meanwhile, restart, elsewhere,
};

void random_trouble(struct random_run *r)
{
    troubles[roll(&r->dice, ARRAY_LEN(troubles))](r);
}

void random_faults_expect(struct tally *t)
{
    for (enum fate f = 1; f < FATES; f++)
        tally_add(t, "fault", fate_name(f), 0);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        tally_add(t, "fault", endings[i].name, 0);
    tally_add(t, "fault", "engine unreachable", 0);
    tally_add(t, "fault", "ledger cannot be written", 0);
    tally_add(t, "fault", "clock jumps forward", 0);
    tally_add(t, "fault", "clock jumps backward", 0);
    tally_add(t, "fault", "clock is set meanwhile", 0);
    tally_add(t, "fault", "restart", 0);
    tally_add(t, "fault", "another host goes on", 0);
    tally_add(t, "fault", "killed", 0);
}

void random_faults_end(struct random_run *r)
{
    r->often = r->jobs_often = 0;
    random_world(r)->ledger_full = false;
    r->was_away = false;
    (void)test_world_call(random_world(r), "DELETE", "/_sim/fault", NULL, NULL);
}
