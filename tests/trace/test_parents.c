/* What things hang on: parents without a snapshot, users of environments, and how
 * plans call them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

enum { HOUR = 3600000 };

/* The parent is off and has no snapshot: it is said once, and asked for nothing. */
static void test_a_disabled_parent_without_a_snapshot(void **state)
{
    static const char child[] = "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test}";
    char *both = text_with(estate_all(), "enabled: true", "enabled: false");
    char *alone = xstrndup(both, (size_t)(strstr(both, child) - both));
    struct test_world *w = story_of(alone);

    (void)state;
    char *plan = story_plan(w, both);
    story_holds(plan, "so it must have one");
    free(plan);
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    test_world_manifests(w, both);
    story_go_on(w, 3 * (msec)HOUR);
    story_sent(w, "");
    assert_true(test_world_told(w, "VDB/orders-dev: blocked: it has no snapshot that "
                                   "VDB/orders-test could start from, and none can be taken while "
                                   "it is disabled; enable it"));
    assert_true(test_world_told(w, "VDB/orders-test: blocked: it waits for VDB/orders-dev"));

    char *on = text_with(both, "enabled: false", "enabled: true");
    w->options.mode = CYCLE_APPLY;
    test_world_restart(w);
    story_converge(w, on);
    free(on);
    free(alone);
    free(both);
    test_world_free(w);
}

/* Whatever else happens to the parent in the same plan. */
static void test_a_parent_that_changes_gets_a_snapshot_first(void **state)
{
    static const char child[] = "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test}";
    char *alone = xstrndup(estate_all(), (size_t)(strstr(estate_all(), child) - estate_all()));
    char *both = text_with(estate_all(), "for developers", "for everybody");
    struct test_world *w = story_of(alone);

    (void)state;
    story_converge(w, both);
    assert_int_equal(w->sent.n, 3);
    story_holds(w->sent.items[0], "VDB/orders-dev PATCH /vdbs/{id} {\"description\"");
    story_holds(w->sent.items[1], "VDB/orders-dev POST /vdbs/{id}/snapshots");
    story_holds(w->sent.items[2], "VDB/orders-test POST /vdbs/provision_by_snapshot");
    free(alone);
    free(both);
    test_world_free(w);
}

/* The user of the same name in another environment follows the change, and is
 * called by its name. */
static void test_what_follows_a_change_is_no_drift(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "  source: {vdb: orders-dev}\n  environment: pg-target",
                           "  source: {vdb: orders-dev}\n  environment: pg-staging");

    (void)state;
    char *plan = story_plan(w, yaml);
    story_holds(plan,
                "! VDB/orders-test blocked: `environment`, `environmentUser` cannot be changed in");
    story_holds(plan, "environment pg-target -> pg-staging");
    story_holds(plan, "environmentUser postgres (HOST_USER-2) -> postgres");
    story_lacks(plan, "drift");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* Made from a VDB, the manifest says a dSource: both by their names. */
static void test_parents_have_names(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "source: {vdb: orders-dev}", "source: {dSource: orders}");

    (void)state;
    char *plan = story_plan(w, yaml);
    story_lacks(plan, "APPDATA_CONTAINER");
    free(plan);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_disabled_parent_without_a_snapshot),
        cmocka_unit_test(test_a_parent_that_changes_gets_a_snapshot_first),
        cmocka_unit_test(test_what_follows_a_change_is_no_drift),
        cmocka_unit_test(test_parents_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
