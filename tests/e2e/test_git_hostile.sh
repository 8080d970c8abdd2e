#!/usr/bin/env bash
# Repositories that mean harm, and remotes that break: the commit in force stays,
# the daemon lives, nothing is written or run outside its folder, nothing leaks.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/git.sh
. tests/e2e/git.sh

# The daemon, with the first commit in force.
begun() {
    without_dct
    start_daemon
    await_commit
    good=$(tip)
    listed=$(outside)
    fds=$(find "/proc/$DAEMON/fd" | wc -l)
}

# Everything in reach that is not the daemon's own or the remote's.
outside() {
    (cd "$work" && find . -path ./estate/ledger.git -prune -o -path ./src -prune -o \
        -path ./repo.git -prune -o -type f ! -name log ! -name 'ledger.db*' -print |
        sort | xargs sha256sum)
}

# Whatever was pushed is refused for this reason; the good one stays, and then a
# better one comes into force.
refused() {
    await_log 20 "$1"
    unharmed
    person -C "$work/src" reset -q --hard "$good"
    edit 97
    push "better"
    await_commit
    await 10 "as many descriptors as before" same_fds
    stop_daemon
}

unharmed() {
    kill -0 "$DAEMON" || fail "the daemon is gone"
    same "in force" "$good" "$(in_force)"
    same "files outside" "$listed" "$(outside)"
    [ ! -e "$work/harm" ] || fail "the repository has run something"
}

same_fds() {
    [ "$(find "/proc/$DAEMON/fd" | wc -l)" -le "$fds" ]
}

# index MODE NAME < CONTENT: an entry of the next commit that no work tree could
# hold. hash-object writes what it is given.
index() {
    local id
    id=$(person -C "$work/src" hash-object -w --stdin)
    printf '%s %s\t%s\0' "$1" "$id" "$2" |
        person -C "$work/src" -c core.protectNTFS=false -c core.protectHFS=false \
            update-index -z --add --index-info
}

push_index() {
    person -C "$work/src" commit -q -m "$1"
    person -C "$work/src" push -q --force origin HEAD:main
}

# push_raw_name NAME: a commit whose tree was written byte by byte, past git's own
# checks: one more file, called NAME, behind those that are there.
push_raw_name() {
    local id tree
    id=$(echo 'kind: evil' | person -C "$work/src" hash-object -w --stdin)
    tree=$({
        person -C "$work/src" cat-file tree 'HEAD^{tree}'
        printf '100644 %s\0' "$1"
        printf '%s' "$id" | sed 's/../\\x&/g' | xargs -0 printf '%b'
    } | person -C "$work/src" hash-object -t tree -w --stdin --literally)
    person -C "$work/src" push -q --force origin \
        "$(person -C "$work/src" commit-tree -m "named $1" -p HEAD "$tree"):refs/heads/main"
}

test_hooks_filters_and_attributes_do_nothing() {
    begun
    mkdir -p "$work/src/hooks" "$work/src/.githooks"
    printf '#!/bin/sh\ntouch %s/harm\n' "$work" | tee "$work/src/hooks/post-checkout" \
        "$work/src/.githooks/reference-transaction" "$work/repo.git/hooks/post-update" >/dev/null
    chmod +x "$work/src/hooks/post-checkout" "$work/src/.githooks/reference-transaction"
    cat >"$work/src/.gitattributes" <<END
*.yaml filter=evil ident export-subst text eol=crlf
connectors export-ignore
*.json diff=evil merge=evil
END
    printf '[core]\n\thooksPath = .githooks\n[filter "evil"]\n\tsmudge = touch %s/harm\n' "$work" \
        >"$work/src/.gitconfig"
    # shellcheck disable=SC2016  # what git would replace
    printf '# $Id$ $Format:%%H$\n' >>"$work/src/estate/30-orders-dev.yaml"
    push "attributes"
    await_commit
    good=$(tip)
    unharmed
    cmp "$work/src/estate/30-orders-dev.yaml" \
        "$work/estate/ledger.git/current/estate/30-orders-dev.yaml" || fail "it was changed"
    [ -e "$work/estate/ledger.git/current/estate/connectors/postgresql.json" ] || fail "left out"
    stop_daemon
}

test_link_to_a_file_of_the_host() {
    begun
    ln -s /etc/passwd "$work/src/estate/90.yaml"
    push "passwd"
    refused 'is refused: estate/90.yaml is a link that leads out of the repository'
}

test_link_that_climbs_out() {
    begun
    ln -s ../../../../../estate/secrets "$work/src/estate/secrets"
    push "secrets"
    refused 'is refused: estate/secrets is a link that leads out of the repository'
}

test_links_that_climb_out_together() {
    begun
    mkdir "$work/src/d"
    ln -s .. "$work/src/d/up"
    ln -s d/up/../state.json "$work/src/x.yaml"
    push "in two steps"
    refused 'is refused: x.yaml is a link that leads out of the repository'
}

test_links_inside_are_kept() {
    begun
    mkdir "$work/src/more"
    mv "$work/src/estate/30-orders-dev.yaml" "$work/src/estate/vdb.txt"
    ln -s vdb.txt "$work/src/estate/30-orders-dev.yaml"
    ln -s nowhere "$work/src/more/loose"
    ln -s round "$work/src/more/round"
    push "inside"
    await_commit
    await_log 10 -2 'manifests: 7 objects'
    stop_daemon
}

test_file_through_a_link() {
    begun
    # A link and a folder of one name: whoever writes one follows the other.
    local link file sub tree
    link=$(printf '%s' "$work/harm.d" | person -C "$work/src" hash-object -w --stdin)
    file=$(echo evil | person -C "$work/src" hash-object -w --stdin)
    sub=$(printf '100644 blob %s\tpasswd\n' "$file" | person -C "$work/src" mktree)
    tree=$(printf '120000 blob %s\ta\n040000 tree %s\ta\n' "$link" "$sub" |
        person -C "$work/src" mktree)
    mkdir "$work/harm.d"
    person -C "$work/src" push -q --force origin \
        "$(person -C "$work/src" commit-tree -m twice -p HEAD "$tree"):refs/heads/main"
    await_log 20 'fetching failed: .*(duplicate|fsck)'
    [ -z "$(ls "$work/harm.d")" ] || fail "written through a link"
    refused 'fetching failed'
}

test_names_that_lead_elsewhere() {
    local name
    begun
    for name in .. .git .GIT; do
        push_raw_name "$name"
        await_log 20 'fetching failed: .*(hasDot|contains|fsck)'
        unharmed
    done
    refused 'fetching failed'
}

test_names_that_only_others_take_amiss() {
    begun
    echo evil | index 100644 'estate/a\b.yaml'
    push_index "a backslash"
    await_log 20 'a.*b.yaml has a control character or a backslash in its name'
    person -C "$work/src" reset -q --hard "$good"
    echo evil | index 100644 $'estate/new\nline.yaml'
    push_index "a line end"
    refused 'new.*nline.yaml has a control character or a backslash in its name'
}

test_submodule_is_left_empty() {
    begun
    person init -q --bare "$work/other.git"
    printf '[submodule "x"]\n\tpath = sub\n\turl = file://%s/other.git\n' "$work" \
        >"$work/src/.gitmodules"
    person -C "$work/src" add .gitmodules
    person -C "$work/src" update-index --add --cacheinfo "160000,$good,sub"
    listed=$(outside)
    push_index "a submodule"
    await_commit
    await_log 10 'sub is a submodule and left empty'
    [ -z "$(ls "$work/estate/ledger.git/current/sub")" ] || fail "it is not empty"
    good=$(tip)
    unharmed
    stop_daemon
}

test_submodule_goes_nowhere_else() {
    local url
    without_dct
    configure 's#^    path: estate#&\n    submodules: true#'
    start_daemon
    await_commit
    good=$(tip)
    listed=$(outside)
    fds=$(find "/proc/$DAEMON/fd" | wc -l)
    for url in "file://$work/src" "ext::touch $work/harm" "--upload-pack=touch $work/harm" \
        https://127.0.0.1:1/x '../../../../etc' '.././../x/../../y'; do
        person -C "$work/src" reset -q --hard "$good"
        printf '[submodule "x"]\n\tpath = sub\n\turl = "%s"\n' "$url" >"$work/src/.gitmodules"
        person -C "$work/src" add .gitmodules
        person -C "$work/src" update-index --add --cacheinfo "160000,$good,sub"
        push_index "$url"
        await 20 "$url is refused" logged "(sub is a submodule|fetching a submodule).*commit=$(tip)|fetching .*failed"
        unharmed
    done
    refused 'sub is a submodule at an address that is not taken'
}

test_submodule_beside_is_fetched() {
    without_dct
    configure 's#^    path: estate#&\n    submodules: true#'
    person init -q "$work/shared"
    mv "$work/src/estate/30-orders-dev.yaml" "$work/shared/"
    person -C "$work/shared" add -A
    person -C "$work/shared" commit -q -m shared
    person clone -q --bare "$work/shared" "$work/shared.git"
    printf '[submodule "a.b"]\n\tpath = estate/sub\n\turl = ../shared.git\n' >"$work/src/.gitmodules"
    person -C "$work/src" add -A
    person -C "$work/src" update-index --add --cacheinfo \
        "160000,$(person -C "$work/shared" rev-parse HEAD),estate/sub"
    push_index "with a part that others keep"
    expect 0 validate
    said out '7 objects'
    start_daemon
    await_commit
    await_log 5 'manifests: 7 objects in 3 files'
    stop_daemon
}

test_huge_file() {
    without_dct
    configure 's#^    path: estate#&\n    maxSize: 1MiB#'
    start_daemon
    await_commit
    good=$(tip) listed=$(outside) fds=$(find "/proc/$DAEMON/fd" | wc -l)
    # What compresses to nothing: no limit on what is fetched would notice it. A
    # local remote's git lives under the same limit of memory as ours.
    head -c 300000000 /dev/zero >"$work/src/zero"
    push "a bomb"
    await_log 60 'is refused: zero makes its files larger than 1048576 bytes|fetching failed: .*over limit'
    unharmed
    person -C "$work/src" reset -q --hard "$good"
    head -c 30000000 /dev/zero >"$work/src/zero"
    push "a smaller bomb"
    await_log 60 'is refused: zero makes its files larger than 1048576 bytes'
    rm "$work/src/zero"
    person -C "$work/src" reset -q --hard "$good"
    head -c 30000000 /dev/urandom >"$work/src/random"
    push "what does not compress"
    refused 'fetching failed'
    [ "$(du -sm "$work/estate/ledger.git" | cut -f 1)" -le 40 ] || fail "it is kept all the same"
}

test_too_many_files() {
    without_dct
    configure 's#^    path: estate#&\n    maxFiles: 1000#'
    start_daemon
    await_commit
    good=$(tip) listed=$(outside) fds=$(find "/proc/$DAEMON/fd" | wc -l)
    blob=$(echo x | person -C "$work/src" hash-object -w --stdin)
    seq -f "100644 blob $blob	%.0f" 100000 | person -C "$work/src" mktree >"$work/src/.git/big"
    person -C "$work/src" push -q --force origin "$(person -C "$work/src" commit-tree -m many \
        -p HEAD "$(cat "$work/src/.git/big")"):refs/heads/main"
    refused 'it has more than 1000 files and folders'
}

# Ten levels of ten folders each: ten objects, ten thousand million files.
test_git_bomb() {
    local tree i n
    begun
    tree=$(printf '100644 blob %s\tx\n' "$(echo x | person -C "$work/src" hash-object -w --stdin)" |
        person -C "$work/src" mktree)
    for ((i = 0; i < 10; i++)); do
        tree=$(for ((n = 0; n < 10; n++)); do printf '040000 tree %s\t%d\n' "$tree" "$n"; done |
            person -C "$work/src" mktree)
    done
    person -C "$work/src" push -q --force origin \
        "$(person -C "$work/src" commit-tree -m bomb -p HEAD "$tree"):refs/heads/main"
    refused 'it has more than 10000 files and folders'
}

test_large_file_pointer_is_told() {
    begun
    cat >"$work/src/estate/connectors/postgresql.json" <<END
version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
END
    push "by Git LFS"
    await_commit
    await_log 5 'connectors/postgresql.json is a pointer to a file of Git LFS'
    stop_daemon
}

test_remote_that_breaks() {
    begun
    local pack
    mkdir "$work/kept"
    edit 98
    push "a better one"
    await_commit
    good=$(tip)
    edit 99
    push "whose objects are damaged"
    cp -R "$work/repo.git/objects" "$work/kept/"
    find "$work/repo.git/objects" -type f ! -name 'pack-*' | while read -r pack; do
        chmod u+w "$pack"
        truncate -s -3 "$pack"
    done
    listed=$(outside)
    kill -HUP "$DAEMON"
    await_log 20 '(fetching|asking the remote) failed'
    kill -0 "$DAEMON" || fail "the daemon is gone"
    rm -rf "$work/repo.git/objects"
    mv "$work/kept/objects" "$work/repo.git/"
    rmdir "$work/kept"
    kill -HUP "$DAEMON"
    await_commit
    stop_daemon
}

# Bytes of our own copy are changed, at random but the same ones every time.
test_damaged_mirror_is_fetched_anew() {
    local file size n seed=1
    begun
    for ((n = 0; n < 12; n++)); do
        stop_daemon
        find "$work/estate/ledger.git/mirror" -type f -size +0 | sort >"$work/src/.git/files"
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        file=$(sed -n "$((seed / 65536 % $(wc -l <"$work/src/.git/files") + 1))p" "$work/src/.git/files")
        size=$(stat -c %s "$file")
        chmod u+w "$file"
        printf '\377\000\125' | dd of="$file" bs=1 seek=$((seed / 256 % size)) conv=notrunc \
            status=none
        [ $((n % 4)) -ne 3 ] || truncate -s $((size / 2)) "$file"
        : >"$work/log"
        start_daemon
        await_log 20 'is in force|failed'
        edit "$n"
        push "$n"
        kill -HUP "$DAEMON"
        await_commit
        cmp "$work/src/estate/30-orders-dev.yaml" \
            "$work/estate/ledger.git/current/estate/30-orders-dev.yaml"
    done
    stop_daemon
}

# mutate FILE SEED: two bytes of it are changed, every fourth time it is cut; the
# same seed does the same.
mutate() {
    local file=$1 n size
    n=$((($2 * 1103515245 + 12345) % 2147483648))
    size=$(stat -c %s "$file")
    chmod u+w "$file"
    for _ in 1 2; do
        n=$(((n * 1103515245 + 12345) % 2147483648))
        # shellcheck disable=SC2059  # the byte is the format
        printf "\\x$(printf %02x $((n / 65536 % 256)))" |
            dd of="$file" bs=1 seek=$((n / 256 % size)) conv=notrunc status=none
    done
    [ $(($2 % 4)) -ne 3 ] || truncate -s $((n / 65536 % size)) "$file"
}

# What a remote sends whose objects are damaged; PACKS=500 tries more. Git may
# notice it or not, and what is in force then is what some commit says, or was.
test_mutated_packs() {
    local seed pack
    begun
    edit 98
    commit "packed"
    person -C "$work/src" repack -qad
    pack=$(find "$work/src/.git/objects/pack" -name '*.pack')
    person -C "$work/src" push -q --force origin HEAD:main
    await_commit
    cp "$pack" "$work/whole.pack"
    rm -rf "$work/repo.git"
    person clone -q --bare --no-hardlinks "$work/src" "$work/repo.git"
    good=$(tip) listed=$(outside)
    for ((seed = 0; seed < ${PACKS:-25}; seed++)); do
        for pack in "$work"/repo.git/objects/pack/*.pack; do
            chmod u+w "$pack"
            cp "$work/whole.pack" "$pack"
            mutate "$pack" "$seed"
        done
        TMPDIR=$work/src "$BUILD/dctd" -c "$work/estate/dctd.yaml" validate >"$work/log.once" 2>&1 ||
            [ $? -eq 1 ] || fail "seed $seed: $(cat "$work/log.once")"
        ! grep -E 'Sanitizer|runtime error:' "$work/log.once" || fail "seed $seed"
        rm "$work/log.once"
        unharmed
    done
    [ -z "$(find "$work/src" -maxdepth 1 -name 'dctd-git-*')" ] || fail "something is left behind"
    stop_daemon
}

test_reference_that_moves_meanwhile() {
    local n
    begun
    for ((n = 0; n < 30; n++)); do
        edit "$n"
        push "$n"
        [ $((n % 5)) -ne 0 ] || kill -HUP "$DAEMON"
    done
    await_commit
    same_fds || await 10 "as many descriptors as before" same_fds
    stop_daemon
}

test_lying_reference() {
    begun
    person -C "$work/src" push -q origin "$(echo kind: x |
        person -C "$work/src" hash-object -w --stdin):refs/tags/blob"
    stop_daemon
    configure 's#^    path: estate#&\n    ref: blob#'
    : >"$work/log"
    start_daemon
    await_log 20 'git: .*(failed|no commit)'
    await_log 20 'manifests: 0 objects'
    stop_daemon
}

run_tests
