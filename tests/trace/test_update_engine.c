/* Engines and connectors: which write every declared field that changes becomes. */
#include "tests/lib/story.h"

/* clang-format off */
static const struct story_change changes[] = {
    { "a new hostname is a PATCH of the engine",
      "hostname: east.example.com",
      "hostname: west.example.com",
      "Engine/east PATCH /management/engines/{id} {\"hostname\":\"west.example.com\"}\n" },
    { "so is a new user name",
      "{hostname: east.example.com, username: admin",
      "{hostname: east.example.com, username: root",
      "Engine/east PATCH /management/engines/{id} {\"username\":\"root\"}\n" },
    { "so is another password, which goes by reference",
      "password: {credential: east}",
      "password: {credential: west}",
      "Engine/east PATCH /management/engines/{id} {\"password\":{\"$secret\":{\"credential\":"
      "\"west\"}}}\n" },
    { "insecureSsl goes alone",
      "password: {credential: east}",
      "password: {credential: east}, insecureSsl: true",
      "Engine/east PATCH /management/engines/{id} {\"insecure_ssl\":true}\n" },
    { "unsafeSslHostnameCheck goes alone",
      "password: {credential: east}",
      "password: {credential: east}, unsafeSslHostnameCheck: true",
      "Engine/east PATCH /management/engines/{id} {\"unsafe_ssl_hostname_check\":true}\n" },
    { "a trust store goes with its password",
      "password: {credential: east}",
      "password: {credential: east}, truststoreFilename: trust.jks,\n"
      "       truststorePassword: {credential: ts}",
      "Engine/east PATCH /management/engines/{id} {\"truststore_filename\":\"trust.jks\","
      "\"truststore_password\":{\"$secret\":{\"credential\":\"ts\"}}}\n" },
    { "a masking administrator goes with the password",
      "password: {credential: east}",
      "password: {credential: east}, maskingUsername: m,\n"
      "       maskingPassword: {credential: mp}",
      "Engine/east PATCH /management/engines/{id} {\"masking_username\":\"m\","
      "\"masking_password\":{\"$secret\":{\"credential\":\"mp\"}}}\n" },
    { "a vault goes with what it is asked",
      "password: {credential: east}",
      "password: {credential: east}, hashicorpVaultId: 3,\n"
      "       hashicorpVaultUsernameCommandArgs: [kv, get],\n"
      "       hashicorpVaultPasswordCommandArgs: [kv, got]",
      "Engine/east PATCH /management/engines/{id} {\"hashicorp_vault_id\":3,"
      "\"hashicorp_vault_username_command_args\":[\"kv\",\"get\"],"
      "\"hashicorp_vault_password_command_args\":[\"kv\",\"got\"]}\n" },
    { "so does a vault of the masking credentials",
      "password: {credential: east}",
      "password: {credential: east}, maskingHashicorpVaultId: 3,\n"
      "       hashicorpVaultMaskingUsernameCommandArgs: [kv, get],\n"
      "       hashicorpVaultMaskingPasswordCommandArgs: [kv, got]",
      "Engine/east PATCH /management/engines/{id} {\"masking_hashicorp_vault_id\":3,"
      "\"hashicorp_vault_masking_username_command_args\":[\"kv\",\"get\"],"
      "\"hashicorp_vault_masking_password_command_args\":[\"kv\",\"got\"]}\n" },
    { "an explicit null clears",
      "password: {credential: east}",
      "password: null",
      "Engine/east PATCH /management/engines/{id} {\"password\":null}\n" },
    { "engine tags are added by pair",
      "{name: east}",
      "{name: east, tags: {site: [a, b]}}",
      "Engine/east POST /management/engines/{id}/tags {\"tags\":[{\"key\":\"site\",\"value\":"
      "\"a\"},{\"key\":\"site\",\"value\":\"b\"}]}\n" },
    { "an engine that was moved from another name needs no write if DCT has the new one",
      "{name: east}",
      "{name: east, movedFrom: west}",
      "" },
    { "connector tags are added by pair, and nobody discovers anew",
      "{name: postgresql}",
      "{name: postgresql, tags: {x: y}}",
      "Connector/postgresql@east POST /toolkits/{id}/tags {\"tags\":[{\"key\":\"x\",\"value\":"
      "\"y\"}]}\n" },
    { "what is no longer declared is left alone",
      "metadata: {name: orders-dev, tags: {team: dev}}\n"
      "spec:\n"
      "  source: {dSource: orders}\n",
      "metadata: {name: orders-dev, tags: {team: dev}}\n"
      "spec:\n"
      "  source: {dSource: orders}\n"
      "  # nothing\n",
      "" },
};
/* clang-format on */

int main(void)
{
    return story_changes(changes, ARRAY_LEN(changes));
}
