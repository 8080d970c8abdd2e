#!/usr/bin/env bash
# simulate.sh PROGRAM SEEDS FIRST: the seeds shared out to as many processes as there
# are cores, what happened added up. A failing seed prints what it broke, and fails;
# so does a long run in which something never happened that is meant to happen.
set -u
program=$1 seeds=$2 first=$3
cores=$(nproc)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A process has the seeds that begin with the same estate (STARTS in
# tests/lib/random_run.c), which is then made only once, and stays in the caches. A
# core that is done with one takes the next.
starts=64
began=$(date +%s)
failed=0 running=0
for ((i = 0; i < starts && i < seeds; i++)); do
    if [ "$running" -eq "$cores" ]; then
        wait -n || failed=1
        running=$((running - 1))
    fi
    count=$(((seeds - i + starts - 1) / starts))
    "$program" "$count" "$((first + i))" "$starts" >"$folder/$i" 2>&1 &
    running=$((running + 1))
done
for ((; running > 0; running--)); do
    wait -n || failed=1
done
took=$(($(date +%s) - began))

# "edit/renamed 12", and everything else as it is.
cat "$folder"/* | awk -v seeds="$seeds" -v took="$took" -v long=1000 '
    match($0, /^[a-z]+\/.* [0-9]+$/) {
        group = substr($0, 1, index($0, "/") - 1)
        n = $NF
        name = substr($0, index($0, "/") + 1)
        sub(/ [0-9]+$/, "", name)
        if (!((group, name) in count)) { order[++rows] = group SUBSEP name }
        count[group, name] += n
        sum[group] += n
        next
    }
    { print }
    END {
        for (i = 1; i <= rows; i++) {
            split(order[i], at, SUBSEP)
            if (at[1] != "sum" && at[1] != "end")
                shown[at[1]] = shown[at[1]] (shown[at[1]] ? ", " : "") at[2] " " count[order[i]]
            if (count[order[i]] == 0 && at[1] != "sum")
                missing = missing (missing ? ", " : "") at[1] " \"" at[2] "\""
        }
        for (group in shown)
            printf "%s (%d): %s\n", group, sum[group], shown[group]
        printf "%d seeds, %d edits, %d faults, %d kills, %d acts of others, %d verbs, %d requests, %d checks, %d violations, %d s\n",
            count["sum", "seeds"], sum["edit"], sum["fault"], count["fault", "killed"], sum["others"],
            sum["verb"], count["sum", "requests"], count["sum", "checks"], count["sum", "violations"], took
        if (seeds >= long && missing) {
            print "never happened: " missing
            exit 1
        }
    }' || failed=1
exit "$failed"
