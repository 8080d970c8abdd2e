/* What the sockets answer, asked directly: a whole dctd on its loop, and the
 * simulator behind HTTP on the same one. */
#include "daemon/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/tree.h"
#include "tests/sim/http_front.h"

static const char manifests[] =
    "apiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
    "spec: {hostname: east.example.com, username: admin, password: {env: DCTD_TEST_SECRET}}\n"
    "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: pg-target}\n"
    "spec: {engine: east, hostname: pg.example.com, username: postgres,\n"
    "       toolkitPath: /opt/delphix, password: {env: DCTD_TEST_SECRET}}\n";

struct world {
    struct tree *tree;
    struct sim *sim;
    struct http_front *front;
    struct app *app;
    struct api *api;
    unsigned port;
    unsigned status; /* of the last answer */
    cJSON *body;
    unsigned changes;
    const char *const *parameters; /* name, value, …, NULL */
    bool look_only;
};

static const char *parameter(void *ctx, const char *name)
{
    const struct world *w = ctx;

    for (const char *const *p = w->parameters; p && *p; p += 2) {
        if (streq(p[0], name))
            return p[1];
    }
    return NULL;
}

static void ask(struct world *w, const char *method, const char *path, const char *body)
{
    const struct api_request q = { .method = method,
                                   .path = path,
                                   .parameter = parameter,
                                   .ctx = w,
                                   .body = body,
                                   .n = body ? strlen(body) : 0,
                                   .may_write = !w->look_only,
                                   .whom = "uid 0 (root)" };
    struct api_answer out;

    cJSON_Delete(w->body);
    api_answer(w->api, &q, &out);
    w->status = out.status;
    w->body = out.n ? json_parse(out.body, out.n, NULL) : NULL;
    if (out.status && !w->body)
        fail_msg("no JSON: %s", out.body);
    free(out.body);
}

static void get(struct world *w, const char *path)
{
    ask(w, "GET", path, NULL);
}

static void shows(const struct world *w, unsigned status)
{
    char *text = w->body ? cJSON_Print(w->body) : NULL;

    if (w->status != status)
        fail_msg("answered %u, not %u: %s", w->status, status, text ? text : "nothing");
    free(text);
}

static void says(const struct world *w, const char *path, const char *expected)
{
    const char *is = json_text(w->body, path);
    char *text = cJSON_Print(w->body);

    if (!is || !strstr(is, expected))
        fail_msg("%s is %s, not %s, in %s", path, is ? is : "(no text)", expected, text);
    free(text);
}

static void counts(const struct world *w, const char *path, int expected)
{
    const cJSON *is = json_at(w->body, path);

    assert_true(cJSON_IsNumber(is));
    assert_int_equal(is->valueint, expected);
}

static void refuses(struct world *w, const char *path, const char *body, unsigned status,
                    const char *error)
{
    ask(w, "POST", path, body);
    shows(w, status);
    says(w, "kind", "Error");
    says(w, "error", error);
    assert_non_null(json_text(w->body, "hint"));
}

static void posts(struct world *w, const char *path, const char *body, const char *text)
{
    ask(w, "POST", path, body);
    shows(w, 200);
    says(w, "kind", "Done");
    says(w, "text", text);
}

static const char *condition(struct world *w, const char *object, const char *type)
{
    char *path = xasprintf("/api/v1/objects/%s", object);
    char *at = xasprintf("object.conditions[type=%s].status", type);

    get(w, path);
    shows(w, 200);
    const char *status = json_text(w->body, at);
    assert_non_null(status);
    free(path);
    free(at);
    return status;
}

static void on_change(void *ctx)
{
    struct world *w = ctx;

    w->changes++;
}

static void begin(struct world *w)
{
    char *config = tree_at(w->tree, "dctd.yaml"), *error = NULL;
    struct diags d = { 0 };
    struct config *c = config_load(config, &d);

    assert_non_null(c);
    const struct app_options o = { .mode = CYCLE_RUN };
    w->app = app_new(c, &o, &error);
    if (!w->app)
        fail_msg("%s", error);
    struct http_front_options f = {
        .host = "127.0.0.1", .port = w->port, .base = "/dct/v3", .quiet = true
    };
    w->front = http_front_new(app_loop(w->app), w->sim, &f, &error);
    if (!w->front)
        fail_msg("%s", error);
    w->api = api_new(w->app);
    api_on_change(w->api, on_change, w);
    diags_clear(&d);
    free(config);
}

static void end(struct world *w)
{
    http_front_close(w->front);
    api_free(w->api);
    app_free(w->app);
}

/* A port that was free a moment ago, so that the configuration can name it. */
static unsigned free_port(struct sim *s)
{
    uv_loop_t loop;
    char *error = NULL;

    assert_int_equal(uv_loop_init(&loop), 0);
    struct http_front_options f = { .host = "127.0.0.1", .base = "", .quiet = true };
    struct http_front *front = http_front_new(&loop, s, &f, &error);
    assert_non_null(front);
    unsigned port = http_front_port(front);
    http_front_close(front);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    return port;
}

static int setup(void **state)
{
    static char key[] = "DCTD_TEST_KEY=1.secretkey", secret[] = "DCTD_TEST_SECRET=hush-hush";
    struct world *w = xcalloc(1, sizeof(*w));

    assert_int_equal(putenv(key), 0);    // NOLINT(concurrency-mt-unsafe): no other thread
    assert_int_equal(putenv(secret), 0); // NOLINT(concurrency-mt-unsafe): no other thread
    w->tree = tree_new();
    w->sim = sim_new(&(struct sim_options){ .speed = 2000 });
    w->port = free_port(w->sim);
    char *config = xasprintf("instance: test\n"
                             "dct: {url: 'http://127.0.0.1:%u', apiKey: {env: DCTD_TEST_KEY}}\n"
                             "manifests: {path: manifests}\nledger: ledger.db\n"
                             "reconcile: {interval: 1h}\n",
                             w->port);
    tree_write(w->tree, "dctd.yaml", config);
    tree_write(w->tree, "manifests/all.yaml", manifests);
    free(config);
    begin(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    end(w);
    cJSON_Delete(w->body);
    sim_free(w->sim);
    tree_free(w->tree);
    free(w);
    return 0;
}

static bool has_converged(const struct world *w)
{
    struct cycle_status s;

    cycle_status(app_cycle(w->app), &s);
    return s.phase == CYCLE_IDLE && s.converged_at && s.synced == s.managed;
}

static void turn(struct world *w)
{
    (void)uv_run(app_loop(w->app), UV_RUN_ONCE);
}

static void converge(struct world *w)
{
    if (!cycle_newest_set(app_cycle(w->app)))
        app_load(w->app);
    while (!has_converged(w))
        turn(w);
}

static void before_the_manifests_are_loaded(void **state)
{
    struct world *w = *state;

    get(w, "/api/v1/status");
    shows(w, 200);
    says(w, "apiVersion", "dctd/v1");
    says(w, "kind", "Status");
    says(w, "phase", "idle");
    says(w, "instance", "test");
    says(w, "dct.url", "http://127.0.0.1:");
    assert_true(cJSON_IsFalse(json_at(w->body, "observed")));
    assert_true(cJSON_IsNull(json_at(w->body, "lastObserved")));
    assert_true(cJSON_IsNull(json_at(w->body, "git")));
    get(w, "/api/v1/plan");
    shows(w, 409);
    get(w, "/api/v1/objects");
    shows(w, 200);
    assert_null(json_at(w->body, "items[0]"));
    refuses(w, "/api/v1/reconcile", NULL, 409, "no manifests are loaded yet");
}

static void the_estate_as_it_stands(void **state)
{
    struct world *w = *state;

    converge(w);
    get(w, "/api/v1/status");
    counts(w, "counts.managed", 2);
    counts(w, "counts.synced", 2);
    counts(w, "counts.suspended", 0);
    assert_non_null(json_text(w->body, "lastObserved"));
    assert_non_null(json_text(w->body, "lastConverged"));
    assert_non_null(json_text(w->body, "next"));
    get(w, "/api/v1/objects");
    says(w, "kind", "ObjectList");
    says(w, "items[0].key", "Engine/east");
    says(w, "items[0].manifest", "all.yaml:1:1");
    says(w, "items[0].neededBy[0]", "Environment/pg-target");
    says(w, "items[1].needs[0]", "Engine/east");
    says(w, "items[1].ownership", "created");
    says(w, "items[1].deletion", "orphan");
    says(w, "items[1].mode", "enforce");
    says(w, "items[1].engine", "east");
    says(w, "items[1].conditions[type=Ready].reason", "Available");
    assert_true(cJSON_IsNull(json_at(w->body, "items[1].action")));
    assert_null(json_at(w->body, "items[1].history"));
    get(w, "/api/v1/graph");
    says(w, "nodes[1].state", "ready");
    says(w, "edges[0].from", "Environment/pg-target");
    says(w, "edges[0].to", "Engine/east");
    get(w, "/api/v1/plan");
    says(w, "format", "dctd-plan/1");
    assert_int_equal(strlen(json_text(w->body, "digest")), 16);
    says(w, "kind", "Plan");
    says(w, "summary.text", "No changes");
}

static void one_object_with_what_happened_to_it(void **state)
{
    struct world *w = *state;

    converge(w);
    assert_string_equal(condition(w, "Environment/pg-target", "Ready"), "True");
    says(w, "kind", "Object");
    says(w, "object.history[0].type", "Ready");
    says(w, "object.history[0].status", "False");
    says(w, "events[0].kind", "started");
    says(w, "events[0].object", "Environment/pg-target");
    int n = cJSON_GetArraySize(json_at(w->body, "events"));
    char *last = xasprintf("events[%d].kind", n - 1);
    says(w, last, "done");
    free(last);
}

static void names_as_people_write_them(void **state)
{
    struct world *w = *state;
    static const char *const kinds[] = { "kind", "environments", NULL };

    converge(w);
    (void)condition(w, "environment/pg-target", "Ready");
    (void)condition(w, "ENVIRONMENTS/pg-target", "Ready");
    get(w, "/api/v1/objects/environment/pg-targt");
    shows(w, 404);
    says(w, "hint", "did you mean Environment/pg-target?");
    get(w, "/api/v1/objects/environmnt/pg-target");
    shows(w, 404);
    says(w, "hint", "did you mean Environment?");
    get(w, "/api/v1/objects/environment");
    shows(w, 400);
    w->parameters = kinds;
    get(w, "/api/v1/objects");
    says(w, "items[0].key", "Environment/pg-target");
    assert_null(json_at(w->body, "items[1]"));
}

static void what_is_not_there_and_who_may_not(void **state)
{
    struct world *w = *state;

    get(w, "/api/v2/status");
    shows(w, 404);
    get(w, "/api/v1/statuses");
    shows(w, 404);
    get(w, "/api/v1/suspend");
    shows(w, 405);
    ask(w, "DELETE", "/api/v1/objects/Engine/east", NULL);
    shows(w, 405);
    refuses(w, "/api/v1/status", NULL, 405, "is not for POST");
    w->look_only = true;
    refuses(w, "/api/v1/suspend", "{}", 403, "uid 0 (root) may look");
    says(w, "hint", "root and the user that dctd runs as may");
}

static void bodies_are_read_strictly(void **state)
{
    struct world *w = *state;

    converge(w);
    refuses(w, "/api/v1/suspend", "{", 400, "must be a JSON object");
    refuses(w, "/api/v1/suspend", "[]", 400, "must be a JSON object");
    refuses(w, "/api/v1/suspend", "{\"reason\":\"a\\u0000b\"}", 400, "without NUL characters");
    refuses(w, "/api/v1/suspend", "{\"what\":\"x\"}", 400, "`what` means nothing here");
    refuses(w, "/api/v1/suspend", "{\"reason\":7}", 400, "`reason` has the wrong type");
    refuses(w, "/api/v1/suspend", "{\"until\":\"soon\"}", 400, "`until` is no time");
    refuses(w, "/api/v1/suspend", "{\"until\":\"2001-01-01T00:00:00Z\"}", 400, "in the past");
    refuses(w, "/api/v1/suspend", "{\"kind\":\"VDB\",\"object\":\"VDB/x\"}", 400, "exclude");
    refuses(w, "/api/v1/suspend", "{\"object\":\"VDB/none\"}", 404, "have VDB/none");
    refuses(w, "/api/v1/suspend", "{\"object\":\"none\"}", 400, "names no object");
    refuses(w, "/api/v1/suspend", "{\"kind\":\"vbd\"}", 404, "there is no kind `vbd`");
    refuses(w, "/api/v1/adopt", "{\"object\":\"Engine/x\"}", 400, "`id` is missing");
    refuses(w, "/api/v1/adopt", "{\"object\":\"Connector/x\",\"id\":\"1\"}", 400, "each engine");
    refuses(w, "/api/v1/forget", "{}", 400, "`object` is missing");
    refuses(w, "/api/v1/reconcile", "{\"now\":true}", 400, "`now` means nothing here");
    get(w, "/api/v1/status");
    assert_null(json_at(w->body, "suspended[0]"));
}

static void suspended_resumed_and_who_asked(void **state)
{
    struct world *w = *state;
    static const char *const of_it[] = { "object", "engine/east", "limit", "2", NULL };

    converge(w);
    posts(w, "/api/v1/suspend", "{\"object\":\"engine/east\",\"reason\":\"INC-1\"}",
          "Engine/east is suspended until somebody resumes it");
    assert_string_equal(condition(w, "Engine/east", "Suspended"), "True");
    get(w, "/api/v1/status");
    says(w, "suspended[0].object", "Engine/east");
    says(w, "suspended[0].reason", "INC-1");
    says(w, "suspended[0].by", "uid 0 (root)");
    counts(w, "counts.suspended", 1);
    end(w);
    begin(w);
    converge(w);
    assert_string_equal(condition(w, "Engine/east", "Suspended"), "True");
    posts(w, "/api/v1/resume", "{\"object\":\"Engine/east\"}", "Engine/east");
    assert_string_equal(condition(w, "Engine/east", "Suspended"), "False");
    refuses(w, "/api/v1/resume", "{\"object\":\"Engine/east\"}", 409,
            "Engine/east is not suspended");
    w->parameters = of_it;
    get(w, "/api/v1/events");
    says(w, "kind", "Events");
    says(w, "items[0].kind", "suspended");
    says(w, "items[0].by", "uid 0 (root)");
    says(w, "items[1].kind", "resumed");
    says(w, "items[1].object", "Engine/east");
    assert_null(json_at(w->body, "items[2]"));
}

/* The wake brings it back, and who waits is told. */
static void a_suspension_ends_by_itself(void **state)
{
    struct world *w = *state;

    converge(w);
    time_t soon = (time_t)(app_now() / 1000 + 2);
    struct tm t;
    char body[64];
    assert_non_null(gmtime_r(&soon, &t));
    assert_true(strftime(body, sizeof(body), "{\"until\":\"%Y-%m-%dT%H:%M:%SZ\"}", &t));
    posts(w, "/api/v1/suspend", body, "everything is suspended until 2");
    assert_string_equal(condition(w, "Engine/east", "Suspended"), "True");
    while (strcmp(condition(w, "Engine/east", "Suspended"), "False") != 0)
        turn(w);
}

static void forgotten_and_adopted(void **state)
{
    struct world *w = *state;

    converge(w);
    get(w, "/api/v1/objects/engine/east");
    char *id = xstrdup(json_text(w->body, "object.id"));
    char *again = xasprintf("{\"object\":\"engine/east\",\"id\":\"%s\"}", id);
    posts(w, "/api/v1/forget", "{\"object\":\"engine/east\"}", "Engine/east is forgotten");
    refuses(w, "/api/v1/forget", "{\"object\":\"engine/east\"}", 409, "the ledger has no");
    posts(w, "/api/v1/adopt", again, "Engine/east is ");
    get(w, "/api/v1/objects/engine/east");
    says(w, "object.ownership", "adopted");
    refuses(w, "/api/v1/adopt", "{\"object\":\"engine/east\",\"id\":\"9\"}", 409,
            "--replace makes it 9");
    converge(w);
    free(again);
    free(id);
}

static void one_object_of_the_list(void **state)
{
    struct world *w = *state;
    static const char *const one[] = { "object", "environments/pg-target", NULL };
    static const char *const none[] = { "object", "environment/pg-targt", NULL };
    static const char *const wrong[] = { "object", "environment", NULL };

    converge(w);
    w->parameters = one;
    get(w, "/api/v1/objects");
    says(w, "items[0].key", "Environment/pg-target");
    assert_null(json_at(w->body, "items[1]"));
    w->parameters = none;
    get(w, "/api/v1/objects");
    shows(w, 200);
    assert_int_equal(cJSON_GetArraySize(json_at(w->body, "items")), 0);
    w->parameters = wrong;
    get(w, "/api/v1/objects");
    shows(w, 400);
}

static void who_waits_hears_of_the_next_change(void **state)
{
    struct world *w = *state;
    char serial[32];
    const char *const after[] = { "after", serial, NULL };
    static const char *const wrong[] = { "after", "yesterday", NULL };

    converge(w);
    (void)snprintf(serial, sizeof(serial), "%llu", (unsigned long long)api_serial(w->api));
    w->parameters = after;
    get(w, "/api/v1/status");
    assert_int_equal(w->status, 0);
    unsigned changes = w->changes;
    posts(w, "/api/v1/reconcile", NULL, "DCT is observed now");
    assert_true(w->changes > changes);
    get(w, "/api/v1/status");
    shows(w, 200);
    says(w, "phase", "observing");
    w->parameters = wrong;
    get(w, "/api/v1/status");
    shows(w, 400);
}

static void events_of_a_span_and_a_number(void **state)
{
    struct world *w = *state;
    static const char *const bad[][3] = { { "limit", "0", NULL },
                                          { "limit", "many", NULL },
                                          { "since", "once", NULL } };
    static const char *const late[] = { "since", "2100-01-01T00:00:00Z", NULL };
    static const char *const hour[] = { "since", "1h", "limit", "1", NULL };

    converge(w);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        w->parameters = bad[i];
        get(w, "/api/v1/events");
        shows(w, 400);
    }
    w->parameters = late;
    get(w, "/api/v1/events");
    assert_int_equal(cJSON_GetArraySize(json_at(w->body, "items")), 0);
    w->parameters = hour;
    get(w, "/api/v1/events");
    assert_int_equal(cJSON_GetArraySize(json_at(w->body, "items")), 1);
}

static void findings_are_shown_and_no_secret_is(void **state)
{
    struct world *w = *state;

    tree_write(w->tree, "manifests/wrong.yaml",
               "apiVersion: dct/v1\nkind: Engine\nmetadata: {name: west}\nspec: {hostnam: x}\n");
    app_load(w->app);
    while (!cycle_plan(app_cycle(w->app)))
        turn(w);
    get(w, "/api/v1/status");
    says(w, "findings[0].at", "wrong.yaml:4:");
    says(w, "findings[0].level", "error");
    says(w, "manifests", "2 errors in the manifests: nothing is pruned");
    assert_string_equal(condition(w, "Engine/west", "Stalled"), "True");
    posts(w, "/api/v1/suspend", "{\"reason\":\"the word is hush-hush\"}", "everything");
    get(w, "/api/v1/status");
    says(w, "suspended[0].reason", "the word is ***");
}

/* A folder that is not there is no empty estate. */
static void manifests_that_are_gone_are_no_estate_in_sync(void **state)
{
    struct world *w = *state;

    converge(w);
    get(w, "/api/v1/status");
    char *converged = xstrdup(json_text(w->body, "lastConverged"));
    assert_true(cJSON_IsNull(json_at(w->body, "manifests")));
    tree_remove(w->tree, "manifests/all.yaml");
    app_load(w->app);
    app_feed(w->app, (struct event){ .type = EV_NUDGE });
    while (cycle_phase(app_cycle(w->app)) != CYCLE_IDLE)
        turn(w);
    get(w, "/api/v1/status");
    says(w, "manifests", "no manifests are in force: ");
    says(w, "lastConverged", converged);
    counts(w, "counts.managed", 0);
    assert_string_equal(condition(w, "Engine/east", "Synced"), "Unknown");
    assert_string_equal(condition(w, "Engine/east", "Ready"), "True");
    says(w, "object.conditions[type=Synced].reason", "UnreadManifest");
    says(w, "object.conditions[type=Synced].message", "it is left alone");
    says(w, "object.key", "Engine/east");
    get(w, "/api/v1/objects/Environment/pg-target");
    says(w, "object.engine", "east"); /* the ledger remembers its name */
    free(converged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(before_the_manifests_are_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(the_estate_as_it_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(manifests_that_are_gone_are_no_estate_in_sync, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_object_with_what_happened_to_it, setup, teardown),
        cmocka_unit_test_setup_teardown(names_as_people_write_them, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_and_who_may_not, setup, teardown),
        cmocka_unit_test_setup_teardown(bodies_are_read_strictly, setup, teardown),
        cmocka_unit_test_setup_teardown(suspended_resumed_and_who_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_suspension_ends_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(forgotten_and_adopted, setup, teardown),
        cmocka_unit_test_setup_teardown(one_object_of_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(who_waits_hears_of_the_next_change, setup, teardown),
        cmocka_unit_test_setup_teardown(events_of_a_span_and_a_number, setup, teardown),
        cmocka_unit_test_setup_teardown(findings_are_shown_and_no_secret_is, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
