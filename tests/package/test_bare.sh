#!/usr/bin/env bash
# A bare Debian, a real systemd in it, and the package: installed, tried, run as a
# service on the quickstart, upgraded, removed, purged. Then nothing is left.
#
# Needs root, mmdebstrap, systemd-nspawn and Debian's archive (that of this
# machine's own sources); says so where one of them is missing.
# shellcheck source=tests/package/debian.sh
. "$(dirname "$0")/debian.sh"

# Its first argument is the folder of the new system, with what the package needs.
bare_debian() {
    local needs
    needs=$(dpkg-deb -f "$package" Depends | tr ',' '\n' | sed 's/|.*//; s/(.*//; s/ //g' | paste -sd ,)
    make_debian "$(codename)" "$1" "systemd-sysv,curl,$needs"
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
nowhere="the package was not installed anywhere"
why=$(lacking systemd-nspawn)
[ -z "$why" ] || skip "$nowhere" "$why"
open_work
trap tidy EXIT
touch "$work/started"
bare_debian "$work/debian" >"$work/log" 2>&1 || { tail -n 20 "$work/log" && skip "$nowhere" "no Debian could be made"; }
rc=0
boot "$work/debian" || rc=$?
[ -s "$work/out/tap" ] || { tail -n 20 "$work/console" && skip "$nowhere" "systemd-nspawn could not boot it (status $rc)"; }
cat "$work/out/tap"
passed=$(grep -c '^ok ' "$work/out/tap" || true) failed=$(grep -c '^not ok ' "$work/out/tap" || true)
grep -q '^1\.\.[0-9]' "$work/out/tap" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
