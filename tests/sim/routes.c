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

#define ENV  "/environments/{}"
#define VDB  "/vdbs/{}"
#define DSRC "/dsources/{}"

/* clang-format off */
const struct route sim_routes[] = {
    { "GET", "/management/engines", sim_list_all, C_ENGINES, 0, NULL },
    { "POST", "/management/engines/search", sim_search, C_ENGINES, 0, sim_search_members },
    { "GET", "/management/engines/{}", sim_get_one, C_ENGINES, 0, NULL },
    { "GET", "/management/engines/{}/tags", sim_tags_get, C_ENGINES, 0, NULL },
    { "POST", "/management/engines/{}/tags", sim_tags_add, C_ENGINES, R_BODY, sim_tags_members },
    { "POST", "/management/engines/{}/tags/delete", sim_tags_delete, C_ENGINES, 0,
      sim_tags_delete_members },
    { "POST", "/management/engines", sim_engine_register, C_ENGINES, R_BODY, sim_engine_members },
    { "PUT", "/management/engines/{}", sim_engine_update, C_ENGINES, R_BODY | R_UPDATE,
      sim_engine_members },
    { "PATCH", "/management/engines/{}", sim_engine_update, C_ENGINES, R_BODY | R_UPDATE,
      sim_engine_members },
    { "DELETE", "/management/engines/{}", sim_engine_unregister, C_ENGINES, 0, NULL },
    { "POST", "/management/engines/{}/validate/java-path", sim_engine_check_java, C_ENGINES, R_BODY,
      sim_java_members },

    { "GET", "/toolkits", sim_list_all, C_TOOLKITS, 0, NULL },
    { "POST", "/toolkits/search", sim_search, C_TOOLKITS, 0, sim_search_members },
    { "GET", "/toolkits/schema_definitions", sim_toolkit_schemas, C_TOOLKITS, R_28, NULL },
    { "GET", "/toolkits/{}", sim_get_one, C_TOOLKITS, 0, NULL },
    { "GET", "/toolkits/{}/tags", sim_tags_get, C_TOOLKITS, 0, NULL },
    { "POST", "/toolkits/{}/tags", sim_tags_add, C_TOOLKITS, R_BODY, sim_tags_members },
    { "POST", "/toolkits/{}/tags/delete", sim_tags_delete, C_TOOLKITS, 0, sim_tags_delete_members },
    { "POST", "/toolkits/upload", sim_toolkit_upload, C_TOOLKITS, R_28 | R_FREE, NULL },
    { "DELETE", "/toolkits/{}", sim_toolkit_delete, C_TOOLKITS, R_28, NULL },
    { "POST", "/toolkits/{}/upgrade", sim_toolkit_upgrade, C_TOOLKITS, R_28, NULL },

    { "GET", "/environments", sim_list_all, C_ENVIRONMENTS, 0, NULL },
    { "POST", "/environments/search", sim_search, C_ENVIRONMENTS, 0, sim_search_members },
    { "POST", "/environments", sim_environment_create, C_ENVIRONMENTS, R_BODY,
      sim_environment_members },
    { "POST", "/environments/compatible_repositories_by_snapshot", sim_compatible_repositories,
      C_ENVIRONMENTS, R_BODY, sim_compatible_members },
    { "GET", "/environments/hosts/{}", sim_host_get, C_ENVIRONMENTS, R_28, NULL },
    { "GET", "/environments/{}", sim_get_one, C_ENVIRONMENTS, 0, NULL },
    { "GET", "/environments/{}/tags", sim_tags_get, C_ENVIRONMENTS, 0, NULL },
    { "POST", "/environments/{}/tags", sim_tags_add, C_ENVIRONMENTS, R_BODY, sim_tags_members },
    { "POST", "/environments/{}/tags/delete", sim_tags_delete, C_ENVIRONMENTS, 0,
      sim_tags_delete_members },
    { "PATCH", ENV, sim_environment_update, C_ENVIRONMENTS, R_UPDATE,
      sim_environment_update_members },
    { "DELETE", ENV, sim_environment_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/enable", sim_environment_enable, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/disable", sim_environment_disable, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/refresh", sim_environment_refresh, C_ENVIRONMENTS, 0, NULL },
    { "GET", ENV "/users", sim_users_list, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/users", sim_user_create, C_ENVIRONMENTS, 0, sim_user_members },
    { "PUT", ENV "/users/{}", sim_user_update, C_ENVIRONMENTS, R_UPDATE, sim_user_members },
    { "DELETE", ENV "/users/{}", sim_user_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/users/{}/primary", sim_user_primary, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/hosts", sim_host_create, C_ENVIRONMENTS, R_BODY, sim_host_members },
    { "PATCH", ENV "/hosts/{}", sim_host_update, C_ENVIRONMENTS, R_BODY | R_UPDATE,
      sim_host_members },
    { "DELETE", ENV "/hosts/{}", sim_host_delete, C_ENVIRONMENTS, 0, NULL },
    { "POST", ENV "/repository", sim_repository_create, C_ENVIRONMENTS, R_BODY,
      sim_repository_create_members },
    { "PATCH", ENV "/repository/{}", sim_repository_update, C_ENVIRONMENTS, R_BODY | R_UPDATE,
      sim_repository_members },
    { "DELETE", ENV "/repository/{}", sim_repository_delete, C_ENVIRONMENTS, 0, NULL },

    { "GET", "/sources", sim_list_all, C_SOURCES, 0, NULL },
    { "POST", "/sources/search", sim_search, C_SOURCES, 0, sim_search_members },
    { "GET", "/sources/{}", sim_get_one, C_SOURCES, 0, NULL },
    { "GET", "/sources/{}/tags", sim_tags_get, C_SOURCES, 0, NULL },
    { "POST", "/sources/{}/tags", sim_tags_add, C_SOURCES, R_BODY, sim_tags_members },
    { "POST", "/sources/{}/tags/delete", sim_tags_delete, C_SOURCES, 0, sim_tags_delete_members },
    { "POST", "/sources/postgres", sim_source_create_postgres, C_SOURCES, R_BODY,
      sim_source_postgres_members },
    { "PATCH", "/sources/postgres/{}", sim_source_update, C_SOURCES, R_UPDATE,
      sim_source_postgres_members },
    { "POST", "/sources/appdata", sim_source_create_appdata, C_SOURCES, R_28 | R_BODY,
      sim_source_appdata_members },
    { "PATCH", "/sources/appdata/{}", sim_source_update, C_SOURCES, R_28 | R_BODY | R_UPDATE,
      sim_source_appdata_members },
    { "DELETE", "/sources/{}", sim_source_delete, C_SOURCES, 0, NULL },
    { "GET", "/sources/{}/staging_compatible_repositories", sim_staging_repositories, C_SOURCES, 0,
      NULL },
    { "GET", "/staging-sources", sim_list_all, C_STAGING_SOURCES, 0, NULL },
    { "POST", "/staging-sources/search", sim_search, C_STAGING_SOURCES, 0, sim_search_members },
    { "GET", "/staging-sources/{}", sim_get_one, C_STAGING_SOURCES, 0, NULL },

    { "GET", "/dsources", sim_list_all, C_DSOURCES, 0, NULL },
    { "POST", "/dsources/search", sim_search, C_DSOURCES, 0, sim_search_members },
    { "GET", "/dsources/{}", sim_get_one, C_DSOURCES, 0, NULL },
    { "GET", "/dsources/{}/tags", sim_tags_get, C_DSOURCES, 0, NULL },
    { "POST", "/dsources/{}/tags", sim_tags_add, C_DSOURCES, R_BODY, sim_tags_members },
    { "POST", "/dsources/{}/tags/delete", sim_tags_delete, C_DSOURCES, 0, sim_tags_delete_members },
    { "POST", "/dsources/appdata", sim_dsource_link, C_DSOURCES, R_BODY, sim_dsource_members },
    { "POST", "/dsources/appdata/defaults", sim_dsource_defaults, C_DSOURCES, R_BODY,
      sim_dsource_defaults_members },
    { "PATCH", "/dsources/appdata/{}", sim_dsource_update, C_DSOURCES, R_28 | R_UPDATE,
      sim_dsource_members },
    { "POST", "/dsources/delete", sim_dsource_delete, C_DSOURCES, R_BODY,
      sim_dsource_delete_members },
    { "POST", DSRC "/enable", sim_dsource_enable, C_DSOURCES, R_EMPTY, sim_dsource_enable_members },
    { "POST", DSRC "/disable", sim_dsource_disable, C_DSOURCES, R_EMPTY,
      sim_dsource_disable_members },
    { "POST", DSRC "/upgrade", sim_dsource_upgrade, C_DSOURCES, R_28 | R_BODY,
      sim_upgrade_members },
    { "GET", DSRC "/snapshots", sim_list_snapshots, C_DSOURCES, 0, NULL },
    { "POST", DSRC "/snapshots", sim_snapshot_take, C_DSOURCES, 0, sim_snapshot_members },
    { "GET", DSRC "/deletion-dependencies", sim_deletion_dependencies, C_DSOURCES, R_28, NULL },

    { "GET", "/vdbs", sim_list_all, C_VDBS, 0, NULL },
    { "POST", "/vdbs/search", sim_search, C_VDBS, 0, sim_search_members },
    { "GET", "/vdbs/{}", sim_get_one, C_VDBS, 0, NULL },
    { "GET", "/vdbs/{}/tags", sim_tags_get, C_VDBS, 0, NULL },
    { "POST", "/vdbs/{}/tags", sim_tags_add, C_VDBS, R_BODY, sim_tags_members },
    { "POST", "/vdbs/{}/tags/delete", sim_tags_delete, C_VDBS, 0, sim_tags_delete_members },
    { "POST", "/vdbs/provision_by_snapshot", sim_vdb_provision, C_VDBS, R_BODY, sim_vdb_members },
    { "POST", "/vdbs/provision_by_timestamp", sim_vdb_provision, C_VDBS, R_BODY, sim_vdb_members },
    { "POST", "/vdbs/provision_from_bookmark", sim_vdb_provision, C_VDBS, R_BODY, sim_vdb_members },
    { "POST", "/vdbs/provision_by_snapshot/defaults", sim_vdb_defaults, C_VDBS, R_BODY,
      sim_snapshot_defaults_members },
    { "POST", "/vdbs/provision_by_timestamp/defaults", sim_vdb_defaults, C_VDBS, R_BODY,
      sim_timestamp_defaults_members },
    { "POST", "/vdbs/provision_from_bookmark/defaults", sim_vdb_defaults, C_VDBS, R_BODY,
      sim_from_bookmark_members },
    { "PATCH", VDB, sim_vdb_update, C_VDBS, R_UPDATE, sim_vdb_members },
    { "POST", VDB "/delete", sim_vdb_delete, C_VDBS, 0, sim_vdb_delete_members },
    { "GET", VDB "/deletion-dependencies", sim_deletion_dependencies, C_VDBS, R_28, NULL },
    { "POST", VDB "/enable", sim_vdb_enable, C_VDBS, R_EMPTY, sim_enable_members },
    { "POST", VDB "/disable", sim_vdb_disable, C_VDBS, R_EMPTY, sim_disable_members },
    { "POST", VDB "/start", sim_vdb_start, C_VDBS, 0, sim_start_members },
    { "POST", VDB "/stop", sim_vdb_stop, C_VDBS, 0, sim_stop_members },
    { "POST", VDB "/lock", sim_vdb_lock, C_VDBS, R_BODY, sim_lock_members },
    { "POST", VDB "/unlock", sim_vdb_unlock, C_VDBS, 0, NULL },
    { "POST", VDB "/undo_refresh", sim_vdb_undo_refresh, C_VDBS, 0, NULL },
    { "POST", VDB "/refresh_by_snapshot", sim_vdb_refresh, C_VDBS, 0, sim_by_snapshot_members },
    { "POST", VDB "/refresh_by_timestamp", sim_vdb_refresh, C_VDBS, 0, sim_by_timestamp_members },
    { "POST", VDB "/refresh_by_location", sim_vdb_refresh, C_VDBS, 0, sim_by_location_members },
    { "POST", VDB "/refresh_from_bookmark", sim_vdb_refresh, C_VDBS, R_BODY,
      sim_from_bookmark_members },
    { "POST", VDB "/rollback_by_snapshot", sim_vdb_rollback, C_VDBS, 0, sim_by_snapshot_members },
    { "POST", VDB "/rollback_by_timestamp", sim_vdb_rollback, C_VDBS, 0,
      sim_rollback_by_timestamp_members },
    { "POST", VDB "/rollback_from_bookmark", sim_vdb_rollback, C_VDBS, R_BODY,
      sim_from_bookmark_members },
    { "POST", VDB "/switch_timeflow", sim_vdb_switch_timeflow, C_VDBS, 0,
      sim_switch_timeflow_members },
    { "POST", VDB "/migrate", sim_vdb_migrate, C_VDBS, R_28, sim_migrate_members },
    { "POST", VDB "/upgrade", sim_vdb_upgrade, C_VDBS, R_28 | R_BODY, sim_upgrade_members },
    { "GET", VDB "/snapshots", sim_list_snapshots, C_VDBS, 0, NULL },
    { "POST", VDB "/snapshots", sim_snapshot_take, C_VDBS, 0, NULL },

    { "GET", "/snapshots", sim_list_all, C_SNAPSHOTS, 0, NULL },
    { "POST", "/snapshots/search", sim_search, C_SNAPSHOTS, 0, sim_search_members },
    { "GET", "/snapshots/find_by_timestamp", sim_snapshots_by_timestamp, C_SNAPSHOTS, 0, NULL },
    { "GET", "/snapshots/{}", sim_get_one, C_SNAPSHOTS, 0, NULL },
    { "GET", "/snapshots/{}/tags", sim_tags_get, C_SNAPSHOTS, 0, NULL },
    { "POST", "/snapshots/{}/tags", sim_tags_add, C_SNAPSHOTS, R_BODY, sim_tags_members },
    { "POST", "/snapshots/{}/tags/delete", sim_tags_delete, C_SNAPSHOTS, 0,
      sim_tags_delete_members },
    { "POST", "/snapshots/{}/delete", sim_snapshot_delete, C_SNAPSHOTS, R_28,
      sim_snapshot_delete_members },
    { "GET", "/snapshots/{}/deletion-dependencies", sim_snapshot_dependencies, C_SNAPSHOTS, R_28,
      NULL },
    { "GET", "/snapshots/{}/timeflow_range", sim_snapshot_range, C_SNAPSHOTS, 0, NULL },
    { "GET", "/timeflows", sim_list_all, C_TIMEFLOWS, 0, NULL },
    { "POST", "/timeflows/search", sim_search, C_TIMEFLOWS, 0, sim_search_members },
    { "GET", "/timeflows/{}", sim_get_one, C_TIMEFLOWS, 0, NULL },
    { "GET", "/bookmarks", sim_list_all, C_BOOKMARKS, 0, NULL },
    { "POST", "/bookmarks/search", sim_search, C_BOOKMARKS, 0, sim_search_members },
    { "GET", "/bookmarks/{}", sim_get_one, C_BOOKMARKS, 0, NULL },
    { "GET", "/bookmarks/{}/tags", sim_tags_get, C_BOOKMARKS, 0, NULL },
    { "POST", "/bookmarks/{}/tags", sim_tags_add, C_BOOKMARKS, R_BODY, sim_tags_members },
    { "POST", "/bookmarks/{}/tags/delete", sim_tags_delete, C_BOOKMARKS, 0,
      sim_tags_delete_members },
    { "POST", "/bookmarks", sim_bookmark_create, C_BOOKMARKS, R_BODY, sim_bookmark_members },

    { "GET", "/virtualization-policies", sim_list_all, C_POLICIES, 0, NULL },
    { "POST", "/virtualization-policies/search", sim_search, C_POLICIES, 0, sim_search_members },
    { "POST", "/virtualization-policies/targets/search", sim_search, C_POLICY_TARGETS, R_28,
      sim_search_members },
    { "GET", "/virtualization-policies/{}", sim_get_one, C_POLICIES, 0, NULL },
    { "GET", "/virtualization-policies/{}/tags", sim_tags_get, C_POLICIES, 0, NULL },
    { "POST", "/virtualization-policies/{}/tags", sim_tags_add, C_POLICIES, R_BODY,
      sim_tags_members },
    { "POST", "/virtualization-policies/{}/tags/delete", sim_tags_delete, C_POLICIES, 0,
      sim_tags_delete_members },
    { "POST", "/virtualization-policies/{}/apply", sim_policy_apply, C_POLICIES,
      R_28 | R_BODY | R_ARRAY, NULL },
    { "POST", "/virtualization-policies/{}/unapply", sim_policy_unapply, C_POLICIES,
      R_28 | R_BODY | R_ARRAY, NULL },
    { "GET", "/groups", sim_list_all, C_GROUPS, 0, NULL },
    { "POST", "/groups/search", sim_search, C_GROUPS, 0, sim_search_members },
    { "GET", "/groups/{}", sim_group_get, C_GROUPS, 0, NULL },
    { "GET", "/database-templates", sim_list_all, C_TEMPLATES, 0, NULL },
    { "POST", "/database-templates/search", sim_search, C_TEMPLATES, 0, sim_search_members },
    { "GET", "/database-templates/{}", sim_get_one, C_TEMPLATES, 0, NULL },
    { "GET", "/database-templates/{}/tags", sim_tags_get, C_TEMPLATES, 0, NULL },
    { "POST", "/database-templates/{}/tags", sim_tags_add, C_TEMPLATES, R_BODY, sim_tags_members },
    { "POST", "/database-templates/{}/tags/delete", sim_tags_delete, C_TEMPLATES, 0,
      sim_tags_delete_members },

    { "GET", "/jobs", sim_list_all, C_JOBS, 0, NULL },
    { "POST", "/jobs/search", sim_search, C_JOBS, 0, sim_search_members },
    { "GET", "/jobs/{}", sim_get_one, C_JOBS, 0, NULL },
    { "GET", "/jobs/{}/tags", sim_tags_get, C_JOBS, 0, NULL },
    { "POST", "/jobs/{}/tags", sim_tags_add, C_JOBS, R_BODY, sim_tags_members },
    { "POST", "/jobs/{}/tags/delete", sim_tags_delete, C_JOBS, 0, sim_tags_delete_members },
    { "POST", "/jobs/{}/abandon", sim_job_abandon, C_JOBS, 0, NULL },
    { "GET", "/jobs/{}/result", sim_job_result, C_JOBS, 0, NULL },

    { "GET", "/_sim/state", sim_control_state, COLLECTIONS, 0, NULL },
    { "GET", "/_sim/log", sim_control_log, COLLECTIONS, 0, NULL },
    { "POST", "/_sim/drift", sim_control_drift, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "POST", "/_sim/delete", sim_control_delete, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "POST", "/_sim/create", sim_control_create, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "GET", "/_sim/fault", sim_fault_list, COLLECTIONS, 0, NULL },
    { "POST", "/_sim/fault", sim_fault_add, COLLECTIONS, R_BODY | R_ARRAY, NULL },
    { "DELETE", "/_sim/fault", sim_fault_clear, COLLECTIONS, 0, NULL },
    { NULL, NULL, NULL, COLLECTIONS, 0, NULL },
};
/* clang-format on */

static int hex_digit(char c)
{
    if (isdigit((unsigned char)c))
        return c - '0';
    return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

char *sim_percent_decoded(const char *p, size_t n, bool plus)
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

/* Whether they go apart before anything that may stand for any name. */
static bool other_words(const char *pattern, const char *path, size_t n)
{
    size_t i = 0;

    while (i < n && pattern[i] && pattern[i] == path[i])
        i++;
    return pattern[i] != '{' && (pattern[i] || i < n);
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
            c->args[args++] = sim_percent_decoded(path + 1, length - 1, false);
        } else if (segment != length || memcmp(pattern, path, length) != 0) {
            return false;
        }
        pattern += segment;
        path += length;
    }
    return !*pattern && path == end;
}

const struct route *sim_route_find(struct call *c, bool *known)
{
    const char *path = c->in->path;
    size_t n = strcspn(path, "?");
    char first = n > 1 ? path[1] : '\0'; /* that of every pattern is its own, not {} */

    *known = false;
    for (const struct route *r = sim_routes; r->method; r++) {
        if (r->pattern[1] != first || ((r->flags & R_28) && c->sim->opt.api < 328))
            continue;
        if (other_words(r->pattern, path, n))
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
