/* A day in the life of the service, on a virtual clock: edits, drift, faults and
 * new options all the time. At its end it holds no more memory than one that has
 * just been started with the same ledger and manifests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/invariants.h"
#include "tests/lib/story.h"

enum { MINUTE = 60000, MINUTES = 24 * 60, SLACK = 64 << 10 };

struct day {
    struct test_world *world;
    struct invariants invariants;
    char *manifests[3];
    uint64_t dice;
    size_t edits, drifts, reloads, faults, rests;
};

/* Under valgrind and sanitizers nobody answers, and nothing is compared. */
static size_t in_use(void)
{
#ifdef __GLIBC__
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

static enum fate one_in_forty(struct test_world *w, const struct request *r)
{
    static const enum fate fates[] = { FATE_LOST, FATE_UNHEARD, FATE_UNSENT, FATE_ANSWER_503 };
    struct day *d = w->ctx;

    (void)r;
    d->dice = d->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    if ((d->dice >> 33) % 40)
        return FATE_CARRIED;
    d->faults++;
    return fates[(d->dice >> 48) % ARRAY_LEN(fates)];
}

static void something_happens(struct day *d, unsigned minute)
{
    struct test_world *w = d->world;

    if (minute % 17 == 5)
        test_world_manifests(w, d->manifests[++d->edits % ARRAY_LEN(d->manifests)]);
    if (minute % 23 == 7) {
        d->drifts++;
        story_meddle(w, "drift",
                     "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":\"x\"}}");
    }
    if (minute % 41 == 11) {
        d->reloads++;
        w->options.interval = d->reloads % 2 ? 2 * MINUTE : MINUTE;
        test_world_options(w);
    }
}

static void pass(struct day *d, msec until)
{
    struct test_world *w = d->world;

    while (w->now < until) {
        w->rested = false;
        test_world_run(w, until - w->now);
        d->rests += w->rested;
    }
}

static bool all_is_well(const struct test_world *w)
{
    const struct plan *p = cycle_plan(w->cycle);

    return w->converged && p && plan_empty(p);
}

static void come_to_rest(struct day *d)
{
    for (unsigned i = 0; i < 240 && !all_is_well(d->world); i++)
        pass(d, d->world->now + MINUTE);
    assert_true(all_is_well(d->world));
}

static void test_a_day_leaves_nothing_behind(void **state)
{
    struct day d = { .world = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN),
                     .dice = 1 };
    struct test_world *w = d.world;

    (void)state;
    d.manifests[0] = xstrdup(estate_all());
    d.manifests[1] = text_with(estate_all(), "description: for developers", "description: b");
    d.manifests[2] = text_with(estate_all(), "max_connections: '200'", "max_connections: '300'");
    w->quiet = true;
    w->ctx = &d;
    w->options.interval = MINUTE;
    test_world_restart(w);
    test_world_manifests(w, d.manifests[0]);
    come_to_rest(&d);
    invariants_begin(&d.invariants, w);
    w->fate = one_in_forty;
    for (unsigned minute = 0; minute < MINUTES; minute++) {
        something_happens(&d, minute);
        pass(&d, w->now + MINUTE);
    }
    w->fate = NULL;
    test_world_manifests(w, d.manifests[0]);
    come_to_rest(&d);
    invariants_at_rest(&d.invariants, NULL);
    if (d.invariants.broken)
        fail_msg("%s", d.invariants.broken);
    printf("# a day: %zu edits, %zu drifts, %zu reloads, %zu faults, %zu rests\n", d.edits,
           d.drifts, d.reloads, d.faults, d.rests);
    assert_in_range(d.rests, MINUTES / 3, 3 * MINUTES);

    size_t old = in_use();
    test_world_restart(w);
    test_world_manifests(w, d.manifests[0]);
    come_to_rest(&d);
    size_t young = in_use();
    printf("# %zu KiB in use after the day, %zu KiB after a start\n", old >> 10, young >> 10);
    if (old > young + SLACK)
        fail_msg("after a day %zu bytes more than after a start", old - young);
    invariants_end(&d.invariants);
    for (size_t i = 0; i < ARRAY_LEN(d.manifests); i++)
        free(d.manifests[i]);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_day_leaves_nothing_behind) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
