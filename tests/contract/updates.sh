#!/usr/bin/env bash
# Every kind made, changed in most of its fields, drifted, switched off and on,
# and removed by dctd: the widest set of requests. Started by judge.mjs with
# BUILD as a folder whose dct-sim records; it says nothing of the contract itself.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

manifests=''

# edit FILE SED: changes a manifest; then dctd brings DCT there.
edit() {
    sed -i "$2" "$manifests/$1"
    expect 0 apply
}

change_everything() {
    cp tests/contract/manifests/*.yaml "$manifests/"
    rm "$manifests/30-orders-dev.yaml"
    sed -i 's/"buildNumber": *"[^"]*"/"buildNumber": "99.0.0"/' "$manifests/connectors/postgresql.json"
    expect 0 apply
    expect 0 plan
}

other_credentials() {
    edit 10-platform.yaml '/name: pg-target/,/^---/s/password: .*/vault: {name: hv, hashicorpVaultEngine: kv, hashicorpVaultSecretPath: p, hashicorpVaultUsernameKey: u, hashicorpVaultSecretKey: s}/'
    edit 10-platform.yaml '/name: pg-target/,/^---/s/vault: .*/keyPair: {privateKey: {file: ..\/secrets\/orders-db}, publicKey: ssh-rsa AAA}/'
    edit 10-platform.yaml '/name: pg-target/,/^---/s/keyPair: .*/useKerberosAuthentication: true/'
    edit 10-platform.yaml '/name: pg-target/,/^---/s/useKerberos.*/useEnginePublicKey: true/'
}

other_ways() {
    edit 20-orders.yaml '/externalBackup:/,/password:/d
        s#^  postgresql:#&\n    singleDatabase: {databaseName: o, host: h, port: 5432, username: u, password: {file: ../secrets/orders-db}, dumpDir: /d, dumpJobs: 2, restoreJobs: 2}#'
    edit 20-orders.yaml 's#    singleDatabase: .*#    externalBackup: {path: /b, walLogPath: /b/wal}#'
    edit 30-vdbs.yaml 's/token: "second"/token: "third"/; s/locked: true/locked: false/'
    edit 30-vdbs.yaml 's/enabled: true/enabled: false/'
    edit 30-vdbs.yaml 's/enabled: false/enabled: true/'
}

switches() {
    edit 10-platform.yaml 's/enabled: false/enabled: true/'
    edit 10-platform.yaml 's/enabled: true/enabled: false/'
    edit 20-orders.yaml 's/name: billing}$/name: billing-2, movedFrom: billing}/'
}

# What a bookmark holds: made once, and refreshed to it; and to a moment.
points() {
    local vdb
    vdb=$(sim state | sed 's/{"kind":"/\n&/g' | grep '^{"kind":"vdbs"' | grep '"name":"orders-dev"' |
        sed 's/.*"json":{"id":"\([^"]*\)".*/\1/')
    curl --silent --show-error --fail --noproxy '*' -H "Authorization: apk $DCT_API_KEY" \
        -H 'Content-Type: application/json' --data "{\"name\": \"marked\", \"vdb_ids\": [\"$vdb\"]}" \
        "http://127.0.0.1:$PORT/dct/v3/bookmarks" >"$work/reply"
    cat >>"$manifests/30-vdbs.yaml" <<'END'
---
apiVersion: dct/v1
kind: VDB
metadata: {name: orders-marked}
spec:
  source: {bookmark: marked}
  environment: pg-target
  repository: Postgres vFiles (15.4)
  postgresql: {port: 5439, mountLocation: /mnt/delphix/orders-marked}
  refresh: {token: "first"}
END
    expect 0 apply
    edit 30-vdbs.yaml 's/token: "first"/token: "next"/'
}

drift() {
    local set='"set": {"description": "by hand"}'
    sim drift "{\"kind\": \"vdbs\", \"name\": \"orders-dev\", $set}" >"$work/reply"
    sim drift "{\"kind\": \"dsources\", \"name\": \"orders\", $set}" >"$work/reply"
    sim drift "{\"kind\": \"environments\", \"name\": \"pg-staging\", $set}" >"$work/reply"
    sim delete '{"kind": "vdbs", "name": "orders-then"}' >"$work/reply"
    expect 2 plan
    expect 0 apply
    expect 0 plan
}

remove_everything() {
    configure 's/deleteBudget: .*/deleteBudget: 50\n  deleteBudgetPercent: 100/'
    rm "$manifests/30-vdbs.yaml"
    expect 0 apply
    rm "$manifests/20-orders.yaml"
    expect 0 apply
    same "VDBs and dSources" " " "$(held vdbs) $(held dsources)"
    # An estate keeps one manifest: an empty folder is taken for a mistake.
    sed -i '/^---$/,$d' "$manifests/10-platform.yaml"
    expect 0 apply
    same "environments" "" "$(held environments)"
}

test_everything() {
    start_sim
    estate quickstart
    manifests=$work/estate/manifests
    expect 0 apply
    change_everything
    other_credentials
    other_ways
    switches
    points
    drift
    remove_everything
}

run_tests
