#!/usr/bin/env bash
# What a new configuration changes in a running dctd, and what it does not.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The quickstart, converged, with a daemon that keeps it.
kept() {
    start_sim
    estate quickstart
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 10 'ready: synced 7/7'
}

reload() {
    kill -HUP "$DAEMON"
    await_log 5 -"$1" 'msg="?reloading'
}

vdb_gone() {
    [ -z "$(held vdbs)" ]
}

test_pruning_is_switched_on() {
    start_sim
    estate quickstart
    configure 's/prune: true/prune: false/; s/interval: 30s/interval: 1h/'
    expect 0 apply
    start_daemon
    await_log 10 'ready: synced 7/7'
    rm "$work/estate/manifests/30-orders-dev.yaml"
    await_log 5 'manifests: 6 objects'
    configure 's/prune: false/prune: true/'
    reload 1
    await 15 "the VDB is deleted" vdb_gone
    await_log 10 'object=VDB/orders-dev .*msg="delete done.* engine=ce-east '
    unsaid log 'engine=[0-9]'
    unsaid log 'takes effect after a restart'
    stop_daemon
}

test_suspension_holds_until_it_is_lifted() {
    kept
    configure 's/^reconcile:/&\n  suspend: [{kind: VDB, reason: INC-7}]/'
    reload 1
    rm "$work/estate/manifests/30-orders-dev.yaml"
    await_log 5 'manifests: 6 objects'
    expect 0 plan
    said out 'suspended: INC-7'
    sleep 1
    same "VDBs while suspended" orders-dev "$(held vdbs)"
    configure '/suspend: /d'
    reload 2
    await 15 "the VDB is deleted" vdb_gone
    stop_daemon
}

# Who looks at the status of a service that was reloaded sees what became of it.
test_a_refused_configuration_is_told() {
    kept
    configure "\$acontrol: control.sock"
    reload 1
    await_log 10 'control: answered on'
    expect 0 status
    unsaid out configuration
    configure "\$abogus: 1"
    reload 2
    await_log 10 'not reloaded, the old one stays in force'
    expect 0 status
    said out '^  the new configuration has errors: the old one stays in force'
    configure '/bogus/d'
    reload 3
    await 10 "it is over" eval '! dctd status | grep configuration'
    stop_daemon
}

test_interval_takes_effect_at_once() {
    kept
    configure 's/interval: 1h/interval: 1s/'
    reload 1
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
    await_log 15 'VDB/orders-dev msg="update done'
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "again"}}' >"$work/reply"
    await_log 15 -2 'VDB/orders-dev msg="update done'
    stop_daemon
}

test_what_needs_a_restart_is_told() {
    kept
    configure 's/^instance: .*/instance: another/; s#^ledger: .*#ledger: other.db#'
    reload 1
    await_log 5 'a change of instance, ledger takes effect after a restart'
    configure "\$acontrol: control.sock"
    reload 2
    await_log 10 'control: answered on'
    expect 0 status
    said out '^  the configuration has another instance, ledger, in force after a restart'
    stop_daemon
    [ ! -e "$work/estate/other.db" ] || fail "it has moved all the same"
}

run_tests
