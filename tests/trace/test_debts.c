/* What was switched off for a change comes back, though its manifest is gone, it
 * is to be forgotten, or nothing else may be done to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const msec HOUR = 3600000;

/* The change begins, and goes on until the VDB is off. */
static void until_off(struct test_world *w, const char *yaml, const char *vdb)
{
    char *enabled = NULL;

    test_world_manifests(w, yaml);
    for (size_t i = 0; i < 600 && !streq(enabled, "false"); i++) {
        free(enabled);
        test_world_run(w, 500);
        enabled = test_world_member(w, "/vdbs", vdb, "enabled");
    }
    assert_string_equal(enabled, "false");
    free(enabled);
}

static void settle(struct test_world *w, const char *yaml)
{
    test_world_manifests(w, yaml);
    test_world_run(w, HOUR);
    assert_true(w->rested);
}

static void test_its_manifest_is_gone(void **state)
{
    const char *rest = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: Connector");
    char *engine = xstrndup(estate_all(), (size_t)(rest - estate_all()));
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), "pg-target.example.com", "pg-new.example.com");

    (void)state;
    until_off(w, moved, "orders-test");
    settle(w, engine);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_holds(buf_text(&w->trace),
                "VDB/orders-test: it was disabled for a change, and is enabled");
    free(moved);
    free(engine);
    test_world_free(w);
}

/* Its manifest has another name for it by now: one object, one line of the plan. */
static void test_it_is_renamed_meanwhile(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");
    char *named = text_with(port, "metadata: {name: orders-test}",
                            "metadata: {name: orders-qa, movedFrom: orders-test}");

    (void)state;
    until_off(w, port, "orders-test");
    char *plan = story_plan(w, named);
    story_holds(plan, "~ VDB/orders-qa update");
    story_lacks(plan, "VDB/orders-test");
    settle(w, named);
    story_member(w, "/vdbs", "orders-qa", "enabled", "true");
    free(plan);
    free(named);
    free(port);
    test_world_free(w);
}

/* A plan polls no job, and says all the same what follows it. */
static void test_the_plan_tells_what_a_job_is_followed_by(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");
    char *gone = xstrndup(port, (size_t)(strstr(port, "---\napiVersion: dct/v1\nkind: VDB\n"
                                                      "metadata: {name: orders-t") -
                                         port));

    (void)state;
    until_off(w, port, "orders-test");
    char *plan = story_plan(w, gone);
    story_holds(plan, "VDB/orders-test finish: a job is still under way; it was disabled for a "
                      "change, and is enabled again after that");
    story_holds(plan, "Plan: 1 to finish.");
    settle(w, gone);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(plan);
    free(gone);
    free(port);
    test_world_free(w);
}

/* It may not be deleted: somebody has made a VDB from it. */
static void test_its_deletion_has_to_wait(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5434", "port: 5534");
    const char *vdbs =
        strstr(port, "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-d");
    char *gone = xstrndup(port, (size_t)(vdbs - port));
    char *id = test_world_member(w, "/vdbs", "orders-dev", "id");
    char *body = xasprintf("{\"source_data_id\":\"%s\",\"name\":\"by-hand\",\"environment_id\":"
                           "\"1-UNIX_HOST_ENVIRONMENT-2\",\"appdata_source_params\":"
                           "{\"postgresPort\":5999,\"mountLocation\":\"/mnt/by-hand\"}}",
                           id);

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/vdbs/provision_by_snapshot", body, NULL), 200);
    w->now += HOUR;
    until_off(w, port, "orders-dev");
    w->options.prune = true;
    test_world_options(w);
    settle(w, gone);
    assert_int_equal(test_world_count(w, "/vdbs", "by-hand"), 1);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    free(body);
    free(id);
    free(gone);
    free(port);
    test_world_free(w);
}

static void test_what_is_to_be_forgotten_is_switched_on_first(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435, mountLocation: /mnt/orders-test}\n",
                           "port: 5535, mountLocation: /mnt/orders-test}\n"
                           "policy: {deletion: orphan}\n");
    char *gone =
        xstrndup(port,
                 (size_t)(strstr(port,
                                 "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-t") -
                          port));

    (void)state;
    until_off(w, port, "orders-test");
    w->options.prune = true;
    test_world_options(w);
    settle(w, gone);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    free(port);
    free(gone);
    test_world_free(w);
}

static void test_its_parent_was_taken_over(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");

    (void)state;
    until_off(w, port, "orders-test");
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"tags\":"
                 "[{\"key\":\"dctd-owner\",\"value\":\"somebody\"}]}}");
    test_world_restart(w);
    settle(w, port);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(port);
    test_world_free(w);
}

/* Its job fails after another instance has taken it over: it is that one's. */
static void test_it_was_taken_over_while_its_job_failed(void **state)
{
    const char *rest = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: Connector");
    char *engine = xstrndup(estate_all(), (size_t)(rest - estate_all()));
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");

    (void)state;
    story_meddle(w, "fault",
                 "{\"route\":\"/vdbs/*\",\"method\":\"PATCH\",\"job\":\"FAILED\",\"times\":1}");
    until_off(w, port, "orders-test");
    while (w->sent.n < 3) /* its mark, its switching off, its change */
        test_world_run(w, 10);
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"tags\":"
                 "[{\"key\":\"dctd-owner\",\"value\":\"somebody\"}]}}");
    test_world_restart(w);
    story_forget(w);
    settle(w, engine);
    story_sent(w, "");
    story_member(w, "/vdbs", "orders-test", "enabled", "false");
    free(port);
    free(engine);
    test_world_free(w);
}

/* The mark alone tells of it, and nothing else may be done to it. */
static void test_the_ledger_is_lost_and_it_is_suspended(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");
    char *held = text_with(estate_all(), "port: 5435, mountLocation: /mnt/orders-test}\n",
                           "port: 5636, mountLocation: /mnt/orders-test}\n"
                           "policy: {suspend: {reason: INC-1}}\n");

    (void)state;
    until_off(w, port, "orders-test");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_forget(w);
    settle(w, held);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    for (size_t i = 0; i < w->sent.n; i++)
        story_lacks(w->sent.items[i], "5636");
    free(port);
    free(held);
    test_world_free(w);
}

/* The engine's manifest alone. */
static char *engine_only(void)
{
    const char *rest = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: Connector");

    return xstrndup(estate_all(), (size_t)(rest - estate_all()));
}

static void marked_only(const char *name, const char *port, bool prune)
{
    struct test_world *w = story_of(estate_all());
    char *key = xasprintf("VDB/%s", name), *engine = engine_only();
    char *sent = xasprintf("%s POST /vdbs/{id}/enable {}\n"
                           "%s POST /vdbs/{id}/tags/delete " MARKED,
                           key, key);
    char *said = xasprintf("~ %s enable: it was disabled for a change, and is enabled", key);

    until_off(w, port, name);
    test_world_ledger_lost(w);
    story_forget(w);
    w->options.prune = prune;
    test_world_restart(w);
    char *plan = story_plan(w, engine);
    story_holds(plan, said);
    free(plan);
    settle(w, engine);
    story_sent(w, sent);
    story_member(w, "/vdbs", name, "enabled", "true");
    assert_null(test_world_ledger(w, key));
    plan = story_plan(w, engine);
    story_holds(plan, "No changes.");
    story_lacks(plan, "VDB");
    free(plan);
    free(said);
    free(sent);
    free(engine);
    free(key);
    test_world_free(w);
}

/* The mark alone tells of it, and no manifest does, whatever it said while there was
 * one: it is switched on, and nothing else; no trace stays. */
static void test_neither_ledger_nor_manifest_tells_of_it(void **state)
{
    char *silent = text_with(estate_all(), "port: 5435", "port: 5535");
    char *says_on = text_with(estate_all(), "port: 5434", "port: 5534");

    (void)state;
    for (size_t prune = 0; prune < 2; prune++) {
        marked_only("orders-test", silent, prune);
        marked_only("orders-dev", says_on, prune);
    }
    free(says_on);
    free(silent);
}

/* A part of the manifests says nothing of what stands in the others. */
static void test_a_part_of_the_manifests_switches_nothing_on(void **state)
{
    char *port = text_with(estate_all(), "port: 5435", "port: 5535"), *engine = engine_only();
    struct test_world *w = story_of(estate_all());

    (void)state;
    until_off(w, port, "orders-test");
    test_world_ledger_lost(w);
    w->options.partial = true;
    char *plan = story_plan(w, engine);
    story_lacks(plan, "orders-test");
    free(plan);
    free(port);
    free(engine);
    test_world_free(w);
}

/* Looked for beside what is wanted: that a list is refused is nobody's trouble. */
static void test_lists_that_nothing_needs_may_be_refused(void **state)
{
    const char *rest = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: Connector");
    char *engine = xstrndup(estate_all(), (size_t)(rest - estate_all()));
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
    struct cycle_status status;

    (void)state;
    story_meddle(w, "fault",
                 "{\"method\":\"GET\",\"route\":\"/vdbs\",\"status\":403,\"times\":1000}");
    settle(w, engine);
    cycle_status(w->cycle, &status);
    assert_true(w->converged);
    assert_true(status.observed);
    assert_null(status.trouble);
    free(engine);
    test_world_free(w);
}

static void refuse(struct test_world *w, const char *route)
{
    char *rule = xasprintf("{\"route\":\"%s\",\"status\":400,\"times\":1000}", route);

    story_meddle(w, "fault", rule);
    free(rule);
}

/* Nobody says that it is to be on, so that is for people to decide. */
static void switched_off_by_a_person(struct test_world *w)
{
    char *id = test_world_member(w, "/vdbs", "orders-test", "id");
    char *path = xasprintf("/vdbs/%s/disable", id);

    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    assert_int_equal(test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL), 204);
    assert_int_equal(test_world_call(w, "POST", path, "{}", NULL), 200);
    w->now += 600000;
    free(path);
    free(id);
}

static void stays_off(const char *route)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");

    refuse(w, route);
    story_rest(w, port);
    switched_off_by_a_person(w);
    story_converge(w, estate_all());
    story_member(w, "/vdbs", "orders-test", "enabled", "false");
    story_member(w, "/vdbs", "orders-test", "tags[1]", NULL);
    free(port);
    test_world_free(w);
}

/* Whatever was refused of the change: once it is on, the mark counts no more. */
static void test_what_a_person_switches_off_afterwards_stays_off(void **state)
{
    (void)state;
    stays_off("/vdbs/*/disable");     /* the mark was there for nothing */
    stays_off("/vdbs/{id}");          /* the change itself */
    stays_off("/vdbs/*/tags/delete"); /* taking the mark off */
}

/* It is on, and the mark could not be taken off; nothing else may be done to it now. */
static void test_the_mark_goes_though_it_is_suspended(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");
    char *held = text_with(estate_all(), "port: 5435, mountLocation: /mnt/orders-test}\n",
                           "port: 5636, mountLocation: /mnt/orders-test}\n"
                           "policy: {suspend: {reason: INC-1}}\n");

    (void)state;
    refuse(w, "/vdbs/*/tags/delete");
    story_rest(w, port);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    story_member(w, "/vdbs", "orders-test", "tags[1].key", "dctd-owes-enable");
    assert_int_equal(test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL), 204);
    story_forget(w);
    test_world_restart(w);
    settle(w, held);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/tags/delete " MARKED);
    story_member(w, "/vdbs", "orders-test", "tags[1]", NULL);
    free(port);
    free(held);
    test_world_free(w);
}

static void test_the_clock_is_put_back(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");

    (void)state;
    until_off(w, port, "orders-test");
    test_world_set_clock(w, -24 * HOUR);
    test_world_run(w, HOUR);
    assert_true(w->converged);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(port);
    test_world_free(w);
}

/* Its host was off for hours, and whoever waits longer every time does not wait any
 * more once the host is on again. */
static void test_it_comes_back_with_its_host(void **state)
{
    static const char off[] = "/environments/1-UNIX_HOST_ENVIRONMENT-2/disable",
                      on[] = "/environments/1-UNIX_HOST_ENVIRONMENT-2/enable";
    char *port = text_with(estate_all(), "port: 5435", "port: 5535");

    (void)state;
    for (size_t i = 0; i < 6; i++) { /* wherever in its pause it is by then */
        struct test_world *w = story_service(estate_all());
        until_off(w, port, "orders-test");
        assert_int_equal(test_world_call(w, "POST", off, NULL, NULL), 200);
        story_go_on(w, 3 * HOUR + (msec)i * 150000);
        story_member(w, "/vdbs", "orders-test", "enabled", "false");
        assert_int_equal(test_world_call(w, "POST", on, NULL, NULL), 200);
        story_go_on(w, 420000); /* it looks every five minutes */
        story_member(w, "/vdbs", "orders-test", "enabled", "true");
        test_world_free(w);
    }
    free(port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_its_manifest_is_gone),
        cmocka_unit_test(test_it_is_renamed_meanwhile),
        cmocka_unit_test(test_the_plan_tells_what_a_job_is_followed_by),
        cmocka_unit_test(test_its_deletion_has_to_wait),
        cmocka_unit_test(test_what_is_to_be_forgotten_is_switched_on_first),
        cmocka_unit_test(test_its_parent_was_taken_over),
        cmocka_unit_test(test_it_was_taken_over_while_its_job_failed),
        cmocka_unit_test(test_the_ledger_is_lost_and_it_is_suspended),
        cmocka_unit_test(test_neither_ledger_nor_manifest_tells_of_it),
        cmocka_unit_test(test_a_part_of_the_manifests_switches_nothing_on),
        cmocka_unit_test(test_lists_that_nothing_needs_may_be_refused),
        cmocka_unit_test(test_what_a_person_switches_off_afterwards_stays_off),
        cmocka_unit_test(test_the_mark_goes_though_it_is_suspended),
        cmocka_unit_test(test_the_clock_is_put_back),
        cmocka_unit_test(test_it_comes_back_with_its_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
