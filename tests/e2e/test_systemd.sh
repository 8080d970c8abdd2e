#!/usr/bin/env bash
# A real systemd: a throw-away one, with this machine's /usr, boots in a container
# of its own, and what `make install` lays out is put through its paces there.
# Needs root and systemd-nspawn; where they are missing it says so, and only the
# unit files and what dctd tells NOTIFY_SOCKET (test_run.sh) are tried.
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=$(cd "${BUILD:-build}" && pwd)
limit=${SYSTEMD_TIMEOUT:-240}

skip() {
    echo "# numbers SKIPPED, nothing was tried on a real systemd: $*"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

[ "$(id -u)" -eq 0 ] || skip "only root can boot one"
command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is missing (package systemd-container)"
[ -z "${RUN-}" ] || skip "not under '$RUN'"
! nm -D "$BUILD/dctd" | grep -q __asan_init || skip "sanitizers do not live with the unit's sandbox"

work=$(mktemp -d)
machine=dctd-test-$$

clean_up() {
    local rc=$?
    trap - EXIT
    # nspawn leaves the folders that it made in our control group; only empty ones go.
    mapfile -t folders < <(find /sys/fs/cgroup -type d \( -name payload -o -name supervisor \) -newer "$work/started" 2>/dev/null)
    for folder in "${folders[@]}"; do
        find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    done
    rm -rf "$work"
    exit "$rc"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

mkdir "$work/out" "$work/units"
make -s BUILD="$BUILD" install DESTDIR="$work/tree" PREFIX=/opt/dctd >/dev/null
cat >"$work/units/test.target" <<'UNIT'
[Unit]
Description=The test
Requires=basic.target test.service
After=basic.target
UNIT
cat >"$work/units/test.service" <<'UNIT'
[Unit]
Description=The test itself
After=basic.target systemd-journald.service
[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/bash -c 'bash /opt/inside.sh /opt/dctd /opt/dctd/share/doc/dctd/examples >/opt/out/tap 2>&1; echo $? >/opt/out/rc; systemctl --force exit 0'
UNIT
touch "$work/started"
rc=0
timeout --kill-after=10 "$limit" systemd-nspawn --quiet --directory=/ --volatile=yes --machine="$machine" \
    --register=no --keep-unit --private-network --console=pipe \
    --bind-ro="$work/units/test.target:/etc/systemd/system/test.target" \
    --bind-ro="$work/units/test.service:/etc/systemd/system/test.service" \
    --bind-ro=/dev/null:/etc/systemd/system/systemd-firstboot.service \
    --bind-ro=/dev/null:/etc/systemd/system/systemd-networkd-wait-online.service \
    --bind-ro="$work/tree/opt/dctd:/opt/dctd" --bind-ro="$PWD/tests/e2e/systemd_inside.sh:/opt/inside.sh" \
    --bind="$work/out:/opt/out" \
    --boot systemd.firstboot=off systemd.unit=test.target </dev/null >"$work/console" 2>&1 || rc=$?

if [ ! -e "$work/out/rc" ]; then
    cat "$work/out/tap" 2>/dev/null || true
    # Not even begun: this machine cannot, or will not, boot one.
    [ -e "$work/out/tap" ] || { cat "$work/console" && skip "systemd-nspawn could not boot one (status $rc)"; }
    echo "the machine ended early (status $rc)"
    tail -n 20 "$work/console"
    echo "$(grep -c '^ok' "$work/out/tap" || true) passed, 1 failed"
    exit 1
fi
cat "$work/out/tap"
passed=$(grep -c '^ok ' "$work/out/tap" || true) failed=$(grep -c '^not ok ' "$work/out/tap" || true)
grep -q '^1\.\.[0-9]' "$work/out/tap" || failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
