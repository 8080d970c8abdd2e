#!/usr/bin/env bash
# The root file system of the container image, entered as its runtime would: as
# nobody in particular, read-only but for its own folders. The steps are those of
# the Containerfile; a builder, which needs a registry, is not asked.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/../e2e/lib.sh"

# in_image PROGRAM ARG...: with the example and its ledger where they belong.
in_image() {
    unshare --mount bash -euc "$inside" - "$work/root" "$@"
}

# shellcheck disable=SC2016  # of the shell inside
inside='
    root=$1
    shift
    mount --bind "$root" "$root"
    mount -o remount,bind,ro "$root"
    mount --rbind /dev "$root/dev"
    mount --bind "$root.etc" "$root/etc/dctd"
    mount --bind "$root.lib" "$root/var/lib/dctd"
    exec env -i PATH="$PATH" HOME=/var/lib/dctd STATE_DIRECTORY=/var/lib/dctd \
        DCTD_CONFIG=/etc/dctd/dctd.yaml DCT_API_KEY="$DCT_API_KEY" \
        chroot --userspec=65532:65532 --groups= "$root" "$@"'

make_image() {
    packaging/container/rootfs.sh "$work/root" "$BUILD/dctd" "$BUILD/dct-sim" git
    mkdir "$work/root.etc" "$work/root.lib"
    chmod 755 "$work"
    chown 65532:65532 "$work/root.lib"
}

test_the_image_keeps_an_estate() {
    [ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root can enter it" && return; }
    make_image
    start_sim
    estate quickstart
    rm -rf "$work/root.etc"
    mv "$work/estate" "$work/root.etc"
    sed -i '/^ledger:/d' "$work/root.etc/dctd.yaml"
    chown -R 65532:65532 "$work/root.etc/secrets"
    in_image /usr/bin/dctd apply >"$work/out" 2>&1 || fail "apply: $(cat "$work/out")"
    in_image /usr/bin/dctd plan >"$work/out" 2>&1 || fail "plan: $(cat "$work/out")"
    whole
    [ -s "$work/root.lib/ledger.db" ] || fail "the ledger is not where it is kept"
}

test_git_and_ssh_run_in_it() {
    [ "$(id -u)" -eq 0 ] || { echo "SKIPPED: only root can enter it" && return; }
    make_image
    git init -q -b main "$work/root.lib/repository"
    git -C "$work/root.lib/repository" -c user.name=t -c user.email=t@example.com commit -q --allow-empty -m one
    chown -R 65532:65532 "$work/root.lib"
    in_image /usr/bin/git clone -q file:///var/lib/dctd/repository /var/lib/dctd/clone
    in_image /usr/bin/git -C /var/lib/dctd/clone log --format=%s >"$work/out"
    said out '^one$'
    # The helper itself runs; there is nothing to fetch from.
    in_image /usr/bin/git ls-remote https://127.0.0.1:1/x >"$work/out" 2>&1 || true
    said out 'Failed to connect|Connection refused|Couldn.t connect'
    ! command -v ssh >/dev/null || in_image /usr/bin/ssh -V
}

test_nothing_else_is_in_it() {
    packaging/container/rootfs.sh "$work/root" "$BUILD/dctd" "$BUILD/dct-sim" git
    same "programs" "dct-sim dctd git git-upload-pack" \
        "$(cd "$work/root/usr/bin" && echo * | tr ' ' '\n' | grep -vE '^(ssh|ssh-keygen|gpg)$' | tr '\n' ' ' | sed 's/ $//')"
    same "set-uid files" "" "$(find "$work/root" -perm /6000)"
    same "what all may write" "$work/root/tmp" "$(find "$work/root" -perm -0002 ! -type l)"
    same "shells" "$work/root/bin/sh" "$(find "$work/root" -name '*sh' -path '*/bin/*' ! -name ssh)"
}

run_tests
