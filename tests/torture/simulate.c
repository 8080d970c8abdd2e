/* simulate COUNT [FIRST]: random edits of an estate, random faults and random
 * deaths of the process, all from one seed each, on a virtual clock. Whatever
 * happened, each run must end as its last manifests say, with every promise of
 * tests/lib/invariants.h kept at every step. A seed that fails tells its story;
 * `simulate 1 SEED` tells it again. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "schema/base.h"
#include "tests/lib/scenarios.h"

enum { ROUNDS = 3, HOUR = 3600000 };

struct dice {
    uint64_t state;
    unsigned often; /* one of so many requests goes wrong; 0 = none does */
    size_t faults;
};

static uint64_t roll(struct dice *d, uint64_t sides)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (d->state >> 11) % sides;
}

static enum fate random_fate(struct test_world *w, const struct request *r)
{
    static const enum fate fates[] = { FATE_LOST, FATE_UNHEARD, FATE_UNSENT, FATE_ANSWER_503,
                                       FATE_LATE };
    struct dice *d = w->ctx;

    (void)r;
    if (!d->often || roll(d, d->often))
        return FATE_CARRIED;
    d->faults++;
    return fates[roll(d, ARRAY_LEN(fates))];
}

struct sums {
    size_t edits, faults, kills, requests, checks;
};

/* One set of manifests, for a while; the process may die on the way. */
static void live(struct attempt *a, const struct start *edit, struct dice *d, struct sums *sums)
{
    msec end = a->world->now + (msec)roll(d, HOUR / 2);

    a->world->plugin_version = edit->scenario->plugin_version;
    test_world_manifests(a->world, edit->scenario->after);
    sums->edits++;
    while (a->world->now < end) {
        a->world->die_at = roll(d, 2) ? a->world->effects + 1 + roll(d, 200) : 0;
        if (attempt_converge(a, end - a->world->now) || !a->world->dead)
            break;
        sums->kills++;
        test_world_restart(a->world);
        test_world_manifests(a->world, edit->scenario->after);
    }
    if (a->world->dead) {
        sums->kills++;
        test_world_restart(a->world);
    }
    a->world->die_at = 0;
}

static void run(uint64_t seed, struct sums *sums)
{
    struct dice d = { .state = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15) };
    /* Renames, prunes and older connectors are no way back from one another; and
     * nothing is provisioned from what is to be off, so that edit comes last. */
    static const size_t edits[] = { 0, 1, 5, 7 };
    const size_t from = roll(&d, 2), n_edits = ARRAY_LEN(edits) - (from == 0);
    struct attempt a;
    char *what = xasprintf("seed %" PRIu64, seed);
    const struct start *last = NULL;

    attempt_open(&a, scenario_start(from));
    a.world->fate = random_fate;
    a.world->ctx = &d;
    for (size_t i = 0; i < 1 + roll(&d, ROUNDS); i++) {
        last = scenario_start(edits[roll(&d, n_edits)]);
        d.often = (unsigned)(roll(&d, 4) ? 8 + roll(&d, 60) : 0);
        live(&a, last, &d, sums);
    }
    d.often = 0;
    test_world_manifests(a.world, last->scenario->after);
    sums->requests += a.world->requests;
    sums->checks += a.invariants.checks;
    sums->faults += d.faults;
    attempt_finish(&a, last, what);
    free(what);
}

int main(int argc, char **argv)
{
    int64_t count = 100, first = 1;
    struct sums sums = { 0 };
    struct timespec from, to;

    if ((argc > 1 && !parse_int64(argv[1], &count)) || (argc > 2 && !parse_int64(argv[2], &first)))
        return 2;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    for (int64_t i = 0; i < count; i++)
        run((uint64_t)(first + i), &sums);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    scenarios_clear();
    printf("%" PRId64 " seeds, %zu edits, %zu faults, %zu kills, %zu requests, %zu checks, "
           "0 violations, %ld s\n",
           count, sums.edits, sums.faults, sums.kills, sums.requests, sums.checks,
           (long)(to.tv_sec - from.tv_sec));
    return 0;
}
