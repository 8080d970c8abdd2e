/* The smallest estate that goes through every room. */
#include "tests/lib/estate.h"

#include <string.h>

#include "schema/base.h"

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

static const char connector[] =
    "{\"type\":\"Plugin\",\"pluginId\":\"11111111-2222-3333-4444-555555555555\",\"name\":"
    "\"postgres-vsdk\",\"externalVersion\":\"%s\",\"buildNumber\":\"%s\",\"buildApi\":{"
    "\"type\":\"APIVersion\",\"major\":1,\"minor\":11,\"micro\":6},\"engineApi\":{\"type\":"
    "\"APIVersion\",\"major\":1,\"minor\":11,\"micro\":16},\"language\":\"PYTHON38\","
    "\"defaultLocale\":\"en-us\",\"hostTypes\":[\"UNIX\"],\"entryPoint\":\"a:b\","
    "\"rootSquashEnabled\":true,\"extendedStartStopHooks\":false,\"sourceCode\":\"AAAA\","
    "\"virtualSourceDefinition\":{\"type\":\"PluginVirtualSourceDefinition\",\"parameters\":{}},"
    "\"linkedSourceDefinition\":{\"type\":\"PluginLinkedStagedSourceDefinition\",\"parameters\":{}}"
    ",\"discoveryDefinition\":{\"type\":\"PluginDiscoveryDefinition\","
    "\"manualSourceConfigDiscovery\":true,\"repositoryIdentityFields\":[\"a\"],"
    "\"repositoryNameField\":\"a\",\"repositorySchema\":{},\"sourceConfigIdentityFields\":[\"a\"],"
    "\"sourceConfigNameField\":\"a\",\"sourceConfigSchema\":{}},\"snapshotSchema\":{},"
    "\"snapshotParametersDefinition\":{\"type\":\"PluginSnapshotParametersDefinition\",\"schema\":{}"
    "},\"manifest\":{\"type\":\"PluginManifest\"}}";

char *estate_connector(const char *version)
{
    struct buf b = BUF_WITH_LIMIT(1 << 16);
    const char *rest = connector, *mark;

    for (; (mark = strstr(rest, "%s")); rest = mark + 2) {
        buf_add(&b, rest, (size_t)(mark - rest));
        buf_puts(&b, version ? version : "4.1.1");
    }
    buf_puts(&b, rest);
    return buf_take(&b);
}
