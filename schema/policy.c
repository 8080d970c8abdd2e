#include "schema/policy.h"

#include <stdlib.h>
#include <string.h>

enum { MODE, ADOPT, ADOPT_ID, DELETION, PROTECT, REPLACE, IGNORE, SUSPEND, REASON, UNTIL, ROWS };

/* In the order of the enums that they become. */
static const char *const modes[] = { "enforce", "warn", "observe", NULL };
static const char *const adopts[] = { "never", "ifExists", "mustExist", NULL };
static const char *const deletions[] = { "delete", "orphan", NULL };
static const char *const replaces[] = { "never", "allow", NULL };

/* clang-format off */
static const struct field rows[ROWS] = {
    [MODE]     = { .yaml = "mode", .type = F_ENUM, .words = modes,
                   .doc = "enforce, warn (report drift) or observe (never write); what is "
                          "not enforced is not deleted with its manifest either" },
    [ADOPT]    = { .yaml = "adopt", .type = F_ENUM, .words = adopts,
                   .doc = "may an object that already exists be taken over?" },
    [ADOPT_ID] = { .yaml = "adoptId", .type = F_STRING, .min = 1, .max = 256,
                   .doc = "the DCT id of the object to take over" },
    [DELETION] = { .yaml = "deletion", .type = F_ENUM, .words = deletions,
                   .doc = "what happens in DCT when the manifest is removed" },
    [PROTECT]  = { .yaml = "protect", .type = F_BOOLEAN,
                   .doc = "never delete or replace it" },
    [REPLACE]  = { .yaml = "replace", .type = F_ENUM, .words = replaces,
                   .doc = "may a change that needs it delete and re-create the object?" },
    [IGNORE]   = { .yaml = "ignore", .type = F_STRINGS,
                   .doc = "fields, and parts of them, that are left alone once the object is made: "
                          "[/spec/description, /metadata/tags/cost-centre]" },
    [SUSPEND]  = { .yaml = "suspend", .type = F_BLOCK,
                   .doc = "leave the object alone for a while" },
    [REASON]   = { .yaml = "suspend.reason", .type = F_STRING, .flags = REQUIRED, .min = 1,
                   .max = 1024, .doc = "why, for those who wonder" },
    [UNTIL]    = { .yaml = "suspend.until", .type = F_STRING,
                   .doc = "a date or an RFC 3339 time; left out: until the manifest changes" },
};
/* clang-format on */

const struct table policy_table = { rows, ROWS };

static unsigned word_index(const struct field *f, const struct value *v)
{
    unsigned i = 0;

    while (f->words[i + 1] && !streq(f->words[i], v->s))
        i++;
    return i;
}

static void read_suspend(struct yaml_file *y, const struct node *block, struct value *values,
                         struct policy *p)
{
    const struct value *until = &values[UNTIL];

    p->suspended = values[SUSPEND].state == V_SET;
    if (values[REASON].state == V_SET)
        p->suspend_reason = TAKE(values[REASON].s);
    if (until->state == V_SET)
        moment_read(y, node_at(block, "suspend.until"), "suspend.until", until->s,
                    &p->suspend_until);
}

/* An id to adopt says by itself that the object must be there. */
static void read_adoption(struct yaml_file *y, const struct node *block, struct value *values,
                          struct policy *p)
{
    bool said = values[ADOPT].state == V_SET;

    if (said)
        p->adopt = (enum adopt)word_index(&rows[ADOPT], &values[ADOPT]);
    if (values[ADOPT_ID].state != V_SET)
        return;
    p->adopt_id = TAKE(values[ADOPT_ID].s);
    if (!said)
        p->adopt = ADOPT_MUST_EXIST;
    else if (p->adopt == ADOPT_NEVER)
        node_error(y, node_get(block, "adoptId"), "`adoptId` and `adopt: never` contradict");
}

bool policy_read(struct yaml_file *y, const struct pair *block, struct policy *p)
{
    struct value values[ROWS] = { 0 };
    size_t errors = y->diags->errors;
    const struct node *map = block->value;

    read_table(y, map, block->key->pos, policy_table, "policy", values);
    if (values[MODE].state == V_SET)
        p->mode = (enum mode)word_index(&rows[MODE], &values[MODE]);
    if (values[DELETION].state == V_SET)
        p->deletion =
            word_index(&rows[DELETION], &values[DELETION]) ? DELETION_ORPHAN : DELETION_DELETE;
    p->protect = values[PROTECT].state == V_SET && values[PROTECT].i;
    p->replace_allowed =
        values[REPLACE].state == V_SET && word_index(&rows[REPLACE], &values[REPLACE]);
    read_adoption(y, map, values, p);
    read_suspend(y, map, values, p);
    values_clear(policy_table, values);
    return y->diags->errors == errors;
}
