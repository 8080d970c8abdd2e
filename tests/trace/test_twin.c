/* Two dctds under one instance name: the one that looks on is told; of a ledger
 * that was lost, and of what was forgotten, nobody is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char noticed[] = "bears the tag dctd-owner=test of this dctd, which has not made it: "
                              "another dctd may run under the same instance name; give each its "
                              "own (`instance` in its configuration)";

static struct test_world *service(void)
{
    struct test_world *w = story_of(estate_all());

    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    story_rest(w, estate_all());
    return w;
}

static void made_by_another(struct test_world *w, const char *name, const char *id)
{
    char *how = xasprintf("{\"kind\":\"vdbs\",\"name\":\"%s\",\"id\":\"%s\",\"set\":{\"engine_id\":"
                          "\"1\",\"group_name\":\"Untitled\",\"tags\":[{\"key\":\"dctd-owner\","
                          "\"value\":\"test\"}]}}",
                          name, id);

    story_meddle(w, "create", how);
    free(how);
}

static const char *trouble(const struct test_world *w)
{
    struct cycle_status status;

    cycle_status(w->cycle, &status);
    return status.trouble;
}

static void test_what_another_makes_in_our_name_is_told(void **state)
{
    struct test_world *w = service();

    (void)state;
    assert_null(trouble(w));
    made_by_another(w, "elsewhere", "1-X-9");
    story_rest(w, NULL);
    story_holds(trouble(w), "VDB elsewhere (1-X-9) bears");
    story_holds(trouble(w), noticed);
    story_holds(buf_text(&w->trace), noticed);
    story_sent(w, "");

    buf_clear(&w->trace); /* said once, and shown for a day */
    w->trace = BUF_WITH_LIMIT(1 << 16);
    story_rest(w, NULL);
    story_lacks(buf_text(&w->trace), noticed);
    assert_non_null(trouble(w));
    w->now += 86400000;
    story_rest(w, NULL);
    assert_null(trouble(w));
    test_world_free(w);
}

/* All of it was there from the start. */
static void test_a_lost_ledger_is_no_other_dctd(void **state)
{
    struct test_world *w = service();

    (void)state;
    made_by_another(w, "of-old", "1-X-9");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, estate_all());
    story_rest(w, NULL);
    assert_null(trouble(w));
    story_lacks(buf_text(&w->trace), noticed);
    test_world_free(w);
}

/* Two that begin beside each other know of nothing both; from the next day on each
 * tells what the other makes. */
static void test_whoever_begins_with_nothing_judges_from_the_next_day_on(void **state)
{
    struct test_world *w = service();

    (void)state;
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, estate_all());
    w->now += 86000000;
    made_by_another(w, "soon", "1-X-8");
    story_rest(w, NULL);
    assert_null(trouble(w));
    w->now += 400000;
    story_rest(w, NULL);
    assert_null(trouble(w)); /* that was there before */
    made_by_another(w, "later", "1-X-9");
    story_rest(w, NULL);
    story_holds(trouble(w), "VDB later (1-X-9) bears");
    test_world_free(w);
}

static void test_what_is_forgotten_is_known(void **state)
{
    struct test_world *w = service();

    (void)state;
    test_world_ask(w, EV_FORGET, (struct hand){ .key = "VDB/orders-test" });
    story_rest(w, NULL);
    assert_null(trouble(w));
    test_world_free(w);
}

/* Nor can anybody ask for a while what became of it. */
static enum fate unheard(struct test_world *w, const struct request *r)
{
    unsigned *asked = w->ctx;

    if (streq(r->path, "/vdbs/provision_by_snapshot")) {
        *asked = 1;
        return FATE_UNHEARD;
    }
    return starts_with(r->path, "/jobs/search") && *asked && ++*asked < 20 ? FATE_ANSWER_503
                                                                           : FATE_CARRIED;
}

static void test_what_we_made_unheard_is_ours(void **state)
{
    const char *last = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: "
                                            "orders-test}");
    char *less = xstrndup(estate_all(), (size_t)(last - estate_all()));
    struct test_world *w = story_of(less);
    unsigned asked = 0;

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    story_rest(w, less);
    w->fate = unheard;
    w->ctx = &asked;
    story_rest(w, estate_all());
    while (!w->converged)
        story_rest(w, NULL);
    assert_true(asked >= 20);
    assert_null(trouble(w));
    story_lacks(buf_text(&w->trace), noticed);
    free(less);
    test_world_free(w);
}

static enum fate late(struct test_world *w, const struct request *r)
{
    (void)w;
    return streq(r->path, "/vdbs/provision_by_snapshot") ? FATE_LATE : FATE_CARRIED;
}

/* No job, no tag tells of it: DCT has not even heard of it yet. */
static void test_what_was_asked_for_before_the_ledger_was_lost_may_still_come(void **state)
{
    const char *last = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: "
                                            "orders-test}");
    char *less = xstrndup(estate_all(), (size_t)(last - estate_all()));
    struct test_world *w = story_of(less);

    (void)state;
    w->fate = late;
    test_world_manifests(w, estate_all());
    while (!test_world_late(w))
        test_world_run(w, 10);
    w->fate = NULL;
    test_world_ledger_lost(w);
    test_world_restart(w);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "Note: the ledger was lost: what was asked for last may still come");
    free(plan);
    story_forget(w);
    story_converge(w, estate_all());
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    free(less);
    test_world_free(w);
}

/* DCT knows of the job, and of no object yet. */
static void test_a_job_that_was_begun_before_the_ledger_was_lost_is_awaited(void **state)
{
    const char *last = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: DSource");
    char *less = xstrndup(estate_all(), (size_t)(last - estate_all()));
    struct test_world *w = story_of(less);

    (void)state;
    test_world_manifests(w, estate_all());
    while (!test_world_told(w, "DSource/orders: DCT works on it"))
        test_world_run(w, 10);
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_converge(w, estate_all());
    assert_true(test_world_told(w, "DCT has a job on something of that name; waiting"));
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    free(less);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_another_makes_in_our_name_is_told),
        cmocka_unit_test(test_a_lost_ledger_is_no_other_dctd),
        cmocka_unit_test(test_whoever_begins_with_nothing_judges_from_the_next_day_on),
        cmocka_unit_test(test_what_is_forgotten_is_known),
        cmocka_unit_test(test_what_we_made_unheard_is_ours),
        cmocka_unit_test(test_a_job_that_was_begun_before_the_ledger_was_lost_is_awaited),
        cmocka_unit_test(test_what_was_asked_for_before_the_ledger_was_lost_may_still_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
