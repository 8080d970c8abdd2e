#!/usr/bin/env bash
# The service under churn: edits, drift, faults, reloads, a log that is rotated,
# people who look at it and people who talk nonsense to it. It grows neither in
# memory nor in descriptors, comes to rest in the end, and every error it told
# of was one that was made. MINUTES makes it longer:
#
#   MINUTES=30 tests/e2e/test_churn.sh
#
# Runs alone: it measures memory over time.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

SECONDS_MAX=$((${MINUTES:-0} * 60)) SEED=${SEED:-1} VDBS=12
[ "$SECONDS_MAX" -gt 0 ] || SECONDS_MAX=25
GROWTH_MAX=1024 # KiB, from the first half to the second
deeds=0 samples=0 rss=() descriptors=() drifts=()

vdb() {
    sed "s/orders-dev/orders-$1/; s#/mnt/delphix/orders-dev#/mnt/delphix/orders-$1#
         s/port: .*/port: $((6000 + $1))/; s/description: .*/description: $2/" \
        "$work/estate/manifests/30-orders-dev.yaml"
}

# A manifest is replaced as an editor does it.
edit() {
    vdb "$1" "text $RANDOM" >"$work/new"
    mv "$work/new" "$work/estate/manifests/vdb-$1.yaml"
}

remove() {
    rm -f "$work/estate/manifests/vdb-$1.yaml"
}

break_manifest() {
    echo 'kind: Nonsense' >"$work/estate/manifests/broken.yaml"
    sleep 0.5
    rm "$work/estate/manifests/broken.yaml"
}

# Seldom enough of each that nobody takes it for a fight.
drift() {
    [ "${drifts[$1]:-0}" -lt 4 ] || return 0
    drifts[$1]=$((${drifts[$1]:-0} + 1))
    sim drift "{\"kind\": \"vdbs\", \"name\": \"orders-$1\", \"set\": {\"description\": \"by $1\"}}" ||
        true # it is away
}

trouble() {
    sim fault '[{"method": "GET", "probability": 0.3, "status": 503},
        {"method": "GET", "probability": 0.1, "truncate": true},
        {"method": "POST", "probability": 0.2, "cut": "after"},
        {"method": "PATCH", "probability": 0.3, "cut": "before"}]'
    sleep 1
    calm
}

calm() {
    curl --silent --fail --noproxy '*' -X DELETE "http://127.0.0.1:$PORT/_sim/fault"
}

reload() {
    configure "s/interval: .*/interval: $((1 + $1 % 2))s/"
    kill -HUP "$DAEMON"
}

rotate() {
    cat "$work/log" >>"$work/log.old"
    : >"$work/log"
}

ask() {
    curl --silent --max-time 5 --noproxy '*' "$@" || true
}

look() {
    local path
    for path in /metrics /healthz /readyz /api/v1/status /api/v1/objects /api/v1/graph \
        /api/v1/objects/vdb/orders-dev /api/v1/nothing; do
        ask "http://127.0.0.1:$LISTENS$path"
        ask --unix-socket "$work/control.sock" "http://dctd$path"
    done
}

nonsense() {
    # shellcheck disable=SC2016  # the inner shell's
    timeout 1 bash -c 'head -c 3000 /dev/urandom >"/dev/tcp/127.0.0.1/$0"' "$LISTENS" || true
    ask --unix-socket "$work/control.sock" --data-binary @/dev/urandom -m 1 http://dctd/api/v1/adopt
    ask -X BREW "http://127.0.0.1:$LISTENS/api/v1/status"
    ask --header "X-Long: $(printf '%070000d' 0)" "http://127.0.0.1:$LISTENS/"
}

something_happens() {
    local what=(edit edit edit remove break_manifest drift trouble reload rotate look nonsense)
    "${what[RANDOM % ${#what[@]}]}" "$((RANDOM % VDBS))" >>"$work/answers" 2>&1
    : >"$work/answers"
    deeds=$((deeds + 1))
}

sample() {
    rss[samples]=$(status_of VmRSS)
    descriptors[samples]=$(find "/proc/$DAEMON/fd" -mindepth 1 | wc -l)
    samples=$((samples + 1))
}

highest() {
    printf '%s\n' "$@" | sort -n | tail -n 1
}

# flat WHAT ALLOWED VALUES...: the second half is not above the first.
flat() {
    local measure=$1 allowed=$2 half before after
    shift 2
    half=$(($# / 2))
    before=$(highest "${@:1:half}") after=$(highest "${@:half + 1}")
    echo "# numbers: $measure: at most $before in the first half, $after in the second"
    [ "$after" -le $((before + allowed)) ] || fail "$measure grew from $before to $after"
}

# Each of these was caused by something above.
explained() {
    local unexplained
    unexplained=$(cat "$work/log.old" "$work/log" | grep -E '^level=(error|warning)' |
        grep -vE '503|cut|truncated|ends early|not JSON|no answer|closed|reset|broken pipe' |
        grep -vE 'manifests/broken.yaml|nothing is pruned|drift|differs|retry|tried again' |
        grep -vE 'outcome|could not be (observed|read)|cannot be observed|waiting before going on' |
        grep -vE 'stalled|left alone|flip|changed it back|which is blocked' || true)
    [ -z "$unexplained" ] || fail "unexplained: $(head -n 20 <<<"$unexplained")"
}

test_churn_leaves_nothing_behind() {
    local until i
    if is_slowed; then
        echo "# not measured: valgrind and sanitizers take memory of their own"
        return
    fi
    RANDOM=$SEED
    SPEED=2000 start_sim
    quickstart_here
    start_daemon
    await 120 "it comes true" converged
    LISTENS=$(sed -n 's#.*answered on http://127.0.0.1:\([0-9]*\).*#\1#p' "$work/log")
    until=$((SECONDS + SECONDS_MAX))
    while [ "$SECONDS" -lt "$until" ]; do
        something_happens
        sample
        sleep 0.1
    done
    calm >"$work/answers"
    for ((i = 0; i < VDBS; i++)); do edit "$i"; done
    kill -HUP "$DAEMON"
    await 120 "it comes to rest" converged
    echo "# numbers: $deeds deeds in $SECONDS_MAX s, seed $SEED"
    flat "KiB resident" "$GROWTH_MAX" "${rss[@]}"
    flat "descriptors" 8 "${descriptors[@]}"
    explained
    stop_daemon
}

quickstart_here() {
    local i
    estate quickstart
    configure "s/interval: .*/interval: 1s/; s/prune: .*/prune: true/; s/deleteBudget: .*/deleteBudget: 100/"
    printf 'control: %s\nstatus: {listen: "127.0.0.1:0"}\n' "$work/control.sock" \
        >>"$work/estate/dctd.yaml"
    : >"$work/log.old"
    for ((i = 0; i < VDBS; i++)); do edit "$i"; done
}

converged() {
    [ "$(ask --unix-socket "$work/control.sock" http://dctd/api/v1/status |
        grep -cE "\"synced\": ?$((VDBS + 7))[,}]")" -gt 0 ]
}

run_tests
