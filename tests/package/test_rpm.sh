#!/usr/bin/env bash
# The RPM package: it builds, holds what `make install` lays out, and the program
# in it runs.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

test_it_holds_what_make_install_lays_out() {
    local package
    command -v rpmbuild >/dev/null || fail "rpmbuild is missing: packaging/install-deps.sh --package"
    BUILD=$work/build packaging/rpm.sh
    package=$(echo "$work"/build/rpm/RPMS/*/dctd-[0-9]*.rpm)
    make -s BUILD="$BUILD" install DESTDIR="$work/tree" PREFIX=/usr >/dev/null
    (cd "$work/tree" && find . -type f -printf '/%P\n') | LC_ALL=C sort >"$work/one"
    rpm -qp --qf '[%{FILEMODES:octal} %{FILENAMES}\n]' "$package" >"$work/list"
    grep '^100' "$work/list" | sed 's/^[0-9]* //' | LC_ALL=C sort >"$work/two"
    diff "$work/one" "$work/two"
    said list '^0*40700 /etc/dctd/credentials$'
    same "configuration" /etc/dctd/dctd.yaml "$(rpm -qp --configfiles "$package")"
    mkdir "$work/unpacked"
    rpm2cpio "$package" | (cd "$work/unpacked" && cpio --quiet -idm)
    "$work/unpacked/usr/bin/dctd" version >"$work/out"
    said out "^dctd $(rpm -qp --qf '%{VERSION}' "$package")"
    ! command -v rpmlint >/dev/null || ! rpmlint -c packaging/rpm/rpmlint.toml "$package" | grep ': E: ' ||
        fail "rpmlint is not content"
}

run_tests
