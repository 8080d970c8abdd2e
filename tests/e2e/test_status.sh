#!/usr/bin/env bash
# Asked on its control socket and its status listener: health, metrics, rights,
# tokens, TLS, pushes, news, reload.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The quickstart, converged, with both sides open; $1: more of `status`.
open_sides() {
    start_sim
    estate quickstart
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    printf 'control: %s/control.sock\nstatus: {listen: "127.0.0.1:0"%s}\n' "$work" "${1-}" \
        >>"$work/estate/dctd.yaml"
}

kept() {
    open_sides "${1-}"
    start_daemon
    await_log 10 'ready: synced 7/7'
}

# Where the status listener is.
status_at() {
    sed -n 's/.*status: answered on https\{0,1\}:..\([^"]*\)".*/\1/p' "$work/log" | tail -n 1
}

# ask CURL-OPTION...: the body in $work/reply, the head in $work/head, the status on stdout.
ask() {
    curl --silent --show-error --max-time 20 --noproxy '*' -D "$work/head" -o "$work/reply" -w '%{http_code}' "$@"
}

# answered STATUS CURL-OPTION...
answered() {
    local want=$1 got
    shift
    : >"$work/reply"
    got=$(ask "$@") || fail "no answer to $*"
    cat "$work/reply" >>"$work/everything"
    same "$*" "$want" "$got"
}

socket() {
    local path=$1
    shift
    answered "${want:-200}" --unix-socket "$work/control.sock" "http://dctd$path" "$@"
}

status() {
    local path=$1
    shift
    answered "${want:-200}" "http://$(status_at)$path" "$@"
}

serial() {
    socket /api/v1/status
    sed 's/.*"serial":\([0-9]*\).*/\1/' "$work/reply"
}

signature() {
    printf 'X-Hub-Signature-256: sha256=%s' "$(openssl dgst -sha256 -hmac "$1" -r | cut -d' ' -f1)"
}

test_ready_is_told_when_it_is() {
    open_sides
    sim fault '{"route": "/vdbs", "status": 503}' >"$work/reply"
    start_daemon
    await_log 10 'status: answered on'
    status /healthz
    await_log 10 'observing DCT'
    want=503 status /readyz
    said reply 'DCT has not been observed yet: .*/vdbs'
    curl --silent --fail -X DELETE "http://127.0.0.1:$PORT/_sim/fault" >"$work/reply"
    kill -HUP "$DAEMON"
    await_log 20 'ready: synced 7/7'
    status /readyz
    said reply '^ready$'
    stop_daemon
    [ ! -e "$work/control.sock" ] || fail "the socket is left behind"
}

# Restarted while DCT says nothing, it knows its ledger and no manifests: whoever
# asks is answered, and what is told to be done is done.
test_a_silent_dct_at_the_start() {
    local path
    kept
    stop_daemon
    kill -STOP "$SIM"
    start_daemon
    await_log 10 -2 'status: answered on'
    for path in /api/v1/status /api/v1/objects /api/v1/objects/vdb/orders-dev /api/v1/graph \
        /api/v1/events /metrics / /healthz; do
        socket "$path"
        [ -s "$work/reply" ] || fail "$path says nothing"
    done
    want=409 socket /api/v1/plan
    want=503 socket /readyz
    said reply "^DCT has not been observed yet: waits for DCT's first answer"
    expect 0 status
    said out '^[a-z]+: not observed yet'
    said out "^  waits for DCT's first answer, for [0-9]+"
    want=409 socket /api/v1/reconcile --data '{}'
    socket /api/v1/suspend --data '{"object": "vdb/orders-dev", "reason": "meanwhile"}'
    socket /api/v1/objects/vdb/orders-dev
    said reply '"type":"Suspended","status":"True"'
    socket /api/v1/resume --data '{"object": "vdb/orders-dev"}'
    socket /api/v1/suspend --data '{"reason": "meanwhile"}'
    socket /api/v1/resume --data '{}'
    socket /api/v1/forget --data '{"object": "vdb/orders-dev"}'
    socket /metrics
    kill -HUP "$DAEMON"
    kill -CONT "$SIM"
    await_log 60 -2 'ready: synced 7/7'
    stop_daemon
}

# It is answered, and a list is not: what is waited for has a name.
test_a_list_that_does_not_come_is_named() {
    open_sides
    sim fault '{"route": "/vdbs", "delay_ms": 60000}' >"$work/reply"
    start_daemon
    await_log 10 'status: answered on'
    await 20 "the list is named" eval "dctd status | grep -qE '^  observing DCT: [0-9]+ of .* lists, .*; GET /vdbs has waited [0-9]+ s for its answer, for '"
    want=503 status /readyz
    said reply '; GET /vdbs has waited [0-9]+ s for its answer'
    kill -KILL "$SIM" # the daemon would wait for its answers
    stop_daemon
}

# A folder that is gone is not an estate in sync, whoever asks.
test_manifests_that_are_gone_are_told_everywhere() {
    kept
    expect 0 status
    said out 'all synced'
    mv "$work/estate/manifests" "$work/away"
    await_log 10 'incomplete: nothing is pruned'
    kill -HUP "$DAEMON"
    await 10 "it is not ready" eval "[ \"\$(ask http://$(status_at)/readyz)\" = 503 ]"
    said reply '^no manifests are in force: .*/manifests: No such file or directory$'
    expect 0 status
    said out '^quickstart: no manifests are in force$'
    said out 'is the checkout there\?$'
    expect 0 get vdb
    said out '^VDB/orders-dev +True +UnreadManifest +ce-east '
    status /metrics
    said reply '^dctd_reload_refused\{part="manifests"\} 1$'
    said reply '^dctd_manifest_findings\{level="error"\} 1$'
    whole
    mv "$work/away" "$work/estate/manifests"
    await 10 "it is ready again" eval "[ \"\$(ask http://$(status_at)/readyz)\" = 200 ]"
    expect 0 status
    said out '^quickstart: synced 7/7$'
    stop_daemon
}

# Each metric that the alerts and the dashboard name is one that is told.
test_metrics_are_those_that_alerts_name() {
    local name
    kept
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
    kill -HUP "$DAEMON"
    await_log 15 'VDB/orders-dev.*update done'
    status /metrics
    cp "$work/reply" "$work/metrics"
    said head '^Content-Type: text/plain; version=0.0.4'
    said metrics '^dctd_reconcile_total\{kind="VDB",result="done"\} 1$'
    said metrics '^dctd_object_info\{kind="VDB",name="orders-dev",ready="True",'
    said metrics '^dctd_api_requests_total\{method="GET",route="/vdbs",code="200"\} [1-9]'
    said metrics '^dctd_ready 1$'
    said metrics '^dctd_queue_oldest_seconds 0$'
    said metrics '^dctd_ledger_unwritable 0$'
    said metrics '^dctd_job_seconds_count\{type="VDB_UPDATE"\} 1$'
    unsaid metrics 'route="[^"]*[0-9]'
    grep -ohE '\b(dctd|process)_[a-z_]+' packaging/prometheus/* packaging/grafana/*.json |
        sed -E 's/_bucket$//' | sort -u >"$work/names"
    [ "$(grep -c '' "$work/names")" -ge 15 ] || fail "too few names: $(cat "$work/names")"
    while read -r name; do
        said metrics "^# TYPE $name "
    done <"$work/names"
    if command -v promtool >/dev/null; then
        promtool check metrics <"$work/metrics" || fail "promtool does not like the metrics"
        promtool check rules packaging/prometheus/*.yaml || fail "promtool does not like the alerts"
    else
        echo "# promtool is not installed: only tests/lib/exposition.c has read the format"
    fi
    stop_daemon
}

test_both_sides_tell_the_same() {
    kept
    socket /api/v1/objects/vdb/orders-dev
    sed 's/"serial":[0-9]*//' "$work/reply" >"$work/one"
    status /api/v1/objects/VDBs/orders-dev
    sed 's/"serial":[0-9]*//' "$work/reply" >"$work/two"
    cmp "$work/one" "$work/two"
    status /
    said reply '<td>VDB/orders-dev</td>'
    unsaid reply '<script'
    want=404 status /etc/passwd
    want=405 status /metrics -X POST
    said head '^Allow: GET, HEAD'
    status /healthz --head
    stop_daemon
}

test_the_status_listener_changes_nothing() {
    kept
    want=403 status /api/v1/suspend --data '{"object": "VDB/orders-dev", "reason": "no"}'
    want=403 status /api/v1/reconcile --data '{}'
    socket /api/v1/suspend --data '{"object": "VDB/orders-dev", "reason": "INC-7"}'
    socket /api/v1/objects/vdb/orders-dev
    said reply 'INC-7'
    stop_daemon
}

# The mode of the file lets in who may read; only root and the daemon's user write.
test_who_may_write_is_seen_by_the_kernel() {
    if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
        echo "# SKIPPED: only root can become somebody else"
        return
    fi
    kept
    same "mode" 660 "$(stat -c %a "$work/control.sock")"
    chmod 755 "$work"
    other() {
        setpriv --reuid=65534 --regid=65534 --clear-groups curl --silent --max-time 10 -w '%{http_code}' \
            -o /dev/null --unix-socket "$work/control.sock" "$@" || true
    }
    same "by mode 660" 000 "$(other http://dctd/healthz)"
    chmod 666 "$work/control.sock"
    same "reading" 200 "$(other http://dctd/api/v1/status)"
    same "writing" 403 "$(other http://dctd/api/v1/reconcile --data '{}')"
    stop_daemon
}

test_one_socket_has_one_daemon() {
    kept
    mkdir "$work/second"
    sed "s#^ledger: .*#ledger: $work/second/ledger.db#" "$work/estate/dctd.yaml" >"$work/second.yaml"
    cp -R "$work/estate/manifests" "$work/manifests"
    ! timeout 20 "$BUILD/dctd" -c "$work/second.yaml" run >"$work/err" 2>&1 || fail "two of them run"
    said err "control socket .*process $DAEMON listens there"
    socket /healthz
    kill -KILL "$DAEMON"
    wait "$DAEMON" || true
    [ -S "$work/control.sock" ] || fail "the test wants one that is left behind"
    start_daemon
    await_log 10 -2 'ready: synced 7/7'
    socket /healthz
    stop_daemon
}

test_news_end_a_wait() {
    local now
    kept
    now=$(serial)
    curl --silent --max-time 30 --unix-socket "$work/control.sock" \
        "http://dctd/api/v1/status?after=$now&wait=25" >"$work/news" &
    want=304 socket "/api/v1/status?after=$now&wait=1"
    kill -HUP "$DAEMON"
    wait "$!" || fail "no news"
    said news '"kind":"Status"'
    stop_daemon
}

test_a_push_is_acted_on_at_once() {
    local body='{"ref": "refs/heads/main"}'
    export HOOK='a secret of this test'
    kept ', webhook: {secret: {env: HOOK}}'
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "by hand"}}' >"$work/reply"
    want=401 status /hook/git --data "$body" -H "$(signature wrong <<<"$body")"
    want=401 status /hook/git --data "$body" -H 'X-Gitlab-Token: wrong'
    want=202 status /hook/git --data "$body" -H "$(printf %s "$body" | signature "$HOOK")"
    await_log 15 'VDB/orders-dev.*update done'
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "again"}}' >"$work/reply"
    want=202 status /hook/git --data "$body" -H "X-Gitlab-Token: $HOOK"
    await_log 15 -2 'VDB/orders-dev.*update done'
    unsaid log "$HOOK"
    stop_daemon
}

test_tls_and_a_token() {
    local at
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dctd.test \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$work/tls.key" -out "$work/tls.pem" 2>"$work/err"
    export TOKEN=the-token-of-this-test
    kept ", tls: {certificate: $work/tls.pem, key: {file: $work/tls.key}}, token: {env: TOKEN}"
    at=https://$(status_at)
    answered 200 --cacert "$work/tls.pem" "$at/readyz"
    answered 401 --cacert "$work/tls.pem" "$at/metrics"
    said head '^WWW-Authenticate: Bearer'
    answered 401 --cacert "$work/tls.pem" -H 'Authorization: Bearer guess' "$at/api/v1/status"
    answered 200 --cacert "$work/tls.pem" -H "Authorization: Bearer $TOKEN" "$at/metrics"
    ! ask "http://$(status_at)/healthz" >"$work/out" 2>&1 || fail "it answers without TLS, too"
    ! ask "$at/healthz" >"$work/out" 2>&1 || fail "curl trusts a certificate that nobody signed"
    unsaid log "$TOKEN"

    # A certificate that is renewed is taken by a reload, a broken one is not.
    echo nonsense >"$work/tls.pem.new"
    cp "$work/tls.pem" "$work/tls.old"
    cp "$work/tls.pem.new" "$work/tls.pem"
    kill -HUP "$DAEMON"
    await_log 10 'the control socket and the status listener stay as they were'
    answered 200 --cacert "$work/tls.old" "$at/healthz"
    openssl req -x509 -key "$work/tls.key" -days 2 -subj /CN=dctd.test \
        -addext 'subjectAltName=IP:127.0.0.1' -out "$work/tls.pem" 2>"$work/err"
    kill -HUP "$DAEMON"
    await_log 10 -2 'status: answered on https'
    same "its place" "$at" "https://$(status_at)"
    answered 200 --cacert "$work/tls.pem" "$at/healthz"
    stop_daemon
}

test_a_reload_moves_what_has_changed() {
    local before
    kept
    before=$(status_at)
    configure 's/listen: "127.0.0.1:0"/listen: "192.0.2.1:9"/'
    kill -HUP "$DAEMON"
    await_log 10 'status.listen 192.0.2.1:9: .*stay as they were'
    status /healthz
    status /api/v1/status
    said reply '"configuration":"status.listen 192.0.2.1:9: .*stay as they were"'
    configure 's/listen: "192.0.2.1:9"/listen: "127.0.0.2:0"/'
    configure "s#^control: .*#control: $work/moved.sock#"
    kill -HUP "$DAEMON"
    await_log 10 'status: answered on http://127.0.0.2'
    status /healthz
    answered 200 --unix-socket "$work/moved.sock" http://dctd/healthz
    status /api/v1/status
    said reply '"configuration":null'
    [ ! -e "$work/control.sock" ] || fail "the old socket is left behind"
    ! ask "http://$before/healthz" >"$work/out" 2>&1 || fail "the old address is still answered"
    stop_daemon
}

test_a_place_that_is_taken_ends_the_start() {
    start_sim
    estate quickstart
    printf 'status: {listen: "127.0.0.1:%s"}\n' "$PORT" >>"$work/estate/dctd.yaml"
    expect 1 run
    said err "status.listen 127.0.0.1:$PORT: Address already in use"
    configure 's#^status: .*#control: /nonexistent/control.sock#'
    expect 1 run
    said err 'control socket /nonexistent/control.sock: No such file or directory; does its folder exist'
    echo precious >"$work/control.sock"
    configure "s#^control: .*#control: $work/control.sock#"
    expect 1 run
    said err 'a file that is no socket is in its place'
    same "the file" precious "$(cat "$work/control.sock")"
}

run_tests
