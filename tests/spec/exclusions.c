/* Where product or simulator and the published contract differ, and why that
 * is right. What explains nothing any more fails the check. */
#include "tests/spec/report.h"

/* clang-format off */
const struct exclusion exclusions[] = {
    /* What the contract itself gets wrong. */
    { "PostgresSourceCreateParameters", "repository",
      "published slip: `required` means repository_id" },
    { "UpdateRepositoryParameters", "database_type",
      "published slip: older documents defined it, servers do not ask for it" },
    { "RegisteredEngine", "truststore_filename",
      "published slip: the update's pattern forgets the hyphen that registration allows" },

    /* Engine: PATCH takes the whole object that GET answers. */
    { "RegisteredEngine",
      "id uuid type version ssh_public_key status connection_status connection_status_details "
      "engine_connection_status engine_connection_status_details",
      "DCT says it, nobody else" },
    { "RegisteredEngine",
      "cpu_core_count memory_size data_storage_capacity data_storage_used masking_memory_used "
      "masking_allocated_memory masking_jobs_running masking_max_concurrent_jobs "
      "masking_available_cores",
      "measured by DCT" },
    { "RegisteredEngine", "hyperscale_*", "hyperscale engines are out of scope" },
    { "RegisteredEngine", "tags", "changed pair by pair through the tags calls" },

    /* Environment. */
    { "Environment*Parameters", "ase_*", "ASE only" },
    { "Environment*Parameters", "cluster_home", "clusters only" },
    { "EnvironmentCreateParameters", "is_cluster", "clusters only" },
    { "EnvironmentUpdateParameters", "cluster_address cluster_user scan remote_listener",
      "clusters only" },
    { "Environment*Parameters", "staging_environment", "Windows sources only" },
    { "EnvironmentCreateParameters", "is_target connector_port connector_authentication_key",
      "Windows only" },
    { "HostUpdateParameters", "connector_port connector_authentication_key", "Windows only" },
    { "HostUpdateParameters", "oracle_*", "Oracle only" },
    { "UpdateRepositoryParameters",
      "oracle_base bits port instance_owner installation_path dump_history_file "
      "database_username database_password service_principal_name isql_path",
      "Oracle, SQL Server and ASE only" },

    /* SourceConfig. */
    { "AppDataSource*Parameters", "path",
      "sources of type DIRECT only; these connectors' are STAGED" },
    { "AppDataSourceUpdateParameters", "name", "the rename call changes it, on every server" },

    /* DSource. */
    { "UpdateAppDataDSourceParameters", "ops_pre_sync ops_post_sync",
      "deprecated; the update's `hooks` holds them" },
    { "DSourceHooks", "ops_pre_log_sync pre_validated_sync post_validated_sync",
      "Oracle and SQL Server only; the link call has no such hook" },

    /* Hooks, of dSources and VDBs. */
    { "Hook", "element_id",
      "left out on purpose: an update replaces the list, old credentials with it" },
    { "Hook", "has_credentials", "DCT says it, nobody else" },
    { "CredentialsEnvVariable", "element_id", "as a hook's" },
    { "CredentialsEnvVariable", "credential_type type", "DCT says it, nobody else" },

    /* VDB: the same database, said by the connector's own parameters. */
    { "ProvisionVDB*Parameters", "postgres_port privileged_os_user config_settings_stg",
      "twins of what appdata_source_params says, and no call shows or changes them" },
    { "UpdateVDBParameters", "database_name", "the contract: not applicable to AppData VDBs" },
    { "UpdateVDBParameters", "db_username db_password validate_db_credentials",
      "Oracle and ASE only" },
    { "RefreshVDBByTimestampParameters", "dataset_id",
      "the moment is one of the VDB's own source; timeflow_id names another" },
    { "*VDB*Parameters",
      "template_id listener_ids new_dbid cdc_on_provision pre_script post_script "
      "oracle_rac_custom_env_files oracle_rac_custom_env_vars parent_tde_keystore_password "
      "tde_key_identifier target_vcdb_tde_keystore_path cdb_tde_keystore_password "
      "parent_pdb_tde_keystore_path parent_pdb_tde_keystore_password "
      "target_pdb_tde_keystore_password invoke_datapatch mssql_*",
      "Oracle, SQL Server and ASE only" },
    { "UpdateVDBParameters", "parent_tde_keystore_path oracle_services instances", "Oracle only" },
    { "ProvisionVDB*Parameters",
      "cdb_id cluster_node_ids cluster_node_instances truncate_log_on_checkpoint os_username "
      "os_password auxiliary_template_id file_mapping_rules oracle_instance_name unique_name "
      "vcdb_name vcdb_database_name vcdb_restart open_reset_logs recovery_model online_log_size "
      "online_log_groups archive_log parentTdeKeystorePath tde_exported_key_file_secret "
      "vcdb_tde_key_identifier tde_keystore_config_type okv_client_id container_mode",
      "Oracle, SQL Server and ASE only" },

    /* dct-sim, beyond what is above. */
    { "ValidateJavaParameters", "username password",
      "dct-sim looks at a path, it logs in nowhere and counts no characters of a login" },
    { "CreateRepositoryParams",
      "bits installation_home oracle_base instance_owner instance_name installation_path "
      "database_username database_password",
      "dct-sim has no Oracle, SQL Server and ASE; others' repositories are discovered" },
    { "DSourceSnapshotParameters", "mssql_backup_uuid", "SQL Server only" },
    { "DeleteDSourceRequest", "oracle_username oracle_password", "Oracle only" },
    { "DeleteDSourceRequest", "dsource_id", "an id that is too long names no dSource" },
    /* Routes: method and path. The document holds a part of the published one. */
    { "*", "/snapshots/{}/tags* /bookmarks/{}/tags* /virtualization-policies/{}/tags* "
      "/database-templates/{}/tags*",
      "every kind of object has the same three calls for tags; the document leaves these out" },
    { "GET", "/timeflows /bookmarks", "lists; the document has their searches only" },
    { "POST", "/bookmarks", "makes the bookmarks that VDBs come from; not in the document" },
};
/* clang-format on */
const size_t n_exclusions = ARRAY_LEN(exclusions);
