/* What other reconcilers did to their users, by the issue it was reported in:
 * each is one scenario here. tests/REGRESSIONS.md says what happened there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/inside.h"
#include "tests/lib/story.h"

#define LAST "mountLocation: /mnt/orders-test}\n"

enum { HOUR = 3600000 };

static struct test_world *pruning_world(const char *yaml)
{
    struct test_world *w = story_of(yaml);

    w->options.prune = true;
    w->options.delete_budget = 0;
    test_world_restart(w);
    return w;
}

static void fault(struct test_world *w, const char *rule)
{
    story_meddle(w, "fault", rule);
}

static size_t sent_of(const struct test_world *w, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < w->sent.n; i++)
        n += strstr(w->sent.items[i], part) != NULL;
    return n;
}

/* The estate from the start up to the first document of that kind; owned. */
static char *before(const char *kind)
{
    char *mark = xasprintf("---\napiVersion: dct/v1\nkind: %s\n", kind);
    const char *at = strstr(estate_all(), mark);

    assert_non_null(at);
    free(mark);
    return xstrndup(estate_all(), (size_t)(at - estate_all()));
}

/* Without orders-test, which is the last document; owned. */
static char *without_last(void)
{
    const char *at = strstr(estate_all(), "---\napiVersion: dct/v1\nkind: VDB\nmetadata: "
                                          "{name: orders-test}");

    return xstrndup(estate_all(), (size_t)(at - estate_all()));
}

/* The same documents from last to first, as from other files in other folders. */
static void test_flux_3316_another_place_is_no_other_object(void **state)
{
    const char *all = estate_all();
    const char *end = all + strlen(all);
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    struct test_world *w = pruning_world(all);

    (void)state;
    for (const char *at = end; at > all;) {
        at--;
        if (at[0] != '-' || !starts_with(at, "---\n"))
            continue;
        buf_add(&b, at, (size_t)(end - at));
        end = at;
    }
    assert_int_equal(strlen(buf_text(&b)), strlen(all));
    story_converge(w, buf_text(&b));
    story_sent(w, "");
    buf_clear(&b);
    test_world_free(w);
}

/* Renamed, and the ledger is lost as well: the owner tag tells whose it is. */
static void test_flux_2421_a_rename_needs_no_ledger(void **state)
{
    char *yaml = text_with(estate_all(), "metadata: {name: orders-test}",
                           "metadata: {name: orders-qa, movedFrom: orders-test}");
    struct test_world *w = pruning_world(estate_all());

    (void)state;
    test_world_ledger_lost(w);
    test_world_restart(w);
    story_converge(w, yaml);
    story_sent(w, "VDB/orders-qa PATCH /vdbs/{id} {\"name\":\"orders-qa\"}\n");
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    free(yaml);
    test_world_free(w);
}

/* The instance gets another name: nothing is its own any more, nothing goes. */
static void test_flux_1340_a_renamed_instance_deletes_nothing(void **state)
{
    struct test_world *w = pruning_world(estate_all());
    char *few = before("DSource");

    (void)state;
    w->options.instance = "renamed";
    test_world_restart(w);
    story_rest(w, few);
    story_rest(w, estate_all());
    assert_int_equal(sent_of(w, "delete") + sent_of(w, "DELETE"), 0);
    assert_int_equal(sent_of(w, "provision"), 0);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    free(few);
    test_world_free(w);
}

/* Without movedFrom it is another object: the old one goes, the new one is made. */
static void test_flux_2770_the_old_name_goes(void **state)
{
    char *yaml =
        text_with(estate_all(), "metadata: {name: orders-test}", "metadata: {name: orders-qa}");
    struct test_world *w = pruning_world(estate_all());

    (void)state;
    story_converge(w, yaml);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-qa"), 1);
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    free(yaml);
    test_world_free(w);
}

/* The moment of the line of the trace that has those words. */
static long moment(const struct test_world *w, const char *line)
{
    const char *at = strstr(buf_text(&w->trace), line);

    if (!at) {
        fail_msg("`%s` was not told", line);
        return -1;
    }
    while (at > buf_text(&w->trace) && at[-1] != '\n')
        at--;
    at += strspn(at, " ");
    char *number = xstrndup(at, strcspn(at, " "));
    int64_t when = -1;
    assert_true(parse_int64(number, &when));
    free(number);
    return (long)when;
}

/* A dependant starts in the very step that ends what it waits for. */
static void test_flux_1193_dependants_start_at_once(void **state)
{
    static const char *const steps[][2] = {
        { "done    Engine/east", "started Connector/postgresql@east" },
        { "done    Connector/postgresql@east", "started Environment/pg-staging" },
        { "done    Environment/pg-staging", "started SourceConfig/orders" },
        { "done    SourceConfig/orders", "started DSource/orders" },
        { "done    DSource/orders", "started VDB/orders-dev" },
        { "done    VDB/orders-dev", "started VDB/orders-test" },
    };
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_APPLY);

    (void)state;
    story_converge(w, estate_all());
    for (size_t i = 0; i < ARRAY_LEN(steps); i++)
        assert_int_equal(moment(w, steps[i][0]), moment(w, steps[i][1]));
    test_world_free(w);
}

/* What waits for its next try is tried at once when its manifest is mended. */
static void test_flux_a_fix_does_not_wait_for_the_failure(void **state)
{
    char *other = text_with(estate_all(), "/mnt/orders-test", "/mnt/other");
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    (void)state;
    fault(w, "{\"route\":\"/vdbs/provision_by_snapshot\",\"nth\":2,\"status\":400}");
    test_world_manifests(w, estate_all());
    while (!test_world_told(w, "failed  VDB/orders-test")) {
        w->rested = false;
        test_world_run(w, 60000);
        assert_true(w->now < (msec)24 * HOUR);
    }
    story_forget(w);
    msec mended = w->now;
    test_world_manifests(w, other);
    while (!sent_of(w, "VDB/orders-test POST /vdbs/provision")) {
        w->rested = false;
        test_world_run(w, 500);
        assert_true(w->now - mended <= 2000);
    }
    free(other);
    test_world_free(w);
}

/* Whatever DCT fills in that no manifest says is no difference. */
static void test_argo_15898_what_dct_fills_in_is_no_drift(void **state)
{
    static const char set[] =
        "{\"kind\":\"%s\",\"name\":\"%s\",\"set\":{\"filled_in\":{\"a\":[1,null]},"
        "\"auto_restart\":true,\"description\":\"by default\",\"current_timeflow_id\":\"x\"}}";
    struct test_world *w = story_of(estate_all());
    char json[512];

    (void)state;
    (void)snprintf(json, sizeof(json), set, "vdbs", "orders-test");
    story_meddle(w, "drift", json);
    (void)snprintf(json, sizeof(json), set, "dsources", "orders");
    story_meddle(w, "drift", json);
    (void)snprintf(json, sizeof(json), set, "environments", "pg-target");
    story_meddle(w, "drift", json);
    for (int i = 0; i < 5; i++) {
        story_settle(w);
        story_sent(w, "");
    }
    test_world_free(w);
}

/* Ignored means ignored: it is not sent along with another change either. */
static void test_argo_26588_what_is_ignored_is_never_sent(void **state)
{
    char *first = text_with(estate_all(), "  enabled: true\n",
                            "  enabled: true\n  vdbRestart: true\n"
                            "policy: {ignore: [/spec/description]}\n");
    char *then = text_with(first, "vdbRestart: true", "vdbRestart: false");
    struct test_world *w = story_of(first);

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":\"mine\"}}");
    story_converge(w, then);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"auto_restart\":false}\n");
    story_member(w, "/vdbs", "orders-dev", "description", "mine");
    free(first);
    free(then);
    test_world_free(w);
}

/* A failure and no new commit: drift is repaired all the same. */
static void test_argo_1736_drift_heals_after_a_failure(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_RUN);

    (void)state;
    fault(w, "{\"route\":\"/vdbs/provision_by_snapshot\",\"nth\":2,\"times\":900,"
             "\"status\":400}");
    test_world_manifests(w, estate_all());
    for (int i = 0; i < 20; i++) {
        w->rested = false;
        test_world_run(w, 600000);
    }
    assert_false(w->converged);
    story_forget(w);
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-dev\",\"set\":{\"description\":\"mine\"}}");
    for (int i = 0; i < 3; i++) {
        w->rested = false;
        test_world_run(w, 600000);
    }
    story_member(w, "/vdbs", "orders-dev", "description", "for developers");
    test_world_free(w);
}

struct unheard {
    size_t k, seen;
};

static enum fate kth_creation_is_unheard(struct test_world *w, const struct request *r)
{
    struct unheard *t = w->ctx;

    return r->write && ++t->seen == t->k ? FATE_UNHEARD : FATE_CARRIED;
}

/* The reply to a creation is lost and the process dies with it; nobody is asked. */
static void test_crossplane_277_a_lost_creation_is_not_repeated(void **state)
{
    bool hit = true;

    (void)state;
    for (size_t k = 1; hit; k++) {
        struct test_world *w = test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
        struct unheard t = { k, 0 };
        w->fate = kth_creation_is_unheard;
        w->ctx = &t;
        test_world_manifests(w, estate_all());
        for (msec end = w->now + HOUR; t.seen < k && !w->rested && w->now < end;)
            test_world_run(w, 10);
        hit = t.seen >= k;
        test_world_restart(w);
        w->fate = NULL;
        story_converge(w, estate_all());
        assert_int_equal(test_world_count(w, "/management/engines", NULL), 1);
        assert_int_equal(test_world_count(w, "/toolkits", NULL), 1);
        assert_int_equal(test_world_count(w, "/environments", NULL), 2);
        assert_int_equal(test_world_count(w, "/sources", "orders"), 1);
        assert_int_equal(test_world_count(w, "/dsources", NULL), 1);
        assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
        test_world_free(w);
    }
}

/* Suspended and then no longer wanted: the manifest took its pause along. */
static void test_crossplane_4839_a_paused_object_can_be_deleted(void **state)
{
    char *yaml = text_with(estate_all(), LAST, LAST "policy: {suspend: {reason: INC-1}}\n");
    char *less = without_last();
    struct test_world *w = pruning_world(estate_all());

    (void)state;
    story_rest(w, yaml);
    story_converge(w, less);
    assert_int_equal(test_world_count(w, "/vdbs", "orders-test"), 0);
    free(yaml);
    free(less);
    test_world_free(w);
}

/* DCT lost the parent and all that was made from it: nothing hangs. */
static void test_kcc_108_a_parent_that_went_first_holds_nothing_up(void **state)
{
    struct test_world *w = pruning_world(estate_all());
    char *few = before("SourceConfig");

    (void)state;
    story_meddle(w, "delete", "{\"kind\":\"dsources\",\"name\":\"orders\"}");
    story_meddle(w, "drift",
                 "{\"kind\":\"sources\",\"name\":\"orders\",\"set\":{\"is_dsource\":false}}");
    w->now += 60000;
    story_converge(w, few);
    assert_null(test_world_ledger(w, "DSource/orders"));
    assert_null(test_world_ledger(w, "VDB/orders-dev"));
    assert_null(test_world_ledger(w, "VDB/orders-test"));
    assert_int_equal(sent_of(w, "/dsources/delete") + sent_of(w, "/vdbs/"), 0);
    free(few);
    test_world_free(w);
}

/* What asks for a deleted object is refused: its list says that it is gone. */
static void test_kcc_6863_a_refused_look_after_a_deletion(void **state)
{
    static const char *const ways[] = { "\"status\":403", "\"status\":404", "\"status\":410" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct test_world *w = pruning_world(estate_all());
        char *less = without_last(), *rule = NULL;
        test_world_manifests(w, less);
        while (!sent_of(w, "/delete"))
            test_world_run(w, 100);
        rule =
            xasprintf("{\"route\":\"/vdbs/1-APPDATA_CONTAINER-3\",\"method\":\"GET\",%s}", ways[i]);
        fault(w, rule);
        story_settle(w);
        assert_int_equal(sent_of(w, "/delete"), 1);
        assert_null(test_world_ledger(w, "VDB/orders-test"));
        free(rule);
        free(less);
        test_world_free(w);
    }
}

/* Many VDBs of one dSource, more of which can be made at once than there are. */
static char *crowd(unsigned n)
{
    struct buf b = BUF_WITH_LIMIT(1 << 20);

    buf_puts(&b, estate_all());
    for (unsigned i = 0; i < n; i++)
        buf_printf(&b,
                   "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: crowd-%u}\nspec:\n"
                   "  source: {dSource: orders}\n  environment: pg-target\n"
                   "  environmentUser: postgres\n  group: Untitled\n"
                   "  postgresql: {port: %u, mountLocation: /mnt/crowd-%u}\n",
                   i, 6000 + i, i);
    return buf_take(&b);
}

static size_t searches;

static enum fate count_searches(struct test_world *w, const struct request *r)
{
    (void)w;
    searches += starts_with(r->path, "/jobs/search");
    return FATE_CARRIED;
}

static size_t searches_for(unsigned n)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = crowd(n);

    w->options.total = w->options.per_engine = w->options.per_environment = 0;
    test_world_restart(w);
    searches = 0;
    w->fate = count_searches;
    story_converge(w, yaml);
    free(yaml);
    test_world_free(w);
    return searches;
}

/* Jobs are asked for together: forty cost about what one does. */
static void test_kcc_509_many_jobs_are_one_question(void **state)
{
    size_t one = searches_for(1), forty = searches_for(40);

    (void)state;
    assert_in_range(one, 1, 100);
    assert_in_range(forty, 1, one * 2);
}

/* Somebody else's VDB has the name; the manifest is then renamed, one way and
 * the other. It was never ours: it is neither renamed nor deleted. */
static void test_ack_2102_a_collision_makes_nothing_ours(void **state)
{
    static const char *const renamed[] = { "metadata: {name: orders-qa}",
                                           "metadata: {name: orders-qa, movedFrom: orders-test}" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(renamed); i++) {
        char *less = without_last();
        char *yaml = text_with(estate_all(), "metadata: {name: orders-test}", renamed[i]);
        struct test_world *w = pruning_world(less);
        story_meddle(w, "create",
                     "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"id\":\"0-X-9\",\"set\":"
                     "{\"engine_id\":\"1\",\"group_name\":\"Untitled\",\"enabled\":true,"
                     "\"tags\":[]}}");
        story_rest(w, estate_all());
        story_sent(w, "");
        story_converge(w, yaml);
        story_rest(w, less);
        assert_int_equal(sent_of(w, "0-X-9"), 0);
        story_member(w, "/vdbs", "orders-test", "id", "0-X-9");
        story_member(w, "/vdbs", "orders-test", "tags", "[]");
        assert_int_equal(test_world_count(w, "/vdbs", "orders-qa"), 0);
        free(less);
        free(yaml);
        test_world_free(w);
    }
}

/* One protected object is a line of the plan, and the rest is done. */
static void test_terraform_16392_protection_stops_one_line_only(void **state)
{
    char *yaml = text_with(estate_all(), LAST, LAST "policy: {protect: true}\n");
    char *less = without_last();
    char *then = text_with(less, "for developers", "for all");
    struct test_world *w = pruning_world(yaml);
    char *plan = story_plan(w, then);

    (void)state;
    story_holds(plan, "! VDB/orders-test blocked: it is protected");
    story_holds(plan, "~ VDB/orders-dev");
    story_rest(w, then);
    story_sent(w, "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for all\"}\n");
    free(plan);
    free(then);
    free(less);
    free(yaml);
    test_world_free(w);
}

static size_t requests_at_rest(unsigned n)
{
    char *yaml = crowd(n);
    struct test_world *w = story_of(yaml);

    story_settle(w);
    size_t requests = w->requests;
    free(yaml);
    test_world_free(w);
    return requests;
}

/* One list for a kind, however many there are. */
static void test_terraform_18981_reading_costs_lists_not_objects(void **state)
{
    size_t few = requests_at_rest(1);

    (void)state;
    assert_in_range(few, 6, 12);
    assert_int_equal(requests_at_rest(60), few);
}

/* Neither the ledger nor what is told has a secret in it. */
static void test_terraform_516_no_secret_is_kept(void **state)
{
    struct test_world *w = test_world_new(&(struct sim_options){ 0 }, CYCLE_APPLY);
    char *yaml = text_with(estate_all(), "port: 5434", "port: 5444");

    (void)state;
    story_converge(w, estate_all());
    w->secrets_turn = "rotated";
    char *plan = story_plan(w, yaml);
    story_converge(w, yaml);
    story_lacks(plan, "s3cret");
    story_lacks(buf_text(&w->trace), "s3cret");
    for (size_t i = 0; i < w->n_ledger; i++)
        story_lacks(w->ledger[i].text, "s3cret");
    free(plan);
    free(yaml);
    test_world_free(w);
}

static void five_at_most(struct test_world *w, const struct effect *e)
{
    size_t *most = w->watcher, n = e ? 0 : inside_jobs(w->sim, NULL);

    *most = n > *most ? n : *most;
    assert_true(n <= 5);
}

/* Killed again and again with every slot taken: no slot is lost, none too many. */
static void test_pulumi_1293_slots_are_live_jobs(void **state)
{
    struct test_world *w = story_of(estate_all());
    char *yaml = crowd(20);
    size_t most = 0;

    (void)state;
    w->options.total = 5;
    w->options.per_engine = w->options.per_environment = 0;
    w->watch = five_at_most;
    w->watcher = &most;
    for (int i = 0; i < 12; i++) {
        test_world_restart(w);
        test_world_manifests(w, yaml);
        test_world_run(w, 7000 + 1000 * i);
    }
    most = 0;
    test_world_restart(w);
    story_converge(w, yaml);
    assert_int_equal(most, 5);
    assert_int_equal(sent_of(w, "provision"), 20);
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 22);
    free(yaml);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flux_3316_another_place_is_no_other_object),
        cmocka_unit_test(test_flux_2421_a_rename_needs_no_ledger),
        cmocka_unit_test(test_flux_1340_a_renamed_instance_deletes_nothing),
        cmocka_unit_test(test_flux_2770_the_old_name_goes),
        cmocka_unit_test(test_flux_1193_dependants_start_at_once),
        cmocka_unit_test(test_flux_a_fix_does_not_wait_for_the_failure),
        cmocka_unit_test(test_argo_15898_what_dct_fills_in_is_no_drift),
        cmocka_unit_test(test_argo_26588_what_is_ignored_is_never_sent),
        cmocka_unit_test(test_argo_1736_drift_heals_after_a_failure),
        cmocka_unit_test(test_crossplane_277_a_lost_creation_is_not_repeated),
        cmocka_unit_test(test_crossplane_4839_a_paused_object_can_be_deleted),
        cmocka_unit_test(test_kcc_108_a_parent_that_went_first_holds_nothing_up),
        cmocka_unit_test(test_kcc_6863_a_refused_look_after_a_deletion),
        cmocka_unit_test(test_kcc_509_many_jobs_are_one_question),
        cmocka_unit_test(test_ack_2102_a_collision_makes_nothing_ours),
        cmocka_unit_test(test_terraform_16392_protection_stops_one_line_only),
        cmocka_unit_test(test_terraform_18981_reading_costs_lists_not_objects),
        cmocka_unit_test(test_terraform_516_no_secret_is_kept),
        cmocka_unit_test(test_pulumi_1293_slots_are_live_jobs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
