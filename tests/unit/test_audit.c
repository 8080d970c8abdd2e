/* The audit trail: who wanted which write, and what became of it. */
#include "daemon/audit.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/log.h"
#include "reconciler/step.h"
#include "schema/json.h"
#include "tests/lib/canned.h"
#include "tests/lib/tree.h"

enum { TEXT_MAX = 64 << 10 };

struct trail {
    struct tree *tree;
    struct store *store;
    struct secrets *secrets;
    struct cycle *cycle;
    struct audit *audit;
};

static void begin(struct trail *t, bool keep, bool by_person)
{
    audit_free(t->audit);
    t->audit = audit_new(&(struct audit_options){ .store = t->store,
                                                  .secrets = t->secrets,
                                                  .keep = keep,
                                                  .log = true,
                                                  .by_person = by_person });
}

static int open_trail(void **state)
{
    struct trail *t = xcalloc(1, sizeof(*t));
    char *error = NULL;

    t->tree = tree_new();
    char *path = tree_at(t->tree, "ledger.db");
    t->store = store_open(path, false, &error);
    free(path);
    t->secrets = secrets_new(t->tree->path);
    t->cycle =
        cycle_new(&(struct cycle_options){ .mode = CYCLE_RUN, .instance = "test" }, ledger_new());
    log_open(LEVEL_ERROR); /* the trail itself is what is looked at */
    begin(t, true, false);
    *state = t;
    return t->store ? 0 : -1;
}

static int close_trail(void **state)
{
    struct trail *t = *state;

    audit_free(t->audit);
    cycle_free(t->cycle);
    secrets_free(t->secrets);
    store_close(t->store);
    tree_free(t->tree);
    free(t);
    return 0;
}

static void append(void *ctx, const struct store_event *e)
{
    buf_printf(ctx, "%s %s %s -> %s job %s trace %s plan %s by %s\n", e->kind,
               e->key ? e->key : "-", e->request ? e->request : "-", e->outcome ? e->outcome : "?",
               e->job ? e->job : "-", e->trace ? e->trace : "-", e->plan ? e->plan : "-",
               e->by ? e->by : "-");
}

static void history_is(struct trail *t, const char *want)
{
    struct buf all = BUF_WITH_LIMIT(TEXT_MAX);
    char *error = NULL;

    assert_true(store_events(t->store, &(struct store_query){ 0 }, append, &all, &error));
    assert_string_equal(buf_text(&all), want);
    buf_clear(&all);
}

static void send_write(struct trail *t, uint64_t id)
{
    struct request *r = request_new("POST", xstrdup("/vdbs/7/disable"));

    r->id = id;
    r->write = true;
    r->key = xstrdup("VDB/dev");
    audit_sent(t->audit, t->cycle, r);
    request_free(r);
}

static void answer(struct trail *t, uint64_t id, int status, const char *body)
{
    cJSON *json = body ? json_parse(body, strlen(body), NULL) : NULL;

    audit_answered(t->audit, t->cycle,
                   &(struct reply){ .request = id,
                                    .status = status,
                                    .body = json,
                                    .error = status ? NULL : "the connection broke" });
    cJSON_Delete(json);
}

static void a_write_is_kept_before_it_is_answered(void **state)
{
    struct trail *t = *state;

    send_write(t, 4);
    history_is(t, "write VDB/dev POST /vdbs/7/disable -> ? job - trace - plan - by -\n");
    answer(t, 4, 202, "{\"job\": {\"id\": \"j1\", \"trace_id\": \"t1\"}}");
    history_is(t, "write VDB/dev POST /vdbs/7/disable -> 202 job j1 trace t1 plan - by -\n");
    answer(t, 4, 500, NULL); /* of a request that is over */
    history_is(t, "write VDB/dev POST /vdbs/7/disable -> 202 job j1 trace t1 plan - by -\n");
}

static void answers_find_their_writes_in_any_order(void **state)
{
    struct trail *t = *state;

    send_write(t, 1);
    send_write(t, 2);
    send_write(t, 3);
    answer(t, 2, 400, "{\"error_description\": \"it is locked\", \"trace_id\": \"t2\"}");
    answer(t, 3, 0, NULL);
    answer(t, 1, 204, NULL);
    history_is(t, "write VDB/dev POST /vdbs/7/disable -> 204 job - trace - plan - by -\n"
                  "write VDB/dev POST /vdbs/7/disable -> DCT answered 400: it is locked job - "
                  "trace t2 plan - by -\n"
                  "write VDB/dev POST /vdbs/7/disable -> no answer from DCT: the connection broke "
                  "job - trace - plan - by -\n");
}

static void reads_and_plans_leave_nothing_behind(void **state)
{
    struct trail *t = *state;
    struct request *r = request_new("GET", xstrdup("/vdbs"));

    audit_sent(t->audit, t->cycle, r);
    request_free(r);
    begin(t, false, false);
    send_write(t, 1);
    answer(t, 1, 200, NULL);
    history_is(t, "");
}

static void a_person_who_applies_is_named(void **state)
{
    struct trail *t = *state;
    char *want = xasprintf("write VDB/dev POST /vdbs/7/disable -> ? job - trace - plan - by uid "
                           "%ld%s\n",
                           (long)getuid(), getuid() == 0 ? " (root)" : "");

    begin(t, true, true);
    send_write(t, 1);
    history_is(t, want);
    free(want);
}

/* The log has room in its file, the ledger has none. */
static int report_without_room(void *ctx)
{
    enum { ROOM = 4096 };
    struct trail *t = ctx;
    char key[] = "VDB/dev", verb[] = "update";
    const struct report r = { .kind = REPORT_STARTED, .key = key, .verb = verb };
    struct rlimit usual, small;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    small = (struct rlimit){ ROOM, usual.rlim_max };
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    log_open(LEVEL_WARNING);
    audit_report(t->audit, t->cycle, &r);
    audit_report(t->audit, t->cycle, &r);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    return 0;
}

static void a_gap_is_told_once_with_its_reason(void **state)
{
    struct trail *t = *state;
    int status;
    char *said = canned_output(report_without_room, t, &status);
    const char *gap = strstr(said, "the history misses something: ledger ");

    if (!gap || strstr(gap + 1, "the history misses"))
        fail_msg("it says: %s", said);
    free(said);
}

static void no_secret_reaches_the_trail(void **state)
{
    struct trail *t = *state;
    struct secret_ref ref = { SECRET_FILE, "key" };
    struct secret value;
    char *error = NULL;

    tree_write(t->tree, "key", "hunter22");
    assert_true(secrets_get(t->secrets, &ref, &value, &error));
    send_write(t, 1);
    answer(t, 1, 400, "{\"error_description\": \"hunter22 is no good password\"}");
    history_is(t, "write VDB/dev POST /vdbs/7/disable -> DCT answered 400: *** is no good password "
                  "job - trace - plan - by -\n");
}

static struct plan *plan_of(const char *first, const char *second, const char *port)
{
    struct plan *p = xcalloc(1, sizeof(*p));

    (void)plan_add(p, VERB_UPDATE, &kind_vdb, first);
    (void)plan_add(p, VERB_UPDATE, &kind_vdb, second);
    struct action *a = &p->items[plan_index(p, "VDB/b")];
    a->changes = xcalloc(1, sizeof(*a->changes));
    a->n_changes = a->cap_changes = 1;
    a->changes[0].row = kind_row(&kind_vdb, "postgresql.port");
    a->changes[0].was = xstrdup("5432");
    a->changes[0].becomes = xstrdup(port);
    return p;
}

static void equal_plans_have_equal_digests(void **state)
{
    OWNED(plan) p = plan_of("VDB/a", "VDB/b", "5433");
    OWNED(plan) q = plan_of("VDB/b", "VDB/a", "5433");
    OWNED(plan) other = plan_of("VDB/a", "VDB/b", "5434");
    OWNED(plan) none = xcalloc(1, sizeof(*none));
    char d[4][PLAN_DIGEST];

    (void)state;
    q->items[0].state = A_JOB; /* how far it is does not count */
    q->items[1].not_before = 77;
    audit_digest(p, d[0]);
    audit_digest(q, d[1]);
    audit_digest(other, d[2]);
    audit_digest(none, d[3]);
    assert_string_equal(d[0], d[1]);
    assert_string_not_equal(d[0], d[2]);
    assert_string_not_equal(d[0], d[3]);
    assert_int_equal(strlen(d[0]), PLAN_DIGEST - 1);
}

static void writes_bear_the_digest_of_their_plan(void **state)
{
    struct trail *t = *state;
    OWNED(plan) p = plan_of("VDB/a", "VDB/b", "5433");
    char digest[PLAN_DIGEST];

    audit_digest(p, digest);
    audit_planned(t->audit, p);
    send_write(t, 1);
    char *want =
        xasprintf("write VDB/dev POST /vdbs/7/disable -> ? job - trace - plan %s by -\n", digest);
    history_is(t, want);
    free(want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_is_kept_before_it_is_answered, open_trail,
                                        close_trail),
        cmocka_unit_test_setup_teardown(answers_find_their_writes_in_any_order, open_trail,
                                        close_trail),
        cmocka_unit_test_setup_teardown(reads_and_plans_leave_nothing_behind, open_trail,
                                        close_trail),
        cmocka_unit_test_setup_teardown(a_person_who_applies_is_named, open_trail, close_trail),
        cmocka_unit_test_setup_teardown(a_gap_is_told_once_with_its_reason, open_trail,
                                        close_trail),
        cmocka_unit_test_setup_teardown(no_secret_reaches_the_trail, open_trail, close_trail),
        cmocka_unit_test(equal_plans_have_equal_digests),
        cmocka_unit_test_setup_teardown(writes_bear_the_digest_of_their_plan, open_trail,
                                        close_trail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
