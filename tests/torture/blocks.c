/* Memory for the simulation, which makes and frees more than it computes, has one
 * thread and ends soon: what is freed waits on the list of its size, and is the
 * next that is given out, while the caches still have it. Nothing goes back to the
 * system; what is large is left to the C library. valgrind has to be told that it is
 * here: --soname-synonyms=somalloc=NONE. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

enum { STEP = 16, LARGE = 1024, SIZES = LARGE / STEP + 1, RUN = 1 << 16, RUNS = 1 << 18 };

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's names

/* glibc's own, under names that stay. */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

struct block {
    struct block *next;
};

static struct block *waiting[SIZES];
static char *room;            /* address space, used from its beginning */
static size_t used;           /* of its runs, each cut into blocks of one size */
static uint8_t size_of[RUNS]; /* in steps */

/* The first block of another run; the rest of it waits. */
static void *cut_run(size_t steps)
{
    if (!room)
        room = mmap(NULL, (size_t)RUN * RUNS, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED || used == RUNS)
        abort();
    char *run = room + used * RUN;
    size_of[used++] = (uint8_t)steps;
    for (size_t i = RUN / (steps * STEP); i-- > 1;) {
        struct block *b = (struct block *)(void *)(run + i * steps * STEP);
        b->next = waiting[steps];
        waiting[steps] = b;
    }
    return run;
}

/* 0: not one of ours. */
static size_t steps_of(const void *p)
{
    size_t at = (uintptr_t)p - (uintptr_t)room;

    return at < used * RUN ? size_of[at / RUN] : 0;
}

static void *take(size_t n)
{
    size_t steps = n ? (n + STEP - 1) / STEP : 1;
    struct block *b = waiting[steps];

    if (!b)
        return cut_run(steps);
    waiting[steps] = b->next;
    return b;
}

void *malloc(size_t n)
{
    return n > LARGE ? __libc_malloc(n) : take(n);
}

void free(void *p)
{
    size_t steps = steps_of(p);
    struct block *b = p;

    if (!steps) {
        __libc_free(p);
        return;
    }
    b->next = waiting[steps];
    waiting[steps] = b;
}

void *calloc(size_t n, size_t size)
{
    size_t all;

    if (__builtin_mul_overflow(n, size, &all) || all > LARGE)
        return __libc_calloc(n, size);
    return memset(take(all), 0, all);
}

void *realloc(void *p, size_t n)
{
    size_t steps = steps_of(p);

    if (!p)
        return malloc(n);
    if (!steps)
        return __libc_realloc(p, n);
    if (n <= steps * STEP)
        return p;
    void *wider = malloc(n);
    if (!wider)
        return NULL;
    memcpy(wider, p, steps * STEP);
    free(p);
    return wider;
}

// NOLINTEND(readability-inconsistent-declaration-parameter-name)
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
