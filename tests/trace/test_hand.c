/* What people ask of the running service: to leave something alone for a while,
 * to take something over, to let go of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/hand.h"
#include "reconciler/status.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const msec HOUR = 3600000;

static const char root[] = "uid 0 (root)";

static const char repair[] =
    "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n";

static struct hand on_object(const char *reason, msec until)
{
    return (struct hand){
        .whom = root, .key = "VDB/orders-dev", .kind = KIND_VDB, .reason = reason, .until = until
    };
}

static void is_suspended(const struct test_world *w, const char *key, const char *said)
{
    struct object_status o;

    assert_true(cycle_object(w->cycle, key, w->now, &o));
    const struct judgement *j = &o.track->now[CONDITION_SUSPENDED];
    assert_int_equal(j->status, said ? TRUTH_TRUE : TRUTH_FALSE);
    if (said)
        story_holds(track_message(o.track, CONDITION_SUSPENDED), said);
}

static void refused(const struct test_world *w, enum event_type type, struct hand hand,
                    const char *part)
{
    const struct event ev = { .type = type, .hand = hand };
    char *why = cycle_refusal(w->cycle, &ev);

    story_holds(why, part);
    free(why);
}

static void test_one_object_is_left_alone_until_it_is_resumed(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_ask(w, EV_SUSPEND, on_object("INC-1", 0));
    is_suspended(w, "VDB/orders-dev", "it is suspended: INC-1, by uid 0 (root)");
    is_suspended(w, "VDB/orders-test", NULL);
    story_spoil_description(w);
    story_go_on(w, HOUR);
    story_sent(w, "");
    test_world_ask(w, EV_RESUME, on_object(NULL, 0));
    is_suspended(w, "VDB/orders-dev", NULL);
    test_world_run(w, HOUR);
    story_sent(w, repair);
    test_world_free(w);
}

/* Nobody knows what its password was, so it is set. */
static void test_what_is_adopted_by_hand_is_brought_in_line(void **state)
{
    const struct hand hand = { .whom = root,
                               .key = "Environment/pg-target",
                               .kind = KIND_ENVIRONMENT };
    struct test_world *w = story_service(estate_all());
    char *id = test_world_member(w, "/environments", "pg-target", "id");
    struct hand adopt = hand;

    (void)state;
    adopt.id = id;
    test_world_ask(w, EV_FORGET, hand);
    test_world_ask(w, EV_ADOPT, adopt);
    story_go_on(w, HOUR);
    assert_int_equal(w->sent.n, 1);
    story_holds(w->sent.items[0], "Environment/pg-target PUT /environments/{id}/users/");
    free(id);
    test_world_free(w);
}

/* What a person ended while the disk was full does not begin again. */
static void test_a_full_disk_brings_nothing_back(void **state)
{
    static const char last[] = "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test}";
    char *less = xstrndup(estate_all(), (size_t)(strstr(estate_all(), last) - estate_all()));
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_ask(w, EV_SUSPEND, on_object("INC-1", 0));
    test_world_manifests(w, less);
    story_go_on(w, HOUR);
    w->ledger_full = true;
    test_world_ask(w, EV_RESUME, on_object(NULL, 0));
    test_world_ask(w, EV_FORGET,
                   (struct hand){ .whom = root, .key = "VDB/orders-test", .kind = KIND_VDB });
    assert_non_null(test_world_ledger(w, "Suspension/VDB/orders-dev"));
    assert_non_null(test_world_ledger(w, "VDB/orders-test"));
    w->ledger_full = false;
    story_go_on(w, HOUR);
    assert_null(test_world_ledger(w, "Suspension/VDB/orders-dev"));
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    test_world_restart(w);
    test_world_manifests(w, less);
    story_go_on(w, HOUR);
    is_suspended(w, "VDB/orders-dev", NULL);
    free(less);
    test_world_free(w);
}

static void test_a_restart_lifts_nothing(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    test_world_ask(w, EV_SUSPEND, (struct hand){ .whom = root, .kind = KINDS, .reason = "freeze" });
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    story_spoil_description(w);
    story_go_on(w, HOUR);
    story_sent(w, "");
    is_suspended(w, "Engine/east", "everything is suspended: freeze, by uid 0 (root)");
    test_world_ask(w, EV_RESUME, (struct hand){ .whom = root, .kind = KINDS });
    test_world_run(w, HOUR);
    story_sent(w, repair);
    assert_null(test_world_ledger(w, "Suspension"));
    test_world_free(w);
}

/* Nobody asks: the service wakes by itself, long before its interval is over. */
static void test_it_ends_by_itself(void **state)
{
    struct test_world *w = story_service(estate_all());

    (void)state;
    w->options.interval = 24 * HOUR;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    test_world_run(w, HOUR);
    test_world_ask(w, EV_SUSPEND,
                   (struct hand){ .whom = root, .kind = KIND_VDB, .until = w->now + HOUR });
    is_suspended(w, "VDB/orders-test", "its kind is suspended: no reason given");
    story_spoil_description(w);
    story_go_on(w, HOUR - 1);
    story_sent(w, "");
    story_go_on(w, 60000);
    story_sent(w, repair);
    is_suspended(w, "VDB/orders-test", NULL);
    story_holds(buf_text(&w->trace), "resumed VDBs: the time is over; it was suspended");
    assert_null(test_world_ledger(w, "Suspension/VDB"));
    test_world_free(w);
}

/* What has begun goes on to its end; what has not begun does not. */
static void test_in_the_middle_of_work(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 100000); /* environments are being made */
    test_world_ask(w, EV_SUSPEND, (struct hand){ .whom = root, .kind = KINDS });
    story_forget(w);
    test_world_run(w, HOUR);
    assert_int_equal(test_world_count(w, "/environments", NULL), 2);
    assert_int_equal(test_world_count(w, "/dsources", NULL), 0);
    story_sent(w, "");
    test_world_ask(w, EV_RESUME, (struct hand){ .whom = root, .kind = KINDS });
    story_go_on(w, 2 * HOUR);
    assert_true(w->converged);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    test_world_free(w);
}

/* The end comes while a job runs that takes far longer: it is not awaited. */
static void test_it_ends_in_the_middle_of_work(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    struct hand h = { .whom = root, .key = "Environment/pg-target", .kind = KIND_ENVIRONMENT };

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 10000); /* the connector is being uploaded */
    h.until = 60000;
    test_world_ask(w, EV_SUSPEND, h);
    test_world_run(w, 49999);
    story_holds(buf_text(&w->trace), "started Environment/pg-staging");
    story_lacks(buf_text(&w->trace), "started Environment/pg-target");
    story_lacks(buf_text(&w->trace), "done Environment/pg-staging");
    test_world_run(w, 10000);
    story_holds(buf_text(&w->trace), "started Environment/pg-target");
    story_lacks(buf_text(&w->trace), "done Environment/pg-staging");
    story_go_on(w, HOUR);
    assert_true(w->converged);
    assert_int_equal(test_world_count(w, "/environments", NULL), 2);
    test_world_free(w);
}

/* The configuration too holds back what has not begun. */
static void test_configured_in_the_middle_of_work(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    const struct suspension all = { .kind = KINDS, .reason = "audit" };
    struct cycle_options o = w->options;
    struct effects fx = { 0 };

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 10000);
    o.suspensions = &all;
    o.n_suspensions = 1;
    cycle_step(w->cycle, &(struct event){ .type = EV_OPTIONS, .now = w->now, .options = &o }, &fx);
    effects_free(&fx);
    is_suspended(w, "VDB/orders-dev", "everything is suspended: audit");
    story_go_on(w, HOUR);
    assert_int_equal(test_world_count(w, "/environments", NULL), 0);
    test_world_free(w);
}

static void test_only_what_was_suspended_by_hand_is_resumed(void **state)
{
    struct test_world *w = story_service(estate_all());
    const struct suspension vdbs = { .kind = KIND_VDB, .reason = "audit" };

    (void)state;
    refused(w, EV_RESUME, on_object(NULL, 0), "VDB/orders-dev is not suspended");
    test_world_ask(w, EV_SUSPEND, (struct hand){ .whom = root, .kind = KIND_VDB });
    refused(w, EV_RESUME, on_object(NULL, 0), "not suspended by itself: VDB is");
    w->options.suspensions = &vdbs;
    w->options.n_suspensions = 1;
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    refused(w, EV_RESUME, on_object(NULL, 0), "suspended by the configuration");
    test_world_free(w);
}

static char *id_of(struct test_world *w, const char *name)
{
    return test_world_member(w, "/vdbs", name, "id");
}

static void test_forgotten_and_taken_over_again(void **state)
{
    struct test_world *w = story_service(estate_all());
    char *id = id_of(w, "orders-dev");
    struct hand h = on_object(NULL, 0);

    (void)state;
    story_meddle(w, "drift", "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"tags\":[]}}");
    test_world_ask(w, EV_FORGET, h);
    assert_null(test_world_ledger(w, "VDB/orders-dev"));
    test_world_run(w, HOUR);
    story_sent(w, ""); /* its tag is gone too: it is nobody's */
    refused(w, EV_FORGET, h, "the ledger has no VDB/orders-dev");
    h.id = id;
    test_world_ask(w, EV_ADOPT, h);
    story_holds(test_world_ledger(w, "VDB/orders-dev"), "\"origin\":\"adopted\"");
    test_world_run(w, HOUR);
    assert_true(w->converged);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-dev"), 1);
    story_holds(buf_text(&w->trace), "adopted VDB/orders-dev");
    story_holds(buf_text(&w->trace), "forgotten VDB/orders-dev");
    free(id);
    test_world_free(w);
}

static void test_a_misspelt_name_is_told(void **state)
{
    struct test_world *w = story_service(estate_all());
    struct hand h = { .whom = root, .key = "VDB/orders-dve", .kind = KIND_VDB, .id = "1-VDB-7" };

    (void)state;
    refused(
        w, EV_ADOPT, h,
        "neither the manifests nor the ledger have VDB/orders-dve; did you mean VDB/orders-dev?");
    test_world_ask(w, EV_ADOPT, h);
    assert_null(test_world_ledger(w, "VDB/orders-dve"));
    story_holds(adopt_remark(cycle_set(w->cycle), "VDB/quite-another"), "no manifest declares it");
    assert_string_equal(adopt_remark(cycle_set(w->cycle), "VDB/orders-dev"), "");
    /* Where a manifest has findings, its name may be what is meant. */
    w->findings_meant = true;
    test_world_manifests(w, "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: broken}\n"
                            "spec: {port: 1}\n");
    assert_null(cycle_refusal(w->cycle, &(struct event){ .type = EV_ADOPT, .hand = h }));
    test_world_free(w);
}

static void test_two_keys_never_mean_one_object(void **state)
{
    struct test_world *w = story_service(estate_all());
    char *other = id_of(w, "orders-test");
    struct hand h = on_object(NULL, 0);

    (void)state;
    h.id = other;
    refused(w, EV_ADOPT, h, "is VDB/orders-test in the ledger");
    h.replace = true;
    refused(w, EV_ADOPT, h, "is VDB/orders-test in the ledger");
    h.id = "";
    refused(w, EV_ADOPT, h, "the id of a DCT object is needed");
    h.id = "1-VDB-999";
    h.replace = false;
    refused(w, EV_ADOPT, h, "--replace makes it 1-VDB-999");
    free(other);
    test_world_free(w);
}

/* While it is being worked on, nobody lets go of it. */
static void test_not_while_it_is_being_changed(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    struct hand h = { .whom = root, .key = "Environment/pg-target", .kind = KIND_ENVIRONMENT };

    (void)state;
    test_world_manifests(w, estate_all());
    test_world_run(w, 100000);
    refused(w, EV_FORGET, h, "Environment/pg-target: its create is under way: job ");
    test_world_ask(w, EV_FORGET, h);
    assert_non_null(test_world_ledger(w, "Environment/pg-target"));
    test_world_run(w, HOUR);
    assert_true(w->converged);
    test_world_free(w);
}

/* At any moment of an estate's making something else is let go of: nobody goes
 * on with what is not there any more. */
static void test_at_any_moment_of_the_work(void **state)
{
    (void)state;
    for (msec at = 20; at < 420000; at += at < 400 ? 20 : 9700) {
        struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
        struct hand h = { .whom = root, .key = "Engine/east", .kind = KIND_ENGINE, .force = true };

        w->quiet = true;
        test_world_manifests(w, estate_all());
        test_world_run(w, at);
        test_world_ask(w, EV_FORGET, h);
        story_go_on(w, 2 * HOUR);
        assert_true(w->converged);
        assert_int_equal(test_world_count(w, "/management/engines", NULL), 1);
        assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
        test_world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_object_is_left_alone_until_it_is_resumed),
        cmocka_unit_test(test_what_is_adopted_by_hand_is_brought_in_line),
        cmocka_unit_test(test_a_full_disk_brings_nothing_back),
        cmocka_unit_test(test_a_restart_lifts_nothing),
        cmocka_unit_test(test_it_ends_by_itself),
        cmocka_unit_test(test_in_the_middle_of_work),
        cmocka_unit_test(test_it_ends_in_the_middle_of_work),
        cmocka_unit_test(test_configured_in_the_middle_of_work),
        cmocka_unit_test(test_only_what_was_suspended_by_hand_is_resumed),
        cmocka_unit_test(test_forgotten_and_taken_over_again),
        cmocka_unit_test(test_a_misspelt_name_is_told),
        cmocka_unit_test(test_two_keys_never_mean_one_object),
        cmocka_unit_test(test_not_while_it_is_being_changed),
        cmocka_unit_test(test_at_any_moment_of_the_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
