/* simulate COUNT [FIRST [STEP]]: random estates, edits, faults, other people and
 * deaths of the process, all from one seed each, on a virtual clock. Whatever
 * happened, each run must end as its last manifests say, with every promise
 * kept at every step. A seed that fails tells its story, and how few of its
 * edits are enough for it; `simulate 1 SEED` tells it again. With a STEP it is
 * every STEP-th seed from FIRST on.
 *
 * What happened how often is printed as "group/name n" lines for simulate.sh,
 * which adds the processes up and expects that nothing is missing. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/random_run.h"

static char now[64]; /* which seed, for the last words */

static void crashed(int sig)
{
    size_t n = 0;

    while (now[n])
        n++;
    (void)!write(STDOUT_FILENO, now, n);
    _exit(128 + sig);
}

struct sums {
    size_t failed, edits, requests, checks;
};

/* The story of the seed with as few edits as still break it. */
static void tell_least(uint64_t seed, const struct random_end *full)
{
    struct tally ignored = { 0 };

    for (size_t edits = 1; edits < full->edits; edits++) {
        struct random_end end;
        random_run(seed, edits, &ignored, &end);
        bool broken = end.broken;
        if (broken)
            printf("%s\nseed %" PRIu64 ", only its first %zu of %zu edits: %s\n", end.story, seed,
                   edits, full->edits, end.broken);
        random_end_clear(&end);
        if (broken)
            break;
    }
    tally_clear(&ignored);
}

static void run(uint64_t seed, bool replay, struct tally *tally, struct sums *sums)
{
    struct random_end end;

    (void)snprintf(now, sizeof(now), "seed %" PRIu64 ": it crashes\n", seed);
    random_run(seed, 0, tally, &end);
    sums->edits += end.edits;
    sums->requests += end.requests;
    sums->checks += end.checks;
    if (end.broken) {
        sums->failed++;
        if (replay)
            tell_least(seed, &end);
        printf("%s\nseed %" PRIu64 ": %s\n", replay ? end.story : "", seed, end.broken);
    }
    random_end_clear(&end);
}

int main(int argc, char **argv)
{
    int64_t count = 100, first = 1, step = 1;
    struct sums sums = { 0 };
    struct tally tally = { 0 };
    struct buf b = BUF_WITH_LIMIT(1 << 16);

    if ((argc > 1 && !parse_int64(argv[1], &count)) ||
        (argc > 2 && !parse_int64(argv[2], &first)) || (argc > 3 && !parse_int64(argv[3], &step)))
        return 2;
    (void)signal(SIGSEGV, crashed);
    (void)signal(SIGABRT, crashed);
    random_expect(&tally);
    for (int64_t i = 0; i < count; i++)
        run((uint64_t)(first + i * step), count == 1, &tally, &sums);
    random_starts_clear();
    tally_print(&tally, &b);
    printf("%ssum/seeds %" PRId64 "\nsum/requests %zu\nsum/checks %zu\nsum/violations %zu\n",
           buf_text(&b), count, sums.requests, sums.checks, sums.failed);
    buf_clear(&b);
    tally_clear(&tally);
    return sums.failed ? 1 : 0;
}
