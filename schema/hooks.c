/* One hook, as `hooks.preRefresh: [{name, command, …}]` holds it.
 *
 * The API gives each hook an element_id of its own. It is left out on purpose:
 * an update then replaces the list by what the manifest says, and the
 * credentials that a hook had before go with it. */
#include "schema/hooks.h"

/* clang-format off */
static const char *const shells[] = { "bash", "shell", "expect", "ps", "psd", NULL };

static const struct field credential_rows[] = {
    { "baseVarName", "base_var_name", NULL, NULL, F_STRING, REQUIRED, 1, 256,
      .doc = "prefix of the environment variables that hold the credential" },
    { "password", "password", NULL, NULL, F_SECRET, 0, 1, 256,
      .doc = "the password itself; without it one of the vaults below is asked" },
    { "vaultUsername", "vault_username", NULL, NULL, F_STRING, 0, 1, 256, .since = 318,
      .doc = "display name of the vault user" },
    { "vault", "vault", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "name or reference of the vault to read the credential from" },
    { "hashicorpVaultEngine", "hashicorp_vault_engine", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "HashiCorp: engine that holds the secret" },
    { "hashicorpVaultSecretPath", "hashicorp_vault_secret_path", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "HashiCorp: path of the secret in the engine" },
    { "hashicorpVaultUsernameKey", "hashicorp_vault_username_key", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "HashiCorp: key of the user name" },
    { "hashicorpVaultSecretKey", "hashicorp_vault_secret_key", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "HashiCorp: key of the password" },
    { "azureVaultName", "azure_vault_name", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "Azure: name of the key vault" },
    { "azureVaultUsernameKey", "azure_vault_username_key", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "Azure: key of the user name" },
    { "azureVaultSecretKey", "azure_vault_secret_key", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "Azure: key of the password" },
    { "cyberarkVaultQueryString", "cyberark_vault_query_string", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "CyberArk: query that finds the credential" },
};

const struct field hook_rows[HOOK_ROWS] = {
    { "name", "name", NULL, NULL, F_STRING, 0, 1, 256,
      .doc = "name of the hook" },
    { "command", "command", NULL, NULL, F_STRING, REQUIRED, 1, 131072,
      .doc = "what is run on the host" },
    { "shell", "shell", NULL, NULL, F_ENUM, 0, .words = shells,
      .doc = "what runs it; bash when left out" },
    { "credentialsEnvVars", "credentials_env_vars", NULL, NULL, F_LIST, UNORDERED,
      .sub = credential_rows, .n_sub = ARRAY_LEN(credential_rows),
      .doc = "credentials that the command finds in its environment" },
    { "hookTemplateId", "hook_template_id", NULL, NULL, F_STRING, 0, .since = 328,
      .doc = "id of the hook template that it follows" },
};
/* clang-format on */
