/* Connector: the plugin (DCT says toolkit) that teaches engines a database.
 *
 * One manifest stands for one toolkit on each engine that it lists. DCT never
 * gives an uploaded file back, and its toolkits carry no build number, so the
 * rows below `plugin.` come from the file and are compared with what the
 * ledger remembers; only the identity is compared with DCT. */
#include "schema/kind.h"

/* clang-format off */
static const struct ref to_engine = { .target = REF_KIND, .kind = KIND_ENGINE };

static const struct field rows[] = {
    { "metadata.name", NULL, NULL, NULL, F_STRING, REQUIRED | LOCAL, 1, 256,
      .doc = "what other manifests call the connector" },
    { "metadata.tags", NULL, NULL, "tags", F_TAGS, UNORDERED | REMEMBER,
      .doc = "DCT tags of the toolkit on each engine" },
    { "file", "file", "file", NULL, F_FILE, REQUIRED,
      .doc = "the connector's JSON file; a changed file is uploaded again" },
    { "engines", NULL, NULL, NULL, F_STRINGS, REQUIRED | LOCAL | UNORDERED, 1, 1000,
      .doc = "names of the engines that get it" },
    { "engine", "engine_id", "engine_id", "engine_id", F_REF, DERIVED, .ref = &to_engine,
      .doc = "the one of `engines` that this upload is for" },
    { "plugin.id", NULL, NULL, NULL, F_STRING, DERIVED | LOCAL,
      .doc = "pluginId of the file" },
    { "plugin.name", NULL, NULL, NULL, F_STRING, DERIVED | LOCAL,
      .doc = "name in the file" },
    { "plugin.buildNumber", NULL, NULL, NULL, F_STRING, DERIVED | LOCAL | REMEMBER,
      .doc = "buildNumber of the file; an engine refuses a lower one than it has" },
    { "plugin.version", NULL, NULL, NULL, F_STRING, DERIVED | LOCAL | REMEMBER,
      .doc = "externalVersion (or version) of the file, for people" },

    { "status.identifier", NULL, NULL, "identifier", F_STRING, FACT, .since = 328,
      .doc = "pluginId of the installed connector" },
    { "status.displayName", NULL, NULL, "display_name", F_STRING, FACT, .since = 328,
      .doc = "name of the installed connector" },
    { "status.version", NULL, NULL, "version", F_STRING, FACT, .since = 328,
      .doc = "version that DCT shows" },
    { "status.state", NULL, NULL, "status", F_STRING, FACT, .since = 328,
      .doc = "what DCT says of the toolkit, such as ACTIVE" },
    { "status.namespace", NULL, NULL, "namespace", F_STRING, FACT, .since = 328,
      .doc = "set where the toolkit came by replication; it is not ours then" },
};

static const struct call creates[] = {
    { "upload", "POST", "/toolkits/upload", BODY_MULTIPART, .since = 328, .release = "2025.6" },
};

static const struct call updates[] = {
    { "upload", "POST", "/toolkits/upload", BODY_MULTIPART, CALL_WHOLE, .since = 328, .release = "2025.6" },
};
/* clang-format on */

const struct kind_desc kind_connector = {
    .kind = KIND_CONNECTOR,
    .name = "Connector",
    .arg = "connector",
    .collection = "/toolkits",
    .flags = KIND_ORPHAN | KIND_PER_ENGINE | KIND_LISTED_ID,
    .table = { rows, ARRAY_LEN(rows) },
    .creates = creates,
    .n_creates = ARRAY_LEN(creates),
    .updates = updates,
    .n_updates = ARRAY_LEN(updates),
    .remove = { "delete", "DELETE", "/toolkits/{id}", BODY_NONE, .since = 328 },
    .engine_read = "engine_id",
    .identity = { { "plugin.id", "status.identifier" }, { "plugin.name", "status.displayName" } },
    .doc = "the plugin that teaches engines a kind of database",
};
