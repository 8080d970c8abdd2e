/* What `policy.ignore` leaves alone: made as the manifest says, and from then on
 * nobody's business but of those who change it in DCT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/base.h"
#include "tests/lib/estate.h"
#include "tests/lib/story.h"
#include "tests/lib/torture.h"

#define OURS     "{\"key\":\"dctd-owner\",\"value\":\"test\"}"
#define COST_9   "{\"key\":\"cost\",\"value\":\"9\"}"
#define TEAM_DEV "{\"key\":\"team\",\"value\":\"dev\"}"
#define TEAM_QA  "{\"key\":\"team\",\"value\":\"qa\"}"
#define COST_1   "{\"key\":\"cost\",\"value\":\"1\"}"
#define MAX_300  "{\"propertyName\":\"max_connections\",\"value\":\"300\",\"commentProperty\":false}"
#define LOG_ALL  "{\"propertyName\":\"log_statement\",\"value\":\"all\",\"commentProperty\":false}"
#define MAX_500  "{\"propertyName\":\"max_connections\",\"value\":\"500\",\"commentProperty\":false}"
#define LOG_NONE "{\"propertyName\":\"log_statement\",\"value\":\"\",\"commentProperty\":true}"

enum { TWO_HOURS = 7200000 };

/* The estate with two texts of it replaced; owned. */
static char *estate_of(const char *from, const char *to, const char *from2, const char *to2)
{
    char *first = text_with(estate_all(), from, to);
    char *both = text_with(first, from2, to2);

    free(first);
    return both;
}

static void meddle(struct test_world *w, const char *kind, const char *name, const char *set)
{
    char *json = xasprintf("{\"kind\":\"%s\",\"name\":\"%s\",\"set\":%s}", kind, name, set);

    story_meddle(w, "drift", json);
    free(json);
}

/* Nothing is shown, nothing is sent, and it stays so. */
static void nobody_minds(struct test_world *w, const char *yaml)
{
    char *plan = story_plan(w, yaml);

    story_holds(plan, "No changes");
    for (int i = 0; i < 3; i++) {
        story_converge(w, yaml);
        story_sent(w, "");
        story_forget(w);
    }
    free(plan);
}

static char *tagged(const char *tags, const char *ignore)
{
    char *policy = xasprintf("  enabled: true\npolicy: {ignore: [%s]}\n", ignore);
    char *metadata = xasprintf("tags: {%s}", tags);
    char *yaml = estate_of("tags: {team: dev}", metadata, "  enabled: true\n", policy);

    free(policy);
    free(metadata);
    return yaml;
}

static void test_a_tag_is_made_and_then_left_alone(void **state)
{
    char *yaml = tagged("team: dev, cost: '1'", "/metadata/tags/cost");
    char *ours = tagged("team: qa, cost: '2'", "/metadata/tags/cost");
    char *none = tagged("team: qa", "/metadata/tags/cost");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_member(w, "/vdbs", "orders-dev", "tags[key=cost].value", "1");
    meddle(w, "vdbs", "orders-dev", "{\"tags\":[" COST_9 "," TEAM_DEV "," OURS "]}");
    nobody_minds(w, yaml);

    /* Another tag of the same field, while that one is not as the manifest has it. */
    story_converge(w, ours);
    story_sent(w, "VDB/orders-dev POST /vdbs/{id}/tags/delete {\"tags\":[" TEAM_DEV "]}\n"
                  "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[" TEAM_QA "]}\n");
    story_member(w, "/vdbs", "orders-dev", "tags[key=cost].value", "9");
    story_forget(w);
    nobody_minds(w, ours);
    nobody_minds(w, none);

    /* What somebody deletes is not put back either. */
    meddle(w, "vdbs", "orders-dev", "{\"tags\":[" TEAM_QA "," OURS "]}");
    nobody_minds(w, ours);
    free(yaml);
    free(ours);
    free(none);
    test_world_free(w);
}

/* It was ours, and becomes somebody else's: taken out of the manifest it is not
 * deleted, not even once the pointer is gone. */
static void test_a_tag_is_given_up(void **state)
{
    char *before = tagged("team: dev, cost: '1'", "/spec/description");
    char *ignored = tagged("team: dev, cost: '1'", "/spec/description, /metadata/tags/cost");
    char *gone = tagged("team: dev", "/spec/description, /metadata/tags/cost");
    char *after = tagged("team: dev", "/spec/description");
    struct test_world *w = story_of(before);

    (void)state;
    nobody_minds(w, gone);
    nobody_minds(w, ignored);
    nobody_minds(w, gone);
    nobody_minds(w, after);
    story_member(w, "/vdbs", "orders-dev", "tags[key=cost].value", "1");
    free(before);
    free(ignored);
    free(gone);
    free(after);
    test_world_free(w);
}

static void test_an_ignored_tag_becomes_ours_again(void **state)
{
    char *ignored = tagged("team: dev, cost: '1'", "/metadata/tags/cost");
    char *after = tagged("team: dev, cost: '1'", "/spec/description");
    struct test_world *w = story_of(ignored);

    (void)state;
    meddle(w, "vdbs", "orders-dev", "{\"tags\":[" TEAM_DEV "," OURS "]}");
    nobody_minds(w, ignored);
    story_converge(w, after);
    story_sent(w, "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[" COST_1 "]}\n");
    story_forget(w);
    nobody_minds(w, after);
    free(ignored);
    free(after);
    test_world_free(w);
}

static const char settings[] = "settings: {max_connections: '200', log_statement: null}\n";

static char *with_settings(const char *said, const char *ignore)
{
    char *text = xasprintf("settings: {%s}\npolicy: {ignore: [%s]}\n", said, ignore);
    char *yaml = text_with(estate_all(), settings, text);

    free(text);
    return yaml;
}

static void test_a_setting(void **state)
{
    static const char pointer[] = "/spec/postgresql/settings/max_connections";
    char *yaml = with_settings("max_connections: '200', log_statement: null", pointer);
    char *other = with_settings("max_connections: '200', log_statement: all", pointer);
    char *ours = with_settings("max_connections: '500', log_statement: all", pointer);
    char *lifted = with_settings("max_connections: '500', log_statement: all", "/spec/description");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_member(w, "/dsources", "orders",
                 "appdata_source_params.configSettingsStg[propertyName=max_connections].value",
                 "200");
    meddle(w, "dsources", "orders",
           "{\"appdata_source_params\":{\"configSettingsStg\":[" MAX_300 "," LOG_NONE "]}}");
    nobody_minds(w, yaml);

    story_converge(w, other);
    story_holds(w->sent.items[0], "\"configSettingsStg\":[" MAX_300 "," LOG_ALL "]");
    assert_int_equal(w->sent.n, 1);
    story_forget(w);
    nobody_minds(w, ours);

    meddle(w, "dsources", "orders",
           "{\"appdata_source_params\":{\"configSettingsStg\":[" LOG_ALL "]}}");
    nobody_minds(w, ours);
    story_converge(w, lifted);
    story_holds(w->sent.items[0], MAX_500);
    story_forget(w);
    nobody_minds(w, lifted);
    free(yaml);
    free(other);
    free(ours);
    free(lifted);
    test_world_free(w);
}

/* What the ledger knew of is not ours without it either. */
static void test_the_ledger_is_lost(void **state)
{
    char *yaml = tagged("team: dev, cost: '1'", "/metadata/tags/cost");
    struct test_world *w = story_of(yaml);

    (void)state;
    meddle(w, "vdbs", "orders-dev", "{\"tags\":[" COST_9 "," TEAM_DEV "," OURS "]}");
    test_world_keep(w, "VDB/orders-dev", NULL);
    test_world_restart(w);
    nobody_minds(w, yaml);
    story_member(w, "/vdbs", "orders-dev", "tags[key=cost].value", "9");
    free(yaml);
    test_world_free(w);
}

static void test_what_is_taken_over_keeps_it(void **state)
{
    char *before = text_with(estate_all(), "tags: {team: dev}", "tags: {cost: '9'}");
    char *after = tagged("team: dev, cost: '1'", "/metadata/tags/cost");
    char *taking = text_with(after, "policy: {", "policy: {adopt: mustExist, ");
    struct test_world *w = story_of(before);

    (void)state;
    meddle(w, "vdbs", "orders-dev", "{\"tags\":[" COST_9 "]}");
    test_world_keep(w, "VDB/orders-dev", NULL);
    test_world_restart(w);
    story_converge(w, taking);
    story_member(w, "/vdbs", "orders-dev", "tags[key=cost].value", "9");
    story_member(w, "/vdbs", "orders-dev", "tags[key=team].value", "dev");
    story_forget(w);
    nobody_minds(w, taking);
    free(before);
    free(after);
    free(taking);
    test_world_free(w);
}

/* A neighbour of what changes rides along, as DCT has it. */
static void test_a_row_that_rides_along(void **state)
{
    char *yaml = text_with(estate_all(), "  enabled: true\n",
                           "  enabled: true\npolicy: {ignore: [/spec/postgresql/port]}\n");
    char *then = text_with(yaml, "mountLocation: /mnt/orders-dev", "mountLocation: /mnt/other");
    struct test_world *w = story_of(yaml);

    (void)state;
    meddle(w, "vdbs", "orders-dev", "{\"appdata_source_params\":{\"postgresPort\":6000}}");
    nobody_minds(w, yaml);
    story_converge(w, then);
    story_sent(w, DEV_OFF "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":"
                          "{\"postgresPort\":6000,\"mountLocation\":\"/mnt/other\"}}\n" DEV_ON);
    story_forget(w);
    nobody_minds(w, then);
    free(yaml);
    free(then);
    test_world_free(w);
}

/* So does one of a call that replaces all it takes. */
static void test_a_row_of_a_call_that_replaces(void **state)
{
    char *yaml = xasprintf("%s---\napiVersion: dct/v1\nkind: Environment\n"
                           "metadata: {name: pg-spare}\nspec: {engine: east, hostname: "
                           "pg-spare.example.com, username: postgres, toolkitPath: /opt/delphix, "
                           "password: {credential: pg}}\npolicy: {ignore: [/spec/username]}\n",
                           estate_all());
    struct test_world *w = story_of(yaml);

    (void)state;
    meddle(w, "environments", "pg-spare",
           "{\"env_users\":[{\"user_ref\":\"HOST_USER-3\",\"username\":\"somebody\","
           "\"primary_user\":true,\"auth_type\":\"PasswordCredential\"}]}");
    nobody_minds(w, yaml);
    w->secrets_turn = "another";
    test_world_forget_units();
    story_converge(w, yaml);
    bool told = false;
    for (size_t i = 0; i < w->sent.n; i++)
        told = told || strstr(w->sent.items[i], "PUT /environments/{id}/users/HOST_USER-3 "
                                                "{\"username\":\"somebody\",\"password\":");
    if (!told)
        fail_msg("%s", w->sent.n ? w->sent.items[0] : "nothing was sent");
    free(yaml);
    test_world_free(w);
}

/* A field that DCT does not show: what was applied stays what was applied. */
static void test_a_blind_row(void **state)
{
    char *yaml = text_with(estate_all(), "  enabled: true\n",
                           "  enabled: true\n  customEnvVars: {A: one}\n");
    char *ignored = text_with(yaml, "  customEnvVars: {A: one}\n",
                              "  customEnvVars: {A: two}\npolicy: {ignore: "
                              "[/spec/customEnvVars]}\n");
    char *lifted = text_with(yaml, "{A: one}", "{A: two}");
    struct test_world *w = story_of(yaml);

    (void)state;
    nobody_minds(w, ignored);
    story_converge(w, lifted);
    story_sent(w, DEV_OFF
               "VDB/orders-dev PATCH /vdbs/{id} {\"custom_env_vars\":{\"A\":\"two\"}}\n" DEV_ON);
    story_forget(w);
    nobody_minds(w, lifted);
    free(yaml);
    free(ignored);
    free(lifted);
    test_world_free(w);
}

static char *repositories(const char *said)
{
    char *text = xasprintf("       toolkitPath: /opt/delphix, password: {credential: pg},\n"
                           "       repositories: [{name: Postgres vFiles (15.4), %s}]}\n"
                           "policy: {ignore: [/spec/repositories/Postgres vFiles "
                           "(15.4)/isStaging]}\n"
                           "---\napiVersion: dct/v1\nkind: SourceConfig",
                           said);
    char *yaml = text_with(estate_all(),
                           "       toolkitPath: /opt/delphix, password: {credential: pg}}\n"
                           "---\napiVersion: dct/v1\nkind: SourceConfig",
                           text);

    free(text);
    return yaml;
}

/* No create call takes it: it is brought right after, once, and then left alone. */
static void test_a_member_of_an_element(void **state)
{
    static const char set[] = "{\"repositories\":[{\"id\":\"1-APPDATA_REPOSITORY-2\",\"name\":"
                              "\"Postgres vFiles (15.4)\",\"allow_provisioning\":%s,"
                              "\"is_staging\":true,\"toolkit_id\":\"1-TOOLKIT-1\"}]}";
    char *yaml = repositories("isStaging: false, allowProvisioning: true");
    char *then = repositories("isStaging: false, allowProvisioning: false");
    char *drift = xasprintf(set, "true");
    struct test_world *w = story_of(yaml);

    (void)state;
    story_member(w, "/environments", "pg-target", "repositories[0].is_staging", "false");
    meddle(w, "environments", "pg-target", drift);
    nobody_minds(w, yaml);
    story_converge(w, then);
    story_sent(w, "Environment/pg-target PATCH /environments/{id}/repository/"
                  "1-APPDATA_REPOSITORY-2 {\"allow_provisioning\":false}\n");
    story_member(w, "/environments", "pg-target", "repositories[0].is_staging", "true");
    story_forget(w);
    nobody_minds(w, then);
    free(yaml);
    free(then);
    free(drift);
    test_world_free(w);
}

static char *source_tagged(const char *tags, const char *ignore)
{
    char *text = xasprintf("metadata: {name: orders, tags: {%s}}\n"
                           "spec: {environment: pg-staging}\npolicy: {ignore: [%s]}\n",
                           tags, ignore);
    char *yaml = text_with(estate_all(),
                           "metadata: {name: orders}\nspec: {environment: pg-staging}\n", text);

    free(text);
    return yaml;
}

/* Tags that no create call takes. Left alone as a whole, they are ours to mark. */
static void test_tags_that_come_after_the_creation(void **state)
{
    static const char *const pointers[] = { "/metadata/tags/cost", "/metadata/tags" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pointers); i++) {
        char *yaml = source_tagged("cost: '1'", pointers[i]);
        struct test_world *w = story_of(yaml);
        story_member(w, "/sources", "orders", "tags[key=cost].value", "1");
        story_member(w, "/sources", "orders", "tags[key=dctd-owner].value", "test");
        meddle(w, "sources", "orders", "{\"tags\":[" COST_9 "," OURS "]}");
        nobody_minds(w, yaml);
        meddle(w, "sources", "orders", "{\"tags\":[" COST_9 "]}");
        story_settle(w);
        story_sent(w, "SourceConfig/orders POST /sources/{id}/tags {\"tags\":[" OURS "]}\n");
        story_member(w, "/sources", "orders", "tags[key=cost].value", "9");
        free(yaml);
        test_world_free(w);
    }
}

static char *parameters(const char *said, const char *ignore)
{
    char *text = xasprintf("spec: {environment: pg-staging, parameters: {%s, token: {$secret: "
                           "{env: T}}}}\npolicy: {ignore: [%s]}\n",
                           said, ignore);
    char *yaml = text_with(estate_all(), "spec: {environment: pg-staging}\n", text);

    free(text);
    return yaml;
}

/* Where secrets are told apart by digest, a pointer more is no other value. */
static void test_beside_a_secret(void **state)
{
    char *yaml = parameters("x: a, y: b", "/metadata/tags");
    char *ignored = parameters("x: a, y: b", "/spec/parameters/y");
    char *other = parameters("x: a, y: c", "/spec/parameters/y");
    struct test_world *w = story_of(yaml);

    (void)state;
    nobody_minds(w, ignored);
    nobody_minds(w, other);
    w->secrets_turn = "another";
    test_world_forget_units();
    story_rest(w, other);
    bool told = false;
    for (size_t i = 0; i < w->sent.n; i++)
        told = told || (strstr(w->sent.items[i], "SourceConfig/orders PATCH") &&
                        strstr(w->sent.items[i], "\"y\":\"b\""));
    assert_true(told);
    free(yaml);
    free(ignored);
    free(other);
    test_world_free(w);
}

/* Whenever the process dies, what is ignored later is there when it is over. */
static void test_killed_while_it_is_made(void **state)
{
    char *tags = source_tagged("cost: low", "/metadata/tags/cost");
    char *after = text_with(tags,
                            "       toolkitPath: /opt/delphix, password: {credential: pg}}\n"
                            "---\napiVersion: dct/v1\nkind: SourceConfig",
                            "       toolkitPath: /opt/delphix, password: {credential: pg},\n"
                            "       repositories: [{name: Postgres vFiles (15.4), isStaging: "
                            "false}]}\n"
                            "policy: {ignore: [/spec/repositories]}\n"
                            "---\napiVersion: dct/v1\nkind: SourceConfig");
    struct scenario sc = { .name = "made", .after = after };
    struct start s;
    bool died = true;

    (void)state;
    start_make(&s, &sc);
    for (size_t k = 1; died; k += torture_step(1, 7)) {
        struct attempt a;
        char *what = xasprintf("dies before effect %zu", k);
        attempt_open(&a, &s);
        a.world->die_at = k;
        attempt_begin(&a, &s);
        died = !attempt_converge(&a, TWO_HOURS) && a.world->dead;
        if (died) {
            test_world_restart(a.world);
            a.world->die_at = 0;
            attempt_begin(&a, &s);
            (void)attempt_converge(&a, TWO_HOURS);
        }
        story_holds(test_world_ledger(a.world, "SourceConfig/orders"), "metadata.tags");
        char *cost = test_world_member(a.world, "/sources", "orders", "tags[key=cost].value");
        if (!cost || strcmp(cost, "low") != 0)
            fail_msg("%s: no tag", what);
        free(cost);
        attempt_finish(&a, &s, what);
        free(what);
    }
    start_clear(&s);
    free(tags);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tag_is_made_and_then_left_alone),
        cmocka_unit_test(test_a_tag_is_given_up),
        cmocka_unit_test(test_an_ignored_tag_becomes_ours_again),
        cmocka_unit_test(test_a_setting),
        cmocka_unit_test(test_the_ledger_is_lost),
        cmocka_unit_test(test_what_is_taken_over_keeps_it),
        cmocka_unit_test(test_a_row_that_rides_along),
        cmocka_unit_test(test_a_row_of_a_call_that_replaces),
        cmocka_unit_test(test_a_blind_row),
        cmocka_unit_test(test_a_member_of_an_element),
        cmocka_unit_test(test_tags_that_come_after_the_creation),
        cmocka_unit_test(test_beside_a_secret),
        cmocka_unit_test(test_killed_while_it_is_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
