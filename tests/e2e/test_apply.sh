#!/usr/bin/env bash
# plan and apply as a person runs them: what they do, print and exit with.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The simulator with an estate that has converged.
converged() {
    start_sim
    estate "$1"
    expect 0 apply
}

# The creates that the simulator saw of each kind: none is sent twice.
creates() {
    writes | grep -cE "^POST $1 " || true
}

test_quickstart_converges_and_rests() {
    start_sim
    estate quickstart
    expect 2 plan
    said out '^Plan: 7 to create\.'
    same "writes of a plan" "" "$(writes)"
    expect 0 apply
    said out '^Converged: 7 objects'
    same "engines" ce-east "$(held engines)"
    same "environments" "pg-staging pg-target" "$(held environments)"
    same "sources" orders "$(held dsources)"
    same "VDBs" orders-dev "$(held vdbs)"
    expect 0 plan
    said out '^No changes\.'
    writes >"$work/before"
    expect 0 apply
    same "writes of a second apply" "$(cat "$work/before")" "$(writes)"
}

test_topology_converges_and_rests() {
    converged topology
    same "engines" "ce-east ce-west" "$(held engines)"
    same "connectors" 2 "$(held toolkits | wc -w)"
    same "environments" 6 "$(held environments | wc -w)"
    same "source configs" 4 "$(held sources | tr ' ' '\n' | sort -u | wc -l)"
    same "dSources" "billing catalog crm orders" "$(held dsources)"
    same "VDBs" 12 "$(held vdbs | wc -w)"
    same "creates of VDBs" 12 "$(creates '/vdbs/provision[a-z_]*')"
    expect 0 plan
    said out '^No changes\.'
    writes >"$work/before"
    expect 0 apply
    same "writes of a second apply" "$(cat "$work/before")" "$(writes)"
}

test_without_a_ledger_the_owner_tag_suffices() {
    converged quickstart
    rm "$work"/estate/ledger.db*
    writes >"$work/before"
    expect 0 apply
    same "VDBs" orders-dev "$(held vdbs)"
    same "creates without a ledger" 0 "$(writes | tail -n "+$(($(wc -l <"$work/before") + 1))" |
        grep -cE '^POST (/vdbs/provision|/dsources/|/environments|/management/engines|/toolkits)' || true)"
}

test_plan_as_json_and_markdown() {
    start_sim
    estate quickstart
    expect 2 plan -o json
    said out '"format"'
    said out '"VDB/orders-dev"'
    expect 2 plan -o markdown
    said out '^\|.*VDB/orders-dev'
    expect 0 apply
    expect 0 plan -o json
    expect 0 plan --output=markdown
}

test_plan_needs_no_more_than_reading() {
    SIM_OPTIONS="--state $work/state.json" start_sim
    estate quickstart
    expect 0 apply
    stop_sim
    SIM_OPTIONS="--state $work/state.json --read-only" start_sim
    expect 0 plan
    sed -i 's/^  description: .*/  description: changed/' "$work/estate/manifests/30-orders-dev.yaml"
    cp "$work/estate/ledger.db" "$work/ledger"
    expect 2 plan
    said out 'changed'
    cmp "$work/ledger" "$work/estate/ledger.db" || fail "plan wrote to the ledger"
    sim log | sed 's/{"method"/\n&/g' | grep -E '"status":40[35]' && fail "something was refused"
    # The server does refuse writes: this is no test of nothing.
    expect 1 apply
    said out '^Not converged'
}

# The write is sent, the process ends, and the change is taken back: nothing differs,
# but DCT works on, and what comes of that is still to be seen.
test_what_is_under_way_is_no_empty_plan() {
    local pid text=$work/estate/manifests/30-orders-dev.yaml
    SIM_OPTIONS="--state $work/state.json" start_sim
    estate quickstart
    expect 0 apply
    stop_sim
    SPEED=1 SIM_OPTIONS="--state $work/state.json" start_sim
    cp "$text" "$work/before.yaml"
    sed -i 's/^  description: .*/  description: changed/' "$text"
    # shellcheck disable=SC2086  # RUN is a command with its options
    $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" apply >"$work/cut" 2>&1 &
    pid=$!
    pids+=("$pid")
    await 20 "DCT works on the change" grep -q 'DCT works on it' "$work/cut"
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    same "writes" 1 "$(writes | grep -c '^PATCH /vdbs/')"
    cp "$work/before.yaml" "$text"
    expect 2 plan
    said out 'VDB/orders-dev .*finish: a job is still under way'
    said out '^Plan: 1 to finish\.'
    unsaid out 'No changes'
    expect 2 plan -o json
    said out '"changes":[[:space:]]*true'
    stop_sim
    SIM_OPTIONS="--state $work/state.json" start_sim
    expect 0 apply
    expect 0 plan
}

# Made as its manifest says, then tuned by somebody else; what stands beside it is ours.
test_what_is_ignored_stays() {
    local text=$work/estate/manifests/30-orders-dev.yaml
    start_sim
    estate quickstart
    sed -i 's/work_mem: 8MB/work_mem: 8MB, jit: "on"/' "$text"
    echo 'policy: {ignore: [/spec/postgresql/settings/work_mem, /metadata/tags/team]}' >>"$text"
    expect 0 apply
    sim state | grep -q '"propertyName":"work_mem","value":"8MB"' || fail "it is not made so"
    sim drift '{"kind": "vdbs", "name": "orders-dev", "set": {"appdata_source_params":
        {"configSettingsStg": [{"propertyName": "work_mem", "value": "64MB", "commentProperty": false},
        {"propertyName": "jit", "value": "on", "commentProperty": false}]}}}' >"$work/reply"
    writes >"$work/before"
    sed -i 's/work_mem: 8MB/work_mem: 16MB/; s/team: shop/team: store/' "$text"
    expect 0 plan
    expect 0 apply
    same "writes" "$(cat "$work/before")" "$(writes)"
    sed -i 's/jit: "on"/jit: "off"/' "$text"
    expect 0 apply
    sim state | grep -q '"propertyName":"work_mem","value":"64MB"' || fail "it was changed back"
    sim state | grep -q '"propertyName":"jit","value":"off"' || fail "its neighbour was not changed"
    sim state | grep -q '"key":"team","value":"shop"' || fail "the tag was changed"
    expect 0 plan
    sed -i 's#settings/work_mem#settings/wrok_mem#' "$text"
    expect 1 validate
    said err 'what can be ignored there: /spec/postgresql/settings/work_mem, '
}

test_paths_take_the_place_of_the_configured() {
    start_sim
    estate quickstart
    expect 0 apply "$work/estate/manifests/10-platform.yaml"
    same "environments" "pg-staging pg-target" "$(held environments)"
    same "dSources" "" "$(held dsources)"
}

test_pruning_is_asked_for() {
    converged quickstart
    configure 's/prune: true/prune: false/'
    rm "$work/estate/manifests/30-orders-dev.yaml"
    expect 0 plan
    expect 0 apply
    same "VDBs without pruning" orders-dev "$(held vdbs)"
    expect 2 --prune plan
    said out '^  - VDB/orders-dev'
    expect 0 --prune apply
    same "VDBs" "" "$(held vdbs)"
    same "dSources" orders "$(held dsources)"
}

test_protected_databases_stay() {
    converged topology
    rm "$work/estate/manifests/teams/finance/billing.yaml"
    dctd apply >"$work/out" 2>&1 || true
    same "VDBs of finance" "billing-audit" "$(held vdbs | tr ' ' '\n' | grep billing)"
}

test_budget_of_deletes() {
    converged topology
    configure 's/deleteBudget: 5/deleteBudget: 2/'
    rm -r "$work/estate/manifests/teams/shop"
    expect 1 apply
    same "VDBs" 12 "$(held vdbs | wc -w)"
    configure 's/deleteBudget: 2/deleteBudget: 5/'
    expect 0 apply
    same "VDBs" 7 "$(held vdbs | wc -w)"
}

test_what_is_only_forgotten_is_told() {
    converged quickstart
    cd "$work/estate/manifests"
    rm 30-orders-dev.yaml
    expect 0 apply
    rm 20-orders.yaml
    expect 0 apply
    # Only the engine stays; environments and connectors are not deleted unasked.
    sed -i '/^---$/,$d' 10-platform.yaml
    expect 0 apply
    said out '^Plan: 3 to forget\.'
    said out '^Converged: 1 object'
    same "environments" "pg-staging pg-target" "$(held environments)"
}

# interrupted SIGNAL: starts an apply and signals it while DCT is at work.
interrupted() {
    dctd_in_background apply
    await 20 "a job runs" grep -q 'DSource/orders: create job' "$work/err"
    kill "-$1" "$DAEMON"
}

dctd_in_background() {
    # shellcheck disable=SC2086
    $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" "$@" >"$work/out" 2>"$work/err" &
    DAEMON=$!
    pids+=("$DAEMON")
}

finishes_what_was_begun() {
    expect 0 apply
    said out '^Converged: 7 objects'
    same "dSources" orders "$(held dsources)"
    same "VDBs" orders-dev "$(held vdbs)"
    same "creates of dSources" 1 "$(creates '/dsources/[a-z-]*')"
    same "creates of VDBs" 1 "$(creates '/vdbs/provision[a-z_]*')"
    same "creates of environments" 2 "$(creates /environments)"
    expect 0 plan
}

test_interrupted_apply_is_continued() {
    local rc=0
    SPEED=100 start_sim
    estate quickstart
    interrupted INT
    wait "$DAEMON" || rc=$?
    same "exit status" 1 "$rc"
    said err 'Stopping: nothing new is begun'
    said out 'interrupted'
    same "VDBs" "" "$(held vdbs)"
    finishes_what_was_begun
}

test_killed_apply_is_continued() {
    SPEED=100 start_sim
    estate quickstart
    interrupted KILL
    wait "$DAEMON" || true
    finishes_what_was_begun
}

test_one_dctd_per_ledger() {
    SPEED=100 start_sim
    estate quickstart
    dctd_in_background apply
    await 20 "it is at work" grep -q 'create started' "$work/err"
    mv "$work/err" "$work/first"
    expect 1 apply
    said err "$DAEMON|another"
    wait "$DAEMON" || fail "the first was disturbed: $(cat "$work/first")"
}

run_tests
