/* What every table promises to the loops that run over it. A row that breaks
 * one of these would not fail to compile: it would be forgotten at a create,
 * never be seen to drift, or be printed though it is secret. */
#include "schema/kind.h"

#include <ctype.h>
#include <regex.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

typedef void check_row(const struct kind_desc *k, const struct field *f);

static void each_row(check_row *check)
{
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);

        for (size_t i = 0; i < k->table.n; i++)
            check(k, &k->table.rows[i]);
    }
}

static bool has(const struct field *f, unsigned flags)
{
    return (f->flags & flags) != 0;
}

static void bad(const struct kind_desc *k, const struct field *f, const char *what)
{
    fail_msg("%s %s: %s", k->name, f->yaml ? f->yaml : f->create ? f->create : f->update, what);
}

/* The calls of a kind that a manifest can lead to, one after the other. */
static const struct call *call_at(const struct kind_desc *k, size_t i)
{
    const struct call *single[] = { &k->remove, &k->enable, &k->disable, &k->refresh };

    if (i < k->n_creates)
        return &k->creates[i];
    i -= k->n_creates;
    if (i < k->n_updates)
        return &k->updates[i];
    i -= k->n_updates;
    return i < ARRAY_LEN(single) ? single[i] : NULL;
}

static void test_kinds_are_found_by_both_names(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);

        assert_int_equal(k->kind, kind);
        assert_ptr_equal(kind_by_name(k->name), k);
        assert_ptr_equal(kind_by_name(k->arg), k);
        assert_true(k->doc && *k->doc);
        assert_true(starts_with(k->collection, "/"));
        assert_non_null(k->engine_read);
    }
    assert_ptr_equal(kind_by_name("VdB"), &kind_vdb);
    assert_null(kind_by_name("vdbs"));
    assert_null(kind_by_name(""));
    assert_null(kind_by_name(NULL));
}

static void test_rows_are_found_by_name(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);

        assert_int_equal(kind_row(k, "metadata.name"), 0);
        assert_string_equal(k->table.rows[kind_row(k, "metadata.tags")].yaml, "metadata.tags");
        assert_int_equal(table_find(k->table, "metadata.title"), -1);
    }
}

static bool camel_case(const char *path)
{
    bool first = true;

    for (const char *p = path; *p; p++) {
        if (first ? !islower((unsigned char)*p) : !isalnum((unsigned char)*p) && *p != '.')
            return false;
        first = *p == '.';
    }
    return !first;
}

static void named(const struct kind_desc *k, const struct field *f)
{
    if (f->type == F_CONST) {
        if (f->yaml)
            bad(k, f, "a constant is in no manifest");
        return;
    }
    if (!f->yaml || !camel_case(f->yaml))
        bad(k, f, "is not camelCase");
    if (table_find(k->table, f->yaml) != f - k->table.rows)
        bad(k, f, "stands twice");
    if (has(f, FACT) != starts_with(f->yaml, "status."))
        bad(k, f, "facts and only facts are below status");
}

static void test_names_are_unique_and_camel_case(void **state)
{
    (void)state;
    each_row(named);
}

static void reaches_dct(const struct kind_desc *k, const struct field *f)
{
    if (f->type == F_BLOCK || has(f, DERIVED | LOCAL))
        return;
    if (has(f, FACT)) {
        if (!f->read || f->create || f->update)
            bad(k, f, "a fact is read and nothing else");
    } else if (!f->create && !f->update && !has(f, ACTION | STATE | TOKEN) && f->type != F_TAGS) {
        bad(k, f, "no call takes it");
    }
}

static void test_what_a_manifest_says_reaches_dct(void **state)
{
    (void)state;
    each_row(reaches_dct);
}

static void calls_exist(const struct kind_desc *k, const struct field *f)
{
    size_t last = f->call;

    if (has(f, STATE) && has(f, ACTION))
        last += 1;
    if (has(f, TOKEN))
        last += k->n_creates - 1;
    if ((f->update || has(f, ACTION | TOKEN)) && last >= k->n_updates)
        bad(k, f, "its update call does not exist");
    if (has(f, STATE) && !has(f, ACTION) && (!k->enable.name || !k->disable.name))
        bad(k, f, "the kind cannot be switched");
    if (has(f, NEEDS_DISABLED) && (!k->disable.name || !f->update))
        bad(k, f, "needs a kind that can be disabled, and an update");
}

static void variants_exist(const struct kind_desc *k, const struct field *f)
{
    if (f->creates >> k->n_creates || f->selects > k->n_creates)
        bad(k, f, "its create variant does not exist");
    if (f->selects && f->creates && !(f->creates >> (f->selects - 1) & 1))
        bad(k, f, "chooses a create variant that does not take it");
}

static void test_every_call_that_a_row_names_exists(void **state)
{
    (void)state;
    each_row(calls_exist);
    each_row(variants_exist);
}

static void ref_complete(const struct kind_desc *k, const struct field *f)
{
    if ((f->type == F_REF) != (f->ref != NULL))
        bad(k, f, "references, and only they, have a target");
    if (!f->ref)
        return;
    if (f->ref->target == REF_POLICY && !f->ref->policy_type)
        bad(k, f, "which type of policy?");
    if (f->ref->target != REF_REPOSITORY && f->ref->target != REF_ENV_USER)
        return;
    if (!f->ref->via) {
        bad(k, f, "of which environment?");
        return;
    }

    const char *dot = strchr(f->ref->via, '.');
    size_t n = dot ? (size_t)(dot - f->ref->via) : strlen(f->ref->via);
    char *first = xstrndup(f->ref->via, n);
    int row = table_find(k->table, first);

    if (row < 0 || k->table.rows[row].type != F_REF)
        bad(k, f, "the way to its environment does not begin in this kind");
    else if (dot && table_find(kind_desc(k->table.rows[row].ref->kind)->table, dot + 1) < 0)
        bad(k, f, "the way to its environment does not end in the next kind");
    free(first);
}

static void test_references_say_where_to_look(void **state)
{
    (void)state;
    each_row(ref_complete);
}

static void documented(const struct kind_desc *k, const struct field *f)
{
    if (!f->doc || !*f->doc || strchr(f->doc, '\n') || strlen(f->doc) > 100)
        bad(k, f, "wants one line of documentation");
    for (size_t i = 0; i < f->n_sub; i++)
        documented(k, &f->sub[i]);
}

static void test_every_row_is_documented(void **state)
{
    (void)state;
    each_row(documented);
}

static void type_complete(const struct kind_desc *k, const struct field *f)
{
    if (f->type == F_ENUM && (!f->words || !f->words[0]))
        bad(k, f, "one of which words?");
    if (f->type == F_SECRET && f->read)
        bad(k, f, "secrets are never read");
    if ((f->type == F_LIST) != (f->n_sub > 0))
        bad(k, f, "lists, and only they, have elements");
    if (f->max < f->min)
        bad(k, f, "no value is in its range");
    if (f->pattern) {
        regex_t re;

        assert_int_equal(regcomp(&re, f->pattern, REG_EXTENDED | REG_NOSUB), 0);
        regfree(&re);
        assert_true(f->pattern[0] == '^' && f->pattern[strlen(f->pattern) - 1] == '$');
    }
    for (size_t i = 0; i < f->n_sub; i++) {
        assert_true(f->sub[i].yaml && camel_case(f->sub[i].yaml));
        assert_non_null(f->sub[i].create);
        type_complete(k, &f->sub[i]);
    }
}

static void test_types_have_what_they_need(void **state)
{
    (void)state;
    each_row(type_complete);
}

static void join_exists(const struct kind_desc *k, const struct field *f)
{
    size_t n = f->read ? strcspn(f->read, ".") : 0;

    if (!f->read || f->read[0] != '$')
        return;
    for (size_t i = 0; i < k->n_joins; i++) {
        if (strncmp(k->joins[i].name, f->read, n) == 0 && !k->joins[i].name[n])
            return;
    }
    bad(k, f, "reads a join that does not exist");
}

static void test_joined_rows_name_a_join(void **state)
{
    (void)state;
    each_row(join_exists);
}

/* Every path in a condition is a row that a manifest can set. */
static void constant_valid(const struct kind_desc *k, const struct field *f)
{
    if (f->type != F_CONST)
        return;

    cJSON *json = cJSON_Parse(f->constant);

    if (!json)
        bad(k, f, "its constant is no JSON");
    cJSON_Delete(json);

    for (const char *p = f->when; p && *p;) {
        size_t n = strcspn(p, " ");
        char *path = xstrndup(p + (*p == '!'), n - (*p == '!'));
        int row = table_find(k->table, path);

        if (row < 0 || has(&k->table.rows[row], FACT | DERIVED))
            bad(k, f, "its condition is no row of a manifest");
        free(path);
        p += n + strspn(p + n, " ");
    }
}

static void test_constants_are_json_under_conditions_that_can_hold(void **state)
{
    (void)state;
    each_row(constant_valid);
}

/* A row below a block is never there without the block. */
static void block_exists(const struct kind_desc *k, const struct field *f)
{
    if (f->type == F_CONST || has(f, FACT | DERIVED) || starts_with(f->yaml, "metadata."))
        return;
    for (const char *dot = strchr(f->yaml, '.'); dot; dot = strchr(dot + 1, '.')) {
        char *block = xstrndup(f->yaml, (size_t)(dot - f->yaml));
        int row = table_find(k->table, block);

        if (row < 0 || k->table.rows[row].type != F_BLOCK || &k->table.rows[row] > f)
            bad(k, f, "its block is no row above it");
        free(block);
    }
}

static void test_rows_stand_below_their_block(void **state)
{
    (void)state;
    each_row(block_exists);
}

/* "Exactly one" must not depend on which row of the group is looked at. */
static void group_agrees(const struct kind_desc *k, const struct field *f)
{
    size_t members = 0;

    if (!f->group) {
        if (has(f, GROUP_MUST))
            bad(k, f, "must be set of which group?");
        return;
    }
    for (size_t i = 0; i < k->table.n; i++) {
        const struct field *g = &k->table.rows[i];

        if (g->group != f->group)
            continue;
        members++;
        if (has(g, GROUP_MUST) != has(f, GROUP_MUST))
            bad(k, f, "its group is not of one mind");
    }
    if (members < 2)
        bad(k, f, "is alone in its group");
}

static void test_groups_are_of_one_mind(void **state)
{
    (void)state;
    each_row(group_agrees);
}

static void test_calls_can_be_made(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);
        const struct call *c;

        assert_true(k->n_creates > 0 && k->n_creates <= 8);
        assert_true(k->n_updates > 0);
        assert_non_null(k->remove.name);
        for (size_t i = 0; (c = call_at(k, i)) != NULL; i++) {
            if (!c->name)
                continue;
            assert_true(starts_with(c->path, "/"));
            assert_non_null(c->method);
            if (c->body == BODY_ID)
                assert_non_null(c->id_member);
            if (i < k->n_creates && !(k->flags & KIND_LISTED_ID))
                assert_non_null(c->id_member);
            if (strstr(c->path, "{item}"))
                assert_true((c->flags & CALL_PER_ITEM) != 0);
        }
    }
}

/* {status.x} in a path is filled from the observed object. */
static void test_paths_name_facts(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);
        const struct call *c;

        for (size_t i = 0; (c = call_at(k, i)) != NULL; i++) {
            const char *at = c->path ? strstr(c->path, "{status.") : NULL;

            if (!at)
                continue;

            char *fact = xstrndup(at + 1, strcspn(at + 1, "}"));

            assert_true(table_find(k->table, fact) >= 0);
            free(fact);
        }
        if (k->ready_fact)
            assert_true(table_find(k->table, k->ready_fact) >= 0);
        for (size_t i = 0; i < ARRAY_LEN(k->identity) && k->identity[i].wanted; i++) {
            assert_true(table_find(k->table, k->identity[i].wanted) >= 0);
            assert_true(table_find(k->table, k->identity[i].fact) >= 0);
        }
    }
}

static void test_owner_tags_ride_along_where_the_kind_says_so(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        const struct kind_desc *k = kind_desc((enum kind)kind);
        const struct field *tags = &k->table.rows[kind_row(k, "metadata.tags")];

        assert_int_equal(tags->type, F_TAGS);
        assert_int_equal(tags->create != NULL, (k->flags & KIND_TAGS_AT_CREATE) != 0);
        assert_null(tags->update);
        assert_non_null(tags->read);
    }
}

/* PostgreSQL: four ways to ingest, each with its flag, all others taken back. */
static void test_postgresql_has_exactly_one_way_to_ingest(void **state)
{
    static const char *const ways[] = { "postgresql.initiatedBackup", "postgresql.externalBackup",
                                        "postgresql.singleDatabase", "postgresql.stagingPush" };
    const struct kind_desc *k = &kind_dsource;
    unsigned group = k->table.rows[kind_row(k, ways[0])].group;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        const struct field *f = &k->table.rows[kind_row(k, ways[i])];

        assert_int_equal(f->group, group);
        assert_true(has(f, GROUP_MUST));
    }
    assert_int_equal(k->table.rows[kind_row(k, "refreshPriorToSnapshot")].min, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_found_by_both_names),
        cmocka_unit_test(test_rows_are_found_by_name),
        cmocka_unit_test(test_names_are_unique_and_camel_case),
        cmocka_unit_test(test_what_a_manifest_says_reaches_dct),
        cmocka_unit_test(test_every_call_that_a_row_names_exists),
        cmocka_unit_test(test_references_say_where_to_look),
        cmocka_unit_test(test_every_row_is_documented),
        cmocka_unit_test(test_types_have_what_they_need),
        cmocka_unit_test(test_joined_rows_name_a_join),
        cmocka_unit_test(test_constants_are_json_under_conditions_that_can_hold),
        cmocka_unit_test(test_rows_stand_below_their_block),
        cmocka_unit_test(test_groups_are_of_one_mind),
        cmocka_unit_test(test_calls_can_be_made),
        cmocka_unit_test(test_paths_name_facts),
        cmocka_unit_test(test_owner_tags_ride_along_where_the_kind_says_so),
        cmocka_unit_test(test_postgresql_has_exactly_one_way_to_ingest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
