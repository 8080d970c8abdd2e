#!/usr/bin/env bash
# Puts the files where they belong, and takes them away again: one list, walked
# by `make install` and `make uninstall`, and by the packages.
#
#   install.sh install | uninstall | list
#
# BUILD, DESTDIR, PREFIX, UNITDIR, DOCDIR, MANDIR and SYSCONFDIR come from the
# Makefile, ZSHDIR from its command line. A configuration that is there is never touched.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=${BUILD:-build} DESTDIR=${DESTDIR-} PREFIX=${PREFIX:-/usr/local} SYSCONFDIR=${SYSCONFDIR:-/etc}
UNITDIR=${UNITDIR:-$PREFIX/lib/systemd/system}
DOCDIR=${DOCDIR:-$PREFIX/share/doc/dctd}
MANDIR=${MANDIR:-$PREFIX/share/man}
ZSHDIR=${ZSHDIR:-$PREFIX/share/zsh/site-functions}

# each MODE FOLDER FILE...: every file that exists, under its own name.
each() {
    local mode=$1 folder=$2 file
    shift 2
    for file in "$@"; do
        [ ! -f "$file" ] || echo "$mode $file $folder/${file##*/}"
    done
}

# One "MODE SOURCE DESTINATION" a line; the source of a folder is "-".
list() {
    local share=$PREFIX/share page file
    each 755 "$PREFIX/bin" "$BUILD/dctd" "$BUILD/dct-sim"
    each 644 "$DOCDIR" LICENSE README.md CHANGELOG.md
    find examples -type f ! -name '.*' | LC_ALL=C sort | sed "s|.*|644 & $DOCDIR/&|"
    for page in packaging/man/*.[1-8]; do
        each 644 "$MANDIR/man${page##*.}" "$page"
    done
    each 644 "$UNITDIR" packaging/systemd/*.service packaging/systemd/*.socket
    echo "644 packaging/systemd/dctd.sysusers $PREFIX/lib/sysusers.d/dctd.conf"
    each 644 "$PREFIX/lib/systemd/catalog" packaging/systemd/*.catalog
    for file in packaging/completion/*.bash; do
        [ ! -f "$file" ] || echo "644 $file $share/bash-completion/completions/$(basename "$file" .bash)"
    done
    each 644 "$ZSHDIR" packaging/completion/_*
    each 644 "$share/fish/vendor_completions.d" packaging/completion/*.fish
    each 644 "$share/dctd/prometheus" packaging/prometheus/*
    each 644 "$share/dctd/grafana" packaging/grafana/*
    echo "755 - $SYSCONFDIR/dctd/manifests"
    echo "700 - $SYSCONFDIR/dctd/credentials"
    echo "644 packaging/dctd.yaml $SYSCONFDIR/dctd/dctd.yaml"
}

# The program's place in units is PREFIX's.
put() {
    local mode=$1 source=$2 to=$DESTDIR$3
    case $source in
    -) [ -d "$to" ] || install -d -m "$mode" "$to" ;;
    packaging/dctd.yaml) [ -e "$to" ] || install -D -m "$mode" "$source" "$to" ;;
    packaging/systemd/*.service)
        install -D -m "$mode" "$source" "$to"
        sed -i "s|/usr/bin/|$PREFIX/bin/|" "$to"
        ;;
    *) install -D -m "$mode" "$source" "$to" ;;
    esac
}

# What was written since - manifests, credentials, a changed configuration - stays.
take() {
    local source=$2 to=$DESTDIR$3
    case $source in
    -) [ ! -d "$to" ] || rmdir --ignore-fail-on-non-empty "$to" ;;
    packaging/dctd.yaml) ! cmp -s "$source" "$to" || rm "$to" ;;
    *) rm -f "$to" ;;
    esac
}

walk() {
    local mode source to
    list | while read -r mode source to; do
        "$1" "$mode" "$source" "$to"
    done
}

umask 022
case ${1-} in
install) walk put ;;
uninstall)
    walk take
    for folder in "$DOCDIR" "$PREFIX/share/dctd" "$SYSCONFDIR/dctd"; do
        [ ! -d "$DESTDIR$folder" ] || find "$DESTDIR$folder" -depth -type d -empty -delete
    done
    ;;
list) list ;;
*)
    echo "usage: install.sh install | uninstall | list" >&2
    exit 2
    ;;
esac
