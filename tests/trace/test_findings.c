/* Manifests with findings: what hangs on them is judged as far as it can be and
 * left as it is, and nothing of them counts as unwanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char from[] = "  snapshotPolicy: nightly\n", bad[] = "  snapshotPolice: nightly\n";

/* The estate stands; then the dSource's manifest gets a finding. */
static struct test_world *standing(void)
{
    struct test_world *w = story_of(estate_all());

    w->findings_meant = true;
    w->options.prune = true;
    test_world_restart(w);
    return w;
}

static void test_what_hangs_on_it_is_judged_and_left_alone(void **state)
{
    struct test_world *w = standing();
    char *broken = text_with(estate_all(), from, bad);
    char *yaml = text_with(broken, "for developers", "for testers");

    (void)state;
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-dev blocked: its DSource orders has findings");
    story_holds(plan, "description \"for developers\" -> \"for testers\"");
    story_lacks(plan, "VDB/orders-test"); /* nothing of it differs */
    story_rest(w, yaml);
    story_sent(w, "");
    assert_false(w->converged);
    free(plan);
    free(yaml);
    free(broken);
    test_world_free(w);
}

static void test_nothing_of_it_counts_as_unwanted(void **state)
{
    struct test_world *w = standing();
    char *broken = text_with(estate_all(), from, bad);
    char *yaml = text_with(broken, "kind: VDB\nmetadata: {name: orders-test}",
                           "kind: VDB\nmetadata: {name: orders-other}");

    (void)state;
    char *plan = story_plan(w, yaml);
    story_holds(plan, "1 object that no readable manifest wants is left alone (not every manifest "
                      "could be read): VDB/orders-test");
    story_rest(w, yaml);
    story_sent(w, "");
    free(plan);
    free(yaml);
    free(broken);
    test_world_free(w);
}

/* What we switched off comes back, whatever is wrong with the manifests by now. */
static void test_a_debt_is_paid_all_the_same(void **state)
{
    struct test_world *w = standing();
    char *moved = text_with(estate_all(), "port: 5434", "port: 5534");
    char *broken = text_with(estate_all(), from, bad);

    (void)state;
    test_world_manifests(w, moved);
    test_world_run(w, 25000);
    story_member(w, "/vdbs", "orders-dev", "enabled", "false");
    test_world_restart(w);
    story_rest(w, broken);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    free(moved);
    free(broken);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_hangs_on_it_is_judged_and_left_alone),
        cmocka_unit_test(test_nothing_of_it_counts_as_unwanted),
        cmocka_unit_test(test_a_debt_is_paid_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
