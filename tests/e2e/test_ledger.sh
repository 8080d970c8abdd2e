#!/usr/bin/env bash
# The ledger in the hand of a person: adopt, forget, events.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The quickstart, converged; its VDB is in $vdb.
converged() {
    start_sim
    estate quickstart
    expect 0 apply
    vdb=$(curl --silent --fail --noproxy '*' -H "Authorization: apk $DCT_API_KEY" \
        "http://127.0.0.1:$PORT/dct/v3/vdbs" | sed 's/.*"id":"\([^"]*\)".*/\1/')
}

# The ledger has the VDB as $1; it does not any more.
remembered() {
    expect 0 forget VDB/orders-dev
    said out "^forgot VDB/orders-dev: $1, $2"
}

# The VDB as if somebody had made it by hand: dctd knows nothing of it.
made_by_hand() {
    converged
    expect 0 forget VDB/orders-dev
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"tags": []}}' >"$work/reply"
}

test_adopting_what_was_made_by_hand() {
    made_by_hand
    expect 2 plan
    said out 'exists in DCT and is not'
    expect 0 adopt vdb/orders-dev "$vdb"
    said out "^adopted VDB/orders-dev: $vdb by hand"
    expect 2 plan
    said out '^ *~ .*orders-dev'
    said out 'dctd-owner=quickstart'
    expect 0 apply
    same "creates of VDBs" 1 "$(writes | grep -c '^POST /vdbs/provision')"
    expect 0 plan
    said out '^No changes\.'
    expect 0 adopt VDB/orders-dev "$vdb"
    said out 'already'
}

test_adopted_without_a_manifest_is_not_deleted() {
    made_by_hand
    rm "$work/estate/manifests/30-orders-dev.yaml"
    expect 0 adopt VDB/orders-dev "$vdb"
    said out 'no manifest declares it: until one does, it is left alone'
    expect 0 apply
    same "VDBs" orders-dev "$(held vdbs)"
}

test_adopt_refuses_what_is_known_otherwise() {
    converged
    expect 1 adopt VDB/orders-dev other-id
    said err "VDB/orders-dev is $vdb in the ledger; --replace makes it other-id"
    expect 1 adopt VDB/orders-test "$vdb"
    said err "$vdb is VDB/orders-dev in the ledger; .dctd forget VDB/orders-dev. first"
    expect 0 adopt --replace VDB/orders-dev other-id
    said out "other-id by hand, in place of $vdb"
    remembered other-id adopted
}

test_forgotten_with_its_tag_is_found_again() {
    converged
    remembered "$vdb" 'made by dctd'
    same "VDBs" orders-dev "$(held vdbs)"
    expect 0 apply
    same "creates of VDBs" 1 "$(writes | grep -c '^POST /vdbs/provision')"
    expect 0 plan
    remembered "$vdb" '(made by dctd|adopted)'
}

test_forgotten_without_a_manifest_is_nobodys() {
    converged
    rm "$work/estate/manifests/30-orders-dev.yaml"
    expect 0 forget VDB/orders-dev
    expect 0 plan
    expect 0 apply
    same "VDBs" orders-dev "$(held vdbs)"
}

test_what_is_protected_is_not_forgotten_lightly() {
    converged
    echo 'policy: {protect: true}' >>"$work/estate/manifests/30-orders-dev.yaml"
    expect 0 apply
    expect 1 forget VDB/orders-dev
    said err 'VDB/orders-dev is not forgotten without --force:'
    said err 'it is protected'
    expect 0 forget --force VDB/orders-dev
    expect 1 forget VDB/orders-dev
    said err 'the ledger has no VDB/orders-dev'
}

test_a_running_dctd_is_in_the_way() {
    converged
    start_daemon
    await_log 10 'ready: synced 7/7'
    expect 1 adopt VDB/orders-dev other-id
    said err "is held by dctd pid [0-9]+; stop it first, or name the id in the manifest"
    expect 1 forget VDB/orders-dev
    said err "is held by dctd pid [0-9]+; stop it first, or give its manifest policy.deletion"
    expect 0 events
    stop_daemon
}

test_keys_are_checked() {
    converged
    expect 1 forget VDB/orders-dve
    said err 'the ledger has no VDB/orders-dve; did you mean VDB/orders-dev\?'
    expect 1 forget VBD/orders-dev
    said err 'there is no kind .VBD.; did you mean VDB\?'
    expect 1 forget orders-dev
    said err 'names no object; write KIND/NAME'
    expect 1 adopt Connector/postgresql 1
    said err 'there is one connector on each engine; write Connector/postgresql@ENGINE'
    expect 1 adopt VDB/orders-dev
    said err 'arguments are missing; it is dctd adopt KIND/NAME ID'
    expect 1 adopt VDB/orders-dve 1
    said err 'neither the manifests nor the ledger have VDB/orders-dve; did you mean VDB/orders-dev\?'
    expect 1 adopt VDB/orders-dev ''
    said err 'the id of a DCT object is needed'
    expect 1 forget VDB/orders-dev VDB/other
    said err 'an argument too many'
    expect 0 forget connector/postgresql@ce-east
    said out '^forgot Connector/postgresql@ce-east'
}

test_without_a_ledger_nothing_is_made() {
    start_sim
    estate quickstart
    expect 1 adopt VDB/orders-dev 1
    said err 'there is no ledger .*ledger.db yet'
    [ ! -e "$work/estate/ledger.db" ] || fail "there is one now"
}

test_events_tell_what_happened() {
    converged
    expect 0 forget VDB/orders-dev
    expect 0 events
    said out '^20[0-9-]+T[0-9:]+Z  done +VDB/orders-dev: create'
    said out "^20[0-9-]+T[0-9:]+Z  forgotten  VDB/orders-dev: $vdb, made by dctd"
    expect 0 events --since 1h -o json
    said out '"format":.*"dctd-events/1"'
    said out '"object":.*"VDB/orders-dev"'
    sleep 1
    expect 0 events --since 500ms
    same "events of half a second" "" "$(cat "$work/out")"
    expect 1 events --since yesterday
    said err '\-\-since takes'
    expect 1 events -o markdown
    said err 'cannot print markdown'
}

run_tests
