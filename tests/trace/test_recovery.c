/* Corners that a run got stuck in, or went round in: each comes to rest. */
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

static const msec HOUR = 3600000;

static void test_the_limit_holds_on_an_engine_that_is_new(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    w->options.per_engine = 1;
    test_world_options(w);
    test_world_manifests(w, estate_all());
    for (size_t i = 0; i < 20000 && !w->rested; i++) {
        test_world_run(w, 100);
        assert_true(inside_jobs(w->sim, NULL) <= 1);
    }
    assert_true(w->rested && w->converged);
    test_world_free(w);
}

static bool refreshes(const struct test_world *w)
{
    const char *kept = test_world_ledger(w, "Environment/pg-staging");

    return kept && strstr(kept, "\"job\"") && inside_jobs(w->sim, NULL);
}

/* A host's refresh that goes on has the engine's slot, though the host itself now
 * waits for the next connector. */
static void test_the_limit_counts_jobs_of_what_has_to_wait(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->options.per_engine = 1;
    test_world_options(w);
    w->plugin_version = "4.1.2";
    test_world_manifests(w, estate_all());
    for (size_t i = 0; i < 20000 && !refreshes(w); i++)
        test_world_run(w, 20);
    assert_true(refreshes(w));
    w->plugin_version = "4.1.3";
    test_world_restart(w);
    test_world_manifests(w, estate_all());
    w->rested = false;
    for (size_t i = 0; i < 20000 && !w->rested; i++) {
        test_world_run(w, 100);
        assert_true(inside_jobs(w->sim, NULL) <= 1);
    }
    assert_true(w->rested && w->converged);
    test_world_free(w);
}

/* Nobody looks for repositories on a host that is off. */
static void test_a_repository_that_is_not_discovered_yet(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml =
        text_with(estate_all(), "hostname: pg-target.example.com, username: postgres,\n",
                  "hostname: pg-target.example.com, username: postgres, enabled: true,\n"
                  "       repositories: [{name: Postgres vFiles (15.4), isStaging: false}],\n");

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"environments\",\"name\":\"pg-target\",\"set\":"
                 "{\"repositories\":[],\"enabled\":false}}");
    story_converge(w, yaml);
    assert_int_equal(w->sent.n, 3);
    story_holds(w->sent.items[0], "Environment/pg-target POST /environments/{id}/enable");
    story_holds(w->sent.items[1], "Environment/pg-target POST /environments/{id}/refresh");
    story_holds(w->sent.items[2], "Environment/pg-target PATCH /environments/{id}/repository/");
    free(yaml);
    test_world_free(w);
}

static void test_a_vdb_on_a_host_that_only_dct_knows(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->options.instance = "another";
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_converge(w, "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: guest}\nspec:\n"
                      "  source: {dSource: orders}\n  environment: pg-target\n  group: Untitled\n"
                      "  environmentUser: postgres\n"
                      "  postgresql: {port: 5499, mountLocation: /mnt/guest}\n");
    story_member(w, "/vdbs", "guest", "group_name", "Untitled");
    test_world_free(w);
}

static void test_what_could_not_be_listed_is_no_drift(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "fault", "{\"route\":\"/dsources\",\"method\":\"GET\",\"status\":503}");
    story_rest(w, NULL);
    story_lacks(buf_text(&w->trace), "drift");
    story_lacks(buf_text(&w->trace), "cannot be changed in place");
    story_sent(w, "");
    test_world_free(w);
}

/* Its child cannot be made anew, as somebody made another from that. */
static void test_no_snapshot_is_taken_for_what_is_blocked(void **state)
{
    static const char more[] = "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: more}\nspec:\n"
                               "  source: {vdb: orders-test}\n  environment: pg-target\n"
                               "  environmentUser: postgres\n  group: Untitled\n"
                               "  postgresql: {port: 5436, mountLocation: /mnt/more}\n";
    char *all = xasprintf("%s%s", estate_all(), more);
    struct test_world *w = story_of(all);
    char *anew = text_with(estate_all(), "port: 5435, mountLocation: /mnt/orders-test}\n",
                           "port: 5435, mountLocation: /mnt/orders-test}\n"
                           "  databaseName: other\npolicy: {replace: allow}\n");

    (void)state;
    story_rest(w, anew);
    story_sent(w, "");
    story_lacks(buf_text(&w->trace), "started VDB/orders-dev");
    free(all);
    free(anew);
    test_world_free(w);
}

/* Between its job's end and the first look at it. */
static void test_deleted_as_soon_as_it_was_made(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = xasprintf("%s---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: short}\n"
                           "spec: {engine: east, hostname: short.example.com, username: postgres,\n"
                           "       toolkitPath: /opt/delphix, password: {credential: pg}}\n",
                           estate_all());

    (void)state;
    test_world_manifests(w, yaml);
    for (size_t i = 0; i < 20000 && !(inside_jobs(w->sim, NULL) == 0 && i > 200); i++)
        test_world_run(w, 20);
    story_meddle(w, "delete", "{\"kind\":\"environments\",\"name\":\"short\"}");
    test_world_run(w, 2 * HOUR);
    assert_true(w->rested && w->converged);
    assert_int_equal(test_world_count(w, "/environments", "short"), 1);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_limit_holds_on_an_engine_that_is_new),
        cmocka_unit_test(test_the_limit_counts_jobs_of_what_has_to_wait),
        cmocka_unit_test(test_a_repository_that_is_not_discovered_yet),
        cmocka_unit_test(test_a_vdb_on_a_host_that_only_dct_knows),
        cmocka_unit_test(test_what_could_not_be_listed_is_no_drift),
        cmocka_unit_test(test_no_snapshot_is_taken_for_what_is_blocked),
        cmocka_unit_test(test_deleted_as_soon_as_it_was_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
