#!/usr/bin/env bash
# Makes the root file system of the container image: the programs, what they
# load, certificates, an account, and nothing else.
#
#   rootfs.sh FOLDER DCTD [PROGRAM...]
#
# `git` as a PROGRAM brings what it needs to fetch over HTTPS and SSH and to
# verify signatures; a shell is part of it, since git starts ssh by one. What is copied is taken from the system that it runs on.
set -euo pipefail
umask 022
root=$1
shift

# A file under its own name, with whatever its links lead to.
copy() {
    local path=$1
    [ ! -e "$root$path" ] || return 0
    mkdir -p "$root$(dirname "$path")"
    cp -L --preserve=mode "$path" "$root$path"
}

# A program, at PATH in the image, with all libraries that it loads.
program() {
    local from=$1 to=$2 library
    mkdir -p "$root$(dirname "$to")"
    cp -L --preserve=mode "$from" "$root$to"
    while read -r library; do
        copy "$library"
    done < <(ldd "$from" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u)
}

# Loaded by name when hosts are looked up; static in newer C libraries.
resolver() {
    local library
    for library in /lib/*-linux-gnu*/libnss_{dns,files}.so.2 /lib64/libnss_{dns,files}.so.2; do
        [ ! -e "$library" ] || copy "$library"
    done
}

git_parts() {
    local core helper
    core=$(git --exec-path)
    program "$(command -v git)" /usr/bin/git
    ln -s git "$root/usr/bin/git-upload-pack"
    mkdir -p "$root/usr/share/git-core/templates"
    program /bin/sh /bin/sh
    for helper in git-remote-http git-remote-https; do
        [ ! -e "$core/$helper" ] || program "$core/$helper" "$core/$helper"
    done
    for helper in ssh ssh-keygen gpg; do
        ! command -v "$helper" >/dev/null || program "$(command -v "$helper")" "/usr/bin/$helper"
    done
}

accounts() {
    mkdir -p "$root/etc"
    echo 'dctd:x:65532:65532:dctd:/var/lib/dctd:/nonexistent' >"$root/etc/passwd"
    echo 'dctd:x:65532:' >"$root/etc/group"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

mkdir -p "$root"/{dev,proc,sys,etc/dctd/manifests,tmp,run/dctd,var/lib/dctd}
chmod 1777 "$root/tmp"
chmod 700 "$root/var/lib/dctd"
accounts
resolver
copy /etc/ssl/certs/ca-certificates.crt
for each in "$@"; do
    if [ "$each" = git ]; then
        git_parts
    else
        program "$each" "/usr/bin/${each##*/}"
    fi
done
[ "$(id -u)" -ne 0 ] || chown -R 65532:65532 "$root/run/dctd" "$root/var/lib/dctd"
