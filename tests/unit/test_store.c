/* The ledger on disk: what survives, and what is said when it cannot. */
#include "daemon/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/open_store.h"
#include "tests/lib/tree.h"

static void must_put(struct store *s, const char *key, const char *text)
{
    char *error = NULL;

    if (!store_put(s, key, text, &error))
        fail_msg("%s", error);
}

static bool append(void *ctx, const char *text)
{
    buf_puts(ctx, text);
    buf_puts(ctx, " ");
    return true;
}

static void check_records(struct store *s, const char *expected)
{
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    char *error = NULL;

    assert_true(store_each(s, append, &all, &error));
    assert_string_equal(buf_text(&all), expected);
    buf_clear(&all);
}

static void check_refused(const char *path, bool read_only, const char *first, const char *second)
{
    char *error = NULL;
    struct store *s = store_open(path, read_only, &error);

    assert_null(s);
    if (!strstr(error, path) || !strstr(error, first) || !strstr(error, second))
        fail_msg("unexpected: %s", error);
    free(error);
}

static void records_are_kept_replaced_and_removed_in_order_of_keys(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    struct store *s = must_open(path, false);

    must_put(s, "VDB/b", "{\"id\":\"2\"}");
    must_put(s, "Engine/a", "{\"id\":\"1\"}");
    must_put(s, "VDB/c", "{\"id\":\"3\"}");
    must_put(s, "VDB/b", "{\"id\":\"4\"}");
    must_put(s, "VDB/c", NULL);
    must_put(s, "VDB/never", NULL);
    check_records(s, "{\"id\":\"1\"} {\"id\":\"4\"} ");
    store_close(s);

    s = must_open(path, false);
    check_records(s, "{\"id\":\"1\"} {\"id\":\"4\"} ");
    store_close(s);
    free(path);
}

static bool stop_at_once(void *ctx, const char *text)
{
    (void)text;
    ++*(int *)ctx;
    return false;
}

static void reading_may_end_early(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct store *s = must_open(path, false);
    int calls = 0;

    must_put(s, "a", "1");
    must_put(s, "b", "2");
    assert_true(store_each(s, stop_at_once, &calls, &error));
    assert_int_equal(calls, 1);
    store_close(s);
    free(path);
}

static void only_the_owner_can_read_it(void **state)
{
    (void)state;
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm",
                                         "ledger.db.lock" };
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    mode_t before = umask(0);
    struct store *s = must_open(path, false);

    (void)umask(before);
    must_put(s, "a", "1");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct stat st;
        char *name = tree_at(t, names[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        free(name);
    }
    store_close(s);
    free(path);
}

static void the_key_is_made_once_per_ledger(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *one = tree_at(t, "one.db"), *two = tree_at(t, "two.db");
    uint8_t key[STORE_KEY];
    struct store *s = must_open(one, false), *other = must_open(two, false);

    memcpy(key, store_key(s), STORE_KEY);
    assert_memory_not_equal(key, store_key(other), STORE_KEY);
    store_close(s);
    store_close(other);
    s = must_open(one, true);
    assert_memory_equal(key, store_key(s), STORE_KEY);
    store_close(s);
    free(one);
    free(two);
}

static void a_second_writer_is_told_who_is_first(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    char *holder = xasprintf("is held by dctd pid %ld", (long)getpid());
    struct store *s = must_open(path, false);

    check_refused(path, false, holder, "");
    must_put(s, "a", "1");
    store_close(s);
    s = must_open(path, false);
    check_records(s, "1 ");
    store_close(s);
    free(holder);
    free(path);
}

static void a_reader_reads_beside_the_writer_and_cannot_write(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct store *writer = must_open(path, false);

    must_put(writer, "a", "1");
    struct store *reader = must_open(path, true);
    must_put(writer, "b", "2");
    check_records(reader, "1 2 ");
    assert_false(store_put(reader, "c", "3", &error));
    assert_non_null(strstr(error, "open for reading only"));
    free(error);
    store_close(reader);
    store_close(writer);
    free(path);
}

static void a_reader_of_nothing_gets_an_empty_ledger_and_makes_no_file(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct store *s = must_open(path, true);

    check_records(s, "");
    assert_false(store_put(s, "a", "1", &error));
    free(error);
    store_close(s);
    assert_int_equal(access(path, F_OK), -1);

    tree_write(t, "ledger.db", "");
    s = must_open(path, true);
    check_records(s, "");
    store_close(s);
    free(path);
}

/* Puts 1, 2, 3, … and says each number once it is kept, until it is killed. */
static void put_for_ever(const char *path, int told)
{
    char *error = NULL;
    struct store *s = store_open(path, false, &error);

    for (unsigned i = 1; s; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%u", i);
        if (!store_put(s, i % 2 ? "odd" : "even", text, &error))
            break;
        if (write(told, &i, sizeof(i)) != sizeof(i))
            break;
    }
    _exit(1);
}

static unsigned run_and_kill(const char *path, unsigned after)
{
    int ends[2];
    unsigned last = 0, n;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0)
        put_for_ever(path, ends[1]);
    close(ends[1]);
    while (last < after && read(ends[0], &n, sizeof(n)) == sizeof(n))
        last = n;
    kill(child, SIGKILL);
    while (read(ends[0], &n, sizeof(n)) == sizeof(n))
        last = n;
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return last;
}

static bool newest(void *ctx, const char *text)
{
    int64_t n = 0, *most = ctx;

    assert_true(parse_int64(text, &n));
    if (n > *most)
        *most = n;
    return true;
}

static void what_was_kept_survives_kill_9(void **state)
{
    (void)state;

    for (unsigned after = 1; after <= 41; after += 8) {
        OWNED(tree) t = tree_new();
        char *path = tree_at(t, "ledger.db"), *error = NULL;
        unsigned last = run_and_kill(path, after);
        int64_t found = 0;
        struct store *s = must_open(path, false);
        assert_true(last >= after);
        assert_true(store_each(s, newest, &found, &error));
        /* The one that was under way may have made it, too. */
        assert_true(found == last || found == (int64_t)last + 1);
        store_close(s);
        free(path);
    }
}

/* Puts until no more fits; how many did, and what is said of the one that did not. */
static unsigned fill(struct store *s, char **error)
{
    char *big = xmalloc(100001), key[16];
    unsigned kept = 0;
    bool fits = true;

    memset(big, 'x', 100000);
    big[100000] = '\0';
    while (fits && kept < 100) {
        (void)snprintf(key, sizeof(key), "key%u", kept);
        fits = store_put(s, key, big, error);
        kept += fits;
    }
    free(big);
    return kept;
}

static void a_full_disk_is_told_and_leaves_the_old_content(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct buf all = BUF_WITH_LIMIT(1 << 24);
    struct store *s = must_open(path, false);
    struct rlimit before, limit;

    must_put(s, "before", "kept");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){ 400000, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    unsigned kept = fill(s, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);

    assert_in_range(kept, 1, 99);
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "disk is full; free some space"));
    free(TAKE(error));
    assert_true(store_each(s, append, &all, &error));
    assert_true(starts_with(buf_text(&all), "kept "));
    assert_int_equal(all.n, 5 + kept * 100001UL);
    buf_clear(&all);
    must_put(s, "key0", NULL);
    store_close(s);
    free(path);
}

static void damage(const char *path, off_t from, size_t n)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pwrite(fd, "\xa5", 1, from + (off_t)i), 1);
    close(fd);
}

static void a_damaged_file_is_told_with_what_to_do(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    struct store *s = must_open(path, false);

    for (unsigned i = 0; i < 500; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "VDB/%u", i);
        must_put(s, key, "{\"name\":\"some text that fills pages\"}");
    }
    store_close(s);
    damage(path, 4096, 20000);
    check_refused(path, false, "damaged", "move it");

    tree_write(t, "ledger.db",
               "this is no database at all, but long enough to look at, is it not?");
    check_refused(path, false, "move it away", "");
    check_refused(path, true, "move it away", "");
    free(path);
}

static void what_belongs_to_another_program_is_left_alone(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "other.db"), *newer = tree_at(t, "newer.db");

    store_close(must_open(path, false));
    damage(path, 68, 4); /* application_id */
    check_refused(path, false, "belongs to another program", "");

    store_close(must_open(newer, false));
    damage(newer, 60, 4); /* user_version */
    check_refused(newer, false, "has format", "this dctd knows format 2");
    free(path);
    free(newer);
}

static void bad_places_are_told(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *missing = tree_at(t, "no/such/ledger.db"), *folder = tree_at(t, "folder");

    check_refused(missing, false, "No such file or directory", "check that its folder exists");
    tree_folder(t, "folder");
    check_refused(folder, false, "", "directory");
    free(missing);
    free(folder);
}

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

static void the_newest_events_come_oldest_first(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    struct store *s = must_open(path, false);

    must_add(s, 1, NULL, "first", NULL);
    must_add(s, 2, "VDB/a", "second", "job-1");
    must_add(s, 3, "VDB/b", "third", NULL);
    assert_true(store_events(s, &(struct store_query){ .limit = 2 }, show_event, &all, &error));
    assert_string_equal(buf_text(&all), "2 VDB/a done second job-1\n3 VDB/b done third -\n");
    buf_clear(&all);
    store_close(s);
    free(path);
}

static void count_event(void *ctx, const struct store_event *e)
{
    (void)e;
    ++*(size_t *)ctx;
}

static void history_is_bounded(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct store *s = must_open(path, false);
    size_t n = 0;

    for (int i = 0; i < STORE_EVENTS + 50; i++)
        must_add(s, i, "VDB/a", "again", NULL);
    assert_true(store_events(s, &(struct store_query){ 0 }, count_event, &n, &error));
    assert_int_equal(n, STORE_EVENTS);
    store_close(s);
    free(path);
}

static void check_query(const char *path, const char *sql, const char *expected)
{
    struct buf row = BUF_WITH_LIMIT(4096);
    sqlite3 *db;
    sqlite3_stmt *q;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    for (int i = 0; i < sqlite3_column_count(q); i++)
        buf_printf(&row, "%s%s", i ? "|" : "", (const char *)sqlite3_column_text(q, i));
    assert_string_equal(buf_text(&row), expected);
    assert_int_equal(sqlite3_step(q), SQLITE_DONE);
    sqlite3_finalize(q);
    sqlite3_close(db);
    buf_clear(&row);
}

static void show_write(void *ctx, const struct store_event *e)
{
    buf_printf(ctx, "%s %s %s %s %s %s %s\n", e->request, e->outcome ? e->outcome : "?",
               e->job ? e->job : "-", e->trace ? e->trace : "-", e->revision, e->plan,
               e->by ? e->by : "-");
}

static void a_write_gets_its_outcome_when_it_is_answered(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    struct store *s = must_open(path, false);
    struct store_event e = { .kind = "write", .text = "", .revision = "3f9", .plan = "aa" };

    e.request = "POST /vdbs/7/disable";
    assert_true(store_event(s, &e, &error));
    int64_t first = store_last_event(s);
    e.request = "DELETE /vdbs/8";
    assert_true(store_event(s, &e, &error));
    assert_true(store_outcome(s, first,
                              &(struct store_event){ .outcome = "202", .job = "j1", .trace = "t1" },
                              &error));
    assert_true(store_events(s, &(struct store_query){ .limit = 9 }, show_write, &all, &error));
    assert_string_equal(buf_text(&all), "POST /vdbs/7/disable 202 j1 t1 3f9 aa -\n"
                                        "DELETE /vdbs/8 ? - - 3f9 aa -\n");
    buf_clear(&all);
    store_close(s);
    free(path);
}

static void change_file(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_ledger_of_an_older_dctd_is_brought_up_to_date(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    struct store *s = must_open(path, false);

    must_put(s, "VDB/orders", "{}");
    must_add(s, 1, "VDB/orders", "long ago", NULL);
    store_close(s);
    change_file(
        path,
        "DROP INDEX events_of; ALTER TABLE events DROP COLUMN revision; ALTER TABLE events DROP COLUMN by;"
        "ALTER TABLE events DROP COLUMN plan;ALTER TABLE events DROP COLUMN request;"
        "ALTER TABLE events DROP COLUMN outcome;"
        "ALTER TABLE events DROP COLUMN trace; PRAGMA user_version = 1");

    s = must_open(path, true);
    assert_true(store_events(s, &(struct store_query){ .limit = 9 }, show_event, &all, &error));
    store_close(s);
    s = must_open(path, false);
    check_records(s, "{} ");
    must_add(s, 2, "VDB/orders", "now", NULL);
    assert_true(store_events(s, &(struct store_query){ .limit = 9 }, show_event, &all, &error));
    assert_string_equal(buf_text(&all), "1 VDB/orders done long ago -\n"
                                        "1 VDB/orders done long ago -\n2 VDB/orders done now -\n");
    store_close(s);
    check_query(path, "PRAGMA user_version", "2");
    buf_clear(&all);
    free(path);
}

static void a_whole_ledger_passes_and_its_holder_is_named(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL;

    assert_int_equal(store_holder(path), 0);
    struct store *s = must_open(path, false);
    assert_int_equal(store_holder(path), getpid());
    assert_true(store_check(s, &error));
    store_close(s);
    assert_int_equal(store_holder(path), 0);
    free(path);
}

static void people_can_read_it_with_the_sqlite3_shell(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    struct store *s = must_open(path, false);

    must_put(s, "VDB/orders", "{\"name\":\"orders\",\"engine\":\"3\",\"id\":\"1-VDB-7\"}");
    must_add(s, 1763820245678, "VDB/orders", "hello", NULL);
    check_query(path, "SELECT key, kind, name, engine, id FROM objects",
                "VDB/orders|VDB|orders|3|1-VDB-7");
    check_query(path, "SELECT time, text FROM events", "2025-11-22T14:04:05.678Z|hello");
    check_query(path, "PRAGMA journal_mode", "wal");
    store_close(s);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_kept_replaced_and_removed_in_order_of_keys),
        cmocka_unit_test(reading_may_end_early),
        cmocka_unit_test(only_the_owner_can_read_it),
        cmocka_unit_test(the_key_is_made_once_per_ledger),
        cmocka_unit_test(a_second_writer_is_told_who_is_first),
        cmocka_unit_test(a_reader_reads_beside_the_writer_and_cannot_write),
        cmocka_unit_test(a_reader_of_nothing_gets_an_empty_ledger_and_makes_no_file),
        cmocka_unit_test(what_was_kept_survives_kill_9),
        cmocka_unit_test(a_full_disk_is_told_and_leaves_the_old_content),
        cmocka_unit_test(a_damaged_file_is_told_with_what_to_do),
        cmocka_unit_test(what_belongs_to_another_program_is_left_alone),
        cmocka_unit_test(bad_places_are_told),
        cmocka_unit_test(the_newest_events_come_oldest_first),
        cmocka_unit_test(history_is_bounded),
        cmocka_unit_test(a_write_gets_its_outcome_when_it_is_answered),
        cmocka_unit_test(a_ledger_of_an_older_dctd_is_brought_up_to_date),
        cmocka_unit_test(a_whole_ledger_passes_and_its_holder_is_named),
        cmocka_unit_test(people_can_read_it_with_the_sqlite3_shell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
