/* What went wrong in the Terraform provider for Delphix with jobs, numbered as in
 * tests/REGRESSIONS.md: what is not over,
 * and what was no success. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/estate.h"
#include "tests/lib/inside.h"
#include "tests/lib/story.h"

static struct test_world *empty_world(void)
{
    return test_world_new(&(struct sim_options){ .strict = true }, CYCLE_APPLY);
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

/* Every status of a job that has been seen, one after the other. */
static void note_statuses(struct test_world *w, struct strings *seen)
{
    char *text = NULL;
    const cJSON *job;

    assert_int_equal(test_world_call(w, "GET", "/jobs?limit=1000", NULL, &text), 200);
    cJSON *list = json_parse(text, strlen(text), NULL);
    cJSON_ArrayForEach(job, json_at(list, "items")) {
        size_t i = 0;
        while (i < seen->n && !streq(seen->items[i], json_text(job, "status")))
            i++;
        if (i == seen->n)
            strings_add(seen, json_text(job, "status"));
    }
    cJSON_Delete(list);
    free(text);
}

/* Nothing is done while DCT still works on it, whatever it calls that. */
static void done_when_done(struct test_world *w, const struct effect *e)
{
    static const struct {
        const char *key, *collection, *id;
    } made[] = {
        { "DSource/orders", "/dsources", "1-APPDATA_CONTAINER-1" },
        { "VDB/orders-dev", "/vdbs", "1-APPDATA_CONTAINER-2" },
        { "VDB/orders-test", "/vdbs", "1-APPDATA_CONTAINER-3" },
    };

    note_statuses(w, w->watcher);
    if (!e || e->type != FX_REPORT || e->report.kind != REPORT_DONE)
        return;
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        struct inside in;
        if (!streq(e->report.key, made[i].key))
            continue;
        assert_false(inside_busy(w->sim, made[i].id));
        assert_true(inside_find(w->sim, made[i].collection, made[i].id, &in));
    }
}

static void test_t02_no_running_status_is_the_end(void **state)
{
    static const char *const running[] = { "PENDING", "STARTED", "RUNNING", "WAITING",
                                           "SUSPENDED" };
    struct strings seen = { 0 };

    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct test_world *w =
            test_world_new(&(struct sim_options){ .strict = true, .seed = seed }, CYCLE_APPLY);
        char *yaml = text_with(estate_all(), "for developers", "for all");
        w->watch = done_when_done;
        w->watcher = &seen;
        fault(w, "{\"route\":\"/dsources/appdata\",\"suspend_ms\":1800000,\"times\":1}");
        story_converge(w, estate_all());
        assert_int_equal(test_world_call(w, "POST", "/vdbs/1-APPDATA_CONTAINER-2/snapshots", "{}",
                                         NULL),
                         200); /* somebody's job, which ours has to wait for */
        story_converge(w, yaml);
        story_member(w, "/vdbs", "orders-dev", "description", "for all");
        free(yaml);
        test_world_free(w);
    }
    for (size_t i = 0; i < ARRAY_LEN(running); i++) {
        size_t j = 0;
        while (j < seen.n && !streq(seen.items[j], running[i]))
            j++;
        if (j == seen.n)
            fail_msg("no job was ever %s", running[i]);
    }
    strings_clear(&seen);
}

/* It is told as a failure, and nothing is made from what is not there. */
static void test_t03_a_job_that_timed_out_is_no_success(void **state)
{
    static const char *const ends[] = { "TIMEDOUT", "FAILED", "CANCELED" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct test_world *w = empty_world();
        char *rule = xasprintf("{\"route\":\"/vdbs/provision_by_snapshot\",\"job\":\"%s\","
                               "\"times\":1}",
                               ends[i]);
        fault(w, rule);
        story_converge(w, estate_all());
        story_holds(buf_text(&w->trace), ends[i]);
        assert_int_equal(sent_of(w, "VDB/orders-dev POST /vdbs/provision"), 2);
        assert_int_equal(sent_of(w, "VDB/orders-test POST /vdbs/provision"), 1);
        assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
        free(rule);
        test_world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_t02_no_running_status_is_the_end),
        cmocka_unit_test(test_t03_a_job_that_timed_out_is_no_success),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
