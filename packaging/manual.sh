#!/usr/bin/env bash
# Prints dctd-manifest(5) with its field lists as the program DCTD has them:
# `make man` makes the page anew, a test compares.
#
#   manual.sh DCTD
set -euo pipefail
dctd=$1
page=$(dirname "$0")/man/dctd-manifest.5

sed '/^\.\\" fields$/q' "$page"
for kind in $("$dctd" explain | cut -d ' ' -f 1); do
    "$dctd" explain --man "$kind"
done
sed -n '/^\.\\" end of fields$/,$p' "$page"
