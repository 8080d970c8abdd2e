/* A creation that nobody answered, and what DCT has of that name afterwards: one
 * is it, of two a person says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/hand.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"

enum { HOUR = 3600000 };

static const char config[] = "SourceConfig/orders";

/* Does somebody else make one of that name while nobody hears of ours? */
static enum fate unheard(struct test_world *w, const struct request *r)
{
    const bool *another = w->ctx;

    if (!streq(r->path, "/sources/postgres"))
        return FATE_CARRIED;
    w->fate = NULL;
    if (*another)
        story_meddle(w, "create",
                     "{\"kind\":\"sources\",\"name\":\"orders\",\"id\":\"1-X-9\",\"set\":"
                     "{\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-1\",\"engine_id\":\"1\"}}");
    return FATE_UNHEARD;
}

static struct test_world *creating(bool *another)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    w->fate = unheard;
    w->ctx = another;
    return w;
}

/* As `dctd adopt` does while no service runs. */
static void adopt_by_hand(struct test_world *w, const char *key, enum kind kind, const char *id)
{
    struct ledger *l = ledger_new();

    for (size_t i = 0; i < w->n_ledger; i++)
        assert_true(ledger_restore(l, w->ledger[i].text));
    assert_null(adopt_refusal(l, key, kind, id, false));
    char *text = entry_text(adopt(l, key, kind, id));
    test_world_keep(w, key, text);
    test_world_restart(w);
    free(text);
    ledger_free(l);
}

static void test_one_candidate_is_not_asked_about(void **state)
{
    bool another = false;
    struct test_world *w = creating(&another);

    (void)state;
    story_converge(w, estate_all());
    story_lacks(buf_text(&w->trace), "say which one it is");
    assert_int_equal(test_world_count(w, "/sources", "orders"), 1);
    test_world_free(w);
}

static void test_of_two_candidates_a_person_chooses(void **state)
{
    bool another = true;
    struct test_world *w = creating(&another);

    (void)state;
    story_rest(w, estate_all());
    assert_false(w->converged);
    assert_int_equal(test_world_count(w, "/sources", "orders"), 2);
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! SourceConfig/orders blocked: DCT has 2 of that name, and which one our");
    story_holds(plan, "1-APPDATA_STAGED_SOURCE_CONFIG-1");
    story_holds(plan, "1-X-9");
    story_holds(plan, "dctd adopt SourceConfig/orders ID");
    free(plan);

    adopt_by_hand(w, config, KIND_SOURCE_CONFIG, "1-APPDATA_STAGED_SOURCE_CONFIG-1");
    story_forget(w);
    story_converge(w, estate_all());
    for (size_t i = 0; i < w->sent.n; i++)
        story_lacks(w->sent.items[i], "1-X-9");
    assert_int_equal(test_world_count(w, "/sources", "orders"), 2);
    story_holds(test_world_ledger(w, config), "1-APPDATA_STAGED_SOURCE_CONFIG-1");
    test_world_free(w);
}

/* Both carry our tag: neither is taken by chance. */
static void test_two_of_our_own_are_asked_about(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "create",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"id\":\"1-X-9\",\"set\":"
                 "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"tags\":"
                 "[{\"key\":\"dctd-owner\",\"value\":\"test\"}]}}");
    story_settle(w); /* the ledger knows which one is meant */
    story_sent(w, "");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, estate_all());
    story_sent(w, "");
    char *plan = story_plan(w, estate_all());
    story_holds(plan,
                "! VDB/orders-test blocked: DCT has 2 of that name, all tagged as made here:");
    story_holds(plan, "dctd adopt VDB/orders-test ID");
    free(plan);
    test_world_free(w);
}

/* Nor under the name that the manifest had before. */
static void test_two_of_the_old_name_are_asked_about(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = text_with(estate_all(), "metadata: {name: orders-test}",
                           "metadata: {name: trial, movedFrom: orders-test}");

    (void)state;
    story_meddle(w, "create",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"id\":\"1-X-9\",\"set\":"
                 "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"tags\":"
                 "[{\"key\":\"dctd-owner\",\"value\":\"test\"}]}}");
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_rest(w, yaml);
    story_sent(w, "");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! VDB/trial blocked: DCT has 2 of its old name `orders-test`, all tagged");
    story_holds(plan, "1-X-9");
    story_holds(plan, "dctd adopt VDB/trial ID");
    free(plan);

    char *id = test_world_member(w, "/vdbs", "orders-test", "id");
    adopt_by_hand(w, "VDB/trial", KIND_VDB, streq(id, "1-X-9") ? "1-APPDATA_CONTAINER-3" : id);
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", "trial"), 1);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 1);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 3);
    free(id);
    free(yaml);
    test_world_free(w);
}

/* A slip of the pen: the plan says what the ledger has and nobody else does. */
static void test_adopted_and_nowhere(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    adopt_by_hand(w, "VDB/typo", KIND_VDB, "1-APPDATA_CONTAINER-99");
    char *plan = story_plan(w, estate_all());
    story_holds(plan,
                "VDB/typo was adopted as 1-APPDATA_CONTAINER-99, which DCT does not have, and "
                "no manifest wants it");
    story_holds(plan, "No changes. 8 objects match DCT.");
    free(plan);
    story_meddle(w, "delete", "{\"kind\":\"vdbs\",\"name\":\"orders-test\"}");
    test_world_keep(w, "VDB/orders-test", NULL);
    adopt_by_hand(w, "VDB/orders-test", KIND_VDB, "1-APPDATA_CONTAINER-98");
    plan = story_plan(w, estate_all());
    story_holds(plan, "+ VDB/orders-test create: it is gone from DCT, which has no");
    story_holds(plan, "1-APPDATA_CONTAINER-98");
    free(plan);
    test_world_free(w);
}

/* Ours never came to DCT, and somebody else made one before it was tried again. */
static enum fate another_came_first(struct test_world *w, const struct request *r)
{
    if (!streq(r->path, "/vdbs/provision_by_snapshot"))
        return FATE_CARRIED;
    w->fate = NULL;
    story_meddle(w, "create",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"id\":\"1-X-9\",\"set\":"
                 "{\"engine_id\":\"1\",\"group_name\":\"Untitled\"}}");
    return FATE_LOST;
}

/* A VDB of ours has our tag from the start: one without it is somebody else's. */
static void test_what_has_not_the_tag_of_its_creation_is_not_ours(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    w->fate = another_came_first;
    story_rest(w, estate_all());
    assert_false(w->converged);
    for (size_t i = 0; i < w->sent.n; i++) {
        story_lacks(w->sent.items[i], "VDB/orders-dev PATCH");
        story_lacks(w->sent.items[i], "VDB/orders-dev POST /vdbs/{id}");
    }
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "! VDB/orders-dev blocked: 1-X-9 exists in DCT and is not managed here");
    free(plan);
    test_world_free(w);
}

/* Nobody hears of the creation, and what DCT is asked about it then it answers with {}. */
static enum fate says_nothing(struct test_world *w, const struct request *r)
{
    const char **about = w->ctx;

    if (streq(r->path, "/dsources/appdata"))
        return FATE_UNHEARD;
    bool asked = test_world_told(w, "POST /dsources/appdata");
    return asked && starts_with(r->path, *about) && strstr(r->path, "/search") ? FATE_EMPTY
                                                                               : FATE_CARRIED;
}

/* That is no sign that there is no job, nor that there is no object. */
static void test_an_answer_that_says_nothing_is_none(void **state)
{
    static const char *const questions[] = { "/jobs", "/dsources" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
        struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);
        const char *about = questions[i];
        size_t made = 0;
        w->fate = says_nothing;
        w->ctx = &about;
        test_world_manifests(w, estate_all());
        while (!test_world_told(w, "POST /dsources/appdata"))
            test_world_run(w, 20);
        test_world_restart(w);
        test_world_manifests(w, estate_all());
        story_go_on(w, 300000);
        for (size_t k = 0; k < w->sent.n; k++)
            made += starts_with(w->sent.items[k], "DSource/orders POST /dsources/appdata");
        assert_int_equal(made, 1);
        w->fate = NULL;
        w->options.mode = CYCLE_APPLY;
        test_world_restart(w);
        story_converge(w, estate_all());
        assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
        test_world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_candidate_is_not_asked_about),
        cmocka_unit_test(test_of_two_candidates_a_person_chooses),
        cmocka_unit_test(test_two_of_our_own_are_asked_about),
        cmocka_unit_test(test_two_of_the_old_name_are_asked_about),
        cmocka_unit_test(test_adopted_and_nowhere),
        cmocka_unit_test(test_what_has_not_the_tag_of_its_creation_is_not_ours),
        cmocka_unit_test(test_an_answer_that_says_nothing_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
