#!/usr/bin/env bash
# Judges every exchange of dctd and dct-sim by the published contract: `make
# judge`. Needs the closed form of the document that DCT_OPENAPI names, Node, and
# what package-lock.json pins, which is put below BUILD. Where one of them cannot
# be had, says so loudly and judges nothing. Closes with "N passed, N failed".
set -euo pipefail
here=$(realpath "$(dirname "$0")")
cd "$here/../.."
BUILD=${BUILD:-build}

skip() {
    echo "WARNING: $1;"
    echo "WARNING: no exchange is judged by the published contract in this run"
    echo "0 passed, 0 failed"
    exit 0
}

# Prism asks for it in its package.json.
new_enough() {
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 20) ? 0 : 1)'
}

# Once per lock file.
install_modules() {
    local folder=$1
    mkdir -p "$folder"
    ! cmp -s "$here/package-lock.json" "$folder/installed" || return 0
    cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$folder/"
    (cd "$folder" && SCARF_ANALYTICS=false npm ci --no-progress --loglevel=error) || return 1
    cp "$here/package-lock.json" "$folder/installed"
}

[ -n "${DCT_OPENAPI-}" ] || skip "DCT_OPENAPI names no document"
document=${DCT_OPENAPI%.yaml}.closed.yaml
[ -f "$document" ] || skip "$document is not there"
packaging/install-deps.sh --judge || skip "what the judge needs cannot be installed"
new_enough || skip "Node $(node --version) is too old, 18.20 is needed"
install_modules "$BUILD/judge" || skip "npm could not install Prism"

export SCARF_ANALYTICS=false JUDGE_MODULES
JUDGE_MODULES=$(realpath "$BUILD/judge/node_modules")
exec node "$here/judge.mjs" "$document" "$BUILD"
