/* What people are told of fields: all that a manifest may say, and nothing else. */
#include "schema/explain.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/policy.h"
#include "schema/read.h"

enum { TEXT_MAX = 1 << 20 };

static void check_told(const char *text, const char *before, const char *name)
{
    char *line = xasprintf("\n%s%s\n", before, name);

    if (!strstr(text, line))
        fail_msg("nothing is told of %s", name);
    free(line);
}

static void every_field_is_told_and_no_other(void **state)
{
    (void)state;
    for (enum kind i = KIND_ENGINE; i < KINDS; i++) {
        const struct kind_desc *k = kind_desc(i);
        struct buf text = BUF_WITH_LIMIT(TEXT_MAX), page = BUF_WITH_LIMIT(TEXT_MAX);
        assert_true(explain_fields(k, NULL, &text));
        explain_man(k, &page);
        for (size_t r = 0; r < k->table.n; r++) {
            if (!row_readable(&k->table.rows[r]))
                continue;
            check_told(buf_text(&text), "  ", k->table.rows[r].yaml);
            check_told(buf_text(&page), ".It Li ", k->table.rows[r].yaml);
        }
        assert_null(strstr(buf_text(&text), "  status."));
        assert_null(strstr(buf_text(&text), "  plugin."));
        buf_clear(&text);
        buf_clear(&page);
    }
}

static void a_name_chooses_what_is_below_it(void **state)
{
    (void)state;
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);

    assert_true(explain_fields(&kind_vdb, "refresh", &text));
    assert_string_equal(buf_text(&text), "  refresh\n"
                                         "      A mapping.\n"
                                         "      Asks for refreshes.\n"
                                         "  refresh.token\n"
                                         "      Text, 1 to 256 characters; required.\n"
                                         "      Any text; a new one asks for one refresh to "
                                         "pointInTime.\n"
                                         "      A new value asks DCT for one refresh.\n");
    buf_clear(&text);
}

static void elements_of_lists_have_names(void **state)
{
    (void)state;
    const char *const names[] = { "hooks.preStop.shell", "hooks.preStop[].shell" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct buf text = BUF_WITH_LIMIT(TEXT_MAX);
        assert_true(explain_fields(&kind_vdb, names[i], &text));
        assert_string_equal(buf_text(&text), "  hooks.preStop[].shell\n"
                                             "      One of bash, shell, expect, ps or psd.\n"
                                             "      What runs it; bash when left out.\n");
        buf_clear(&text);
    }
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);
    assert_true(explain_fields(&kind_vdb, "hooks.preStop.credentialsEnvVars.vault", &text));
    assert_non_null(strstr(buf_text(&text), "  hooks.preStop[].credentialsEnvVars[].vault\n"));
    buf_clear(&text);
}

static void what_nobody_can_name_is_not_told(void **state)
{
    (void)state;
    const char *const names[] = { "",
                                  "status",
                                  "status.state",
                                  "postgresql.prot",
                                  "hooks.preStop.",
                                  "hooks.preStop[]x",
                                  "hooks.preStop.nothing",
                                  "postgresql.port.below" };
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool whole_list = streq(names[i], "hooks.preStop.");
        assert_int_equal(explain_fields(&kind_vdb, names[i], &text), whole_list);
    }
    buf_clear(&text);
    assert_string_equal(explain_near(&kind_vdb, "postgresql.prot"), "postgresql.port");
    assert_string_equal(explain_near(NULL, "delteion"), "deletion");
}

/* How a change reaches DCT is told as the differ and the planner see it. */
static void changes_are_told_as_they_happen(void **state)
{
    (void)state;
    static const struct {
        const struct kind_desc *kind;
        const char *field, *told;
    } expected[] = {
        { &kind_vdb, "environment", "Cannot be changed once made: see policy.replace." },
        { &kind_vdb, "description", "Changed in place." },
        { &kind_vdb, "metadata.tags", "Changed in place." },
        { &kind_vdb, "metadata.tags", "Ignored in part: /metadata/tags/KEY." },
        { &kind_vdb, "postgresql.settings", "Ignored in part: /spec/postgresql/settings/NAME." },
        { &kind_vdb, "parameters", "Ignored in part: /spec/parameters/NAME, and below." },
        { &kind_vdb, "metadata.name", "Renamed in place where metadata.movedFrom" },
        { &kind_vdb, "enabled", "A change asks DCT to enable or disable the VDB." },
        { &kind_vdb, "locked", "A change asks DCT to lock or unlock the VDB." },
        { &kind_vdb, "snapshotPolicy", "A change is a call of its own: apply policy." },
        { &kind_vdb, "pointInTime.snapshot", "Used when the VDB is made and at each refresh" },
        { &kind_environment, "hostname", "disables the datasets on the Environment" },
        { &kind_connector, "metadata.name", "Another name is another object." },
        { &kind_connector, "file", "A file with other content is uploaded again." },
    };

    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct buf text = BUF_WITH_LIMIT(TEXT_MAX);
        assert_true(explain_fields(expected[i].kind, expected[i].field, &text));
        if (!strstr(buf_text(&text), expected[i].told))
            fail_msg("%s: %s", expected[i].field, buf_text(&text));
        buf_clear(&text);
    }
}

/* A line that roff would obey must be one of ours. */
static void pages_hold_no_accidental_requests(void **state)
{
    (void)state;
    for (int i = -1; i < (int)KINDS; i++) {
        struct buf page = BUF_WITH_LIMIT(TEXT_MAX);
        explain_man(i < 0 ? NULL : kind_desc((enum kind)i), &page);
        const char *rest = buf_text(&page);
        for (const char *line = rest; *line; line = strchr(line, '\n') + 1) {
            bool ours = starts_with(line, ".It Li ") || starts_with(line, ".Ss ") ||
                        starts_with(line, ".Bl ") || starts_with(line, ".El");
            assert_true(ours || (*line != '.' && *line != '\''));
        }
        for (const char *c = strchr(rest, '\\'); c; c = strchr(c + 1, '\\'))
            assert_true(c[1] == 'e' || c[1] == '&');
        buf_clear(&page);
    }
}

static void the_policy_block_is_told(void **state)
{
    (void)state;
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);

    assert_true(explain_policy(NULL, &text));
    for (size_t i = 0; i < policy_table.n; i++)
        check_told(buf_text(&text), "  ", policy_table.rows[i].yaml);
    assert_false(explain_policy("suspned", &text));
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_told_and_no_other),
        cmocka_unit_test(a_name_chooses_what_is_below_it),
        cmocka_unit_test(elements_of_lists_have_names),
        cmocka_unit_test(what_nobody_can_name_is_not_told),
        cmocka_unit_test(changes_are_told_as_they_happen),
        cmocka_unit_test(pages_hold_no_accidental_requests),
        cmocka_unit_test(the_policy_block_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
