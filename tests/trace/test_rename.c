/* Names that change, one kind after the other: nothing is ever made anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/estate.h"
#include "tests/lib/story.h"

/* Every occurrence; owned. */
static char *text_everywhere(const char *text, const char *from, const char *to)
{
    struct buf b = BUF_WITH_LIMIT(1 << 20);

    for (const char *at; (at = strstr(text, from)); text = at + strlen(from)) {
        buf_add(&b, text, (size_t)(at - text));
        buf_puts(&b, to);
    }
    buf_puts(&b, text);
    return buf_take(&b);
}

/* Under the new names nothing is sent but this; takes the text. */
static void renamed_to(char *yaml, const char *sent)
{
    struct test_world *w = story_of(estate_all());

    w->options.prune = true;
    test_world_restart(w);
    story_converge(w, yaml);
    story_sent(w, sent);
    story_forget(w);
    story_settle(w);
    story_sent(w, "");
    test_world_ledger_lost(w); /* and its memory is not needed for it */
    test_world_restart(w);
    story_converge(w, yaml);
    story_sent(w, "");
    free(yaml);
    test_world_free(w);
}

/* The manifest, and whoever refers to it. */
static void renamed(const char *from, const char *to, const char *ref, const char *new_ref,
                    const char *sent)
{
    char *named = text_with(estate_all(), from, to);

    renamed_to(text_everywhere(named, ref, new_ref), sent);
    free(named);
}

static void test_an_engine(void **state)
{
    char *named =
        text_with(estate_all(), "metadata: {name: east}", "metadata: {name: ost, movedFrom: east}");
    char *hosts = text_everywhere(named, "engine: east", "engine: ost");

    (void)state;
    renamed_to(text_with(hosts, "engines: [east]", "engines: [ost]"),
               "Engine/ost PATCH /management/engines/{id} {\"name\":\"ost\"}\n");
    free(hosts);
    free(named);
}

static void test_a_connector_has_its_name_from_its_file(void **state)
{
    (void)state;
    renamed_to(text_with(estate_all(), "metadata: {name: postgresql}",
                         "metadata: {name: pg, movedFrom: postgresql}"),
               "");
}

static void test_an_environment(void **state)
{
    (void)state;
    renamed("metadata: {name: pg-staging}", "metadata: {name: stage, movedFrom: pg-staging}",
            "nvironment: pg-staging", "nvironment: stage",
            "Environment/stage PATCH /environments/{id} {\"name\":\"stage\"}\n");
}

static void test_a_source_config(void **state)
{
    (void)state;
    renamed("kind: SourceConfig\nmetadata: {name: orders}",
            "kind: SourceConfig\nmetadata: {name: sales, movedFrom: orders}",
            "sourceConfig: orders", "sourceConfig: sales",
            "SourceConfig/sales PATCH /sources/postgres/{id} {\"name\":\"sales\"}\n");
}

static void test_a_dsource(void **state)
{
    (void)state;
    renamed("kind: DSource\nmetadata: {name: orders}",
            "kind: DSource\nmetadata: {name: sales, movedFrom: orders}", "dSource: orders",
            "dSource: sales", "DSource/sales PATCH /dsources/appdata/{id} {\"name\":\"sales\"}\n");
}

static void test_a_vdb_that_others_come_from(void **state)
{
    (void)state;
    renamed("metadata: {name: orders-dev,", "metadata: {name: dev, movedFrom: orders-dev,",
            "vdb: orders-dev", "vdb: dev", "VDB/dev PATCH /vdbs/{id} {\"name\":\"dev\"}\n");
}

/* Somebody renames it in DCT: that is drift, not another object. */
static void test_a_rename_in_dct_is_taken_back(void **state)
{
    struct test_world *w = story_of(estate_all());

    (void)state;
    story_meddle(w, "drift",
                 "{\"kind\":\"vdbs\",\"name\":\"orders-test\",\"set\":{\"name\":"
                 "\"mine\"}}");
    story_settle(w);
    story_sent(w, "VDB/orders-test PATCH /vdbs/{id} {\"name\":\"orders-test\"}\n");
    assert_int_equal(test_world_count(w, "/vdbs", NULL), 2);
    test_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_engine),
        cmocka_unit_test(test_a_connector_has_its_name_from_its_file),
        cmocka_unit_test(test_an_environment),
        cmocka_unit_test(test_a_source_config),
        cmocka_unit_test(test_a_dsource),
        cmocka_unit_test(test_a_vdb_that_others_come_from),
        cmocka_unit_test(test_a_rename_in_dct_is_taken_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
