/* Engines, connectors, environments and source configs. */
#include "tests/unit/test_sim.h"

#include "tests/sim/multipart.h"
#include "tests/sim/toolkits.h"

static void test_engine_connects_later(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    assert_int_equal(post(&w, ENGINE,
                          "{\"name\":\"e\",\"hostname\":\"h\",\"username\":\"a\","
                          "\"password\":\"b\",\"tags\":[{\"key\":\"k\","
                          "\"value\":\"v\"}]}"),
                     201);
    assert_string_equal(text_at(&w, "status"), "CREATED");
    assert_null(at(&w, "uuid"));
    assert_null(at(&w, "password"));
    settle(&w);
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "engine_connection_status"), "ONLINE");
    assert_non_null(at(&w, "uuid"));
    assert_null(at(&w, "password"));
    get(&w, "/virtualization-policies");
    assert_int_equal(count_at(&w, "items"), 6);
    world_close(&w);
}

static void test_engine_credentials(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    post(&w, ENGINE, "{\"name\":\"e\",\"hostname\":\"h\"}");
    settle(&w);
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "engine_connection_status"), "MISSING_CREDENTIALS");
    assert_int_equal(make_environment(&w, "1", "db1"), 503);
    assert_int_equal(ask(&w, "PATCH", ENGINE "/1", "{\"username\":\"a\",\"password\":\"wrong\"}"),
                     200);
    settle(&w);
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "engine_connection_status"), "BAD_CREDENTIALS");
    assert_int_equal(ask(&w, "PUT", ENGINE "/1", "{\"password\":\"right\"}"), 200);
    settle(&w);
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "engine_connection_status"), "ONLINE");
    world_close(&w);
}

static void test_engine_registered_twice(void **state)
{
    const struct sim_options options = { .license_cap = 1 };
    struct world w;
    (void)state;

    world_open(&w, &options, WITH_ENGINE);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"x\",\"hostname\":\"one.x\"}"), 409);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"x\",\"hostname\":\"two.x\"}"), 400);
    assert_non_null(strstr(text_at(&w, "error_description"), "license"));
    world_close(&w);
}

static void test_engine_takes_all_along(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(ask(&w, "DELETE", ENGINE "/1", NULL), 200);
    get(&w, ENGINE "/1");
    assert_string_equal(text_at(&w, "status"), "DELETING");
    settle(&w);
    assert_int_equal(get(&w, ENGINE "/1"), 404);
    assert_int_equal(get(&w, "/vdbs/" VDB), 404);
    get(&w, "/environments");
    assert_int_equal(count_at(&w, "items"), 0);
    make_engine(&w, "one");
    get(&w, ENGINE "/2");
    assert_string_equal(text_at(&w, "name"), "one");
    world_close(&w);
}

static void test_builds(void **state)
{
    (void)state;
    assert_int_equal(sim_compare_builds("1.0.0", "1"), 0);
    assert_int_equal(sim_compare_builds("1.10", "1.2"), 1);
    assert_int_equal(sim_compare_builds("2.0", "1.99999"), 1);
    assert_int_equal(sim_compare_builds("01.02", "1.2.0"), 0);
    assert_int_equal(sim_compare_builds("4.1.0", "4.1.1"), -1);
}

static void test_multipart(void **state)
{
    static const char type[] = "multipart/form-data; boundary=\"x\"";
    static const char body[] = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
                               "--x\r\nContent-Disposition: form-data; name=\"b\"; "
                               "filename=\"f\"\r\n\r\nline\r\nline\r\n--x--\r\n";
    (void)state;

    char *a = sim_multipart_part(type, body, strlen(body), "a");
    char *b = sim_multipart_part(type, body, strlen(body), "b");
    assert_string_equal(a, "1");
    assert_string_equal(b, "line\r\nline");
    free(a);
    free(b);
    assert_null(sim_multipart_part(type, body, strlen(body), "c"));
    assert_null(sim_multipart_part(type, body, strlen(body) - 6, "a"));
    assert_null(sim_multipart_part("application/json", body, strlen(body), "a"));
    assert_null(sim_multipart_part("multipart/form-data", body, strlen(body), "a"));
    assert_null(sim_multipart_part(type, NULL, 0, "a"));
}

static void test_upload(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    assert_int_equal(upload(&w, "one",
                            "{\"type\":\"Plugin\",\"name\":\"p\",\"pluginId\":\"i\","
                            "\"buildNumber\":\"2\"}"),
                     200);
    assert_null(at(&w, "toolkit_id"));
    assert_string_equal(outcome(&w), "COMPLETED");
    assert_int_equal(upload(&w, "nosuch", "{\"name\":\"p\"}"), 400);
    assert_int_equal(upload(&w, "1", "no json"), 400);
    assert_int_equal(post(&w, "/toolkits/upload", "{}"), 400);
    assert_done(&w, upload_build(&w, "4.1.1"), 200);
    post(&w, "/toolkits/search",
         "{\"filter_expression\":\"name EQ 'postgres-vsdk' AND "
         "plugin_id EQ 'b1a5' AND engine_id EQ '1'\"}");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_string_equal(text_at(&w, "items.0.identifier"), "b1a5");
    assert_string_equal(text_at(&w, "items.0.display_name"), "postgres-vsdk");
    assert_string_equal(text_at(&w, "items.0.version"), "v4.1.1");
    assert_string_equal(text_at(&w, "items.0.root_squash_enabled"), "true");
    assert_non_null(at(&w, "items.0.linked_source_definition.parameters"));
    world_close(&w);
}

static void test_no_downgrade(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    assert_done(&w, upload_build(&w, "4.1.1"), 200);
    assert_refused(&w, upload_build(&w, "4.1.0"), "downgrade");
    assert_done(&w, upload_build(&w, "4.1.1.0"), 200);
    assert_done(&w, upload_build(&w, "4.2"), 200);
    assert_refused(&w, upload_build(&w, "0.0"), "build number");
    get(&w, "/toolkits");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_string_equal(text_at(&w, "items.0.version"), "v4.2");
    world_close(&w);
}

static void test_toolkit_delete(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    assert_refused(&w, ask(&w, "DELETE", "/toolkits/1-TOOLKIT-1", NULL), "in use");
    assert_done(&w, ask(&w, "DELETE", "/sources/" SOURCE, NULL), 200);
    assert_done(&w, ask(&w, "DELETE", "/toolkits/1-TOOLKIT-1", NULL), 200);
    get(&w, "/environments/" ENV);
    assert_int_equal(count_at(&w, "repositories"), 0);
    world_close(&w);
}

static void test_upload_holds_up_its_objects(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    upload_build(&w, "5");
    wait_ms(&w, 3000);
    assert_refused(&w, post(&w, "/vdbs/" VDB "/disable", "{}"), "upgraded");
    world_close(&w);
}

static void test_environment_shape(void **state)
{
    struct world w = world_at(WITH_ENVIRONMENT);
    (void)state;

    assert_int_equal(get(&w, "/environments/" ENV), 200);
    assert_string_equal(text_at(&w, "name"), "db1");
    assert_string_equal(text_at(&w, "os_type"), "UNIX");
    assert_string_equal(text_at(&w, "address"), "db1");
    assert_string_equal(text_at(&w, "hosts.0.id"), "1-UNIX_HOST-1");
    assert_int_equal(number_at(&w, "hosts.0.ssh_port"), 22);
    assert_true(cJSON_IsTrue(at(&w, "hosts.0.available")));
    assert_string_equal(text_at(&w, "env_users.0.user_ref"), "HOST_USER-1");
    assert_true(cJSON_IsTrue(at(&w, "env_users.0.primary_user")));
    assert_string_equal(text_at(&w, "env_users.0.auth_type"), "PasswordCredential");
    assert_null(at(&w, "env_users.0.password"));
    assert_string_equal(text_at(&w, "repositories.0.name"), "Postgres vFiles (15.4)");
    assert_string_equal(text_at(&w, "repositories.0.toolkit_id"), "1-TOOLKIT-1");
    assert_string_equal(text_at(&w, "repositories.0.database_type"), "postgres-vsdk");
    world_close(&w);
}

/* An environment that was there first learns of the connector by a refresh. */
static void test_discovery_needs_refresh(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    assert_done(&w, make_environment(&w, "1", "db1"), 201);
    assert_done(&w, upload_build(&w, "1"), 200);
    get(&w, "/environments/" ENV);
    assert_int_equal(count_at(&w, "repositories"), 0);
    assert_done(&w, post(&w, "/environments/" ENV "/refresh", NULL), 200);
    get(&w, "/environments/" ENV);
    assert_int_equal(count_at(&w, "repositories"), 1);
    assert_done(&w, post(&w, "/environments/" ENV "/refresh", NULL), 200);
    get(&w, "/environments/" ENV);
    assert_int_equal(count_at(&w, "repositories"), 1);
    world_close(&w);
}

/* A host is free again when the deletion's job is over, not before. */
static void test_host_of_another_environment(void **state)
{
    struct world w = world_at(WITH_ENVIRONMENT);
    (void)state;

    assert_refused(&w, make_environment(&w, "1", "db1"), "belongs to another host environment");
    assert_int_equal(get(&w, "/environments/1-UNIX_HOST_ENVIRONMENT-2"), 404);
    assert_done(&w, ask(&w, "DELETE", "/environments/" ENV, NULL), 200);
    assert_done(&w, make_environment(&w, "1", "db1"), 201);
    world_close(&w);
}

static void test_environment_refusals(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    assert_int_equal(make_environment(&w, "9", "db2"), 400);
    assert_refused(&w,
                   post(&w, "/environments",
                        "{\"engine_id\":\"1\",\"os_name\":\"UNIX\",\"hostname\":\"db2\"}"),
                   "No credentials");
    assert_refused(&w,
                   post(&w, "/environments",
                        "{\"engine_id\":\"1\",\"os_name\":\"UNIX\",\"hostname\":\"db2\","
                        "\"username\":\"u\",\"password\":\"wrong\"}"),
                   "refused");
    assert_int_equal(post(&w, "/environments",
                          "{\"engine_id\":\"1\",\"os_name\":\"BEOS\",\"hostname\":\"x\"}"),
                     400);
    assert_refused(&w, ask(&w, "DELETE", "/environments/" ENV, NULL), "in use");
    assert_done(&w, post(&w, "/environments/" ENV "/disable", NULL), 200);
    assert_refused(&w, post(&w, "/environments/" ENV "/refresh", NULL), "disabled");
    assert_done(&w, post(&w, "/environments/" ENV "/enable", NULL), 200);
    world_close(&w);
}

static void test_environment_parts(void **state)
{
    struct world w = world_at(WITH_ENVIRONMENT);
    const char *users = "/environments/" ENV "/users";
    (void)state;

    assert_done(&w, ask(&w, "PATCH", "/environments/" ENV, "{\"description\":\"d\"}"), 200);
    assert_done(&w,
                ask(&w, "PATCH", "/environments/" ENV "/hosts/1-UNIX_HOST-1",
                    "{\"hostname\":\"db9\",\"ssh_port\":2222}"),
                202);
    assert_int_equal(ask(&w, "PATCH", "/environments/" ENV "/hosts/none", "{}"), 404);
    assert_done(&w,
                ask(&w, "PATCH", "/environments/" ENV "/repository/" REPO,
                    "{\"allow_provisioning\":false}"),
                202);
    assert_int_equal(post(&w, users, "{\"username\":\"two\",\"use_engine_public_key\":true}"), 201);
    assert_string_equal(text_at(&w, "user_ref"), "HOST_USER-2");
    assert_string_equal(outcome(&w), "COMPLETED");
    assert_done(&w, post(&w, "/environments/" ENV "/users/HOST_USER-2/primary", NULL), 200);
    assert_refused(&w, ask(&w, "DELETE", "/environments/" ENV "/users/HOST_USER-2", NULL),
                   "primary");
    assert_done(&w,
                ask(&w, "PUT", "/environments/" ENV "/users/HOST_USER-1",
                    "{\"username\":\"new\",\"password\":\"p\"}"),
                200);
    get(&w, users);
    assert_string_equal(text_at(&w, "users.0.username"), "new");
    assert_string_equal(text_at(&w, "users.1.auth_type"), "SystemKeyCredential");
    assert_done(&w, ask(&w, "DELETE", "/environments/" ENV "/users/HOST_USER-1", NULL), 200);
    get(&w, "/environments/" ENV);
    assert_int_equal(count_at(&w, "env_users"), 1);
    assert_string_equal(text_at(&w, "description"), "d");
    assert_string_equal(text_at(&w, "address"), "db9");
    assert_int_equal(number_at(&w, "hosts.0.ssh_port"), 2222);
    assert_true(cJSON_IsFalse(at(&w, "repositories.0.allow_provisioning")));
    assert_int_equal(get(&w, "/environments/hosts/1-UNIX_HOST-1"), 200);
    world_close(&w);
}

static void test_sources(void **state)
{
    struct world w = world_at(WITH_SOURCE);
    (void)state;

    get(&w, "/sources/" SOURCE);
    assert_string_equal(text_at(&w, "repository"), REPO);
    assert_string_equal(text_at(&w, "environment_id"), ENV);
    assert_true(cJSON_IsFalse(at(&w, "is_dsource")));
    assert_null(at(&w, "engine_id"));
    assert_int_equal(post(&w, "/sources/postgres", "{\"name\":\"x\"}"), 400);
    assert_int_equal(post(&w, "/sources/postgres", "{\"name\":\"x\",\"repository_id\":\"9\"}"),
                     400);
    assert_done(&w, ask(&w, "PATCH", "/sources/postgres/" SOURCE, "{\"name\":\"renamed\"}"), 200);
    assert_done(&w,
                post(&w, "/sources/appdata",
                     "{\"type\":\"STAGED\",\"name\":\"b\",\"repository_id\":\"" REPO "\","
                     "\"environment_user\":\"HOST_USER-1\",\"parameters\":{\"name\":\"b\"}}"),
                201);
    assert_refused(&w,
                   post(&w, "/sources/appdata",
                        "{\"type\":\"STAGED\",\"name\":\"b\",\"repository_id\":\"" REPO "\","
                        "\"environment_user\":\"HOST_USER-9\"}"),
                   "no user");
    assert_done(&w,
                ask(&w, "PATCH", "/sources/appdata/1-APPDATA_STAGED_SOURCE_CONFIG-2",
                    "{\"linking_enabled\":false}"),
                200);
    get(&w, "/sources?sort=-name");
    assert_string_equal(text_at(&w, "items.0.name"), "renamed");
    assert_string_equal(text_at(&w, "items.1.environment_user_ref"), "HOST_USER-1");
    assert_string_equal(text_at(&w, "items.1.config_params.name"), "b");
    assert_true(cJSON_IsFalse(at(&w, "items.1.linking_enabled")));
    assert_done(&w, ask(&w, "DELETE", "/sources/" SOURCE, NULL), 200);
    assert_int_equal(get(&w, "/sources/" SOURCE), 404);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_connects_later),
        cmocka_unit_test(test_engine_credentials),
        cmocka_unit_test(test_engine_registered_twice),
        cmocka_unit_test(test_engine_takes_all_along),
        cmocka_unit_test(test_builds),
        cmocka_unit_test(test_multipart),
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_no_downgrade),
        cmocka_unit_test(test_toolkit_delete),
        cmocka_unit_test(test_upload_holds_up_its_objects),
        cmocka_unit_test(test_environment_shape),
        cmocka_unit_test(test_discovery_needs_refresh),
        cmocka_unit_test(test_host_of_another_environment),
        cmocka_unit_test(test_environment_refusals),
        cmocka_unit_test(test_environment_parts),
        cmocka_unit_test(test_sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
