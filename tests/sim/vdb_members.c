/* What the calls about VDBs may say. */
#include "tests/sim/vdbs.h"

#define HOOK_POINTS \
    "pre_refresh post_refresh pre_self_refresh post_self_refresh pre_rollback " \
    "post_rollback configure_clone pre_snapshot post_snapshot pre_start " \
    "post_start pre_stop post_stop"
/* clang-format off */
const struct member sim_vdb_members[] = {
    { "name", T_STR, 1, 256, M_BOTH, "name", NULL },
    { "description", T_STR, 0, 0, M_UPDATE | M_28, "description", NULL },
    { "source_data_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "snapshot_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "timestamp", T_DATE, 0, 0, M_CREATE, NULL, NULL },
    { "timestamp_in_database_timezone", T_STR, 19, 23, M_CREATE, NULL, NULL },
    { "timeflow_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "bookmark_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "engine_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "target_group_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "environment_id", T_STR, 1, 256, M_CREATE | M_ELSEWHERE, NULL, NULL },
    { "repository_id", T_STR, 1, 256, M_CREATE | M_ELSEWHERE, NULL, NULL },
    { "auto_select_repository", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "environment_user_id", T_STR, 1, 256, M_BOTH, "environment_user_ref", NULL },
    { "database_name", T_STR, 1, 256, M_BOTH, "database_name", NULL },
    { "mount_point", T_STR, 1, 256, M_BOTH, "mount_point", NULL },
    { "vdb_restart", T_BOOL, 0, 0, M_CREATE, "vdb_restart", NULL },
    { "auto_restart", T_BOOL, 0, 0, M_UPDATE, "vdb_restart", NULL },
    { "masked", T_BOOL, 0, 0, M_CREATE, "masked", NULL },
    { "snapshot_policy_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "retention_policy_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "template_id", T_STR, 0, 256, M_BOTH, "template_id", NULL },
    { "config_params", T_OBJECT, 0, 0, M_BOTH | M_NULL, "config_params", NULL },
    { "appdata_source_params", T_OBJECT, 0, 0, M_BOTH, "appdata_source_params", NULL },
    { "appdata_config_params", T_OBJECT, 0, 0, M_BOTH | M_NULL, "appdata_config_params", NULL },
    { "additional_mount_points", T_LIST, 0, 0, M_BOTH | M_NULL, "additional_mount_points", NULL },
    { "custom_env_vars", T_MAP, 0, 0, M_BOTH, "custom_env_vars", NULL },
    { "custom_env_files", T_STRINGS, 0, 4096, M_BOTH, NULL, NULL },
    { "privileged_os_user", T_STR, 0, 32, M_CREATE, NULL, NULL },
    { "postgres_port", T_INT, 1, 65536, M_CREATE, NULL, NULL },
    { "config_settings_stg", T_LIST, 0, 0, M_CREATE, NULL, NULL },
    { "cache_priority", T_STR, 0, 0, M_BOTH | M_28, "cache_priority", "NORMAL HIGH" },
    { "tags", T_TAGS, 1, 0, M_CREATE, "tags", NULL },
    { "make_current_account_owner", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "db_username", T_STR, 1, 256, M_UPDATE, "db_username", NULL },
    { "db_password", T_STR, 1, 256, M_UPDATE | M_SECRET, NULL, NULL },
    { "validate_db_credentials", T_BOOL, 0, 0, M_UPDATE, NULL, NULL },
    { "hooks", T_HOOKSET, 0, 0, M_UPDATE, "hooks", HOOK_POINTS },
    { "configure_clone", T_HOOKS, 0, 0, M_CREATE, "configure_clone", NULL },
    { "pre_refresh", T_HOOKS, 0, 0, M_CREATE, "pre_refresh", NULL },
    { "post_refresh", T_HOOKS, 0, 0, M_CREATE, "post_refresh", NULL },
    { "pre_self_refresh", T_HOOKS, 0, 0, M_CREATE, "pre_self_refresh", NULL },
    { "post_self_refresh", T_HOOKS, 0, 0, M_CREATE, "post_self_refresh", NULL },
    { "pre_snapshot", T_HOOKS, 0, 0, M_CREATE, "pre_snapshot", NULL },
    { "post_snapshot", T_HOOKS, 0, 0, M_CREATE, "post_snapshot", NULL },
    { "pre_start", T_HOOKS, 0, 0, M_CREATE, "pre_start", NULL },
    { "post_start", T_HOOKS, 0, 0, M_CREATE, "post_start", NULL },
    { "pre_stop", T_HOOKS, 0, 0, M_CREATE, "pre_stop", NULL },
    { "post_stop", T_HOOKS, 0, 0, M_CREATE, "post_stop", NULL },
    { "pre_rollback", T_HOOKS, 0, 0, M_CREATE, "pre_rollback", NULL },
    { "post_rollback", T_HOOKS, 0, 0, M_CREATE, "post_rollback", NULL },
    /* Of other databases: known, and shown where GET has the same name. */
    { "archive_log", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "auxiliary_template_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "cdb_id", T_STR, 1, 256, M_CREATE, "cdb_id", NULL },
    { "cdb_tde_keystore_password", T_STR, 1, 1024, M_BOTH | M_SECRET, NULL, NULL },
    { "cdc_on_provision", T_BOOL, 0, 0, M_BOTH, "cdc_on_provision", NULL },
    { "cluster_node_ids", T_STRINGS, 1, 256, M_CREATE, NULL, NULL },
    { "cluster_node_instances", T_LIST, 0, 0, M_CREATE, NULL, NULL },
    { "container_mode", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "file_mapping_rules", T_STR, 1, 131072, M_CREATE, NULL, NULL },
    { "instances", T_LIST, 0, 0, M_UPDATE, NULL, NULL },
    { "invoke_datapatch", T_BOOL, 0, 0, M_BOTH, "invoke_datapatch", NULL },
    { "listener_ids", T_STRINGS, 0, 256, M_BOTH, NULL, NULL },
    { "mssql_ag_backup_based", T_BOOL, 0, 0, M_BOTH, "mssql_ag_backup_based", NULL },
    { "mssql_ag_backup_location", T_STR, 0, 0, M_BOTH, "mssql_ag_backup_location", NULL },
    { "mssql_failover_drive_letter", T_STR, 1, 1, M_CREATE, NULL, NULL },
    { "mssql_incremental_export_backup_frequency_minutes", T_INT, 10, 0, M_BOTH,
      "mssql_incremental_export_backup_frequency_minutes", NULL },
    { "new_dbid", T_BOOL, 0, 0, M_BOTH, NULL, NULL },
    { "okv_client_id", T_STR, 1, 0, M_CREATE, NULL, NULL },
    { "online_log_groups", T_INT, 2, 0, M_CREATE, NULL, NULL },
    { "online_log_size", T_INT, 4, 0, M_CREATE, NULL, NULL },
    { "open_reset_logs", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "oracle_instance_name", T_STR, 1, 15, M_CREATE, NULL, NULL },
    { "oracle_rac_custom_env_files", T_LIST, 0, 0, M_BOTH, NULL, NULL },
    { "oracle_rac_custom_env_vars", T_LIST, 0, 0, M_BOTH, NULL, NULL },
    { "oracle_services", T_STRINGS, 0, 0, M_UPDATE, NULL, NULL },
    { "os_password", T_STR, 1, 256, M_CREATE | M_SECRET, NULL, NULL },
    { "os_username", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "parentTdeKeystorePath", T_STR, 1, 1024, M_CREATE, NULL, NULL },
    { "parent_pdb_tde_keystore_password", T_STR, 1, 128, M_BOTH | M_SECRET, NULL, NULL },
    { "parent_pdb_tde_keystore_path", T_STR, 1, 512, M_BOTH, "parent_pdb_tde_keystore_path", NULL },
    { "parent_tde_keystore_password", T_STR, 1, 1024, M_BOTH | M_SECRET, NULL, NULL },
    { "parent_tde_keystore_path", T_STR, 1, 1024, M_UPDATE, "parent_tde_keystore_path", NULL },
    { "post_script", T_STR, 1, 1024, M_BOTH, NULL, NULL },
    { "pre_script", T_STR, 1, 1024, M_BOTH, NULL, NULL },
    { "recovery_model", T_STR, 0, 0, M_CREATE, "recovery_model", "FULL SIMPLE BULK_LOGGED" },
    { "target_pdb_tde_keystore_password", T_STR, 1, 128, M_BOTH | M_SECRET, NULL, NULL },
    { "target_vcdb_tde_keystore_path", T_STR, 1, 1024, M_BOTH,
      "target_vcdb_tde_keystore_path", NULL },
    { "tde_exported_key_file_secret", T_STR, 1, 1024, M_CREATE | M_SECRET, NULL, NULL },
    { "tde_key_identifier", T_STR, 1, 256, M_BOTH, "tde_key_identifier", NULL },
    { "tde_keystore_config_type", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "truncate_log_on_checkpoint", T_BOOL, 0, 0, M_CREATE, "truncate_log_on_checkpoint", NULL },
    { "unique_name", T_STR, 1, 30, M_CREATE, NULL, NULL },
    { "vcdb_database_name", T_STR, 1, 8, M_CREATE, NULL, NULL },
    { "vcdb_name", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "vcdb_restart", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "vcdb_tde_key_identifier", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

/* The calls that name a point in time. */
const struct member sim_by_snapshot_members[] = {
    { "snapshot_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_by_timestamp_members[] = {
    { "timestamp", T_DATE, 0, 0, M_CREATE, NULL, NULL },
    { "timestamp_in_database_timezone", T_STR, 19, 23, M_CREATE, NULL, NULL },
    { "timeflow_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "dataset_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_by_location_members[] = {
    { "location", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "dataset_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "timeflow_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_from_bookmark_members[] = {
    { "bookmark_id", T_STR, 1, 256, M_CREATE | M_REQUIRED, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_rollback_by_timestamp_members[] = {
    { "timestamp", T_DATE, 0, 0, M_CREATE, NULL, NULL },
    { "timestamp_in_database_timezone", T_STR, 19, 23, M_CREATE, NULL, NULL },
    { "timeflow_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_switch_timeflow_members[] = {
    { "timeflow_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_snapshot_defaults_members[] = {
    { "snapshot_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "engine_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "source_data_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_timestamp_defaults_members[] = {
    { "timestamp", T_DATE, 0, 0, M_CREATE, NULL, NULL },
    { "timestamp_in_database_timezone", T_STR, 19, 23, M_CREATE, NULL, NULL },
    { "engine_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    { "source_data_id", T_STR, 1, 256, M_CREATE | M_REQUIRED, NULL, NULL },
    { "timeflow_id", T_STR, 1, 256, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_vdb_delete_members[] = {
    { "force", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    { "delete_all_dependent_vdbs", T_BOOL, 0, 0, M_CREATE | M_28, NULL, NULL },
    { "move_to_recycle_bin", T_BOOL, 0, 0, M_CREATE | M_28, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_start_members[] = {
    { "instances", T_INTS, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_stop_members[] = {
    { "instances", T_INTS, 0, 0, M_CREATE, NULL, NULL },
    { "abort", T_BOOL, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_lock_members[] = {
    { "account_id", T_INT, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};

const struct member sim_migrate_members[] = {
    { "environment_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "environment_user_ref", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "repository_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "cdb_id", T_STR, 0, 0, M_CREATE, NULL, NULL },
    { "cluster_node_ids", T_STRINGS, 0, 256, M_CREATE, NULL, NULL },
    { "cluster_node_instances", T_LIST, 0, 0, M_CREATE, NULL, NULL },
    MEMBERS_END,
};
/* clang-format on */
