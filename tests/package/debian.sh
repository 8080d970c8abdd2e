# shellcheck shell=bash
# Shared by the tests that need a Debian of their own to build or install in:
# where its packages come from, how it is made, and how such a test says that it
# did not take place.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/lib.sh"

# skip WHAT WHY: ends the script; nothing of it was tried.
skip() {
    echo "# numbers SKIPPED, $1: $2"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# lacking TOOL...: why a Debian cannot be made or used here; nothing when it can.
lacking() {
    local tool
    if [ "$(id -u)" -ne 0 ]; then
        echo "only root can"
    elif [ ! -e /etc/debian_version ]; then
        echo "this is no Debian"
    else
        for tool in mmdebstrap "$@"; do
            command -v "$tool" >/dev/null || { echo "$tool is missing: packaging/install-deps.sh --package" && return; }
        done
    fi
}

codename() {
    sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# From where this machine gets its own packages.
archive() {
    local uri
    # shellcheck disable=SC2016  # apt's own
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 'Component: main' |
        grep -E '^https?://[^ ]*/debian/?$' | head -n 1 || true)
    echo "${uri:-http://deb.debian.org/debian}"
}

# make_debian CODENAME TO [PACKAGE,...]: the least that Debian can be and those
# packages, in a folder, or in a TO that ends in ".tar".
make_debian() {
    local proxy options=()
    for proxy in http https; do
        proxy=$(apt-config dump --format '%f "%v";%n' "Acquire::$proxy::Proxy" | grep . || true)
        [ -z "$proxy" ] || options+=(--aptopt="$proxy")
    done
    [ -z "${3-}" ] || options+=(--include="$3")
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io "${options[@]}" "$1" "$2" "$(archive "$1")"
}
