#!/usr/bin/env bash
# Builds the Debian package of this tree, in $BUILD/deb: the sources are copied
# out, since Debian wants its folder at their top and leaves much behind there.
#
#   BUILD=FOLDER deb.sh [DPKG_BUILDPACKAGE_OPTION...]
#
# The package's own tests are run with CHECK=1; `make test` runs all of them.
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
mkdir -p "${BUILD:=build}"
out=$(cd "$BUILD" && pwd)/deb
version=$(sed -n 's/^VERSION *= *//p' Makefile)
said=$(sed -n '1s/^dctd (\(.*\)) .*/\1/p' packaging/deb/changelog)

[ "$version" = "$said" ] || {
    echo "deb.sh: packaging/deb/changelog is about $said, the Makefile about $version" >&2
    exit 1
}
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog --file packaging/deb/changelog --show-field Timestamp)
export SOURCE_DATE_EPOCH
rm -rf "$out"
mkdir -p "$out"
packaging/source.sh "$out/dctd-$version"
cp -R packaging/deb "$out/dctd-$version/debian"
cd "$out/dctd-$version"
[ -n "${CHECK-}" ] || export DEB_BUILD_OPTIONS="nocheck ${DEB_BUILD_OPTIONS-}"
jobs=${JOBS:-$(nproc)}
export DEB_BUILD_OPTIONS="parallel=$jobs ${DEB_BUILD_OPTIONS-}"
export DEB_BUILD_PROFILES="${CHECK-nocheck}"
# Make's own settings of the caller (WERROR, BUILD) are not the package's.
unset MAKEFLAGS MAKEOVERRIDES MFLAGS BUILD WERROR
dpkg-buildpackage --no-sign "$@" >"$out/log" 2>&1 || { tail -n 60 "$out/log" && exit 1; }
cd "$out"
rm -rf "dctd-$version"
ls "$out"/*.changes
