/* Raw parameters and the connector that they are for: which file they are held
 * against, when that is an error, and what becomes of the secrets in them. */
#include "schema/set.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/plugin.h"

enum { SAID_MAX = 1 << 16 };

#define HEAD "apiVersion: dct/v1\nkind: "
#define DOC  "---\n" HEAD

static const char base[] = HEAD
    "Engine\nmetadata: {name: east}\n"
    "spec: {hostname: h, username: a, password: {env: E}}\n" DOC
    "Environment\nmetadata: {name: host}\n"
    "spec: {engine: east, hostname: h, toolkitPath: /t, username: u, useEnginePublicKey: true}\n";

static const char mongo[] = HEAD "Connector\nmetadata: {name: mongo}\n"
                                 "spec: {file: mongo.json, engines: [east]}\n";
static const char redis[] = HEAD "Connector\nmetadata: {name: redis}\n"
                                 "spec: {file: redis.json, engines: [east]}\n";
static const char elsewhere[] = HEAD "Connector\nmetadata: {name: mongo}\n"
                                     "spec: {file: mongo.json, engines: [west]}\n";

#define ARTIFACT \
    "{\"type\":\"Toolkit\",\"name\":\"t\",\"version\":\"1\",\"hostTypes\":[\"UNIX\"]," \
    "\"virtualSourceDefinition\":{\"parameters\":{\"additionalProperties\":false}}," \
    "\"discoveryDefinition\":{\"sourceConfigSchema\":{\"required\":[\"path\"]}}," \
    "\"snapshotParametersDefinition\":{\"schema\":{\"properties\":{\"resync\":" \
    "{\"type\":\"boolean\"}}}},\"linkedSourceDefinition\":{\"parameters\":"

static const char port_file[] =
    ARTIFACT "{\"additionalProperties\":false,\"properties\":{\"port\":{\"type\":\"integer\"},"
             "\"phrase\":{\"format\":\"password\"}}}}}";
static const char host_file[] =
    ARTIFACT "{\"additionalProperties\":false,\"properties\":{\"host\":{\"type\":\"string\"}}}}}";
static const char empty_file[] = ARTIFACT "{}}}";

struct story {
    const char *repository, *parameters;
    const char *connectors[4], *files[4];
};

static struct unit *connector_unit(const char *name, const char *text, const char *file)
{
    struct unit *u = unit_parse(name, text, strlen(text));

    assert_int_equal(u->n, 1);
    assert_true(plugin_attach(u->objects[0], file, strlen(file), &u->diags));
    return u;
}

static struct set *build(const struct story *s)
{
    struct unit *units[8] = { unit_parse("base.yaml", base, strlen(base)) };
    char *text =
        xasprintf(HEAD "SourceConfig\nmetadata: {name: orders}\n"
                       "spec: {environment: host%s}\n" DOC "DSource\nmetadata: {name: orders}\n"
                       "spec:\n"
                       "  sourceConfig: orders\n"
                       "  group: g\n"
                       "  environmentUser: u\n"
                       "  %s\n",
                  s->repository, s->parameters);
    size_t n = 1;

    units[n++] = unit_parse("d.yaml", text, strlen(text));
    for (size_t i = 0; s->connectors[i]; i++, n++)
        units[n] = connector_unit("c.yaml", s->connectors[i], s->files[i]);
    struct set *set = set_build(units, n);
    for (size_t i = 0; i < n; i++)
        unit_free(units[i]);
    free(text);
    return set;
}

static void check(const struct story *s, bool there, const char *expected)
{
    OWNED(set) set = build(s);
    struct buf said = BUF_WITH_LIMIT(SAID_MAX);

    diags_print(&set->diags, &said);
    if (!expected && set->diags.all)
        fail_msg("said: %s", buf_text(&said));
    if (expected && !strstr(buf_text(&said), expected))
        fail_msg("not said: %s\nbut: %s", expected, buf_text(&said));
    assert_null(strstr(buf_text(&said), "hunter2"));
    assert_int_equal(set_find(set, "DSource/orders") != NULL, there);
    buf_clear(&said);
}

static void the_connector_of_the_engine_is_asked(void **state)
{
    (void)state;
    check(&(struct story){ "", "parameters: {port: 1}", { mongo }, { port_file } }, true, NULL);
    check(&(struct story){ "", "parameters: {port: x}", { mongo }, { port_file } }, false,
          "d.yaml:13:22: error: `parameters.port` must be an integer, not the text `x`\n"
          "      parameters: {port: x}\n"
          "                         ^\n"
          "  see the file of Connector mongo\n");
    check(&(struct story){ "", "parameters: {prot: 1}", { mongo }, { port_file } }, false,
          "did you mean `port`?");
    check(&(struct story){ "", "parameters: {port: x}", { elsewhere }, { port_file } }, true,
          "no manifest declares Engine `west`");
    check(&(struct story){ "", "parameters: {port: x}", { NULL }, { NULL } }, true, NULL);
    check(&(struct story){ "", "parameters: {port: x}", { mongo }, { empty_file } }, true, NULL);
}

static void what_may_be_another_connectors_is_a_warning(void **state)
{
    (void)state;
    check(&(struct story){ ", repository: R", "parameters: {port: x}", { mongo }, { port_file } },
          true,
          "warning: `parameters.port` must be an integer, not the text `x`, if Connector mongo is "
          "meant");
    check(&(struct story){ ", repository: R",
                           "parameters: {host: x}",
                           { mongo, redis },
                           { port_file, host_file } },
          true, NULL);
    check(&(struct story){ "",
                           "parameters: {host: x, other: 1}",
                           { mongo, redis },
                           { port_file, host_file } },
          true, "`parameters` has no `other` in the connector's file, if Connector redis is meant");
    check(
        &(struct story){ "", "parameters: {port: x}", { mongo, redis }, { port_file, empty_file } },
        true, NULL);
}

static void every_place_has_its_own_schema(void **state)
{
    (void)state;
    check(&(struct story){ "",
                           "parameters: {}\n  syncParameters: {resync: 1}",
                           { mongo },
                           { port_file } },
          false, "`syncParameters.resync` must be true or false, not the integer `1`");
    check(&(struct story){ ", parameters: {x: y}", "parameters: {}", { mongo }, { port_file } },
          true, "`parameters` needs `path`");
    check(&(struct story){ "",
                           "parameters: {}\n" DOC "VDB\nmetadata: {name: dev}\n"
                           "spec: {source: {dSource: orders}, environment: host, "
                           "parameters: {port: 1}, configParameters: {}}",
                           { mongo },
                           { port_file } },
          true, "`parameters` has no `port` in the connector's file");
}

static void a_literal_is_an_error_whoever_is_meant(void **state)
{
    (void)state;
    check(&(struct story){ ", repository: R",
                           "parameters: {phrase: hunter2}",
                           { mongo },
                           { port_file } },
          false, "error: `parameters.phrase` is a literal; a secret must be");
}

static void a_reference_becomes_a_secret(void **state)
{
    const struct story s = {
        "", "parameters: {phrase: {credential: x}}", { mongo }, { port_file }
    };
    OWNED(set) set = build(&s);
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);

    (void)state;
    assert_int_equal(set->diags.all, 0);
    const struct object *o = set_find(set, "DSource/orders")->object;
    const size_t row = kind_row(&kind_dsource, "parameters");
    assert_true(json_holds_secret(o->values[row].json));
    value_print(&kind_dsource.table.rows[row], &o->values[row], &b);
    assert_string_equal(buf_text(&b), "{phrase: (secret)}");
    buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connector_of_the_engine_is_asked),
        cmocka_unit_test(what_may_be_another_connectors_is_a_warning),
        cmocka_unit_test(every_place_has_its_own_schema),
        cmocka_unit_test(a_literal_is_an_error_whoever_is_meant),
        cmocka_unit_test(a_reference_becomes_a_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
