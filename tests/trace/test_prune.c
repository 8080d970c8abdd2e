/* What no manifest wants any more: deleted only where that is allowed, in
 * reverse order, and never what is not ours or not meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char *rest_of(const char *from)
{
    const char *at = from;

    while (*at && !(at[0] == '-' && at[1] == '-' && at[2] == '-' && at != from))
        at++;
    return at;
}

/* The manifests without the document that says `what`; owned. */
static char *without(const char *yaml, const char *what)
{
    char *cut = text_with(yaml, what, "\1");
    char *mark = cut, *start;

    while (*mark != '\1')
        mark++;
    for (start = mark; start > cut && !(start[0] == '-' && start[1] == '-' && start[2] == '-');)
        start--;
    char *left = xasprintf("%.*s%s", (int)(start - cut), cut, rest_of(mark));
    free(cut);
    return left;
}

static char *without_all(const char *const *what, size_t n)
{
    char *yaml = xstrdup(estate_all());

    for (size_t i = 0; i < n; i++) {
        char *less = without(yaml, what[i]);
        free(yaml);
        yaml = less;
    }
    return yaml;
}

static const char *const datasets[] = {
    "kind: VDB\nmetadata: {name: orders-test}",
    "kind: VDB\nmetadata: {name: orders-dev",
    "kind: DSource\nmetadata: {name: orders}",
    "kind: SourceConfig\nmetadata: {name: orders}",
};

static struct test_world *pruning(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.prune = true;
    test_world_restart(w);
    return w;
}

static void test_off_by_default(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = without_all(datasets, 1), *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "1 object that no manifest wants any more is left alone (prune is off):");
    story_holds(plan, "VDB/orders-test");
    story_converge(w, yaml);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    assert_non_null(test_world_ledger(w, "VDB/orders-test"));
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_reverse_order(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 4), *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "- VDB/orders-test");
    story_holds(plan, "no manifest wants it any more");
    story_holds(plan, "! VDB orders-test and all its snapshots are deleted");
    story_holds(plan, "Plan: 4 to delete.");
    story_converge(w, yaml);
    story_sent(w,
               "VDB/orders-test POST /vdbs/{id}/delete {}\n"
               "VDB/orders-dev POST /vdbs/{id}/delete {}\n"
               "DSource/orders POST /dsources/delete {\"dsource_id\":\"1-APPDATA_CONTAINER-1\"}\n"
               "SourceConfig/orders DELETE /sources/{id}\n");
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    assert_int_equal(test_world_count(w, "/dsources", NULL), 0);
    assert_int_equal(test_world_count(w, "/sources", NULL), 0);
    assert_int_equal(test_world_count(w, "/environments", NULL), 2);
    assert_null(test_world_ledger(w, "DSource/orders"));
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* Somebody took it over, or DCT gave its id to another one. */
static void test_neither_name_nor_tag_is_not_deleted(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 1);

    (void)state;
    assert_true(
        test_world_call(
            w, "POST", "/_sim/drift",
            "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"name\":\"theirs\",\"tags\":[]}}",
            NULL) < 300);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "is called `theirs` in DCT now, and the tag dctd-owner is gone");
    story_rest(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", "theirs"), 1);
    assert_true(test_world_call(
                    w, "POST", "/_sim/drift",
                    "{\"kind\":\"vdbs\",\"name\":\"theirs\",\"set\":{\"name\":\"orders-test\"}}",
                    NULL) < 300);
    w->now += 7200000;
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_parents_wait_for_children_that_stay(void **state)
{
    struct test_world *w = pruning(estate_all());
    static const char *const source[] = { "kind: SourceConfig\nmetadata: {name: orders}" };
    char *cut = without_all(source, 1);
    char *yaml = text_with(cut, "sourceConfig: orders",
                           "sourceConfig: "
                           "id:1-APPDATA_STAGED_SOURCE_CONFIG-1");
    char *more = text_with(yaml, "  group: Untitled\n  environmentUser: postgres\n",
                           "  group: Untitled\n  environmentUser: id:HOST_USER-1\n");
    char *plan = story_plan(w, more);

    (void)state;
    story_holds(plan, "! SourceConfig/orders blocked:");
    story_holds(plan, "linked");
    story_rest(w, more);
    story_lacks(buf_text(&w->trace), "DELETE");
    assert_int_equal(test_world_count(w, "/sources", "orders"), 1);
    free(plan);
    free(more);
    free(yaml);
    free(cut);
    test_world_free(w);
}

static void test_protect_outlives_the_manifest(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n",
                           "mountLocation: /mnt/orders-test}\npolicy: {protect: true}\n");
    struct test_world *w = pruning(yaml);
    char *less = without_all(datasets, 1), *plan = story_plan(w, less);

    (void)state;
    story_holds(plan, "! VDB/orders-test blocked: it is protected");
    story_rest(w, less);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    free(plan);
    free(less);
    free(yaml);
    test_world_free(w);
}

/* A dSource that is protected: whatever becomes of its manifest, it stays. */
static void test_a_protected_dsource_survives_everything(void **state)
{
    static const char *const emptied = "# everything moved elsewhere\n";
    const char *block = "    settings: {max_connections: '200', log_statement: null}\n";
    char *guarded = xasprintf("%spolicy: {protect: true, replace: allow}\n", block);
    char *yaml = text_with(estate_all(), block, guarded);
    char *less = without_all(datasets, 3);
    char *named = text_with(yaml, "kind: DSource\nmetadata: {name: orders}",
                            "kind: DSource\nmetadata: {name: renamed}");
    char *renamed = text_with(named, "source: {dSource: orders}", "source: {dSource: renamed}");
    char *replaced = text_with(yaml, "group: Untitled\n  environmentUser: postgres\n  stagingEnv",
                               "group: Untitled\n  logSyncEnabled: true\n"
                               "  environmentUser: postgres\n  stagingEnv");
    const char *const fates[] = { less, emptied, renamed, replaced };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fates); i++) {
        struct test_world *w = pruning(yaml);
        char *id = test_world_member(w, "/dsources", "orders", "id");
        story_rest(w, fates[i]);
        story_member(w, "/dsources", "orders", "id", id);
        free(id);
        test_world_free(w);
    }
    free(replaced);
    free(renamed);
    free(named);
    free(less);
    free(yaml);
    free(guarded);
}

/* Protection that comes with the change, and one that only the manifest knows. */
static void test_protection_counts_from_its_first_plan(void **state)
{
    char *asked = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n",
                            "mountLocation: /mnt/orders-test}\n  masked: true\n"
                            "policy: {protect: true, replace: allow}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    char *plan = story_plan(w, asked);
    story_holds(plan, "it is protected; it is never deleted to be made anew");
    free(plan);
    test_world_ledger_lost(w);
    plan = story_plan(w, asked);
    story_holds(plan, "it is protected; it is never deleted to be made anew");
    free(plan);
    free(asked);
    test_world_free(w);
}

/* Lifting the protection and asking for what it forbids takes two steps. */
static void test_protection_is_not_lifted_by_the_change_it_forbids(void **state)
{
    const char *end = "mountLocation: /mnt/orders-test}\n";
    char *yaml = text_with(estate_all(), end,
                           "mountLocation: /mnt/orders-test}\n"
                           "policy: {protect: true, replace: allow}\n");
    char *asked = text_with(estate_all(), end,
                            "mountLocation: /mnt/orders-test}\n  masked: true\n"
                            "policy: {replace: allow}\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_rest(w, asked);
    story_sent(w, "");
    story_rest(w, asked);
    story_sent(w, "");
    char *plan = story_plan(w, asked);
    story_holds(plan, "its manifest lifts that once it is applied without policy.replace: allow");
    free(plan);
    free(asked);
    free(yaml);
    test_world_free(w);
}

/* The two steps, though the object never was as its manifest says in between. */
static void test_protection_is_lifted_before_what_it_forbids(void **state)
{
    const char *end = "mountLocation: /mnt/orders-test}\n";
    char *yaml =
        text_with(estate_all(), end, "mountLocation: /mnt/orders-test}\npolicy: {protect: true}\n");
    char *lifted = text_with(estate_all(), end,
                             "mountLocation: /mnt/orders-test}\n  masked: true\n"
                             "policy: {protect: false}\n");
    char *asked = text_with(lifted, "{protect: false}", "{protect: false, replace: allow}");
    struct test_world *w = story_of(yaml);
    char *was = test_world_member(w, "/vdbs", "orders-test", "id");

    (void)state;
    story_rest(w, lifted);
    story_sent(w, "");
    story_converge(w, asked);
    char *is = test_world_member(w, "/vdbs", "orders-test", "id");
    assert_string_not_equal(was, is);
    free(was);
    free(is);
    free(asked);
    free(lifted);
    free(yaml);
    test_world_free(w);
}

static void test_protected_is_not_replaced(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n",
                           "mountLocation: /mnt/orders-test}\n"
                           "policy: {protect: true, replace: allow}\n");
    char *other = text_with(yaml, "mountLocation: /mnt/orders-test}\n",
                            "mountLocation: /mnt/orders-test}\n  masked: true\n");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_rest(w, other);
    story_sent(w, "");
    char *plan = story_plan(w, other);
    story_holds(plan, "it is protected; it is never deleted to be made anew:");
    story_holds(plan, "take the change back, or lift policy.protect before it");
    free(plan);
    free(other);
    free(yaml);
    test_world_free(w);
}

static void test_orphans_are_forgotten_not_deleted(void **state)
{
    char *yaml = text_with(estate_all(), "mountLocation: /mnt/orders-test}\n",
                           "mountLocation: /mnt/orders-test}\npolicy: {deletion: orphan}\n");
    struct test_world *w = pruning(yaml);
    char *less = without_all(datasets, 1), *plan = story_plan(w, less);

    (void)state;
    story_holds(plan, ". VDB/orders-test");
    story_holds(plan, "its deletion policy is orphan");
    story_converge(w, less);
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    free(plan);
    free(less);
    free(yaml);
    test_world_free(w);
}

/* Hosts and engines are somebody's machines: left alone unless said otherwise. */
static void test_environments_and_engines_stay(void **state)
{
    struct test_world *w = pruning(estate_all());

    (void)state;
    w->options.delete_budget = 0;
    test_world_restart(w);
    static const char only[] = "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
                               "spec: {hostname: east.example.com, username: admin,\n"
                               "       password: {credential: east}}\n";
    story_converge(w, only);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    assert_int_equal(test_world_count(w, "/environments", NULL), 2);
    assert_int_equal(test_world_count(w, "/toolkits", NULL), 1);
    test_world_free(w);
}

static void test_deletion_delete_takes_the_whole_estate(void **state)
{
    char *engine = text_with(estate_all(), "password: {credential: east}}\n",
                             "password: {credential: east}}\npolicy: {deletion: delete}\n");
    char *connector =
        text_with(engine, "engines: [east]}\n", "engines: [east]}\npolicy: {deletion: delete}\n");
    char *staging = text_with(connector, "metadata: {name: pg-staging}\n",
                              "metadata: {name: pg-staging}\npolicy: {deletion: delete}\n");
    char *yaml = text_with(staging, "metadata: {name: pg-target}\n",
                           "metadata: {name: pg-target}\npolicy: {deletion: delete}\n");
    struct test_world *w = pruning(yaml);
    static const char other[] = "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: west}\n"
                                "spec: {hostname: west.example.com, username: admin,\n"
                                "       password: {credential: east}}\n";

    (void)state;
    w->options.delete_budget = 0;
    test_world_restart(w);
    story_converge(w, other);
    assert_int_equal(test_world_count(w, "/management/engines", "east"), 0);
    story_holds(w->sent.items[w->sent.n - 1], "Engine/east DELETE /management/engines/{id}");
    free(engine);
    free(connector);
    free(staging);
    free(yaml);
    test_world_free(w);
}

static void test_over_the_budget_nothing_goes(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 4);

    (void)state;
    w->options.delete_budget = 3;
    test_world_restart(w);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "4 deletions exceed reconcile.deleteBudget 3; nothing is deleted");
    story_rest(w, yaml);
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_findings_stop_pruning(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *less = without_all(datasets, 1);
    char *yaml = text_with(less, "port: 5434", "port: no");

    (void)state;
    w->findings_meant = true;
    char *plan = story_plan(w, yaml);
    story_holds(plan, "left alone (not every manifest could be read)");
    story_rest(w, yaml);
    story_sent(w, "");
    assert_non_null(test_world_ledger(w, "VDB/orders-dev"));
    free(plan);
    free(yaml);
    free(less);
    test_world_free(w);
}

/* A checkout that was cut short. */
/* Another name without movedFrom: the old one goes first, its port with it. */
static void test_a_port_is_taken_when_it_is_free_again(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml =
        text_with(estate_all(), "metadata: {name: orders-test}", "metadata: {name: other}");

    (void)state;
    story_converge(w, yaml);
    assert_false(test_world_told(w, "retry"));
    assert_false(test_world_told(w, "portInUse"));
    assert_int_equal(test_world_count(w, "/vdbs", "other"), 1);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(yaml);
    test_world_free(w);
}

static void test_a_part_of_the_manifests_deletes_nothing(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 4);

    (void)state;
    w->options.partial = true;
    test_world_restart(w);
    char *plan = story_plan(w, yaml);
    story_holds(plan,
                "that none of the named manifests declares are left alone (only a part of the "
                "manifests was named)");
    story_rest(w, yaml);
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* The service says what it does not do, once. */
static void test_what_is_blocked_is_told_once(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_RUN);
    char *yaml = without_all(datasets, 4);

    (void)state;
    story_converge(w, estate_all());
    story_rest(w, yaml);
    assert_true(test_world_told(w, "warning 4 objects that no manifest wants any more"));
    buf_clear(&w->trace);
    w->rested = false;
    test_world_run(w, 3600000);
    assert_false(test_world_told(w, "warning 4 objects that no manifest wants any more"));
    free(yaml);
    test_world_free(w);
}

static void test_an_empty_file_deletes_nothing(void **state)
{
    struct test_world *w = pruning(estate_all());

    (void)state;
    w->findings_meant = true;
    char *plan = story_plan(w, "");
    story_holds(plan, "8 objects that no readable manifest wants are left alone");
    story_rest(w, "");
    story_sent(w, "");
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    free(plan);
    test_world_free(w);
}

static void test_done_only_when_gone(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 1);

    (void)state;
    story_meddle(w, "fault",
                 "{\"route\":\"/vdbs/*/delete\",\"job\":\"FAILED\",\"job_error\":"
                 "\"still mounted\",\"times\":1}");
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/delete {}\n"
                  "VDB/orders-test POST /vdbs/{id}/delete {}\n");
    story_holds(buf_text(&w->trace), "FAILED: still mounted");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(yaml);
    test_world_free(w);
}

static void test_locked_is_not_deleted(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 1);

    (void)state;
    assert_int_equal(test_world_call(w, "POST", "/vdbs/1-APPDATA_CONTAINER-3/lock", "{}", NULL),
                     200);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-test blocked: the VDB is locked");
    story_rest(w, yaml);
    story_sent(w, "");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_deleted_behind_our_back_is_made_again(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "+ VDB/orders-test");
    story_holds(plan, "create: it is gone from DCT");
    story_converge(w, estate_all());
    assert_int_equal(w->sent.n, 1);
    story_holds(w->sent.items[0], "VDB/orders-test POST /vdbs/provision_by_snapshot");
    free(plan);
    test_world_free(w);
}

/* Gone and no longer wanted: nothing is left to remember, whatever prune says. */
static void test_gone_and_unwanted_is_forgotten(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = without_all(datasets, 1);

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    story_converge(w, yaml);
    story_sent(w, "");
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    free(yaml);
    test_world_free(w);
}

/* The read before the deletion fails: it is deleted all the same, not forgotten. */
static void test_unreadable_is_not_gone(void **state)
{
    struct test_world *w = pruning(estate_all());
    char *yaml = without_all(datasets, 1);

    (void)state;
    story_meddle(w, "fault",
                 "{\"method\":\"GET\",\"route\":\"/vdbs/*\",\"status\":503,\"times\":2}");
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-test POST /vdbs/{id}/delete {}\n");
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_by_default),
        cmocka_unit_test(test_reverse_order),
        cmocka_unit_test(test_neither_name_nor_tag_is_not_deleted),
        cmocka_unit_test(test_parents_wait_for_children_that_stay),
        cmocka_unit_test(test_protect_outlives_the_manifest),
        cmocka_unit_test(test_a_protected_dsource_survives_everything),
        cmocka_unit_test(test_protection_counts_from_its_first_plan),
        cmocka_unit_test(test_protection_is_not_lifted_by_the_change_it_forbids),
        cmocka_unit_test(test_protection_is_lifted_before_what_it_forbids),
        cmocka_unit_test(test_protected_is_not_replaced),
        cmocka_unit_test(test_orphans_are_forgotten_not_deleted),
        cmocka_unit_test(test_environments_and_engines_stay),
        cmocka_unit_test(test_deletion_delete_takes_the_whole_estate),
        cmocka_unit_test(test_over_the_budget_nothing_goes),
        cmocka_unit_test(test_findings_stop_pruning),
        cmocka_unit_test(test_a_port_is_taken_when_it_is_free_again),
        cmocka_unit_test(test_a_part_of_the_manifests_deletes_nothing),
        cmocka_unit_test(test_what_is_blocked_is_told_once),
        cmocka_unit_test(test_an_empty_file_deletes_nothing),
        cmocka_unit_test(test_done_only_when_gone),
        cmocka_unit_test(test_unreadable_is_not_gone),
        cmocka_unit_test(test_locked_is_not_deleted),
        cmocka_unit_test(test_deleted_behind_our_back_is_made_again),
        cmocka_unit_test(test_gone_and_unwanted_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
