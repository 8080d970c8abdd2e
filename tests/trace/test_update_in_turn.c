/* Changes that come one after the other: locks, tokens, hooks, users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

#define ENABLED "  enabled: true\n"

static void then(struct test_world *w, const char *yaml, const char *sent)
{
    story_forget(w);
    story_converge(w, yaml);
    story_sent(w, sent);
}

static char *dev_with(const char *lines)
{
    return text_with(estate_all(), ENABLED, lines);
}

static void test_what_is_locked_is_unlocked_before_it_changes(void **state)
{
    char *locked = dev_with("  locked: true\n");
    char *open = text_with(estate_all(), "  description: for developers\n",
                           "  description: for all\n  locked: false\n");
    struct test_world *w = story_of(locked);

    (void)state;
    then(w, open,
         "VDB/orders-dev POST /vdbs/{id}/unlock\n"
         "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for all\"}\n");
    story_member(w, "/vdbs", "orders-dev", "is_locked", "false");
    free(locked);
    free(open);
    test_world_free(w);
}

static void test_somebody_elses_lock_stops_us(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "for developers", "for all");

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/vdbs/1-APPDATA_CONTAINER-2/lock", "{}", NULL),
                     200);
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-dev blocked: the VDB is locked by admin; unlock it in DCT");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_a_token_asks_once(void **state)
{
    char *one = dev_with("  refresh: {token: one}\n"), *two = dev_with("  refresh: {token: two}\n");
    struct test_world *w = story_of(one); /* there from the start: nothing to refresh */

    (void)state;
    story_member(w, "/vdbs", "orders-dev", "current_timeflow_id", "1-APPDATA_TIMEFLOW-2");
    then(w, two, "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n");
    then(w, two, "");
    test_world_restart(w);
    then(w, two, "");
    test_world_ledger_lost(w);
    test_world_restart(w);
    then(w, two, "");
    then(w, estate_all(), "");
    free(one);
    free(two);
    test_world_free(w);
}

static void test_a_refresh_that_fails_is_asked_again(void **state)
{
    char *one = dev_with("  refresh: {token: one}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "fault",
                 "{\"route\":\"/vdbs/*/refresh_by_snapshot\",\"job\":\"FAILED\","
                 "\"times\":1}");
    then(w, one,
         "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n"
         "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n");
    free(one);
    test_world_free(w);
}

static void test_hooks_come_and_go(void **state)
{
    char *both = dev_with("  hooks: {preRefresh: [{command: a}, {command: b}]}\n");
    char *one = dev_with("  hooks: {preRefresh: [{command: b}]}\n");
    char *none = dev_with("  hooks: {preRefresh: []}\n");
    struct test_world *w = story_of(both);

    (void)state;
    then(w, one,
         "VDB/orders-dev PATCH /vdbs/{id} {\"hooks\":{\"pre_refresh\":"
         "[{\"command\":\"b\"}]}}\n");
    then(w, none, "VDB/orders-dev PATCH /vdbs/{id} {\"hooks\":{\"pre_refresh\":[]}}\n");
    then(w, estate_all(), "");
    free(both);
    free(one);
    free(none);
    test_world_free(w);
}

static void test_off_and_on_by_manifest(void **state)
{
    char *off = dev_with("  enabled: false\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    then(w, off, "VDB/orders-dev POST /vdbs/{id}/disable {}\n");
    then(w, estate_all(), "VDB/orders-dev POST /vdbs/{id}/enable {}\n");
    free(off);
    test_world_free(w);
}

static void test_users_by_name(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *ingest = text_with(estate_all(), "  environmentUser: postgres\n  stagingEnv",
                             "  environmentUser: second\n  stagingEnv");
    char *both =
        text_with(ingest, "stagingEnvironmentUser: postgres", "stagingEnvironmentUser: second");
    char *run = text_with(estate_all(), "  environmentUser: postgres\n  group: Untitled\n  snap",
                          "  environmentUser: second\n  group: Untitled\n  snap");

    (void)state;
    for (int i = 1; i <= 2; i++) {
        char *path = xasprintf("/environments/1-UNIX_HOST_ENVIRONMENT-%d/users", i);
        assert_int_equal(test_world_call(w, "POST", path,
                                         "{\"username\":\"second\",\"password\":\"x\"}", NULL),
                         201);
        free(path);
    }
    w->now += 60000;
    then(w, both,
         "DSource/orders PATCH /dsources/appdata/{id} {\"environment_user\":"
         "\"HOST_USER-3\",\"staging_environment_user\":\"HOST_USER-3\"}\n");
    then(w, estate_all(),
         "DSource/orders PATCH /dsources/appdata/{id} {\"environment_user\":"
         "\"HOST_USER-1\",\"staging_environment_user\":\"HOST_USER-1\"}\n");
    then(w, run,
         DEV_OFF
         "VDB/orders-dev PATCH /vdbs/{id} {\"environment_user_id\":\"HOST_USER-4\"}\n" DEV_ON);
    free(ingest);
    free(both);
    free(run);
    test_world_free(w);
}

static void blocked(const char *from, const char *to, const char *why)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), from, to), *plan = story_plan(w, yaml);

    story_holds(plan, why);
    story_holds(plan, "Plan: 1 blocked.");
    story_lacks(plan, "Not everything could be observed");
    story_rest(w, yaml);
    assert_false(w->converged);
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_names_that_mean_nothing(void **state)
{
    (void)state;
    blocked("  environmentUser: postgres\n  stagingEnv", "  environmentUser: no\n  stagingEnv",
            "! DSource/orders blocked: `environmentUser`: environment pg-staging has no user");
    blocked("snapshotPolicy: daily", "snapshotPolicy: never",
            "! VDB/orders-dev blocked: `snapshotPolicy`: DCT has no policy `never` on engine");
    blocked("snapshotPolicy: nightly", "snapshotPolicy: weekly", /* of another type */
            "! DSource/orders blocked: `snapshotPolicy`: DCT has no policy `weekly` on");
}

static void test_a_connector_for_no_engine(void **state)
{
    (void)state;
    blocked("engines: [east]", "engines: [east, west]",
            "! Connector/postgresql@west blocked: `engine`: no manifest and nothing in DCT is");
}

/* What moves a VDB is a create, whatever else comes with it. */
static void test_another_host_is_no_update(void **state)
{
    (void)state;
    blocked("source: {vdb: orders-dev}\n  environment: pg-target",
            "source: {vdb: orders-dev}\n  environment: pg-staging",
            "! VDB/orders-test blocked: `environment`, `environmentUser` cannot be changed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_locked_is_unlocked_before_it_changes),
        cmocka_unit_test(test_somebody_elses_lock_stops_us),
        cmocka_unit_test(test_a_token_asks_once),
        cmocka_unit_test(test_a_refresh_that_fails_is_asked_again),
        cmocka_unit_test(test_hooks_come_and_go),
        cmocka_unit_test(test_off_and_on_by_manifest),
        cmocka_unit_test(test_users_by_name),
        cmocka_unit_test(test_names_that_mean_nothing),
        cmocka_unit_test(test_a_connector_for_no_engine),
        cmocka_unit_test(test_another_host_is_no_update),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
