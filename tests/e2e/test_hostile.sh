#!/usr/bin/env bash
# Guests without manners at both sockets: the daemon goes on with its work, stays
# small, keeps few descriptors open, and hears who has something to say.
# Runs alone: it keeps the machine busy, and measures memory.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

AT_ONCE=2    # they load the machine themselves
RSS_MORE=24576 # KiB more than before, at most
FDS_MORE=200   # 96 connections at each of the two sides, and a few

kept() {
    start_sim
    estate topology
    expect 0 apply
    configure 's/interval: 1m/interval: 1h/'
    printf 'control: %s/control.sock\nstatus: {listen: "127.0.0.1:0", webhook: {secret: {env: HOOK}}}\n' \
        "$work" >>"$work/estate/dctd.yaml"
    HOOK=a-secret-of-this-test start_daemon
    await_log 20 'ready: synced 30/30'
    STATUS=$(sed -n 's/.*status: answered on http:..\([^"]*\)".*/\1/p' "$work/log")
    RSS=$(status_of VmRSS)
    FDS=$(descriptors)
}

descriptors() {
    find "/proc/$DAEMON/fd" -type l 2>/dev/null | grep -c ''
}

# rude WHERE MANNER N: such guests stay until they are sent away.
rude() {
    local line=$work/stay.${#pids[@]}
    mkfifo "$line"
    "$BUILD/tests/e2e/rude" "$@" <"$line" >"$line.out" &
    pids+=("$!")
    # Its input stays open as long as this process holds it.
    exec {hold}>"$line"
    : "$hold"
    await 10 "the guests are there" grep -q there "$line.out"
}

# The daemon repairs a drift, as always.
works_on() {
    local before
    before=$(grep -c 'VDB/.*update done' "$work/log" || true)
    sim drift "{\"kind\": \"vdbs\", \"name\": \"crm-dev\", \"set\": {\"description\": \"by hand $before\"}}" >"$work/reply"
    kill -HUP "$DAEMON"
    await_log 120 "-$((before + 1))" 'VDB/.*update done'
}

is_bounded() {
    local rss fds
    fds=$(descriptors)
    [ "$fds" -le $((FDS + FDS_MORE)) ] || fail "$fds descriptors, $FDS before"
    rss=$(status_of VmRSS)
    echo "# numbers $1: $((rss - RSS)) KiB and $((fds - FDS)) descriptors more"
    is_slowed || [ "$rss" -le $((RSS + RSS_MORE)) ] ||
        fail "$rss KiB resident, $RSS before"
}

# Somebody with manners is answered; $1: control or status.
is_heard() {
    local where=(--unix-socket "$work/control.sock" http://dctd/healthz)
    [ "$1" = control ] || where=("http://$STATUS/healthz")
    curl --silent --fail --max-time 5 --noproxy '*' "${where[@]}"
}

goes_away() {
    stop_guests
    await 20 "its descriptors are closed" few_descriptors
}

# Connections to DCT come and go.
few_descriptors() {
    [ "$(descriptors)" -le $((FDS + 20)) ]
}

stop_guests() {
    local pid keep=()
    for pid in "${pids[@]}"; do
        if [ "$pid" = "$DAEMON" ] || [ "$pid" = "$SIM" ]; then
            keep+=("$pid")
        else
            kill "$pid"
        fi
    done
    pids=("${keep[@]}")
}

# manners MANNER N: N of them at each side.
manners() {
    kept
    rude "$STATUS" "$1" "$2"
    rude "$work/control.sock" "$1" "$2"
    works_on
    is_bounded "$2 $1"
    works_on
    is_bounded "$2 $1"
    # The control socket hears its own user whoever else is there.
    await 20 "the control socket hears" is_heard control
    goes_away
    await 10 "the status listener hears" is_heard status
    stop_daemon
}

test_a_thousand_silent_connections() {
    manners silent 1000
}

test_requests_that_trickle() {
    manners trickle 200
}

test_questions_whose_answers_nobody_reads() {
    local guests=100
    ! is_slowed || guests=20 # each asks for as much as there is, without end
    manners deaf "$guests"
}

test_waiting_for_news_that_never_come() {
    manners waiting 200
}

# Bytes by chance, with the same seeds every time.
test_rubbish() {
    local rounds=1500
    kept
    [ -z "$RUN" ] || rounds=150
    "$BUILD/tests/e2e/rude" "$STATUS" rubbish "$rounds" &
    "$BUILD/tests/e2e/rude" "$work/control.sock" rubbish "$rounds"
    wait "$!"
    works_on
    is_bounded "$rounds times rubbish"
    await 10 "the control socket hears" is_heard control
    await 10 "the status listener hears" is_heard status
    unsaid log 'Sanitizer|runtime error:'
    stop_daemon
}

# Pushes that prove nothing, as large as they are allowed to be, and larger.
test_pushes_of_strangers() {
    local i
    kept
    head -c 28000000 /dev/zero >"$work/large"
    for i in 1 2 3; do
        head -c 20000000 "$work/large" | curl --silent --max-time 30 --noproxy '*' -o "$work/reply" \
            -H "X-Hub-Signature-256: sha256=$(printf '%064d' "$i")" --data-binary @- "http://$STATUS/hook/git"
        said reply '^unauthorized$'
    done
    curl --silent --max-time 30 --noproxy '*' -o "$work/reply" -w '%{http_code}' -H 'Expect:' \
        -H "X-Hub-Signature-256: sha256=$(printf '%064d' 4)" --data-binary @"$work/large" "http://$STATUS/hook/git" >"$work/out" || true
    said out '^413$'
    is_bounded "pushes of strangers"
    ! logged 'a push was announced' || fail "it believes them"
    stop_daemon
}

run_tests
