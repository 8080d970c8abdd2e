/* The desired set: keys, order, engines, and whom a finding concerns. */
#include "schema/set.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define HEAD "apiVersion: dct/v1\nkind: "

static const char engine_east[] = HEAD "Engine\nmetadata: {name: east}\n"
                                       "spec: {hostname: h, username: a, password: {env: E}}\n";
static const char engine_west[] = HEAD "Engine\nmetadata: {name: west}\n"
                                       "spec: {hostname: h2, username: a, password: {env: E}}\n";
static const char environment[] = HEAD
    "Environment\nmetadata: {name: pg}\n"
    "spec: {engine: east, hostname: h, toolkitPath: /t, username: u, useEnginePublicKey: true}\n";
static const char source[] = HEAD "SourceConfig\nmetadata: {name: orders}\n"
                                  "spec: {environment: pg}\n";
static const char dsource[] =
    HEAD "DSource\nmetadata: {name: orders}\nspec: {sourceConfig: orders, group: g, "
         "environmentUser: u, postgresql: {port: 1, mountLocation: /m, stagingPush: {}}}\n";
static const char vdb[] = HEAD "VDB\nmetadata: {name: dev}\n"
                               "spec: {source: {dSource: orders}, environment: pg}\n";
static const char connector[] = HEAD "Connector\nmetadata: {name: postgresql}\n"
                                     "spec: {file: p.json, engines: [west, east]}\n";

/* One file for each text; a NULL ends them. */
static struct set *build(const char *const *texts)
{
    struct unit *units[16] = { NULL };
    size_t n = 0;

    for (; texts[n]; n++) {
        char *name = xasprintf("%zu.yaml", n);
        units[n] = unit_parse(name, texts[n], strlen(texts[n]));
        free(name);
    }
    struct set *s = set_build(units, n);
    for (size_t i = 0; i < n; i++)
        unit_free(units[i]);
    return s;
}

static bool says(const struct set *s, const char *text)
{
    for (size_t i = 0; i < s->diags.n; i++) {
        if (strstr(s->diags.items[i].text, text))
            return true;
    }
    return false;
}

static void targets_come_first_whatever_the_files_say(void **state)
{
    static const char *const expected[] = { "Engine/east", "Environment/pg", "SourceConfig/orders",
                                            "DSource/orders", "VDB/dev" };
    OWNED(set)
    s = build((const char *const[]){ vdb, dsource, source, environment, engine_east, NULL });

    (void)state;
    assert_int_equal(s->diags.all, 0);
    assert_true(s->complete);
    assert_int_equal(s->n_files, 5);
    assert_int_equal(s->n, ARRAY_LEN(expected));
    for (size_t i = 0; i < s->n; i++) {
        assert_string_equal(s->items[i].key, expected[i]);
        assert_string_equal(s->items[i].engine, "east");
        assert_ptr_equal(set_find(s, expected[i]), &s->items[i]);
    }
    assert_ptr_equal(set_named(s, KIND_VDB, "dev", NULL), set_find(s, "VDB/dev"));
    assert_ptr_equal(set_named(s, KIND_VDB, "dev", "east"), set_find(s, "VDB/dev"));
    assert_null(set_find(s, "VDB/prod"));
    assert_null(set_named(s, KIND_DSOURCE, "dev", NULL));
}

static void a_connector_is_wanted_once_on_each_engine(void **state)
{
    OWNED(set) s = build((const char *const[]){ connector, engine_east, engine_west, NULL });

    (void)state;
    assert_int_equal(s->diags.all, 0);
    assert_int_equal(s->n, 4);
    const struct wanted *east = set_find(s, "Connector/postgresql@east");
    const struct wanted *west = set_named(s, KIND_CONNECTOR, "postgresql", "west");
    assert_string_equal(east->engine, "east");
    assert_string_equal(object_text(east->object, "engine"), "east");
    assert_string_equal(object_text(west->object, "engine"), "west");
    assert_string_equal(object_text(west->object, "file"), "p.json");
    assert_ptr_equal(set_named(s, KIND_CONNECTOR, "postgresql", NULL), west);
    assert_null(set_find(s, "Connector/postgresql"));
    assert_null(set_named(s, KIND_CONNECTOR, "postgresql", "north"));
}

static void the_set_outlives_its_units(void **state)
{
    OWNED(unit) u = unit_parse("a.yaml", vdb, strlen(vdb));
    struct unit *again = unit_ref(u);
    struct set *s = set_build(&again, 1), *t = set_build(&u, 1);

    (void)state;
    unit_free(again);
    set_free(s);
    assert_string_equal(t->items[0].object->name, "dev");
    set_free(t);
}

static void names_that_only_dct_may_know_are_warnings(void **state)
{
    OWNED(set) s = build((const char *const[]){ vdb, NULL });

    (void)state;
    assert_true(s->complete);
    assert_int_equal(s->n, 1);
    assert_null(s->items[0].engine);
    assert_int_equal(s->diags.errors, 0);
    assert_int_equal(s->diags.all, 2);
    assert_non_null(s->diags.items[0].line);
}

static void a_name_declared_twice_means_neither(void **state)
{
    OWNED(set) s = build((const char *const[]){ vdb, vdb, engine_east, NULL });

    (void)state;
    assert_false(s->complete);
    assert_true(says(s, "VDB dev is declared twice"));
    assert_null(set_find(s, "VDB/dev"));
    assert_non_null(set_find(s, "Engine/east"));
    assert_true(strings_has(&s->left_out, "VDB/dev"));
}

static void a_good_twin_of_what_has_findings_is_not_meant_either(void **state)
{
    static const char bad[] = HEAD "VDB\nmetadata: {name: dev}\nspec: {sauce: x}\n";
    OWNED(set) first = build((const char *const[]){ vdb, bad, NULL });
    OWNED(set) second = build((const char *const[]){ bad, vdb, NULL });

    (void)state;
    assert_null(set_find(first, "VDB/dev"));
    assert_null(set_find(second, "VDB/dev"));
    assert_true(says(first, "declared twice"));
    assert_true(says(second, "declared twice"));
}

static void findings_reach_those_who_refer(void **state)
{
    static const char bad[] = HEAD "SourceConfig\nmetadata: {name: orders}\n"
                                   "spec: {environment: pg, repo: x}\n";
    OWNED(set)
    s = build((const char *const[]){ vdb, dsource, bad, environment, engine_east, NULL });

    (void)state;
    assert_false(s->complete);
    assert_int_equal(s->n, 4);
    assert_true(says(s, "DSource orders refers to SourceConfig orders, which has findings"));
    assert_true(says(s, "VDB dev refers to DSource orders, which has findings"));
    assert_int_equal(s->left_out.n, 1);
    assert_null(set_find(s, "Environment/pg")->held);
    assert_string_equal(set_find(s, "VDB/dev")->held, "its SourceConfig orders has findings");
}

static void a_broken_file_makes_the_set_incomplete(void **state)
{
    OWNED(set) s = build((const char *const[]){ engine_east, "a: [", NULL });

    (void)state;
    assert_false(s->complete);
    assert_int_equal(s->n, 1);
}

static void circles_are_told_with_their_path(void **state)
{
    static const char circle[] =
        HEAD "VDB\nmetadata: {name: a}\nspec: {source: {vdb: b}}\n---\n" HEAD
             "VDB\nmetadata: {name: b}\nspec: {source: {vdb: a}}\n";
    static const char self[] = HEAD "VDB\nmetadata: {name: me}\nspec: {source: {vdb: me}}\n";
    OWNED(set) s = build((const char *const[]){ circle, self, NULL });

    (void)state;
    assert_int_equal(s->n, 0);
    assert_false(s->complete);
    assert_true(says(s, "a circle of references: a -> b -> a"));
    assert_true(says(s, "VDB me refers to itself"));
}

static void references_across_engines_are_errors(void **state)
{
    static const char far[] = HEAD "VDB\nmetadata: {name: far}\n"
                                   "spec: {source: {dSource: orders}, engine: west}\n";
    static const char id[] = HEAD "VDB\nmetadata: {name: by-id}\n"
                                  "spec: {source: {dSource: orders}, engine: 'id:7'}\n";
    OWNED(set)
    s = build((const char *const[]){ far, id, dsource, source, environment, engine_east,
                                     engine_west, NULL });

    (void)state;
    assert_int_equal(s->diags.errors, 1);
    assert_true(
        says(s, "VDB far is on engine west by `engine`, but on east through DSource orders"));
    assert_null(set_find(s, "VDB/far"));
    assert_string_equal(set_find(s, "VDB/by-id")->engine, "id:7");
}

static void a_rename_needs_the_old_name_to_be_free(void **state)
{
    static const char moved[] = HEAD "VDB\nmetadata: {name: new, movedFrom: dev}\n"
                                     "spec: {source: {bookmark: b}}\n";
    static const char heir[] = HEAD "VDB\nmetadata: {name: heir, movedFrom: dev}\n"
                                    "spec: {source: {bookmark: b}}\n";
    OWNED(set) good = build((const char *const[]){ moved, NULL });
    OWNED(set) taken = build((const char *const[]){ moved, vdb, NULL });
    OWNED(set) twice = build((const char *const[]){ moved, heir, NULL });

    (void)state;
    assert_int_equal(good->diags.all, 0);
    assert_string_equal(set_find(good, "VDB/new")->object->moved_from, "dev");
    assert_true(says(taken, "VDB new was moved from `dev`, which is still declared"));
    assert_non_null(set_find(taken, "VDB/dev"));
    assert_true(says(twice, "VDB new and heir were both moved from `dev`"));
    assert_int_equal(twice->n, 0);
}

static void nothing_is_a_complete_set(void **state)
{
    OWNED(set) s = build((const char *const[]){ NULL });

    (void)state;
    assert_true(s->complete);
    assert_int_equal(s->n, 0);
    assert_null(set_find(s, "VDB/a"));
    assert_null(set_named(s, KIND_CONNECTOR, "a", "b"));
}

enum { CHAIN = 10000, PER_FILE = 1000 };

/* A chain of VDBs, last link first: the worst order there is. */
static struct unit *chain_unit(unsigned from)
{
    struct buf text = BUF_WITH_LIMIT(MANIFEST_MAX);

    for (unsigned i = from; i < from + PER_FILE; i++)
        buf_printf(&text, HEAD "VDB\nmetadata: {name: v%u}\nspec: {source: {vdb: v%u}}\n---\n", i,
                   i + 1);
    struct unit *u = unit_parse("chain.yaml", buf_text(&text), text.n);
    buf_clear(&text);
    assert_int_equal(u->diags.all, 0);
    return u;
}

static void ten_thousand_objects_are_settled_at_once(void **state)
{
    struct unit *units[CHAIN / PER_FILE];
    struct timespec from, to;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(units); i++)
        units[i] = chain_unit(i * PER_FILE);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    struct set *s = set_build(units, ARRAY_LEN(units));
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    int64_t took =
        (int64_t)(to.tv_sec - from.tv_sec) * 1000 + (int64_t)(to.tv_nsec - from.tv_nsec) / 1000000;
    print_message("set_build: %d ms\n", (int)took);
    /* Generous, for sanitizers and valgrind; quadratic work takes minutes there. */
    assert_true(took < 10000);
    assert_int_equal(s->n, CHAIN);
    assert_string_equal(s->items[0].key, "VDB/v9999");
    assert_string_equal(s->items[CHAIN - 1].key, "VDB/v0");
    assert_non_null(set_find(s, "VDB/v5000"));
    set_free(s);
    for (unsigned i = 0; i < ARRAY_LEN(units); i++)
        unit_free(units[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_come_first_whatever_the_files_say),
        cmocka_unit_test(a_connector_is_wanted_once_on_each_engine),
        cmocka_unit_test(the_set_outlives_its_units),
        cmocka_unit_test(names_that_only_dct_may_know_are_warnings),
        cmocka_unit_test(a_name_declared_twice_means_neither),
        cmocka_unit_test(a_good_twin_of_what_has_findings_is_not_meant_either),
        cmocka_unit_test(findings_reach_those_who_refer),
        cmocka_unit_test(a_broken_file_makes_the_set_incomplete),
        cmocka_unit_test(circles_are_told_with_their_path),
        cmocka_unit_test(references_across_engines_are_errors),
        cmocka_unit_test(a_rename_needs_the_old_name_to_be_free),
        cmocka_unit_test(nothing_is_a_complete_set),
        cmocka_unit_test(ten_thousand_objects_are_settled_at_once),
    };

    return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
