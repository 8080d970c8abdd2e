/* What is said of plans, byte for byte: plan/NAME.txt, .json and .md.
 * With --write the expectations are written anew. */
#include "reconciler/plan_text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/golden/plan"

enum { GOLDEN_MAX = 1 << 20 };

static bool writing;

static char *slurp(const char *path)
{
    struct buf text = BUF_WITH_LIMIT(GOLDEN_MAX);
    FILE *f = fopen(path, "rb");
    char chunk[4096];

    if (!f)
        fail_msg("%s is missing; run this test with --write", path);
    for (size_t got; f && (got = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&text, chunk, got);
    if (f)
        (void)fclose(f);
    return buf_take(&text);
}

static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void check_golden(const char *name, const char *extension, struct buf *out)
{
    char *path = xasprintf(FOLDER "/%s.%s", name, extension);

    if (writing)
        spill(path, buf_text(out));
    char *expected = slurp(path);
    assert_string_equal(buf_text(out), expected);
    free(expected);
    free(path);
    buf_clear(out);
}

static size_t columns(const char *line, size_t n)
{
    size_t width = 0;

    for (size_t i = 0; i < n; i++)
        width += ((unsigned char)line[i] & 0xc0) != 0x80;
    return width;
}

/* The summary stays one line, whatever it counts. */
static void check_lines(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        assert_true(n == 0 || text[n - 1] != ' ');
        assert_true(columns(text, n) <= 100 || starts_with(text, "Plan: "));
        text += n + 1;
    }
}

static void check_renderings(const struct plan *p, const char *name)
{
    struct buf out = BUF_WITH_LIMIT(GOLDEN_MAX);

    plan_text(p, false, "24ca08b2ad10077f", &out);
    check_lines(buf_text(&out));
    check_golden(name, "txt", &out);
    plan_json(p, "24ca08b2ad10077f", &out);
    check_golden(name, "json", &out);
    plan_markdown(p, "24ca08b2ad10077f", &out);
    check_golden(name, "md", &out);
}

static struct plan *plan_new(void)
{
    return xcalloc(1, sizeof(struct plan));
}

static struct action *add(struct plan *p, enum verb verb, const struct kind_desc *k,
                          const char *key, const char *reason)
{
    struct action *a = plan_add(p, verb, k, key);

    a->reason = xstrdup(reason);
    p->by_verb[verb]++;
    return a;
}

static void place(struct action *a, const char *file, unsigned line)
{
    a->pos = (struct pos){ file_name(file), line, 1 };
}

static struct change *change(struct action *a, const char *row, const char *was,
                             const char *becomes)
{
    a->changes = grow(a->changes, a->n_changes, &a->cap_changes, sizeof(*a->changes));
    struct change *c = &a->changes[a->n_changes++];

    *c = (struct change){
        .row = kind_row(a->kind, row),
        .was = was ? xstrdup(was) : NULL,
        .becomes = becomes ? xstrdup(becomes) : NULL,
    };
    return c;
}

static void drift(struct action *a, const char *row, const char *was, const char *becomes)
{
    change(a, row, was, becomes)->why = WHY_DRIFT;
}

static void block(struct plan *p, struct action *a, const char *why)
{
    a->blocked = xstrdup(why);
    p->by_verb[a->verb]--;
    p->blocked++;
}

static void every_verb(struct plan *p)
{
    struct action *a = add(p, VERB_ADOPT, &kind_engine, "Engine/ce-east",
                           "it exists, and the policy says adopt: ifExists");
    place(a, "/etc/dctd/manifests/engines.yaml", 1);
    a->id = xstrdup("3");
    change(a, "hostname", "\"10.0.0.7\"", "\"ce-east.example.com\"");

    a = add(p, VERB_CREATE, &kind_connector, "Connector/postgresql@ce-east", "it is not in DCT");
    place(a, "/etc/dctd/manifests/engines.yaml", 12);
    a->engine = xstrdup("3");
    change(a, "file", NULL, "\"connectors/postgresql.json\"");

    a = add(p, VERB_REFRESH, &kind_environment, "Environment/pg-staging",
            "connector postgresql came after its last discovery");
    place(a, "/etc/dctd/manifests/env/staging.yaml", 3);
    a->id = xstrdup("1-UNIX_HOST_ENVIRONMENT-4");
    action_needs(p, 2, 1);

    a = add(p, VERB_UPDATE, &kind_environment, "Environment/pg-target", "drift");
    place(a, "/etc/dctd/manifests/env/target.yaml", 12);
    drift(a, "description", "\"by hand\"", "\"target host\"");
    change(a, "hostname", NULL, "\"pg-target.example.com\"");
    strings_add(&a->disruptions, "VDB orders-dev is disabled during this update");

    a = add(p, VERB_CREATE, &kind_vdb, "VDB/orders-dev", "it is not in DCT");
    place(a, "/etc/dctd/manifests/teams/orders/vdbs.yaml", 3);
    change(a, "source.dSource", NULL, "orders");
    change(a, "environment", NULL, "pg-target");
    change(a, "postgresql.port", NULL, "5434");
    action_needs(p, 4, 3);
    a->not_before = 1763820245000;
    a->error = xstrdup("DCT answered 503: \"busy\"\n\tretry later");

    a = add(p, VERB_REPLACE, &kind_vdb, "VDB/orders-qa", "the environment cannot be changed");
    place(a, "/etc/dctd/manifests/teams/orders/vdbs.yaml", 31);
    change(a, "environment", "pg-target", "pg-target-2")->create_only = true;
    struct change *c = change(a, "source.dSource", "orders", "orders-masked");
    c->create_only = true;
    c->why = WHY_DRIFT;
    strings_add(&a->disruptions, "VDB orders-qa is deleted, and what was written into it is lost");

    add(p, VERB_SNAPSHOT, &kind_vdb, "VDB/orders-base",
        "VDB orders-child is provisioned from it and it has no snapshot yet");
    a = add(p, VERB_DELETE, &kind_vdb, "VDB/orders-old", "its manifest is gone");
    a->id = xstrdup("1-APPDATA_CONTAINER-9");
    add(p, VERB_FORGET, &kind_engine, "Engine/ce-west",
        "its manifest is gone and deletion is orphan");

    a = add(p, VERB_UPDATE, &kind_dsource, "DSource/orders", "the manifest changed");
    place(a, "/etc/dctd/manifests/teams/orders/dsource.yaml", 7);
    change(a, "postgresql.port", "5433", "5435");
    block(p, a,
          "the source config is linked to an active dSource, and DCT changes the port of a linked "
          "source config only after it was unlinked");
    a = add(p, VERB_NONE, &kind_vdb, "VDB/orders-child",
            "a create was sent at 14:04, its outcome "
            "is not known yet");
    a->state = A_JOB;
    strings_add(&p->notes, "prune is off: 2 owned objects have no manifest and stay");
    p->managed = 14;
    p->in_sync = 6;
}

static void every_verb_is_shown_with_its_reason_fields_and_place(void **state)
{
    (void)state;
    OWNED(plan) p = plan_new();

    every_verb(p);
    check_renderings(p, "verbs");
}

static void long_texts_are_wrapped_and_hostile_ones_harmless(void **state)
{
    (void)state;
    OWNED(plan) p = plan_new();
    struct action *a = add(p, VERB_UPDATE, &kind_vdb,
                           "VDB/a-name-that-is-so-long-that-no-column-could-be-made-wide-enough",
                           "the manifest changed since it was applied, and this is told in so many "
                           "words that they need more than one line to be said");

    place(a, "a/very/long/way/into/the/tree/of/manifests/of/a/very/large/company/vdbs.yaml", 4711);
    change(a, "description",
           "\"an old description that goes on and on, and then goes on for a while\"",
           "\"a new description that goes on and on, but in another direction\"");
    change(a, "postgresql.settings", "{}", NULL);
    a = add(p, VERB_UPDATE, &kind_environment, "Environment/größer-als-üblich",
            "Größe und Maß sind verschieden");
    place(a, "b/env.yaml", 1);
    drift(a, "description", "\"ä\"", "\"ö\"");
    a = add(p, VERB_CREATE, &kind_vdb, "VDB/<b>|`x`|@all", "it *is* not\n<DCT> | \033[31mred #1");
    place(a, "b/env.yaml", 2);
    change(a, "description", NULL, "\"```\\n</details>\"");
    strings_add(&p->notes, "a note that is too long for one line because it has to explain that "
                           "something could not be judged, and why that is so");
    p->unknown = true;
    check_renderings(p, "long");
}

static void nothing_to_do_is_said_in_one_line(void **state)
{
    (void)state;
    OWNED(plan) p = plan_new();

    p->managed = p->in_sync = 12;
    check_renderings(p, "nothing");
}

static void check_summary(const struct plan *p, const char *expected)
{
    struct buf out = BUF_WITH_LIMIT(4096);

    plan_summary(p, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_clear(&out);
}

static void the_summary_says_what_is_known(void **state)
{
    (void)state;
    check_summary(&(struct plan){ 0 }, "No changes. The manifests declare no objects.");
    check_summary(&(struct plan){ .managed = 1, .in_sync = 1 },
                  "No changes. 1 object matches DCT.");
    check_summary(&(struct plan){ .managed = 3, .in_sync = 2 },
                  "No changes. 2 of 3 objects match DCT.");
    check_summary(&(struct plan){ .managed = 3, .in_sync = 3, .unknown = true },
                  "Unknown: not everything could be observed, so it cannot be said whether DCT "
                  "matches.");
    check_summary(&(struct plan){ .by_verb = { [VERB_CREATE] = 3, [VERB_DELETE] = 1 } },
                  "Plan: 3 to create, 1 to delete.");
    check_summary(&(struct plan){ .by_verb = { [VERB_NONE] = 1, [VERB_UPDATE] = 2 } },
                  "Plan: 1 to finish, 2 to update.");
    check_summary(&(struct plan){ .blocked = 2 }, "Plan: 2 blocked.");
    check_summary(&(struct plan){ .by_verb = { [VERB_UPDATE] = 1 }, .blocked = 1, .unknown = true },
                  "Plan: 1 to update, 1 blocked. Not everything could be observed.");
}

/* Without its colours the text is what it is without colour. */
static void colours_change_nothing_but_colour(void **state)
{
    (void)state;
    OWNED(plan) p = plan_new();
    struct buf plain = BUF_WITH_LIMIT(GOLDEN_MAX), colour = plain, stripped = plain;

    every_verb(p);
    plan_text(p, false, NULL, &plain);
    plan_text(p, true, NULL, &colour);
    assert_null(strchr(buf_text(&plain), '\033'));
    assert_non_null(strstr(buf_text(&colour), "\033[32m+\033[0m"));
    for (const char *s = buf_text(&colour); *s; s++) {
        if (*s == '\033')
            s += strcspn(s, "m");
        else
            buf_add(&stripped, s, 1);
    }
    assert_string_equal(buf_text(&stripped), buf_text(&plain));
    buf_clear(&plain);
    buf_clear(&colour);
    buf_clear(&stripped);
}

static void check_moment(msec at, const char *expected)
{
    OWNED(plan) p = plan_new();
    struct buf out = BUF_WITH_LIMIT(4096);
    char *line = xasprintf("      not before %s\n", expected);

    add(p, VERB_CREATE, &kind_vdb, "VDB/a", "it is not in DCT")->not_before = at;
    plan_text(p, false, "24ca08b2ad10077f", &out);
    assert_non_null(strstr(buf_text(&out), line));
    buf_clear(&out);
    free(line);
}

static void moments_follow_the_calendar(void **state)
{
    (void)state;
    check_moment(1, "1970-01-01T00:00:00Z");
    check_moment(951782400000, "2000-02-29T00:00:00Z");
    check_moment(1709164799999, "2024-02-28T23:59:59Z");
    check_moment(1709251200000, "2024-03-01T00:00:00Z");
    check_moment(4107542400000, "2100-03-01T00:00:00Z");
    check_moment(1798761599000, "2026-12-31T23:59:59Z");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_is_shown_with_its_reason_fields_and_place),
        cmocka_unit_test(long_texts_are_wrapped_and_hostile_ones_harmless),
        cmocka_unit_test(nothing_to_do_is_said_in_one_line),
        cmocka_unit_test(the_summary_says_what_is_known),
        cmocka_unit_test(colours_change_nothing_but_colour),
        cmocka_unit_test(moments_follow_the_calendar),
    };

    writing = argc > 1 && strcmp(argv[1], "--write") == 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
