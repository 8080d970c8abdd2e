/* What went wrong in the Terraform provider for Delphix, numbered as in
 * tests/REGRESSIONS.md: each is one scenario in which dctd must do better. */
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

static struct test_world *empty_world(void)
{
    return test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
}

static struct test_world *pruning_world(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.prune = true;
    test_world_restart(w);
    return w;
}

static void fault(struct test_world *w, const char *rule)
{
    story_meddle(w, "fault", rule);
}

static void no_faults(struct test_world *w)
{
    (void)test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL);
}

static size_t sent_of(const struct test_world *w, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += strstr(w->sent.items[i], part) != NULL;
    return n;
}

struct kth_read {
    size_t k, seen;
};

static enum fate kth_read_fails(struct test_world *w, const struct request *r)
{
    struct kth_read *t = w->ctx;

    return !r->write && ++t->seen == t->k ? FATE_ANSWER_503 : FATE_CARRIED;
}

/* One read among those around a change of tags fails, whichever it is. */
static void test_t06_one_failed_read_forgets_nothing(void **state)
{
    char *yaml = text_with(estate_all(), "team: dev", "team: qa");
    bool hit = true;

    (void)state;
    for (size_t k = 1; hit; k++) {
        struct test_world *w = pruning_world(estate_all());
        struct kth_read t = { .k = k };
        w->fate = kth_read_fails;
        w->ctx = &t;
        story_converge(w, yaml);
        hit = t.seen >= k;
        assert_int_equal(sent_of(w, "provision"), 0);
        assert_int_equal(sent_of(w, "/tags"), w->sent.n);
        story_holds(test_world_ledger(w, "VDB/orders-dev"), "1-APPDATA_CONTAINER-2");
        test_world_free(w);
    }
    free(yaml);
}

static char *moved_host(void)
{
    return text_with(estate_all(), "hostname: pg-target.example.com",
                     "hostname: pg-target-2.example.com");
}

/* What could not be switched off stops the change of its host. */
static void test_t07_no_update_of_a_host_with_databases_on(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = moved_host();

    (void)state;
    fault(w, "{\"route\":\"/vdbs/1-APPDATA_CONTAINER-2/disable\",\"job\":\"FAILED\"}");
    story_rest(w, yaml);
    assert_false(w->converged);
    assert_int_equal(sent_of(w, "/hosts/"), 0);
    story_member(w, "/vdbs", "orders-dev", "enabled", "true");
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    no_faults(w);
    story_settle(w);
    assert_int_equal(sent_of(w, "/hosts/"), 1);
    story_member(w, "/vdbs", "orders-test", "enabled", "true");
    free(yaml);
    test_world_free(w);
}

/* One that may not be touched keeps its host, and the others on it, as they are. */
static void test_t07_one_suspended_database_keeps_the_host(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *host = moved_host();
    char *yaml = text_with(host, "mountLocation: /mnt/orders-test}\n",
                           "mountLocation: /mnt/orders-test}\n"
                           "policy: {suspend: {reason: INC-1}}\n");
    char *plan = story_plan(w, yaml);

    (void)state;
    story_holds(plan, "! Environment/pg-target blocked: it waits for VDB/orders-test");
    story_rest(w, yaml);
    story_sent(w, "");
    story_converge(w, host);
    assert_int_equal(sent_of(w, "/hosts/"), 1);
    free(plan);
    free(host);
    free(yaml);
    test_world_free(w);
}

/* Nobody goes off for a change that waits for its engine. */
static void test_t07_databases_stay_on_while_the_change_waits(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *host = moved_host();
    char *yaml = text_with(host, "hostname: east.example.com", "hostname: new.example.com");

    (void)state;
    fault(w, "{\"route\":\"/management/engines/*\",\"method\":\"PATCH\",\"status\":400}");
    story_rest(w, yaml);
    assert_false(w->converged);
    assert_int_equal(sent_of(w, "VDB/"), 0);
    free(host);
    free(yaml);
    test_world_free(w);
}

struct kth_write {
    size_t k, seen;
    const char *rule;
};

static enum fate kth_write_meets(struct test_world *w, const struct request *r)
{
    struct kth_write *t = w->ctx;

    if (r->write && ++t->seen == t->k)
        fault(w, t->rule);
    return FATE_CARRIED;
}

/* Whichever call fails, in whatever way: the databases come back. */
static void test_t08_no_failure_leaves_a_database_off(void **state)
{
    static const char *const rules[] = { "{\"status\":400,\"times\":1}",
                                         "{\"status\":500,\"times\":1}",
                                         "{\"job\":\"FAILED\",\"times\":1}",
                                         "{\"job\":\"TIMEDOUT\",\"times\":1}" };
    char *yaml = moved_host();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct kth_write t = { .rule = rules[i] };
        do {
            struct test_world *w = story_of(estate_all());
            t.k++;
            t.seen = 0;
            w->fate = kth_write_meets;
            w->ctx = &t;
            story_rest(w, yaml);
            story_member(w, "/vdbs", "orders-dev", "enabled", "true");
            story_member(w, "/vdbs", "orders-test", "enabled", "true");
            test_world_free(w);
        } while (t.seen >= t.k);
        assert_in_range(t.k, 6, 20); /* off, the change, and on again */
    }
    free(yaml);
}

/* Others' databases, so that ours are on the second page of every list. */
static void crowd(struct test_world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char *json = xasprintf("{\"kind\":\"vdbs\",\"name\":\"a-%u\",\"id\":\"0-A-%04u\",\"set\":"
                               "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"enabled\":true,"
                               "\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-1\",\"tags\":[]}}",
                               i, i);
        story_meddle(w, "create", json);
        free(json);
    }
}

static void test_t09_what_is_on_a_later_page_is_there(void **state)
{
    struct test_world *w = pruning_world(estate_all());
    char *yaml = moved_host();

    (void)state;
    crowd(w, 1200);
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_converge(w, estate_all());
    story_sent(w, "");
    story_converge(w, yaml);
    assert_int_equal(sent_of(w, "/disable"), 2);
    assert_int_equal(sent_of(w, "/enable"), 2);
    assert_int_equal(sent_of(w, "provision"), 0);
    free(yaml);
    test_world_free(w);
}

/* DCT's 404 after an engine was unregistered is what was asked for. */
static void test_t11_an_engine_that_is_gone_was_unregistered(void **state)
{
    static const char west[] = "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: west}\n"
                               "spec: {hostname: west.example.com, username: admin,\n"
                               "       password: {credential: east}}\n";
    static const char deletable[] = "policy: {deletion: delete}\n";
    char *both = xasprintf("%s%s---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
                           "spec: {hostname: east.example.com, username: admin,\n"
                           "       password: {credential: east}}\n%s",
                           west, deletable, deletable);
    struct test_world *w = pruning_world(both);

    (void)state;
    story_converge(w, west);
    story_sent(w, "Engine/east DELETE /management/engines/{id}\n");
    story_lacks(buf_text(&w->trace), "failed");
    assert_null(test_world_ledger(w, "Engine/east"));
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(both);
    test_world_free(w);
}

/* Lists and numbers go as such, at creation as well as later. */
static void test_t12_lists_and_numbers_go_through(void **state)
{
    static const char engine[] =
        "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
        "spec:\n  hostname: east.example.com\n  hashicorpVaultId: 3\n"
        "  hashicorpVaultUsernameCommandArgs: [kv, get, -field=user]\n"
        "  hashicorpVaultPasswordCommandArgs: [kv, get]\n  maskingHashicorpVaultId: 4\n"
        "  hashicorpVaultMaskingUsernameCommandArgs: [a]\n"
        "  hashicorpVaultMaskingPasswordCommandArgs: [b, c]\n"
        "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: pg}\n"
        "spec: {engine: east, hostname: pg.example.com, username: postgres, sshPort: 2222,\n"
        "       toolkitPath: /opt/delphix, password: {credential: pg}}\n";
    static const char *const parts[] = {
        "\"hashicorp_vault_id\":3",
        "\"hashicorp_vault_username_command_args\":[\"kv\",\"get\",\"-field=user\"]",
        "\"hashicorp_vault_password_command_args\":[\"kv\",\"get\"]",
        "\"masking_hashicorp_vault_id\":4",
        "\"hashicorp_vault_masking_username_command_args\":[\"a\"]",
        "\"hashicorp_vault_masking_password_command_args\":[\"b\",\"c\"]",
    };
    struct test_world *w = empty_world();

    (void)state;
    story_converge(w, engine);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        story_holds(w->sent.items[0], parts[i]);
    story_holds(w->sent.items[1], "\"ssh_port\":2222");
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    test_world_free(w);
}

/* All of an engine that DCT shows is compared, and what it hides is sent. */
static void test_t13_an_engine_is_read_back(void **state)
{
    static const char *const drifts[] = { "{\"truststore_filename\":\"other.jks\"}",
                                          "{\"truststore_filename\":null}",
                                          "{\"hostname\":\"elsewhere\"}",
                                          "{\"name\":\"elsewhere\"}", "{\"insecure_ssl\":true}" };
    char *yaml = text_with(estate_all(), "password: {credential: east}",
                           "password: {credential: east}, insecureSsl: false,\n"
                           "       truststoreFilename: trust.jks,\n"
                           "       truststorePassword: {credential: ts}");
    struct test_world *w = empty_world();

    (void)state;
    story_converge(w, yaml);
    story_holds(w->sent.items[0], "\"truststore_filename\":\"trust.jks\"");
    story_holds(w->sent.items[0], "\"truststore_password\":{\"$secret\":{\"credential\":\"ts\"}}");
    for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
        char *json = xasprintf("{\"path\":\"/management/engines/1\",\"set\":%s}", drifts[i]);
        story_forget(w);
        story_meddle(w, "drift", json);
        story_settle(w);
        assert_int_equal(w->sent.n, 1);
        story_holds(w->sent.items[0], "Engine/east PATCH /management/engines/{id} ");
        story_holds(buf_text(&w->trace), "drift");
        free(json);
    }
    story_member(w, "/management/engines", "east", "truststore_filename", "trust.jks");
    free(yaml);
    test_world_free(w);
}

/* Neither is a reason to unregister an engine and lose what DCT knows of it. */
static void test_t14_a_password_or_a_tag_keeps_the_engine(void **state)
{
    char *yaml = text_with(estate_all(), "{name: east}", "{name: east, tags: {site: north}}");
    struct test_world *w = pruning_world(estate_all());

    (void)state;
    story_converge(w, yaml);
    story_sent(w, "Engine/east POST /management/engines/{id}/tags {\"tags\":[{\"key\":\"site\","
                  "\"value\":\"north\"}]}\n");
    story_forget(w);
    w->secrets_turn = "rotated";
    story_converge(w, yaml);
    assert_int_equal(sent_of(w, "Engine/east PATCH"), 1);
    assert_int_equal(sent_of(w, "DELETE"), 0);
    assert_int_equal(sent_of(w, "Engine/east POST"), 0);
    assert_int_equal(test_world_count(w, "/management/engines", NULL), 1);
    free(yaml);
    test_world_free(w);
}

static const char east[] =
    "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
    "spec: {hostname: east.example.com, username: admin, password: {credential: east}}\n"
    "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: west}\n"
    "spec: {hostname: west.example.com, username: admin, password: {credential: east}}\n";
static const char on_east[] =
    "---\napiVersion: dct/v1\nkind: Connector\nmetadata: {name: postgresql}\n"
    "spec: {file: postgresql.json, engines: [east]}\npolicy: {deletion: delete}\n";

/* West has a connector of that name that is none of our business. */
static void test_t15_a_connector_is_of_one_engine(void **state)
{
    char *yaml = xasprintf("%s%s", east, on_east), *there = NULL;
    struct test_world *w = pruning_world(east);

    (void)state;
    story_meddle(w, "create",
                 "{\"kind\":\"toolkits\",\"name\":\"postgres-vsdk\",\"id\":\"0-T-1\",\"set\":{"
                 "\"engine_id\":\"2\",\"display_name\":\"postgres-vsdk\",\"version\":\"1.0.0\","
                 "\"plugin_id\":\"11111111-2222-3333-4444-555555555555\",\"tags\":[]}}");
    fault(w, "{\"route\":\"/toolkits/upload\",\"job\":\"FAILED\",\"times\":1}");
    story_converge(w, yaml);
    assert_int_equal(sent_of(w, "Connector/postgresql@east POST /toolkits/upload"), 2);
    story_lacks(test_world_ledger(w, "Connector/postgresql@east"), "0-T-1");
    story_forget(w);
    w->plugin_version = "4.2.0"; /* another content in the same file */
    story_converge(w, yaml);
    assert_int_equal(sent_of(w, "Connector/postgresql@east POST /toolkits/upload"), 1);
    story_forget(w);
    story_converge(w, east);
    story_sent(w, "Connector/postgresql@east DELETE /toolkits/{id}\n");
    assert_int_equal(test_world_call(w, "GET", "/toolkits/0-T-1", NULL, &there), 200);
    story_holds(there, "\"tags\":[]");
    free(there);
    free(yaml);
    test_world_free(w);
}

/* At no moment is the object without the tags that stay. */
static void tags_stay(struct test_world *w, const struct effect *e)
{
    struct inside in;

    if (e)
        return;
    assert_true(inside_find(w->sim, "/vdbs", "1-APPDATA_CONTAINER-2", &in));
    assert_string_equal(in.owner, "test");
}

static void test_t16_tags_change_pair_by_pair(void **state)
{
    char *yaml = text_with(estate_all(), "tags: {team: dev}", "tags: {team: qa, site: [a, b]}");
    char *none = text_with(estate_all(), ", tags: {team: dev}", ", tags: {}");

    (void)state;
    for (size_t k = 0; k <= 3; k++) {
        struct test_world *w = story_of(estate_all());
        struct kth_write t = { .k = k, .rule = "{\"status\":500,\"times\":1}" };
        w->watch = tags_stay;
        w->fate = kth_write_meets;
        w->ctx = &t;
        story_converge(w, yaml);
        story_lacks(buf_text(&w->trace), "provision");
        for (size_t i = 0; i < w->sent.n; i++) {
            if (strstr(w->sent.items[i], "/tags/delete"))
                story_holds(w->sent.items[i], "{\"tags\":[{\"key\":\"team\",\"value\":\"dev\"}]}");
        }
        story_member(w, "/vdbs", "orders-dev", "enabled", "true");
        story_converge(w, none);
        story_member(w, "/vdbs", "orders-dev", "tags",
                     "[{\"key\":\"dctd-owner\",\"value\":\"test\"}]");
        test_world_free(w);
    }
    free(yaml);
    free(none);
}

/* A finding, and no object of that name is made or changed; the rest goes on. */
static void test_t18_malformed_parameters_are_never_sent(void **state)
{
    static const char *const bad[] = {
        "  parameters: '{\"postgresPort\": 5435'\n",
        "  parameters: '{}'\n",
        "  parameters: [1, 2]\n",
        "  parameters: no\n",
        "  parameters: {postgresPort: 1, postgresPort: 2}\n",
        "  parameters: {postgresPort: [}\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *yaml =
            text_with(estate_all(), "  postgresql: {port: 5435, mountLocation: /mnt/orders-test}\n",
                      bad[i]);
        struct test_world *w = empty_world();
        w->findings_meant = true;
        story_rest(w, yaml);
        assert_int_equal(sent_of(w, "VDB/orders-test"), 0);
        assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
        test_world_free(w);
        free(yaml);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t06_one_failed_read_forgets_nothing),
        cmocka_unit_test(test_t07_no_update_of_a_host_with_databases_on),
        cmocka_unit_test(test_t07_one_suspended_database_keeps_the_host),
        cmocka_unit_test(test_t07_databases_stay_on_while_the_change_waits),
        cmocka_unit_test(test_t08_no_failure_leaves_a_database_off),
        cmocka_unit_test(test_t09_what_is_on_a_later_page_is_there),
        cmocka_unit_test(test_t11_an_engine_that_is_gone_was_unregistered),
        cmocka_unit_test(test_t12_lists_and_numbers_go_through),
        cmocka_unit_test(test_t13_an_engine_is_read_back),
        cmocka_unit_test(test_t14_a_password_or_a_tag_keeps_the_engine),
        cmocka_unit_test(test_t15_a_connector_is_of_one_engine),
        cmocka_unit_test(test_t16_tags_change_pair_by_pair),
        cmocka_unit_test(test_t18_malformed_parameters_are_never_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
