#!/usr/bin/env bash
# The manual of the manifests and `dctd explain` say what the tables have.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

explain() {
    local want=$1 rc=0
    shift
    "$BUILD/dctd" explain "$@" >"$work/out" 2>"$work/err" || rc=$?
    same "status of explain $*" "$want" "$rc"
}

test_the_manual_is_current() {
    packaging/manual.sh "$BUILD/dctd" >"$work/page"
    diff -u packaging/man/dctd-manifest.5 "$work/page" >&2 || fail "run make man"
}

test_the_manual_of_the_simulator_is_complete() {
    packaging/manual.sh --sim "$BUILD/dct-sim" >"$work/missing"
    same "what dct-sim(1) lacks" "" "$(cat "$work/missing")"
}

test_explain_needs_no_configuration() {
    explain 0
    said out '^VDB +a virtual database$'
    said out '^policy '
    explain 0 vdb
    said out '^VDB: a virtual database$'
    said out '^  postgresql\.port$'
    explain 0 VDB.spec.postgresql.port
    said out '^      An integer, 1 to 65535; required\.$'
    said out '^      A change disables the VDB while it is made\.$'
    unsaid out 'mountLocation'
    explain 0 policy.suspend
    said out '^  suspend\.until$'
}

test_explain_suggests() {
    explain 1 vbd
    said err 'there is no kind .vbd.; did you mean VDB\?'
    explain 1 vdb.postgresql.prot
    said err 'VDB has no field .postgresql.prot.; did you mean postgresql.port\?'
    explain 1 vdb.qqqqqqqqqqqq
    said err '.dctd explain vdb. lists them'
}

run_tests
