#!/usr/bin/env bash
# The package is the same, bit by bit, whoever builds it, where, when and in which
# tongue: it is built once more, and as little as possible is as it was.
#
# `make reproducible` has built the first one, in $BUILD/deb.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

later() {
    if command -v faketime >/dev/null; then
        NO_FAKE_STAT=1 faketime -f '+401d' "$@"
    else
        "$@"
    fi
}

# Another folder, date, zone, language, home, umask, number of jobs.
build_elsewhere() {
    local tree=$1/a/folder/far/away
    packaging/source.sh "$tree"
    find "$tree" -exec touch -d yesterday {} +
    mkdir "$tree/out"
    (
        umask 077
        cd "$tree" || exit
        later env -i PATH="$PATH" HOME=/nonexistent USER=somebody LOGNAME=somebody TZ=Pacific/Kiritimati \
            LC_ALL=C.UTF-8 LANGUAGE=tr JOBS=1 BUILD="$tree/out" bash packaging/deb.sh
    )
}

test_the_same_bits() {
    local file first second
    [ -d "$BUILD/deb" ] || fail "nothing was built: make deb"
    build_elsewhere "$work"
    for file in "$BUILD"/deb/*.deb "$BUILD"/deb/*.dsc "$BUILD"/deb/*.tar.xz; do
        first=$(sha256sum <"$file")
        second=$(sha256sum <"$work/a/folder/far/away/out/deb/${file##*/}")
        [ "$first" = "$second" ] || {
            diff <(dpkg-deb -c "$file" 2>/dev/null) \
                <(dpkg-deb -c "$work/a/folder/far/away/out/deb/${file##*/}" 2>/dev/null) | head -n 20
            fail "${file##*/} is not the same"
        }
    done
}

# Neither the folder nor the builder's name is in what is shipped.
test_no_trace_of_the_builder() {
    local file
    dpkg-deb -x "$BUILD"/deb/dctd_*.deb "$work/tree"
    dpkg-deb -x "$BUILD"/deb/dctd-dbgsym_*.deb "$work/symbols"
    for file in "$work"/tree/usr/bin/* $(find "$work/symbols" -name '*.debug'); do
        ! grep -aqF -e "$BUILD" -e "$PWD" "$file" || fail "${file##*/} names the folder it was built in"
    done
}

run_tests
