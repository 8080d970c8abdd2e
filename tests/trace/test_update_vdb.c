/* VDBs: every field through its own call, off and on where the field needs it. */
#include "tests/lib/story.h"

/* clang-format off */
static const struct story_change changes[] = {
    { "a tag that comes is added",
      "tags: {team: dev}",
      "tags: {team: [dev, ops]}",
      "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[{\"key\":\"team\",\"value\":\"ops\"}]}\n" },
    { "a tag that goes is removed by pair",
      "metadata: {name: orders-dev, tags: {team: dev}}",
      "metadata: {name: orders-dev}",
      "VDB/orders-dev POST /vdbs/{id}/tags/delete {\"tags\":[{\"key\":\"team\",\"value\":"
      "\"dev\"}]}\n" },
    { "a tag that changes goes first, then comes",
      "tags: {team: dev}",
      "tags: {team: ops}",
      "VDB/orders-dev POST /vdbs/{id}/tags/delete {\"tags\":[{\"key\":\"team\",\"value\":"
      "\"dev\"}]}\n"
      "VDB/orders-dev POST /vdbs/{id}/tags {\"tags\":[{\"key\":\"team\",\"value\":\"ops\"}]}\n" },
    { "a description is a PATCH",
      "description: for developers",
      "description: for testers",
      "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for testers\"}\n" },
    { "a description that is no longer declared stays",
      "  description: for developers\n",
      "",
      "" },
    { "a snapshot policy is applied",
      "snapshotPolicy: daily",
      "snapshotPolicy: weekly",
      "VDB/orders-dev POST /virtualization-policies/1-POLICY_SNAPSHOT-2/apply [{\"object_type\":"
      "\"VDB\",\"object_id\":\"1-APPDATA_CONTAINER-2\"}]\n" },
    { "so is a retention policy",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  retentionPolicy: 7-days",
      "VDB/orders-dev POST /virtualization-policies/1-POLICY_RETENTION-2/apply [{"
      "\"object_type\":\"VDB\",\"object_id\":\"1-APPDATA_CONTAINER-2\"}]\n" },
    { "vdbRestart is called auto_restart",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  vdbRestart: true",
      "VDB/orders-dev PATCH /vdbs/{id} {\"auto_restart\":true}\n" },
    { "a cache priority is a PATCH",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  cachePriority: HIGH",
      "VDB/orders-dev PATCH /vdbs/{id} {\"cache_priority\":\"HIGH\"}\n" },
    { "locked: true is the lock call",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  locked: true",
      "VDB/orders-dev POST /vdbs/{id}/lock {}\n" },
    { "a token asks for one refresh",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  refresh: {token: one}",
      "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n" },
    { "the lock comes after everything that it would refuse",
      "  description: for developers\n",
      "  description: for all\n"
      "  locked: true\n"
      "  refresh: {token: one}\n",
      "VDB/orders-dev PATCH /vdbs/{id} {\"description\":\"for all\"}\n"
      "VDB/orders-dev POST /vdbs/{id}/refresh_by_snapshot {}\n"
      "VDB/orders-dev POST /vdbs/{id}/lock {}\n" },
    { "a token with a moment refreshes to it",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  pointInTime: {timestamp: '1970-01-01T00:05:00Z'}\n"
      "  refresh: {token: one}",
      "VDB/orders-dev POST /vdbs/{id}/refresh_by_timestamp {\"timestamp\":\"1970-01-01T00:05:"
      "00Z\"}\n" },
    { "config parameters keep what they do not name",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  configParameters: {a: b}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_config_params\":{\"name\":\"Postgres-5434 - "
      "/mnt/orders-dev\",\"a\":\"b\"}}\n" },
    { "a mount point is changed while it is off",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  mountPoint: /x",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"mount_point\":\"/x\"}\n"
      DEV_ON },
    { "so are database parameters",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  configParams: {a: b}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"config_params\":{\"a\":\"b\"}}\n"
      DEV_ON },
    { "so are further mount points",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  additionalMountPoints: [{sharedPath: a, mountPath: /a,\n"
      "                          environmentId: 1-UNIX_HOST_ENVIRONMENT-2}]",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"additional_mount_points\":[{\"shared_path\":\"a\","
      "\"mount_path\":\"/a\",\"environment_id\":\"1-UNIX_HOST_ENVIRONMENT-2\"}]}\n"
      DEV_ON },
    { "so are environment variables",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  customEnvVars: {A: b}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"custom_env_vars\":{\"A\":\"b\"}}\n"
      DEV_ON },
    { "so are files of them",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  customEnvFiles: [/etc/env]",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"custom_env_files\":[\"/etc/env\"]}\n"
      DEV_ON },
    { "so is a port",
      "port: 5434",
      "port: 5534",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5534,"
      "\"mountLocation\":\"/mnt/orders-dev\"}}\n"
      DEV_ON },
    { "so is a mount location",
      "mountLocation: /mnt/orders-dev}",
      "mountLocation: /mnt/orders-dev2}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5434,"
      "\"mountLocation\":\"/mnt/orders-dev2\"}}\n"
      DEV_ON },
    { "so is a privileged user",
      "mountLocation: /mnt/orders-dev}",
      "mountLocation: /mnt/orders-dev, privilegedOsUser: pgadm}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5434,"
      "\"mountLocation\":\"/mnt/orders-dev\",\"privilegedOsUser\":\"pgadm\"}}\n"
      DEV_ON },
    { "so are settings",
      "mountLocation: /mnt/orders-dev}",
      "mountLocation: /mnt/orders-dev, settings: {work_mem: 4MB}}",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5434,"
      "\"mountLocation\":\"/mnt/orders-dev\",\"configSettingsStg\":[{\"propertyName\":"
      "\"work_mem\",\"value\":\"4MB\",\"commentProperty\":false}]}}\n"
      DEV_ON },
    { "what needs it off and what does not go together",
      "  description: for developers\n"
      "  postgresql: {port: 5434",
      "  description: for all\n"
      "  postgresql: {port: 5444",
      DEV_OFF
      "VDB/orders-dev PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5444,"
      "\"mountLocation\":\"/mnt/orders-dev\"},\"description\":\"for all\"}\n"
      DEV_ON },
    { "hooks around refreshes go below hooks",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  hooks: {configureClone: [{command: echo}], preRefresh: [{command: a}],\n"
      "          postRefresh: [{command: b}]}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"hooks\":{\"configure_clone\":[{\"command\":\"echo\"}],"
      "\"pre_refresh\":[{\"command\":\"a\"}],\"post_refresh\":[{\"command\":\"b\"}]}}\n" },
    { "so do hooks around snapshots",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  hooks: {preSelfRefresh: [{command: echo}], postSelfRefresh: [{command: a}],\n"
      "          preSnapshot: [{command: b}], postSnapshot: [{command: c}]}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"hooks\":{\"pre_self_refresh\":[{\"command\":"
      "\"echo\"}],\"post_self_refresh\":[{\"command\":\"a\"}],\"pre_snapshot\":[{\"command\":"
      "\"b\"}],\"post_snapshot\":[{\"command\":\"c\"}]}}\n" },
    { "so do hooks around starts and stops",
      "snapshotPolicy: daily",
      "snapshotPolicy: daily\n"
      "  hooks: {preStart: [{command: echo}], postStart: [{command: a}],\n"
      "          preStop: [{command: b}], postStop: [{command: c}],\n"
      "          preRollback: [{command: d}], postRollback: [{command: e}]}",
      "VDB/orders-dev PATCH /vdbs/{id} {\"hooks\":{\"pre_start\":[{\"command\":\"echo\"}],"
      "\"post_start\":[{\"command\":\"a\"}],\"pre_stop\":[{\"command\":\"b\"}],\"post_stop\":[{"
      "\"command\":\"c\"}],\"pre_rollback\":[{\"command\":\"d\"}],\"post_rollback\":[{"
      "\"command\":\"e\"}]}}\n" },
    { "enabled: false is the disable call",
      "enabled: true",
      "enabled: false",
      "VDB/orders-dev POST /vdbs/{id}/disable {}\n" },
    { "a rename keeps the database",
      "metadata: {name: orders-test}",
      "metadata: {name: orders-qa, movedFrom: orders-test}",
      "VDB/orders-qa PATCH /vdbs/{id} {\"name\":\"orders-qa\"}\n" },
    { "replace: allow deletes and creates what cannot be changed",
      "mountLocation: /mnt/orders-test}\n",
      "mountLocation: /mnt/orders-test}\n"
      "  masked: true\n"
      "policy: {replace: allow}\n",
      "VDB/orders-test POST /vdbs/{id}/delete {}\n"
      "VDB/orders-test POST /vdbs/provision_by_snapshot {\"name\":\"orders-test\","
      "\"source_data_id\":\"1-APPDATA_CONTAINER-2\",\"environment_id\":"
      "\"1-UNIX_HOST_ENVIRONMENT-2\",\"environment_user_id\":\"HOST_USER-2\","
      "\"target_group_id\":\"1-GROUP-1\",\"masked\":true,\"appdata_source_params\":{"
      "\"postgresPort\":5435,\"mountLocation\":\"/mnt/orders-test\"},\"tags\":[{\"key\":"
      "\"dctd-owner\",\"value\":\"test\"}]}\n" },
    { "replace: allow changes in place what can be",
      "mountLocation: /mnt/orders-test}\n",
      "mountLocation: /mnt/orders-test2}\n"
      "policy: {replace: allow}\n",
      "VDB/orders-test POST /vdbs/{id}/tags " MARKED
      "VDB/orders-test POST /vdbs/{id}/disable {}\n"
      "VDB/orders-test PATCH /vdbs/{id} {\"appdata_source_params\":{\"postgresPort\":5435,"
      "\"mountLocation\":\"/mnt/orders-test2\"}}\n"
      "VDB/orders-test POST /vdbs/{id}/enable {}\n"
      "VDB/orders-test POST /vdbs/{id}/tags/delete " MARKED },
};
/* clang-format on */

int main(void)
{
    return story_changes(changes, ARRAY_LEN(changes));
}
