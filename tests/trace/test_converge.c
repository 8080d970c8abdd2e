/* The PostgreSQL workflow from nothing to rest, and what changes do to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/world.h"

static void test_empty_dct_converges(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 3600000);
    if (!w->converged)
        (void)fprintf(stderr, "%s", buf_text(&w->trace));
    assert_true(w->rested);
    assert_true(w->converged);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_dct_converges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
