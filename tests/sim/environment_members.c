/* What the calls about environments may say. Create carries members of the
 * environment, of its host and of its user in one body; updates are apart. */
#include "tests/sim/environments.h"

/* clang-format off */



const struct member sim_user_members[] = {
    { "username", T_STR, 1, 256, M_BOTH, "username", NULL },
    { "password", T_STR, 1, 256, M_BOTH | M_SECRET, NULL, NULL },
    { "vault", T_STR, 1, 256, M_BOTH, "vault", NULL },
    { "vault_username", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "hashicorp_vault_engine", T_STR, 1, 256, M_BOTH, "hashicorp_vault_engine", NULL },
    { "hashicorp_vault_secret_path", T_STR, 1, 256, M_BOTH, "hashicorp_vault_secret_path", NULL },
    { "hashicorp_vault_username_key", T_STR, 1, 256, M_BOTH,
      "hashicorp_vault_username_key", NULL },
    { "hashicorp_vault_secret_key", T_STR, 1, 256, M_BOTH, "hashicorp_vault_secret_key", NULL },
    { "cyberark_vault_query_string", T_STR, 1, 256, M_BOTH, "cyberark_vault_query_string", NULL },
    { "azure_vault_name", T_STR, 1, 256, M_BOTH, "azure_vault_name", NULL },
    { "azure_vault_username_key", T_STR, 1, 256, M_BOTH, "azure_vault_username_key", NULL },
    { "azure_vault_secret_key", T_STR, 1, 256, M_BOTH, "azure_vault_secret_key", NULL },
    { "use_kerberos_authentication", T_BOOL, 0, 0, M_BOTH, NULL, NULL },
    { "use_engine_public_key", T_BOOL, 0, 0, M_BOTH, NULL, NULL },
    { "use_custom_key_pair", T_BOOL, 0, 0, M_BOTH | M_28, NULL, NULL },
    { "custom_private_key", T_STR, 1, 6000, M_BOTH | M_28 | M_SECRET, NULL, NULL },
    { "custom_public_key", T_STR, 1, 6000, M_BOTH | M_28, "custom_public_key", NULL },
    MEMBERS_END,
};

static const struct member host_common[] = {
    { "hostname", T_STR, 1, 256, M_BOTH, "hostname", NULL },
    { "ssh_port", T_INT, 1, 65535, M_BOTH, "ssh_port", NULL },
    { "toolkit_path", T_STR, 1, 256, M_BOTH, "toolkit_path", NULL },
    { "nfs_addresses", T_STRINGS, 0, 256, M_BOTH, "nfs_addresses", NULL },
    { "java_home", T_STR, 0, 256, M_BOTH, "java_home", NULL },
    { "connector_port", T_INT, 1, 65535, M_BOTH, "connector_port", NULL },
    { "connector_authentication_key", T_STR, 0, 0, M_BOTH | M_SECRET, NULL, NULL },
    { "dsp_keystore_path", T_STR, 1, 256, M_BOTH, "dsp_keystore_path", NULL },
    { "dsp_keystore_alias", T_STR, 1, 256, M_BOTH, "dsp_keystore_alias", NULL },
    { "dsp_keystore_password", T_STR, 1, 256, M_BOTH | M_SECRET, NULL, NULL },
    { "dsp_truststore_path", T_STR, 1, 256, M_BOTH, "dsp_truststore_path", NULL },
    { "dsp_truststore_password", T_STR, 1, 256, M_BOTH | M_SECRET, NULL, NULL },
    MEMBERS_END,
};

static const struct member ase_common[] = {
    { "ase_db_username", T_STR, 1, 256, M_BOTH, "ase_db_user_name", NULL },
    { "ase_db_password", T_STR, 1, 256, M_BOTH | M_SECRET, NULL, NULL },
    { "ase_enable_tls", T_BOOL, 0, 0, M_BOTH | M_28, "ase_enable_tls", NULL },
    { "ase_skip_server_certificate_validation", T_BOOL, 0, 0, M_BOTH | M_28,
      "ase_skip_server_certificate_validation", NULL },
    { "ase_db_vault", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_vault_username", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_hashicorp_vault_engine", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_hashicorp_vault_secret_path", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_hashicorp_vault_username_key", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_hashicorp_vault_secret_key", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_cyberark_vault_query_string", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_azure_vault_name", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_azure_vault_username_key", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_azure_vault_secret_key", T_STR, 1, 256, M_BOTH, NULL, NULL },
    { "ase_db_use_kerberos_authentication", T_BOOL, 0, 0, M_BOTH, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_environment_members[] = {
    { "name", T_STR, 1, 256, M_CREATE, "name", NULL },
    { "engine_id", T_STR, 1, 0, M_CREATE | M_REQUIRED, "engine_id", NULL },
    { "os_name", T_STR, 1, 0, M_CREATE | M_REQUIRED, "os_type", "UNIX WINDOWS" },
    { "hostname", T_STR, 1, 256, M_CREATE | M_REQUIRED, "address", NULL },
    { "description", T_STR, 1, 1024, M_CREATE, "description", NULL },
    { "staging_environment", T_STR, 1, 256, M_CREATE, "staging_environment", NULL },
    { "is_cluster", T_BOOL, 0, 0, M_CREATE, "is_cluster", NULL },
    { "cluster_home", T_STR, 1, 256, M_CREATE, "cluster_home", NULL },
    { "is_target", T_BOOL, 0, 0, M_CREATE, "is_windows_target", NULL },
    { "tags", T_TAGS, 1, 0, M_CREATE, "tags", NULL },
    { "make_current_account_owner", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "", T_ALSO, 0, 0, M_CREATE, NULL, ase_common },
    /* Checked here, applied to the host and the user through their own tables. */
    { "", T_ALSO, 0, 0, M_CREATE | M_ELSEWHERE, NULL, host_common },
    { "", T_ALSO, 0, 0, M_CREATE | M_ELSEWHERE, NULL, sim_user_members },
    MEMBERS_END,
};

const struct member sim_environment_update_members[] = {
    { "name", T_STR, 1, 256, M_UPDATE, "name", NULL },
    { "description", T_STR, 1, 1024, M_UPDATE, "description", NULL },
    { "staging_environment", T_STR, 1, 256, M_UPDATE, "staging_environment", NULL },
    { "cluster_address", T_STR, 1, 256, M_UPDATE, "address", NULL },
    { "cluster_home", T_STR, 1, 256, M_UPDATE, "cluster_home", NULL },
    { "cluster_user", T_STR, 1, 256, M_UPDATE | M_28, "cluster_user", NULL },
    { "scan", T_STR, 0, 256, M_UPDATE | M_28, "scan", NULL },
    { "remote_listener", T_STR, 0, 256, M_UPDATE | M_28, "remote_listener", NULL },
    { "encryption_enabled", T_BOOL, 0, 0, M_UPDATE | M_28, "encryption_enabled", NULL },
    { "", T_ALSO, 0, 0, M_UPDATE, NULL, ase_common },
    MEMBERS_END,
};

const struct member sim_host_members[] = {
    { "", T_ALSO, 0, 0, M_BOTH, NULL, host_common },
    { "name", T_STR, 1, 0, M_CREATE, NULL, NULL },
    { "privilege_elevation_profile_reference", T_STR, 1, 0, M_CREATE, NULL, NULL },
    { "ssh_verification_strategy", T_OBJECT, 0, 0, M_BOTH | M_SECRET, NULL, NULL },
    { "oracle_cluster_node_name", T_STR, 1, 256, M_UPDATE, "oracle_cluster_node_name", NULL },
    { "oracle_cluster_node_enabled", T_BOOL, 0, 0, M_UPDATE, "oracle_cluster_node_enabled", NULL },
    { "oracle_cluster_node_virtual_ips", T_LIST, 0, 0, M_BOTH,
      "oracle_cluster_node_virtual_ips", NULL },
    { "oracle_jdbc_keystore_password", T_STR, 1, 0, M_BOTH | M_SECRET, NULL, NULL },
    { "oracle_tde_keystores_root_path", T_STR, 1, 0, M_BOTH,
      "oracle_tde_keystores_root_path", NULL },
    { "oracle_tde_okv_home_path", T_STR, 1, 0, M_UPDATE | M_28, "oracle_tde_okv_home_path", NULL },
    { "oracle_tde_external_key_manager_credential", T_STR, 1, 128, M_UPDATE | M_28 | M_SECRET,
      NULL, NULL },
    MEMBERS_END,
};

/* The published `required: [database_type]` names no property and is not asked. */
const struct member sim_repository_members[] = {
    { "database_type", T_STR, 0, 0, M_UPDATE, NULL, "ORACLE MSSQL ASE APPDATA" },
    { "allow_provisioning", T_BOOL, 0, 0, M_UPDATE, "allow_provisioning", NULL },
    { "is_staging", T_BOOL, 0, 0, M_UPDATE, "is_staging", NULL },
    { "version", T_STR, 0, 0, M_UPDATE, "version", NULL },
    { "oracle_base", T_STR, 0, 0, M_UPDATE, "oracle_base", NULL },
    { "bits", T_INT, 0, 0, M_UPDATE, "bits", NULL },
    { "port", T_INT, 0, 0, M_UPDATE | M_28, "port", NULL },
    { "instance_owner", T_STR, 1, 255, M_UPDATE | M_28, "owner", NULL },
    { "installation_path", T_STR, 1, 300, M_UPDATE | M_28, "installation_path", NULL },
    { "dump_history_file", T_STR, 0, 0, M_UPDATE | M_28, "dump_history_file", NULL },
    { "database_username", T_STR, 1, 256, M_UPDATE | M_28, "database_username", NULL },
    { "database_password", T_STR, 1, 256, M_UPDATE | M_28 | M_SECRET, NULL, NULL },
    { "service_principal_name", T_STR, 0, 0, M_UPDATE | M_28, "service_principal_name", NULL },
    { "isql_path", T_STR, 0, 0, M_UPDATE | M_28, "isql_path", NULL },
    MEMBERS_END,
};

const struct member sim_repository_create_members[] = {
    { "database_type", T_STR, 1, 0, M_CREATE | M_REQUIRED, "database_type", "ORACLE MSSQL ASE" },
    { "installation_home", T_STR, 1, 0, M_CREATE, "installation_home", NULL },
    { "installation_path", T_STR, 1, 0, M_CREATE, "installation_path", NULL },
    { "version", T_STR, 0, 0, M_CREATE, "version", NULL },
    { "oracle_base", T_STR, 0, 0, M_CREATE, "oracle_base", NULL },
    { "bits", T_INT, 32, 64, M_CREATE, "bits", NULL },
    { "allow_provisioning", T_BOOL, 0, 0, M_CREATE, "allow_provisioning", NULL },
    { "is_staging", T_BOOL, 0, 0, M_CREATE, "is_staging", NULL },
    { "port", T_INT, 0, 0, M_CREATE, "port", NULL },
    { "instance_name", T_STR, 0, 0, M_CREATE, "name", NULL },
    { "instance_owner", T_STR, 0, 0, M_CREATE, "owner", NULL },
    { "database_username", T_STR, 0, 0, M_CREATE, "database_username", NULL },
    { "database_password", T_STR, 0, 0, M_CREATE | M_SECRET, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_compatible_members[] = {
    { "source_data_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "engine_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "snapshot_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "environment_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */
