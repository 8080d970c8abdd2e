/* The ledger is full, lost, or torn: nothing is sent that it could not keep, and
 * nothing is lost with it but memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reconciler/ledger.h"
#include "tests/lib/estate.h"
#include "tests/lib/scenarios.h"

enum { HOUR = 3600000 };

static void live(struct test_world *w, msec time)
{
    msec end = w->now + time;

    while (w->now < end) {
        w->rested = false;
        test_world_run(w, end - w->now);
    }
}

/* The scenario's estate, whose manifests are as before. */
static struct start at_rest(struct scenario *sc)
{
    struct start s = *scenario_start(1);

    *sc = *s.scenario;
    sc->after = estate_all();
    s.scenario = sc;
    return s;
}

/* From the k-th effect on no record can be written, for an hour. */
static void full_from(const struct start *s, msec after)
{
    char *what = xasprintf("the ledger is full after %d ms", (int)after);
    struct attempt a;

    attempt_open(&a, s);
    attempt_begin(&a, s);
    test_world_run(a.world, after);
    a.world->ledger_full = true;
    size_t writes = a.world->writes;
    live(a.world, HOUR);
    invariants_expect(&a.invariants, a.world->writes == writes, "%zu writes without a record",
                      a.world->writes - writes);
    a.world->ledger_full = false;
    (void)attempt_converge(&a, (msec)2 * HOUR);
    test_world_restart(a.world); /* what was to be forgotten has come back, and goes */
    attempt_begin(&a, s);
    attempt_finish(&a, s, what);
    free(what);
}

static void test_nothing_is_sent_that_cannot_be_kept(void **state)
{
    static const msec moments[] = { 0, 30, 1000, 20000, 50000, 100000, 200000, 300000 };

    (void)state;
    for (size_t i = 0; i < SCENARIOS; i++) {
        for (size_t j = 0; j < ARRAY_LEN(moments); j++)
            full_from(scenario_start(i), moments[j]);
    }
}

static void test_a_lost_ledger_costs_no_write(void **state)
{
    struct scenario sc;
    const struct start s = at_rest(&sc);
    struct attempt a;

    (void)state;
    attempt_open(&a, &s);
    test_world_ledger_lost(a.world);
    test_world_restart(a.world);
    attempt_begin(&a, &s);
    live(a.world, HOUR);
    invariants_expect(&a.invariants, a.world->writes == 0, "%zu writes", a.world->writes);
    assert_int_equal(a.world->n_ledger, s.ledger.n);
    attempt_finish(&a, &s, "the ledger is lost");
}

/* One entry at a time. */
static void test_a_lost_entry_costs_no_write(void **state)
{
    struct scenario sc;
    const struct start s = at_rest(&sc);

    (void)state;
    for (size_t i = 0; i < s.ledger.n; i++) {
        struct attempt a;
        attempt_open(&a, &s);
        char *key = xstrdup(a.world->ledger[i].key);
        test_world_keep(a.world, key, NULL);
        test_world_restart(a.world);
        attempt_begin(&a, &s);
        live(a.world, HOUR);
        invariants_expect(&a.invariants, a.world->writes == 0, "%zu writes", a.world->writes);
        attempt_finish(&a, &s, key);
        free(key);
    }
}

/* A change that is made after the ledger was lost is made as if it were there. */
static void test_a_lost_ledger_hinders_no_change(void **state)
{
    (void)state;
    for (size_t i = 1; i < SCENARIOS; i++) {
        const struct start *s = scenario_start(i);
        struct attempt a;
        if (s->scenario->prune || streq(s->scenario->name, "rename") ||
            streq(s->scenario->name, "connector"))
            continue; /* only the ledger remembers what these need */
        attempt_open(&a, s);
        test_world_ledger_lost(a.world);
        test_world_restart(a.world);
        attempt_begin(&a, s);
        attempt_finish(&a, s, "after the ledger was lost");
    }
}

/* A torn entry is refused, wherever it ends. */
static void test_torn_entries_are_refused(void **state)
{
    const struct start *s = scenario_start(1);

    (void)state;
    for (size_t i = 0; i < s->ledger.n; i++) {
        size_t n = strlen(s->ledger.items[i]);
        for (size_t cut = 0; cut < n; cut++) {
            struct ledger *l = ledger_new();
            char *text = xstrndup(s->ledger.items[i], cut);
            assert_false(ledger_restore(l, text));
            assert_int_equal(ledger_count(l), 0);
            free(text);
            ledger_free(l);
        }
    }
}

/* Guarded: the manifest goes, all of them go, the ledger goes, the name changes. */
static void test_a_protected_dsource_survives(void **state)
{
    const char *all = estate_all();
    char *guarded = replaced(all, "    settings: {max_connections: '200', log_statement: null}\n",
                             "    settings: {max_connections: '200', log_statement: null}\n"
                             "policy: {protect: true, deletion: delete, replace: allow}\n");
    char *without =
        xstrndup(all, (size_t)(strstr(all, "---\napiVersion: dct/v1\nkind: DSource") - all));
    char *other = replaced(guarded, "mountLocation: /mnt/orders\n", "mountLocation: /mnt/else\n");
    struct scenario sc = {
        .name = "protected", .before = guarded, .after = guarded, .prune = true
    };
    const char *const steps[] = { without, guarded, other, guarded, without, guarded };
    struct attempt a;
    struct start s;

    (void)state;
    start_make(&s, &sc);
    attempt_open(&a, &s);
    invariants_guard(&a.invariants, "/dsources", "orders");
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        if (i == 4) {
            test_world_ledger_lost(a.world);
            test_world_restart(a.world);
        }
        test_world_manifests(a.world, steps[i]);
        live(a.world, HOUR);
    }
    attempt_finish(&a, &s, "protected");
    start_clear(&s);
    free(guarded);
    free(without);
    free(other);
}

/* It dies before its k-th effect, and the ledger goes with it. True if it died. */
static bool lose_at(const struct start *s, size_t k)
{
    char *what = xasprintf("the ledger is lost before effect %zu", k);
    struct attempt a;

    attempt_open(&a, s);
    a.world->die_at = k;
    attempt_begin(&a, s);
    bool died = !attempt_converge(&a, 2 * (msec)HOUR) && a.world->dead;
    if (died) {
        test_world_ledger_lost(a.world);
        test_world_restart(a.world);
        a.world->die_at = 0;
        attempt_begin(&a, s);
    }
    attempt_finish(&a, s, what);
    free(what);
    return died;
}

/* What cannot carry our tag from its first moment on is taken over by its name,
 * where the policy says so. */
static char *taking_over(const char *yaml)
{
    char *first = replaced(yaml, "spec: {file: postgresql.json, engines: [east]}\n",
                           "spec: {file: postgresql.json, engines: [east]}\n"
                           "policy: {adopt: ifExists}\n");
    char *both = replaced(first, "spec: {environment: pg-staging}\n",
                          "spec: {environment: pg-staging}\npolicy: {adopt: ifExists}\n");

    free(first);
    return both;
}

static void test_lost_in_the_middle_of_a_creation(void **state)
{
    struct start s = *scenario_start(0);
    struct scenario sc = *s.scenario;
    char *yaml = taking_over(sc.after);

    (void)state;
    sc.after = yaml;
    s.scenario = &sc;
    for (size_t k = 1; lose_at(&s, k); k += torture_step(1, 7))
        ;
    free(yaml);
}

/* Without that policy a person is asked, and nothing is made a second time. */
static void test_lost_before_the_tag_a_person_is_asked(void **state)
{
    const struct start *s = scenario_start(0);
    struct attempt a;

    (void)state;
    attempt_open(&a, s);
    attempt_begin(&a, s);
    test_world_run(a.world, 10000);
    test_world_ledger_lost(a.world);
    test_world_restart(a.world);
    attempt_begin(&a, s);
    live(a.world, HOUR);
    assert_true(test_world_told(a.world, "Connector/postgresql@east: blocked: 2-TOOLKIT-1 exists "
                                         "in DCT and is not managed here"));
    test_world_keep(a.world, "Connector/postgresql@east",
                    "{\"key\":\"Connector/postgresql@east\",\"kind\":\"Connector\","
                    "\"id\":\"2-TOOLKIT-1\",\"origin\":\"adopted\"}");
    test_world_restart(a.world);
    attempt_begin(&a, s);
    attempt_finish(&a, s, "the ledger is lost before the tag");
}

static void test_lost_in_the_middle_of_a_change_that_disables(void **state)
{
    (void)state;
    for (size_t k = 1; lose_at(scenario_start(1), k); k += torture_step(1, 7))
        ;
}

/* The host of databases changes, and nothing but us knows that they were on. */
static void test_lost_while_databases_are_off(void **state)
{
    char *before = replaced(estate_all(), "  enabled: true\n", "");
    char *port = replaced(before, "port: 5434", "port: 5534");
    char *after =
        replaced(port, "hostname: pg-staging.example.com", "hostname: pg-other.example.com");
    struct scenario sc = { .name = "off for a while", .before = before, .after = after };
    struct start s;

    (void)state;
    start_make(&s, &sc);
    for (size_t k = 1; lose_at(&s, k); k += torture_step(1, 7))
        ;
    start_clear(&s);
    free(before);
    free(port);
    free(after);
}

/* The change is even taken back: what was on comes back all the same. */
static void test_lost_with_the_wish_to_change(void **state)
{
    char *before = replaced(estate_all(), "  enabled: true\n", "");
    char *after = replaced(before, "port: 5434", "port: 5534");
    struct scenario sc = { .name = "off for nothing", .before = before, .after = before };
    struct start s;
    struct attempt a;

    (void)state;
    start_make(&s, &sc);
    attempt_open(&a, &s);
    test_world_manifests(a.world, after);
    while (!strstr(test_world_ledger(a.world, "VDB/orders-dev"), "\"call\":\"update\""))
        test_world_run(a.world, 1000);
    test_world_ledger_lost(a.world);
    test_world_restart(a.world);
    attempt_begin(&a, &s);
    attempt_finish(&a, &s, "the ledger is lost and the change taken back");
    start_clear(&s);
    free(before);
    free(after);
}

static int clear(void **state)
{
    (void)state;
    scenarios_clear();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_sent_that_cannot_be_kept),
        cmocka_unit_test(test_a_lost_ledger_costs_no_write),
        cmocka_unit_test(test_a_lost_entry_costs_no_write),
        cmocka_unit_test(test_a_lost_ledger_hinders_no_change),
        cmocka_unit_test(test_torn_entries_are_refused),
        cmocka_unit_test(test_a_protected_dsource_survives),
        cmocka_unit_test(test_lost_in_the_middle_of_a_creation),
        cmocka_unit_test(test_lost_before_the_tag_a_person_is_asked),
        cmocka_unit_test(test_lost_in_the_middle_of_a_change_that_disables),
        cmocka_unit_test(test_lost_while_databases_are_off),
        cmocka_unit_test(test_lost_with_the_wish_to_change),
    };

    return cmocka_run_group_tests(tests, NULL, clear);
}
