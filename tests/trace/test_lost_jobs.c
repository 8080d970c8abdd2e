/* Creations whose job DCT does not follow to its end: what they left behind is
 * given time to become right, and is then a failed creation like any other. */
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

/* A world of nothing, in which the job of the link meets the fault. */
static struct test_world *linking(const char *fault)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    char *rule = xasprintf("{\"route\":\"/dsources/appdata\",\"times\":1,%s}", fault);

    story_meddle(w, "fault", rule);
    free(rule);
    return w;
}

static size_t writes_of(const struct test_world *w, const char *start)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += starts_with(w->sent.items[i], start);
    return n;
}

static void stays_half_made(const char *fault)
{
    struct test_world *w = linking(fault);

    test_world_manifests(w, estate_all());
    story_go_on(w, 6 * (msec)HOUR);
    assert_int_equal(writes_of(w, "DSource/orders"), 1);
    assert_int_equal(writes_of(w, "VDB/"), 0);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! DSource/orders blocked: DCT lost the job that was to make it");
    story_holds(plan,
                "delete that in DCT, or set policy.replace: allow create: its creation failed");
    story_holds(plan, "! VDB/orders-dev blocked: it waits for DSource/orders, which is blocked");
    free(plan);
    story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
    w->options.mode = CYCLE_APPLY;
    test_world_restart(w);
    story_converge(w, estate_all());
    test_world_free(w);
}

/* The ledger goes as well, and comes back to a job that DCT gave up, not its engine. */
static void test_a_lost_ledger_heeds_a_lost_job(void **state)
{
    static const char *const ends[] = { "\"job\":\"TIMEDOUT\",\"work\":true",
                                        "\"job\":\"ABANDONED\",\"work\":true" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct test_world *w = linking(ends[i]);
        test_world_manifests(w, estate_all());
        while (!writes_of(w, "DSource/orders"))
            test_world_run(w, 100);
        test_world_ledger_lost(w);
        w->now += 60000; /* by when DCT has given the job up */
        test_world_restart(w);
        w->options.mode = CYCLE_APPLY;
        test_world_restart(w);
        story_converge(w, estate_all());
        assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 1);
        test_world_free(w);
    }
}

static void test_what_a_lost_job_left_is_not_repaired_for_ever(void **state)
{
    (void)state;
    stays_half_made("\"job\":\"TIMEDOUT\"");
    stays_half_made("\"job\":\"ABANDONED\",\"work\":false");
}

static void test_it_is_made_again_where_that_is_allowed(void **state)
{
    static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";
    struct test_world *w = linking("\"job\":\"TIMEDOUT\"");
    char *more = xasprintf("%spolicy: {replace: allow}\n", last);
    char *yaml = text_with(estate_all(), last, more);

    (void)state;
    w->options.mode = CYCLE_APPLY;
    test_world_restart(w);
    story_converge(w, yaml);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/delete"), 1);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 2);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    free(more);
    free(yaml);
    test_world_free(w);
}

/* The engine carries on: it is waited for, and nothing is taken for broken. */
static void test_work_that_goes_on_is_given_time(void **state)
{
    struct test_world *w = linking("\"job\":\"ABANDONED\"");

    (void)state;
    test_world_manifests(w, estate_all());
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders"), 1);
    story_settle(w);
    test_world_free(w);
}

/* Its manifest goes, and comes back before DCT shows what is still being made. */
static void test_a_creation_out_of_sight_outlives_its_manifest(void **state)
{
    struct test_world *w = linking("\"job\":\"ABANDONED\"");
    const char *rest = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: DSource");
    char *less = xstrndup(estate_all(), (size_t)(rest - estate_all()));

    (void)state;
    test_world_manifests(w, estate_all());
    while (!test_world_told(w, "is not known (ABANDONED)"))
        test_world_run(w, 1000);
    test_world_manifests(w, less);
    story_go_on(w, 120000);
    story_holds(test_world_ledger(w, "DSource/orders"), "\"lost\":true");
    test_world_manifests(w, estate_all());
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 1);
    story_settle(w);
    free(less);
    test_world_free(w);
}

/* Whose creation DCT lost sight of comes to be while the manifest asks for more than
 * it did: that is brought in line, and is no sign of failure. */
static void grows_meanwhile(const char *asked, const char *from, const char *to)
{
    struct test_world *w = linking("\"job\":\"ABANDONED\"");
    char *changed = text_with(asked, from, to);

    test_world_manifests(w, asked);
    while (!test_world_told(w, "is not known (ABANDONED)"))
        test_world_run(w, 1000);
    test_world_manifests(w, changed);
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 1);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/delete"), 0);
    assert_int_equal(writes_of(w, "DSource/orders PATCH"), 1);
    story_settle(w);
    free(changed);
    test_world_free(w);
}

static void test_what_the_manifest_asks_for_since_is_no_sign_of_failure(void **state)
{
    static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";
    char *more = xasprintf("%spolicy: {replace: allow}\n", last);
    char *said = xasprintf("%s  description: asked for later\n", last);
    char *replaced = text_with(estate_all(), last, more);

    (void)state;
    grows_meanwhile(estate_all(), "password: {credential: db}", "password: {credential: db2}");
    grows_meanwhile(replaced, "password: {credential: db}", "password: {credential: db2}");
    grows_meanwhile(estate_all(), last, said);
    grows_meanwhile(replaced, last, said);
    free(more);
    free(said);
    free(replaced);
}

/* It came to be while it was suspended, and what somebody did to it since failed. */
static void test_what_failed_later_is_no_sign_of_failure(void **state)
{
    static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";
    struct test_world *w = linking("\"job\":\"ABANDONED\"");
    struct hand hand = {
        .kind = KIND_DSOURCE, .key = "DSource/orders", .reason = "INC-1", .whom = "somebody"
    };
    char *said = xasprintf("%s  description: asked for later\n", last);
    char *yaml = text_with(estate_all(), last, said);

    (void)state;
    test_world_manifests(w, estate_all());
    while (!test_world_told(w, "is not known (ABANDONED)"))
        test_world_run(w, 1000);
    test_world_ask(w, EV_SUSPEND, hand);
    test_world_manifests(w, yaml);
    story_go_on(w, HOUR);
    story_meddle(w, "fault", "{\"route\":\"*/disable\",\"times\":1,\"job\":\"FAILED\"}");
    assert_int_equal(test_world_call(w, "POST", "/dsources/1-APPDATA_CONTAINER-1/disable", "{}",
                                     NULL),
                     200);
    story_go_on(w, HOUR);
    story_holds(test_world_ledger(w, "DSource/orders"), "\"lost\":true");
    test_world_ask(w, EV_RESUME, hand);
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 1);
    assert_int_equal(writes_of(w, "DSource/orders PATCH"), 1);
    story_settle(w);
    free(yaml);
    free(said);
    test_world_free(w);
}

/* Somebody suspends it while it is waited for: what would be made from it waits too. */
static void test_nothing_is_made_from_what_may_be_half_made(void **state)
{
    struct test_world *w = linking("\"job\":\"TIMEDOUT\"");
    const struct hand hand = {
        .kind = KIND_DSOURCE, .key = "DSource/orders", .reason = "INC-1", .whom = "somebody"
    };

    (void)state;
    test_world_manifests(w, estate_all());
    while (!test_world_told(w, "is not known (TIMEDOUT)"))
        test_world_run(w, 1000);
    test_world_ask(w, EV_SUSPEND, hand);
    test_world_nudge(w);
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "VDB/"), 0);
    test_world_free(w);
}

static enum fate unheard_link(struct test_world *w, const struct request *r)
{
    (void)w;
    return streq(r->path, "/dsources/appdata") ? FATE_UNHEARD : FATE_CARRIED;
}

/* Nobody ever heard of the job; that it failed is found out afterwards. */
static void test_a_job_that_failed_unheard_is_a_failed_creation(void **state)
{
    struct test_world *w = linking("\"job\":\"FAILED\",\"job_error\":\"no space left\"");

    (void)state;
    w->fate = unheard_link;
    test_world_manifests(w, estate_all());
    story_go_on(w, 6 * (msec)HOUR);
    assert_int_equal(writes_of(w, "DSource/orders"), 1);
    assert_int_equal(writes_of(w, "VDB/"), 0);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! DSource/orders blocked: DCT failed to make it and left");
    story_holds(plan,
                "delete that in DCT, or set policy.replace: allow create: its creation failed");
    free(plan);
    test_world_free(w);
}

/* Nobody heard of the job, and the next process finds what it left by its tag. */
static void test_what_a_job_left_that_nobody_heard_of_is_not_repaired(void **state)
{
    struct test_world *w = linking("\"job\":\"ABANDONED\",\"work\":false");

    (void)state;
    w->fate = unheard_link;
    test_world_manifests(w, estate_all());
    while (!writes_of(w, "DSource/orders"))
        test_world_run(w, 20);
    w->now += HOUR;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders"), 1);
    assert_int_equal(writes_of(w, "VDB/"), 0);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! DSource/orders blocked: DCT lost the job that was to make it");
    free(plan);
    test_world_free(w);
}

/* It is protected, and its creation has failed. */
static struct test_world *protected_half(const char *yaml)
{
    struct test_world *w = linking("\"job\":\"FAILED\",\"job_error\":\"no space left\"");

    test_world_manifests(w, yaml);
    story_go_on(w, HOUR);
    assert_int_equal(writes_of(w, "DSource/orders"), 1);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! DSource/orders blocked: DCT failed to make it and left");
    story_holds(plan, "it is protected, so only a person may delete that: do so in DCT, and it is "
                      "made anew; or `dctd forget --force DSource/orders`, and what is there is "
                      "kept and brought in line");
    free(plan);
    return w;
}

/* Both of what the plan says lead on. */
static void test_what_is_protected_is_left_to_a_person(void **state)
{
    static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";
    char *more = xasprintf("%spolicy: {protect: true, replace: allow}\n", last);
    char *yaml = text_with(estate_all(), last, more);
    struct test_world *w = protected_half(yaml);

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
    w->options.mode = CYCLE_APPLY;
    test_world_restart(w);
    story_converge(w, yaml);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 2);
    test_world_free(w);

    w = protected_half(yaml);
    test_world_ask(w, EV_FORGET, (struct hand){ .key = "DSource/orders", .force = true });
    story_go_on(w, HOUR);
    char *plan = story_plan(w, yaml);
    story_lacks(plan, "DSource/orders blocked");
    story_lacks(plan, "+ DSource/orders");
    free(plan);
    assert_int_equal(writes_of(w, "DSource/orders POST /dsources/appdata"), 1);
    test_world_free(w);
    free(more);
    free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_lost_ledger_heeds_a_lost_job),
        cmocka_unit_test(test_what_a_lost_job_left_is_not_repaired_for_ever),
        cmocka_unit_test(test_it_is_made_again_where_that_is_allowed),
        cmocka_unit_test(test_work_that_goes_on_is_given_time),
        cmocka_unit_test(test_a_creation_out_of_sight_outlives_its_manifest),
        cmocka_unit_test(test_what_the_manifest_asks_for_since_is_no_sign_of_failure),
        cmocka_unit_test(test_what_failed_later_is_no_sign_of_failure),
        cmocka_unit_test(test_nothing_is_made_from_what_may_be_half_made),
        cmocka_unit_test(test_a_job_that_failed_unheard_is_a_failed_creation),
        cmocka_unit_test(test_what_a_job_left_that_nobody_heard_of_is_not_repaired),
        cmocka_unit_test(test_what_is_protected_is_left_to_a_person),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
