/* A repository that is not there: its host looks for it once, and again when
 * something has come that may bring it - not for ever. */
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

enum { YAML_MAX = 1 << 16 };

static const char refresh[] = "Environment/pg-staging POST /environments/{id}/refresh";
static const char source[] = "SourceConfig/orders POST /sources/postgres";

/* The manifests up to the dSource; `repository` of the source config. */
static char *estate_with(const char *repository, bool connector)
{
    const char *all = estate_all();
    const char *from = strstr(all, "---\napiVersion: dct/v1\nkind: Connector");
    const char *to = strstr(all, "---\napiVersion: dct/v1\nkind: Environment");
    const char *sources = strstr(all, "---\napiVersion: dct/v1\nkind: SourceConfig");
    struct buf b = BUF_WITH_LIMIT(YAML_MAX);

    buf_add(&b, all, (size_t)((connector ? to : from) - all));
    buf_add(&b, to, (size_t)(sources - to));
    buf_printf(&b,
               "---\napiVersion: dct/v1\nkind: SourceConfig\nmetadata: {name: orders}\n"
               "spec: {environment: pg-staging%s%s}\n",
               repository ? ", repository: " : "", repository ? repository : "");
    return buf_take(&b);
}

static size_t times(const struct test_world *w, const char *start)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += strncmp(w->sent.items[i], start, strlen(start)) == 0;
    return n;
}

static const char *blocked(const struct test_world *w, const char *key)
{
    const struct plan *p = cycle_plan(w->cycle);
    long at = plan_index(p, key);

    assert_true(at >= 0);
    return p->items[at].blocked;
}

static struct test_world *running(const char *yaml, msec span)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    test_world_manifests(w, yaml);
    story_go_on(w, span);
    return w;
}

static void test_its_host_looks_once(void **state)
{
    char *yaml = estate_with("Postgres vFiles (99)", true);
    struct test_world *w = running(yaml, 24 * HOUR);
    const char *why = blocked(w, "SourceConfig/orders");

    (void)state;
    assert_int_equal(times(w, refresh), 1);
    assert_int_equal(times(w, source), 0);
    story_holds(why, "environment pg-staging has no repository `Postgres vFiles (99)`");
    story_holds(why,
                "Environment/pg-staging was refreshed for it, in vain: install what is missing "
                "there, upload its connector, or correct `repository`; then `dctd reconcile` "
                "looks again");
    free(yaml);
    test_world_free(w);
}

static void test_it_is_made_when_somebody_else_discovers_it(void **state)
{
    char *yaml = estate_with("Postgres vFiles (99)", true);
    struct test_world *w = running(yaml, 6 * HOUR);

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"environments\",\"name\":\"pg-staging\",\"set\":{\"repositories\":"
                 "[{\"id\":\"R-99\",\"name\":\"Postgres vFiles (99)\",\"version\":\"99\","
                 "\"allow_provisioning\":true,\"is_staging\":false}]}}");
    story_forget(w);
    story_go_on(w, HOUR);
    assert_int_equal(times(w, refresh), 0);
    assert_int_equal(times(w, source), 1);
    free(yaml);
    test_world_free(w);
}

static void test_who_asks_has_it_looked_for_again(void **state)
{
    char *yaml = estate_with("Postgres vFiles (99)", true);
    struct test_world *w = running(yaml, 6 * HOUR);

    (void)state;
    story_forget(w);
    test_world_nudge(w);
    story_go_on(w, 6 * HOUR);
    assert_int_equal(times(w, refresh), 1);
    free(yaml);
    test_world_free(w);
}

/* Without a connector none can be chosen, so nobody looks. */
static void test_a_connector_that_nobody_declares(void **state)
{
    char *yaml = estate_with(NULL, false), *with = estate_with(NULL, true);
    struct test_world *w = running(yaml, 24 * HOUR);
    const char *why = blocked(w, "SourceConfig/orders");

    (void)state;
    assert_int_equal(times(w, refresh), 0);
    assert_int_equal(times(w, source), 0);
    story_holds(why, "there is no discovered repository of a declared connector on the "
                     "environment; declare the connector for its engine, or name one as "
                     "`repository`");
    test_world_manifests(w, with);
    story_go_on(w, HOUR);
    assert_int_equal(times(w, source), 1);
    free(with);
    free(yaml);
    test_world_free(w);
}

/* The host's own list names one that it does not have. */
static void test_a_repository_of_the_environment_itself(void **state)
{
    char *yaml =
        text_with(estate_all(), "hostname: pg-target.example.com, username: postgres,\n",
                  "hostname: pg-target.example.com, username: postgres,\n"
                  "       repositories: [{name: Postgres vFiles (99), isStaging: false}],\n");
    struct test_world *w = running(yaml, 24 * HOUR);

    (void)state;
    assert_int_equal(times(w, "Environment/pg-target POST /environments/{id}/refresh"), 1);
    free(yaml);
    test_world_free(w);
}

static void test_apply_gives_up_on_it(void **state)
{
    char *yaml = estate_with("Postgres vFiles (99)", true);
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    story_rest(w, yaml);
    assert_false(w->converged);
    assert_int_equal(times(w, refresh), 1);
    assert_true(w->now < HOUR);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_its_host_looks_once),
        cmocka_unit_test(test_it_is_made_when_somebody_else_discovers_it),
        cmocka_unit_test(test_who_asks_has_it_looked_for_again),
        cmocka_unit_test(test_a_connector_that_nobody_declares),
        cmocka_unit_test(test_a_repository_of_the_environment_itself),
        cmocka_unit_test(test_apply_gives_up_on_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
