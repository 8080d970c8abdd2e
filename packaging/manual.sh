#!/usr/bin/env bash
# Holds the manual pages against what the programs have.
#
#   manual.sh DCTD           prints dctd-manifest(5) with its field lists as this
#                            program has them: `make man` makes the page anew, a
#                            test compares
#   manual.sh --sim DCT_SIM  prints the options, control calls and members of
#                            fault rules that dct-sim(1) does not tell of
set -euo pipefail
cd "$(dirname "$0")/.."

fields() {
    local page=packaging/man/dctd-manifest.5 kind
    sed '/^\.\\" fields$/q' "$page"
    for kind in $("$1" explain | cut -d ' ' -f 1); do
        "$1" explain --man "$kind"
    done
    sed -n '/^\.\\" end of fields$/,$p' "$page"
}

# What the page's SYNOPSIS and lists are to have, one beginning of a line each.
simulator() {
    "$1" --help | grep -oE -e '--[a-z-]+' | sort -u | sed 's/^--/.It Fl -/'
    sed -n 's|.*{ "\([A-Z]*\)", "\(/_sim/[a-z]*\)",.*|.It Li \1 \2|p' tests/sim/routes.c
    sed -n '/char known\[\]/,/;/p' tests/sim/faults.c | grep -o '"[a-z_ ]*"' | tr -d '"' | tr ' ' '\n' |
        grep -vxE 'seen|fired|' | sed 's/^/.It Li /'
}

case ${1-} in
--sim)
    simulator "$(realpath "$2")" | while read -r line; do
        grep -qE "^${line//./\\.}( |$)" packaging/man/dct-sim.1 || echo "dct-sim(1) lacks '$line'"
    done
    ;;
*) fields "$(realpath "$1")" ;;
esac
