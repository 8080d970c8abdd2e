/* Engine: a Continuous Data Engine that DCT is connected to.
 *
 * Registering and changing one is synchronous; unregistering is a job. What
 * DCT answers about passwords is a mask, so they are never read. */
#include "schema/kind.h"

/* clang-format off */
static const struct field custom_tag_rows[] = {
    { "key", "key", NULL, NULL, F_STRING, REQUIRED, 1, 4000, .doc = "key of the tag" },
    { "value", "value", NULL, NULL, F_STRING, REQUIRED, 1, 4000, .doc = "value of the tag" },
};

static const struct field rows[] = {
    { "metadata.name", "name", "name", "name", F_STRING, REQUIRED, 1, 256,
      .doc = "name of the engine in DCT" },
    { "metadata.tags", "tags", NULL, "tags", F_TAGS, UNORDERED | REMEMBER,
      .doc = "DCT tags of the engine" },
    { "hostname", "hostname", "hostname", "hostname", F_STRING, REQUIRED, 1, 256,
      .doc = "host name or address that DCT reaches the engine at" },
    { "username", "username", "username", "username", F_STRING, CLEARABLE, 1, 256,
      .doc = "engine administrator that DCT logs in as" },
    { "password", "password", "password", NULL, F_SECRET, CLEARABLE, 1, 4096,
      .doc = "password of username" },
    { "insecureSsl", "insecure_ssl", "insecure_ssl", "insecure_ssl", F_BOOLEAN, 0,
      .doc = "accept any certificate of the engine" },
    { "unsafeSslHostnameCheck", "unsafe_ssl_hostname_check", "unsafe_ssl_hostname_check",
      "unsafe_ssl_hostname_check", F_BOOLEAN, 0,
      .doc = "accept a certificate that names another host" },
    { "truststoreFilename", "truststore_filename", "truststore_filename", "truststore_filename",
      F_STRING, CLEARABLE, 1, 1024, .pattern = "^[a-zA-Z0-9_.-]+$",
      .doc = "trust store in DCT that knows the engine's certificate" },
    { "truststorePassword", "truststore_password", "truststore_password", NULL,
      F_SECRET, CLEARABLE, 1, 1024,
      .doc = "password of truststoreFilename" },
    { "hashicorpVaultId", "hashicorp_vault_id", "hashicorp_vault_id", "hashicorp_vault_id",
      F_INTEGER, CLEARABLE,
      .doc = "HashiCorp vault, by DCT's number, that holds the credentials" },
    { "hashicorpVaultUsernameCommandArgs", "hashicorp_vault_username_command_args",
      "hashicorp_vault_username_command_args", "hashicorp_vault_username_command_args",
      F_STRINGS, CLEARABLE, 1, 100,
      .doc = "arguments to the vault's command line tool that print the user name" },
    { "hashicorpVaultPasswordCommandArgs", "hashicorp_vault_password_command_args",
      "hashicorp_vault_password_command_args", "hashicorp_vault_password_command_args",
      F_STRINGS, CLEARABLE, 1, 100,
      .doc = "arguments to the vault's command line tool that print the password" },
    { "maskingUsername", "masking_username", "masking_username", "masking_username",
      F_STRING, CLEARABLE, 1, 256,
      .doc = "masking administrator, where the engine also masks" },
    { "maskingPassword", "masking_password", "masking_password", NULL, F_SECRET, CLEARABLE, 1, 4096,
      .doc = "password of maskingUsername" },
    { "maskingHashicorpVaultId", "masking_hashicorp_vault_id", "masking_hashicorp_vault_id",
      "masking_hashicorp_vault_id", F_INTEGER, CLEARABLE,
      .doc = "HashiCorp vault, by DCT's number, that holds the masking credentials" },
    { "hashicorpVaultMaskingUsernameCommandArgs", "hashicorp_vault_masking_username_command_args",
      "hashicorp_vault_masking_username_command_args",
      "hashicorp_vault_masking_username_command_args", F_STRINGS, CLEARABLE, 1, 100,
      .doc = "arguments to the vault's command line tool that print the masking user name" },
    { "hashicorpVaultMaskingPasswordCommandArgs", "hashicorp_vault_masking_password_command_args",
      "hashicorp_vault_masking_password_command_args",
      "hashicorp_vault_masking_password_command_args", F_STRINGS, CLEARABLE, 1, 100,
      .doc = "arguments to the vault's command line tool that print the masking password" },
    { "autoTaggingConfig", NULL, NULL, NULL, F_BLOCK, ONCE, .since = 318,
      .doc = "tags that DCT adds by itself; said at registration only" },
    { "autoTaggingConfig.enableVirtualizationDatasetGroups",
      "auto_tagging_config.enable_virtualization_dataset_groups", NULL, NULL, F_BOOLEAN, ONCE,
      .since = 318, .doc = "tag dSources and VDBs with the name of their dataset group" },
    { "autoTaggingConfig.enableMaskingEnvironments",
      "auto_tagging_config.enable_masking_environments", NULL, NULL, F_BOOLEAN, ONCE,
      .since = 318, .doc = "tag masking jobs with the name of their environment" },
    { "autoTaggingConfig.enableMaskingApplications",
      "auto_tagging_config.enable_masking_applications", NULL, NULL, F_BOOLEAN, ONCE,
      .since = 318, .doc = "tag masking jobs with the name of their application" },
    { "autoTaggingConfig.enableEngineName",
      "auto_tagging_config.enable_engine_name", NULL, NULL, F_BOOLEAN, ONCE,
      .since = 318, .doc = "tag what is found on the engine with the engine's name" },
    { "autoTaggingConfig.customTags", "auto_tagging_config.custom_tags", NULL, NULL, F_LIST, ONCE,
      1, 1000, .sub = custom_tag_rows, .n_sub = ARRAY_LEN(custom_tag_rows),
      .since = 318, .doc = "further tags for what is found on the engine" },

    { "status.connection", NULL, NULL, "engine_connection_status", F_STRING, FACT, .since = 309,
      .doc = "ONLINE, CONNECTION_ERROR, MISSING_CREDENTIALS or BAD_CREDENTIALS" },
    { "status.connectionDetails", NULL, NULL, "engine_connection_status_details", F_STRING, FACT,
      .since = 309, .doc = "what DCT says about a connection that fails" },
    { "status.state", NULL, NULL, "status", F_STRING, FACT,
      .doc = "CREATED, or DELETING while it is being unregistered" },
    { "status.type", NULL, NULL, "type", F_STRING, FACT,
      .doc = "VIRTUALIZATION, MASKING, BOTH or UNSET" },
    { "status.version", NULL, NULL, "version", F_STRING, FACT,
      .doc = "version of the engine" },
    { "status.uuid", NULL, NULL, "uuid", F_STRING, FACT,
      .doc = "the engine's own identity, whatever it is called" },
};

static const struct call creates[] = {
    { "register", "POST", "/management/engines", BODY_ROWS, .id_member = "id" },
};

/* Before there was PATCH, the whole of what is declared was put. */
static const struct call put = { "update", "PUT", "/management/engines/{id}", BODY_ROWS,
                                 .flags = CALL_WHOLE };

static const struct call updates[] = {
    { "update", "PATCH", "/management/engines/{id}", BODY_ROWS, .since = 309, .older = &put },
};
/* clang-format on */

const struct kind_desc kind_engine = {
    .kind = KIND_ENGINE,
    .name = "Engine",
    .arg = "engine",
    .collection = "/management/engines",
    .flags = KIND_TAGS_AT_CREATE | KIND_ORPHAN,
    .table = { rows, ARRAY_LEN(rows) },
    .creates = creates,
    .n_creates = ARRAY_LEN(creates),
    .updates = updates,
    .n_updates = ARRAY_LEN(updates),
    .remove = { "unregister", "DELETE", "/management/engines/{id}", .body = BODY_NONE },
    .engine_read = "id",
    .ready_fact = "status.connection",
    .ready_value = "ONLINE",
    .doc = "a Continuous Data Engine that DCT is connected to",
};
