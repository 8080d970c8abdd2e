/* What stops dctd from going on: thrashing, engines that are away, suspension,
 * and too many deletions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/flips.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

/* Somebody changes it back each time: after a few repairs it is left alone. */
static void test_an_object_that_flips_is_left_alone_for_an_hour(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    for (unsigned i = 0; i < FLIPS_MAX; i++) {
        story_spoil_description(w);
        story_settle(w);
    }
    story_forget(w);
    story_spoil_description(w);
    story_rest(w, NULL);
    story_sent(w, "");
    assert_false(w->converged);
    story_member(w, "/vdbs", "orders-dev", "description", "by hand");
    w->now += FLIPS_WINDOW;
    story_settle(w);
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    test_world_free(w);
}

static void spoil_host(struct test_world *w)
{
    story_meddle(w, "drift",
                 "{\"kind\":\"environments\",\"name\":\"pg-target\",\"set\":"
                 "{\"hosts\":[{\"id\":\"1-UNIX_HOST-2\",\"hostname\":\"pg-target.example.com\","
                 "\"toolkit_path\":\"/tmp\",\"ssh_port\":22}]}}");
}

/* What would have to be off for its repair stays on. */
static void test_nothing_goes_off_for_a_host_that_flips(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    for (unsigned i = 0; i < FLIPS_MAX; i++) {
        spoil_host(w);
        story_settle(w);
    }
    story_forget(w);
    spoil_host(w);
    story_rest(w, NULL);
    assert_false(w->converged);
    story_sent(w, "");
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    w->now += FLIPS_WINDOW;
    story_settle(w);
    test_world_free(w);
}

/* A service that is started again, or an apply every few minutes, is no way round it. */
static void test_a_restart_begins_no_new_hour(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    for (unsigned i = 0; i < FLIPS_MAX; i++) {
        story_spoil_description(w);
        test_world_restart(w);
        story_rest(w, estate_all());
        assert_true(w->converged);
    }
    story_forget(w);
    story_spoil_description(w);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "its drift was repaired 5 times within the hour");
    free(plan);
    test_world_restart(w);
    story_rest(w, estate_all());
    story_sent(w, "");
    assert_false(w->converged);
    test_world_set_clock(w, -2 * (msec)FLIPS_WINDOW); /* that hour is of another clock */
    story_settle(w);
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    test_world_free(w);
}

static size_t times_told(const struct test_world *w, const char *what)
{
    size_t n = 0;

    for (const char *at = buf_text(&w->trace); (at = strstr(at, what)); at++)
        n++;
    return n;
}

/* Cycle after cycle finds the same: people hear of it when it begins. */
static void test_what_is_left_alone_is_told_once(void **state)
{
    const msec minute = 60000;
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_RUN);

    (void)state;
    w->options.interval = 5 * minute;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    story_go_on(w, 60 * minute);
    story_forget(w);
    for (unsigned i = 0; i <= FLIPS_MAX; i++) {
        story_spoil_description(w);
        test_world_nudge(w);
        story_go_on(w, minute);
    }
    story_go_on(w, 40 * minute);
    assert_int_equal(times_told(w, "is \"by hand\", the manifest says"), FLIPS_MAX + 1);
    assert_int_equal(times_told(w, "and something changes it back"), 1);
    story_go_on(w, 30 * minute);
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    test_world_free(w);
}

static size_t refused;

static enum fate engine_is_away(struct test_world *w, const struct request *r)
{
    (void)w;
    if (!r->write)
        return FATE_CARRIED;
    refused++;
    return FATE_ANSWER_503;
}

/* Twelve objects want something of an engine that is away: one asks. */
static void test_an_engine_that_is_away_is_asked_once_a_pause(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_RUN);
    char *changed = text_with(estate_all(), "description: for developers", "description: new");
    char *both = text_with(changed, "snapshotPolicy: nightly", "snapshotPolicy: hourly");

    (void)state;
    w->options.per_engine = 1;
    test_world_restart(w);
    story_converge(w, estate_all());
    refused = 0;
    w->fate = engine_is_away;
    test_world_manifests(w, both);
    test_world_run(w, 1500);
    assert_int_equal(refused, 1);
    w->fate = NULL;
    for (unsigned rests = 0; !w->converged && rests < 5; rests++) {
        w->rested = false;
        test_world_run(w, 3600000);
    }
    assert_true(w->converged);
    story_member(w, "/vdbs", "orders-dev", "description", "new");
    free(both);
    free(changed);
    test_world_free(w);
}

static void test_suspended_kinds_are_not_touched_until_the_end(void **state)
{
    struct test_world *w = story_of(estate_all());
    const struct suspension vdbs = { .kind = KIND_VDB,
                                     .reason = "INC-1234",
                                     .until = w->now + 3600000 };

    (void)state;
    w->options.suspensions = &vdbs;
    w->options.n_suspensions = 1;
    test_world_restart(w);
    story_spoil_description(w);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "its kind is suspended: INC-1234");
    free(plan);
    story_rest(w, estate_all());
    story_sent(w, "");
    w->now += 3600000;
    story_settle(w);
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    test_world_free(w);
}

/* Of two of one kind the one that goes on longer counts; each end is told once. */
static void test_an_end_that_the_configuration_gave_is_told_once(void **state)
{
    const struct suspension all[] = {
        { .kind = KIND_VDB, .reason = "INC-1", .until = 40000000, .at = "dctd.yaml:9:5" },
        { .kind = KIND_VDB, .reason = "INC-2", .until = 20000000, .at = "dctd.yaml:10:5" },
        { .kind = KIND_VDB, .reason = "INC-3", .until = 1, .at = "dctd.yaml:11:5" },
    };
    struct test_world *w = story_service(estate_all());

    (void)state;
    assert_true(w->now < all[1].until);
    w->options.suspensions = all;
    w->options.n_suspensions = 3;
    test_world_options(w);
    story_spoil_description(w);
    story_go_on(w, 39000000 - w->now);
    story_sent(w, "");
    assert_int_equal(
        times_told(w, "dctd.yaml:10:5: the time is over for: its kind is suspended: INC-2"), 1);
    story_go_on(w, 50000000 - w->now);
    assert_int_equal(w->sent.n, 1);
    assert_int_equal(times_told(w, "the time is over for"), 2);
    story_holds(buf_text(&w->trace), "dctd.yaml:9:5: the time is over for: its kind is suspended: "
                                     "INC-1, until 1970-01-01T11:06:40Z; take it out of "
                                     "reconcile.suspend, or give it another date");
    test_world_free(w);
}

static void test_a_share_of_the_estate_is_a_budget_too(void **state)
{
    struct test_world *w = story_of(estate_all());
    const char *all = estate_all(), *vdb = strstr(all, "---\napiVersion: dct/v1\nkind: VDB");
    char *few = xasprintf("%.*s", (int)(vdb - all), all);

    (void)state;
    w->options.prune = true;
    w->options.delete_percent = 20;
    test_world_restart(w);
    story_rest(w, few);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    w->options.delete_percent = 25;
    test_world_restart(w);
    story_converge(w, few);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    free(few);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_object_that_flips_is_left_alone_for_an_hour),
        cmocka_unit_test(test_nothing_goes_off_for_a_host_that_flips),
        cmocka_unit_test(test_a_restart_begins_no_new_hour),
        cmocka_unit_test(test_what_is_left_alone_is_told_once),
        cmocka_unit_test(test_an_engine_that_is_away_is_asked_once_a_pause),
        cmocka_unit_test(test_suspended_kinds_are_not_touched_until_the_end),
        cmocka_unit_test(test_an_end_that_the_configuration_gave_is_told_once),
        cmocka_unit_test(test_a_share_of_the_estate_is_a_budget_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
