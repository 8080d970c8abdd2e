#!/usr/bin/env bash
# At rest the service sleeps, is small, and asks DCT for lists only.
# Runs alone: it measures what the machine is left in peace for.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

RSS_MAX=16384 # KiB

# The topology, converged, and a daemon at rest; $1 = its interval.
resting() {
    start_sim
    estate topology
    expect 0 apply
    configure "s/interval: 1m/interval: $1/"
    start_daemon
    await_log 10 'ready: synced 30/30'
}

requests() {
    sim log | sed 's/{"method"/\n&/g' | sed -n 's/^{"method":"\([A-Z]*\)","path":"\([^"?]*\).*/\1 \2/p'
}

test_no_wakeups_between_intervals() {
    local before after
    resting 1h
    await 10 "it falls asleep" asleep
    before=$(status_of voluntary_ctxt_switches)
    sleep 4
    after=$(status_of voluntary_ctxt_switches)
    same "wakeups in 4 s" 0 "$((after - before))"
    stop_daemon
}

test_watchdog_is_the_only_wakeup() {
    local before after
    "$BUILD/tests/e2e/notify_listen" "$work/notify" >"$work/told" &
    pids+=("$!")
    await 5 "the notify socket is open" test -S "$work/notify"
    export NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=2000000
    resting 1h
    sleep 1
    before=$(status_of voluntary_ctxt_switches)
    sleep 4
    after=$(status_of voluntary_ctxt_switches)
    # One a second; one more where the edges of the 4 s meet one.
    [ $((after - before)) -le 5 ] || fail "$((after - before)) wakeups in 4 s"
    [ $((after - before)) -ge 3 ] || fail "the watchdog is not fed: $((after - before)) wakeups"
    stop_daemon
}

test_small() {
    local rss
    if is_slowed; then
        echo "# not measured: valgrind and sanitizers take memory of their own"
        return
    fi
    resting 1h
    await 10 "it falls asleep" asleep
    rss=$(status_of VmRSS)
    [ "$rss" -lt "$RSS_MAX" ] || fail "$rss KiB resident"
    stop_daemon
}

# Lists of the collections that matter, nothing else.
test_a_cycle_without_changes_lists_only() {
    local before
    resting 1h
    await 10 "it falls asleep" asleep
    before=$(requests | grep -c '')
    kill -HUP "$DAEMON"
    await 10 "it looks again" logged -2 'manifests: 30 objects'
    await 10 "it falls asleep" asleep
    requests | tail -n "+$((before + 1))" | sort -u >"$work/cycle"
    same "lists" "GET /dsources
GET /environments
GET /groups
GET /management/engines
GET /sources
GET /staging-sources
GET /toolkits
GET /vdbs
GET /virtualization-policies
POST /virtualization-policies/targets/search" "$(cat "$work/cycle")"
    stop_daemon
}

# A thousand databases, and what is kept of them between two looks at DCT.
test_small_with_a_thousand_vdbs() {
    local i rss
    if is_slowed; then
        echo "# not measured: valgrind and sanitizers take memory of their own"
        return
    fi
    SPEED=5000 start_sim
    estate quickstart
    configure 's/interval: .*/interval: 60s/
               s/^  interval: .*/&\n  concurrency: {total: 200, perEngine: 200, perEnvironment: 200}/'
    for ((i = 0; i < 1000; i++)); do
        echo ---
        sed "s/orders-dev/orders-$i/; s#/mnt/delphix/orders-dev#/mnt/delphix/orders-$i#
             s/port: .*/port: $((6000 + i))/" "$work/estate/manifests/30-orders-dev.yaml"
    done >"$work/estate/manifests/many.yaml"
    expect 0 apply
    start_daemon
    await_log 60 'ready: synced 1007/1007'
    await 10 "it falls asleep" asleep
    rss=$(status_of VmRSS)
    echo "# $rss KiB resident with 1,007 objects"
    [ "$rss" -lt "$RSS_MAX" ] || fail "$rss KiB resident"
    stop_daemon
}

run_tests
