#!/bin/sh
# Installs what building and testing dctd needs and this machine lacks; with
# --lint also what the gates need, with --judge what `make judge` needs, with
# --package what `make package-test` needs. Prints nothing when nothing is missing.
#
# Knows Debian and Ubuntu (apt-get) and Fedora and RHEL (dnf); elsewhere it
# names what is missing and leaves the rest to a person.
set -eu

# What is looked for: pkg:NAME is a pkg-config module, cmd:NAME a program, apt:NAME
# one that only Debian's family has a use for; then the package that brings it on
# Debian, then on Fedora.
build_needs='
cmd:gcc               gcc                 gcc
cmd:ld                binutils            binutils
cmd:pkg-config        pkg-config          pkgconf-pkg-config
hdr:stdlib.h          libc6-dev           glibc-devel
cmd:curl              curl                curl
cmd:git               git                 git
cmd:ssh-keygen        openssh-client      openssh-clients
cmd:gpg               gnupg               gnupg2
cmd:gpg-agent         gpg-agent           gnupg2
cmd:perl              perl                perl
cmd:openssl           openssl             openssl
pkg:libuv             libuv1-dev          libuv-devel
pkg:libcurl           libcurl4-openssl-dev libcurl-devel
pkg:yaml-0.1          libyaml-dev         libyaml-devel
pkg:libcjson          libcjson-dev        cjson-devel
pkg:libsystemd        libsystemd-dev      systemd-devel
pkg:sqlite3           libsqlite3-dev      sqlite-devel
pkg:libmicrohttpd     libmicrohttpd-dev   libmicrohttpd-devel
pkg:libcrypto         libssl-dev          openssl-devel
pkg:cmocka            libcmocka-dev       libcmocka-devel
'
lint_needs='
cmd:clang             clang               clang
cmd:find              findutils           findutils
any:clang-tidy        clang-tidy-14       clang-tools-extra
any:clang-format      clang-format-14     clang-tools-extra
cmd:cppcheck          cppcheck            cppcheck
cmd:pmccabe           pmccabe             pmccabe
cmd:valgrind          valgrind            valgrind
cmd:codespell         codespell           codespell
cmd:shellcheck        shellcheck          ShellCheck
cmd:systemd-analyze   systemd             systemd
cmd:mandoc            mandoc              mandoc
pkg:jemalloc          libjemalloc-dev     jemalloc-devel
'
judge_needs='
cmd:node              nodejs              nodejs
cmd:npm               npm                 npm
cmd:setpriv           util-linux          util-linux
'

# To build and try the packages: a real systemd in a container of its own, the
# Debian, RPM and image builders, a bare Debian to install into and to make the
# image from, and what runs a Debian package's own tests.
package_needs='
cmd:systemd-nspawn    systemd-container   systemd-container
cmd:dh                debhelper           debhelper
cmd:dpkg-buildpackage dpkg-dev            dpkg-dev
cmd:lintian           lintian             lintian
cmd:rpmbuild          rpm                 rpm-build
cmd:mmdebstrap        mmdebstrap          mmdebstrap
cmd:faketime          faketime            libfaketime
cmd:buildah           buildah             buildah
apt:autopkgtest       autopkgtest         -
'

have() {
    name=${1#*:}
    case $1 in
    pkg:*) pkg-config --exists "$name" 2>/dev/null ;;
    hdr:*) [ -e "/usr/include/$name" ] ;;
    apt:*) ! command -v apt-get >/dev/null || command -v "$name" >/dev/null ;;
    any:*) command -v "$name-14" >/dev/null || command -v "$name" >/dev/null ;;
    *) command -v "$name" >/dev/null ;;
    esac
}

# The packages of column $1 whose need is not met.
missing() {
    printf '%s\n' "$needs" | while read -r need debian fedora; do
        if [ -n "$need" ] && ! have "$need"; then
            if [ "$1" = debian ]; then echo "$debian"; else echo "$fedora"; fi
        fi
    done | sort -u | tr '\n' ' '
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install-deps: neither root nor sudo; as root run: $*" >&2
        exit 1
    fi
}

fail() {
    echo "install-deps: $1; needed are: $packages" >&2
    exit 1
}

install_debian() {
    packages=$(missing debian)
    echo "install-deps: installing $packages"
    as_root apt-get -qq update || echo "install-deps: apt-get update failed, trying all the same" >&2
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends $packages >/dev/null || fail "apt-get failed"
}

install_fedora() {
    packages=$(missing fedora)
    echo "install-deps: installing $packages"
    # shellcheck disable=SC2086  # a list of words
    as_root dnf -q -y install $packages ||
        fail "dnf failed (on RHEL and its kin some are in EPEL and CodeReady Builder)"
}

needs=$build_needs
case ${1-} in
'') ;;
--lint) needs=$build_needs$lint_needs ;;
--judge) needs=$build_needs$judge_needs ;;
--package) needs=$build_needs$package_needs ;;
*)
    echo "usage: install-deps.sh [--lint | --judge | --package]" >&2
    exit 2
    ;;
esac

[ -n "$(missing debian)" ] || exit 0
if command -v apt-get >/dev/null; then
    install_debian
elif command -v dnf >/dev/null; then
    install_fedora
else
    packages="$(missing debian)(by their Debian names)"
    fail "neither apt-get nor dnf is here"
fi
packages=$(missing debian)
[ -z "$packages" ] || fail "still missing after installing"
