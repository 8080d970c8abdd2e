#!/usr/bin/env bash
# kill -9 at random moments of an apply, DCT with faults on, the same ledger:
# in the end everything is there once, and on. KILLS and OBJECTS make it longer,
# SEED chooses the moments:
#
#   KILLS=200 OBJECTS=300 SEED=7 tests/e2e/test_kill.sh
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

KILLS=${KILLS:-20} OBJECTS=${OBJECTS:-40} SEED=${SEED:-1}
WITHIN=300 kills=0 refused=0
# A dctd that lives thirty times as fast, see hasty.c.
HASTY=$BUILD/tests/e2e/dctd-hasty
HASTY_SINCE=$(date +%s)
export HASTY_SINCE

# Requests and answers that are lost, errors before and after the work was done,
# bodies that end early, jobs that DCT follows no longer.
faults() {
    sim fault '[{"method": "GET", "probability": 0.01, "cut": "before"},
        {"method": "GET", "probability": 0.01, "status": 503},
        {"method": "GET", "probability": 0.01, "truncate": true},
        {"method": "GET", "probability": 0.01, "html": true},
        {"route": "*/search", "probability": 0.01, "cut": "before"},
        {"route": "*/search", "probability": 0.01, "truncate": true},
        {"method": "POST", "probability": 0.03, "cut": "after"},
        {"method": "POST", "probability": 0.03, "status": 503, "when": "after"},
        {"method": "PATCH", "probability": 0.03, "cut": "after"},
        {"method": "POST", "probability": 0.01, "job": "ABANDONED", "work": true},
        {"method": "POST", "probability": 0.01, "cut": "before"},
        {"method": "POST", "probability": 0.01, "status": 503},
        {"method": "POST", "probability": 0.01, "status": 429}]' >"$work/faults"
}

# An apply that is killed; succeeds where it had converged before that.
struck() {
    local rc=0 pid moment=$((RANDOM % WITHIN + 1))
    [ -z "$RUN" ] || moment=$((moment * 20))
    # shellcheck disable=SC2086  # RUN is a command with its options
    $RUN "$HASTY" -c "$work/estate/dctd.yaml" --prune apply >"$work/out" 2>"$work/err" &
    pid=$!
    pids=("$SIM" "$pid")
    sleep "$((moment / 1000)).$(printf '%03d' $((moment % 1000)))"
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || rc=$?
    case $rc in
    0) return 0 ;;
    137) kills=$((kills + 1)) ;;
    1) refused=$((refused + 1)) ;;
    *) fail "apply left with $rc: $(cat "$work/out" "$work/err")" ;;
    esac
    return 1
}

# Undisturbed, though DCT is not: a write that failed in earnest is tried again.
finish() {
    local i
    for ((i = 0; i < 20; i++)); do
        # shellcheck disable=SC2086
        ! timeout 200 $RUN "$HASTY" -c "$work/estate/dctd.yaml" --prune apply \
            >"$work/out" 2>"$work/err" || return 0
        refused=$((refused + 1))
    done
    fail "never converged: $(cat "$work/out" "$work/err")"
}

# The names that the manifests give to objects of a kind, sorted.
declared() {
    cat "$work"/estate/manifests/*.yaml "$work"/estate/manifests/*/*.yaml \
        "$work"/estate/manifests/*/*/*.yaml 2>/dev/null |
        awk -v wanted="$1" '/^kind:/ { on = $2 == wanted }
            on && match($0, /name: [^,}]*/) { print substr($0, RSTART + 6, RLENGTH - 6); on = 0 }' |
        sort | tr '\n' ' ' | sed 's/ $//'
}

# Objects that somebody switched off.
off() {
    sim state | sed 's/{"kind":"/\n&/g' | grep -v '"deleted":true' |
        grep -E '^\{"kind":"(vdbs|dsources|environments)"' | grep -c '"enabled":false' || true
}

nothing_twice() {
    local kind
    for kind in engines environments sources dsources vdbs; do
        same "$kind that are there twice" "" "$(held $kind | tr ' ' '\n' | uniq -d)"
    done
}

each_is_there_once() {
    same "engines" "$(declared Engine)" "$(held engines)"
    same "connectors" "$(declared Engine | wc -w)" "$(held toolkits | wc -w)"
    same "environments" "$(declared Environment)" "$(held environments)"
    same "source configs" "$(declared SourceConfig)" "$(held sources)"
    same "dSources" "$(declared DSource)" "$(held dsources)"
    same "VDBs" "$(declared VDB)" "$(held vdbs)"
    same "objects that are off" 0 "$(off)"
}

# What is made a second time has another id: how many ids were given out.
given_out() {
    sim state | sed 's/.*"counters":{//' | tr ',{}' '\n' |
        sed -n "s/^\"[0-9]*-$1\":\([0-9]*\).*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# The N-th wish of a restless operator.
edit() {
    local shop=$work/estate/manifests/teams/shop
    case $(($1 % 5)) in
    0) sed -i "s/port: 55\([0-9]*\)1\$/port: 56\11/; t; s/port: 56\([0-9]*\)1\$/port: 55\11/" "$shop/dev.yaml" ;;
    1) mv "$shop/test.yaml" "$shop/test.away" ;;
    2) mv "$shop/test.away" "$shop/test.yaml" ;;
    3) sed -i "s/max_connections: \"[0-9]*\"/max_connections: \"$((200 + $1))\"/" \
        "$work/estate/manifests/sources/orders.yaml" ;;
    4) sed -i "s/description: .*/description: wish $1/" "$shop/dev.yaml" "$shop"/../*/crm.yaml ;;
    esac
}

test_killed_and_killed_again() {
    local wishes=1 runs
    RANDOM=$SEED WITHIN=600
    SPEED=1000 SIM_OPTIONS="--seed $SEED" start_sim
    estate topology
    faults
    finish
    edit 0
    for ((runs = 0; kills < KILLS; runs++)); do
        [ "$runs" -lt $((KILLS * 10)) ] || fail "only $kills kills in $runs runs"
        if struck; then
            each_is_there_once
            edit "$wishes"
            wishes=$((wishes + 1))
        fi
        nothing_twice
    done
    finish
    each_is_there_once
    sim fault >"$work/faults"
    echo "# numbers, seed $SEED: $kills kills survived, $wishes edits, $refused runs without success," \
        "$(faults_fired) faults, $(declared VDB | wc -w) VDBs, duplicates 0, switched off 0"
}

faults_fired() {
    grep -o '"fired":[0-9]*' "$work/faults" | awk -F: '{ n += $2 } END { print n + 0 }'
}

# big N: an estate of N objects on two engines, VDBs for the most part.
big() {
    local m=$work/estate/manifests engine i vdbs=$(($1 - 2 - 2 - 6 - 8 - 8))
    rm -r "$m/teams" "$m/sources"
    mkdir "$m/sources" "$m/vdbs"
    for ((i = 0; i < 8; i++)); do
        engine=$([ $((i % 2)) -eq 0 ] && echo east || echo west)
        cat >"$m/sources/$i.yaml" <<YAML
apiVersion: dct/v1
kind: SourceConfig
metadata: {name: source-$i}
spec: {environment: pg-staging-$engine, repository: Postgres vFiles (15.4)}
---
apiVersion: dct/v1
kind: DSource
metadata: {name: source-$i}
spec:
  sourceConfig: source-$i
  group: Untitled
  environmentUser: postgres
  stagingEnvironment: pg-staging-$engine
  stagingEnvironmentUser: postgres
  postgresql:
    port: $((5400 + i))
    mountLocation: /mnt/delphix/source-$i
    initiatedBackup: {host: db-$i.example.com, port: 5432, username: delphix,
                      password: {file: ../../secrets/orders-db}}
YAML
    done
    for ((i = 0; i < vdbs; i++)); do
        engine=$([ $((i % 2)) -eq 0 ] && echo east || echo west)
        cat >"$m/vdbs/$i.yaml" <<YAML
apiVersion: dct/v1
kind: VDB
metadata: {name: vdb-$i, tags: {number: "$i"}}
spec:
  source: {dSource: source-$((i % 8))}
  environment: pg-$([ $((i % 4)) -lt 2 ] && echo dev || echo test)-$engine
  environmentUser: postgres
  group: Untitled
  postgresql: {port: $((6000 + i)), mountLocation: /mnt/delphix/vdb-$i}
YAML
    done
}

test_killed_until_a_big_estate_is_done() {
    local runs
    RANDOM=$SEED
    SPEED=1000 SIM_OPTIONS="--seed $SEED" start_sim
    estate topology
    big "$OBJECTS"
    faults
    for ((runs = 0; runs < OBJECTS * 10; runs++)); do
        ! struck || break
        # On a busy machine a life of 300 ms may do nothing: longer ones follow.
        [ "$kills" -le "$OBJECTS" ] || WITHIN=$((300 + (kills - OBJECTS) * 20))
    done
    each_is_there_once
    sim fault >"$work/faults"
    same "databases ever made" "$(($(declared DSource | wc -w) + $(declared VDB | wc -w)))" \
        "$(given_out APPDATA_CONTAINER)"
    echo "# numbers, seed $SEED: $OBJECTS objects, $kills kills survived, $refused runs without success," \
        "$(faults_fired) faults, duplicates 0, switched off 0"
}

run_tests
