#!/usr/bin/env bash
# Runs test programs and end-to-end scripts, says PASS or FAIL for each in the
# order given, and closes with the sum of test cases: "N passed, N failed".
#
#   run.sh BUILD TEST...
#
# Programs speak TAP (cmocka does when asked) and run three at a time (TEST_JOBS);
# scripts, which wait more than they work, as many (SCRIPT_JOBS), but those
# that say "Runs alone", which measure, one by one. They get BUILD in their
# environment and close with a line "N passed, N failed" of their own. RUN is put
# before every program (valgrind) and handed to scripts, which put it before the
# daemon. A crash, a hang, a broken plan and a test that ran nothing fail.
set -eu

BUILD=$(mkdir -p "$1" && cd "$1" && pwd)
export BUILD RUN=${RUN-} CMOCKA_MESSAGE_OUTPUT=TAP
shift
limit=${TEST_TIMEOUT:-300}
jobs=${TEST_JOBS:-3}
script_jobs=${SCRIPT_JOBS:-3}
[ -z "$RUN" ] || script_jobs=1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
passed=0 failed=0 skipped=0

# Writes $out/N.log and $out/N.rc for the N-th test.
run_one() {
    local n=$1 test=$2 rc=0
    case $test in
    *.sh) timeout --kill-after=10 "$limit" bash "$test" >"$out/$n.log" 2>&1 </dev/null || rc=$? ;;
    *)
        # shellcheck disable=SC2086  # RUN is a command with its options
        timeout --kill-after=10 "$limit" $RUN "$test" >"$out/$n.log" 2>&1 </dev/null || rc=$?
        ;;
    esac
    # Whole as soon as it is there.
    echo "$rc" >"$out/$n.new"
    mv "$out/$n.new" "$out/$n.rc"
}

# Sets ok, bad, skip from a log: its closing line, else its TAP lines.
count() {
    local log=$1 closing planned
    closing=$(tail -n 1 "$log" | grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' || true)
    if [ -n "$closing" ]; then
        read -r ok _ bad _ skip _ <<<"$closing"
        skip=${skip:-0}
        return
    fi
    skip=$(grep -cE '^(not )?ok [0-9]+ # SKIP' "$log" || true)
    ok=$(grep -E '^ok [0-9]+' "$log" | grep -vc '# SKIP' || true)
    bad=$(grep -E '^not ok [0-9]+' "$log" | grep -vc '# SKIP' || true)
    planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\)$/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    if [ "$planned" -gt $((ok + bad + skip)) ]; then
        echo "# $planned tests were planned, $((ok + bad + skip)) reported" >>"$log"
        bad=$((bad + planned - ok - bad - skip))
    fi
}

report() {
    local n=$1 test=$2 rc
    rc=$(cat "$out/$n.rc")
    count "$out/$n.log"
    if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ]; then
        case $rc in
        124 | 137) echo "# killed after $limit s" >>"$out/$n.log" ;;
        *) echo "# exit status $rc without a failed test" >>"$out/$n.log" ;;
        esac
        bad=1
    elif [ $((ok + bad + skip)) -eq 0 ]; then
        echo "# no test ran" >>"$out/$n.log"
        bad=1
    fi
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
    if [ "$bad" -eq 0 ]; then
        echo "PASS $test ($ok)"
        grep '^# numbers' "$out/$n.log" || true
    else
        echo "FAIL $test ($ok passed, $bad failed)"
        grep -vE '^ok [0-9]+ - ' "$out/$n.log" | tail -n 60 | sed 's/^/    /'
    fi
}

# Runs TEST... with at most $1 at a time and reports them in order.
run_all() {
    local width=$1 started=0 reported=0 running=0
    shift
    local tests=("$@")
    rm -f "$out"/*.rc
    while [ "$reported" -lt ${#tests[@]} ]; do
        while [ "$started" -lt ${#tests[@]} ] && [ "$running" -lt "$width" ]; do
            run_one "$started" "${tests[started]}" &
            started=$((started + 1)) running=$((running + 1))
        done
        wait -n
        running=$((running - 1))
        while [ -e "$out/$reported.rc" ]; do
            report "$reported" "${tests[reported]}"
            reported=$((reported + 1))
        done
    done
    wait
}

programs=() scripts=() alone=()
for test in "$@"; do
    case $test in
    *.sh) if grep -q '^# Runs alone' "$test"; then alone+=("$test"); else scripts+=("$test"); fi ;;
    *) programs+=("$test") ;;
    esac
done
run_all "$jobs" "${programs[@]}"
run_all "$script_jobs" "${scripts[@]}"
run_all 1 "${alone[@]}"

if [ "$skipped" -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
