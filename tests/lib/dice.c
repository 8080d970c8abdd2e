/* splitmix64 to spread the seed, xorshift64 from there on. */
#include "tests/lib/dice.h"

void dice_seed(struct dice *d, uint64_t seed)
{
    uint64_t z = (seed + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    d->state = (z ^ (z >> 31)) | 1;
}

size_t roll(struct dice *d, size_t sides)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (size_t)((d->state >> 11) % sides);
}

bool one_in(struct dice *d, size_t times)
{
    return times && roll(d, times) == 0;
}
