#!/usr/bin/env bash
# tests/REGRESSIONS.md tells the truth: every row names tests, each of them is
# there, and no test of the pack is missing from the table.
set -u

cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

check() {
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $1"
    fi
}

# A C test is a function that is run, or the name of a row of a table.
is_there() {
    local file=$1 name=$2

    case $file in
    *.sh) grep -q "^$name() {" "$file" ;;
    *) grep -qF "cmocka_unit_test($name)" "$file" || grep -qF "{ \"$name\"," "$file" ;;
    esac
}

while IFS= read -r row; do
    cell=${row%|}
    cell=${cell##*| }
    # shellcheck disable=SC2016  # the quotes are the table's
    names=$(grep -oE '`(unit|golden|trace|e2e)/[a-z_0-9]+\.(c|sh): [^`]+`' <<<"$cell" | tr -d '`')
    [ -n "$names" ]
    check "no test in: $row" $?
    while IFS= read -r name; do
        [ -n "$name" ] || continue
        is_there "${name%%: *}" "${name#*: }"
        check "no such test: $name" $?
    done <<<"$names"
done < <(grep '^| ' REGRESSIONS.md | grep -v '^| their bug')

for file in trace/test_peers_*.c; do
    while IFS= read -r name; do
        grep -qF "\`$file: $name\`" REGRESSIONS.md
        check "in no row: $file: $name" $?
    done < <(grep -oE 'cmocka_unit_test\([a-z_0-9]+\)' "$file" | sed 's/.*(//; s/)//')
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
