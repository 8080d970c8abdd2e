/* What others use is not deleted, and what others have is not asked for: the plan
 * says who they are, and nothing is done for a request that DCT would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

static const char engines_end[] = "engines: [east]}\n", source_end[] = "environment: pg-staging}\n",
                  staging_end[] = "{name: pg-staging}\n", target_end[] = "{name: pg-target}\n";

static size_t sent_times(const struct test_world *w, const char *start)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += starts_with(w->sent.items[i], start);
    return n;
}

static char *with_policy(char *yaml, const char *after, const char *policy)
{
    char *more = xasprintf("%spolicy: {%s}\n", after, policy);
    char *out = text_with(yaml, after, more);

    free(more);
    free(yaml);
    return out;
}

static char *until(const char *yaml, const char *what)
{
    return xstrndup(yaml, (size_t)(strstr(yaml, what) - yaml));
}

static struct test_world *pruning(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.prune = true;
    w->options.delete_budget = 0;
    test_world_restart(w);
    return w;
}

/* Nobody manages the source config any more: its host and its connector stay, as
 * long as it does. */
static void test_what_a_source_config_needs_stays(void **state)
{
    char *yaml = with_policy(xstrdup(estate_all()), engines_end, "deletion: delete");
    yaml = with_policy(yaml, staging_end, "deletion: delete");
    yaml = with_policy(yaml, source_end, "deletion: orphan");
    char *engine = until(yaml, "---\napiVersion: dct/v1\nkind: Connector");
    struct test_world *w = pruning(yaml);
    const char *expected = "SourceConfig orders (1-APPDATA_STAGED_SOURCE_CONFIG-1) depends on it "
                           "and stays; delete that first";

    (void)state;
    story_rest(w, engine);
    story_rest(w, engine);
    assert_int_equal(test_world_count(w, "/dsources", NULL), 0);
    assert_int_equal(sent_times(w, "Connector/postgresql@east DELETE"), 0);
    assert_int_equal(sent_times(w, "Environment/pg-staging DELETE"), 0);
    char *plan = story_plan(w, engine);
    char *connector = xasprintf("! Connector/postgresql@east blocked: %s", expected);
    char *host = xasprintf("! Environment/pg-staging blocked: %s", expected);
    story_holds(plan, connector);
    story_holds(plan, host);
    free(plan);
    story_meddle(w, "delete", "{\"kind\":\"sources\",\"name\":\"orders\"}");
    test_world_restart(w);
    story_converge(w, engine);
    assert_int_equal(test_world_count(w, "/toolkits", NULL), 0);
    assert_int_equal(test_world_count(w, "/environments", "pg-staging"), 0);
    free(host);
    free(connector);
    free(engine);
    free(yaml);
    test_world_free(w);
}

/* DCT failed to make the host, it says, and databases run on it all the same: it is
 * not even tried to make it anew. */
static void test_a_host_with_databases_is_not_replaced(void **state)
{
    char *yaml = with_policy(xstrdup(estate_all()), target_end, "replace: allow");
    struct test_world *w = story_of(yaml);
    char *kept = text_with(test_world_ledger(w, "Environment/pg-target"), "\"origin\"",
                           "\"failed\":true,\"origin\"");

    (void)state;
    test_world_keep(w, "Environment/pg-target", kept);
    test_world_restart(w);
    story_meddle(w, "drift",
                 "{\"kind\":\"environments\",\"name\":\"pg-target\",\"set\":{\"tags\":[]}}");
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! Environment/pg-target blocked: VDB orders-dev (1-APPDATA_CONTAINER-2)");
    story_holds(plan, "orders-test (1-APPDATA_CONTAINER-3) depend on it and stay; delete those "
                      "first");
    story_holds(plan, "replace: ");
    story_holds(plan, "Environment pg-target is deleted, then made anew");
    free(plan);
    story_rest(w, yaml);
    story_sent(w, "");
    free(kept);
    free(yaml);
    test_world_free(w);
}

/* The estate, of whose dSource nobody knows whose it is, nor by which name. */
static struct test_world *linked_elsewhere(const char *tags)
{
    struct test_world *w = story_of(estate_all());
    char *json =
        xasprintf("{\"kind\":\"dsources\",\"name\":\"orders\",\"set\":{\"name\":\"theirs\","
                  "\"tags\":%s}}",
                  tags);

    story_meddle(w, "drift", json);
    test_world_ledger_lost(w);
    test_world_restart(w);
    free(json);
    return w;
}

static void test_a_source_has_one_dsource(void **state)
{
    struct test_world *w = linked_elsewhere("[]");
    const struct hand hand = { .kind = KIND_DSOURCE,
                               .key = "DSource/orders",
                               .id = "1-APPDATA_CONTAINER-1",
                               .whom = "somebody" };

    (void)state;
    char *plan = story_plan(w, estate_all());
    story_holds(plan,
                "! DSource/orders blocked: `sourceConfig`: orders is linked to DSource theirs");
    story_holds(plan, "(1-APPDATA_CONTAINER-1) already, which is not managed here; dctd adopt "
                      "DSource/orders 1-APPDATA_CONTAINER-1 takes that over, or delete it first");
    free(plan);
    story_rest(w, estate_all());
    assert_int_equal(sent_times(w, "DSource/"), 0);
    test_world_ask(w, EV_ADOPT, hand);
    test_world_restart(w);
    story_converge(w, estate_all());
    assert_int_equal(sent_times(w, "DSource/orders POST /dsources/appdata"), 0);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    test_world_free(w);
}

static void test_a_dsource_of_another_instance_is_named(void **state)
{
    struct test_world *w =
        linked_elsewhere("[{\"key\":\"dctd-owner\",\"value\":\"somewhere-else\"}]");

    (void)state;
    char *plan = story_plan(w, estate_all());
    story_holds(plan,
                "! DSource/orders blocked: `sourceConfig`: orders is linked to DSource theirs");
    story_holds(plan, "(1-APPDATA_CONTAINER-1) already, which belongs to the dctd instance "
                      "`somewhere-else`");
    free(plan);
    story_rest(w, estate_all());
    assert_int_equal(sent_times(w, "DSource/"), 0);
    test_world_free(w);
}

static void test_two_manifests_for_one_source(void **state)
{
    const char *begin = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: DSource");
    char *dsource = until(begin, "---\napiVersion: dct/v1\nkind: VDB");
    char *named = text_with(dsource, "metadata: {name: orders}", "metadata: {name: twin}");
    char *moved = text_with(named, "port: 5433", "port: 5439");
    char *yaml = xasprintf("%s%s", estate_all(), moved);
    struct test_world *w = story_of(estate_all());

    (void)state;
    char *plan = story_plan(w, yaml);
    story_holds(plan, "! DSource/twin blocked: `sourceConfig`: orders is linked to DSource/orders");
    story_holds(plan, "and can be to one only");
    free(plan);
    story_rest(w, yaml);
    story_sent(w, "");
    free(yaml);
    free(moved);
    free(named);
    free(dsource);
    test_world_free(w);
}

/* What stands in the way is asked, and DCT does not tell. */
static void waits_for_an_answer(struct test_world *w, const char *yaml, const char *fault,
                                const char *key, const char *why)
{
    char *line = xasprintf("! %s blocked: %s", key, why);
    char *call = xasprintf("%s ", key);

    story_forget(w);
    story_meddle(w, "fault", fault);
    story_rest(w, yaml);
    assert_false(w->converged);
    assert_int_equal(sent_times(w, call), 0);
    char *plan = story_plan(w, yaml);
    story_holds(plan, line);
    story_holds(plan, "Not everything could be observed.");
    free(plan);
    (void)test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL);
    test_world_restart(w);
    story_converge(w, yaml);
    assert_int_not_equal(sent_times(w, call), 0);
    free(call);
    free(line);
    test_world_free(w);
}

static void test_without_an_answer_nothing_is_deleted(void **state)
{
    static const char dependants[] = "{\"route\":\"*/deletion-dependencies\",\"status\":503}",
                      users[] = "{\"route\":\"/sources\",\"status\":403}";
    char *deleting = with_policy(xstrdup(estate_all()), engines_end, "deletion: delete");
    deleting = with_policy(deleting, target_end, "deletion: delete");
    char *one =
        until(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test");
    char *engine = until(estate_all(), "---\napiVersion: dct/v1\nkind: Connector");

    (void)state;
    waits_for_an_answer(pruning(estate_all()), one, dependants, "VDB/orders-test",
                        "what depends on it is not known (deletion-dependencies: DCT answered 503");
    waits_for_an_answer(pruning(deleting), engine, users, "Connector/postgresql@east",
                        "what depends on it is not known (/sources: DCT answered 403");
    free(engine);
    free(one);
    free(deleting);
}

static void test_without_an_answer_no_source_is_taken(void **state)
{
    char *less = until(estate_all(), "---\napiVersion: dct/v1\nkind: DSource");
    struct test_world *w = story_of(less);

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"sources\",\"name\":\"orders\",\"set\":{\"is_dsource\":true}}");
    free(less);
    waits_for_an_answer(w, estate_all(), "{\"route\":\"/dsources/search\",\"html\":true}",
                        "DSource/orders", "whether what it needs is free is not known");
}

static enum fate once_in_vain(struct test_world *w, const struct request *r)
{
    if (!strstr(r->path, "/deletion-dependencies"))
        return FATE_CARRIED;
    w->fate = NULL;
    return FATE_LOST;
}

/* Passing trouble is no reason to wait for the next round. */
static void test_it_is_asked_again(void **state)
{
    char *one =
        until(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test");
    struct test_world *w = pruning(estate_all());

    (void)state;
    w->fate = once_in_vain;
    story_converge(w, one);
    assert_null(w->fate);
    assert_int_equal(sent_times(w, "VDB/orders-test POST /vdbs/{id}/delete"), 1);
    free(one);
    test_world_free(w);
}

/* A source config of that connector, which nobody manages. */
static void make_source(struct test_world *w, const char *name, const char *connector)
{
    char *json = xasprintf("{\"kind\":\"sources\",\"name\":\"%s\",\"id\":\"1-X-%s\",\"set\":{"
                           "\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-1\",\"engine_id\":\"1\","
                           "\"toolkit_id\":\"%s\"}}",
                           name, name, connector);

    story_meddle(w, "create", json);
    free(json);
}

/* Who uses it may be named on any page. */
static void test_the_last_page_is_read_too(void **state)
{
    char *all = until(estate_all(), "---\napiVersion: dct/v1\nkind: SourceConfig");
    char *yaml = with_policy(all, engines_end, "deletion: delete");
    char *engine = until(yaml, "---\napiVersion: dct/v1\nkind: Connector");
    struct test_world *w = pruning(yaml);

    (void)state;
    w->page = 1;
    make_source(w, "first", "another");
    make_source(w, "second", "another");
    make_source(w, "last", ledger_find(cycle_ledger(w->cycle), "Connector/postgresql@east")->id);
    story_rest(w, engine);
    char *plan = story_plan(w, engine);
    story_holds(plan, "! Connector/postgresql@east blocked: SourceConfig last (");
    free(plan);
    assert_int_equal(sent_times(w, "Connector/postgresql@east DELETE"), 0);
    free(engine);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_source_config_needs_stays),
        cmocka_unit_test(test_a_host_with_databases_is_not_replaced),
        cmocka_unit_test(test_a_source_has_one_dsource),
        cmocka_unit_test(test_a_dsource_of_another_instance_is_named),
        cmocka_unit_test(test_two_manifests_for_one_source),
        cmocka_unit_test(test_without_an_answer_nothing_is_deleted),
        cmocka_unit_test(test_without_an_answer_no_source_is_taken),
        cmocka_unit_test(test_it_is_asked_again),
        cmocka_unit_test(test_the_last_page_is_read_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
