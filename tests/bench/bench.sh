#!/usr/bin/env bash
# What dctd costs, as a multiple of what reading costs anybody: `floor` reads the
# same manifests with libyaml and the same lists with libcurl and cJSON, in the
# same run on the same machine, and does nothing with them. Time is time of the
# processor, the best of ROUNDS. A figure, not a test: nothing fails by being slow.
#
#   OBJECTS=1000 ROUNDS=5 tests/bench/bench.sh
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

OBJECTS=${OBJECTS:-1000} ROUNDS=${ROUNDS:-5}
LISTS=(/management/engines /toolkits /environments /groups /sources /staging-sources /dsources
    /vdbs /virtualization-policies)

# The quickstart with OBJECTS databases, one file each.
estate_of_many() {
    local i
    SPEED=5000 start_sim
    estate quickstart
    configure 's/interval: .*/interval: 1h/
               s/^  interval: .*/&\n  concurrency: {total: 200, perEngine: 200, perEnvironment: 200}/'
    printf 'control: %s\n' "$work/control.sock" >>"$work/estate/dctd.yaml"
    for ((i = 0; i < OBJECTS; i++)); do
        sed "s/orders-dev/orders-$i/; s#/mnt/delphix/orders-dev#/mnt/delphix/orders-$i#
             s/port: .*/port: $((6000 + i))/" "$work/estate/manifests/30-orders-dev.yaml" \
            >"$work/estate/manifests/vdb-$i.yaml"
    done
    find "$work/estate/manifests" -name '*.yaml' >"$work/files"
}

# Microseconds of processor time of a command, user's and system's together.
cost() {
    local TIMEFORMAT='%3U %3S' spent
    spent=$({ time "$@" >"$work/out" 2>"$work/err"; } 2>&1) || fail "$*: $(cat "$work/err")"
    awk '{ printf "%d\n", ($1 + $2) * 1000000 }' <<<"$spent"
}

best() {
    local i
    for ((i = 0; i < ROUNDS; i++)); do
        "$@"
    done | sort -n | head -n 1
}

of_the_service() {
    echo $(($(cut -d' ' -f1 "/proc/$DAEMON/schedstat") / 1000))
}

# The same of the service for one more look at an unchanged estate.
cost_of_a_look() {
    local before seen
    before=$(of_the_service) seen=$(looks)
    dctd reconcile >"$work/out"
    await 60 "it has looked again" looked_since "$seen"
    await 10 "it falls asleep" asleep
    echo $(($(of_the_service) - before))
}

looks() {
    sim log | grep -o '"path":"/vdbs?' | wc -l
}

looked_since() {
    [ "$(looks)" -gt "$1" ]
}

# line WHAT MICROSECONDS: told as time and as a multiple of the floor.
line() {
    awk -v what="$1" -v us="$2" -v floor="$floor" \
        'BEGIN { printf "%-44s %9.1f ms  %5.2f x\n", what, us / 1000, us / floor }'
}

open_work
estate_of_many
dctd apply >"$work/out" 2>"$work/err" || fail "$(tail -n 3 "$work/err")"
read_all() {
    "$BUILD/tests/bench/floor" "$DCT_API_KEY" "http://127.0.0.1:$PORT/dct/v3" "${LISTS[@]}" \
        <"$work/files"
}
plan() {
    dctd plan
}
floor=$(best cost read_all)
echo "$OBJECTS databases, $(read_all); best of $ROUNDS, processor time"
line "floor: libyaml, libcurl and cJSON read all" "$floor"
line "dctd plan: read, compare, nothing to do" "$(best cost plan)"
start_daemon
await 60 "it has seen everything" logged 1 'ready: synced'
await 10 "it falls asleep" asleep
line "dctd run: one more look at rest" "$(best cost_of_a_look)"
echo "dctd run: resident at rest                   $(status_of VmRSS) KiB"
stop_daemon
