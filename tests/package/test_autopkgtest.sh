#!/usr/bin/env bash
# The tests that the Debian package brings, run by Debian's own autopkgtest: in a
# new Debian it installs the package, with what it depends on from the archive,
# and runs what debian/tests says.
# shellcheck source=tests/package/debian.sh
. "$(dirname "$0")/debian.sh"

# In namespaces of its own: no process and no mount outlives it.
# shellcheck disable=SC2016  # of the shell inside
inside='
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    unset TMPDIR # it would look for that folder in the new Debian too
    exec autopkgtest "$@" -- chroot "$root"'

autopkgtest_in() {
    dpkg-source --no-check -x "$BUILD"/deb/dctd_*.dsc "$work/source"
    unshare --mount --pid --fork --kill-child bash -euc "$inside" - "$1" --output-dir "$work/results" \
        --setup-commands "apt-get -qq update" --no-built-binaries "$package" "$work/source/"
}

package=$(realpath "$(find "$BUILD/deb" -name 'dctd_*.deb' 2>/dev/null | head -n 1)" 2>/dev/null) ||
    { echo "nothing was built: make deb" && exit 1; }
untried="autopkgtest has not run"
why=$(lacking autopkgtest)
[ -z "$why" ] || skip "$untried" "$why"
open_work
make_debian "$(codename)" "$work/debian" >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log" && skip "$untried" "no Debian could be made"; }
rc=0
autopkgtest_in "$work/debian" >"$work/log" 2>&1 || rc=$?
[ "$rc" -eq 0 ] || tail -n 60 "$work/log"
cat "$work/results/summary"
passed=$(grep -c ' PASS$' "$work/results/summary" || true)
failed=$(grep -vc ' PASS$' "$work/results/summary" || true)
[ "$rc" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
