#!/usr/bin/env bash
# The commands that ask a running daemon: what people see, what scripts get, who may.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# A quickstart with a control socket. CONFIG is added to its configuration.
controlled() {
    quickstart
    printf 'control: control.sock\n%s\n' "${CONFIG-}" >>"$work/estate/dctd.yaml"
}

# A daemon that keeps the converged quickstart, and looks again only when asked.
kept() {
    controlled
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 20 'ready: synced 7/7'
}

answered() {
    await 20 "the socket is there" test -S "$work/estate/control.sock"
}

drift() {
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
}

by_hand() {
    sim state | grep -q '"description":"by hand"'
}

# As long as this is there, VDBs cannot be made; DCT says why in two lines.
broken() {
    sim fault '{"route": "/vdbs/provision*", "job": "FAILED", "job_error": "the mount point is busy\nunmount it"}' >"$work/reply"
}

test_status_and_lists() {
    kept
    expect 0 status
    said out '^quickstart: synced 7/7$'
    said out '^observed +[0-9]+s ago, next in [0-9]+m; all synced [0-9]+s ago$'
    said out '^DCT +http://127\.0\.0\.1:[0-9]+, API 3\.[0-9]+$'
    said out '^process +dctd [0-9.]+, pid [0-9]+, idle, up [0-9]+s$'
    expect 0 status -o json
    said out '"apiVersion":	"dctd/v1"'
    expect 0 status -o yaml
    said out '^apiVersion: dctd/v1$'
    expect 0 get
    same "lines" 8 "$(wc -l <"$work/out")"
    said out '^NAME +READY  STATUS  ENGINE   AGE$'
    said out '^VDB/orders-dev +True   Synced  ce-east  [0-9]+s$'
    expect 0 get VDBs -o wide
    said out '^NAME .* ID +REVISION +JOB  RETRY  MANIFEST$'
    said out '^VDB/orders-dev .* 1-APPDATA_CONTAINER-[0-9]+ .*  30-orders-dev\.yaml:2:1$'
    expect 0 get dsource orders -o json
    said out '"key":	"DSource/orders"'
    unsaid out 'VDB/orders-dev",$'
    expect 0 get vdb/orders-dev engine/ce-east -o yaml
    said out '^- kind: VDB$'
    said out '^- kind: Engine$'
    unsaid out 'kind: DSource'
    expect 0 get -o names
    same "names" "Connector/postgresql@ce-east DSource/orders Engine/ce-east Environment/pg-staging Environment/pg-target SourceConfig/orders VDB/orders-dev " "$(LC_ALL=C sort "$work/out" | tr '\n' ' ')"
    expect 0 get --not-ready
    said out '^every object is ready$'
    expect 0 get all --engine=ce-west
    said out '^there are no objects$'
    expect 1 get vdb orders-dve
    said err 'no VDB/orders-dve is known; did you mean VDB/orders-dev\?'
    expect 1 describe vdb/orders-dve
    said err 'VDB/orders-dve'
    stop_daemon
}

# Without its engine it is that of every engine; where one is meant it is asked which.
test_a_connector_on_several_engines() {
    start_sim
    estate topology
    expect 0 apply
    configure "\$acontrol: $work/control.sock"
    start_daemon
    await_log 20 'ready: synced'
    expect 0 get connector/postgresql
    same "engines" "$(grep -c . "$work/out")" "$(($(held engines | wc -w) + 1))"
    said out '^Connector/postgresql@ce-east '
    expect 0 get connector postgresql@ce-east
    same "lines" 2 "$(wc -l <"$work/out")"
    expect 1 describe connector/postgresql
    said err 'there is one on each engine; say which, as in Connector/postgresql@'
    stop_daemon
}

test_a_failing_object_is_described() {
    controlled
    broken
    start_daemon
    answered
    expect 0 wait --for=synced=true DSource/orders --timeout 60s
    expect 1 wait --for=ready vdb/orders-dev --timeout 2s
    said err '^dctd: not in time:$'
    said err '^dctd: VDB/orders-dev: Ready is False \([A-Za-z]+\)'
    await 20 "DCT's words are known" eval 'dctd describe vdb/orders-dev | grep -q "Last error:"'
    expect 0 describe vdb orders-dev
    said out '^Object: +VDB/orders-dev$'
    said out '^Engine: +ce-east$'
    said out '^Manifest: +30-orders-dev\.yaml:2:1$'
    said out '^  Ready +False +[0-9]+s +'
    said out '^Attempts: +[1-9]'
    said out '^Last error: '
    said out 'the mount point is busy'
    said out 'unmount it'
    said out '^Needs: .*DSource/orders'
    said out '^History:$'
    said out '^Events:$'
    expect 0 describe VDB/orders-dev -o json
    said out '"lastError":	\{'
    expect 0 get --not-ready
    said out '^VDB/orders-dev +False '
    unsaid out '^Engine/'
    expect 0 status
    said out '^  VDB/orders-dev +[A-Za-z ]+ .*the mount point is busy'
    expect 0 events --object=vdb/orders-dev
    said out 'VDB/orders-dev: .*the mount point is busy'
    unsaid out 'DSource/'
    curl --silent --fail -X DELETE "http://127.0.0.1:$PORT/_sim/fault" >"$work/reply"
    expect 0 wait --for=ready --all --timeout 120s
    stop_daemon
}

# Nothing is changed while it cannot be noted down, and `status` says so.
test_a_ledger_that_cannot_be_written_is_told() {
    kept
    prlimit --pid "$DAEMON" --fsize=0:unlimited
    drift
    kill -HUP "$DAEMON"
    await 20 "it is told" eval 'dctd status | grep -q "^  the ledger cannot be written"'
    expect 0 status
    said out '^  VDB/orders-dev +(Drifted|Retrying) +.*the ledger cannot be written'
    expect 0 describe vdb/orders-dev
    said out '^Last error: '
    unsaid out 'not sent: not sent'
    by_hand || fail "it was changed all the same"
    prlimit --pid "$DAEMON" --fsize=unlimited:unlimited
    expect 0 wait --for=synced --all --timeout 120s
    expect 0 status
    unsaid out 'cannot be written'
    expect 0 describe vdb/orders-dev
    said out ' write +update: PATCH /vdbs/[^ ]+ -> 200 \(job [^ ]+\), trace '
    stop_daemon
}

# Who reads no further is not complained to.
test_a_reader_that_leaves_is_no_trouble() {
    kept
    { (dctd get -w 2>"$work/complaints" | head -n 1 >"$work/first") || touch "$work/left"; } &
    await 20 "the first line is read" test -s "$work/first"
    kill -HUP "$DAEMON"
    await 20 "it has noticed" test -e "$work/left"
    same "complaints" "" "$(cat "$work/complaints")"
    stop_daemon
}

test_waiting_ends_when_it_is_so() {
    controlled
    start_daemon
    answered
    expect 0 wait --for=ready vdb/orders-dev DSource/orders --timeout 60s
    said out '^vdb/orders-dev: ready$'
    said out '^DSource/orders: ready$'
    expect 0 wait --for=drifted=false vdb --timeout 10s
    expect 0 wait --for=synced vdb/orders-dev connector/postgresql vdb --timeout 10s
    expect 0 wait --for=synced connector/postgresql --timeout 10s
    rm "$work/estate/manifests/30-orders-dev.yaml"
    expect 0 wait --for=deleted VDB/orders-dev --timeout 60s
    same "VDBs" "" "$(held vdbs)"
    # What is not there yet is waited for.
    expect 1 wait --for=ready VDB/orders-dev --timeout 1s
    said err 'VDB/orders-dev: dctd knows no such object'
    cp examples/quickstart/manifests/30-orders-dev.yaml "$work/estate/manifests/"
    expect 0 wait --for=ready VDB/orders-dev --timeout 60s
    expect 2 wait --for=shiny --all
    expect 2 wait --for=ready
    expect 2 wait --fro=ready --all
    expect 2 wait --for=ready --all -o json
    stop_daemon
    expect 3 wait --for=ready --all
}

# Nothing is asked in vain: while nothing changes, both sides sleep.
test_waiting_costs_nothing() {
    kept
    dctd wait --for=ready=false vdb/orders-dev --timeout 100s >"$work/waits" 2>&1 &
    pids+=("$!")
    await 10 "it falls asleep" asleep
    asleep || asleep || fail "somebody keeps asking"
    stop_daemon
}

test_a_suspended_object_is_left_alone() {
    kept
    expect 1 suspend vdb/orders-dev
    said err 'needs --reason'
    expect 1 suspend --reason=x
    expect 1 suspend vdb --reason=x --until=yesterday
    expect 1 suspend vdb --reason=x --until=2020-01-01
    expect 0 suspend vdb/orders-dev --reason "INC-1234 \$(id) \"x\"" --for 2h
    said out '^VDB/orders-dev is suspended until 20'
    drift
    expect 1 reconcile --wait --timeout 60s
    said out '^DCT is observed now$'
    said out '^synced 6/7'
    by_hand || fail "it was not left alone"
    expect 0 get vdb
    said out '^VDB/orders-dev +True +Suspended '
    expect 0 status
    said out '^quickstart: synced 6/7, .*1 suspended$'
    said out '^suspended +VDB/orders-dev: INC-1234 \$\(id\) "x" \(by uid [0-9]+ \([a-z0-9 _-]+\), until 20'
    expect 0 describe vdb/orders-dev
    said out '^  Suspended +True '
    expect 0 resume vdb/orders-dev
    expect 0 wait --for=synced vdb/orders-dev --timeout 60s
    ! by_hand || fail "the drift is still there"
    expect 1 resume --all
    said err 'is not suspended'
    expect 0 events --object vdb/orders-dev
    said out 'INC-1234'
    stop_daemon
}

test_everything_and_kinds_can_be_suspended() {
    kept
    expect 0 suspend --all --reason maintenance
    expect 0 suspend dsources --reason 'storage move' --until 2099-12-01
    drift
    expect 1 reconcile --wait --timeout 60s
    by_hand || fail "it was not left alone"
    expect 0 status
    said out '^suspended +everything: maintenance \(by uid'
    said out '^suspended +DSource: storage move \(by uid .* until 2099-12-01T00:00:00Z\)'
    expect 0 resume --all
    expect 0 resume dsource
    expect 0 wait --for=synced --all --timeout 60s
    ! by_hand || fail "the drift is still there"
    stop_daemon
}

test_reconcile_does_not_wait_for_the_interval() {
    kept
    drift
    expect 0 reconcile --wait --timeout 60s
    said out '^synced 7/7, 0 failed, 0 blocked$'
    ! by_hand || fail "the drift is still there"
    stop_daemon
}

test_adopt_and_forget_by_the_running_daemon() {
    local id
    kept
    expect 0 get vdb/orders-dev -o json
    id=$(sed -n 's/.*"id":	"\(.*\)",/\1/p' "$work/out")
    expect 0 adopt vdb/orders-dev "$id"
    said out "^VDB/orders-dev is $id now"
    expect 1 adopt vdb/orders-dev 1-APPDATA_CONTAINER-99
    said err '--replace makes it 1-APPDATA_CONTAINER-99'
    # Without its owner tag it is not found again by itself.
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"tags": []}}' >"$work/reply"
    expect 0 forget vdb/orders-dev
    said out '^VDB/orders-dev is forgotten; nothing has changed in DCT'
    expect 0 wait --for=synced=false vdb/orders-dev --timeout 60s
    expect 0 describe vdb/orders-dev
    said out 'NotOurs'
    expect 0 adopt vdb/orders-dev "$id"
    expect 0 wait --for=synced --all --timeout 60s
    same "VDBs" orders-dev "$(held vdbs)"
    expect 0 events --object=VDB/orders-dev
    said out ' forgotten .*, asked for by uid [0-9]+'
    said out ' adopted .*, asked for by uid [0-9]+'
    expect 0 events --since 1h -o json
    said out '"format":	"dctd-events/1"'
    stop_daemon
    # Without a daemon the ledger is changed directly.
    expect 0 forget DSource/orders
    said out '^forgot DSource/orders'
}

test_graph_in_every_form() {
    kept
    expect 0 graph
    same "the tree" "$(cat <<'END'
Engine/ce-east  ready
├─ Connector/postgresql@ce-east  ready
├─ Environment/pg-staging  ready
│  └─ SourceConfig/orders  ready
│     └─ DSource/orders  ready
│        └─ VDB/orders-dev  ready  (needs Environment/pg-target)
└─ Environment/pg-target  ready
END
)" "$(cat "$work/out")"
    expect 0 graph environment/pg-target
    said out '^Engine/ce-east'
    unsaid out 'SourceConfig'
    expect 0 graph -o dot
    said out '"DSource/orders" -> "VDB/orders-dev";$'
    ! command -v dot >/dev/null || dot -Tsvg "$work/out" >"$work/dot.svg"
    expect 0 graph -o svg
    said out '^<svg xmlns='
    said out '<title>VDB/orders-dev: ready</title>'
    ! command -v xmllint >/dev/null || xmllint --noout "$work/out"
    expect 0 graph -o json
    said out '"from":	"VDB/orders-dev"'
    expect 1 graph vdb/orders-dve
    said err 'did you mean VDB/orders-dev\?'
    stop_daemon
}

test_watching_shows_what_changes() {
    kept
    dctd get vdb --watch >"$work/watched" 2>&1 &
    pids+=("$!")
    await 10 "the list is there" grep -q 'Synced' "$work/watched"
    expect 0 suspend vdb --reason watched
    await 10 "the change is there" grep -q 'Suspended' "$work/watched"
    stop_daemon
}

# Asked over TCP it tells the same and changes nothing.
test_the_status_listener_reads_only() {
    local address
    CONFIG='status: {listen: "127.0.0.1:0"}' kept
    address=$(sed -n 's/.*status: answered on \(http:[^ "]*\).*/\1/p' "$work/log")
    expect 0 get vdb --address "$address"
    said out '^VDB/orders-dev +True '
    expect 0 describe vdb/orders-dev --address "$address/"
    expect 0 wait --for=ready --all --address "$address" --timeout 10s
    expect 1 suspend --all --reason=x --address "$address"
    said err 'does not take --address'
    stop_daemon
    expect 3 status --address "$address"
    said err 'no dctd answers at http'
}

test_an_absent_daemon_is_told() {
    local command
    controlled
    for command in status get 'describe vdb/x' 'wait --for=ready --all' graph reconcile 'resume --all' \
        'suspend --all --reason=x'; do
        # shellcheck disable=SC2086  # words
        expect 3 $command
        said err '^dctd: no dctd answers: there is no socket .*/estate/control\.sock; start it \(systemctl start dctd'
    done
    expect 3 status --socket "$work/other"
    said err "there is no socket $work/other"
    start_daemon
    await_log 20 'control: answered on'
    kill -KILL "$DAEMON"
    wait "$DAEMON" || true
    expect 3 status
    said err 'nobody listens any more; start it'
    # A configuration that has become wrong still tells where the daemon is.
    start_daemon
    await_log 20 -2 'control: answered on'
    echo 'bogus: 1' >>"$work/estate/dctd.yaml"
    expect 0 status
    stop_daemon
}

as_nobody() {
    local rc=0 want=$1
    shift
    setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
        "$work/dctd" --socket "$work/estate/control.sock" "$@" >"$work/out" 2>"$work/err" || rc=$?
    same "status of dctd $* as nobody ($(cat "$work/err"))" "$want" "$rc"
}

test_who_may() {
    if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
        echo "# numbers SKIPPED: only root can ask as somebody else" >&2
        return 0
    fi
    kept
    install -m 755 "$BUILD/dctd" "$work/dctd"
    as_nobody 3 status
    said err 'no permission to ask dctd at .*/control\.sock'
    chmod 711 "$work" "$work/estate"
    if ! setpriv --reuid=65534 --regid=65534 --clear-groups "$work/dctd" version >"$work/out"; then
        echo "# numbers SKIPPED: nobody cannot run the program here" >&2
        return 0
    fi
    as_nobody 3 status
    said err 'no permission to ask dctd at .*; be root'
    # Its group may read, and nothing else.
    chgrp 65534 "$work/estate/control.sock"
    as_nobody 0 status
    said out '^quickstart: synced 7/7$'
    as_nobody 0 get -o names
    as_nobody 1 suspend --all --reason=x
    said err 'root'
    as_nobody 1 forget vdb/orders-dev --force
    as_nobody 1 adopt vdb/orders-dev 7
    as_nobody 1 reconcile
    expect 0 status
    unsaid out '^suspended'
    stop_daemon
}

run_tests
