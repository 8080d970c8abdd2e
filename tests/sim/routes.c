/* One table of routes, and the matching of paths against it. Fixed segments are
 * written before {} in the table: the first match wins. */
#include "tests/sim/routes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/control.h"
#include "tests/sim/datasets.h"
#include "tests/sim/dsources.h"
#include "tests/sim/engines.h"
#include "tests/sim/environments.h"
#include "tests/sim/faults.h"
#include "tests/sim/groups.h"
#include "tests/sim/jobs.h"
#include "tests/sim/page.h"
#include "tests/sim/policies.h"
#include "tests/sim/sources.h"
#include "tests/sim/tags.h"
#include "tests/sim/toolkits.h"
#include "tests/sim/vdbs.h"

#define LIST(path, kind) \
    { "GET", path, list_all, kind, 0, NULL }, \
    { \
        "POST", path "/search", search, kind, 0, search_members \
    }
#define ONE(path, kind) \
    { \
        "GET", path "/{}", get_one, kind, 0, NULL \
    }
#define TAGS(path, kind) \
    { "GET", path "/{}/tags", tags_get, kind, 0, NULL }, \
        { "POST", path "/{}/tags", tags_add, kind, R_BODY, tags_members }, \
    { \
        "POST", path "/{}/tags/delete", tags_delete, kind, 0, tags_delete_members \
    }
#define ENV  "/environments/{}"
#define VDB  "/vdbs/{}"
#define DSRC "/dsources/{}"

/* clang-format off */
const struct route routes[] = {
    LIST("/management/engines", C_ENGINES),
    ONE("/management/engines", C_ENGINES),
    TAGS("/management/engines", C_ENGINES),
    { "POST", "/management/engines", engine_register, C_ENGINES, R_BODY, engine_members },
    { "PUT", "/management/engines/{}", engine_update, C_ENGINES, R_BODY | R_UPDATE,
      engine_members },
    { "PATCH", "/management/engines/{}", engine_update, C_ENGINES, R_BODY | R_UPDATE,
      engine_members },
    { "DELETE", "/management/engines/{}", engine_unregister, C_ENGINES, 0, NULL },
    { "POST", "/management/engines/{}/validate/java-path", engine_check_java, C_ENGINES, R_BODY,
      java_members },

    LIST("/toolkits", C_TOOLKITS),
    { "GET", "/toolkits/schema_definitions", toolkit_schemas, C_TOOLKITS, R_28, NULL },
    ONE("/toolkits", C_TOOLKITS),
    TAGS("/toolkits", C_TOOLKITS),
    { "POST", "/toolkits/upload", toolkit_upload, C_TOOLKITS, R_28 | R_FREE, NULL },
    { "DELETE", "/toolkits/{}", toolkit_delete, C_TOOLKITS, R_28, NULL },
    { "POST", "/toolkits/{}/upgrade", toolkit_upgrade, C_TOOLKITS, R_28, NULL },

    LIST("/environments", C_ENVIRONMENTS),
    { "POST", "/environments", environment_create, C_ENVIRONMENTS, R_BODY, environment_members },
    { "POST", "/environments/compatible_repositories_by_snapshot", compatible_repositories,
      C_ENVIRONMENTS, R_BODY, compatible_members },
    { "GET", "/environments/hosts/{}", host_get, C_ENVIRONMENTS, R_28, NULL },
    ONE("/environments", C_ENVIRONMENTS),
    TAGS("/environments", C_ENVIRONMENTS),
    { "PATCH", ENV, environment_update, C_ENVIRONMENTS, R_UPDATE, environment_update_members },
    { "DELETE", ENV, environment_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/enable", environment_enable, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/disable", environment_disable, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/refresh", environment_refresh, C_ENVIRONMENTS, 0, NULL },
    { "GET", ENV "/users", users_list, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/users", user_create, C_ENVIRONMENTS, 0, user_members },
    { "PUT", ENV "/users/{}", user_update, C_ENVIRONMENTS, R_UPDATE, user_members },
    { "DELETE", ENV "/users/{}", user_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/users/{}/primary", user_primary, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/hosts", host_create, C_ENVIRONMENTS, R_BODY, host_members },
    { "PATCH", ENV "/hosts/{}", host_update, C_ENVIRONMENTS, R_BODY | R_UPDATE, host_members },
    { "DELETE", ENV "/hosts/{}", host_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/repository", repository_create, C_ENVIRONMENTS, R_BODY,
      repository_create_members },
    { "PATCH", ENV "/repository/{}", repository_update, C_ENVIRONMENTS, R_BODY | R_UPDATE,
      repository_members },
    { "DELETE", ENV "/repository/{}", repository_delete, C_ENVIRONMENTS, 0, NULL },

    LIST("/sources", C_SOURCES),
    ONE("/sources", C_SOURCES),
    TAGS("/sources", C_SOURCES),
    { "POST", "/sources/postgres", source_create_postgres, C_SOURCES, R_BODY,
      source_postgres_members },
    { "PATCH", "/sources/postgres/{}", source_update, C_SOURCES, R_UPDATE,
      source_postgres_members },
    { "POST", "/sources/appdata", source_create_appdata, C_SOURCES, R_28 | R_BODY,
      source_appdata_members },
    { "PATCH", "/sources/appdata/{}", source_update, C_SOURCES, R_28 | R_BODY | R_UPDATE,
      source_appdata_members },
    { "DELETE", "/sources/{}", source_delete, C_SOURCES, 0, NULL },
    { "GET", "/sources/{}/staging_compatible_repositories", staging_repositories, C_SOURCES, 0,
      NULL },
    LIST("/staging-sources", C_STAGING_SOURCES),
    ONE("/staging-sources", C_STAGING_SOURCES),

    LIST("/dsources", C_DSOURCES),
    ONE("/dsources", C_DSOURCES),
    TAGS("/dsources", C_DSOURCES),
    { "POST", "/dsources/appdata", dsource_link, C_DSOURCES, R_BODY, dsource_members },
    { "POST", "/dsources/appdata/defaults", dsource_defaults, C_DSOURCES, R_BODY,
      dsource_defaults_members },
    { "PATCH", "/dsources/appdata/{}", dsource_update, C_DSOURCES, R_28 | R_UPDATE,
      dsource_members },
    { "POST", "/dsources/delete", dsource_delete, C_DSOURCES, R_BODY, dsource_delete_members },
    { "POST", DSRC "/enable", dsource_enable, C_DSOURCES, R_EMPTY, enable_members },
    { "POST", DSRC "/disable", dsource_disable, C_DSOURCES, R_EMPTY, disable_members },
    { "POST", DSRC "/upgrade", dsource_upgrade, C_DSOURCES, R_28 | R_BODY, upgrade_members },
    { "GET", DSRC "/snapshots", list_snapshots, C_DSOURCES, 0, NULL },
    { "POST", DSRC "/snapshots", snapshot_take, C_DSOURCES, 0, snapshot_members },
    { "GET", DSRC "/deletion-dependencies", deletion_dependencies, C_DSOURCES, R_28, NULL },

    LIST("/vdbs", C_VDBS),
    ONE("/vdbs", C_VDBS),
    TAGS("/vdbs", C_VDBS),
    { "POST", "/vdbs/provision_by_snapshot", vdb_provision, C_VDBS, R_BODY, vdb_members },
    { "POST", "/vdbs/provision_by_timestamp", vdb_provision, C_VDBS, R_BODY, vdb_members },
    { "POST", "/vdbs/provision_from_bookmark", vdb_provision, C_VDBS, R_BODY, vdb_members },
    { "POST", "/vdbs/provision_by_snapshot/defaults", vdb_defaults, C_VDBS, R_BODY,
      point_members },
    { "POST", "/vdbs/provision_by_timestamp/defaults", vdb_defaults, C_VDBS, R_BODY,
      point_members },
    { "POST", "/vdbs/provision_from_bookmark/defaults", vdb_defaults, C_VDBS, R_BODY,
      point_members },
    { "PATCH", VDB, vdb_update, C_VDBS, R_UPDATE, vdb_members },
    { "POST", VDB "/delete", vdb_delete, C_VDBS, 0, vdb_delete_members },
    { "GET", VDB "/deletion-dependencies", deletion_dependencies, C_VDBS, R_28, NULL },
    { "POST", VDB "/enable", vdb_enable, C_VDBS, R_EMPTY, enable_members },
    { "POST", VDB "/disable", vdb_disable, C_VDBS, R_EMPTY, disable_members },
    { "POST", VDB "/start", vdb_start, C_VDBS, 0, instances_members },
    { "POST", VDB "/stop", vdb_stop, C_VDBS, 0, instances_members },
    { "POST", VDB "/lock", vdb_lock, C_VDBS, R_BODY, lock_members },
    { "POST", VDB "/unlock", vdb_unlock, C_VDBS, 0, NULL },
    { "POST", VDB "/undo_refresh", vdb_undo_refresh, C_VDBS, 0, NULL },
    { "POST", VDB "/refresh_by_snapshot", vdb_refresh, C_VDBS, 0, point_members },
    { "POST", VDB "/refresh_by_timestamp", vdb_refresh, C_VDBS, 0, point_members },
    { "POST", VDB "/refresh_by_location", vdb_refresh, C_VDBS, 0, point_members },
    { "POST", VDB "/refresh_from_bookmark", vdb_refresh, C_VDBS, R_BODY, point_members },
    { "POST", VDB "/rollback_by_snapshot", vdb_rollback, C_VDBS, 0, point_members },
    { "POST", VDB "/rollback_by_timestamp", vdb_rollback, C_VDBS, 0, point_members },
    { "POST", VDB "/rollback_from_bookmark", vdb_rollback, C_VDBS, R_BODY, point_members },
    { "POST", VDB "/switch_timeflow", vdb_switch_timeflow, C_VDBS, 0, point_members },
    { "POST", VDB "/migrate", vdb_migrate, C_VDBS, R_28, migrate_members },
    { "POST", VDB "/upgrade", vdb_upgrade, C_VDBS, R_28 | R_BODY, upgrade_members },
    { "GET", VDB "/snapshots", list_snapshots, C_VDBS, 0, NULL },
    { "POST", VDB "/snapshots", snapshot_take, C_VDBS, 0, NULL },

    LIST("/snapshots", C_SNAPSHOTS),
    { "GET", "/snapshots/find_by_timestamp", snapshots_by_timestamp, C_SNAPSHOTS, 0, NULL },
    ONE("/snapshots", C_SNAPSHOTS),
    TAGS("/snapshots", C_SNAPSHOTS),
    { "POST", "/snapshots/{}/delete", snapshot_delete, C_SNAPSHOTS, R_28,
      snapshot_delete_members },
    { "GET", "/snapshots/{}/deletion-dependencies", snapshot_dependencies, C_SNAPSHOTS, R_28,
      NULL },
    { "GET", "/snapshots/{}/timeflow_range", snapshot_range, C_SNAPSHOTS, 0, NULL },
    LIST("/timeflows", C_TIMEFLOWS),
    ONE("/timeflows", C_TIMEFLOWS),
    LIST("/bookmarks", C_BOOKMARKS),
    ONE("/bookmarks", C_BOOKMARKS),
    TAGS("/bookmarks", C_BOOKMARKS),
    { "POST", "/bookmarks", bookmark_create, C_BOOKMARKS, R_BODY, bookmark_members },

    LIST("/virtualization-policies", C_POLICIES),
    { "POST", "/virtualization-policies/targets/search", search, C_POLICY_TARGETS, R_28,
      search_members },
    ONE("/virtualization-policies", C_POLICIES),
    TAGS("/virtualization-policies", C_POLICIES),
    { "POST", "/virtualization-policies/{}/apply", policy_apply, C_POLICIES,
      R_28 | R_BODY | R_ARRAY, NULL },
    { "POST", "/virtualization-policies/{}/unapply", policy_unapply, C_POLICIES,
      R_28 | R_BODY | R_ARRAY, NULL },
    LIST("/groups", C_GROUPS),
    { "GET", "/groups/{}", group_get, C_GROUPS, 0, NULL },
    LIST("/database-templates", C_TEMPLATES),
    ONE("/database-templates", C_TEMPLATES),
    TAGS("/database-templates", C_TEMPLATES),

    LIST("/jobs", C_JOBS),
    ONE("/jobs", C_JOBS),
    TAGS("/jobs", C_JOBS),
    { "POST", "/jobs/{}/abandon", job_abandon, C_JOBS, 0, NULL },
    { "GET", "/jobs/{}/result", job_result, C_JOBS, 0, NULL },

    { "GET", "/_sim/state", control_state, COLLECTIONS, 0, NULL },
    { "GET", "/_sim/log", control_log, COLLECTIONS, 0, NULL },
    { "POST", "/_sim/drift", control_drift, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "POST", "/_sim/delete", control_delete, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "POST", "/_sim/create", control_create, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "GET", "/_sim/fault", fault_list, COLLECTIONS, 0, NULL },
    { "POST", "/_sim/fault", fault_add, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "DELETE", "/_sim/fault", fault_clear, COLLECTIONS, 0, NULL },
    { NULL, NULL, NULL, COLLECTIONS, 0, NULL },
};
/* clang-format on */

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

char *percent_decoded(const char *p, size_t n, bool plus)
{
    char *text = xmalloc(n + 1), *out = text;

    for (size_t i = 0; i < n; i++) {
        bool escape =
            p[i] == '%' && i + 2 < n && hex_digit(p[i + 1]) >= 0 && hex_digit(p[i + 2]) >= 0;
        if (escape) {
            *out++ = (char)(hex_digit(p[i + 1]) * 16 + hex_digit(p[i + 2]));
            i += 2;
        } else {
            *out++ = plus && p[i] == '+' ? ' ' : p[i];
        }
    }
    *out = '\0';
    return text;
}

static void forget_args(struct call *c)
{
    for (size_t i = 0; i < MAX_ARGS; i++) {
        free(c->args[i]);
        c->args[i] = NULL;
    }
}

/* Segment by segment; `path` ends at n. */
static bool path_matches(struct call *c, const char *pattern, const char *path, size_t n)
{
    size_t args = 0;
    const char *end = path + n;

    while (*pattern && path < end) {
        size_t segment = strcspn(pattern + 1, "/") + 1, length = 1;
        while (path + length < end && path[length] != '/')
            length++;
        if (*path != '/')
            return false;
        if (segment == 3 && memcmp(pattern, "/{}", 3) == 0) {
            if (length == 1 || args == MAX_ARGS)
                return false;
            free(c->args[args]);
            c->args[args++] = percent_decoded(path + 1, length - 1, false);
        } else if (segment != length || memcmp(pattern, path, length) != 0) {
            return false;
        }
        pattern += segment;
        path += length;
    }
    return !*pattern && path == end;
}

const struct route *route_find(struct call *c, bool *known)
{
    const char *path = c->in->path;
    size_t n = strcspn(path, "?");

    *known = false;
    for (const struct route *r = routes; r->method; r++) {
        if ((r->flags & R_28) && c->sim->opt.api < 328)
            continue;
        if (path_matches(c, r->pattern, path, n)) {
            if (streq(r->method, c->in->method))
                return r;
            *known = true;
        }
        forget_args(c);
    }
    return NULL;
}
