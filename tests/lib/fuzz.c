#include "tests/lib/fuzz.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/dice.h"

enum { EDITS = 6, PATIENCE = 60 /* s for one input */, SECONDS = 4 /* for all */, SHOWN = 400 };

/* What both processes see. */
struct shared {
    uint64_t round;
    size_t n;
    char input[FUZZ_INPUT + 1];
};

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name); // NOLINT(concurrency-mt-unsafe): no other thread
    int64_t n;

    return text && parse_int64(text, &n) && n >= 0 ? (uint64_t)n : otherwise;
}

static void cut(struct shared *s, size_t at, size_t n)
{
    memmove(s->input + at, s->input + at + n, s->n - at - n);
    s->n -= n;
}

static void insert(struct shared *s, size_t at, const char *text, size_t n)
{
    if (n > FUZZ_INPUT - s->n)
        n = FUZZ_INPUT - s->n;
    memmove(s->input + at + n, s->input + at, s->n - at);
    memcpy(s->input + at, text, n);
    s->n += n;
}

/* A part of itself stands there once more. */
static void repeat(struct shared *s, struct dice *d, size_t at)
{
    char copy[256];
    size_t n = roll(d, s->n - at) + 1;

    n = n < sizeof(copy) ? n : sizeof(copy);
    memcpy(copy, s->input + at, n);
    for (size_t times = one_in(d, 8) ? 40 : 1; times; times--)
        insert(s, at, copy, n);
}

/* The beginning of another good one. */
static void splice(struct shared *s, struct dice *d, size_t at, const char *other)
{
    size_t n = strlen(other);

    insert(s, at, other, roll(d, n < 64 ? n : 64));
}

static void edit(const struct fuzz *f, struct shared *s, struct dice *d)
{
    static const char odd[] = { '\0', '\xff', '"', '\\', '\n', '\r', ' ', '%', '/', '-', '0', '{' };
    size_t at = s->n ? roll(d, s->n) : 0, left = s->n - at;
    const char *word = f->words[roll(d, f->n_words)];

    switch (s->n ? roll(d, 8) : 0) {
    case 0:
        insert(s, at, word, strlen(word));
        break;
    case 1:
        cut(s, at, left < strlen(word) ? left : strlen(word));
        insert(s, at, word, strlen(word));
        break;
    case 2:
        s->input[at] = (char)(s->input[at] ^ (1 << roll(d, 8)));
        break;
    case 3:
        s->input[at] = odd[roll(d, sizeof(odd))];
        break;
    case 4:
        cut(s, at, roll(d, left < 64 ? left : 64) + 1);
        break;
    case 5:
        repeat(s, d, at);
        break;
    case 6:
        s->input[at] = (char)roll(d, 256);
        break;
    default:
        if (one_in(d, 4))
            s->n = at;
        else
            splice(s, d, at, f->seeds[roll(d, f->n_seeds)]);
    }
}

/* Inputs that are hardly spoiled get furthest: most have few edits. */
static void draw(const struct fuzz *f, uint64_t seed, uint64_t round, struct shared *s)
{
    struct dice d;

    dice_seed(&d, seed * UINT64_C(1000003) + round);
    s->round = round;
    s->n = 0;
    const char *good = f->seeds[roll(&d, f->n_seeds)];
    insert(s, 0, good, strlen(good));
    for (size_t edits = roll(&d, EDITS) + roll(&d, 2); edits; edits--)
        edit(f, s, &d);
    s->input[s->n] = '\0';
}

static time_t now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Its end is exit(): what was leaked is told. */
static _Noreturn void run_all(const struct fuzz *f, uint64_t seed, uint64_t rounds,
                              struct shared *s)
{
    uint64_t only = number_of("FUZZ_ONLY", 0), round = only ? only : 1;
    void *ctx = f->open ? f->open() : NULL;
    time_t until = now() + SECONDS;

    for (; only ? round == only : round <= rounds && now() <= until; round++) {
        draw(f, seed, round, s);
        (void)alarm(PATIENCE);
        f->run(ctx, s->input, s->n);
    }
    (void)alarm(PATIENCE);
    if (f->close)
        f->close(ctx);
    exit(EXIT_SUCCESS); // NOLINT(concurrency-mt-unsafe): no other thread
}

static void show(const struct shared *s, struct buf *out)
{
    size_t n = s->n < SHOWN ? s->n : SHOWN;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s->input[i];
        buf_printf(out, c >= ' ' && c < 127 && c != '\\' ? "%c" : "\\x%02x", c);
    }
    if (s->n > n)
        buf_printf(out, " (and %zu bytes more)", s->n - n);
}

void fuzz_run(const struct fuzz *f, unsigned rounds)
{
    uint64_t seed = number_of("FUZZ_SEED", 1);
    struct shared *s =
        mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct buf input = BUF_WITH_LIMIT(64 << 10);
    int status = 0;

    assert_true(s != MAP_FAILED);
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_all(f, seed, number_of("FUZZ_ROUNDS", rounds), s);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0) {
        show(s, &input);
        fail_msg("%s: %s %d; FUZZ_SEED=%" PRIu64 " FUZZ_ONLY=%" PRIu64 " repeats it: %s", f->name,
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), seed, s->round,
                 buf_text(&input));
    }
    buf_clear(&input);
    (void)munmap(s, sizeof(*s));
}

void fuzz_holds(bool is, const char *what)
{
    if (is)
        return;
    (void)fprintf(stderr, "it must be that %s\n", what);
    abort();
}
