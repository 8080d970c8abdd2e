/* Manifest files to objects: every type, what is refused, and that no bytes
 * whatever can hurt. */
#include "schema/set.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/ignore.h"
#include "schema/read.h"

static struct unit *parse(const char *text)
{
    return unit_parse("a.yaml", text, strlen(text));
}

static const char dsource[] =
    "apiVersion: dct/v1\n"
    "kind: DSource\n"
    "metadata: {name: orders, tags: {team: [a, b], tier: 1}, movedFrom: old-orders}\n"
    "spec:\n"
    "  sourceConfig: orders\n"
    "  group: Untitled\n"
    "  environmentUser: postgres\n"
    "  postgresql:\n"
    "    port: 5433\n"
    "    mountLocation: /mnt/delphix/orders\n"
    "    initiatedBackup:\n"
    "      {host: db, port: 5432, username: delphix, password: {credential: orders-db}}\n"
    "    settings: {max_connections: 200, log_statement: null, fsync: off}\n"
    "  hooks:\n"
    "    opsPreSync:\n"
    "      - {name: quiet, command: 'true', credentialsEnvVars: [{baseVarName: X, password: {env: "
    "P}}]}\n"
    "policy: {mode: warn, adoptId: 1-APPDATA_CONTAINER-7, deletion: orphan, protect: true,\n"
    "  replace: allow, ignore: [/spec/description, /metadata/tags, /spec/postgresql],\n"
    "  suspend: {reason: INC-1, until: 2026-12-01}}\n";

static void check_json(const struct object *o, const char *row, const char *expected)
{
    const struct value *v = object_value(o, row);

    assert_int_equal(v->state, V_SET);
    char *text = cJSON_PrintUnformatted(v->json);
    assert_string_equal(text, expected);
    free(text);
}

static void values_are_spelled_as_the_api_spells_them(void **state)
{
    OWNED(unit) u = parse(dsource);

    (void)state;
    assert_int_equal(u->diags.all, 0);
    assert_int_equal(u->n, 1);
    const struct object *o = u->objects[0];
    assert_string_equal(o->name, "orders");
    assert_string_equal(object_text(o, "metadata.name"), "orders");
    assert_string_equal(o->moved_from, "old-orders");
    assert_string_equal(object_text(o, "sourceConfig"), "orders");
    assert_int_equal(object_value(o, "postgresql.port")->i, 5433);
    assert_int_equal(object_value(o, "postgresql.port")->pos.line, 9);
    assert_int_equal(object_value(o, "postgresql")->state, V_SET);
    assert_null(object_value(o, "postgresql")->s);
    assert_int_equal(object_value(o, "postgresql.stagingPush")->state, V_ABSENT);
    check_json(o, "metadata.tags",
               "[{\"key\":\"team\",\"value\":\"a\"},{\"key\":\"team\",\"value\":\"b\"},"
               "{\"key\":\"tier\",\"value\":\"1\"}]");
    check_json(o, "postgresql.initiatedBackup.password",
               "{\"$secret\":{\"credential\":\"orders-db\"}}");
    check_json(o, "postgresql.settings",
               "[{\"propertyName\":\"max_connections\",\"value\":\"200\","
               "\"commentProperty\":false},"
               "{\"propertyName\":\"log_statement\",\"value\":\"\",\"commentProperty\":true},"
               "{\"propertyName\":\"fsync\",\"value\":\"off\",\"commentProperty\":false}]");
    check_json(o, "hooks.opsPreSync",
               "[{\"name\":\"quiet\",\"command\":\"true\",\"credentials_env_vars\":"
               "[{\"base_var_name\":\"X\",\"password\":{\"$secret\":{\"env\":\"P\"}}}]}]");
}

static void the_policy_block_is_read(void **state)
{
    OWNED(unit) u = parse(dsource);
    const struct policy *p = &u->objects[0]->policy;

    (void)state;
    assert_int_equal(p->mode, MODE_WARN);
    assert_int_equal(p->adopt, ADOPT_MUST_EXIST);
    assert_string_equal(p->adopt_id, "1-APPDATA_CONTAINER-7");
    assert_int_equal(p->deletion, DELETION_ORPHAN);
    assert_true(p->protect);
    assert_true(p->replace_allowed);
    assert_int_equal(p->ignore.n, 3);
    assert_true(strings_has(&p->ignore, "description"));
    assert_true(strings_has(&p->ignore, "metadata.tags"));
    assert_true(strings_has(&p->ignore, "postgresql"));
    assert_true(p->suspended);
    assert_string_equal(p->suspend_reason, "INC-1");
    assert_int_equal(p->suspend_until, INT64_C(1796083200000));
}

static void a_part_that_is_ignored_is_apart_from_what_is_compared(void **state)
{
    OWNED(unit)
    u = parse("apiVersion: dct/v1\nkind: VDB\n"
              "metadata: {name: a, tags: {team: [a, b], a/b: c, tier: 1}}\n"
              "spec:\n  source: {bookmark: b}\n  parameters: {x: {y: 1, '~': 2}}\n"
              "  description: words\n"
              "policy: {ignore: [/metadata/tags/team, /metadata/tags/a~1b, /metadata/tags/none,\n"
              "  /spec/parameters/x/~0, /spec/description]}\n");
    const struct object *o = u->objects[0];
    size_t tags = kind_row(o->kind, "metadata.tags"),
           description = kind_row(o->kind, "description");

    (void)state;
    assert_int_equal(u->diags.all, 0);
    check_json(o, "metadata.tags", "[{\"key\":\"tier\",\"value\":\"1\"}]");
    assert_int_equal(cJSON_GetArraySize(object_made(o, tags)->json), 4);
    check_json(o, "parameters", "{\"x\":{\"y\":1}}");
    assert_ptr_equal(object_made(o, description), &o->values[description]);
    assert_true(row_ignored(o, &o->kind->table.rows[description]));
    assert_false(row_ignored(o, &o->kind->table.rows[tags]));
    assert_true(tag_ignored(o, "team") && tag_ignored(o, "a/b") && tag_ignored(o, "none"));
    assert_false(tag_ignored(o, "tier") || tag_ignored(o, "tea") || tag_ignored(o, ""));
}

static void without_a_policy_block_nothing_is_allowed(void **state)
{
    OWNED(unit)
    u = parse("apiVersion: dct/v1\nkind: VDB\nmetadata: {name: a}\n"
              "spec: {source: {bookmark: b}, pointInTime: latest}\n");
    const struct policy *p = &u->objects[0]->policy;

    (void)state;
    assert_int_equal(u->diags.all, 0);
    assert_int_equal(p->mode, MODE_ENFORCE);
    assert_int_equal(p->adopt, ADOPT_NEVER);
    assert_int_equal(p->deletion, DELETION_DEFAULT);
    assert_false(p->protect || p->replace_allowed || p->suspended);
    assert_string_equal(object_value(u->objects[0], "pointInTime")->s, "latest");
}

static void an_object_with_findings_is_left_out_but_named(void **state)
{
    OWNED(unit)
    u = parse("apiVersion: dct/v1\nkind: VDB\nmetadata: {name: bad}\n"
              "spec: {source: {bookmark: b}, prot: 5}\n---\n"
              "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: twice}\n"
              "spec: {source: {bookmark: b}, source: {bookmark: c}}\n---\n"
              "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: good}\n"
              "spec: {source: {bookmark: b}}\n");

    (void)state;
    assert_false(u->broken);
    assert_int_equal(u->n, 1);
    assert_string_equal(u->objects[0]->name, "good");
    assert_int_equal(u->left_out.n, 2);
    assert_true(strings_has(&u->left_out, "VDB/bad"));
    assert_true(strings_has(&u->left_out, "VDB/twice"));
}

static void what_cannot_be_identified_breaks_the_unit(void **state)
{
    static const char *const texts[] = {
        "apiVersion: dct/v1\nkind: Vdb\nmetadata: {name: a}\nspec: {}\n",
        "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: }\nspec: {}\n",
        "apiVersion: dct/v1\nkind: VDB\nmetadata: a\nspec: {}\n",
        "apiVersion: dct/v1\nkind: VDB\nspec: {}\n",
        "apiVersion: dct/v1\nmetadata: {name: a}\nspec: {}\n",
        "- a\n",
        "a: [\n",
        "",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        OWNED(unit) u = parse(texts[i]);
        assert_true(u->broken);
        assert_true(u->diags.errors > 0);
        assert_int_equal(u->n, 0);
    }
}

static void moments_are_those_that_exist(void **state)
{
    static const struct {
        const char *text;
        msec at;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2026-12-01T08:30:00.25Z", INT64_C(1796113800250) },
        { "2026-12-01t10:30:00+02:00", INT64_C(1796113800000) },
        { "2024-02-29T23:59:60-00:00", INT64_C(1709251200000) },
        { "1969-12-31T23:59:59.1239Z", -877 },
    };
    static const char *const bad[] = {
        "",
        "2026-12-01",
        "2026-12-01 08:30:00Z",
        "2026-12-01T08:30:00",
        "2026-12-01T08:30Z",
        "2026-13-01T08:30:00Z",
        "2025-02-29T08:30:00Z",
        "2026-12-01T24:30:00Z",
        "2026-12-01T08:30:00.Z",
        "2026-12-01T08:30:00+2:00",
        "2026-12-01T08:30:00+02:00x",
        "2026-12-01T08:30:00Zx",
        "0000-12-01T08:30:00Z",
        "2026-1a-01T08:30:00Z",
        "20261-12-01T08:30:00Z",
    };
    msec at;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(time_parse(good[i].text, &at));
        assert_int_equal(at, good[i].at);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(time_parse(bad[i], &at));
    assert_true(date_parse("2026-12-01", &at));
    assert_int_equal(at, INT64_C(1796083200000));
    assert_false(date_parse("2026-12-01T", &at));
    assert_false(date_parse("2026-12-0", &at));
}

/* A table of our own: types and flags that no kind happens to use, read as the
 * configuration file is. */
static const char *const words[] = { "plain", "fancy", NULL };
static const struct field own_rows[] = {
    { .yaml = "name", .type = F_STRING, .flags = REQUIRED, .pattern = "[a-z]+" },
    { .yaml = "labels", .type = F_MAP, .flags = CLEARABLE },
    { .yaml = "raw", .type = F_JSON },
    { .yaml = "look", .type = F_ENUM, .words = words, .flags = CLEARABLE },
    { .yaml = "list", .type = F_STRINGS, .min = 1, .max = 2 },
    { .yaml = "outer.inner.n", .type = F_INTEGER, .min = -5, .max = 5 },
    { .yaml = "block", .type = F_BLOCK, .flags = CLEARABLE },
    { .yaml = "block.must", .type = F_BOOLEAN, .flags = REQUIRED },
    { .yaml = "fact", .type = F_STRING, .flags = FACT },
};
static const struct table own = { own_rows, ARRAY_LEN(own_rows) };

enum {
    OWN_NAME,
    OWN_LABELS,
    OWN_RAW,
    OWN_LOOK,
    OWN_LIST,
    OWN_N,
    OWN_BLOCK,
    OWN_MUST,
    OWN_ROWS = 9
};

/* True if there was no finding; `said` gets the first one. */
static bool read_own(const char *text, struct value *values, char **said)
{
    struct diags d = { 0 };
    OWNED(yaml_file) y = yaml_file_parse("c.yaml", text, strlen(text), &d);

    assert_int_equal(y->n_docs, 1);
    bool ok = read_table(y, y->docs[0], y->docs[0]->pos, own, "the file", values);
    assert_int_equal(ok, d.errors == 0);
    *said = d.n ? xstrdup(d.items[0].text) : NULL;
    diags_clear(&d);
    return ok;
}

static void any_table_can_be_read(void **state)
{
    struct value values[OWN_ROWS] = { 0 };
    char *said;

    (void)state;
    assert_true(read_own("name: abc\nlabels: {a: b, c: 1}\n"
                         "raw: {i: 5, f: 1.5, t: true, z: null, s: '5', l: [x, {y: 1}]}\n"
                         "look: null\nlist: [a]\nouter: {inner: {n: -5}}\nblock: null\n",
                         values, &said));
    char *labels = cJSON_PrintUnformatted(values[OWN_LABELS].json);
    char *raw = cJSON_PrintUnformatted(values[OWN_RAW].json);
    assert_string_equal(labels, "{\"a\":\"b\",\"c\":\"1\"}");
    assert_string_equal(raw, "{\"i\":5,\"f\":1.5,\"t\":true,\"z\":null,\"s\":\"5\","
                             "\"l\":[\"x\",{\"y\":1}]}");
    assert_int_equal(values[OWN_LOOK].state, V_NULL);
    assert_int_equal(values[OWN_BLOCK].state, V_NULL);
    assert_int_equal(values[OWN_N].i, -5);
    assert_int_equal(values[OWN_MUST].state, V_ABSENT);
    free(labels);
    free(raw);
    values_clear(own, values);
}

static void each_mistake_is_told(void **state)
{
    static const struct {
        const char *text, *finding;
    } cases[] = {
        { "{}", "the file needs `name`" },
        { "[]", "the file must be a mapping, not an empty list" },
        { "name: a1", "`name` cannot be `a1`" },
        { "name: [a]", "`name` must be text, not a list" },
        { "name: a\nfact: b", "the file has no field `fact`" },
        { "name: a\nlabels: {a: true}", "`a` must be text, not the word `true`" },
        { "name: a\nlabels: {'': x}", "a name in `labels` is empty" },
        { "name: a\nraw: 5", "`raw` must be a mapping, not the integer `5`" },
        { "name: a\nraw: {n: 12345678901234567890}", "is too long to be kept exactly" },
        { "name: a\nlook: fanci", "`look` must be plain or fancy, not the text `fanci`" },
        { "name: a\nlist: []", "`list` must have 1 to 2 items, not 0" },
        { "name: a\nlist: a", "`list` must be a list, not the text `a`" },
        { "name: a\nlist: [a, [b]]", "`list` must be a list of texts, not a list" },
        { "name: a\nouter: 5", "`outer` must be a mapping, not the integer `5`" },
        { "name: a\nouter: {iner: {}}", "`outer` has no field `iner`" },
        { "name: a\nouter: {inner: {n: 6}}", "`outer.inner.n` must be -5 to 5, not 6" },
        { "name: a\nouter: {inner: {n: 99999999999999999999}}", "must be -5 to 5" },
        { "name: a\nouter.inner: {n: 5}", "the file has no field `outer.inner`" },
        { "name: a\nblock: {}", "the file needs `block.must`" },
        { "name: a\nblock: {must: null}", "`block.must` cannot be cleared" },
        { "name: a\nblock:", "`block` must be a mapping, not nothing" },
        { "name: a\nlook:", "`look` has no value" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct value values[OWN_ROWS] = { 0 };
        char *said;
        assert_false(read_own(cases[i].text, values, &said));
        if (!said || !strstr(said, cases[i].finding))
            fail_msg("%s: `%s` is not `%s`", cases[i].text, said, cases[i].finding);
        free(said);
        values_clear(own, values);
    }
}

static void check_secret_names(struct table t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].type == F_SECRET && !key_is_suspect(t.rows[i].yaml))
            fail_msg("`%s` does not sound like a secret", t.rows[i].yaml);
        check_secret_names((struct table){ t.rows[i].sub, t.rows[i].n_sub });
    }
}

/* A misspelled or repeated key is quoted without its value by this rule. */
static void every_secret_row_sounds_like_one(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++)
        check_secret_names(kind_desc((enum kind)k)->table);
}

static void thousands_of_unknown_keys_cost_nothing(void **state)
{
    struct buf text = BUF_WITH_LIMIT(MANIFEST_MAX);

    (void)state;
    buf_puts(&text, "apiVersion: dct/v1\nkind: VDB\nmetadata: {name: a}\nspec:\n");
    for (unsigned i = 0; i < 30000; i++)
        buf_printf(&text, "  environmentUser%u: 1\n", i);
    OWNED(unit) u = unit_parse("a.yaml", buf_text(&text), text.n);
    assert_int_equal(u->diags.n, DIAGS_MAX);
    assert_true(u->diags.errors >= 30000);
    buf_clear(&text);
}

/* What any bytes come to: at most findings that can be printed. */
static void take(const char *text, size_t n)
{
    struct buf out = BUF_WITH_LIMIT(1 << 20);
    OWNED(unit) u = unit_parse("fuzz.yaml", text, n);
    OWNED(set) s = set_build(&u, 1);

    diags_print(&s->diags, &out);
    assert_true(!s->complete || s->diags.errors == 0);
    buf_clear(&out);
}

static void every_prefix_is_taken(void **state)
{
    (void)state;
    for (size_t n = 0; n <= strlen(dsource); n++) {
        char *exact = xstrndup(dsource, n); /* its own block, so that a byte beyond is seen */
        take(exact, n);
        free(exact);
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void any_changed_bytes_are_taken(void **state)
{
    static const char sharp[] = "{}[]:,&*!|>'\"%@`#-?\n\t \\~<\xc3\xff";
    uint32_t seed = 2463534242;

    (void)state;
    for (unsigned i = 0; i < 6000; i++) {
        char *text = xstrdup(dsource);
        size_t n = strlen(text);
        for (unsigned k = 0; k <= i % 3; k++) {
            uint32_t r = next_random(&seed);
            text[r % n] =
                (r >> 16) & 1 ? sharp[(r >> 20) % (sizeof(sharp) - 1)] : (char)((r >> 20) & 0xff);
        }
        take(text, n);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_spelled_as_the_api_spells_them),
        cmocka_unit_test(the_policy_block_is_read),
        cmocka_unit_test(a_part_that_is_ignored_is_apart_from_what_is_compared),
        cmocka_unit_test(without_a_policy_block_nothing_is_allowed),
        cmocka_unit_test(an_object_with_findings_is_left_out_but_named),
        cmocka_unit_test(what_cannot_be_identified_breaks_the_unit),
        cmocka_unit_test(moments_are_those_that_exist),
        cmocka_unit_test(any_table_can_be_read),
        cmocka_unit_test(each_mistake_is_told),
        cmocka_unit_test(every_secret_row_sounds_like_one),
        cmocka_unit_test(thousands_of_unknown_keys_cost_nothing),
        cmocka_unit_test(every_prefix_is_taken),
        cmocka_unit_test(any_changed_bytes_are_taken),
    };

    return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
