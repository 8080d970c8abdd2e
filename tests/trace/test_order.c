/* What may happen before what, how much at a time, and what a failure stops. */
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

static size_t sent_at(const struct test_world *w, const char *part)
{
    size_t i = 0;

    while (i < w->sent.n && !strstr(w->sent.items[i], part))
        i++;
    if (i == w->sent.n)
        fail_msg("`%s` was not sent", part);
    return i;
}

static void before(const struct test_world *w, const char *first, const char *second)
{
    if (sent_at(w, first) >= sent_at(w, second))
        fail_msg("`%s` was not sent before `%s`", first, second);
}

/* An estate of hosts gets its connector, and what needs it, only later. */
static void test_a_late_connector_is_found_on_every_host(void **state)
{
    const char *all = estate_all(), *connector = strstr(all, "---\napiVersion: dct/v1\nkind: Conn");
    const char *hosts = strstr(all, "---\napiVersion: dct/v1\nkind: Environment");
    const char *source = strstr(all, "---\napiVersion: dct/v1\nkind: SourceConfig");
    char *yaml = xasprintf("%.*s%.*s", (int)(connector - all), all, (int)(source - hosts), hosts);
    struct test_world *w = story_of(yaml);

    (void)state;
    char *plan = story_plan(w, all);
    story_holds(plan, "~ Environment/pg-staging refresh: Connector/postgresql@east is new");
    story_converge(w, all);
    before(w, "/toolkits/upload", "Environment/pg-staging POST /environments/{id}/refresh");
    before(w, "Environment/pg-staging POST /environments/{id}/refresh", "/sources/postgres");
    before(w, "/sources/postgres", "/dsources/appdata");
    before(w, "/dsources/appdata", "VDB/orders-dev POST /vdbs/provision");
    before(w, "VDB/orders-dev POST /vdbs/{id}/snapshots", "VDB/orders-test POST /vdbs/provision");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void test_a_new_connector_file_is_uploaded_and_looked_for(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->plugin_version = "4.2.0";
    char *plan = story_plan(w, estate_all());
    story_holds(plan, "~ Connector/postgresql@east");
    story_holds(plan, "refresh: Connector/postgresql@east is new on its engine");
    story_converge(w, estate_all());
    story_holds(w->sent.items[0], "Connector/postgresql@east POST /toolkits/upload "
                                  "{\"engine_id\":\"1\"}");
    assert_int_equal(w->sent.n, 3);
    story_holds(w->sent.items[1], "/refresh");
    story_holds(w->sent.items[2], "/refresh");
    story_member(w, "/toolkits", NULL, "version", "4.2.0");
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    free(plan);
    test_world_free(w);
}

static void test_an_older_connector_file_is_refused(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    w->plugin_version = "4.0.9";
    char *plan = story_plan(w, estate_all());
    story_holds(plan,
                "! Connector/postgresql@east blocked: connector downgrades are not supported");
    story_rest(w, estate_all());
    story_sent(w, "");
    free(plan);
    test_world_free(w);
}

static void test_a_failure_stops_only_what_needs_it(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    story_meddle(w, "fault",
                 "{\"route\":\"/dsources/appdata\",\"method\":\"POST\",\"status\":400}");
    story_rest(w, estate_all());
    assert_false(w->converged);
    assert_int_equal(test_world_count(w, "/sources", "orders"), 1);
    assert_int_equal(test_world_count(w, "/environments", NULL), 2);
    assert_int_equal(test_world_count(w, "/dsources", NULL), 0);
    story_lacks(buf_text(&w->trace), "/vdbs/");
    story_holds(buf_text(&w->trace), "failed  DSource/orders: link: DCT answered 400");
    test_world_call(w, "DELETE", "/_sim/fault", NULL, NULL);
    story_settle(w);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    test_world_free(w);
}

/* One environment that fails does not hold up the other. */
static void test_branches_do_not_wait_for_each_other(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);

    (void)state;
    story_meddle(w, "fault",
                 "{\"route\":\"/environments\",\"method\":\"POST\",\"nth\":2,"
                 "\"times\":9,\"status\":400}");
    story_rest(w, estate_all());
    assert_int_equal(test_world_count(w, "/environments", NULL), 1);
    assert_int_equal(test_world_count(w, "/dsources", "orders"), 1);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 0);
    test_world_free(w);
}

/* Many VDBs on two hosts of one engine. */
static char *crowd(unsigned n)
{
    struct buf b = BUF_WITH_LIMIT(1 << 20);

    buf_puts(&b, estate_all());
    for (unsigned i = 0; i < n; i++)
        buf_printf(&b,
                   "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: crowd-%u}\nspec:\n"
                   "  source: {dSource: orders}\n  environment: %s\n"
                   "  environmentUser: postgres\n  group: Untitled\n"
                   "  postgresql: {port: %u, mountLocation: /mnt/crowd-%u}\n",
                   i, i % 2 ? "pg-target" : "pg-staging", 6000 + i, i);
    return buf_take(&b);
}

struct peak {
    size_t all, total_limit;
};

static size_t running(const struct test_world *w)
{
    struct cycle_status is;

    cycle_status(w->cycle, &is);
    return is.running;
}

/* Jobs under way in the simulator, whatever the core believes. */
static void watch_limits(struct test_world *w, const struct effect *e)
{
    struct peak *p = w->watcher;
    size_t n = e ? 0 : inside_jobs(w->sim, NULL);

    p->all = n > p->all ? n : p->all;
    assert_true(running(w) <= p->total_limit);
}

static size_t peak_of(unsigned total, unsigned per_engine, unsigned per_environment)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = crowd(12);
    struct peak p = { 0, total };

    w->options.total = total;
    w->options.per_engine = per_engine;
    w->options.per_environment = per_environment;
    test_world_restart(w);
    w->watch = watch_limits;
    w->watcher = &p;
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 14);
    free(yaml);
    test_world_free(w);
    return p.all;
}

/* The dSource moves to another source config: the one that it leaves goes after it,
 * and stays where it cannot move. */
static void test_what_is_left_goes_after_what_leaves_it(void **state)
{
    const char *vdbs = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB");
    char *alone = xstrndup(estate_all(), (size_t)(vdbs - estate_all()));
    char *named = text_with(alone, "kind: SourceConfig\nmetadata: {name: orders}",
                            "kind: SourceConfig\nmetadata: {name: other}");
    char *moved = text_with(named, "sourceConfig: orders", "sourceConfig: other");
    char *may = xasprintf("%spolicy: {replace: allow}\n", moved);
    struct test_world *w = story_of(alone);

    (void)state;
    w->options.prune = true;
    w->options.delete_budget = 0;
    test_world_restart(w);
    story_converge(w, may);
    assert_string_equal(w->sent.items[w->sent.n - 1], "SourceConfig/orders DELETE /sources/{id}");
    story_lacks(buf_text(&w->trace), "FAILED");
    test_world_free(w);

    char *all = xasprintf("%s%s", may, vdbs), *plan;
    w = story_of(estate_all());
    w->options.prune = true;
    test_world_restart(w);
    plan = story_plan(w, all);
    story_holds(plan, "! DSource/orders blocked: VDB orders-dev");
    story_holds(plan,
                "! SourceConfig/orders blocked: it waits for DSource/orders, which is blocked");
    free(plan);
    free(all);
    free(may);
    free(moved);
    free(named);
    free(alone);
    test_world_free(w);
}

static void test_limits_are_kept_at_every_step(void **state)
{
    (void)state;
    assert_int_equal(peak_of(5, 32, 32), 5);
    assert_int_equal(peak_of(32, 3, 32), 3);
    assert_int_equal(peak_of(32, 32, 2), 4);
    assert_int_equal(peak_of(32, 32, 32), 12);
    assert_int_equal(peak_of(1, 1, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_late_connector_is_found_on_every_host),
        cmocka_unit_test(test_a_new_connector_file_is_uploaded_and_looked_for),
        cmocka_unit_test(test_an_older_connector_file_is_refused),
        cmocka_unit_test(test_a_failure_stops_only_what_needs_it),
        cmocka_unit_test(test_branches_do_not_wait_for_each_other),
        cmocka_unit_test(test_what_is_left_goes_after_what_leaves_it),
        cmocka_unit_test(test_limits_are_kept_at_every_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
