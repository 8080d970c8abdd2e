/* Somebody sets the clock, back or forward: what is waited for comes neither
 * sooner nor later, and what ends at a time that people named ends by the clock
 * that people read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reconciler/ledger.h"
#include "reconciler/planner.h"
#include "reconciler/status.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const msec HOUR = 3600000;
static const msec MINUTE = 60000;

/* Forward, back, far back and home again. */
static const msec steps[] = { 26280000000, -26280000000, -61000, 61000, 7200000, -7200000 };

static enum fate refuse_writes(struct test_world *w, const struct request *r)
{
    (void)w;
    return r->write ? FATE_ANSWER_500 : FATE_CARRIED;
}

/* Each fails, is looked at again, and waits longer every time. */
static struct test_world *failing(void)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    w->fate = refuse_writes;
    test_world_manifests(w, estate_all());
    return w;
}

static void test_what_fails_is_tried_no_sooner_and_no_later(void **state)
{
    struct test_world *still = failing(), *moved = failing();

    (void)state;
    for (size_t i = 0; i < 6 * ARRAY_LEN(steps); i++) {
        story_go_on(still, 7 * MINUTE);
        story_go_on(moved, 7 * MINUTE);
        test_world_set_clock(moved, steps[i % ARRAY_LEN(steps)]);
        assert_int_equal(moved->requests, still->requests);
    }
    assert_true(still->writes > 10);
    assert_string_equal(buf_text(&moved->trace), buf_text(&still->trace));
    test_world_free(still);
    test_world_free(moved);
}

static void test_the_interval_stays_what_it_is(void **state)
{
    struct test_world *still = story_service(estate_all()), *moved = story_service(estate_all());

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        story_go_on(still, HOUR);
        story_go_on(moved, HOUR);
        test_world_set_clock(moved, steps[i]);
        assert_int_equal(moved->requests, still->requests);
    }
    test_world_free(still);
    test_world_free(moved);
}

static void test_a_change_under_way_goes_on(void **state)
{
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");
    msec took[ARRAY_LEN(steps) + 1];

    (void)state;
    for (size_t i = 0; i <= ARRAY_LEN(steps); i++) {
        struct test_world *w = story_of(estate_all());
        msec began = w->now;
        test_world_manifests(w, port);
        test_world_run(w, 3000);
        assert_false(w->rested);
        if (i < ARRAY_LEN(steps))
            test_world_set_clock(w, steps[i]);
        test_world_run(w, HOUR);
        assert_true(w->rested && w->converged);
        story_member(w, "/vdbs", "orders-test", "enabled", "true");
        took[i] = w->now - began;
        test_world_free(w);
    }
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        assert_int_equal(took[i], took[ARRAY_LEN(steps)]);
    free(port);
}

static const char repair[] =
    "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for developers\"}\n";

static struct test_world *suspended(msec until)
{
    struct test_world *w = story_service(estate_all());

    w->options.interval = 24 * HOUR;
    test_world_options(w);
    test_world_ask(w, EV_SUSPEND,
                   (struct hand){
                       .whom = "uid 0 (root)", .kind = KIND_VDB, .until = w->now + until });
    story_spoil_description(w);
    test_world_nudge(w);
    story_go_on(w, MINUTE);
    story_sent(w, "");
    return w;
}

static void test_what_people_named_ends_by_their_clock(void **state)
{
    struct test_world *w = suspended(5 * HOUR);

    (void)state;
    test_world_set_clock(w, 3 * HOUR);
    story_go_on(w, HOUR);
    story_sent(w, "");
    story_go_on(w, HOUR);
    story_sent(w, repair);
    test_world_free(w);
}

static void test_an_end_that_the_clock_passed_has_come(void **state)
{
    struct test_world *w = suspended(5 * HOUR);

    (void)state;
    test_world_set_clock(w, 6 * HOUR);
    story_go_on(w, MINUTE);
    story_sent(w, repair);
    test_world_free(w);
}

static void test_an_end_that_the_clock_left_comes_later(void **state)
{
    struct test_world *w = suspended(5 * HOUR);

    (void)state;
    test_world_set_clock(w, -3 * HOUR);
    story_go_on(w, 6 * HOUR);
    story_sent(w, "");
    story_go_on(w, 2 * HOUR);
    story_sent(w, repair);
    test_world_free(w);
}

/* It was over when the plan was made, and what had to wait its turn has not begun. */
static void test_an_end_that_the_clock_left_holds_what_waits(void **state)
{
    char *held = text_with(estate_all(), "metadata: {name: pg-target}\n",
                           "metadata: {name: pg-target}\n"
                           "policy: {suspend: {reason: INC-1, until: \"1970-01-01T02:00:00Z\"}}\n");
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    (void)state;
    test_world_set_clock(w, 3 * HOUR);
    test_world_manifests(w, held);
    test_world_run(w, 10000); /* the connector is being uploaded */
    test_world_set_clock(w, -2 * HOUR);
    story_go_on(w, 30 * MINUTE);
    story_holds(buf_text(&w->trace), "done Environment/pg-staging");
    story_lacks(buf_text(&w->trace), "started Environment/pg-target");
    story_go_on(w, HOUR);
    story_holds(buf_text(&w->trace), "done Environment/pg-target");
    free(held);
    test_world_free(w);
}

static void test_people_read_the_wall_clock(void **state)
{
    struct test_world *w = story_service(estate_all());
    struct cycle_status before, after;

    (void)state;
    cycle_status(w->cycle, &before);
    test_world_set_clock(w, HOUR);
    cycle_status(w->cycle, &after);
    assert_int_equal(after.next, before.next + HOUR);
    assert_int_equal(after.seen_at, before.seen_at + HOUR);
    assert_int_equal(after.converged_at, before.converged_at + HOUR);
    test_world_free(w);
}

/* How long ago it was is known by no clock that anybody sets. */
static void test_the_ledger_keeps_the_time_that_nobody_sets(void **state)
{
    struct test_world *w = story_service(estate_all());
    char *changed = text_with(estate_all(), "for developers", "for all");

    (void)state;
    test_world_set_clock(w, 48 * HOUR);
    w->fate = refuse_writes;
    test_world_manifests(w, changed);
    story_go_on(w, MINUTE);
    const struct entry *e = ledger_find(cycle_ledger(w->cycle), "VDB/orders-dev");
    assert_true(e->intent.open);
    assert_in_range(e->intent.at, w->now - MINUTE, w->now);
    char *kept = xasprintf("\"at\":%lld", (long long)e->intent.at);
    story_holds(test_world_ledger(w, "VDB/orders-dev"), kept);
    test_world_restart(w);
    e = ledger_find(cycle_ledger(w->cycle), "VDB/orders-dev");
    assert_in_range(e->intent.at, w->now - MINUTE, w->now);
    free(kept);
    free(changed);
    test_world_free(w);
}

static size_t links(const struct test_world *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += starts_with(w->sent.items[i], "DSource/orders POST /dsources/appdata");
    return n;
}

static enum fate late_link(struct test_world *w, const struct request *r)
{
    return streq(r->path, "/dsources/appdata") && !links(w) ? FATE_LATE : FATE_CARRIED;
}

/* The link is on its way, and nobody knows of it but the ledger. */
static struct test_world *linking(enum fate (*fate)(struct test_world *, const struct request *),
                                  const char *fault)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    w->fate = fate;
    if (fault)
        story_meddle(w, "fault", fault);
    test_world_manifests(w, estate_all());
    while (!links(w))
        test_world_run(w, 20);
    return w;
}

static void restart_later(struct test_world *w)
{
    w->next_skew += 48 * HOUR;
    test_world_restart(w);
}

static void made_once(struct test_world *w, void (*restart)(struct test_world *))
{
    restart(w);
    test_world_manifests(w, estate_all());
    story_go_on(w, HOUR);
    assert_int_equal(links(w), 1);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    w->options.mode = CYCLE_APPLY;
    test_world_restart(w);
    story_converge(w, estate_all());
    test_world_free(w);
}

/* A request that comes late, and a job of which DCT loses sight, take no less time
 * because somebody sets the clock while dctd is away, or because another host, whose
 * clock is another, goes on. */
static void test_no_restart_makes_a_creation_seem_long_ago(void **state)
{
    static const char lost[] =
        "{\"route\":\"/dsources/appdata\",\"times\":1,\"job\":\"ABANDONED\"}";
    static void (*const restarts[])(struct test_world *) = { restart_later, test_world_move };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(restarts); i++) {
        made_once(linking(late_link, NULL), restarts[i]);
        struct test_world *w = linking(NULL, lost);
        while (!test_world_told(w, "is not known (ABANDONED)"))
            test_world_run(w, 1000);
        made_once(w, restarts[i]);
    }
}

/* Time that no clock tells of is not counted, and time that one does is. */
static void test_what_went_by_in_a_restart_counts_where_it_is_known(void **state)
{
    struct test_world *w = linking(late_link, NULL);
    const struct entry *e = ledger_find(cycle_ledger(w->cycle), "DSource/orders");
    const msec asked = e->intent.at;

    (void)state;
    w->now += MINUTE;
    test_world_restart(w);
    assert_int_equal(outcome_due(ledger_find(cycle_ledger(w->cycle), "DSource/orders")),
                     asked + OUTCOME_GRACE);
    assert_true(w->now + w->base > asked + OUTCOME_GRACE);
    test_world_move(w);
    assert_int_equal(w->now + w->base, asked);
    test_world_free(w);
}

/* Making room in memory keeps the moment. */
static void test_room_is_made_without_a_change_of_clocks(void **state)
{
    struct ledger *l = ledger_new();
    struct entry *e = ledger_put(l, "VDB/a", KIND_VDB);

    (void)state;
    entry_intend(e, "update", 1000);
    ledger_compact(l);
    e = ledger_find(l, "VDB/a");
    assert_int_equal(e->intent.at, 1000);
    assert_int_equal(outcome_due(e), 1000 + OUTCOME_GRACE);
    ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fails_is_tried_no_sooner_and_no_later),
        cmocka_unit_test(test_the_interval_stays_what_it_is),
        cmocka_unit_test(test_a_change_under_way_goes_on),
        cmocka_unit_test(test_what_people_named_ends_by_their_clock),
        cmocka_unit_test(test_an_end_that_the_clock_passed_has_come),
        cmocka_unit_test(test_an_end_that_the_clock_left_comes_later),
        cmocka_unit_test(test_an_end_that_the_clock_left_holds_what_waits),
        cmocka_unit_test(test_people_read_the_wall_clock),
        cmocka_unit_test(test_the_ledger_keeps_the_time_that_nobody_sets),
        cmocka_unit_test(test_no_restart_makes_a_creation_seem_long_ago),
        cmocka_unit_test(test_what_went_by_in_a_restart_counts_where_it_is_known),
        cmocka_unit_test(test_room_is_made_without_a_change_of_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
