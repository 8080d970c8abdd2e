# shellcheck shell=bash
# Shared by the end-to-end scripts: a folder and processes that go away with the
# script, an estate copied from examples/, the simulator, and questions to both.
#
# A script defines functions test_... and closes with run_tests; each runs in a
# shell of its own, where the first command that fails fails the test.
set -euE -o pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BUILD=$(cd "${BUILD:-build}" && pwd)
RUN=${RUN-} AT_ONCE=${AT_ONCE:-8}
# How many times as long everything may take under valgrind, with sanitizers.
SLOWER=1
! grep -q __asan_init "$BUILD/dctd" || SLOWER=3
[ -z "$RUN" ] || SLOWER=6
unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID JOURNAL_STREAM DCTD_CONFIG CREDENTIALS_DIRECTORY \
    STATE_DIRECTORY RUNTIME_DIRECTORY LISTEN_PID LISTEN_FDS LISTEN_FDNAMES \
    http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY
export DCT_API_KEY=2.the-key-of-this-test

work='' pids=() DAEMON='' SIM='' PORT=''

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# A process that needs more than ten seconds to leave is killed.
stop_all() {
    local pid i
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || continue
        for ((i = 0; i < 240; i++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null || true
    done
    pids=()
}

clean_up() {
    local rc=$?
    trap - EXIT
    stop_all
    ! mountpoint -q "$work/mount" || umount "$work/mount"
    [ -z "$work" ] || [ -n "${KEEP-}" ] || rm -rf "$work"
    exit "$rc"
}

open_work() {
    work=$(mktemp -d)
    trap clean_up EXIT
    trap 'exit 130' INT TERM HUP
}

# Then what it needs in memory and time is not measured.
is_slowed() {
    [ "$SLOWER" -gt 1 ]
}

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
    local seconds=$1 what=$2 until
    shift 2
    seconds=$((seconds * SLOWER))
    until=$((SECONDS + seconds + 1))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$until" ] || fail "not within $seconds s: $what"
        sleep 0.05
    done
}

# ---- the simulator

# Leaves its process in SIM and its port in PORT. Stopped and started again it
# takes the same port. SPEED and SIM_OPTIONS choose how it behaves.
start_sim() {
    rm -f "$work/port"
    # shellcheck disable=SC2086  # options
    "$BUILD/dct-sim" --listen 127.0.0.1:${PORT:-0} --port-file "$work/port" --strict --quiet \
        --api-key "$DCT_API_KEY" --speed "${SPEED:-500}" ${SIM_OPTIONS-} >"$work/sim.log" 2>&1 &
    SIM=$!
    pids+=("$SIM")
    await 10 "the simulator is open" test -s "$work/port"
    PORT=$(cat "$work/port")
}

stop_sim() {
    kill "$SIM"
    wait "$SIM" || true
}

# sim PATH [JSON]: asks, or posts to, its control calls.
sim() {
    curl --silent --show-error --fail --max-time 10 --noproxy '*' ${2:+--data "$2"} \
        "http://127.0.0.1:$PORT/_sim/$1"
}

# The names of what it holds of a kind (engines toolkits environments sources
# dsources vdbs jobs), sorted; those that are being forgotten are not counted.
held() {
    sim state | sed 's/{"kind":"/\n&/g' | grep "^{\"kind\":\"$1\"" | grep -v '"deleted":true' |
        sed 's/.*"json":{\([^{}]*[,]\)\?"\(display_\)\?name":"\([^"]*\)".*/\3/' | sort | tr '\n' ' ' |
        sed 's/ $//' || true
}

# Every write that came in, one "METHOD PATH STATUS" a line.
writes() {
    sim log | sed 's/{"method"/\n&/g' |
        sed -n 's/^{"method":"\([A-Z]*\)","path":"\([^"]*\)","status":\([0-9]*\)}.*/\1 \2 \3/p' |
        grep -vE '^GET |^POST [^ ]*/search[? ]|/_sim/' || true
}

# ---- dctd

# estate EXAMPLE: a copy in $work/estate that talks to the simulator.
estate() {
    cp -R "examples/$1" "$work/estate"
    chmod -R go-rwx "$work/estate/secrets"
    configure 's#http://127.0.0.1:8080#http://127.0.0.1:'"$PORT"'#'
}

quickstart() {
    start_sim
    estate quickstart
}

# The whole of the quickstart is there, once.
whole() {
    same "engines" ce-east "$(held engines)"
    same "connectors" 1 "$(held toolkits | wc -w)"
    same "environments" "pg-staging pg-target" "$(held environments)"
    same "source configs" orders "$(held sources | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/ $//')"
    same "dSources" orders "$(held dsources)"
    same "VDBs" orders-dev "$(held vdbs)"
}

# configure SED: edits the configuration.
configure() {
    sed -i "$1" "$work/estate/dctd.yaml"
}

dctd() {
    # shellcheck disable=SC2086  # RUN is a command with its options
    timeout --kill-after=5 200 $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" "$@"
}

# expect STATUS ARG...: runs dctd; what it says is in $work/out and $work/err.
expect() {
    local want=$1 rc=0
    shift
    dctd "$@" >"$work/out" 2>"$work/err" || rc=$?
    cat "$work/out" "$work/err" >>"$work/everything"
    [ "$rc" -eq "$want" ] ||
        fail "dctd $* left with $rc, not $want: $(cat "$work/out" "$work/err")"
    # A sanitizer's exit status is 1, as many a refusal's.
    unsaid err 'Sanitizer|runtime error:'
}

# said FILE PATTERN: the file in $work has a line that matches.
said() {
    grep -qE -e "$2" "$work/$1" || fail "$1 does not say '$2': $(cat "$work/$1")"
}

unsaid() {
    ! grep -E -e "$2" "$work/$1" || fail "$1 says '$2'"
}

# Starts `dctd run`; its process is in DAEMON, its log in $work/log.
start_daemon() {
    # shellcheck disable=SC2086
    $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" run >>"$work/log" 2>&1 &
    DAEMON=$!
    pids+=("$DAEMON")
}

# logged [-N] PATTERN: lines of the log that match, N times or more.
logged() {
    local times=1
    case $1 in -[0-9]*) times=${1#-} && shift ;; esac
    [ "$(grep -cE -e "$1" "$work/log")" -ge "$times" ]
}

await_log() {
    local seconds=$1
    shift
    await "$seconds" "the log says '$*'" logged "$@"
}

# A field of the daemon's /proc/PID/status.
status_of() {
    sed -n "s/^$1:[^0-9]*\([0-9]*\).*/\1/p" "/proc/$DAEMON/status"
}

# The daemon did nothing for half a second.
asleep() {
    local before
    before=$(status_of voluntary_ctxt_switches)
    sleep 0.5
    [ "$(status_of voluntary_ctxt_switches)" = "$before" ]
}

# Ends the daemon: it leaves by itself, in time, with status 0.
stop_daemon() {
    local began=$SECONDS rc=0 limit=$((7 + 5 * SLOWER))
    kill -TERM "$DAEMON"
    wait "$DAEMON" || rc=$?
    [ "$rc" -eq 0 ] || fail "the daemon left with $rc: $(tail -n 20 "$work/log")"
    [ $((SECONDS - began)) -le "$limit" ] || fail "the daemon took $((SECONDS - began)) s to leave"
}

# same WHAT WANTED GOT
same() {
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}

# ---- tests

# No secret of an estate in anything that was said, logged or remembered.
no_secret_told() {
    local secret file
    for secret in "$DCT_API_KEY" "$work"/estate/secrets/*; do
        [ ! -f "$secret" ] || secret=$(cat "$secret")
        for file in out err log everything estate/ledger.db estate/ledger.db-wal; do
            [ ! -e "$work/$file" ] || ! grep -qaF -e "$secret" "$work/$file" ||
                fail "$file has the secret '$secret'"
        done
    done
}

run_one() {
    open_work
    trap 'echo "# line $LINENO: $BASH_COMMAND" >&2' ERR
    : >"$work/log"
    "$1"
    [ ! -d "$work/estate" ] || no_secret_told
}

# Runs every function test_..., or those that match ONLY, a few at a time: they
# spend their time waiting. The closing line is what tests/lib/run.sh counts.
run_tests() {
    local logs names name passed=0 failed=0 i running=()
    logs=$(mktemp -d)
    mapfile -t names < <(declare -F | sed -n 's/^declare -f \(test_\)/\1/p' | grep -e "${ONLY-}")
    for ((i = 0; i < ${#names[@]} + AT_ONCE; i++)); do
        if [ "$i" -ge "$AT_ONCE" ]; then
            name=${names[i - AT_ONCE]}
            if wait "${running[i - AT_ONCE]}"; then
                grep '^# numbers' "$logs/$name" || true
                echo "ok $((passed + failed + 1)) - $name"
                passed=$((passed + 1))
            else
                cat "$logs/$name"
                echo "not ok $((passed + failed + 1)) - $name"
                failed=$((failed + 1))
            fi
        fi
        if [ "$i" -lt ${#names[@]} ]; then
            name=${names[i]}
            run_one "$name" >"$logs/$name" 2>&1 &
            running[i]=$!
        fi
    done
    rm -rf "$logs"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
