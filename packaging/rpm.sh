#!/usr/bin/env bash
# Builds the RPM packages of this tree, in $BUILD/rpm. On a Debian, whose rpm
# knows nothing of what is installed, build dependencies are not asked for.
#
#   BUILD=FOLDER rpm.sh [RPMBUILD_OPTION...]
set -euo pipefail
umask 022
cd "$(dirname "$0")/.."
mkdir -p "${BUILD:=build}"
out=$(cd "$BUILD" && pwd)/rpm
version=$(sed -n 's/^VERSION *= *//p' Makefile)
if [ -e /etc/debian_version ]; then
    set -- --nodeps --define 'debug_package %{nil}' "$@"
fi

rm -rf "$out"
mkdir -p "$out/SOURCES" "$out/SPECS"
SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p' packaging/deb/changelog | head -n 1)" +%s)
export SOURCE_DATE_EPOCH
packaging/source.sh "$out/dctd-$version"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --directory="$out" "dctd-$version" |
    gzip -n >"$out/SOURCES/dctd-$version.tar.gz"
rm -rf "$out/dctd-$version"

# Files that only some trees have: completions, metrics, the journal's catalog.
{
    echo "%global dctd_version $version"
    cat packaging/rpm/dctd.spec
    PREFIX=/usr packaging/install.sh list | awk '{ print $3 }' |
        grep -E '^/usr/(share/(bash-completion|zsh|fish|dctd)/|lib/systemd/catalog/)' || true
    printf '\n%%changelog\n'
    sed -n 's/^ -- \(.*>\)  \(...\), \(..\) \(...\) \(....\) .*/* \2 \4 \3 \5 \1/p' packaging/deb/changelog |
        head -n 1
    echo "- Version $version; see CHANGELOG.md."
} >"$out/SPECS/dctd.spec"
unset MAKEFLAGS MAKEOVERRIDES MFLAGS BUILD WERROR
rpmbuild -ba "$@" --define "_topdir $out" --define '_source_date_epoch_from_changelog 0' \
    --define 'use_source_date_epoch_as_buildtime 1' --define 'clamp_mtime_to_source_date_epoch 1' \
    --define '_buildhost localhost' "$out/SPECS/dctd.spec" >"$out/log" 2>&1 ||
    { tail -n 60 "$out/log" && exit 1; }
rm -rf "$out/BUILD" "$out/BUILDROOT"
find "$out" -name '*.rpm'
