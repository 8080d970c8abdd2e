#!/usr/bin/env bash
# What is told of what was done: the history of every write, the log and its
# fields, findings for programs - and in none of it a secret.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# Secrets that would be seen wherever they came to be, whole or in part, with
# what has to be escaped in JSON, in YAML and in the log.
plant() {
    local file
    for file in "$work"/estate/secrets/*; do
        printf 'a"b\\%s-planted\n' "${file##*/}" >"$file"
    done
    export DCT_API_KEY=2.key-planted
}

# Nothing that was said, logged or kept has a part of them.
unplanted() {
    local file
    for file in out err log journal everything estate/ledger.db estate/ledger.db-wal; do
        [ ! -e "$work/$file" ] || ! grep -aE -e '[a-z]-planted' "$work/$file" ||
            fail "$file has a secret"
    done
}

# A job ends badly once, and DCT repeats what it was sent.
spoil() {
    sim fault '{"route": "/environments", "method": "POST", "job": "FAILED", "times": 1,
                "job_error": "a\"b\\pg-staging-planted is no password"}' >"$work/reply"
}

planted_estate() {
    export DCT_API_KEY=2.key-planted
    quickstart
    plant
    spoil
}

# Runs the daemon at debug level until the estate is there, a bad configuration
# and a bad manifest included; the words before it are put in front.
whole_run() {
    # shellcheck disable=SC2086
    "$@" $RUN "$BUILD/dctd" -c "$work/estate/dctd.yaml" --log-level debug run &
    DAEMON=$!
    pids+=("$DAEMON")
    await 90 "the estate is there" sim_has_all
    echo 'dct: {nonsense: 1}' >>"$work/estate/dctd.yaml"
    kill -HUP "$DAEMON"
    sed -i 's/port: 5434/port: 5435/' "$work/estate/manifests/30-orders-dev.yaml"
    await 20 "the new port is there" sim_has_port 5435
    stop_daemon
    configure '/nonsense/d'
}

sim_has_all() {
    [ "$(held vdbs)" = orders-dev ]
}

sim_has_port() {
    sim state | grep -q "[^0-9]$1[^0-9]"
}

test_no_secret_on_stderr_at_debug_level() {
    planted_estate
    whole_run 2>>"$work/log"
    said log 'level=debug .*GET|level=debug msg="GET'
    said log '\*\*\* is no password'
    said log 'level=error msg="configuration: not reloaded.* event=configuration'
    unplanted
    expect 0 events
    said out '\*\*\* is no password'
    expect 0 events -o json
    unplanted
}

# A journal of our own under the one name that there is: in a mount namespace.
test_no_secret_in_the_journal_at_debug_level() {
    if ! unshare -m true 2>/dev/null; then
        echo "# skipped: this user cannot have a mount namespace (unshare -m)" >&2
        return 0
    fi
    planted_estate
    : >"$work/journal"
    mkdir "$work/run"
    "$BUILD/tests/e2e/notify_listen" "$work/run/socket" >"$work/journal" &
    pids+=($!)
    await 10 "the journal is open" test -S "$work/run/socket"
    : >"$work/stderr"
    # shellcheck disable=SC2016  # for the shell inside
    whole_run unshare -m bash -c 'mkdir -p /run/systemd/journal 2>/dev/null || true
        mount -t tmpfs none /run && mkdir -p /run/systemd/journal &&
        touch /run/systemd/journal/socket && mount --bind "$1" /run/systemd/journal/socket &&
        exec 2>"$2" && export JOURNAL_STREAM=$(stat -L -c %d:%i "$2") && shift 2 && exec "$@"' \
        bash "$work/run/socket" "$work/stderr"
    same "what is on stderr" "" "$(cat "$work/stderr")"
    said journal '^MESSAGE=GET /'
    said journal '^MESSAGE=create retry.*\*\*\* is no password'
    said journal '^OBJECT=VDB/orders-dev'
    said journal '^KIND=VDB'
    said journal '^ENGINE=ce-east'
    said journal '^PLAN=[0-9a-f]{16}$'
    said journal '^COMMIT=[0-9a-f]+$'
    said journal '^JOB_ID=[0-9a-f]{32}$'
    said journal '^MESSAGE_ID=63a7242bae544ded9effb0d6f9b381f5$'
    unplanted
}

test_every_write_is_in_the_history() {
    local who
    quickstart
    expect 0 apply
    expect 0 events --since 1h -o json
    same "writes in the history" "$(writes | wc -l)" "$(grep -c '"request":	"' "$work/out")"
    writes | while read -r method path _; do
        said out "\"request\":	\"$method ${path#/dct/v3}\""
    done
    who="uid $(id -u)"
    expect 0 events --object vdb/orders-dev
    said out "  write      VDB/orders-dev: create: POST /vdbs/provision_by_[a-z]+ -> 20[0-9] \(job [0-9a-f]{32}\), trace [0-9a-f]+, asked for by $who.*, plan [0-9a-f]{12}\$"
    unsaid out 'DSource'
    expect 0 events --object vdb/nobody
    [ ! -s "$work/out" ] || fail "an unknown object has a history: $(cat "$work/out")"
    expect 1 events --object nobody
}

test_refused_and_lost_writes_are_told_with_the_reason() {
    quickstart
    sim fault '[{"route": "/management/engines", "method": "POST", "status": 409, "times": 1},
                {"route": "/environments", "method": "POST", "cut": "after", "times": 1}]' \
        >"$work/reply"
    start_daemon
    await 90 "the estate is there" sim_has_all
    expect 0 events --object engine/ce-east
    said out 'POST /management/engines -> DCT answered 409'
    said out 'POST /management/engines -> 201'
    expect 0 events
    said out 'POST /environments -> no answer from DCT'
    said log 'level=warning object=Environment/.*POST /environments: no answer .* event=unanswered'
}

test_all_of_one_plan_bear_its_digest() {
    local plans
    quickstart
    expect 0 apply
    expect 0 events -o json
    plans=$(grep -o '"plan":	"[0-9a-f]*"' "$work/out" | sort -u | wc -l)
    [ "$plans" -ge 1 ] || fail "no plan is named"
    unsaid out '"kind":	"write",[^}]*"plan":	null'
}

# Who plans first finds in the history what was planned.
test_a_plan_tells_its_digest() {
    local digest
    quickstart
    expect 2 plan
    said out '^Digest: [0-9a-f]{16}$'
    digest=$(sed -n 's/^Digest: //p' "$work/out")
    expect 2 plan -o json
    said out "^	\"digest\":	\"$digest\","
    expect 2 plan -o markdown
    said out "^\*\*Plan: 7 to create\.\*\* \`$digest\`\$"
    expect 0 apply
    expect 0 events -o json
    said out "\"plan\":	\"$digest\""
    expect 0 plan
    unsaid out '^Digest'
}

test_findings_for_programs() {
    quickstart
    expect 0 validate -o json
    said out '"format":	"dctd-findings/1"'
    said out '"valid":	true'
    said out '"objects":	7'
    sed -i 's/^kind: VDB/kind: VDBB/' "$work/estate/manifests/30-orders-dev.yaml"
    expect 1 validate -o json
    said out '"valid":	false'
    said out '"file":	".*30-orders-dev.yaml"'
    said out '"line":	[1-9]'
    said out '"column":	[1-9]'
    said out '"level":	"error"'
    said out '"hint":	"'
    ! command -v python3 >/dev/null || python3 -m json.tool <"$work/out" >/dev/null
}

# What a command cannot do its help does not offer.
test_help_offers_what_works() {
    quickstart
    expect 0 events --help
    unsaid out 'markdown'
    said out 'text, json'
    expect 1 events -o markdown
    expect 0 plan --help
    said out 'markdown'
}

run_tests
