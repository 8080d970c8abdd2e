/* Source configs and dSources: what changes in place, and through which call. */
#include "tests/lib/story.h"

/* clang-format off */
static const struct story_change changes[] = {
    { "tags of a source config are added by pair",
      "metadata: {name: orders}\n"
      "spec: {environment: pg-staging}",
      "metadata: {name: orders, tags: {a: b}}\n"
      "spec: {environment: pg-staging}",
      "SourceConfig/orders POST /sources/{id}/tags {\"tags\":[{\"key\":\"a\",\"value\":"
      "\"b\"}]}\n" },
    { "linkingEnabled is a PATCH of the appdata source",
      "spec: {environment: pg-staging}",
      "spec: {environment: pg-staging, linkingEnabled: false}",
      "SourceConfig/orders PATCH /sources/appdata/{id} {\"linking_enabled\":false}\n" },
    { "so is the user",
      "spec: {environment: pg-staging}",
      "spec: {environment: pg-staging, environmentUser: postgres}",
      "SourceConfig/orders PATCH /sources/appdata/{id} {\"environment_user\":\"HOST_USER-1\"}\n" },
    { "so are parameters, and DCT's own members stay",
      "spec: {environment: pg-staging}",
      "spec: {environment: pg-staging, parameters: {x: y}}",
      "SourceConfig/orders PATCH /sources/appdata/{id} {\"parameters\":{\"name\":\"orders\","
      "\"x\":\"y\"}}\n" },
    { "another environment takes its repository along",
      "spec: {environment: pg-staging}",
      "spec: {environment: pg-target}",
      "SourceConfig/orders PATCH /sources/appdata/{id} {\"environment_id\":"
      "\"1-UNIX_HOST_ENVIRONMENT-2\",\"repository_id\":\"1-APPDATA_REPOSITORY-2\"}\n"
      "DSource/orders PATCH /dsources/appdata/{id} {\"environment_user\":\"HOST_USER-2\"}\n" },
    { "tags of a dSource are added by pair",
      "metadata: {name: orders}\n"
      "spec:\n"
      "  sourceConfig",
      "metadata: {name: orders, tags: {a: b}}\n"
      "spec:\n"
      "  sourceConfig",
      "DSource/orders POST /dsources/{id}/tags {\"tags\":[{\"key\":\"a\",\"value\":\"b\"}]}\n" },
    { "a description is a PATCH of the dSource",
      "  group: Untitled\n"
      "  environmentUser: postgres\n",
      "  group: Untitled\n"
      "  description: words\n"
      "  environmentUser: postgres\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"description\":\"words\"}\n" },
    { "so is a snapshot policy, by id",
      "snapshotPolicy: nightly",
      "snapshotPolicy: hourly",
      "DSource/orders PATCH /dsources/appdata/{id} {\"sync_policy_id\":\"1-POLICY_SYNC-2\"}\n" },
    { "so is a retention policy, by id",
      "snapshotPolicy: nightly",
      "snapshotPolicy: nightly\n"
      "  retentionPolicy: 30-days",
      "DSource/orders PATCH /dsources/appdata/{id} {\"retention_policy_id\":"
      "\"1-POLICY_RETENTION-1\"}\n" },
    { "a hook goes below hooks",
      "snapshotPolicy: nightly",
      "snapshotPolicy: nightly\n"
      "  hooks: {opsPreSync: [{command: echo}]}",
      "DSource/orders PATCH /dsources/appdata/{id} {\"hooks\":{\"ops_pre_sync\":[{\"command\":"
      "\"echo\"}]}}\n" },
    { "so does the other",
      "snapshotPolicy: nightly",
      "snapshotPolicy: nightly\n"
      "  hooks: {opsPostSync: [{command: echo, shell: bash, name: n}]}",
      "DSource/orders PATCH /dsources/appdata/{id} {\"hooks\":{\"ops_post_sync\":[{\"name\":"
      "\"n\",\"command\":\"echo\",\"shell\":\"bash\"}]}}\n" },
    { "enabled: false is the disable call",
      "snapshotPolicy: nightly",
      "snapshotPolicy: nightly\n"
      "  enabled: false",
      "DSource/orders POST /dsources/{id}/disable {}\n" },
    { "a port goes with all other parameters",
      "port: 5433",
      "port: 5533",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5533,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does a mount location",
      "mountLocation: /mnt/orders\n",
      "mountLocation: /mnt/orders2\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders2\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does a privileged user",
      "mountLocation: /mnt/orders\n",
      "mountLocation: /mnt/orders\n"
      "    privilegedOsUser: pgadmin\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"privilegedOsUser\":\"pgadmin\","
      "\"singleDatabaseIngestionFlag\":false,\"stagingPushFlag\":false,\"externalBackup\":[],"
      "\"singleDatabaseIngestion\":[]}}\n" },
    { "so does the production host",
      "host: db.example.com",
      "host: db2.example.com",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db2.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does its port",
      "port: 5432",
      "port: 5442",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5442,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does its role",
      "username: delphix",
      "username: delphix2",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix2\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does the role's password, by reference",
      "password: {credential: db}",
      "password: {credential: db2}",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db2\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "so does a setting",
      "max_connections: '200'",
      "max_connections: '300'",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"300\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "a setting is commented in",
      "log_statement: null",
      "log_statement: all",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"all\",\"commentProperty\":false}],"
      "\"delphixInitiatedBackup\":[{\"sourceHostAddress\":\"db.example.com\","
      "\"postgresSourcePort\":5432,\"userName\":\"delphix\",\"userPass\":{\"$secret\":{"
      "\"credential\":\"db\"}}}],\"delphixInitiatedBackupFlag\":true,"
      "\"singleDatabaseIngestionFlag\":false,\"stagingPushFlag\":false,\"externalBackup\":[],"
      "\"singleDatabaseIngestion\":[]}}\n" },
    { "a setting comes, the others stay",
      "max_connections: '200', ",
      "max_connections: '200', work_mem: 4MB, ",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"work_mem\",\"value\":\"4MB\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":true,\"singleDatabaseIngestionFlag\":false,"
      "\"stagingPushFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":[]}}\n" },
    { "external backups take the place of Delphix-initiated ones",
      "    initiatedBackup: {host: db.example.com, port: 5432, username: delphix,\n"
      "                      password: {credential: db}}\n",
      "    externalBackup: {path: /b, walLogPath: /w}\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":"
      "[],\"delphixInitiatedBackupFlag\":false,\"externalBackup\":[{\"backupPath\":\"/b\","
      "\"walLogPath\":\"/w\",\"keepStagingInSync\":false}],\"singleDatabaseIngestionFlag\":"
      "false,\"stagingPushFlag\":false,\"singleDatabaseIngestion\":[]}}\n" },
    { "external backups with streaming keep the server",
      "    initiatedBackup: {host: db.example.com, port: 5432, username: delphix,\n"
      "                      password: {credential: db}}\n",
      "    externalBackup: {path: /b, streaming: {host: db.example.com, port: 5432, username: "
      "delphix,\n"
      "                                           password: {credential: db}}}\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":[{"
      "\"sourceHostAddress\":\"db.example.com\",\"postgresSourcePort\":5432,\"userName\":"
      "\"delphix\",\"userPass\":{\"$secret\":{\"credential\":\"db\"}}}],"
      "\"delphixInitiatedBackupFlag\":false,\"externalBackup\":[{\"backupPath\":\"/b\","
      "\"keepStagingInSync\":true}],\"singleDatabaseIngestionFlag\":false,\"stagingPushFlag\":"
      "false,\"singleDatabaseIngestion\":[]}}\n" },
    { "one database takes the place of the whole server",
      "    initiatedBackup: {host: db.example.com, port: 5432, username: delphix,\n"
      "                      password: {credential: db}}\n",
      "    singleDatabase: {databaseName: o, host: db.example.com, port: 5432, username: "
      "delphix,\n"
      "                     password: {credential: db}, dumpDir: /d, dumpJobs: 2, restoreJobs: "
      "3}\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":"
      "[],\"delphixInitiatedBackupFlag\":false,\"singleDatabaseIngestion\":[{\"databaseName\":"
      "\"o\",\"sourceHost\":\"db.example.com\",\"sourcePort\":5432,\"databaseUserName\":"
      "\"delphix\",\"databaseUserPassword\":{\"$secret\":{\"credential\":\"db\"}},\"dumpDir\":"
      "\"/d\",\"dumpJobs\":2,\"restoreJobs\":3}],\"singleDatabaseIngestionFlag\":true,"
      "\"stagingPushFlag\":false,\"externalBackup\":[]}}\n" },
    { "another staging environment takes its user of that name along",
      "stagingEnvironment: pg-staging",
      "stagingEnvironment: pg-target",
      "DSource/orders PATCH /dsources/appdata/{id} {\"staging_environment\":"
      "\"1-UNIX_HOST_ENVIRONMENT-2\",\"staging_environment_user\":\"HOST_USER-2\"}\n" },
    { "a setting that is no longer declared stays",
      "    settings: {max_connections: '200', log_statement: null}\n",
      "    settings: {max_connections: '200'}\n",
      "" },
    { "staging push takes the place of backups",
      "    initiatedBackup: {host: db.example.com, port: 5432, username: delphix,\n"
      "                      password: {credential: db}}\n",
      "    stagingPush: {}\n",
      "DSource/orders PATCH /dsources/appdata/{id} {\"parameters\":{\"postgresPort\":5433,"
      "\"mountLocation\":\"/mnt/orders\",\"configSettingsStg\":[{\"propertyName\":"
      "\"max_connections\",\"value\":\"200\",\"commentProperty\":false},{\"propertyName\":"
      "\"log_statement\",\"value\":\"\",\"commentProperty\":true}],\"delphixInitiatedBackup\":"
      "[],\"delphixInitiatedBackupFlag\":false,\"stagingPushFlag\":true,"
      "\"singleDatabaseIngestionFlag\":false,\"externalBackup\":[],\"singleDatabaseIngestion\":"
      "[]}}\n" },
};
/* clang-format on */

int main(void)
{
    return story_changes(changes, ARRAY_LEN(changes));
}
