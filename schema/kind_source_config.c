/* SourceConfig: what DCT calls a source; the place that a dSource links to.
 *
 * PostgreSQL ones are made and renamed by /sources/postgres. What only
 * /sources/appdata can say chooses that call instead, always as STAGED:
 * connectors that ingest through a staging host know no other. */
#include "schema/kind.h"

enum { POSTGRES, APPDATA };

/* clang-format off */
static const struct ref to_engine = { .target = REF_KIND, .kind = KIND_ENGINE };
static const struct ref to_environment = { .target = REF_KIND, .kind = KIND_ENVIRONMENT };
static const struct ref to_repository = { .target = REF_REPOSITORY, .via = "environment" };
static const struct ref to_user = { .target = REF_ENV_USER, .via = "environment" };

static const struct field rows[] = {
    { "metadata.name", "name", "name", "name", F_STRING, REQUIRED, 1, 256, .call = POSTGRES,
      .doc = "name of the source config in DCT" },
    { "metadata.tags", NULL, NULL, "tags", F_TAGS, UNORDERED | REMEMBER,
      .doc = "DCT tags of the source config" },
    { "engine", "engine_id", NULL, "$environment.engine_id", F_REF, 0, .ref = &to_engine,
      .doc = "engine that it is on; needed only where the environment's name leaves it open" },
    { "environment", "environment_id", "environment_id", "environment_id", F_REF, REQUIRED,
      .ref = &to_environment, .call = APPDATA,
      .doc = "staging environment that has the repository" },
    { "repository", "repository_id", "repository_id", "repository", F_REF, AUTO, 1, 256,
      .ref = &to_repository, .call = APPDATA,
      .doc = "discovered repository; may be left out when only one fits the connector" },
    { NULL, "type", NULL, NULL, F_CONST, .constant = "\"STAGED\"", .creates = 1 << APPDATA,
      .doc = "sources of these connectors are staged" },
    { "linkingEnabled", "linking_enabled", "linking_enabled", "linking_enabled", F_BOOLEAN, 0,
      .call = APPDATA, .creates = 1 << APPDATA, .selects = 1 + APPDATA, .since = 328,
      .doc = "may a dSource be linked to it" },
    { "environmentUser", "environment_user", "environment_user", "environment_user_ref", F_REF, 0,
      1, 256, .ref = &to_user,
      .call = APPDATA, .creates = 1 << APPDATA, .selects = 1 + APPDATA, .since = 328,
      .doc = "user of the environment that works on it" },
    { "parameters", "parameters", "parameters", "config_params", F_JSON, 0,
      .call = APPDATA, .creates = 1 << APPDATA, .selects = 1 + APPDATA, .since = 328,
      .schema = "discoveryDefinition.sourceConfigSchema",
      .doc = "what the connector's source config schema asks for, in its own words" },

    { "status.linked", NULL, NULL, "is_dsource", F_BOOLEAN, FACT,
      .doc = "a dSource is linked to it; it cannot be deleted then" },
    { "status.discovered", NULL, NULL, "discovered", F_BOOLEAN, FACT, .since = 318,
      .doc = "the engine found it, nobody made it" },
    { "status.toolkit", NULL, NULL, "toolkit_id", F_STRING, FACT, .since = 309,
      .doc = "id of the connector that it belongs to" },
    { "status.repositoryId", NULL, NULL, "repository", F_STRING, FACT,
      .doc = "id of its repository" },
    { "status.type", NULL, NULL, "appdata_source_type", F_STRING, FACT, .since = 309,
      .doc = "the engine's name for what it is" },
    { "status.replica", NULL, NULL, "is_replica", F_BOOLEAN, FACT,
      .doc = "it came by replication and is not ours" },
    { "status.namespace", NULL, NULL, "namespace_id", F_STRING, FACT,
      .doc = "replication namespace that it is in" },
};

static const struct call creates[] = {
    [POSTGRES] = { "create", "POST", "/sources/postgres", BODY_ROWS, .id_member = "source_id",
                   .since = 309, .release = "14.0.1" },
    [APPDATA] = { "create", "POST", "/sources/appdata", BODY_ROWS, .id_member = "source_id",
                  .since = 328, .release = "2025.2" },
};

static const struct call updates[] = {
    [POSTGRES] = { "rename", "PATCH", "/sources/postgres/{id}", BODY_ROWS, .since = 309, .release = "14.0.1" },
    [APPDATA] = { "update", "PATCH", "/sources/appdata/{id}", BODY_ROWS, .since = 328, .release = "2025.2" },
};

static const struct join joins[] = {
    { "$environment", "GET", "/environments", "environment_id", "id", NULL, NULL, 0 },
};
/* clang-format on */

const struct kind_desc kind_source_config = {
    .kind = KIND_SOURCE_CONFIG,
    .name = "SourceConfig",
    .arg = "sourceconfig",
    .collection = "/sources",
    .flags = KIND_PARTIAL,
    .table = { rows, ARRAY_LEN(rows) },
    .creates = creates,
    .n_creates = ARRAY_LEN(creates),
    .updates = updates,
    .n_updates = ARRAY_LEN(updates),
    .remove = { "delete", "DELETE", "/sources/{id}", BODY_NONE, .since = 309 },
    .scope = "environment",
    .engine_read = "$environment.engine_id",
    .joins = joins,
    .n_joins = ARRAY_LEN(joins),
    .doc = "the source, on a staging environment, that a dSource links to",
};
