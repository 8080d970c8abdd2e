#!/usr/bin/env bash
# The container image, built as the Containerfile says by a real builder on a
# Debian made here, since no registry is asked; then entered as its runtime would:
# as nobody in particular, read-only but for its own folders.
#
# Where buildah or root is missing, the root file system alone is made and tried.
# shellcheck source=tests/package/debian.sh
. "$(dirname "$0")/debian.sh"

version=$(sed -n 's/^VERSION *= *//p' Makefile)
export BUILDAH_ISOLATION=chroot CONTAINERS_STORAGE_CONF=

# The Debian that the Containerfile names, under that name, in a storage of our own.
base_image() {
    local base
    CONTAINERS_STORAGE_CONF=$work/storage.conf
    printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' \
        "$work/store" "$work/run" >"$CONTAINERS_STORAGE_CONF"
    make_debian bookworm "$work/debian.tar" || return
    base=$(buildah from scratch)
    buildah add --quiet "$base" "$work/debian.tar" /
    buildah commit --quiet --rm "$base" "$(sed -n 's/^ARG DEBIAN=//p' packaging/container/Containerfile)"
    rm "$work/debian.tar"
}

# Says why when there is none.
build_image() {
    why=$(lacking buildah)
    [ -z "$why" ] || return 0
    if ! base_image >"$work/log" 2>&1; then
        tail -n 20 "$work/log"
        why="no Debian could be made"
    elif ! packaging/container/build.sh >"$work/log" 2>&1; then
        tail -n 60 "$work/log"
        echo "not ok 1 - the image is built"
        exit 1
    fi
}

only_root() {
    [ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root can enter it" && return 1; }
}

# Sets root, and container where there is an image.
open_image() {
    if [ -z "$why" ]; then
        container=$(buildah from --pull-never "dctd:$version")
        root=$(buildah mount "$container")
    else
        root=$work/root
        packaging/container/rootfs.sh "$root" "$BUILD/dctd" "$BUILD/dct-sim" git
    fi
    mkdir "$work/etc" "$work/lib"
    chmod 755 "$work"
    [ "$(id -u)" -ne 0 ] || chown 65532:65532 "$work/lib"
}

# in_image PROGRAM ARG...: with the example and its ledger where they belong.
in_image() {
    unshare --mount bash -euc "$inside" - "$root" "$work" "$@"
}

# shellcheck disable=SC2016  # of the shell inside
inside='
    root=$1 work=$2
    shift 2
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount --rbind /dev "$root/dev"
    mount --bind "$work/etc" "$root/etc/dctd"
    mount --bind "$work/lib" "$root/var/lib/dctd"
    exec env -i PATH="$PATH" HOME=/var/lib/dctd STATE_DIRECTORY=/var/lib/dctd \
        DCTD_CONFIG=/etc/dctd/dctd.yaml DCT_API_KEY="$DCT_API_KEY" \
        chroot --userspec=65532:65532 --groups= "$root" "$@"'

test_the_image_runs_as_it_says() {
    local example
    [ -z "$why" ] || { echo "SKIPPED: $why" && return; }
    open_image
    same "whom it runs as" 65532:65532 \
        "$(buildah inspect --type image --format '{{.OCIv1.Config.User}}' "dctd:$version")"
    same "what it runs" "[/usr/bin/dctd] [run]" \
        "$(buildah inspect --type image --format '{{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}' "dctd:$version")"
    # With what it brings: user, environment.
    buildah run "$container" -- /usr/bin/dctd version >"$work/out"
    said out "^dctd $version$"
    # shellcheck disable=SC2016  # of the shell inside
    buildah run "$container" -- /bin/sh -c 'cat() { while read -r l; do echo "$l"; done; }
        cat </proc/self/status; echo "$DCTD_CONFIG $STATE_DIRECTORY $HOME"
        echo mine >/var/lib/dctd/file && ! echo not mine 2>/dev/null >/etc/dctd/file' >"$work/out"
    said out '^Uid:.65532.65532.65532.65532$'
    said out '^CapEff:.0+$'
    said out '^/etc/dctd/dctd.yaml /var/lib/dctd /var/lib/dctd$'
    for example in quickstart topology; do
        buildah run --volume "$PWD/examples/$example:/etc/dctd:ro" "$container" -- /usr/bin/dctd validate >"$work/out"
        said out 'objects in [0-9]+ files? (are|is) valid$'
    done
}

test_the_image_keeps_an_estate() {
    only_root || return 0
    open_image
    start_sim
    estate quickstart
    cp -R "$work/estate/." "$work/etc"
    sed -i '/^ledger:/d' "$work/etc/dctd.yaml"
    chown -R 65532:65532 "$work/etc/secrets"
    in_image /usr/bin/dctd apply >"$work/out" 2>&1 || fail "apply: $(cat "$work/out")"
    in_image /usr/bin/dctd plan >"$work/out" 2>&1 || fail "plan: $(cat "$work/out")"
    whole
    [ -s "$work/lib/ledger.db" ] || fail "the ledger is not where it is kept"
}

test_git_and_ssh_run_in_it() {
    only_root || return 0
    open_image
    git init -q -b main "$work/lib/repository"
    git -C "$work/lib/repository" -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m one
    chown -R 65532:65532 "$work/lib"
    in_image /usr/bin/git clone -q file:///var/lib/dctd/repository /var/lib/dctd/clone
    in_image /usr/bin/git -C /var/lib/dctd/clone log --format=%s >"$work/out"
    said out '^one$'
    # The helper itself runs; there is nothing to fetch from.
    in_image /usr/bin/git ls-remote https://127.0.0.1:1/x >"$work/out" 2>&1 || true
    said out 'Failed to connect|Connection refused|Couldn.t connect'
    [ -n "$why" ] || [ -x "$root/usr/bin/ssh" ] || fail "the image has no ssh"
    [ ! -e "$root/usr/bin/ssh" ] || in_image /usr/bin/ssh -V
}

test_nothing_else_is_in_it() {
    open_image
    same "programs" "dct-sim dctd git git-upload-pack" \
        "$(cd "$root/usr/bin" && echo * | tr ' ' '\n' | grep -vE '^(ssh|ssh-keygen|gpg)$' | tr '\n' ' ' | sed 's/ $//')"
    same "set-uid files" "" "$(find "$root" -perm /6000)"
    same "what all may write" "$root/tmp" "$(find "$root" -perm -0002 ! -type l)"
    same "shells" "$root/bin/sh" "$(find "$root" -name '*sh' -path '*/bin/*' ! -name ssh)"
}

open_work
build_image
[ -z "$why" ] || echo "# numbers the image itself was not built, only its root file system: $why"
run_tests
