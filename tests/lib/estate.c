/* The smallest estate that goes through every room. */
#include "tests/lib/estate.h"

static const char all[] =
    "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: east}\n"
    "spec: {hostname: east.example.com, username: admin, password: {credential: east}}\n"
    "---\napiVersion: dct/v1\nkind: Connector\nmetadata: {name: postgresql}\n"
    "spec: {file: postgresql.json, engines: [east]}\n"
    "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: pg-staging}\n"
    "spec: {engine: east, hostname: pg-staging.example.com, username: postgres,\n"
    "       toolkitPath: /opt/delphix, password: {credential: pg}}\n"
    "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: pg-target}\n"
    "spec: {engine: east, hostname: pg-target.example.com, username: postgres,\n"
    "       toolkitPath: /opt/delphix, password: {credential: pg}}\n"
    "---\napiVersion: dct/v1\nkind: SourceConfig\nmetadata: {name: orders}\n"
    "spec: {environment: pg-staging}\n"
    "---\napiVersion: dct/v1\nkind: DSource\nmetadata: {name: orders}\n"
    "spec:\n  sourceConfig: orders\n  group: Untitled\n  environmentUser: postgres\n"
    "  stagingEnvironment: pg-staging\n  stagingEnvironmentUser: postgres\n"
    "  snapshotPolicy: nightly\n"
    "  postgresql:\n    port: 5433\n    mountLocation: /mnt/orders\n"
    "    initiatedBackup: {host: db.example.com, port: 5432, username: delphix,\n"
    "                      password: {credential: db}}\n"
    "    settings: {max_connections: '200', log_statement: null}\n"
    "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-dev, tags: {team: dev}}\n"
    "spec:\n  source: {dSource: orders}\n  environment: pg-target\n  environmentUser: postgres\n"
    "  group: Untitled\n  snapshotPolicy: daily\n  description: for developers\n"
    "  postgresql: {port: 5434, mountLocation: /mnt/orders-dev}\n  enabled: true\n"
    "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: orders-test}\n"
    "spec:\n  source: {vdb: orders-dev}\n  environment: pg-target\n  environmentUser: postgres\n"
    "  group: Untitled\n  postgresql: {port: 5435, mountLocation: /mnt/orders-test}\n";

const char *estate_all(void)
{
    return all;
}
