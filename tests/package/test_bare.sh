#!/usr/bin/env bash
# A bare Debian, a real systemd in it, and the package: installed, tried, run as a
# service on the quickstart, upgraded, removed, purged. Then nothing is left.
#
# Needs root, mmdebstrap, systemd-nspawn and Debian's archive (that of this
# machine's own sources); says so where one of them is missing.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

skip() {
    echo "# numbers SKIPPED, the package was not installed anywhere: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

# From where this machine gets its own packages.
archive() {
    local uri
    # shellcheck disable=SC2016  # apt's own
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 'Component: main' |
        grep -E '^https?://[^ ]*/debian/?$' | head -n 1 || true)
    echo "${uri:-http://deb.debian.org/debian}"
}

# Its first argument is the folder of the new system, with what the package needs.
bare_debian() {
    local codename needs proxy options=()
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    needs=$(dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | paste -sd ,)
    for proxy in http https; do
        proxy=$(apt-config dump --format '%f "%v";%n' "Acquire::$proxy::Proxy" | grep . || true)
        [ -z "$proxy" ] || options+=(--aptopt="$proxy")
    done
    mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io --include="systemd-sysv,curl,$needs" "${options[@]}" \
        "$codename" "$1" "$(archive "$codename")"
}

boot() {
    mkdir "$work/out"
    cat >"$work/test.target" <<'UNIT'
[Unit]
Description=The test
Requires=basic.target test.service
After=basic.target
UNIT
    cat >"$work/test.service" <<'UNIT'
[Unit]
Description=The test itself
After=basic.target
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash -c 'bash /opt/inside.sh >/opt/out/tap 2>&1; systemctl --force exit 0'
UNIT
    timeout --kill-after=10 240 systemd-nspawn --quiet --directory="$1" --machine="dctd-bare-$$" \
        --register=no --keep-unit --private-network --console=pipe --resolv-conf=off --timezone=off \
        --bind-ro="$work/test.target:/run/systemd/system/test.target" \
        --bind-ro="$work/test.service:/etc/systemd/system/test.service" \
        --bind-ro="$work/test.target:/etc/systemd/system/test.target" \
        --bind-ro="$package:/opt/dctd.deb" --bind="$work/out:/opt/out" \
        --bind-ro="$PWD/packaging/deb/tests/estate:/opt/estate" \
        --bind-ro="$PWD/tests/package/bare_inside.sh:/opt/inside.sh" \
        --boot systemd.firstboot=off systemd.unit=test.target </dev/null >"$work/console" 2>&1
}

tidy() {
    local folder
    while read -r folder; do
        find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    done < <(find /sys/fs/cgroup -type d \( -name payload -o -name supervisor \) -newer "$work/started" 2>/dev/null)
    clean_up
}

package=$(realpath "$(find "$BUILD/deb" -name 'dctd_*.deb' 2>/dev/null | head -n 1)" 2>/dev/null) ||
    { echo "nothing was built: make deb" && exit 1; }
[ "$(id -u)" -eq 0 ] || skip "only root can"
[ -e /etc/debian_version ] || skip "this is no Debian"
for tool in mmdebstrap systemd-nspawn; do
    command -v "$tool" >/dev/null || skip "$tool is missing: packaging/install-deps.sh --package"
done
open_work
trap tidy EXIT
touch "$work/started"
bare_debian "$work/debian" >"$work/log" 2>&1 || { tail -n 20 "$work/log" && skip "no Debian could be made"; }
rc=0
boot "$work/debian" || rc=$?
[ -s "$work/out/tap" ] || { tail -n 20 "$work/console" && skip "systemd-nspawn could not boot it (status $rc)"; }
cat "$work/out/tap"
passed=$(grep -c '^ok ' "$work/out/tap" || true) failed=$(grep -c '^not ok ' "$work/out/tap" || true)
grep -q '^1\.\.[0-9]' "$work/out/tap" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
