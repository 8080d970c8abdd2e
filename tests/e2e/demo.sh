#!/usr/bin/env bash
# dctd at work: a simulated DCT, the quickstart's manifests, and everything that
# a person would try first. Each step is checked; the first that is not as told
# ends the demo with a message. Started by `make demo`, leaves nothing behind.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' green='' plain=''
fi
step=0 shown=0 manifests=''

title() {
    step=$((step + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$step" "$1" "$plain"
}

tell() {
    printf '%s   %s%s\n' "$dim" "$*" "$plain"
}

good() {
    printf '%s   ok: %s%s\n' "$green" "$*" "$plain"
}

# show STATUS COMMAND: as a person sees it, with the terminal's own colours.
show() {
    local want=$1 rc=0
    shift
    printf '%s$ dctd %s%s\n' "$bold" "$*" "$plain"
    dctd "$@" || rc=$?
    [ "$rc" -eq "$want" ] || fail "dctd $* left with $rc, not $want"
}

# What the daemon logged since the last time.
show_log() {
    sed -n "$((shown + 1)),\$p" "$work/log"
    shown=$(wc -l <"$work/log")
}

# The log has these lines in this order.
in_order() {
    local pattern line last=0
    for pattern in "$@"; do
        line=$(grep -nE -e "$pattern" "$work/log" | tail -n 1 | cut -d : -f 1)
        [ "${line:-0}" -gt "$last" ] || fail "'$pattern' is missing or too early in the log"
        last=$line
    done
}

first_look() {
    title "Are the manifests right in themselves? Nobody is asked for that."
    tell "$(cd "$manifests" && echo *.yaml): one of each kind."
    show 0 validate

    title "What would be done, and in which order? Nothing is changed."
    show 2 plan
    expect 2 plan
    same "creates, in order" "Engine/ce-east Connector/postgresql@ce-east Environment/pg-staging \
Environment/pg-target SourceConfig/orders DSource/orders VDB/orders-dev" \
        "$(sed -n 's/^  + \([^ ]*\) .*/\1/p' "$work/out" | tr '\n' ' ' | sed 's/ $//')"
    same "writes in the simulator" "" "$(writes)"
    good "exit status 2, there is something to do: seven creates, each after what it needs"
}

converge() {
    title "Do it, once. Jobs take minutes in DCT; the simulator's clock runs ${SPEED} times as fast."
    show 0 apply
    same "engines" ce-east "$(held engines)"
    same "environments" "pg-staging pg-target" "$(held environments)"
    same "dSources" orders "$(held dsources)"
    same "VDBs" orders-dev "$(held vdbs)"
    good "the database of production is ingested, and developers have a virtual copy of it"

    title "Is there anything left to do?"
    show 0 plan
    expect 0 plan
    said out '^No changes\.'
    good "exit status 0"
}

stay() {
    title "Stay, and keep it so. This is what the systemd unit starts."
    configure 's/interval: 30s/interval: 2s/'
    tell "(It looks at DCT every 2 seconds here, instead of every 30.)"
    printf '%s$ dctd run &%s\n' "$bold" "$plain"
    start_daemon
    await_log 10 'ready: synced 7/7'
    show_log

    title "Somebody edits a manifest: developers want more memory for sorting."
    sed -i 's/work_mem: 8MB/work_mem: 64MB/' "$manifests/30-orders-dev.yaml"
    await_log 15 'object=VDB/orders-dev msg="update done'
    show_log
    sim state | grep -q '"propertyName":"work_mem","value":"64MB"' || fail "DCT does not have 64MB"
    good "seen at once, and done"

    title "Somebody changes the database by hand, in DCT's web page."
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"description": "hands off!"}}' >"$work/reply"
    tell 'description: "hands off!"'
    await_log 15 -2 'object=VDB/orders-dev msg="update done'
    show_log
    ! sim state | grep -q 'hands off!' || fail "the drift is still there"
    good "found at the next look, and put right: what manifests say wins"
}

leave() {
    title "The orders databases are not needed any more: two files go."
    tell "Deleted is only what dctd made itself, dependents first, and with pruning on."
    rm "$manifests/30-orders-dev.yaml" "$manifests/20-orders.yaml"
    await_log 20 'object=SourceConfig/orders msg="delete done'
    show_log
    in_order 'VDB/orders-dev msg="delete done' 'DSource/orders msg="delete started' \
        'DSource/orders msg="delete done' 'SourceConfig/orders msg="delete started'
    same "VDBs, dSources and source configs" "  " "$(held vdbs) $(held dsources) $(held sources)"
    same "environments" "pg-staging pg-target" "$(held environments)"
    good "the VDB, then its dSource, then the source config; the rest is untouched"

    title "Stop."
    stop_daemon
    show_log
    show 0 plan
    stop_sim
    ! kill -0 "$DAEMON" "$SIM" 2>/dev/null || fail "something still runs"
    good "exit status 0, nothing left running"
}

# Apart only for a terminal, which shows progress live.
[ -t 2 ] || exec 2>&1
SPEED=200
began=$SECONDS
open_work
: >"$work/log"
printf '%sdctd keeps a Data Control Tower as YAML manifests say it.%s\n' "$bold" "$plain"
start_sim
estate quickstart
manifests=$work/estate/manifests
tell "A simulated DCT, empty, listens on 127.0.0.1:$PORT; the manifests are a copy of examples/quickstart."
first_look
converge
stay
leave
no_secret_told
printf '\n%sAll of it as told, in %d seconds.%s Next: examples/quickstart/README.md\n' \
    "$bold" $((SECONDS - began)) "$plain"
