/* Changes that reach further than the object that they are made to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static char *without(const char *yaml, const char *from, const char *to)
{
    const char *a = strstr(yaml, from), *b = to ? strstr(a, to) : yaml + strlen(yaml);

    assert_non_null(a);
    assert_non_null(b);
    return xasprintf("%.*s%s", (int)(a - yaml), yaml, b);
}

/* The host of two VDBs moves: both are off while it does, then on again. */
static void test_datasets_are_off_while_their_host_changes(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), "hostname: pg-target.example.com",
                            "hostname: pg-target-2.example.com");

    (void)state;
    char *plan = story_plan(w, moved);
    story_holds(plan, "VDB orders-dev is disabled during this update");
    story_holds(plan, "VDB orders-test is disabled during this update");
    free(plan);
    story_converge(w, moved);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/tags " MARKED
                  "VDB/orders-test POST /vdbs/{id}/disable {}\n" DEV_OFF
                  "Environment/pg-target PATCH /environments/{id}/hosts/1-UNIX_HOST-2 "
                  "{\"hostname\":\"pg-target-2.example.com\"}\n" DEV_ON
                  "VDB/orders-test POST /vdbs/{id}/enable {}\n"
                  "VDB/orders-test POST /vdbs/{id}/tags/delete " MARKED);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(moved);
    test_world_free(w);
}

/* A VDB that was off before stays off. */
static void test_only_what_was_on_is_switched(void **state)
{
    char *off = text_with(estate_all(), "mountLocation: /mnt/orders-dev}\n  enabled: true",
                          "mountLocation: /mnt/orders-dev}\n  enabled: false");
    struct test_world *w = story_of(estate_all());
    char *moved =
        text_with(off, "hostname: pg-target.example.com", "hostname: pg-target-2.example.com");

    (void)state;
    story_converge(w, off);
    story_forget(w);
    story_converge(w, moved);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/tags " MARKED
                  "VDB/orders-test POST /vdbs/{id}/disable {}\n"
                  "Environment/pg-target PATCH /environments/{id}/hosts/1-UNIX_HOST-2 "
                  "{\"hostname\":\"pg-target-2.example.com\"}\n"
                  "VDB/orders-test POST /vdbs/{id}/enable {}\n"
                  "VDB/orders-test POST /vdbs/{id}/tags/delete " MARKED);
    story_member(w, "/vdbs", "orders-dev", "enabled", "false");
    free(moved);
    free(off);
    test_world_free(w);
}

static enum fate host_patch_is_refused(struct test_world *w, const struct request *r)
{
    (void)w;
    return r->write && strstr(r->path, "/hosts/") ? FATE_ANSWER_503 : FATE_CARRIED;
}

/* The change fails for good: the databases come back all the same. */
static void test_databases_come_back_when_the_change_fails(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), "hostname: pg-target.example.com",
                            "hostname: pg-target-2.example.com");

    (void)state;
    w->fate = host_patch_is_refused;
    story_rest(w, moved);
    assert_false(w->converged);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(moved);
    test_world_free(w);
}

/* The database that is off has a change of its own to make: it comes back too. */
static void test_a_debt_is_paid_with_another_change(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), "hostname: pg-target.example.com",
                            "hostname: pg-target-2.example.com");

    (void)state;
    w->fate = host_patch_is_refused;
    test_world_manifests(w, moved);
    while (!test_world_told(w, "PATCH /environments") && !w->rested)
        test_world_run(w, 1000);
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":\"x\"}}");
    test_world_run(w, 86400000);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    free(moved);
    test_world_free(w);
}

static size_t sent_times(const struct test_world *w, const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += starts_with(w->sent.items[i], what);
    return n;
}

/* Both hosts move, and a VDB on one of them is locked: that host waits, told in
 * the plan; on the other, nothing goes off more than once. */
static void test_a_locked_database_takes_nobody_down(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *one = text_with(estate_all(), "hostname: pg-target.example.com", "hostname: t2");
    char *both = text_with(one, "hostname: pg-staging.example.com", "hostname: s2");

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/vdbs/1-APPDATA_CONTAINER-3/lock", "{}", NULL),
                     200);
    char *plan = story_plan(w, both);
    story_holds(plan, "! VDB/orders-test");
    story_holds(plan, "the VDB is locked");
    free(plan);
    story_forget(w);
    story_rest(w, both);
    assert_false(w->converged);
    assert_int_equal(sent_times(w, "VDB/orders-dev POST /vdbs/{id}/disable"), 0);
    assert_true(sent_times(w, "DSource/orders POST /dsources/{id}/disable") <= 1);
    story_member(w, "/dsources", "orders", "enabled", "true");
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    free(both);
    free(one);
    test_world_free(w);
}

static enum fate disabling_is_refused(struct test_world *w, const struct request *r)
{
    (void)w;
    return strstr(r->path, "/vdbs/1-APPDATA_CONTAINER-2/disable") ? FATE_ANSWER_503 : FATE_CARRIED;
}

/* One of two cannot go off: the other is not switched again and again for it. */
static void test_what_goes_off_for_nothing_does_so_once(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), "hostname: pg-target.example.com", "hostname: t2");

    (void)state;
    w->fate = disabling_is_refused;
    test_world_manifests(w, moved);
    test_world_run(w, 290000);
    assert_true(sent_times(w, "VDB/orders-test POST /vdbs/{id}/disable") <= 1);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(moved);
    test_world_free(w);
}

/* Somebody made a VDB by hand from our dSource: the dSource stays. */
static void test_deletion_heeds_what_dct_says_depends_on_it(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_APPLY);
    char *few = without(estate_all(), "---\napiVersion: dct/v1\nkind: DSource", NULL);

    (void)state;
    w->options.prune = true;
    test_world_restart(w);
    story_converge(w, estate_all());
    assert_int_equal(test_world_call(w, "POST", "/vdbs/provision_by_snapshot",
                                     "{\"source_data_id\":\"1-APPDATA_CONTAINER-1\",\"name\":"
                                     "\"by-hand\",\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-2\","
                                     "\"appdata_source_params\":{\"postgresPort\":5999,"
                                     "\"mountLocation\":\"/mnt/by-hand\"}}",
                                     NULL),
                     200);
    w->now += 600000;
    story_rest(w, few);
    assert_false(w->converged);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    assert_int_equal(test_world_count(w, "/vdbs", "by-hand"), 1);
    char *plan = story_plan(w, few);
    story_holds(plan, "by-hand");
    story_holds(plan, "depends on it and stays");
    free(plan);
    free(few);
    test_world_free(w);
}

static const char elsewhere[] = "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: west}\n"
                                "spec: {hostname: west.example.com, username: admin,\n"
                                "       password: {credential: east}}\n";

/* Also what is kept unless its manifest says otherwise. */
static char *all_to_be_deleted(void)
{
    char *engine = text_with(estate_all(), "password: {credential: east}}\n",
                             "password: {credential: east}}\npolicy: {deletion: delete}\n");
    char *staging = text_with(engine, "metadata: {name: pg-staging}\n",
                              "metadata: {name: pg-staging}\npolicy: {deletion: delete}\n");
    char *all = text_with(staging, "metadata: {name: pg-target}\n",
                          "metadata: {name: pg-target}\npolicy: {deletion: delete}\n");

    free(engine);
    free(staging);
    return all;
}

static struct test_world *pruning_without_budget(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.prune = true;
    w->options.delete_budget = w->options.delete_percent = 0;
    test_world_restart(w);
    return w;
}

/* DCT forgets all that is on an engine: what is somebody else's keeps that, and so
 * does what was let go of. */
static void test_an_engine_with_others_work_on_it_stays(void **state)
{
    static const char stranger[] = "{\"kind\":\"environments\",\"id\":\"1-HOST-9\",\"engine\":"
                                   "\"east\",\"set\":{\"name\":\"theirs\",\"engine_id\":\"1\"}}";
    char *yaml = all_to_be_deleted();
    struct test_world *w = pruning_without_budget(yaml);

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/_sim/create", stranger, NULL), 201);
    char *plan = story_plan(w, elsewhere);
    story_holds(plan, "Environment theirs (1-HOST-9) depends on it and stays");
    free(plan);
    story_rest(w, elsewhere);
    assert_false(w->converged);
    assert_int_equal(test_world_count(w, "/management/engines", "east"), 1);
    assert_int_equal(test_world_count(w, "/environments", "theirs"), 1);
    assert_int_equal(test_world_call(w, "POST", "/_sim/delete",
                                     "{\"kind\":\"environments\",\"name\":\"theirs\"}", NULL),
                     204);
    w->now += 7200000;
    story_converge(w, elsewhere);
    assert_int_equal(test_world_count(w, "/management/engines", "east"), 0);
    free(yaml);
    test_world_free(w);
}

static void test_a_host_that_is_let_go_of_keeps_its_engine(void **state)
{
    char *all = all_to_be_deleted();
    char *yaml =
        text_with(all, "metadata: {name: pg-target}\npolicy: {deletion: delete}\n",
                  "metadata: {name: pg-target}\npolicy: {deletion: orphan, protect: true}\n");
    struct test_world *w = pruning_without_budget(yaml);

    (void)state;
    story_rest(w, elsewhere);
    assert_int_equal(test_world_count(w, "/management/engines", "east"), 1);
    assert_int_equal(test_world_count(w, "/environments", "pg-target"), 1);
    assert_int_equal(test_world_count(w, "/environments", NULL), 1);
    free(all);
    free(yaml);
    test_world_free(w);
}

/* Somebody switched the host off, and its manifest may only report that: a database
 * on it could not come on again, so it does not go off. */
static void test_nothing_goes_off_on_a_host_that_is_off(void **state)
{
    char *on = text_with(estate_all(), "metadata: {name: pg-target}\n",
                         "metadata: {name: pg-target}\npolicy: {mode: warn}\n");
    char *host = text_with(on, "{engine: east, hostname: pg-target.example.com,",
                           "{engine: east, enabled: true, hostname: pg-target.example.com,");
    char *port = text_with(host, "port: 5434", "port: 5444");
    struct test_world *w = story_of(estate_all());

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/environments/1-UNIX_HOST_ENVIRONMENT-2/disable",
                                     "{}", NULL),
                     200);
    w->now += 600000;
    story_rest(w, port);
    story_sent(w, "");
    char *plan = story_plan(w, port);
    story_holds(plan, "! VDB/orders-dev blocked: it waits for Environment/pg-target, which is");
    free(plan);
    test_world_free(w);
    free(port);
    free(host);
    free(on);
}

/* Which databases live on the host is in a list that cannot be read, whole or at all:
 * the host waits, and nobody's database is lost to a change that it was on for. */
static void hidden_by(const char *fault, const char *moves, const char *to, const char *host,
                      const char *who)
{
    struct test_world *w = story_of(estate_all());
    char *moved = text_with(estate_all(), moves, to);
    char *line = xasprintf("! Environment/%s blocked: whether %s lives on it", host, who);

    story_meddle(w, "fault", fault);
    char *plan = story_plan(w, moved);
    story_holds(plan, line);
    free(plan);
    test_world_restart(w);
    story_rest(w, moved);
    assert_false(w->converged);
    story_sent(w, "");
    (void)test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL);
    test_world_restart(w);
    story_converge(w, moved);
    story_holds(buf_text(&w->trace), "changes; it is enabled again afterwards");
    free(line);
    free(moved);
    test_world_free(w);
}

static void test_a_host_waits_until_who_lives_on_it_is_known(void **state)
{
    (void)state;
    hidden_by("{\"route\":\"/vdbs\",\"method\":\"GET\",\"status\":503}",
              "hostname: pg-target.example.com", "hostname: pg-target-2.example.com", "pg-target",
              "VDB/orders-dev");
    hidden_by("{\"route\":\"/staging-sources\",\"method\":\"GET\",\"status\":503}",
              "hostname: pg-staging.example.com", "hostname: pg-staging-2.example.com",
              "pg-staging", "DSource/orders");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datasets_are_off_while_their_host_changes),
        cmocka_unit_test(test_only_what_was_on_is_switched),
        cmocka_unit_test(test_databases_come_back_when_the_change_fails),
        cmocka_unit_test(test_a_debt_is_paid_with_another_change),
        cmocka_unit_test(test_a_locked_database_takes_nobody_down),
        cmocka_unit_test(test_what_goes_off_for_nothing_does_so_once),
        cmocka_unit_test(test_deletion_heeds_what_dct_says_depends_on_it),
        cmocka_unit_test(test_an_engine_with_others_work_on_it_stays),
        cmocka_unit_test(test_a_host_that_is_let_go_of_keeps_its_engine),
        cmocka_unit_test(test_nothing_goes_off_on_a_host_that_is_off),
        cmocka_unit_test(test_a_host_waits_until_who_lives_on_it_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
