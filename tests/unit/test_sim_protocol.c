/* What holds for every call: keys, errors, limits, pages, tags, versions. */
#include "tests/unit/test_sim.h"

static void test_keys(void **state)
{
    const struct sim_options options = { .api_key = "1.right" };
    struct world w;
    struct sim_request in = { "GET", "/vdbs", NULL, 0, NULL, NULL };
    (void)state;

    world_open(&w, &options, EMPTY);
    assert_int_equal(send_as(&w, &in), 401);
    assert_string_equal(text_at(&w, "error"), "failed");
    in.authorization = "apk 1.wrong";
    assert_int_equal(send_as(&w, &in), 401);
    in.authorization = "Bearer 1.right";
    assert_int_equal(send_as(&w, &in), 401);
    in.authorization = "apk 1.right";
    assert_int_equal(send_as(&w, &in), 200);
    world_close(&w);
}

static void test_paths_and_methods(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    assert_int_equal(get(&w, "/nosuch"), 404);
    assert_int_equal(ask(&w, "DELETE", "/vdbs/1", NULL), 405);
    assert_int_equal(ask(&w, "PUT", "/vdbs", "{}"), 405);
    assert_int_equal(get(&w, "/vdbs/1-APPDATA_CONTAINER-9"), 404);
    assert_string_equal(text_at(&w, "error"), "failed");
    assert_int_equal(get(&w, "/vdbs/"), 404);
    assert_int_equal(get(&w, "/groups/1-GROUP-1"), 200);
    assert_int_equal(get(&w, "/groups/1%2DGROUP%2d1"), 200);
    assert_int_equal(get(&w, "/groups/Untitled"), 200);
    world_close(&w);
}

static void test_bodies(void **state)
{
    struct world w = world_at(EMPTY);
    (void)state;

    assert_int_equal(post(&w, ENGINE, NULL), 400);
    assert_int_equal(post(&w, ENGINE, "{\"name\":"), 400);
    assert_int_equal(post(&w, ENGINE, "{} x"), 400);
    assert_int_equal(post(&w, ENGINE, "[]"), 400);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"e\"}"), 400);
    assert_non_null(strstr(text_at(&w, "error_description"), "hostname"));
    assert_int_equal(post(&w, ENGINE, "{\"name\":1,\"hostname\":\"h\"}"), 400);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"\",\"hostname\":\"h\"}"), 400);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"e\",\"hostname\":\"h\",\"nmae\":1}"), 400);
    assert_non_null(strstr(text_at(&w, "error_description"), "nmae: unknown member"));
    world_close(&w);

    const struct sim_options lax = { .seed = 1 };
    world_open(&w, &lax, EMPTY);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"e\",\"hostname\":\"h\",\"nmae\":1}"), 201);
    world_close(&w);
}

static void test_read_only(void **state)
{
    const struct sim_options options = { .read_only = true };
    struct world w;
    (void)state;

    world_open(&w, &options, EMPTY);
    assert_int_equal(get(&w, "/vdbs"), 200);
    assert_int_equal(post(&w, "/vdbs/search?limit=5", "{}"), 200);
    assert_int_equal(post(&w, "/vdbs/search", NULL), 200);
    assert_int_equal(post(&w, ENGINE, "{\"name\":\"e\",\"hostname\":\"h\"}"), 405);
    assert_int_equal(ask(&w, "DELETE", "/sources/1", NULL), 405);
    world_close(&w);
}

/* Makes groups g00 to g24 beside "Untitled". */
static void make_groups(struct world *w)
{
    for (int i = 0; i < 25; i++) {
        char *body = xasprintf("{\"kind\":\"groups\",\"engine\":\"one\",\"name\":\"g%02d\"}", i);
        assert_int_equal(post(w, "/_sim/create", body), 201);
        free(body);
    }
}

static void test_pages(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    int pages = 0, items = 0;
    char *path = xstrdup("/groups?limit=10&sort=-name");
    (void)state;

    make_groups(&w);
    while (path) {
        assert_int_equal(get(&w, path), 200);
        free(path);
        pages++;
        items += count_at(&w, "items");
        assert_int_equal(number_at(&w, "response_metadata.total"), 26);
        const cJSON *next = at(&w, "response_metadata.next_cursor");
        path = next ? xasprintf("/groups?limit=10&sort=-name&cursor=%s", next->valuestring) : NULL;
    }
    assert_int_equal(pages, 3);
    assert_int_equal(items, 26);
    assert_string_equal(text_at(&w, "items.5.name"), "Untitled");
    world_close(&w);
}

static void test_page_limits(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    make_groups(&w);
    assert_int_equal(get(&w, "/groups?limit=0"), 400);
    assert_int_equal(get(&w, "/groups?limit=1001"), 400);
    assert_int_equal(get(&w, "/groups?limit=x"), 400);
    assert_int_equal(get(&w, "/groups?limit=1000"), 200);
    assert_int_equal(get(&w, "/groups?sort=nosuch"), 400);
    assert_int_equal(get(&w, "/groups?cursor=abc"), 400);
    assert_int_equal(get(&w, "/groups?limit=3"), 200);
    char *other = xasprintf("/groups?limit=3&sort=name&cursor=%s",
                            text_at(&w, "response_metadata.next_cursor"));
    assert_int_equal(get(&w, other), 400);
    free(other);
    world_close(&w);
}

/* A page that follows starts after the last item seen, whatever came between. */
static void test_pages_under_change(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    make_groups(&w);
    get(&w, "/groups?limit=5");
    char *next =
        xasprintf("/groups?limit=5&cursor=%s", text_at(&w, "response_metadata.next_cursor"));
    assert_string_equal(text_at(&w, "items.4.name"), "g03");
    post(&w, "/_sim/delete", "{\"kind\":\"groups\",\"name\":\"g01\"}");
    assert_int_equal(get(&w, next), 200);
    assert_string_equal(text_at(&w, "items.0.name"), "g04");
    free(next);
    world_close(&w);
}

static void test_search(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    make_groups(&w);
    assert_int_equal(post(&w, "/groups/search?sort=name",
                          "{\"filter_expression\":\"name IN ['g07','g08'] OR name EQ 'g01'\"}"),
                     200);
    assert_int_equal(count_at(&w, "items"), 3);
    assert_string_equal(text_at(&w, "items.0.name"), "g01");
    assert_int_equal(post(&w, "/groups/search", "{\"filter_expression\":\"nme EQ 'x'\"}"), 400);
    assert_non_null(strstr(text_at(&w, "error_description"), "nme"));
    assert_int_equal(post(&w, "/groups/search", "{\"filter_expression\":\"x\"}"), 400);
    world_close(&w);
}

static void test_total_may_be_missing(void **state)
{
    const struct sim_options options = { .no_total = true };
    struct world w;
    (void)state;

    world_open(&w, &options, WITH_ENGINE);
    get(&w, "/groups");
    assert_non_null(at(&w, "response_metadata"));
    assert_null(at(&w, "response_metadata.total"));
    world_close(&w);
}

static void test_lists_keep_up(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    (void)state;

    for (int again = 0; again < 2; again++) {
        get(&w, "/environments");
        assert_int_equal(count_at(&w, "items"), 0);
    }
    assert_int_equal(make_environment(&w, "1", "h"), 201);
    get(&w, "/environments");
    assert_int_equal(count_at(&w, "items"), 0);
    settle(&w); /* nobody asked for anything meanwhile */
    get(&w, "/environments");
    assert_int_equal(count_at(&w, "items"), 1);
    get(&w, "/environments?limit=1");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_int_equal(post(&w, "/environments/" ENV "/tags",
                          "{\"tags\":[{\"key\":\"a\",\"value\":\"1\"}]}"),
                     201);
    for (int again = 0; again < 2; again++) {
        get(&w, "/environments?limit=1");
        assert_string_equal(text_at(&w, "items.0.tags.0.key"), "a");
    }
    assert_int_equal(post(&w, "/_sim/fault", "{\"engine\":\"1\"}"), 200);
    get(&w, "/environments?limit=1");
    assert_int_equal(count_at(&w, "errors"), 1);
    assert_int_equal(ask(&w, "DELETE", "/_sim/fault", NULL), 204);
    get(&w, "/environments?limit=1");
    assert_int_equal(count_at(&w, "items"), 1);
    assert_int_equal(post(&w, "/_sim/drift",
                          "{\"kind\":\"environments\",\"name\":\"h\",\"set\":{\"tags\":[]}}"),
                     200);
    get(&w, "/environments?limit=1");
    assert_int_equal(count_at(&w, "items.0.tags"), 0);
    world_close(&w);
}

static void test_tags(void **state)
{
    struct world w = world_at(WITH_ENGINE);
    const char *tags = ENGINE "/1/tags", *gone = ENGINE "/1/tags/delete";
    (void)state;

    assert_int_equal(post(&w, tags, "{\"tags\":[{\"key\":\"a\",\"value\":\"\"}]}"), 400);
    assert_int_equal(post(&w, tags, "{\"tags\":[]}"), 400);
    assert_int_equal(post(&w, tags,
                          "{\"tags\":[{\"key\":\"a\",\"value\":\"1\"},"
                          "{\"key\":\"a\",\"value\":\"2\"},"
                          "{\"key\":\"b\",\"value\":\"1\"}]}"),
                     201);
    assert_int_equal(post(&w, tags, "{\"tags\":[{\"key\":\"a\",\"value\":\"1\"}]}"), 201);
    assert_int_equal(get(&w, tags), 200);
    assert_int_equal(count_at(&w, "tags"), 3);
    assert_int_equal(post(&w, gone, "{\"key\":\"a\",\"value\":\"2\"}"), 204);
    get(&w, ENGINE "/1");
    assert_int_equal(count_at(&w, "tags"), 2);
    assert_int_equal(post(&w, gone, "{\"key\":\"a\"}"), 204);
    get(&w, tags);
    assert_int_equal(count_at(&w, "tags"), 1);
    assert_int_equal(post(&w, gone, "{\"tags\":[{\"key\":\"b\",\"value\":\"9\"}]}"), 204);
    get(&w, tags);
    assert_int_equal(count_at(&w, "tags"), 1);
    assert_int_equal(post(&w, gone, NULL), 204);
    get(&w, tags);
    assert_int_equal(count_at(&w, "tags"), 0);
    world_close(&w);
}

static void test_old_server(void **state)
{
    const struct sim_options now = { .seed = 7 }, old = { .seed = 7, .api = 318 };
    struct world w;
    (void)state;

    world_open(&w, &now, WITH_VDB);
    char *saved = sim_state(w.sim);
    world_close(&w);

    world_open(&w, &old, EMPTY);
    assert_true(sim_load(w.sim, saved));
    free(saved);
    get(&w, "/environments/" ENV);
    assert_non_null(at(&w, "os_type"));
    assert_null(at(&w, "env_users"));
    assert_null(at(&w, "repositories.0.toolkit_id"));
    get(&w, "/vdbs/" VDB);
    assert_null(at(&w, "environment_user_ref"));
    assert_int_equal(ask(&w, "PATCH", "/dsources/appdata/" DSOURCE, "{}"), 404);
    assert_int_equal(post(&w, "/sources/appdata", "{}"), 405);
    assert_int_equal(post(&w, "/toolkits/upload", NULL), 405);
    world_close(&w);
}

static void test_state_survives(void **state)
{
    const struct sim_options options = { .seed = 7 };
    struct world w = world_at(WITH_ENGINE), v;
    (void)state;

    assert_int_equal(make_environment(&w, "1", "db9"), 201);
    wait_ms(&w, 30000);
    char *saved = sim_state(w.sim);
    world_open(&v, &options, EMPTY);
    assert_false(sim_load(v.sim, "{\"objects\":3}"));
    assert_true(sim_load(v.sim, saved));
    v.now = w.now;
    settle(&v);
    assert_int_equal(get(&v, "/environments/" ENV), 200);
    settle(&w);
    char *a = sim_state(w.sim), *b = sim_state(v.sim);
    assert_string_equal(a, b);
    free(a);
    free(b);
    free(saved);
    world_close(&w);
    world_close(&v);
}

static void test_same_seed_same_answers(void **state)
{
    struct world v = world_at(WITH_VDB), w = world_at(WITH_VDB);
    char *a = sim_state(v.sim), *b = sim_state(w.sim);
    (void)state;

    assert_string_equal(a, b);
    free(a);
    free(b);
    world_close(&v);
    world_close(&w);
}

static void test_control(void **state)
{
    struct world w = world_at(WITH_VDB);
    (void)state;

    assert_int_equal(post(&w, "/_sim/drift",
                          "{\"path\":\"/vdbs/" VDB "\",\"set\":{\"name\":\"odd\","
                          "\"appdata_source_params\":{\"postgresPort\":1}}}"),
                     200);
    get(&w, "/vdbs/" VDB);
    assert_string_equal(text_at(&w, "name"), "odd");
    assert_int_equal(number_at(&w, "appdata_source_params.postgresPort"), 1);
    assert_int_equal(post(&w, "/_sim/drift",
                          "{\"kind\":\"vdbs\",\"name\":\"odd\",\"set\":{\"name\":null}}"),
                     200);
    assert_int_equal(post(&w, "/_sim/delete", "{\"path\":\"/vdbs/" VDB "\"}"), 204);
    assert_int_equal(get(&w, "/vdbs/" VDB), 404);
    assert_int_equal(post(&w, "/_sim/delete", "{\"path\":\"/vdbs/" VDB "\"}"), 404);
    get(&w, "/_sim/log");
    assert_string_equal(text_at(&w, "requests.0.method"), "POST");
    assert_int_equal(number_at(&w, "requests.0.status"), 201);
    assert_int_equal(get(&w, "/_sim/state"), 200);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_paths_and_methods),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_page_limits),
        cmocka_unit_test(test_pages_under_change),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_total_may_be_missing),
        cmocka_unit_test(test_lists_keep_up),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_old_server),
        cmocka_unit_test(test_state_survives),
        cmocka_unit_test(test_same_seed_same_answers),
        cmocka_unit_test(test_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
