/* What is said of objects while their story goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/status.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const msec HOUR = 3600000;

static struct object_status look_at(const struct test_world *w, const char *key)
{
    struct object_status o;

    if (!cycle_object(w->cycle, key, w->now, &o))
        fail_msg("nothing is known of %s", key);
    assert_non_null(o.track);
    return o;
}

/* "Ready True Available" */
static void is(const struct test_world *w, const char *key, enum condition_type type,
               const char *expected)
{
    const struct object_status o = look_at(w, key);
    const struct judgement *j = &o.track->now[type];
    char *text =
        xasprintf("%s %s %s", condition_name(type), truth_name(j->status), reason_name(j->reason));

    if (!streq(text, expected))
        fail_msg("%s is %s (%s), not %s", key, text, track_message(o.track, type), expected);
    free(text);
}

static void says(const struct test_world *w, const char *key, enum condition_type type,
                 const char *part)
{
    story_holds(track_message(look_at(w, key).track, type), part);
}

static void is_well(const struct test_world *w, const char *key)
{
    is(w, key, CONDITION_READY, "Ready True Available");
    is(w, key, CONDITION_SYNCED, "Synced True InSync");
    is(w, key, CONDITION_STALLED, "Stalled False NotStalled");
    is(w, key, CONDITION_DRIFTED, "Drifted False NoDrift");
    is(w, key, CONDITION_SUSPENDED, "Suspended False NotSuspended");
    assert_null(look_at(w, key).track->error);
}

/* "Ready False Missing; Ready True Available" */
static void went_through(const struct test_world *w, const char *key, const char *expected)
{
    const struct track *t = look_at(w, key).track;
    struct buf b = BUF_WITH_LIMIT(1 << 16);

    for (size_t i = 0; i < t->n_past; i++)
        buf_printf(&b, "%s%s %s %s", i ? "; " : "", condition_name(t->past[i].type),
                   truth_name(t->past[i].status), reason_name(t->past[i].reason));
    assert_string_equal(buf_text(&b), expected);
    buf_clear(&b);
}

static void test_from_nothing_to_ready(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    (void)state;
    test_world_manifests(w, estate_all());
    for (enum condition_type t = 0; t < CONDITION_SUSPENDED; t++)
        assert_int_equal(look_at(w, "VDB/orders-dev").track->now[t].status, TRUTH_UNKNOWN);
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready Unknown NotObserved");
    is(w, "VDB/orders-dev", CONDITION_SUSPENDED, "Suspended False NotSuspended");
    test_world_run(w, 1000);
    is(w, "Engine/east", CONDITION_READY, "Ready False Creating");
    is(w, "Engine/east", CONDITION_SYNCED, "Synced False Creating");
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready False Missing");
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced False Waiting");
    says(w, "VDB/orders-dev", CONDITION_SYNCED, "it waits for Engine/east");
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled False NotStalled");
    is(w, "VDB/orders-dev", CONDITION_DRIFTED, "Drifted False NoDrift");
    test_world_run(w, HOUR);
    assert_true(w->converged);
    is_well(w, "Engine/east");
    is_well(w, "VDB/orders-dev");
    went_through(w, "VDB/orders-dev",
                 "Ready False Missing; Synced False Waiting; "
                 "Ready True Available; Synced True InSync");
    assert_true(look_at(w, "VDB/orders-dev").track->since[CONDITION_READY] >
                look_at(w, "Engine/east").track->since[CONDITION_READY]);
    test_world_free(w);
}

/* The next observation says nothing new, and nothing flaps while it lasts. */
static void test_what_stands_stands_while_dct_is_observed(void **state)
{
    struct test_world *w = story_service(estate_all());
    const msec since = look_at(w, "VDB/orders-dev").track->since[CONDITION_READY];

    (void)state;
    test_world_nudge(w);
    is_well(w, "VDB/orders-dev");
    assert_int_equal(cycle_phase(w->cycle), CYCLE_OBSERVING);
    assert_non_null(cycle_plan(w->cycle));
    test_world_run(w, HOUR);
    is_well(w, "VDB/orders-dev");
    assert_true(look_at(w, "VDB/orders-dev").track->since[CONDITION_READY] == since);
    went_through(w, "VDB/orders-dev", "");
    test_world_free(w);
}

static void test_drift_that_is_only_reported(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-dev}\n  enabled: true\n",
                           "mountLocation: /mnt/orders-dev}\n  enabled: true\n"
                           "policy: {mode: warn}\n");
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_manifests(w, yaml);
    story_spoil_description(w);
    story_go_on(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready True Available");
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced False NotEnforced");
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled False NotStalled");
    is(w, "VDB/orders-dev", CONDITION_DRIFTED, "Drifted True Drift");
    says(w, "VDB/orders-dev", CONDITION_DRIFTED,
         "`description` is \"by hand\", the manifest says \"for developers\"");
    assert_null(look_at(w, "VDB/orders-dev").track->error);
    went_through(w, "VDB/orders-dev", "Synced False NotEnforced; Drifted True Drift");
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":"
                 "\"for developers\"}}");
    story_go_on(w, HOUR);
    is_well(w, "VDB/orders-dev");
    free(yaml);
    test_world_free(w);
}

static void test_what_somebody_switched_off_is_not_ready(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-dev}\n  enabled: true\n",
                           "mountLocation: /mnt/orders-dev}\n  enabled: true\n"
                           "policy: {mode: warn}\n");
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_manifests(w, yaml);
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"enabled\":false}}");
    story_go_on(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready False Disabled");
    is(w, "VDB/orders-dev", CONDITION_DRIFTED, "Drifted True Drift");
    free(yaml);
    test_world_free(w);
}

static enum fate patches_fail(struct test_world *w, const struct request *r)
{
    (void)w;
    return r->write && streq(r->method, "PATCH") ? FATE_ANSWER_503 : FATE_CARRIED;
}

static void test_a_failure_is_retried_and_then_stalls(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    story_spoil_description(w);
    w->fate = patches_fail;
    test_world_nudge(w);
    test_world_run(w, HOUR);
    struct object_status o = look_at(w, "VDB/orders-dev");
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready True Available");
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled False NotStalled");
    assert_non_null(o.track->error);
    story_holds(o.track->error->text, "DCT answered 503: engine unreachable");
    assert_true(o.attempts > 0);
    assert_true(o.next_retry > w->now);
    says(w, "VDB/orders-dev", CONDITION_SYNCED, "DCT answered 503: engine unreachable");
    story_go_on(w, 6 * HOUR);
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled True KeepsFailing");
    o = look_at(w, "VDB/orders-dev");
    assert_int_equal(object_state(&o), OBJECT_FAILED);
    w->fate = NULL;
    story_go_on(w, HOUR);
    is_well(w, "VDB/orders-dev");
    assert_int_equal(look_at(w, "VDB/orders-dev").attempts, 0);
    test_world_free(w);
}

static enum fate patches_are_refused(struct test_world *w, const struct request *r)
{
    return patches_fail(w, r) == FATE_CARRIED ? FATE_CARRIED : FATE_LOST;
}

static void test_a_write_without_an_answer(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    story_spoil_description(w);
    w->fate = patches_are_refused;
    test_world_nudge(w);
    test_world_run(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced False OutcomeUnknown");
    assert_int_equal(look_at(w, "VDB/orders-dev").track->error->class, ERROR_UNKNOWN_OUTCOME);
    w->fate = NULL;
    story_go_on(w, HOUR);
    is_well(w, "VDB/orders-dev");
    test_world_free(w);
}

/* Somebody else's of that name: it stalls, and so does what needs it. */
static void test_what_is_blocked_and_what_waits_for_it(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    char *status = NULL;

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, HOUR);
    assert_true(w->converged);
    test_world_ledger_lost(w);
    story_meddle(w, "drift", "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"tags\":[]}}");
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    test_world_run(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready False NotOurs");
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced False NotOurs");
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled True NotOurs");
    is(w, "VDB/orders-test", CONDITION_SYNCED, "Synced False DependencyBlocked");
    is(w, "VDB/orders-test", CONDITION_STALLED, "Stalled True DependencyBlocked");
    assert_int_equal(look_at(w, "VDB/orders-dev").track->error->class, ERROR_BLOCKED);
    story_holds(look_at(w, "VDB/orders-dev").track->error->text, "is not managed here");
    const struct object_status o = look_at(w, "VDB/orders-dev");
    assert_int_equal(object_state(&o), OBJECT_BLOCKED);
    free(status);
    test_world_free(w);
}

static void test_what_is_gone_is_drift(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n",
                           "mountLocation: /mnt/orders-test}\npolicy: {mode: observe}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    w->options.mode = CYCLE_RUN;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, HOUR);
    is(w, "VDB/orders-test", CONDITION_READY, "Ready False Gone");
    is(w, "VDB/orders-test", CONDITION_SYNCED, "Synced False NotEnforced");
    is(w, "VDB/orders-test", CONDITION_DRIFTED, "Drifted True Gone");
    free(yaml);
    test_world_free(w);
}

static enum fate vdbs_are_refused(struct test_world *w, const struct request *r)
{
    (void)w;
    return starts_with(r->path, "/vdbs?") ? FATE_ANSWER_503 : FATE_CARRIED;
}

static void test_a_list_that_cannot_be_read(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    w->fate = vdbs_are_refused;
    story_go_on(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_READY, "Ready Unknown NotObservable");
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced Unknown NotObservable");
    is(w, "VDB/orders-dev", CONDITION_DRIFTED, "Drifted Unknown NotObservable");
    is_well(w, "Engine/east");
    w->fate = NULL;
    story_go_on(w, HOUR);
    is_well(w, "VDB/orders-dev");
    test_world_free(w);
}

static enum fate nothing_is_answered(struct test_world *w, const struct request *r)
{
    (void)w;
    (void)r;
    return FATE_LOST;
}

static void test_a_dct_that_is_away_changes_no_condition(void **state)
{
    struct test_world *w = story_service(estate_all());
    struct cycle_status status;

    (void)state;
    w->fate = nothing_is_answered;
    story_go_on(w, HOUR);
    is_well(w, "VDB/orders-dev");
    cycle_status(w->cycle, &status);
    assert_non_null(status.trouble);
    assert_true(w->now - status.seen_at >= HOUR / 2);
    test_world_free(w);
}

/* The ledger knows objects before any manifest is read. */
static void test_before_the_first_manifests(void **state)
{
    struct test_world *w = story_service(estate_all());
    struct object_status o;
    size_t cursor = 0, n = 0;

    (void)state;
    test_world_restart(w);
    assert_null(cycle_set(w->cycle));
    while (cycle_next_object(w->cycle, &cursor, w->now, &o)) {
        assert_non_null(o.is.entry);
        assert_int_equal(object_state(&o), OBJECT_UNKNOWN);
        n++;
    }
    assert_int_equal(n, ledger_count(cycle_ledger(w->cycle)));
    assert_true(n > 0);
    test_world_free(w);
}

static void test_no_manifest_and_prune_is_off(void **state)
{
    const char *last = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: "
                                            "{name: orders-test}");
    char *yaml = xstrndup(estate_all(), (size_t)(last - estate_all()));
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_manifests(w, yaml);
    test_world_run(w, HOUR);
    is(w, "VDB/orders-test", CONDITION_READY, "Ready True Available");
    is(w, "VDB/orders-test", CONDITION_SYNCED, "Synced False NoManifest");
    is(w, "VDB/orders-test", CONDITION_STALLED, "Stalled False NotStalled");
    w->options.prune = true;
    test_world_restart(w);
    test_world_manifests(w, yaml);
    test_world_run(w, HOUR);
    struct object_status o;
    assert_false(cycle_object(w->cycle, "VDB/orders-test", w->now, &o));
    free(yaml);
    test_world_free(w);
}

static void test_a_manifest_with_findings(void **state)
{
    char *yaml = text_with(estate_all(), "description: for developers", "wrong: yes");
    struct test_world *w = story_service(estate_all());

    (void)state;
    w->findings_meant = true;
    test_world_manifests(w, yaml);
    test_world_run(w, HOUR);
    is(w, "VDB/orders-dev", CONDITION_SYNCED, "Synced False InvalidManifest");
    is(w, "VDB/orders-dev", CONDITION_STALLED, "Stalled True InvalidManifest");
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_nothing_to_ready),
        cmocka_unit_test(test_what_stands_stands_while_dct_is_observed),
        cmocka_unit_test(test_drift_that_is_only_reported),
        cmocka_unit_test(test_what_somebody_switched_off_is_not_ready),
        cmocka_unit_test(test_a_failure_is_retried_and_then_stalls),
        cmocka_unit_test(test_a_write_without_an_answer),
        cmocka_unit_test(test_what_is_blocked_and_what_waits_for_it),
        cmocka_unit_test(test_what_is_gone_is_drift),
        cmocka_unit_test(test_a_list_that_cannot_be_read),
        cmocka_unit_test(test_a_dct_that_is_away_changes_no_condition),
        cmocka_unit_test(test_before_the_first_manifests),
        cmocka_unit_test(test_no_manifest_and_prune_is_off),
        cmocka_unit_test(test_a_manifest_with_findings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
