/* What the product's tables say is what the published contract says, as far as
 * the tables made of it go; and the check that shows it is able to fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/spec/check_routes.h"
#include "tests/spec/checks.h"
#include "tests/spec/openapi.h"

enum { ROWS_MAX = 200, TEXT_MAX = 4 << 20 };

typedef void run_check(const struct facts *, const struct kind_desc *, struct report *);

static struct facts committed;

static int load_tables(void **state)
{
    char *error = facts_load(&committed, "tests/spec");

    (void)state;
    if (error)
        print_error("%s\n", error);
    free(error);
    return error ? -1 : 0;
}

static int forget_tables(void **state)
{
    (void)state;
    facts_clear(&committed);
    return 0;
}

/* A kind whose rows may be spoiled. */
struct copy {
    struct kind_desc kind;
    struct field rows[ROWS_MAX];
};

static void copy_kind(struct copy *c, const struct kind_desc *of)
{
    assert_true(of->table.n <= ROWS_MAX);
    c->kind = *of;
    memcpy(c->rows, of->table.rows, of->table.n * sizeof(c->rows[0]));
    c->kind.table.rows = c->rows;
}

static struct field *row(struct copy *c, const char *yaml)
{
    return &c->rows[kind_row(&c->kind, yaml)];
}

/* The one thing that a check has to say of the copy. */
static void expect_one(run_check *check, const struct copy *c, const char *line)
{
    struct report r;

    report_init(&r, exclusions, n_exclusions);
    check(&committed, &c->kind, &r);
    for (size_t i = 1; i < r.lines.n; i++)
        print_error("%s\n", r.lines.items[i]);
    assert_int_equal(r.lines.n, 1);
    assert_string_equal(r.lines.items[0], line);
    report_clear(&r);
}

static void test_product_and_simulator_agree_with_the_contract(void **state)
{
    struct report r;

    (void)state;
    report_init(&r, exclusions, n_exclusions);
    check_everything(&committed, &r);
    for (size_t i = 0; i < r.lines.n; i++)
        print_error("%s\n", r.lines.items[i]);
    assert_int_equal(r.lines.n, 0);
    assert_int_equal(r.failed, 0);
    assert_true(r.rows > 400 && r.members > 1000 && r.calls > 50 && r.routes > 100);
    report_clear(&r);
}

static void test_a_misspelled_name_is_found(void **state)
{
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_engine);
    row(&c, "insecureSsl")->create = "insecure_sll";
    expect_one(check_rows, &c,
               "Engine insecureSsl: the row says insecure_sll; the contract has no "
               "EngineRegistrationParameter.insecure_sll "
               "(EngineRegistrationParameter.insecure_sll)");
    expect_one(check_coverage, &c,
               "Engine register (/management/engines): no row says insecure_ssl, and no "
               "exclusion names it (EngineRegistrationParameter.insecure_ssl)");
}

static void test_a_misspelled_name_of_an_update_or_a_reply_is_found(void **state)
{
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_vdb);
    row(&c, "vdbRestart")->update = "vdb_restart";
    expect_one(check_rows, &c,
               "VDB vdbRestart: the row says vdb_restart; the contract has no "
               "UpdateVDBParameters.vdb_restart (UpdateVDBParameters.vdb_restart)");
    copy_kind(&c, &kind_environment);
    row(&c, "sshPort")->read = "hosts[0].port";
    expect_one(check_rows, &c,
               "Environment sshPort: the row says hosts[0].port; the contract has no Host.port "
               "(Environment.hosts[0].port)");
    copy_kind(&c, &kind_vdb);
    row(&c, "snapshotPolicy")->read = "$snapshot_policy.policy";
    expect_one(check_rows, &c,
               "VDB snapshotPolicy: the row says policy; the contract has no "
               "VirtualizationPolicyTarget.policy (VirtualizationPolicyTarget.policy)");
}

static void test_a_wrong_type_is_found(void **state)
{
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_source_config);
    row(&c, "linkingEnabled")->type = F_INTEGER;
    row(&c, "linkingEnabled")->read = NULL;
    row(&c, "linkingEnabled")->update = NULL;
    expect_one(check_rows, &c,
               "SourceConfig linkingEnabled: the row says an integer; the contract says boolean "
               "(AppDataSourceCreateParameters.linking_enabled)");
}

static void test_a_missing_secret_mark_is_found(void **state)
{
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_environment);
    row(&c, "password")->type = F_STRING;
    row(&c, "password")->update = NULL;
    expect_one(check_rows, &c,
               "Environment password: the row says it is no secret; the contract says it is a "
               "credential (EnvironmentCreateParameters.password)");
}

static void test_a_secret_of_a_list_is_found_too(void **state)
{
    struct copy c;
    struct field credentials[16], hook[8];

    (void)state;
    copy_kind(&c, &kind_dsource);
    struct field *hooks = row(&c, "hooks.opsPreSync");
    struct table hook_rows = { hooks->sub, hooks->n_sub };
    memcpy(hook, hook_rows.rows, hook_rows.n * sizeof(hook[0]));
    struct field *list = &hook[table_find(hook_rows, "credentialsEnvVars")];
    memcpy(credentials, list->sub, list->n_sub * sizeof(credentials[0]));
    credentials[table_find((struct table){ list->sub, list->n_sub }, "password")].type = F_STRING;
    list->sub = credentials;
    hooks->sub = hook;
    hooks->update = NULL;
    hooks->read = NULL;
    expect_one(check_rows, &c,
               "DSource hooks.opsPreSync[].credentialsEnvVars[].password: the row says it is no "
               "secret; the contract says it is a credential (CredentialsEnvVariable.password)");
}

static void test_wrong_limits_words_and_patterns_are_found(void **state)
{
    static const char *const words[] = { "NORMAL", "LOW", NULL };
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_environment);
    row(&c, "sshPort")->max = 65536;
    expect_one(check_rows, &c,
               "Environment sshPort: the row says limits 1..65536; the contract says limits "
               "1..65535 (HostUpdateParameters.ssh_port)");
    copy_kind(&c, &kind_vdb);
    row(&c, "cachePriority")->words = words;
    row(&c, "cachePriority")->update = NULL;
    row(&c, "cachePriority")->creates = 1;
    expect_one(check_rows, &c,
               "VDB cachePriority: the row says other words; the contract says NORMAL|HIGH "
               "(ProvisionVDBBySnapshotParameters.cache_priority)");
    copy_kind(&c, &kind_engine);
    row(&c, "truststoreFilename")->pattern = NULL;
    expect_one(check_rows, &c,
               "Engine truststoreFilename: the row says no pattern; the contract says "
               "^[a-zA-Z0-9_\\.\\-]+$ (EngineRegistrationParameter.truststore_filename)");
    copy_kind(&c, &kind_environment);
    row(&c, "description")->flags |= CLEARABLE;
    expect_one(check_rows, &c,
               "Environment description: the row says null clears it; the contract says null is "
               "not legal (EnvironmentUpdateParameters.description)");
}

static void test_what_is_required_must_be_said(void **state)
{
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_dsource);
    row(&c, "environmentUser")->flags &= ~(unsigned)REQUIRED;
    expect_one(check_coverage, &c,
               "DSource link (/dsources/appdata): the contract requires environment_user, and no "
               "row must say it (AppDataDSourceLinkSourceParameters.environment_user)");
}

static void test_wrong_calls_and_joins_are_found(void **state)
{
    struct join join = kind_dsource.joins[0];
    struct call link = kind_dsource.creates[0];
    struct copy c;

    (void)state;
    copy_kind(&c, &kind_dsource);
    c.kind.enable.path = "/dsources/{id}/enabled";
    expect_one(check_calls, &c,
               "DSource: POST /dsources/{id}/enabled: the contract has no such call");
    copy_kind(&c, &kind_dsource);
    c.kind.remove.id_member = "id";
    expect_one(check_calls, &c,
               "DSource: delete (POST /dsources/delete): sends its id alone; the contract takes "
               "something else");
    copy_kind(&c, &kind_dsource);
    link.id_member = "source_id";
    c.kind.creates = &link;
    expect_one(check_calls, &c,
               "DSource: link (POST /dsources/appdata): the contract's reply has no such member "
               "for the new object's id");
    copy_kind(&c, &kind_dsource);
    join.mine = "staging_id";
    c.kind.joins = &join;
    expect_one(check_calls, &c,
               "DSource: $staging: the contract has no DSource.staging_id (DSource.staging_id)");
    copy_kind(&c, &kind_dsource);
    c.kind.flags &= ~(unsigned)KIND_PARTIAL;
    expect_one(check_calls, &c,
               "DSource: /dsources: KIND_PARTIAL and errors[] of the contract's list disagree");
}

static void test_an_exclusion_that_explains_nothing_is_found(void **state)
{
    static const struct exclusion list[] = {
        { "RegisteredEngine", "truststore_filename no_such_*", "why" },
    };
    struct report r;

    (void)state;
    report_init(&r, list, 1);
    report_add(&r, "Engine", "RegisteredEngine", "truststore_filename", "explained");
    report_unused(&r);
    assert_int_equal(r.excluded, 1);
    assert_int_equal(r.lines.n, 1);
    assert_string_equal(r.lines.items[0],
                        "exclusion: RegisteredEngine.no_such_* explains nothing (why)");
    report_clear(&r);
}

static void test_what_the_simulator_lacks_or_refuses_is_found(void **state)
{
    struct facts f = { 0 };
    struct report r;
    unsigned line;

    (void)state;
    assert_true(facts_read_calls(&f,
                                 "GET\t/vdbs/{}/moon\t200\t-\t-\t-\tVDB\n"
                                 "POST\t/vdbs/{}/lock\t200\tapplication/json\tyes\tLock\tVDB\n",
                                 &line));
    assert_true(facts_read_members(&f, "Lock\tmoon\tboolean\t-\t-\t-\t-\t-\n", &line));
    report_init(&r, exclusions, n_exclusions);
    check_routes(&f, &r);
    assert_true(strings_has(&r.lines, "dct-sim: it has no route for GET /vdbs/{}/moon "
                                      "(GET./vdbs/{}/moon)"));
    assert_true(strings_has(&r.lines, "dct-sim POST /vdbs/{}/lock: it refuses moon, which the "
                                      "contract has (Lock.moon)"));
    assert_true(strings_has(&r.lines, "dct-sim: the contract has no GET /vdbs (GET./vdbs)"));
    report_clear(&r);
    facts_clear(&f);
}

static const char document[] =
    "paths:\n"
    "  /things/{thingId}/lock:\n"
    "    post:\n"
    "      requestBody: {$ref: '#/components/requestBodies/Lock'}\n"
    "      responses:\n"
    "        '404': {description: gone}\n"
    "        '201':\n"
    "          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}\n"
    "components:\n"
    "  requestBodies:\n"
    "    Lock:\n"
    "      required: true\n"
    "      content:\n"
    "        application/json:\n"
    "          schema: {type: object, properties: {who: {type: integer, minimum: 1}}}\n"
    "  schemas:\n"
    "    Word: {type: string, enum: [A, B]}\n"
    "    Base: {properties: {word: {$ref: '#/components/schemas/Word'}}}\n"
    "    Thing:\n"
    "      required: [word, lost]\n"
    "      allOf:\n"
    "      - $ref: '#/components/schemas/Base'\n"
    "      - properties:\n"
    "          key: {type: string, maxLength: 9, x-dct-toolkit-credential-field: true}\n"
    "          parts: {type: array, maxItems: 3, items: {$ref: '#/components/schemas/Thing'}}\n"
    "          free: {type: object, nullable: true}\n"
    "          map: {type: object, additionalProperties: {type: string}}\n";

static const char expected_members[] = "Base\tword\tstring\t-\t-\tA|B\t-\t-\n"
                                       "Thing\tword\tstring\t-\t-\tA|B\t-\trequired\n"
                                       "Thing\tkey\tstring\t-\t9\t-\t-\tsecret\n"
                                       "Thing\tparts\tThing[]\t-\t3\t-\t-\t-\n"
                                       "Thing\tfree\tobject\t-\t-\t-\t-\tnullable\n"
                                       "Thing\tmap\tmap\t-\t-\t-\t-\t-\n"
                                       "Thing\tlost\tobject\t-\t-\t-\t-\trequired|undefined\n"
                                       "POST /things/{}/lock body\twho\tinteger\t1\t-\t-\t-\t-\n";

static void test_a_document_becomes_facts(void **state)
{
    struct facts f = { 0 };
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);

    (void)state;
    assert_null(openapi_parse(&f, "doc", document, sizeof(document) - 1));
    facts_print_members(&f, &text);
    assert_non_null(strstr(buf_text(&text), expected_members));
    buf_clear(&text);
    text = BUF_WITH_LIMIT(TEXT_MAX);
    facts_print_calls(&f, &text);
    assert_non_null(strstr(buf_text(&text), "POST\t/things/{}/lock\t201\tapplication/json\t"
                                            "yes\tPOST /things/{}/lock body\tThing\n"));
    assert_non_null(facts_call(&f, "POST", "/things/{id}/lock"));
    assert_null(facts_call(&f, "GET", "/things/{id}/lock"));

    struct found at = facts_at(&f, "Thing", "parts[word=A].parts[0].key");
    assert_ptr_equal(at.member, facts_member(&f, "Thing", "key"));
    at = facts_at(&f, "Thing", "free.whatever[0].it");
    assert_true(at.free && !at.member && !at.missing);
    at = facts_at(&f, "Thing", "parts[no=1].key");
    assert_string_equal(at.missing, "Thing.no");
    free(at.missing);
    at = facts_at(&f, "Thing", "key[0]");
    assert_string_equal(at.missing, "Thing.key[]");
    free(at.missing);
    buf_clear(&text);
    facts_clear(&f);
}

static void test_what_is_no_document_is_refused(void **state)
{
    static const char *const bad[] = { "", "a: [", "paths: {}\n", "- 1\n", "paths: 1\n" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct facts f = { 0 };
        char *error = openapi_parse(&f, "doc", bad[i], strlen(bad[i]));
        assert_non_null(error);
        free(error);
        facts_clear(&f);
    }
}

static void test_tables_are_read_as_they_are_written(void **state)
{
    struct facts f = { 0 };
    struct buf first = BUF_WITH_LIMIT(TEXT_MAX), second = BUF_WITH_LIMIT(TEXT_MAX);
    unsigned line;

    (void)state;
    facts_print_members(&committed, &first);
    assert_true(facts_read_members(&f, buf_text(&first), &line));
    facts_print_members(&f, &second);
    assert_string_equal(buf_text(&first), buf_text(&second));
    buf_clear(&first);
    buf_clear(&second);
    facts_clear(&f);
}

static void test_bad_lines_of_tables_are_refused(void **state)
{
    static const char *const bad[] = {
        "A\tb\tstring\t-\t-\t-\t-\n",          "A\tb\tstring\tx\t-\t-\t-\t-\n",
        "A\tb\tstring\t-\t-\t-\t-\tbold\n",    "A\t\tstring\t-\t-\t-\t-\t-\n",
        "A\tb\tstring\t-\t-\t-\t-\t-\tmore\n", "\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct facts f = { 0 };
        unsigned line;
        assert_false(facts_read_members(&f, bad[i], &line));
        assert_int_equal(line, 1);
        assert_false(facts_read_calls(&f, bad[i], &line));
        facts_clear(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_and_simulator_agree_with_the_contract),
        cmocka_unit_test(test_a_misspelled_name_is_found),
        cmocka_unit_test(test_a_misspelled_name_of_an_update_or_a_reply_is_found),
        cmocka_unit_test(test_a_wrong_type_is_found),
        cmocka_unit_test(test_a_missing_secret_mark_is_found),
        cmocka_unit_test(test_a_secret_of_a_list_is_found_too),
        cmocka_unit_test(test_wrong_limits_words_and_patterns_are_found),
        cmocka_unit_test(test_what_is_required_must_be_said),
        cmocka_unit_test(test_wrong_calls_and_joins_are_found),
        cmocka_unit_test(test_an_exclusion_that_explains_nothing_is_found),
        cmocka_unit_test(test_what_the_simulator_lacks_or_refuses_is_found),
        cmocka_unit_test(test_a_document_becomes_facts),
        cmocka_unit_test(test_what_is_no_document_is_refused),
        cmocka_unit_test(test_tables_are_read_as_they_are_written),
        cmocka_unit_test(test_bad_lines_of_tables_are_refused),
    };

    return cmocka_run_group_tests(tests, load_tables, forget_tables);
}
