/* adopt and forget on ledgers that remember something unfinished. */
#include "daemon/ledger_file.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/cmd.h"
#include "daemon/store.h"
#include "tests/lib/tree.h"

enum { LEDGER_MAX = 1 << 20 };

static const char plain[] = "{\"key\":\"VDB/dev\",\"kind\":\"VDB\",\"name\":\"dev\",\"id\":\"v1\","
                            "\"origin\":\"created\",\"deletion\":\"delete\",\"applied\":{}}";
static const char owing[] = "{\"key\":\"VDB/dev\",\"kind\":\"VDB\",\"name\":\"dev\",\"id\":\"v1\","
                            "\"origin\":\"created\",\"owesEnable\":true,\"applied\":{}}";
static const char busy[] = "{\"key\":\"VDB/dev\",\"kind\":\"VDB\",\"name\":\"dev\",\"id\":\"v1\","
                           "\"origin\":\"created\",\"applied\":{},"
                           "\"intent\":{\"call\":\"update\",\"job\":\"j7\",\"at\":1}}";
static const char guarded[] = "{\"key\":\"VDB/dev\",\"kind\":\"VDB\",\"name\":\"dev\","
                              "\"id\":\"v1\",\"origin\":\"created\",\"protect\":true,"
                              "\"applied\":{\"port\":{\"d\":\"00\"}}}";

/* A configuration and a ledger that holds one record. */
struct place {
    struct tree *tree;
    char *config, *ledger;
};

static struct place place_with(const char *record)
{
    struct place p = { .tree = tree_new() };
    char *error = NULL;

    p.config = tree_at(p.tree, "dctd.yaml");
    p.ledger = tree_at(p.tree, "ledger.db");
    tree_write(p.tree, "dctd.yaml",
               "dct: {url: https://dct.example.com, apiKey: {env: KEY}}\nledger: ledger.db\n");
    struct store *s = store_open(p.ledger, false, &error);
    assert_non_null(s);
    assert_true(store_put(s, "VDB/dev", record, &error));
    store_close(s);
    return p;
}

static void place_clear(struct place *p)
{
    tree_free(p->tree);
    free(p->config);
    free(p->ledger);
}

static int forget(const struct place *p, bool force)
{
    static const char *const words[] = { "vdb/dev" };

    return cmd_forget(
        &(struct invocation){ .config = p->config, .paths = words, .n_paths = 1, .force = force });
}

static int adopt(const struct place *p, const char *key, const char *id, bool replace)
{
    const char *const words[] = { key, id };

    return cmd_adopt(&(struct invocation){
        .config = p->config, .paths = words, .n_paths = 2, .replace = replace });
}

static bool append(void *ctx, const char *text)
{
    buf_puts(ctx, text);
    return true;
}

static void append_event(void *ctx, const struct store_event *e)
{
    buf_printf(ctx, "%s %s: %s\n", e->kind, e->key, e->text);
}

/* What the ledger holds; then its history. */
static void check_holds(const struct place *p, const char *records, const char *events)
{
    struct buf text = BUF_WITH_LIMIT(LEDGER_MAX), history = BUF_WITH_LIMIT(LEDGER_MAX);
    char *error = NULL;
    struct store *s = store_open(p->ledger, true, &error);

    assert_non_null(s);
    assert_true(store_each(s, append, &text, &error));
    assert_true(store_events(s, &(struct store_query){ 0 }, append_event, &history, &error));
    assert_string_equal(buf_text(&text), records);
    assert_string_equal(buf_text(&history), events);
    buf_clear(&text);
    buf_clear(&history);
    store_close(s);
}

static void check_needs_force(const char *record)
{
    struct place p = place_with(record);

    assert_int_equal(forget(&p, false), EXIT_TROUBLE);
    check_holds(&p, record, "");
    assert_int_equal(forget(&p, true), EXIT_GOOD);
    check_holds(&p, "", "forgotten VDB/dev: v1, made by dctd; forced\n");
    place_clear(&p);
}

static void what_is_settled_is_forgotten(void **state)
{
    (void)state;
    struct place p = place_with(plain);

    assert_int_equal(forget(&p, false), EXIT_GOOD);
    check_holds(&p, "", "forgotten VDB/dev: v1, made by dctd\n");
    assert_int_equal(forget(&p, false), EXIT_TROUBLE);
    place_clear(&p);
}

static void debts_jobs_and_protection_need_force(void **state)
{
    (void)state;
    check_needs_force(owing);
    check_needs_force(busy);
    check_needs_force(guarded);
}

static void a_debt_is_not_replaced(void **state)
{
    (void)state;
    const char *const records[] = { owing, busy };

    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        struct place p = place_with(records[i]);
        assert_int_equal(adopt(&p, "VDB/dev", "v2", true), EXIT_TROUBLE);
        check_holds(&p, records[i], "");
        place_clear(&p);
    }
}

/* Nothing that was applied to the other object counts for this one. */
static void a_replaced_object_keeps_only_its_protection(void **state)
{
    (void)state;
    struct place p = place_with(guarded);

    assert_int_equal(adopt(&p, "VDB/dev", "v2", false), EXIT_TROUBLE);
    check_holds(&p, guarded, "");
    assert_int_equal(adopt(&p, "VDB/dev", "v2", true), EXIT_GOOD);
    check_holds(&p,
                "{\"key\":\"VDB/dev\",\"kind\":\"VDB\",\"name\":\"dev\",\"id\":\"v2\","
                "\"origin\":\"adopted\",\"deletion\":\"orphan\",\"protect\":true,\"applied\":{}}",
                "adopted VDB/dev: v2 by hand, in place of v1\n");
    place_clear(&p);
}

static void one_object_has_one_key(void **state)
{
    (void)state;
    struct place p = place_with(plain);

    assert_int_equal(adopt(&p, "VDB/other", "v1", false), EXIT_TROUBLE);
    assert_int_equal(adopt(&p, "VDB/other", "v1", true), EXIT_TROUBLE);
    check_holds(&p, plain, "");
    /* An id means something within its kind only. */
    assert_int_equal(adopt(&p, "Connector/pg@east", "v1", false), EXIT_GOOD);
    place_clear(&p);
}

static void a_connector_is_named_without_its_engine(void **state)
{
    (void)state;
    struct place p = place_with(plain);

    assert_int_equal(forget(&p, false), EXIT_GOOD);
    assert_int_equal(adopt(&p, "connector/pg@east", "t1", false), EXIT_GOOD);
    check_holds(&p,
                "{\"key\":\"Connector/pg@east\",\"kind\":\"Connector\",\"name\":\"pg\","
                "\"id\":\"t1\",\"origin\":\"adopted\",\"deletion\":\"orphan\",\"applied\":{}}",
                "forgotten VDB/dev: v1, made by dctd\nadopted Connector/pg@east: t1 by hand\n");
    place_clear(&p);
}

static void ids_are_plain(void **state)
{
    (void)state;
    struct place p = place_with(plain);
    const char *const ids[] = { "", " ", "a b", "a\nb", "\x1b[2J" };
    char *longest = xmalloc(300);

    memset(longest, 'x', 299);
    longest[299] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_int_equal(adopt(&p, "VDB/new", ids[i], false), EXIT_TROUBLE);
    assert_int_equal(adopt(&p, "VDB/new", longest, false), EXIT_TROUBLE);
    check_holds(&p, plain, "");
    free(longest);
    place_clear(&p);
}

static void keys_name_a_kind_and_an_object(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",         "/",   "VDB",          "VDB/",          "/dev",
        "Vdbb/dev", "dev", "Connector/pg", "Connector/pg@", "Connector/@e"
    };
    const struct kind_desc *k = NULL;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(key_of(bad[i], &k));
    char *key = key_of("dsource/a/b@c", &k);
    assert_string_equal(key, "DSource/a/b@c");
    assert_ptr_equal(k, &kind_dsource);
    free(key);
}

static void a_broken_ledger_is_left_alone(void **state)
{
    (void)state;
    struct place p = place_with("{}");

    assert_int_equal(forget(&p, true), EXIT_TROUBLE);
    assert_int_equal(adopt(&p, "VDB/dev", "v1", true), EXIT_TROUBLE);
    check_holds(&p, "{}", "");
    place_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_settled_is_forgotten),
        cmocka_unit_test(debts_jobs_and_protection_need_force),
        cmocka_unit_test(a_debt_is_not_replaced),
        cmocka_unit_test(a_replaced_object_keeps_only_its_protection),
        cmocka_unit_test(one_object_has_one_key),
        cmocka_unit_test(a_connector_is_named_without_its_engine),
        cmocka_unit_test(ids_are_plain),
        cmocka_unit_test(keys_name_a_kind_and_an_object),
        cmocka_unit_test(a_broken_ledger_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
