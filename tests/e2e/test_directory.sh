#!/usr/bin/env bash
# A directory of manifests that something else keeps up to date: git-sync swaps a
# link, rsync renames file after file, cp writes in place. Nothing is taken for
# removed while that is under way, and what comes out of it is acted on.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

# The quickstart, converged, with a daemon that keeps it and prunes.
kept() {
    start_sim
    estate quickstart
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 10 'ready: synced 7/7'
    vdb=$work/estate/manifests/30-orders-dev.yaml
}

updated() {
    await 20 "DCT has $1" has_memory "$1"
    same "VDBs" orders-dev "$(held vdbs)"
    ! writes | grep -E '^POST .*/delete |^DELETE ' || fail "something was deleted"
    stop_daemon
}

has_memory() {
    sim state | grep -q "\"propertyName\":\"work_mem\",\"value\":\"$1\""
}

# Whole files, but one after the other.
test_renamed_into_place_one_after_the_other() {
    local file
    kept
    sed 's/work_mem: 8MB/work_mem: 96MB/' "$vdb" >"$work/new"
    for file in "$work"/estate/manifests/*.yaml; do
        cp "$file" "$work/estate/manifests/.${file##*/}.Xa81kq"
    done
    cp "$work/new" "$work/estate/manifests/.30-orders-dev.yaml.Xa81kq"
    for file in "$work"/estate/manifests/*.yaml; do
        mv "$work/estate/manifests/.${file##*/}.Xa81kq" "$file"
    done
    updated 96MB
    unsaid log 'incomplete'
}

# In place, with a pause in the middle of a file that is longer than any silence
# that is waited for: what is there then is no manifest.
test_written_in_place_and_slowly() {
    local n
    kept
    sed 's/work_mem: 8MB/work_mem: 96MB/' "$vdb" >"$work/new"
    n=$(($(grep -n settings: "$work/new" | cut -d : -f 1) - 1))
    { head -n "$n" "$work/new" && sed -n "$((n + 1))p" "$work/new" | head -c 20; } >"$vdb"
    await_log 10 'incomplete: nothing is pruned'
    cat "$work/new" >"$vdb"
    updated 96MB
}

test_emptied_and_then_written() {
    kept
    sed 's/work_mem: 8MB/work_mem: 96MB/' "$vdb" >"$work/new"
    : >"$vdb"
    await_log 10 'incomplete: nothing is pruned'
    cat "$work/new" >"$vdb"
    updated 96MB
}

# As a package does it that removes its directory before it brings a new one.
test_removed_and_brought_anew() {
    kept
    sed -i 's/work_mem: 8MB/work_mem: 96MB/' "$vdb"
    cp -R "$work/estate/manifests" "$work/new"
    rm -r "$work/estate/manifests"
    await_log 10 'incomplete: nothing is pruned'
    mv "$work/new" "$work/estate/manifests"
    updated 96MB
}

# git-sync: a link is replaced by another at once.
test_link_is_swapped() {
    start_sim
    estate quickstart
    mkdir "$work/estate/trees"
    mv "$work/estate/manifests" "$work/estate/trees/one"
    sed -i "s#\.\./secrets/#$work/estate/secrets/#" "$work"/estate/trees/one/*.yaml
    ln -s trees/one "$work/estate/manifests"
    expect 0 apply
    configure 's/interval: 30s/interval: 1h/'
    start_daemon
    await_log 10 'ready: synced 7/7'
    cp -R "$work/estate/trees/one" "$work/estate/trees/two"
    sed -i 's/work_mem: 8MB/work_mem: 96MB/' "$work/estate/trees/two/30-orders-dev.yaml"
    ln -s trees/two "$work/estate/manifests.new"
    mv -T "$work/estate/manifests.new" "$work/estate/manifests"
    updated 96MB
    unsaid log 'incomplete'
}

run_tests
