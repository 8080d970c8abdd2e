/* What a failed creation left behind is known as that until somebody has seen to
 * it: nothing else that happens meanwhile makes it whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/inside.h"
#include "tests/lib/story.h"
#include "tests/lib/torture.h"

static const char last[] = "    settings: {max_connections: '200', log_statement: null}\n";

/* A world in which DCT failed to link the dSource, and which rests. */
static struct test_world *half_made(const char *yaml)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    story_meddle(w, "fault", "{\"route\":\"/dsources/appdata\",\"job\":\"FAILED\",\"times\":1}");
    story_rest(w, yaml);
    story_forget(w);
    return w;
}

static void plan_holds(struct test_world *w, const char *yaml, const char *part)
{
    char *plan = story_plan(w, yaml);

    story_holds(plan, part);
    free(plan);
}

/* What would tell that it is half made is in a list that cannot be read. */
static void hidden_by(const char *fault)
{
    struct test_world *w = half_made(estate_all());

    story_meddle(w, "fault", fault);
    plan_holds(w, estate_all(), "whether it was made whole is not known");
    test_world_restart(w);
    story_rest(w, estate_all());
    story_sent(w, "");
    (void)test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL);
    plan_holds(w, estate_all(), "! DSource/orders blocked: DCT failed to make it and left");
    test_world_restart(w);
    story_rest(w, estate_all());
    story_sent(w, "");
    story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
    story_converge(w, estate_all());
    test_world_free(w);
}

static void test_it_is_not_whole_because_nobody_can_look(void **state)
{
    (void)state;
    hidden_by("{\"route\":\"/environments\",\"method\":\"GET\",\"status\":503}");
    hidden_by("{\"route\":\"/staging-sources\",\"method\":\"GET\",\"status\":503}");
}

static void born_again(struct test_world *w)
{
    test_world_restart(w);
    test_world_manifests(w, estate_all());
}

/* GET lags behind the job that failed, and the process is another one meanwhile: what
 * is not shown is not made again, and what is shown late is not repaired. */
static void test_half_made_is_there_before_it_is_shown(void **state)
{
    (void)state;
    for (msec wait = 0; wait <= 1500; wait += 20 * (msec)torture_step(1, 9)) {
        struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
        story_meddle(w, "fault",
                     "{\"route\":\"/dsources/appdata\",\"job\":\"FAILED\",\"times\":1}");
        test_world_manifests(w, estate_all());
        while (!test_world_told(w, "DSource/orders: DCT works on it") ||
               inside_jobs(w->sim, NULL)) {
            test_world_run(w, 20);
            (void)test_world_count(w, "/dsources", NULL); /* so that DCT goes on */
        }
        born_again(w); /* it hears soon of what has just ended */
        while (!test_world_told(w, "retry   DSource/orders"))
            test_world_run(w, 20);
        test_world_run(w, wait);
        story_forget(w);
        born_again(w);
        story_go_on(w, 3600000);
        story_sent(w, "");
        plan_holds(w, estate_all(), "! DSource/orders blocked: DCT failed to make it and left");
        test_world_free(w);
    }
}

/* What failed is gone, and the name has another object now, which is whole. */
static void test_another_object_of_its_name_is_not_half_made(void **state)
{
    struct test_world *w = story_of(estate_all());
    const char *end = "mountLocation: /mnt/orders-test}\n";
    char *changed = text_with(estate_all(), end,
                              "mountLocation: /mnt/orders-test}\n  description: for tests\n");
    char *id = test_world_member(w, "/vdbs", "orders-test", "id");
    char *said = xasprintf("\"id\":\"%s\"", id);
    char *kept = text_with(test_world_ledger(w, "VDB/orders-test"), said,
                           "\"id\":\"1-APPDATA_CONTAINER-99\",\"failed\":true");

    (void)state;
    test_world_keep(w, "VDB/orders-test", kept);
    test_world_restart(w);
    story_converge(w, changed);
    assert_int_equal(w->sent.n, 1);
    story_holds(w->sent.items[0], "VDB/orders-test PATCH /vdbs/");
    free(kept);
    free(said);
    free(id);
    free(changed);
    test_world_free(w);
}

/* What is half made and protected is made anew once its manifest has lifted that. */
static void test_protection_of_what_is_half_made_can_be_lifted(void **state)
{
    char *guard = xasprintf("%spolicy: {protect: true, replace: allow}\n", last);
    char *lift = xasprintf("%spolicy: {protect: false}\n", last);
    char *allow = xasprintf("%spolicy: {protect: false, replace: allow}\n", last);
    char *guarded = text_with(estate_all(), last, guard),
         *lifted = text_with(estate_all(), last, lift);
    char *allowed = text_with(estate_all(), last, allow);
    struct test_world *w = half_made(guarded);

    (void)state;
    plan_holds(w, guarded, "it is protected, so only a person may delete that");
    test_world_restart(w);
    story_rest(w, allowed);
    story_sent(w, "");
    plan_holds(w, allowed, "its manifest lifts that once it is applied without policy.replace");
    test_world_restart(w);
    story_rest(w, lifted);
    story_sent(w, "");
    story_converge(w, allowed);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    free(guard);
    free(lift);
    free(allow);
    free(guarded);
    free(lifted);
    free(allowed);
    test_world_free(w);
}

/* Nobody wants it any more, and it is not to be deleted: it is remembered for
 * what it is until it is gone, or somebody wants it again. */
static void test_half_made_is_not_forgotten_as_an_orphan(void **state)
{
    char *policy = xasprintf("%spolicy: {deletion: orphan}\n", last);
    char *yaml = text_with(estate_all(), last, policy);
    char *less =
        xstrndup(yaml, (size_t)(strstr(yaml, "---\napiVersion: dct/v1\nkind: DSource") - yaml));
    struct test_world *w = half_made(yaml);

    (void)state;
    w->options.prune = true;
    test_world_restart(w);
    story_converge(w, less);
    story_sent(w, "");
    plan_holds(w, less, "DSource/orders: no manifest wants it, and its creation left");
    plan_holds(w, yaml, "! DSource/orders blocked: DCT failed to make it and left");
    story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
    test_world_restart(w);
    story_converge(w, less);
    assert_null(test_world_ledger(w, "DSource/orders"));
    free(policy);
    free(yaml);
    free(less);
    test_world_free(w);
}

/* What the ledger knows of an object, as it was while DCT had lost the job that made it. */
static void creation_was_lost(struct test_world *w, const char *key)
{
    char *kept = text_with(test_world_ledger(w, key), "\"applied\":",
                           "\"intent\":{\"call\":\"create\",\"at\":1,\"makes\":true,\"lost\":"
                           "true},\"applied\":");

    test_world_keep(w, key, kept);
    test_world_restart(w);
    free(kept);
}

/* That its creation came to its end could not be written down; somebody has changed
 * it since, and there is a VDB that was made from it. */
static void test_what_others_were_made_from_is_whole(void **state)
{
    static const char end[] = "mountLocation: /mnt/orders-dev}\n  enabled: true\n";
    char *allow = xasprintf("%s  cachePriority: HIGH\npolicy: {replace: allow}\n", end);
    char *yaml = text_with(estate_all(), end, allow);
    struct test_world *w = story_of(yaml);

    (void)state;
    w->now += 3600000;
    creation_was_lost(w, "VDB/orders-dev");
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"cache_priority\":"
                 "\"NORMAL\"}}");
    plan_holds(w, yaml, "~ VDB/orders-dev");
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"cache_priority\":\"HIGH\"}\n");
    free(allow);
    free(yaml);
    test_world_free(w);
}

/* Nothing in DCT tells a link that failed from one that did not: without a ledger the
 * dSource is ours by its tag, and brought in line. Were it taken for half made because
 * of some job that failed once, it could be deleted with all that is in it. */
static void test_without_a_ledger_nothing_is_deleted_for_what_it_might_be(void **state)
{
    char *more = xasprintf("%spolicy: {replace: allow}\n", last);
    char *yaml = text_with(estate_all(), last, more);

    (void)state;
    for (msec after = 0; after <= 60000; after += 20000) {
        struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
        story_meddle(w, "fault",
                     "{\"route\":\"/dsources/appdata\",\"job\":\"FAILED\",\"times\":1}");
        test_world_manifests(w, yaml);
        while (!test_world_told(w, "DSource/orders: DCT works on it"))
            test_world_run(w, 20);
        test_world_ledger_lost(w);
        w->now += after;
        test_world_restart(w);
        story_forget(w);
        test_world_manifests(w, yaml);
        story_go_on(w, 3600000);
        for (size_t i = 0; i < w->sent.n; i++)
            assert_false(starts_with(w->sent.items[i], "DSource/orders POST /dsources"));
        assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
        story_holds(buf_text(&w->trace), "retry VDB/orders-dev");
        story_holds(buf_text(&w->trace), "no snapshot to provision from");
        story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
        w->options.mode = CYCLE_APPLY;
        test_world_restart(w);
        story_converge(w, yaml);
        test_world_free(w);
    }
    free(more);
    free(yaml);
}

static enum fate first_look_is_denied(struct test_world *w, const struct request *r)
{
    if (!streq(r->method, "GET") || !streq(r->path, "/dsources/1-APPDATA_CONTAINER-2"))
        return FATE_CARRIED;
    w->fate = NULL;
    return FATE_ANSWER_403;
}

/* DCT may show what was just made to nobody yet: that is no sign that it is gone, as
 * it was of what was deleted before it. */
static void test_what_was_made_anew_is_not_looked_for_as_deleted(void **state)
{
    char *more = xasprintf("%spolicy: {replace: allow}\n", last);
    char *yaml = text_with(estate_all(), last, more);
    struct test_world *w = half_made(estate_all());

    (void)state;
    w->fate = first_look_is_denied;
    test_world_restart(w);
    story_rest(w, yaml);
    assert_null(w->fate);
    test_world_restart(w);
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    free(more);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_not_whole_because_nobody_can_look),
        cmocka_unit_test(test_half_made_is_there_before_it_is_shown),
        cmocka_unit_test(test_another_object_of_its_name_is_not_half_made),
        cmocka_unit_test(test_protection_of_what_is_half_made_can_be_lifted),
        cmocka_unit_test(test_half_made_is_not_forgotten_as_an_orphan),
        cmocka_unit_test(test_what_others_were_made_from_is_whole),
        cmocka_unit_test(test_without_a_ledger_nothing_is_deleted_for_what_it_might_be),
        cmocka_unit_test(test_what_was_made_anew_is_not_looked_for_as_deleted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
