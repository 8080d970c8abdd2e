/* Servers of another age: what they do not know is never drift, what they cannot
 * do is said in the plan, and what they add changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

/* The platform part of the estate: engines and environments. */
static char *platform(void)
{
    const char *all = estate_all(),
               *end = strstr(all, "---\napiVersion: dct/v1\nkind: SourceConfig");
    const char *connector = strstr(all, "---\napiVersion: dct/v1\nkind: Connector");
    const char *environment = strstr(all, "---\napiVersion: dct/v1\nkind: Environment");

    return xasprintf("%.*s%.*s", (int)(connector - all), all, (int)(end - environment),
                     environment);
}

static struct test_world *old_world(void)
{
    return test_world_new(&(struct sim_options){ .strict = true, .api = 318 }, CYCLE_APPLY);
}

static void test_a_member_that_an_old_server_lacks_is_not_drift(void **state)
{
    struct test_world *w = old_world();
    char *yaml = platform();
    char *described = text_with(yaml, "hostname: pg-staging.example.com,",
                                "hostname: pg-staging.example.com, description: for staging,");

    (void)state;
    story_converge(w, described);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(described);
    free(yaml);
    test_world_free(w);
}

/* The same without being told: no reply ever has the member. */
static void test_replies_tell_what_the_server_does_not(void **state)
{
    struct test_world *w = old_world();
    char *yaml = platform();
    char *described = text_with(yaml, "hostname: pg-staging.example.com,",
                                "hostname: pg-staging.example.com, description: for staging,");

    (void)state;
    w->api = 0;
    test_world_restart(w);
    story_converge(w, described);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(described);
    free(yaml);
    test_world_free(w);
}

static void test_calls_that_an_old_server_lacks_are_told_in_the_plan(void **state)
{
    struct test_world *w = old_world();

    (void)state;
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "`upload` of a connector needs DCT 2025.6 or");
    free(plan);
    story_rest(w, estate_all());
    assert_false(w->converged);
    assert_int_equal(test_world_count(w, "/management/engines", "east"), 1);
    test_world_free(w);
}

/* Before 3.9 engines could only be put as a whole. */
static void test_engines_of_the_oldest_servers_are_put(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
    char *yaml = platform();
    char *moved = text_with(yaml, "hostname: east.example.com", "hostname: east-2.example.com");

    (void)state;
    story_converge(w, yaml);
    w->api = 305;
    test_world_restart(w);
    story_forget(w);
    story_converge(w, moved);
    story_sent(w, "Engine/east PUT /management/engines/{id} {\"name\":\"east\",\"hostname\":"
                  "\"east-2.example.com\",\"username\":\"admin\",\"password\":{\"$secret\":"
                  "{\"credential\":\"east\"}}}\n");
    free(moved);
    free(yaml);
    test_world_free(w);
}

static struct test_world *with_toolkit_of(const char *version)
{
    struct test_world *w = story_of(estate_all());
    char *set = xasprintf("{\"kind\":\"toolkits\",\"name\":\"1-TOOLKIT-1\",\"set\":"
                          "{\"version\":\"%s\"}}",
                          version);

    story_meddle(w, "drift", set);
    free(set);
    return w;
}

/* Somebody uploads an older connector by hand: ours is put back, once. */
static void test_an_older_connector_put_there_by_hand_is_drift(void **state)
{
    struct test_world *w = with_toolkit_of("4.0.0");

    (void)state;
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "~ Connector/postgresql@east update: drift");
    story_holds(plan, "(another file, version 4.0.0)");
    story_converge(w, estate_all());
    assert_true(starts_with(w->sent.items[0], "Connector/postgresql@east POST /toolkits/upload"));
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(plan);
    test_world_free(w);
}

static void stays(const char *version, const char *why)
{
    struct test_world *w = with_toolkit_of(version);
    char *plan = story_plan(w, estate_all());

    story_holds(plan, why);
    story_rest(w, estate_all());
    story_sent(w, "");
    free(plan);
    test_world_free(w);
}

static void test_a_newer_connector_put_there_by_hand_stays(void **state)
{
    (void)state;
    stays("4.2.0", "shows version 4.2.0, the file is version 4.1.1");
    stays("4.0-hotfix", "somebody put version 4.0-hotfix there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_member_that_an_old_server_lacks_is_not_drift),
        cmocka_unit_test(test_replies_tell_what_the_server_does_not),
        cmocka_unit_test(test_calls_that_an_old_server_lacks_are_told_in_the_plan),
        cmocka_unit_test(test_engines_of_the_oldest_servers_are_put),
        cmocka_unit_test(test_an_older_connector_put_there_by_hand_is_drift),
        cmocka_unit_test(test_a_newer_connector_put_there_by_hand_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
