/* Environments: four calls for one manifest, and every field through its own. */
#include "tests/lib/story.h"

/* clang-format off */
static const struct story_change changes[] = {
    { "tags are added by pair",
      "{name: pg-staging}",
      "{name: pg-staging, tags: {x: y}}",
      "Environment/pg-staging POST /environments/{id}/tags {\"tags\":[{\"key\":\"x\",\"value\":"
      "\"y\"}]}\n" },
    { "a description is a PATCH of the environment",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com, description: hello",
      "Environment/pg-staging PATCH /environments/{id} {\"description\":\"hello\"}\n" },
    { "so is encryption",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com, encryptionEnabled: true",
      "Environment/pg-staging PATCH /environments/{id} {\"encryption_enabled\":true}\n" },
    { "a new hostname is a PATCH of the host",
      "hostname: pg-staging.example.com",
      "hostname: pg-other.example.com",
      "DSource/orders POST /dsources/{id}/tags " MARKED
      "DSource/orders POST /dsources/{id}/disable {}\n"
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {\"hostname\":"
      "\"pg-other.example.com\"}\n"
      "DSource/orders POST /dsources/{id}/enable {}\n"
      "DSource/orders POST /dsources/{id}/tags/delete " MARKED },
    { "so is a port",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com, sshPort: 2222",
      "DSource/orders POST /dsources/{id}/tags " MARKED
      "DSource/orders POST /dsources/{id}/disable {}\n"
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {\"ssh_port\":2222}\n"
      "DSource/orders POST /dsources/{id}/enable {}\n"
      "DSource/orders POST /dsources/{id}/tags/delete " MARKED },
    { "so is the toolkit's directory",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/other",
      "DSource/orders POST /dsources/{id}/tags " MARKED
      "DSource/orders POST /dsources/{id}/disable {}\n"
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {\"toolkit_path\":"
      "\"/opt/other\"}\n"
      "DSource/orders POST /dsources/{id}/enable {}\n"
      "DSource/orders POST /dsources/{id}/tags/delete " MARKED },
    { "so are the addresses to mount from",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com,\n"
      "       nfsAddresses: [10.0.0.1, 10.0.0.2]",
      "DSource/orders POST /dsources/{id}/tags " MARKED
      "DSource/orders POST /dsources/{id}/disable {}\n"
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {\"nfs_addresses\":"
      "[\"10.0.0.1\",\"10.0.0.2\"]}\n"
      "DSource/orders POST /dsources/{id}/enable {}\n"
      "DSource/orders POST /dsources/{id}/tags/delete " MARKED },
    { "so is a Java",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com, javaHome: /usr/java",
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {\"java_home\":"
      "\"/usr/java\"}\n" },
    { "a raw host key goes whole",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com,\n"
      "       sshVerificationStrategy: {name: RAW_KEY, keyType: RSA, rawKey: AAA}",
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {"
      "\"ssh_verification_strategy\":{\"name\":\"RAW_KEY\",\"key_type\":\"RSA\",\"raw_key\":"
      "\"AAA\"}}\n" },
    { "a fingerprint goes whole",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com,\n"
      "       sshVerificationStrategy: {name: FINGERPRINT, keyType: RSA, fingerprintType: "
      "SHA256,\n"
      "                                 fingerprint: AAA}",
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {"
      "\"ssh_verification_strategy\":{\"name\":\"FINGERPRINT\",\"key_type\":\"RSA\","
      "\"fingerprint_type\":\"SHA256\",\"fingerprint\":\"AAA\"}}\n" },
    { "no check at all goes alone",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com,\n"
      "       sshVerificationStrategy: {name: ACCEPT_ALWAYS}",
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {"
      "\"ssh_verification_strategy\":{\"name\":\"ACCEPT_ALWAYS\"}}\n" },
    { "key stores go together",
      "hostname: pg-staging.example.com",
      "hostname: pg-staging.example.com, dspKeystorePath: /k, dspKeystoreAlias: a,\n"
      "       dspKeystorePassword: {credential: k}, dspTruststorePath: /t,\n"
      "       dspTruststorePassword: {credential: tp}",
      "Environment/pg-staging PATCH /environments/{id}/hosts/1-UNIX_HOST-1 {"
      "\"dsp_keystore_path\":\"/k\",\"dsp_keystore_alias\":\"a\",\"dsp_keystore_password\":{"
      "\"$secret\":{\"credential\":\"k\"}},\"dsp_truststore_path\":\"/t\","
      "\"dsp_truststore_password\":{\"$secret\":{\"credential\":\"tp\"}}}\n" },
    { "another password is a PUT of the whole user",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg2}",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"password\":{\"$secret\":{\"credential\":\"pg2\"}}}\n" },
    { "the engine's key takes the place of the password",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, useEnginePublicKey: true",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"use_engine_public_key\":true}\n" },
    { "so does Kerberos",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, useKerberosAuthentication: true",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"use_kerberos_authentication\":true}\n" },
    { "so does a key pair, and the flag that makes it count",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, keyPair: {privateKey: {credential: key},\n"
      "                                          publicKey: ssh-rsa AAA}",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"custom_private_key\":{\"$secret\":{\"credential\":\"key\"}},"
      "\"custom_public_key\":\"ssh-rsa AAA\",\"use_custom_key_pair\":true}\n" },
    { "so does a HashiCorp vault",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, vault: {name: hv, hashicorpVaultEngine: kv,\n"
      "       hashicorpVaultSecretPath: p, hashicorpVaultUsernameKey: u, "
      "hashicorpVaultSecretKey: s}",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"vault\":\"hv\",\"hashicorp_vault_engine\":\"kv\","
      "\"hashicorp_vault_secret_path\":\"p\",\"hashicorp_vault_username_key\":\"u\","
      "\"hashicorp_vault_secret_key\":\"s\"}\n" },
    { "so does a CyberArk vault",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, vault: {name: hv, cyberarkVaultQueryString: q}",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"vault\":\"hv\",\"cyberark_vault_query_string\":\"q\"}\n" },
    { "so does an Azure vault",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, password: {credential: pg}",
      "hostname: pg-staging.example.com, username: postgres,\n"
      "       toolkitPath: /opt/delphix, vault: {name: hv, azureVaultName: a,\n"
      "       azureVaultUsernameKey: u, azureVaultSecretKey: s}",
      "Environment/pg-staging PUT /environments/{id}/users/HOST_USER-1 {\"username\":"
      "\"postgres\",\"vault\":\"hv\",\"azure_vault_name\":\"a\",\"azure_vault_username_key\":"
      "\"u\",\"azure_vault_secret_key\":\"s\"}\n" },
    { "a repository is a PATCH of its own",
      "hostname: pg-target.example.com",
      "hostname: pg-target.example.com,\n"
      "       repositories: [{name: Postgres vFiles (15.4), allowProvisioning: true, isStaging: "
      "false,\n"
      "                       version: '15.5'}]",
      "Environment/pg-target PATCH /environments/{id}/repository/1-APPDATA_REPOSITORY-2 {"
      "\"allow_provisioning\":true,\"is_staging\":false,\"version\":\"15.5\"}\n" },
    { "a repository as it is asks for nothing",
      "hostname: pg-target.example.com",
      "hostname: pg-target.example.com,\n"
      "       repositories: [{name: Postgres vFiles (15.4), allowProvisioning: true}]",
      "" },
};
/* clang-format on */

int main(void)
{
    return story_changes(changes, ARRAY_LEN(changes));
}
