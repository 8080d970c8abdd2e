/* Modes of the cycle and of objects: plans that only read, objects that are
 * only looked at, pauses, and manifests that change while DCT works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static char *with_policy(const char *policy)
{
    char *to =
        xasprintf("mountLocation: /mnt/orders-test}\n  description: mine\npolicy: %s\n", policy);
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n", to);

    free(to);
    return yaml;
}

/* Nothing may leave the process but reading. */
static enum fate only_reads(struct test_world *w, const struct request *r)
{
    size_t n = strcspn(r->path, "?");

    (void)w;
    assert_false(r->write);
    if (!streq(r->method, "GET")) {
        assert_string_equal(r->method, "POST");
        assert_true(n > 7);
        assert_memory_equal(r->path + n - 7, "/search", 7);
    }
    return FATE_CARRIED;
}

static void test_a_plan_only_reads(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .read_only = true }, CYCLE_PLAN);

    (void)state;
    w->fate = only_reads;
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "Plan: 8 to create.");
    assert_null(test_world_ledger(w, "Engine/east"));
    free(plan);
    test_world_free(w);

    w = story_of(estate_all());
    char *yaml = with_policy("{mode: enforce}");
    w->fate = only_reads;
    story_meddle(w, "drift", "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"tags\":[]}}");
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    w->options.prune = true;
    plan = story_plan(w, yaml);
    story_holds(plan, "~ VDB/orders-dev");
    story_holds(plan, "+ VDB/orders-test");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_warn_tells_and_does_nothing(void **state)
{
    char *yaml = with_policy("{mode: warn}");
    struct test_world *w = story_of(estate_all());
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "! VDB/orders-test blocked: policy.mode is warn: reported, not repaired");
    story_holds(plan, "description");
    story_holds(plan, "No changes. 7 of 8 objects match DCT. 1 left alone.");
    story_rest(w, yaml);
    story_sent(w, "");
    assert_true(w->converged); /* what policy leaves alone is no failure */
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_observe_never_writes(void **state)
{
    char *yaml = with_policy("{mode: observe}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    story_rest(w, yaml);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(yaml);
    test_world_free(w);
}

/* It goes with its manifest, and what it forbade is not done for that. */
static void hands_stay_off(const char *policy)
{
    char *watched = with_policy(policy), *enforced = with_policy("{mode: enforce}");
    char *less =
        text_with(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test}",
                  "\1");
    struct test_world *w = story_of(estate_all());

    *strchr(less, '\1') = '\0'; /* it is the last document */
    w->options.prune = true;
    story_rest(w, watched);
    test_world_restart(w);
    char *plan = story_plan(w, less);
    story_holds(plan, "! VDB/orders-test blocked: policy.mode of its manifest let nothing be "
                      "written to it");
    story_rest(w, less);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    story_converge(w, enforced);
    story_converge(w, less);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(plan);
    free(less);
    free(enforced);
    free(watched);
    test_world_free(w);
}

static void test_what_is_only_watched_is_not_deleted_with_its_manifest(void **state)
{
    (void)state;
    hands_stay_off("{mode: observe}");
    hands_stay_off("{mode: warn}");
}

/* A rule that is broken is something else than a wish. */
static void test_what_a_rule_blocks_is_not_left_alone(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "port: 5435, mountLocation: /mnt/orders-test}\n",
                           "port: 5435, mountLocation: /mnt/orders-test}\n  databaseName: x\n");
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "Plan: 1 blocked.");
    story_rest(w, yaml);
    assert_false(w->converged);
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* What waits for something that is left alone is left alone with it. */
static void test_what_waits_for_it_is_left_alone_too(void **state)
{
    char *yaml = text_with(estate_all(),
                           "  postgresql: {port: 5434, mountLocation: /mnt/orders-dev}\n"
                           "  enabled: true\n",
                           "  postgresql: {port: 5434, mountLocation: /mnt/orders-dev}\n"
                           "policy: {suspend: {reason: INC-1, until: '1971-01-01T00:00:00Z'}}\n");
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    story_rest(w, yaml);
    assert_true(w->converged);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-dev"), 0);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "suspended: INC-1, until 1971-01-01T00:00:00Z");
    story_holds(plan, "No changes. 6 of 8 objects match DCT. 2 left alone.");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* It holds nothing back any more, and is told until somebody takes it out. */
static void test_a_suspension_that_is_over_is_told(void **state)
{
    char *yaml = with_policy("{suspend: {reason: INC-1234, until: '1970-01-01T00:00:01Z'}}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_converge(w, yaml);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "VDB/orders-test: its policy.suspend is over (until 1970-01-01T00:00:01Z)");
    story_holds(plan, "No changes. 8 objects match DCT.");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* What waits for something blocked is told to wait, and nothing else is. */
static void test_suspended_until_told_otherwise(void **state)
{
    char *yaml = with_policy("{suspend: {reason: INC-1234}}");
    struct test_world *w = story_of(estate_all());
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "! VDB/orders-test blocked: suspended: INC-1234");
    story_rest(w, yaml);
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_a_suspension_runs_out(void **state)
{
    char *yaml = with_policy("{suspend: {reason: INC-1234, until: '1970-01-01T01:00:00Z'}}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, 60000);
    assert_true(w->rested);
    story_sent(w, "");
    story_go_on(w, 3500000 - w->now);
    story_sent(w, "");
    story_go_on(w, 4500000 - w->now);
    story_sent(w, "VDB/orders-test PATCH /vdbs/{id} {\"description\":\"mine\"}\n");
    free(yaml);
    test_world_free(w);
}

/* The service looks again by itself, whatever is blocked in between. */
static void test_a_blocked_line_stops_no_service(void **state)
{
    char *yaml = with_policy("{mode: warn}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, 60000);
    assert_true(w->rested);
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":"
                 "\"theirs\"}}");
    story_go_on(w, 600000);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n");
    free(yaml);
    test_world_free(w);
}

/* A job is under way when the manifests change: it is followed, not repeated. */
static void test_new_manifests_find_the_running_job(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
    char *yaml = text_with(estate_all(), "description: for developers", "description: for all");

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 310000);
    story_holds(buf_text(&w->trace), "started VDB/orders-dev");
    story_lacks(buf_text(&w->trace), "done VDB/orders-dev");
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-dev"), 1);
    size_t made = 0, patched = 0;
    for (size_t i = 0; i < w->sent.n; i++) {
        made += starts_with(w->sent.items[i], "VDB/orders-dev POST /vdbs/provision");
        patched += starts_with(w->sent.items[i], "VDB/orders-dev PATCH");
    }
    assert_int_equal(made, 1);
    assert_int_equal(patched, 1);
    story_member(w, "/vdbs", "orders-dev", "description", "for all");
    free(yaml);
    test_world_free(w);
}

/* It comes to its end, and nothing follows: what it leads to may be looked at later. */
static void test_a_suspension_lets_a_running_job_end(void **state)
{
    const struct suspension all = { .kind = KINDS, .reason = "INC-1" };
    struct test_world *w = story_service(estate_all());
    char *changed = text_with(estate_all(), "for developers", "for all");

    (void)state;
    test_world_manifests(w, changed);
    for (size_t i = 0; i < 600 && !w->sent.n; i++)
        test_world_run(w, 100);
    story_holds(w->sent.items[0], "VDB/orders-dev PATCH /vdbs/{id}");
    test_world_run(w, 100); /* its answer is there, its job goes on */
    story_forget(w);
    w->options.suspensions = &all;
    w->options.n_suspensions = 1;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    story_go_on(w, 3600000);
    story_sent(w, "");
    story_member(w, "/vdbs", "orders-dev", "description", "for all");
    w->options.n_suspensions = 0;
    test_world_options(w);
    story_go_on(w, 3600000);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n");
    free(changed);
    test_world_free(w);
}

static void test_a_new_process_finds_the_running_job(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 250000); /* the dSource is being linked */
    story_holds(buf_text(&w->trace), "started DSource/orders");
    story_lacks(buf_text(&w->trace), "done DSource/orders");
    test_world_restart(w);
    story_forget(w);
    story_converge(w, estate_all());
    story_lacks(buf_text(&w->trace), "/dsources/appdata");
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    test_world_free(w);
}

/* The manifest goes while its object is being made: it is not forgotten. */
static void test_a_manifest_that_goes_while_its_job_runs(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
    const char *last = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: "
                                            "{name: orders-test}");
    char *yaml = xstrndup(estate_all(), (size_t)(last - estate_all()));

    (void)state;
    w->options.prune = true;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    test_world_run(w, 410000);
    story_holds(buf_text(&w->trace), "started VDB/orders-test");
    story_converge(w, yaml);
    w->now += 600000; /* the job ends, and nobody waits for it */
    story_settle(w);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_only_reads),
        cmocka_unit_test(test_what_a_rule_blocks_is_not_left_alone),
        cmocka_unit_test(test_what_waits_for_it_is_left_alone_too),
        cmocka_unit_test(test_a_suspension_that_is_over_is_told),
        cmocka_unit_test(test_warn_tells_and_does_nothing),
        cmocka_unit_test(test_observe_never_writes),
        cmocka_unit_test(test_what_is_only_watched_is_not_deleted_with_its_manifest),
        cmocka_unit_test(test_suspended_until_told_otherwise),
        cmocka_unit_test(test_a_suspension_runs_out),
        cmocka_unit_test(test_a_blocked_line_stops_no_service),
        cmocka_unit_test(test_new_manifests_find_the_running_job),
        cmocka_unit_test(test_a_suspension_lets_a_running_job_end),
        cmocka_unit_test(test_a_new_process_finds_the_running_job),
        cmocka_unit_test(test_a_manifest_that_goes_while_its_job_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
