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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_source_config_needs_stays),
        cmocka_unit_test(test_a_host_with_databases_is_not_replaced),
        cmocka_unit_test(test_a_source_has_one_dsource),
        cmocka_unit_test(test_a_dsource_of_another_instance_is_named),
        cmocka_unit_test(test_two_manifests_for_one_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
