#!/usr/bin/env bash
# A ledger that was torn, bent, deleted or made read-only: it is said clearly, nothing
# written to DCT on its word, and without it everything is found again by its tag.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

converged() {
    quickstart
    expect 0 apply
    writes >"$work/before"
}

nothing_written() {
    same "writes" "$(cat "$work/before")" "$(writes)"
}

# Without the ledger: everything is ours by its tag, and nothing is to be done.
found_again() {
    rm -f "$work"/estate/ledger.db "$work"/estate/ledger.db-*
    expect 0 apply
    whole
    nothing_written
    expect 0 plan
}

# Refused with a word on the ledger, or whole enough to go on without a write.
refused_or_harmless() {
    local rc=0
    dctd apply >"$work/out" 2>"$work/err" || rc=$?
    case $rc in
    0) ;;
    1) said err 'ledger.*(damaged|no ledger|belongs to|cannot be understood)' ;;
    *) fail "$1: apply left with $rc: $(cat "$work/err")" ;;
    esac
    nothing_written
    whole
}

test_cut_off() {
    local size at
    converged
    cp "$work/estate/ledger.db" "$work/good"
    size=$(stat -c %s "$work/good")
    for at in 1 99 100 511 4095 4096 $((size / 2)) $((size - 1)); do
        cp "$work/good" "$work/estate/ledger.db"
        truncate -s "$at" "$work/estate/ledger.db"
        refused_or_harmless "cut at $at"
        rm -f "$work"/estate/ledger.db-*
    done
    found_again
}

test_bent() {
    local size at
    RANDOM=7
    converged
    cp "$work/estate/ledger.db" "$work/good"
    size=$(stat -c %s "$work/good")
    for at in 0 18 100 $((size / 2)) $((RANDOM % size)) $((RANDOM % size)); do
        cp "$work/good" "$work/estate/ledger.db"
        head -c 64 /dev/urandom |
            dd of="$work/estate/ledger.db" bs=1 seek="$at" conv=notrunc status=none
        refused_or_harmless "bent at $at"
        rm -f "$work"/estate/ledger.db-*
    done
    found_again
}

# Killed with a write-ahead log beside the ledger, and that is deleted.
test_write_ahead_log_is_deleted() {
    SPEED=100 quickstart
    start_daemon
    await_log 20 'create.*DSource/orders|DSource/orders.*create'
    kill -KILL "$DAEMON"
    wait "$DAEMON" || true
    test -s "$work/estate/ledger.db-wal" || fail "there is no write-ahead log to delete"
    rm "$work"/estate/ledger.db-wal "$work"/estate/ledger.db-shm
    expect 0 apply
    whole
    expect 0 plan
}

test_second_writer() {
    converged
    start_daemon
    await 20 "it holds the ledger" test -s "$work/estate/ledger.db.lock"
    sleep 1
    expect 1 apply
    said err "ledger .* is held by dctd pid $DAEMON"
    ln -s ledger.db "$work/estate/link.db"
    configure 's#^ledger: .*#ledger: link.db#'
    expect 1 apply
    said err "ledger .* is held by dctd pid $DAEMON"
    nothing_written
    stop_daemon
    expect 0 apply
}

# What is written into a file that is gone is not kept: no change is sent on its word.
test_taken_away_while_it_runs() {
    converged
    start_daemon
    await_log 20 'ready: '
    rm "$work"/estate/ledger.db*
    sed -i 's/Orders for development/Orders for nobody/' "$work/estate/manifests/30-orders-dev.yaml"
    await_log 20 'not sent: the ledger .*was taken away from the dctd that writes it'
    nothing_written
    stop_daemon
    expect 0 apply
    whole
}

test_folder_is_read_only() {
    converged
    mkdir "$work/mount"
    cp "$work/estate/ledger.db" "$work/good"
    if ! mount -t tmpfs none "$work/mount" 2>/dev/null; then
        echo "# no tmpfs here"
        return
    fi
    cp "$work/good" "$work/mount/ledger.db"
    mount -o remount,ro "$work/mount"
    configure "s#^ledger: .*#ledger: $work/mount/ledger.db#"
    expect 1 apply
    said err 'ledger .*([Rr]ead-only|lock)'
    nothing_written
    umount "$work/mount"
    configure 's#^ledger: .*#ledger: ledger.db#'
    expect 0 apply
    nothing_written
}

run_tests
