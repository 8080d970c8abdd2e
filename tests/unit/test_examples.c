/* Every example is right: it parses without a finding, nothing in it refers to
 * what is not there, and the files that it names exist. */
#include "schema/set.h"

#include <ftw.h>
#include <libgen.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schema/json.h"

enum { UNITS_MAX = 64, OPEN_FOLDERS = 8 };

/* The files of one example; nftw() hands its callback no pointer. */
static struct unit *units[UNITS_MAX];
static size_t n_units;

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "re");
    struct buf text = BUF_WITH_LIMIT(MANIFEST_MAX);
    char part[4096];

    if (!f)
        return NULL;
    while ((*n = fread(part, 1, sizeof(part), f)) > 0)
        assert_true(buf_add(&text, part, *n));
    assert_int_equal(fclose(f), 0);
    *n = text.n;
    return buf_take(&text);
}

static void no_findings(const struct diags *d)
{
    struct buf out = BUF_WITH_LIMIT(65536);

    diags_print(d, &out);
    if (out.n)
        fail_msg("%s", buf_text(&out));
    buf_clear(&out);
}

static int parse_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    const char *dot = strrchr(path, '.');
    size_t n;

    (void)st;
    (void)ftw;
    if (type != FTW_F || !streq(dot, ".yaml"))
        return 0;
    assert_true(n_units < UNITS_MAX);

    char *text = read_file(path, &n);
    units[n_units] = unit_parse(path, text, n);
    free(text);
    assert_false(units[n_units]->broken);
    no_findings(&units[n_units++]->diags);
    return 0;
}

static struct set *load(const char *folder)
{
    n_units = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
    assert_int_equal(nftw(folder, parse_one, OPEN_FOLDERS, FTW_PHYS), 0);

    struct set *s = set_build(units, n_units);

    for (size_t i = 0; i < n_units; i++)
        unit_free(units[i]);
    no_findings(&s->diags);
    assert_true(s->complete);
    return s;
}

static size_t count(const struct set *s, enum kind kind)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        n += s->items[i].object->kind->kind == kind;
    return n;
}

/* `name` is relative to the manifest. */
static char *beside(const struct object *o, const char *name)
{
    char *manifest = xstrdup(o->pos.file);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
    char *path = xasprintf("%s/%s", dirname(manifest), name);

    free(manifest);
    return path;
}

static void check_files(const struct set *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct object *o = s->items[i].object;

        for (size_t row = 0; row < o->kind->table.n; row++) {
            const struct value *v = &o->values[row];
            enum field_type type = o->kind->table.rows[row].type;
            struct secret_ref ref;
            const char *name = NULL;

            if (v->state != V_SET)
                continue;
            if (type == F_FILE)
                name = v->s;
            else if (type == F_SECRET && secret_ref_of(v->json, &ref) && ref.source == SECRET_FILE)
                name = ref.name;
            if (!name)
                continue;

            char *path = beside(o, name);

            if (access(path, R_OK) != 0)
                fail_msg("%s names %s, which is not there", s->items[i].key, path);
            free(path);
        }
    }
}

/* What shares a host and a port; both rows are wanted to be set. */
static bool same_place(const struct object *a, const struct object *b)
{
    static const char *const host[KINDS] = {
        [KIND_DSOURCE] = "stagingEnvironment", [KIND_VDB] = "environment"
    };
    const char *here = host[a->kind->kind], *there = host[b->kind->kind];

    return here && there && streq(object_text(a, here), object_text(b, there)) &&
           object_value(a, "postgresql.port")->i == object_value(b, "postgresql.port")->i;
}

static void check_ports(const struct set *s)
{
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (same_place(s->items[i].object, s->items[k].object))
                fail_msg("%s and %s share a port", s->items[i].key, s->items[k].key);
        }
    }
}

static void test_quickstart_has_one_of_each_kind(void **state)
{
    OWNED(set) s = load("examples/quickstart/manifests");

    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        assert_int_equal(count(s, (enum kind)kind), kind == KIND_ENVIRONMENT ? 2 : 1);
    check_files(s);
    check_ports(s);
}

static void test_topology_is_whole(void **state)
{
    static const size_t expected[KINDS] = {
        [KIND_ENGINE] = 2,        [KIND_CONNECTOR] = 2, [KIND_ENVIRONMENT] = 6,
        [KIND_SOURCE_CONFIG] = 4, [KIND_DSOURCE] = 4,   [KIND_VDB] = 12,
    };
    OWNED(set) s = load("examples/topology/manifests");

    (void)state;
    for (int kind = 0; kind < KINDS; kind++)
        assert_int_equal(count(s, (enum kind)kind), expected[kind]);
    check_files(s);
    check_ports(s);
}

static void test_gitops_is_a_repository_of_manifests(void **state)
{
    OWNED(set) s = load("examples/gitops/repository/prod");

    (void)state;
    assert_int_equal(count(s, KIND_ENGINE), 1);
    assert_int_equal(count(s, KIND_ENVIRONMENT), 1);
}

static void test_every_object_has_its_engine(void **state)
{
    OWNED(set) s = load("examples/topology/manifests");

    (void)state;
    for (size_t i = 0; i < s->n; i++) {
        if (s->items[i].object->kind->kind != KIND_ENGINE)
            assert_non_null(s->items[i].engine);
    }
    assert_string_equal(set_find(s, "VDB/crm-dev-next")->engine, "ce-west");
    assert_non_null(set_find(s, "Connector/postgresql@ce-east"));
}

static void test_the_connector_has_the_members_of_a_real_one(void **state)
{
    static const char *const members[] = {
        "pluginId",
        "name",
        "externalVersion",
        "buildNumber",
        "buildApi.major",
        "engineApi.major",
        "language",
        "hostTypes[0]",
        "entryPoint",
        "sourceCode",
        "discoveryDefinition.repositorySchema.properties",
        "linkedSourceDefinition.parameters.properties.postgresPort",
        "virtualSourceDefinition.parameters.properties.postgresPort",
        "snapshotParametersDefinition.schema.properties.resync",
        "snapshotSchema.properties",
        "manifest.migrationIdList",
    };
    static const char file[] = "manifests/connectors/postgresql.json";
    size_t n = 0, other_n = 0, at;

    (void)state;
    char *text = read_file("examples/quickstart/manifests/connectors/postgresql.json", &n);
    char *other = read_file("examples/topology/manifests/connectors/postgresql.json", &other_n);

    assert_non_null(text);
    assert_non_null(other);
    if (!streq(text, other))
        fail_msg("the two examples have different files %s", file);

    cJSON *artifact = json_parse(text, n, &at);

    assert_non_null(artifact);
    assert_string_equal(json_text(artifact, "type"), "Plugin");
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!json_at(artifact, members[i]))
            fail_msg("%s has no %s", file, members[i]);
    }
    cJSON_Delete(artifact);
    free(other);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quickstart_has_one_of_each_kind),
        cmocka_unit_test(test_topology_is_whole),
        cmocka_unit_test(test_gitops_is_a_repository_of_manifests),
        cmocka_unit_test(test_every_object_has_its_engine),
        cmocka_unit_test(test_the_connector_has_the_members_of_a_real_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
