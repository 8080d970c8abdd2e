/* The ledger's time from one process to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/restore.h"
#include "tests/lib/open_store.h"
#include "tests/lib/tree.h"

static const msec DAY = 86400000;

static void must_keep(struct store *s, const char *text)
{
    char *error = NULL;

    if (!store_keep_clock(s, text, &error))
        fail_msg("%s", error);
}

static void test_what_time_counts_from_is_kept(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *error = NULL, *kept;
    struct store *s = must_open(path, true);

    assert_null(store_clock(s));
    assert_false(store_keep_clock(s, "boot 1", &error));
    assert_non_null(strstr(error, "for reading only"));
    free(error);
    store_close(s);
    s = must_open(path, false);
    assert_null(store_clock(s));
    must_keep(s, "boot 1");
    must_keep(s, "boot 2");
    store_close(s);
    s = must_open(path, true);
    assert_string_equal(kept = store_clock(s), "boot 2");
    free(kept);
    store_close(s);
    free(path);
}

static struct ledger *ledger_of(msec at)
{
    struct ledger *l = ledger_new();

    entry_intend(ledger_put(l, "VDB/a", KIND_VDB), "create", at);
    return l;
}

static void test_the_next_process_goes_on_whatever_the_wall_clock_says(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *boot = clock_boot();
    struct store *s = must_open(path, false);
    struct ledger *l = ledger_of(1000);
    struct clock first, next;

    must_keep(s, "another start of the host 77");
    ledger_clock(&first, s, l, true);
    assert_int_equal(first.now, 1000); /* nobody knows how long ago that was */
    assert_in_range(first.now + first.ahead, clock_wall() - DAY, clock_wall());
    ledger_clock(&next, s, l, true);
    if (*boot)
        assert_in_range(next.now, 1000, 1000 + DAY);
    assert_true(!*boot || next.base == first.base);
    store_close(s);
    ledger_free(l);
    free(boot);
    free(path);
}

static void test_a_new_ledger_begins_by_the_wall_clock(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db");
    struct store *s = must_open(path, false);
    struct ledger *l = ledger_new();
    struct clock c;

    ledger_clock(&c, s, l, false);
    assert_in_range(c.now, clock_wall() - DAY, clock_wall());
    assert_int_equal(c.ahead, 0);
    assert_null(store_clock(s)); /* who only reads keeps nothing */
    store_close(s);
    ledger_free(l);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_time_counts_from_is_kept),
        cmocka_unit_test(test_the_next_process_goes_on_whatever_the_wall_clock_says),
        cmocka_unit_test(test_a_new_ledger_begins_by_the_wall_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
