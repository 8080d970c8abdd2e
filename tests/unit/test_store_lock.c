/* One process writes a ledger, whatever name leads to it, and only as long as it is
 * the file that this process opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/store.h"
#include "tests/lib/open_store.h"
#include "tests/lib/tree.h"

static void must_put(struct store *s, const char *text)
{
    char *error = NULL;

    if (!store_put(s, "VDB/a", text, &error))
        fail_msg("%s", error);
}

static void check_refused(const char *path, const char *why)
{
    char *error = NULL;

    assert_null(store_open(path, false, &error));
    if (!strstr(error, why))
        fail_msg("unexpected: %s", error);
    free(error);
}

/* A writer is known by the ledger, whatever name leads to it. */
static void links_lead_to_one_lock(void **state)
{
    (void)state;
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *soft = tree_at(t, "soft.db"),
         *hard = tree_at(t, "hard.db");
    assert_int_equal(symlink("ledger.db", soft), 0);
    struct store *s = must_open(soft, false); /* which makes it */

    must_put(s, "1");
    check_refused(path, "is held by dctd pid");
    store_close(s);
    s = must_open(path, false);
    assert_int_equal(link(path, hard), 0);
    check_refused(soft, "is held by dctd pid");
    check_refused(hard, "is held by another dctd under another name");
    assert_true(store_held(soft));
    store_close(s);
    s = must_open(soft, false);
    check_refused(path, "is held by dctd pid");
    store_close(s);
    free(path);
    free(soft);
    free(hard);
}

static void must_not_put(struct store *s, const char *why)
{
    char *error = NULL;

    assert_false(store_put(s, "VDB/a", "no", &error));
    if (!strstr(error, why))
        fail_msg("unexpected: %s", error);
    free(error);
}

/* What is written into a file that nobody finds again is not kept. */
static void what_was_taken_away_keeps_nothing(void **state)
{
    (void)state;
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db.lock" };
    OWNED(tree) t = tree_new();
    char *path = tree_at(t, "ledger.db"), *away = tree_at(t, "away");

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct store *s = must_open(path, false);
        char *name = tree_at(t, names[i]);
        must_put(s, "1");
        must_put(s, "2");
        assert_int_equal(rename(name, away), 0);
        must_not_put(s, "was taken away from the dctd that writes it");
        tree_write(t, names[i], "another");
        must_not_put(s, "it is another file now");
        assert_int_equal(rename(away, name), 0);
        must_put(s, "3");
        store_close(s);
        free(name);
    }
    free(path);
    free(away);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_lead_to_one_lock),
        cmocka_unit_test(what_was_taken_away_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
