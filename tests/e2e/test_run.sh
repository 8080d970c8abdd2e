#!/usr/bin/env bash
# The service: what it tells systemd, what it notices, how it reloads and ends.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# systemd's side of NOTIFY_SOCKET, in $work/told.
listen() {
    "$BUILD/tests/e2e/notify_listen" "$work/notify" >"$work/told" &
    pids+=("$!")
    await 5 "the notify socket is open" test -S "$work/notify"
    export NOTIFY_SOCKET=$work/notify
}

# told PATTERN [N]: systemd has heard it, N times or more.
told() {
    [ "$(grep -cE -e "$1" "$work/told")" -ge "${2:-1}" ]
}

# The quickstart, converged, with a daemon that keeps it.
kept() {
    start_sim
    estate quickstart
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 10 'ready: synced 7/7'
}

edit() {
    sed -i "$1" "$work/estate/manifests/30-orders-dev.yaml"
}

linked() {
    [ "$(asked 'POST","path":"/dsources/[a-z]*","')" -eq 1 ]
}

# How many requests the simulator has seen whose line matches.
asked() {
    sim log | sed 's/{"method"/\n&/g' | grep -c "$1" || true
}

test_ready_after_the_first_observation_only() {
    start_sim
    estate quickstart
    sim fault '{"route": "/vdbs", "status": 503}' >"$work/reply"
    listen
    start_daemon
    await_log 10 'observing DCT'
    ! told '^READY=1' || fail "ready without having seen DCT"
    curl --silent --fail -X DELETE "http://127.0.0.1:$PORT/_sim/fault" >"$work/reply"
    kill -HUP "$DAEMON"
    await 20 "systemd hears READY=1" told '^READY=1'
    await 20 "systemd hears the state" told '^STATUS=synced 7/7'
    stop_daemon
    told '^STOPPING=1' || fail "no STOPPING=1: $(cat "$work/told")"
}

test_a_slow_first_observation_asks_for_time() {
    start_sim
    estate quickstart
    sim fault '{"route": "/vdbs", "method": "GET", "delay_ms": 4000, "times": 1}' >"$work/reply"
    listen
    start_daemon
    await 20 "systemd hears how far it is" told '^STATUS=observing DCT: [0-9]+ of [0-9]+ lists, [0-9]+ pages?'
    await 20 "systemd is asked for time" told '^EXTEND_TIMEOUT_USEC=60000000$'
    await 30 "systemd hears READY=1" told '^READY=1'
    await 20 "systemd hears the state" told '^STATUS=synced 7/7'
    stop_daemon
}

# Failing over and over is no progress: the time-out of the unit is to decide.
test_a_failing_first_observation_asks_for_none() {
    start_sim
    estate quickstart
    sim fault '{"route": "/*", "status": 503}' >"$work/reply"
    listen
    start_daemon
    await 20 "systemd hears why" told '^STATUS=observing DCT.*503'
    ! told '^EXTEND_TIMEOUT_USEC' || fail "it asks for time"
    stop_daemon
}

test_watchdog_is_fed() {
    start_sim
    estate quickstart
    listen
    WATCHDOG_USEC=400000 start_daemon
    await 10 "four signs of life" told '^WATCHDOG=1' 4
    stop_daemon
}

test_manifests_are_seen_within_a_second() {
    local began
    kept
    edit 's/work_mem: 8MB/work_mem: 16MB/'
    began=$(date +%s%N)
    await_log 5 -2 'manifests: 7 objects'
    [ -n "$RUN" ] || [ $(($(date +%s%N) - began)) -lt 1000000000 ] || fail "it took longer than a second"
    await_log 10 'VDB/orders-dev msg="update done'
    sim state | grep -q '"value":"16MB"' || fail "not in DCT"
    stop_daemon
}

# Each password is changed where it is used, in place, and nothing else is.
test_a_rotated_password_is_noticed() {
    local name secret
    start_sim
    estate quickstart
    expect 0 apply
    writes >"$work/before"
    configure 's/interval: 30s/interval: 1s/'
    start_daemon
    await_log 10 'ready: synced 7/7'
    for name in Engine/ce-east Environment/pg-staging DSource/orders; do
        case $name in DSource/*) secret=orders-db ;; *) secret=${name#*/} ;; esac
        printf 'another' >"$work/estate/secrets/$secret"
        await_log 15 "$name msg=\"update done"
    done
    stop_daemon
    same "writes" "PATCH /management/engines/1
PUT /environments/1-UNIX_HOST_ENVIRONMENT-1/users/HOST_USER-1
PATCH /dsources/appdata/1-APPDATA_CONTAINER-1" \
        "$(writes | tail -n +$(($(wc -l <"$work/before") + 1)) | sed 's/ [0-9]*$//')"
    expect 0 plan
}

# git-sync keeps a symbolic link that it replaces: every file changes at once.
test_link_that_is_swapped() {
    start_sim
    estate quickstart
    mkdir "$work/revisions"
    mv "$work/estate/manifests" "$work/revisions/one"
    cp -R "$work/revisions/one" "$work/revisions/two"
    cp -R "$work/estate/secrets" "$work/revisions/secrets"
    ln -s "$work/revisions/one" "$work/estate/manifests"
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 10 'ready: synced 7/7'
    sed -i 's/work_mem: 8MB/work_mem: 32MB/' "$work/revisions/two/30-orders-dev.yaml"
    ln -s "$work/revisions/two" "$work/estate/next"
    mv -T "$work/estate/next" "$work/estate/manifests"
    await_log 10 'VDB/orders-dev msg="update done'
    sim state | grep -q '"value":"32MB"' || fail "not in DCT"
    stop_daemon
}

test_reload_takes_a_new_configuration() {
    kept
    configure 's/prune: true/prune: false/'
    kill -HUP "$DAEMON"
    await_log 5 'msg="?reloading'
    await_log 5 -2 'manifests: 7 objects'
    rm "$work/estate/manifests/30-orders-dev.yaml"
    await_log 5 'manifests: 6 objects'
    await 10 "it falls asleep" asleep
    stop_daemon
    same "VDBs without pruning" orders-dev "$(held vdbs)"
}

test_bad_configuration_is_refused() {
    listen
    kept
    configure 's/^reconcile:/reconsile:/'
    kill -HUP "$DAEMON"
    await_log 5 'not reloaded, the old one stays in force'
    logged 'dctd.yaml:[0-9]+:[0-9]+' || fail "the mistake has no position"
    told '^RELOADING=1' || fail "systemd does not hear of the reload"
    told '^MONOTONIC_USEC=[0-9]' || fail "when it began is missing"
    await 10 "systemd hears that it is over" told '^READY=1' 2
    # It works on as before: the drift is seen by the observation of the reload.
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
    kill -HUP "$DAEMON"
    await_log 15 'VDB/orders-dev msg="update done'
    stop_daemon
}

test_drift_is_found_at_the_interval() {
    start_sim
    estate quickstart
    expect 0 apply
    configure 's/interval: 30s/interval: 1s/'
    start_daemon
    await_log 10 'ready: synced 7/7'
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
    await_log 15 'VDB/orders-dev msg="drift: .description. is'
    await_log 15 'VDB/orders-dev msg="update done'
    sim delete '{"kind": "vdbs", "name": "orders-dev"}' >"$work/reply"
    await_log 20 'VDB/orders-dev msg="create done'
    same "VDBs" orders-dev "$(held vdbs)"
    stop_daemon
}

# Stopped while DCT works: it leaves at once and takes the job up again later.
test_jobs_are_left_to_dct_and_found_again() {
    SPEED=30 start_sim
    estate quickstart
    start_daemon
    await 30 "DCT works on the dSource" linked
    stop_daemon
    same "VDBs" "" "$(held vdbs)"
    start_daemon
    await_log 60 'VDB/orders-dev msg="create done'
    stop_daemon
    same "dSources" orders "$(held dsources)"
    same "creates of dSources" 1 "$(asked 'POST","path":"/dsources/[a-z]*","')"
    same "creates of VDBs" 1 "$(asked 'POST","path":"/vdbs/provision')"
}

vdb_is() {
    sim state | sed 's/{"kind":"/\n&/g' | grep '^{"kind":"vdbs"' | grep -q "\"enabled\":$1"
}

job_is_suspended() {
    sim state | grep -q SUSPENDED
}

# Ended between the disabling and the enabling: who did it is told what is off,
# and the next start switches it on.
test_what_is_off_at_the_end_is_told() {
    kept
    sim fault '{"method": "PATCH", "route": "/vdbs/*", "suspend_ms": 5000, "times": 1}' \
        >"$work/reply"
    edit 's/port: 5434/port: 5499/'
    await 15 "the VDB is off" vdb_is false
    await 15 "its change has begun" job_is_suspended
    stop_daemon
    said log 'object=VDB/orders-dev msg="switched off for a change that is not over'
    vdb_is false || fail "it is on: nothing was left to tell of"
    start_daemon
    await 60 "the VDB is on" vdb_is true
    stop_daemon
}

test_an_absent_dct_is_waited_for() {
    start_sim
    estate quickstart
    stop_sim
    start_daemon
    await_log 10 'observing DCT'
    start_sim
    kill -HUP "$DAEMON"
    await_log 60 'VDB/orders-dev msg="create done'
    stop_daemon
}

test_broken_manifests_change_nothing() {
    kept
    echo 'kind: [' >"$work/estate/manifests/30-orders-dev.yaml"
    await_log 5 'incomplete: nothing is pruned'
    logged '30-orders-dev.yaml:[0-9]+:[0-9]+' || fail "the mistake has no position"
    rm "$work/estate/manifests/20-orders.yaml"
    await_log 5 -2 'incomplete: nothing is pruned'
    kill -HUP "$DAEMON"
    await_log 5 -3 'incomplete: nothing is pruned'
    stop_daemon
    same "VDBs" orders-dev "$(held vdbs)"
    same "dSources" orders "$(held dsources)"
}

run_tests
