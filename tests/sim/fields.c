/* What may be filtered and sorted by, collection by collection, as the published
 * contract lists it (x-filterable and the sort parameters), and which members
 * servers before 3.28 do not show. */
#include "tests/sim/model.h"

/* clang-format off */
const struct collection_info sim_collections[COLLECTIONS] = {
    [C_ENGINES] = {
        "engines", "engine",
        .filter =
            "id uuid ssh_public_key type version name hostname cpu_core_count memory_size "
            "data_storage_capacity data_storage_used insecure_ssl unsafe_ssl_hostname_check "
            "truststore_filename hyperscale_truststore_filename status username "
            "hashicorp_vault_id tags{key value} connection_status connection_status_details "
            "engine_connection_status engine_connection_status_details masking_memory_used "
            "masking_allocated_memory masking_jobs_running masking_max_concurrent_jobs "
            "masking_available_cores hyperscale_instance_ids",
        .sort =
            "id uuid type version name hostname cpu_core_count memory_size "
            "data_storage_capacity data_storage_used username hashicorp_vault_id "
            "connection_status connection_status_details engine_connection_status "
            "engine_connection_status_details masking_memory_used masking_allocated_memory "
            "masking_jobs_running masking_max_concurrent_jobs masking_available_cores",
        .newer =
            "",
    },
    [C_TOOLKITS] = {
        "toolkits", "toolkit",
        .filter =
            "id type pretty_name name reference version display_name plugin_id external_version "
            "engine_name engine_id build_api namespace identifier root_squash_enabled "
            "default_locale status language lua_name minimum_lua_version host_types",
        .sort =
            "id type pretty_name name reference version display_name plugin_id external_version "
            "engine_name engine_id build_api identifier status lua_name minimum_lua_version",
        .newer =
            "build_api display_name pretty_name version namespace identifier "
            "root_squash_enabled default_locale status language extended_start_stop_hooks "
            "entry_point lua_name minimum_lua_version host_types snapshot_schema resources "
            "manifest",
    },
    [C_ENVIRONMENTS] = {
        "environments", "environment",
        .filter =
            "id name namespace is_cluster address cluster_home cluster_name scan "
            "remote_listener is_windows_target staging_environment enabled encryption_enabled "
            "description namespace_id namespace_name is_replica engine_id engine_name "
            "ase_db_user_name ase_db_credential_type ase_enable_tls "
            "ase_skip_server_certificate_validation hosts{hostname os_name os_version "
            "memory_size available available_timestamp not_available_reason nfs_addresses "
            "dsp_keystore_alias dsp_keystore_path dsp_truststore_path java_home ssh_port "
            "toolkit_path connector_port connector_version connector_dot_net_framework_version "
            "oracle_tde_keystores_root_path oracle_tde_okv_home_path processor_type timezone "
            "powershell_version release is_tde_external_key_manager_password_set distribution} "
            "tags{key value} repositories{id name database_type allow_provisioning is_staging "
            "oracle_base version bits install_group install_user rac ports port "
            "dump_history_file page_size owner installation_path fulltext_installed "
            "internal_version mssql_cluster_instances_name mssql_cluster_instances_version "
            "mssql_cluster_instances_owners mssql_cluster_instances_ports "
            "mssql_cluster_instances_server_names mssql_cluster_instances_nodes "
            "installation_home mssql_listeners{type name address port} database_username "
            "service_principal_name isql_path ase_tls_enabled credential_type} listeners{id "
            "namespace name client_endpoints is_discovered host_id protocol_addresses} "
            "env_users{user_ref username auth_type vault hashicorp_vault_engine "
            "hashicorp_vault_secret_path hashicorp_vault_username_key "
            "hashicorp_vault_secret_key cyberark_vault_query_string azure_vault_name "
            "azure_vault_username_key azure_vault_secret_key}",
        .sort =
            "id name namespace engine_id engine_name enabled is_cluster cluster_name "
            "ase_db_user_name ase_db_credential_type ase_enable_tls "
            "ase_skip_server_certificate_validation",
        .newer =
            "engine_name address cluster_name env_users description encryption_enabled "
            "cluster_user scan remote_listener",
        .errors = true,
    },
    [C_SOURCES] = {
        "sources", "source",
        .filter =
            "id database_type name database_version environment_id environment_name data_uuid "
            "ip_address fqdn size jdbc_connection_string plugin_version is_dsource namespace_id "
            "namespace_name is_replica recovery_model mssql_source_type appdata_source_type "
            "is_pdb instance_name instance_number user environment_user_ref non_sys_user "
            "discovered linking_enabled repository cdb_type data_connection_id database_name "
            "database_unique_name",
        .sort =
            "id database_type name database_version environment_id data_uuid ip_address fqdn "
            "size jdbc_connection_string plugin_version is_dsource instance_name "
            "instance_number user non_sys_user discovered linking_enabled repository cdb_type "
            "environment_user_ref data_connection_id database_name database_unique_name",
        .newer =
            "environment_name environment_user_ref config_params mount_base data_connection_id",
        .errors = true,
    },
    [C_STAGING_SOURCES] = {
        "staging-sources", "staging source",
        .filter =
            "id name database_type database_name database_version environment_id data_uuid "
            "ip_address fqdn repository oracle_config_type cdb_type dsource_id "
            "environment_user_ref recovery_model mount_base data_connection_id "
            "datafile_mount_path archive_mount_path database_unique_name size nfs_version "
            "nfs_version_reason nfs_encryption_enabled",
        .sort =
            "id name database_type database_name database_version environment_id data_uuid "
            "ip_address fqdn repository oracle_config_type cdb_type dsource_id type "
            "environment_user_ref recovery_model mount_base data_connection_id "
            "datafile_mount_path archive_mount_path database_unique_name size nfs_version "
            "nfs_version_reason nfs_encryption_enabled",
        .newer =
            "environment_user_ref mount_base",
        .errors = true,
    },
    [C_DSOURCES] = {
        "dsources", "dSource",
        .filter =
            "id data_uuid database_type name description database_version content_type "
            "storage_size plugin_version creation_date group_name enabled is_detached "
            "logsync_enabled logsync_mode logsync_interval exported_data_directory engine_id "
            "source_id staging_source_id status engine_name cdb_id current_timeflow_id "
            "previous_timeflow_id namespace_id namespace_name is_replica primary_object_id "
            "primary_engine_id primary_engine_name replicas{replica_id replica_engine_id "
            "replica_engine_name} hooks{name command shell element_id has_credentials "
            "hook_point} sync_policy_id retention_policy_id replica_retention_policy_id "
            "quota_policy_id template_id allow_auto_staging_restart_on_host_reboot "
            "physical_standby validate_by_opening_db_in_read_only_mode "
            "mssql_sync_strategy_managed_type validated_sync_mode shared_backup_locations "
            "backup_policy compression_enabled staging_database_name db_state encryption_key "
            "external_netbackup_config_master_name external_netbackup_config_source_client_name "
            "external_netbackup_config_params external_netbackup_config_templates "
            "external_commserve_host_name external_commvault_config_source_client_name "
            "external_commvault_config_staging_client_name external_commvault_config_params "
            "external_commvault_config_templates mssql_user_type domain_user_credential_type "
            "mssql_database_username mssql_user_environment_reference "
            "mssql_user_domain_username mssql_user_domain_vault_username "
            "mssql_user_domain_vault mssql_user_domain_hashicorp_vault_engine "
            "mssql_user_domain_hashicorp_vault_secret_path "
            "mssql_user_domain_hashicorp_vault_username_key "
            "mssql_user_domain_hashicorp_vault_secret_key mssql_user_domain_azure_vault_name "
            "mssql_user_domain_azure_vault_username_key "
            "mssql_user_domain_azure_vault_secret_key "
            "mssql_user_domain_cyberark_vault_query_string diagnose_no_logging_faults "
            "pre_provisioning_enabled backup_level_enabled rman_channels files_per_set "
            "check_logical encrypted_linking_enabled compressed_linking_enabled bandwidth_limit "
            "number_of_connections toolkit_id data_connection_id truncate_log_on_checkpoint "
            "durability_level load_backup_path validated_sync_enabled dump_history_file_enabled",
        .sort =
            "id content_type database_type name database_version data_uuid storage_size "
            "plugin_version creation_date group_name enabled engine_id source_id "
            "staging_source_id status engine_name primary_object_id primary_engine_id "
            "primary_engine_name sync_policy_id retention_policy_id replica_retention_policy_id "
            "quota_policy_id logsync_enabled logsync_mode logsync_interval "
            "exported_data_directory template_id allow_auto_staging_restart_on_host_reboot "
            "physical_standby validate_by_opening_db_in_read_only_mode "
            "mssql_sync_strategy_managed_type validated_sync_mode backup_policy "
            "compression_enabled staging_database_name db_state "
            "external_netbackup_config_master_name external_netbackup_config_source_client_name "
            "external_netbackup_config_templates external_commserve_host_name "
            "external_commvault_config_source_client_name "
            "external_commvault_config_staging_client_name external_commvault_config_templates "
            "mssql_user_type domain_user_credential_type mssql_database_username "
            "mssql_user_environment_reference mssql_user_domain_username "
            "mssql_user_domain_vault_username mssql_user_domain_vault "
            "mssql_user_domain_hashicorp_vault_engine "
            "mssql_user_domain_hashicorp_vault_secret_path "
            "mssql_user_domain_hashicorp_vault_username_key "
            "mssql_user_domain_hashicorp_vault_secret_key mssql_user_domain_azure_vault_name "
            "mssql_user_domain_azure_vault_username_key "
            "mssql_user_domain_azure_vault_secret_key "
            "mssql_user_domain_cyberark_vault_query_string diagnose_no_logging_faults "
            "pre_provisioning_enabled backup_level_enabled rman_channels files_per_set "
            "check_logical encrypted_linking_enabled compressed_linking_enabled bandwidth_limit "
            "number_of_connections toolkit_id description truncate_log_on_checkpoint "
            "durability_level",
        .newer =
            "description appdata_source_params appdata_config_params staging_source_id excludes "
            "follow_symlinks",
        .errors = true,
    },
    [C_VDBS] = {
        "vdbs", "VDB",
        .filter =
            "id database_type name description database_name database_version "
            "jdbc_connection_string size storage_size unvirtualized_space engine_id status "
            "environment_id ip_address fqdn parent_id parent_dsource_id group_name "
            "creation_date last_refreshed_date current_timeflow_id previous_timeflow_id masked "
            "namespace_id namespace_name is_replica is_locked logsync_enabled "
            "exported_data_directory vcdb_exported_data_directory locked_by locked_by_name "
            "content_type template_id template_name tags{key value} hooks{name command shell "
            "element_id has_credentials hook_point} engine_name cdb_id appdata_source_params "
            "config_params primary_object_id primary_engine_id primary_engine_name "
            "replicas{replica_id replica_engine_id replica_engine_name} invoke_datapatch "
            "node_listeners instance_name instance_number repository_id containerization_state "
            "parent_tde_keystore_path target_vcdb_tde_keystore_path tde_key_identifier "
            "parent_pdb_tde_keystore_path target_pdb_tde_keystore_path environment_user_ref "
            "recovery_model cdc_on_provision data_connection_id mssql_ag_backup_location "
            "mssql_ag_backup_based mssql_ag_replicas{name ag_replica_id vdb_id "
            "current_timeflow_id mount_point exported_data_directory repository_id "
            "environment_id curr_timeflow_support_provision_without_backup "
            "curr_timeflow_ag_replica_sync_status curr_timeflow_last_hardened_lsn} "
            "database_unique_name db_username new_db_id redo_log_groups redo_log_size_in_mb "
            "toolkit_id nfs_version nfs_version_reason nfs_encryption_enabled "
            "mssql_incremental_export_backup_frequency_minutes truncate_log_on_checkpoint "
            "durability_level",
        .sort =
            "id database_name database_type name database_version size engine_id status "
            "environment_id ip_address fqdn parent_id parent_dsource_id group_name "
            "creation_date last_refreshed_date engine_name storage_size unvirtualized_space "
            "locked_by locked_by_name primary_object_id primary_engine_id primary_engine_name "
            "content_type exported_data_directory vcdb_exported_data_directory invoke_datapatch "
            "instance_name instance_number repository_id containerization_state "
            "parent_tde_keystore_path target_vcdb_tde_keystore_path tde_key_identifier "
            "parent_pdb_tde_keystore_path target_pdb_tde_keystore_path environment_user_ref "
            "recovery_model cdc_on_provision data_connection_id mssql_ag_backup_location "
            "mssql_ag_backup_based database_unique_name db_username new_db_id redo_log_groups "
            "redo_log_size_in_mb toolkit_id nfs_version nfs_version_reason "
            "nfs_encryption_enabled description "
            "mssql_incremental_export_backup_frequency_minutes truncate_log_on_checkpoint "
            "durability_level",
        .newer =
            "description environment_user_ref custom_env_vars cache_priority recycle_bin "
            "recycle_days template_name db_username",
        .errors = true,
    },
    [C_SNAPSHOTS] = {
        "snapshots", "snapshot",
        .filter =
            "id engine_id namespace name namespace_id namespace_name is_replica consistency "
            "missing_non_logged_data dataset_id creation_time start_timestamp start_location "
            "timestamp location expiration retain_forever effective_expiration "
            "effective_retain_forever timeflow_id timezone version temporary appdata_toolkit "
            "appdata_metadata ase_db_encryption_key mssql_internal_version "
            "mssql_backup_set_uuid mssql_backup_software_type mssql_backup_location_type "
            "mssql_empty_snapshot oracle_from_physical_standby_vdb "
            "oracle_redo_log_size_in_bytes mssql_incremental_export_source_snapshot",
        .sort =
            "id engine_id namespace name consistency missing_non_logged_data dataset_id "
            "creation_time start_timestamp start_location timestamp location expiration "
            "retain_forever effective_expiration effective_retain_forever timeflow_id timezone "
            "version temporary appdata_toolkit appdata_metadata ase_db_encryption_key "
            "mssql_internal_version mssql_backup_set_uuid mssql_backup_software_type "
            "mssql_backup_location_type mssql_empty_snapshot oracle_from_physical_standby_vdb "
            "oracle_redo_log_size_in_bytes",
        .newer =
            "",
    },
    [C_TIMEFLOWS] = {
        "timeflows", "timeflow",
        .filter =
            "id engine_id namespace name namespace_id namespace_name is_replica dataset_id "
            "creation_type parent_snapshot_id parent_point_location parent_point_timestamp "
            "parent_point_timeflow_id source_data_timestamp oracle_incarnation_id "
            "oracle_cdb_timeflow_id oracle_tde_uuid mssql_database_guid is_active "
            "creation_timestamp activation_timestamp parent_vdb_id parent_dsource_id "
            "source_vdb_id source_dsource_id",
        .sort =
            "id engine_id namespace name dataset_id creation_type parent_snapshot_id "
            "parent_point_location parent_point_timestamp parent_point_timeflow_id "
            "source_data_timestamp oracle_incarnation_id oracle_cdb_timeflow_id oracle_tde_uuid "
            "mssql_database_guid creation_timestamp activation_timestamp parent_vdb_id "
            "parent_dsource_id source_vdb_id source_dsource_id",
        .newer =
            "",
    },
    [C_BOOKMARKS] = {
        "bookmarks", "bookmark",
        .filter =
            "id name creation_date data_timestamp vdb_ids dsource_ids retention expiration "
            "bookmark_source bookmark_status ss_data_layout_id ss_bookmark_reference "
            "ss_bookmark_errors bookmark_type timeflow_id location vdb_group_id vdb_group_name "
            "namespace_id namespace_name is_replica primary_object_id primary_engine_id "
            "primary_engine_name primary_bookmark_expiration replicas{replica_id "
            "replica_engine_id replica_engine_name replica_namespace_id} vdbs{vdb_id vdb_name "
            "root_parent_id snapshot_id timeflow_id data_timestamp} dsources{dsource_id "
            "dsource_name snapshot_id timeflow_id data_timestamp} "
            "paas_databases{paas_database_id paas_database_name root_parent_id paas_snapshot_id "
            "data_timestamp} paas_instances{paas_instance_id paas_instance_name root_parent_id "
            "paas_snapshot_id data_timestamp} tags{key value}",
        .sort =
            "id name creation_date vdb_ids retention expiration data_timestamp timeflow_id "
            "location vdb_group_name namespace_id namespace_name primary_object_id "
            "primary_engine_id primary_engine_name primary_bookmark_expiration",
        .newer =
            "",
    },
    [C_POLICIES] = {
        "virtualization-policies", "virtualization policy",
        .filter =
            "id name dct_managed create_user create_timestamp namespace engine_id engine_name "
            "policy_type timezone_id namespace_id namespace_name is_replica default_policy "
            "effective_type data_duration data_unit log_duration log_unit num_of_daily "
            "num_of_weekly day_of_week num_of_monthly day_of_month num_of_yearly day_of_year "
            "size customized schedules{cron_string cutoff_time} tags{key value} num_targets",
        .sort =
            "id name dct_managed create_user create_timestamp engine_id engine_name policy_type "
            "timezone_id default_policy effective_type data_duration data_unit log_duration "
            "log_unit num_of_daily num_of_weekly day_of_week num_of_monthly day_of_month "
            "num_of_yearly day_of_year size provision_source num_targets customized",
        .newer =
            "",
    },
    [C_POLICY_TARGETS] = {
        "policy-targets", "policy target",
        .filter =
            "policy_id target_id engine_id policy_type target_type target_name",
        .sort =
            "policy_id target_id engine_id policy_type target_type target_name",
        .newer =
            "",
    },
    [C_GROUPS] = {
        "groups", "dataset group",
        .filter =
            "id name engine_name engine_id namespace namespace_id namespace_name is_replica",
        .sort =
            "id engine_id namespace name engine_name",
        .newer =
            "",
    },
    [C_TEMPLATES] = {
        "database-templates", "database template",
        .filter =
            "id name description source_type parameters{name value} tags{key value}",
        .sort =
            "id name description source_type",
        .newer =
            "",
    },
    [C_JOBS] = {
        "jobs", "job",
        .filter =
            "id status type localized_type target_id target_name start_time update_time "
            "error_details trace_id engine_ids engines{engine_id engine_name} account_id "
            "account_name",
        .sort =
            "id status type localized_type target_id target_name start_time update_time "
            "error_details trace_id account_id account_name",
        .newer =
            "result result_type compliance_node_id compliance_node_name",
        .errors = true,
    },
};
/* clang-format on */
