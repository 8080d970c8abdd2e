#!/usr/bin/env bash
# What people and disks get wrong. Each: said clearly, the right exit
# status, no crash, nothing lost and nothing made twice.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

test_command_line() {
    quickstart
    expect 1
    said err 'usage|command'
    expect 1 deploy
    said err 'deploy'
    said err 'apply'
    expect 1 --what plan
    said err 'what'
    expect 1 -o yaml plan
    said err 'yaml'
    expect 0 --help
    expect 0 apply --help
    expect 0 version
}

test_configuration_is_missing() {
    local rc=0
    "$BUILD/dctd" -c "$work/none.yaml" plan >"$work/out" 2>"$work/err" || rc=$?
    same "exit status" 1 "$rc"
    said err 'none\.yaml.*[Nn]o such file'
}

test_broken_manifest_among_good_ones() {
    quickstart
    expect 0 apply
    rm "$work/estate/manifests/30-orders-dev.yaml"
    cat >"$work/estate/manifests/40-new.yaml" <<'YAML'
apiVersion: dct/v1
kind: VDB
metadata: {name: orders-test}
spec:
  sauce: {dSource: orders}
YAML
    sed -i 's/Target host for PostgreSQL/Another target host/' "$work/estate/manifests/10-platform.yaml"
    expect 1 validate
    said err '40-new\.yaml:5:3'
    said err 'sauce'
    expect 1 plan
    said err '40-new\.yaml:5:3'
    said out '^  ~ Environment/pg-target'
    unsaid out '^  - '
    expect 1 apply
    sim state | grep -q 'Another target host' || fail "the good manifests were not applied"
    whole
}

test_files_that_are_no_manifests() {
    quickstart
    expect 0 apply
    head -c 3000 /dev/urandom >"$work/estate/manifests/noise.yaml"
    : >"$work/estate/manifests/empty.yaml"
    printf 'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ne: *c\n' >"$work/estate/manifests/aliases.yaml"
    expect 1 plan
    said err 'noise\.yaml'
    said err 'aliases\.yaml'
    expect 1 --prune apply
    whole
}

test_directory_that_became_empty() {
    quickstart
    expect 0 apply
    rm "$work"/estate/manifests/*.yaml
    expect 1 apply
    whole
    rmdir "$work/estate/manifests/connectors" 2>/dev/null || rm -r "$work/estate/manifests"
    expect 1 apply
    whole
}

test_secret_is_missing() {
    quickstart
    rm "$work/estate/secrets/pg-staging"
    expect 0 validate
    expect 1 plan
    said err 'pg-staging'
    expect 1 apply
    mkdir "$work/estate/secrets/pg-staging"
    expect 1 apply
    rmdir "$work/estate/secrets/pg-staging"
    echo example-host-password >"$work/estate/secrets/pg-staging"
    expect 0 apply
    whole
}

# Nothing is sent that could not be noted down first.
test_disk_is_full() {
    quickstart
    mkdir "$work/mount"
    if ! mount -t tmpfs -o size=64k none "$work/mount" 2>/dev/null; then
        echo "# no tmpfs here; the limit on file sizes takes its place"
        full_by_limit
        return
    fi
    configure "s#^ledger: .*#ledger: $work/mount/ledger.db#"
    head -c 1M /dev/zero >"$work/mount/filler" 2>/dev/null || true
    expect 1 apply
    said err 'ledger'
    same "writes" "" "$(writes)"
    rm "$work/mount/filler"
    # Room for a while only: it ends in the middle.
    dctd apply >"$work/out" 2>"$work/err" || said err 'ledger'
    umount "$work/mount"
    configure "s#^ledger: .*#ledger: ledger.db#"
    expect 0 apply
    whole
}

full_by_limit() {
    local rc=0
    (ulimit -f 16 && trap '' XFSZ && dctd apply >"$work/out" 2>"$work/err") || rc=$?
    same "exit status" 1 "$rc"
    said err 'ledger'
    expect 0 apply
    whole
}

test_ledger_that_is_none() {
    quickstart
    expect 0 apply
    rm "$work"/estate/ledger.db*
    head -c 20000 /dev/urandom >"$work/estate/ledger.db"
    expect 1 apply
    said err 'ledger'
    rm "$work/estate/ledger.db"
    mkdir "$work/estate/ledger.db"
    expect 1 apply
    said err 'ledger'
    rmdir "$work/estate/ledger.db"
    expect 0 apply
    whole
}

run_tests
