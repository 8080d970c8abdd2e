/* Metrics: what is counted, how it is written, and that it stays bounded. The
 * format is held against a strict reader of it. */
#include "daemon/meter.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/json.h"
#include "tests/lib/exposition.h"

enum { TEXT_MAX = 4 << 20 };

static void no_gauges(void *ctx, enum metric id, struct buf *out)
{
    (void)ctx;
    (void)id;
    (void)out;
}

static char *rendered(const struct metrics *m)
{
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

    metrics_render(m, &out, no_gauges, NULL);
    assert_false(out.over);
    return buf_take(&out);
}

static void has_line(const char *text, const char *line)
{
    size_t n = strlen(line);

    for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && at[n] == '\n')
            return;
    }
    fail_msg("no line: %s; the text: %s", line, text);
}

static void is_valid(const char *text)
{
    char *wrong = exposition_wrong(text);

    if (wrong)
        fail_msg("%s; the text: %s", wrong, text);
}

static void counters_add_up_by_label(void **state)
{
    (void)state;
    OWNED(metrics) m = metrics_new();
    const char *const vdb[] = { "VDB", "done" }, *const engine[] = { "Engine", "failed" };

    metrics_count(m, METRIC_RECONCILE, vdb, 1);
    metrics_count(m, METRIC_RECONCILE, engine, 1);
    metrics_count(m, METRIC_RECONCILE, vdb, 2);
    metrics_count(m, METRIC_RATE_LIMITED, NULL, 1);

    char *text = rendered(m);
    has_line(text, "# TYPE dctd_reconcile_total counter");
    has_line(text, "dctd_reconcile_total{kind=\"VDB\",result=\"done\"} 3");
    has_line(text, "dctd_reconcile_total{kind=\"Engine\",result=\"failed\"} 1");
    has_line(text, "dctd_rate_limited_total 1");
    is_valid(text);
    free(text);
}

static void a_histogram_is_cumulative(void **state)
{
    (void)state;
    OWNED(metrics) m = metrics_new();
    const char *const get[] = { "GET" };

    metrics_observe(m, METRIC_API_SECONDS, get, 0.004);
    metrics_observe(m, METRIC_API_SECONDS, get, 0.25);
    metrics_observe(m, METRIC_API_SECONDS, get, 100);

    char *text = rendered(m);
    has_line(text, "dctd_api_seconds_bucket{method=\"GET\",le=\"0.005\"} 1");
    has_line(text, "dctd_api_seconds_bucket{method=\"GET\",le=\"0.1\"} 1");
    has_line(text, "dctd_api_seconds_bucket{method=\"GET\",le=\"0.25\"} 2");
    has_line(text, "dctd_api_seconds_bucket{method=\"GET\",le=\"60\"} 2");
    has_line(text, "dctd_api_seconds_bucket{method=\"GET\",le=\"+Inf\"} 3");
    has_line(text, "dctd_api_seconds_count{method=\"GET\"} 3");
    has_line(text, "dctd_api_seconds_sum{method=\"GET\"} 100.254");
    is_valid(text);
    free(text);
}

static void labels_are_escaped(void **state)
{
    (void)state;
    OWNED(metrics) m = metrics_new();
    const char *const odd[] = { "a\"b\\c\nd", NULL };

    metrics_count(m, METRIC_RECONCILE, odd, 1);

    char *text = rendered(m);
    has_line(text, "dctd_reconcile_total{kind=\"a\\\"b\\\\c\\nd\",result=\"\"} 1");
    is_valid(text);
    free(text);
}

static void series_are_bounded(void **state)
{
    (void)state;
    OWNED(metrics) m = metrics_new();

    for (unsigned i = 0; i < METRICS_SERIES + 500; i++) {
        char *route = xasprintf("/r%u", i);
        metrics_count(m, METRIC_API_REQUESTS, (const char *const[]){ "GET", route, "200" }, 1);
        free(route);
    }

    char *text = rendered(m);
    size_t lines = 0;
    for (const char *at = strstr(text, "\ndctd_api_requests_total{"); at;
         at = strstr(at + 1, "\ndctd_api_requests_total{"))
        lines++;
    assert_int_equal(lines, METRICS_SERIES + 1);
    has_line(text, "dctd_api_requests_total{method=\"other\",route=\"other\",code=\"other\"} 500");
    is_valid(text);
    free(text);
}

static void a_route_has_no_ids(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "/vdbs?limit=1000", "/vdbs" },
        { "/vdbs/1-VDB-2", "/vdbs/{id}" },
        { "/vdbs/1-VDB-2/refresh?a=/b", "/vdbs/{id}/refresh" },
        { "/management/engines", "/management/engines" },
        { "/jobs/search", "/jobs/search" },
        { "/vdbs/a%2Fb/tags", "/vdbs/{id}/tags" },
        { "/", "/" },
        { "", "" },
        { "?", "" },
        { "//", "//" },
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *route = meter_route(rows[i][0]);
        assert_string_equal(route, rows[i][1]);
        free(route);
    }
}

/* A core that was never stepped: what is gathered is there all the same. */
static char *told(struct meter *m)
{
    const struct cycle_options o = { .mode = CYCLE_RUN, .instance = "i", .interval = 1000 };
    struct cycle *c = cycle_new(&o, ledger_new());
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

    meter_render(m, &(struct meter_facts){ .cycle = c }, 1000000, &out);
    cycle_free(c);
    assert_false(out.over);
    return buf_take(&out);
}

static void sent(struct meter *m, uint64_t id, const char *method, const char *path)
{
    char *copy = xstrdup(path);
    struct request r = { .id = id, .method = method, .path = copy };

    meter_sent(m, &r);
    free(copy);
}

static void requests_are_counted_by_their_answer(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(0);

    sent(m, 1, "GET", "/vdbs?limit=1000");
    sent(m, 2, "POST", "/vdbs/1-VDB-7/disable");
    sent(m, 3, "GET", "/vdbs?limit=1000");
    sent(m, 4, "GET", "/sources");
    meter_answered(m, &(struct reply){ .request = 3, .status = 200 });
    meter_answered(m, &(struct reply){ .request = 1, .status = 429 });
    meter_answered(m, &(struct reply){ .request = 2, .status = 0 });
    meter_answered(m, &(struct reply){ .request = 4, .unsent = true });
    meter_answered(m, &(struct reply){ .request = 99, .status = 200 });

    char *text = told(m);
    has_line(text, "dctd_api_requests_total{method=\"GET\",route=\"/vdbs\",code=\"200\"} 1");
    has_line(text, "dctd_api_requests_total{method=\"GET\",route=\"/vdbs\",code=\"429\"} 1");
    has_line(text, "dctd_api_requests_total{method=\"POST\",route=\"/vdbs/{id}/disable\","
                   "code=\"none\"} 1");
    has_line(text, "dctd_api_requests_total{method=\"GET\",route=\"/sources\",code=\"unsent\"} 1");
    has_line(text, "dctd_rate_limited_total 1");
    has_line(text, "dctd_api_seconds_count{method=\"GET\"} 2");
    is_valid(text);
    free(text);
}

static void reported(struct meter *m, enum report_kind kind, const char *key, const char *job)
{
    char *k = xstrdup(key), *j = job ? xstrdup(job) : NULL, verb[] = "create";

    meter_reported(m, &(struct report){ .kind = kind, .key = k, .verb = verb, .job = j });
    free(k);
    free(j);
}

/* What DCT says of the jobs that it is asked after. */
static void polled(struct meter *m, const char *text)
{
    cJSON *body = json_parse(text, strlen(text), NULL);

    assert_non_null(body);
    sent(m, 99, "POST", "/jobs/search");
    meter_answered(m, &(struct reply){ .request = 99, .status = 200, .body = body });
    cJSON_Delete(body);
}

static void jobs_are_told_by_the_type_that_dct_gives_them(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(0);

    reported(m, REPORT_JOB, "VDB/a", "J1");
    reported(m, REPORT_JOB, "VDB/b", "J2");
    reported(m, REPORT_JOB, "VDB/c", "J3");
    polled(m, "{\"items\": [{\"id\": \"J1\", \"type\": \"VDB_REFRESH\"}, {\"id\": \"J2\"}, 7,"
              " {\"id\": \"J9\", \"type\": \"OTHER\"}]}");
    reported(m, REPORT_DONE, "VDB/a", NULL);
    reported(m, REPORT_DONE, "VDB/b", NULL);
    reported(m, REPORT_DONE, "VDB/c", NULL);

    char *text = told(m);
    has_line(text, "dctd_job_seconds_count{type=\"VDB_REFRESH\"} 1");
    has_line(text, "dctd_job_seconds_count{type=\"unknown\"} 2");
    assert_null(strstr(text, "OTHER"));
    is_valid(text);
    free(text);
}

static void changes_and_jobs_are_counted_once(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(0);

    reported(m, REPORT_STARTED, "VDB/a", NULL);
    reported(m, REPORT_JOB, "VDB/a", "J1");
    reported(m, REPORT_JOB, "VDB/a", "J1");
    reported(m, REPORT_JOB, "VDB/a", "J2");
    reported(m, REPORT_JOB, "VDB/a", NULL);
    reported(m, REPORT_DONE, "VDB/a", "J2");
    reported(m, REPORT_RETRY, "DSource/b", NULL);
    reported(m, REPORT_FAILED, "DSource/b", NULL);
    reported(m, REPORT_DRIFT, "DSource/b", NULL);
    reported(m, REPORT_JOB, "VDB/never-ends", "J3");

    char *text = told(m);
    has_line(text, "dctd_reconcile_total{kind=\"VDB\",result=\"done\"} 1");
    has_line(text, "dctd_reconcile_total{kind=\"DSource\",result=\"retry\"} 1");
    has_line(text, "dctd_reconcile_total{kind=\"DSource\",result=\"failed\"} 1");
    has_line(text, "dctd_reconcile_total{kind=\"Engine\",result=\"done\"} 0");
    has_line(text, "dctd_job_seconds_count{type=\"unknown\"} 2");
    is_valid(text);
    free(text);
}

static void a_cycle_begins_with_its_first_request(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(0);

    meter_rested(m, true);
    sent(m, 1, "GET", "/vdbs");
    sent(m, 2, "GET", "/vdbs");
    meter_rested(m, false);
    meter_rested(m, true);
    sent(m, 3, "GET", "/vdbs");
    meter_rested(m, true);

    char *text = told(m);
    has_line(text, "dctd_reconcile_seconds_count 2");
    has_line(text, "dctd_cycles_total{result=\"not\"} 1");
    has_line(text, "dctd_cycles_total{result=\"converged\"} 1");
    free(text);
}

static void what_was_never_counted_is_told(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(400000);
    char *text = told(m);

    has_line(text, "dctd_ready 0");
    has_line(text, "dctd_queue_depth 0");
    has_line(text, "dctd_queue_oldest_seconds 0");
    has_line(text, "dctd_manifest_findings{level=\"error\"} 0");
    has_line(text, "dctd_reload_refused{part=\"configuration\"} 0");
    has_line(text, "dctd_reload_refused{part=\"manifests\"} 0");
    has_line(text, "dctd_ledger_unwritable 0");
    has_line(text, "dctd_drift_age_seconds 0");
    has_line(text, "dctd_drift_objects{kind=\"VDB\"} 0");
    has_line(text, "dctd_objects{kind=\"VDB\",state=\"failed\"} 0");
    has_line(text, "dctd_source_age_seconds 600");
    has_line(text, "dctd_last_success_timestamp_seconds 0");
    has_line(text, "process_start_time_seconds 400");
    has_line(text, "dctd_build_info{version=\"" DCTD_VERSION "\"} 1");
    assert_non_null(strstr(text, "\nprocess_open_fds "));
    assert_non_null(strstr(text, "\nprocess_resident_memory_bytes "));
    is_valid(text);
    free(text);
}

static void the_age_of_the_source_is_told(void **state)
{
    (void)state;
    static const struct {
        msec fetched;
        const char *line;
    } rows[] = { { 0, "dctd_source_age_seconds 600" },
                 { 990000, "dctd_source_age_seconds 10" },
                 { 1000000, "dctd_source_age_seconds 0" } };
    const struct cycle_options o = { .mode = CYCLE_RUN, .instance = "i", .interval = 1000 };
    OWNED(meter) m = meter_new(400000);
    OWNED(cycle) c = cycle_new(&o, ledger_new());

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

        const struct meter_facts facts = { .cycle = c, .fetched = rows[i].fetched };
        meter_render(m, &facts, 1000000, &out);
        has_line(buf_text(&out), rows[i].line);
        buf_clear(&out);
    }
}

static void what_was_refused_is_told_by_part(void **state)
{
    (void)state;
    const struct cycle_options o = { .mode = CYCLE_RUN, .instance = "i", .interval = 1000 };
    OWNED(meter) m = meter_new(0);
    OWNED(cycle) c = cycle_new(&o, ledger_new());
    struct meter_facts facts = { .cycle = c };
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);

    facts.refused[PART_LISTENERS] = true;
    meter_render(m, &facts, 1000, &out);
    has_line(buf_text(&out), "dctd_reload_refused{part=\"listeners\"} 1");
    has_line(buf_text(&out), "dctd_reload_refused{part=\"restart\"} 0");
    is_valid(buf_text(&out));
    buf_clear(&out);
}

static void the_oldest_request_is_known(void **state)
{
    (void)state;
    OWNED(meter) m = meter_new(0);
    struct meter_waiting oldest;

    assert_false(meter_oldest(m, &oldest));
    sent(m, 1, "GET", "/vdbs?limit=1000");
    sent(m, 2, "GET", "/sources");
    assert_true(meter_oldest(m, &oldest));
    assert_string_equal(oldest.method, "GET");
    assert_string_equal(oldest.route, "/vdbs");
    meter_answered(m, &(struct reply){ .request = 1, .status = 200 });
    assert_true(meter_oldest(m, &oldest));
    assert_string_equal(oldest.route, "/sources");
}

static void nobody_may_count(void **state)
{
    (void)state;
    struct request r = { .id = 1 };
    struct report p = { .kind = REPORT_DONE };

    meter_sent(NULL, &r);
    meter_answered(NULL, &(struct reply){ .request = 1 });
    meter_recorded(NULL, 0);
    meter_stepped(NULL, 0);
    meter_reported(NULL, &p);
    meter_rested(NULL, true);
    meter_told(NULL, "status", 200);
    meter_free(NULL);
}

/* The reader itself: what it must not let pass. */
static void the_format_is_read_strictly(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "x 1",                                                      /* no line end */
        "x 1\n",                                                    /* no type */
        "# TYPE x counter\nx 1\n",                                  /* no help */
        "# HELP x h\n# TYPE x counter\nx 1\n",                      /* no _total */
        "# HELP x_total h\n# TYPE x_total gauge\nx_total 1\n",      /* a gauge with it */
        "# HELP x h\n# TYPE x gauge\nx 1\ny 2\n",                   /* a stranger */
        "# HELP x h\n# TYPE x gauge\nx 1\nx 2\n",                   /* twice */
        "# HELP x h\n# TYPE x gauge\nx{a=\"b} 1\n",                 /* unclosed */
        "# HELP x h\n# TYPE x gauge\nx{a=\"b\",a=\"c\"} 1\n",       /* a label twice */
        "# HELP x h\n# TYPE x gauge\nx{1=\"b\"} 1\n",               /* no label */
        "# HELP x h\n# TYPE x gauge\nx{a=\"\\q\"} 1\n",             /* no escape */
        "# HELP x h\n# TYPE x gauge\nx one\n",                      /* no number */
        "# HELP x h\n# TYPE x gauge\nx 1 \n",                       /* more */
        "# HELP x h\n# TYPE x gauge\n# HELP x h\n# TYPE x gauge\n", /* a family twice */
        "# HELP h h\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n", /* no +Inf */
        ("# HELP h h\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\n"
         "h_sum 1\nh_count 1\n"), /* not cumulative */
        "# HELP h h\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        "# HELP h h\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n", /* no sum */
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *why = exposition_wrong(wrong[i]);
        if (!why)
            fail_msg("let pass: %s", wrong[i]);
        free(why);
    }
    is_valid("# HELP x h\n# TYPE x gauge\nx{a=\"b\",c=\"\\\\\\\"\\n\"} 1e-3\nx +Inf\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_add_up_by_label),
        cmocka_unit_test(a_histogram_is_cumulative),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(series_are_bounded),
        cmocka_unit_test(a_route_has_no_ids),
        cmocka_unit_test(requests_are_counted_by_their_answer),
        cmocka_unit_test(jobs_are_told_by_the_type_that_dct_gives_them),
        cmocka_unit_test(changes_and_jobs_are_counted_once),
        cmocka_unit_test(what_was_refused_is_told_by_part),
        cmocka_unit_test(the_oldest_request_is_known),
        cmocka_unit_test(a_cycle_begins_with_its_first_request),
        cmocka_unit_test(what_was_never_counted_is_told),
        cmocka_unit_test(the_age_of_the_source_is_told),
        cmocka_unit_test(nobody_may_count),
        cmocka_unit_test(the_format_is_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
