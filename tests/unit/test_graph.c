/* Who needs whom: as a tree, for graphviz and as a drawing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/graph_layout.h"

enum { TEXT_MAX = 64 << 20 };

static const char estate[] =
    "{\"nodes\": ["
    "{\"key\": \"VDB/dev\", \"kind\": \"VDB\", \"name\": \"dev\", \"state\": \"failed\"},"
    "{\"key\": \"Engine/e\", \"kind\": \"Engine\", \"name\": \"e\", \"state\": \"ready\"},"
    "{\"key\": \"Environment/s\", \"kind\": \"Environment\", \"name\": \"s\", \"state\": \"ready\"},"
    "{\"key\": \"Environment/t\", \"kind\": \"Environment\", \"name\": \"t\", \"state\": \"ready\"},"
    "{\"key\": \"Environment/u\", \"kind\": \"Environment\", \"name\": \"u\", \"state\": \"ready\"},"
    "{\"key\": \"DSource/o\", \"kind\": \"DSource\", \"name\": \"o\", \"state\": \"working\"}],"
    "\"edges\": ["
    "{\"from\": \"Environment/s\", \"to\": \"Engine/e\"},"
    "{\"from\": \"Environment/t\", \"to\": \"Engine/e\"},"
    "{\"from\": \"Environment/u\", \"to\": \"Engine/e\"},"
    "{\"from\": \"DSource/o\", \"to\": \"Environment/s\"},"
    "{\"from\": \"DSource/o\", \"to\": \"Environment/s\"},"
    "{\"from\": \"VDB/dev\", \"to\": \"DSource/o\"},"
    "{\"from\": \"VDB/dev\", \"to\": \"Environment/t\"}]}";

static struct graph *graph_of(const char *json)
{
    cJSON *v = json_parse(json, strlen(json), NULL);
    struct graph *g = graph_new(v);

    assert_non_null(v);
    cJSON_Delete(v);
    return g;
}

static void check_text(const char *json, const char *around, const char *wanted)
{
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    OWNED(graph) g = graph_of(json);

    if (around)
        assert_true(graph_around(g, around));
    graph_text(g, false, &out);
    assert_string_equal(buf_text(&out), wanted);
    buf_clear(&out);
}

static void every_object_is_in_the_tree_once(void **state)
{
    (void)state;
    check_text(estate, NULL,
               "Engine/e  ready\n"
               "├─ Environment/s  ready\n"
               "│  └─ DSource/o  working\n"
               "│     └─ VDB/dev  failed  (needs Environment/t)\n"
               "├─ Environment/t  ready\n"
               "└─ Environment/u  ready\n");
}

static void one_object_shows_what_it_needs_and_what_needs_it(void **state)
{
    (void)state;
    check_text(estate, "Environment/t",
               "Engine/e  ready\n"
               "└─ Environment/t  ready\n"
               "   └─ VDB/dev  failed\n");
    check_text(estate, "VDB/dev",
               "Engine/e  ready\n"
               "├─ Environment/s  ready\n"
               "│  └─ DSource/o  working\n"
               "│     └─ VDB/dev  failed  (needs Environment/t)\n"
               "└─ Environment/t  ready\n");
}

static void an_unknown_object_is_refused_and_a_near_one_named(void **state)
{
    (void)state;
    OWNED(graph) g = graph_of(estate);

    assert_false(graph_around(g, "VDB/dve"));
    assert_string_equal(graph_near(g, "VDB/dve"), "VDB/dev");
    assert_int_equal(g->n, 6);
}

static void an_edge_that_others_imply_is_left_out_of_drawings(void **state)
{
    (void)state;
    OWNED(graph)
    g = graph_of(
        "{\"nodes\": [{\"key\": \"A\"}, {\"key\": \"B\"}, {\"key\": \"C\"}, {\"key\": \"D\"}],"
        "\"edges\": [{\"from\": \"B\", \"to\": \"A\"}, {\"from\": \"C\", \"to\": \"B\"},"
        "{\"from\": \"C\", \"to\": \"A\"}, {\"from\": \"D\", \"to\": \"A\"},"
        "{\"from\": \"D\", \"to\": \"B\"}, {\"from\": \"D\", \"to\": \"C\"}]}");

    graph_reduce(g);
    assert_int_equal(g->nodes[0].n_needed, 1);
    assert_int_equal(g->nodes[3].n_needs, 1);
    assert_string_equal(g->nodes[g->nodes[3].needs[0]].key, "C");
    assert_int_equal(g->nodes[2].n_needs, 1);
}

static void loops_and_edges_to_nowhere_harm_nobody(void **state)
{
    (void)state;
    static const char loop[] =
        "{\"nodes\": [{\"key\": \"A/a\"}, {\"key\": \"A/b\"}, {\"key\": \"A/c\"}, {}, 7, {\"key\": \"A/a\"}],"
        "\"edges\": [{\"from\": \"A/a\", \"to\": \"A/b\"}, {\"from\": \"A/b\", \"to\": \"A/a\"},"
        "{\"from\": \"A/c\", \"to\": \"A/a\"}, {\"from\": \"A/c\", \"to\": \"A/c\"},"
        "{\"from\": \"A/c\", \"to\": \"A/gone\"}, {}, 3]}";
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    OWNED(graph) g = graph_of(loop);

    assert_int_equal(g->n, 4);
    graph_reduce(g);
    graph_text(g, false, &out);
    assert_non_null(strstr(buf_text(&out), "A/a"));
    graph_dot(g, &out);
    graph_svg(g, &out);
    assert_non_null(strstr(buf_text(&out), "</svg>"));
    buf_clear(&out);
    check_text("{}", NULL, "");
    check_text("[]", NULL, "");
}

static void dot_quotes_names(void **state)
{
    (void)state;
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    OWNED(graph)
    g = graph_of("{\"nodes\": [{\"key\": \"VDB/a\\\"\\\\\\n\", \"kind\": \"VDB\","
                 "\"name\": \"a\\\"\\\\\\n\", \"state\": \"ready\"}]}");

    graph_dot(g, &out);
    assert_non_null(strstr(buf_text(&out), "\"VDB/a\\\"\\\\ \" [label=\"VDB\\na\\\"\\\\ \""));
    buf_clear(&out);
}

/* Whatever bytes a name has: the drawing is XML. */
static void names_are_escaped_in_the_drawing(void **state)
{
    (void)state;
    static const char json[] =
        "{\"nodes\": [{\"key\": \"VDB/x\", \"kind\": \"VDB\", \"state\": \"ready\","
        "\"name\": \"<a> & \\\"b\\\" \\u0001 \xff\xc3 \xed\xa0\x80 \xef\xbf\xbf ü 東\"}]}";
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    OWNED(graph) g = graph_of(json);

    graph_svg(g, &out);
    assert_non_null(strstr(buf_text(&out),
                           "&lt;a&gt; &amp; &quot;b&quot; \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd "
                           "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "));
    assert_non_null(strstr(buf_text(&out), " ü 東</text>"));
    buf_clear(&out);
}

static void a_long_name_is_cut_in_its_box_and_whole_in_its_title(void **state)
{
    (void)state;
    struct buf out = BUF_WITH_LIMIT(TEXT_MAX);
    char name[101], json[400];

    memset(name, 'n', 100);
    name[100] = '\0';
    (void)snprintf(json, sizeof(json), "{\"nodes\": [{\"key\": \"VDB/%s\", \"name\": \"%s\"}]}",
                   name, name);
    OWNED(graph) g = graph_of(json);
    graph_svg(g, &out);
    name[48] = '\0';
    char *cut = xasprintf(">%s…</text>", name);
    assert_non_null(strstr(buf_text(&out), cut));
    free(cut);
    buf_clear(&out);
}

/* Five layers of four, each node needing two of the layer before and one of the first. */
static struct graph *lattice(void)
{
    struct buf json = BUF_WITH_LIMIT(TEXT_MAX);

    buf_puts(&json, "{\"nodes\": [");
    for (unsigned i = 0; i < 20; i++)
        buf_printf(&json, "%s{\"key\": \"K/%02u\", \"name\": \"n\"}", i ? "," : "", i);
    buf_puts(&json, "], \"edges\": [{}");
    for (unsigned i = 4; i < 20; i++)
        buf_printf(&json,
                   ",{\"from\": \"K/%02u\", \"to\": \"K/%02u\"},{\"from\": \"K/%02u\", \"to\": "
                   "\"K/%02u\"},{\"from\": \"K/%02u\", \"to\": \"K/%02u\"}",
                   i, i - 4, i, i / 4 * 4 - 4 + (i + 1) % 4, i, i % 4);
    buf_puts(&json, "]}");
    struct graph *g = graph_of(buf_text(&json));
    buf_clear(&json);
    return g;
}

static void boxes_do_not_overlap_and_edges_go_to_the_right(void **state)
{
    (void)state;
    OWNED(graph) g = lattice();
    OWNED(layout) l = layout_new(g);

    assert_int_equal(l->n_layers, 5);
    for (size_t k = 0; k < l->n_layers; k++) {
        for (size_t i = 1; i < l->sizes[k]; i++) {
            const struct place *a = &l->places[l->layers[k][i - 1]];
            const struct place *b = &l->places[l->layers[k][i]];
            assert_true(b->y - a->y >= (a->height + b->height) / 2 + LAYOUT_GAP - 0.001);
        }
    }
    for (size_t i = 0; i < l->n; i++) {
        assert_true(l->places[i].y >= 0 && l->places[i].y <= l->height);
        for (size_t k = 0; k < l->places[i].n_right; k++)
            assert_int_equal(l->places[l->places[i].right[k]].layer, l->places[i].layer + 1);
    }
}

static void a_deep_chain_is_no_burden(void **state)
{
    (void)state;
    struct buf json = BUF_WITH_LIMIT(TEXT_MAX), out = BUF_WITH_LIMIT(TEXT_MAX);

    buf_puts(&json, "{\"nodes\": [{\"key\": \"K/000\"}");
    for (unsigned i = 1; i < 500; i++)
        buf_printf(&json, ",{\"key\": \"K/%03u\"}", i);
    buf_puts(&json, "], \"edges\": [{}");
    for (unsigned i = 1; i < 500; i++)
        buf_printf(&json, ",{\"from\": \"K/%03u\", \"to\": \"K/%03u\"}", i, i - 1);
    buf_puts(&json, "]}");
    OWNED(graph) g = graph_of(buf_text(&json));
    assert_int_equal(g->nodes[499].layer, 499);
    graph_text(g, false, &out);
    assert_non_null(strstr(buf_text(&out), "└─ K/499"));
    buf_clear(&json);
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_object_is_in_the_tree_once),
        cmocka_unit_test(one_object_shows_what_it_needs_and_what_needs_it),
        cmocka_unit_test(an_unknown_object_is_refused_and_a_near_one_named),
        cmocka_unit_test(an_edge_that_others_imply_is_left_out_of_drawings),
        cmocka_unit_test(loops_and_edges_to_nowhere_harm_nobody),
        cmocka_unit_test(dot_quotes_names),
        cmocka_unit_test(names_are_escaped_in_the_drawing),
        cmocka_unit_test(a_long_name_is_cut_in_its_box_and_whole_in_its_title),
        cmocka_unit_test(boxes_do_not_overlap_and_edges_go_to_the_right),
        cmocka_unit_test(a_deep_chain_is_no_burden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
