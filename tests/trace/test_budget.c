/* The budget of deletions: of what goes, and of what is made anew; whatever DCT
 * shows of it now, and whatever of it has gone before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char test_vdb[] = "kind: VDB\nmetadata: {name: orders-test}";
static const char dev_vdb[] = "kind: VDB\nmetadata: {name: orders-dev";
static const char source[] = "kind: SourceConfig\nmetadata: {name: orders}";

/* The manifests that stand before the one that says `what`; owned. */
static char *before(const char *what)
{
    size_t n = (size_t)(strstr(estate_all(), what) - estate_all());

    return xstrndup(estate_all(), n - strlen("---\napiVersion: dct/v1\n"));
}

static struct test_world *pruning(unsigned budget)
{
    struct test_world *w = story_of(estate_all());

    w->options.prune = true;
    w->options.delete_budget = budget;
    w->options.delete_percent = 0;
    test_world_restart(w);
    return w;
}

/* Both VDBs differ in what only a creation sets, and may be replaced. */
static char *replaced(void)
{
    static const char dev[] = "mountLocation: /mnt/orders-dev}\n  enabled: true\n";
    static const char test[] = "mountLocation: /mnt/orders-test}\n";
    char *more = xasprintf("%s  masked: true\npolicy: {replace: allow}\n", dev);
    char *one = text_with(estate_all(), dev, more);
    char *last = xasprintf("%s  masked: true\npolicy: {replace: allow}\n", test);
    char *both = text_with(one, test, last);

    free(more);
    free(last);
    free(one);
    return both;
}

static void test_what_is_made_anew_is_deleted_too(void **state)
{
    struct test_world *w = pruning(1);
    char *yaml = replaced(), *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "reconcile.deleteBudget 1; nothing is deleted");
    free(plan);
    story_rest(w, yaml);
    story_sent(w, "");
    assert_false(w->converged);
    free(yaml);
    test_world_free(w);
}

static void test_its_share_counts_too(void **state)
{
    struct test_world *w = pruning(0);
    char *yaml = replaced();

    (void)state;
    w->options.delete_percent = 20;
    test_world_restart(w);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "blocked: 2 deletions (2 to be made anew) of 8 managed objects");
    story_holds(plan, "exceed reconcile.deleteBudgetPercent 20; nothing is deleted");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* The VDBs cannot be listed: what else is unwanted does not go before them. */
static void test_what_dct_does_not_show_counts(void **state)
{
    struct test_world *w = pruning(3);
    char *yaml = before(source);

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    story_meddle(w, "fault", "{\"method\":\"GET\",\"route\":\"/vdbs\",\"status\":500,\"times\":4}");
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "4 deletions exceed reconcile.deleteBudget 3; nothing is deleted");
    free(plan);
    story_holds(buf_text(&w->trace),
                "4 deletions (2 that DCT does not show now) exceed reconcile.deleteBudget 3");
    free(yaml);
    test_world_free(w);
}

/* Runs until something is on its way to be deleted. */
static void until_deleting(struct test_world *w, const char *yaml)
{
    test_world_manifests(w, yaml);
    for (size_t i = 0; i < 600 && !w->sent.n; i++)
        test_world_run(w, 500);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/delete {}\n");
}

/* It goes in two slices, the second while the first is under way. */
static void test_what_has_gone_before_counts(void **state)
{
    struct test_world *w = pruning(2);
    char *less = before(test_vdb), *least = before(source);

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    until_deleting(w, less);
    story_rest(w, least);
    for (size_t i = 0; i < 3; i++) { /* nor does it go a little later */
        story_holds(buf_text(&w->trace), "4 deletions (1 carried out before) exceed "
                                         "reconcile.deleteBudget 2; nothing more is deleted");
        story_sent(w, "VDB/orders-test POST /vdbs/{id}/delete {}\n");
        story_rest(w, NULL);
    }
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);

    w->options.delete_budget = 4;
    test_world_options(w);
    story_settle(w);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    assert_int_equal(test_world_count(w, "/dsources", NULL), 0);
    free(least);
    free(less);
    test_world_free(w);
}

static void test_after_a_rest_it_begins_anew(void **state)
{
    struct test_world *w = pruning(1);
    char *less = before(test_vdb), *least = before(dev_vdb);

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    story_converge(w, less);
    story_converge(w, least);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    free(least);
    free(less);
    test_world_free(w);
}

/* What DCT works on already is followed to its end. */
static void test_what_has_begun_is_not_held_back(void **state)
{
    struct test_world *w = pruning(2);
    char *less = before(test_vdb), *least = before(source);

    (void)state;
    until_deleting(w, less);
    test_world_run(w, 500);
    w->options.delete_budget = 1;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    story_rest(w, least);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/delete {}\n");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    story_holds(buf_text(&w->trace), "exceed reconcile.deleteBudget 1");
    free(least);
    free(less);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_made_anew_is_deleted_too),
        cmocka_unit_test(test_its_share_counts_too),
        cmocka_unit_test(test_what_dct_does_not_show_counts),
        cmocka_unit_test(test_what_has_gone_before_counts),
        cmocka_unit_test(test_after_a_rest_it_begins_anew),
        cmocka_unit_test(test_what_has_begun_is_not_held_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
