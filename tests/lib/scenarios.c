/* Each is the small estate, edited. */
#include "tests/lib/scenarios.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/estate.h"

struct edit {
    const char *from, *to;
};

/* clang-format off */
static const struct {
    const char *name;
    bool from_nothing, prune;
    const char *plugin_version, *off;
    struct edit edits[4];
} rows[SCENARIOS] = {
    { .name = "create", .from_nothing = true },
    { .name = "update",
      .edits = { { "port: 5434, mountLocation: /mnt/orders-dev", "port: 5444, mountLocation: /mnt/new" },
                 { "team: dev", "team: qa" },
                 { "for developers", "for testers" },
                 { "max_connections: '200'", "max_connections: '300'" } } },
    { .name = "connector", .plugin_version = "4.2.0" },
    { .name = "prune", .prune = true,
      .edits = { { "---\napiVersion: dct/v1\nkind: DSource", NULL } } },
    { .name = "rename",
      .edits = { { "{name: orders-test}", "{name: orders-qa, movedFrom: orders-test}" } } },
    { .name = "refresh",
      .edits = { { "  description: for developers\n", "  refresh: {token: '2'}\n" } } },
    { .name = "replace",
      .edits = { { "port: 5435, mountLocation: /mnt/orders-test}\n",
                   "port: 5435, mountLocation: /mnt/orders-test}\n  databaseName: other\n"
                   "policy: {replace: allow}\n" } } },
    { .name = "disable", .off = "orders-dev",
      .edits = { { "enabled: true", "enabled: false" },
                 { "for developers", "for nobody" } } },
    { .name = "host",
      .edits = { { "pg-target.example.com", "pg-new.example.com" },
                 { "pg-staging.example.com", "pg-newer.example.com" } } },
};
/* clang-format on */

static struct scenario scenarios[SCENARIOS];
static struct start starts[SCENARIOS];

/* An edit without `to` cuts everything from there on. */
static char *edited(const struct edit *edits, size_t n)
{
    char *text = xstrdup(estate_all());

    for (size_t i = 0; i < n && edits[i].from; i++) {
        const char *at = strstr(text, edits[i].from);
        char *next = edits[i].to || !at ? replaced(text, edits[i].from, edits[i].to)
                                        : xstrndup(text, (size_t)(at - text));
        free(text);
        text = next;
    }
    return text;
}

const struct start *scenario_start(size_t i)
{
    if (!starts[i].sim) {
        scenarios[i] = (struct scenario){ .name = rows[i].name,
                                          .before = rows[i].from_nothing ? NULL : estate_all(),
                                          .after = edited(rows[i].edits, ARRAY_LEN(rows[i].edits)),
                                          .plugin_version = rows[i].plugin_version,
                                          .prune = rows[i].prune,
                                          .off = rows[i].off };
        start_make(&starts[i], &scenarios[i]);
    }
    return &starts[i];
}

void scenarios_clear(void)
{
    for (size_t i = 0; i < SCENARIOS; i++) {
        if (starts[i].sim)
            start_clear(&starts[i]);
        free((void *)(uintptr_t)scenarios[i].after);
        scenarios[i].after = NULL;
        starts[i].sim = NULL;
    }
}
