/* What the ledger's history is asked for. */
#include "daemon/store.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/open_store.h"
#include "tests/lib/tree.h"

static void show_event(void *ctx, const struct store_event *e)
{
    buf_printf(ctx, "%d %s %s %s %s\n", (int)e->at, e->key ? e->key : "-", e->kind, e->text,
               e->job ? e->job : "-");
}

static void must_add(struct store *s, msec at, const char *key, const char *text, const char *job)
{
    const struct store_event e = { .at = at, .key = key, .kind = "done", .text = text, .job = job };
    char *error = NULL;

    if (!store_event(s, &e, &error))
        fail_msg("%s", error);
}

static void show_asked(struct store *s, const struct store_query *q, const char *expected)
{
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    char *error = NULL;

    assert_true(store_events(s, q, show_event, &all, &error));
    assert_string_equal(buf_text(&all), expected);
    buf_clear(&all);
}

static void check_plan(const char *path, const char *sql, const char *part)
{
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    if (!strstr((const char *)sqlite3_column_text(q, 3), part))
        fail_msg("%s", (const char *)sqlite3_column_text(q, 3));
    assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void events_are_asked_for_by_object_moment_and_number(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    struct store *s = must_open(path, false);

    must_add(s, 1, "VDB/a", "one", NULL);
    must_add(s, 2, "VDB/b", "two", NULL);
    must_add(s, 3, "VDB/a", "three", NULL);
    must_add(s, 4, NULL, "four", NULL);
    must_add(s, 5, "VDB/a", "five", NULL);
    show_asked(s, &(struct store_query){ .key = "VDB/a" },
               "1 VDB/a done one -\n3 VDB/a done three -\n5 VDB/a done five -\n");
    show_asked(s, &(struct store_query){ .key = "VDB/a", .limit = 1 }, "5 VDB/a done five -\n");
    show_asked(s, &(struct store_query){ .key = "VDB/a", .since = 2, .limit = 9 },
               "3 VDB/a done three -\n5 VDB/a done five -\n");
    show_asked(s, &(struct store_query){ .since = 3, .limit = 2 },
               "4 - done four -\n5 VDB/a done five -\n");
    show_asked(s, &(struct store_query){ .key = "VDB/none" }, "");
    store_close(s);
    check_plan(path,
               "EXPLAIN QUERY PLAN SELECT * FROM events WHERE key = 'VDB/a' ORDER BY seq DESC",
               "events_of");
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_asked_for_by_object_moment_and_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
