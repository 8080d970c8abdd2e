/* Who is who: names, ids, owner tags and the ledger; what is taken over and
 * what is never touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

/* The estate without our mark on orders-test, and without a memory of it. */
static struct test_world *strangers(const char *yaml, const char *tags)
{
    struct test_world *w = story_of(estate_all());
    char *json =
        xasprintf("{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"tags\":%s}}", tags);

    story_meddle(w, "drift", json);
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, yaml);
    free(json);
    return w;
}

static char *with_policy(const char *policy)
{
    return text_with(estate_all(), "mountLocation: /mnt/orders-test}\n", policy);
}

static void test_a_name_alone_is_no_ownership(void **state)
{
    struct test_world *w = strangers(estate_all(), "[]");
    char *plan = story_plan(w, estate_all());

    (void)state;
    assert_false(w->converged);
    story_sent(w, "");
    story_holds(plan, "! VDB/orders-test  blocked: 1-APPDATA_CONTAINER-3 exists in DCT and is not");
    story_holds(plan, "policy.adopt: ifExists");
    free(plan);
    test_world_free(w);
}

static void test_if_exists_takes_over_and_marks(void **state)
{
    char *yaml = with_policy("mountLocation: /mnt/orders-test}\n  description: ours\n"
                             "policy: {adopt: ifExists}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift", "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"tags\":[]}}");
    test_world_ledger_lost(w);
    char *plan = story_plan(w, yaml);
    story_holds(plan, "< VDB/orders-test");
    story_holds(plan, "it exists; the policy lets us take it over");
    story_holds(plan, "description");
    story_holds(plan, "dctd-owner=test");
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-test PATCH /vdbs/{id} {\"description\":\"ours\"}\n"
                  "VDB/orders-test POST /vdbs/{id}/tags {\"tags\":[{\"key\":"
                  "\"dctd-owner\",\"value\":\"test\"}]}\n");
    story_holds(test_world_ledger(w, "VDB/orders-test"), "adopted");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_must_exist_is_not_created(void **state)
{
    char *yaml = text_with(estate_all(), "metadata: {name: orders-test}",
                           "metadata: {name: orders-qa}\npolicy: {adopt: mustExist}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-qa");
    story_holds(plan, "policy.adopt is mustExist, and DCT has no such object");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_adopt_id_names_it(void **state)
{
    char *yaml = text_with(estate_all(), "metadata: {name: orders-test}",
                           "metadata: {name: orders-qa}\n"
                           "policy: {adoptId: 1-APPDATA_CONTAINER-3}");
    struct test_world *w = strangers(yaml, "[]");

    (void)state;
    assert_true(w->converged);
    story_sent(w, "VDB/orders-qa PATCH /vdbs/{id} {\"name\":\"orders-qa\"}\n"
                  "VDB/orders-qa POST /vdbs/{id}/tags {\"tags\":[{\"key\":"
                  "\"dctd-owner\",\"value\":\"test\"}]}\n");
    free(yaml);
    test_world_free(w);
}

/* An id that names nothing never falls back on the name. */
static void test_adopt_id_of_nothing_takes_nothing(void **state)
{
    char *yaml = with_policy("mountLocation: /mnt/orders-test}\n"
                             "policy: {adopt: mustExist, adoptId: nope}\n");
    struct test_world *w = strangers(yaml, "[]");
    char *plan = story_plan(w, yaml);

    (void)state;
    story_sent(w, "");
    story_holds(plan, "! VDB/orders-test");
    story_holds(plan, "policy.adoptId is nope, and DCT has no vdb of that id");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_another_instances_object_is_not_taken(void **state)
{
    char *yaml = with_policy("mountLocation: /mnt/orders-test}\npolicy: {adopt: ifExists}\n");
    struct test_world *w = strangers(yaml, "[{\"key\":\"dctd-owner\",\"value\":\"prod-west\"}]");
    char *plan = story_plan(w, yaml);

    (void)state;
    story_sent(w, "");
    story_holds(plan, "! VDB/orders-test");
    story_holds(plan, "it belongs to the dctd instance `prod-west`");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* Even where our own ledger says otherwise: somebody took it on purpose. */
static void test_an_object_that_was_taken_from_us_is_left(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":"
                 "\"theirs\",\"tags\":[{\"key\":\"dctd-owner\",\"value\":\"west\"}]}}");
    story_rest(w, NULL);
    assert_false(w->converged);
    story_sent(w, "");
    test_world_free(w);
}

static void test_a_lost_ledger_costs_no_write(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    test_world_ledger_lost(w);
    test_world_restart(w);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "No changes. 8 objects match DCT.");
    story_converge(w, estate_all());
    story_sent(w, "");
    assert_non_null(test_world_ledger(w, "VDB/orders-test"));
    assert_non_null(test_world_ledger(w, "Connector/postgresql@east"));
    story_holds(test_world_ledger(w, "VDB/orders-test"), "1-APPDATA_CONTAINER-3");
    free(plan);
    test_world_free(w);
}

static void test_several_of_a_name_are_not_guessed(void **state)
{
    char *yaml = with_policy("mountLocation: /mnt/orders-test}\npolicy: {adopt: ifExists}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift", "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"tags\":[]}}");
    story_meddle(w, "create",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"id\":\"1-X-9\",\"set\":"
                 "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"tags\":[]}}");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-test blocked: DCT has 2 of that name:");
    story_holds(plan, "dctd adopt VDB/orders-test");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_the_owner_tag_tells_twins_apart(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "create",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"id\":\"0-X-9\",\"set\":"
                 "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"tags\":[]}}");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_converge(w, estate_all());
    story_sent(w, "");
    test_world_free(w);
}

static char *renamed(void)
{
    return text_with(estate_all(), "metadata: {name: orders-test}",
                     "metadata: {name: orders-qa, movedFrom: orders-test}");
}

static void test_moved_from_renames_in_place(void **state)
{
    char *yaml = renamed();
    struct test_world *w = story_of(estate_all());
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "~ VDB/orders-qa");
    story_holds(plan, "metadata.name  \"orders-test\" -> \"orders-qa\"");
    w->options.prune = true;
    test_world_restart(w);
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-qa PATCH /vdbs/{id} {\"name\":\"orders-qa\"}\n");
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    assert_non_null(test_world_ledger(w, "VDB/orders-qa"));
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* Wherever the process dies, the database is neither made twice nor pruned. */
static void test_a_rename_survives_dying_anywhere(void **state)
{
    char *yaml = renamed();
    bool died = true;

    (void)state;
    for (size_t k = 1; died; k++) {
        struct test_world *w = story_of(estate_all());
        w->options.prune = true;
        test_world_restart(w);
        w->die_at = k;
        test_world_manifests(w, yaml);
        test_world_run(w, 600000);
        died = w->dead;
        test_world_restart(w);
        story_converge(w, yaml);
        story_lacks(buf_text(&w->trace), "/delete");
        story_lacks(buf_text(&w->trace), "provision");
        assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
        assert_int_equal(test_world_count(w, "/vdbs", "orders-qa"), 1);
        test_world_free(w);
    }
    free(yaml);
}

static char *with_another(const char *policy)
{
    return xasprintf("%s---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-qa}\nspec:\n"
                     "  source: {dSource: orders}\n  environment: pg-target\n"
                     "  environmentUser: postgres\n  group: Untitled\n"
                     "  postgresql: {port: 5444, mountLocation: /mnt/orders-qa}\n%s",
                     estate_all(), policy);
}

/* Two wills for one object would take it down in turns, for ever. */
static void test_what_one_manifest_has_another_cannot_adopt(void **state)
{
    char *yaml = with_another("policy: {adoptId: 1-APPDATA_CONTAINER-3}\n");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/orders-qa blocked: 1-APPDATA_CONTAINER-3 is VDB/orders-test, whose");
    free(plan);
    free(yaml);
    test_world_free(w);
}

/* After a restore DCT gives an id a second time, and the ledger knows the first. */
static void test_an_id_alone_is_no_ownership(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":"
                 "{\"name\":\"theirs\",\"tags\":[],\"description\":\"not yours\"}}");
    story_rest(w, estate_all());
    story_sent(w, "");
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! VDB/orders-test blocked: 1-APPDATA_CONTAINER-3 is called `theirs` in DCT");
    free(plan);
    test_world_keep(w, "VDB/orders-test", NULL);
    test_world_restart(w);
    plan = story_plan(w, estate_all());
    story_holds(plan, "+ VDB/orders-test create");
    free(plan);
    story_member(w, "/vdbs", "theirs", "description", "not yours");
    test_world_free(w);
}

/* One by its old name, which the ledger knows, the other by its id. */
static void test_a_renamed_manifest_keeps_what_another_adopts(void **state)
{
    char *both = with_another("policy: {adoptId: 1-APPDATA_CONTAINER-3}\n");
    char *yaml = text_with(both, "metadata: {name: orders-test}",
                           "metadata: {name: orders-new, movedFrom: orders-test}");
    struct test_world *w = story_of(estate_all());
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "~ VDB/orders-new update");
    story_holds(plan, "1-APPDATA_CONTAINER-3 is what VDB/orders-new means too");
    story_holds(plan, "Plan: 1 to update, 1 blocked.");
    story_rest(w, yaml);
    story_sent(w, "VDB/orders-new PATCH /vdbs/{id} {\"name\":\"orders-new\"}\n");
    free(plan);
    free(yaml);
    free(both);
    test_world_free(w);
}

/* Neither was there before the other. */
static void test_two_manifests_that_adopt_one_object_get_it_neither(void **state)
{
    char *one = with_another("policy: {adoptId: 1-APPDATA_CONTAINER-3}\n");
    char *yaml = text_with(one, "metadata: {name: orders-test}",
                           "metadata: {name: orders-old}\n"
                           "policy: {adoptId: 1-APPDATA_CONTAINER-3}");
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->options.prune = true;
    test_world_restart(w);
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "1-APPDATA_CONTAINER-3 is what VDB/orders-qa means too");
    story_holds(plan, "1-APPDATA_CONTAINER-3 is what VDB/orders-old means too");
    story_holds(plan, "Plan: 2 blocked.");
    free(plan);
    free(yaml);
    free(one);
    test_world_free(w);
}

/* Somebody renamed it in DCT to what another manifest calls its own: it gets its
 * name back, and the other one is made. */
static void test_a_name_in_dct_does_not_take_an_object_from_its_manifest(void **state)
{
    char *yaml = with_another("");
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"name\":\"orders-qa\"}}");
    story_converge(w, yaml);
    assert_string_equal(w->sent.items[0],
                        "VDB/orders-test PATCH /vdbs/{id} {\"name\":\"orders-test\"}");
    story_holds(w->sent.items[1], "VDB/orders-qa POST /vdbs/provision_by_snapshot");
    story_member(w, "/vdbs", "orders-test", "id", "1-APPDATA_CONTAINER-3");
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_name_alone_is_no_ownership),
        cmocka_unit_test(test_if_exists_takes_over_and_marks),
        cmocka_unit_test(test_must_exist_is_not_created),
        cmocka_unit_test(test_adopt_id_names_it),
        cmocka_unit_test(test_adopt_id_of_nothing_takes_nothing),
        cmocka_unit_test(test_another_instances_object_is_not_taken),
        cmocka_unit_test(test_an_object_that_was_taken_from_us_is_left),
        cmocka_unit_test(test_a_lost_ledger_costs_no_write),
        cmocka_unit_test(test_several_of_a_name_are_not_guessed),
        cmocka_unit_test(test_the_owner_tag_tells_twins_apart),
        cmocka_unit_test(test_moved_from_renames_in_place),
        cmocka_unit_test(test_a_rename_survives_dying_anywhere),
        cmocka_unit_test(test_what_one_manifest_has_another_cannot_adopt),
        cmocka_unit_test(test_an_id_alone_is_no_ownership),
        cmocka_unit_test(test_a_renamed_manifest_keeps_what_another_adopts),
        cmocka_unit_test(test_two_manifests_that_adopt_one_object_get_it_neither),
        cmocka_unit_test(test_a_name_in_dct_does_not_take_an_object_from_its_manifest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
