/* A database that has to be off while it is changed: off, change, on, and the
 * debt is paid whatever happens in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

#define OFF "VDB/orders-dev POST /vdbs/{id}/disable {}\n"
#define ON  "VDB/orders-dev POST /vdbs/{id}/enable {}\n"
#define PORT \
    "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5534," \
    "\"mountLocation\":\"/mnt/orders-dev\"}}\n"

static char *other_port(void)
{
    return text_with(estate_all(), "port: 5434", "port: 5534");
}

static void fault(struct test_world *w, const char *rule)
{
    story_meddle(w, "fault", rule);
}

static void test_the_plan_says_that_it_goes_down(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = other_port(), *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "~ VDB/orders-dev");
    story_holds(plan, "postgresql.port  5434 -> 5534");
    story_holds(plan, "! VDB orders-dev is disabled during this update");
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_refused_change_switches_it_on_again(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = other_port();

    (void)state;
    fault(w, "{\"route\":\"/vdbs/*\",\"method\":\"PATCH\",\"status\":400,\"times\":1}");
    test_world_manifests(w, yaml);
    test_world_run(w, 60000);
    story_sent(w, DEV_OFF PORT DEV_ON);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_holds(buf_text(&w->trace), "failed  VDB/orders-dev: update: DCT answered 400");
    story_forget(w);
    story_settle(w);
    story_sent(w, DEV_OFF PORT DEV_ON);
    free(yaml);
    test_world_free(w);
}

static void test_failed_job_switches_it_on_again(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = other_port();

    (void)state;
    fault(w, "{\"route\":\"/vdbs/*\",\"method\":\"PATCH\",\"job\":\"FAILED\","
             "\"job_error\":\"no space left\",\"times\":1}");
    story_converge(w, yaml);
    story_sent(w, DEV_OFF PORT DEV_ON DEV_OFF PORT DEV_ON);
    story_holds(buf_text(&w->trace), "FAILED: no space left");
    free(yaml);
    test_world_free(w);
}

/* Whatever DCT says to that: it is off, and asked for again within minutes. */
static void test_refused_enable_is_tried_again_soon(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = other_port();

    (void)state;
    fault(w, "{\"route\":\"/vdbs/*/enable\",\"method\":\"POST\",\"status\":400,\"times\":4}");
    test_world_manifests(w, yaml);
    test_world_run(w, 300000);
    assert_true(w->converged);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_sent(w, DEV_OFF PORT ON ON ON ON DEV_ON);
    free(yaml);
    test_world_free(w);
}

static void test_what_was_off_stays_off(void **state)
{
    char *start = text_with(estate_all(), "  enabled: true\n", "");
    char *yaml = text_with(start, "port: 5434", "port: 5534");
    struct test_world *w = story_of(start);

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"enabled\":"
                 "false,\"status\":\"STOPPED\"}}");
    story_converge(w, yaml);
    story_sent(w, PORT);
    story_member(w, "/vdbs", "orders-dev", "enabled", "false");
    free(start);
    free(yaml);
    test_world_free(w);
}

static void test_what_is_to_be_off_is_not_switched_on(void **state)
{
    char *off = text_with(estate_all(), "enabled: true", "enabled: false");
    char *yaml = text_with(off, "port: 5434", "port: 5534");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_converge(w, yaml);
    story_sent(w, OFF PORT);
    story_member(w, "/vdbs", "orders-dev", "enabled", "false");
    free(off);
    free(yaml);
    test_world_free(w);
}

/* The answer to one call is lost, whatever became of the call. */
static enum fate fate_of_patch(struct test_world *w, const struct request *r)
{
    enum fate *once = w->ctx;
    enum fate is = *once;

    if (!streq(r->method, "PATCH"))
        return FATE_CARRIED;
    *once = FATE_CARRIED;
    return is;
}

static enum fate fate_of_enable(struct test_world *w, const struct request *r)
{
    enum fate *once = w->ctx;
    enum fate is = *once;
    size_t n = strlen(r->path);

    if (n < 7 || !streq(r->path + n - 7, "/enable"))
        return FATE_CARRIED;
    *once = FATE_CARRIED;
    return is;
}

static void lost(enum fate (*whose)(struct test_world *, const struct request *), enum fate fate)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = other_port();

    w->fate = whose;
    w->ctx = &fate;
    story_converge(w, yaml);
    assert_int_equal(fate, FATE_CARRIED);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_member(w, "/vdbs", "orders-dev", "appdata_source_params.postgresPort", "5534");
    story_lacks(buf_text(&w->trace), "orders-test");
    free(yaml);
    test_world_free(w);
}

static void test_lost_change_leaves_it_on(void **state)
{
    (void)state;
    lost(fate_of_patch, FATE_LOST);
    lost(fate_of_patch, FATE_UNHEARD);
    lost(fate_of_patch, FATE_UNSENT);
    lost(fate_of_patch, FATE_ANSWER_503);
}

static void test_lost_enable_is_paid_later(void **state)
{
    (void)state;
    lost(fate_of_enable, FATE_LOST);
    lost(fate_of_enable, FATE_UNHEARD);
    lost(fate_of_enable, FATE_UNSENT);
    lost(fate_of_enable, FATE_ANSWER_503);
}

/* The process ends with the database off; the manifest says nothing of `enabled`. */
static void test_debt_outlives_the_process(void **state)
{
    char *start = text_with(estate_all(), "  enabled: true\n", "");
    char *yaml = text_with(start, "port: 5434", "port: 5534");
    struct test_world *w = story_of(start);

    (void)state;
    test_world_manifests(w, yaml);
    test_world_run(w, 25000);
    story_member(w, "/vdbs", "orders-dev", "enabled", "false");
    story_holds(test_world_ledger(w, "VDB/orders-dev"), "owes");
    test_world_restart(w);
    story_forget(w);
    char *plan = story_plan(w, start);
    story_holds(plan, "~ VDB/orders-dev enable: it was disabled for a change");
    story_holds(plan, "Plan: 1 to enable.");
    free(plan);
    story_converge(w, start); /* the change is even taken back */
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_lacks(test_world_ledger(w, "VDB/orders-dev"), "owes");
    free(start);
    free(yaml);
    test_world_free(w);
}

/* DCT refreshes only what is on. */
static void test_a_refresh_waits_until_it_is_on(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *off = text_with(estate_all(), "/mnt/orders-dev}\n  enabled: true\n",
                          "/mnt/orders-dev}\n  enabled: false\n  refresh: {token: one}\n");
    char *on = text_with(off, "enabled: false", "enabled: true");
    char *plan = story_plan(w, off);

    (void)state;
    story_holds(plan, "VDB/orders-dev: its refresh waits until its manifest lets it be on");
    story_converge(w, off);
    story_sent(w, OFF);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    story_converge(w, on);
    story_sent(w, ON "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n");
    free(plan);
    free(off);
    free(on);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_refresh_waits_until_it_is_on),
        cmocka_unit_test(test_the_plan_says_that_it_goes_down),
        cmocka_unit_test(test_refused_change_switches_it_on_again),
        cmocka_unit_test(test_failed_job_switches_it_on_again),
        cmocka_unit_test(test_refused_enable_is_tried_again_soon),
        cmocka_unit_test(test_what_was_off_stays_off),
        cmocka_unit_test(test_what_is_to_be_off_is_not_switched_on),
        cmocka_unit_test(test_lost_change_leaves_it_on),
        cmocka_unit_test(test_lost_enable_is_paid_later),
        cmocka_unit_test(test_debt_outlives_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
